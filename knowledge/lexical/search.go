package lexical

import (
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/kundeagent/kundeagent/internal/text"
)

const (
	defaultK = 10
	maxK     = 1000
	// maxQueryBytes of a query are read; more is a document, not a question.
	maxQueryBytes = 4096
	// maxQueryTerms of a query are looked up, those of most weight.
	maxQueryTerms = 400
	// dropShare of a query's weight lies in its most frequent terms, a quarter of
	// all, that tell nothing apart: they are not read.
	dropShare = 0.05
	// background is the number of passages that every index is taken to hold
	// besides its own, with the share of them that has an ordinary term, and
	// the share that has a term of a function word.
	background              = 200
	backgroundShare         = .001
	backgroundFunctionShare = .3
)

// queryTerm is one distinct term of a query.
type queryTerm struct {
	key  uint64
	kind termKind
	word uint16 // number of the word it comes from
	// function marks the terms of a word that carries no meaning of its own.
	function bool
	weight   float32 // weight of the kind and the term's rarity
	df       int
	at       int // where its numbers within the parts are kept
}

// scratch is the memory of one search.
type scratch struct {
	stemmers stemmers
	folded   []byte
	runes    []rune
	seen     keyTable
	terms    []queryTerm
	sorted   []queryTerm
	order    []uint64
	numbers  []int32   // a term's number in each part, -1 where it has none
	score    []float32 // by entry, the parts one after another
	parent   []float32 // by parent, the parts one after another
	parents  []uint32  // of the candidates within one part
	best     []found
	allowed  []bool // by entry of Index.groups
}

// found is an entry on its way to becoming a hit.
type found struct {
	part  int
	doc   uint32
	score float32
}

type scratchPool struct{ sync.Pool }

func newScratchPool() *scratchPool {
	return &scratchPool{sync.Pool{New: func() any { return &scratch{stemmers: stemmers{}} }}}
}

// Search returns the best entries for a query. A query without a word finds nothing.
func (ix *Index) Search(q Query) Result {
	if ix.live == 0 {
		return Result{}
	}
	k := q.K
	if k <= 0 {
		k = defaultK
	}
	k = min(k, maxK)
	sc := ix.pool.Get().(*scratch)
	defer ix.pool.Put(sc)
	ix.readQuery(sc, q)
	if len(sc.terms) == 0 {
		return Result{}
	}
	ix.admit(sc, q.Accept)
	ix.rank(sc, k)
	return ix.result(sc, k)
}

// readQuery fills sc.terms with the distinct terms of the query, those of most
// weight first.
func (ix *Index) readQuery(sc *scratch, q Query) {
	sc.terms, sc.numbers = sc.terms[:0], sc.numbers[:0]
	sc.seen.reset()
	s := q.Text
	if len(s) > maxQueryBytes {
		s = strings.ToValidUTF8(s[:maxQueryBytes], "")
	}
	sc.folded = text.AppendFold(sc.folded[:0], s)
	var n uint16
	function := false
	add := func(key uint64, kind termKind) {
		if _, added := sc.seen.get(key); added {
			sc.terms = append(sc.terms, queryTerm{key: key, kind: kind, word: n, function: function})
		}
	}
	langs := ix.queryLanguages(q.Language)
	g := text.NewSegmenter(sc.folded)
	for seg, ok := g.Next(); ok; seg, ok = g.Next() {
		word := sc.folded[seg.Start:seg.End]
		function = !seg.Unspaced && text.IsFunctionWord(q.Language, string(word))
		if seg.Unspaced {
			sc.runes = runTerms(word, sc.runes, add)
		} else {
			for _, lang := range langs {
				add(hashText(stemSeed, sc.stemmers.stem(lang, string(word))), kindStem)
			}
			sc.runes = gramTerms(word, sc.runes, func(key uint64) { add(key, kindGram) })
		}
		n++
	}
	for i := range sc.terms {
		ix.weigh(sc, &sc.terms[i])
	}
	sc.sortTerms()
}

