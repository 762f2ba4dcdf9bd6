package pdfdoc

import (
	"bytes"
	"encoding/xml"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/kundeagent/kundeagent/knowledge"
)

// textString decodes a text string of the file: UTF-16 or UTF-8 by its mark,
// else the document encoding, which is Latin-1 where it matters.
func textString(s string) string {
	switch {
	case strings.HasPrefix(s, "\xFE\xFF"):
		return utf16Text(s[2:], false)
	case strings.HasPrefix(s, "\xFF\xFE"):
		return utf16Text(s[2:], true)
	case strings.HasPrefix(s, "\xEF\xBB\xBF"):
		return strings.ToValidUTF8(s[3:], "")
	case utf8.ValidString(s):
		return s
	}
	t, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "")
	}
	return t
}

func utf16Text(s string, little bool) string {
	u := make([]uint16, 0, len(s)/2)
	for i := 0; i+1 < len(s); i += 2 {
		if little {
			u = append(u, uint16(s[i+1])<<8|uint16(s[i]))
		} else {
			u = append(u, uint16(s[i])<<8|uint16(s[i+1]))
		}
	}
	return string(utf16.Decode(u))
}

const maxTitle = 500

// describe fills in title, language and dates from the information dictionary
// and, where that is silent, from the XMP packet.
func (f *file) describe(doc *knowledge.Document) error {
	info := f.reader.Trailer().Key("Info")
	root := f.catalog()
	doc.Title = cleanTitle(textString(info.Key("Title").RawString()))
	doc.Language = cleanLanguage(textString(root.Key("Lang").RawString()))
	doc.Published = parseDate(info.Key("CreationDate").RawString())
	doc.Modified = parseDate(info.Key("ModDate").RawString())
	meta := root.Key("Metadata")
	if !isStream(meta) {
		return nil
	}
	b, err := f.content(meta)
	if err != nil {
		return err
	}
	x := readXMP(b)
	if doc.Title == "" {
		doc.Title = cleanTitle(x["title"])
	}
	if doc.Language == "" {
		doc.Language = cleanLanguage(x["language"])
	}
	if t, err := time.Parse(time.RFC3339, x["CreateDate"]); err == nil && doc.Published.IsZero() {
		doc.Published = t
	}
	if t, err := time.Parse(time.RFC3339, x["ModifyDate"]); err == nil && doc.Modified.IsZero() {
		doc.Modified = t
	}
	return nil
}

// cleanTitle drops what programs write when their user gave no title.
func cleanTitle(s string) string {
	s = strings.Join(strings.Fields(plainForms(s)), " ")
	lower := strings.ToLower(s)
	if len(s) > maxTitle || lower == "untitled" || strings.HasPrefix(lower, "microsoft word - ") || strings.HasPrefix(lower, "microsoft powerpoint - ") {
		return ""
	}
	for _, suffix := range []string{".doc", ".docx", ".dvi", ".tex", ".pdf", ".indd", ".qxd", ".ppt", ".pptx", ".xls", ".xlsx", ".odt", ".ps", ".fm", ".p65"} {
		if strings.HasSuffix(lower, suffix) {
			return ""
		}
	}
	return s
}

func cleanLanguage(s string) string {
	s = strings.TrimSpace(s)
	if len(s) < 2 || len(s) > 35 || strings.EqualFold(s, "x-default") || strings.EqualFold(s, "x-unknown") {
		return ""
	}
	for _, r := range s {
		if r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return ""
		}
	}
	return s
}

// parseDate reads D:YYYYMMDDHHmmSS with an optional offset such as +01'00';
// what is missing from the right is the earliest value.
func parseDate(s string) time.Time {
	s = strings.TrimPrefix(strings.TrimSpace(textString(s)), "D:")
	digits := 0
	for digits < len(s) && digits < 14 && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	const full, earliest = "20060102150405", "00000101000000"
	if digits < 4 {
		return time.Time{}
	}
	digits -= digits % 2
	zone := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSpace(s[digits:]), "'"), "'", ":")
	at := s[:digits] + earliest[digits:]
	if len(zone) == 6 {
		if t, err := time.Parse(full+"-07:00", at+zone); err == nil {
			return t
		}
	}
	t, err := time.Parse(full, at)
	if err != nil {
		return time.Time{}
	}
	return t
}

const maxXMPTokens = 20_000

// readXMP collects the first text of the elements and attributes that say what
// the document is.
func readXMP(b []byte) map[string]string {
	out := map[string]string{}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	var path []string
	note := func(key, value string) {
		value = strings.TrimSpace(value)
		switch key {
		case "title", "language", "CreateDate", "ModifyDate":
			if out[key] == "" {
				out[key] = value
			}
		}
	}
	for range maxXMPTokens {
		t, err := d.Token()
		if err != nil {
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			path = append(path, t.Name.Local)
			for _, a := range t.Attr {
				note(a.Name.Local, a.Value)
			}
		case xml.EndElement:
			path = path[:max(0, len(path)-1)]
		case xml.CharData:
			for k := len(path) - 1; k >= 0 && k >= len(path)-3; k-- {
				note(path[k], string(t))
			}
		}
	}
	return out
}
