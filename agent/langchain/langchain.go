// Package langchain makes a model of langchaingo an [agent.Model].
//
// langchaingo reaches many providers, and each of its clients has ways of its
// own to end a stream, count tokens, report an error or lose one. [New] puts
// one contract over all of them: an answer that was cut off is an error,
// cancelling works, errors are classified, and what can be tried again is. Give
// the client of the provider an HTTP client with [Transport] so that status
// codes, Retry-After and errors inside of streams, which the clients drop, are
// seen.
//
// The adapter never reads the environment; some constructors of langchaingo do.
package langchain

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tmc/langchaingo/llms"

	"github.com/kundeagent/kundeagent/agent"
)

// ErrNoTools is what a request with tools, or with tool calls in its history,
// gets of a provider that cannot call any; see [Config.NoTools].
var ErrNoTools = errors.New("langchain: the provider's client cannot call tools")

// The defaults of [Config].
const (
	DefaultMaxAttempts    = 3
	DefaultBaseDelay      = 500 * time.Millisecond
	DefaultMaxDelay       = 30 * time.Second
	DefaultMaxAnswerBytes = 1 << 20
)

// Config says how a model is called. The zero value is ready for use.
type Config struct {
	// MaxAttempts is how often a request is tried in all; 0 means
	// [DefaultMaxAttempts], 1 never tries again. A request is tried again only
	// while nothing of its answer was handed on.
	MaxAttempts int
	// BaseDelay is the wait before the second attempt, give or take a half; it
	// doubles with every further one. 0 means [DefaultBaseDelay].
	BaseDelay time.Duration
	// MaxDelay is the longest wait. A provider that asks for a longer one gets
	// no further attempt: the error says how long it asked for. 0 means
	// [DefaultMaxDelay].
	MaxDelay time.Duration
	// AttemptTimeout ends an attempt that is not complete in time; 0 means that
	// only the context limits it.
	AttemptTimeout time.Duration
	// MaxConcurrent is how many requests run at a time, others wait; 0 means
	// any number. With 1, a client that is not safe for concurrent use is.
	MaxConcurrent int
	// MaxAnswerBytes is the longest text of an answer; a longer one is cut off
	// with [agent.ErrTruncated]. 0 means [DefaultMaxAnswerBytes].
	MaxAnswerBytes int
	// Temperature replaces that of every request; nil leaves it. Some models
	// accept no other than 1.
	Temperature *float64
	// NoStreaming asks for every answer in one piece. Requests with tools are
	// always answered so, because the clients mangle tool calls in streams.
	NoStreaming bool
	// NoStopReason says that the provider's client never tells why an answer
	// ended, so that its silence is not taken for a cut. It is implied for
	// langchaingo's ollama, llamafile and maritaca clients.
	NoStopReason bool
	// NoTools says that the provider's client does not pass tools on: requests
	// with tools fail with [ErrNoTools] instead of being answered without. It
	// is implied as NoStopReason is.
	NoTools bool
	// Options are passed with every request before those of the adapter.
	Options []llms.CallOption

	// Sleep waits for d or until ctx ends, which is then its error. nil uses a
	// timer.
	Sleep func(ctx context.Context, d time.Duration) error
	// Random gives numbers from 0 to below 1 for the spread of delays, and must
	// be safe for concurrent use. nil uses math/rand.
	Random func() float64
}

// withDefaults fills in what is not set.
func (c Config) withDefaults(llm llms.Model) Config {
	setDefault(&c.MaxAttempts, DefaultMaxAttempts)
	setDefault(&c.BaseDelay, DefaultBaseDelay)
	setDefault(&c.MaxDelay, DefaultMaxDelay)
	setDefault(&c.MaxAnswerBytes, DefaultMaxAnswerBytes)
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	switch strings.TrimPrefix(fmt.Sprintf("%T", llm), "*") {
	case "ollama.LLM", "llamafile.LLM", "maritaca.LLM":
		c.NoStopReason, c.NoTools = true, true
	}
	return c
}

func setDefault[T int | time.Duration](value *T, fallback T) {
	if *value <= 0 {
		*value = fallback
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// New returns llm as an [agent.Model]. It is safe for concurrent use when llm
// is, or with [Config.MaxConcurrent] 1.
//
// Errors are those of ctx; [*agent.ModelError] with one of its kinds, of which
// [agent.ErrTruncated] may hold a further one as its cause; [ErrNoTools]; or
// the provider's own, wrapped, where none of the kinds fits.
//
// When a request ends before its answer, the call is cancelled and given a
// second to return; a client that ignores its context is left behind.
func New(llm llms.Model, config Config) agent.Model {
	m := &model{llm: llm, config: config.withDefaults(llm)}
	if m.config.MaxConcurrent > 0 {
		m.slots = make(chan struct{}, m.config.MaxConcurrent)
	}
	return m
}

// model is a langchaingo model under the contract of [agent.Model].
type model struct {
	llm    llms.Model
	config Config
	slots  chan struct{} // nil when any number may run
}

// Generate asks the model.
func (m *model) Generate(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
	return func(yield func(agent.Event, error) bool) {
		call, err := m.newCall(req)
		if err == nil {
			err = m.answer(ctx, call, yield)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(agent.Event{}, err)
		}
	}
}

// errStopped: the caller wants no more events.
var errStopped = errors.New("langchain: stopped by the caller")

// answer tries a call until it succeeds, may not be tried again, or an event
// was handed on.
func (m *model) answer(ctx context.Context, c *call, yield func(agent.Event, error) bool) error {
	for attempt := 1; ; attempt++ {
		started := false
		err := m.attempt(ctx, c, func(event agent.Event) bool {
			started = true
			return yield(event, nil)
		})
		if err == nil || errors.Is(err, errStopped) {
			return err
		}
		if ended := ctx.Err(); ended != nil {
			return fmt.Errorf("langchain: %w", ended)
		}
		if started || attempt >= m.config.MaxAttempts {
			return err
		}
		delay, again := m.delay(err, attempt)
		if !again {
			return err
		}
		if errors.Is(err, errLongLine) {
			c.streaming = false
		}
		if ended := m.config.Sleep(ctx, delay); ended != nil {
			return fmt.Errorf("langchain: waiting to try again: %w", ended)
		}
	}
}

// delay is how long to wait after a failed attempt, and whether a further one
// makes sense.
func (m *model) delay(err error, attempt int) (time.Duration, bool) {
	var f *failure
	if !errors.As(err, &f) || !f.passing {
		return 0, false
	}
	delay := m.config.BaseDelay << min(attempt-1, 16)
	delay = time.Duration(float64(delay) * (0.5 + m.config.Random()))
	delay = min(delay, m.config.MaxDelay)
	var classified *agent.ModelError
	if errors.As(err, &classified) && classified.RetryAfter > 0 {
		if classified.RetryAfter > m.config.MaxDelay {
			return 0, false
		}
		delay = max(delay, classified.RetryAfter)
	}
	return delay, true
}
