package htmldoc

import (
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"

	"github.com/kundeagent/kundeagent/knowledge"
)

func (e *emitter) list(i int) {
	t := e.t
	e.flush()
	e.lists++
	number, step := 1, 1
	ordered := t.tag(i) == atom.Ol
	if ordered {
		if n, err := strconv.Atoi(t.attr(i, "start")); err == nil {
			number = n
		}
		if hasAttr(t.nodes[i].html, "reversed") {
			step = -1
			if t.attr(i, "start") == "" {
				number = t.countItems(i)
			}
		}
	}
	for c := i + 1; c < t.end(i); c = t.end(c) {
		if t.tag(c) != atom.Li {
			e.node(c)
			continue
		}
		label := "•"
		if ordered {
			if n, err := strconv.Atoi(t.attr(c, "value")); err == nil {
				number = n
			}
			label = ordinal(number, t.attr(i, "type")) + "."
			number += step
		}
		e.item(c, label)
	}
	e.flush()
	e.lists--
}

func (t *tree) countItems(i int) int {
	n := 0
	for c := i + 1; c < t.end(i); c = t.end(c) {
		if t.tag(c) == atom.Li {
			n++
		}
	}
	return n
}

// ordinal writes the number of a list item as the list's type attribute asks.
func ordinal(n int, style string) string {
	switch {
	case style == "a" && n > 0 && n <= 26:
		return string(rune('a' + n - 1))
	case style == "A" && n > 0 && n <= 26:
		return string(rune('A' + n - 1))
	case style == "i" && n > 0 && n < 100:
		return strings.ToLower(roman(n))
	case style == "I" && n > 0 && n < 100:
		return roman(n)
	}
	return strconv.Itoa(n)
}

func roman(n int) string {
	tens := [...]string{"", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC"}
	ones := [...]string{"", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"}
	return tens[n/10] + ones[n%10]
}

// item writes a list item. Its paragraphs are one text, unless it holds
// headings: then it is a card, and its parts are written as they are.
func (e *emitter) item(i int, label string) {
	nd := &e.t.nodes[i]
	if nd.flags&(dropped|consumed) != 0 || nd.text == 0 {
		return
	}
	p := place{kind: knowledge.ListItem, level: max(e.lists, 1), label: label, joined: true}
	if e.t.holdsHeading(i) {
		p = place{}
	}
	e.within(p, func() {
		if !e.disclosure(i) {
			e.children(i)
		}
	})
}

// holdsHeading reports whether a heading is among the first parts of an item.
func (t *tree) holdsHeading(i int) bool {
	const within = 40
	for j := i + 1; j < min(t.end(i), i+within); j++ {
		switch t.tag(j) {
		case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Article:
			return true
		}
	}
	return false
}

// definitions writes a list of terms. Terms that are questions make questions
// and answers.
func (e *emitter) definitions(i int) {
	e.flush()
	var terms []string
	e.definitionParts(i, &terms, e.t.nodes[i].marks&markFAQ != 0)
	e.flush()
	for _, term := range terms {
		e.add(knowledge.Block{Kind: knowledge.Definition, Label: term})
	}
}

func (e *emitter) definitionParts(i int, terms *[]string, faq bool) {
	t := e.t
	for c := i + 1; c < t.end(i); c = t.end(c) {
		if t.is(c, dropped|consumed) || t.nodes[c].text == 0 {
			continue
		}
		switch t.tag(c) {
		case atom.Dt:
			if e.disclosure(c) {
				continue
			}
			*terms = append(*terms, t.fullText(c))
		case atom.Dd:
			label := strings.Join(*terms, ", ")
			*terms = nil
			if label != "" && (faq || isQuestion(label)) {
				e.pair(label, func() { e.children(c) })
				continue
			}
			kind := knowledge.Definition
			if label == "" {
				kind = knowledge.Paragraph
			}
			e.within(place{kind: kind, label: label, joined: true}, func() { e.children(c) })
		case atom.Div:
			e.definitionParts(c, terms, faq)
		default:
			e.node(c)
		}
	}
}

func isQuestion(s string) bool {
	s = strings.TrimRight(s, " \u00a0+-–▼▾▸›»×")
	return strings.HasSuffix(s, "?") || strings.HasSuffix(s, "？") || strings.HasSuffix(s, "؟") || strings.HasPrefix(s, "¿")
}
