package agent

import (
	"context"
	"errors"
	"fmt"
)

// What people decide about an agent is changed here, in one place: authorized,
// written if nobody else wrote meanwhile, and audited.

// ErrDeleted: the agent was deleted. Channels are told so for what they
// deliver.
var ErrDeleted = errors.New("agent: the agent was deleted")

// lifecycle returns the agent's state.
func (a *Agent) lifecycle(ctx context.Context) (Lifecycle, error) {
	l, err := a.cfg.Store.Lifecycle(ctx, a.cfg.ID)
	if err != nil {
		return Lifecycle{}, fmt.Errorf("agent: lifecycle: %w", err)
	}
	return l, nil
}

// lifecycleTries bounds how often a change is made anew because another came
// between.
const lifecycleTries = 10

// changeLifecycle is one decision of a person. change is given the state as it
// is and may refuse it.
func (o *Operator) changeLifecycle(ctx context.Context, p Permission, action, target string, change func(*Lifecycle) error) error {
	if err := o.allow(ctx, p, action, target); err != nil {
		return err
	}
	before, after, err := o.agent.changeLifecycle(ctx, change)
	if err != nil {
		return fmt.Errorf("agent: %s %s: %w", action, target, err)
	}
	return o.audit(ctx, AuditEvent{Action: action, Target: target, Before: before.String(), After: after.String()})
}

func (a *Agent) changeLifecycle(ctx context.Context, change func(*Lifecycle) error) (before, after Lifecycle, err error) {
	for range lifecycleTries {
		if before, err = a.lifecycle(ctx); err != nil {
			return before, after, err
		}
		if before.Deleted {
			return before, after, fmt.Errorf("%w: %s", ErrDeleted, a.cfg.ID)
		}
		after = before.Clone()
		if err = change(&after); err != nil {
			return before, after, err
		}
		if err = a.cfg.Store.SetLifecycle(ctx, a.cfg.ID, after); !errors.Is(err, ErrSuperseded) {
			return before, after, err
		}
	}
	return before, after, err
}

// Pause stops the agent from taking new conversations; those it has go on.
func (o *Operator) Pause(ctx context.Context, reason string) error {
	return o.changeLifecycle(ctx, MayPause, "pause", o.agent.cfg.ID, func(l *Lifecycle) error {
		l.Paused, l.PauseReason = true, reason
		return nil
	})
}

// Resume ends a pause.
func (o *Operator) Resume(ctx context.Context) error {
	return o.changeLifecycle(ctx, MayPause, "resume", o.agent.cfg.ID, func(l *Lifecycle) error {
		l.Paused, l.PauseReason = false, ""
		return nil
	})
}

// Publish lets the agent take conversations; agents begin published.
func (o *Operator) Publish(ctx context.Context) error {
	return o.changeLifecycle(ctx, MayEdit, "publish", o.agent.cfg.ID, func(l *Lifecycle) error {
		l.Unpublished = false
		return nil
	})
}

// Unpublish stops the agent from taking conversations on any channel.
func (o *Operator) Unpublish(ctx context.Context) error {
	return o.changeLifecycle(ctx, MayEdit, "unpublish", o.agent.cfg.ID, func(l *Lifecycle) error {
		l.Unpublished = true
		return nil
	})
}
