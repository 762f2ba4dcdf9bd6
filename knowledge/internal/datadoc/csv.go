package datadoc

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge"
)

// ParseCSV reads a table of values separated by comma, semicolon, tab or bar;
// the separator and whether the first row names the columns are found out from
// the content, as files rarely say. Rows become table rows that carry the
// column names. A table of questions and answers becomes [knowledge.QA] blocks.
// It is safe for concurrent use.
func ParseCSV(ctx context.Context, name string, data []byte, lim Limits) (*knowledge.Document, error) {
	return parse(ctx, name, data, lim, nothingDeclared, (*parser).csv)
}

func (p *parser) csv(text string) error {
	text, comma := sniff(text)
	rows, err := p.csvRows(text, comma)
	if err != nil {
		return err
	}
	if comma == 0 {
		for _, r := range rows {
			p.prose(strings.Join(r, " "))
		}
		return nil
	}
	rows = p.csvPreamble(rows)
	if len(rows) == 0 {
		return nil
	}
	var header []string
	if isHeader(rows) {
		header, rows = rows[0], rows[1:]
		if columns, ok := findQA(header); ok {
			return p.csvQA(rows, columns)
		}
	}
	return p.csvTable(header, rows)
}

// csvRows reads all rows that are not empty, after making sure that none can
// be out of proportion: the reader of the standard library has no limits.
func (p *parser) csvRows(text string, comma rune) ([][]string, error) {
	if err := p.checkShape(text, comma); err != nil {
		return nil, err
	}
	var rows [][]string
	for r := newReader(text, comma); ; {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", err, knowledge.ErrMalformed)
		}
		if err := p.count(len(row)); err != nil {
			return nil, err
		}
		if filled(row) > 0 {
			rows = append(rows, row)
		}
	}
}

// newReader gives a reader of text; a comma of 0 reads whole lines.
func newReader(text string, comma rune) *csv.Reader {
	r := csv.NewReader(strings.NewReader(text))
	r.LazyQuotes = true
	r.FieldsPerRecord = -1
	if comma == 0 {
		comma = '\x1f' // the unit separator, which text does not hold
	}
	r.Comma = comma
	// With tabs between the fields a leading tab is an empty field.
	r.TrimLeadingSpace = comma != '\t'
	return r
}

// checkShape walks the text exactly as the reader will and refuses what has too
// many columns or too large a cell.
func (p *parser) checkShape(text string, comma rune) error {
	if comma == 0 {
		return nil // whole lines: the input's own limit holds
	}
	sep := byte(comma) // all separators are ASCII
	// fresh: only blanks since the field began, so that a quote would open it.
	columns, start, quoted, fresh := 1, 0, false, true
	for i := 0; i < len(text); i++ {
		if i-start > p.lim.MaxCell {
			return fmt.Errorf("a cell of more than %d bytes: %w", p.lim.MaxCell, knowledge.ErrTooLarge)
		}
		c := text[i]
		switch {
		case quoted:
			if c != '"' {
				continue
			}
			if strings.HasPrefix(text[i+1:], `"`) {
				i++
			} else if closesQuote(text[i+1:], sep) {
				quoted, fresh = false, false
			}
		case c == sep:
			if columns++; columns > p.lim.MaxColumns {
				return fmt.Errorf("more than %d columns: %w", p.lim.MaxColumns, knowledge.ErrTooLarge)
			}
			start, fresh = i+1, true
		case c == '\n':
			columns, start, fresh = 1, i+1, true
		case !fresh:
		case c == '"':
			quoted = true
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			fresh = sep != '\t' && unicode.IsSpace(r)
			i += size - 1
		}
	}
	return nil
}

// closesQuote reports whether a quote before rest ends its field: anywhere
// else the reader takes it for a character.
func closesQuote(rest string, sep byte) bool {
	return rest == "" || rest[0] == sep || rest[0] == '\n' || strings.HasPrefix(rest, "\r\n") || rest == "\r"
}

// csvPreamble takes lines before the table that hold one value, as
// spreadsheets have them for a caption. The first is the title.
func (p *parser) csvPreamble(rows [][]string) [][]string {
	width := usualWidth(rows)
	if width < 3 {
		return rows
	}
	n := 0
	for n < len(rows) && n < 5 && filled(rows[n]) == 1 && rows[n][0] != "" {
		n++
	}
	if n == len(rows) {
		return rows
	}
	for i, r := range rows[:n] {
		if i == 0 {
			p.b.Doc.Title = strings.TrimSpace(r[0])
			p.heading(1, r[0])
			continue
		}
		p.paragraph(r[0])
	}
	return rows[n:]
}

func (p *parser) csvTable(header []string, rows [][]string) error {
	width := len(header)
	for _, r := range rows {
		width = max(width, len(r))
	}
	width = usedColumns(width, header, rows)
	if header != nil {
		header = fit(header, width)
		for i, h := range header {
			header[i] = p.line(h)
		}
		p.add(knowledge.Block{Kind: knowledge.TableHeader, Cells: append([]string(nil), trimEnd(header)...)})
	}
	for _, r := range rows {
		if err := p.alive(); err != nil {
			return err
		}
		// Rows end with their last value and are never made longer, or one wide
		// row could widen thousands.
		r = trimEnd(r)
		for i, c := range r {
			r[i] = p.line(c)
		}
		p.add(knowledge.Block{Kind: knowledge.TableRow, Cells: r, Header: header})
	}
	return nil
}

// usedColumns is width without the columns at the end that nobody filled, as
// spreadsheets export them.
func usedColumns(width int, header []string, rows [][]string) int {
	used := 0
	for _, r := range append([][]string{header}, rows...) {
		for i := min(len(r), width) - 1; i >= used; i-- {
			if strings.TrimSpace(r[i]) != "" {
				used = i + 1
				break
			}
		}
	}
	return used
}

func fit(row []string, width int) []string {
	if len(row) >= width {
		return row[:width]
	}
	return append(row, make([]string, width-len(row))...)
}

func filled(row []string) int {
	n := 0
	for _, c := range row {
		if strings.TrimSpace(c) != "" {
			n++
		}
	}
	return n
}

// qaColumns says where a table keeps questions and answers; group and address
// are -1 where it has no such column.
type qaColumns struct{ question, answer, group, address int }

// findQA reports a table whose columns are questions, answers and nothing else
// a reader would miss.
func findQA(header []string) (qaColumns, bool) {
	c := qaColumns{-1, -1, -1, -1}
	for i, name := range header {
		switch {
		case c.question < 0 && questionNames.has(name):
			c.question = i
		case c.answer < 0 && answerNames.has(name):
			c.answer = i
		case c.group < 0 && groupNames.has(name):
			c.group = i
		case c.address < 0 && addressNames.has(name):
			c.address = i
		case hiddenNames.has(name) || strings.TrimSpace(name) == "":
		default:
			return c, false
		}
	}
	return c, c.question >= 0 && c.answer >= 0
}

func (p *parser) csvQA(rows [][]string, c qaColumns) error {
	group := ""
	for _, r := range rows {
		if err := p.alive(); err != nil {
			return err
		}
		if g := cell(r, c.group); g != "" && g != group {
			group = g
			p.heading(2, p.line(g))
		}
		question := cell(r, c.question)
		p.qa(question, cell(r, c.answer))
		p.link(cell(r, c.address), question)
	}
	return nil
}

func cell(row []string, i int) string {
	if i < 0 || i >= len(row) {
		return ""
	}
	return strings.TrimSpace(row[i])
}
