package pdfdoc

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/ledongthuc/pdf"

	"github.com/kundeagent/kundeagent/knowledge"
)

// matrix is an affine transformation [a b c d e f] as the format writes it.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

// times applies m first and n after it.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

func matrixOf(v pdf.Value) matrix {
	if v.Len() != 6 {
		return identity
	}
	var m matrix
	for i := range m {
		m[i] = v.Index(i).Float64()
	}
	return m
}

// glyph is one shown character code on the page, in units of the page: where it
// begins, its advance along (ux,uy), and its size.
type glyph struct {
	x, y, width, size float64
	ux, uy            float64
	text              string
	bold              bool
}

// graphics is what q saves and Q restores.
type graphics struct {
	charSpace, wordSpace, scale, leading, size, rise float64
	font                                             *font
	ctm                                              matrix
}

// interpreter runs content streams and collects the glyphs they show.
type interpreter struct {
	ctx    context.Context
	f      *file
	lim    Limits
	ops    int
	text   int
	fonts  map[int64]*font
	glyphs []glyph
	page   page
	lines  []line // of the page so far
	links  []knowledge.Link
	forms  map[int64]bool // forms being drawn, so that none draws itself
	err    error
}

const (
	maxFormDepth = 6
	// Content without operators counts too, at fewer bytes than operators take.
	bytesPerOperator = 128
	maxSaved         = 512
	maxOperands      = 2_000
)

// run draws one content stream. After an error that must end the document,
// in.err is set and nothing more is drawn.
func (in *interpreter) run(content []byte, resources pdf.Value, g graphics, depth int) {
	c := &canvas{in: in, resources: resources, g: g, tm: identity, line: identity, depth: depth, named: map[string]*font{}}
	p := objectParser{lexer: lexer{b: content}}
	in.ops += len(content) / bytesPerOperator
	var args []obj
	for in.err == nil {
		t := p.next()
		if t.kind == tokEOF {
			return
		}
		if t.kind == tokKeyword && !t.is("[") && !t.is("<<") && !t.is("true") && !t.is("false") && !t.is("null") {
			in.count()
			if t.is("BI") {
				skipInlineImage(&p.lexer)
			} else {
				c.operator(t.raw, args)
			}
			args = args[:0]
			continue
		}
		p.nodes, p.broken = 0, false
		v := p.value(t, 0)
		if p.broken || len(args) >= maxOperands {
			in.count()
			continue
		}
		args = append(args, v)
	}
}

func (in *interpreter) count() {
	in.ops++
	if in.ops > in.lim.MaxOperators {
		in.err = fmt.Errorf("more than %d drawing operators: %w", in.lim.MaxOperators, knowledge.ErrTooLarge)
	} else if in.ops%4096 == 0 {
		in.err = in.ctx.Err()
	}
}

// skipInlineImage moves behind the image's end mark.
func skipInlineImage(l *lexer) {
	for {
		t := l.next()
		if t.kind == tokEOF {
			return
		}
		if t.is("ID") {
			break
		}
	}
	b := l.b
	for i := l.pos + 1; i+1 < len(b); i++ {
		if b[i] == 'E' && b[i+1] == 'I' && isSpace(b[i-1]) && (i+2 == len(b) || isSpace(b[i+2])) && textual(b[i+2:min(len(b), i+12)]) {
			l.pos = i + 2
			return
		}
	}
	l.pos = len(b)
}

// textual reports bytes that can be content and are not image data.
func textual(b []byte) bool {
	for _, c := range b {
		if c >= 0x7F || c < ' ' && !isSpace(c) {
			return false
		}
	}
	return true
}

// canvas is the state of one content stream.
type canvas struct {
	in        *interpreter
	resources pdf.Value
	g         graphics
	saved     []graphics
	tm, line  matrix
	depth     int
	named     map[string]*font
	actual    []actualText
}

// actualText is an open marked-content span, with the text to read in place of
// its glyphs when it declares one.
type actualText struct {
	text     string
	declared bool
	given    bool
}

func (c *canvas) operator(op []byte, args []obj) {
	g := &c.g
	switch string(op) {
	case "q":
		if len(c.saved) < maxSaved {
			c.saved = append(c.saved, *g)
		}
	case "Q":
		if n := len(c.saved); n > 0 {
			*g, c.saved = c.saved[n-1], c.saved[:n-1]
		}
	case "cm":
		if len(args) >= 6 {
			g.ctm = operands(args).matrix().times(g.ctm)
		}
	case "Tj", "'", "\"", "TJ":
		c.showOperator(string(op), args)
	case "gs":
		if len(args) > 0 {
			if f := c.resources.Key("ExtGState").Key(args[0].s).Key("Font"); f.Len() == 2 {
				g.font, g.size = c.loaded(f.Index(0)), f.Index(1).Float64()
			}
		}
	case "Do":
		if len(args) > 0 {
			c.form(args[len(args)-1].s)
		}
	case "BMC", "BDC":
		c.beginMarked(args)
	case "EMC":
		if n := len(c.actual); n > 0 {
			c.actual = c.actual[:n-1]
		}
	default:
		c.textOperator(op, args)
	}
}

