package text

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// class says how a rune takes part in words.
type class uint8

const (
	classOther    class = iota // separates words
	classWord                  // letter or digit of a script with spaces between words
	classMark                  // combining mark: belongs to what it follows
	classUnspaced              // letter of a script without spaces between words
)

// char is what folding and cutting need to know about one rune.
type char struct {
	lower rune // -1: dropped by folding
	class class
	plain bool // NFKC changes neither it nor what stands beside it
}

// unspacedScripts are written without spaces between words.
var unspacedScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// plane holds the basic plane ready made: looking a rune up in Unicode's range
// tables costs more than everything else done with it.
var plane = sync.OnceValue(func() *[1 << 16]char {
	p := new([1 << 16]char)
	for r := range rune(1 << 16) {
		p[r] = lookup(r)
	}
	return p
})

func charOf(r rune) char {
	if 0 <= r && r < 1<<16 {
		return plane()[r]
	}
	return lookup(r)
}

func lookup(r rune) char {
	c := char{lower: unicode.ToLower(r)}
	switch {
	case unicode.In(r, unicode.Mn, unicode.Mc):
		c.class = classMark
	case r == 'ー' || r == '々' || r == '〆': // of no script, written with kana and Han
		c.class = classUnspaced
	case unicode.In(r, unicode.L, unicode.Nd):
		c.class = classWord
		if unicode.In(r, unspacedScripts...) {
			c.class = classUnspaced
		}
	}
	c.plain = plain(r)
	switch {
	case dropped(r):
		c.lower, c.plain = -1, false
	case r == 'ς':
		c.lower = 'σ'
	}
	return c
}

// plain reports a rune that normalisation leaves alone in any company.
func plain(r rune) bool {
	var b [utf8.UTFMax]byte
	n := utf8.EncodeRune(b[:], r)
	p := norm.NFKC.Properties(b[:n])
	return p.BoundaryBefore() && p.CCC() == 0 && norm.NFKC.IsNormal(b[:n])
}

// dropped reports runes that carry no meaning for comparison.
func dropped(r rune) bool {
	switch {
	case r == 0x00AD, r == 0x0640, r == 0xFEFF, r == 0x2060:
		return true
	case 0x200B <= r && r <= 0x200F: // zero-width space and joiners, direction marks
		return true
	case 0x0591 <= r && r <= 0x05BD, r == 0x05BF, r == 0x05C1, r == 0x05C2, r == 0x05C4, r == 0x05C5, r == 0x05C7: // Hebrew points
		return true
	case 0x064B <= r && r <= 0x0652, r == 0x0670: // Arabic vowel points
		return true
	case 0xFE00 <= r && r <= 0xFE0F: // variation selectors
		return true
	}
	return false
}
