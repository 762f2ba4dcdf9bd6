package agent

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/text"
)

// questionTerms is a question taken apart, to be compared with sentences in any
// script: its words, each with the letter grams by which other forms and
// compounds of it are known, and where words have no spaces between them the
// grams themselves.
type questionTerms struct {
	terms []term
	grams []gram
	slots []uint16 // hash table over grams: one more than the first gram's index

	// Memory of scan.
	folded  []byte
	hits    []uint16 // grams a word has in common with each term
	touched []uint16 // terms with hits
}

// term is one word of the question, or one gram of an unspaced run.
type term struct {
	weight float32 // by what it is, before its rarity
	grams  uint16  // of a word; 0 for a gram of a run
}

// gram leads from a gram to a term that has it.
type gram struct {
	key  uint64
	term uint16
	next uint16 // one more than the index of the next gram in its slot
}

const (
	// functionWeight is how much a word counts that carries no meaning of its own.
	functionWeight = .15
	// contextWeight is how much a word counts that only what the question refers
	// to has.
	contextWeight = .5
	// maxTerms of a question are compared, the first ones: more is no question.
	maxTerms = 256
	// maxQuestionBytes of a question are read.
	maxQuestionBytes = 4 << 10
	// maxWordRunes of a word are compared.
	maxWordRunes = 64
	// slotBits is the binary logarithm of the hash table's size: a question of a
	// sentence has two to three hundred grams.
	slotBits = 11
	// leastLikeness is the share of a word's grams below which another word has
	// them by chance.
	leastLikeness = .5
)

// newQuestionTerms takes a question in a language apart, and what it refers to.
func newQuestionTerms(question, context, language string) *questionTerms {
	q := &questionTerms{
		terms: make([]term, 0, 48), grams: make([]gram, 0, 256), slots: make([]uint16, 1<<slotBits),
		folded: make([]byte, 0, 512),
	}
	q.read(question, language, 1)
	q.read(context, language, contextWeight)
	q.hits = make([]uint16, len(q.terms))
	q.touched = make([]uint16, 0, len(q.terms))
	return q
}

// read adds the terms of a text that are not there yet.
func (q *questionTerms) read(s, language string, weight float32) {
	if len(s) > maxQuestionBytes {
		s = strings.ToValidUTF8(s[:maxQuestionBytes], "")
	}
	q.folded = text.AppendFold(q.folded[:0], s)
	g := text.NewSegmenter(q.folded)
	for seg, ok := g.Next(); ok && len(q.terms) < maxTerms; seg, ok = g.Next() {
		word := q.folded[seg.Start:seg.End]
		if seg.Unspaced {
			q.runGrams(word, func(key uint64) {
				if len(q.terms) < maxTerms && q.find(key) == 0 {
					q.add(key, len(q.terms))
					q.terms = append(q.terms, term{weight: weight})
				}
			})
			continue
		}
		w := weight
		if text.IsFunctionWord(language, string(word)) {
			w *= functionWeight
		}
		q.addWord(word, w)
	}
}

func (q *questionTerms) addWord(word []byte, weight float32) {
	whole := wholeKey(word)
	if q.find(whole) != 0 {
		return // said before
	}
	n, t := len(q.terms), term{weight: weight}
	q.wordGrams(word, func(key uint64) {
		q.add(key, n)
		t.grams++
	})
	q.add(whole, n)
	q.terms = append(q.terms, t)
}

func (q *questionTerms) add(key uint64, term int) {
	if len(q.grams) >= 1<<16-2 {
		return
	}
	slot := &q.slots[key>>(64-slotBits)]
	q.grams = append(q.grams, gram{key, uint16(term), *slot})
	*slot = uint16(len(q.grams))
}

// find returns one more than the index of the first gram of a key, 0 if there is none.
func (q *questionTerms) find(key uint64) uint16 {
	i := q.slots[key>>(64-slotBits)]
	for i != 0 && q.grams[i-1].key != key {
		i = q.grams[i-1].next
	}
	return i
}

// scan writes to row how well a text holds each term, from 0 to 1, where that
// is more than the row has. It returns a hash of the text's words.
func (q *questionTerms) scan(s string, row []float32) uint64 {
	var words uint64
	q.folded = text.AppendFold(q.folded[:0], s)
	g := text.NewSegmenter(q.folded)
	for seg, ok := g.Next(); ok; seg, ok = g.Next() {
		word := q.folded[seg.Start:seg.End]
		whole := wholeKey(word)
		words = (words ^ whole) * mixer
		if seg.Unspaced {
			q.runGrams(word, func(key uint64) {
				if i := q.find(key); i != 0 {
					row[q.grams[i-1].term] = 1
				}
			})
			continue
		}
		if i := q.find(whole); i != 0 {
			row[q.grams[i-1].term] = 1
		}
		q.scanWord(word, row)
	}
	return words
}

