package lexical

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// randomPostings are count postings of a segment of entries.
func randomPostings(rng *rand.Rand, count, entries int) []uint32 {
	docs := rng.Perm(entries)[:count]
	slices.Sort(docs)
	out := make([]uint32, count)
	for i, d := range docs {
		out[i] = uint32(d)<<tfBits | uint32(rng.IntN(1<<tfBits))
	}
	return out
}

func TestEveryFormOfPostingsReturnsWhatWasWritten(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		form    string
		entries int
		counts  []int
	}{
		{"of a small segment", 300, []int{1, 2, 63, 64, 65, 299, 300}},
		{"rare, sparse and dense", 30000, []int{1, 2, 14, 15, 40, 234, 235, 5000}},
		{"dense with wide numbers", 70000, []int{3, 65535, 65536, 70000}},
	} {
		s := &segment{entries: make([]record, c.entries)}
		w := newPostingWriter(s, 0, 0)
		var want [][]uint32
		for i, n := range c.counts {
			want = append(want, randomPostings(rng, n, c.entries))
			w.add(uint64(i+1)<<30, want[i])
		}
		w.done()
		for i := range c.counts {
			term, ok := s.dict.find(uint64(i+1) << 30)
			if !ok || term != i {
				t.Fatalf("%s: term %d found at %d, %v", c.form, i, term, ok)
			}
			if n, _ := s.counted(i); n != c.counts[i] {
				t.Errorf("%s: %d postings are counted as %d", c.form, c.counts[i], n)
			}
			if got := s.appendPostings(nil, i); !slices.Equal(got, want[i]) {
				t.Errorf("%s: %d postings differ", c.form, c.counts[i])
			}
			n, list := s.counted(i)
			if list == nil || !isDense(n, c.entries) {
				continue
			}
			l := newDenseList(list, n, c.entries)
			for range 200 {
				first := uint32(rng.IntN(c.entries))
				end := min(uint32(c.entries), first+1+uint32(rng.IntN(600)))
				var some []uint32
				for _, v := range want[i] {
					if d := v >> tfBits; d >= first && d < end {
						some = append(some, v)
					}
				}
				if got := l.appendEntries(nil, first, end); !slices.Equal(got, some) {
					t.Fatalf("%s: entries [%d,%d) of %d postings: %v, want %v", c.form, first, end, n, got, some)
				}
			}
		}
	}
}

func TestDictionaryFindsItsKeysOnlyAndWalksThemInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, 500, 40000} {
		held := map[uint64]bool{}
		for len(held) < n {
			held[rng.Uint64()>>(64-keyBits)|1] = true
		}
		var keys []uint64
		for k := range held {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		var terms []termRef
		for _, k := range keys {
			terms = append(terms, termRef{tag: uint32(k)})
		}
		d := newDictionary(keys, terms)
		c := keyCursor{dictionary: &d}
		for i, k := range keys {
			if got, ok := d.find(k); !ok || got != i {
				t.Fatalf("%d keys: key %d found at %d, %v", n, i, got, ok)
			}
			if _, ok := d.find(k - 1); ok { // even, while all held are odd
				t.Fatalf("%d keys: found one that is not there", n)
			}
			if got, ok := c.key(); !ok || got != k {
				t.Fatalf("%d keys: walked to %x, want %x", n, got, k)
			}
			c.term++
		}
		if _, ok := c.key(); ok {
			t.Errorf("%d keys: the walk does not end", n)
		}
	}
}

func TestCountsShareWhatDidNotChange(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n = 1000
	var c counts
	want := make([]uint32, n)
	for range 50 {
		before, wantBefore := c, slices.Clone(want)
		var places []uint32
		for range rng.IntN(20) {
			p := rng.IntN(n)
			places = append(places, uint32(p))
			want[p]++
		}
		c = c.with(n, places)
		for i := range n {
			if c.at(i) != want[i] || before.at(i) != wantBefore[i] {
				t.Fatalf("place %d: %d, want %d; before %d, want %d", i, c.at(i), want[i], before.at(i), wantBefore[i])
			}
		}
	}
}

func TestStepsAreOrderedAndASixteenthApart(t *testing.T) {
	last := uint32(0)
	for _, u := range []uint32{0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 34, 1000, 1 << 20, 1<<20 + 1<<16, math.MaxUint32} {
		s := stepOf(u)
		if s < last || s >= steps {
			t.Errorf("step of %d is %d after %d", u, s, last)
		}
		last = s
		if u == 0 {
			continue
		}
		if least := leastOfStep(s); least > u || float64(u) > float64(least)*(1+1./(1<<stepBits)) || stepOf(least) != s {
			t.Errorf("the step of %d begins at %d", u, least)
		}
	}
}

