package channels

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"
)

// Render fits a composed text with its citations to a medium: its markup, with
// the sources listed after the text, split into parts of at most
// caps.MaxText runes. Source numbers in the text stay as [1]. heading is the
// word for "Sources" in the customer's language.
func Render(text string, citations []Citation, heading string, caps Capabilities) []string {
	if caps.Markup == Plain {
		text = plainText(text)
	}
	if list := sourceList(citations, heading, caps); list != "" {
		text = strings.TrimSpace(text) + "\n\n" + list
	}
	return split(strings.TrimSpace(text), caps.MaxText)
}

func sourceList(citations []Citation, heading string, caps Capabilities) string {
	if len(citations) == 0 {
		return ""
	}
	var sb strings.Builder
	sb.WriteString(heading + ":")
	for _, c := range citations {
		title := c.Title
		if title == "" {
			title = c.URL
		}
		switch {
		case c.URL == "" || caps.NoLinks || title == c.URL:
			fmt.Fprintf(&sb, "\n[%d] %s", c.Number, title)
		case caps.Markup == Markdown:
			fmt.Fprintf(&sb, "\n[%d] [%s](<%s>)", c.Number, escapeLabel(title), c.URL)
		default:
			fmt.Fprintf(&sb, "\n[%d] %s – %s", c.Number, title, c.URL)
		}
	}
	return sb.String()
}

func escapeLabel(s string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(s)
}

// plainText reads markdown and returns what a reader would see of it: the marks
// gone, links as "text (address)", lists with their markers.
func plainText(md string) string {
	source := []byte(md)
	root := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough)).Parser().Parse(gmtext.NewReader(source))
	p := &plainPrinter{source: source}
	p.blocks(root)
	return strings.TrimSpace(p.sb.String())
}

type plainPrinter struct {
	source []byte
	sb     strings.Builder
	indent string
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
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		lines := n.Lines()
		for i := range lines.Len() {
			seg := lines.At(i)
			p.sb.WriteString(p.indent + strings.TrimRight(string(seg.Value(p.source)), "\n") + "\n")
		}
		p.sb.WriteByte('\n')
	case *ast.Blockquote:
		p.blocks(n)
	case *extast.Table:
		for row := n.FirstChild(); row != nil; row = row.NextSibling() {
			var cells []string
			for c := row.FirstChild(); c != nil; c = c.NextSibling() {
				cells = append(cells, p.inline(c))
			}
			p.sb.WriteString(p.indent + strings.Join(cells, " | ") + "\n")
		}
		p.sb.WriteByte('\n')
	case *ast.ThematicBreak:
	case *ast.HTMLBlock:
		lines := n.Lines()
		for i := range lines.Len() {
			seg := lines.At(i)
			p.sb.Write(seg.Value(p.source))
		}
		p.sb.WriteByte('\n')
	case *ast.TextBlock:
		p.sb.WriteString(p.indent + p.inline(n) + "\n")
	default:
		p.sb.WriteString(p.indent + p.inline(n) + "\n\n")
	}
}

func (p *plainPrinter) list(l *ast.List) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		marker := "• "
		if l.IsOrdered() {
			marker = fmt.Sprintf("%d. ", number)
			number++
		}
		outer, start := p.indent, p.sb.Len()
		p.indent = outer + strings.Repeat(" ", utf8.RuneCountInString(marker))
		p.blocks(item)
		body := p.sb.String()
		p.sb.Reset()
		p.sb.WriteString(body[:start] + outer + marker + strings.TrimPrefix(strings.TrimRight(body[start:], "\n"), p.indent) + "\n")
		p.indent = outer
	}
	if p.indent == "" {
		p.sb.WriteByte('\n')
	}
}

func (p *plainPrinter) inline(n ast.Node) string {
	var sb strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			sb.Write(c.Segment.Value(p.source))
			if c.HardLineBreak() || c.SoftLineBreak() {
				sb.WriteString("\n" + p.indent)
			}
		case *ast.String:
			sb.Write(c.Value)
		case *ast.AutoLink:
			sb.Write(c.URL(p.source))
		case *ast.RawHTML:
			for i := range c.Segments.Len() {
				seg := c.Segments.At(i)
				sb.Write(seg.Value(p.source))
			}
		case *ast.Link:
			label, url := p.inline(c), string(c.Destination)
			if label == url || label == "" {
				sb.WriteString(url)
			} else {
				sb.WriteString(label + " (" + url + ")")
			}
		default:
			sb.WriteString(p.inline(c))
		}
	}
	return sb.String()
}

// split cuts text into parts of at most limit runes, at paragraph, line,
// sentence or word ends, in that preference; a single longer word is cut.
func split(text string, limit int) []string {
	if limit <= 0 || utf8.RuneCountInString(text) <= limit {
		return []string{text}
	}
	var parts []string
	for utf8.RuneCountInString(text) > limit {
		end := byteOffset(text, limit)
		cut := end
		for _, mark := range []string{"\n\n", "\n", ". ", " "} {
			if i := strings.LastIndex(text[:end], mark); i > end/3 {
				cut = i + len(mark)
				break
			}
		}
		parts = append(parts, strings.TrimSpace(text[:cut]))
		text = strings.TrimSpace(text[cut:])
	}
	if text != "" {
		parts = append(parts, text)
	}
	return parts
}

func byteOffset(s string, runes int) int {
	for i := range s {
		if runes == 0 {
			return i
		}
		runes--
	}
	return len(s)
}
