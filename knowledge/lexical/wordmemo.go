package lexical

import "github.com/kundeagent/kundeagent/internal/text"

// wordMemo remembers what was found out about the words of queries, most of
// which are asked again and again. A word takes the place of another at random.
type wordMemo struct {
	stemmers stemmers
	known    [512]struct{ word, fact uint64 }
}

// stemKey is the key of a folded word's stem.
func (m *wordMemo) stemKey(language string, word []byte) uint64 {
	return m.fact(stemSeed, language, word, func() uint64 {
		return stemKey(m.stemmers.stem(language, string(word)))
	})
}

// isFunction reports whether a folded word carries no meaning of its own.
func (m *wordMemo) isFunction(language string, word []byte) bool {
	return m.fact(wordSeed, language, word, func() uint64 {
		if text.IsFunctionWord(language, string(word)) {
			return 1
		}
		return 0
	}) == 1
}

func (m *wordMemo) fact(seed uint64, language string, word []byte, find func() uint64) uint64 {
	h := hashText(hashText(seed, language), word)
	known := &m.known[h%uint64(len(m.known))]
	if known.word != h {
		known.word, known.fact = h, find()
	}
	return known.fact
}
