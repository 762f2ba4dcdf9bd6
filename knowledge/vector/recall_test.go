package vector

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kundeagent/kundeagent/internal/race"
)

// recall is the share of the K most similar entries, found by a naive scan in
// double precision, that the index finds.
func recall(tb testing.TB, ix *Index, entries []Entry, asked [][]float32, k int, accept func(uint32) bool) float64 {
	tb.Helper()
	found := 0
	for _, q := range asked {
		var all []Hit
		for _, e := range entries {
			if accept == nil || accept(e.Group) {
				all = append(all, Hit{ID: e.ID, Similarity: naive(q, e.Vector)})
			}
		}
		slices.SortFunc(all, func(a, b Hit) int {
			if a.Similarity > b.Similarity {
				return -1
			}
			return 1
		})
		got := hitIDs(mustSearch(tb, ix, Query{Vector: q, K: k, Accept: accept}))
		for _, h := range all[:k] {
			if slices.Contains(got, h.ID) {
				found++
			}
		}
	}
	return float64(found) / float64(k*len(asked))
}

// compared is the median number of entries that the second pass compares.
func compared(tb testing.TB, ix *Index, asked [][]float32, k int) int {
	tb.Helper()
	var n []int
	for _, q := range asked {
		sc := new(scratch)
		if err := sc.setQuery(q, ix.Dimensions()); err != nil {
			tb.Fatal(err)
		}
		sc.best.reset(ix, k)
		ix.admit(sc, nil)
		sc.admittedOf(ix, &ix.parts[0])
		n = append(n, sc.searchSigns(ix, 0))
	}
	slices.Sort(n)
	return n[len(n)/2]
}

func TestQualityTwoPassesFindNearlyAllWhateverTheData(t *testing.T) {
	race.SkipHeavy(t)
	const n, dims, floor = 10000, 384, .98
	for _, kind := range kindsOfData() {
		t.Run(kind.name, func(t *testing.T) {
			rows, asked := kind.make(rand.New(rand.NewPCG(11, 12)), n, 40, dims)
			entries := entriesOf(rows)
			ix := buildIndex(t, Config{}, entries)
			if ix.parts[0].signs == nil {
				t.Fatal("the index makes no first pass")
			}
			r := recall(t, ix, entries, asked, 10, nil)
			second := compared(t, ix, asked, 10)
			t.Logf("recall@10 %.4f (floor %v), %d of %d compared exactly (at most %v)", r, floor, second, n, kind.most*n)
			if float64(second) > kind.most*n {
				t.Errorf("%d entries compared exactly, want at most %v", second, kind.most*n)
			}
			if r < floor {
				t.Errorf("recall@10 %.4f, want at least %v", r, floor)
			}
		})
	}
}

func TestQualityRecallHoldsForManyHitsOtherDimensionsAndSeveralSegments(t *testing.T) {
	race.SkipHeavy(t)
	const floor = .98
	for _, c := range []struct{ dims, k, oversample int }{{100, 10, 0}, {100, 100, 1}, {256, 50, 0}, {768, 10, 0}} {
		rows, asked := clustered(rand.New(rand.NewPCG(13, uint64(c.dims))), 9000, 20, c.dims)
		entries := entriesOf(rows)
		ix := buildIndex(t, Config{ScanUpTo: 1000, Oversample: c.oversample}, entries[:6500])
		ix = mustWith(t, ix, nil, entries[6500:8500]...)
		ix = mustWith(t, ix, nil, entries[8500:]...)
		if len(ix.parts) != 3 || ix.parts[1].signs == nil {
			t.Fatalf("%d segments, want two large ones and a small one", len(ix.parts))
		}
		r := recall(t, ix, entries, asked, c.k, nil)
		t.Logf("%d dimensions: recall@%d %.4f (floor %v)", c.dims, c.k, r, floor)
		if r < floor {
			t.Errorf("%d dimensions: recall@%d %.4f, want at least %v", c.dims, c.k, r, floor)
		}
	}
}

func TestExactModeSmallIndexesAndNarrowFiltersMissNothing(t *testing.T) {
	race.SkipHeavy(t)
	rng := rand.New(rand.NewPCG(14, 14))
	for _, kind := range kindsOfData() {
		rows, asked := kind.make(rng, defaultScanUpTo+2000, 10, 64)
		entries := entriesOf(rows)
		onePercent := func(g uint32) bool { return g == 42 }
		for name, r := range map[string]float64{
			"exact":       recall(t, buildIndex(t, Config{Exact: true}, entries), entries, asked, 10, nil),
			"small":       recall(t, buildIndex(t, Config{}, entries[:defaultScanUpTo]), entries[:defaultScanUpTo], asked, 10, nil),
			"one percent": recall(t, buildIndex(t, Config{}, entries), entries, asked, 10, onePercent),
		} {
			if r != 1 {
				t.Errorf("%s, %s: recall %v, want 1", kind.name, name, r)
			}
		}
	}
}

func TestManyEqualVectorsAreSearchedInTwoPasses(t *testing.T) {
	// No spread at all: neither a centre nor a line through the estimates.
	var entries []Entry
	for _, e := range entriesOf(make([][]float32, 500)) {
		e.Vector = []float32{1, 2, 3}
		entries = append(entries, e)
	}
	ix := buildIndex(t, Config{ScanUpTo: 100}, entries)
	for _, q := range [][]float32{{1, 2, 3}, {-1, -2, -3}, {1, 0, 0}} {
		hits := mustSearch(t, ix, Query{Vector: q, K: 200})
		if len(hits) != 200 || hits[0].ID != "e0000000" || hits[199].ID != "e0000199" {
			t.Errorf("%d hits, %v", len(hits), hits[:1])
		}
	}
}
