package office

import (
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// shapes reads the shapes of a slide or of a group, except the title, which was
// read first.
func (s *slideReader) shapes(tree *node, lay *layout, title *node) error {
	if tree == nil {
		return nil
	}
	for _, k := range tree.kids {
		var err error
		switch k.name {
		case "sp":
			if k != title {
				err = s.shape(k, lay)
			}
		case "cxnSp":
			err = s.shape(k, lay)
		case "graphicFrame":
			err = s.graphic(k)
		case "grpSp":
			err = s.shapes(k, lay, title)
		case "AlternateContent":
			err = s.shapes(alternative(k), lay, title)
		case "contentPart", "pic":
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// shape reads a shape's paragraphs, bulleted ones as list items.
func (s *slideReader) shape(n *node, lay *layout) error {
	kind, index := placeholder(n)
	switch kind {
	case "sldNum", "dt", "ftr", "hdr", "sldImg":
		return nil
	}
	if isHidden(n) {
		return nil
	}
	body := n.kid("txBody")
	lists := bulletStyle{own: body.kid("lstStyle"), layout: lay.lists(kind, index), byDefault: kind == "body" || kind == "obj"}
	var counts slideCounters
	for _, p := range body.children("p") {
		text := s.line(p)
		if strings.TrimSpace(text) == "" {
			continue
		}
		level, _ := strconv.Atoi(attrOf(p.kid("pPr"), "lvl"))
		level = max(0, min(level, listLevels-1))
		block := knowledge.Block{Text: text}
		if marker, ok := counts.marker(lists.mark(p, level), level); ok {
			block = knowledge.Block{Kind: knowledge.ListItem, Level: level + 1, Label: marker, Text: text}
		}
		if err := s.emit(block); err != nil {
			return err
		}
	}
	return nil
}

// isHidden tells whether a shape is switched off in the selection pane.
func isHidden(n *node) bool {
	for _, properties := range []string{"nvSpPr", "nvGraphicFramePr", "nvCxnSpPr"} {
		if c := n.at(properties, "cNvPr"); c != nil {
			v := c.attr("hidden")
			return v == "1" || v == "true"
		}
	}
	return false
}

func attrOf(n *node, name string) string {
	if n == nil {
		return ""
	}
	return n.attr(name)
}

// line returns the text of an a:p and records its links. Fields that a program
// fills in, as the date, are not text.
func (s *slideReader) line(p *node) string {
	var sb strings.Builder
	for _, k := range p.kids {
		s.runText(&sb, k)
	}
	return sb.String()
}

func (s *slideReader) runText(sb *strings.Builder, n *node) {
	switch n.name {
	case "r":
		text := ""
		if t := n.kid("t"); t != nil {
			text = t.text
		}
		sb.WriteString(text)
		if click := n.at("rPr", "hlinkClick"); click != nil {
			if r := s.rels.byID(click.relation("id")); r.external {
				s.budget.link(&s.out.Doc, linkURL(r.target, ""), text)
			}
		}
	case "br", "tab":
		sb.WriteByte('\n')
	case "fld":
		kind := n.attr("type")
		if t := n.kid("t"); t != nil && kind != "slidenum" && !strings.HasPrefix(kind, "datetime") {
			sb.WriteString(t.text)
		}
	case "oMath", "oMathPara":
		sb.WriteString(" " + linearMath(n) + " ")
	case "AlternateContent":
		if choice := alternative(n); choice != nil {
			for _, k := range choice.kids {
				s.runText(sb, k)
			}
		}
	case "m": // a14:m wraps a formula
		for _, k := range n.kids {
			s.runText(sb, k)
		}
	}
}

// graphic reads a table, chart or diagram.
func (s *slideReader) graphic(n *node) error {
	if isHidden(n) {
		return nil
	}
	data := n.at("graphic", "graphicData")
	if data == nil {
		return nil
	}
	var blocks []knowledge.Block
	var err error
	for _, k := range data.kids {
		switch k.name {
		case "tbl":
			err = s.table(k)
		case "chart":
			blocks, err = s.readChart(s.rels.byID(k.relation("id")).target)
		case "relIds":
			blocks, err = s.readDiagram(s.rels.byID(k.relation("dm")).target)
		}
		if err != nil {
			return err
		}
		for _, b := range blocks {
			if err := s.emit(b); err != nil {
				return err
			}
		}
		blocks = nil
	}
	return nil
}

// table reads an a:tbl. Merged cells are repeated in every row and column they
// cover, so that a row can be understood by itself.
func (s *slideReader) table(n *node) error {
	look := attrOf(n.kid("tblPr"), "firstRow")
	out := &tableEmitter{emit: s.emit, firstRowIsHeader: look == "1" || look == "true"}
	g := &grid{}
	for _, row := range n.children("tr") {
		var cells []string
		left := ""
		for _, cell := range row.children("tc") {
			if err := s.budget.cell(1); err != nil {
				return err
			}
			text := s.cellText(cell)
			switch {
			case cell.attr("hMerge") == "1" || cell.attr("hMerge") == "true":
				text = left
			case cell.attr("vMerge") == "1" || cell.attr("vMerge") == "true":
				text = g.at(len(cells))
			}
			left = text
			g.set(len(cells), text)
			cells = append(cells, text)
		}
		if err := out.add(cells, false); err != nil {
			return err
		}
	}
	return out.flush()
}

func (s *slideReader) cellText(cell *node) string {
	var parts []string
	for _, p := range cell.kid("txBody").children("p") {
		if text := strings.TrimSpace(s.line(p)); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}
