package office

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/kundeagent/kundeagent/knowledge"
)

// node is an element. Names are local names: the strict and the transitional
// form of the formats differ in their namespaces only, and where two
// vocabularies share a name the place decides.
type node struct {
	name  string
	text  string // character data of the element itself
	attrs []xml.Attr
	kids  []*node
}

// attr returns an attribute by local name, the one without namespace before
// others.
func (n *node) attr(local string) string {
	found := ""
	for _, a := range n.attrs {
		if a.Name.Local != local {
			continue
		}
		if a.Name.Space == "" {
			return a.Value
		}
		if found == "" {
			found = a.Value
		}
	}
	return found
}

// relation returns a relationship attribute such as r:id, which may stand next
// to a plain attribute of the same local name.
func (n *node) relation(local string) string {
	for _, a := range n.attrs {
		if a.Name.Local == local && strings.HasSuffix(a.Name.Space, "/relationships") {
			return a.Value
		}
	}
	return ""
}

// kid returns the first child of that name, or nil. A nil node has none.
func (n *node) kid(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// at follows a path of child names.
func (n *node) at(path ...string) *node {
	for _, name := range path {
		n = n.kid(name)
	}
	return n
}

// val returns the val attribute of a child, empty where there is none.
func (n *node) val(child string) string {
	if k := n.kid(child); k != nil {
		return k.attr("val")
	}
	return ""
}

// find calls fn for n's descendants of that name, outermost first, without
// looking inside the ones found.
func (n *node) find(name string, fn func(*node)) {
	if n == nil {
		return
	}
	for _, k := range n.kids {
		if k.name == name {
			fn(k)
		} else {
			k.find(name, fn)
		}
	}
}

// isOn reads a toggle such as <w:vanish/>: present and not switched off.
func (n *node) isOn() bool {
	switch n.attr("val") {
	case "0", "false", "off", "none":
		return false
	}
	return true
}

// withoutText are elements never looked into. They are read and counted, but
// only that they are there is kept.
var withoutText = map[string]bool{
	"del": true, "moveFrom": true, "delText": true, "delInstrText": true,
	"sectPr": true, "binData": true, "blipFill": true,
	"custGeom": true, "effectLst": true, "timing": true, "transition": true,
	"bodyPr": true, "sp3d": true, "scene3d": true, "clrMapOvr": true,
}

// maxTag is how long one tag may be: pictures are sometimes stored in an
// attribute, so it is generous.
const maxTag = 4 << 20

var errTagTooLong = fmt.Errorf("a tag is longer than %d bytes: %w", maxTag, knowledge.ErrTooLarge)

// tagReader hands bytes to the decoder and refuses tags without end, which the
// decoder would collect attribute by attribute.
type tagReader struct {
	data  []byte
	at    int
	tag   int // where the open tag began, -1 outside
	quote byte
}

func (r *tagReader) ReadByte() (byte, error) {
	if r.at >= len(r.data) {
		return 0, io.EOF
	}
	c := r.data[r.at]
	r.at++
	switch {
	case r.tag < 0:
		if c == '<' && r.at < len(r.data) && r.data[r.at] != '!' && r.data[r.at] != '?' {
			r.tag = r.at
		}
	case r.at-r.tag > maxTag:
		return 0, errTagTooLong
	case r.quote != 0:
		if c == r.quote {
			r.quote = 0
		}
	case c == '"' || c == '\'':
		r.quote = c
	case c == '>':
		r.tag = -1
	}
	return c, nil
}

// Read is there because a decoder asks for it; ReadByte is what it uses.
func (r *tagReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

// treeReader turns a part into nodes.
type treeReader struct {
	name   string
	dec    *xml.Decoder
	budget *budget
	depth  int
	held   int
	names  map[string]string
}

func newTreeReader(name string, content []byte, b *budget) *treeReader {
	dec := xml.NewDecoder(&tagReader{data: toUTF8(content), tag: -1})
	dec.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii":
			return r, nil // decoded already, or a subset
		case "iso-8859-1", "windows-1252", "latin1":
			return &latin1Reader{source: r}, nil
		}
		return nil, fmt.Errorf("encoding %q: %w", label, knowledge.ErrUnsupported)
	}
	return &treeReader{name: name, dec: dec, budget: b, names: map[string]string{}}
}

// latin1Reader decodes one byte a character.
type latin1Reader struct {
	source io.Reader
	rest   []byte
}

