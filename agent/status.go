package agent

import (
	"context"
	"errors"
	"time"

	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/internal/phrases"
)

// What an agent is doing follows from its lifecycle, its hours and its credits.
// It is worked out when it is asked for and kept nowhere, so that what ended a
// pause, a purchase or the clock, ends it everywhere.

// State says whether an agent takes new conversations, and why not.
type State string

// The states.
const (
	StateActive          State = "active"
	StatePausedByHand    State = "paused by hand"
	StatePausedByCredits State = "paused by credits"
	StateOutOfHours      State = "out of hours"
	StateNotDeployed     State = "not deployed" // on a channel
	StateUnpublished     State = "unpublished"
	StateDeleted         State = "deleted"
)

// Status is what an agent is doing.
type Status struct {
	State State
	// Reason says why, for an operator; empty while it is active.
	Reason string
	// ResumesAt is when the state ends by itself at the latest; zero if it does
	// not, or nobody knows.
	ResumesAt time.Time
	// Draft and Published are the versions that people edit and have published.
	// Version is the one the agent works by, which is another one if the published
	// one cannot be used; Fault says why.
	Draft, Published, Version int64
	Fault                     *VersionError
	Channels                  map[string]ChannelStatus
	// Credits is what is left, if the meter can tell.
	Credits *credits.Balance
}

// ChannelStatus is what an agent is doing on one of its channels.
type ChannelStatus struct {
	State      State
	Reason     string
	ResumesAt  time.Time
	Deployment Deployment
}

// Status tells what the agent is doing, on the whole and on each channel. The
// whole is active if it takes conversations on some channel by its own hours.
func (a *Agent) Status(ctx context.Context) (Status, error) {
	l, err := a.lifecycle(ctx)
	if err != nil {
		return Status{}, err
	}
	mind, fault, err := a.minds.published(ctx, l)
	if err != nil {
		return Status{}, err
	}
	s := Status{Draft: l.Draft, Published: l.Published, Version: mind.version, Fault: fault, Channels: map[string]ChannelStatus{}}
	if b, ok := a.cfg.Meter.(credits.Balancer); ok {
		balance, err := b.Balance(ctx, a.cfg.Account)
		if err != nil {
			return Status{}, err
		}
		s.Credits = &balance
	}
	pay, err := a.paying(ctx)
	if err != nil {
		return Status{}, err
	}
	whole := a.statusBy(l, Deployment{}, pay)
	s.State, s.Reason, s.ResumesAt = whole.State, whole.Reason, whole.ResumesAt
	for id := range a.channels {
		s.Channels[id] = a.statusBy(l, l.Deployments[id], pay)
	}
	return s, nil
}

// statusBy is the first thing that keeps the agent from new conversations under
// a deployment: what people decided before what passes by itself.
func (a *Agent) statusBy(l Lifecycle, d Deployment, pay ChannelStatus) ChannelStatus {
	now := a.cfg.Now()
	hours := a.hoursOn(d)
	switch {
	case l.Deleted:
		return ChannelStatus{State: StateDeleted, Reason: "agent is deleted", Deployment: d}
	case l.Unpublished:
		return ChannelStatus{State: StateUnpublished, Reason: "agent is not published", Deployment: d}
	case d.Removed:
		return ChannelStatus{State: StateNotDeployed, Reason: "agent is not deployed here", Deployment: d}
	case l.Paused:
		return ChannelStatus{State: StatePausedByHand, Reason: l.PauseReason, Deployment: d}
	case pay.State != StateActive:
		pay.Deployment = d
		return pay
	case !hours.Open(now):
		next, _ := hours.NextOpen(now)
		return ChannelStatus{State: StateOutOfHours, Reason: "outside the agent's hours", ResumesAt: next, Deployment: d}
	}
	return ChannelStatus{State: StateActive, Deployment: d}
}

// paying tells whether a new conversation can be paid for.
func (a *Agent) paying(ctx context.Context) (ChannelStatus, error) {
	price := credits.Charge{Account: a.cfg.Account, Amount: a.cfg.Policy.Amount}
	var err error
	switch meter := a.cfg.Meter.(type) {
	case credits.Checker:
		err = meter.Check(ctx, price)
	case credits.Balancer:
		var left credits.Balance
		if left, err = meter.Balance(ctx, a.cfg.Account); err == nil && left.Available < price.Amount {
			err = credits.ErrExhausted
		}
	}
	var refused *credits.RefusedError
	switch {
	case err == nil:
		return ChannelStatus{State: StateActive}, nil
	case errors.As(err, &refused):
		return ChannelStatus{State: StatePausedByCredits, Reason: err.Error(), ResumesAt: refused.Until}, nil
	case errors.Is(err, credits.ErrExhausted), errors.Is(err, credits.ErrCapped):
		return ChannelStatus{State: StatePausedByCredits, Reason: err.Error()}, nil
	}
	return ChannelStatus{}, err
}

// Label is what tells customers that an AI answers.
type Label struct {
	Shown bool
	// Text is in the customer's language; empty unless it is shown.
	Text string
}

// Label tells whether the AI label belongs on a conversation: exactly while the
// agent may answer what the customer says next (P8).
func (a *Agent) Label(ctx context.Context, conversation string) (Label, error) {
	c, err := a.cfg.Store.Load(ctx, a.cfg.ID, conversation)
	if err != nil {
		return Label{}, err
	}
	l, err := a.lifecycle(ctx)
	if err != nil {
		return Label{}, err
	}
	shown, err := a.mayAnswer(ctx, l, &c)
	if err != nil || !shown {
		return Label{}, err
	}
	return a.label(c.Progress.Language.Language), nil
}

// LabelFor tells the same before anything was said on a channel. A filter or a
// share that may leave the conversation to humans does not hide the label. The
// language is BCP 47; empty is Config.Language.
func (a *Agent) LabelFor(ctx context.Context, channel, language string) (Label, error) {
	s, err := a.Status(ctx)
	if err != nil {
		return Label{}, err
	}
	on, known := s.Channels[channel]
	if !known || on.State != StateActive || on.Deployment.Mode == ModeDraft {
		return Label{}, nil
	}
	return a.label(language), nil
}

func (a *Agent) label(language string) Label {
	if language == "" {
		language = a.cfg.Language
	}
	return Label{Shown: true, Text: phrases.Text(language, phrases.AgentLabel)}
}

// mayAnswer reports whether the agent would answer what the customer says next.
func (a *Agent) mayAnswer(ctx context.Context, l Lifecycle, c *Conversation) (bool, error) {
	switch {
	case l.Deleted, c.Owner == HumanOwns, l.Deployments[c.Channel].Mode == ModeDraft:
		return false, nil
	case c.Owner == AgentOwns && c.taken():
		return true, nil
	case !a.mayTake(ctx, l, c).taken:
		return false, nil
	case c.Progress.Charge.State == ChargeCommitted:
		return true, nil // paid for
	}
	pay, err := a.paying(ctx)
	return pay.State == StateActive, err
}
