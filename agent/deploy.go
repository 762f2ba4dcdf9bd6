package agent

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/kundeagent/kundeagent/handoff"
)

// A deployment says on which channel the agent works, and for which of its new
// conversations. It is data: the channels themselves are the program's.

// ErrInvalidDeployment: a deployment cannot work. The text lists every fault.
var ErrInvalidDeployment = errors.New("agent: invalid deployment")

// Deploy puts the agent on one of its channels, or changes how it works there,
// from the next message on; agents begin on all of them. ErrInvalidDeployment if
// the channel or the filter is unknown, or the deployment has another fault.
func (o *Operator) Deploy(ctx context.Context, channel string, d Deployment) error {
	return o.changeLifecycle(ctx, MayDeploy, "deploy", channel, func(l *Lifecycle) error {
		d.Removed = false
		if err := o.agent.checkDeployment(channel, d); err != nil {
			return err
		}
		l.setDeployment(channel, d)
		return nil
	})
}

// RemoveFrom takes the agent off a channel for new conversations; those it has
// go on. What else its deployment says is kept.
func (o *Operator) RemoveFrom(ctx context.Context, channel string) error {
	return o.changeLifecycle(ctx, MayDeploy, "remove", channel, func(l *Lifecycle) error {
		if o.agent.channels[channel] == nil {
			return fmt.Errorf("%w: no channel %q", ErrInvalidDeployment, channel)
		}
		d := l.Deployments[channel]
		d.Removed = true
		l.setDeployment(channel, d)
		return nil
	})
}

// checkDeployment returns every fault of a deployment.
func (a *Agent) checkDeployment(channel string, d Deployment) error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{ErrInvalidDeployment}, args...)...))
	}
	if a.channels[channel] == nil {
		fault("no channel %q", channel)
	}
	if d.Filter != "" && a.cfg.Filters[d.Filter] == nil {
		fault("no filter %q in Config.Filters", d.Filter)
	}
	if d.Percent < 0 || d.Percent > 100 {
		fault("Percent %d is not between 0 and 100", d.Percent)
	}
	if !d.From.Valid() || !d.Mode.Valid() {
		fault("unknown desk %d or mode %d", d.From, d.Mode)
	}
	if d.IdleClose < 0 {
		fault("IdleClose is negative")
	}
	if err := d.Hours.Validate(); err != nil {
		fault("Hours: %w", err)
	}
	return errors.Join(errs...)
}

// mayTake asks everything but the credits about a new conversation.
func (a *Agent) mayTake(ctx context.Context, l Lifecycle, c *Conversation) admitted {
	d := l.Deployments[c.Channel]
	switch {
	case l.Unpublished:
		return admitted{reason: "agent is not published", why: NotDeployed}
	case d.Removed:
		return admitted{reason: "agent is not deployed on " + c.Channel, why: NotDeployed}
	case l.Paused:
		return admitted{reason: "agent is paused: " + l.PauseReason, why: Paused}
	case !a.hoursOn(d).Open(a.cfg.Now()):
		return admitted{reason: "outside the agent's hours", why: OutOfHours}
	case d.Mode == ModeDraft && c.Exchange:
		return admitted{reason: "replies on " + c.Channel + " are only drafted, and the customer cannot wait for one there", why: NotChosen}
	case !d.holds(c.ID):
		return admitted{reason: fmt.Sprintf("not among the %d %% of conversations on %s that the agent takes", d.Percent, c.Channel), why: NotChosen}
	}
	return a.filter(ctx, d.Filter, c)
}

// hoursOn is when the agent takes new conversations under a deployment.
func (a *Agent) hoursOn(d Deployment) *handoff.Schedule {
	if d.Hours != nil {
		return d.Hours
	}
	return a.cfg.Hours
}

// holds reports whether a conversation is within the deployment's share.
func (d Deployment) holds(conversation string) bool {
	if d.Percent == 0 {
		return true
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(conversation)) // a hash does not fail
	x := h.Sum64()
	x ^= x >> 32 // the upper bits hardly depend on the last bytes: mix them in
	x *= 0x9e3779b97f4a7c15
	return int((x>>32)%100) < d.Percent
}

// filter asks the host about a conversation. What goes wrong leaves it to
// humans.
func (a *Agent) filter(ctx context.Context, name string, c *Conversation) (verdict admitted) {
	if name == "" {
		return admitted{taken: true}
	}
	defer func() {
		if p := recover(); p != nil {
			a.cfg.Logger.ErrorContext(ctx, "filter panicked", "agent", a.cfg.ID, "filter", name, "conversation", c.ID)
			verdict = admitted{reason: fmt.Sprintf("filter %q failed", name), why: NotChosen}
		}
	}()
	f := a.cfg.Filters[name]
	switch {
	case f == nil:
		return admitted{reason: fmt.Sprintf("filter %q is unknown here", name), why: NotChosen}
	case !f(ctx, *c):
		return admitted{reason: fmt.Sprintf("filter %q leaves it to humans", name), why: NotChosen}
	}
	return admitted{taken: true}
}

// idleClose is after how long without a message a conversation ends.
func (a *Agent) idleClose(d Deployment, channel string) time.Duration {
	for _, idle := range []time.Duration{d.IdleClose, a.channels[channel].Capabilities().IdleClose} {
		if idle > 0 {
			return idle
		}
	}
	return defaultIdleClose
}
