package channels

import (
	"bufio"
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	gmtext "github.com/yuin/goldmark/text"
)

// maxIndent is how many bytes deep a list or quotation is set in; what nests
// deeper stays there.
const maxIndent = 64

// maxParsed is how many bytes of markdown are read as such. The time that
// nested marks take grows with the square of the text; a longer text, which no
// answer is, stays as it was written.
const maxParsed = 32 << 10

// printer writes a tree of markdown in the marks of a medium that has its own,
// or none. Nothing that was said is lost, but for what marks.spoken drops.
type printer struct {
	marks
	source  []byte
	noLinks bool
	out     []byte
	indent  string
	// begun says that the line has its indent and a list marker already.
	begun bool
	// bare counts what is being written without marks of its own: headings and
	// words whose marks the medium would not read as such.
	bare int
	// wrapped is what was last written between marks, and ends where it does.
	wrapped struct {
		node       ast.Node
		start, end int
	}
}

// printMarkdown reads markdown and writes it in other marks: links as "text
// (address)" or as text alone, lists with their markers, quotations with ">",
// HTML as it was written.
func printMarkdown(md string, m marks, noLinks bool) string {
	if len(md) > maxParsed {
		return md
	}
	source := []byte(md)
	p := &printer{marks: m, source: source, noLinks: noLinks, out: make([]byte, 0, len(source)+len(source)/8)}
	p.blocks(m.parser().Parse(gmtext.NewReader(source)))
	text := string(bytes.TrimRight(p.out, " \t\n"))
	if m.spoken {
		return spoken(text)
	}
	return text
}

func (p *printer) write(s string) { p.out = append(p.out, s...) }

// begin starts a line.
func (p *printer) begin() {
	if !p.begun {
		p.write(p.indent)
	}
	p.begun = false
}

func (p *printer) deeper(by string) {
	if len(p.indent) < maxIndent {
		p.indent += by
	}
}

func (p *printer) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		p.block(n)
	}
}

func (p *printer) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.List:
		p.list(n)
	case *ast.Heading:
		p.begin()
		p.heading(n)
		p.end()
	case *ast.FencedCodeBlock:
		// A single word after the fence names the language; more is text.
		if n.Info != nil && bytes.ContainsAny(n.Info.Value(p.source), " \t") {
			p.line(n.Info.Value(p.source))
		}
		p.code(n.Lines())
	case *ast.CodeBlock:
		p.code(n.Lines())
	case *ast.HTMLBlock:
		p.lines(n.Lines())
		if n.HasClosure() {
			p.line(n.ClosureLine.Value(p.source))
		}
		p.write("\n")
	case *ast.Blockquote:
		outer := p.indent
		if p.begun {
			p.write(p.quote)
		}
		p.deeper(p.quote)
		p.blocks(n)
		p.indent = outer
	case *extast.Table:
		p.table(n)
	case *ast.ThematicBreak:
	case *ast.TextBlock:
		p.begin()
		p.inlines(n)
		p.stop()
		p.write("\n")
	default:
		p.begin()
		p.inlines(n)
		p.end()
	}
}

// end ends a paragraph.
func (p *printer) end() {
	p.stop()
	p.write("\n\n")
}

// stop ends a spoken line like a sentence.
func (p *printer) stop() {
	text := bytes.TrimRight(p.out, " \n")
	if last, _ := utf8.DecodeLastRune(text); p.spoken && (unicode.IsLetter(last) || unicode.IsDigit(last)) {
		p.out = append(text, '.')
	}
}

func (p *printer) heading(n *ast.Heading) {
	if p.bold == "" || !p.headingsBold {
		p.inlines(n)
		return
	}
	p.write(p.bold)
	p.bare++
	p.inlines(n)
	p.bare--
	p.write(p.bold)
}

// code writes lines that stay as they are.
func (p *printer) code(lines *gmtext.Segments) {
	fenced := p.fence != "" && !bytes.Contains(lines.Value(p.source), []byte(p.fence))
	if fenced {
		p.line([]byte(p.fence))
	}
	p.lines(lines)
	if fenced {
		p.line([]byte(p.fence))
	}
	p.write("\n")
}

