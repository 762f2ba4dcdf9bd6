package vector

import (
	"context"
	"fmt"
	"slices"
)

const (
	// growth is how much larger than the next a segment must be to be left alone.
	growth = 3
	// deadShare of a segment's entries may be removed before it is rewritten.
	deadShare = 0.3
)

// With returns an index without the entries named in remove and with the entries
// of add; an entry whose ID exists replaces it, and of two in add the last
// counts. The receiver is not changed and both remain usable. An ID in remove
// that does not exist is ignored.
//
// All vectors of an index have the dimensions of the first; only where no older
// entry stays may add bring other dimensions. With fails with a [VectorError]
// for a vector that cannot be used, when ctx ends, an entry has no ID or the
// index would hold more than ten million entries.
func (ix *Index) With(ctx context.Context, remove []string, add []Entry) (*Index, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("vector: build: %w", err)
	}
	next := &Index{cfg: ix.cfg, limit: ix.limit, pool: ix.pool, parts: slices.Clone(ix.parts)}
	next.bury(ix.leaving(remove, add))
	added, err := lastOfEach(ctx, next.Dimensions(), add)
	if err != nil {
		return nil, err
	}
	size := len(added)
	for i := range next.parts {
		size += next.parts[i].live
	}
	if size > ix.limit {
		return nil, fmt.Errorf("vector: %d entries, at most %d are possible", size, ix.limit)
	}
	if len(added) > 0 {
		p, err := next.newPart(ctx, added)
		if err != nil {
			return nil, fmt.Errorf("vector: build: %w", err)
		}
		next.parts = append(next.parts, p)
	}
	if err := next.compact(ctx); err != nil {
		return nil, fmt.Errorf("vector: merge: %w", err)
	}
	next.summarise()
	return next, nil
}

// leaving finds the rows of each part that are removed or replaced.
func (ix *Index) leaving(remove []string, add []Entry) [][]uint32 {
	gone := make([][]uint32, len(ix.parts))
	leave := func(id string) {
		for i := range ix.parts {
			if row, ok := ix.parts[i].find(id); ok {
				gone[i] = append(gone[i], row)
				return
			}
		}
	}
	for _, id := range remove {
		leave(id)
	}
	for i := range add {
		leave(add[i].ID)
	}
	for i := range gone {
		slices.Sort(gone[i])
		gone[i] = slices.Compact(gone[i])
	}
	return gone
}

// bury marks rows of each part as removed, and drops a part without others.
func (ix *Index) bury(gone [][]uint32) {
	kept := ix.parts[:0]
	for i, p := range ix.parts {
		if len(gone[i]) == p.live {
			continue
		}
		if len(gone[i]) > 0 {
			p.bury(gone[i])
		}
		kept = append(kept, p)
	}
	ix.parts = kept
}

// lastOfEach returns the last entry of each ID, vectors normalised. All must have
// the given dimensions, or those of the first where none are given.
func lastOfEach(ctx context.Context, dimensions int, add []Entry) ([]Entry, error) {
	out := make([]Entry, 0, len(add))
	at := make(map[string]int, len(add))
	for i := range add {
		if i%ctxEvery == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("vector: build: %w", ctx.Err())
		}
		e := add[i]
		if e.ID == "" {
			return nil, fmt.Errorf("vector: entry %d has no ID", i)
		}
		v, err := fitting(e.ID, dimensions, e.Vector)
		if err != nil {
			return nil, err
		}
		dimensions = len(v)
		e.Vector = v[:len(v):len(v)]
		if j, ok := at[e.ID]; ok {
			out[j] = e
			continue
		}
		at[e.ID] = len(out)
		out = append(out, e)
	}
	return out, nil
}

// fitting returns a vector normalised, or an error that names its entry.
func fitting(id string, dimensions int, v []float32) ([]float32, error) {
	if dimensions != 0 && len(v) != dimensions {
		return nil, &VectorError{ID: id, Reason: ErrDimensions, Dimensions: len(v), Want: dimensions}
	}
	n, err := Normalised(v)
	if bad, ok := err.(*VectorError); ok {
		bad.ID = id
	}
	return n, err
}

// compact merges segments until each is clearly larger than the next, so that
// their number grows with the logarithm of the entries.
func (ix *Index) compact(ctx context.Context) error {
	for i := range ix.parts {
		p := &ix.parts[i]
		if float64(len(p.rows)-p.live) > deadShare*float64(len(p.rows)) {
			if err := ix.merge(ctx, i, i+1); err != nil {
				return err
			}
		}
	}
	slices.SortStableFunc(ix.parts, func(a, b part) int { return b.live - a.live })
	for n := len(ix.parts); n > 1; n = len(ix.parts) {
		from, sum := n-1, ix.parts[n-1].live
		for from > 0 && ix.parts[from-1].live < growth*sum {
			from--
			sum += ix.parts[from].live
		}
		if from == n-1 {
			break
		}
		if err := ix.merge(ctx, from, n); err != nil {
			return err
		}
	}
	return nil
}

// merge puts one part with the live entries in the place of several.
func (ix *Index) merge(ctx context.Context, from, end int) error {
	size := 0
	for i := from; i < end; i++ {
		size += ix.parts[i].live
	}
	entries := make([]Entry, 0, size)
	for i := from; i < end; i++ {
		entries = ix.parts[i].appendLive(entries)
	}
	p, err := ix.newPart(ctx, entries)
	if err != nil {
		return err
	}
	ix.parts[from] = p
	ix.parts = slices.Delete(ix.parts, from+1, end)
	return nil
}
