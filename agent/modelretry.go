package agent

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"
)

// The defaults of a [RetryPolicy].
const (
	DefaultMaxAttempts = 3
	DefaultBaseDelay   = 500 * time.Millisecond
	DefaultMaxDelay    = 30 * time.Second
)

// RetryPolicy says how often and after what delay something is tried again. The
// zero value has the defaults.
type RetryPolicy struct {
	// MaxAttempts is how often a request is tried in all; 0 means
	// [DefaultMaxAttempts], 1 never tries again.
	MaxAttempts int
	// BaseDelay is the wait before the second attempt, give or take a half; it
	// doubles with every further one. 0 means [DefaultBaseDelay].
	BaseDelay time.Duration
	// MaxDelay is the longest wait. A provider that asks for a longer one gets
	// no further attempt: the error says how long it asked for. 0 means
	// [DefaultMaxDelay].
	MaxDelay time.Duration
	// Sleep waits for d or until ctx ends, which is then its error. nil uses a
	// timer.
	Sleep func(ctx context.Context, d time.Duration) error
	// Random gives numbers from 0 to below 1 for the spread of delays, and must
	// be safe for concurrent use. nil uses math/rand.
	Random func() float64
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	if p.MaxAttempts <= 0 {
		p.MaxAttempts = DefaultMaxAttempts
	}
	if p.BaseDelay <= 0 {
		p.BaseDelay = DefaultBaseDelay
	}
	if p.MaxDelay <= 0 {
		p.MaxDelay = DefaultMaxDelay
	}
	if p.Sleep == nil {
		p.Sleep = sleep
	}
	if p.Random == nil {
		p.Random = rand.Float64
	}
	return p
}

// Delay is how long to wait after a failed attempt, counted from 1, and whether
// a further one makes sense: only for [ErrRateLimited] and [ErrUnavailable],
// and when the provider does not ask for more than MaxDelay.
func (p RetryPolicy) Delay(err error, attempt int) (delay time.Duration, again bool) {
	p = p.withDefaults()
	if kind := modelKind(err); kind != ErrRateLimited && kind != ErrUnavailable || attempt >= p.MaxAttempts {
		return 0, false
	}
	delay = p.BaseDelay << min(max(attempt-1, 0), 16)
	delay = min(time.Duration(float64(delay)*(0.5+p.Random())), p.MaxDelay)
	var classified *ModelError
	if errors.As(err, &classified) {
		if classified.RetryAfter > p.MaxDelay {
			return 0, false
		}
		delay = max(delay, classified.RetryAfter)
	}
	return delay, true
}

// Wait is Delay with the waiting done. An error is that of ctx.
func (p RetryPolicy) Wait(ctx context.Context, err error, attempt int) (waited time.Duration, again bool, _ error) {
	p = p.withDefaults()
	delay, again := p.Delay(err, attempt)
	if !again {
		return 0, false, nil
	}
	if ended := p.Sleep(ctx, delay); ended != nil {
		return 0, false, fmt.Errorf("agent: waiting to try again: %w", ended)
	}
	return delay, true, nil
}

// NewRetry returns a model that asks m again when it fails for a while, as the
// policy says, but only as long as nothing of an answer was handed on. Models
// of package langchain do so by themselves. It is safe for concurrent use.
func NewRetry(m Model, policy RetryPolicy) Model {
	policy = policy.withDefaults()
	return ModelFunc(func(ctx context.Context, req Request) iter.Seq2[Event, error] {
		return func(yield func(Event, error) bool) {
			for attempt := 1; ; attempt++ {
				err := relay(m.Generate(ctx, req), yield)
				if err == nil {
					return
				}
				var waited time.Duration
				var again bool
				if failed := (errUnsaid{}); ctx.Err() == nil && errors.As(err, &failed) {
					var ended error
					if waited, again, ended = policy.Wait(ctx, failed.error, attempt); ended != nil {
						yield(Event{}, ended)
						return
					}
				}
				if !again {
					yield(Event{}, said(err))
					return
				}
				if !yield(Event{Attempt: &ModelAttempt{Error: said(err).Error(), Wait: waited}}, nil) {
					return
				}
			}
		}
	})
}

// errUnsaid is a failure before anything of an answer was handed on.
type errUnsaid struct{ error }

// said returns the failure itself.
func said(err error) error {
	if failed := (errUnsaid{}); errors.As(err, &failed) {
		return failed.error
	}
	return err
}

// relay hands on an answer. A failure is returned instead: as errUnsaid if no
// text or call was handed on before. It is nil if the caller wants no more.
func relay(answer iter.Seq2[Event, error], yield func(Event, error) bool) error {
	started := false
	for ev, err := range answer {
		if err != nil && !started {
			return errUnsaid{err}
		}
		if err != nil {
			return err
		}
		started = started || ev.Text != "" || ev.ToolCall != nil
		if !yield(ev, nil) {
			return nil
		}
	}
	return nil
}
