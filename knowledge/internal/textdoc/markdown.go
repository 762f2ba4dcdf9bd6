package textdoc

import (
	"context"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// ParseMarkdown reads CommonMark with tables, strikethrough, task lists,
// footnotes, definition lists and front matter in YAML or TOML. HTML tags within
// text go and their text stays; of blocks of raw HTML the summaries of details
// stay, and the rest with Limits.KeepHTML. Images are reduced to their
// description. Text nested or marked up beyond the limits is read as plain text.
//
// Title, Language, dates and URL come from the front matter; without a title
// there the first heading of level 1 is the title, if nothing but headings
// stands before it. name is for error texts. Errors wrap
// [knowledge.ErrTooLarge], [knowledge.ErrNoText] or [knowledge.ErrMalformed].
func ParseMarkdown(ctx context.Context, name string, data []byte, lim Limits) (*knowledge.Document, error) {
	return run(ctx, name, data, lim.withDefaults(2<<20, 8<<20), readMarkdown)
}

func readMarkdown(s *sink, source string) error {
	fm, body := cutFrontMatter(source)
	fm.apply(&s.Doc)
	if about := fm.get("description", "summary"); about != "" && !strings.Contains(build.Fold(body[:min(len(body), 4096)]), about) {
		s.add(knowledge.Block{Text: about})
	}
	if !parsable(body, s.lim) {
		return readPlain(s, body)
	}
	w := &markdownWriter{sink: s, source: []byte(body)}
	w.inline = inlineText{source: w.source, sink: s}
	md := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList))
	w.children(md.Parser().Parse(text.NewReader(w.source)), place{})
	if s.Doc.Title == "" {
		s.Doc.Title = leadingTitle(s.Doc.Blocks)
	}
	return nil
}

// leadingTitle returns the first heading of level 1 unless text comes before it.
func leadingTitle(blocks []knowledge.Block) string {
	for _, b := range blocks {
		if b.Kind != knowledge.Heading {
			break
		}
		if b.Level == 1 {
			return b.Text
		}
	}
	return ""
}

type markdownWriter struct {
	*sink
	source []byte
	inline inlineText
}

func (w *markdownWriter) children(n ast.Node, at place) {
	for c := n.FirstChild(); c != nil && w.err == nil; c = c.NextSibling() {
		w.block(c, at)
	}
}

func (w *markdownWriter) block(n ast.Node, at place) {
	switch n := n.(type) {
	case *ast.Heading:
		w.add(knowledge.Block{Kind: knowledge.Heading, Level: n.Level, Text: w.inline.of(n)})
	case *ast.Paragraph, *ast.TextBlock:
		w.paragraph(w.inline.of(n), at)
	case *ast.FencedCodeBlock:
		w.add(knowledge.Block{Kind: knowledge.Code, Label: codeLanguage(string(n.Language(w.source))), Text: w.lines(n)})
	case *ast.CodeBlock:
		w.add(knowledge.Block{Kind: knowledge.Code, Text: w.lines(n)})
	case *ast.HTMLBlock:
		w.html(n, at)
	case *ast.Blockquote:
		w.quote(n, at)
	case *ast.List:
		w.list(n, at)
	case *east.Table:
		w.table(n)
	case *east.DefinitionList:
		w.definitions(n)
	case *east.FootnoteList:
		w.children(n, at)
	case *east.Footnote:
		used := false
		w.children(n, place{note: "footnote", start: "[" + strconv.Itoa(n.Index) + "] ", used: &used})
	case *ast.ThematicBreak, *ast.LinkReferenceDefinition:
	default:
		w.children(n, at)
	}
}

// html writes what is kept of a block of raw HTML.
func (w *markdownWriter) html(n *ast.HTMLBlock, at place) {
	raw := w.lines(n)
	if n.HasClosure() {
		raw += string(n.ClosureLine.Value(w.source))
	}
	var header []string
	for _, part := range htmlText(raw, w.sink) {
		switch {
		case !w.lim.KeepHTML && !part.summary:
		case len(part.cells) == 0:
			w.text(part.text, at)
		case part.header:
			header = foldAll(part.cells)
			w.add(knowledge.Block{Kind: knowledge.TableHeader, Cells: part.cells})
		default:
			w.add(knowledge.Block{Kind: knowledge.TableRow, Cells: part.cells, Header: header})
		}
	}
}

func foldAll(cells []string) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = build.Fold(c)
	}
	return out
}

