// Package lexical finds passages by the words and word parts they share with a
// question, in any language and without a model.
//
// Texts are indexed by their stemmed words and by character 4-grams, with
// 3-grams at the ends of words; languages without a stemmer or without spaces are
// covered by the grams alone. Both are ranked by BM25, and the score of the
// document a passage belongs to is added. An [Index] is immutable: [Index.With]
// returns a new one that shares what did not change, so a reader is never
// disturbed.
package lexical

import (
	"slices"
)

// Entry is one passage to be found. Its strings are kept, not copied.
type Entry struct {
	// ID names the entry within the index.
	ID string
	// Parent is the document the entry belongs to; the score of all its entries
	// together is added to each. Empty: the entry stands alone.
	Parent string
	// Group is an opaque label for filtering. Entries of one Parent but of
	// different groups do not contribute to each other's score.
	Group uint32
	// Title and Heading are the document's title and the passage's heading path.
	Title, Heading string
	Text           string
	// Language is the text's language as a BCP 47 tag, empty when unknown.
	Language string
	// Value is the caller's own and comes back with a [Hit].
	Value any
}

// Config tunes an index. The zero value of a field is its default; a negative
// weight switches that part off.
type Config struct {
	K1            float64 // BM25 term saturation; default 0.6
	B             float64 // BM25 length normalisation in [0,1]; default 0.5
	StemWeight    float64 // weight of stemmed words; default 1
	GramWeight    float64 // weight of character n-grams; default 0.4
	ParentWeight  float64 // weight of the parent's score; default 1
	TitleWeight   float64 // occurrences that one in the title counts as; default 0.5
	HeadingWeight float64 // the same for the heading path; default 0.5
	Workers       int     // goroutines that build; default GOMAXPROCS
}

// Query asks an index.
type Query struct {
	Text     string
	Language string // BCP 47 tag of Text, empty when unknown
	K        int    // hits wanted; default 10, at most 1000
	// Accept decides which groups may be found; nil accepts all. It is called
	// once for each distinct group, before anything is ranked.
	Accept func(group uint32) bool
}

// Hit is a found entry.
type Hit struct {
	ID    string
	Group uint32
	Value any
	Score float64 // comparable within one result only
	// Coverage is the share in [0,1] of the query's weight that the entry and
	// its parent hold.
	Coverage float64
}

// Result is what a search found.
type Result struct {
	// Hits are ordered by descending score, equal scores by ID.
	Hits []Hit
	// Answerability is the probability in [0,1] that the hits answer the query.
	Answerability float64
}

// Index is an immutable set of entries. It is safe for concurrent use.
type Index struct {
	cfg   Config
	parts []part

	live      int // entries
	sumLen    float64
	parents   int
	groups    []uint32 // distinct groups of live and dead entries, sorted
	stemmers  []stemmerUse
	docNorm   *normTable
	rarities  [256]float32 // by number of entries, of words that carry meaning
	parentAvg float64
	pool      *scratchPool
	tailLeast int // see rank
}

// New returns an empty index.
func New(cfg Config) *Index {
	cfg = cfg.withDefaults()
	ix := &Index{cfg: cfg, pool: newScratchPool(), tailLeast: tailLeast}
	ix.summarise()
	return ix
}

// Len is the number of entries.
func (ix *Index) Len() int { return ix.live }

// IDs returns the entries of a parent, of all groups.
func (ix *Index) IDs(parent string) []string {
	var ids []string
	if parent == "" {
		return nil
	}
	for i := range ix.parts {
		p := &ix.parts[i]
		p.eachOf(parent, func(doc uint32) { ids = append(ids, p.entries[doc].id) })
	}
	return ids
}

// Bytes is the memory the index holds, the entries' strings included. Memory
// shared with an older index is counted in both.
func (ix *Index) Bytes() int64 {
	var n int64
	for i := range ix.parts {
		n += ix.parts[i].bytes()
	}
	return n
}

func (c Config) withDefaults() Config {
	set := func(v *float64, def float64) {
		if *v == 0 {
			*v = def
		}
		*v = max(*v, 0)
	}
	set(&c.K1, 0.6)
	set(&c.B, 0.5)
	set(&c.StemWeight, 1)
	set(&c.GramWeight, 0.4)
	set(&c.ParentWeight, 1)
	set(&c.TitleWeight, 0.5)
	set(&c.HeadingWeight, 0.5)
	c.B = min(c.B, 1)
	return c
}

// summarise derives what searches need from the parts.
func (ix *Index) summarise() {
	ix.live, ix.sumLen, ix.parents = 0, 0, 0
	ix.groups, ix.stemmers = nil, nil
	uses := map[string]int{}
	for i := range ix.parts {
		p := &ix.parts[i]
		ix.live += p.live
		ix.sumLen += p.sumLen
		ix.parents += p.liveParents
		ix.groups = append(ix.groups, p.groups...)
		for lang, n := range p.languages {
			if n > 0 {
				uses[stemLanguage(lang)] += n
			}
		}
	}
	slices.Sort(ix.groups)
	ix.groups = slices.Compact(ix.groups)
	for lang, n := range uses {
		ix.stemmers = append(ix.stemmers, stemmerUse{lang, n})
	}
	slices.SortFunc(ix.stemmers, func(a, b stemmerUse) int {
		if a.entries != b.entries {
			return b.entries - a.entries
		}
		if a.language < b.language {
			return -1
		}
		return 1
	})
	avg := 1.0
	if ix.live > 0 {
		avg = max(ix.sumLen/float64(ix.live), 1)
	}
	for df := range ix.rarities {
		ix.rarities[df] = ix.rarity(df, backgroundShare)
	}
	ix.docNorm = newNormTable(ix.cfg, avg)
	ix.parentAvg = 1
	if ix.parents > 0 {
		ix.parentAvg = max(ix.sumLen/float64(ix.parents), 1)
	}
}

// stemmerUse counts the entries stemmed for a language; "" is no stemmer.
type stemmerUse struct {
	language string
	entries  int
}
