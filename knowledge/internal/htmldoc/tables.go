package htmldoc

import (
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"

	"github.com/kundeagent/kundeagent/knowledge"
)

// mostColumns bounds the columns of a table, spanned ones included; cells
// further right are joined to the last.
const mostColumns = 200

type cell struct {
	node   int
	text   string
	header bool
}

type row struct {
	cells  []cell
	inHead bool
}

// table writes a data table as rows, or the content of a table that serves as
// layout as what it is.
func (e *emitter) table(i int) {
	e.flush()
	rows, captions := e.t.tableRows(i)
	for _, c := range captions {
		e.add(knowledge.Block{Text: e.t.fullText(c)})
	}
	if e.t.isLayout(i, rows) {
		for _, r := range rows {
			for _, c := range r.cells {
				if c.node >= 0 {
					e.within(place{}, func() { e.children(c.node) })
				}
			}
		}
		return
	}
	e.t.fillTexts(rows)
	e.dataTable(rows)
}

// tableRows lists the rows of a table, but not those of tables inside.
func (t *tree) tableRows(i int) (rows []row, captions []int) {
	inHead := false
	headEnd := 0
	for j := i + 1; j < t.end(i); j++ {
		if t.is(j, dropped) {
			j = t.end(j) - 1
			continue
		}
		switch t.tag(j) {
		case atom.Caption:
			captions = append(captions, j)
			j = t.end(j) - 1
		case atom.Thead:
			inHead, headEnd = true, t.end(j)
		case atom.Tr:
			rows = append(rows, row{inHead: inHead && j < headEnd})
		case atom.Td, atom.Th:
			if len(rows) == 0 {
				rows = append(rows, row{})
			}
			r := &rows[len(rows)-1]
			r.cells = append(r.cells, cell{node: j, header: t.tag(j) == atom.Th})
			j = t.end(j) - 1
		}
	}
	return rows, captions
}

// isLayout tells tables that only place things on the page.
func (t *tree) isLayout(i int, rows []row) bool {
	switch t.attr(i, "role") {
	case "presentation", "none":
		return true
	case "table", "grid", "treegrid":
		return false
	}
	widest, headers := 0, 0
	for _, r := range rows {
		widest = max(widest, len(r.cells))
		for _, c := range r.cells {
			if c.header {
				headers++
			}
		}
	}
	if headers > 0 && widest > 1 {
		return false
	}
	if widest <= 1 {
		return true
	}
	for j := i + 1; j < t.end(i); j++ {
		switch t.tag(j) {
		case atom.Table, atom.H1, atom.H2, atom.H3, atom.Article, atom.Section, atom.Blockquote, atom.Form:
			return true
		}
	}
	const longestCell = 1200
	for _, r := range rows {
		for _, c := range r.cells {
			if t.nodes[c.node].text > longestCell {
				return true
			}
		}
	}
	return false
}

// fillTexts reads the cells and lays spanned ones into every place they cover,
// so that each row stands by itself.
func (t *tree) fillTexts(rows []row) {
	type span struct {
		rows int
		c    cell
	}
	const longestRepeated = 1000 // bytes of a cell that is said in every place
	var open []span
	for r := range rows {
		var out []cell
		var beyond []string // texts right of the last column
		place := func(c cell, down int) {
			if len(out) >= mostColumns {
				return
			}
			out = append(out, c)
			for len(open) < len(out) {
				open = append(open, span{})
			}
			open[len(out)-1] = span{down, c}
		}
		carry := func() {
			for len(out) < len(open) && open[len(out)].rows > 0 {
				s := open[len(out)]
				place(s.c, s.rows-1)
			}
		}
		for _, c := range rows[r].cells {
			carry()
			c.text = t.fullText(c.node)
			across := spanOf(t.attr(c.node, "colspan"))
			down := spanOf(t.attr(c.node, "rowspan")) - 1
			if len(out) >= mostColumns {
				beyond = append(beyond, c.text)
				continue
			}
			for range across {
				place(c, down)
				if len(c.text) > longestRepeated {
					c.text = ""
				}
			}
		}
		carry()
		if len(beyond) > 0 {
			out[len(out)-1].text += " " + strings.Join(beyond, " ")
		}
		rows[r].cells = out
	}
}

func spanOf(v string) int {
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, mostColumns)
}

func (e *emitter) dataTable(rows []row) {
	heads := headRows(rows)
	header := joinHeads(rows[:heads])
	if header != nil {
		e.add(knowledge.Block{Kind: knowledge.TableHeader, Cells: append([]string(nil), header...)})
	}
	for _, r := range rows[heads:] {
		if e.stopped() {
			return
		}
		cells := make([]string, 0, len(r.cells))
		for j, c := range r.cells {
			// A cell across all columns is said once.
			if j > 0 && c.node == r.cells[j-1].node {
				if header == nil || allOne(r.cells) {
					continue
				}
			}
			cells = append(cells, c.text)
		}
		e.add(knowledge.Block{Kind: knowledge.TableRow, Cells: cells, Header: header})
	}
}

func allOne(cells []cell) bool {
	for _, c := range cells {
		if c.node != cells[0].node {
			return false
		}
	}
	return true
}

// headRows counts the rows that hold column names: those in thead, or the
// leading ones made of th only.
func headRows(rows []row) int {
	n := 0
	for n < len(rows) && rows[n].inHead {
		n++
	}
	if n > 0 {
		if n == len(rows) {
			return min(1, n)
		}
		return n
	}
	for n < len(rows)-1 && len(rows[n].cells) > 1 {
		for j, c := range rows[n].cells {
			// An empty corner above row names may be a td.
			if !c.header && !(j == 0 && c.text == "") {
				return n
			}
		}
		n++
	}
	return n
}

// joinHeads joins rows of column names to one name a column.
func joinHeads(rows []row) []string {
	if len(rows) == 0 {
		return nil
	}
	width := 0
	for _, r := range rows {
		width = max(width, len(r.cells))
	}
	names := make([]string, width)
	for _, r := range rows {
		for j, c := range r.cells {
			if c.text != "" && !strings.HasSuffix(names[j], c.text) {
				names[j] = strings.TrimSpace(names[j] + " " + c.text)
			}
		}
	}
	for _, n := range names {
		if n != "" {
			return names
		}
	}
	return nil
}
