package textdoc

import (
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlPart is the text of one block of raw HTML.
type htmlPart struct {
	text string
	// summary tells the line of a details element that is always in sight.
	summary bool
	// cells are those of a table row; text is empty then.
	cells  []string
	header bool // all cells are headings
}

// htmlText returns the text of a piece of HTML by blocks: tags, comments,
// scripts and styles go, images leave their description.
func htmlText(raw string, s *sink) []htmlPart {
	w := htmlWriter{sink: s}
	z := xhtml.NewTokenizer(strings.NewReader(raw))
	for {
		kind := z.Next()
		if kind == xhtml.ErrorToken {
			break
		}
		w.token(kind, z.Token())
	}
	w.endLink()
	w.endRow()
	w.endPart()
	return w.parts
}

type htmlWriter struct {
	sink    *sink
	parts   []htmlPart
	sb      strings.Builder
	skip    atom.Atom // the element whose content does not count
	summary bool
	href    string
	hrefAt  int // where the link's text begins
	row     *htmlPart
	inCell  bool
}

// block handles the start or end of an element that breaks text. Within table
// cells there is nothing to break.
func (w *htmlWriter) block(tag atom.Atom) {
	switch {
	case tag == atom.Tr || tag == atom.Table:
		w.endRow()
		w.endPart()
	case w.inCell:
		w.sb.WriteByte(' ')
	default:
		w.endPart()
	}
}

func (w *htmlWriter) endCell() {
	if w.inCell {
		w.row.cells = append(w.row.cells, w.sb.String())
		w.sb.Reset()
		w.hrefAt, w.inCell = 0, false
	}
}

func (w *htmlWriter) endRow() {
	w.endCell()
	if w.row != nil && len(w.row.cells) > 0 {
		w.parts = append(w.parts, *w.row)
	}
	w.row = nil
}

// cell begins a table cell, and the row should that be missing.
func (w *htmlWriter) cell(tag atom.Atom) {
	if w.row == nil {
		w.endPart()
		w.row = &htmlPart{header: true}
	}
	w.endCell()
	w.sb.Reset()
	w.inCell = true
	w.row.header = w.row.header && tag == atom.Th
}

func (w *htmlWriter) endPart() {
	if strings.TrimSpace(w.sb.String()) != "" {
		w.parts = append(w.parts, htmlPart{text: w.sb.String(), summary: w.summary})
	}
	w.sb.Reset()
	w.hrefAt, w.summary = 0, false
}

func (w *htmlWriter) endLink() {
	if w.href != "" {
		w.sink.link(w.href, w.sb.String()[min(w.hrefAt, w.sb.Len()):])
		w.href = ""
	}
}

func (w *htmlWriter) token(kind xhtml.TokenType, token xhtml.Token) {
	tag := token.DataAtom
	switch {
	case w.skip != 0:
		if kind == xhtml.EndTagToken && tag == w.skip {
			w.skip = 0
		}
	case kind == xhtml.TextToken:
		w.sb.WriteString(token.Data)
	case kind == xhtml.EndTagToken:
		if tag == atom.A {
			w.endLink()
		}
		if tag == atom.Td || tag == atom.Th {
			w.endCell()
		}
		if blockElement(tag) {
			w.block(tag)
		}
	case kind == xhtml.StartTagToken || kind == xhtml.SelfClosingTagToken:
		w.start(kind, token)
	}
}

func (w *htmlWriter) start(kind xhtml.TokenType, token xhtml.Token) {
	tag := token.DataAtom
	switch tag {
	case atom.Script, atom.Style, atom.Template, atom.Noscript:
		if kind == xhtml.StartTagToken {
			w.skip = tag
		}
	case atom.Img:
		w.sb.WriteString(attribute(token, "alt"))
	case atom.A:
		w.endLink()
		w.href, w.hrefAt = attribute(token, "href"), w.sb.Len()
	case atom.Td, atom.Th:
		w.cell(tag)
	case atom.Br:
		w.sb.WriteByte(' ')
	}
	if blockElement(tag) {
		w.block(tag)
		w.summary = tag == atom.Summary
	}
}

func attribute(t xhtml.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func blockElement(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Li, atom.Ul, atom.Ol, atom.Tr, atom.Table, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
		atom.Summary, atom.Details, atom.Section, atom.Article, atom.Blockquote, atom.Pre, atom.Dt, atom.Dd, atom.Hr, atom.Figcaption, atom.Header, atom.Footer:
		return true
	}
	return false
}
