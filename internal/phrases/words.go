package phrases

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Word is one word of what a customer wrote, folded.
type Word struct {
	Text string
	Gap  Gap // what stands before it
}

// Character reports whether the word is a character of a script without spaces.
func (w Word) Character() bool {
	r, _ := utf8.DecodeRuneInString(w.Text)
	return unspaced(r)
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
// case, without punctuation and apostrophes ("don't" is "dont"), and in the
// letters that customers without the right keys type. Umlauts and the Nordic
// letters are written out ("möchte" is "moechte"); other Latin and Greek letters
// lose their accents and tones ("été" is "ete", "người" is "nguoi"); Arabic and
// Hebrew lose their vowel points, and the forms of alef become one. In scripts
// without spaces every character is a word.
func Words(text string) []Word {
	letters := foldedLetters()
	text = norm.NFC.String(strings.ToLower(text))
	words := make([]Word, 0, len(text)/5+1)
	var foldedHere [512]byte // on the stack, as most messages are short
	var endsHere [64]int
	folded, ends := foldedHere[:0], endsHere[:0]
	start := 0
	gap := Sentence
	alone := false // the word is a character of a script without spaces
	end := func() {
		alone = false
		if len(folded) > start {
			words = append(words, Word{Gap: gap})
			ends = append(ends, len(folded))
			gap, start = Space, len(folded)
		}
	}
	for _, r := range text {
		if r < utf8.RuneSelf && !alone {
			switch {
			case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
				folded = append(folded, byte(r))
			case r != '\'':
				end()
				gap = max(gap, gapOf(r))
			}
			continue
		}
		var into rune // what r is folded to
		if r < rune(len(letters)) {
			into = letters[r]
		} else {
			into = foldHigh(r)
		}
		switch {
		case into == dropped:
		case 'a' <= into && into <= 'z' && !alone:
			folded = append(folded, byte(into))
		case unicode.IsMark(r) && len(folded) > start:
			folded = utf8.AppendRune(folded, into)
		case unspaced(r):
			end()
			folded = utf8.AppendRune(folded, r)
			alone = true
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			if alone {
				end()
			}
			if long, ok := writtenOut[r]; ok {
				folded = append(folded, long...)
			} else {
				folded = utf8.AppendRune(folded, into)
			}
		default:
			end()
			gap = max(gap, gapOf(r))
		}
	}
	end()
	all, from := string(folded), 0
	for i, to := range ends {
		words[i].Text = all[from:to]
		from = to
	}
	return words
}

// Fold returns the words of a text with single spaces between them.
func Fold(text string) string { return Join(Words(text)) }

// Join returns words with single spaces between them.
func Join(words []Word) string {
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
	case ',', ';', ':', '–', '—', '，', '；', '：', '、', '،', '؛':
		return Clause
	default:
		return Space
	}
}

// unspaced reports whether a character is of a script that puts no space between
// words.
func unspaced(r rune) bool {
	switch {
	case r < 0x0e00:
		return false
	case r < 0x0f00:
		return unicode.Is(unicode.Thai, r) || unicode.Is(unicode.Lao, r)
	case r < 0x2e80:
		return unicode.Is(unicode.Myanmar, r) || unicode.Is(unicode.Khmer, r)
	default:
		return unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hiragana, r) || unicode.Is(unicode.Katakana, r) || unicode.Is(unicode.Myanmar, r)
	}
}

// writtenOut are the letters that become two. Customers also type the first
// letter without its mark, which is why the lists match both, see bare.
var writtenOut = map[rune]string{'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss", 'æ': "ae", 'ø': "oe", 'å': "aa", 'œ': "oe"}

// bare replaces the letters that Words writes out by the letter of the same
// shape.
var bare = strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "ø", "o", "å", "a")

// dropped stands for characters that are not written at all.
const dropped rune = -1

// foldHigh folds a character above the table of foldedLetters.
func foldHigh(r rune) rune {
	if r == '’' || r == '\u200c' || r == '\u200d' {
		return dropped
	}
	return r
}

// foldedLetters tells for characters below U+2000 what each becomes.
var foldedLetters = sync.OnceValue(func() *[0x2000]rune {
	var table [0x2000]rune
	for i := range table {
		r := rune(i)
		table[i] = r
		latin, greek := unicode.Is(unicode.Latin, r), unicode.Is(unicode.Greek, r)
		if _, long := writtenOut[r]; long || !latin && !greek {
			continue
		}
		if base, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r))); latin && base < utf8.RuneSelf || greek {
			table[i] = base
		}
	}
	for from, to := range map[rune]rune{
		'\'': dropped, 'ʼ': dropped, '\u00ad': dropped, '\u0640': dropped,
		'ł': 'l', 'đ': 'd', 'ı': 'i', 'ð': 'd', 'þ': 't', 'ς': 'σ', 'ё': 'е', 'ґ': 'г',
		'أ': 'ا', 'إ': 'ا', 'آ': 'ا', 'ٱ': 'ا', 'ى': 'ي', 'ة': 'ه', 'ؤ': 'و', 'ئ': 'ي',
		'\u0901': '\u0902', '\u093c': dropped,
	} {
		table[from] = to
	}
	for r := rune(0x064b); r <= 0x0652; r++ { // Arabic vowel points
		table[r] = dropped
	}
	for r := rune(0x0591); r <= 0x05c7; r++ { // Hebrew vowel points
		if unicode.IsMark(r) {
			table[r] = dropped
		}
	}
	return &table
})
