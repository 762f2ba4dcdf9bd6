package retrieval

import (
	"context"
	"time"

	"github.com/kundeagent/kundeagent/knowledge/lexical"
)

// ours is package lexical with its defaults.
func ours() engine {
	return engine{"ours", func(ctx context.Context, passages []passage) (searcher, error) {
		groups := languageGroups{}
		entries := make([]lexical.Entry, len(passages))
		for i, p := range passages {
			entries[i] = lexical.Entry{ID: p.id, Parent: p.parent, Group: groups.of(p.language), Text: p.text, Language: p.language}
		}
		ix, err := lexical.New(lexical.Config{}).With(ctx, nil, entries)
		if err != nil {
			return nil, err
		}
		return &lexicalSearcher{ix, groups}, nil
	}}
}

// languageGroups numbers languages, so that a question is answered in its own.
type languageGroups map[string]uint32

func (g languageGroups) of(language string) uint32 {
	n, known := g[language]
	if !known {
		n = uint32(len(g))
		g[language] = n
	}
	return n
}

type lexicalSearcher struct {
	index  *lexical.Index
	groups languageGroups
}

func (s *lexicalSearcher) search(_ context.Context, q question, k int) ([]hit, error) {
	wanted := s.groups[q.language]
	found := s.index.Search(lexical.Query{Text: q.text, Language: q.language, K: k, Accept: func(group uint32) bool { return group == wanted }})
	hits := make([]hit, len(found.Hits))
	for i, h := range found.Hits {
		hits[i] = hit{h.ID, h.Score}
	}
	return hits, nil
}

func (*lexicalSearcher) mappedBytes() (int64, error) { return 0, nil }

func (*lexicalSearcher) offTheClock() time.Duration { return 0 }

func (*lexicalSearcher) close() error { return nil }
