// Package charset turns the bytes of a text file into a string: it finds out
// the encoding where nothing certain is known about it.
//
// The order is: byte order mark, the null bytes of UTF-16 and UTF-32 without a
// mark, escape sequences of 7-bit encodings, validity as UTF-8, what is
// declared, a statistical comparison with small language models, and
// windows-1252 last.
package charset

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"

	"github.com/kundeagent/kundeagent/knowledge"
)

// sampleSize is how many bytes the statistics look at. They are taken around
// the bytes outside ASCII, wherever in the text those are.
const sampleSize = 64 << 10

// Decode returns data as valid UTF-8 without a byte order mark, and the label
// of the encoding it was read in: a WHATWG name where there is one ("utf-8",
// "windows-1252"), the IANA name otherwise ("ibm852"). declared is the label
// that came with the data, empty when there was none; one that is unknown or
// that the bytes contradict is ignored. Single undecodable characters become
// U+FFFD.
//
// The error wraps [knowledge.ErrMalformed] when the bytes are no text in any
// encoding. Statistics read at most 64 KiB; everything else is one pass. Decode
// is safe for concurrent use.
func Decode(data []byte, declared string) (text, label string, err error) {
	if len(data) == 0 {
		return "", "utf-8", nil
	}
	if text, label, ok := decodeMarked(data); ok {
		return text, label, nil
	}
	if enc, label := wideWithoutMark(data); enc != nil {
		return decodeAs(enc, data, label)
	}
	if enc, label := escaped(data); enc != nil {
		return decodeAs(enc, data, label)
	}
	if utf8.Valid(data) {
		if isBinary(data) {
			return "", "", fmt.Errorf("control bytes throughout, so not text: %w", knowledge.ErrMalformed)
		}
		return string(data), "utf-8", nil
	}
	if enc, label := lookup(declared); enc != nil && label != "utf-8" && fits(enc, data) {
		return decodeAs(enc, data, label)
	}
	if mostlyUTF8(data) {
		return clean(data), "utf-8", nil
	}
	enc, label := guess(data)
	if enc == nil && isBinary(data) {
		return "", "", fmt.Errorf("control bytes throughout, so not text: %w", knowledge.ErrMalformed)
	}
	if enc == nil {
		enc, label = lookup("windows-1252")
	}
	return decodeAs(enc, data, label)
}

func decodeAs(enc encoding.Encoding, data []byte, label string) (string, string, error) {
	if table, ok := enc.(*charmap.Charmap); ok {
		return decodeSingle(table, data), label, nil
	}
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return "", "", fmt.Errorf("decode as %s: %w: %w", label, knowledge.ErrMalformed, err)
	}
	return clean(out), label, nil
}

// decodeSingle is several times as fast as the table's own decoder.
func decodeSingle(table *charmap.Charmap, data []byte) string {
	var letters [256]string
	for b := range letters {
		letters[b] = string(table.DecodeByte(byte(b)))
	}
	size := 0
	for _, b := range data {
		size += len(letters[b])
	}
	var sb strings.Builder
	sb.Grow(size)
	for _, b := range data {
		sb.WriteString(letters[b])
	}
	return sb.String()
}

// clean makes decoded bytes a valid string. Marks at the start go, also where
// two programs in a row have set one.
func clean(out []byte) string {
	return strings.TrimLeft(strings.ToValidUTF8(string(out), "\ufffd"), "\ufeff")
}

// lookup finds an encoding by any of its labels. Labels that stand for no
// encoding ("replacement", "x-user-defined") are not found.
func lookup(label string) (encoding.Encoding, string) {
	label = strings.ToLower(strings.Trim(label, " \t\r\n\"'"))
	if label == "" || len(label) > 64 || label == "replacement" || label == "x-user-defined" {
		return nil, ""
	}
	if enc, err := htmlindex.Get(label); err == nil {
		if name, err := htmlindex.Name(enc); err == nil && name != "replacement" {
			return enc, name
		}
		return nil, ""
	}
	for _, c := range singleBytes {
		if c.label == label || c.label == "ibm"+strings.TrimPrefix(label, "cp") {
			return c.table, c.label
		}
	}
	if enc, err := ianaindex.IANA.Encoding(label); err == nil && enc != nil {
		if name, err := ianaindex.IANA.Name(enc); err == nil {
			return enc, strings.ToLower(name)
		}
	}
	return nil, ""
}