// paragraph writes running text. Documentation sites fence notes with lines of
// ":::", which are not text.
func (w *markdownWriter) paragraph(t string, at place) {
	head, rest, _ := strings.Cut(t, "\n")
	kind, title, _ := strings.Cut(strings.TrimSpace(strings.Trim(head, ":")), " ")
	if !strings.HasPrefix(t, ":::") || strings.ContainsAny(kind, "._") {
		t = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(t), "\n:::"))
		w.text(t, at)
		return
	}
	rest = strings.TrimSpace(strings.TrimRight(rest, ": \n"))
	if kind == "" || len(kind) > 20 || at.depth > 0 {
		w.text(strings.TrimSpace(title+" "+rest), at)
		return
	}
	w.text(strings.TrimSpace(title+"\n"+rest), place{note: strings.ToLower(kind)})
}

func (w *markdownWriter) list(n *ast.List, at place) {
	number := n.Start
	for item := n.FirstChild(); item != nil && w.err == nil; item = item.NextSibling() {
		label := "•"
		if n.IsOrdered() {
			label = strconv.Itoa(number) + string(n.Marker)
			number++
		}
		used := false
		inside := at
		inside.depth, inside.label, inside.used = at.depth+1, label, &used
		if at.note != "" {
			inside.start = label + " "
		}
		w.children(item, inside)
	}
}

// quote writes a quotation, or a note where the first line is "[!NOTE]".
func (w *markdownWriter) quote(n *ast.Blockquote, at place) {
	at.quote = true
	before := len(w.Doc.Blocks)
	w.children(n, at)
	if before >= len(w.Doc.Blocks) || at.depth > 0 {
		return
	}
	first := w.Doc.Blocks[before]
	kind, rest, ok := alert(first.Text)
	if !ok || first.Kind != knowledge.Quote {
		return
	}
	for i := before; i < len(w.Doc.Blocks); i++ {
		if w.Doc.Blocks[i].Kind == knowledge.Quote {
			w.Doc.Blocks[i].Kind, w.Doc.Blocks[i].Label = knowledge.Note, kind
		}
	}
	if rest == "" {
		w.Doc.Blocks = append(w.Doc.Blocks[:before], w.Doc.Blocks[before+1:]...)
		return
	}
	w.Doc.Blocks[before].Text = rest
}

// alert splits the mark of a note from its text.
func alert(s string) (kind, rest string, ok bool) {
	if !strings.HasPrefix(s, "[!") {
		return "", "", false
	}
	kind, rest, ok = strings.Cut(s[2:], "]")
	if !ok || kind == "" || len(kind) > 20 || strings.ContainsAny(kind, " []") {
		return "", "", false
	}
	return strings.ToLower(kind), strings.TrimSpace(rest), true
}

func (w *markdownWriter) table(n *east.Table) {
	var header []string
	for row := n.FirstChild(); row != nil && w.err == nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, build.Fold(w.inline.of(cell)))
		}
		if _, ok := row.(*east.TableHeader); ok {
			header = cells
			w.add(knowledge.Block{Kind: knowledge.TableHeader, Cells: append([]string(nil), cells...)})
			continue
		}
		w.add(knowledge.Block{Kind: knowledge.TableRow, Cells: cells, Header: header})
	}
}

// definitions writes each explanation with its terms; what else it holds follows.
func (w *markdownWriter) definitions(n ast.Node) {
	var terms []string
	for c := n.FirstChild(); c != nil && w.err == nil; c = c.NextSibling() {
		if _, ok := c.(*east.DefinitionTerm); ok {
			if c.PreviousSibling() == nil || c.PreviousSibling().Kind() != east.KindDefinitionTerm {
				terms = terms[:0]
			}
			terms = append(terms, w.inline.of(c))
			continue
		}
		body := c.FirstChild()
		var explanation strings.Builder
		for ; body != nil; body = body.NextSibling() {
			if k := body.Kind(); k != ast.KindParagraph && k != ast.KindTextBlock {
				break
			}
			explanation.WriteString(w.inline.of(body) + "\n")
		}
		w.add(knowledge.Block{Kind: knowledge.Definition, Label: strings.Join(terms, ", "), Text: explanation.String()})
		for ; body != nil && w.err == nil; body = body.NextSibling() {
			w.block(body, place{})
		}
	}
}

func (w *markdownWriter) lines(n ast.Node) string {
	var sb strings.Builder
	lines := n.Lines()
	for i := range lines.Len() {
		segment := lines.At(i)
		sb.Write(segment.Value(w.source))
	}
	return sb.String()
}

// codeLanguage takes the name out of an info string such as "{.go}" or "go,linenos".
func codeLanguage(info string) string {
	info = strings.Trim(strings.TrimSpace(info), "{}.")
	if i := strings.IndexAny(info, " ,{:;="); i >= 0 {
		info = info[:i]
	}
	return info
}
