package gaps

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
)

// meantTopics is how many topics a question is compared with by meaning: those
// asked last.
const meantTopics = 100

// byMeaning returns the topic that means what a question asks.
func (ts *Topics) byMeaning(ctx context.Context, question string) (*topic, error) {
	if ts.cfg.Meaning == nil {
		return nil, nil
	}
	recent := slices.DeleteFunc(slices.Clone(ts.order), func(t *topic) bool { return len(t.Questions) == 0 })
	slices.SortStableFunc(recent, func(a, b *topic) int { return b.LastSeen.Compare(a.LastSeen) })
	recent = recent[:min(len(recent), meantTopics)]
	if len(recent) == 0 {
		return nil, nil
	}
	others := make([]string, len(recent))
	for i, t := range recent {
		others[i] = t.Questions[0].Text
	}
	similarities, err := ts.cfg.Meaning(ctx, question, others)
	if err == nil && len(similarities) != len(others) {
		err = fmt.Errorf("gaps: %d similarities of %d questions", len(similarities), len(others))
	}
	if err != nil {
		return nil, err
	}
	var best *topic
	least := ts.cfg.SameMeaningAt
	for i, s := range similarities {
		if s >= least && (best == nil || s > least) {
			best, least = recent[i], s
		}
	}
	return best, nil
}

// Embedder turns texts into vectors of meaning. knowledge.Embedder is one.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// maxVectors bounds the vectors that ByMeaning remembers.
const maxVectors = 1024

// ByMeaning compares questions by the cosine of their vectors. It remembers the
// vectors of those it saw last, so that a new question costs one call.
func ByMeaning(e Embedder) Meaning {
	m := &meaning{embedder: e, vectors: map[string][]float32{}}
	return m.compare
}

type meaning struct {
	embedder Embedder
	mu       sync.Mutex
	vectors  map[string][]float32
}

func (m *meaning) compare(ctx context.Context, question string, others []string) ([]float64, error) {
	vectors, err := m.vectorsOf(ctx, append([]string{question}, others...))
	if err != nil {
		return nil, fmt.Errorf("gaps: embedding questions: %w", err)
	}
	out := make([]float64, len(others))
	for i, v := range vectors[1:] {
		out[i] = cosine(vectors[0], v)
	}
	return out, nil
}

func (m *meaning) vectorsOf(ctx context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	var lacking []string
	m.mu.Lock()
	for i, s := range texts {
		if out[i] = m.vectors[s]; out[i] == nil {
			lacking = append(lacking, s)
		}
	}
	m.mu.Unlock()
	if len(lacking) == 0 {
		return out, nil
	}
	fresh, err := m.embedder.Embed(ctx, lacking)
	if err == nil && len(fresh) != len(lacking) {
		err = fmt.Errorf("%d vectors for %d texts", len(fresh), len(lacking))
	}
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.vectors)+len(fresh) > maxVectors {
		clear(m.vectors)
	}
	for i, next := 0, 0; i < len(texts); i++ {
		if out[i] == nil {
			out[i] = slices.Clone(fresh[next])
			m.vectors[texts[i]] = out[i]
			next++
		}
	}
	return out, nil
}

// cosine is 0 for vectors that cannot be compared.
func cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		return 0
	}
	var dot, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		dot, aa, bb = dot+x*y, aa+x*x, bb+y*y
	}
	if c := dot / math.Sqrt(aa*bb); c > 0 && c <= 1.0001 {
		return min(c, 1)
	}
	return 0
}
