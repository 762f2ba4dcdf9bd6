package htmldoc

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// node is one element or text of a page. Nodes lie in document order, and the
// subtree of node i is [i, end): every walk is a loop over a slice.
type node struct {
	html   *html.Node
	parent int32
	end    int32
	// text, link and punct count the characters, those inside links, and the
	// sentence marks of what is kept of the subtree.
	text, link, punct int32
	marks             mark
	flags             flag
	score             float32
}

type flag uint16

const (
	dropped     flag = 1 << iota // with everything below
	disclosable                  // hidden until the reader opens it
	control                      // a button that opens something in the content
	inNav                        // inside navigation
	inLink
	tabControl // a role=tab; its text heads the panel
	consumed   // a panel already written together with its control
	blockLevel
)

type tree struct {
	nodes []node
	body  int
	ids   map[string]int // first element of an id that something points at
	head  headFacts
	// panelOf leads from a control to the panel it opens; labelOf from a tab
	// panel to its tab.
	panelOf, labelOf map[int]int
	scripts          int
	noscript         string
}

func (t *tree) tag(i int) atom.Atom { return t.nodes[i].html.DataAtom }

func (t *tree) is(i int, f flag) bool { return t.nodes[i].flags&f != 0 }

func (t *tree) isText(i int) bool { return t.nodes[i].html.Type == html.TextNode }

func (t *tree) attr(i int, key string) string { return attr(t.nodes[i].html, key) }

func (t *tree) parent(i int) int { return int(t.nodes[i].parent) }

func (t *tree) end(i int) int { return int(t.nodes[i].end) }

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// flatten lays the elements and texts of a parsed page out in document order.
func flatten(root *html.Node) *tree {
	t := &tree{ids: map[string]int{}, panelOf: map[int]int{}, labelOf: map[int]int{}, body: -1}
	add := func(n *html.Node, parent int) int {
		i := len(t.nodes)
		t.nodes = append(t.nodes, node{html: n, parent: int32(parent)})
		t.describe(i, parent)
		return i
	}
	at := add(root, -1)
	n := root
	for n != nil {
		if c := nextShown(n.FirstChild); c != nil {
			at = add(c, at)
			n = c
			continue
		}
		for {
			t.nodes[at].end = int32(len(t.nodes))
			if n == root {
				n = nil
				break
			}
			if c := nextShown(n.NextSibling); c != nil {
				at = add(c, t.parent(at))
				n = c
				break
			}
			n, at = n.Parent, t.parent(at)
		}
	}
	if t.body < 0 {
		t.body = 0
	}
	return t
}

func nextShown(n *html.Node) *html.Node {
	for n != nil && n.Type != html.ElementNode && n.Type != html.TextNode {
		n = n.NextSibling
	}
	return n
}

// describe notes what can be said of a node from itself and those above it.
func (t *tree) describe(i, parent int) {
	nd := &t.nodes[i]
	if parent >= 0 {
		nd.flags = t.nodes[parent].flags & (inNav | inLink)
	}
	n := nd.html
	if n.Type != html.ElementNode {
		return
	}
	if !isInline(n.DataAtom) {
		nd.flags |= blockLevel
	}
	switch n.DataAtom {
	case atom.Body:
		if t.body < 0 {
			t.body = i
		}
	case atom.A:
		if leadsAway(attr(n, "href")) {
			nd.flags |= inLink
		}
	case atom.Nav:
		nd.flags |= inNav
	case atom.Script:
		t.scripts++
	case atom.Noscript:
		if n.FirstChild != nil && n.FirstChild.Type == html.TextNode && len(t.noscript) < 4096 {
			t.noscript += n.FirstChild.Data[:min(len(n.FirstChild.Data), 4096)] + "\n"
		}
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "id":
			nd.marks |= marksOf(a.Val)
			if _, taken := t.ids[a.Val]; !taken && a.Val != "" {
				t.ids[a.Val] = i
			}
		case "class":
			m := marksOf(a.Val)
			if m&markInvisible != 0 && shownSomewhere(a.Val) {
				m &^= markInvisible
			}
			nd.marks |= m
		case "role":
			switch a.Val {
			case "navigation", "menu", "menubar", "banner", "contentinfo":
				nd.flags |= inNav
			}
		case "itemprop":
			if a.Val == "articleBody" {
				nd.marks |= markBody
			}
		}
	}
	t.head.note(t, i)
}

