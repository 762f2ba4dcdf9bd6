package pdfdoc

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/ledongthuc/pdf"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// The upper half of the Standard encoding from A1, and where its quotes differ
// from ASCII; a space means no character.
const standardHigh = "¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ –†‡· ¶•‚„”»…‰ ¿ `´ˆ˜¯˘˙¨ ˚¸ ˝˛ˇ—                Æ ª    ŁØŒº     æ   ı  łøœß"

// The Symbol font's own encoding, from 20 and from A0.
const (
	symbolLow  = " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
	symbolHigh = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪ 〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
)

// byteTable is the text of each of the 256 codes of a simple font.
type byteTable [256]string

func (t *byteTable) fill(from int, chars string) {
	for _, r := range chars {
		if from > 255 {
			return
		}
		t[from] = string(r)
		from++
	}
}

func charmapTable(c *charmap.Charmap) (t byteTable) {
	for i := 32; i < 256; i++ {
		if r := c.DecodeByte(byte(i)); r >= 32 && r != '\uFFFD' {
			t[i] = string(r)
		}
	}
	return t
}

// baseTable returns the table of a named encoding; the empty name gives
// windows-1252, which is what most files without a name mean.
func baseTable(name string) byteTable {
	switch name {
	case "MacRomanEncoding":
		return charmapTable(charmap.Macintosh)
	case "StandardEncoding":
		var t byteTable
		for i := 32; i < 127; i++ {
			t[i] = string(rune(i))
		}
		t['\''], t['`'] = "’", "‘"
		t.fill(0xA1, standardHigh)
		return t
	case "Symbol":
		var t byteTable
		t.fill(0x20, symbolLow)
		t.fill(0xA0, symbolHigh)
		return t
	case "ZapfDingbats":
		return dingbatsTable()
	}
	t := charmapTable(charmap.Windows1252)
	t[0x7F], t[0x81], t[0x8D], t[0x8F], t[0x90], t[0x9D] = "•", "•", "•", "•", "•", "•"
	t[0xAD] = "-"
	return t
}

func dingbatsTable() (t byteTable) {
	span := func(from, to int, r rune) {
		for i := from; i <= to; i++ {
			t[i] = string(r + rune(i-from))
		}
	}
	t[0x20] = " "
	span(0x21, 0x7E, 0x2701)
	span(0xA1, 0xA7, 0x2761)
	t.fill(0xA8, "♣♦♥♠")
	span(0xAC, 0xB5, 0x2460)
	span(0xB6, 0xD4, 0x2776)
	t.fill(0xD5, "→↔↕")
	span(0xD8, 0xEF, 0x2798)
	span(0xF1, 0xFE, 0x27B1)
	for code, r := range map[int]string{0x25: "☎", 0x2A: "☛", 0x2B: "☞", 0x48: "★", 0x6C: "●", 0x6E: "■", 0x73: "▲", 0x74: "▼", 0x75: "◆", 0x77: "◗"} {
		t[code] = r
	}
	return t
}

// maxGlyphNames bounds the different glyph names looked up for one file.
const maxGlyphNames = 50_000

// glyphNames remembers what glyph names stand for; a name that stands for
// nothing is remembered as the empty text.
type glyphNames struct {
	known map[string]string
	left  int
}

// learn looks the names up that are not known yet. The list of names is the
// object library's, which shows it only through a font's encoder: so each name
// is written as the only difference of a small font.
func (g *glyphNames) learn(names []string) {
	var ask []string
	for _, n := range names {
		if _, ok := g.known[n]; ok || g.left <= 0 {
			continue
		}
		g.left--
		s, ok := computedGlyph(n)
		g.known[n] = s
		if base, _, _ := strings.Cut(n, "."); !ok && base != "" {
			ask = append(ask, n)
		}
	}
	if len(ask) == 0 {
		return
	}
	w := rewriter{}
	w.out.WriteString("%PDF-1.7\nxref\n0 1\n0 65535 f\ntrailer\n<</Size 1/Names[")
	for _, n := range ask {
		base, _, _ := strings.Cut(n, ".")
		w.out.WriteString("<</Encoding<</Differences[1")
		w.name(base)
		w.out.WriteString("]>>>>")
	}
	fmt.Fprintf(&w.out, "]>>\n%s\nstartxref\n9\n%%%%EOF\n", strings.Repeat(" ", 100))
	r, err := pdf.NewReader(bytes.NewReader(w.out.Bytes()), int64(w.out.Len()))
	if err != nil {
		return
	}
	list := r.Trailer().Key("Names")
	for i, n := range ask {
		f := pdf.Font{V: list.Index(i)}
		if s := f.Encoder().Decode("\x01"); s != "\x01" {
			g.known[n] = s
		}
	}
}

