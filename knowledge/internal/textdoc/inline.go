package textdoc

import (
	"html"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// inlineText writes the running text of Markdown nodes and collects links.
type inlineText struct {
	source []byte
	sink   *sink
	sb     strings.Builder
}

// of returns the plain text below a node.
func (w *inlineText) of(n ast.Node) string {
	w.sb.Reset()
	w.children(n)
	return w.sb.String()
}

func (w *inlineText) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.node(c)
	}
}

func (w *inlineText) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		value := string(n.Segment.Value(w.source))
		if !n.IsRaw() {
			value = unescape(value)
		}
		w.sb.WriteString(value)
		if n.SoftLineBreak() || n.HardLineBreak() {
			w.sb.WriteByte('\n')
		}
	case *ast.String:
		w.sb.Write(n.Value)
	case *ast.CodeSpan:
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			if t, ok := c.(*ast.Text); ok {
				w.sb.WriteString(strings.ReplaceAll(string(t.Segment.Value(w.source)), "\n", " "))
			}
		}
	case *ast.AutoLink:
		label := string(n.Label(w.source))
		w.sb.WriteString(label)
		if n.AutoLinkType == ast.AutoLinkURL {
			w.sink.link(string(n.URL(w.source)), label)
		}
	case *ast.Link:
		start := w.sb.Len()
		w.children(n)
		w.sink.link(unescape(string(n.Destination)), w.sb.String()[start:])
	case *ast.RawHTML:
		w.rawHTML(n)
	case *east.TaskCheckBox:
		if n.IsChecked {
			w.sb.WriteString("☒ ")
		} else {
			w.sb.WriteString("☐ ")
		}
	case *east.FootnoteLink:
		w.sb.WriteString("[" + strconv.Itoa(n.Index) + "]")
	case *east.FootnoteBacklink:
	default:
		w.children(n)
	}
}

// rawHTML writes a tag's effect on the text: a break or the image's description.
func (w *inlineText) rawHTML(n *ast.RawHTML) {
	raw := ""
	for i := range n.Segments.Len() {
		segment := n.Segments.At(i)
		raw += string(segment.Value(w.source))
		if len(raw) > 1<<16 {
			return
		}
	}
	lower := strings.ToLower(raw)
	switch {
	case strings.HasPrefix(lower, "<br"), strings.HasPrefix(lower, "<p"), strings.HasPrefix(lower, "</p"), strings.HasPrefix(lower, "<li"), strings.HasPrefix(lower, "<td"):
		w.sb.WriteByte('\n')
	case strings.HasPrefix(lower, "<img"), strings.HasPrefix(lower, "<a "):
		for _, part := range htmlText(raw, w.sink) {
			w.sb.WriteString(part.text)
		}
	}
}

// unescape undoes backslashes before punctuation and character references.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 && strings.IndexByte(s, '&') < 0 {
		return s
	}
	var sb strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && isPunctuation(s[i+1]):
			i++
			sb.WriteByte(s[i])
		case c == '&':
			end := strings.IndexByte(s[i:min(len(s), i+40)], ';')
			if end < 0 {
				sb.WriteByte(c)
				continue
			}
			sb.WriteString(html.UnescapeString(s[i : i+end+1]))
			i += end
		default:
			sb.WriteByte(c)
		}
	}
	return sb.String()
}

func isPunctuation(c byte) bool {
	return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~'
}
