package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/report"
)

// What happens in conversations is logged for reports by whoever has the lease:
// all that the conversation shows and that Progress.Reported does not cover yet,
// in one line. A crash between the line and the note that it is written makes the
// next worker log the same again, perhaps with more: reports are the same however
// often they are told of something.

// ReportMark is up to where a conversation was reported.
type ReportMark struct {
	Seq      int64 // of the last message
	Votes    int64
	Owner    int64 // version of the owner
	Reopened time.Time
}

func (m ReportMark) same(n ReportMark) bool {
	return m.Seq == n.Seq && m.Votes == n.Votes && m.Owner == n.Owner && m.Reopened.Equal(n.Reopened)
}

func (c *Conversation) reportMark() ReportMark {
	m := ReportMark{Votes: c.votes(), Owner: c.OwnerVersion, Reopened: c.ReopenedAt}
	if n := len(c.Messages); n > 0 {
		m.Seq = c.Messages[n-1].Seq
	}
	return m
}

// unreported reports whether something happened that is not logged. What a
// customer wrote is logged with the turn that deals with it.
func (c *Conversation) unreported() bool {
	return c.lastCustomerSeq() <= c.Progress.Answered && !c.reportMark().same(c.Progress.Reported)
}

// logReport logs what is not logged yet, the last turn included.
func (w *work) logReport(ctx context.Context, c *Conversation) error {
	from, to, t := c.Progress.Reported, c.reportMark(), c.Progress.Unsettled
	events := c.eventsSince(from)
	key := fmt.Sprintf("%s/%d/%d-%d/%d-%d/%d-%d/%d", c.ID, c.StartedAt.Unix(), from.Seq, to.Seq, from.Owner, to.Owner, from.Votes, to.Votes, to.Reopened.Unix())
	if t != nil {
		events = append(events, c.eventsOf(t)...)
		key += "/" + t.Key
	}
	if len(events) > 0 {
		if err := w.agent.log(ctx, ReportLog, "", key, w.agent.cfg.Now(), events); err != nil {
			return err
		}
	}
	c.Progress.Reported = to
	return nil
}

func (c *Conversation) event(kind report.Kind, at time.Time) report.Event {
	return report.Event{Conversation: c.ID, Channel: c.Channel, Language: c.Progress.Language.Language, Kind: kind, At: at}
}

// eventsSince is what happened outside turns. Of many messages only the first and
// the last of each author are told: reports need no more.
func (c *Conversation) eventsSince(from ReportMark) []report.Event {
	var events []report.Event
	first, last := map[report.Kind]time.Time{}, map[report.Kind]time.Time{}
	for _, e := range c.Messages {
		if e.Seq <= from.Seq {
			continue
		}
		kind := report.Received
		switch e.Message.Author {
		case channels.FromHuman:
			kind = report.HumanReplied
		case channels.FromAgent:
			if !e.Message.Incomplete {
				continue // the turn tells
			}
			kind = report.Replied
		}
		if _, seen := first[kind]; !seen {
			first[kind] = e.Message.At
		}
		last[kind] = e.Message.At
	}
	for _, kind := range []report.Kind{report.Received, report.HumanReplied, report.Replied} {
		if at, seen := first[kind]; seen {
			events = append(events, c.event(kind, at))
			if !last[kind].Equal(at) {
				events = append(events, c.event(kind, last[kind]))
			}
		}
	}
	if c.ReopenedAt.After(from.Reopened) {
		events = append(events, c.event(report.Reopened, c.ReopenedAt))
	}
	switch {
	case c.OwnerVersion <= from.Owner:
	case c.Owner == HumanOwns:
		events = append(events, c.event(report.TakenOver, c.OwnedSince))
	case c.Owner == NobodyOwns:
		events = append(events, c.event(report.Closed, c.OwnedSince))
	}
	for _, v := range c.Feedback {
		if v.Number > from.Votes {
			e := c.event(report.FeedbackGiven, v.At)
			e.Message, e.Helpful = v.Message, v.Helpful
			events = append(events, e)
		}
	}
	return events
}

// eventsOf is what a turn came to.
func (c *Conversation) eventsOf(t *SettledTurn) []report.Event {
	r := &t.Reply
	e := c.event("", t.At)
	e.Language = r.Language
	var events []report.Event
	add := func(kind report.Kind, more func(*report.Event)) {
		e := e
		if e.Kind = kind; more != nil {
			more(&e)
		}
		events = append(events, e)
	}
	if r.Trace.Signal.Reason == handoff.AskedForHuman {
		add(report.HumanAsked, nil)
	}
	if r.Case != nil && r.Case.Reason == handoff.NotAdmitted {
		add(report.Refused, func(e *report.Event) { e.Reason = string(c.Progress.Admission.Refusal) })
		return events
	}
	if r.Case != nil {
		add(report.HandedOver, func(e *report.Event) { e.Reason = string(r.Case.Reason) })
	}
	if t.Draft != "" || !wasSent(c, t.Key) { // the customer got nothing from the agent
		return events
	}
	switch r.Decision {
	case Answer:
		if r.Substantive {
			add(report.Answered, func(e *report.Event) { e.Message, e.Sources = t.Key, r.Sources })
		} else {
			add(report.Replied, nil)
		}
	case AwaitHuman:
		add(report.Replied, nil)
	case Clarify, OfferHandoff, AwaitApproval:
		add(report.AskedBack, nil)
	}
	return events
}
