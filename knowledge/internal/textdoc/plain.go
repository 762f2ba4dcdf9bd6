package textdoc

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge"
)

// ParseText reads plain text: paragraphs between blank lines, headings that are
// underlined, numbered or in capitals and stand alone, a short first line as the
// title, captions right above their text, list items, and pairs of
// question and answer ("Q:" and "A:", also in Danish, Swedish, Norwegian,
// German, French, Spanish and Dutch). Lines wrapped by hand are joined; indented
// code keeps its lines. The first underlined heading, if nothing stands before
// it, is the title.
//
// Errors wrap [knowledge.ErrTooLarge], [knowledge.ErrNoText] or
// [knowledge.ErrMalformed]; name is for their text.
func ParseText(ctx context.Context, name string, data []byte, lim Limits) (*knowledge.Document, error) {
	return run(ctx, name, data, lim.withDefaults(32<<20, 32<<20), readPlain)
}

// plainReader reads one run of lines between blank lines at a time.
type plainReader struct {
	*sink
	open *openQuestion
}

func readPlain(s *sink, text string) error {
	p := &plainReader{sink: s}
	var group []string
	for more := true; more && s.err == nil; {
		var line string
		line, text, more = strings.Cut(text, "\n")
		line = strings.TrimRight(line, " \t\f\v")
		if line != "" {
			group = append(group, line)
			continue
		}
		if len(group) > 0 {
			p.group(group)
			group = group[:0]
		}
	}
	if len(group) > 0 {
		p.group(group)
	}
	p.endQA()
	if s.Doc.Title == "" {
		s.Doc.Title = leadingTitle(s.Doc.Blocks)
	}
	return nil
}

// group writes the lines between two blank lines.
func (p *plainReader) group(lines []string) {
	for len(lines) > 0 && p.err == nil {
		if len(lines) >= 3 && isRule(lines[0]) && isRule(lines[2]) && !isRule(lines[1]) && len(lines[1]) <= 120 {
			p.heading(1, lines[1])
			lines = lines[3:]
			continue
		}
		if isRule(lines[0]) {
			lines = lines[1:]
			continue
		}
		if len(lines) >= 2 && underlines(lines[0], lines[1]) {
			level := 1
			if c := strings.TrimSpace(lines[1])[0]; c != '=' && c != '#' && c != '*' {
				level = 2
			}
			p.heading(level, lines[0])
			lines = lines[2:]
			continue
		}
		end := 1
		for end < len(lines) && !isRule(lines[end]) && (end+1 >= len(lines) || !underlines(lines[end], lines[end+1]) || !endsSentence(lines[end-1])) {
			end++
		}
		p.run(lines[:end])
		lines = lines[end:]
	}
}

// run writes lines that hold no underlined heading.
func (p *plainReader) run(lines []string) {
	if p.open != nil || isQuestion(lines[0]) {
		p.questions(lines)
		return
	}
	p.block(lines)
}

// block writes lines that are no question: a heading, code, or paragraphs and
// list items.
func (p *plainReader) block(lines []string) {
	if len(lines) == 1 {
		if level, ok := loneHeading(lines[0]); ok {
			p.heading(level, lines[0])
			return
		}
	}
	if len(lines) == 1 && len(p.Doc.Blocks) == 0 && isCaption(lines[0]) {
		p.heading(1, lines[0])
		return
	}
	if opensSection(lines) {
		p.heading(2, lines[0])
		lines = lines[1:]
	}
	if isCodeRun(lines) {
		p.add(knowledge.Block{Kind: knowledge.Code, Text: strings.Join(dedent(lines), "\n")})
		return
	}
	if start := tableStart(lines); start < len(lines) {
		if start > 0 {
			p.items(lines[:start])
		}
		p.table(lines[start:])
		return
	}
	if len(lines) > 1 && !slices.ContainsFunc(lines, func(l string) bool { return !isEntry(l) }) {
		for _, l := range lines {
			p.add(knowledge.Block{Text: l})
		}
		return
	}
	p.items(lines)
}

// isCaption tells a short line that is no sentence, item or entry.
func isCaption(line string) bool {
	t := strings.TrimSpace(line)
	first, _ := utf8.DecodeRuneInString(t)
	last, _ := utf8.DecodeLastRuneInString(t)
	label, _ := listMarker(t)
	return utf8.RuneCountInString(t) <= 60 && indentOf(line) == 0 && label == "" && !unicode.IsLower(first) && unicode.IsLetter(first) &&
		!strings.ContainsRune(".,;:!。", last) && !isEntry(line)
}

