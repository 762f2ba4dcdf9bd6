package textdoc

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge"
)

// lists reads bullet and enumerated lists.
func (r *rstReader) lists(lines []string, at place) int {
	n := 0
	number := 0
	for n < len(lines) {
		label, width, automatic := rstMarker(lines[n])
		if width == 0 || n == 0 && !startsRSTList(lines, label) {
			break
		}
		if automatic {
			number++
			label = strconv.Itoa(number) + label[1:]
		} else if v := leadingNumber(label); v > 0 {
			number = v
		}
		if n == 0 {
			r.opening(at)
		}
		content := lines[n][width:]
		text := strings.TrimLeft(content, " ")
		width += len(content) - len(text)
		if text == "" {
			width = len(strings.TrimRight(lines[n], " ")) + 1
		}
		more := indented(lines[n+1:], min(width, 2))
		item := make([]string, 0, more+1)
		item = append(item, text)
		item = append(item, dedentBy(lines[n+1:n+1+more], width)...)
		used := false
		inside := place{depth: at.depth + 1, label: label, used: &used, note: at.note, start: label + " "}
		r.body(item, inside)
		n += 1 + more
		for n < len(lines) && lines[n] == "" && n+1 < len(lines) && hasMarker(lines[n+1]) {
			n++
		}
	}
	return n
}

func hasMarker(l string) bool {
	_, width, _ := rstMarker(l)
	return width > 0
}

// dedentBy takes up to n blanks off each line.
func dedentBy(lines []string, n int) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		k := 0
		for k < n && k < len(l) && l[k] == ' ' {
			k++
		}
		out[i] = l[k:]
	}
	return out
}

// rstMarker returns the list marker at the start of a line as a reader sees it,
// and its width with the blank behind it. automatic tells "#.".
func rstMarker(l string) (label string, width int, automatic bool) {
	if l == "" {
		return "", 0, false
	}
	first, size := utf8.DecodeRuneInString(l)
	if strings.ContainsRune("-*+•‣⁃", first) {
		if len(l) == size {
			return "•", size, false
		}
		if l[size] == ' ' {
			return "•", size + 1, false
		}
		return "", 0, false
	}
	open := 0
	if l[0] == '(' {
		open = 1
	}
	i := open
	for i < len(l) && i < open+9 && (isWordByte(l[i]) && l[i] < utf8.RuneSelf || l[i] == '#') {
		i++
	}
	if i == open || i >= len(l) || l[i] != ')' && (l[i] != '.' || open == 1) {
		return "", 0, false
	}
	value := l[open:i]
	if !isEnumerator(value) || i+1 < len(l) && l[i+1] != ' ' {
		return "", 0, false
	}
	width = min(i+2, len(l))
	if value == "#" {
		return "#" + l[i:i+1], width, true
	}
	return l[:i+1], width, false
}

// isEnumerator tells a number, a single letter, a Roman numeral, or "#".
func isEnumerator(v string) bool {
	switch {
	case v == "#" || strings.Trim(v, "0123456789") == "":
		return true
	case len(v) == 1:
		return v[0] >= 'a' && v[0] <= 'z' || v[0] >= 'A' && v[0] <= 'Z'
	}
	return strings.Trim(v, "ivxlcdm") == "" || strings.Trim(v, "IVXLCDM") == ""
}

// startsRSTList tells an enumerated list from a paragraph that begins like one:
// its second line must be empty, indented, or another item.
func startsRSTList(lines []string, label string) bool {
	if len(lines) < 2 || lines[1] == "" || lines[1][0] == ' ' || label == "•" {
		return true
	}
	return hasMarker(lines[1])
}

