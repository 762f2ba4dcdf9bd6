package knowledge

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/knowledge/vector"
)

// Embedder turns texts into vectors by their meaning.
//
// Embed returns one vector for each text, in their order; with an error it
// returns none. It must not keep or change texts and must be safe for
// concurrent use. What it returns belongs to the caller. [Base] sends batches,
// tries again, and checks the number, size and content of the vectors.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// EmbedderFunc makes an Embedder of a function.
type EmbedderFunc func(ctx context.Context, texts []string) ([][]float32, error)

// Embed calls f.
func (f EmbedderFunc) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	return f(ctx, texts)
}

// EmbeddingConfig says how texts are embedded and their vectors searched. The
// zero value of a field is its default.
type EmbeddingConfig struct {
	// Model names the embedder's model within the cache's keys. Change it when
	// the model changes, if the cache outlives the process.
	Model string
	// Index finds the nearest vectors; default [VectorIndex].
	Index Index
	// Cache remembers vectors by the content of what was embedded, so that
	// unchanged text is never embedded twice; default [NewEmbeddingCache].
	Cache EmbeddingCache
	// BatchSize is how many texts go to the embedder at once; default 64.
	BatchSize int
	// Attempts is how often a batch is tried before the embedder counts as dead
	// for this sync; default 3, the pauses doubling from half a second.
	Attempts int
	// QueryTimeout bounds the embedding of one question; default 3 s. After it,
	// or after an error, the question is searched by its words alone, and so are
	// those of the next half minute.
	QueryTimeout time.Duration
	// Redact, if set, takes personal data out of passages and questions before
	// the embedder and the cache see them. It must be safe for concurrent use.
	// The text that is searched by words and quoted stays as it is.
	Redact func(string) string
}

// redacted is what the embedder may see of a text.
func (c EmbeddingConfig) redacted(text string) string {
	if c.Redact == nil {
		return text
	}
	return c.Redact(text)
}

func (c EmbeddingConfig) withDefaults() EmbeddingConfig {
	if c.Index == nil {
		c.Index = VectorIndex()
	}
	if c.Cache == nil {
		c.Cache = NewEmbeddingCache(defaultCachedVectors)
	}
	if c.BatchSize <= 0 {
		c.BatchSize = 64
	}
	if c.Attempts <= 0 {
		c.Attempts = 3
	}
	if c.QueryTimeout <= 0 {
		c.QueryTimeout = 3 * time.Second
	}
	return c
}

const (
	firstPause = 500 * time.Millisecond
	maxPause   = 30 * time.Second
	// embedderRests is how long questions are not embedded after one failed.
	embedderRests = 30 * time.Second
)

// ErrBadVectors: an embedder returned too few or too many vectors, or such as
// cannot be compared: of another size than the rest, zero, or not finite.
var ErrBadVectors = errors.New("knowledge: the embedder's vectors are unusable")

// embeddings turns passages and questions into vectors.
type embeddings struct {
	embedder Embedder
	cfg      EmbeddingConfig
}

