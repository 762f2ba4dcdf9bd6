package pdfdoc

import (
	"fmt"
	"strings"
	"testing"
)

// withToUnicode returns a file with one composite font whose two-byte codes a
// character map explains.
func withToUnicode(cmap, content string) []byte {
	s := document("<</Type/Font/Subtype/Type0/BaseFont/Own/Encoding/Identity-H/DescendantFonts[<</Subtype/CIDFontType2/DW 500>>]/ToUnicode 99 0 R>>", content)
	n := s.stream("", cmap)
	s.objects[2] = strings.Replace(s.objects[2], "99 0 R", fmt.Sprintf("%d 0 R", n), 1)
	return s.bytes()
}

func TestCharacterMaps(t *testing.T) {
	const space = "1 begincodespacerange <0000> <FFFF> endcodespacerange "
	for name, c := range map[string]struct{ cmap, codes, want string }{
		"single":            {space + "2 beginbfchar <0001> <0048> <0002> <00690021> endbfchar", "00010002", "Hi!"},
		"range":             {space + "1 beginbfrange <0010> <0020> <0041> endbfrange", "001000110012", "ABC"},
		"range with carry":  {space + "1 beginbfrange <0000> <0002> <04FF> endbfrange", "00000001", "ӿԀ"},
		"list":              {space + "1 beginbfrange <0001> <0003> [<0058> <0059> <D83DDE00>] endbfrange", "00010003", "X😀"},
		"beyond the list":   {space + "1 beginbfrange <0001> <0003> [<0058>] endbfrange", "00010003", "X"},
		"odd dictionary":    {"/CIDSystemInfo << /Registry (x) def /Ordering (y) def >> def " + space + "1 beginbfchar <0001> <0051> endbfchar", "0001", "Q"},
		"ligature":          {space + "1 beginbfchar <0001> <FB03> endbfchar", "0001", "ffi"},
		"no codespace":      {"1 beginbfchar <0007> <005A> endbfchar", "0007", "Z"},
		"endless open list": {space + "1 beginbfchar <0001> <0052> endbfchar 1 beginbfrange <0005> <0006> [<0041> ", "0001", "R"},
	} {
		t.Run(name, func(t *testing.T) {
			wantText(t, withToUnicode(c.cmap, "BT /F 12 Tf 72 700 Td <"+c.codes+"> Tj ET"), c.want)
		})
	}
}

func TestFontEncodings(t *testing.T) {
	simple := func(extra string) string { return "<</Type/Font/Subtype/Type1/BaseFont/Own" + extra + ">>" }
	for name, c := range map[string]struct{ font, show, want string }{
		"windows-1252 above 7F":        {helvetica, "<80 93 E6 94>", "€“æ”"},
		"standard quotes":              {simple(""), "(it's `so')", "it’s ‘so’"},
		"standard upper half":          {simple(""), "<AE E1 FB>", "fiÆß"},
		"mac roman":                    {simple("/Encoding/MacRomanEncoding"), "<8A BE>", "äæ"},
		"differences by name":          {simple("/Encoding<</Differences[1/A/eacute/uni20AC/f_i/germandbls]>>"), "<0102030405>", "Aé€fiß"},
		"differences keep the base":    {simple("/Encoding<</BaseEncoding/WinAnsiEncoding/Differences[65/B]>>"), "(A\xE6)", "Bæ"},
		"variant suffix":               {simple("/Encoding<</Differences[1/a.sc/one.oldstyle]>>"), "<0102>", "a1"},
		"symbol font":                  {"<</Type/Font/Subtype/Type1/BaseFont/Symbol>>", "(abG)", "αβΓ"},
		"dingbats":                     {"<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>", "(4H)", "✔★"},
		"Chinese without a map":        {composite("GBK-EUC-H"), "<D6D0B9FA>", "中国"},
		"Japanese without a map":       {composite("90ms-RKSJ-H"), "<93FA967B41>", "日本A"},
		"Korean without a map":         {composite("KSCms-UHC-H"), "<C7D1B1B9>", "한국"},
		"Traditional without a map":    {composite("ETen-B5-H"), "<A4A4A4E5>", "中文"},
		"Japanese Unicode without map": {composite("UniJIS-UTF16-H"), "<65E5672C>", "日本"},
		"Japanese rows and cells":      {composite("H"), "<467C4B5C>", "日本"},
	} {
		t.Run(name, func(t *testing.T) {
			wantText(t, document(c.font, "BT /F 12 Tf 72 700 Td "+c.show+" Tj ET").bytes(), c.want)
		})
	}
}

