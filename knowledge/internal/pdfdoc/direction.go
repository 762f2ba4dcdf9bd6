package pdfdoc

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

func rightToLeft(r rune) bool {
	if r < 0x590 {
		return false
	}
	p, _ := bidi.LookupRune(r)
	return p.Class() == bidi.R || p.Class() == bidi.AL
}

// runClass is how a piece of visible text takes part in reordering.
type runClass uint8

const (
	neutral runClass = iota
	leftward
	rightward
	number
)

func classOf(s string) runClass {
	for _, r := range s {
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.R, bidi.AL:
			return leftward
		case bidi.L:
			return rightward
		case bidi.EN, bidi.AN:
			return number
		}
	}
	return neutral
}

// logicalOrder turns pieces in the order seen, left to right, into the order
// read. The base direction is that of most of the letters.
func logicalOrder(parts []string) []string {
	classes := make([]runClass, len(parts))
	rtl, ltr := 0, 0
	for i, s := range parts {
		classes[i] = classOf(s)
		switch classes[i] {
		case leftward:
			rtl++
		case rightward:
			ltr++
		}
	}
	base := rightward
	if rtl >= ltr {
		base = leftward
	}
	resolveNeutrals(parts, classes, base)
	var runs [][]string
	for i := 0; i < len(parts); {
		j := i
		for j < len(parts) && classes[j] == classes[i] {
			j++
		}
		run := append([]string(nil), parts[i:j]...)
		if classes[i] == leftward {
			slices.Reverse(run)
			for k := range run {
				run[k] = mirrored(run[k])
			}
		}
		runs = append(runs, run)
		i = j
	}
	if base == leftward {
		slices.Reverse(runs)
	}
	return slices.Concat(runs...)
}

// resolveNeutrals gives every piece a direction: numbers run left to right and
// keep the points and signs inside them; other neutrals go with equal
// neighbours, else with the base.
func resolveNeutrals(parts []string, classes []runClass, base runClass) {
	for i := 1; i+1 < len(parts); i++ {
		if classes[i] == neutral && classes[i-1] == number && classes[i+1] == number && strings.ContainsAny(parts[i], ".,:/-") {
			classes[i] = number
		}
	}
	for i := 0; i < len(parts); {
		if classes[i] != neutral {
			if classes[i] == number {
				classes[i] = rightward
			}
			i++
			continue
		}
		j := i
		for j < len(parts) && classes[j] == neutral {
			j++
		}
		dir := base
		if i > 0 && j < len(parts) {
			after := classes[j]
			if after == number {
				after = rightward
			}
			if classes[i-1] == after {
				dir = after
			}
		}
		for ; i < j; i++ {
			classes[i] = dir
		}
	}
}

// mirrored swaps single brackets, which were drawn as they look.
func mirrored(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n != len(s) {
		return s
	}
	if p, _ := bidi.LookupRune(r); p.IsBracket() {
		return bidi.ReverseString(s)
	}
	return s
}

// plainForms replaces characters that stand for a shape by the characters that
// stand for the text: ligatures, Arabic letter forms, full-size radicals.
// Private-use characters have no meaning outside their font and go.
func plainForms(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		ascii = ascii && s[i] < 0x80 && s[i] >= ' '
	}
	if ascii {
		return s
	}
	var sb strings.Builder
	for _, r := range s {
		switch {
		case r >= 0xFB00 && r <= 0xFDFF, r >= 0xFE70 && r <= 0xFEFC, r >= 0x2F00 && r <= 0x2FDF, r >= 0xF900 && r <= 0xFAFF:
			sb.WriteString(norm.NFKC.String(string(r)))
		case r >= 0xE000 && r <= 0xF8FF, r >= 0xF0000, r == 0xFFFD:
		case r < ' ' && r != '\t' && r != '\n', r == 0x200B, r == 0xFEFF:
		case r == 0xA0, r == '\n', r == '\t', r >= 0x2000 && r <= 0x200A:
			sb.WriteByte(' ')
		default:
			sb.WriteRune(r)
		}
	}
	return norm.NFC.String(sb.String())
}
