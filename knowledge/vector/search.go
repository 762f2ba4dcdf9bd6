package vector

import (
	"math"
	"slices"
	"sync"
)

// scratch is the memory of one search.
type scratch struct {
	query      []float32
	rests      []float32 // of the query, see similarityFrom
	turned     []float32 // the query about a segment's centre, rotated
	words      []uint64  // the query's bits
	cosine     []float32 // by the number of bits that differ, times the query's radius
	allowed    []bool    // by entry of Index.groups
	ranges     []span
	class      []uint16 // of each row, see estimate
	count      [classes]uint32
	picked     []uint32 // rows to compare exactly, and their vectors
	pickedRows [][]float32
	best       ranking
	fetched    float32 // keeps fetch from being optimised away
}

// span is a range of rows.
type span struct{ from, end uint32 }

type scratchPool struct{ sync.Pool }

func newScratchPool() *scratchPool {
	return &scratchPool{sync.Pool{New: func() any { return new(scratch) }}}
}

// Search returns the entries most similar to a query, by falling similarity,
// equal ones by ID: fewer than K when fewer are accepted, nil when none are. It
// fails with a [VectorError] for a vector that cannot be used.
//
// Up to Config.ScanUpTo entries, or with Config.Exact, the result is exact.
// Beyond, an entry may be missed where the bits of the first pass mislead; those
// found have their exact similarity.
func (ix *Index) Search(q Query) ([]Hit, error) {
	sc := ix.pool.Get().(*scratch)
	defer ix.pool.Put(sc)
	if err := sc.setQuery(q.Vector, ix.Dimensions()); err != nil {
		return nil, err
	}
	k := q.K
	if k <= 0 {
		k = defaultK
	}
	sc.best.reset(ix, min(k, maxK))
	ix.admit(sc, q.Accept)
	for i := range ix.parts {
		p := &ix.parts[i]
		admitted := sc.admittedOf(ix, p)
		if p.signs != nil && admitted > ix.cfg.ScanUpTo {
			sc.searchSigns(ix, i)
			continue
		}
		for _, r := range sc.ranges {
			sc.scan(p, i, r)
		}
	}
	return sc.best.hits(), nil
}

// setQuery normalises the query's vector.
func (sc *scratch) setQuery(v []float32, dimensions int) error {
	if dimensions != 0 && len(v) != dimensions {
		return &VectorError{Reason: ErrDimensions, Dimensions: len(v), Want: dimensions, ofQuery: true}
	}
	n, err := length(v)
	if bad, ok := err.(*VectorError); ok {
		bad.ofQuery = true
		return err
	}
	if isUnit(n) {
		n = 1
	}
	sc.query = appendScaled(sc.query[:0], v, n)
	sc.rests = appendRests(sc.rests[:0], sc.query)
	return nil
}

// admit asks for each group once.
func (ix *Index) admit(sc *scratch, accept func(uint32) bool) {
	sc.allowed = sc.allowed[:0]
	for _, g := range ix.groups {
		sc.allowed = append(sc.allowed, accept == nil || accept(g))
	}
}

// admittedOf sets sc.ranges to the rows of a part that are in admitted groups,
// and returns how many live ones there are.
func (sc *scratch) admittedOf(ix *Index, p *part) int {
	sc.ranges = sc.ranges[:0]
	n, at := 0, 0
	for g, group := range p.groups {
		if p.groupLive[g] == 0 {
			continue
		}
		for ix.groups[at] != group {
			at++
		}
		if !sc.allowed[at] {
			continue
		}
		n += int(p.groupLive[g])
		from, end := p.first[g], p.first[g+1]
		if last := len(sc.ranges) - 1; last >= 0 && sc.ranges[last].end == from {
			sc.ranges[last].end = end
			continue
		}
		sc.ranges = append(sc.ranges, span{from, end})
	}
	return n
}

