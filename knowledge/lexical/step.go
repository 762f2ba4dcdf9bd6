package lexical

import (
	"math/bits"
	"slices"
)

// A step is a range of numbers that are taken for about equal: those of the same
// stepBits after the first, a sixteenth apart.
const (
	stepBits = 4
	steps    = 33 << stepBits
)

// stepOf returns the step of a number; steps are ordered as the numbers are.
func stepOf(u uint32) uint32 {
	n := uint32(bits.Len32(u))
	return n<<stepBits | uint32(uint64(u)<<stepBits>>((n-1)&63)&(1<<stepBits-1))
}

// leastOfStep is the least number of a step that is not the one of zero.
func leastOfStep(step uint32) uint32 {
	n := step >> stepBits
	return uint32((1<<stepBits | uint64(step)&(1<<stepBits-1)) << (n - 1) >> stepBits)
}

// sortByStep puts the terms in ascending order of their steps, equal ones as
// they were.
func (sc *scratch) sortByStep(step func(*queryTerm) uint32) {
	var from [steps + 1]uint32
	for i := range sc.terms {
		from[step(&sc.terms[i])+1]++
	}
	for i := 1; i < len(from); i++ {
		from[i] += from[i-1]
	}
	sorted := slices.Grow(sc.sorted[:0], len(sc.terms))[:len(sc.terms)]
	for i := range sc.terms {
		s := step(&sc.terms[i])
		sorted[from[s]] = sc.terms[i]
		from[s]++
	}
	sc.terms, sc.sorted = sorted, sc.terms
}
