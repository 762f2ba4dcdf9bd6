package lexical

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

const (
	// batchBytes of text are indexed at a time by one worker: the memory a build
	// needs beyond its result is a small multiple of it.
	batchBytes = 8 << 20
	// growth is how much larger than the next a segment must be to be left alone.
	growth = 3
	// deadShare of a segment's entries may be removed before it is rewritten.
	deadShare = 0.3
	// maxEntries of an index: what 32-bit offsets hold of passages many times the
	// usual size.
	maxEntries = 2_000_000
)

// With returns an index without the entries named in remove and with the entries
// of add; an entry whose ID exists replaces it, and of two in add the last
// counts. The receiver is not changed and both remain usable. An ID in remove
// that does not exist is ignored. It fails when ctx ends, an entry has no ID or
// the index would hold more than two million entries.
func (ix *Index) With(ctx context.Context, remove []string, add []Entry) (*Index, error) {
	for i := range add {
		if add[i].ID == "" {
			return nil, fmt.Errorf("lexical: entry %d has no ID", i)
		}
	}
	next := &Index{cfg: ix.cfg, pool: ix.pool, tailLeast: ix.tailLeast, parts: slices.Clone(ix.parts)}
	fresh := newChange(next, remove, add)
	next.bury(fresh.gone)
	size := len(fresh.entries)
	for i := range next.parts {
		size += next.parts[i].live
	}
	if size > maxEntries {
		return nil, fmt.Errorf("lexical: %d entries, at most %d are possible", size, maxEntries)
	}
	added, err := next.build(ctx, fresh.entries)
	if err != nil {
		return nil, fmt.Errorf("lexical: build: %w", err)
	}
	next.parts = append(next.parts, added...)
	if err := next.compact(ctx); err != nil {
		return nil, fmt.Errorf("lexical: merge: %w", err)
	}
	next.summarise()
	return next, nil
}

// change is what a With amounts to once whole parents are considered.
type change struct {
	gone    [][]uint32 // entries that leave, by part
	entries []Entry    // entries to build, parents together
}

// newChange finds the entries that leave. A parent's entries share a segment, so
// where one is added or replaced its siblings are built anew with it.
func newChange(ix *Index, remove []string, add []Entry) *change {
	c := &change{gone: make([][]uint32, len(ix.parts))}
	leaving := make([]map[uint32]bool, len(ix.parts))
	leave := func(p int, d uint32) bool {
		if leaving[p][d] || ix.parts[p].isDead(d) {
			return false
		}
		if leaving[p] == nil {
			leaving[p] = map[uint32]bool{}
		}
		leaving[p][d] = true
		return true
	}
	drop := func(id string) {
		for p := range ix.parts {
			if d, ok := ix.parts[p].liveEntry(id); ok {
				leave(p, uint32(d))
			}
		}
	}
	for _, id := range remove {
		drop(id)
	}
	last := make(map[string]int, len(add))
	for i := range add {
		drop(add[i].ID)
		last[add[i].ID] = i
	}
	seen := map[parentKey]bool{}
	var moved []Entry
	for i := range add {
		k := parentKey{add[i].Parent, add[i].Group}
		if k.parent == "" || seen[k] {
			continue
		}
		seen[k] = true
		for p := range ix.parts {
			moved = ix.parts[p].siblings(k, func(d uint32) bool { return leave(p, d) }, moved)
		}
	}
	for i := range add {
		if last[add[i].ID] == i {
			moved = append(moved, add[i])
		}
	}
	c.entries = groupByParent(moved)
	for p, set := range leaving {
		for d := range set {
			c.gone[p] = append(c.gone[p], d)
		}
		slices.Sort(c.gone[p])
	}
	return c
}

type parentKey struct {
	parent string
	group  uint32
}

// siblings appends the live entries of a parent that leave agrees to let go.
func (p *part) siblings(k parentKey, leave func(uint32) bool, out []Entry) []Entry {
	p.eachOf(k.parent, func(doc uint32) {
		if p.commonOf(doc).group == k.group && leave(doc) {
			out = append(out, p.entry(doc))
		}
	})
	return out
}

// eachOf calls f with the live entries of a parent, of all groups.
func (p *part) eachOf(parent string, f func(doc uint32)) {
	p.byParent.find(hashText(wordSeed, parent), func(pos int) bool {
		first, end := p.parent(uint32(pos))
		if p.commonOf(first).parent == parent {
			for d := first; d < end; d++ {
				if !p.isDead(d) {
					f(d)
				}
			}
		}
		return false // another group or a newer state may follow
	})
}

// liveEntry finds a live entry by its ID; a segment may hold dead ones of the same ID.
func (p *part) liveEntry(id string) (int, bool) {
	return p.ids.find(hashText(wordSeed, id), func(pos int) bool {
		return p.entries[pos].id == id && !p.isDead(uint32(pos))
	})
}

