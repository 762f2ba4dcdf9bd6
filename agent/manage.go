package agent

import (
	"context"
	"errors"
	"fmt"
	"reflect"
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

// begin is lifecycle, and leaves the audit event of the agent's creation when it
// is used for the first time ever.
func (a *Agent) begin(ctx context.Context) (Lifecycle, error) {
	l, err := a.lifecycle(ctx)
	if err != nil || !l.CreatedAt.IsZero() {
		return l, err
	}
	e := AuditEvent{
		Actor: Actor{ID: a.cfg.ID}, ByHost: true, Action: "create", Target: a.cfg.ID, After: l.String(), At: a.cfg.Now(),
	}
	if err := a.log(ctx, AuditLog, "", "create", e.At, e); err != nil {
		return Lifecycle{}, err
	}
	_, l, err = a.changeLifecycle(ctx, func(l *Lifecycle) error {
		if l.CreatedAt.IsZero() {
			l.CreatedAt = e.At
		}
		return nil
	})
	return l, err
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
	if _, err := o.agent.begin(ctx); err != nil {
		return err
	}
	before, after, err := o.agent.changeLifecycle(ctx, change)
	if err != nil {
		return fmt.Errorf("agent: %s %s: %w", action, target, err)
	}
	return o.audit(ctx, AuditEvent{Action: action, Target: target, Version: after.Published, Before: before.String(), After: after.String()})
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
		if reflect.DeepEqual(before, after) {
			return before, after, nil
		}
		if err = a.cfg.Store.SetLifecycle(ctx, a.cfg.ID, after); !errors.Is(err, ErrSuperseded) {
			after.Revision++
			return before, after, err
		}
	}
	return before, after, err
}
