package pdfdoc

import (
	"regexp"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge"
)

// span is a piece of a line between two wide gaps.
type span struct {
	u0, u1 float64
	text   string
}

// grid is a run of lines whose pieces stand below each other in columns.
type grid struct {
	lines   []line
	columns []span
}

const (
	maxColumns   = 24
	proseLength  = 30 // mean characters of a piece from which columns are running text
	rowDistance  = 3  // most distance of two rows in font sizes
	gridMinRows  = 3
	proseMinRows = 4
)

var onlyMark = regexp.MustCompile(`^([•◦▪▫■□●○‣⁃∙·–—*►➢✓-]|\(?\w{1,3}[.)])$`)

// gridAt returns the grid that begins with the first of the lines, if one does.
func gridAt(ls []line) (grid, bool) {
	g := grid{}
	for i := range ls {
		if !g.accepts(&ls[i]) {
			break
		}
		g.lines = append(g.lines, ls[i])
	}
	sort.Slice(g.columns, func(a, b int) bool { return g.columns[a].u0 < g.columns[b].u0 })
	n := len(g.lines)
	if n < gridMinRows && (n < gridMinRows-1 || len(g.columns) < 3) || g.marked() {
		return grid{}, false
	}
	return g, true
}

// accepts reports whether a line is the grid's next row and widens the columns
// to hold it.
func (g *grid) accepts(l *line) bool {
	if l.text == "" || l.dir != 0 || len(l.spans) < 2 || len(l.spans) > maxColumns {
		return false
	}
	if n := len(g.lines); n > 0 {
		last := g.lines[n-1]
		if d := l.v - last.v; d < 0.5*l.size || d > rowDistance*max(l.size, last.size) || min(l.size, last.size) < 0.75*max(l.size, last.size) {
			return false
		}
	}
	columns := append([]span(nil), g.columns...)
	used := map[int]bool{}
	for _, s := range l.spans {
		hit := -1
		for k := range columns {
			if s.u0 < columns[k].u1 && s.u1 > columns[k].u0 {
				if hit >= 0 || used[k] {
					return false
				}
				hit = k
			}
		}
		if hit < 0 {
			columns = append(columns, span{u0: s.u0, u1: s.u1})
			hit = len(columns) - 1
		}
		used[hit] = true
		columns[hit].u0, columns[hit].u1 = min(columns[hit].u0, s.u0), max(columns[hit].u1, s.u1)
	}
	if len(columns) > maxColumns {
		return false
	}
	g.columns = columns
	return true
}

// marked reports a list: a first column of nothing but marks.
func (g *grid) marked() bool {
	for i := range g.lines {
		if !onlyMark.MatchString(g.lines[i].spans[0].text) {
			return false
		}
	}
	return true
}

func (g *grid) column(s span) int {
	for k, c := range g.columns {
		if s.u0 < c.u1 && s.u1 > c.u0 {
			return k
		}
	}
	return 0
}

// prose reports columns of running text that were drawn row by row.
func (g *grid) prose() bool {
	if len(g.lines) < proseMinRows || len(g.columns) > 3 {
		return false
	}
	chars, n := 0, 0
	for _, l := range g.lines[:len(g.lines)-1] { // the last row may break off
		for _, s := range l.spans {
			chars += utf8.RuneCountInString(s.text)
			n++
		}
	}
	return chars > proseLength*n
}

// columnLines takes columns of running text apart, one column after the other.
func (g *grid) columnLines() []line {
	var out []line
	for k := range g.columns {
		for _, l := range g.lines {
			for _, s := range l.spans {
				if g.column(s) == k {
					part := l
					part.u0, part.u1, part.text, part.spans = s.u0, s.u1, s.text, nil
					out = append(out, part)
				}
			}
		}
	}
	return out
}

// rows returns the cells of every row, empty where a row has none.
func (g *grid) rows() [][]string {
	out := make([][]string, 0, len(g.lines))
	for i := range g.lines {
		row := make([]string, len(g.columns))
		for _, s := range g.lines[i].spans {
			k := g.column(s)
			row[k] = strings.TrimSpace(row[k] + " " + s.text)
		}
		out = append(out, row)
	}
	return out
}

// headed reports whether the first row names the columns: it fills all of them
// without a digit, and stands out by weight or by the digits below it.
func (g *grid) headed(rows [][]string) bool {
	digits := func(s string) bool { return strings.IndexFunc(s, unicode.IsDigit) >= 0 }
	for _, c := range rows[0] {
		if c == "" || digits(c) {
			return false
		}
	}
	if g.lines[0].bold && !g.lines[1].bold {
		return true
	}
	for _, r := range rows[1:] {
		if !digits(strings.Join(r, "")) {
			return false
		}
	}
	return true
}

// grid emits a table, or running text set in columns.
func (s *shaper) grid(g grid) {
	if g.prose() {
		for _, l := range g.columnLines() {
			s.line(&l)
		}
		return
	}
	s.flush()
	rows := g.rows()
	var header []string
	if g.headed(rows) {
		header = rows[0]
		s.b.Add(knowledge.Block{Kind: knowledge.TableHeader, Cells: header})
		rows = rows[1:]
	}
	for _, r := range rows {
		s.b.Add(knowledge.Block{Kind: knowledge.TableRow, Cells: r, Header: header})
	}
}