// groupByParent puts the entries of each parent together, parents in the order
// of their first entry.
func groupByParent(entries []Entry) []Entry {
	order := make(map[parentKey]int, len(entries))
	rank := make([]int, len(entries))
	for i := range entries {
		if entries[i].Parent == "" {
			rank[i] = i
			continue
		}
		k := parentKey{entries[i].Parent, entries[i].Group}
		r, ok := order[k]
		if !ok {
			r = i
			order[k] = i
		}
		rank[i] = r
	}
	if slices.IsSorted(rank) {
		return entries
	}
	idx := make([]int, len(entries))
	for i := range idx {
		idx[i] = i
	}
	slices.SortStableFunc(idx, func(a, b int) int { return rank[a] - rank[b] })
	out := make([]Entry, len(entries))
	for i, j := range idx {
		out[i] = entries[j]
	}
	return out
}

// build indexes entries in batches side by side.
func (ix *Index) build(ctx context.Context, entries []Entry) ([]part, error) {
	var batches [][]Entry
	for from := 0; from < len(entries); {
		end, size := from, 0
		for end < len(entries) && (size < batchBytes || sameParent(&entries[end-1], &entries[end])) {
			size += len(entries[end].Text) + 256
			end++
		}
		batches = append(batches, entries[from:end])
		from = end
	}
	parts := make([]part, len(batches))
	workers := ix.cfg.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, len(batches))
	g, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		g.Go(func() error {
			b := newBuilder(ix.cfg)
			for i := w; i < len(batches); i += workers {
				s, err := b.segment(ctx, batches[i])
				if err != nil {
					return err
				}
				parts[i] = newPart(s)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return parts, nil
}

// newPart is a segment with all its entries alive.
func newPart(s *segment) part {
	p := part{segment: s, languages: map[string]int{}, parentLen: make([]uint32, len(s.parents)-1)}
	for d := range s.entries {
		p.tally(uint32(d), 1)
	}
	for _, n := range p.parentLen {
		p.longest = max(p.longest, n)
	}
	p.groupOf = make([]uint32, len(s.parents)-1)
	places := map[uint32]uint32{}
	for i := range p.groupOf {
		group := s.commonOf(s.parents[i]).group
		place, known := places[group]
		if !known {
			place = uint32(len(p.groups))
			places[group] = place
			p.groups = append(p.groups, group)
		}
		p.groupOf[i] = place
	}
	return p
}

// tally takes an entry into what is alive, or with by -1 out of it.
func (p *part) tally(doc uint32, by int) {
	p.live += by
	p.languages[p.commonOf(doc).language] += by
	n := lenOf(uint8(p.place[doc] & lenMask))
	p.sumLen += float64(by) * n
	length := &p.parentLen[p.parentOf(doc)]
	if *length == 0 {
		p.liveParents++
	}
	*length += uint32(by) * uint32(max(n, 1)) // wraps around to subtract
	if *length == 0 {
		p.liveParents--
	}
}

// bury marks entries of each part as removed and takes them out of the counts.
func (ix *Index) bury(gone [][]uint32) {
	var b *builder
	kept := make([]part, 0, len(ix.parts))
	for i := range ix.parts {
		p := ix.parts[i]
		if len(gone[i]) > 0 {
			if len(gone[i]) == p.live {
				continue
			}
			if b == nil {
				b = newBuilder(ix.cfg)
			}
			p.bury(gone[i], b)
		}
		kept = append(kept, p)
	}
	ix.parts = kept
}

func (p *part) bury(gone []uint32, b *builder) {
	dead := make([]uint64, (len(p.entries)+63)/64)
	copy(dead, p.dead)
	p.dead = dead
	p.parentLen, p.languages = slices.Clone(p.parentLen), maps.Clone(p.languages)
	b.reset()
	for _, d := range gone {
		p.dead[d>>6] |= 1 << (d & 63)
		p.tally(d, -1)
		e := p.entry(d)
		b.entry(&e)
	}
	terms := b.docTerm[:0]
	for _, t := range b.docTerm {
		if term, ok := p.dict.find(b.keys[t]); ok {
			terms = append(terms, uint32(term))
		}
	}
	p.gone = p.gone.with(len(p.dict.terms), terms)
}

// compact merges segments until each is clearly larger than the next, so that
// their number grows with the logarithm of the entries.
func (ix *Index) compact(ctx context.Context) error {
	for i := range ix.parts {
		p := &ix.parts[i]
		if float64(len(p.entries)-p.live) > deadShare*float64(len(p.entries)) {
			s, err := merge(ctx, ix.parts[i:i+1])
			if err != nil {
				return err
			}
			ix.parts[i] = newPart(s)
		}
	}
	slices.SortStableFunc(ix.parts, func(a, b part) int { return b.live - a.live })
	rest := 0 // live entries of the parts that follow
	from := len(ix.parts)
	for i := from - 1; i >= 0; i-- {
		if live := ix.parts[i].live; live < growth*rest {
			from = i
		}
		rest += ix.parts[i].live
	}
	if from < len(ix.parts) {
		s, err := merge(ctx, ix.parts[from:])
		if err != nil {
			return err
		}
		ix.parts = append(slices.Clone(ix.parts[:from]), newPart(s))
	}
	base, parentBase := 0, 0
	for i := range ix.parts {
		p := &ix.parts[i]
		p.base, p.parentBase = base, parentBase
		base += len(p.entries)
		parentBase += len(p.parents) - 1
	}
	return nil
}
