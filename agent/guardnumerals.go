package agent

import (
	"strings"
	"unicode/utf8"
)

// figuresOf returns the numbers of a plain text.
func figuresOf(s string) []figure {
	var out []figure
	for from := 0; from < len(s); from++ {
		if !isDigit(s[from]) {
			continue
		}
		to := numeralEnd(s, from)
		out = append(out, figure{
			raw: s[from:to], before: strings.ToValidUTF8(s[max(0, from-12):from], ""), after: strings.ToValidUTF8(s[to:min(len(s), to+48)], ""),
		})
		from = to
	}
	return out
}

// numeralEnd returns where the numeral ends that begins at s[from]: digits, and
// further ones after a sign, or three after a space.
func numeralEnd(s string, from int) int {
	end := digitsEnd(s, from)
	for end < len(s) {
		sign := 1
		if strings.HasPrefix(s[end:], "’") {
			sign = len("’")
		} else if strings.IndexByte(".,:' ", s[end]) < 0 {
			break
		}
		next := digitsEnd(s, end+sign)
		if next == end+sign {
			break
		}
		if s[end] == ' ' && (next != end+4 || next < len(s) && (isAlnum(s[next]) || s[next] == '_')) {
			break
		}
		end = next
	}
	return end
}

// digitGroups returns the runs of digits in s.
func digitGroups(s string) []string {
	var out []string
	for at := 0; at < len(s); at++ {
		if end := digitsEnd(s, at); end > at {
			out = append(out, s[at:end])
			at = end
		}
	}
	return out
}

func digitsEnd(s string, from int) int {
	for from < len(s) && isDigit(s[from]) {
		from++
	}
	return from
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func countDigits(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if isDigit(s[i]) {
			n++
		}
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
