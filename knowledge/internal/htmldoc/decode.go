package htmldoc

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// decode returns the page as UTF-8. A byte order mark decides, then validity as
// UTF-8, because pages declare wrongly more often than other bytes happen to be
// valid UTF-8; only then what is declared, and a guess last.
func decode(opts Options, data []byte) string {
	if text, ok := decodeMarked(data); ok {
		return text
	}
	declared := declaredCharset(opts.ContentType, data)
	if utf8.Valid(data) && !sevenBitOther(declared, data) {
		return string(data)
	}
	if opts.Decode != nil {
		if text, err := opts.Decode(data, declared); err == nil {
			return strings.ToValidUTF8(text, "\ufffd")
		}
	}
	if declared == "utf-8" && mostlyUTF8(data) {
		return strings.ToValidUTF8(string(data), "\ufffd")
	}
	enc, _ := charset.Lookup(declared)
	if enc == nil || declared == "utf-8" {
		enc, _, _ = charset.DetermineEncoding(data, "")
	}
	text, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return strings.ToValidUTF8(string(data), "\ufffd")
	}
	return strings.ToValidUTF8(string(text), "\ufffd")
}

func decodeMarked(data []byte) (string, bool) {
	var enc encoding.Encoding
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return strings.ToValidUTF8(string(data[3:]), "\ufffd"), true
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		enc = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		enc = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	default:
		return "", false
	}
	text, err := enc.NewDecoder().Bytes(data)
	return string(text), err == nil
}

// sevenBitOther tells encodings whose bytes are all ASCII, and so valid UTF-8,
// yet mean something else.
func sevenBitOther(declared string, data []byte) bool {
	switch declared {
	case "iso-2022-jp":
		return bytes.IndexByte(data, 0x1b) >= 0
	case "utf-16le", "utf-16be":
		return bytes.Count(data, []byte{0})*4 > len(data)
	}
	// Text of two bytes a character has a null in every other byte.
	return len(data) > 3 && bytes.Count(data, []byte{0})*4 > len(data)
}

// mostlyUTF8 tells a page in UTF-8 with a few broken bytes, as templates that
// cut strings make: less than one character in fifty outside ASCII is broken.
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
		} else {
			good++
		}
		i += n
	}
	return bad*50 < good+bad
}

// declaredCharset returns the canonical name of the charset in the header or,
// failing that, in the first part of the page; empty when there is none known.
func declaredCharset(contentType string, data []byte) string {
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		if name := canonicalCharset(params["charset"]); name != "" {
			return name
		}
	}
	const declarationsWithin = 8 << 10
	head := data[:min(len(data), declarationsWithin)]
	if rest, ok := bytes.CutPrefix(bytes.TrimSpace(head), []byte("<?xml")); ok {
		if decl, _, ok := bytes.Cut(rest, []byte("?>")); ok {
			if _, after, ok := bytes.Cut(decl, []byte("encoding")); ok {
				if name := canonicalCharset(strings.Trim(string(after), "= \t\r\n\"'")); name != "" {
					return name
				}
			}
		}
	}
	z := html.NewTokenizer(bytes.NewReader(head))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			if name := metaCharset(z); name != "" {
				return name
			}
		}
	}
}

func metaCharset(z *html.Tokenizer) string {
	tag, more := z.TagName()
	if string(tag) != "meta" {
		return ""
	}
	var direct, content string
	isType := false
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch string(k) {
		case "charset":
			direct = string(v)
		case "content":
			content = string(v)
		case "http-equiv":
			isType = strings.EqualFold(strings.TrimSpace(string(v)), "content-type")
		}
	}
	if direct == "" && isType {
		if i := strings.Index(strings.ToLower(content), "charset="); i >= 0 {
			direct, _, _ = strings.Cut(content[i+len("charset="):], ";")
		}
	}
	return canonicalCharset(direct)
}

func canonicalCharset(label string) string {
	label = strings.Trim(label, " \t\r\n\"'")
	if label == "" || len(label) > 64 {
		return ""
	}
	_, name := charset.Lookup(label)
	return name
}
