package textdoc

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

func tooManyCells(lim Limits) error {
	return fmt.Errorf("more than %d table cells: %w", lim.MaxCells, knowledge.ErrTooLarge)
}

// columnsOf returns a line with one element a column, so that positions count
// columns; the second half of a wide character is 0.
func columnsOf(l string) []rune {
	out := make([]rune, 0, len(l))
	for _, c := range l {
		out = append(out, c)
		if runeWidth(c) == 2 {
			out = append(out, 0)
		}
	}
	return out
}

func textOf(columns []rune) string {
	var sb strings.Builder
	for _, c := range columns {
		if c != 0 {
			sb.WriteRune(c)
		}
	}
	return strings.TrimRight(sb.String(), " ")
}

// gridTable reads a table drawn with "+", "-" and "|". Cells that span columns
// are one cell; cells that span rows stand in their first row.
func (r *rstReader) gridTable(lines []string, at place) int {
	n := 0
	for n < len(lines) && lines[n] != "" && (lines[n][0] == '+' || lines[n][0] == '|') {
		n++
	}
	if n < 3 {
		return 0
	}
	r.opening(at)
	edges := gridEdges(lines[:n])
	if len(edges) < 2 || len(edges) > r.lim.MaxCells/1000 {
		return 0
	}
	g := gridRows{reader: r, edges: edges, parts: make([][]string, len(edges)-1)}
	for _, l := range lines[1:n] {
		if r.err != nil {
			break
		}
		g.line(columnsOf(l))
	}
	g.flush()
	r.rows(g.rows, g.headers)
	return n
}

// gridEdges returns the columns at which any full border has a corner.
func gridEdges(lines []string) []int {
	width := 0
	for _, l := range lines {
		width = max(width, len(l))
	}
	corner := make([]bool, width)
	for _, l := range lines {
		if strings.Trim(l, "+-=") != "" {
			continue
		}
		for i := range len(l) {
			if l[i] == '+' {
				corner[i] = true
			}
		}
	}
	var edges []int
	for i, c := range corner {
		if c {
			edges = append(edges, i)
		}
	}
	return edges
}

type gridRows struct {
	reader  *rstReader
	edges   []int
	parts   [][]string
	rows    [][]string
	headers int
}

func (g *gridRows) flush() {
	var row []string
	for i, p := range g.parts {
		row = append(row, g.reader.cell(p))
		g.parts[i] = nil
	}
	if strings.TrimSpace(strings.Join(row, "")) != "" {
		g.rows = append(g.rows, row)
	}
}

// line adds one line of the drawing to the cells it crosses.
func (g *gridRows) line(l []rune) {
	if border := strings.Trim(textOf(l), "+-="); border == "" {
		g.flush()
		if strings.ContainsRune(textOf(l), '=') {
			g.headers = len(g.rows)
		}
		return
	}
	for i := 0; i+1 < len(g.edges); {
		from := g.edges[i] + 1
		j := i + 1
		for j+1 < len(g.edges) && (g.edges[j] >= len(l) || l[g.edges[j]] != '|' && l[g.edges[j]] != '+') {
			j++
		}
		to := min(g.edges[j], len(l))
		if from < to {
			text := textOf(l[from:to])
			if strings.Trim(text, "-=+") == "" && len(text) > 1 {
				text = ""
			}
			g.parts[i] = append(g.parts[i], strings.TrimPrefix(text, " "))
		}
		i = j
	}
}

// isSimpleBorder tells "====  ====": the border of a simple table.
func isSimpleBorder(l string) bool {
	return len(l) >= 3 && l[0] == '=' && strings.Trim(l, "= ") == "" && strings.Contains(l, "= ")
}

