package agent

import "context"

// Pause stops the agent from taking new conversations; those it has go on until
// they are resolved (P8).
func (o *Operator) Pause(ctx context.Context, reason string) error {
	return o.changeLifecycle(ctx, MayPause, "pause", o.agent.cfg.ID, func(l *Lifecycle) error {
		l.Paused, l.PauseReason = true, reason
		return nil
	})
}

// Resume ends a pause. One for want of credits ends by itself when there are
// credits.
func (o *Operator) Resume(ctx context.Context) error {
	return o.changeLifecycle(ctx, MayPause, "resume", o.agent.cfg.ID, func(l *Lifecycle) error {
		l.Paused, l.PauseReason = false, ""
		return nil
	})
}