func (p *printer) line(b []byte) {
	p.begin()
	p.out = append(p.out, bytes.TrimRight(b, "\r\n")...)
	p.write("\n")
}

func (p *printer) lines(segments *gmtext.Segments) {
	for i := range segments.Len() {
		seg := segments.At(i)
		p.line(seg.Value(p.source))
	}
}

func (p *printer) list(l *ast.List) {
	outer, number := p.indent, l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		marker := p.bullet
		if l.IsOrdered() {
			marker = strconv.Itoa(number) + string(rune(l.Marker)) + " "
			number++
		}
		p.begin()
		p.write(marker)
		p.begun = true
		start := len(p.out)
		p.deeper(strings.Repeat(" ", utf8.RuneCountInString(marker)))
		p.blocks(item)
		p.indent, p.begun = outer, false
		for len(p.out) > start && p.out[len(p.out)-1] == '\n' {
			p.out = p.out[:len(p.out)-1]
		}
		p.write("\n")
	}
	if p.indent == "" {
		p.write("\n")
	}
}

func (p *printer) table(t *extast.Table) {
	if p.namedCells {
		p.namedTable(t)
		return
	}
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		p.begin()
		end := -1
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			if c.PreviousSibling() != nil {
				p.write(" | ")
			}
			p.inlines(c)
			if lines := c.Lines(); lines != nil && lines.Len() > 0 {
				end = lines.At(lines.Len() - 1).Stop
			}
		}
		// Cells beyond the header's are not in the tree.
		if end >= 0 && row.LastChild().Lines().Len() > 0 {
			rest, _, _ := bytes.Cut(p.source[end:], []byte("\n"))
			if rest = bytes.Trim(rest, "| \t\r"); len(rest) > 0 {
				p.write(" | ")
				p.out = append(p.out, rest...)
			}
		}
		p.write("\n")
	}
	p.write("\n")
}

// namedTable writes each row as a line of "heading: value".
func (p *printer) namedTable(t *extast.Table) {
	var heads []string
	for cell := t.FirstChild().FirstChild(); cell != nil; cell = cell.NextSibling() {
		heads = append(heads, strings.TrimSpace(p.apart(cell)))
	}
	if t.FirstChild().NextSibling() == nil {
		p.line([]byte(strings.Join(heads, "; ")))
	}
	for row := t.FirstChild().NextSibling(); row != nil; row = row.NextSibling() {
		p.begin()
		var cells []string
		column := 0
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			value := strings.TrimSpace(p.apart(cell))
			if value != "" && column < len(heads) && heads[column] != "" {
				value = heads[column] + ": " + value
			}
			if value != "" {
				cells = append(cells, value)
			}
			column++
		}
		p.write(strings.Join(cells, "; "))
		p.stop()
		p.write("\n")
	}
	p.write("\n")
}

// apart returns what a node reads like, without writing it.
func (p *printer) apart(n ast.Node) string {
	start := len(p.out)
	p.inlines(n)
	text := string(p.out[start:])
	p.out = p.out[:start]
	return text
}

func (p *printer) inlines(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		p.inline(n)
	}
}

func (p *printer) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		p.text(n.Segment.Value(p.source))
		if n.HardLineBreak() || n.SoftLineBreak() {
			p.write("\n" + p.indent)
		}
	case *ast.String:
		p.out = append(p.out, n.Value...)
	case *ast.CodeSpan:
		p.wrap(n, p.inlineCode)
	case *extast.Strikethrough:
		p.struckOut(n)
	case *ast.Image:
		p.image(n)
	case *ast.AutoLink:
		p.text(n.URL(p.source))
	case *ast.RawHTML:
		for i := range n.Segments.Len() {
			seg := n.Segments.At(i)
			p.out = append(p.out, seg.Value(p.source)...)
		}
	case *ast.Emphasis:
		if mark := p.literalMark(n); mark != "" {
			p.write(mark)
			p.inlines(n)
			p.write(mark)
			return
		}
		p.wrap(n, p.emphasis(n.Level))
	case *ast.Link:
		p.link(n)
	default:
		p.inlines(n)
	}
}

