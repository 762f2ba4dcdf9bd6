package agent

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// reading is a text as those programs may see it that turn addresses into
// links: character references and escapes decoded, wide and ornamental letters
// as plain ones, and without emphasis and what has no width. Each byte knows
// where it comes from.
type reading struct {
	text string
	from []int // offset in the original of each byte of text, and of the end; nil if they are the same
}

var (
	charReference = regexp.MustCompile(`^&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});`)
	defanged      = regexp.MustCompile(`(?i)^\s?[\[({]\s?(?:(\.|dot|punkt|point|punto)|(at|@)|(:)|(/))\s?[\])}]\s?`)
)

// read returns the reading of s.
func read(s string) reading {
	same := asRead(s)
	if same == len(s) {
		return reading{text: s}
	}
	var sb strings.Builder
	sb.Grow(len(s))
	sb.WriteString(s[:same])
	r := reading{from: make([]int, same, len(s)+1)}
	for i := range r.from {
		r.from[i] = i
	}
	for i := same; i < len(s); {
		piece, size := readOne(s[i:])
		sb.WriteString(piece)
		for range len(piece) {
			r.from = append(r.from, i)
		}
		i += size
	}
	r.text, r.from = sb.String(), append(r.from, len(s))
	return r
}

// asRead returns how much of s, from its beginning, is read as it stands.
func asRead(s string) int {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case isAlnum(c) || c == '.' || c == ',':
			i++
		case c == ' ' && (i+1 == len(s) || isAlnum(s[i+1])):
			i++
		default:
			piece, size := readOne(s[i:])
			if piece != s[i:i+size] {
				return i
			}
			i += size
		}
	}
	return len(s)
}

// readOne reads what s begins with, and returns how much of s it was.
func readOne(s string) (piece string, size int) {
	switch c := s[0]; c {
	case '&':
		if m := charReference.FindString(s[:min(len(s), 40)]); m != "" {
			if decoded := html.UnescapeString(m); decoded != m {
				return plainRunes(decoded), len(m)
			}
		}
		return "&", 1
	case '[', '(', '{', ' ':
		if !mayBeDefanged(s) {
			return s[:1], 1
		}
		if m := defanged.FindStringSubmatch(s[:min(len(s), 12)]); m != nil {
			switch {
			case m[1] != "":
				return ".", len(m[0])
			case m[2] != "":
				return "@", len(m[0])
			default:
				return m[3] + m[4], len(m[0])
			}
		}
		return s[:1], 1
	case '\\':
		if len(s) > 1 && s[1] > ' ' && s[1] < 0x7f && !isAlnum(s[1]) {
			return "", 1
		}
		return "/", 1
	case '*', '`':
		return "", 1
	case '~':
		if strings.HasPrefix(s, "~~") {
			return "", 2
		}
		return "~", 1
	default:
		if c < utf8.RuneSelf {
			return s[:1], 1
		}
		r, size := utf8.DecodeRuneInString(s)
		if r < 0x250 && r != 0xad && norm.NFKC.IsNormalString(s[:size]) {
			return s[:size], size
		}
		return plainRunes(s[:size]), size
	}
}

// mayBeDefanged looks at the beginning of s alone: at a bracket, after a space
// or not, and at what stands in it.
func mayBeDefanged(s string) bool {
	if s[0] == ' ' {
		s = s[1:]
	}
	if s == "" || strings.IndexByte("[({", s[0]) < 0 {
		return false
	}
	if s = s[1:]; s != "" && strings.IndexByte("\t\n\f\r ", s[0]) >= 0 {
		s = s[1:]
	}
	return s != "" && strings.IndexByte(".dDpPaA@:/", s[0]) >= 0
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// plainRunes drops what has no width and replaces each rune by its plain form
// if that is a single one. The ideographic full stop is a dot to browsers.
func plainRunes(s string) string {
	var sb strings.Builder
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			sb.WriteRune(r)
		case r == '。':
			sb.WriteByte('.')
		case hasNoWidth(r):
		default:
			plain := norm.NFKC.String(string(r))
			if utf8.RuneCountInString(plain) == 1 {
				sb.WriteString(plain)
			} else {
				sb.WriteRune(r)
			}
		}
	}
	return sb.String()
}

func hasNoWidth(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || r == 0x034f || r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0
}

// span returns where a part of the reading comes from.
func (r reading) span(loc []int) (from, to int) {
	if r.from == nil {
		return loc[0], loc[1]
	}
	return r.from[loc[0]], r.from[loc[1]]
}
