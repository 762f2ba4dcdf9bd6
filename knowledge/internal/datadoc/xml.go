package datadoc

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// ParseXML reads XML: RSS and Atom feeds give a section per item with its date
// and link, sitemaps their addresses, DocBook and the like their structure, and
// any other vocabulary lines such as "opening: 9-17" under headings that name
// the element. Entities a document defines itself are never expanded. It is
// safe for concurrent use.
func ParseXML(ctx context.Context, name string, data []byte, lim Limits) (*knowledge.Document, error) {
	return parse(ctx, name, data, lim, declaredXML, (*parser).xml)
}

var xmlEncoding = regexp.MustCompile(`^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']`)

// declaredXML returns the character set of the XML declaration.
func declaredXML(data []byte) string {
	if m := xmlEncoding.FindSubmatch(data[:min(len(data), 1024)]); m != nil {
		return string(m[1])
	}
	return ""
}

// element is one XML element, or a piece of text where name is empty.
type element struct {
	name     string // local, in lower case
	text     string
	attrs    []xml.Attr
	children []*element
}

func (p *parser) xml(text string) error {
	root, err := p.xmlTree(text)
	if err != nil {
		return err
	}
	if lang := root.attr("lang"); lang != "" {
		p.setLanguage(lang)
	}
	x := &xmlRenderer{p: p}
	switch root.name {
	case "rss", "rdf", "feed":
		x.feed(root)
	case "urlset", "sitemapindex":
		x.sitemap(root)
	default:
		x.document(root)
	}
	return nil
}

// xmlTree reads the whole document. Small slips, as a stray & or an unclosed
// attribute, are forgiven; an end before the root is closed is not.
func (p *parser) xmlTree(text string) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	// The text is decoded already, whatever the declaration says.
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var root *element
	var open []*element
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", err, knowledge.ErrMalformed)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if err := p.count(1 + len(t.Attr)); err != nil {
				return nil, err
			}
			if len(open) == p.lim.MaxXMLDepth {
				return nil, fmt.Errorf("nested deeper than %d: %w", p.lim.MaxXMLDepth, knowledge.ErrTooLarge)
			}
			e := &element{name: strings.ToLower(t.Name.Local), attrs: t.Copy().Attr}
			if len(open) > 0 {
				top := open[len(open)-1]
				top.children = append(top.children, e)
			} else if root == nil {
				root = e
			}
			open = append(open, e)
		case xml.EndElement:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case xml.CharData:
			if err := p.xmlText(open, string(t)); err != nil {
				return nil, err
			}
		}
	}
	if root == nil {
		return nil, fmt.Errorf("no element: %w", knowledge.ErrMalformed)
	}
	return root, nil
}

// xmlText adds text to the innermost open element. White space between
// elements is kept as one blank, for it separates words in mixed content.
func (p *parser) xmlText(open []*element, text string) error {
	if len(open) == 0 {
		return nil
	}
	top := open[len(open)-1]
	if n := len(top.children); strings.TrimSpace(text) == "" && (n == 0 || top.children[n-1].name == "") {
		return nil
	}
	if err := p.count(1); err != nil {
		return err
	}
	top.children = append(top.children, &element{text: text})
	return nil
}

// attr returns an attribute by its local name.
func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if strings.EqualFold(a.Name.Local, name) && a.Name.Space != "xmlns" {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// child returns the first child element of one of the names, nil if none.
func (e *element) child(names ...string) *element {
	for _, name := range names {
		for _, c := range e.children {
			if c.name == name {
				return c
			}
		}
	}
	return nil
}

// childOf returns the first child element with a name of the set.
func (e *element) childOf(names words) *element {
	for _, c := range e.children {
		if c.name != "" && names.has(c.name) {
			return c
		}
	}
	return nil
}

// content is the element's whole text; nil has none. Elements that stand for
// themselves are kept apart by a blank line.
func (e *element) content() string {
	if e == nil {
		return ""
	}
	var sb strings.Builder
	e.write(&sb)
	return strings.TrimSpace(sb.String())
}

func (e *element) write(sb *strings.Builder) {
	if e.name == "" {
		sb.WriteString(e.text)
		return
	}
	apart := breakTags[e.name] || docBookBlocks[e.name]
	if apart {
		sb.WriteString("\n\n")
	}
	for _, c := range e.children {
		c.write(sb)
	}
	if apart {
		sb.WriteString("\n\n")
	}
}

// shape says what an element holds: text of its own, elements, both or none.
func (e *element) shape() (text, elements bool) {
	for _, c := range e.children {
		if c.name != "" {
			elements = true
		} else if strings.TrimSpace(c.text) != "" {
			text = true
		}
	}
	return text, elements
}
