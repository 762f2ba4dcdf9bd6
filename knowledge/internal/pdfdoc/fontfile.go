package pdfdoc

import (
	"bytes"
	"encoding/binary"

	"github.com/ledongthuc/pdf"
)

// readBuiltIn takes the encoding that an embedded Type 1 font carries in its
// readable part: lines such as "dup 65 /A put".
func (f *file) readBuiltIn(ft *font, desc pdf.Value) error {
	if ff := desc.Key("FontFile3"); isStream(ff) {
		return f.readBuiltInCFF(ft, ff)
	}
	ff := desc.Key("FontFile")
	if !isStream(ff) {
		return nil
	}
	b, err := f.content(ff)
	if err != nil {
		return err
	}
	if i := bytes.Index(b, []byte("eexec")); i >= 0 {
		b = b[:i]
	}
	i := bytes.Index(b, []byte("/Encoding"))
	if i < 0 || bytes.HasPrefix(bytes.TrimSpace(b[i+9:]), []byte("StandardEncoding")) {
		return nil
	}
	l := lexer{b: b[i+9:]}
	names := map[int]string{}
	var list []string
	for range 3000 {
		t := l.next()
		if t.kind == tokEOF || t.is("def") || t.is("readonly") {
			if len(names) > 0 {
				break
			}
			if t.kind == tokEOF {
				return nil
			}
		}
		if !t.is("dup") {
			continue
		}
		code, name := l.next(), l.next()
		if code.kind == tokInt && name.kind == tokName && code.n >= 0 && code.n < 256 {
			names[int(code.n)] = string(name.raw)
			list = append(list, string(name.raw))
		}
	}
	f.applyNames(ft, names, list)
	return nil
}

// readBuiltInCFF takes the encoding of an embedded compact font.
func (f *file) readBuiltInCFF(ft *font, ff pdf.Value) error {
	b, err := f.content(ff)
	if err != nil {
		return err
	}
	c, ok := readCFF(compactFont(b))
	if !ok {
		return nil
	}
	codes := c.encoding()
	if codes == nil {
		return nil
	}
	texts := c.glyphTextsOf(&f.glyphs)
	for code, glyph := range codes {
		if s, ok := texts[uint32(glyph)]; ok && code < 256 {
			ft.table[code] = s
		}
	}
	return nil
}

// compactFont returns the compact font inside an OpenType wrapper, or b itself.
func compactFont(b []byte) []byte {
	if len(b) < 4 || string(b[:4]) != "OTTO" {
		return b
	}
	at, n := sfnt(b).table("CFF ")
	return b[at : at+n]
}

// readGlyphTexts turns the character table of an embedded TrueType font round,
// for composite fonts that say nowhere else what their glyphs mean.
func (f *file) readGlyphTexts(ft *font, descendant pdf.Value) error {
	desc := descendant.Key("FontDescriptor")
	if ff := desc.Key("FontFile3"); isStream(ff) {
		b, err := f.content(ff)
		if c, ok := readCFF(compactFont(b)); ok {
			ft.byGlyph = c.glyphTextsOf(&f.glyphs)
		}
		return err
	}
	ff := desc.Key("FontFile2")
	if !isStream(ff) || isStream(descendant.Key("CIDToGIDMap")) {
		return nil
	}
	b, err := f.content(ff)
	if err != nil {
		return err
	}
	ft.byGlyph = glyphsByCharacter(b)
	return nil
}

// maxGlyphSteps bounds the entries read of one character table.
const maxGlyphSteps = 200_000

// sfnt reads big-endian numbers and gives zero outside the data.
type sfnt []byte

func (b sfnt) u16(at int) int {
	if at < 0 || at+2 > len(b) {
		return 0
	}
	return int(binary.BigEndian.Uint16(b[at:]))
}

func (b sfnt) u32(at int) int {
	if at < 0 || at+4 > len(b) {
		return 0
	}
	return int(binary.BigEndian.Uint32(b[at:]))
}

// table finds a table of a wrapped font; n is 0 when there is none.
func (b sfnt) table(tag string) (at, n int) {
	for i := 0; i < min(b.u16(4), 64); i++ {
		rec := 12 + 16*i
		if rec+16 > len(b) {
			break
		}
		if string(b[rec:rec+4]) == tag {
			at, n = b.u32(rec+8), b.u32(rec+12)
			if at > len(b) {
				return 0, 0
			}
			return at, min(n, len(b)-at)
		}
	}
	return 0, 0
}

// glyphsByCharacter reads the Unicode subtables (formats 4 and 12).
func glyphsByCharacter(data []byte) map[uint32]string {
	b := sfnt(data)
	out := map[uint32]string{}
	base, n := b.table("cmap")
	if n == 0 {
		return out
	}
	for k := 0; k < min(b.u16(base+2), 32); k++ {
		sub := base + 4 + 8*k
		platform, enc := b.u16(sub), b.u16(sub+2)
		if platform == 0 || platform == 3 && (enc == 1 || enc == 10) {
			b.subtable(base+b.u32(sub+4), out)
		}
	}
	return out
}

func (b sfnt) subtable(at int, out map[uint32]string) {
	steps := 0
	put := func(gid int, r int) {
		steps++
		if _, ok := out[uint32(gid)]; !ok && gid > 0 && r >= 32 && r <= 0x10FFFF {
			out[uint32(gid)] = string(rune(r))
		}
	}
	switch b.u16(at) {
	case 4:
		n := b.u16(at+6) / 2
		for i := 0; i < n; i++ {
			end, start := b.u16(at+14+2*i), b.u16(at+16+2*n+2*i)
			delta, offset := b.u16(at+16+4*n+2*i), b.u16(at+16+6*n+2*i)
			for c := start; c <= end && c < 0xFFFF && steps < maxGlyphSteps; c++ {
				gid := c + delta
				if offset != 0 {
					gid = b.u16(at + 16 + 6*n + 2*i + offset + 2*(c-start))
					if gid != 0 {
						gid += delta
					}
				}
				put(gid&0xFFFF, c)
			}
		}
	case 12:
		for i := 0; i < min(b.u32(at+12), 20000); i++ {
			g := at + 16 + 12*i
			start, end, gid := b.u32(g), b.u32(g+4), b.u32(g+8)
			for c := start; c <= end && steps < maxGlyphSteps; c++ {
				put(gid+c-start, c)
			}
		}
	}
}
