package textdoc

import "strings"

// scan looks at Markdown line by line before it is parsed, because the time to
// parse nested containers and emphasis grows faster than the text. It is one
// pass and errs on the side of plain text.
type scan struct {
	lim        Limits
	delimiters int
	spent      int
	fence      string
	open       []int // content columns of the list items around the line
	lineOf     int   // which line of its paragraph the line is, from 0
	table      bool
	columns    int
	cells      int
}

// maxParagraphWork bounds the sum of squares of delimiters over paragraphs, in
// units of the square of the limit for one.
const maxParagraphWork = 12

// parsable tells whether the text stays within the limits of nesting and
// emphasis, so that parsing it takes time proportional to its length.
func parsable(text string, lim Limits) bool {
	s := scan{lim: lim}
	for len(text) > 0 {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if !s.line(line) {
			return false
		}
	}
	return s.endParagraph()
}

// endParagraph closes the count of one paragraph.
func (s *scan) endParagraph() bool {
	n := s.delimiters
	s.delimiters, s.lineOf, s.table = 0, 0, false
	if n > s.lim.MaxDelimiters {
		return false
	}
	s.spent += n * n
	return s.spent <= maxParagraphWork*s.lim.MaxDelimiters*s.lim.MaxDelimiters
}

func (s *scan) line(line string) bool {
	body, column, quotes := cutQuotes(line, s.lim.MaxDepth)
	if quotes > s.lim.MaxDepth {
		return false
	}
	trimmed := strings.TrimLeft(body, " \t")
	column += len(body) - len(trimmed)
	if s.fence != "" {
		if strings.HasPrefix(trimmed, s.fence) && strings.Trim(trimmed, s.fence[:1]+" \t") == "" {
			s.fence = ""
		}
		return true
	}
	if trimmed == "" {
		return s.endParagraph()
	}
	for n := 0; ; n++ {
		width := markerWidth(trimmed)
		near := len(s.open) == 0 && column < 4 || len(s.open) > 0 && column <= s.open[len(s.open)-1]+3
		if width == 0 || !near {
			break
		}
		if !s.endParagraph() {
			return false
		}
		for len(s.open) > 0 && s.open[len(s.open)-1] > column {
			s.open = s.open[:len(s.open)-1]
		}
		rest := strings.TrimLeft(trimmed[width:], " \t")
		column += min(len(trimmed)-len(rest), width+4)
		s.open = append(s.open, column)
		trimmed = rest
		if len(s.open)+quotes > s.lim.MaxDepth || n > s.lim.MaxDepth {
			return false
		}
	}
	if inner, _, more := cutQuotes(trimmed, s.lim.MaxDepth); more > 0 {
		if len(s.open)+quotes+more+strings.Count(inner[:min(len(inner), 400)], "> ") > s.lim.MaxDepth {
			return false
		}
	}
	return s.content(trimmed, column)
}

func (s *scan) content(trimmed string, column int) bool {
	if column == 0 {
		if s.lineOf == 0 {
			s.open = s.open[:0]
		}
		if trimmed[0] == '#' && !s.endParagraph() {
			return false
		}
	}
	for _, fence := range []string{"```", "~~~"} {
		if strings.HasPrefix(trimmed, fence) && !strings.Contains(trimmed[3:], fence[:1]) {
			s.fence = fence
			return s.endParagraph()
		}
	}
	if !s.tableLine(trimmed) {
		return false
	}
	s.delimiters += delimitersIn(trimmed, s.lim.MaxDelimiters)
	s.lineOf++
	if s.table {
		// Cells are parsed on their own.
		line := s.lineOf
		if !s.endParagraph() {
			return false
		}
		s.table, s.lineOf = true, line
	}
	return s.delimiters <= s.lim.MaxDelimiters
}

// tableLine counts cells: rows are padded to the number of columns, so few
// bytes can make many cells.
func (s *scan) tableLine(trimmed string) bool {
	pipes := strings.Count(trimmed, "|")
	if pipes > s.lim.MaxCells/1000+1 {
		return false
	}
	if strings.Trim(trimmed, "|-: \t") == "" && strings.Contains(trimmed, "-") && pipes > 0 && s.lineOf > 0 {
		s.table, s.columns = true, pipes+1
	}
	if s.table {
		s.cells += s.columns
	}
	return s.cells <= s.lim.MaxCells
}

// cutQuotes takes quote marks off a line's start; more than limit of them are
// not counted further.
func cutQuotes(line string, limit int) (rest string, column, quotes int) {
	for quotes <= limit {
		trimmed := strings.TrimLeft(line, " \t")
		if !strings.HasPrefix(trimmed, ">") || len(line)-len(trimmed) > 3 && quotes == 0 {
			break
		}
		quotes++
		line = strings.TrimPrefix(trimmed[1:], " ")
	}
	return line, 0, quotes
}

// markerWidth returns the width of a list marker with something after it.
func markerWidth(s string) int {
	i := 0
	for i < len(s) && i < 10 && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	switch {
	case i > 0 && i < len(s) && (s[i] == '.' || s[i] == ')'):
		i++
	case i == 0 && s != "" && strings.IndexByte("-*+:", s[0]) >= 0:
		i = 1
	default:
		return 0
	}
	if i < len(s) && s[i] != ' ' && s[i] != '\t' || strings.TrimSpace(s[i:]) == "" {
		return 0
	}
	return i
}

// delimitersIn counts what the parser has to match up: each bracket and
// backtick, and runs of emphasis marks by half their length.
func delimitersIn(s string, limit int) int {
	n := 0
	for i := 0; i < len(s) && n <= limit; i++ {
		switch c := s[i]; c {
		case '[', ']', '<', '`':
			n++
		case '*', '_', '~':
			start := i
			for i+1 < len(s) && s[i+1] == c {
				i++
			}
			n += (i-start)/2 + 1
		}
	}
	return n
}
