package text

import (
	"strings"
	"unicode/utf8"
)

// Segment is a run of letters, digits and marks within a string.
type Segment struct {
	Start, End int // byte offsets
	// Unspaced marks a run of a script that has no spaces between words (Han,
	// kana, Thai, Lao, Khmer, Myanmar): a phrase, not a word.
	Unspaced bool
}

// Segmenter cuts text into segments. The zero value has nothing to cut; it does
// not allocate.
type Segmenter struct {
	s   []byte
	pos int
}

// NewSegmenter returns a Segmenter over s, which should be folded already where
// the segments are to be compared, and must not change while it is cut.
func NewSegmenter(s []byte) Segmenter { return Segmenter{s: s} }

// Next returns the next segment; ok is false at the end.
func (g *Segmenter) Next() (seg Segment, ok bool) {
	s, i := g.s, g.pos
	kind := classOther
	start := i
	for i < len(s) {
		var c class
		size := 1
		if b := s[i]; b < utf8.RuneSelf {
			if 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' {
				c = classWord
			}
		} else {
			var r rune
			r, size = utf8.DecodeRune(s[i:])
			c = charOf(r).class
		}
		if c == classMark { // a mark goes with what it follows; alone it is a word
			if c = kind; kind == classOther {
				c = classWord
			}
		}
		if c != kind {
			if kind != classOther {
				break
			}
			kind, start = c, i
		}
		i += size
	}
	g.pos = i
	return Segment{Start: start, End: i, Unspaced: kind == classUnspaced}, kind != classOther
}

// Words returns the folded segments of s in order.
func Words(s string) []string {
	bytes := AppendFold(make([]byte, 0, len(s)+8), s)
	folded := string(bytes) // the words share its memory
	g := NewSegmenter(bytes)
	var words []string
	for seg, ok := g.Next(); ok; seg, ok = g.Next() {
		if words == nil {
			words = make([]string, 0, len(folded)/6+1)
		}
		words = append(words, folded[seg.Start:seg.End])
	}
	return words
}

// Phrase returns the folded segments of s with one space before, between and
// behind them, to be searched for others of its kind.
func Phrase(s string) string {
	folded := AppendFold(make([]byte, 0, len(s)+8), s)
	g := NewSegmenter(folded)
	var sb strings.Builder
	sb.Grow(len(folded) + 2)
	sb.WriteByte(' ')
	for seg, ok := g.Next(); ok; seg, ok = g.Next() {
		sb.Write(folded[seg.Start:seg.End])
		sb.WriteByte(' ')
	}
	if sb.Len() == 1 {
		sb.WriteByte(' ')
	}
	return sb.String()
}

// EstimateTokens estimates how many tokens a language model will count in s,
// without knowing the model's tokeniser: the larger of 1.3 per word and one per
// four characters, plus one per character of an unspaced script.
func EstimateTokens(s string) int {
	words, runes, unspaced := 0, 0, 0
	inWord := false
	for _, r := range s {
		c := charOf(r).class
		switch {
		case c == classUnspaced:
			unspaced++
			inWord = false
			continue
		case c == classWord && !inWord:
			words++
			inWord = true
		case c == classOther:
			inWord = false
		}
		runes++
	}
	return max((words*13+9)/10, (runes+3)/4) + unspaced
}
