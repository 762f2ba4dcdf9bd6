package textdoc

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge"
)

// ParseRST reads reStructuredText line by line: sections (levels by order of
// appearance), lists of all kinds, quotes, literal blocks, tables, directives,
// footnotes, citations, links, roles and substitutions. Images leave their
// description; raw parts, comments and tables of contents go. Files named by
// include directives are not read.
//
// The title is that of a title directive or of a section at the very start;
// dates and language come from the fields at the start. Errors wrap
// [knowledge.ErrTooLarge], [knowledge.ErrNoText] or [knowledge.ErrMalformed];
// name is for their text.
func ParseRST(ctx context.Context, name string, data []byte, lim Limits) (*knowledge.Document, error) {
	return run(ctx, name, data, lim.withDefaults(2<<20, 8<<20), readRST)
}

// rstReader reads bodies: lines of one indent, with everything indented deeper
// handed down.
type rstReader struct {
	*sink
	rstNames
	adornments []string // styles of section titles in order of appearance
	cells      int
	level      int // how deep the body being read is
}

func readRST(s *sink, text string) error {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		l = strings.TrimRight(l, " \t\f\v")
		if strings.IndexByte(l, '\t') >= 0 {
			l = expandTabs(l)
		}
		lines[i] = l
	}
	r := &rstReader{sink: s}
	r.rstNames = collectNames(lines)
	r.body(lines, place{})
	if s.Doc.Title == "" {
		s.Doc.Title = leadingTitle(s.Doc.Blocks)
	}
	return nil
}

func expandTabs(l string) string {
	var sb strings.Builder
	column := 0
	for _, r := range l {
		if r == '\t' {
			for ok := true; ok; ok = column%8 != 0 {
				sb.WriteByte(' ')
				column++
			}
			continue
		}
		sb.WriteRune(r)
		column++
	}
	return sb.String()
}

// body reads lines of which at least one begins at the left edge.
func (r *rstReader) body(lines []string, at place) {
	r.level++
	defer func() { r.level-- }()
	if r.level > r.lim.MaxDepth {
		r.flat(lines, at)
		return
	}
	for i := 0; i < len(lines) && r.err == nil; {
		if lines[i] == "" {
			i++
			continue
		}
		i += r.element(lines[i:], at)
	}
}

// flat writes lines that nest too deep as paragraphs.
func (r *rstReader) flat(lines []string, at place) {
	var sb strings.Builder
	for _, l := range lines {
		if l == "" {
			r.text(r.inline(sb.String()), at)
			sb.Reset()
			continue
		}
		joinLine(&sb, l)
	}
	r.text(r.inline(sb.String()), at)
}

// element reads the element at the first line and returns how many lines it
// takes, at least one.
func (r *rstReader) element(lines []string, at place) int {
	line := lines[0]
	if line[0] == ' ' {
		n := indented(lines, 1)
		inside := at
		inside.quote = true
		r.opening(at)
		r.body(dedent(lines[:n]), inside)
		return n
	}
	if n := r.section(lines); n > 0 {
		return n
	}
	if strings.HasPrefix(line, ".. ") || line == ".." {
		n := 1 + indented(lines[1:], 1)
		if line == ".." && len(lines) > 1 && lines[1] == "" {
			n = 1 // an empty comment ends constructs and takes nothing along
		}
		r.explicit(lines[:n], at)
		return n
	}
	if line == "__" || strings.HasPrefix(line, "__ ") {
		return 1 + indented(lines[1:], 1)
	}
	for _, read := range []func([]string, place) int{r.lists, r.fields, r.options, r.lineBlock, r.doctest, r.table} {
		if n := read(lines, at); n > 0 {
			return n
		}
	}
	if len(lines) > 1 && lines[1] != "" && lines[1][0] == ' ' && !strings.HasSuffix(line, "::") {
		n := 1 + indented(lines[1:], 1)
		r.definition(line, dedent(lines[1:n]), at)
		return n
	}
	return r.paragraph(lines, at)
}

// opening writes the term of a definition whose explanation does not begin with
// running text.
func (r *rstReader) opening(at place) {
	if at.term != "" && !*at.used {
		*at.used = true
		r.add(knowledge.Block{Kind: knowledge.Definition, Label: at.term})
	}
}

// indented counts the leading lines that are indented by at least n or empty,
// without the empty ones at the end.
func indented(lines []string, n int) int {
	end := 0
	for i, l := range lines {
		if l == "" {
			continue
		}
		if len(l) <= n || strings.TrimLeft(l[:n], " ") != "" {
			break
		}
		end = i + 1
	}
	return end
}

