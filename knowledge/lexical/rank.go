package lexical

import (
	"math"
	"slices"
	"strings"
)

// A query of a sentence has about a hundred terms, and the most frequent of them
// make nine tenths of the postings while they hardly change the order. Terms are
// therefore read in order of weight until those left weigh no more than
// tailShare of the whole; the tail is then looked up for the best candidates
// only. TestQualityPruning measures what that loses.
const (
	tailShare = 0.3
	// tailLeast is the number of postings below which a tail is read like the rest.
	tailLeast = 4000
	// candidates are kept for the tail: so many, or a multiple of the hits wanted.
	candidates    = 48
	candidatesPer = 4
)

// rank leaves the best accepted entries in sc.best, at least k where there are,
// best first.
func (ix *Index) rank(sc *scratch, k int) {
	entries, parents := 0, 0
	for i := range ix.parts {
		entries += len(ix.parts[i].entries)
		parents += len(ix.parts[i].parents) - 1
	}
	sc.score = zeroed(sc.score, entries)
	sc.parent = zeroed(sc.parent, parents)
	head := ix.headTerms(sc)
	ix.eachPart(sc, func(i int, w walker) {
		for t := range sc.terms[:head] {
			if n := sc.numbers[sc.terms[t].at+i]; n >= 0 {
				w.read(int(n), sc.terms[t].weight)
			}
		}
	})
	if head == len(sc.terms) {
		ix.collect(sc, max(candidates, k))
		return
	}
	ix.collect(sc, max(candidates, candidatesPer*k))
	ix.tail(sc, head, k)
}

// headTerms is the number of terms that are read in full.
func (ix *Index) headTerms(sc *scratch) int {
	var whole float64
	for i := range sc.terms {
		if sc.terms[i].df > 0 {
			whole += float64(sc.terms[i].weight)
		}
	}
	head, tail, postings := len(sc.terms), 0.0, 0
	for head > 0 {
		t := &sc.terms[head-1]
		if t.df > 0 {
			if tail += float64(t.weight); tail > tailShare*whole {
				break
			}
		}
		postings += t.df
		head--
	}
	if postings < ix.tailLeast {
		return len(sc.terms)
	}
	return head
}

// eachPart calls f with a walker over each part.
func (ix *Index) eachPart(sc *scratch, f func(i int, w walker)) {
	parent := 0
	for i := range ix.parts {
		p := &ix.parts[i]
		n := len(p.parents) - 1
		f(i, walker{
			part: p, norm: ix.docNorm,
			score:  sc.score[p.base : p.base+len(p.entries)],
			parent: sc.parent[parent : parent+n],
			k1:     float32(ix.cfg.K1),
			kConst: float32(ix.cfg.K1 * (1 - ix.cfg.B)),
			kLen:   float32(ix.cfg.K1 * ix.cfg.B / ix.parentAvg),
		})
		parent += n
	}
}

// walker adds terms to the scores of one part.
type walker struct {
	*part
	norm             *normTable
	score, parent    []float32
	k1, kConst, kLen float32
}

// saturate is BM25's saturation of tf occurrences in a parent.
func (w *walker) saturate(tf float32, parent uint32) float32 {
	return tf * (w.k1 + 1) / (tf + w.kConst + w.kLen*w.parentLen[parent])
}

// read adds a term to every entry and parent that holds it.
func (w *walker) read(term int, weight float32) {
	if w.segment.dense(term) {
		w.readDense(term, weight)
		return
	}
	it := w.sparseList(term)
	alive := w.dead == nil
	current, tf := uint32(math.MaxUint32), float32(0)
	for d, level, ok := it.next(); ok; d, level, ok = it.next() {
		if !alive && w.isDead(d) {
			continue
		}
		w.score[d] += weight * w.norm[level][w.docLen[d]]
		if p := w.parentOf[d]; p != current {
			if tf > 0 {
				w.parent[current] += weight * w.saturate(tf, current)
			}
			current, tf = p, 0
		}
		tf += tfLevel[level]
	}
	if tf > 0 {
		w.parent[current] += weight * w.saturate(tf, current)
	}
}

func (w *walker) readDense(term int, weight float32) {
	l := w.denseList(term)
	alive := w.dead == nil
	current, tf := uint32(math.MaxUint32), float32(0)
	for b := range uint32(denseBlocks(len(w.entries))) {
		from, end := l.block(b)
		low, levels := l.low[from:end], l.level[from:end]
		for i, c := range low {
			d := b<<blockBits | uint32(c)
			if !alive && w.isDead(d) {
				continue
			}
			level := levels[i] & levelMask
			w.score[d] += weight * w.norm[level][w.docLen[d]]
			if p := w.parentOf[d]; p != current {
				if tf > 0 {
					w.parent[current] += weight * w.saturate(tf, current)
				}
				current, tf = p, 0
			}
			tf += tfLevel[level]
		}
	}
	if tf > 0 {
		w.parent[current] += weight * w.saturate(tf, current)
	}
}