// inner writes what stands between a node's marks.
func (p *printer) inner(n ast.Node) {
	span, ok := n.(*ast.CodeSpan)
	if !ok {
		p.inlines(n)
		return
	}
	for c := span.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			p.out = append(p.out, bytes.ReplaceAll(t.Segment.Value(p.source), []byte("\n"), []byte(" "))...)
		}
	}
}

// wrap writes a node between marks, where the medium reads them as such: not
// against a letter or digit, and anew on every line.
func (p *printer) wrap(n ast.Node, mark string) {
	before, _ := utf8.DecodeLastRune(p.out)
	start := len(p.out)
	if mark == "" || p.bare > 0 || wordRune(before) {
		p.inner(n)
		return
	}
	p.inner(n)
	inner := string(p.out[start:])
	if strings.Contains(inner, mark) || strings.TrimSpace(inner) != inner || inner == "" {
		return
	}
	broken := "\n" + p.indent
	p.out = append(p.out[:start], mark+strings.ReplaceAll(inner, broken, mark+broken+mark)+mark...)
	p.wrapped.node, p.wrapped.start, p.wrapped.end = n, start, len(p.out)
}

// unwrap takes the marks back of what was just written if next stands against
// them.
func (p *printer) unwrap(next []byte) {
	if p.wrapped.node == nil || p.wrapped.end != len(p.out) {
		return
	}
	if r, _ := utf8.DecodeRune(next); !wordRune(r) {
		return
	}
	n := p.wrapped.node
	p.wrapped.node, p.out = nil, p.out[:p.wrapped.start]
	p.bare++
	p.inner(n)
	p.bare--
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// struckOut keeps marks in every case: without them the text says the opposite.
func (p *printer) struckOut(n *extast.Strikethrough) {
	if p.spoken {
		return
	}
	mark := p.strike
	if t, ok := n.FirstChild().(*ast.Text); !ok || !bytes.HasSuffix(p.source[:t.Segment.Start], []byte("~~")) {
		mark = "~" // a single tilde means about
	}
	p.write(mark)
	p.inlines(n)
	p.write(mark)
}

func (p *printer) image(n *ast.Image) {
	p.inlines(n)
	if p.imageAddress && len(n.Destination) > 0 {
		p.write(" ")
		p.text(n.Destination)
	}
}

// text writes a run of text with its escapes and entities resolved.
func (p *printer) text(b []byte) {
	p.unwrap(b)
	if !bytes.ContainsAny(b, "\\&\x00") {
		p.out = append(p.out, b...)
		return
	}
	var buf bytes.Buffer
	w := bufio.NewWriter(&buf)
	gmhtml.DefaultWriter.Write(w, b)
	w.Flush() // into memory: cannot fail
	p.write(html.UnescapeString(buf.String()))
}

func (p *printer) link(n *ast.Link) {
	start := len(p.out)
	p.inlines(n)
	label := string(p.out[start:])
	destination := string(n.Destination)
	switch {
	case strings.TrimSpace(label) == "":
		p.out = p.out[:start]
		p.text(n.Destination)
	case p.noLinks, destination == "", label == destination,
		destination == "mailto:"+label, destination == "tel:"+label:
	default:
		p.write(" (")
		p.text(n.Destination)
		p.write(")")
	}
}

// literalMark returns the mark of an emphasis that is none: a single star
// against a letter or digit outside is a product code such as 2*3*4. Scripts
// without spaces between words put real emphasis there.
func (p *printer) literalMark(n *ast.Emphasis) string {
	first, ok1 := n.FirstChild().(*ast.Text)
	last, ok2 := n.LastChild().(*ast.Text)
	if n.Level != 1 || !ok1 || !ok2 {
		return ""
	}
	open, end := first.Segment.Start-1, last.Segment.Stop
	if open < 0 || end >= len(p.source) || p.source[open] != '*' || p.source[end] != '*' {
		return ""
	}
	before, _ := utf8.DecodeLastRune(p.source[:open])
	after, _ := utf8.DecodeRune(p.source[end+1:])
	if spacedWord(before) || spacedWord(after) {
		return "*"
	}
	return ""
}

func spacedWord(r rune) bool {
	return unicode.IsDigit(r) || unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic)
}
