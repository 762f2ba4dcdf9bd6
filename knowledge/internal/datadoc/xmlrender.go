package datadoc

import (
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// Elements of DocBook, DITA and XHTML whose role a reader knows.
var (
	docBookBlocks    = newWords("para simpara formalpara listitem item row entry programlisting screen member step answer question")
	paragraphTags    = newWords("para simpara p")
	headTags         = newWords("title h1 h2 h3 h4 h5 h6 bridgehead")
	listTags         = newWords("itemizedlist orderedlist simplelist ul ol list steps procedure")
	itemTags         = newWords("listitem li member step")
	codeTags         = newWords("programlisting screen pre codeblock literallayout")
	noteTags         = newWords("note tip warning caution important footnote admonition")
	quoteTags        = newWords("blockquote quote epigraph")
	rowTags          = newWords("row tr")
	definitionTags   = newWords("varlistentry glossentry dlentry")
	speakingAttrs    = newWords("name title label alt caption summary description")
	technicalAttrs   = newWords("id class style lang space base href src url rel type schemalocation nonamespaceschemalocation role version xmlns linkend")
	transparentNames = newWords("section chapter article book part div body main info tbody tgroup table informaltable thead tfoot sect1 sect2 sect3 sect4 sect5 appendix preface variablelist glosslist dl qandaset qandadiv topic conbody taskbody html channel data content root")
)

// xmlRenderer turns a tree of elements into blocks.
type xmlRenderer struct {
	p      *parser
	header []string // the column names of the table being rendered
	// heading is the path that was last announced, so that records of one kind
	// do not repeat it.
	heading string
	title   *element // which became the document's title
}

// document renders any vocabulary that is no feed.
func (x *xmlRenderer) document(root *element) {
	head := root
	if info := root.child("info", "articleinfo", "bookinfo", "head", "metadata"); info != nil && root.childOf(titleNames) == nil {
		head = info
	}
	if t := head.childOf(titleNames); t != nil {
		x.p.b.Doc.Title = x.p.line(t.content())
		x.title = t
	} else {
		x.p.b.Doc.Title = root.attr("title")
	}
	x.p.b.Doc.Modified = parseTime(firstNonEmpty(root.attr("updated"), root.attr("modified"), head.child("updated", "modified", "date", "pubdate").content()))
	if text, elements := root.shape(); !elements || text {
		x.block(root, "", 1)
		return
	}
	x.attributes(root, "")
	for _, c := range root.children {
		if c != x.title {
			x.block(c, "", 2)
		}
	}
}

func firstNonEmpty(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// block renders one element; path names its parents below the root.
func (x *xmlRenderer) block(e *element, path string, level int) {
	if e.name == "" || x.p.stopped() {
		return
	}
	x.links(e)
	switch {
	case headTags[e.name]:
		if len(e.name) == 2 {
			level, _ = strconv.Atoi(e.name[1:])
		}
		x.p.heading(level, e.content())
	case paragraphTags[e.name]:
		x.mixed(e)
	case listTags[e.name]:
		x.list(e, 1)
	case itemTags[e.name]:
		x.p.add(knowledge.Block{Kind: knowledge.ListItem, Level: 1, Label: "•", Text: e.content()})
	case codeTags[e.name]:
		x.p.add(knowledge.Block{Kind: knowledge.Code, Label: e.attr("language"), Text: e.content()})
	case noteTags[e.name] && len(e.children) > 0:
		x.inlineLinks(e)
		x.p.add(knowledge.Block{Kind: knowledge.Note, Label: e.name, Text: e.content()})
	case quoteTags[e.name]:
		x.inlineLinks(e)
		x.p.add(knowledge.Block{Kind: knowledge.Quote, Text: e.content()})
	case rowTags[e.name] && e.child("entry", "td", "th") != nil:
		x.row(e)
	case definitionTags[e.name] && e.child("term", "glossterm", "dt") != nil:
		x.definition(e)
	case x.question(e):
	default:
		x.generic(e, path, level)
	}
}

// links collects what an element itself points at.
func (x *xmlRenderer) links(e *element) {
	if href := firstNonEmpty(e.attr("href"), e.attr("url")); href != "" && e.name != "image" && e.name != "img" {
		text := ""
		if _, elements := e.shape(); !elements { // or nested ones would repeat their text
			text = e.content()
		}
		x.p.link(href, text)
	}
}

// inlineLinks collects the links of everything within an element whose text is
// taken as a whole.
func (x *xmlRenderer) inlineLinks(e *element) {
	for _, c := range e.children {
		if c.name != "" {
			x.links(c)
			x.inlineLinks(c)
		}
	}
}

func (x *xmlRenderer) mixed(e *element) {
	x.inlineLinks(e)
	x.p.prose(e.content())
}

func (x *xmlRenderer) list(e *element, level int) {
	n := 0
	for _, c := range e.children {
		if c.name == "" || x.p.stopped() {
			continue
		}
		if headTags[c.name] {
			x.p.heading(4, c.content())
			continue
		}
		n++
		label := "•"
		if e.name == "orderedlist" || e.name == "ol" || e.name == "procedure" || e.name == "steps" {
			label = strconv.Itoa(n) + "."
		}
		flat := &element{name: c.name}
		var inner []*element
		for _, part := range c.children {
			if listTags[part.name] {
				inner = append(inner, part)
			} else {
				flat.children = append(flat.children, part)
			}
		}
		x.inlineLinks(flat)
		x.p.add(knowledge.Block{Kind: knowledge.ListItem, Level: level, Label: label, Text: flat.content()})
		for _, l := range inner {
			x.list(l, level+1)
		}
	}
}

func (x *xmlRenderer) row(e *element) {
	var cells []string
	heads := 0
	for _, c := range e.children {
		if c.name == "entry" || c.name == "td" || c.name == "th" {
			cells = append(cells, c.content())
			if c.name == "th" {
				heads++
			}
		}
	}
	if x.header == nil && heads == len(cells) {
		x.setHeader(cells)
		return
	}
	x.p.add(knowledge.Block{Kind: knowledge.TableRow, Cells: cells, Header: x.header})
}

func (x *xmlRenderer) setHeader(cells []string) {
	x.header = cells
	x.p.add(knowledge.Block{Kind: knowledge.TableHeader, Cells: append([]string(nil), cells...)})
}

func (x *xmlRenderer) definition(e *element) {
	var rest []string
	term := e.child("term", "glossterm", "dt")
	for _, c := range e.children {
		if c != term {
			rest = append(rest, c.content())
		}
	}
	x.p.add(knowledge.Block{Kind: knowledge.Definition, Label: term.content(), Text: strings.Join(rest, " ")})
}

// question renders an element that holds a question and its answer.
func (x *xmlRenderer) question(e *element) bool {
	var question, answer *element
	for _, c := range e.children {
		switch {
		case c.name == "" || len(c.name) == 1: // <a> and <q> are HTML's
		case question == nil && questionNames.has(c.name):
			question = c
		case answer == nil && answerNames.has(c.name):
			answer = c
		}
	}
	if question == nil || answer == nil {
		return false
	}
	x.inlineLinks(e)
	x.p.qa(question.content(), answer.content())
	return true
}

// generic renders an element of no known role: text alone as a line with its
// name, mixed content as a paragraph, and elements under a heading.
func (x *xmlRenderer) generic(e *element, path string, level int) {
	text, elements := e.shape()
	if !transparentNames[e.name] {
		path = x.p.join(path, " > ", e.name)
	}
	switch {
	case text && elements:
		x.mixed(e)
	case text:
		x.leaf(e)
	case elements:
		x.container(e, path, level)
	default:
		x.attributes(e, e.name)
	}
}

// leaf renders an element that holds nothing but text.
func (x *xmlRenderer) leaf(e *element) {
	if contentNames.has(e.name) || transparentNames[e.name] {
		x.p.prose(e.content())
		return
	}
	name := e.name
	if label := e.label(); label != "" {
		name += " " + label
	}
	x.p.paragraph(name + ": " + x.p.line(e.content()))
	if addressNames.has(e.name) {
		x.p.link(e.content(), "")
	}
}

// label is what an element calls itself in an attribute.
func (e *element) label() string {
	return firstNonEmpty(e.attr("title"), e.attr("name"), e.attr("label"))
}

// container renders an element that holds elements only. Its heading is its
// title, or else the path of element names, which is announced once for
// records in a row.
func (x *xmlRenderer) container(e *element, path string, level int) {
	title := e.childOf(titleNames)
	if title == nil {
		if info := e.child("info"); info != nil {
			title = info.childOf(titleNames)
		}
	}
	heading := e.label()
	if title != nil && title == x.title {
		heading = ""
	} else if title != nil {
		heading = x.p.line(title.content())
	}
	switch {
	case heading != "":
		x.p.heading(level, heading)
		x.heading = heading
		level++
	case !transparentNames[e.name] && path != x.heading && e.hasLeaf():
		x.p.heading(level, path)
		x.heading = path
		level++
	}
	if e.name == "table" || e.name == "informaltable" || e.name == "tgroup" || e.name == "thead" {
		outer := x.header
		if e.name != "thead" {
			x.header = nil
			defer func() { x.header = outer }()
		} else if r := e.child("row", "tr"); r != nil {
			x.tableHead(r)
			return
		}
	}
	x.attributes(e, "")
	for _, c := range e.children {
		if c == title && c.name != "" {
			continue
		}
		x.block(c, path, level)
	}
}

func (x *xmlRenderer) tableHead(r *element) {
	var cells []string
	for _, c := range r.children {
		if c.name != "" {
			cells = append(cells, c.content())
		}
	}
	x.setHeader(cells)
}

// hasLeaf reports whether a child holds text, so that a heading has something
// to stand above.
func (e *element) hasLeaf() bool {
	for _, c := range e.children {
		if text, _ := c.shape(); text {
			return true
		}
	}
	return false
}

// attributes renders what attributes tell a reader: of an element with content
// only those that speak, of an empty one (prefix is its name) all that are not
// technical.
func (x *xmlRenderer) attributes(e *element, prefix string) {
	var parts []string
	for _, a := range e.attrs {
		name := strings.ToLower(a.Name.Local)
		value := strings.TrimSpace(a.Value)
		if value == "" || a.Name.Space == "xmlns" || technicalAttrs[name] {
			continue
		}
		if prefix == "" && (!speakingAttrs[name] || value == e.label()) {
			continue
		}
		parts = append(parts, name+" "+value)
	}
	if len(parts) == 0 {
		return
	}
	line := strings.Join(parts, ", ")
	if prefix != "" {
		line = prefix + ": " + line
	}
	x.p.paragraph(line)
}