func composite(encoding string) string {
	return "<</Type/Font/Subtype/Type0/BaseFont/Own/Encoding/" + encoding + "/DescendantFonts[<</Subtype/CIDFontType0>>]>>"
}

func TestToUnicodeComesBeforeTheEncoding(t *testing.T) {
	s := document("", "BT /F 12 Tf 72 700 Td (AB) Tj ET")
	n := s.stream("", "1 beginbfchar <41> <0416> endbfchar")
	s.objects[2] = fmt.Sprintf("<</Type/Font/Subtype/Type1/BaseFont/Own/Encoding/WinAnsiEncoding/ToUnicode %d 0 R>>", n)
	wantText(t, s.bytes(), "ЖB")
}

func TestBuiltInEncodingOfEmbeddedType1(t *testing.T) {
	s := document("", "BT /F 12 Tf 72 700 Td <0102> Tj ET")
	n := s.stream("", "%!FontType1\n/Encoding 256 array\n0 1 255 {1 index exch /.notdef put} for\ndup 1 /fi put\ndup 2 /x put\nreadonly def\ncurrentfile eexec")
	s.objects[2] = fmt.Sprintf("<</Type/Font/Subtype/Type1/BaseFont/Own/FontDescriptor<</FontFile %d 0 R>>>>", n)
	wantText(t, s.bytes(), "fix")
}

func TestWordsAndLines(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"gap inside TJ":           {"BT /F 10 Tf 72 700 Td [(Hello)-300(world)] TJ ET", "Hello world"},
		"kerning inside TJ":       {"BT /F 10 Tf 72 700 Td [(A)80(W)80(A)-20(Y)] TJ ET", "AWAY"},
		"moved word":              {"BT /F 10 Tf 72 700 Td (Hello) Tj 30 0 Td (world) Tj ET", "Hello world"},
		"adjoining pieces":        {"BT /F 10 Tf 72 700 Td (Hel) Tj 14.45 0 Td (lo) Tj ET", "Hello"},
		"word spacing":            {"BT /F 10 Tf 5 Tw 72 700 Td (a b) Tj ET", "a b"},
		"letter-spaced word":      {"BT /F 10 Tf 3 Tc 72 700 Td (KONTAKT) Tj ET", "KONTAKT"},
		"narrowed type":           {"BT /F 20 Tf 50 Tz 72 700 Td [(a)-400(b)] TJ ET", "a b"},
		"scaled by the matrix":    {"BT /F 1 Tf 10 0 0 10 72 700 Tm [(a)-300(b)] TJ ET", "a b"},
		"next line operators":     {"BT /F 10 Tf 12 TL 72 700 Td (one) Tj T* (two) Tj (three) ' 0 0 (four) \" ET", "one two three four"},
		"drawn twice for weight":  {at(72, 700, 10, "Bold") + at(72.3, 700, 10, "Bold"), "Bold"},
		"double letters stay":     {at(72, 700, 10, "will suggest"), "will suggest"},
		"hyphen at the line end":  {"BT /F 10 Tf 12 TL 72 700 Td (infor-) Tj T* (mation) Tj ET", "information"},
		"compound keeps hyphen":   {"BT /F 10 Tf 12 TL 72 700 Td (Nord-) Tj T* (Ost) Tj ET", "Nord-Ost"},
		"drawn out of order":      {at(97.5, 700, 10, "world") + at(72, 700, 10, "Hello"), "Hello world"},
		"outside the page":        {at(72, 700, 10, "seen") + at(-500, 700, 10, "hidden"), "seen"},
		"actual text":             {"/Span <</ActualText (cheque)>> BDC " + at(72, 700, 10, "xxxxxx") + "EMC", "cheque"},
		"unknown escape":          {at(72, 700, 10, `50\% off`), "50% off"},
		"stray operators":         {"Q Q ] >> ) } endobj " + at(72, 700, 10, "still here"), "still here"},
		"inline image":            {"BI /W 1 /H 1 ID \xFF\x00(EI EI\n" + at(72, 700, 10, "after"), "after"},
		"unterminated hex string": {at(72, 700, 10, "before") + "BT /F 10 Tf 72 600 Td <41", "before"},
		"paragraphs apart":        {at(72, 700, 10, "one") + at(72, 660, 10, "two"), "one\n\ntwo"},
	} {
		t.Run(name, func(t *testing.T) { wantText(t, document(helvetica, c.content).bytes(), c.want) })
	}
}

