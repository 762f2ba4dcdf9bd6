package knowledge

import (
	"context"
	"maps"
	"sync"
)

// EmbeddingCache remembers vectors, so that unchanged text is never embedded
// twice. It must be safe for concurrent use. Vectors must not be changed by
// either side.
type EmbeddingCache interface {
	// Vectors returns those of the keys that are known.
	Vectors(ctx context.Context, keys []string) (map[string][]float32, error)
	// Keep adds vectors. It may forget any of them later.
	Keep(ctx context.Context, vectors map[string][]float32) error
}

// defaultCachedVectors is a few times what one large knowledge base holds. The
// vectors of what is known now are shared with the index and cost little more.
const defaultCachedVectors = 200_000

// NewEmbeddingCache returns a cache in memory that keeps at most limit vectors;
// beyond it those go that were not asked for longest, roughly.
func NewEmbeddingCache(limit int) EmbeddingCache {
	return &memoryCache{limit: max(limit, 2)}
}

// memoryCache has two generations: what is asked for moves to the young one,
// and when that is half of the limit the old one is forgotten.
type memoryCache struct {
	limit int

	mu         sync.Mutex
	young, old map[string][]float32
}

func (c *memoryCache) Vectors(_ context.Context, keys []string) (map[string][]float32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string][]float32{}
	for _, k := range keys {
		if v := c.young[k]; v != nil {
			found[k] = v
		} else if v := c.old[k]; v != nil {
			found[k] = v
			c.keep(k, v)
		}
	}
	return found, nil
}

func (c *memoryCache) Keep(_ context.Context, vectors map[string][]float32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, v := range maps.All(vectors) {
		c.keep(k, v)
	}
	return nil
}

func (c *memoryCache) keep(key string, v []float32) {
	if len(c.young) >= c.limit/2 {
		c.young, c.old = nil, c.young
	}
	if c.young == nil {
		c.young = map[string][]float32{}
	}
	c.young[key] = v
}
