package vector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

func hitIDs(hits []Hit) []string {
	var out []string
	for _, h := range hits {
		out = append(out, h.ID)
	}
	return out
}

func mustSearch(tb testing.TB, ix *Index, q Query) []Hit {
	tb.Helper()
	hits, err := ix.Search(q)
	if err != nil {
		tb.Fatal(err)
	}
	return hits
}

func mustWith(tb testing.TB, ix *Index, remove []string, add ...Entry) *Index {
	tb.Helper()
	next, err := ix.With(context.Background(), remove, add)
	if err != nil {
		tb.Fatal(err)
	}
	return next
}

// naive is the cosine in double precision.
func naive(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

// checkHits compares hits with the entries that ought to be found: no better one
// is left out, similarities are right and the order is the promised one.
func checkHits(tb testing.TB, hits []Hit, want map[string]Entry, query []float32, k int) {
	tb.Helper()
	const rounding = 1e-5
	if len(hits) != min(k, len(want)) {
		tb.Fatalf("%d hits, want %d of %d", len(hits), k, len(want))
	}
	least := math.Inf(1)
	found := map[string]bool{}
	for i, h := range hits {
		e, ok := want[h.ID]
		if !ok || found[h.ID] {
			tb.Fatalf("hit %d is %q, which is not held, not accepted or found before", i, h.ID)
		}
		found[h.ID] = true
		if h.Group != e.Group || h.Value != e.Value {
			tb.Errorf("%s: group %d and value %v, want %d and %v", h.ID, h.Group, h.Value, e.Group, e.Value)
		}
		if exact := naive(query, e.Vector); math.Abs(h.Similarity-exact) > rounding || math.Abs(h.Similarity) > 1 {
			tb.Errorf("%s: similarity %v, want %v", h.ID, h.Similarity, exact)
		}
		if h.Similarity > least || h.Similarity == least && h.ID < hits[i-1].ID {
			tb.Errorf("hits %d and %d are in the wrong order: %v %v", i-1, i, hits[i-1], h)
		}
		least = h.Similarity
	}
	for id, e := range want {
		if exact := naive(query, e.Vector); !found[id] && exact > least+rounding {
			tb.Errorf("%s with similarity %v is missing, the last hit has %v", id, exact, least)
		}
	}
}

func TestSearchFindsTheMostSimilarOfEverySizeAndDimension(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, dims := range []int{1, 2, 3, 7, 8, 31, 64, 65, 127, 200, 384} {
		for _, n := range []int{1, 2, 9, 10, 11, 63, 64, 300} {
			entries := entriesOf(gaussians(rng, n, dims))
			want := map[string]Entry{}
			for _, e := range entries {
				want[e.ID] = e
			}
			ix := buildIndex(t, Config{}, entries)
			if ix.Len() != n || ix.Dimensions() != dims {
				t.Errorf("Len %d, Dimensions %d, want %d and %d", ix.Len(), ix.Dimensions(), n, dims)
			}
			for _, q := range gaussians(rng, 3, dims) {
				checkHits(t, mustSearch(t, ix, Query{Vector: q}), want, q, 10)
			}
		}
	}
}

func TestHitsOfEqualSimilarityAreOrderedByIDAcrossSegments(t *testing.T) {
	// More equals than K: those of the smallest IDs are found, wherever they are.
	for name, cfg := range map[string]Config{"exact": {}, "two passes": {ScanUpTo: 50}} {
		t.Run(name, func(t *testing.T) {
			ix := New(cfg)
			var entries []Entry
			for i := range 400 {
				entries = append(entries, Entry{ID: fmt.Sprintf("e%03d", (i*37)%400), Group: uint32(i % 3), Vector: []float32{1, 2, 2}})
			}
			for from, size := 0, 300; from < 400; from, size = from+size, 20 {
				ix = mustWith(t, ix, nil, entries[from:from+size]...)
			}
			if len(ix.parts) < 2 {
				t.Fatalf("%d segments, want several", len(ix.parts))
			}
			want := []string{"e000", "e001", "e002", "e003", "e004"}
			if got := hitIDs(mustSearch(t, ix, Query{Vector: []float32{3, 0, 1}, K: 5})); !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
		})
	}
}

func TestKIsTenByDefaultAndAtMostAThousand(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	ix := buildIndex(t, Config{}, entriesOf(gaussians(rng, 1200, 8)))
	q := gaussians(rng, 1, 8)[0]
	for k, want := range map[int]int{-1: 10, 0: 10, 1: 1, 999: 999, 1000: 1000, 1001: 1000, math.MaxInt: 1000} {
		if got := len(mustSearch(t, ix, Query{Vector: q, K: k})); got != want {
			t.Errorf("K %d: %d hits, want %d", k, got, want)
		}
	}
}

func TestFilterIsAskedOncePerGroupAndRejectedEntriesAreNeverRanked(t *testing.T) {
	// The rejected ones are all nearer: ranked first and filtered after, they
	// would leave nothing.
	rng := rand.New(rand.NewPCG(3, 3))
	for name, cfg := range map[string]Config{"exact": {Exact: true}, "default": {}, "two passes": {ScanUpTo: 40}} {
		t.Run(name, func(t *testing.T) {
			q := gaussians(rng, 1, 64)[0]
			want := map[string]Entry{}
			var entries []Entry
			for i, v := range gaussians(rng, 6000, 64) {
				e := Entry{ID: fmt.Sprintf("e%04d", i), Group: uint32(i % 100), Vector: v}
				if e.Group == 17 {
					want[e.ID] = e
				} else {
					for j := range v {
						v[j] += 2 * q[j]
					}
				}
				entries = append(entries, e)
			}
			ix := buildIndex(t, cfg, entries[:5900])
			ix = mustWith(t, ix, nil, entries[5900:]...)
			ix = mustWith(t, ix, []string{"e0017", "e0018"})
			delete(want, "e0017")
			asked := map[uint32]int{}
			hits := mustSearch(t, ix, Query{Vector: q, Accept: func(g uint32) bool {
				asked[g]++
				return g == 17
			}})
			checkHits(t, hits, want, q, 10)
			if len(asked) != 100 {
				t.Errorf("asked for %d groups, want 100", len(asked))
			}
			for g, n := range asked {
				if n != 1 {
					t.Errorf("group %d asked %d times", g, n)
				}
			}
			if hits := mustSearch(t, ix, Query{Vector: q, Accept: func(uint32) bool { return false }}); hits != nil {
				t.Errorf("nothing is accepted, found %v", hits)
			}
		})
	}
}

func TestGroupWithoutEntriesIsNotAskedFor(t *testing.T) {
	ix := buildIndex(t, Config{}, []Entry{{ID: "a", Group: 1, Vector: []float32{1}}, {ID: "b", Group: 2, Vector: []float32{1}}, {ID: "c", Group: 2, Vector: []float32{1}}, {ID: "d", Group: 2, Vector: []float32{1}}})
	ix = mustWith(t, ix, []string{"a"})
	mustSearch(t, ix, Query{Vector: []float32{1}, Accept: func(g uint32) bool {
		if g != 2 {
			t.Errorf("asked for group %d", g)
		}
		return true
	}})
}

func badVectors() []struct {
	name   string
	vector []float32
	reason error
} {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	return []struct {
		name   string
		vector []float32
		reason error
	}{
		{"nil", nil, ErrDimensions},
		{"too few", []float32{1, 2}, ErrDimensions},
		{"too many", []float32{1, 2, 3, 4}, ErrDimensions},
		{"not a number", []float32{1, nan, 1}, ErrNotFinite},
		{"infinite", []float32{1, 1, -inf}, ErrNotFinite},
		{"zero", []float32{0, 0, 0}, ErrZero},
		{"subnormal", []float32{1e-39, 0, 1e-40}, ErrZero},
	}
}

func TestBadVectorIsNamedAndNothingOfItsChangeApplied(t *testing.T) {
	good := Entry{ID: "good", Vector: []float32{1, 2, 3}}
	ix := buildIndex(t, Config{}, []Entry{good})
	for _, c := range badVectors() {
		t.Run(c.name, func(t *testing.T) {
			next, err := ix.With(context.Background(), nil, []Entry{{ID: "new", Vector: []float32{0, 0, 1}}, {ID: "returns.md#3", Vector: c.vector}})
			var bad *VectorError
			if !errors.Is(err, c.reason) || !errors.As(err, &bad) || bad.ID != "returns.md#3" || !strings.Contains(err.Error(), `"returns.md#3"`) || next != nil {
				t.Errorf("With: %v, %v, want %v", next, err, c.reason)
			}
			hits, err := ix.Search(Query{Vector: c.vector})
			if !errors.Is(err, c.reason) || !errors.As(err, &bad) || bad.ID != "" || !strings.Contains(err.Error(), "query") || hits != nil {
				t.Errorf("Search: %v, %v, want %v", hits, err, c.reason)
			}
			if s, ok := ix.Similarity(c.vector, "good"); ok || s != 0 {
				t.Errorf("Similarity: %v, %v", s, ok)
			}
			if len(c.vector) == 3 || c.vector == nil {
				if v, err := Normalised(c.vector); !errors.Is(err, c.reason) || v != nil {
					t.Errorf("Normalised: %v, %v", v, err)
				}
			}
		})
	}
	if _, err := Normalised(make([]float32, maxDimensions+1)); !errors.Is(err, ErrDimensions) {
		t.Errorf("%d dimensions: %v", maxDimensions+1, err)
	}
	if got := hitIDs(mustSearch(t, ix, Query{Vector: good.Vector})); !slices.Equal(got, []string{"good"}) {
		t.Errorf("after refused changes found %v", got)
	}
}

func TestErrorMessagesSayWhatToDo(t *testing.T) {
	for want, err := range map[string]VectorError{
		"has 3 dimensions, the index has 384: embed entries and queries with the same model": {Reason: ErrDimensions, Dimensions: 3, Want: 384},
		"is empty: check":     {Reason: ErrDimensions, Want: 384},
		"at most 32768":       {Reason: ErrDimensions, Dimensions: 40000},
		"embed its text":      {Reason: ErrNotFinite, Dimensions: 3},
		"length is zero":      {Reason: ErrZero, Dimensions: 3},
		"the query's vector ": {Reason: ErrZero, Dimensions: 3, ofQuery: true},
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err.Error(), want)
		}
	}
}

