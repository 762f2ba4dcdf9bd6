package agent

import "context"

// WorkOff does what there is to do about one conversation now, as a worker of
// Run would.
func (a *Agent) WorkOff(ctx context.Context, conversation string) error {
	return a.own(ctx, conversation, false)
}
