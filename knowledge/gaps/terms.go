package gaps

import (
	"hash/fnv"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/text"
)

const (
	// maxQuestionBytes is how much of a question is compared.
	maxQuestionBytes = 2 << 10
	// maxTerms bounds the terms of a question of each kind.
	maxTerms = 64
	gramSize = 4
	// prefixRunes is where words are cut in languages without a stemmer.
	prefixRunes = 5
)

// terms are what a question is compared by: its stemmed words, without those
// that carry grammar, and the character n-grams of them, each sorted and once.
// They are those of knowledge/lexical: 4-grams within words, 3-grams at their
// ends, and single and double characters of Han and kana.
type terms struct {
	words, grams []uint64
}

func (t terms) empty() bool { return len(t.words) == 0 && len(t.grams) == 0 }

// termer makes terms. It keeps a stemmer a language and is for one goroutine.
type termer struct {
	stemmers map[string]*text.Stemmer
}

func (m *termer) terms(question, language string) terms {
	language = text.Base(language)
	folded := text.AppendFold(nil, cut(question, maxQuestionBytes))
	found := m.read(folded, language, false)
	if found.empty() { // "who are you": better than nothing
		found = m.read(folded, language, true)
	}
	found.words, found.grams = set(found.words), set(found.grams)
	return found
}

func (m *termer) read(folded []byte, language string, functionWords bool) terms {
	var out terms
	g := text.NewSegmenter(folded)
	for seg, ok := g.Next(); ok && len(out.words) < maxTerms; seg, ok = g.Next() {
		word := string(folded[seg.Start:seg.End])
		switch {
		case seg.Unspaced:
			out.readRun([]rune(word))
		case functionWords || !text.IsFunctionWord(language, word):
			out.words = append(out.words, hash('w', m.stem(word, language)))
			out.readWord([]rune("_" + word + "_"))
		}
	}
	return out
}

func (m *termer) stem(word, language string) string {
	if !text.HasStemmer(language) {
		return firstRunes(word, prefixRunes)
	}
	st := m.stemmers[language]
	if st == nil {
		if m.stemmers == nil {
			m.stemmers = map[string]*text.Stemmer{}
		}
		st = text.NewStemmer(language)
		m.stemmers[language] = st
	}
	return st.Stem(word)
}

func (t *terms) readWord(runes []rune) {
	if len(runes) < gramSize {
		t.grams = append(t.grams, hash('g', string(runes)))
		return
	}
	t.grams = append(t.grams, hash('g', string(runes[:gramSize-1])), hash('g', string(runes[len(runes)-gramSize+1:])))
	for i := 0; i+gramSize <= len(runes) && len(t.grams) < 4*maxTerms; i++ {
		t.grams = append(t.grams, hash('g', string(runes[i:i+gramSize])))
	}
}

// readRun reads a run of a script without spaces. Of Han and kana every Han
// character and every two characters stand for a word, hiragana aside, which is
// mostly grammar; of other scripts every three.
func (t *terms) readRun(runes []rune) {
	if unicode.In(runes[0], unicode.Han, unicode.Hiragana, unicode.Katakana) {
		t.readHan(runes)
		return
	}
	const size = 3
	if len(runes) <= size {
		t.words = append(t.words, hash('w', string(runes)))
		return
	}
	for i := 0; i+size <= len(runes) && len(t.words) < maxTerms; i++ {
		t.words = append(t.words, hash('w', string(runes[i:i+size])))
		if i+size < len(runes) {
			t.grams = append(t.grams, hash('g', string(runes[i:i+size+1])))
		}
	}
}

func (t *terms) readHan(runes []rune) {
	for i := 0; i < len(runes) && len(t.words) < maxTerms; i++ {
		if unicode.Is(unicode.Hiragana, runes[i]) {
			continue
		}
		if unicode.Is(unicode.Han, runes[i]) {
			t.words = append(t.words, hash('w', string(runes[i])))
		}
		if i+1 < len(runes) && !unicode.Is(unicode.Hiragana, runes[i+1]) {
			t.words = append(t.words, hash('w', string(runes[i:i+2])))
		}
		t.grams = append(t.grams, hash('g', string(runes[i:min(i+2, len(runes))])))
	}
	if len(t.words) == 0 { // nothing but hiragana
		for i := range runes[:min(len(runes), maxTerms)] {
			t.grams = append(t.grams, hash('g', string(runes[i:min(i+3, len(runes))])))
		}
	}
}

func hash(kind byte, s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte{kind})
	h.Write([]byte(s))
	return h.Sum64()
}

func set(keys []uint64) []uint64 {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// cut returns at most n bytes of s, in whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
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