func TestNormalisedKeepsAUnitVectorAndScalesOthersOfAnyLength(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, scale := range []float32{1e-37, 1e-20, 1, 3, 1e19, 1e37} {
		v := gaussians(rng, 1, 100)[0]
		for j := range v {
			v[j] *= scale
		}
		before := slices.Clone(v)
		n, err := Normalised(v)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(v, before) {
			t.Errorf("scale %v: the vector was changed", scale)
		}
		if l, _ := length(n); math.Abs(l-1) > 1e-6 || naive(n, v) < 1-1e-6 {
			t.Errorf("scale %v: length %v, cosine %v", scale, l, naive(n, v))
		}
		again, err := Normalised(n)
		if err != nil || &again[0] != &n[0] {
			t.Errorf("scale %v: a unit vector was copied, %v", scale, err)
		}
	}
}

func TestUnitVectorIsKeptWithoutACopyThroughMerges(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	rows := gaussians(rng, 40, 16)
	ix := New(Config{ScanUpTo: 10})
	for i, e := range entriesOf(rows) {
		normalise(rows[i])
		ix = mustWith(t, ix, nil, e)
	}
	for i := range ix.parts {
		for row, id := range ix.parts[i].ids {
			var number int
			fmt.Sscanf(id, "e%d", &number)
			if &ix.parts[i].rows[row][0] != &rows[number][0] {
				t.Errorf("%s was copied", id)
			}
		}
	}
}