// opensSection tells a caption with its text right below: the line ends where
// the next word would still have had room, and a longer sentence follows.
func opensSection(lines []string) bool {
	if len(lines) < 2 || !isCaption(lines[0]) {
		return false
	}
	next := strings.TrimSpace(lines[1])
	first, _ := utf8.DecodeRuneInString(next)
	word, _, _ := strings.Cut(next, " ")
	width := 0
	for _, l := range lines {
		width = max(width, utf8.RuneCountInString(l))
	}
	own := utf8.RuneCountInString(lines[0])
	return unicode.IsUpper(first) && own+1+utf8.RuneCountInString(word) < width-10 && 2*utf8.RuneCountInString(next) >= 3*own
}

func (p *plainReader) heading(level int, text string) {
	p.endQA()
	p.add(knowledge.Block{Kind: knowledge.Heading, Level: level, Text: text})
}

// items writes paragraphs and list items.
func (p *plainReader) items(lines []string) {
	n := p.paragraph(lines)
	var item knowledge.Block
	var text strings.Builder
	indents := []int(nil)
	flush := func() {
		if text.Len() > 0 {
			item.Text = text.String()
			p.add(item)
		}
		text.Reset()
	}
	for ; n < len(lines) && p.err == nil; n++ {
		line := lines[n]
		label, rest := listMarker(strings.TrimLeft(line, " \t"))
		if label == "" {
			joinLine(&text, line)
			continue
		}
		flush()
		column := indentOf(line)
		for len(indents) > 0 && indents[len(indents)-1] > column {
			indents = indents[:len(indents)-1]
		}
		if len(indents) == 0 || indents[len(indents)-1] < column && len(indents) < p.lim.MaxDepth {
			indents = append(indents, column)
		}
		item = knowledge.Block{Kind: knowledge.ListItem, Level: len(indents), Label: label}
		joinLine(&text, rest)
	}
	flush()
}

// paragraph joins the lines before the first list item and returns how many
// they are. A number that begins a wrapped line ("in / 1998. Since") is no
// list item unless it begins a list.
func (p *plainReader) paragraph(lines []string) int {
	var sb strings.Builder
	n := 0
	for n < len(lines) {
		label, _ := listMarker(strings.TrimLeft(lines[n], " \t"))
		if label == "•" || label != "" && (n == 0 || beginsList(label)) {
			break
		}
		joinLine(&sb, lines[n])
		n++
	}
	if n == 0 {
		return 0
	}
	if quoted, ok := unquote(lines[:n]); ok {
		p.add(knowledge.Block{Kind: knowledge.Quote, Text: quoted})
	} else {
		p.add(knowledge.Block{Text: sb.String()})
	}
	return n
}

// unquote takes "> " off lines that all have it.
func unquote(lines []string) (string, bool) {
	var sb strings.Builder
	for _, l := range lines {
		rest, ok := strings.CutPrefix(strings.TrimLeft(l, " "), ">")
		if !ok {
			return "", false
		}
		joinLine(&sb, strings.TrimLeft(rest, "> "))
	}
	return sb.String(), true
}

// joinLine appends a wrapped line: a word cut by a soft hyphen becomes whole,
// and scripts without blanks between words get none.
func joinLine(sb *strings.Builder, line string) {
	line = strings.TrimSpace(line)
	if sb.Len() > 0 && line != "" {
		s := sb.String()
		last, _ := utf8.DecodeLastRuneInString(s[max(0, len(s)-utf8.UTFMax):])
		first, _ := utf8.DecodeRuneInString(line)
		if !noBlanks(last) || !noBlanks(first) {
			sb.WriteByte(' ')
		}
	}
	sb.WriteString(line)
}

func noBlanks(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) || r >= 0x3000 && r < 0x3020 || r >= 0xff00 && r < 0xff65
}

// isRule tells a line of one mark repeated, four times or more.
func isRule(line string) bool {
	t := strings.TrimSpace(line)
	if len(t) < 3 || strings.IndexByte("=-~*_#+^", t[0]) < 0 {
		return false
	}
	return strings.Trim(t, t[:1]) == ""
}

// underlines tells a heading by the rule below it, about as long as it is.
func underlines(title, rule string) bool {
	if !isRule(rule) || isRule(title) {
		return false
	}
	title = strings.TrimSpace(title)
	if strings.HasSuffix(title, ".") || strings.HasSuffix(title, ",") {
		return false
	}
	t := utf8.RuneCountInString(title)
	r := len(strings.TrimSpace(rule))
	return t > 0 && t <= 120 && (r >= t-2 && r <= t+8 || r >= 20 && r >= t)
}

// endsSentence tells a line after which a heading may follow without a blank
// line between.
func endsSentence(line string) bool {
	last, _ := utf8.DecodeLastRuneInString(strings.TrimSpace(line))
	return strings.ContainsRune(".!?:)\"”»", last)
}