// operands gives numbers by position, zero where there are too few.
type operands []obj

func (a operands) num(i int) float64 {
	if i < len(a) {
		return a[i].f
	}
	return 0
}

func (a operands) matrix() matrix {
	return matrix{a.num(0), a.num(1), a.num(2), a.num(3), a.num(4), a.num(5)}
}

// textOperator sets the text state and the place of the next text.
func (c *canvas) textOperator(op []byte, args operands) {
	g := &c.g
	num := args.num
	switch string(op) {
	case "BT":
		c.tm, c.line = identity, identity
	case "Tc":
		g.charSpace = num(0)
	case "Tw":
		g.wordSpace = num(0)
	case "Tz":
		g.scale = num(0) / 100
	case "TL":
		g.leading = num(0)
	case "Ts":
		g.rise = num(0)
	case "Tf":
		if len(args) >= 2 {
			g.font, g.size = c.font(args[0].s), num(1)
		}
	case "Td":
		c.move(num(0), num(1))
	case "TD":
		g.leading = -num(1)
		c.move(num(0), num(1))
	case "Tm":
		if len(args) >= 6 {
			c.tm, c.line = args.matrix(), args.matrix()
		}
	case "T*":
		c.move(0, -g.leading)
	}
}

func (c *canvas) showOperator(op string, args []obj) {
	if op == "\"" && len(args) >= 3 {
		c.g.wordSpace, c.g.charSpace = args[0].f, args[1].f
	}
	if op == "'" || op == "\"" {
		c.move(0, -c.g.leading)
	}
	if len(args) == 0 {
		return
	}
	last := args[len(args)-1]
	if last.kind == objString {
		c.show(last.s)
		return
	}
	for _, v := range last.arr {
		if v.kind == objString {
			c.show(v.s)
			continue
		}
		c.kern(-v.f / 1000 * c.g.size)
	}
}

// kern moves along the writing direction.
func (c *canvas) kern(d float64) {
	if c.g.font != nil && c.g.font.vertical {
		c.tm = matrix{1, 0, 0, 1, 0, d}.times(c.tm)
		return
	}
	c.tm = matrix{1, 0, 0, 1, d * c.g.scale, 0}.times(c.tm)
}

func (c *canvas) move(x, y float64) {
	c.line = matrix{1, 0, 0, 1, x, y}.times(c.line)
	c.tm = c.line
}

func (c *canvas) beginMarked(args []obj) {
	if len(c.actual) >= maxSaved {
		return
	}
	a := actualText{}
	if n := len(c.actual); n > 0 {
		a = c.actual[n-1]
	}
	if len(args) == 2 {
		if s, ok := args[1].dict["ActualText"]; ok {
			a = actualText{text: textString(s.s), declared: true}
		} else if args[1].kind == objName {
			if v := c.resources.Key("Properties").Key(args[1].s).Key("ActualText"); v.Kind() == pdf.String {
				a = actualText{text: textString(v.RawString()), declared: true}
			}
		}
	}
	c.actual = append(c.actual, a)
}

// spoken replaces a glyph's text inside a span that declares its text: the
// first glyph carries all of it.
func (c *canvas) spoken(text string) string {
	n := len(c.actual)
	if n == 0 || !c.actual[n-1].declared {
		return text
	}
	if c.actual[n-1].given {
		return ""
	}
	s := c.actual[n-1].text
	for i := range c.actual {
		if c.actual[i].declared && c.actual[i].text == s {
			c.actual[i].given = true
		}
	}
	return s
}

func (c *canvas) show(s string) {
	g := &c.g
	if g.font == nil {
		return
	}
	g.font.decode(s, func(sh shown) {
		in := c.in
		if in.count(); in.err != nil {
			return
		}
		m := matrix{g.size * g.scale, 0, 0, g.size, 0, g.rise}.times(c.tm).times(g.ctm)
		advance := sh.width*g.size + g.charSpace
		if sh.space {
			advance += g.wordSpace
		}
		text := c.spoken(sh.text)
		if in.text += len(text); in.text > in.lim.MaxText {
			in.err = errTextTooLong(in.lim.MaxText)
			return
		}
		if g.font.vertical {
			size := math.Hypot(m[0], m[1])
			in.put(glyph{x: m[4], y: m[5], width: size, size: size, ux: -m[2], uy: -m[3], text: text, bold: g.font.bold})
			c.tm = matrix{1, 0, 0, 1, 0, -(g.size + g.charSpace)}.times(c.tm)
			return
		}
		along := math.Hypot(m[0], m[1])
		in.put(glyph{x: m[4], y: m[5], width: sh.width * along, size: min(math.Hypot(m[2], m[3]), 2*along), ux: m[0], uy: m[1], text: text, bold: g.font.bold})
		c.tm = matrix{1, 0, 0, 1, advance * g.scale, 0}.times(c.tm)
	})
}