// scanWord notes the terms that share enough grams with a word. It reads the
// grams of [questionTerms.wordGrams], those of four runes only where the terms
// have both of three that they are made of.
func (q *questionTerms) scanWord(word []byte, row []float32) {
	last, known := uint64('_'), false
	for i, n := 0, 1; i <= len(word) && n <= maxWordRunes+1; n++ {
		r, size := '_', 1
		if i < len(word) && n <= maxWordRunes {
			if r = rune(word[i]); r >= utf8.RuneSelf {
				r, size = utf8.DecodeRune(word[i:])
			}
		} else {
			i = len(word)
		}
		i += size
		before := last
		last = (last<<21 | uint64(r)) & (1<<63 - 1)
		if n < 2 {
			continue
		}
		if !q.hit(mix(gramSeed, last)) {
			known = false
			continue
		}
		if known {
			q.hit(mix(mix(gramSeed, before), uint64(r)))
		}
		known = true
	}
	for _, t := range q.touched {
		share := min(1, float32(q.hits[t])/float32(q.terms[t].grams))
		q.hits[t] = 0
		if share >= leastLikeness && share > row[t] {
			row[t] = share
		}
	}
	q.touched = q.touched[:0]
}

// hit counts a gram for the terms that have it, if any.
func (q *questionTerms) hit(key uint64) bool {
	i := q.slots[key>>(64-slotBits)]
	if i == 0 {
		return false
	}
	return q.hitFrom(i, key)
}

func (q *questionTerms) hitFrom(i uint16, key uint64) (any bool) {
	for ; i != 0; i = q.grams[i-1].next {
		if g := &q.grams[i-1]; g.key == key {
			any = true
			if q.hits[g.term] == 0 {
				q.touched = append(q.touched, g.term)
			}
			q.hits[g.term]++
		}
	}
	return any
}

// wordGrams calls yield with the keys of the 3- and 4-grams of a word with its
// ends marked.
func (q *questionTerms) wordGrams(word []byte, yield func(key uint64)) {
	last, n := uint64('_'), 1 // the last three runes, 21 bits each, and how many were read
	add := func(r rune) {
		before := last
		last = (last<<21 | uint64(r)) & (1<<63 - 1)
		n++
		if n >= 3 {
			yield(mix(gramSeed, last))
		}
		if n >= 4 {
			yield(mix(mix(gramSeed, before), uint64(r)))
		}
	}
	for i := 0; i < len(word) && n <= maxWordRunes; {
		r, size := rune(word[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(word[i:])
		}
		add(r)
		i += size
	}
	add('_')
}

// runGrams calls yield with the keys of the grams of an unspaced run: one to
// three characters of Han and kana, which are words and parts of words; three
// or four elsewhere.
func (q *questionTerms) runGrams(run []byte, yield func(key uint64)) {
	first, _ := utf8.DecodeRune(run)
	han := unicode.In(first, unicode.Han, unicode.Hiragana, unicode.Katakana)
	last, n := uint64(0), 0
	for i := 0; i < len(run); {
		r, size := utf8.DecodeRune(run[i:])
		i += size
		before := last
		last = (last<<21 | uint64(r)) & (1<<63 - 1)
		n++
		if han {
			yield(mix(runSeed, last&(1<<21-1)))
			if n >= 2 {
				yield(mix(runSeed, last&(1<<42-1)))
			}
		}
		if n >= 3 {
			yield(mix(runSeed, last))
		}
		if n >= 4 && !han {
			yield(mix(mix(runSeed, before), uint64(r)))
		}
	}
	if n < 3 && !han {
		yield(mix(runSeed, last))
	}
}

const (
	gramSeed uint64 = 0xc2b2ae3d27d4eb4f
	runSeed  uint64 = 0x165667b19e3779f9
	wordSeed uint64 = 0x9e3779b97f4a7c15
	mixer    uint64 = 0xff51afd7ed558ccd
)

func mix(h, v uint64) uint64 {
	h = (h ^ v) * mixer
	return h ^ h>>32
}

// wholeKey is the key of a word as it stands.
func wholeKey(word []byte) uint64 {
	h := wordSeed
	for ; len(word) >= 8; word = word[8:] {
		h = mix(h, binary.LittleEndian.Uint64(word))
	}
	for _, c := range word {
		h = mix(h, uint64(c))
	}
	return h
}
