package phrases

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Word is one word of what a customer wrote, folded.
type Word struct {
	Text string
	Gap  Gap // what stands before it
}

// Gap is what separates a word from the one before.
type Gap uint8

// The gaps, in rising order.
const (
	Space    Gap = iota // blanks, hyphens, brackets
	Clause              // a comma, colon or semicolon
	Sentence            // a full stop, question mark, exclamation mark or line break
)

// Words cuts text into words in the form in which they are compared: lower
// case, without punctuation and apostrophes ("don't" is "dont"), umlauts and
// the Nordic letters written out ("möchte" is "moechte"), as customers without
// such keys do. In scripts without spaces every character is a word.
func Words(text string) []Word {
	words := make([]Word, 0, len(text)/6+1)
	var sb strings.Builder
	gap := Sentence
	alone := false // the word is a character of a script without spaces
	end := func() {
		alone = false
		if sb.Len() > 0 {
			words = append(words, Word{sb.String(), gap})
			gap = Space
			sb.Reset()
		}
	}
	for _, r := range norm.NFC.String(strings.ToLower(text)) {
		switch {
		case 'a' <= r && r <= 'z' && !alone:
			sb.WriteByte(byte(r))
		case unicode.IsMark(r) && sb.Len() > 0:
			sb.WriteRune(r)
		case r >= firstUnspaced && unicode.In(r, unspaced...):
			end()
			sb.WriteRune(r)
			alone = true
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			if alone {
				end()
			}
			if long, ok := writtenOut[r]; ok {
				sb.WriteString(long)
			} else {
				sb.WriteRune(r)
			}
		case r == '\'', r == '’', r == 'ʼ', r == '\u00ad', r == '\u200d', r == '\u200c':
		default:
			end()
			gap = max(gap, gapOf(r))
		}
	}
	end()
	return words
}

// Fold returns the words of a text with single spaces between them.
func Fold(text string) string { return join(Words(text)) }

func join(words []Word) string {
	var sb strings.Builder
	for i, w := range words {
		if i > 0 {
			sb.WriteByte(' ')
		}
		sb.WriteString(w.Text)
	}
	return sb.String()
}

func gapOf(r rune) Gap {
	switch r {
	case '.', '!', '?', '\n', '…', '。', '！', '？', '؟', '।':
		return Sentence
	case ',', ';', ':', '–', '—', '，', '；', '：', '、', '،':
		return Clause
	default:
		return Space
	}
}

// unspaced are the scripts that put no space between words.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

// firstUnspaced is below all of them.
const firstUnspaced = 0x0e00

var writtenOut = map[rune]string{'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss", 'æ': "ae", 'ø': "oe", 'å': "aa"}
