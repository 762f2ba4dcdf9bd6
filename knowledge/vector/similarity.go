package vector

import "math"

// checks is the number of times a scan looks whether a row can still be among the best.
const checks = 3

// step is the number of values that dot takes at a time.
const step = 16

// blockWidth is the number of values between two checks.
func blockWidth(dimensions int) int { return dimensions / (checks + 1) / step * step }

// similarity is the cosine of two vectors of length 1, rounding kept within
// [-1,1]. It adds in the order of similarityFrom, so that both agree to the bit.
func similarity(a, b []float32) float32 {
	var none [checks]float32
	s, _ := similarityFrom(float32(math.Inf(-1)), a, b, none[:], none[:])
	return s
}

// similarityFrom returns the similarity of two vectors, or false as soon as it is
// certain to be below least: what the values to come can add is at most the
// product of the lengths of both rests (Cauchy and Schwarz).
func similarityFrom(least float32, a, b, restsA, restsB []float32) (float32, bool) {
	width := blockWidth(len(a))
	// More than the rounding errors of all sums together.
	least -= float32(len(a)) * 0x1p-22
	var sum float32
	restsA, restsB = restsA[:checks], restsB[:checks]
	for i, rest := range restsA {
		sum += dot(a[:width], b[:width])
		if sum+rest*restsB[i] < least {
			return 0, false
		}
		a, b = a[width:], b[width:]
	}
	return min(max(sum+dot(a, b), -1), 1), true
}

// appendRests appends the lengths of what follows each check.
func appendRests(rests, v []float32) []float32 {
	width := blockWidth(len(v))
	var after [checks]float32
	var square float64
	end := len(v)
	for i := checks - 1; i >= 0; i-- {
		for _, x := range v[(i+1)*width : end] {
			square += float64(x) * float64(x)
		}
		end = (i + 1) * width
		after[i] = float32(math.Sqrt(square))
	}
	return append(rests, after[:]...)
}

// dot is the scalar product in single precision. It keeps four sums, because one
// alone would wait for each addition to end before the next, and more than the
// registers hold would be slower again.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for len(a) >= step && len(b) >= step {
		x, y := (*[step]float32)(a), (*[step]float32)(b)
		s0 += (x[0]*y[0] + x[4]*y[4]) + (x[8]*y[8] + x[12]*y[12])
		s1 += (x[1]*y[1] + x[5]*y[5]) + (x[9]*y[9] + x[13]*y[13])
		s2 += (x[2]*y[2] + x[6]*y[6]) + (x[10]*y[10] + x[14]*y[14])
		s3 += (x[3]*y[3] + x[7]*y[7]) + (x[11]*y[11] + x[15]*y[15])
		a, b = a[step:], b[step:]
	}
	for i, x := range a {
		s0 += x * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}
