package pdfdoc

import (
	"math"
	"net/url"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"

	"github.com/ledongthuc/pdf"
)

const maxAnnotations = 5_000

// annotations draws what the page's annotations show: the values of form
// fields, free text, stamps. Hidden ones and pop-ups stay out.
func (in *interpreter) annotations(p page) {
	list := p.value.Key("Annots")
	for i := 0; i < list.Len() && i < maxAnnotations && in.err == nil; i++ {
		in.annotation(list.Index(i))
	}
}

const (
	annotationHidden = 1 << 1
	annotationNoView = 1 << 5
)

func (in *interpreter) annotation(a pdf.Value) {
	kind := a.Key("Subtype").Name()
	if kind == "Link" {
		in.link(a)
		return
	}
	if kind == "Popup" || a.Key("F").Int64()&(annotationHidden|annotationNoView) != 0 {
		return
	}
	look := a.Key("AP").Key("N")
	if !isStream(look) && look.Kind() == pdf.Dict {
		look = look.Key(a.Key("AS").Name())
	}
	if !isStream(look) {
		in.plainAnnotation(kind, a)
		return
	}
	rect, box := a.Key("Rect"), look.Key("BBox")
	if rect.Len() != 4 || box.Len() != 4 {
		return
	}
	g := graphics{scale: 1, ctm: placement(numbers(rect), numbers(box), matrixOf(look.Key("Matrix")))}
	before := in.text
	in.drawForm(look, in.f.catalog().Key("AcroForm").Key("DR"), g, 1)
	if in.text == before { // an appearance that was never brought up to date
		in.plainAnnotation(kind, a)
	}
}

// link notes where a link leads. Its text, the glyphs drawn under it, is looked
// up when the page is arranged.
func (in *interpreter) link(a pdf.Value) {
	target := strings.TrimSpace(textString(a.Key("A").Key("URI").RawString()))
	u, err := url.Parse(target)
	if err != nil || len(in.links) >= maxLinks || len(target) > maxTarget {
		return
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https", "mailto", "tel":
		r := numbers(a.Key("Rect"))
		in.links = append(in.links, knowledge.Link{URL: target, Text: in.under(r)})
	}
}

const (
	maxLinks    = 10_000 // per document
	maxTarget   = 2_048  // bytes
	maxLinkText = 300    // bytes
	maxLinkScan = 20_000 // glyphs of a page looked at for each link
)

// under returns the text drawn inside a rectangle.
func (in *interpreter) under(r [4]float64) string {
	x0, x1, y0, y1 := min(r[0], r[2]), max(r[0], r[2]), min(r[1], r[3]), max(r[1], r[3])
	var inside []glyph
	for _, g := range in.glyphs[:min(len(in.glyphs), maxLinkScan)] {
		x, y := g.x+g.ux*g.width/2, g.y+g.size/4
		if x >= x0 && x <= x1 && y >= y0 && y <= y1 {
			inside = append(inside, g)
		}
	}
	in.ops += min(len(in.glyphs), maxLinkScan) / bytesPerOperator
	var sb strings.Builder
	for _, l := range lines(inside, page{}) {
		sb.WriteString(l.text + " ")
	}
	text := build.Fold(sb.String())
	if len(text) > maxLinkText {
		return ""
	}
	return text
}

const plainAnnotationSize = 10

// plainAnnotation shows the text of free text and of filled-in fields that come
// without an appearance.
func (in *interpreter) plainAnnotation(kind string, a pdf.Value) {
	var text string
	switch kind {
	case "FreeText":
		text = textString(a.Key("Contents").RawString())
	case "Widget":
		text = fieldText(a)
	}
	rect := numbers(a.Key("Rect"))
	if strings.TrimSpace(text) == "" || len(text) > in.lim.MaxText {
		return
	}
	if in.text += len(text); in.text > in.lim.MaxText {
		in.err = errTextTooLong(in.lim.MaxText)
		return
	}
	y := max(rect[1], rect[3]) - plainAnnotationSize
	for _, l := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		in.put(glyph{x: min(rect[0], rect[2]), y: y, ux: 1, size: plainAnnotationSize, text: l, width: float64(len(l)) * plainAnnotationSize / 2})
		y -= 1.2 * plainAnnotationSize
	}
}

// fieldText is the value of a text or choice field, looked up along its
// parents.
func fieldText(a pdf.Value) string {
	kind, value := "", pdf.Value{}
	for depth := 0; depth < 10 && a.Kind() == pdf.Dict; depth++ {
		if kind == "" {
			kind = a.Key("FT").Name()
		}
		if value.Kind() == pdf.Null {
			value = a.Key("V")
		}
		a = a.Key("Parent")
	}
	if kind != "Tx" && kind != "Ch" {
		return ""
	}
	if value.Kind() == pdf.Array {
		value = value.Index(0)
	}
	return textString(value.RawString())
}

func numbers(v pdf.Value) (out [4]float64) {
	for i := range out {
		out[i] = v.Index(i).Float64()
	}
	return out
}

// placement maps the appearance's box, after its own matrix, onto the
// annotation's rectangle.
func placement(rect, box [4]float64, m matrix) matrix {
	x0, y0 := math.Inf(1), math.Inf(1)
	x1, y1 := math.Inf(-1), math.Inf(-1)
	for _, c := range [][2]float64{{box[0], box[1]}, {box[2], box[1]}, {box[0], box[3]}, {box[2], box[3]}} {
		p := matrix{1, 0, 0, 1, c[0], c[1]}.times(m)
		x0, x1 = min(x0, p[4]), max(x1, p[4])
		y0, y1 = min(y0, p[5]), max(y1, p[5])
	}
	left, right := min(rect[0], rect[2]), max(rect[0], rect[2])
	bottom, top := min(rect[1], rect[3]), max(rect[1], rect[3])
	sx, sy := 1.0, 1.0
	if x1 > x0 && right > left {
		sx = (right - left) / (x1 - x0)
	}
	if y1 > y0 && top > bottom {
		sy = (top - bottom) / (y1 - y0)
	}
	return matrix{sx, 0, 0, sy, left - x0*sx, bottom - y0*sy}
}
