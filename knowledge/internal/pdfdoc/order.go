package pdfdoc

import "sort"

const (
	lookBack    = 4 // lines before a line that it may stand above
	maxCutDepth = 40
	maxCutLines = 5_000 // more than a page can show
	columnSpace = 0.7   // least white space between columns, in font sizes
	rowSpace    = 0.5   // least white space between rows beyond the usual, likewise
	columnLines = 3     // least lines of a column
	maxStacks   = 64    // groups of lines compared with each other
	stackGap    = 2.0   // most distance of lines of one group, in font sizes
)

// readingOrder keeps the order of drawing, unless it jumps up within a column,
// as values of form fields do that are drawn last: then the page is cut along its white space into columns and
// rows, which are read from left to right and from top to bottom.
func readingOrder(ls []line) []line {
	if len(ls) > maxCutLines {
		return ls
	}
	back := 0
	for i := range ls {
		for k := max(0, i-lookBack); k < i; k++ {
			a, b := &ls[k], &ls[i]
			overlap := min(a.u1, b.u1) - max(a.u0, b.u0)
			if a.dir == 0 && b.dir == 0 && b.v < a.v-0.5*a.size && overlap > 0.3*min(a.u1-a.u0, b.u1-b.u0) {
				back++
			}
		}
	}
	if back == 0 {
		return ls
	}
	var level, turned []line
	for _, l := range ls {
		if l.dir == 0 {
			level = append(level, l)
		} else {
			turned = append(turned, l)
		}
	}
	return append(cutPage(level, 0), turned...)
}

// interval is what a line covers along one axis.
type interval struct{ lo, hi float64 }

// cutPage orders lines by cutting between columns first and rows second.
func cutPage(ls []line, depth int) []line {
	if len(ls) < 2 {
		return ls
	}
	if depth < maxCutDepth {
		size := medianSize(ls)
		across := func(l line) interval { return interval{l.u0, l.u1} }
		if a, b, gap := widestCut(ls, across); gap >= columnSpace*size && len(a) >= columnLines && len(b) >= columnLines {
			return append(cutPage(a, depth+1), cutPage(b, depth+1)...)
		}
		down := func(l line) interval { return interval{l.v - 0.8*l.size, l.v + 0.25*l.size} }
		if a, b, gap := widestCut(ls, down); gap > rowSpace*size {
			return append(cutPage(a, depth+1), cutPage(b, depth+1)...)
		}
	}
	return columnGroups(ls)
}

func medianSize(ls []line) float64 {
	sizes := make([]float64, len(ls))
	for i, l := range ls {
		sizes[i] = l.size
	}
	sort.Float64s(sizes)
	return sizes[len(sizes)/2]
}

// stack is lines that stand closely below each other.
type stack struct {
	lines    []line
	u0       float64
	top, end float64
}

// before reports whether s is read before t: the left one of two side by side,
// else the upper one.
func (s *stack) before(t *stack) bool {
	if s.top < t.end && t.top < s.end {
		return s.u0 < t.u0
	}
	return s.top < t.top
}

// columnGroups orders lines that no straight cut separates, as columns of which
// one holds a picture with text around it: lines that stand closely below each
// other stay together.
func columnGroups(ls []line) []line {
	ls = append([]line(nil), ls...)
	sort.SliceStable(ls, func(i, j int) bool { return ls[i].v < ls[j].v })
	var stacks []*stack
	for _, l := range ls {
		var home *stack
		for k := len(stacks) - 1; k >= 0 && k >= len(stacks)-maxStacks; k-- {
			last := &stacks[k].lines[len(stacks[k].lines)-1]
			overlap := min(last.u1, l.u1) - max(last.u0, l.u0)
			near := l.v-last.v <= stackGap*max(l.size, last.size)
			if near && overlap > 0.5*min(last.u1-last.u0, l.u1-l.u0) && (home == nil || last.v > home.end) {
				home = stacks[k]
			}
		}
		if home == nil {
			home = &stack{u0: l.u0, top: l.v}
			stacks = append(stacks, home)
		}
		home.lines = append(home.lines, l)
		home.u0, home.end = min(home.u0, l.u0), l.v
	}
	return joinStacks(stacks)
}

// joinStacks repeatedly takes the stack that none of the others comes before.
func joinStacks(stacks []*stack) []line {
	var out []line
	for len(stacks) > 0 {
		pick := 0
		if len(stacks) <= maxStacks {
			for k := range stacks {
				first := true
				for j := range stacks {
					first = first && (j == k || !stacks[j].before(stacks[k]))
				}
				if first {
					pick = k
					break
				}
			}
		}
		out = append(out, stacks[pick].lines...)
		stacks = append(stacks[:pick:pick], stacks[pick+1:]...)
	}
	return out
}

// widestCut splits lines at the widest gap that none of them crosses; gap is
// negative when there is none.
func widestCut(ls []line, along func(line) interval) (before, after []line, gap float64) {
	sorted := append([]line(nil), ls...)
	sort.SliceStable(sorted, func(i, j int) bool { return along(sorted[i]).lo < along(sorted[j]).lo })
	gap = -1
	at, end := 0, along(sorted[0]).hi
	for i, l := range sorted[1:] {
		v := along(l)
		if v.lo-end > gap {
			gap, at = v.lo-end, i+1
		}
		end = max(end, v.hi)
	}
	return sorted[:at:at], sorted[at:], gap
}
