package lexical

import (
	"context"
	"slices"

	"github.com/kundeagent/kundeagent/internal/text"
)

// builder turns entries into a segment. It is reused by one goroutine.
type builder struct {
	cfg      Config
	stemmers stemmers
	terms    keyTable // term key -> number
	keys     []uint64 // key of each term
	words    keyTable // word and language -> number
	wordFrom []uint32 // where each word's terms begin in wordTerm
	wordTerm []uint32
	runes    []rune
	folded   []byte

	quarters []uint32 // per term: occurrences in the current entry, in quarters
	touched  []uint32 // terms of the current entry
	length   float64  // grams of the current entry

	docTerm  []uint32 // terms of all entries, one after another
	docLevel []uint8
	docFrom  []uint32
}

func newBuilder(cfg Config) *builder {
	return &builder{cfg: cfg, stemmers: stemmers{}}
}

func (b *builder) reset() {
	b.terms.reset()
	b.words.reset()
	b.keys = b.keys[:0]
	b.wordFrom, b.wordTerm = append(b.wordFrom[:0], 0), b.wordTerm[:0]
	b.quarters = b.quarters[:0]
	b.docTerm, b.docLevel = b.docTerm[:0], b.docLevel[:0]
	b.docFrom = append(b.docFrom[:0], 0)
}

// segment indexes entries. Entries of one parent must be neighbours.
func (b *builder) segment(ctx context.Context, entries []Entry) (*segment, error) {
	b.reset()
	s := &segment{}
	lengths := make([]uint8, len(entries))
	for i := range entries {
		if i&63 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		lengths[i] = b.entry(&entries[i])
	}
	s.adopt(len(entries), func(i int) (Entry, uint8) { return entries[i], lengths[i] })
	b.invert(s)
	return s, nil
}

// entry collects the terms of one entry and returns its length code.
func (b *builder) entry(e *Entry) uint8 {
	lang := stemLanguage(e.Language)
	b.touched, b.length = b.touched[:0], 0
	b.field(e.Title, lang, b.cfg.TitleWeight)
	b.field(e.Heading, lang, b.cfg.HeadingWeight)
	b.field(e.Text, lang, 1)
	for _, t := range b.touched {
		b.docTerm = append(b.docTerm, t)
		b.docLevel = append(b.docLevel, uint8(tfCode(b.quarters[t])))
		b.quarters[t] = 0
	}
	b.docFrom = append(b.docFrom, uint32(len(b.docTerm)))
	return lenCode(b.length)
}

// field counts the terms of one field; an occurrence counts weight.
func (b *builder) field(s, lang string, weight float64) {
	quarters := uint32(4*weight + 0.5)
	if s == "" || quarters == 0 {
		return
	}
	b.folded = text.AppendFold(b.folded[:0], s)
	g := text.NewSegmenter(b.folded)
	for seg, ok := g.Next(); ok; seg, ok = g.Next() {
		word := b.folded[seg.Start:seg.End]
		if seg.Unspaced {
			b.runes = runTerms(word, b.runes, func(key uint64, _ termKind) {
				b.count(b.term(key), quarters)
				b.length += weight
			})
			continue
		}
		terms := b.word(word, lang)
		for _, t := range terms {
			b.count(t, quarters)
		}
		b.length += weight * float64(len(terms)-1)
	}
}

func (b *builder) count(term, quarters uint32) {
	if b.quarters[term] == 0 {
		b.touched = append(b.touched, term)
	}
	b.quarters[term] += quarters
}

// term returns the number of a key.
func (b *builder) term(key uint64) uint32 {
	t, added := b.terms.get(key)
	if added {
		b.keys = append(b.keys, key)
		b.quarters = append(b.quarters, 0)
	}
	return t
}

// word returns the terms of a folded word: its stem, then its grams.
func (b *builder) word(word []byte, lang string) []uint32 {
	n, added := b.words.get(hashText(hashText(wordSeed, lang), word))
	if added {
		b.wordTerm = append(b.wordTerm, b.term(stemKey(b.stemmers.stem(lang, string(word)))))
		b.runes = gramTerms(word, b.runes, func(key uint64) {
			b.wordTerm = append(b.wordTerm, b.term(key))
		})
		b.wordFrom = append(b.wordFrom, uint32(len(b.wordTerm)))
	}
	return b.wordTerm[b.wordFrom[n]:b.wordFrom[n+1]]
}

// invert writes the postings of the collected entries, terms sorted by key.
func (b *builder) invert(s *segment) {
	n := len(b.keys)
	keys, rank := b.sortKeys()
	from := make([]uint32, n+1)
	for i, t := range b.docTerm {
		t = rank[t]
		b.docTerm[i] = t
		from[t+1]++
	}
	for i := range n {
		from[i+1] += from[i]
	}
	next := slices.Clone(from[:n])
	docs := make([]uint32, len(b.docTerm)) // entry and level
	for d := range len(b.docFrom) - 1 {
		for i := b.docFrom[d]; i < b.docFrom[d+1]; i++ {
			t := b.docTerm[i]
			docs[next[t]] = uint32(d)<<tfBits | uint32(b.docLevel[i])
			next[t]++
		}
	}
	w := newPostingWriter(s, n, 2*len(docs))
	for t, key := range keys {
		w.add(key, docs[from[t]:from[t+1]])
	}
	w.done()
}

// sortKeys returns the keys in order and the rank of each term.
// Keys are hashes, evenly spread: sorted into as many buckets as there are keys
// by their top bits, they are all but in order.
func (b *builder) sortKeys() (keys []uint64, rank []uint32) {
	n := len(b.keys)
	shift := uint(keyBits)
	for 1<<(keyBits-shift) < n {
		shift--
	}
	at := make([]uint32, 1<<(keyBits-shift)+1)
	for _, k := range b.keys {
		at[k>>shift+1]++
	}
	for i := 1; i < len(at); i++ {
		at[i] += at[i-1]
	}
	order := make([]uint32, n)
	for t, k := range b.keys {
		order[at[k>>shift]] = uint32(t)
		at[k>>shift]++
	}
	for i := 1; i < n; i++ {
		for j := i; j > 0 && b.keys[order[j]] < b.keys[order[j-1]]; j-- {
			order[j], order[j-1] = order[j-1], order[j]
		}
	}
	keys = make([]uint64, n)
	rank = make([]uint32, n)
	for r, t := range order {
		keys[r] = b.keys[t]
		rank[t] = uint32(r)
	}
	return keys, rank
}
