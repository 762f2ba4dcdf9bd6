package office

import (
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// A chart is read as the table it was drawn from: its title, then a row for
// each category with a column for each series. Only the values stored with the
// chart are used; the embedded workbook is not opened.

// maxChartPoints is how many points a series may have to be read as a table. A
// chart with more is a curve; its titles and the names of its series are kept.
const maxChartPoints = 1000

// series is one series of a chart by point index.
type series struct {
	name             string
	categories, data map[int]string
}

// readChart returns the blocks of a chart part.
func (c *container) readChart(part string) ([]knowledge.Block, error) {
	root, err := c.tree(part)
	if err != nil || root == nil {
		return nil, err
	}
	var blocks []knowledge.Block
	addTitle := func(n *node) {
		if text := chartTitle(n); text != "" {
			blocks = append(blocks, knowledge.Block{Text: text})
		}
	}
	addTitle(root.at("chart", "title"))
	root.at("chart", "plotArea").find("title", addTitle) // of the axes
	var all []series
	root.at("chart", "plotArea").find("ser", func(n *node) { all = append(all, readSeries(n)) })
	return c.chartTable(blocks, all)
}

func (c *container) chartTable(blocks []knowledge.Block, all []series) ([]knowledge.Block, error) {
	if len(all) == 0 {
		return blocks, nil
	}
	header := []string{""}
	seen := map[int]bool{}
	var order []int
	categories := map[int]string{}
	for _, s := range all {
		header = append(header, build.Fold(s.name))
		for _, points := range []map[int]string{s.categories, s.data} {
			for i := range points {
				if !seen[i] {
					seen[i] = true
					order = append(order, i)
				}
			}
		}
		for i, name := range s.categories {
			if categories[i] == "" {
				categories[i] = name
			}
		}
	}
	if len(order) > maxChartPoints {
		order = nil
	}
	sort.Ints(order)
	if err := c.budget.cell(len(header) * (len(order) + 1)); err != nil {
		return nil, err
	}
	blocks = append(blocks, knowledge.Block{Kind: knowledge.TableHeader, Cells: append([]string(nil), header...)})
	for _, i := range order {
		cells := []string{categories[i]}
		for _, s := range all {
			cells = append(cells, s.data[i])
		}
		blocks = append(blocks, knowledge.Block{Kind: knowledge.TableRow, Cells: cells, Header: header})
	}
	return blocks, nil
}

func readSeries(n *node) series {
	s := series{categories: points(n.kid("cat")), data: points(n.kid("val"))}
	if n.kid("xVal") != nil || n.kid("yVal") != nil {
		s.categories, s.data = points(n.kid("xVal")), points(n.kid("yVal"))
	}
	for i := range 3 { // a series' name is a cell or two, or a literal
		if part := points(n.kid("tx"))[i]; part != "" {
			s.name = strings.TrimSpace(s.name + " " + part)
		}
	}
	if v := n.at("tx", "v"); v != nil && s.name == "" {
		s.name = v.text
	}
	return s
}

// points returns the cached values of a reference or a literal by index. Where
// categories have several levels only the innermost is used.
func points(n *node) map[int]string {
	found := map[int]string{}
	if n == nil {
		return found
	}
	n.find("pt", func(pt *node) {
		i, err := strconv.Atoi(pt.attr("idx"))
		v := pt.kid("v")
		if err != nil || i < 0 || v == nil {
			return
		}
		if _, twice := found[i]; !twice {
			found[i] = chartValue(v.text)
		}
	})
	return found
}

// chartValue shortens numbers that are stored in full double precision, as
// 4.2999999999999998.
func chartValue(s string) string {
	s = strings.TrimSpace(s)
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) || len(s) < 15 {
		return s
	}
	return strconv.FormatFloat(v, 'f', -1, 32)
}

// chartTitle is written out or refers to a cell.
func chartTitle(n *node) string {
	if text := richText(n); text != "" {
		return text
	}
	return points(n.kid("tx"))[0]
}

// richText joins the DrawingML text below n, a space between paragraphs.
func richText(n *node) string {
	if n == nil {
		return ""
	}
	var parts []string
	n.find("p", func(p *node) {
		var sb strings.Builder
		p.find("t", func(t *node) { sb.WriteString(t.text) })
		if text := strings.TrimSpace(sb.String()); text != "" {
			parts = append(parts, text)
		}
	})
	return strings.Join(parts, " ")
}

// A diagram (SmartArt) is a graph of points. Its tree below the document point
// is read as a nested list.

// diagram walks the tree of points.
type diagram struct {
	text     map[string]string
	children map[string][]edge
	visited  map[string]bool
	blocks   []knowledge.Block
}

type edge struct {
	order int
	to    string
}

// maxDiagramDepth is how deep a diagram's points may nest.
const maxDiagramDepth = 50

// readDiagram returns the text of a diagram's data part as list items.
func (c *container) readDiagram(part string) ([]knowledge.Block, error) {
	root, err := c.tree(part)
	if err != nil || root == nil {
		return nil, err
	}
	d := diagram{text: map[string]string{}, children: map[string][]edge{}, visited: map[string]bool{}}
	var order []string
	var roots []string
	for _, pt := range root.at("ptLst").children("pt") {
		id := pt.attr("modelId")
		switch pt.attr("type") {
		case "pres", "parTrans", "sibTrans":
			continue
		case "doc":
			roots = append(roots, id)
		}
		d.text[id] = richText(pt.kid("t"))
		order = append(order, id)
	}
	for _, cxn := range root.at("cxnLst").children("cxn") {
		if kind := cxn.attr("type"); kind != "" && kind != "parOf" {
			continue
		}
		position, _ := strconv.Atoi(cxn.attr("srcOrd"))
		from := cxn.attr("srcId")
		d.children[from] = append(d.children[from], edge{position, cxn.attr("destId")})
	}
	for _, edges := range d.children {
		sort.SliceStable(edges, func(i, j int) bool { return edges[i].order < edges[j].order })
	}
	for _, id := range append(roots, order...) { // what hangs on nothing follows
		d.walk(id, 0)
	}
	return d.blocks, nil
}

func (d *diagram) walk(id string, depth int) {
	if d.visited[id] || depth > maxDiagramDepth {
		return
	}
	d.visited[id] = true
	if text := d.text[id]; text != "" {
		d.blocks = append(d.blocks, knowledge.Block{Kind: knowledge.ListItem, Level: max(1, depth), Label: "•", Text: text})
	}
	for _, e := range d.children[id] {
		d.walk(e.to, depth+1)
	}
}

// children returns the children of that name.
func (n *node) children(name string) []*node {
	if n == nil {
		return nil
	}
	var found []*node
	for _, k := range n.kids {
		if k.name == name {
			found = append(found, k)
		}
	}
	return found
}