// leadsAway tells links to other pages from places on the same page, telephone
// numbers and mail addresses, which are content.
func leadsAway(href string) bool {
	href = strings.TrimSpace(href)
	for _, p := range [...]string{"#", "tel:", "mailto:", "sms:"} {
		if strings.HasPrefix(href, p) {
			return false
		}
	}
	return href != ""
}

// isInline tells elements that stand within a line of text. Elements that the
// standard does not know count as inline, as in a browser.
func isInline(a atom.Atom) bool {
	switch a {
	case atom.Html, atom.Head, atom.Body, atom.P, atom.Div, atom.Section, atom.Article, atom.Main, atom.Header, atom.Footer, atom.Aside, atom.Nav,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Hgroup, atom.Ul, atom.Ol, atom.Li, atom.Dl, atom.Dt, atom.Dd, atom.Menu, atom.Dir,
		atom.Table, atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Colgroup, atom.Col,
		atom.Pre, atom.Listing, atom.Xmp, atom.Plaintext, atom.Blockquote, atom.Figure, atom.Figcaption, atom.Details, atom.Summary, atom.Dialog,
		atom.Form, atom.Fieldset, atom.Legend, atom.Address, atom.Center, atom.Hr, atom.Br, atom.Title, atom.Option, atom.Optgroup, atom.Search, atom.Button:
		return false
	}
	return true
}

// measure counts text, links and sentence marks of what is kept, from the last
// node to the first, so that every subtree is complete before it is added.
func (t *tree) measure() {
	t.spreadDropped()
	for i := range t.nodes {
		nd := &t.nodes[i]
		nd.text, nd.link, nd.punct = 0, 0, 0
		if nd.html.Type == html.TextNode && nd.flags&dropped == 0 {
			nd.text, nd.punct = countText(nd.html.Data)
			if nd.flags&inLink != 0 {
				nd.link = nd.text
			}
		}
	}
	for i := len(t.nodes) - 1; i > 0; i-- {
		nd := &t.nodes[i]
		if nd.flags&dropped != 0 {
			continue
		}
		p := &t.nodes[nd.parent]
		p.text += nd.text
		p.link += nd.link
		p.punct += nd.punct
	}
}

// spreadDropped marks everything below a dropped node as dropped.
func (t *tree) spreadDropped() {
	for i := 1; i < len(t.nodes); i++ {
		if t.is(t.parent(i), dropped) {
			t.nodes[i].flags |= dropped
		}
	}
}

// countText counts the characters of a text as a reader sees it and the marks
// that sentences have.
func countText(s string) (chars, marks int32) {
	space := true
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch c {
			case ' ', '\n', '\t', '\r', '\f':
				if !space {
					chars++
				}
				space = true
				continue
			case ',':
				marks++
			case '.', '!', '?', ';', ':':
				if i == len(s) || s[i] <= ' ' {
					marks++
				}
			}
		} else {
			r, n := utf8.DecodeRuneInString(s[i:])
			i += n
			switch r {
			case '，', '。', '、', '؟', '،', '！', '？', '；', '।':
				marks++
			}
			// A character of these scripts says as much as about three letters.
			if r >= 0x2e80 && r <= 0x9fff || r >= 0xac00 && r <= 0xd7a3 {
				chars += 2
			}
		}
		space = false
		chars++
	}
	return chars, marks
}

// shortText returns the text of a subtree with folded whitespace, cut at limit
// bytes. It looks at no more than a few hundred nodes.
func (t *tree) shortText(i, limit int) string {
	const maxNodes = 400
	var sb strings.Builder
	steps := 0
	for j := i; j < t.end(i) && sb.Len() < limit && steps < maxNodes; j++ {
		steps++
		if j != i && t.is(j, dropped) {
			j = t.end(j) - 1
			continue
		}
		if t.isText(j) {
			appendFolded(&sb, t.nodes[j].html.Data, limit)
			continue
		}
		switch t.tag(j) {
		case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Svg:
			j = t.end(j) - 1
			continue
		}
		if t.is(j, blockLevel) && sb.Len() > 0 {
			sb.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(sb.String()), " ")
}

func appendFolded(sb *strings.Builder, s string, limit int) {
	if room := limit - sb.Len(); len(s) > 4*room {
		s = s[:4*room]
	}
	sb.WriteString(strings.ToValidUTF8(s, ""))
}
