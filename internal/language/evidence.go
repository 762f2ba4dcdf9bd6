package language

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxTextBytes   = 4096 // how much of a message is looked at
	maxLetterBytes = 600  // how much of its words is read
	maxWordBytes   = 70   // how much of one word is read
)

// Evidence is what texts say about their language, found by
// [Detector.Evidence] and read by [Detector.Decide] of the same detector. It
// is a plain value; the zero value is no evidence. To keep it across restarts,
// keep the texts: reading them again costs microseconds.
type Evidence struct {
	scores  [maxLanguages]float32
	letters [scripts]int32
}

// Letters is how many letters the evidence rests on.
func (e *Evidence) Letters() int {
	n := 0
	for _, count := range e.letters {
		n += int(count)
	}
	return n
}

// Add adds the evidence of another text: that of a conversation is the sum
// over its messages.
func (e *Evidence) Add(other Evidence) {
	for i := range e.scores {
		e.scores[i] += other.scores[i]
	}
	for i := range e.letters {
		e.letters[i] += other.letters[i]
	}
}

// script is the writing system of the evidence, noScript when there are no
// letters. Kana beside Han is Japanese.
func (e *Evidence) script() script {
	best := noScript
	for s := latin; s < scripts; s++ {
		if weighed := e.letters[s] * s.weight(); weighed > 0 && weighed >= e.letters[best]*best.weight() {
			best = s
		}
	}
	if best == han && e.letters[kana] > 0 {
		return kana
	}
	return best
}

// Evidence reads a text. Addresses (with @, :// or www.) and codes that mix
// Latin letters and digits say nothing; of a long text only the beginning is
// read.
func (d *Detector) Evidence(text string) Evidence {
	var e Evidence
	text = text[:min(len(text), maxTextBytes)]
	if hasCombiningAccents(text) {
		text = norm.NFC.String(text)
	}
	w := wordReader{tables: &d.tables, evidence: &e}
	for len(text) > 0 && w.read < maxLetterBytes {
		if text[0] < utf8.RuneSelf {
			run := asciiRun(text)
			if !isAddress(text[:run]) {
				w.ascii(text[:run])
			} else {
				w.flush()
			}
			text = text[run:]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		w.rune(r)
		text = text[size:]
	}
	w.flush()
	return e
}

// hasCombiningAccents reports whether the text may hold one of the accents from
// U+0300 to U+036F, which some keyboards and file systems set after their
// letter: their UTF-8 begins with one of two bytes that begin little else.
func hasCombiningAccents(text string) bool {
	return strings.IndexByte(text, 0xCC) >= 0 || strings.IndexByte(text, 0xCD) >= 0
}

// asciiRun is the length of the run of ASCII at the beginning of text that
// ends with a space.
func asciiRun(text string) int {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return i
		}
		if text[i] <= ' ' {
			return i + 1
		}
	}
	return len(text)
}

func isAddress(run string) bool {
	return strings.IndexByte(run, '@') >= 0 || strings.Contains(run, "://") || strings.HasPrefix(run, "www.")
}

// wordReader cuts a text into words and adds the scores of their n-grams.
type wordReader struct {
	tables   *tables
	evidence *Evidence
	word     [maxWordBytes + utf8.UTFMax]byte
	length   int   // of word
	read     int   // bytes of letters so far
	beyond   int   // letters of the word beyond ASCII
	latin    int32 // Latin letters of the word, counted when it is kept
	digits   bool  // it mixes letters and digits
	quote    rune  // an apostrophe that counts when a letter follows, or 0
}

func (w *wordReader) ascii(run string) {
	for i := 0; i < len(run); i++ {
		c := run[i]
		switch lower := c | 0x20; {
		case 'a' <= lower && lower <= 'z':
			w.letter(rune(lower))
			w.latin++
		case '0' <= c && c <= '9':
			if w.beyond == 0 {
				w.digits = true
			} else {
				w.flush()
			}
		case c == '\'' || c == '`':
			w.apostrophe(rune(c))
		default:
			w.flush()
		}
	}
}

func (w *wordReader) rune(r rune) {
	switch {
	case r == '’': // the typographic apostrophe
		w.apostrophe(r)
	case unicode.IsLetter(r):
		if s := scriptOf(r); s == latin {
			w.latin++
		} else {
			w.evidence.letters[s]++
		}
		w.beyond++
		w.letter(unicode.ToLower(r))
	default:
		w.flush()
	}
}

// apostrophe keeps a word together when another letter follows.
func (w *wordReader) apostrophe(r rune) {
	if w.length > 0 {
		w.quote = r
	}
}

func (w *wordReader) letter(r rune) {
	if w.quote != 0 {
		w.append(w.quote)
		w.quote = 0
	}
	w.append(r)
}

func (w *wordReader) append(r rune) {
	w.read += utf8.RuneLen(r)
	if w.length < maxWordBytes {
		w.length += utf8.EncodeRune(w.word[w.length:], r)
	}
}

// flush ends a word.
func (w *wordReader) flush() {
	if w.length > 0 && !(w.digits && w.beyond == 0) {
		w.evidence.letters[latin] += w.latin
		w.score(w.word[:min(w.length, maxWordBytes)])
	}
	w.length, w.beyond, w.latin, w.digits, w.quote = 0, 0, 0, false, 0
}

// score looks up the n-grams of a word: windows of four bytes, three bytes
// apart, while a byte is left after them, and then the last four bytes. The
// first is marked with a space before, the last with a space after. The tables
// were made for words cut in this way.
func (w *wordReader) score(word []byte) {
	scores := &w.evidence.scores
	at := 0
	for ; at+4 < len(word); at += 3 {
		key := pack(word[at : at+4])
		if at == 0 {
			w.tables.add(key<<8|' ', 5, scores)
		} else {
			w.tables.add(key, 4, scores)
		}
	}
	last := word[max(0, len(word)-4):]
	key := pack(last)
	if at == 0 {
		key = key<<8 | ' ' | ' '<<(8*(len(last)+1))
		w.tables.add(key, len(last)+2, scores)
	} else {
		w.tables.add(key|' '<<(8*len(last)), len(last)+1, scores)
	}
}

// pack puts up to eight bytes into an integer, the first lowest.
func pack(bytes []byte) uint64 {
	var key uint64
	for i, b := range bytes {
		key |= uint64(b) << (8 * i)
	}
	return key
}
