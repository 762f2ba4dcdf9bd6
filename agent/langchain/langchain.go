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
	"strings"
	"time"

	"github.com/tmc/langchaingo/llms"

	"github.com/kundeagent/kundeagent/agent"
)

// ErrNoTools is what a request with tools, or with tool calls in its history,
// gets of a provider that cannot call any; see [Config.NoTools].
var ErrNoTools = errors.New("langchain: the provider's client cannot call tools")

// DefaultMaxAnswerBytes is what [Config.MaxAnswerBytes] is when not set.
const DefaultMaxAnswerBytes = 1 << 20

// Config says how a model is called. The zero value is ready for use.
type Config struct {
	// MaxAttempts, BaseDelay and MaxDelay say how a request is tried again while
	// nothing of its answer was handed on; see [agent.RetryPolicy].
	MaxAttempts         int
	BaseDelay, MaxDelay time.Duration
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

	// Sleep and Random are the waiting and the spread of delays; see
	// [agent.RetryPolicy].
	Sleep  func(ctx context.Context, d time.Duration) error
	Random func() float64
}

func (c Config) retries() agent.RetryPolicy {
	return agent.RetryPolicy{MaxAttempts: c.MaxAttempts, BaseDelay: c.BaseDelay, MaxDelay: c.MaxDelay, Sleep: c.Sleep, Random: c.Random}
}

// withDefaults fills in what is not set.
func (c Config) withDefaults(llm llms.Model) Config {
	if c.MaxAnswerBytes <= 0 {
		c.MaxAnswerBytes = DefaultMaxAnswerBytes
	}
	switch strings.TrimPrefix(fmt.Sprintf("%T", llm), "*") {
	case "ollama.LLM", "llamafile.LLM", "maritaca.LLM":
		c.NoStopReason, c.NoTools = true, true
	}
	return c
}

// New returns llm as an [agent.Model]. It is safe for concurrent use when llm
// is, or with [Config.MaxConcurrent] 1.
//
// Errors are those of ctx; [*agent.ModelError] with one of its kinds, of which
// [agent.ErrTruncated] may hold a further one as its cause; [ErrNoTools]; or
// the provider's own, wrapped, where none of the kinds fits. Attempts that
// failed and were made up for come as events.
//
// When a request ends before its answer, the call is cancelled and given a
// second to return; a client that ignores its context is left behind.
func New(llm llms.Model, config Config) agent.Model {
	m := &model{llm: llm, config: config.withDefaults(llm)}
	if m.config.MaxConcurrent > 0 {
		m.slots = make(chan struct{}, m.config.MaxConcurrent)
	}
	return agent.NewRetry(m, m.config.retries())
}

// model is a langchaingo model under the contract of [agent.Model].
type model struct {
	llm    llms.Model
	config Config
	slots  chan struct{} // nil when any number may run
}

// Generate makes one attempt, or a second one in one piece where a line of the
// stream was too long for the client.
func (m *model) Generate(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
	return func(yield func(agent.Event, error) bool) {
		started := false
		emit := func(event agent.Event) bool {
			started = true
			return yield(event, nil)
		}
		call, err := m.newCall(req)
		if err == nil {
			err = m.attempt(ctx, call, emit)
		}
		if errors.Is(err, errLongLine) && !started {
			call.streaming = false
			err = m.attempt(ctx, call, emit)
		}
		if ended := ctx.Err(); ended != nil && err != nil && !errors.Is(err, errStopped) {
			err = fmt.Errorf("langchain: %w", ended)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(agent.Event{}, err)
		}
	}
}

// errStopped: the caller wants no more events.
var errStopped = errors.New("langchain: stopped by the caller")
