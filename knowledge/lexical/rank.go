package lexical

// A query of a sentence has about a hundred terms, and the most frequent of them
// make nine tenths of the postings while they hardly change the order. Terms are
// therefore read in order of weight until those left weigh no more than
// tailShare of the whole; the tail is then looked up for the best candidates
// only. TestQualityPruning measures what that loses.
const (
	tailShare = 0.28
	// tailLeast is the number of postings below which a tail is read like the rest.
	tailLeast = 4000
	// candidates are kept for the tail: so many, or a multiple of the hits wanted.
	candidates    = 24
	candidatesPer = 2
	// rounds in which the tail is read; after each but the last a third of the
	// candidates is given up, down to a quarter more than the hits wanted.
	rounds = 5
)

// rank leaves the best accepted entries in sc.best, at least k where there are.
func (ix *Index) rank(sc *scratch, k int) {
	entries, parents := 0, 0
	for i := range ix.parts {
		entries += len(ix.parts[i].entries)
		parents += len(ix.parts[i].parents) - 1
	}
	sc.score = zeroed(sc.score, entries)
	sc.parent = zeroed(sc.parent, parents)
	ix.setUnits(sc)
	head := ix.headTerms(sc)
	for i := range ix.parts {
		w := ix.walker(sc, i)
		for t := range sc.terms[:head] {
			if n := sc.numbers[sc.terms[t].at+i]; n >= 0 {
				sc.postings = w.appendLive(sc.postings[:0], int(n))
				w.add(sc.postings, sc.terms[t].weight)
			}
		}
	}
	if head == len(sc.terms) {
		ix.collect(sc, 2*k)
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

// setUnits sets how many units of a parent's score make one. It is a sum of whole
// numbers, so that it does not depend on the order of the parent's entries, and
// the greatest there can be just fits.
func (ix *Index) setUnits(sc *scratch) {
	greatest := 0.0
	for i := range sc.terms {
		greatest += float64(sc.terms[i].weight) * (ix.cfg.K1 + 1)
	}
	sc.units = float32((1 << 30) / max(greatest, 1e-9))
}

// walker adds terms to the scores of one part.
type walker struct {
	*part
	norm             *normTable
	score            []float32
	parent           []uint32 // in units
	units            float32
	k1, kConst, kLen float32
}

func (ix *Index) walker(sc *scratch, i int) walker {
	p := &ix.parts[i]
	return walker{
		part: p, norm: ix.docNorm,
		score:  sc.score[p.base:][:len(p.entries)],
		parent: sc.parent[p.parentBase:][:len(p.parents)-1],
		units:  sc.units,
		k1:     float32(ix.cfg.K1),
		kConst: float32(ix.cfg.K1 * (1 - ix.cfg.B)),
		kLen:   float32(ix.cfg.K1 * ix.cfg.B / ix.parentAvg),
	}
}

// appendLive appends a term's postings of live entries.
func (w *walker) appendLive(out []uint32, term int) []uint32 {
	from := len(out)
	out = w.appendPostings(out, term)
	if w.dead == nil {
		return out
	}
	live := out[:from]
	for _, v := range out[from:] {
		if !w.isDead(v >> tfBits) {
			live = append(live, v)
		}
	}
	return live
}

// add adds a term's postings to the scores of their entries and parents. Those
// of one parent must be together. What a parent gets is BM25's saturation of the
// sum over its entries: with each posting what it grows by. There is hardly a
// branch in the loop, since whether the parent is the one before is anybody's
// guess.
func (w *walker) add(postings []uint32, weight float32) {
	place, norm, kConst, kLen := w.place, w.norm, w.kConst, w.kLen
	score, parent := w.score[:len(place)], w.parent
	lengths := w.parentLen[:len(parent)]
	factor := weight * (w.k1 + 1) * w.units
	last := ^uint32(0)
	var tf float32
	var before uint32
	for _, v := range postings {
		d, level := v>>tfBits, v&levelMask
		at := place[d]
		score[d] += weight * norm[at&lenMask][level]
		p := at >> lenBits
		same := sameMask(p, last)
		last = p
		tf = masked(tf, same) + tfLevel[level]
		now := uint32(int32(factor * tf / (tf + kConst + kLen*float32(lengths[p]))))
		parent[p] += now - before&same
		before = now
	}
}

// tail adds the terms from head on to the candidates in sc.best.
func (ix *Index) tail(sc *scratch, head, k int) {
	for round := range rounds {
		end := head + (len(sc.terms)-head)/(rounds-round)
		ix.tailTerms(sc, head, end)
		head = end
		if keep := max(k+(k+3)/4, len(sc.best)*2/3); keep < len(sc.best) && round < rounds-1 {
			ix.selectBest(sc.best, keep)
			sc.best = sc.best[:keep]
		}
	}
}

// tailTerms adds the terms [from, to) to the candidates.
func (ix *Index) tailTerms(sc *scratch, from, to int) {
	pw := float32(ix.cfg.ParentWeight) / sc.units
	for i := range ix.parts {
		parents := sc.parents[:0]
		for _, f := range sc.best {
			if f.part == i {
				parents = append(parents, ix.parts[i].parentOf(f.doc))
			}
		}
		if len(parents) == 0 {
			continue
		}
		parents = sortedSet(parents)
		sc.parents = parents
		w := ix.walker(sc, i)
		for t := from; t < to; t++ {
			t := &sc.terms[t]
			if n := sc.numbers[t.at+i]; n >= 0 {
				sc.postings = w.appendOfParents(sc.postings[:0], int(n), parents)
				w.add(sc.postings, t.weight)
			}
		}
		for j := range sc.best {
			if f := &sc.best[j]; f.part == i {
				f.score = w.score[f.doc] + pw*float32(w.parent[w.parentOf(f.doc)])
			}
		}
	}
}

// appendOfParents appends a term's postings of live entries of some parents,
// which are in ascending order.
func (w *walker) appendOfParents(out []uint32, term int, parents []uint32) []uint32 {
	count, list := w.counted(term)
	if list != nil && isDense(count, len(w.entries)) {
		l := newDenseList(list, count, len(w.entries))
		for _, p := range parents {
			out = l.appendEntries(out, w.parents[p], w.parents[p+1])
		}
	} else {
		all := w.appendPostings(out, term)
		for _, v := range all[len(out):] {
			p := w.parentOf(v >> tfBits)
			for len(parents) > 0 && parents[0] < p {
				parents = parents[1:]
			}
			if len(parents) == 0 {
				break
			}
			if parents[0] == p {
				out = append(out, v)
			}
		}
	}
	if w.dead == nil {
		return out
	}
	live := out[:0]
	for _, v := range out {
		if !w.isDead(v >> tfBits) {
			live = append(live, v)
		}
	}
	return live
}

func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n+n/8)[:n]
	}
	s = s[:n]
	clear(s)
	return s
}
