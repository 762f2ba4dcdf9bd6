package agent

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// NewFallback returns a model that asks models in order: the next one when one
// fails before anything of its answer was handed on, with [ErrRateLimited],
// [ErrQuotaExhausted], [ErrModelAuth], [ErrUnavailable] or [ErrContextLength].
// If all fail the error holds every failure and counts as the last one. When
// ctx has a deadline, a model with others after it has an equal share of the
// time to begin its answer. It is safe for concurrent use; without models it
// fails.
func NewFallback(models ...Model) Model { return fallback(slices.Clone(models)) }

type fallback []Model

// Generate implements [Model].
func (f fallback) Generate(ctx context.Context, req Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		var failures []error
		for i, m := range f {
			err := beginInTime(ctx, m, len(f)-i, req, yield)
			if err == nil {
				return
			}
			failed := errUnsaid{}
			unsaid := errors.As(err, &failed)
			err = said(err)
			last := i == len(f)-1
			if last || !unsaid || ctx.Err() != nil || !slices.Contains(fallsBack, modelKind(err)) {
				yield(Event{}, withEarlier(err, failures))
				return
			}
			failures = append(failures, err)
			if !yield(Event{Attempt: &ModelAttempt{Error: err.Error(), Next: i + 2}}, nil) {
				return
			}
		}
		yield(Event{}, &ModelError{Kind: ErrUnavailable, Err: errors.New("there is no model to ask")})
	}
}

// fallsBack are the failures that another model may not have.
var fallsBack = []error{ErrRateLimited, ErrQuotaExhausted, ErrModelAuth, ErrUnavailable, ErrContextLength}

// withEarlier adds the failures of other models before a model's own.
func withEarlier(err error, earlier []error) error {
	if len(earlier) == 0 {
		return err
	}
	all := fmt.Errorf("%w; before it: %w", err, errors.Join(earlier...))
	if kind := modelKind(err); kind != nil {
		return &ModelError{Kind: kind, RetryAfter: retryAfterOf(err), Err: all}
	}
	return all
}

func retryAfterOf(err error) time.Duration {
	var classified *ModelError
	if errors.As(err, &classified) {
		return classified.RetryAfter
	}
	return 0
}

// beginInTime relays a model's answer. If others are left it must begin within
// its share of the time that ctx leaves.
func beginInTime(ctx context.Context, m Model, left int, req Request, yield func(Event, error) bool) error {
	deadline, limited := ctx.Deadline()
	if left < 2 || !limited {
		return relay(m.Generate(ctx, req), yield)
	}
	share := time.Until(deadline) / time.Duration(left)
	late := fmt.Errorf("nothing was said within %v", share.Round(time.Millisecond))
	attempt, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(share, func() { cancel(late) })
	defer timer.Stop()
	err := relay(m.Generate(attempt, req), func(ev Event, err error) bool {
		if ev.Text != "" || ev.ToolCall != nil {
			timer.Stop()
		}
		return yield(ev, err)
	})
	if failed := (errUnsaid{}); errors.As(err, &failed) && ctx.Err() == nil && errors.Is(context.Cause(attempt), late) {
		return errUnsaid{&ModelError{Kind: ErrUnavailable, Err: errors.Join(late, failed.error)}}
	}
	return err
}