// loneHeading tells a heading that is only a line of its own: all capitals, or
// numbered and short, and no sentence.
func loneHeading(line string) (level int, ok bool) {
	t := strings.TrimSpace(line)
	if utf8.RuneCountInString(t) > 80 || indentOf(line) > 8 {
		return 0, false
	}
	last, _ := utf8.DecodeLastRuneInString(t)
	if strings.ContainsRune(".,;!", last) {
		return 0, false
	}
	number, rest := sectionNumber(t)
	letters, upper, words := 0, 0, len(strings.Fields(rest))
	for _, r := range rest {
		if unicode.IsLetter(r) {
			letters++
			if unicode.IsUpper(r) {
				upper++
			}
		}
	}
	if letters >= 4 && upper == letters {
		return max(1, strings.Count(number, ".")+1), true
	}
	first, _ := utf8.DecodeRuneInString(rest)
	if number != "" && words >= 1 && words <= 10 && letters >= 3 && unicode.IsUpper(first) && last != ':' && last != '?' && strings.Contains(number, ".") {
		return min(6, strings.Count(strings.TrimSuffix(number, "."), ".")+1), true
	}
	return 0, false
}

// sectionNumber splits "2.1 Title" or "3. Title" into number and title.
func sectionNumber(t string) (number, rest string) {
	i := 0
	for i < len(t) && i < 12 && (t[i] >= '0' && t[i] <= '9' || t[i] == '.') {
		i++
	}
	if i == 0 || t[0] == '.' || i >= len(t) || t[i] != ' ' {
		return "", t
	}
	return t[:i], strings.TrimSpace(t[i:])
}

// listMarker returns the marker of a list item as a reader sees it, and the text.
func listMarker(t string) (label, rest string) {
	for _, bullet := range []string{"-", "*", "+", "•", "·", "–", "‣", "◦", "▪", "●", "○"} {
		if after, ok := strings.CutPrefix(t, bullet+" "); ok && strings.TrimSpace(after) != "" {
			return "•", strings.TrimSpace(after)
		}
	}
	i := strings.IndexAny(t[:min(len(t), 5)], ".)")
	if i < 1 || i+1 >= len(t) || t[i+1] != ' ' && t[i+1] != '\t' {
		return "", t
	}
	number := strings.TrimPrefix(t[:i], "(")
	digits := strings.Trim(number, "0123456789") == ""
	letter := len(number) == 1 && t[i] == ')' && (number[0] >= 'a' && number[0] <= 'z' || number[0] >= 'A' && number[0] <= 'Z')
	if number == "" || !digits && !letter || strings.TrimSpace(t[i+1:]) == "" {
		return "", t
	}
	return t[:i+1], strings.TrimSpace(t[i+1:])
}

// beginsList tells the first number of a list.
func beginsList(label string) bool {
	switch strings.Trim(label, "().") {
	case "1", "a", "A":
		return true
	}
	return false
}

func indentOf(line string) int {
	n := 0
	for _, c := range []byte(line) {
		switch c {
		case ' ':
			n++
		case '\t':
			n += 8 - n%8
		default:
			return n
		}
	}
	return n
}

// dedent takes the common indent off the lines.
func dedent(lines []string) []string {
	least := -1
	for _, l := range lines {
		n := 0
		for n < len(l) && (l[n] == ' ' || l[n] == '\t') && (least < 0 || n < least) {
			n++
		}
		if n < len(l) {
			least = n
		}
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l[min(max(least, 0), len(l)):]
	}
	return out
}

// isCodeRun tells indented lines that are program text or a drawing rather than
// an indented paragraph: all indented, and most end or begin as code does.
func isCodeRun(lines []string) bool {
	codeLike := 0
	for _, l := range lines {
		if indentOf(l) < 2 {
			return false
		}
		t := strings.TrimSpace(l)
		if label, _ := listMarker(t); label != "" {
			return false
		}
		if looksLikeCode(t) {
			codeLike++
		}
	}
	return codeLike*2 >= len(lines)
}

func looksLikeCode(t string) bool {
	for _, start := range []string{"$ ", "# ", "//", "/*", "#!", "<", "{", "}", "func ", "def ", "class ", "import ", "return ", "if (", "for (", "sudo ", "./"} {
		if strings.HasPrefix(t, start) {
			return true
		}
	}
	if strings.HasSuffix(t, ";") || strings.HasSuffix(t, "{") || strings.HasSuffix(t, "}") || strings.HasSuffix(t, "\\") || strings.HasSuffix(t, ");") {
		return true
	}
	for _, inside := range []string{" = ", " := ", "()", "==", "=>", "->", " | ", "&&", "::", "+--", `="`} {
		if strings.Contains(t, inside) {
			return true
		}
	}
	return false
}
