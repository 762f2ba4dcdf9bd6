package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/kundeagent/kundeagent/channels"
)

// Step 1: the delivery is recorded once and has its place in the conversation.

// ErrInvalidEvent: an event lacks what it needs to be accepted.
var ErrInvalidEvent = errors.New("agent: event is incomplete")

// defaultIdleClose ends a conversation on a channel that does not say.
const defaultIdleClose = channels.ChatIdleClose

// Deliver accepts an event. It returns once the event is recorded; Run works
// it off. A repeated delivery is nil and has no effect.
func (a *Agent) Deliver(ctx context.Context, e channels.Event) error {
	accepted, err := a.accept(ctx, e, false)
	if err != nil {
		return err
	}
	if accepted.Fresh {
		a.nudge(accepted.Conversation)
	}
	return nil
}

// inbox is the agent as one channel sees it.
type inbox struct {
	agent   *Agent
	channel string
}

func (in inbox) Deliver(ctx context.Context, e channels.Event) error {
	e.Channel = in.channel
	return in.agent.Deliver(ctx, e)
}

func (in inbox) Exchange(ctx context.Context, e channels.Event) ([]channels.Outgoing, error) {
	e.Channel = in.channel
	return in.agent.Exchange(ctx, e)
}

func (a *Agent) accept(ctx context.Context, e channels.Event, exchange bool) (Accepted, error) {
	if a.channels[e.Channel] == nil {
		return Accepted{}, fmt.Errorf("%w: no channel %q", ErrInvalidEvent, e.Channel)
	}
	if e.Delivery == "" || e.Thread == "" {
		return Accepted{}, fmt.Errorf("%w: channel %q: delivery %q, thread %q", ErrInvalidEvent, e.Channel, e.Delivery, e.Thread)
	}
	if e.At.IsZero() {
		e.At = a.cfg.Now()
	}
	life, err := a.lifecycle(ctx)
	if err == nil && life.Deleted {
		err = ErrDeleted
	}
	if err != nil {
		return Accepted{}, fmt.Errorf("agent: accept delivery %q on channel %q: %w", e.Delivery, e.Channel, err)
	}
	if life.CreatedAt.IsZero() {
		if _, err := a.begin(ctx); err != nil { // the next use tries again
			a.cfg.Logger.ErrorContext(ctx, "first use of an agent", "agent", a.cfg.ID, "error", err)
		}
	}
	accepted, err := a.cfg.Store.Accept(ctx, AcceptRequest{
		Agent: a.cfg.ID, Event: e, IdleClose: a.idleClose(life.Deployments[e.Channel], e.Channel), ReopenWithin: a.cfg.ReopenWithin, Exchange: exchange,
	})
	if err != nil {
		return Accepted{}, fmt.Errorf("agent: accept delivery %q on channel %q: %w", e.Delivery, e.Channel, err)
	}
	a.watchers.changed(accepted.Conversation)
	return accepted, nil
}
