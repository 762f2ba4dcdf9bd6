package agenttest

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

const (
	maxNameColumns   = 48 // of a table
	maxReasonColumns = 160
)

// WriteTable writes the results as a table for people: a line for each case,
// below it what was not as expected, and a summary. Columns are aligned also for
// characters that are two columns wide.
func (r Results) WriteTable(w io.Writer) error {
	t := table{{"case", "rating", "runs", "decision", "language", "confidence", "model calls"}}
	for i := range r.Cases {
		c := &r.Cases[i]
		row := []string{c.Name, c.Rating.String(), fmt.Sprintf("%d/%d", c.Passed, len(c.Runs)), "", "", "", strconv.Itoa(c.modelCalls())}
		if at := c.worst(); at >= 0 && len(c.Runs[at].Turns) > 0 {
			last := c.Runs[at].Turns[len(c.Runs[at].Turns)-1]
			row[3], row[4], row[5] = last.Decision, last.Language, fmt.Sprintf("%.2f", last.Confidence)
		}
		if c.Flaky() {
			row[1] += ", flaky"
		}
		t = append(t, row)
		for _, reason := range c.Reasons() {
			t = append(t, []string{reason})
		}
	}
	return t.write(w, r.Summary())
}

// table is rows of cells, the first the heading. A row of a single cell is a
// remark on the row above.
type table [][]string

func (t table) write(w io.Writer, last string) error {
	widths := make([]int, len(t[0]))
	for _, row := range t {
		for i := range row {
			if len(row) > 1 {
				row[i] = fit(row[i], maxNameColumns)
				widths[i] = max(widths[i], columns(row[i]))
			}
		}
	}
	var sb strings.Builder
	for _, row := range t {
		if len(row) == 1 {
			sb.WriteString("    " + fit(row[0], maxReasonColumns) + "\n")
			continue
		}
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-columns(cell)+2))
		}
		sb.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	sb.WriteString(last + "\n")
	_, err := io.WriteString(w, sb.String())
	return err
}

// fit makes a text one line of at most that many columns, without characters
// that would move what stands around it.
func fit(s string, limit int) string {
	var sb strings.Builder
	at, last := 0, ' '
	for _, r := range strings.TrimSpace(s) {
		switch {
		case unicode.IsSpace(r):
			if r = ' '; last == ' ' {
				continue
			}
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			continue
		}
		if at += runeColumns(r); at > limit-1 {
			return strings.TrimSpace(sb.String()) + "…"
		}
		sb.WriteRune(r)
		last = r
	}
	return strings.TrimSpace(sb.String())
}

// columns is how wide a text is in a terminal.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// WriteCSV writes a line for each reply of each run, for spreadsheets. A cell
// that a spreadsheet would take for a formula begins with an apostrophe.
func (r Results) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"case", "case rating", "run", "turn", "rating", "say", "decision", "text", "cites", "language", "handoff", "confidence", "model calls", "input tokens", "output tokens", "reasons"}}
	for i := range r.Cases {
		c := &r.Cases[i]
		if len(c.Runs) == 0 {
			rows = append(rows, []string{c.Name, c.Rating.String(), "", "", "", "", "", "", "", "", "", "", "", "", "", ""})
		}
		for run := range c.Runs {
			for turn, t := range c.Runs[run].Turns {
				rows = append(rows, []string{
					c.Name, c.Rating.String(), strconv.Itoa(run + 1), strconv.Itoa(turn + 1), t.Rating.String(), t.Say, t.Decision, t.Text,
					strings.Join(t.Cites, "\n"), t.Language, t.Handoff, strconv.FormatFloat(t.Confidence, 'f', 3, 64),
					strconv.Itoa(t.ModelCalls), strconv.Itoa(t.InputTokens), strconv.Itoa(t.OutputTokens), strings.Join(t.Reasons, "\n"),
				})
			}
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
