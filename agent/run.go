package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// Run works off what was accepted, and runs the channels that need it, until
// ctx ends; no goroutine of it is left when it returns. Any number of replicas
// may Run the same agent on one Store. It returns nil when ctx ended, or the
// error of the channel or store that made it stop.
func (a *Agent) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	jobs := make(chan string)
	running := newInFlight()
	for range a.cfg.Workers {
		wg.Go(func() {
			for id := range jobs {
				a.serve(ctx, id)
				running.remove(id)
			}
		})
	}
	for id, c := range a.channels {
		if r, ok := c.(channels.Runner); ok {
			wg.Go(func() {
				if err := r.Run(ctx); err != nil && ctx.Err() == nil {
					cancel(fmt.Errorf("agent: channel %q: %w", id, err))
				}
			})
		}
	}
	wg.Go(func() { a.sweep(ctx) })
	a.runRouters(func(name string, run func(context.Context) error) {
		wg.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("agent: %s: %w", name, err))
			}
		})
	})
	a.dispatch(ctx, jobs, running)
	close(jobs)
	wg.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}

// dueAtOnce is how many due conversations one look at the store returns.
const dueAtOnce = 256

// dispatch gives conversations to workers: those it is told of at once, and
// those the store says are due at every poll.
func (a *Agent) dispatch(ctx context.Context, jobs chan<- string, running *inFlight) {
	give := func(id string) {
		if !running.add(id) {
			return
		}
		select {
		case jobs <- id:
		case <-ctx.Done():
			running.remove(id)
		}
	}
	look := func() {
		due, err := a.cfg.Store.Due(ctx, a.cfg.ID, a.cfg.Now(), dueAtOnce)
		if err != nil && ctx.Err() == nil {
			a.cfg.Logger.ErrorContext(ctx, "looking for due conversations", "agent", a.cfg.ID, "error", err)
		}
		for _, id := range due {
			give(id)
		}
	}
	look()
	tick := time.NewTicker(a.cfg.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-a.wake:
			give(id)
		case <-tick.C:
			look()
		}
	}
}

func (a *Agent) serve(ctx context.Context, conversation string) {
	err := a.own(ctx, conversation, false)
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrLeased) {
		a.cfg.Logger.ErrorContext(ctx, "working on a conversation", "agent", a.cfg.ID, "conversation", conversation, "error", err)
	}
}

// nudge tells Run of work. When it is not listening the next poll finds it.
func (a *Agent) nudge(conversation string) {
	select {
	case a.wake <- conversation:
	default:
	}
}

// inFlight is the set of conversations that workers have.
type inFlight struct {
	mu  sync.Mutex
	ids map[string]bool
}

func newInFlight() *inFlight { return &inFlight{ids: map[string]bool{}} }

func (f *inFlight) add(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ids[id] {
		return false
	}
	f.ids[id] = true
	return true
}

func (f *inFlight) remove(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.ids, id)
}

// Exchange accepts an event and answers it inside the call, for media such as
// phone calls. A repeated delivery returns what was said before. It waits while
// another worker has the conversation.
func (a *Agent) Exchange(ctx context.Context, e channels.Event) ([]channels.Outgoing, error) {
	accepted, err := a.accept(ctx, e, true)
	if err != nil {
		return nil, err
	}
	for {
		err := a.own(ctx, accepted.Conversation, true)
		if err == nil {
			break
		}
		if !errors.Is(err, ErrLeased) {
			return nil, err
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
	}
	c, err := a.cfg.Store.Load(ctx, a.cfg.ID, accepted.Conversation)
	if err != nil {
		return nil, fmt.Errorf("agent: load %s: %w", accepted.Conversation, err)
	}
	// The first turn that covers the message answered it.
	for i, s := range c.Outbox {
		if accepted.Seq > 0 && s.UpTo >= accepted.Seq {
			var out []channels.Outgoing
			for _, same := range c.Outbox[i:] {
				if same.UpTo == s.UpTo {
					out = append(out, same.Out)
				}
			}
			return out, nil
		}
	}
	return nil, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