// scan compares all live rows of a range with the query.
func (sc *scratch) scan(p *part, number int, r span) {
	for from := r.from; from < r.end; from += ahead {
		end := min(from+ahead, r.end)
		sc.fetch(p.rows[from:end], blockWidth(p.dimensions))
		for row := from; row < end; row++ {
			if p.isDead(row) {
				continue
			}
			s, ok := similarityFrom(sc.best.least, sc.query, p.rows[row], sc.rests, p.rests[checks*row:])
			if ok && s >= sc.best.least {
				sc.best.offer(found{s, int32(number), row})
			}
		}
	}
}

// ahead is the number of rows whose memory is asked for at once.
const ahead = 16

// fetch reads a value from each cache line of the beginning of each row. The
// processor then waits for all of them together, where it would wait for one row
// after another.
func (sc *scratch) fetch(rows [][]float32, width int) {
	var sum float32
	for _, row := range rows {
		for i := 0; i < width; i += cacheLine {
			sum += row[i]
		}
	}
	sc.fetched = sum
}

// cacheLine is the number of values in 64 bytes.
const cacheLine = 16

// Similarity is the cosine in [-1,1] of the angle between a vector and an entry's.
// It is false when there is no such entry or the vector cannot be used.
func (ix *Index) Similarity(vector []float32, id string) (float64, bool) {
	if len(vector) != ix.Dimensions() {
		return 0, false
	}
	for i := range ix.parts {
		p := &ix.parts[i]
		row, ok := p.find(id)
		if !ok {
			continue
		}
		sc := ix.pool.Get().(*scratch)
		defer ix.pool.Put(sc)
		if err := sc.setQuery(vector, p.dimensions); err != nil {
			return 0, false
		}
		return float64(similarity(sc.query, p.rows[row])), true
	}
	return 0, false
}

// found is an entry on its way to becoming a hit.
type found struct {
	similarity float32
	part       int32
	row        uint32
}

// ranking keeps the best entries offered, the worst of them at the top of a heap.
type ranking struct {
	ix    *Index
	k     int
	least float32 // similarity below which nothing is kept
	heap  []found
}

func (r *ranking) reset(ix *Index, k int) {
	r.ix, r.k, r.least = ix, k, float32(math.Inf(-1))
	r.heap = r.heap[:0]
}

func (r *ranking) id(f found) string { return r.ix.parts[f.part].ids[f.row] }

// compare is negative when a ranks before b.
func (r *ranking) compare(a, b found) int {
	switch {
	case a.similarity > b.similarity:
		return -1
	case a.similarity < b.similarity:
		return 1
	case r.id(a) < r.id(b):
		return -1
	}
	return 1
}

func (r *ranking) offer(f found) {
	if len(r.heap) < r.k {
		r.heap = append(r.heap, f)
		for i := len(r.heap) - 1; i > 0; {
			up := (i - 1) / 2
			if r.compare(r.heap[up], r.heap[i]) > 0 {
				break
			}
			r.heap[up], r.heap[i] = r.heap[i], r.heap[up]
			i = up
		}
	} else if r.compare(f, r.heap[0]) < 0 {
		r.heap[0] = f
		r.sink()
	}
	if len(r.heap) == r.k {
		r.least = r.heap[0].similarity
	}
}

// sink restores the heap after its top changed.
func (r *ranking) sink() {
	for i := 0; ; {
		worst := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(r.heap); child++ {
			if r.compare(r.heap[child], r.heap[worst]) > 0 {
				worst = child
			}
		}
		if worst == i {
			return
		}
		r.heap[i], r.heap[worst] = r.heap[worst], r.heap[i]
		i = worst
	}
}

// hits returns what was kept, best first, and lets go of the index.
func (r *ranking) hits() []Hit {
	var out []Hit
	if len(r.heap) > 0 {
		slices.SortFunc(r.heap, r.compare)
		out = make([]Hit, len(r.heap))
		for i, f := range r.heap {
			p := &r.ix.parts[f.part]
			out[i] = Hit{ID: p.ids[f.row], Group: p.groups[p.groupOf(f.row)], Similarity: float64(f.similarity), Value: p.values[f.row]}
		}
	}
	r.ix = nil
	return out
}
