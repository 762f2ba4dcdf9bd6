package vector

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestRotationKeepsAnglesAndIsTheSameEveryTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 18))
	for _, dims := range []int{1, 2, 3, 4, 5, 8, 31, 48, 64, 100, 384, 1000, 1024} {
		v := gaussians(rng, 2, dims)
		turned := [][]float32{slices.Clone(v[0]), slices.Clone(v[1]), slices.Clone(v[0])}
		for _, x := range turned {
			newRotation(dims).apply(x)
		}
		if !slices.Equal(turned[0], turned[2]) {
			t.Errorf("%d dimensions: two rotations differ", dims)
		}
		for _, pair := range [][2]int{{0, 1}, {0, 0}} {
			before, after := product(v[pair[0]], v[pair[1]]), product(turned[pair[0]], turned[pair[1]])
			if math.Abs(before-after) > 1e-4*float64(dims) {
				t.Errorf("%d dimensions: scalar product %v became %v", dims, before, after)
			}
		}
	}
}

func TestRotationSpreadsASingleValueOverAll(t *testing.T) {
	for _, dims := range []int{48, 100, 384, 768} {
		for _, at := range []int{0, dims / 2, dims - 1} {
			v := make([]float32, dims)
			v[at] = 1
			newRotation(dims).apply(v)
			largest := float32(0)
			for _, x := range v {
				largest = max(largest, x, -x)
			}
			// A random unit vector's largest value is about √(2 ln dims / dims).
			if limit := 1.7 * math.Sqrt(2*math.Log(float64(dims))/float64(dims)); float64(largest) > limit {
				t.Errorf("%d dimensions, value %d: largest after rotation %v, want at most %.2f", dims, at, largest, limit)
			}
		}
	}
}

func product(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
