package langchain

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tmc/langchaingo/embeddings"

	"github.com/kundeagent/kundeagent/agent"
)

// DefaultBatchSize is how many texts are embedded by one request.
const DefaultBatchSize = 64

// ErrBadVectors is wrapped by the error for vectors that cannot be used: too
// few or too many of them, of different sizes, or not of finite numbers.
var ErrBadVectors = errors.New("langchain: the embedder's vectors are unusable")

// EmbedderConfig says how texts are embedded. The zero value is ready for use.
type EmbedderConfig struct {
	// BatchSize is how many texts go into one request; 0 means
	// [DefaultBatchSize].
	BatchSize int
	// Dimensions is the size every vector must have; 0 means that all of one
	// call must have the same.
	Dimensions int
	// MaxAttempts, BaseDelay, MaxDelay, AttemptTimeout, Sleep and Random are as
	// in [Config], for each request.
	MaxAttempts    int
	BaseDelay      time.Duration
	MaxDelay       time.Duration
	AttemptTimeout time.Duration
	Sleep          func(ctx context.Context, d time.Duration) error
	Random         func() float64
}

// Embedder turns texts into vectors with an embedder of langchaingo. It is safe
// for concurrent use when that is.
type Embedder struct {
	embed      func(ctx context.Context, texts []string) ([][]float32, error)
	batchSize  int
	dimensions int
	timeout    time.Duration
	retries    agent.RetryPolicy
}

// NewEmbedder returns an embedder over a client that makes embeddings, such as
// langchaingo's openai and ollama models. Texts are sent as they are, line
// breaks included.
//
// A client that reads vectors in the order of the answer may attach them to the
// wrong texts; give it an HTTP client with [Transport], which sees to the
// order.
func NewEmbedder(client embeddings.EmbedderClient, config EmbedderConfig) *Embedder {
	return newEmbedder(client.CreateEmbedding, config)
}

// FromEmbedder is [NewEmbedder] over an embedder of langchaingo. If it is one
// of package embeddings, it is asked to leave line breaks alone, which it
// otherwise takes out of texts.
func FromEmbedder(embedder embeddings.Embedder, config EmbedderConfig) *Embedder {
	if known, ok := embedder.(*embeddings.EmbedderImpl); ok && known != nil {
		asIs := *known
		asIs.StripNewLines = false
		embedder = &asIs
	}
	return newEmbedder(embedder.EmbedDocuments, config)
}

func newEmbedder(embed func(context.Context, []string) ([][]float32, error), config EmbedderConfig) *Embedder {
	if config.BatchSize <= 0 {
		config.BatchSize = DefaultBatchSize
	}
	return &Embedder{
		embed: embed, batchSize: config.BatchSize, dimensions: config.Dimensions, timeout: config.AttemptTimeout,
		retries: agent.RetryPolicy{MaxAttempts: config.MaxAttempts, BaseDelay: config.BaseDelay, MaxDelay: config.MaxDelay, Sleep: config.Sleep, Random: config.Random},
	}
}

// Embed returns a vector for each text, in their order. The texts are not
// changed. Errors are as those of [New], and [ErrBadVectors] naming the first
// text concerned by its position; with an error there are no vectors.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, 0, len(texts))
	dimensions := e.dimensions
	for start := 0; start < len(texts); start += e.batchSize {
		batch := texts[start:min(start+e.batchSize, len(texts))]
		got, err := e.batch(ctx, batch)
		if err != nil {
			return nil, fmt.Errorf("langchain: embedding texts %d to %d: %w", start, start+len(batch)-1, err)
		}
		if len(got) != len(batch) {
			return nil, fmt.Errorf("%w: %d for %d texts from text %d on", ErrBadVectors, len(got), len(batch), start)
		}
		for i, vector := range got {
			if dimensions == 0 {
				dimensions = len(vector)
			}
			if fault := vectorFault(vector, dimensions); fault != "" {
				return nil, fmt.Errorf("%w: that of text %d %s", ErrBadVectors, start+i, fault)
			}
			vectors = append(vectors, vector)
		}
	}
	return vectors, nil
}

// vectorFault says what is wrong with a vector, nothing being "".
func vectorFault(vector []float32, dimensions int) string {
	if len(vector) != dimensions || dimensions == 0 {
		return fmt.Sprintf("has %d dimensions instead of %d", len(vector), dimensions)
	}
	zero := true
	for _, value := range vector {
		if f := float64(value); math.IsNaN(f) || math.IsInf(f, 0) {
			return "holds what is no finite number"
		}
		zero = zero && value == 0
	}
	if zero {
		return "is zero"
	}
	return ""
}

// batch embeds texts by one request, tried again as a model's is.
func (e *Embedder) batch(ctx context.Context, texts []string) ([][]float32, error) {
	for attempt := 1; ; attempt++ {
		vectors, err := e.try(ctx, texts)
		if ended := ctx.Err(); ended != nil {
			return nil, ended
		}
		if err == nil {
			return vectors, nil
		}
		_, again, ended := e.retries.Wait(ctx, err, attempt)
		if ended != nil {
			return nil, ended
		}
		if !again {
			return nil, err
		}
	}
}

// try makes one request with a copy of the texts: some embedders change the
// slice they are given. Its panics are errors: some index an empty answer.
func (e *Embedder) try(ctx context.Context, texts []string) (vectors [][]float32, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			vectors, err = nil, fmt.Errorf("the embedder's client panicked: %v", cause)
		}
	}()
	seen := &exchange{}
	callCtx := context.WithValue(ctx, exchangeKey{}, seen)
	if timeout := e.timeout; timeout > 0 {
		var cancel context.CancelFunc
		callCtx, cancel = context.WithTimeout(callCtx, timeout)
		defer cancel()
	}
	vectors, err = e.embed(callCtx, slices.Clone(texts))
	if err == nil {
		return vectors, nil
	}
	if ctx.Err() == nil && callCtx.Err() != nil {
		err = &failure{kind: agent.ErrUnavailable, err: fmt.Errorf("no vectors in %v: %w", e.timeout, err)}
	}
	return nil, finishError(classify(err, seen), false)
}
