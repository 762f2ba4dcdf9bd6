package agent

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A unit that is too long to be quoted whole is quoted in part: as whole words,
// from the place that shares most with the question, with an ellipsis where
// something was left out.

const ellipsis = "…"

// excerpt returns the part of a unit's text to quote, at most limit runes with
// its ellipses, and where that begins.
func (x *extract) excerpt(s string, limit int) (part string, start int) {
	if utf8.RuneCountInString(s) <= limit {
		return s, 0
	}
	limit = max(limit-2, 1) // for ellipses
	stops := wordStops(s)
	marks := x.matched(s, stops)
	best, end, most := 0, 0, float32(-1)
	for from := 0; from < len(stops)-1; from++ {
		to, runes := from, 0
		for to < len(stops)-1 && runes+stops[to+1].runes-stops[to].runes <= limit {
			runes += stops[to+1].runes - stops[to].runes
			to++
		}
		if to == from {
			continue
		}
		if w := windowWeight(marks[from:to]); w > most {
			best, end, most = from, to, w
		}
		if to == len(stops)-1 {
			break
		}
	}
	if end == 0 {
		return firstRunes(s, limit), 0 // one endless word
	}
	return strings.TrimSpace(s[stops[best].at:stops[end].at]), stops[best].at
}

// windowWeight is what the words of a window share with the question, those in
// its middle counting most: what a sentence says of them stands around them.
func windowWeight(marks []float32) float32 {
	var sum float32
	n := float32(len(marks))
	for i, w := range marks {
		off := (float32(i)+.5)/n - .5
		sum += w * (1.2 - max(off, -off))
	}
	return sum
}

// stop is a place where a text may be cut.
type stop struct {
	at    int // byte offset
	runes int // before it
}

// wordStops returns where words begin, and the end. A run of a script without
// spaces may be cut between any two letters, but not before a mark.
func wordStops(s string) []stop {
	out := make([]stop, 1, len(s)/6+2)
	runes := 0
	space, unspaced := false, false
	for i, r := range s {
		switch {
		case i == 0:
		case space && !unicode.IsSpace(r), unspaced && isUnspaced(r):
			out = append(out, stop{i, runes})
		}
		space, unspaced = unicode.IsSpace(r), isUnspaced(r)
		runes++
	}
	return append(out, stop{len(s), runes})
}

// isUnspaced reports a letter of a script without spaces between words.
func isUnspaced(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) &&
		!unicode.In(r, unicode.Mn, unicode.Mc)
}

// endsUnspaced reports a text that ends with a letter of such a script, and so
// without a mark.
func endsUnspaced(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRightFunc(s, unicode.IsMark))
	return isUnspaced(r)
}

// matched returns what each piece between two stops shares with the question.
func (x *extract) matched(s string, stops []stop) []float32 {
	out := make([]float32, len(stops)-1)
	row := make([]float32, len(x.weights))
	for i := range out {
		clear(row)
		end := stops[min(i+pieceReach(s[stops[i].at:stops[i+1].at]), len(stops)-1)].at
		x.terms.scan(s[stops[i].at:end], row)
		for t, v := range row {
			out[i] += v * x.weights[t]
		}
	}
	return out
}

// pieceReach is over how many pieces terms of an unspaced script may reach.
func pieceReach(piece string) int {
	if r, _ := utf8.DecodeRuneInString(piece); isUnspaced(r) {
		return 4
	}
	return 1
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
