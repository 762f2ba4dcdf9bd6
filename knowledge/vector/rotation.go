package vector

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// rounds of a rotation, alternately over the first and the last values.
const rounds = 4

// rotation turns a vector so that its values come to weigh alike. Signs say most
// when they do; in the vectors of many models a few values vary far more than
// the rest. It is the same for the same number of dimensions.
//
// Each round flips the signs of random values and applies a Walsh-Hadamard
// transform to as many values as are a power of two (Ailon and Chazelle 2006,
// "Approximate nearest neighbors and the fast Johnson-Lindenstrauss transform").
type rotation struct {
	flips [rounds][]uint32 // by value, the sign bit or 0
	width int              // values transformed together
	scale float32          // keeps the length
}

func newRotation(dimensions int) *rotation {
	r := &rotation{width: 1 << (bits.Len(uint(dimensions)) - 1)}
	r.scale = float32(1 / math.Sqrt(float64(r.width)))
	rng := rand.New(rand.NewPCG(0x9e3779b97f4a7c15, uint64(dimensions)))
	for i := range r.flips {
		r.flips[i] = make([]uint32, r.width)
		for j := range r.flips[i] {
			r.flips[i][j] = rng.Uint32() & (1 << 31)
		}
	}
	return r
}

// apply rotates v in place.
func (r *rotation) apply(v []float32) {
	for i, flips := range r.flips {
		part := v[:r.width]
		if i%2 == 1 {
			part = v[len(v)-r.width:]
		}
		for j, flip := range flips {
			part[j] = math.Float32frombits(math.Float32bits(part[j]*r.scale) ^ flip)
		}
		hadamard(part)
	}
}

// hadamard applies the Walsh-Hadamard transform, unscaled, to a power of two of
// values. It takes two levels at a time, which halves the memory traffic.
func hadamard(v []float32) {
	quarter := 1
	for ; 4*quarter <= len(v); quarter *= 4 {
		for from := 0; from < len(v); from += 4 * quarter {
			a, b := v[from:][:quarter], v[from+quarter:][:quarter]
			c, d := v[from+2*quarter:][:quarter], v[from+3*quarter:][:quarter]
			for i := range a {
				sum1, sum2 := a[i]+b[i], c[i]+d[i]
				dif1, dif2 := a[i]-b[i], c[i]-d[i]
				a[i], b[i], c[i], d[i] = sum1+sum2, dif1+dif2, sum1-sum2, dif1-dif2
			}
		}
	}
	if half := quarter; half < len(v) {
		for i, x := range v[:half] {
			y := v[half+i]
			v[i], v[half+i] = x+y, x-y
		}
	}
}