func TestSameIDReplacesLastOfTwoCountsAndUnknownRemovalIsIgnored(t *testing.T) {
	x, y, z := []float32{1, 0, 0}, []float32{0, 1, 0}, []float32{0, 0, 1}
	first := buildIndex(t, Config{}, []Entry{{ID: "a", Group: 1, Vector: x}, {ID: "b", Vector: y}})
	second := mustWith(t, first, []string{"nobody", "a", "a"}, Entry{ID: "a", Vector: z}, Entry{ID: "a", Group: 2, Vector: y})
	if second.Len() != 2 || first.Len() != 2 {
		t.Errorf("Len %d and %d, want 2", first.Len(), second.Len())
	}
	if s, ok := second.Similarity(y, "a"); !ok || s != 1 {
		t.Errorf("the last vector does not count: %v %v", s, ok)
	}
	if s, ok := first.Similarity(x, "a"); !ok || s != 1 {
		t.Errorf("the older index changed: %v %v", s, ok)
	}
	if got := hitIDs(mustSearch(t, second, Query{Vector: y, Accept: func(g uint32) bool { return g == 2 }})); !slices.Equal(got, []string{"a"}) {
		t.Errorf("found %v in the new group", got)
	}
}

func TestEmptyIndexFindsNothingAndTakesOtherDimensions(t *testing.T) {
	ix := New(Config{})
	if hits, err := ix.Search(Query{Vector: []float32{1, 2}}); hits != nil || err != nil || ix.Dimensions() != 0 || ix.Bytes() != 0 {
		t.Errorf("found %v, %v", hits, err)
	}
	if s, ok := ix.Similarity([]float32{1}, "a"); ok {
		t.Errorf("similarity %v to nothing", s)
	}
	ix = mustWith(t, ix, nil, Entry{ID: "a", Vector: []float32{1, 2}}, Entry{ID: "b", Vector: []float32{1, 2}})
	if _, err := ix.With(context.Background(), []string{"a"}, []Entry{{ID: "c", Vector: []float32{1, 2, 3}}}); !errors.Is(err, ErrDimensions) {
		t.Errorf("other dimensions beside an older entry: %v", err)
	}
	// A change of the model replaces everything at once.
	ix = mustWith(t, ix, []string{"a"}, Entry{ID: "b", Vector: []float32{1, 2, 3}})
	if ix.Dimensions() != 3 || ix.Len() != 1 {
		t.Errorf("%d dimensions, %d entries", ix.Dimensions(), ix.Len())
	}
	if ix = mustWith(t, ix, []string{"b"}); ix.Len() != 0 || ix.Dimensions() != 0 || ix.Bytes() != 0 {
		t.Errorf("emptied: %d entries, %d dimensions, %d bytes", ix.Len(), ix.Dimensions(), ix.Bytes())
	}
}