func (l *latin1Reader) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		var one [1]byte
		if _, err := io.ReadFull(l.source, one[:]); err != nil {
			return 0, err
		}
		l.rest = []byte(string(rune(one[0])))
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// toUTF8 decodes UTF-16 by its byte order mark or by the zero next to the first
// "<", and removes a UTF-8 mark.
func toUTF8(content []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(content, []byte{0xEF, 0xBB, 0xBF}):
		return content[3:]
	case bytes.HasPrefix(content, []byte{0xFF, 0xFE}):
		order, content = binary.LittleEndian, content[2:]
	case bytes.HasPrefix(content, []byte{0xFE, 0xFF}):
		order, content = binary.BigEndian, content[2:]
	case bytes.HasPrefix(content, []byte{'<', 0}):
		order = binary.LittleEndian
	case bytes.HasPrefix(content, []byte{0, '<'}):
		order = binary.BigEndian
	default:
		return content
	}
	units := make([]uint16, len(content)/2)
	for i := range units {
		units[i] = order.Uint16(content[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// next returns the next token, nil at the end of the part.
func (t *treeReader) next() (xml.Token, error) {
	tok, err := t.dec.Token()
	switch {
	case err == io.EOF:
		return nil, nil
	case err == nil:
		return tok, nil
	case errors.Is(err, knowledge.ErrTooLarge), errors.Is(err, knowledge.ErrUnsupported):
		return nil, fmt.Errorf("part %s: %w", t.name, err)
	}
	return nil, malformed("part %s (%v)", t.name, err)
}

func (t *treeReader) enter() error {
	t.depth++
	if t.depth > t.budget.lim.MaxDepth {
		return tooLarge("part %s nests deeper than %d", t.name, t.budget.lim.MaxDepth)
	}
	if err := t.budget.element(); err != nil {
		return fmt.Errorf("part %s: %w", t.name, err)
	}
	return nil
}

// stream reads a part and calls each for the complete elements whose ancestors
// are all named in open, so that a long part is never held as a whole. It
// returns the root's name, empty for a part without elements.
func (t *treeReader) stream(open []string, each func(*node) error) (root string, err error) {
	for {
		tok, err := t.next()
		if err != nil || tok == nil {
			return root, err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			if root == "" {
				root = e.Name.Local
			}
			if err := t.enter(); err != nil {
				return root, err
			}
			if contains(open, e.Name.Local) {
				continue
			}
			t.held = 0
			n, err := t.subtree(e)
			if err != nil {
				return root, err
			}
			if err := each(n); err != nil {
				return root, err
			}
		case xml.EndElement:
			t.depth--
		}
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// subtree reads the rest of an element whose start was read and entered.
func (t *treeReader) subtree(start xml.StartElement) (*node, error) {
	if withoutText[start.Name.Local] {
		return &node{name: t.intern(start.Name.Local)}, t.skip()
	}
	t.held++
	if t.held > t.budget.lim.MaxElements/4 {
		return nil, tooLarge("part %s has a block of more than %d elements", t.name, t.budget.lim.MaxElements/4)
	}
	n := &node{name: t.intern(start.Name.Local), attrs: start.Attr}
	var text []byte
	for {
		tok, err := t.next()
		if err != nil {
			return nil, err
		}
		switch e := tok.(type) {
		case nil:
			return nil, malformed("part %s ends early", t.name)
		case xml.CharData:
			if n.name == "t" || len(bytes.TrimSpace(e)) > 0 {
				text = append(text, e...)
			}
		case xml.StartElement:
			if err := t.enter(); err != nil {
				return nil, err
			}
			k, err := t.subtree(e)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, k)
		case xml.EndElement:
			t.depth--
			n.text = string(text)
			return n, nil
		}
	}
}

func (t *treeReader) skip() error {
	for level := 1; level > 0; {
		tok, err := t.next()
		if err != nil {
			return err
		}
		switch tok.(type) {
		case nil:
			return malformed("part %s ends early", t.name)
		case xml.StartElement:
			level++
			if err := t.enter(); err != nil {
				return err
			}
		case xml.EndElement:
			level--
			t.depth--
		}
	}
	return nil
}

// intern keeps one copy of each element name.
func (t *treeReader) intern(name string) string {
	if known, ok := t.names[name]; ok {
		return known
	}
	t.names[name] = name
	return name
}

// tree reads a part as one node, nil where the part is absent or empty.
func (c *container) tree(name string) (*node, error) {
	var root *node
	_, err := c.stream(name, nil, func(n *node) error {
		if root == nil {
			root = n
		}
		return nil
	})
	return root, err
}

// stream reads a part element by element; see treeReader.stream.
func (c *container) stream(name string, open []string, each func(*node) error) (root string, err error) {
	content, err := c.read(name)
	if err != nil || content == nil {
		return "", err
	}
	return newTreeReader(name, content, c.budget).stream(open, each)
}