// paragraph reads running text and the literal block that follows "::".
func (r *rstReader) paragraph(lines []string, at place) int {
	n := 1
	for n < len(lines) && lines[n] != "" && (lines[n][0] != ' ' || n == 1) && !(n > 1 && isSectionStart(lines[n:])) {
		n++
	}
	var sb strings.Builder
	for _, l := range lines[:n] {
		joinLine(&sb, l)
	}
	text := sb.String()
	if !strings.HasSuffix(text, "::") {
		r.text(r.inline(text), at)
		return n
	}
	text = strings.TrimSuffix(text, "::")
	if shown := strings.TrimRight(text, " "); shown != "" {
		if shown == text {
			shown += ":"
		}
		r.text(r.inline(shown), at)
	}
	return n + r.literal(lines[n:], "")
}

// literal reads an indented or quoted literal block.
func (r *rstReader) literal(lines []string, language string) int {
	start := 0
	for start < len(lines) && lines[start] == "" {
		start++
	}
	if start == len(lines) {
		return start
	}
	n := start + indented(lines[start:], 1)
	if n == start {
		quote := lines[start][:1]
		if !strings.ContainsAny(quote, adornmentMarks) {
			return 0
		}
		for n < len(lines) && strings.HasPrefix(lines[n], quote) {
			n++
		}
	}
	r.add(knowledge.Block{Kind: knowledge.Code, Label: language, Text: strings.Join(dedent(lines[start:n]), "\n")})
	return n
}

const adornmentMarks = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

// isAdornment tells a line of one punctuation mark repeated.
func isAdornment(l string) bool {
	if len(l) < 2 || strings.IndexByte(adornmentMarks, l[0]) < 0 {
		return false
	}
	return strings.Trim(l, l[:1]) == ""
}

// section reads a title with its lines above and below, or a transition.
func (r *rstReader) section(lines []string) int {
	first := lines[0]
	if isAdornment(first) && len(first) >= 3 {
		if len(lines) > 2 && lines[1] != "" && lines[2] == first {
			r.title(strings.TrimSpace(lines[1]), first[:1]+first[:1])
			return 3
		}
		if len(first) >= 4 && (len(lines) == 1 || lines[1] == "") {
			return 1
		}
	}
	if isSectionStart(lines) {
		r.title(first, lines[1][:1])
		return 2
	}
	return 0
}

// isSectionStart tells a line of text with its adornment below. An adornment
// shorter than the title counts from four marks.
func isSectionStart(lines []string) bool {
	if len(lines) < 2 || !isAdornment(lines[1]) || isAdornment(lines[0]) && len(lines[0]) >= 3 || lines[0] == "" || lines[0][0] == ' ' {
		return false
	}
	width := displayWidth(lines[0])
	return len(lines[1]) >= 4 || len(lines[1]) >= width
}

func (r *rstReader) title(text, style string) {
	level := 0
	for i, s := range r.adornments {
		if s == style {
			level = i + 1
		}
	}
	if level == 0 && len(r.adornments) < 2*len(adornmentMarks) {
		r.adornments = append(r.adornments, style)
		level = len(r.adornments)
	}
	r.add(knowledge.Block{Kind: knowledge.Heading, Level: min(max(level, 1), 6), Text: r.inline(text)})
}

// definition reads a term and what is indented below it.
func (r *rstReader) definition(term string, body []string, at place) {
	r.opening(at)
	label := strings.TrimSpace(r.inline(term))
	used := false
	r.body(body, place{term: label, used: &used})
}

// lineBlock reads lines that begin with a bar and keep their breaks.
func (r *rstReader) lineBlock(lines []string, at place) int {
	if lines[0] != "|" && !strings.HasPrefix(lines[0], "| ") {
		return 0
	}
	var sb strings.Builder
	n := 0
	for n < len(lines) && lines[n] != "" {
		l := lines[n]
		rest, marked := strings.CutPrefix(l, "|")
		if !marked && l[0] != ' ' || marked && rest != "" && rest[0] != ' ' {
			break
		}
		joinLine(&sb, rest)
		n++
	}
	r.text(r.inline(sb.String()), at)
	return n
}

// doctest reads an interactive session up to a blank line.
func (r *rstReader) doctest(lines []string, at place) int {
	if !strings.HasPrefix(lines[0], ">>> ") {
		return 0
	}
	n := 0
	for n < len(lines) && lines[n] != "" {
		n++
	}
	r.opening(at)
	r.add(knowledge.Block{Kind: knowledge.Code, Label: "pycon", Text: strings.Join(lines[:n], "\n")})
	return n
}

// displayWidth counts columns: wide characters of East Asia take two.
func displayWidth(s string) int {
	n := 0
	for _, c := range s {
		n += runeWidth(c)
	}
	return n
}

func runeWidth(c rune) int {
	switch {
	case c < 0x300:
		return 1
	case unicode.Is(unicode.Mn, c):
		return 0
	case c >= 0x1100 && c < 0x1160, c >= 0x2e80 && c < 0xa4d0, c >= 0xac00 && c < 0xd7a4, c >= 0xf900 && c < 0xfb00, c >= 0xfe30 && c < 0xfe70, c >= 0xff00 && c < 0xff61, c >= 0x20000 && c < 0x30000:
		return 2
	}
	return 1
}

// isWordByte tells ASCII letters, digits and everything beyond ASCII.
func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}
