package agent

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Most figures of a draft stand in what was given as they are written, which is
// quickly seen; everything given is taken apart only for a draft with another.

// allStandIn reports whether each figure of a plain text stands in one of the
// given texts, and none can be a telephone number. What it reports would be
// found known in the long way too; what it does not may still be known.
func allStandIn(plain string, figures []figure, given []string) bool {
	if len(figures) > maxLiteral {
		return false
	}
	digits := 0
	for _, f := range figures {
		if !standsIn(f.raw, given) {
			return false
		}
		digits += len(f.raw)
	}
	return digits < phoneDigits || !phoneLike.MatchString(plain)
}

// maxLiteral is up to how many figures it is quicker to search all that was
// given for each.
const maxLiteral = 64

// standsIn reports whether one of the texts has a numeral just so, and not as a
// part of another.
func standsIn(numeral string, texts []string) bool {
	for _, t := range texts {
		for at := 0; ; {
			i := strings.Index(t[at:], numeral)
			if i < 0 {
				break
			}
			from, to := at+i, at+i+len(numeral)
			if beginsApart(t[:from]) && endsApart(t[to:], strings.Contains(numeral, " ")) {
				return true
			}
			at = from + 1
		}
	}
	return false
}

// beginsApart reports whether a numeral behind a text begins there: no digit
// stands before it, at once or with a sign or an hour between.
func beginsApart(before string) bool {
	r, size := utf8.DecodeLastRuneInString(before)
	if size == 0 {
		return true
	}
	if !keepsApart(r) || followsHour(before) {
		return false
	}
	if !joinsDigits(r) {
		return true
	}
	r, size = utf8.DecodeLastRuneInString(before[:len(before)-size])
	return size == 0 || keepsApart(r)
}

// endsApart is the same for what stands behind a numeral. One with spaces in it
// does not end before a letter.
func endsApart(after string, spaced bool) bool {
	r, size := utf8.DecodeRuneInString(after)
	if size == 0 {
		return true
	}
	if !keepsApart(r) || spaced && (r == '_' || r < utf8.RuneSelf && isAlnum(byte(r))) || precedesMinutes(after) {
		return false
	}
	if !joinsDigits(r) {
		return true
	}
	r, size = utf8.DecodeRuneInString(after[size:])
	return size == 0 || keepsApart(r)
}

// joinsDigits reports the signs that a numeral may have within, see numeral.
func joinsDigits(r rune) bool { return strings.ContainsRune(".,:' ", r) }

// keepsApart reports a rune that is neither a digit nor anything that
// plainFigures changes or reads as a part of a time.
func keepsApart(r rune) bool {
	if r < utf8.RuneSelf {
		return r < '0' || r > '9'
	}
	return (unicode.IsLetter(r) || unicode.Is(unicode.Sc, r)) && !hasNoWidth(r) && r != '時' && r != '시' && r != '点'
}

// hourSigns are those of ASCII in hoursMinutes.
var hourSigns = [...]string{"h", "H", "Uhr"}

func followsHour(before string) bool {
	before = strings.TrimSuffix(before, " ")
	for _, sign := range hourSigns {
		if hour, ok := strings.CutSuffix(before, sign); ok {
			r, _ := utf8.DecodeLastRuneInString(strings.TrimSuffix(hour, " "))
			return !keepsApart(r)
		}
	}
	return false
}

func precedesMinutes(after string) bool {
	after = strings.TrimPrefix(after, " ")
	for _, sign := range hourSigns {
		if minutes, ok := strings.CutPrefix(after, sign); ok {
			r, _ := utf8.DecodeRuneInString(strings.TrimPrefix(minutes, " "))
			return !keepsApart(r)
		}
	}
	return false
}
