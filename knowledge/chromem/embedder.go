package chromem

import (
	"context"
	"errors"
	"fmt"
	"slices"

	chromemgo "github.com/philippgille/chromem-go"
	"golang.org/x/sync/errgroup"

	"github.com/kundeagent/kundeagent/knowledge"
)

// EmbeddingFunc is chromem-go's: it returns the vector of one text. It must be
// safe for concurrent use and return when its context ends.
type EmbeddingFunc = chromemgo.EmbeddingFunc

// EmbedderConfig configures [Embedder]. The zero value is valid.
type EmbedderConfig struct {
	// Concurrency is how many texts are embedded at a time; default 4.
	Concurrency int
}

const defaultConcurrency = 4

// Embedder makes a [knowledge.Embedder] of an embedding function, as chromem-go
// has them for many vendors. The first text that fails cancels the rest, and the
// error says which it was by its place, not by its words. Vectors are copied, so
// that f may keep what it returns, and of the length that f gives them:
// [knowledge.Base] brings them to unit length.
func Embedder(f EmbeddingFunc, cfg EmbedderConfig) knowledge.Embedder {
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = defaultConcurrency
	}
	return embedder{f, cfg}
}

type embedder struct {
	f   EmbeddingFunc
	cfg EmbedderConfig
}

var errNoFunction = errors.New("chromem: embedder without a function")

func (e embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if e.f == nil {
		return nil, errNoFunction
	}
	vectors := make([][]float32, len(texts))
	g, working := errgroup.WithContext(ctx)
	g.SetLimit(e.cfg.Concurrency)
	for i, text := range texts {
		g.Go(func() error {
			if err := working.Err(); err != nil {
				return err // another text failed, or ctx ended
			}
			v, err := e.f(working, text)
			if err != nil {
				return fmt.Errorf("chromem: embed text %d of %d: %w", i+1, len(texts), err)
			}
			vectors[i] = slices.Clone(v)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return vectors, nil
}
