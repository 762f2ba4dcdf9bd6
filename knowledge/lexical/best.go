package lexical

import (
	"math"
	"slices"
	"strings"
)

// found is an entry on its way to becoming a hit.
type found struct {
	part  int
	doc   uint32
	score float32
}

// collect leaves the best n accepted entries in sc.best. It begins with the
// entries of the n best parents, which leave little to look for among the others.
func (ix *Index) collect(sc *scratch, n int) {
	ix.refuse(sc)
	c := collector{ix: ix, n: n, best: sc.best[:0]}
	c.split = nthUnits(sc.parent, n)
	for i := range ix.parts {
		c.part(ix.walker(sc, i), i, true)
	}
	for i := range ix.parts {
		c.part(ix.walker(sc, i), i, false)
	}
	if len(c.best) > n {
		ix.selectBest(c.best, n)
		c.best = c.best[:n]
	}
	sc.best = c.best
}

// refuse sets the scores of parents whose groups are not accepted to zero.
func (ix *Index) refuse(sc *scratch) {
	if sc.allowed == nil {
		return
	}
	for i := range ix.parts {
		w := ix.walker(sc, i)
		keep := sc.keep[:0] // all ones for a group that is accepted
		for _, g := range w.groups {
			mask := uint32(0)
			if place, _ := slices.BinarySearch(ix.groups, g); sc.allowed[place] {
				mask--
			}
			keep = append(keep, mask)
		}
		sc.keep = keep
		for parent, group := range w.groupOf {
			w.parent[parent] &= keep[group]
		}
	}
}

// nthUnits is a number that at least n of the parents' scores reach and hardly
// more, or 1 if fewer are above zero.
func nthUnits(parents []uint32, n int) uint32 {
	var in [steps]uint32 // numbers by their upper bits
	for _, u := range parents {
		if u > 0 {
			in[stepOf(u)]++
		}
	}
	for i, sum := len(in)-1, uint32(0); i > 0; i-- {
		if sum += in[i]; sum >= uint32(n) {
			return leastOfStep(uint32(i))
		}
	}
	return 1
}

// collector keeps the best entries.
type collector struct {
	ix    *Index
	n     int
	split uint32 // what parents that come first have at least
	best  []found
	floor float32 // what is lower is not among the best n
}

// part goes through the parents of a part that come first, or those that do not.
func (c *collector) part(w walker, number int, first bool) {
	pw := float32(c.ix.cfg.ParentWeight) / w.units
	// No term adds more to an entry than to its parent times this: its part is
	// tf/(tf+k of the entry) of tf/(tf+k of the parent), at most where tf is
	// least and the entry as short as can be. The rest makes up for rounding, of a
	// parent's score down by less than a unit for each term.
	room := 1.001 * w.kLen / (tfLevel[0] + w.kConst) / w.units
	most := pw + 1.001/w.units
	cut := c.split // what the score of a parent is at least, however long it is
	if !first {
		least := c.floor/(most+room*float32(w.longest)) - maxQueryTerms
		cut = uint32(min(max(1, least), 1<<31))
	}
	for parent, units := range w.parent {
		if units < cut || units >= c.split != first {
			continue
		}
		if (float32(units)+maxQueryTerms)*(most+room*float32(w.parentLen[parent])) < c.floor {
			continue
		}
		sum := pw * float32(units)
		from := w.parents[parent]
		for d, s := range w.score[from:w.parents[parent+1]] {
			if s == 0 || s+sum < c.floor {
				continue
			}
			c.best = append(c.best, found{number, from + uint32(d), s + sum})
			if len(c.best) == 2*c.n {
				c.ix.selectBest(c.best, c.n)
				c.best = c.best[:c.n]
				c.floor = c.best[c.n-1].score
			}
		}
	}
	if first && len(c.best) > c.n {
		c.ix.selectBest(c.best, c.n)
		c.best = c.best[:c.n]
		c.floor = c.best[c.n-1].score
	}
}

// compare orders by descending score, then by ID.
func (ix *Index) compare(a, b found) int {
	switch {
	case a.score > b.score:
		return -1
	case a.score < b.score:
		return 1
	}
	return strings.Compare(ix.parts[a.part].entries[a.doc].id, ix.parts[b.part].entries[b.doc].id)
}

// selectBest puts the best n, fewer than there are, before the others and the
// worst of them last, in no other order.
func (ix *Index) selectBest(f []found, n int) {
	from, end := 0, len(f)
	for end-from > 12 {
		pivot := median3(ix, f[from], f[(from+end)/2], f[end-1])
		i, j := from, end-1
		for i <= j {
			for ix.compare(f[i], pivot) < 0 {
				i++
			}
			for ix.compare(pivot, f[j]) < 0 {
				j--
			}
			if i <= j {
				f[i], f[j] = f[j], f[i]
				i++
				j--
			}
		}
		// [from,j] are not worse than the pivot, [i,end) not better.
		switch {
		case n-1 <= j:
			end = j + 1
		case n-1 >= i:
			from = i
		default:
			return
		}
	}
	slices.SortFunc(f[from:end], ix.compare)
}

func median3(ix *Index, a, b, c found) found {
	if ix.compare(b, a) < 0 {
		a, b = b, a
	}
	if ix.compare(c, b) < 0 {
		b = c
		if ix.compare(b, a) < 0 {
			b = a
		}
	}
	return b
}

// bestOfOthers is the score of the best entry whose parent is not the one of the
// best of all.
func (ix *Index) bestOfOthers(f []found) (second float32) {
	if len(f) == 0 {
		return 0
	}
	top := slices.MinFunc(f, ix.compare)
	parent := ix.parts[top.part].parentOf(top.doc)
	for _, o := range f {
		if o.score > second && (o.part != top.part || ix.parts[o.part].parentOf(o.doc) != parent) {
			second = o.score
		}
	}
	return second
}

// sameMask is all ones when a and b, both below 1<<31 or b all ones, are equal,
// else zero.
func sameMask(a, b uint32) uint32 {
	x := a ^ b
	return uint32(int32(x-1&^x) >> 31)
}

// masked is f where mask is all ones and zero where it is zero.
func masked(f float32, mask uint32) float32 { return math.Float32frombits(math.Float32bits(f) & mask) }

func sortedSet(v []uint32) []uint32 {
	slices.Sort(v)
	return slices.Compact(v)
}
