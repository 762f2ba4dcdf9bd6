package agent

import (
	"context"
	"errors"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/internal/phrases"
)

// Step 9: the reply is claimed in one atomic write, which fails if a human took
// over or the customer wrote more (P2). Only what was claimed is sent; after a
// crash it is sent again with the same key, or, where a vendor cannot tell a
// repetition, only once its fate is known (P1).

// deliver claims the reply to a turn.
func (w *work) deliver(ctx context.Context, c Conversation, in input, r Reply) error {
	a := w.agent
	upTo := in.journal.upTo
	now := a.cfg.Now()
	p := c.Progress
	r = a.signed(p.Stream.complete(r))
	p.Answered, p.Failures, p.NotBefore = upTo, 0, time.Time{}
	p.Language = r.Trace.Language
	p.Offered = r.Decision == OfferHandoff
	if r.Decision == Clarify {
		p.Clarified++
	} else {
		p.Clarified = 0
	}
	out := a.outgoing(&c, in.key, r)
	save := Save{
		IfOwner: &c.OwnerVersion, IfUpTo: &upTo,
		Append: []channels.Message{{ID: in.key, Author: channels.FromAgent, Name: a.cfg.Profile.Name, Text: r.Text, Citations: r.Citations, At: now}},
		Sends:  a.sendsOf(Send{Out: out, Segments: p.Stream.segmentsOf(r.Text), UpTo: upTo}),
	}
	if p.Stream != nil {
		save.IfUpTo, p.Stream = nil, nil // a question that came meanwhile is answered next
	}
	save.Approvals = a.approvalsOf(&c, in, r)
	if in.resumes != nil {
		save.Approvals = append(save.Approvals, *in.resumes)
	}
	if r.Decision == HandOff {
		r.Case.Conversation = c.ID
		p.Handoff, save.Owner = w.newHandoff(&c, r)
	} else if r.yields {
		p.Handoff, save.Owner = w.stepAside(&c, c.Progress.Handoff.Case)
	}
	p.Facts = addActions(p.Facts, r.Trace.Actions)
	p.Unsettled = &SettledTurn{Key: in.key, Question: in.question.Text, Reply: r, At: now}
	save.Progress, save.Ended = p, []string{in.journal.turn}
	return w.save(ctx, save)
}

func (a *Agent) outgoing(c *Conversation, key string, r Reply) channels.Outgoing {
	out := channels.Outgoing{
		Key: key, Channel: c.Channel, Thread: c.Thread, Contact: c.Contact,
		Text: r.Text, Citations: r.Citations, Language: r.Language, Version: r.Version,
	}
	for _, e := range c.Messages {
		if e.Message.Author == channels.FromCustomer {
			out.InReplyTo = e.Message.ID
		}
	}
	caps := a.capabilities(out.Channel)
	if r.Decision == OfferHandoff && caps.Buttons.Max > 1 {
		out.Choices = []channels.Choice{
			{ID: "human", Title: phrases.Text(r.Language, phrases.YesPlease)}, {ID: "agent", Title: phrases.Text(r.Language, phrases.NoThanks)},
		}
	}
	out.Fit(phrases.Text(out.Language, phrases.Sources), caps)
	return out
}

// capabilities are those of a channel, or none of one that is gone.
func (a *Agent) capabilities(channel string) channels.Capabilities {
	if ch := a.channels[channel]; ch != nil {
		return ch.Capabilities()
	}
	return channels.Capabilities{}
}

const (
	maxSendAttempts = 8
	minSendDelay    = time.Second
)

// finish does what was claimed but not done: sends, then the handoff, then the
// settlement. It reports whether there was anything.
func (w *work) finish(ctx context.Context, c *Conversation) (bool, error) {
	did, err := w.abandonStream(ctx, c)
	if err != nil {
		return did, err
	}
	for i := range c.Outbox {
		if c.Outbox[i].State.final() {
			continue
		}
		did = true
		if err := w.send(ctx, c, &c.Outbox[i]); err != nil {
			return did, err
		}
		if !c.Outbox[i].State.final() {
			return false, nil // it waits for its next attempt, and what follows with it
		}
	}
	routed, err := w.finishHandoff(ctx, c)
	if err != nil {
		return true, err
	}
	settled, err := w.settle(ctx, c)
	return did || routed || settled, err
}

// send hands one claimed message to its channel and records what became of it.
func (w *work) send(ctx context.Context, c *Conversation, s *Send) error {
	ch := w.agent.channels[s.Out.Channel]
	switch {
	case w.exchange:
		s.State = SendDone // returned by Exchange
	case ch == nil:
		s.State, s.Error = SendFailed, "no such channel"
	case s.After != "" && c.sendFailed(s.After):
		s.State, s.Error = SendFailed, "the part before it was not sent"
	case w.agent.windowClosed(c, s.Out):
		s.State, s.Error = SendFailed, channels.ErrWindowClosed.Error()
	case s.State == SendStarted:
		w.reconcile(ctx, ch, s)
	default:
		if !ch.Capabilities().Idempotent {
			s.State = SendStarted
			if err := w.save(ctx, Save{Progress: c.Progress, Sends: []Send{*s}}); err != nil {
				return err
			}
		}
		s.Attempts++
		receipt, err := w.hand(ctx, ch, s)
		if err != nil && ctx.Err() != nil {
			return err // the next lease finds it claimed, or started
		}
		w.judge(ctx, ch, c, s, receipt, err)
	}
	if s.State == SendFailed || s.State == SendUnknown {
		w.agent.cfg.Logger.ErrorContext(ctx, "message not sent", "agent", c.Agent, "conversation", c.ID, "channel", s.Out.Channel, "unknown", s.State == SendUnknown, "error", s.Error)
	}
	if err := w.save(ctx, Save{Progress: c.Progress, Sends: []Send{*s}}); err != nil {
		return err
	}
	w.agent.metrics.send(s)
	return nil
}

// judge sets a send's state by the outcome of one attempt.
func (w *work) judge(ctx context.Context, ch channels.Channel, c *Conversation, s *Send, receipt channels.Receipt, err error) {
	var failure *channels.SendError
	classified := errors.As(err, &failure)
	switch {
	case err == nil:
		s.State, s.Receipt, s.Error = SendDone, receipt, ""
		return
	case classified && !errors.Is(err, channels.ErrRetryable) && !errors.Is(err, channels.ErrAmbiguous):
		s.State, s.Error = SendFailed, err.Error()
		return
	case (!classified || errors.Is(err, channels.ErrAmbiguous)) && !ch.Capabilities().Idempotent:
		s.Error = err.Error()
		w.reconcile(ctx, ch, s)
		return
	}
	s.State, s.Error = SendClaimed, err.Error()
	if s.Attempts >= maxSendAttempts {
		s.State = SendFailed
		return
	}
	delay := backoff(s.Attempts)
	if failure != nil {
		delay = max(delay, failure.After)
	}
	c.Progress.NotBefore = w.agent.cfg.Now().Add(max(delay, minSendDelay))
}

// reconcile finds out what became of a send that cannot be repeated.
func (w *work) reconcile(ctx context.Context, ch channels.Channel, s *Send) {
	r, ok := ch.(channels.Reconciler)
	if !ok {
		s.State = SendUnknown
		return
	}
	receipt, sent, err := r.Reconcile(ctx, s.Out)
	switch {
	case err != nil:
		s.State, s.Error = SendUnknown, err.Error()
	case sent:
		s.State, s.Receipt, s.Error = SendDone, receipt, ""
	default:
		s.State = SendClaimed // it never left: the next round sends it
	}
}
