package vector

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// modelIDs is the number of IDs in the random changes below: so few that all are
// compared exactly whatever the first pass says.
const modelIDs = 80

// randomChange removes, replaces and adds; vectors are few, so that ties abound.
func randomChange(rng *rand.Rand, dims int) (remove []string, add []Entry) {
	id := func() string { return fmt.Sprintf("e%02d", rng.IntN(modelIDs)) }
	for range rng.IntN(12) {
		remove = append(remove, id())
	}
	for range rng.IntN(16) {
		v := make([]float32, dims)
		for j := range v {
			v[j] = float32(rng.IntN(3) - 1)
		}
		v[rng.IntN(dims)] = 2
		add = append(add, Entry{ID: id(), Group: uint32(rng.IntN(4)), Vector: v, Value: rng.Int()})
	}
	return remove, add
}

func applyTo(model map[string]Entry, remove []string, add []Entry) map[string]Entry {
	model = maps.Clone(model)
	for _, id := range remove {
		delete(model, id)
	}
	for _, e := range add {
		model[e.ID] = e
	}
	return model
}

// checkModel compares an index with what it ought to hold.
func checkModel(tb testing.TB, ix *Index, model map[string]Entry, query []float32, k int) {
	tb.Helper()
	if ix.Len() != len(model) {
		tb.Fatalf("Len %d, want %d", ix.Len(), len(model))
	}
	checkHits(tb, mustSearch(tb, ix, Query{Vector: query, K: k}), model, query, k)
	odd := maps.Clone(model)
	maps.DeleteFunc(odd, func(_ string, e Entry) bool { return e.Group%2 == 0 })
	accept := func(g uint32) bool { return g%2 == 1 }
	checkHits(tb, mustSearch(tb, ix, Query{Vector: query, K: k, Accept: accept}), odd, query, k)
	for i := range modelIDs {
		id := fmt.Sprintf("e%02d", i)
		s, ok := ix.Similarity(query, id)
		e, held := model[id]
		if ok != held || held && (s-naive(query, e.Vector) > 1e-5 || s-naive(query, e.Vector) < -1e-5) {
			tb.Errorf("Similarity of %s is %v, %v; held: %v", id, s, ok, held)
		}
	}
	var groups []uint32
	for _, e := range model {
		groups = append(groups, e.Group)
	}
	slices.Sort(groups)
	if groups = slices.Compact(groups); !slices.Equal(groups, ix.groups) {
		tb.Errorf("groups %v, want %v", ix.groups, groups)
	}
}

func TestP11RemovedIsGoneFromTheNextSearchAndOlderSnapshotsStay(t *testing.T) {
	for name, cfg := range map[string]Config{"exact": {Exact: true}, "default": {}, "two passes": {ScanUpTo: 1}} {
		for seed := range uint64(15) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 10))
				dims := []int{2, 5, 16, 64, 70}[seed%5]
				type generation struct {
					ix    *Index
					model map[string]Entry
				}
				history := []generation{{New(cfg), map[string]Entry{}}}
				for range 40 {
					last := history[len(history)-1]
					remove, add := randomChange(rng, dims)
					history = append(history, generation{mustWith(t, last.ix, remove, add...), applyTo(last.model, remove, add)})
					g := history[len(history)-1]
					checkModel(t, g.ix, g.model, gaussians(rng, 1, dims)[0], 1+rng.IntN(12))
				}
				for _, g := range history {
					checkModel(t, g.ix, g.model, gaussians(rng, 1, dims)[0], 10)
				}
			})
		}
	}
}

// FuzzWithAndSearchAgreeWithAMap reads changes from bytes: each is an ID, and a
// vector or none to remove it; a zero ends a change.
func FuzzWithAndSearchAgreeWithAMap(f *testing.F) {
	f.Add([]byte{5, 1, 2, 3, 6, 3, 2, 1, 0, 5, 255, 0, 7, 9, 9, 9, 7, 1, 1, 1}, uint8(1))
	f.Add([]byte{1, 10, 0, 0, 0, 1, 255, 0, 1, 20, 30, 40}, uint8(0))
	f.Fuzz(func(t *testing.T, script []byte, scanUpTo uint8) {
		script = script[:min(len(script), 2000)]
		ix := New(Config{ScanUpTo: int(scanUpTo)})
		model := map[string]Entry{}
		query := []float32{1, -2, 3}
		var remove []string
		var add []Entry
		flush := func() {
			ix = mustWith(t, ix, remove, add...)
			model = applyTo(model, remove, add)
			remove, add = nil, nil
			checkModel(t, ix, model, query, 7)
		}
		for len(script) > 0 {
			first := script[0]
			script = script[1:]
			if first == 0 {
				flush()
				continue
			}
			id := fmt.Sprintf("e%02d", first%modelIDs)
			if len(script) < 3 || script[0] == 255 {
				remove = append(remove, id)
				script = script[min(1, len(script)):]
				continue
			}
			// Never zero: the last value is odd.
			v := []float32{float32(int8(script[0])), float32(int8(script[1])), float32(int8(script[2] | 1))}
			add = append(add, Entry{ID: id, Group: uint32(first % 5), Vector: v})
			script = script[3:]
		}
		flush()
	})
}
