package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/handoff"
)

// The work on a handoff outlives the turn that decided it: the case is routed,
// again if that fails, and whoever has it is told what becomes of the
// conversation. Each step is recorded, so that a crash repeats at most one call
// with the same key.

// HandoffProgress is a handoff that was decided.
type HandoffProgress struct {
	Case handoff.Case
	Mode handoff.Mode
	// RouteAt is when the next step may be taken; zero is at once. With
	// [handoff.Later] that is when the team opens.
	RouteAt time.Time
	Tries   int // that failed in a row
	Routed  bool
	// Notify says that people are still to be told of the case, see
	// [handoff.NotifyError].
	Notify     bool
	Assignment handoff.Assignment
	// Told is the conversation's OwnerVersion that the router knows of.
	Told int64
	// Ending is how the handoff ended, empty while it is open: the conversation
	// was returned to the agent, or is done.
	Ending handoff.TicketEvent
	// Settled says that nothing is left to do.
	Settled bool
}

// open reports whether a human is to come, or has the conversation.
func (h *HandoffProgress) open() bool { return h != nil && h.Ending == "" }

// handoffDueAt returns from when something is to be done about the handoff, and
// false if there is nothing.
func (c *Conversation) handoffDueAt() (time.Time, bool) {
	h := c.Progress.Handoff
	switch {
	case h == nil || h.Settled:
		return time.Time{}, false
	case c.handoffEnds():
		return time.Time{}, true
	}
	return h.RouteAt, !h.Routed || h.Notify || h.Told != c.OwnerVersion
}

// handoffEnds reports whether the owner's change ends the handoff: back to the
// agent, resolved, or a human came before the case had to be routed.
func (c *Conversation) handoffEnds() bool {
	h := c.Progress.Handoff
	return h.open() && h.Told != c.OwnerVersion && (c.Owner != HumanOwns || !h.Routed && h.Tries == 0 && !h.RouteAt.IsZero())
}

// newHandoff begins a handoff whose reply is about to be claimed, and returns
// the owner's change that belongs to it.
func (w *work) newHandoff(c *Conversation, r Reply) (*HandoffProgress, *OwnerChange) {
	if r.way.mode == handoff.Immediate {
		return w.stepAside(c, *r.Case)
	}
	return &HandoffProgress{Case: *r.Case, Mode: r.way.mode, RouteAt: r.way.routeAt, Told: c.OwnerVersion}, nil
}

// stepAside gives a conversation to humans with a case, or with the one that is
// open: that one is routed now if it was to be later.
func (w *work) stepAside(c *Conversation, fresh handoff.Case) (*HandoffProgress, *OwnerChange) {
	h := HandoffProgress{Case: fresh}
	if c.Progress.Handoff.open() {
		h = *c.Progress.Handoff
	}
	h.Mode, h.Told = handoff.Immediate, c.OwnerVersion+1
	if !h.Routed && h.Tries == 0 {
		h.RouteAt = time.Time{}
	}
	return &h, &OwnerChange{Owner: HumanOwns, At: w.agent.cfg.Now()}
}

// maxHandoffSteps bounds the steps of one look at a handoff: it ends or is
// routed, people are told of it, and its desk is told of the owner.
const maxHandoffSteps = 4

// finishHandoff takes the steps about the handoff that are due, before a turn
// can begin another one, and reports whether there were any.
func (w *work) finishHandoff(ctx context.Context, c *Conversation) (did bool, err error) {
	for range maxHandoffSteps {
		if at, due := c.handoffDueAt(); !due || w.agent.cfg.Now().Before(at) {
			break
		}
		did = true
		if err := w.stepHandoff(ctx, c); err != nil {
			return true, err
		}
	}
	return did, nil
}

// stepHandoff takes one step and records it.
func (w *work) stepHandoff(ctx context.Context, c *Conversation) error {
	h := *c.Progress.Handoff
	var owner *OwnerChange
	switch {
	case c.handoffEnds():
		w.endHandoff(c, &h)
	case !h.Routed || h.Notify:
		owner = w.route(ctx, c, &h)
	default:
		w.tellDesk(ctx, c, &h)
	}
	if err := ctx.Err(); err != nil {
		return err // the next lease finds it as it was
	}
	c.Progress.Handoff = &h
	save := Save{Progress: c.Progress, Owner: owner}
	if owner != nil {
		save.IfOwner = &c.OwnerVersion
	}
	if err := w.save(ctx, save); err != nil {
		return err
	}
	if owner != nil {
		c.Owner, c.OwnerName, c.OwnerID, c.OwnedSince = owner.Owner, owner.Name, owner.By, owner.At
		c.OwnerVersion++
	}
	return nil
}

