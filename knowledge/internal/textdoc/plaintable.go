package textdoc

import (
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// tableStart returns the line from which on every line is a row of cells
// between bars, or the number of lines when there are not two such rows.
func tableStart(lines []string) int {
	start, rows, bars := len(lines), 0, 0
	for i := len(lines) - 1; i >= 0; i-- {
		if isTableRule(lines[i]) {
			start = i
			continue
		}
		n := strings.Count(strings.Trim(lines[i], "| \t"), "|")
		if n == 0 || rows > 0 && n != bars {
			break
		}
		start, bars = i, n
		rows++
	}
	if rows < 2 {
		return len(lines)
	}
	return start
}

// isTableRule tells a line drawn between rows: "-----+-----".
func isTableRule(line string) bool {
	return strings.Trim(line, "-+=|: \t") == "" && strings.Contains(line, "-") && strings.ContainsAny(line, "+|")
}

// table writes rows; the first is the header when a rule follows it.
func (p *plainReader) table(lines []string) {
	var header []string
	rows := 0
	for i, l := range lines {
		if isTableRule(l) {
			continue
		}
		cells := strings.Split(strings.Trim(l, "| \t"), "|")
		rows++
		if rows == 1 && i+1 < len(lines) && isTableRule(lines[i+1]) {
			header = foldAll(cells)
			p.add(knowledge.Block{Kind: knowledge.TableHeader, Cells: cells})
			continue
		}
		p.add(knowledge.Block{Kind: knowledge.TableRow, Cells: cells, Header: header})
	}
}

// isEntry tells "Name: value", of which several below one another are no
// wrapped paragraph.
func isEntry(line string) bool {
	name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
	return ok && len(name) <= 32 && strings.Count(name, " ") <= 3 && strings.TrimSpace(value) != "" && !strings.ContainsAny(name, ".,;()\"")
}
