package knowledgetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// oracle is the plainest index that keeps every promise, of text or of vectors;
// its fields break it.
type oracle struct {
	text bool

	// search stands in for the right one; s.right and s.ranked are at hand.
	search func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error)
	// build stands in for the right one; o.right is at hand.
	build  func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error)
	length func(s *oracleSnapshot) int

	keep        func(held map[string]oracleEntry, c knowledge.Passages) // before a change is applied
	anySnapshot bool                                                    // takes another index's
	keepAll     bool                                                    // nil vectors too

	mu     sync.Mutex
	latest *oracleSnapshot
	asked  int
	vector []float32
}

type oracleSnapshot struct {
	o    *oracle
	held map[string]oracleEntry
	age  int
}

type oracleEntry struct {
	passage *knowledge.Passage
	scope   knowledge.Scope
	vector  []float32
}

func (o *oracle) Build(ctx context.Context, prev knowledge.Snapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
	old, ok := prev.(*oracleSnapshot)
	if prev != nil && !ok && !o.anySnapshot {
		return nil, errors.New("not mine")
	}
	if old == nil {
		old = &oracleSnapshot{o: o}
	}
	if o.build != nil {
		return o.build(o, ctx, old, changes)
	}
	return o.right(ctx, old, changes)
}

func (o *oracle) right(ctx context.Context, old *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	next := &oracleSnapshot{o: o, held: maps.Clone(old.held), age: old.age + 1}
	if next.held == nil {
		next.held = map[string]oracleEntry{}
	}
	for _, c := range changes {
		if o.keep != nil {
			o.keep(next.held, c)
		}
		for _, id := range c.Replaces {
			delete(next.held, id)
		}
	}
	size := 0
	for _, e := range next.held {
		size = len(e.vector)
	}
	for _, c := range changes {
		for i, p := range c.Passages {
			e := oracleEntry{passage: p, scope: c.Scope}
			if i < len(c.Vectors) {
				e.vector = c.Vectors[i]
			}
			if !o.text && e.vector == nil && !o.keepAll {
				continue
			}
			if !o.text && size != 0 && e.vector != nil && len(e.vector) != size {
				return nil, fmt.Errorf("%s: other dimensions", p.ID)
			}
			size = len(e.vector)
			next.held[p.ID] = e
		}
	}
	return next, nil
}

func (s *oracleSnapshot) Len() int {
	if s.o.length != nil {
		return s.o.length(s)
	}
	return len(s.held)
}

func (s *oracleSnapshot) Search(ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
	if s.o.search != nil {
		return s.o.search(s, ctx, q)
	}
	return s.right(ctx, q)
}

func (s *oracleSnapshot) right(ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
	if err := ctx.Err(); err != nil {
		return knowledge.IndexResult{}, err
	}
	hits, err := s.ranked(q)
	return knowledge.IndexResult{Hits: hits[:min(len(hits), q.Limit)]}, err
}

// ranked returns all hits, best first.
func (s *oracleSnapshot) ranked(q knowledge.IndexQuery) ([]knowledge.Hit, error) {
	accepted := map[knowledge.Scope]bool{}
	for _, e := range s.held {
		if _, asked := accepted[e.scope]; !asked {
			accepted[e.scope] = q.Accept == nil || q.Accept(e.scope)
		}
	}
	var hits []knowledge.Hit
	for _, e := range s.held {
		score, found, err := s.score(q, e)
		if err != nil {
			return nil, err
		}
		if found && accepted[e.scope] {
			hits = append(hits, knowledge.Hit{Passage: e.passage, Scope: e.scope, Score: score})
		}
	}
	slices.SortFunc(hits, func(a, b knowledge.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Passage.ID, b.Passage.ID))
	})
	return hits, nil
}

func (s *oracleSnapshot) score(q knowledge.IndexQuery, e oracleEntry) (score float64, found bool, err error) {
	if s.o.text {
		for _, w := range strings.Fields(strings.Trim(q.Text, "?!")) {
			score += float64(strings.Count(e.passage.Text(), w))
		}
		return score, score > 0, nil
	}
	if q.Vector == nil {
		return 0, false, nil
	}
	if e.vector == nil {
		return 0, true, nil
	}
	if len(q.Vector) != len(e.vector) {
		return 0, false, fmt.Errorf("query of %d dimensions", len(q.Vector))
	}
	return cosine(q.Vector, e.vector), true, nil
}

var (
	textCaps   = IndexCapabilities{Text: true}
	vectorCaps = IndexCapabilities{Vectors: true}
)

func TestOracleFailsNoClause(t *testing.T) {
	for name, caps := range map[string]IndexCapabilities{"text": textCaps, "vectors": vectorCaps} {
		if got, why := failing(t, indexClauses(caps), func(r reporter) *built { return &built{reporter: r, index: &oracle{text: caps.Text}, caps: caps} }); got != nil {
			t.Errorf("%s: %v%s", name, got, why)
		}
	}
}

// after changes what the right search found.
func after(change func(s *oracleSnapshot, q knowledge.IndexQuery, res *knowledge.IndexResult)) func(*oracleSnapshot, context.Context, knowledge.IndexQuery) (knowledge.IndexResult, error) {
	return func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
		res, err := s.right(ctx, q)
		if err == nil {
			change(s, q, &res)
		}
		return res, err
	}
}

// before changes the query of the right search.
func before(change func(s *oracleSnapshot, q *knowledge.IndexQuery)) func(*oracleSnapshot, context.Context, knowledge.IndexQuery) (knowledge.IndexResult, error) {
	return func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
		change(s, &q)
		return s.right(ctx, q)
	}
}
