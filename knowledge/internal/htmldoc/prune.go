package htmldoc

import (
	"fmt"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// selectors are the host's own rules for a site.
type selectors struct {
	drop []cascadia.SelectorGroup
	keep cascadia.SelectorGroup
}

func compileSelectors(opts Options) (selectors, error) {
	var s selectors
	for _, d := range opts.Drop {
		g, err := cascadia.ParseGroup(d)
		if err != nil {
			return s, fmt.Errorf("selector to drop %q: %w", d, err)
		}
		s.drop = append(s.drop, g)
	}
	if opts.Keep != "" {
		g, err := cascadia.ParseGroup(opts.Keep)
		if err != nil {
			return s, fmt.Errorf("selector to keep %q: %w", opts.Keep, err)
		}
		s.keep = g
	}
	return s, nil
}

// hideBySelector drops what the host's selectors name.
func (t *tree) hideBySelector(sel selectors) {
	for _, g := range sel.drop {
		for i := range t.nodes {
			if n := t.nodes[i].html; n.Type == html.ElementNode && g.Match(n) {
				t.nodes[i].flags |= dropped
			}
		}
	}
}

// markDisclosures finds what a reader can open: panels named by a button, tab
// panels, and elements with the usual class names. Such content is part of the
// page although it is hidden.
func (t *tree) markDisclosures() {
	for i := range t.nodes {
		nd := &t.nodes[i]
		if nd.html.Type != html.ElementNode {
			continue
		}
		if nd.marks&markCollapse != 0 {
			nd.flags |= disclosable
		}
		if len(nd.html.Attr) == 0 || nd.flags&inNav != 0 {
			continue
		}
		if strings.EqualFold(t.attr(i, "hidden"), "until-found") {
			nd.flags |= disclosable
		}
		switch t.attr(i, "role") {
		case "tabpanel":
			nd.flags |= disclosable
			if tab, ok := t.ids[firstWord(t.attr(i, "aria-labelledby"))]; ok && tab != i {
				t.labelOf[i] = tab
			}
		case "tab":
			nd.flags |= tabControl
		}
		t.markControl(i)
	}
}

// markControl links a control of the content with the panel it opens.
func (t *tree) markControl(i int) {
	nd := &t.nodes[i]
	target := ""
	opens := false
	switch toggle := t.attr(i, "data-toggle") + t.attr(i, "data-bs-toggle"); toggle {
	case "collapse", "tab", "pill":
		opens = true
		for _, key := range [...]string{"data-target", "data-bs-target", "href"} {
			if v := t.attr(i, key); strings.HasPrefix(v, "#") && len(v) > 1 {
				target = v[1:]
				break
			}
		}
		if toggle != "collapse" {
			nd.flags |= tabControl
		}
	}
	if v := firstWord(t.attr(i, "aria-controls")); v != "" {
		target, opens = v, true
	}
	if !opens && !hasAttr(nd.html, "aria-expanded") {
		return
	}
	said := nd.marks | marksOf(t.attr(i, "aria-label")) | marksOf(target)
	if said&(markControl|markConsent) != 0 || t.attr(i, "aria-haspopup") != "" {
		nd.flags &^= tabControl
		return
	}
	panel, found := t.ids[target]
	if found && (panel <= i && t.end(panel) > i || t.is(panel, inNav) || t.nodes[panel].marks&(markControl|markConsent) != 0) {
		return
	}
	if isControlElement(t, i) {
		nd.flags |= control
	}
	if next := t.elementAfter(i); !found && next >= 0 && t.is(next, blockLevel) && t.nodes[next].marks&(markControl|markConsent) == 0 && t.is(i, control) {
		t.nodes[next].flags |= disclosable
	}
	if found {
		t.nodes[panel].flags |= disclosable
		t.panelOf[i] = panel
		if t.is(i, tabControl) {
			t.labelOf[panel] = i
		}
	}
}

// elementAfter returns the element that follows i, or the heading i is in, or -1
// when text stands in between.
func (t *tree) elementAfter(i int) int {
	if p := t.parent(i); p >= 0 && isHeadingTag(t.tag(p)) {
		i = p
	}
	p := t.parent(i)
	if p < 0 {
		return -1
	}
	const farthest = 4
	for n, s := 0, t.end(i); s < t.end(p) && n < farthest; n, s = n+1, t.end(s) {
		if !t.isText(s) {
			return s
		}
		if strings.TrimSpace(t.nodes[s].html.Data) != "" {
			return -1
		}
	}
	return -1
}

func isControlElement(t *tree, i int) bool {
	switch t.tag(i) {
	case atom.Button, atom.A, atom.Summary, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Dt:
		return true
	case atom.Div, atom.Span, atom.Li, atom.P, atom.Header:
		return t.attr(i, "role") == "button" || t.attr(i, "role") == "tab" || hasAttr(t.nodes[i].html, "aria-expanded")
	}
	return false
}

func firstWord(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, " \t\r\n"); i >= 0 {
		return s[:i]
	}
	return s
}

