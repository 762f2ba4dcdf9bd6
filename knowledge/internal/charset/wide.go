package charset

import (
	"bytes"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

var (
	utf16LE = xunicode.UTF16(xunicode.LittleEndian, xunicode.IgnoreBOM)
	utf16BE = xunicode.UTF16(xunicode.BigEndian, xunicode.IgnoreBOM)
	utf32LE = utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	utf32BE = utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)
)

func decodeMarked(data []byte) (text, label string, ok bool) {
	for _, m := range []struct {
		mark, label string
		enc         encoding.Encoding
	}{
		{"\xef\xbb\xbf", "utf-8", nil},
		{"\xff\xfe\x00\x00", "utf-32le", utf32LE},
		{"\x00\x00\xfe\xff", "utf-32be", utf32BE},
		{"\xff\xfe", "utf-16le", utf16LE},
		{"\xfe\xff", "utf-16be", utf16BE},
		{"\x84\x31\x95\x33", "gb18030", gb18030},
	} {
		rest, found := bytes.CutPrefix(data, []byte(m.mark))
		if !found {
			continue
		}
		if m.enc == nil {
			return clean(rest), m.label, true
		}
		out, err := m.enc.NewDecoder().Bytes(rest)
		if err != nil {
			continue
		}
		return clean(out), m.label, true
	}
	return "", "", false
}

// wideWithoutMark recognises UTF-32 and UTF-16 by where their null bytes are,
// and UTF-16 in scripts that have few of them by how well the units read.
func wideWithoutMark(data []byte) (encoding.Encoding, string) {
	head := data[:min(len(data), sampleSize)]
	head = head[:len(head)&^3]
	if len(head) >= 8 && len(data)%4 == 0 {
		if isUTF32(head, 0, 1) {
			return utf32BE, "utf-32be"
		}
		if isUTF32(head, 3, 2) {
			return utf32LE, "utf-32le"
		}
	}
	if len(data) < 4 || len(data)%2 != 0 {
		return nil, ""
	}
	head = data[:min(len(data), sampleSize)]
	var nulls [2]int
	for i, b := range head {
		if b == 0 {
			nulls[i&1]++
		}
	}
	if nulls[0]+nulls[1] == 0 && !mayBeWide(head) {
		return nil, ""
	}
	le, be := wideScore(head, false), wideScore(head, true)
	const readable = 0.6
	switch {
	case le >= readable && le > be:
		return utf16LE, "utf-16le"
	case be >= readable && be > le:
		return utf16BE, "utf-16be"
	}
	return nil, ""
}

// isUTF32 tells four-byte units: the byte at top is null everywhere and the one
// at plane at most 16.
func isUTF32(head []byte, top, plane int) bool {
	nullPairs := 0
	for i := 0; i < len(head); i += 4 {
		if head[i+top] != 0 || head[i+plane] > 0x10 {
			return false
		}
		if head[i+plane] == 0 {
			nullPairs++
		}
		lo, hi := head[i+3-top], head[i+3-plane]
		if lo == 0 && hi == 0 {
			return false
		}
	}
	return nullPairs*8 > len(head)/4*4
}

// mayBeWide keeps the costly look away from text that has no null bytes at all
// and reads as something else: UTF-16 without a null byte has no blank, no line
// end and no digit, so it is short and of a script that needs none.
func mayBeWide(head []byte) bool {
	if len(head) > 4096 || utf8.Valid(head) {
		return false
	}
	ascii := 0
	for _, b := range head {
		if b == ' ' || b == '\n' {
			ascii++
		}
	}
	return ascii*10 < len(head)
}

// wideScore returns the share of two-byte units that read as text: ASCII,
// frequent characters of East Asia, and letters of the one alphabet that
// prevails. Anything that cannot be in a text makes it 0.
func wideScore(head []byte, bigEndian bool) float64 {
	units := len(head) / 2
	var pages [256]int
	good, han, bad := 0, 0, 0
	for i := 0; i+1 < len(head); i += 2 {
		lo, hi := head[i], head[i+1]
		if bigEndian {
			lo, hi = hi, lo
		}
		r := rune(hi)<<8 | rune(lo)
		switch {
		case r == 0 || r == 0xfffe || r == 0xffff || r < 0x20 && r != '\t' && r != '\n' && r != '\r' && r != '\f':
			bad++
		case r < 0x80 || hi == 0x30 || hi == 0x20 || hi == 0xff && lo < 0xf0:
			good++
		case r >= 0x3400 && r < 0xa000:
			han++
			if commonEast(r) {
				good++
			}
		case r >= 0xac00 && r < 0xd7a4:
			han++
			if commonEast(r) {
				good++
			}
		case utf16.IsSurrogate(r):
			bad++
		case unicode.IsLetter(r) || unicode.IsMark(r):
			pages[hi]++
		}
	}
	if bad*50 > units {
		return 0
	}
	best := pages[0] + pages[1]
	for _, n := range pages[2:] {
		best = max(best, n)
	}
	// A third of East Asian text is made of its few hundred most frequent
	// characters; among wrongly paired bytes they are one in twenty.
	if han > 0 && good*10 >= units*3 && han > best {
		return 0.6 + 0.4*float64(good)/float64(units)
	}
	return float64(good+best) / float64(units)
}