// sortTerms puts the terms of most weight first, equal ones in the order of the
// query, and cuts off the end that hardly carries anything.
func (sc *scratch) sortTerms() {
	sc.order = sc.order[:0]
	for i, t := range sc.terms {
		sc.order = append(sc.order, uint64(^math.Float32bits(t.weight))<<32|uint64(i))
	}
	slices.Sort(sc.order)
	sorted := sc.sorted[:0]
	var whole, sum float32
	for _, o := range sc.order {
		t := sc.terms[uint32(o)]
		whole += t.weight
		sorted = append(sorted, t)
	}
	sc.terms, sc.sorted = sorted, sc.terms
	for i := range sorted {
		if sum += sorted[i].weight; sum > (1-dropShare)*whole || i == maxQueryTerms-1 {
			sc.terms = sorted[:i+1]
			break
		}
	}
}

// weigh looks a term up in every part. A term that no entry holds has the
// greatest weight: it counts against the coverage of whatever is found.
func (ix *Index) weigh(sc *scratch, t *queryTerm) {
	t.at, t.df = len(sc.numbers), 0
	for p := range ix.parts {
		number := int32(-1)
		if term, ok := ix.parts[p].find(t.key); ok {
			if df := ix.parts[p].df[term]; df > 0 {
				number = int32(term)
				t.df += int(df)
			}
		}
		sc.numbers = append(sc.numbers, number)
	}
	// An index of few entries says little about how common a word is, so its
	// counts are added to those of a background.
	share := backgroundShare
	if t.function {
		share = backgroundFunctionShare
	}
	df := float64(t.df) + share*background
	idf := math.Log(1 + (float64(ix.live)+background-df+0.5)/(df+0.5))
	// Raising it to the power of 5/4 sets rare terms further apart from frequent
	// ones than BM25 does; it gained .2 MRR.
	t.weight = float32(ix.cfg.weight(t.kind) * idf * math.Sqrt(math.Sqrt(idf)))
}

// queryLanguages are those whose stems a query is searched with: its own, and
// the most frequent of the index where no entry is in the query's language.
func (ix *Index) queryLanguages(tag string) []string {
	own := stemLanguage(tag)
	langs := []string{own}
	if tag != "" && slices.ContainsFunc(ix.stemmers, func(u stemmerUse) bool { return u.language == own }) {
		return langs
	}
	for _, u := range ix.stemmers {
		if u.language != own && len(langs) < 3 {
			langs = append(langs, u.language)
		}
	}
	return langs
}

// admit evaluates the filter, once for each group; sc.allowed is nil when
// everything is accepted.
func (ix *Index) admit(sc *scratch, accept func(uint32) bool) {
	if accept == nil {
		sc.allowed = nil
		return
	}
	sc.allowed = make([]bool, len(ix.groups))
	all := true
	for i, g := range ix.groups {
		sc.allowed[i] = accept(g)
		all = all && sc.allowed[i]
	}
	if all {
		sc.allowed = nil
	}
}

func (ix *Index) accepted(sc *scratch, group uint32) bool {
	if sc.allowed == nil {
		return true
	}
	i, ok := slices.BinarySearch(ix.groups, group)
	return ok && sc.allowed[i]
}

// result makes the hits of the best k found and judges them.
func (ix *Index) result(sc *scratch, k int) Result {
	best := sc.best[:min(k, len(sc.best))]
	var most float64
	for i := range sc.terms {
		most += float64(sc.terms[i].weight)
	}
	most *= (ix.cfg.K1 + 1) * (1 + ix.cfg.ParentWeight)
	res := Result{Hits: make([]Hit, len(best))}
	for i, f := range best {
		res.Hits[i] = Hit{
			ID:       ix.parts[f.part].entries[f.doc].ID,
			Score:    float64(f.score),
			Coverage: min(1, float64(f.score)/most),
		}
	}
	res.Answerability = ix.answerability(sc, most)
	return res
}
