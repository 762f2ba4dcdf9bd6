package lexical

import (
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/text"
)

// termKind says what a term is made of; it decides its weight in a query.
type termKind uint8

const (
	kindStem    termKind = iota // a stemmed word
	kindGram                    // a 3- or 4-gram of a word
	kindHan1                    // one, two, three characters of a Han or kana run
	kindHan2                    //
	kindHan3                    //
	kindRunGram                 // a 3- or 4-gram of another unspaced run
)

const (
	gramMin, gramMax = 3, 4
	// maxWordRunes bounds the grams of one word: what is longer is not a word.
	maxWordRunes = 64
	// prefixRunes is where words are cut in languages without a stemmer.
	prefixRunes = 5
)

// keyBits is the size of the hash of its kind and runes that a term is known by.
// That any two of a quarter of a million terms share one has a chance of 1 in
// 140, and then a rare term counts in a few more passages.
const keyBits = 42

const (
	stemSeed uint64 = 0x9e3779b97f4a7c15
	gramSeed uint64 = 0xc2b2ae3d27d4eb4f
	wordSeed uint64 = 0x165667b19e3779f9
)

func mixRune(h uint64, r rune) uint64 {
	h = (h ^ uint64(uint32(r))) * 0xff51afd7ed558ccd
	return h ^ h>>32
}

func finish(h uint64) uint64 {
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 32
	if h == 0 { // zero marks an empty slot in hash tables
		h = 1
	}
	return h
}

// termKey is the key of a term from the state of its hash. It is never zero.
func termKey(h uint64) uint64 { return max(finish(h)>>(64-keyBits), 1) }

// stemKey is the key of a stemmed word.
func stemKey(stem string) uint64 {
	return max(hashText(stemSeed, stem)>>(64-keyBits), 1)
}

// hashText hashes a folded word or a name.
func hashText[T string | []byte](seed uint64, s T) uint64 {
	h := seed
	for ; len(s) >= 8; s = s[8:] {
		v := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		h = (h ^ v) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i]) ^ 0x100) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	return finish(h)
}

// stemmers keeps one stemmer a language for one goroutine.
type stemmers map[string]*text.Stemmer

// stem reduces a folded word as its language's entries do.
func (s stemmers) stem(language, word string) string {
	if !text.HasStemmer(language) {
		return prefix(word, prefixRunes)
	}
	st := s[language]
	if st == nil {
		st = text.NewStemmer(language)
		s[language] = st
	}
	return st.Stem(word)
}

func prefix(word string, runes int) string {
	for i := range word {
		if runes == 0 {
			return word[:i]
		}
		runes--
	}
	return word
}

// stemLanguage is the name under which a language's stems are kept: its base
// when there is a stemmer, "" otherwise.
func stemLanguage(tag string) string {
	if base := text.Base(tag); text.HasStemmer(base) {
		return base
	}
	return ""
}

// gramTerms calls yield with the key of each gram of a folded word: its 4-grams,
// and the 3-grams at its ends, which hold the stems of short words and the
// endings. The 3-grams within add a third to the index and lose .1 MRR.
func gramTerms(word []byte, runes []rune, yield func(key uint64)) []rune {
	runes = appendRunes(append(runes[:0], '_'), word, maxWordRunes)
	runes = append(runes, '_')
	n := len(runes)
	if n < gramMax {
		yield(termKey(gram(runes)))
		return runes
	}
	yield(termKey(gram(runes[:gramMin])))
	yield(termKey(gram(runes[n-gramMin:])))
	for i := 0; i+gramMax <= n; i++ {
		yield(termKey(gram(runes[i : i+gramMax])))
	}
	return runes
}

func gram(runes []rune) uint64 {
	h := gramSeed
	for _, r := range runes {
		h = mixRune(h, r)
	}
	return h
}

// appendRunes appends at most limit runes of s.
func appendRunes(runes []rune, s []byte, limit int) []rune {
	for i := 0; i < len(s) && limit > 0; limit-- {
		if s[i] < utf8.RuneSelf {
			runes = append(runes, rune(s[i]))
			i++
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		runes = append(runes, r)
		i += size
	}
	return runes
}

// runTerms calls yield with the key and kind of each gram of an unspaced run.
func runTerms(run []byte, runes []rune, yield func(key uint64, kind termKind)) []rune {
	runes = appendRunes(runes[:0], run, len(run))
	first := runes[0]
	if unicode.In(first, unicode.Han, unicode.Hiragana, unicode.Katakana) || first == 'ー' {
		for i := range runes {
			h := gramSeed
			for n := 0; n < 3 && i+n < len(runes); n++ {
				h = mixRune(h, runes[i+n])
				yield(termKey(h), kindHan1+termKind(n))
			}
		}
		return runes
	}
	if len(runes) < gramMin {
		h := gramSeed
		for _, r := range runes {
			h = mixRune(h, r)
		}
		yield(termKey(h), kindRunGram)
		return runes
	}
	for i := 0; i+gramMin <= len(runes); i++ {
		h := mixRune(mixRune(mixRune(gramSeed, runes[i]), runes[i+1]), runes[i+2])
		yield(termKey(h), kindRunGram)
		if i+gramMax <= len(runes) {
			yield(termKey(mixRune(h, runes[i+3])), kindRunGram)
		}
	}
	return runes
}

// weight is what one matched term of a kind counts for.
func (c Config) weight(k termKind) float64 {
	switch k {
	case kindStem:
		return c.StemWeight
	case kindGram, kindHan3:
		return c.GramWeight
	default: // these are words and parts of words at once
		return c.StemWeight + c.GramWeight
	}
}