// readParents adds a sparse term to some parents, in ascending order, and their entries.
func (w *walker) readParents(term int, parents []uint32, weight float32) {
	it := w.sparseList(term)
	d, level, ok := it.next()
	for _, p := range parents {
		first, end := w.segment.parent(p)
		for ok && d < first {
			d, level, ok = it.next()
		}
		tf := float32(0)
		for ; ok && d < end; d, level, ok = it.next() {
			if w.isDead(d) {
				continue
			}
			w.score[d] += weight * w.norm[level][w.docLen[d]]
			tf += tfLevel[level]
		}
		if tf > 0 {
			w.parent[p] += weight * w.saturate(tf, p)
		}
		if !ok {
			return
		}
	}
}

// readParent adds a dense term to one parent and its entries.
func (w *walker) readParent(l *denseList, parent uint32, weight float32) {
	first, end := w.segment.parent(parent)
	tf := float32(0)
	for b := first >> blockBits; b <= (end-1)>>blockBits; b++ {
		_, last := l.block(b)
		for i := l.seek(max(first, b<<blockBits)); i < last; i++ {
			d := b<<blockBits | uint32(l.low[i])
			if d >= end {
				break
			}
			if w.isDead(d) {
				continue
			}
			level := l.level[i] & levelMask
			w.score[d] += weight * w.norm[level][w.docLen[d]]
			tf += tfLevel[level]
		}
	}
	if tf > 0 {
		w.parent[parent] += weight * w.saturate(tf, parent)
	}
}

// tail adds the terms from head on to the candidates in sc.best and orders them
// anew. Halfway the lower half of the candidates, down to twice k, is given up.
func (ix *Index) tail(sc *scratch, head, k int) {
	half := (head + len(sc.terms)) / 2
	ix.tailTerms(sc, head, half)
	if keep := max(2*k, len(sc.best)/2); keep < len(sc.best) {
		sc.best = sc.best[:keep]
	}
	ix.tailTerms(sc, half, len(sc.terms))
}

// tailTerms adds the terms [from, to) to the candidates.
func (ix *Index) tailTerms(sc *scratch, from, to int) {
	ix.eachPart(sc, func(i int, w walker) {
		parents := sc.parents[:0]
		for _, f := range sc.best {
			if f.part == i {
				parents = append(parents, w.parentOf[f.doc])
			}
		}
		if len(parents) == 0 {
			return
		}
		parents = sortedSet(parents)
		sc.parents = parents
		for t := from; t < to; t++ {
			t := &sc.terms[t]
			n := sc.numbers[t.at+i]
			if n < 0 {
				continue
			}
			if !w.segment.dense(int(n)) {
				w.readParents(int(n), parents, t.weight)
				continue
			}
			l := w.denseList(int(n))
			for _, p := range parents {
				w.readParent(&l, p, t.weight)
			}
		}
	})
	pw := float32(ix.cfg.ParentWeight)
	ix.eachPart(sc, func(i int, w walker) {
		for j := range sc.best {
			if f := &sc.best[j]; f.part == i {
				f.score = w.score[f.doc] + pw*w.parent[w.parentOf[f.doc]]
			}
		}
	})
	ix.sortFound(sc.best)
}

// collect leaves the best n accepted entries in sc.best, best first.
func (ix *Index) collect(sc *scratch, n int) {
	pw := float32(ix.cfg.ParentWeight)
	heap := sc.best[:0] // the worst of the best on top
	ix.eachPart(sc, func(i int, w walker) {
		for parent, ps := range w.parent {
			if ps == 0 {
				continue
			}
			ps *= pw
			first, end := w.segment.parent(uint32(parent))
			if sc.allowed != nil && !ix.accepted(sc, w.entries[first].Group) {
				continue
			}
			for d := first; d < end; d++ {
				if w.score[d] == 0 {
					continue
				}
				score := w.score[d] + ps
				if len(heap) == n && score < heap[0].score {
					continue
				}
				f := found{i, d, score}
				if len(heap) == n {
					if !ix.better(f, heap[0]) {
						continue
					}
					heap[0] = f
					ix.sink(heap, 0)
					continue
				}
				heap = append(heap, f)
				if len(heap) == n {
					for j := n/2 - 1; j >= 0; j-- {
						ix.sink(heap, j)
					}
				}
			}
		}
	})
	ix.sortFound(heap)
	sc.best = heap
}

// better orders by descending score, then by ID.
func (ix *Index) better(a, b found) bool {
	if a.score != b.score {
		return a.score > b.score
	}
	return strings.Compare(ix.parts[a.part].entries[a.doc].ID, ix.parts[b.part].entries[b.doc].ID) < 0
}

// sink restores the heap below i.
func (ix *Index) sink(heap []found, i int) {
	for {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && ix.better(heap[child], heap[child+1]) {
			child++
		}
		if !ix.better(heap[i], heap[child]) {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

func zeroed(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n+n/8)[:n]
	}
	s = s[:n]
	clear(s)
	return s
}

func (ix *Index) sortFound(f []found) {
	slices.SortFunc(f, func(a, b found) int {
		if ix.better(a, b) {
			return -1
		}
		return 1
	})
}

func sortedSet(v []uint32) []uint32 {
	slices.Sort(v)
	return slices.Compact(v)
}