// fits tells whether a declared encoding can be right: at most one character in
// two hundred of the sample may be undecodable or a control.
func fits(enc encoding.Encoding, data []byte) bool {
	head := data[:min(len(data), sampleSize)]
	out, err := enc.NewDecoder().Bytes(head)
	if err != nil {
		return false
	}
	bad, all := 0, 0
	for _, r := range string(out) {
		if r < utf8.RuneSelf && r != 0 {
			continue
		}
		all++
		if r == utf8.RuneError || !unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r) {
			bad++
		}
	}
	// A character cut by the end of the sample is no evidence.
	return (bad-1)*50 < all
}

// mostlyUTF8 tells UTF-8 with a few broken bytes, as programs that cut strings
// make: less than one character in thirty outside ASCII is broken.
func mostlyUTF8(data []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(data); {
		if data[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
			// Text in another encoding is hardly ever right by chance.
			if bad > 1000 && bad > good {
				return false
			}
		} else {
			good++
		}
		i += n
	}
	return bad*30 < good
}

// isBinary tells data that is no text in any encoding by its control bytes.
func isBinary(data []byte) bool {
	head := data[:min(len(data), sampleSize)]
	controls := 0
	for _, b := range head {
		if b < 0x20 && b != '\t' && b != '\n' && b != '\r' && b != '\f' && b != 0x1b || b == 0x7f {
			controls++
		}
	}
	return controls*20 > len(head)
}

// escaped recognises the encodings that are all ASCII bytes and mean other
// characters between escapes.
func escaped(data []byte) (encoding.Encoding, string) {
	for _, b := range data[:min(len(data), sampleSize)] {
		if b >= utf8.RuneSelf {
			return nil, ""
		}
	}
	for _, esc := range []string{"\x1b$B", "\x1b$@", "\x1b$(D", "\x1b(J", "\x1b(I"} {
		if bytes.Contains(data, []byte(esc)) {
			return lookup("iso-2022-jp")
		}
	}
	if isHZ(data) {
		return hzEncoding, "hz-gb-2312"
	}
	return nil, ""
}

// isHZ tells Chinese written between "~{" and "~}": pairs of bytes from 0x21 to
// 0x7e, on one line, never an odd number of them.
func isHZ(data []byte) bool {
	spans, broken := 0, 0
	for rest := data; spans+broken < 1000; {
		i := bytes.Index(rest, []byte("~{"))
		if i < 0 {
			break
		}
		rest = rest[i+2:]
		j := bytes.Index(rest, []byte("~}"))
		if j < 0 {
			// The last span may end with the text.
			if spans == 0 && len(rest) > 4096 || !hzRows(rest) {
				broken++
				break
			}
			spans++
			break
		}
		if j <= 0 || j%2 != 0 || j > 4096 || bytes.ContainsAny(rest[:j], " \t\r\n") || !hzRows(rest[:j]) {
			broken++
			continue
		}
		spans++
		rest = rest[j+2:]
	}
	return spans > 0 && broken == 0
}

// hzRows tells that every pair begins with a row GB 2312 has.
func hzRows(pairs []byte) bool {
	pairs = bytes.TrimRight(pairs, "\r\n")
	if len(pairs) == 0 || len(pairs)%2 != 0 {
		return false
	}
	for i := 0; i < len(pairs); i += 2 {
		if row := pairs[i]; row < 0x21 || row > 0x77 || row > 0x29 && row < 0x30 {
			return false
		}
	}
	return true
}
