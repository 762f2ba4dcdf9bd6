package retrieval

import (
	"context"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge/vector"
)

// vectors is package vector with its defaults and the same hashed vectors as
// chromem-go, given to both: making them is off the clock.
func vectors() engine {
	return engine{"ours, vectors given", func(ctx context.Context, passages []passage) (searcher, error) {
		s := &vectorSearcher{embed: embedder(vectorSize), groups: languageGroups{}}
		start := time.Now()
		entries := make([]vector.Entry, len(passages))
		for i, p := range passages {
			v, err := s.embed(ctx, p.text)
			if err != nil {
				return nil, err
			}
			entries[i] = vector.Entry{ID: p.id, Group: s.groups.of(p.language), Vector: v}
		}
		s.free = time.Since(start)
		var err error
		s.index, err = vector.New(vector.Config{}).With(ctx, nil, entries)
		return s, err
	}}
}

type vectorSearcher struct {
	index  *vector.Index
	embed  func(context.Context, string) ([]float32, error)
	groups languageGroups
	free   time.Duration
}

func (s *vectorSearcher) search(ctx context.Context, q question, k int) ([]hit, error) {
	start := time.Now()
	v, err := s.embed(ctx, q.text)
	s.free += time.Since(start)
	if err != nil {
		return nil, err
	}
	query := vector.Query{Vector: v, K: k}
	if len(s.groups) > 1 {
		wanted := s.groups[q.language]
		query.Accept = func(group uint32) bool { return group == wanted }
	}
	found, err := s.index.Search(query)
	if err != nil {
		return nil, err
	}
	hits := make([]hit, len(found))
	for i, h := range found {
		hits[i] = hit{h.ID, float64(h.Similarity)}
	}
	return hits, nil
}

func (*vectorSearcher) mappedBytes() (int64, error) { return 0, nil }

func (s *vectorSearcher) offTheClock() time.Duration { return s.free }

func (*vectorSearcher) close() error { return nil }

// TestQualityVectorsOfTextsAgainstChromem compares package vector with chromem-go on
// the same given vectors: both only file and compare them, and what they find
// differs by rounding at most.
func TestQualityVectorsOfTextsAgainstChromem(t *testing.T) {
	for _, set := range taskSets(t) {
		t.Run(set.name, func(t *testing.T) {
			rows := compare(t, []engine{vectors(), chromemGiven()}, set)
			t.Logf("%s: %s\n%s\n(in brackets: how many times as good ours is)", set.name, size(set.tasks), table(rows))
			requireAhead(t, rows[0], rows[1], sameQuality, vectorsBoth)
		})
	}
}
