package pdfdoc

import (
	"math"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cell is a glyph in reading coordinates: u runs along its line, v across the
// lines in reading direction.
type cell struct {
	u0, u1, v, size float64
	text            string
	bold            bool
}

// line is a row of cells that belong together. dir is the writing direction in
// whole degrees.
type line struct {
	dir          int
	cells        []cell
	u0, u1, v    float64
	size         float64
	bold         bool
	text         string
	spans        []span // the pieces between wide gaps, when there are several
	marginTop    bool   // whether it lies near the page's upper or lower edge
	marginBottom bool
}

// Gaps in parts of the font size. wordGap separates words; joinGap is the most
// that two parts of one line are apart when they were drawn at different times;
// columnGap is where a row continues in another column.
const (
	wordGap   = 0.12
	joinGap   = 0.9
	columnGap = 1.0
)

// lines arranges a page's glyphs into lines in reading order. Pieces that stand
// side by side become one line even when they were drawn at different times.
func lines(glyphs []glyph, p page) []line {
	var out []line
	index := map[[2]int][]int{}
	seen := overprint{}
	for _, part := range fragments(visible(glyphs, p), seen) {
		if k := homeLine(out, index, &part); k >= 0 {
			out[k].join(part)
			continue
		}
		out = append(out, part)
		key := [2]int{part.dir, int(math.Floor(part.v / 8))}
		index[key] = append(index[key], len(out)-1)
	}
	kept := out[:0]
	for i := range out {
		out[i].finish()
		if out[i].text != "" {
			kept = append(kept, out[i])
		}
	}
	markMargins(kept, p)
	return readingOrder(kept)
}

// visible drops glyphs that lie wholly outside the page.
func visible(glyphs []glyph, p page) []glyph {
	x0, x1 := min(p.box[0], p.box[2]), max(p.box[0], p.box[2])
	y0, y1 := min(p.box[1], p.box[3]), max(p.box[1], p.box[3])
	if x1-x0 < 1 || y1-y0 < 1 {
		return glyphs
	}
	out := glyphs[:0]
	for _, g := range glyphs {
		if g.x >= x0-g.size && g.x <= x1+g.size && g.y >= y0-g.size && g.y <= y1+g.size {
			out = append(out, g)
		}
	}
	return out
}

// overprint remembers what was shown where, because bold type is often the same
// text drawn twice.
type overprint map[overprintKey][2]float64

type overprintKey struct {
	text string
	x, y int
}

func (o overprint) repeated(g glyph) bool {
	if strings.TrimSpace(g.text) == "" {
		return false
	}
	unit, near := max(g.size, 1)/2, 0.1*g.size
	tolerance := min(near, max(0.5*g.width, 0.02*g.size))
	cellOf := func(x float64) int { return int(math.Floor(x / unit)) }
	for kx := cellOf(g.x - near); kx <= cellOf(g.x+near); kx++ {
		for ky := cellOf(g.y - near); ky <= cellOf(g.y+near); ky++ {
			if at, ok := o[overprintKey{g.text, kx, ky}]; ok && math.Hypot(at[0]-g.x, at[1]-g.y) < tolerance {
				return true
			}
		}
	}
	o[overprintKey{g.text, cellOf(g.x), cellOf(g.y)}] = [2]float64{g.x, g.y}
	return false
}

// fragments cuts the stream of glyphs wherever the pen jumps.
func fragments(glyphs []glyph, seen overprint) []line {
	var out []line
	for _, g := range glyphs {
		if g.text == "" || seen.repeated(g) {
			continue
		}
		u := g.x*g.ux + g.y*g.uy
		c := cell{u0: u, u1: u + g.width, v: g.x*g.uy - g.y*g.ux, size: g.size, text: g.text, bold: g.bold}
		dir := (int(math.Round(math.Atan2(g.uy, g.ux)*180/math.Pi)) + 360) % 360
		if n := len(out); n > 0 && out[n-1].dir == dir && continues(out[n-1].cells[len(out[n-1].cells)-1], c) {
			out[n-1].add(c)
			continue
		}
		l := line{dir: dir, u0: c.u0, u1: c.u1, v: c.v, size: c.size}
		l.cells = append(l.cells, c)
		out = append(out, l)
	}
	return out
}

// continues reports whether c goes on where last ended, to either side.
func continues(last, c cell) bool {
	size := max(last.size, c.size)
	if math.Abs(c.v-last.v) > 0.45*size {
		return false
	}
	right, left := c.u0-last.u1, last.u0-c.u1
	return right > -0.7*size && right < joinGap*size || left > -0.3*size && left < joinGap*size
}

func (l *line) add(c cell) {
	l.cells = append(l.cells, c)
	l.u0, l.u1 = min(l.u0, c.u0), max(l.u1, c.u1)
	if c.size > l.size && strings.TrimSpace(c.text) != "" {
		l.size, l.v = c.size, c.v
	}
}

func (l *line) join(m line) {
	for _, c := range m.cells {
		l.add(c)
	}
}

// homeLine finds the line that a fragment completes: one that ends or begins
// next to it, or the line just drawn when the fragment stands on the same
// height further along.
func homeLine(ls []line, index map[[2]int][]int, part *line) int {
	bucket := int(math.Floor(part.v / 8))
	best, bestGap := -1, math.Inf(1)
	for b := bucket - 1; b <= bucket+1; b++ {
		list := index[[2]int{part.dir, b}]
		for k := len(list) - 1; k >= 0 && k >= len(list)-64; k-- {
			l := &ls[list[k]]
			size := max(min(l.size, part.size), 0.3*max(l.size, part.size))
			if math.Abs(l.v-part.v) > 0.3*size {
				continue
			}
			gap := max(part.u0-l.u1, l.u0-part.u1)
			if gap > -0.3*size && gap < joinGap*size && gap < bestGap {
				best, bestGap = list[k], gap
			}
		}
	}
	if best >= 0 {
		return best
	}
	if n := len(ls); n > 0 {
		l := &ls[n-1]
		size := min(l.size, part.size)
		if l.dir == part.dir && math.Abs(l.v-part.v) < 0.2*size && part.u0 > l.u1 && part.u0-l.u1 < 40*size {
			return n - 1
		}
	}
	return -1
}

// finish orders a line's cells and writes its text.
func (l *line) finish() {
	sorted := sort.SliceIsSorted(l.cells, func(i, j int) bool { return l.cells[i].u0 < l.cells[j].u0-0.3*l.size })
	if !sorted {
		sort.SliceStable(l.cells, func(i, j int) bool { return l.cells[i].u0+l.cells[i].u1 < l.cells[j].u0+l.cells[j].u1 })
	}
	rtl := false
	bold, letters := 0, 0
	kept := l.cells[:0]
	for _, c := range l.cells {
		if c.text = plainForms(c.text); c.text != "" {
			kept = append(kept, c)
		}
	}
	l.cells = kept
	for i := range l.cells {
		for _, r := range l.cells[i].text {
			rtl = rtl || rightToLeft(r)
			if unicode.IsLetter(r) {
				letters++
				if l.cells[i].bold {
					bold++
				}
			}
		}
	}
	l.bold = letters > 0 && bold*10 > letters*9
	parts, breaks := l.spaced()
	if len(breaks) > 0 && !rtl {
		l.cut(parts, breaks)
	}
	if rtl {
		parts = logicalOrder(parts)
	}
	l.text = strings.TrimSpace(strings.Join(parts, ""))
	l.cells = nil
}

// spaced returns the cells' texts with the gaps between them: a space between
// words, a tab between columns. breaks lists the cells that follow a tab.
func (l *line) spaced() (out []string, breaks []int) {
	gap := wordGap * looseness(l.cells)
	for i, c := range l.cells {
		if i > 0 {
			prev := l.cells[i-1]
			d := c.u0 - prev.u1
			size := min(prev.size, c.size)
			if size < 0.5*max(prev.size, c.size) {
				size = 0.5 * max(prev.size, c.size)
			}
			blank := strings.TrimSpace(c.text) == "" || strings.TrimSpace(prev.text) == ""
			switch {
			case d > columnGap*size:
				out = append(out, "\t")
				breaks = append(breaks, i)
			case d > gap*size && !blank:
				out = append(out, " ")
			}
		}
		out = append(out, c.text)
	}
	return out, breaks
}

// cut notes the pieces of a line with wide gaps.
func (l *line) cut(parts []string, breaks []int) {
	texts := strings.Split(strings.Join(parts, ""), "\t")
	from := 0
	for k, to := range append(breaks, len(l.cells)) {
		text := strings.TrimSpace(texts[min(k, len(texts)-1)])
		first, last := l.cells[from], l.cells[to-1]
		from = to
		if text != "" {
			l.spans = append(l.spans, span{first.u0, last.u1, text})
		}
	}
}

// looseness is 1 for normal type and more for letter-spaced words without space
// characters of their own, where the gap between letters is not the gap between
// words: then even the narrowest gaps are wide.
func looseness(cells []cell) float64 {
	if len(cells) < 6 {
		return 1
	}
	gaps := make([]float64, 0, len(cells))
	for i, c := range cells {
		r, n := utf8.DecodeRuneInString(c.text)
		if n != len(c.text) || !unicode.IsLetter(r) && !unicode.IsPunct(r) {
			return 1
		}
		if i > 0 {
			gaps = append(gaps, (c.u0-cells[i-1].u1)/max(c.size, 0.1))
		}
	}
	sort.Float64s(gaps)
	narrow := gaps[len(gaps)/8]
	if narrow <= wordGap || narrow > joinGap {
		return 1
	}
	return (narrow + 0.15) / wordGap
}

// marginShare is how much of the page's height, at the top and at the bottom,
// headers and footers may take: an inch of a letter page.
const marginShare = 0.09

// markMargins notes which lines lie in the outer parts of the page, where
// headers and footers stand.
func markMargins(ls []line, p page) {
	y0, y1 := min(p.box[1], p.box[3]), max(p.box[1], p.box[3])
	height := y1 - y0
	if height < 1 || p.rotate%180 != 0 {
		return
	}
	for i := range ls {
		if ls[i].dir == 0 {
			y := -ls[i].v
			ls[i].marginTop = y > y1-marginShare*height
			ls[i].marginBottom = y < y0+marginShare*height
		}
	}
}
