package lexical

import "slices"

const countsPage = 32

// counts is an array of numbers, most of them zero, that shares what did not
// change with the one it was made from. A page that is nil holds zeros.
type counts []*[countsPage]uint32

func (c counts) at(i int) uint32 {
	if page := i / countsPage; page < len(c) && c[page] != nil {
		return c[page][i%countsPage]
	}
	return 0
}

// with returns counts in which each of the n possible places is greater by the
// number of times it is among places.
func (c counts) with(n int, places []uint32) counts {
	next := slices.Grow(slices.Clone(c), n/countsPage+1-len(c))[:n/countsPage+1]
	for _, i := range places {
		page := i / countsPage
		switch shared := int(page) < len(c) && next[page] == c[page]; {
		case next[page] == nil:
			next[page] = new([countsPage]uint32)
		case shared:
			own := *next[page]
			next[page] = &own
		}
		next[page][i%countsPage]++
	}
	return next
}

func (c counts) bytes() int {
	n := 8 * len(c)
	for _, page := range c {
		if page != nil {
			n += 4 * countsPage
		}
	}
	return n
}
