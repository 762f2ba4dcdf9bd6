package htmldoc

import (
	"context"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// place is what the text at hand will become.
type place struct {
	kind  knowledge.BlockKind
	level int
	label string
	// joined: paragraphs inside are parts of one text, as in a list item.
	joined bool
}

// emitter writes the kept part of a tree as blocks.
type emitter struct {
	ctx     context.Context
	t       *tree
	out     build.Builder
	buf     strings.Builder
	at      place
	title   string // in letters; a heading that repeats it is left out once
	heading int    // level of the heading at hand
	lists   int    // nesting of lists
	steps   int
	ctxErr  error
}

func newEmitter(ctx context.Context, t *tree, lim Limits, title string) *emitter {
	e := &emitter{ctx: ctx, t: t, title: letters(title)}
	e.out.MaxText = lim.MaxText
	return e
}

func (e *emitter) err() error {
	if e.ctxErr != nil {
		return e.ctxErr
	}
	return e.out.Err()
}

func (e *emitter) run(root int) {
	e.node(root)
	e.flush()
}

func (e *emitter) add(b knowledge.Block) {
	e.out.Add(b)
}

// flush writes the collected text as one block.
func (e *emitter) flush() {
	if e.buf.Len() == 0 {
		return
	}
	text := e.buf.String()
	e.buf.Reset()
	if strings.TrimSpace(text) == "" {
		return
	}
	e.add(knowledge.Block{Kind: e.at.kind, Level: e.at.level, Label: e.at.label, Text: text})
	if e.at.kind == knowledge.ListItem || e.at.kind == knowledge.Definition {
		// What follows a nested list belongs to the item but is no item itself.
		e.at.kind, e.at.label, e.at.level = knowledge.Paragraph, "", 0
	}
}

// within writes what do produces as blocks of another kind.
func (e *emitter) within(p place, do func()) {
	e.flush()
	saved := e.at
	e.at = p
	do()
	e.flush()
	e.at = saved
}

// boundary ends a paragraph, or a part of a text that is kept together.
func (e *emitter) boundary() {
	if e.at.joined {
		if e.buf.Len() > 0 {
			e.buf.WriteByte(' ')
		}
		return
	}
	e.flush()
}

func (e *emitter) children(i int) {
	for c := i + 1; c < e.t.end(i); c = e.t.end(c) {
		e.node(c)
	}
}

func (e *emitter) stopped() bool {
	e.steps++
	if e.steps%contextEvery == 0 && e.ctxErr == nil {
		e.ctxErr = e.ctx.Err()
	}
	return e.ctxErr != nil || e.out.Err() != nil
}

func (e *emitter) node(i int) {
	nd := &e.t.nodes[i]
	if nd.flags&(dropped|consumed) != 0 || e.stopped() {
		return
	}
	if e.t.isText(i) {
		e.buf.WriteString(nd.html.Data)
		return
	}
	if nd.text == 0 && nd.html.DataAtom != atom.Br && nd.html.DataAtom != atom.Hr {
		return
	}
	if e.disclosure(i) {
		return
	}
	if nd.flags&tabControl != 0 || nd.html.DataAtom == atom.Button && !isQuestion(e.t.shortText(i, 300)) {
		return
	}
	if e.structure(i) {
		return
	}
	switch {
	case nd.html.DataAtom == atom.Br:
		e.lineBreak(i)
	case nd.flags&blockLevel == 0:
		if touches(&e.buf, nd.html) {
			e.buf.WriteByte(' ')
		}
		e.children(i)
	default:
		e.boundary()
		e.children(i)
		e.boundary()
	}
}

// touches reports whether an element follows the end of another with nothing in
// between: two labels or links that styles set apart, not parts of one word.
func touches(written *strings.Builder, n *html.Node) bool {
	if written.Len() == 0 || n.PrevSibling == nil || n.PrevSibling.Type != html.ElementNode || !setApart(n) || !setApart(n.PrevSibling) {
		return false
	}
	text := written.String()
	return isWordByte(text[len(text)-1])
}

func setApart(n *html.Node) bool {
	switch n.DataAtom {
	case atom.A, atom.Span, atom.Label, atom.Time, atom.Small, 0:
		return true
	}
	return false
}

func isWordByte(c byte) bool {
	return c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// lineBreak is a space; two in a row end the paragraph.
func (e *emitter) lineBreak(i int) {
	e.buf.WriteByte('\n')
	next := i + 1
	for next < len(e.t.nodes) && e.t.isText(next) && strings.TrimSpace(e.t.nodes[next].html.Data) == "" {
		next++
	}
	if next < len(e.t.nodes) && e.t.tag(next) == atom.Br {
		e.boundary()
	}
}

// structure writes elements that become blocks of their own kind.
func (e *emitter) structure(i int) bool {
	t := e.t
	switch t.tag(i) {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		e.headingBlock(i, int(t.nodes[i].html.Data[1]-'0'))
	case atom.Ul, atom.Ol, atom.Dir:
		e.list(i)
	case atom.Li:
		e.item(i, "•")
	case atom.Dl:
		e.definitions(i)
	case atom.Table:
		e.table(i)
	case atom.Pre, atom.Listing, atom.Xmp, atom.Plaintext:
		e.code(i)
	case atom.Blockquote:
		e.within(place{kind: knowledge.Quote}, func() { e.children(i) })
	case atom.Q:
		e.children(i)
	case atom.Details:
		e.details(i)
	default:
		return e.byRole(i)
	}
	return true
}

func (e *emitter) byRole(i int) bool {
	t := e.t
	nd := &t.nodes[i]
	if len(nd.html.Attr) == 0 {
		return false
	}
	switch t.attr(i, "role") {
	case "heading":
		level, err := strconv.Atoi(t.attr(i, "aria-level"))
		if err != nil || level < 1 || level > 6 {
			level = 2
		}
		e.headingBlock(i, level)
		return true
	case "note", "doc-tip", "doc-notice", "doc-footnote":
		e.note(i)
		return true
	}
	if nd.marks&markCallout != 0 && nd.flags&blockLevel != 0 && nd.text > 0 && nd.text < 2000 && e.at.kind == knowledge.Paragraph && !e.at.joined {
		switch nd.html.DataAtom {
		case atom.Div, atom.Section, atom.Aside, atom.P:
			e.note(i)
			return true
		}
	}
	return false
}

// note writes a callout; its label is the kind that its class names.
func (e *emitter) note(i int) {
	label := "note"
	class := strings.ToLower(e.t.attr(i, "class"))
	for _, kind := range [...]string{"warning", "caution", "important", "danger", "tip", "hint"} {
		if strings.Contains(class, kind) {
			label = kind
			break
		}
	}
	e.within(place{kind: knowledge.Note, label: label}, func() { e.children(i) })
}

func (e *emitter) headingBlock(i, level int) {
	e.flush()
	text := e.t.fullText(i)
	if (level == 1 || len(e.out.Doc.Blocks) <= 1) && e.title != "" && letters(text) == e.title {
		e.title = ""
		return
	}
	e.heading = level
	e.add(knowledge.Block{Kind: knowledge.Heading, Level: level, Text: text})
}

func (e *emitter) code(i int) {
	e.flush()
	var sb strings.Builder
	for j := i + 1; j < e.t.end(i); j++ {
		switch {
		case e.t.is(j, dropped):
			j = e.t.end(j) - 1
		case e.t.isText(j):
			sb.WriteString(e.t.nodes[j].html.Data)
		case e.t.tag(j) == atom.Br, e.t.is(j, blockLevel) && sb.Len() > 0:
			sb.WriteByte('\n')
		}
	}
	e.add(knowledge.Block{Kind: knowledge.Code, Label: e.t.codeLanguage(i), Text: sb.String()})
}

// codeLanguage reads the language from class="language-go" and the like, on the
// element or the code element just inside.
func (t *tree) codeLanguage(i int) string {
	for j := i; j < min(t.end(i), i+3); j++ {
		if t.isText(j) {
			continue
		}
		if v := t.attr(j, "data-lang"); v != "" {
			return v
		}
		for _, c := range strings.Fields(t.attr(j, "class")) {
			for _, prefix := range [...]string{"language-", "lang-", "highlight-source-"} {
				if lang, ok := strings.CutPrefix(c, prefix); ok {
					return lang
				}
			}
		}
	}
	return ""
}

// fullText returns all kept text of a subtree, folded, blocks apart.
func (t *tree) fullText(i int) string {
	var sb strings.Builder
	for j := i; j < t.end(i); j++ {
		switch {
		case t.is(j, dropped|consumed) && j != i:
			j = t.end(j) - 1
		case t.isText(j):
			sb.WriteString(t.nodes[j].html.Data)
		case t.is(j, blockLevel), touches(&sb, t.nodes[j].html):
			sb.WriteByte(' ')
		}
	}
	return build.Fold(sb.String())
}