func TestSelectBestPutsTheBestFirstAndTheWorstOfThemLast(t *testing.T) {
	entries := make([]Entry, 200)
	for i := range entries {
		entries[i] = Entry{ID: fmt.Sprintf("%03d", i), Text: "parcel"}
	}
	ix := buildIndex(t, Config{}, entries)
	rng := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		f := make([]found, 2+rng.IntN(150))
		for i := range f {
			f[i] = found{doc: uint32(i), score: float32(rng.IntN(1 + rng.IntN(40)))} // ties abound
		}
		rng.Shuffle(len(f), func(i, j int) { f[i], f[j] = f[j], f[i] })
		n := 1 + rng.IntN(len(f)-1)
		want := slices.SortedFunc(slices.Values(f), ix.compare)[:n]
		ix.selectBest(f, n)
		last := f[n-1]
		if got := slices.SortedFunc(slices.Values(f[:n]), ix.compare); !slices.Equal(got, want) || last != want[n-1] {
			t.Fatalf("best %d of %d: last %v, want %v", n, len(f), last, want[n-1])
		}
	}
}

func TestFewerHitsAreTheFirstOfMore(t *testing.T) {
	// What is passed over unread must not have been among the best.
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 9))
		var entries []Entry
		for i := range 600 {
			e := randomEntry(rng, i)
			for range rng.IntN(3) * rng.IntN(40) { // parents and entries of very different lengths
				e.Text += fmt.Sprint(" filler", rng.IntN(50))
			}
			entries = append(entries, e)
		}
		ix := buildIndex(t, Config{ParentWeight: []float64{0, -1, 3}[seed%3], StemWeight: []float64{0, 1e7}[seed%2]}, entries)
		ix.tailLeast = math.MaxInt // read everything
		for _, q := range []Query{
			{Text: "parcel refund open filler7", Language: "en"},
			{Text: "Öffnungszeiten levering", Language: "de", Accept: func(g uint32) bool { return g != 1 }},
		} {
			q.K = maxK
			all := ix.Search(q).Hits
			for _, k := range []int{1, 3, 10, 50} {
				q.K = k
				if got := ix.Search(q).Hits; !reflect.DeepEqual(got, all[:min(k, len(all))]) {
					t.Fatalf("seed %d, %q: %d hits are not the first of %d", seed, q.Text, k, len(all))
				}
			}
		}
	}
}

func TestAWordThatEveryEntryHasIsFound(t *testing.T) {
	entries := make([]Entry, 30000)
	for i := range entries {
		entries[i] = Entry{ID: fmt.Sprint(i), Text: "parcel"}
	}
	if r := buildIndex(t, Config{StemWeight: 1e-6, GramWeight: -1}, entries).Search(Query{Text: "parcel"}); len(r.Hits) != defaultK {
		t.Errorf("%d hits", len(r.Hits))
	}
}

func TestHitsCarryTheirEntrysValueAndGroup(t *testing.T) {
	ctx := context.Background()
	ix := buildIndex(t, Config{}, []Entry{
		{ID: "a", Parent: "d", Group: 7, Text: "parcel", Value: "first"},
		{ID: "b", Parent: "d", Group: 7, Text: "refund", Value: "second"},
	})
	ix, err := ix.With(ctx, nil, []Entry{{ID: "b", Parent: "d", Group: 8, Text: "refund", Value: "third"}, {ID: "c", Parent: "d", Group: 7, Text: "open"}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]Hit{"parcel": {ID: "a", Group: 7, Value: "first"}, "refund": {ID: "b", Group: 8, Value: "third"}} {
		if h := ix.Search(Query{Text: text}).Hits[0]; h.ID != want.ID || h.Group != want.Group || h.Value != want.Value {
			t.Errorf("%s: found %+v, want %+v", text, h, want)
		}
	}
	got := ix.IDs("d")
	slices.Sort(got)
	if !slices.Equal(got, []string{"a", "b", "c"}) || ix.IDs("") != nil || ix.IDs("e") != nil {
		t.Errorf("entries of d are %v; of no parent %v; of another %v", got, ix.IDs(""), ix.IDs("e"))
	}
}
