package vector

import (
	"math/rand/v2"
	"testing"
)

func TestScanGivesUpOnlyOnWhatIsCertainToBeBelow(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 19))
	gaveUp := 0
	for _, dims := range []int{3, 63, 64, 100, 384} {
		for i := range 300 {
			v := gaussians(rng, 2, dims)
			// Every fourth pair is one vector twice: the bound is reached.
			near, own := rng.Float32()*3, float32(min(i%4, 1))
			for j := range v[1] {
				v[1][j] = own*v[1][j] + near*v[0][j]
			}
			normalise(v[0])
			normalise(v[1])
			s := similarity(v[0], v[1])
			restsA, restsB := appendRests(nil, v[0]), appendRests(nil, v[1])
			// What is as near as the least is kept, to the last bit.
			if got, ok := similarityFrom(s, v[0], v[1], restsA, restsB); !ok || got != s {
				t.Errorf("%d dimensions: %v, %v, want %v", dims, got, ok, s)
			}
			if _, ok := similarityFrom(s+0.2, v[0], v[1], restsA, restsB); !ok {
				gaveUp++
			}
		}
	}
	if gaveUp < 300 {
		t.Errorf("gave up on %d of 1500 that are far below", gaveUp)
	}
}

func TestSimilarityStaysWithinOneDespiteRounding(t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 20))
	rounded := 0
	for range 200 {
		v := gaussians(rng, 1, 384)[0]
		normalise(v)
		opposite := make([]float32, len(v))
		for j, x := range v {
			opposite[j] = -x
		}
		if dot(v, v) > 1 {
			rounded++
		}
		ix := buildIndex(t, Config{}, []Entry{{ID: "same", Vector: v}, {ID: "opposite", Vector: opposite}})
		for _, h := range mustSearch(t, ix, Query{Vector: v}) {
			if h.Similarity > 1 || h.Similarity < -1 {
				t.Errorf("%s: similarity %v", h.ID, h.Similarity)
			}
		}
	}
	if rounded == 0 {
		t.Error("no product was above 1 by rounding: the test shows nothing")
	}
}