func errTextTooLong(limit int) error {
	return fmt.Errorf("more than %d bytes of text: %w", limit, knowledge.ErrTooLarge)
}

// put keeps a glyph whose numbers make sense.
func (in *interpreter) put(g glyph) {
	n := math.Hypot(g.ux, g.uy)
	if n == 0 || math.IsNaN(n+g.x+g.y+g.width+g.size) || math.IsInf(n+g.x+g.y+g.width+g.size, 0) || math.Abs(g.x)+math.Abs(g.y) > 1e6 || g.size > 1e5 {
		return
	}
	g.ux, g.uy = g.ux/n, g.uy/n
	in.glyphs = append(in.glyphs, g)
	if len(in.glyphs) >= maxGlyphs {
		in.arrange()
	}
}

// maxGlyphs is how many glyphs are arranged at once, several times what a
// printed page holds.
const maxGlyphs = 150_000

// arrange turns the glyphs collected so far into lines.
func (in *interpreter) arrange() {
	in.lines = append(in.lines, lines(in.glyphs, in.page)...)
	in.glyphs = in.glyphs[:0]
}

func (c *canvas) font(name string) *font {
	if f, ok := c.named[name]; ok {
		return f
	}
	f := c.loaded(c.resources.Key("Font").Key(name))
	c.named[name] = f
	return f
}

func (c *canvas) loaded(v pdf.Value) *font {
	id := objectID(v)
	if f, ok := c.in.fonts[id]; ok && id > 0 {
		return f
	}
	c.in.ops += 1000 // reading a font is work that operators should pay for
	f, err := c.in.f.loadFont(v)
	if err != nil {
		c.in.err = err
		return nil
	}
	c.in.ops += len(f.widths) / 10
	if id > 0 {
		c.in.fonts[id] = f
	}
	return f
}

// form draws a form XObject with this stream's state.
func (c *canvas) form(name string) {
	x := c.resources.Key("XObject").Key(name)
	if x.Key("Subtype").Name() != "Form" {
		return
	}
	c.in.drawForm(x, c.resources, c.g, c.depth+1)
}

func (in *interpreter) drawForm(x, resources pdf.Value, g graphics, depth int) {
	id := objectID(x)
	if depth > maxFormDepth || in.forms[id] || !isStream(x) || in.err != nil {
		return
	}
	in.ops += 10
	b, err := in.f.content(x)
	if err != nil {
		in.err = err
		return
	}
	in.forms[id] = true
	defer delete(in.forms, id)
	if r := x.Key("Resources"); r.Kind() == pdf.Dict {
		resources = r
	}
	g.ctm = matrixOf(x.Key("Matrix")).times(g.ctm)
	in.run(b, resources, g, depth)
}

// draw draws a page and returns its lines. Contents that cannot be read end
// there; what was drawn before stays.
func (in *interpreter) draw(p page) ([]line, error) {
	in.glyphs, in.lines, in.page = in.glyphs[:0], nil, p
	content, err := in.contents(p)
	if err != nil {
		return nil, err
	}
	in.guard(func() { in.run(content, p.resources, graphics{scale: 1, ctm: identity}, 0) })
	in.guard(func() { in.annotations(p) })
	if in.err != nil {
		return nil, in.err
	}
	in.arrange()
	return in.lines, nil
}

// guard keeps the object library's panics from ending the document, except for
// the one that says that a limit was passed.
func (in *interpreter) guard(f func()) {
	defer func() {
		if r := recover(); r != nil && in.err == nil {
			if err, ok := r.(error); ok && errors.Is(err, knowledge.ErrTooLarge) {
				in.err = err
			}
		}
	}()
	f()
}

func (in *interpreter) contents(p page) ([]byte, error) {
	contents := p.value.Key("Contents")
	if isStream(contents) {
		return in.f.content(contents)
	}
	var b []byte
	for i := 0; i < contents.Len() && i < maxContentParts; i++ {
		part, err := in.f.content(contents.Index(i))
		if err != nil {
			return nil, err
		}
		b = append(append(b, part...), '\n')
		if len(b) > in.lim.MaxStream {
			return nil, tooLargeStream(in.lim.MaxStream)
		}
	}
	return b, nil
}

const maxContentParts = 10_000
