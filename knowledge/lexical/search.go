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
	// weightUnits of a weight make one where terms are put in order.
	weightUnits = 256
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
	// function marks the terms of a word that carries no meaning of its own.
	function bool
	weight   float32 // weight of the kind and the term's rarity
	df       int
	at       int // where its numbers within the parts are kept
}

// scratch is the memory of one search.
type scratch struct {
	words    wordMemo
	folded   []byte
	runes    []rune
	seen     keyTable
	terms    []queryTerm
	sorted   []queryTerm
	numbers  []int32   // a term's number in each part, -1 where it has none
	score    []float32 // by entry, the parts one after another
	parent   []uint32  // by parent, the parts one after another
	units    float32   // of a parent's score that make one
	parents  []uint32  // of the candidates within one part
	keep     []uint32  // by group of one part
	postings []uint32  // of one term
	best     []found
	allowed  []bool // by place in Index.groups; nil when all are
}

type scratchPool struct{ sync.Pool }

func newScratchPool() *scratchPool {
	return &scratchPool{sync.Pool{New: func() any { return &scratch{words: wordMemo{stemmers: stemmers{}}} }}}
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
	function := false
	add := func(key uint64, kind termKind) {
		if _, added := sc.seen.get(key); added {
			sc.terms = append(sc.terms, queryTerm{key: key, kind: kind, function: function})
		}
	}
	langs := ix.queryLanguages(q.Language)
	g := text.NewSegmenter(sc.folded)
	for seg, ok := g.Next(); ok; seg, ok = g.Next() {
		word := sc.folded[seg.Start:seg.End]
		function = !seg.Unspaced && sc.words.isFunction(q.Language, word)
		if seg.Unspaced {
			sc.runes = runTerms(word, sc.runes, add)
		} else {
			for _, lang := range langs {
				add(sc.words.stemKey(lang, word), kindStem)
			}
			sc.runes = gramTerms(word, sc.runes, func(key uint64) { add(key, kindGram) })
		}
	}
	for i := range sc.terms {
		ix.weigh(sc, &sc.terms[i])
	}
	sc.sortTerms()
}

// sortTerms cuts off the terms of least weight, which hardly carry anything, and
// puts those that are cheapest to read for their weight first. Equal ones stay
// in the order of the query.
func (sc *scratch) sortTerms() {
	sc.cutTerms()
	sc.sortByStep(func(t *queryTerm) uint32 { return stepOf(uint32(float32(t.df) * weightUnits / (t.weight + 1))) })
}

// cutTerms keeps the terms of most weight that make all but dropShare of it.
func (sc *scratch) cutTerms() {
	step := func(t *queryTerm) uint32 { return stepOf(uint32(t.weight * weightUnits)) }
	var count [steps]int
	var weight [steps]float32
	var whole float32
	for i := range sc.terms {
		t := &sc.terms[i]
		s := step(t)
		count[s]++
		weight[s] += t.weight
		whole += t.weight
	}
	// Above the last step all are kept, in it the first until there is enough.
	last, n, sum := uint32(steps-1), 0, float32(0)
	for ; last > 0 && n+count[last] < maxQueryTerms && sum+weight[last] <= (1-dropShare)*whole; last-- {
		n += count[last]
		sum += weight[last]
	}
	kept := sc.terms[:0]
	for _, t := range sc.terms {
		s := step(&t)
		if s == last && n < maxQueryTerms && sum <= (1-dropShare)*whole {
			n++
			sum += t.weight
		} else if s <= last {
			continue
		}
		kept = append(kept, t)
	}
	sc.terms = kept
}

// weigh looks a term up in every part. A term that no entry holds has the
// greatest weight: it counts against the coverage of whatever is found.
func (ix *Index) weigh(sc *scratch, t *queryTerm) {
	t.at, t.df = len(sc.numbers), 0
	for p := range ix.parts {
		number := int32(-1)
		if term, ok := ix.parts[p].dict.find(t.key); ok {
			if df := ix.parts[p].df(term); df > 0 {
				number = int32(term)
				t.df += df
			}
		}
		sc.numbers = append(sc.numbers, number)
	}
	var rarity float32
	switch {
	case t.function:
		rarity = ix.rarity(t.df, backgroundFunctionShare)
	case t.df < len(ix.rarities):
		rarity = ix.rarities[t.df]
	default:
		rarity = ix.rarity(t.df, backgroundShare)
	}
	t.weight = float32(ix.cfg.weight(t.kind)) * rarity
}

// rarity is what a term of df entries weighs. An index of few entries says
// little about how common a word is, so its counts are added to those of a
// background, a share of which has the term.
func (ix *Index) rarity(entries int, share float64) float32 {
	df := float64(entries) + share*background
	idf := math.Log(1 + (float64(ix.live)+background-df+0.5)/(df+0.5))
	// Raising it to the power of 5/4 sets rare terms further apart from frequent
	// ones than BM25 does; it gained .2 MRR.
	return float32(idf * math.Sqrt(math.Sqrt(idf)))
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
	sc.allowed = nil
	if accept == nil {
		return
	}
	allowed := make([]bool, len(ix.groups))
	all := true
	for i, g := range ix.groups {
		allowed[i] = accept(g)
		all = all && allowed[i]
	}
	if !all {
		sc.allowed = allowed
	}
}

// result makes the hits of the best k found and judges them.
func (ix *Index) result(sc *scratch, k int) Result {
	second := ix.bestOfOthers(sc.best)
	if k < len(sc.best) {
		ix.selectBest(sc.best, k)
		sc.best = sc.best[:k]
	}
	best := sc.best
	slices.SortFunc(best, ix.compare)
	var most float64
	for i := range sc.terms {
		most += float64(sc.terms[i].weight)
	}
	most *= (ix.cfg.K1 + 1) * (1 + ix.cfg.ParentWeight)
	res := Result{Hits: make([]Hit, len(best))}
	for i, f := range best {
		p := &ix.parts[f.part]
		res.Hits[i] = Hit{
			ID:       p.entries[f.doc].id,
			Group:    p.commonOf(f.doc).group,
			Value:    p.entries[f.doc].value,
			Score:    float64(f.score),
			Coverage: min(1, float64(f.score)/most),
		}
	}
	res.Answerability = ix.answerability(sc, float64(second), most)
	return res
}
