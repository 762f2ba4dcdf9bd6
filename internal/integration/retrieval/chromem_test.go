package retrieval

import (
	"context"
	"runtime"
	"time"

	"github.com/philippgille/chromem-go"
)

// chromemEngine is chromem-go in memory with hashed vectors of the given size.
//
// Where vectors are given, making them is off the clock, for passages and for
// questions: chromem-go alone at its best, as if a model had done its work for
// nothing. Where they are not, chromem-go calls the embedder, as many at a time
// as there are processors. Either way it shares the texts, without a copy.
func chromemEngine(name string, size int, given bool) engine {
	return engine{name, func(ctx context.Context, passages []passage) (searcher, error) {
		s := &chromemSearcher{embed: embedder(size), given: given}
		var err error
		if s.collection, err = chromem.NewDB().CreateCollection("passages", nil, s.embed); err != nil {
			return nil, err
		}
		for _, p := range passages {
			if p.language != passages[0].language {
				s.filtered = true
			}
		}
		documents := make([]chromem.Document, len(passages))
		for i, p := range passages {
			documents[i] = chromem.Document{ID: p.id, Content: p.text}
			if s.filtered {
				documents[i].Metadata = map[string]string{"language": p.language}
			}
			if given {
				if documents[i].Embedding, err = s.vector(ctx, p.text); err != nil {
					return nil, err
				}
			}
		}
		if err := s.collection.AddDocuments(ctx, documents, runtime.GOMAXPROCS(0)); err != nil {
			return nil, err
		}
		return s, nil
	}}
}

type chromemSearcher struct {
	collection *chromem.Collection
	embed      chromem.EmbeddingFunc
	given      bool // vectors are made off the clock
	filtered   bool // by language, where there is more than one
	free       time.Duration
}

// vector embeds off the clock.
func (s *chromemSearcher) vector(ctx context.Context, text string) ([]float32, error) {
	start := time.Now()
	defer func() { s.free += time.Since(start) }()
	return s.embed(ctx, text)
}

func (s *chromemSearcher) search(ctx context.Context, q question, k int) ([]hit, error) {
	var where map[string]string
	if s.filtered {
		where = map[string]string{"language": q.language}
	}
	found, err := s.query(ctx, q.text, min(k, s.collection.Count()), where)
	if err != nil {
		return nil, err
	}
	hits := make([]hit, len(found))
	for i, r := range found {
		hits[i] = hit{r.ID, float64(r.Similarity)}
	}
	return hits, nil
}

func (s *chromemSearcher) query(ctx context.Context, text string, k int, where map[string]string) ([]chromem.Result, error) {
	if !s.given {
		return s.collection.Query(ctx, text, k, where, nil)
	}
	v, err := s.vector(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.collection.QueryEmbedding(ctx, v, k, where, nil)
}

func (s *chromemSearcher) offTheClock() time.Duration { return s.free }

func (*chromemSearcher) mappedBytes() (int64, error) { return 0, nil }

func (*chromemSearcher) close() error { return nil }

// vectorSize is that of many small embedding models.
const vectorSize = 384

func chromemEngines() []engine {
	return []engine{chromemGiven(), chromemEmbedding()}
}

func chromemGiven() engine { return chromemEngine("chromem-go, vectors given", vectorSize, true) }

func chromemEmbedding() engine {
	return chromemEngine("chromem-go, embedding timed", vectorSize, false)
}
