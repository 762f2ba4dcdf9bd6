package agent

import (
	"context"
	"time"

	"github.com/kundeagent/kundeagent/handoff"
)

// handoffWay is how one conversation is handed over, and what the customer is
// told.
type handoffWay struct {
	mode    handoff.Mode
	routeAt time.Time // zero is at once
	text    string
}

// wayOf decides how a case is handed over by the mode of its channel, and by
// whether anybody is there.
func (a *Agent) wayOf(ctx context.Context, c handoff.Case) handoffWay {
	there, err := a.availability(ctx, c)
	if err != nil {
		a.cfg.Logger.WarnContext(ctx, "availability is unknown", "agent", a.cfg.ID, "channel", c.Channel, "error", err)
	}
	way := handoffWay{mode: a.modeOf(c)}
	message := handoff.Transferring
	switch {
	case way.mode == handoff.KeepAssigned, way.mode == handoff.Later && err != nil:
		way.mode, message = handoff.KeepAssigned, handoff.Kept
	case err != nil:
		message = handoff.Unreachable
	case there.Now:
		way.mode = handoff.Immediate
	case way.mode == handoff.Later && there.Next.IsZero():
		way.mode, message = handoff.KeepAssigned, handoff.Kept // nobody knows when: the first to come may take it
	case way.mode == handoff.Later:
		way.routeAt, message = there.Next, handoff.TakenLater
	default:
		message = handoff.OutOfHours
	}
	way.text = a.cfg.Handoff.Messages.Text(c.Language, message, there, a.cfg.Now())
	return way
}

// modeOf is what becomes of the conversation of a case. What the agent cannot go
// on with is humans' at once.
func (a *Agent) modeOf(c handoff.Case) handoff.Mode {
	if mustStepAside(c.Reason) {
		return handoff.Immediate
	}
	if mode, ok := a.cfg.Handoff.Modes[c.Channel]; ok {
		return mode
	}
	return a.cfg.Handoff.Mode
}

// mustStepAside reports whether the agent cannot, or may not, go on.
func mustStepAside(r handoff.Reason) bool {
	return r == handoff.NotAdmitted || r == handoff.Failure
}

// availability asks whether anybody is there for a case: by TeamHours, and
// within them by the router, where it can tell.
func (a *Agent) availability(ctx context.Context, c handoff.Case) (handoff.Availability, error) {
	now := a.cfg.Now()
	there := handoff.Availability{Now: true}
	if !a.cfg.TeamHours.Open(now) {
		next, _ := a.cfg.TeamHours.NextOpen(now)
		there = handoff.Availability{Next: next}
	} else if told, known, err := handoff.AvailabilityOf(ctx, a.router, c); err != nil {
		return handoff.Availability{Team: a.cfg.Handoff.Team}, err
	} else if known {
		there = told
	}
	if there.Team == "" {
		there.Team = a.cfg.Handoff.Team
	}
	return there, nil
}

// stillOpen makes the reply to what would be a handoff while a case is open: the
// same case, and no second message of a handoff (P6).
func (a *Agent) stillOpen(ctx context.Context, in input, r Reply, reason handoff.Reason) Reply {
	r.Decision = AwaitHuman
	c := handoff.Case{Key: in.key, Channel: in.question.Channel, Language: r.Language, Reason: reason}
	r.yields = mustStepAside(reason) || reason == handoff.AskedForHuman && a.cfg.Handoff.AskedAgain == StepAside
	if r.yields {
		c.Reason = handoff.NotAdmitted // worded as what is handed over at once
		r.Text = a.wayOf(ctx, c).text
		return r
	}
	r.Text = a.cfg.Handoff.Messages.Text(r.Language, handoff.StillOpen, handoff.Availability{Team: a.cfg.Handoff.Team}, a.cfg.Now())
	return r
}
