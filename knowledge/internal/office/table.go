package office

import (
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// maxColumns is what Word allows.
const maxColumns = 63

// grid lays out rows with merged cells. A cell merged down is repeated in the
// rows it covers, because a row must be understood without the rows above it; a
// cell merged across stands in its first column.
type grid struct {
	above []string // by column, text of the cell that may continue
}

// table reads a w:tbl. A table of one column is layout: its content is read as
// if it stood in the text.
func (w *wordReader) table(n *node) error {
	rows := tableRows(n)
	if singleColumn(rows) {
		for _, row := range rows {
			for _, cell := range rowCells(row) {
				if err := w.blocks(cell); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return w.dataTable(n, rows)
}

func (w *wordReader) dataTable(n *node, rows []*node) error {
	g := &grid{}
	out := &tableEmitter{emit: w.emit, firstRowIsHeader: firstRowStyled(n)}
	var notes []pending
	outerNotes := w.cellNotes
	w.cellNotes = &notes
	defer func() { w.cellNotes = outerNotes }()
	for _, row := range rows {
		if err := w.budget.ctx.Err(); err != nil {
			return err
		}
		laid, err := w.layRow(g, row)
		if err != nil {
			return err
		}
		if laid.isLayout {
			err = w.layoutRow(out, laid)
		} else {
			err = out.add(laid.cells, headerRow(row))
		}
		if err != nil {
			return err
		}
	}
	if err := out.flush(); err != nil {
		return err
	}
	w.cellNotes = outerNotes
	return w.emitPending(notes)
}

// laidRow is a row on the grid of its table.
type laidRow struct {
	cells    []string
	blocks   []knowledge.Block // of the cells, in order
	isLayout bool              // the row holds a page's columns, not values
}

// maxCellText is how long a cell of several paragraphs may be, in bytes, to
// count as a value.
const maxCellText = 2000

// layoutRow emits the content of cells as if it stood in the text.
func (w *wordReader) layoutRow(out *tableEmitter, row laidRow) error {
	if err := out.flush(); err != nil {
		return err
	}
	for _, b := range row.blocks {
		if err := w.emit(b); err != nil {
			return err
		}
	}
	return nil
}

// isSection tells whether a cell holds a piece of a page: a heading with text
// below it, or paragraphs longer than any value.
func isSection(blocks []knowledge.Block, text string) bool {
	if len(blocks) < 2 {
		return false
	}
	for _, b := range blocks[:len(blocks)-1] {
		if b.Kind == knowledge.Heading {
			return true
		}
	}
	return len(text) > maxCellText
}

// layRow reads a row's cells onto the grid.
func (w *wordReader) layRow(g *grid, row *node) (laidRow, error) {
	var laid laidRow
	skip, _ := strconv.Atoi(row.at("trPr").val("gridBefore"))
	cells := make([]string, max(0, min(skip, maxColumns)))
	for _, cell := range rowCells(row) {
		if len(cells) >= maxColumns {
			break
		}
		blocks, err := w.capture(func() error { return w.blocks(cell) })
		if err != nil {
			return laid, err
		}
		text := joinBlocks(blocks)
		laid.blocks = append(laid.blocks, blocks...)
		laid.isLayout = laid.isLayout || isSection(blocks, text)
		properties := cell.kid("tcPr")
		column := len(cells)
		if merge := properties.kid("vMerge"); merge != nil && merge.attr("val") != "restart" && text == "" {
			text = g.at(column)
		}
		g.set(column, text)
		span, _ := strconv.Atoi(properties.val("gridSpan"))
		span = max(1, min(span, maxColumns-column))
		if err := w.budget.cell(span); err != nil {
			return laid, err
		}
		cells = append(cells, text)
		cells = append(cells, make([]string, span-1)...)
	}
	laid.cells = cells
	return laid, nil
}

func (g *grid) at(column int) string {
	if column < len(g.above) {
		return g.above[column]
	}
	return ""
}

func (g *grid) set(column int, text string) {
	for len(g.above) <= column {
		g.above = append(g.above, "")
	}
	g.above[column] = text
}

// tableEmitter turns rows into blocks and gives the rows their header.
type tableEmitter struct {
	emit             func(knowledge.Block) error
	firstRowIsHeader bool // by style: it is one if it looks like one
	header           []string
	headers          int // rows of it
	started          bool
	first            []string // held back until it is known whether more follow
	holding          bool
}

// add takes the next row. declared tells that the document marks it as a
// header.
func (t *tableEmitter) add(cells []string, declared bool) error {
	if !t.started && !t.holding && !declared && t.firstRowIsHeader && looksLikeHeader(cells) {
		t.first, t.holding = cells, true
		return nil
	}
	if t.holding {
		t.holding = false
		if err := t.headerRow(t.first); err != nil {
			return err
		}
	}
	if declared && !t.started && t.headers < maxHeaderRows {
		return t.headerRow(cells)
	}
	t.started = true
	return t.emit(knowledge.Block{Kind: knowledge.TableRow, Cells: cells, Header: t.header})
}

// flush emits a table that has only the row held back.
func (t *tableEmitter) flush() error {
	if !t.holding {
		return nil
	}
	t.holding = false
	return t.emit(knowledge.Block{Kind: knowledge.TableRow, Cells: t.first})
}

// maxHeaderRows is how many rows may name the columns; more are content.
const maxHeaderRows = 6

// headerRow emits a row of column names. The names of several rows add up.
func (t *tableEmitter) headerRow(cells []string) error {
	t.headers++
	for len(t.header) < len(cells) {
		t.header = append(t.header, "")
	}
	for i, c := range cells {
		t.header[i] = strings.TrimSpace(t.header[i] + " " + build.Fold(c))
	}
	return t.emit(knowledge.Block{Kind: knowledge.TableHeader, Cells: cells})
}

// looksLikeHeader is true for a row that names at least two columns and holds
// no number.
func looksLikeHeader(cells []string) bool {
	named := 0
	for _, c := range cells {
		c = strings.TrimSpace(c)
		if c == "" {
			continue
		}
		if _, err := strconv.ParseFloat(strings.NewReplacer(",", "", "%", "", " ", "").Replace(c), 64); err == nil {
			return false
		}
		if len(c) > 120 {
			return false
		}
		named++
	}
	return named >= 2
}

// firstRowStyled tells whether the table's look sets the first row apart.
func firstRowStyled(n *node) bool {
	look := n.at("tblPr", "tblLook")
	if look == nil {
		return false
	}
	if v := look.attr("firstRow"); v != "" {
		return v == "1" || v == "true"
	}
	bits, err := strconv.ParseUint(look.attr("val"), 16, 32)
	return err == nil && bits&0x20 != 0
}

func headerRow(row *node) bool {
	mark := row.at("trPr", "tblHeader")
	return mark != nil && mark.isOn()
}

// tableRows and rowCells look through content controls and custom XML.
func tableRows(n *node) []*node { return through(n, "tr", nil) }
func rowCells(n *node) []*node  { return through(n, "tc", nil) }

func through(n *node, name string, found []*node) []*node {
	for _, k := range n.kids {
		switch k.name {
		case name:
			if !deletedRow(k) {
				found = append(found, k)
			}
		case "sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag":
			found = through(k, name, found)
		}
	}
	return found
}

// deletedRow is for tracked changes.
func deletedRow(n *node) bool { return n.at("trPr", "del") != nil }

func singleColumn(rows []*node) bool {
	for _, row := range rows {
		if len(rowCells(row)) > 1 {
			return false
		}
	}
	return true
}