func TestRightToLeftTextIsReadInOrder(t *testing.T) {
	// shalom 12 (b), drawn from left to right as it looks.
	cmap := "1 begincodespacerange <0000> <FFFF> endcodespacerange 4 beginbfchar <0001> <05DD> <0002> <05D5> <0003> <05DC> <0004> <05E9> endbfchar 4 beginbfchar <0005> <0031> <0006> <0032> <0007> <0020> <0008> <0028> endbfchar 1 beginbfchar <0009> <0029> endbfchar"
	content := "BT /F 12 Tf 72 700 Td <0008 0001 0009 0007 0005 0006 0007 0001 0002 0003 0004> Tj ET"
	wantText(t, withToUnicode(cmap, content), "שלום 12 (ם)")
}

func TestFormsAndAnnotations(t *testing.T) {
	s := document(helvetica, "/X Do "+at(72, 500, 12, "page"))
	page := len(s.objects) - 1
	form := s.stream("/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Matrix[1 0 0 1 72 600]/Resources<</Font<</F 3 0 R>>>>", at(0, 0, 12, "form"))
	look := s.stream("/Subtype/Form/BBox[0 0 100 20]/Resources<</Font<</F 3 0 R>>>>", at(2, 2, 12, "filled in"))
	annots := fmt.Sprintf("[<</Subtype/Widget/FT/Tx/Rect[72 400 172 420]/AP<</N %d 0 R>>>>", look) +
		"<</Subtype/Widget/FT/Tx/V(typed value)/Rect[72 350 172 370]>>" +
		"<</Subtype/FreeText/Contents(free note)/Rect[72 300 172 320]>>" +
		fmt.Sprintf("<</Subtype/Stamp/F 2/Rect[72 250 172 270]/AP<</N %d 0 R>>>>]", look)
	s.objects[page] = strings.Replace(s.objects[page], "/Resources<<", fmt.Sprintf("/Annots%s/Resources<</XObject<</X %d 0 R>>", annots, form), 1)
	wantText(t, s.bytes(), "form\n\npage\n\nfilled in\n\ntyped value\n\nfree note")
}

