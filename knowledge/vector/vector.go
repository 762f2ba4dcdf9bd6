// Package vector finds the entries whose vectors point most nearly the way a
// query's does: exactly, or by a first pass over one bit per dimension and an
// exact second pass.
//
// An [Index] is immutable: [Index.With] returns a new one that shares what did
// not change, vectors above all, so a reader is never disturbed. The package
// makes no vectors; it takes those of any model.
package vector

import (
	"math"
	"slices"
)

// Config tunes an index. The zero value of a field is its default.
type Config struct {
	// Exact compares every query with every entry that its filter admits.
	Exact bool
	// Oversample times K entries, at least 100, are compared exactly after the
	// first pass; more where the bits tell the entries apart badly. Default 10.
	Oversample int
	// ScanUpTo entries are compared exactly without a first pass; default 8192.
	// It counts what the filter admits of each segment.
	ScanUpTo int
}

const (
	defaultOversample = 10
	minCandidates     = 100
	defaultScanUpTo   = 8192
	defaultK          = 10
	maxK              = 1000
	// maxEntries of an index: 15 GB at 384 dimensions.
	maxEntries = 10_000_000
	// maxDimensions is four times that of the largest embedding models known.
	maxDimensions = 1 << 15
)

// Entry is one vector to be found.
type Entry struct {
	// ID names the entry within the index.
	ID string
	// Group is an opaque label for filtering.
	Group uint32
	// Vector is kept without a copy where its length is 1 already, else a copy
	// of that length is kept. It must not be changed afterwards.
	Vector []float32
	// Value is whatever the caller wants back with a hit.
	Value any
}

// Query asks an index.
type Query struct {
	Vector []float32 // of any length but zero; not kept
	K      int       // hits wanted; default 10, at most 1000
	// Accept decides which groups may be found; nil accepts all. It is called
	// once for each distinct group, before anything is ranked.
	Accept func(group uint32) bool
}

// Hit is a found entry.
type Hit struct {
	ID         string
	Group      uint32
	Similarity float64 // cosine of the angle to the query, in [-1,1]
	Value      any     // of the entry
}

// Index is an immutable set of entries. It is safe for concurrent use.
type Index struct {
	cfg   Config
	limit int // entries, see maxEntries
	parts []part

	live   int
	groups []uint32 // distinct groups of the entries, sorted
	pool   *scratchPool
}

// New returns an empty index.
func New(cfg Config) *Index {
	if cfg.Oversample <= 0 {
		cfg.Oversample = defaultOversample
	}
	cfg.Oversample = min(cfg.Oversample, maxEntries/maxK)
	if cfg.ScanUpTo <= 0 {
		cfg.ScanUpTo = defaultScanUpTo
	}
	if cfg.Exact {
		cfg.ScanUpTo = math.MaxInt
	}
	return &Index{cfg: cfg, limit: maxEntries, pool: newScratchPool()}
}

// Len is the number of entries.
func (ix *Index) Len() int { return ix.live }

// Dimensions is the number of values in each vector, 0 while the index is empty.
func (ix *Index) Dimensions() int {
	if len(ix.parts) == 0 {
		return 0
	}
	return ix.parts[0].dimensions
}

// Bytes is about the memory the index holds, vectors and IDs included. Memory
// shared with an older index or with the caller is counted too.
func (ix *Index) Bytes() int64 {
	n := int64(4 * len(ix.groups))
	for i := range ix.parts {
		n += ix.parts[i].bytes()
	}
	return n
}

// summarise derives what searches need from the parts.
func (ix *Index) summarise() {
	ix.live, ix.groups = 0, nil
	for i := range ix.parts {
		p := &ix.parts[i]
		ix.live += p.live
		for g, n := range p.groupLive {
			if n > 0 {
				ix.groups = append(ix.groups, p.groups[g])
			}
		}
	}
	slices.Sort(ix.groups)
	ix.groups = slices.Clip(slices.Compact(ix.groups))
}
