package knowledge

import (
	"context"
	"fmt"

	"github.com/kundeagent/kundeagent/knowledge/vector"
)

// VectorIndex returns the default [Index] of embeddings: package vector, in
// memory. It finds the passages that have vectors.
func VectorIndex() Index { return vectorIndex{} }

type vectorIndex struct{}

type vectorSnapshot struct {
	index  *vector.Index
	scopes scopes
}

func (vectorIndex) Build(ctx context.Context, prev Snapshot, changes []Passages) (Snapshot, error) {
	next := &vectorSnapshot{index: vector.New(vector.Config{})}
	if prev != nil {
		old, ok := prev.(*vectorSnapshot)
		if !ok {
			return nil, fmt.Errorf("%w: snapshot %T is another index's", ErrInvalidConfig, prev)
		}
		*next = *old
	}
	var remove []string
	var add []vector.Entry
	for _, c := range changes {
		remove = append(remove, c.Replaces...)
		group := next.scopes.number(c.Scope)
		for i, v := range c.Vectors {
			if v != nil {
				p := c.Passages[i]
				add = append(add, vector.Entry{ID: p.ID, Group: group, Vector: v, Value: p})
			}
		}
	}
	index, err := next.index.With(ctx, remove, add)
	if err != nil {
		return nil, err
	}
	next.index = index
	return next, nil
}

func (s *vectorSnapshot) Len() int { return s.index.Len() }

func (s *vectorSnapshot) Search(ctx context.Context, q IndexQuery) (IndexResult, error) {
	if err := ctx.Err(); err != nil || q.Vector == nil {
		return IndexResult{}, err
	}
	found, err := s.index.Search(vector.Query{Vector: q.Vector, K: q.Limit, Accept: s.scopes.filter(q.Accept)})
	if err != nil {
		return IndexResult{}, err
	}
	var res IndexResult
	for _, h := range found {
		res.Hits = append(res.Hits, Hit{Passage: h.Value.(*Passage), Scope: s.scopes[h.Group], Score: h.Similarity})
	}
	return res, nil
}