// dropFixed drops what is never content whatever its size: what a browser does
// not show, forms' controls, and the landmarks of navigation.
func (t *tree) dropFixed() {
	for i := range t.nodes {
		nd := &t.nodes[i]
		if nd.html.Type == html.ElementNode && nd.flags&dropped == 0 && t.neverContent(i) {
			nd.flags |= dropped
		}
	}
}

func (t *tree) neverContent(i int) bool {
	nd := &t.nodes[i]
	switch nd.html.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Svg, atom.Iframe, atom.Object, atom.Embed, atom.Canvas, atom.Noscript, atom.Input, atom.Select,
		atom.Textarea, atom.Head, atom.Nav, atom.Footer, atom.Menu, atom.Dialog, atom.Option, atom.Audio, atom.Video, atom.Map, atom.Datalist,
		atom.Progress, atom.Meter, atom.Noframes, atom.Noembed, atom.Rt, atom.Rp, atom.Search, atom.Link, atom.Meta, atom.Title:
		return true
	case atom.Button:
		return nd.flags&(control|tabControl) == 0 && nd.marks&markQuestion == 0
	}
	if len(nd.html.Attr) == 0 {
		return false
	}
	switch strings.ToLower(t.attr(i, "role")) {
	case "navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "menu", "menubar", "toolbar", "tooltip", "status", "doc-toc":
		return true
	}
	if nd.flags&disclosable != 0 {
		return false
	}
	if hasAttr(nd.html, "hidden") {
		return true
	}
	style := t.attr(i, "style")
	return style != "" && hiddenByStyle(style)
}

// hiddenByStyle tells inline styles that show nothing: not displayed, of no
// size, or moved off the page.
func hiddenByStyle(style string) bool {
	const longest = 4096
	style = strings.ToLower(style[:min(len(style), longest)])
	hidden, clipped := false, 0
	for _, decl := range strings.Split(style, ";") {
		name, value, ok := strings.Cut(decl, ":")
		if !ok {
			continue
		}
		name = strings.TrimSpace(name)
		value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important"))
		switch name {
		case "display":
			hidden = value == "none"
		case "visibility":
			if value == "hidden" || value == "collapse" {
				return true
			}
		case "font-size":
			if isZeroLength(value) {
				return true
			}
		case "width", "height", "max-height", "max-width":
			if isZeroLength(value) || value == "1px" {
				clipped++
			}
		case "overflow":
			if value == "hidden" {
				clipped++
			}
		case "left", "top", "text-indent", "margin-left":
			if strings.HasPrefix(value, "-999") {
				return true
			}
		}
		if hidden {
			return true
		}
	}
	return clipped >= 2
}

func isZeroLength(v string) bool {
	switch v {
	case "0", "0px", "0em", "0rem", "0%", "0pt":
		return true
	}
	return false
}

// dropByName drops parts whose class, id or element says that they stand beside
// the content, unless they hold so much of the page's text that the name must
// mean something else.
func (t *tree) dropByName() {
	total := t.nodes[t.body].text
	for i := t.body + 1; i < t.end(t.body); i++ {
		nd := &t.nodes[i]
		if nd.flags&dropped != 0 {
			i = t.end(i) - 1
			continue
		}
		if nd.html.Type == html.ElementNode && t.besideContent(i, total) {
			nd.flags |= dropped
			i = t.end(i) - 1
		}
	}
}

func (t *tree) besideContent(i int, total int32) bool {
	nd := &t.nodes[i]
	small := nd.text*3 < total
	switch nd.html.DataAtom {
	case atom.Aside:
		return small && nd.marks&markCallout == 0
	case atom.Header:
		return !t.inMain(i) && nd.text*4 < total
	case atom.Main, atom.Blockquote, atom.Body, atom.Html, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Code, atom.Pre, atom.Td, atom.Tr, atom.Th, atom.Table, atom.Summary, atom.Details:
		return false
	case atom.Article:
		// The classes of an article often list its topics.
		if nd.marks&markContent != 0 {
			return false
		}
	}
	m := nd.marks
	if m&markBeside != 0 && t.idNamesHeading(i) {
		m = marksOf(t.attr(i, "class"))
	}
	if m&markMenu != 0 && nd.link*3 > nd.text {
		m |= markAside
	}
	if m&markBeside != 0 && m&markBody == 0 && nd.flags&(disclosable|control) == 0 && t.isFurniture(i, total) {
		return true
	}
	if !small {
		return false
	}
	if nd.text < 600 && t.isNotice(i) {
		return true
	}
	if t.attr(i, "aria-hidden") == "true" && nd.flags&disclosable == 0 {
		return true
	}
	if t.attr(i, "role") == "complementary" && m&markCallout == 0 {
		return true
	}
	if nd.flags&(disclosable|control) != 0 {
		m &^= markInvisible
	}
	if m&markBeside == 0 || m&markBody != 0 {
		return false
	}
	switch nd.html.DataAtom {
	case atom.P, atom.Span:
		return nd.text < 200
	}
	return !t.quotes(i)
}