func TestWithRefusesMissingIDsTooManyEntriesAndAnEndedContext(t *testing.T) {
	one := Entry{ID: "a", Vector: []float32{1}}
	if next, err := New(Config{}).With(context.Background(), nil, []Entry{one, {Vector: []float32{1}}}); err == nil || !strings.Contains(err.Error(), "entry 1") || next != nil {
		t.Errorf("an entry without an ID: %v", err)
	}
	small := New(Config{})
	small.limit = 2
	small = mustWith(t, small, nil, one, Entry{ID: "b", Vector: []float32{1}})
	if next, err := small.With(context.Background(), nil, []Entry{{ID: "c", Vector: []float32{1}}}); err == nil || next != nil {
		t.Error("a third entry was taken where two are possible")
	}
	mustWith(t, small, []string{"a"}, Entry{ID: "c", Vector: []float32{1}})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if next, err := New(Config{}).With(ctx, nil, []Entry{one}); !errors.Is(err, context.Canceled) || next != nil {
		t.Errorf("after cancel: %v, %v", next, err)
	}
}

// endsAfter is a context that ends when it is looked at for the n-th time.
type endsAfter struct {
	context.Context
	left int
}

func (c *endsAfter) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestLongBuildLooksAtItsContextThroughout(t *testing.T) {
	entries := entriesOf(gaussians(rand.New(rand.NewPCG(6, 6)), 2000, 8))
	looks := &endsAfter{context.Background(), math.MaxInt}
	if _, err := New(Config{ScanUpTo: 100}).With(looks, nil, entries); err != nil {
		t.Fatal(err)
	}
	used := math.MaxInt - looks.left
	if want := 4 * 2000 / ctxEvery; used < want-4 {
		t.Errorf("the context was looked at %d times, want about %d", used, want)
	}
	for n := range used {
		if next, err := New(Config{ScanUpTo: 100}).With(&endsAfter{context.Background(), n}, nil, entries); !errors.Is(err, context.Canceled) || next != nil {
			t.Errorf("ended at look %d: %v, %v", n, next, err)
		}
	}
}

