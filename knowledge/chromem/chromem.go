// Package chromem puts chromem-go, an embeddable vector database, behind
// [knowledge.Index], and its embedding functions behind [knowledge.Embedder].
//
// # When to choose it
//
// [knowledge.VectorIndex], the default, answers sooner and needs no module. Choose
// [Embedder] for chromem-go's embedding functions, which reach many models in one
// line and go with either index. Choose [Index] to have vectors searched as the
// rest of a product has them, or every vector compared however many there are:
// the default rules out most of a large base by a first pass.
//
// BenchmarkSearch and BenchmarkBuildOneChange compare the two. At 384 dimensions
// and 10,000 passages a search here took 9 ms of processor time, the default less
// than 3, and a build that changes one document less than a millisecond. A search
// grows with the number of passages that its filter admits, such a build hardly at
// all.
//
// # What is guarded
//
// chromem-go is used in memory only, and its collections are written once. Vectors
// are always passed in, checked and brought to unit length; neither texts nor
// metadata are stored in it. No search asks for more than there is, equal scores
// are ordered by passage ID, and a search whose context ends fails rather than
// answer with what it had.
//
// chromem-go is licensed under the Mozilla Public License 2.0, which covers its
// own files: a product that links it unchanged has to say so and where its source
// is to be had.
package chromem

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/vector"
)

// Index returns an index of embeddings for [knowledge.EmbeddingConfig]. It finds
// the passages that have vectors, by cosine similarity, exactly. Vectors that
// cannot be compared are refused with [knowledge.ErrBadVectors]; passages and
// vectors are kept without a copy and must not be changed.
func Index() knowledge.Index { return index{} }

type index struct{}

// snapshot holds one shelf for each scope, so that a filter works before ranking.
type snapshot struct {
	shelves    map[knowledge.Scope]*shelf
	size       int
	dimensions int // of all vectors, 0 while there are none
}

// placed is an entry on its way to its scope.
type placed struct {
	scope knowledge.Scope
	entry
}

func (index) Build(ctx context.Context, prev knowledge.Snapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
	old := &snapshot{}
	if prev != nil {
		var ok bool
		if old, ok = prev.(*snapshot); !ok {
			return nil, fmt.Errorf("%w: snapshot %T is another index's", knowledge.ErrInvalidConfig, prev)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("chromem: build: %w", err)
	}
	remove, add := old.edits(changes)
	next := &snapshot{shelves: maps.Clone(old.shelves), dimensions: old.dimensions, size: old.size - len(remove) + len(add)}
	if next.shelves == nil {
		next.shelves = map[knowledge.Scope]*shelf{}
	}
	if old.size == len(remove) {
		next.dimensions = 0 // no older vector stays: the new ones may be of another model
	}
	if err := next.check(add); err != nil {
		return nil, err
	}
	if err := next.apply(ctx, remove, add); err != nil {
		return nil, fmt.Errorf("chromem: build: %w", err)
	}
	return next, nil
}

// edits returns the passages of s that leave, with the scopes they are in, and
// those that come, the last of each ID.
func (s *snapshot) edits(changes []knowledge.Passages) (remove map[string]knowledge.Scope, add map[string]placed) {
	remove, add = map[string]knowledge.Scope{}, map[string]placed{}
	leave := func(id string) {
		for scope, shelf := range s.shelves {
			if shelf.holds(id) {
				remove[id] = scope
				return
			}
		}
	}
	for _, c := range changes {
		for _, id := range c.Replaces {
			leave(id)
		}
		for i, v := range c.Vectors {
			if v != nil {
				p := c.Passages[i]
				leave(p.ID)
				add[p.ID] = placed{c.Scope, entry{p, v}}
			}
		}
	}
	return remove, add
}

// check brings the vectors of add to unit length. All must have the snapshot's
// dimensions, or those of the first where it has none.
func (s *snapshot) check(add map[string]placed) error {
	for _, id := range slices.Sorted(maps.Keys(add)) {
		p := add[id]
		unit, err := s.unit(p.vector)
		if err != nil {
			return fmt.Errorf("chromem: passage %q: %w", id, err)
		}
		s.dimensions = len(unit)
		p.vector = unit
		add[id] = p
	}
	return nil
}

// unit returns a vector at unit length, if it can be compared with the others.
func (s *snapshot) unit(v []float32) ([]float32, error) {
	if s.dimensions != 0 && len(v) != s.dimensions {
		return nil, fmt.Errorf("%w: its vector has %d dimensions, the others have %d", knowledge.ErrBadVectors, len(v), s.dimensions)
	}
	unit, err := vector.Normalised(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", knowledge.ErrBadVectors, err)
	}
	return unit, nil
}

// apply replaces the shelves that change.
func (s *snapshot) apply(ctx context.Context, remove map[string]knowledge.Scope, add map[string]placed) error {
	type edit struct {
		remove []string
		add    []entry
	}
	edits := map[knowledge.Scope]*edit{}
	of := func(scope knowledge.Scope) *edit {
		if edits[scope] == nil {
			edits[scope] = &edit{}
		}
		return edits[scope]
	}
	for id, scope := range remove {
		e := of(scope)
		e.remove = append(e.remove, id)
	}
	for _, p := range add {
		e := of(p.scope)
		e.add = append(e.add, p.entry)
	}
	for scope, e := range edits {
		shelf, err := s.shelves[scope].with(ctx, e.remove, e.add)
		if err != nil {
			return err
		}
		if s.shelves[scope] = shelf; shelf.size == 0 {
			delete(s.shelves, scope)
		}
	}
	return nil
}

func (s *snapshot) Len() int { return s.size }

// defaultLimit is how many hits are returned where a query does not say.
const defaultLimit = 10

func (s *snapshot) Search(ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
	if err := ctx.Err(); err != nil || q.Vector == nil || s.size == 0 {
		return knowledge.IndexResult{}, err
	}
	query, err := s.unit(q.Vector)
	if err != nil {
		return knowledge.IndexResult{}, fmt.Errorf("chromem: query: %w", err)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	var hits []knowledge.Hit
	for scope, shelf := range s.shelves {
		if q.Accept != nil && !q.Accept(scope) {
			continue
		}
		for _, b := range shelf.buckets {
			found, err := b.nearest(ctx, query, limit)
			if err != nil {
				return knowledge.IndexResult{}, fmt.Errorf("chromem: search: %w", err)
			}
			for _, f := range found {
				hits = append(hits, knowledge.Hit{Passage: b.entries[f.ID].passage, Scope: scope, Score: min(max(float64(f.Similarity), -1), 1)})
			}
		}
	}
	slices.SortFunc(hits, func(a, b knowledge.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Passage.ID, b.Passage.ID))
	})
	return knowledge.IndexResult{Hits: hits[:min(len(hits), limit)]}, nil
}