// simpleTable reads a table between lines of "=", its columns where those are.
func (r *rstReader) simpleTable(lines []string, at place) int {
	if !isSimpleBorder(lines[0]) {
		return 0
	}
	n, borders := 1, 1
	for n < len(lines) {
		if isSimpleBorder(lines[n]) {
			borders++
			if borders > 1 && (n+1 >= len(lines) || lines[n+1] == "") {
				n++
				break
			}
		}
		n++
	}
	if borders < 2 {
		return 0
	}
	r.opening(at)
	var starts []int
	for i := range len(lines[0]) {
		if lines[0][i] == '=' && (i == 0 || lines[0][i-1] == ' ') {
			starts = append(starts, i)
		}
	}
	if len(starts) > r.lim.MaxCells/1000 {
		r.err = tooManyCells(r.lim)
		return n
	}
	var rows [][][]string
	headers := 0
	for _, l := range lines[1:n] {
		switch {
		case l == "" || strings.Trim(l, "- ") == "":
			continue
		case isSimpleBorder(l):
			if headers == 0 {
				headers = len(rows)
			}
			continue
		}
		cells := cutColumns(columnsOf(l), starts)
		if cells[0] == "" && len(rows) > 0 {
			last := rows[len(rows)-1]
			for i, c := range cells {
				last[i] = append(last[i], c)
			}
			continue
		}
		row := make([][]string, len(cells))
		for i, c := range cells {
			row[i] = []string{c}
		}
		rows = append(rows, row)
	}
	if headers == len(rows) {
		headers = 0
	}
	r.rows(r.readCells(rows), headers)
	return n
}

func (r *rstReader) readCells(rows [][][]string) [][]string {
	out := make([][]string, 0, len(rows))
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, lines := range row {
			if r.err != nil {
				return nil
			}
			if text := strings.Trim(strings.Join(lines, "\n"), "\n"); text != "\\" {
				cells[i] = r.cell(strings.Split(text, "\n"))
			}
		}
		out = append(out, cells)
	}
	return out
}

// cutColumns cuts a line where columns start; text that runs over a start
// belongs to the column before.
func cutColumns(l []rune, starts []int) []string {
	cells := make([]string, len(starts))
	for i := 0; i < len(starts); {
		j := i + 1
		for j < len(starts) && starts[j] < len(l) && starts[j] > 0 && l[starts[j]-1] != ' ' {
			j++
		}
		to := len(l)
		if j < len(starts) {
			to = min(to, starts[j])
		}
		if starts[i] < to {
			cells[i] = strings.TrimRight(textOf(l[starts[i]:to]), " ")
			if j-i > 1 {
				cells[i] = strings.TrimSpace(cells[i])
			}
		}
		i = j
	}
	return cells
}

// csvTable reads the body of a csv-table directive.
func (r *rstReader) csvTable(body []string, options map[string]string) {
	headers := 0
	var rows [][]string
	read := func(text string) {
		cr := csv.NewReader(strings.NewReader(text))
		cr.FieldsPerRecord, cr.LazyQuotes, cr.TrimLeadingSpace = -1, true, true
		switch d := options["delim"]; {
		case d == "tab" || d == "\\t":
			cr.Comma = '\t'
		case d == "space":
			cr.Comma = ' '
		case len(d) == 1 && strings.ContainsAny(d, ",;|:!/"):
			cr.Comma = rune(d[0])
		}
		for r.err == nil {
			record, err := cr.Read()
			if errors.Is(err, io.EOF) || err != nil {
				return
			}
			cells := make([]string, len(record))
			for i, c := range record {
				cells[i] = r.cell(strings.Split(c, "\n"))
			}
			rows = append(rows, cells)
		}
	}
	if h := options["header"]; h != "" {
		read(h)
		headers = len(rows)
	}
	read(strings.Join(body, "\n"))
	headers += leadingNumber(options["header-rows"])
	r.rows(rows, min(headers, len(rows)))
}

// listTable reads the body of a list-table directive: a list of rows, each a
// list of cells.
func (r *rstReader) listTable(body []string, options map[string]string) {
	var rows [][]string
	for _, row := range listItems(body) {
		var cells []string
		for _, c := range listItems(row) {
			if r.err != nil {
				return
			}
			cells = append(cells, r.cell(c))
		}
		rows = append(rows, cells)
	}
	headers := leadingNumber(options["header-rows"])
	r.rows(rows, min(headers, len(rows)))
}

// listItems cuts the lines of a bullet list into the lines of its items.
func listItems(lines []string) [][]string {
	var items [][]string
	for i := 0; i < len(lines); {
		label, width, _ := rstMarker(lines[i])
		if width == 0 || label != "•" {
			i++
			continue
		}
		more := indented(lines[i+1:], 1)
		text := strings.TrimLeft(lines[i][width:], " ")
		if text != "" {
			width = len(lines[i]) - len(text)
		}
		item := append([]string{text}, dedentBy(lines[i+1:i+1+more], width)...)
		items = append(items, item)
		i += 1 + more
	}
	return items
}