func TestUpdateOfOneEntrySharesTheLargeSegment(t *testing.T) {
	entries := entriesOf(gaussians(rand.New(rand.NewPCG(7, 7)), 5000, 16))
	ix := buildIndex(t, Config{}, entries)
	big := ix.parts[0].segment
	for i := range 100 {
		ix = mustWith(t, ix, nil, entries[i*13])
	}
	if ix.parts[0].segment != big {
		t.Error("the large segment was built anew")
	}
	if len(ix.parts) > 8 || ix.Len() != 5000 {
		t.Errorf("%d segments, %d entries", len(ix.parts), ix.Len())
	}
}

func TestSegmentWithManyRemovedEntriesIsRewritten(t *testing.T) {
	entries := entriesOf(gaussians(rand.New(rand.NewPCG(8, 8)), 1000, 16))
	ix := buildIndex(t, Config{}, entries)
	var remove []string
	for i := range 301 {
		remove = append(remove, entries[i].ID)
	}
	few, many := mustWith(t, ix, remove[:300]), mustWith(t, ix, remove)
	if len(few.parts[0].rows) != 1000 || len(many.parts[0].rows) != 699 {
		t.Errorf("%d and %d rows are held, want 1000 and 699", len(few.parts[0].rows), len(many.parts[0].rows))
	}
	if many.Bytes() >= few.Bytes() || few.Bytes() < 1000*16*4 {
		t.Errorf("%d bytes before the rewriting, %d after", few.Bytes(), many.Bytes())
	}
}

func TestReadersAndWritersShareAnIndex(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	entries := entriesOf(gaussians(rng, 600, 32))
	asked := gaussians(rng, 8, 32)
	ix := buildIndex(t, Config{ScanUpTo: 100}, entries)
	var want [][]Hit
	for _, q := range asked {
		want = append(want, mustSearch(t, ix, Query{Vector: q}))
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			own := ix
			for i := range 30 {
				at := (w*97 + i*31) % 590
				next, err := own.With(context.Background(), []string{entries[at+9].ID}, entries[at:at+5])
				if err != nil {
					t.Error(err)
					return
				}
				own = next
				if _, err := own.Search(Query{Vector: asked[i%8]}); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for i := range 100 {
				q := asked[(w+i)%8]
				hits, err := ix.Search(Query{Vector: q})
				if err != nil || !slices.Equal(hits, want[(w+i)%8]) {
					t.Errorf("found %v, %v, want %v", hits, err, want[(w+i)%8])
				}
				if s, ok := ix.Similarity(q, hits[0].ID); !ok || s != hits[0].Similarity {
					t.Errorf("Similarity %v, Search says %v", s, hits[0].Similarity)
				}
			}
		})
	}
	wg.Wait()
}