// quotes reports whether an element is a wrapper around one quotation, as of an
// embedded post.
func (t *tree) quotes(i int) bool {
	const within = 4
	for j := i + 1; j < min(t.end(i), i+within); j++ {
		if t.tag(j) == atom.Blockquote {
			return t.nodes[j].text*10 >= t.nodes[i].text*8
		}
	}
	return false
}

// idNamesHeading reports whether the id of a section is made of the words of its
// heading, as the tools that write manuals do: it then speaks of what the
// section is about.
func (t *tree) idNamesHeading(i int) bool {
	const within = 12
	id := asciiLetters(t.attr(i, "id"))
	if id == "" {
		return false
	}
	for j := i + 1; j < min(t.end(i), i+within); j++ {
		if isHeadingTag(t.tag(j)) {
			return strings.HasPrefix(asciiLetters(t.shortText(j, 300)), id)
		}
	}
	return false
}

func asciiLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// isFurniture tells parts that are named as such and also look it, links for the
// most part or a question about cookies with its button. On a short page they
// may hold more text than the content does.
func (t *tree) isFurniture(i int, total int32) bool {
	nd := &t.nodes[i]
	if nd.text*10 > total*9 {
		return false
	}
	return nd.link*2 > nd.text || nd.marks&markConsent != 0 && t.hasButton(i)
}

func (t *tree) hasButton(i int) bool {
	const within = 200
	for j := i + 1; j < min(t.end(i), i+within); j++ {
		switch t.tag(j) {
		case atom.Button, atom.Input:
			return true
		}
	}
	return false
}

// isNotice tells cookie notices and boxes that ask for feedback by their words.
func (t *tree) isNotice(i int) bool {
	nd := &t.nodes[i]
	if nd.flags&blockLevel == 0 || nd.text == 0 {
		return false
	}
	switch nd.html.DataAtom {
	case atom.Div, atom.Section, atom.Form, atom.Fieldset, atom.P, atom.H4, atom.H5, atom.H6:
	default:
		return false
	}
	if nd.text < 250 && asksFeedback(t.shortText(i, 80)) {
		return true
	}
	return t.nearTop(i) && t.hasButton(i) && strings.Contains(strings.ToLower(t.shortText(i, 600)), "cookie")
}

// nearTop tells parts a few levels below the body, where notices stand.
func (t *tree) nearTop(i int) bool {
	const levels = 4
	for range levels {
		if i = t.parent(i); i == t.body {
			return true
		}
		if i < 0 || t.isMain(i) {
			return false
		}
	}
	return false
}

func (t *tree) inMain(i int) bool {
	for p := t.parent(i); p > 0; p = t.parent(p) {
		if a := t.tag(p); a == atom.Main || a == atom.Article {
			return true
		}
	}
	return false
}

// dropInside drops lists and boxes inside the main content that are mostly
// links, and small forms.
func (t *tree) dropInside(root int, news bool) {
	t.dropCaptions(root, news)
	whole := t.nodes[root].text
	lastKept := make([]int32, t.end(root)-root) // the last kept part, by parent
	for i := root + 1; i < t.end(root); i++ {
		nd := &t.nodes[i]
		if nd.flags&dropped != 0 {
			i = t.end(i) - 1
			continue
		}
		if nd.html.Type != html.ElementNode || nd.text == 0 {
			continue
		}
		beside := &lastKept[t.parent(i)-root]
		if !t.linkFarm(i, whole) {
			*beside = int32(i)
			continue
		}
		nd.flags |= dropped
		t.dropOrphan(int(*beside), i)
		i = t.end(i) - 1
	}
	t.dropPointers(root)
	t.spreadDropped()
}

func (t *tree) linkFarm(i int, whole int32) bool {
	nd := &t.nodes[i]
	switch nd.html.DataAtom {
	case atom.Form:
		if nd.text*4 < whole {
			return true
		}
	case atom.Ul, atom.Ol, atom.Div, atom.Section, atom.Aside, atom.Table, atom.Header:
	default:
		return false
	}
	return nd.text > 0 && nd.link*5 > nd.text*3 && nd.punct < 10
}