// key identifies the vector of a text: by the content, so that the same text is
// embedded once wherever it stands.
func (e *embeddings) key(text string) string {
	sum := sha256.Sum256([]byte(e.cfg.Model + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// embeddingText is what of a passage is embedded: its text under its title and
// heading path, without which "It costs 20." means nothing.
func (p *Passage) embeddingText() string {
	var sb strings.Builder
	for _, line := range slices.Concat([]string{titleOf(p)}, p.Path, p.Aliases) {
		if line != "" && !strings.HasSuffix(sb.String(), line+"\n") {
			sb.WriteString(line)
			sb.WriteByte('\n')
		}
	}
	sb.WriteString(p.Text())
	return sb.String()
}

// wanted is a text to embed and where its vector goes.
type wanted struct {
	text string
	key  string
	into []*[]float32
	name string // of the document, for errors
}

// fill gives every passage of changes its vector: from the cache, then from the
// embedder. What could not be embedded stays nil. The error is of the embedder
// or the cache as a whole; bad names each document whose vectors were refused.
func (e *embeddings) fill(ctx context.Context, changes []Passages, dimensions int, progress func(done, all int)) (bad []Issue, err error) {
	missing, all := e.missing(changes)
	keys := make([]string, len(missing))
	for i, w := range missing {
		keys[i] = w.key
	}
	known, cacheErr := e.cfg.Cache.Vectors(ctx, keys)
	if cacheErr != nil {
		cacheErr = fmt.Errorf("knowledge: embedding cache: %w", cacheErr)
	}
	rest := missing[:0]
	for _, w := range missing {
		if v := known[w.key]; v != nil && (dimensions == 0 || len(v) == dimensions) {
			dimensions = len(v)
			w.give(v)
			continue
		}
		rest = append(rest, w)
	}
	progress(all-len(rest), all)
	for len(rest) > 0 {
		batch := rest[:min(e.cfg.BatchSize, len(rest))]
		rest = rest[len(batch):]
		vectors, err := e.embedBatch(ctx, batch)
		if err != nil {
			return bad, errors.Join(cacheErr, err)
		}
		fresh := make(map[string][]float32, len(batch))
		for i, w := range batch {
			v, err := unitVector(vectors[i], dimensions)
			if err != nil {
				bad = append(bad, Issue{Document: w.name, Failed: true, Err: fmt.Errorf("%s: %w", w.name, err)})
				continue
			}
			dimensions = len(v)
			fresh[w.key] = v
			w.give(v)
		}
		if err := e.cfg.Cache.Keep(ctx, fresh); err != nil && cacheErr == nil {
			cacheErr = fmt.Errorf("knowledge: embedding cache: %w", err)
		}
		progress(all-len(rest), all)
	}
	return bad, cacheErr
}

func (w *wanted) give(v []float32) {
	for _, into := range w.into {
		*into = v
	}
}

// missing lists the texts of all passages, equal ones once, and makes room for
// their vectors.
func (e *embeddings) missing(changes []Passages) (missing []*wanted, all int) {
	byKey := map[string]*wanted{}
	for i := range changes {
		c := &changes[i]
		if len(c.Passages) == 0 {
			continue
		}
		c.Vectors = make([][]float32, len(c.Passages))
		for j, p := range c.Passages {
			text := e.cfg.redacted(p.embeddingText())
			key := e.key(text)
			w := byKey[key]
			if w == nil {
				w = &wanted{text: text, key: key, name: c.Document}
				byKey[key] = w
				missing = append(missing, w)
			}
			w.into = append(w.into, &c.Vectors[j])
		}
	}
	return missing, len(missing)
}

// embedBatch embeds the texts of a batch, trying again after a pause.
func (e *embeddings) embedBatch(ctx context.Context, batch []*wanted) ([][]float32, error) {
	texts := make([]string, len(batch))
	for i, w := range batch {
		texts[i] = w.text
	}
	pause := firstPause
	for attempt := 1; ; attempt++ {
		vectors, err := e.embedder.Embed(ctx, texts)
		if err == nil && len(vectors) != len(texts) {
			err = fmt.Errorf("%w: %d for %d texts", ErrBadVectors, len(vectors), len(texts))
		}
		if err == nil {
			return vectors, nil
		}
		if attempt >= e.cfg.Attempts || ctx.Err() != nil {
			return nil, fmt.Errorf("knowledge: embedder: %w", err)
		}
		if !sleep(ctx, pause/2+rand.N(pause/2)) {
			return nil, fmt.Errorf("knowledge: embedder: %w", errors.Join(ctx.Err(), err))
		}
		pause = min(2*pause, maxPause)
	}
}

// sleep waits, and reports whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// question embeds a query once, within the time allowed.
func (e *embeddings) question(ctx context.Context, text string, dimensions int) ([]float32, error) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.QueryTimeout)
	defer cancel()
	vectors, err := e.embedder.Embed(ctx, []string{e.cfg.redacted(text)})
	if err != nil {
		return nil, fmt.Errorf("knowledge: embedder: %w", err)
	}
	if len(vectors) != 1 {
		return nil, fmt.Errorf("%w: %d for one question", ErrBadVectors, len(vectors))
	}
	return unitVector(vectors[0], dimensions)
}

// unitVector checks a vector and gives it unit length; dimensions 0 takes any
// size.
func unitVector(v []float32, dimensions int) ([]float32, error) {
	if dimensions > 0 && len(v) != dimensions {
		return nil, fmt.Errorf("%w: one has %d dimensions, the others have %d", ErrBadVectors, len(v), dimensions)
	}
	unit, err := vector.Normalised(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadVectors, err)
	}
	return unit, nil
}
