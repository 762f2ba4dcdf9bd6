// Package text folds, cuts and measures text in any script: case folding, word
// and sentence segmentation, word stems and a token estimate. It holds no state
// beyond read-only tables; everything but a [Stemmer] is safe for concurrent use.
package text

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s in the form in which texts are compared: NFKC, lower case,
// without characters that writers leave out or add freely (soft hyphens,
// zero-width characters, Arabic and Hebrew vowel points, the Arabic tatweel).
// A final sigma becomes a sigma. Folding a folded string changes nothing.
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return string(AppendFold(make([]byte, 0, len(s)+8), s))
		}
	}
	return s
}

// AppendFold appends [Fold] of s to dst. It allocates only when dst grows or s
// is not in NFKC.
func AppendFold(dst []byte, s string) []byte {
	start := len(dst)
	dst, ok := appendPlain(dst, s)
	if ok {
		return dst
	}
	dst = dst[:start]
	if !utf8.ValidString(s) {
		s = string([]rune(s)) // normalisation leaves what follows a stray byte as it is
	}
	if !norm.NFKC.IsNormalString(s) {
		s = norm.NFKC.String(s)
	}
	changed := false
	for _, r := range s {
		c := charOf(r)
		if c.lower < 0 {
			changed = true
			continue
		}
		changed = changed || c.lower != r
		dst = utf8.AppendRune(dst, c.lower)
	}
	// Dropping or lowering can bring characters together that compose.
	if changed && !norm.NFKC.IsNormal(dst[start:]) {
		dst = append(dst[:start], norm.NFKC.Bytes(dst[start:])...)
	}
	return dst
}

// appendPlain folds rune by rune; ok is false where that is not enough.
func appendPlain(dst []byte, s string) (_ []byte, ok bool) {
	table := plane()
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			if 'A' <= b && b <= 'Z' {
				b += 'a' - 'A'
			}
			dst = append(dst, b)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r >= 1<<16 || !table[r].plain {
			return dst, false
		}
		dst = utf8.AppendRune(dst, table[r].lower)
		i += size
	}
	return dst, true
}