// computedGlyph reads names that spell out their character: a letter, uni20AC,
// u1F600, or parts joined by underscores.
func computedGlyph(name string) (string, bool) {
	base, _, _ := strings.Cut(name, ".")
	if len(base) == 1 {
		return base, true
	}
	if parts := strings.Split(base, "_"); len(parts) > 1 && len(parts) < 8 {
		var sb strings.Builder
		for _, p := range parts {
			s, ok := computedGlyph(p)
			if !ok {
				return "", false
			}
			sb.WriteString(s)
		}
		return sb.String(), true
	}
	hex := ""
	switch {
	case strings.HasPrefix(base, "uni") && len(base) >= 7 && len(base)%4 == 3:
		hex = base[3:]
	case base[:min(1, len(base))] == "u" && len(base) >= 5 && len(base) <= 7:
		v, err := strconv.ParseUint(base[1:], 16, 32)
		if err == nil && v > 0 && v <= 0x10FFFF {
			return string(rune(v)), true
		}
	}
	var sb strings.Builder
	for ; len(hex) >= 4; hex = hex[4:] {
		v, err := strconv.ParseUint(hex[:4], 16, 16)
		if err != nil {
			return "", false
		}
		sb.WriteRune(rune(v))
	}
	return sb.String(), sb.Len() > 0
}

// multiByte describes a predefined character map of East Asian fonts by the
// character set that its codes are in.
type multiByte struct {
	enc    encoding.Encoding // nil: the codes are Unicode, in units of width bytes
	width  int
	lead   func(byte) bool // the first byte of a two-byte code
	offset byte            // added to both bytes before decoding
}

func leadFrom81(b byte) bool { return b >= 0x81 }
func leadShiftJIS(b byte) bool {
	return b >= 0x81 && b <= 0x9F || b >= 0xE0 && b <= 0xFC
}

// predefinedMap finds the character set behind a predefined map's name.
func predefinedMap(name string) *multiByte {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(name, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("UCS2", "UTF16"):
		return &multiByte{width: 2}
	case has("UTF32"):
		return &multiByte{width: 4}
	case has("UTF8"):
		return &multiByte{width: 1}
	case has("GBK", "GB-EUC", "GBpc", "GBT"):
		return &multiByte{enc: simplifiedchinese.GB18030, lead: leadFrom81}
	case has("RKSJ"):
		return &multiByte{enc: japanese.ShiftJIS, lead: leadShiftJIS}
	case has("KSC"):
		return &multiByte{enc: korean.EUCKR, lead: leadFrom81}
	case has("B5", "HKscs", "ETen", "CNS"):
		return &multiByte{enc: traditionalchinese.Big5, lead: leadFrom81}
	case name == "EUC-H" || name == "EUC-V":
		return &multiByte{enc: japanese.EUCJP, lead: leadFrom81}
	case name == "H" || name == "V" || has("Ext-", "Add-"):
		return &multiByte{enc: japanese.EUCJP, lead: func(byte) bool { return true }, offset: 0x80}
	}
	return nil
}

// next splits the first code off s and returns its length and text.
func (m *multiByte) next(s string) (int, string) {
	if m.enc == nil {
		switch m.width {
		case 2:
			n := min(2, len(s))
			if c := codeOf(s[:n]); c.v>>10 == 0x36 && len(s) >= 4 {
				n = 4
			}
			return n, mapped(s[:n])
		case 4:
			n := min(4, len(s))
			return n, string(rune(codeOf(s[:n]).v))
		}
		for i, r := range s {
			_ = i
			return max(1, len(string(r))), string(r)
		}
		return 1, ""
	}
	n := 1
	if m.lead(s[0]) && len(s) > 1 {
		n = 2
	}
	b := []byte(s[:n])
	for i := range b {
		b[i] += m.offset
	}
	out, err := m.enc.NewDecoder().Bytes(b)
	if err != nil {
		return n, ""
	}
	return n, strings.ReplaceAll(string(out), "\uFFFD", "")
}
