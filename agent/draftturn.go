package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
)

// In draft mode a turn ends with a draft instead of a message. The first one
// also hands the conversation to humans, by the router and with a case as any
// handoff, but without a word to the customer, so that somebody sees it. From
// then on each message of the customer brings a new draft, whoever has the
// conversation. What the agent would do besides talking is left to people:
// nothing has an effect, and a handoff it decides is a suggestion.

// drafts reports whether the replies to a conversation are drafted. A streamed
// answer that was begun is finished, and media that answer inside the request
// cannot wait for people.
func (w *work) drafts(ctx context.Context, l Lifecycle, c *Conversation) bool {
	if l.Deployments[c.Channel].Mode != ModeDraft || l.Deleted || c.Exchange || c.Progress.Stream != nil {
		return false
	}
	return c.taken() || w.agent.mayTake(ctx, l, c).taken
}

// draftError is a failure to draft.
type draftError struct{ err error }

func (e *draftError) Error() string { return fmt.Sprintf("agent: draft: %v", e.err) }

func (e *draftError) Unwrap() error { return e.err }

// draft is a turn in draft mode.
func (w *work) draft(ctx context.Context, l Lifecycle, c Conversation) error {
	in := w.inputOfDraft(&c)
	if err := w.thinkBy(ctx, l, &in, nil); err != nil {
		return &draftError{err}
	}
	reply, err := w.agent.think(ctx, in)
	if err != nil {
		return &draftError{err}
	}
	if err := w.deliverDraft(ctx, c, in, w.agent.signed(reply)); err != nil {
		return &draftError{err}
	}
	return nil
}

// inputOfDraft makes the mind's input of what the customer said since they were
// last answered: drafts that nobody sent are no answers.
func (w *work) inputOfDraft(c *Conversation) input {
	unanswered := *c
	unanswered.Progress.Answered = c.firstUnanswered() - 1
	in := w.inputOf(&unanswered)
	in.dry, in.caseOpen = true, false // what to do with the case is for people
	in.journal = in.journal.ofDraft()
	in.key = in.journal.turnKey()
	return in
}

// firstUnanswered returns the place of the customer's first message that nobody
// answered, or the place after the last message.
func (c *Conversation) firstUnanswered() int64 {
	first := int64(len(c.Messages)) + 1
	for i := len(c.Messages) - 1; i >= 0 && c.Messages[i].Message.Author == channels.FromCustomer; i-- {
		first = c.Messages[i].Seq
	}
	return first
}

// deliverDraft records a draft, and gives a conversation that was the agent's to
// humans, in one write.
func (w *work) deliverDraft(ctx context.Context, c Conversation, in input, r Reply) error {
	a := w.agent
	upTo := in.journal.upTo
	now := a.cfg.Now()
	r = a.signed(r)
	d := a.draftOf(&c, in, r)
	p := c.Progress
	p.Answered, p.Failures, p.NotBefore = upTo, 0, time.Time{}
	p.Language = r.Trace.Language
	p.Admission = Admission{Taken: true, OwnerVersion: c.OwnerVersion}
	if p.Charge.State == ChargeReserved {
		p.Charge.Settle = credits.ReleaseIt // nobody but the agent's own answers use it
	}
	save := Save{IfOwner: &c.OwnerVersion, IfUpTo: &upTo, Drafts: []DraftReply{d}, Ended: []string{in.journal.turn, c.turnName()}}
	if c.Owner == AgentOwns {
		p.Handoff, save.Owner = w.stepAside(&c, a.caseOfDraft(ctx, in, r, d))
	}
	if in.resumes != nil {
		save.Approvals = []Approval{*in.resumes}
	}
	p.Unsettled = &SettledTurn{Key: in.key, Question: in.question.Text, Reply: r, At: now, Draft: d.ID}
	save.Progress = p
	return w.save(ctx, save)
}

// draftOf makes a draft of a reply.
func (a *Agent) draftOf(c *Conversation, in input, r Reply) DraftReply {
	d := DraftReply{
		ID: digestOf(in.key), Conversation: c.ID, Channel: c.Channel, Contact: c.Contact, Question: in.question.Text,
		Decision: r.Decision, Reason: r.Reason, Language: r.Language, Confidence: r.Confidence, Actions: r.Trace.Actions, Version: r.Version,
		UpTo: int64(len(c.Messages)), WaitingSince: in.startedAt, CreatedAt: a.cfg.Now(),
	}
	if r.Case != nil {
		d.Handoff = r.Case.Reason
	}
	if r.Decision == Answer || r.Decision == Clarify {
		d.Text, d.Citations = r.Text, r.Citations
	}
	if d.Text == "" {
		d.Verdict = DraftVerdict{State: DraftEmpty, At: d.CreatedAt}
	}
	return d
}

// caseOfDraft is the case by which humans get a conversation with its first
// draft: that of the handoff the agent would make, if it would make one.
func (a *Agent) caseOfDraft(ctx context.Context, in input, r Reply, d DraftReply) handoff.Case {
	c := r.Case
	if c == nil {
		c = a.handOver(ctx, in, r.Trace.Language, DraftToApprove, r.Reason).Case
	}
	out := *c
	out.Conversation, out.SuggestedReply = d.Conversation, d.Text
	return out
}

// giveUpDraft ends what cannot be drafted: people get the conversation without a
// draft.
func (w *work) giveUpDraft(ctx context.Context, c Conversation, cause error) error {
	in := w.inputOfDraft(&c)
	return w.deliverDraft(ctx, c, in, w.agent.handOver(ctx, in, in.language, handoff.Failure, cause.Error()))
}

func failedDraft(err error) bool {
	var failed *draftError
	return errors.As(err, &failed)
}
