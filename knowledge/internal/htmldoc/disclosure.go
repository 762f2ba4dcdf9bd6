package htmldoc

import (
	"strings"

	"golang.org/x/net/html/atom"

	"github.com/kundeagent/kundeagent/knowledge"
)

const (
	// An answer up to this many bytes and blocks stays one block with its
	// question; a longer one is written as a section with a heading.
	longestAnswer    = 3000
	mostAnswerBlocks = 24
)

// disclosure writes a control together with the panel it opens, and a panel
// under the name of its tab. It reports false when i is neither.
func (e *emitter) disclosure(i int) bool {
	t := e.t
	nd := &t.nodes[i]
	if tab, ok := t.labelOf[i]; ok {
		nd.flags |= consumed
		name := t.shortText(tab, 300)
		e.section(name, func() { e.children(i) })
		return true
	}
	if nd.flags&tabControl != 0 {
		return false
	}
	panel, opener := -1, t.openerIn(i)
	switch {
	case opener >= 0:
		panel = t.panelFor(opener)
	case nd.marks&markQuestion != 0 && nd.marks&markAnswer == 0 && nd.text < 600:
		panel = t.answerAfter(i)
	case t.attr(i, "itemprop") == "name" && strings.HasSuffix(t.attr(t.parent(i), "itemtype"), "schema.org/Question"):
		panel = t.acceptedAnswer(t.parent(i))
	}
	if panel < 0 || t.is(panel, dropped|consumed) || t.nodes[panel].text == 0 {
		return false
	}
	if panel <= i || panel < t.end(i) {
		return false
	}
	question := t.fullText(i)
	if question == "" {
		return false
	}
	t.nodes[panel].flags |= consumed
	e.flush()
	e.pair(question, func() { e.inside(panel) })
	return true
}

// openerIn returns i if it is a control, or the control that is all there is in
// the heading i; else -1.
func (t *tree) openerIn(i int) int {
	if t.is(i, control) {
		return i
	}
	if !isHeadingTag(t.tag(i)) {
		return -1
	}
	const within = 12
	for j := i + 1; j < min(t.end(i), i+within); j++ {
		if t.is(j, control) && !t.is(j, dropped) && t.nodes[j].text == t.nodes[i].text {
			return j
		}
	}
	return -1
}

// inside writes a consumed panel.
func (e *emitter) inside(panel int) {
	switch e.t.tag(panel) {
	case atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Pre, atom.Blockquote:
		e.t.nodes[panel].flags &^= consumed
		e.node(panel)
		e.t.nodes[panel].flags |= consumed
	default:
		e.children(panel)
	}
}

// panelFor finds what a control opens: what it names, or else what follows it
// or the heading it stands in.
func (t *tree) panelFor(i int) int {
	if p, ok := t.panelOf[i]; ok {
		return p
	}
	const levels = 3
	for range levels {
		next := t.nextSibling(i)
		if next >= 0 {
			if t.is(next, blockLevel) && !t.is(next, control) && !isHeadingTag(t.tag(next)) {
				return next
			}
			return -1
		}
		i = t.parent(i)
		if i <= t.body {
			return -1
		}
	}
	return -1
}

// answerAfter finds the answer that follows an element named as a question.
func (t *tree) answerAfter(i int) int {
	const levels = 2
	for range levels {
		next := t.nextSibling(i)
		if next >= 0 {
			if t.nodes[next].marks&(markAnswer|markCollapse) != 0 && t.nodes[next].marks&markQuestion == 0 {
				return next
			}
			return -1
		}
		i = t.parent(i)
		if i <= t.body {
			return -1
		}
	}
	return -1
}

func (t *tree) acceptedAnswer(question int) int {
	const within = 60
	for j := question + 1; j < min(t.end(question), question+within); j++ {
		if !t.isText(j) && t.attr(j, "itemprop") == "acceptedAnswer" {
			return j
		}
	}
	return -1
}

// nextSibling returns the next kept element beside i that has text, or -1 when
// there is none or text stands in between.
func (t *tree) nextSibling(i int) int {
	p := t.parent(i)
	if p < 0 {
		return -1
	}
	const farthest = 16
	for n, s := 0, t.end(i); s < t.end(p) && n < farthest; n, s = n+1, t.end(s) {
		if t.is(s, dropped) || t.nodes[s].text == 0 {
			continue
		}
		if t.isText(s) {
			return -1
		}
		return s
	}
	return -1
}

func isHeadingTag(a atom.Atom) bool {
	switch a {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return true
	}
	return false
}

// details writes a details element; its summary is the question.
func (e *emitter) details(i int) {
	t := e.t
	summary := -1
	for c := i + 1; c < t.end(i); c = t.end(c) {
		if t.tag(c) == atom.Summary {
			summary = c
			break
		}
	}
	if summary < 0 {
		e.boundary()
		e.children(i)
		e.boundary()
		return
	}
	question := t.fullText(summary)
	t.nodes[summary].flags |= consumed
	e.pair(question, func() { e.children(i) })
}

// pair writes a question and what answer writes below it as one block where the
// answer is short and plain, else as a section.
func (e *emitter) pair(question string, answer func()) {
	start := len(e.out.Doc.Blocks)
	e.section(question, answer)
	blocks := e.out.Doc.Blocks
	if e.err() != nil || question == "" || len(blocks) <= start+1 || len(blocks)-start > mostAnswerBlocks {
		return
	}
	var sb strings.Builder
	for _, b := range blocks[start+1:] {
		switch b.Kind {
		case knowledge.Paragraph, knowledge.ListItem, knowledge.Quote, knowledge.Note:
		default:
			return
		}
		if sb.Len() > 0 {
			sb.WriteByte(' ')
		}
		sb.WriteString(b.String())
		if sb.Len() > longestAnswer {
			return
		}
	}
	blocks[start] = knowledge.Block{Kind: knowledge.QA, Label: blocks[start].Text, Text: sb.String()}
	e.out.Doc.Blocks = blocks[:start+1]
}

// section writes a heading one level below the one at hand and then the blocks
// of body.
func (e *emitter) section(name string, body func()) {
	e.flush()
	level := min(e.heading+1, 6)
	saved, savedAt := e.heading, e.at
	e.at = place{}
	if name != "" {
		e.add(knowledge.Block{Kind: knowledge.Heading, Level: max(level, 2), Text: name})
		e.heading = max(level, 2)
	}
	body()
	e.flush()
	e.heading, e.at = saved, savedAt
}
