package office

import (
	"strconv"
	"strings"
)

// Whether a paragraph of a slide has a bullet is said by the paragraph, else by
// its shape, else by the placeholder of the layout, else by the master.

// layout holds the list styles of a layout's placeholders.
type layout struct {
	placeholders []layoutPlaceholder
}

type layoutPlaceholder struct {
	kind, index string
	style       *node
}

// layout reads a layout part once.
func (s *slideReader) layout(part string) (*layout, error) {
	if known, ok := s.layouts[part]; ok {
		return known, nil
	}
	lay := &layout{}
	s.layouts[part] = lay
	root, err := s.optional(part)
	if err != nil || root == nil {
		return lay, err
	}
	root.find("sp", func(shape *node) {
		if kind, index := placeholder(shape); kind != "" {
			lay.placeholders = append(lay.placeholders, layoutPlaceholder{kind, index, shape.at("txBody", "lstStyle")})
		}
	})
	return lay, nil
}

// lists returns the list style of the placeholder that a shape fills: the one
// with its index, else the first of its kind.
func (l *layout) lists(kind, index string) *node {
	if kind == "" {
		return nil
	}
	var sameKind *node
	for _, p := range l.placeholders {
		if p.index == index && index != "" {
			return p.style
		}
		if p.kind == kind && sameKind == nil {
			sameKind = p.style
		}
	}
	return sameKind
}

// bulletStyle is where a shape's paragraphs take their bullets from.
type bulletStyle struct {
	own, layout *node
	byDefault   bool // body text has bullets where nothing else is said
}

// mark returns the element that decides about a paragraph's bullet: buNone,
// buChar, buAutoNum or buBlip; nil for no bullet.
func (b bulletStyle) mark(p *node, level int) *node {
	name := "lvl" + strconv.Itoa(level+1) + "pPr"
	for _, properties := range []*node{p.kid("pPr"), b.own.kid(name), b.layout.kid(name)} {
		if properties == nil {
			continue
		}
		for _, k := range properties.kids {
			switch k.name {
			case "buNone":
				return nil
			case "buChar", "buAutoNum", "buBlip":
				return k
			}
		}
	}
	if b.byDefault {
		return &node{name: "buBlip"}
	}
	return nil
}

// slideCounters count the automatic numbers of one shape.
type slideCounters struct {
	count  [listLevels]int
	scheme [listLevels]string
}

// marker returns what stands before a paragraph; ok is false for one that is
// no list item. Numbering starts again where something else stands between.
func (c *slideCounters) marker(mark *node, level int) (marker string, ok bool) {
	for i := level + 1; i < listLevels; i++ {
		c.scheme[i] = ""
	}
	if mark == nil || mark.name != "buAutoNum" {
		c.scheme[level] = ""
		if mark == nil {
			return "", false
		}
		return bullet(mark.attr("char")), true
	}
	scheme := mark.attr("type")
	if c.scheme[level] != scheme {
		c.scheme[level] = scheme
		c.count[level] = 1
		if start, err := strconv.Atoi(mark.attr("startAt")); err == nil && start > 0 {
			c.count[level] = start
		}
	} else {
		c.count[level]++
	}
	return autoNumber(c.count[level], scheme), true
}

// autoNumber writes a number in a scheme such as "alphaLcParenBoth".
func autoNumber(n int, scheme string) string {
	for _, frame := range []struct{ suffix, before, after string }{
		{"ParenBoth", "(", ")"}, {"ParenR", "", ")"}, {"Period", "", "."}, {"Minus", "", "-"}, {"Plain", "", ""},
	} {
		if format, ok := strings.CutSuffix(scheme, frame.suffix); ok {
			return frame.before + formatNumber(n, format) + frame.after
		}
	}
	return strconv.Itoa(n)
}