func TestFilters(t *testing.T) {
	content := at(72, 700, 12, "filtered")
	hex := fmt.Sprintf("%x>", content)
	png := func(kind byte, columns int) string {
		raw := content + strings.Repeat(" ", (columns-len(content)%columns)%columns)
		var out strings.Builder
		prev := make([]byte, columns)
		for i := 0; i < len(raw); i += columns {
			row := []byte(raw[i : i+columns])
			out.WriteByte(kind)
			for k := range row {
				var left, upLeft byte
				if k > 0 {
					left, upLeft = row[k-1], prev[k-1]
				}
				switch kind {
				case 1:
					out.WriteByte(row[k] - left)
				case 2:
					out.WriteByte(row[k] - prev[k])
				case 3:
					out.WriteByte(row[k] - byte((int(left)+int(prev[k]))/2))
				case 4:
					out.WriteByte(row[k] - paeth(left, prev[k], upLeft))
				default:
					out.WriteByte(row[k])
				}
			}
			prev = row
		}
		return deflated(out.String())
	}
	for name, c := range map[string]struct{ dict, data string }{
		"flate":             {"/Filter/FlateDecode", deflated(content)},
		"flate cut off":     {"/Filter/FlateDecode", deflated(content + " ")[:len(deflated(content+" "))-3]},
		"hex":               {"/Filter/ASCIIHexDecode", hex},
		"hex over flate":    {"/Filter[/ASCIIHexDecode/FlateDecode]", fmt.Sprintf("%x>", deflated(content))},
		"ascii85":           {"/Filter[/ASCII85Decode]", ascii85(content)},
		"run length":        {"/Filter/RunLengthDecode", string(rune(len(content)-1)) + content + "\x80"},
		"lzw":               {"/Filter/LZWDecode", lzw(content)},
		"png none":          {"/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 7>>", png(0, 7)},
		"png sub":           {"/Filter/FlateDecode/DecodeParms<</Predictor 11/Columns 7>>", png(1, 7)},
		"png up":            {"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 7>>", png(2, 7)},
		"png average":       {"/Filter/FlateDecode/DecodeParms<</Predictor 13/Columns 7>>", png(3, 7)},
		"png paeth":         {"/Filter[/FlateDecode]/DecodeParms[<</Predictor 14/Columns 7>>]", png(4, 7)},
		"short filter name": {"/Filter/Fl", deflated(content)},
	} {
		t.Run(name, func(t *testing.T) {
			s := document(helvetica, "")
			s.objects[3] = fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", c.dict, len(c.data), c.data)
			wantText(t, s.bytes(), "filtered")
		})
	}
}

// ascii85 encodes without the short form of zeros.
func ascii85(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i += 4 {
		group := [4]byte{}
		n := copy(group[:], s[i:])
		v := uint32(group[0])<<24 | uint32(group[1])<<16 | uint32(group[2])<<8 | uint32(group[3])
		var c [5]byte
		for k := 4; k >= 0; k-- {
			c[k] = byte(v%85) + '!'
			v /= 85
		}
		out.Write(c[:n+1])
	}
	return out.String() + "~>"
}

// lzw encodes every byte literally, which still makes the code width grow.
func lzw(s string) string {
	var out []byte
	acc, bits, next, width := 0, 0, 258, 9
	put := func(code int) {
		acc = acc<<width | code
		for bits += width; bits >= 8; bits -= 8 {
			out = append(out, byte(acc>>(bits-8)))
		}
		acc &= 1<<bits - 1
	}
	put(256)
	for i := 0; i < len(s); i++ {
		put(int(s[i]))
		if i > 0 {
			next++
		}
		if next+1 >= 1<<width && width < 12 {
			width++
		}
	}
	put(257)
	return string(append(out, byte(acc<<(8-bits))))
}

func TestLZWTablesAndWidths(t *testing.T) {
	long := strings.Repeat("The quick brown fox. ", 40)
	got, err := lzwDecode([]byte(lzw(long)), 1, 1<<20)
	if err != nil || string(got) != long {
		t.Errorf("got %d bytes, want %d (%v)", len(got), len(long), err)
	}
	// clear, "-", the code just being made, end: "---"
	got, err = lzwDecode([]byte{0x80, 0x0B, 0x60, 0x50, 0x10}, 1, 1<<20)
	if err != nil || string(got) != "---" {
		t.Errorf("self-referring code gives %q (%v)", got, err)
	}
}
