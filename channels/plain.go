package channels

import (
	"bufio"
	"bytes"
	"html"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	gmtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxIndent is how many bytes deep a list or quotation is set in; what nests
// deeper stays there.
const maxIndent = 64

// maxParsed is how many bytes of markdown are read as such. The time that
// nested marks take grows with the square of the text; a longer text, which no
// answer is, stays as it was written.
const maxParsed = 32 << 10

// newParser returns the parser of CommonMark with tables. Two things are left
// out because they would take text away: definitions such as
// "[1]: https://…", which also would turn the source mark [1] into a link, and
// strikethrough, whose text means the opposite without its marks.
var newParser = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		parser.WithParagraphTransformers(util.Prioritized(extension.NewTableParagraphTransformer(), 200)),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
})

// plainText reads markdown and returns what a reader would see of it: the marks
// gone, links as "text (address)" or as text alone, lists with their markers,
// quotations with ">", images as their description, HTML as it was written.
func plainText(md string, noLinks bool) string {
	if len(md) > maxParsed {
		return md
	}
	source := []byte(md)
	p := &plainPrinter{source: source, noLinks: noLinks, out: make([]byte, 0, len(source)+len(source)/8)}
	p.blocks(newParser().Parse(gmtext.NewReader(source)))
	return string(bytes.TrimRight(p.out, " \t\n"))
}

type plainPrinter struct {
	source  []byte
	noLinks bool
	out     []byte
	indent  string
	// begun says that the line has its indent and a list marker already.
	begun bool
}

func (p *plainPrinter) write(s string) { p.out = append(p.out, s...) }

// begin starts a line.
func (p *plainPrinter) begin() {
	if !p.begun {
		p.write(p.indent)
	}
	p.begun = false
}

func (p *plainPrinter) deeper(by string) {
	if len(p.indent) < maxIndent {
		p.indent += by
	}
}

func (p *plainPrinter) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		p.block(n)
	}
}

func (p *plainPrinter) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.List:
		p.list(n)
	case *ast.FencedCodeBlock:
		// A single word after the fence names the language; more is text.
		if n.Info != nil && bytes.ContainsAny(n.Info.Value(p.source), " \t") {
			p.line(n.Info.Value(p.source))
		}
		p.lines(n.Lines())
		p.write("\n")
	case *ast.CodeBlock:
		p.lines(n.Lines())
		p.write("\n")
	case *ast.HTMLBlock:
		p.lines(n.Lines())
		if n.HasClosure() {
			p.line(n.ClosureLine.Value(p.source))
		}
		p.write("\n")
	case *ast.Blockquote:
		outer := p.indent
		if p.begun {
			p.write("> ")
		}
		p.deeper("> ")
		p.blocks(n)
		p.indent = outer
	case *extast.Table:
		p.table(n)
	case *ast.ThematicBreak:
	case *ast.TextBlock:
		p.begin()
		p.inlines(n)
		p.write("\n")
	default:
		p.begin()
		p.inlines(n)
		p.write("\n\n")
	}
}

func (p *plainPrinter) line(b []byte) {
	p.begin()
	p.out = append(p.out, bytes.TrimRight(b, "\r\n")...)
	p.write("\n")
}

func (p *plainPrinter) lines(segments *gmtext.Segments) {
	for i := range segments.Len() {
		seg := segments.At(i)
		p.line(seg.Value(p.source))
	}
}

func (p *plainPrinter) list(l *ast.List) {
	outer, number := p.indent, l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		marker := "• "
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

func (p *plainPrinter) table(t *extast.Table) {
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

func (p *plainPrinter) inlines(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		p.inline(n)
	}
}

func (p *plainPrinter) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		p.text(n.Segment.Value(p.source))
		if n.HardLineBreak() || n.SoftLineBreak() {
			p.write("\n" + p.indent)
		}
	case *ast.String:
		p.out = append(p.out, n.Value...)
	case *ast.CodeSpan:
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			if t, ok := c.(*ast.Text); ok {
				p.out = append(p.out, bytes.ReplaceAll(t.Segment.Value(p.source), []byte("\n"), []byte(" "))...)
			}
		}
	case *ast.AutoLink:
		p.out = append(p.out, n.URL(p.source)...)
	case *ast.RawHTML:
		for i := range n.Segments.Len() {
			seg := n.Segments.At(i)
			p.out = append(p.out, seg.Value(p.source)...)
		}
	case *ast.Emphasis:
		mark := p.literalMark(n)
		p.write(mark)
		p.inlines(n)
		p.write(mark)
	case *ast.Link:
		p.link(n)
	default:
		p.inlines(n)
	}
}

// text writes a run of text with its escapes and entities resolved.
func (p *plainPrinter) text(b []byte) {
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

func (p *plainPrinter) link(n *ast.Link) {
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
func (p *plainPrinter) literalMark(n *ast.Emphasis) string {
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