// endHandoff records that the handoff is over. What was asked before does not
// count for the agent any more.
func (w *work) endHandoff(c *Conversation, h *HandoffProgress) {
	h.Ending = handoff.WasDone
	if c.Owner == AgentOwns {
		h.Ending = handoff.WasReturned
		c.Progress.Clarified, c.Progress.Offered = 0, false
	}
	h.Settled = !h.Routed
	h.Tries, h.RouteAt = 0, time.Time{}
}

// route gives the case to its router, or, once that has failed often enough, to
// the fallback. It returns the owner's change that a case whose time has come
// brings.
func (w *work) route(ctx context.Context, c *Conversation, h *HandoffProgress) *OwnerChange {
	a := w.agent
	assignment, err := a.router.Route(ctx, h.Case)
	var untold *handoff.NotifyError
	if errors.As(err, &untold) {
		assignment = untold.Assignment
	} else if err != nil && h.Tries >= a.cfg.Handoff.RouteTries && a.cfg.Handoff.Fallback != nil && ctx.Err() == nil {
		var second error
		if assignment, second = a.cfg.Handoff.Fallback.Route(ctx, h.Case); second == nil {
			a.logHandoff(ctx, c, "case went to the fallback", err)
			err = nil
		} else {
			err = errors.Join(err, second)
		}
	}
	if err != nil && untold == nil {
		w.failHandoff(ctx, c, h, fmt.Errorf("route case %s: %w", h.Case.Key, err))
		return nil
	}
	first := !h.Routed
	h.Routed, h.Assignment, h.Notify = true, assignment, false
	if untold != nil {
		w.failHandoff(ctx, c, h, err)
		h.Notify = h.Tries < maxNotifyTries
	} else {
		h.Tries, h.RouteAt = 0, time.Time{}
	}
	if first && h.Mode == handoff.Later && c.Owner == AgentOwns {
		h.Mode, h.Told = handoff.Immediate, c.OwnerVersion+1
		return &OwnerChange{Owner: HumanOwns, At: a.cfg.Now()}
	}
	return nil
}

// maxNotifyTries is how often people are told of a case that is routed, and
// maxTellTries how often a router is told what became of one.
const (
	maxNotifyTries = 8
	maxTellTries   = 8
)

// failHandoff counts a failed step and sets when it is tried again.
func (w *work) failHandoff(ctx context.Context, c *Conversation, h *HandoffProgress, err error) {
	h.Tries++
	h.RouteAt = w.agent.cfg.Now().Add(backoff(h.Tries))
	w.agent.logHandoff(ctx, c, "handoff", err)
}

func (a *Agent) logHandoff(ctx context.Context, c *Conversation, what string, err error) {
	a.cfg.Logger.ErrorContext(ctx, what, "agent", c.Agent, "conversation", c.ID, "error", err)
}

// tellDesk tells who has the case that somebody took the conversation, or that
// it ended.
func (w *work) tellDesk(ctx context.Context, c *Conversation, h *HandoffProgress) {
	var err error
	if desk := w.agent.deskOf(h.Assignment); desk != nil {
		who := c.OwnerID
		if who == "" {
			who = c.OwnerName
		}
		switch {
		case h.Ending == handoff.WasReturned:
			err = desk.Return(ctx, h.Case.Key)
		case h.Ending != "":
			err = desk.Done(ctx, h.Case.Key)
		case who != "":
			err = desk.Take(ctx, h.Case.Key, who)
		}
	}
	if errors.Is(err, handoff.ErrNoCase) || errors.Is(err, handoff.ErrCaseClosed) {
		// Somebody ended it, and the conversation has changed hands again since.
		h.Ending = cmp.Or(h.Ending, handoff.WasDone)
		err = nil
	}
	if err != nil {
		w.failHandoff(ctx, c, h, err)
		if h.Tries < maxTellTries {
			return
		}
	}
	h.Told, h.Tries, h.RouteAt = c.OwnerVersion, 0, time.Time{}
	h.Settled = h.Ending != ""
}
