package htmldoc

import (
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// mainContent returns the element that holds the main content. Paragraphs score
// by length and sentence marks, lose by links, and hand their score up to four
// levels with falling weight; the best element then grows to the article or main
// element around it.
func (t *tree) mainContent(sel selectors) int {
	if i := t.keptBySelector(sel); i >= 0 {
		return i
	}
	t.scoreParagraphs()
	best, bestScore := t.body, float32(0)
	for i := t.body; i < t.end(t.body); i++ {
		if t.is(i, dropped) || t.nodes[i].score == 0 {
			continue
		}
		if s := t.weigh(i); s > bestScore {
			best, bestScore = i, s
		}
	}
	root := t.semanticRoot(best)
	return t.grow(root, bestScore)
}

func (t *tree) keptBySelector(sel selectors) int {
	if sel.keep == nil {
		return -1
	}
	for i := range t.nodes {
		if n := t.nodes[i].html; n.Type == html.ElementNode && !t.is(i, dropped) && sel.keep.Match(n) {
			return i
		}
	}
	return -1
}

func (t *tree) scoreParagraphs() {
	const shortest = 25
	for i := t.body + 1; i < t.end(t.body); i++ {
		nd := &t.nodes[i]
		if nd.flags&dropped != 0 || nd.text < shortest || nd.html.Type != html.ElementNode || !t.isParagraph(i) {
			continue
		}
		score := 1 + float32(nd.punct) + min(float32(nd.text)/100, 3)
		score *= 1 - float32(nd.link)/float32(nd.text)
		p := t.parent(i)
		for _, share := range [...]float32{1, 1. / 2, 1. / 6, 1. / 9} {
			if p < 0 {
				break
			}
			t.nodes[p].score += score * share
			p = t.parent(p)
		}
	}
}

// isParagraph tells elements that directly hold running text.
func (t *tree) isParagraph(i int) bool {
	switch t.tag(i) {
	case atom.P, atom.Pre, atom.Li, atom.Blockquote, atom.Dd, atom.Td:
		return true
	case atom.Div, atom.Section:
		for c := i + 1; c < t.end(i); c = t.end(c) {
			if t.is(c, blockLevel) && t.tag(c) != atom.Br {
				return false
			}
		}
		return true
	}
	return false
}

// weigh returns the score of an element with what its links and name say.
func (t *tree) weigh(i int) float32 {
	nd := &t.nodes[i]
	s := nd.score
	if nd.text > 0 {
		s *= 1 - float32(nd.link)/float32(nd.text)
	}
	switch {
	case nd.marks&markBody != 0:
		return s * 1.5
	case t.isMain(i):
		return s * 1.3
	case nd.marks&markContent != 0:
		return s * 1.1
	}
	return s
}

func (t *tree) isMain(i int) bool {
	return t.tag(i) == atom.Article || t.tag(i) == atom.Main || t.attr(i, "role") == "main"
}

func (t *tree) semanticRoot(best int) int {
	root := best
	for p := t.parent(best); p > t.body; p = t.parent(p) {
		if !t.isMain(p) && t.nodes[p].marks&markBody == 0 {
			continue
		}
		x := &t.nodes[p]
		if x.text < t.nodes[best].text*3 && x.link*5 < (x.text+1)*2 {
			root = p
			if t.tag(p) == atom.Article {
				break
			}
		}
	}
	return root
}

// grow climbs to an element above that adds text not made of links: text that
// scored well, or that is built of sentences as the root's own text is, as the
// other chapters of a page of questions are.
func (t *tree) grow(root int, bestScore float32) int {
	const levels = 4 // to look up beyond one that adds little or nothing
	for p, n := t.parent(root), 0; p > t.body && n < levels; p, n = t.parent(p), n+1 {
		added := t.nodes[p].text - t.nodes[root].text
		links := t.nodes[p].link - t.nodes[root].link
		if added == 0 {
			root, n = p, -1
			continue
		}
		if added <= t.nodes[root].text/10 || links*4 >= added {
			continue
		}
		if t.nodes[p].score > bestScore*.6 || t.isProse(root, p) {
			root, n = p, -1
		}
	}
	return root
}

// isProse reports whether what p adds to the root has nearly as many sentence
// marks as the root itself, and few links.
func (t *tree) isProse(root, p int) bool {
	r, all := &t.nodes[root], &t.nodes[p]
	added, marks, links := all.text-r.text, all.punct-r.punct, all.link-r.link
	return links*10 < added && float32(marks)*float32(r.text) > .6*float32(r.punct)*float32(added)
}