func leadingNumber(label string) int {
	n := 0
	for _, c := range strings.TrimPrefix(label, "(") {
		if c < '0' || c > '9' || n > 1<<24 {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// fields reads a field list: ":name: body".
func (r *rstReader) fields(lines []string, at place) int {
	n := 0
	for n < len(lines) {
		name, text, ok := fieldMarker(lines[n])
		if !ok {
			break
		}
		if n == 0 {
			r.opening(at)
		}
		more := indented(lines[n+1:], 1)
		body := append([]string{text}, dedent(lines[n+1:n+1+more])...)
		if len(r.Doc.Blocks) < 40 {
			r.docinfo(name, text)
		}
		used := false
		label := strings.TrimSpace(r.inline(name))
		inside := place{term: label, used: &used}
		r.body(body, inside)
		r.opening(inside)
		n += 1 + more
		for n < len(lines) && lines[n] == "" {
			if _, _, next := fieldMarker(lines[min(n+1, len(lines)-1)]); !next {
				break
			}
			n++
		}
	}
	return n
}

// fieldMarker splits ":name: text".
func fieldMarker(l string) (name, text string, ok bool) {
	if len(l) < 3 || l[0] != ':' || l[1] == ':' || l[1] == ' ' {
		return "", "", false
	}
	for i := 1; i < len(l); i++ {
		switch l[i] {
		case '\\':
			i++
		case '`':
			return "", "", false
		case ':':
			if i+1 == len(l) || l[i+1] == ' ' {
				return l[1:i], strings.TrimSpace(l[i+1:]), true
			}
		}
	}
	return "", "", false
}

// docinfo takes what the fields at the start declare about the document.
func (r *rstReader) docinfo(name, text string) {
	text = strings.Trim(text, "$ ")
	text = strings.TrimSpace(strings.TrimPrefix(text, "Date:"))
	switch strings.ToLower(name) {
	case "date", "created", "published":
		if r.Doc.Published.IsZero() {
			r.Doc.Published = parseDate(text)
		}
	case "last-modified", "modified", "updated", "last modified":
		if r.Doc.Modified.IsZero() {
			r.Doc.Modified = parseDate(text)
		}
	case "lang", "language":
		if r.Doc.Language == "" {
			r.Doc.Language = languageTag(text)
		}
	}
}

// options reads a list of command-line options with their descriptions.
func (r *rstReader) options(lines []string, at place) int {
	n := 0
	for n < len(lines) {
		option, text, ok := optionMarker(lines, n)
		if !ok {
			break
		}
		if n == 0 {
			r.opening(at)
		}
		more := indented(lines[n+1:], 1)
		body := append([]string{text}, dedent(lines[n+1:n+1+more])...)
		used := false
		inside := place{term: option, used: &used}
		r.body(body, inside)
		r.opening(inside)
		n += 1 + more
		for n < len(lines) && lines[n] == "" && n+1 < len(lines) {
			if _, _, next := optionMarker(lines, n+1); !next {
				break
			}
			n++
		}
	}
	return n
}

// optionMarker splits "-a, --all=FILE  description". The description may begin
// on the next line.
func optionMarker(lines []string, n int) (option, text string, ok bool) {
	l := lines[n]
	if len(l) < 2 || l[0] != '-' && l[0] != '/' || l[1] == ' ' || l[0] == '/' && (len(l) < 3 || !isWordByte(l[1])) {
		return "", "", false
	}
	option, text, found := strings.Cut(l, "  ")
	if !found {
		if n+1 >= len(lines) || lines[n+1] == "" || lines[n+1][0] != ' ' {
			return "", "", false
		}
	}
	for _, part := range strings.Split(option, ", ") {
		name := strings.TrimLeft(part, "-/")
		if name == part || name == "" || !isWordByte(name[0]) && name[0] != '?' && name[0] != '#' || strings.Count(part, " ") > 1 && !strings.Contains(part, "<") {
			return "", "", false
		}
	}
	return option, strings.TrimSpace(text), true
}

// table reads a grid or a simple table.
func (r *rstReader) table(lines []string, at place) int {
	if strings.HasPrefix(lines[0], "+-") || strings.HasPrefix(lines[0], "+=") {
		return r.gridTable(lines, at)
	}
	if strings.HasPrefix(lines[0], "==") && strings.Contains(lines[0], "= =") {
		return r.simpleTable(lines, at)
	}
	if isSimpleBorder(lines[0]) {
		return r.simpleTable(lines, at)
	}
	return 0
}

// maxHeaderRows is how many rows a header may have; the rest are ordinary rows.
const maxHeaderRows = 10

// rows writes the rows of a table; the first headers of them are the header.
func (r *rstReader) rows(rows [][]string, headers int) {
	headers = min(headers, maxHeaderRows)
	var header []string
	if headers > 0 && headers < len(rows) {
		header = append([]string(nil), rows[0]...)
		for _, more := range rows[1:headers] {
			for i := range min(len(header), len(more)) {
				header[i] = strings.TrimSpace(header[i] + " " + more[i])
			}
		}
		r.add(knowledge.Block{Kind: knowledge.TableHeader, Cells: append([]string(nil), header...)})
		rows = rows[headers:]
	}
	for _, row := range rows {
		r.add(knowledge.Block{Kind: knowledge.TableRow, Cells: row, Header: header})
	}
}

// cell reads the text of one table cell, which may hold blocks of its own.
func (r *rstReader) cell(lines []string) string {
	r.cells++
	if r.cells > r.lim.MaxCells {
		r.err = tooManyCells(r.lim)
		return ""
	}
	plain := true
	for _, l := range lines {
		if l != "" && (l[0] == ' ' || !isWordByte(l[0]) && strings.IndexByte("`*(\"'", l[0]) < 0) || strings.HasSuffix(l, "::") {
			plain = false
		}
	}
	if plain && r.err == nil {
		return r.inline(strings.Join(lines, "\n"))
	}
	inner := &rstReader{sink: newSink(r.ctx, r.lim), rstNames: r.rstNames, level: r.level + 1, cells: r.cells}
	inner.body(dedent(lines), place{})
	r.cells = inner.cells
	if inner.err != nil {
		r.err = inner.err
	}
	r.rstNames = inner.rstNames
	for _, l := range inner.Doc.Links {
		r.link(l.URL, l.Text)
	}
	return inner.Doc.PlainText()
}
