package pdfdoc

import (
	"math"
	"strings"

	"github.com/ledongthuc/pdf"
)

// font turns the strings of a content stream into text and advances.
type font struct {
	name      string
	bold      bool
	composite bool
	vertical  bool
	toUnicode *cmap
	code      *cmap      // an embedded encoding map
	charset   *multiByte // a predefined encoding map
	table     byteTable
	widths    map[uint32]float64
	fallback  float64    // width of glyphs that have none
	private   *byteTable // what private-use characters F000 to F0FF stand for
	unit      float64    // size of a width unit relative to the font size
	byGlyph   map[uint32]string
}

// shown is one decoded character code.
type shown struct {
	text  string
	width float64 // relative to the font size
	space bool    // the single byte 32, which word spacing applies to
}

// maxWidths is more than the glyph numbers a font can have.
const maxWidths = 70_000

func (f *file) loadFont(v pdf.Value) (*font, error) {
	ft := &font{name: v.Key("BaseFont").Name(), unit: 0.001, widths: map[uint32]float64{}}
	if i := strings.IndexByte(ft.name, '+'); i == 6 {
		ft.name = ft.name[7:]
	}
	lower := strings.ToLower(ft.name)
	ft.private = privateTable(lower)
	ft.bold = strings.Contains(lower, "bold") || strings.Contains(lower, "black") || strings.Contains(lower, "heavy")
	if tu := v.Key("ToUnicode"); isStream(tu) {
		b, err := f.content(tu)
		if err != nil {
			return nil, err
		}
		ft.toUnicode = parseCMap(b)
	}
	if v.Key("Subtype").Name() == "Type0" {
		return ft, f.loadComposite(ft, v)
	}
	return ft, f.loadSimple(ft, v)
}

func (f *file) loadComposite(ft *font, v pdf.Value) error {
	ft.composite = true
	d := v.Key("DescendantFonts").Index(0)
	ft.fallback = 1000
	if dw := d.Key("DW"); dw.Kind() == pdf.Integer || dw.Kind() == pdf.Real {
		ft.fallback = dw.Float64()
	}
	ft.readCIDWidths(d.Key("W"))
	enc := v.Key("Encoding")
	name := enc.Name()
	if isStream(enc) {
		b, err := f.content(enc)
		if err != nil {
			return err
		}
		ft.code = parseCMap(b)
		name = enc.Key("CMapName").Name()
		ft.vertical = enc.Key("WMode").Int64() == 1
	}
	ft.vertical = ft.vertical || strings.HasSuffix(name, "-V") || name == "V"
	if !strings.HasPrefix(name, "Identity") && ft.code == nil {
		ft.charset = predefinedMap(name)
	}
	if ft.toUnicode == nil && strings.HasPrefix(v.Key("ToUnicode").Name(), "Identity") {
		ft.charset = predefinedMap("UCS2")
	}
	if ft.toUnicode == nil && ft.charset == nil {
		return f.readGlyphTexts(ft, d)
	}
	return nil
}

func (ft *font) readCIDWidths(w pdf.Value) {
	steps := 0
	for i := 0; i < w.Len() && steps < 4*maxWidths; {
		steps++
		first := w.Index(i).Int64()
		next := w.Index(i + 1)
		if first < 0 || first > 0xFFFF {
			return
		}
		if next.Kind() == pdf.Array {
			for j := 0; j < next.Len() && steps < 4*maxWidths; j++ {
				steps++
				ft.widths[uint32(first)+uint32(j)] = next.Index(j).Float64()
			}
			i += 2
			continue
		}
		width := w.Index(i + 2).Float64()
		for c := first; c <= min(next.Int64(), 0xFFFF) && steps < 4*maxWidths; c++ {
			steps++
			ft.widths[uint32(c)] = width
		}
		i += 3
	}
}

func (f *file) loadSimple(ft *font, v pdf.Value) error {
	desc := v.Key("FontDescriptor")
	if v.Key("Subtype").Name() == "Type3" {
		if m := v.Key("FontMatrix"); m.Len() == 6 {
			ft.unit = math.Hypot(m.Index(0).Float64(), m.Index(1).Float64())
		}
	}
	ws := v.Key("Widths")
	first := v.Key("FirstChar").Int64()
	for i := 0; i < ws.Len() && i < 256; i++ {
		if c := first + int64(i); c >= 0 && c < 256 {
			ft.widths[uint32(c)] = ws.Index(i).Float64()
		}
	}
	ft.fallback = desc.Key("MissingWidth").Float64()
	enc := v.Key("Encoding")
	base := enc.Name()
	if enc.Kind() == pdf.Dict {
		base = enc.Key("BaseEncoding").Name()
	}
	if base == "" {
		base = impliedEncoding(ft.name, v.Key("Subtype").Name(), desc)
	}
	ft.table = baseTable(base)
	if enc.Name() == "" && enc.Key("BaseEncoding").Name() == "" {
		if err := f.readBuiltIn(ft, desc); err != nil {
			return err
		}
	}
	f.differences(ft, enc.Key("Differences"))
	if ws.Len() == 0 {
		ft.standardWidths()
	}
	return nil
}

