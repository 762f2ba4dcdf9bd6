package office

import (
	"strconv"
	"strings"
)

// style is what of a Word style bears on text.
type style struct {
	name    string // lower case; built-in names are English in every language
	basedOn string
	outline int // 0-based outline level, -1 undeclared, 9 is body text
	numID   string
	level   int    // list level with numID
	vanish  *bool  // nil undeclared
	kind    string // "paragraph", "character", ...
}

type styles struct {
	byID      map[string]style
	defaultID string // of paragraphs that name none
}

// maxBasedOn ends chains of styles that are based on each other in a circle.
const maxBasedOn = 32

func (c *container) readStyles(part string) (styles, error) {
	s := styles{byID: map[string]style{}}
	_, err := c.stream(part, []string{"styles"}, func(n *node) error {
		if n.name != "style" {
			return nil
		}
		st := style{
			name:    strings.ToLower(strings.TrimSpace(n.val("name"))),
			basedOn: n.val("basedOn"),
			outline: -1,
			kind:    n.attr("type"),
		}
		properties := n.kid("pPr")
		if v, err := strconv.Atoi(properties.val("outlineLvl")); err == nil {
			st.outline = v
		}
		st.numID = properties.at("numPr").val("numId")
		st.level, _ = strconv.Atoi(properties.at("numPr").val("ilvl"))
		if v := n.at("rPr", "vanish"); v != nil {
			on := v.isOn()
			st.vanish = &on
		}
		id := n.attr("styleId")
		s.byID[id] = st
		if on := n.attr("default"); st.kind == "paragraph" && (on == "1" || on == "true") {
			s.defaultID = id
		}
		return nil
	})
	return s, err
}

// chain calls fn for a style and those it is based on until fn returns true.
func (s *styles) chain(id string, fn func(id string, st style) bool) {
	for range maxBasedOn {
		st, ok := s.byID[id]
		if !ok || fn(id, st) {
			return
		}
		id = st.basedOn
	}
}

// heading returns the heading level 1–6 a style gives, 0 for body text.
func (s *styles) heading(id string) int {
	level := 0
	s.chain(id, func(_ string, st style) bool {
		if rest, ok := strings.CutPrefix(st.name, "heading"); ok {
			if v, err := strconv.Atoi(strings.TrimSpace(rest)); err == nil && v > 0 {
				level = v
				return true
			}
		}
		if st.name == "title" {
			level = 1
			return true
		}
		if st.outline >= 0 {
			if st.outline < 9 {
				level = st.outline + 1
			}
			return true
		}
		return false
	})
	return min(level, 6)
}

// hidden tells whether a style hides its text; declared is false where neither
// the style nor those it is based on say.
func (s *styles) hidden(id string) (hidden, declared bool) {
	s.chain(id, func(_ string, st style) bool {
		if st.vanish != nil {
			hidden, declared = *st.vanish, true
		}
		return declared
	})
	return hidden, declared
}

// list returns the numbering a style carries, and which style of the chain
// declared it.
func (s *styles) list(id string) (numID, declaredBy string, level int) {
	s.chain(id, func(at string, st style) bool {
		if st.numID != "" {
			numID, declaredBy, level = st.numID, at, st.level
			return true
		}
		return false
	})
	return numID, declaredBy, level
}

// isCode and isQuote go by the names Word, LibreOffice and converters use.
func (s *styles) isCode(id string) bool {
	return s.named(id, "source code", "code", "html preformatted", "preformatted text", "macro")
}

func (s *styles) isQuote(id string) bool {
	return s.named(id, "quote", "intense quote", "block text", "quotations")
}

func (s *styles) named(id string, names ...string) bool {
	found := false
	s.chain(id, func(_ string, st style) bool {
		found = contains(names, st.name)
		return found
	})
	return found
}