// impliedEncoding is the encoding of a font that names none.
func impliedEncoding(name, subtype string, desc pdf.Value) string {
	lower := strings.ToLower(name)
	switch {
	case strings.HasPrefix(lower, "symbol"):
		return "Symbol"
	case strings.Contains(lower, "dingbats"):
		return "ZapfDingbats"
	case subtype == "TrueType" || subtype == "Type3":
		return ""
	}
	return "StandardEncoding"
}

func (f *file) differences(ft *font, d pdf.Value) {
	names := map[int]string{}
	var list []string
	code := 0
	for i := 0; i < d.Len() && i < 2000; i++ {
		x := d.Index(i)
		if x.Kind() == pdf.Integer {
			code = int(x.Int64())
			continue
		}
		if code >= 0 && code < 256 {
			names[code] = x.Name()
			list = append(list, x.Name())
		}
		code++
	}
	f.applyNames(ft, names, list)
}

func (f *file) applyNames(ft *font, names map[int]string, list []string) {
	f.glyphs.learn(list)
	for code, n := range names {
		switch s := f.glyphs.known[n]; {
		case s != "":
			ft.table[code] = s
		case n == ".notdef":
			ft.table[code] = ""
		}
	}
}

// decode calls each for every character code of s.
func (ft *font) decode(s string, each func(shown)) {
	if !ft.composite {
		for i := 0; i < len(s); i++ {
			c := s[i]
			text, ok := "", false
			if ft.toUnicode != nil {
				text, ok = ft.toUnicode.unicode(charCode{1, uint32(c)})
			}
			if !ok {
				text = ft.table[c]
			}
			each(shown{ft.public(text), ft.width(uint32(c)), c == ' '})
		}
		return
	}
	for len(s) > 0 {
		n, cid, text := ft.nextCode(s)
		w := ft.width(cid)
		if ft.charset != nil && len(ft.widths) == 0 && n == 1 {
			w = 0.5
		}
		each(shown{ft.public(text), w, n == 1 && s[0] == ' '})
		s = s[n:]
	}
}

// privateTable is the meaning of the private-use characters that symbol fonts
// put their codes into.
func privateTable(lowerName string) *byteTable {
	t := baseTable("")
	switch {
	case strings.Contains(lowerName, "symbol"):
		t = baseTable("Symbol")
	case strings.Contains(lowerName, "zapf"):
		t = baseTable("ZapfDingbats")
	case strings.Contains(lowerName, "dings"):
		for i := range t {
			t[i] = "•"
		}
	}
	return &t
}

// public replaces a private-use character by what its font means.
func (ft *font) public(s string) string {
	if len(s) != 3 || s[0] != 0xEF || s[1] < 0x80 || s[1] > 0x83 {
		return s
	}
	return ft.private[s[1]<<6|s[2]&0x3F]
}

func (ft *font) width(code uint32) float64 {
	if w, ok := ft.widths[code]; ok {
		return w * ft.unit
	}
	return ft.fallback * ft.unit
}

// nextCode splits the first code of a composite font's string off.
func (ft *font) nextCode(s string) (n int, cid uint32, text string) {
	n = min(2, len(s))
	if ft.charset != nil {
		n, text = ft.charset.next(s)
		n = min(n, len(s))
	} else if ft.code != nil && len(ft.code.spaces) > 0 {
		n = ft.code.length(s)
	}
	c := codeOf(s[:n])
	cid = c.v
	if ft.code != nil {
		if v, ok := ft.code.cid(c); ok {
			cid = v
		}
	}
	if ft.toUnicode != nil {
		if t, ok := ft.toUnicode.unicode(c); ok {
			return n, cid, t
		}
		if t, ok := ft.toUnicode.unicode(charCode{1, c.v}); ok && c.v < 256 {
			return n, cid, t
		}
	}
	if text == "" && ft.byGlyph != nil {
		text = ft.byGlyph[cid]
	}
	return n, cid, text
}

// Advance widths of the printable ASCII characters of the two proportional
// standard fonts, in thousandths, for files that leave them out.
var (
	sansWidths = [95]uint16{278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
		556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
		1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
		333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584}
	serifWidths = [95]uint16{250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278,
		500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444,
		921, 722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469, 500,
		333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500, 500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541}
)

// standardWidths stands in for the widths a file left out because its font was
// one that every reader had.
func (ft *font) standardWidths() {
	lower := strings.ToLower(ft.name)
	switch {
	case strings.Contains(lower, "courier") || strings.Contains(lower, "mono"):
		ft.fallback = 600
		return
	case ft.unit != 0.001:
		return
	}
	set := sansWidths
	if strings.Contains(lower, "times") || strings.Contains(lower, "serif") || strings.Contains(lower, "roman") {
		set = serifWidths
	}
	for i, w := range set {
		for code := 32; code < 256; code++ {
			if ft.table[code] == string(rune(32+i)) {
				ft.widths[uint32(code)] = float64(w)
			}
		}
	}
	if ft.fallback == 0 {
		ft.fallback = 500
	}
}
