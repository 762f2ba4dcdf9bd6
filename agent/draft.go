package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// DraftReply is a reply that the agent suggests and a person sends, edits or
// dismisses, on channels whose [Deployment] has [ModeDraft]. It is part of its
// conversation. It costs nothing, and nothing happened for it: actions were
// rehearsed at most.
type DraftReply struct {
	ID           string // unique within the conversation
	Conversation string
	Channel      string
	Contact      channels.Contact
	Question     string // what the customer said since they were last answered

	// Decision, Reason and Handoff say what the agent would do.
	Decision Decision
	Reason   string
	Handoff  handoff.Reason // with HandOff
	// Text is what it would say, with [1] marks for Citations. It is empty where
	// only the agent could say it: that it hands over, or waits for approval.
	Text       string
	Citations  []channels.Citation
	Language   string
	Confidence float64
	// Actions are the calls it would make. A person who wants their effect
	// brings it about by other means.
	Actions []ActionRecord

	Version int64 // of the settings by which it was thought

	// UpTo is the last message of the conversation that the draft knows.
	UpTo         int64
	WaitingSince time.Time // the customer's first message without an answer
	CreatedAt    time.Time
	Verdict      DraftVerdict
}

// DraftState says what became of a draft.
type DraftState uint8

// The states.
const (
	DraftPending    DraftState = iota
	DraftSent                  // as it was
	DraftEdited                // in other words
	DraftDismissed             // by a person
	DraftSuperseded            // by what was said since, or by the conversation's end
	DraftEmpty                 // there was nothing to send
)

var draftStateNames = [...]string{"pending", "sent", "edited", "dismissed", "superseded", "empty"}

// String returns the state's name.
func (s DraftState) String() string { return nameIn(draftStateNames[:], int(s), "DraftState") }

// DraftVerdict is what became of a draft, and by whom. The zero value is
// pending.
type DraftVerdict struct {
	State  DraftState
	By     Actor  // nobody if it was superseded or empty
	Reason string // with DraftDismissed
	Text   string // as it was sent
	At     time.Time
}

// String describes the verdict in words.
func (v DraftVerdict) String() string {
	s := v.State.String()
	if v.By.ID != "" {
		s += " by " + v.By.ID
	}
	if v.Reason != "" {
		s += ": " + v.Reason
	}
	return s
}

// same reports whether two verdicts are one person's same word.
func (v DraftVerdict) same(w DraftVerdict) bool {
	return v.State == w.State && v.By == w.By && v.Reason == w.Reason && v.Text == w.Text
}

// DraftChange is a verdict for [Store].DecideDraft. With DraftSent and
// DraftEdited it comes with the message to send.
type DraftChange struct {
	Draft   string // ID
	Verdict DraftVerdict
	Message *channels.Message
	Send    *Send
}

// DraftToApprove is why a conversation goes to humans on a channel in draft
// mode: somebody is to look at the agent's draft.
const DraftToApprove handoff.Reason = "draft to approve"

// What can be wrong with deciding about a draft.
var (
	ErrNoDraft         = errors.New("agent: no such draft")
	ErrDraftDecided    = errors.New("agent: draft was decided otherwise")
	ErrDraftSuperseded = errors.New("agent: draft is out of date")
	ErrEmptyDraft      = errors.New("agent: draft has nothing to send")
)

// draftsKept is how many drafts a conversation remembers.
const draftsKept = 32

// PendingDraft returns a copy of the draft that waits for a person, if there is
// one.
func (c *Conversation) PendingDraft() (DraftReply, bool) {
	for _, d := range c.Drafts {
		if d.Verdict.State == DraftPending {
			return d, true
		}
	}
	return DraftReply{}, false
}

func (c *Conversation) draft(id string) *DraftReply {
	for i := range c.Drafts {
		if c.Drafts[i].ID == id {
			return &c.Drafts[i]
		}
	}
	return nil
}

// supersedeDrafts ends the wait of drafts. It is called for whatever joins the
// conversation, and for its end.
func (c *Conversation) supersedeDrafts(at time.Time) {
	for i := range c.Drafts {
		if v := &c.Drafts[i].Verdict; v.State == DraftPending {
			*v = DraftVerdict{State: DraftSuperseded, At: at}
		}
	}
}

// putDraft adds a draft, which supersedes those before it, or replaces the one
// with its ID except for the verdict. What was said after it was thought of
// supersedes it at once.
func (c *Conversation) putDraft(d DraftReply) {
	if old := c.draft(d.ID); old != nil {
		d.Verdict = old.Verdict
		*old = d
		return
	}
	c.supersedeDrafts(d.CreatedAt)
	c.Drafts = append(c.Drafts, d)
	if int64(len(c.Messages)) > d.UpTo || c.Owner == NobodyOwns {
		c.supersedeDrafts(d.CreatedAt)
	}
	if over := len(c.Drafts) - draftsKept; over > 0 {
		c.Drafts = slices.Delete(c.Drafts, 0, over)
	}
}

// PendingDrafts returns up to limit drafts that wait for a person, over all of
// the agent's conversations, oldest first.
func (o *Operator) PendingDrafts(ctx context.Context, limit int) ([]DraftReply, error) {
	if err := o.allow(ctx, MayRead, "list drafts", o.agent.cfg.ID); err != nil {
		return nil, err
	}
	return o.agent.cfg.Store.PendingDrafts(ctx, o.agent.cfg.ID, limit)
}

// SendDraft sends a draft to the customer as the person's own message: as it is
// with its citations, or, with a text, in these words with the citations whose
// marks they keep. It does not change who has the conversation. The same again
// has no effect.
//
// It is [ErrDraftSuperseded] if the customer or a human said something since, or
// the conversation is over; [ErrDraftDecided] if the draft was sent in other
// words, by another person, or dismissed; and [ErrEmptyDraft] if neither it nor
// the person has any words.
func (o *Operator) SendDraft(ctx context.Context, conversation, draft, text string) error {
	return o.decideDraft(ctx, "send draft", conversation, draft, func(c *Conversation, d *DraftReply) (DraftChange, error) {
		v := DraftVerdict{State: DraftSent, Text: d.Text}
		cited := d.Citations
		if text != "" && text != d.Text {
			v.State, v.Text, cited = DraftEdited, text, citedIn(text, d.Citations)
		}
		if strings.TrimSpace(v.Text) == "" {
			return DraftChange{}, fmt.Errorf("%w: %s in %s", ErrEmptyDraft, draft, conversation)
		}
		a := o.agent
		key := a.draftKey(conversation, draft)
		out := a.outgoing(c, key, Reply{Text: v.Text, Citations: cited, Language: d.Language})
		out.ByHuman = true
		msg := channels.Message{ID: key, Author: channels.FromHuman, Name: o.actor.Name, Text: v.Text, Citations: cited, At: a.cfg.Now()}
		return DraftChange{Verdict: v, Message: &msg, Send: &Send{Out: out, UpTo: c.lastCustomerSeq()}}, nil
	})
}

// DismissDraft declines a draft, for a reason or none. Nothing is sent. The
// errors are those of [Operator.SendDraft].
func (o *Operator) DismissDraft(ctx context.Context, conversation, draft, reason string) error {
	return o.decideDraft(ctx, "dismiss draft", conversation, draft, func(*Conversation, *DraftReply) (DraftChange, error) {
		return DraftChange{Verdict: DraftVerdict{State: DraftDismissed, Reason: reason}}, nil
	})
}

func (o *Operator) decideDraft(ctx context.Context, verb, conversation, id string, change func(*Conversation, *DraftReply) (DraftChange, error)) error {
	if err := o.allow(ctx, MayConverse, verb, conversation); err != nil {
		return err
	}
	a := o.agent
	c, err := a.cfg.Store.Load(ctx, a.cfg.ID, conversation)
	if err != nil {
		return err
	}
	d := c.draft(id)
	if d == nil {
		return fmt.Errorf("%w: %s in %s", ErrNoDraft, id, conversation)
	}
	ch, err := change(&c, d)
	if err != nil {
		return err
	}
	ch.Draft, ch.Verdict.By, ch.Verdict.At = id, o.actor, a.cfg.Now()
	decided, err := a.cfg.Store.DecideDraft(ctx, a.cfg.ID, conversation, ch)
	if err != nil {
		return fmt.Errorf("agent: %s %s in %s: %w", verb, id, conversation, err)
	}
	a.watchers.changed(conversation)
	a.nudge(conversation)
	// One person's word is one event, however often it is given.
	key, before := a.draftKey(conversation, id)+"/"+verb, DraftVerdict{}
	if !decided.Verdict.same(ch.Verdict) {
		key, before = rand.Text(), decided.Verdict
	}
	e := AuditEvent{Action: verb, Target: conversation, Before: before.String(), After: decided.Verdict.String()}
	return errors.Join(draftMismatch(decided, ch.Verdict), o.auditOnce(ctx, conversation, key, e))
}

// draftMismatch is the error of who wanted something else than what became of
// the draft.
func draftMismatch(decided DraftReply, wanted DraftVerdict) error {
	switch v := decided.Verdict; {
	case v.same(wanted):
		return nil
	case v.State == DraftSuperseded:
		return fmt.Errorf("%w: %s", ErrDraftSuperseded, decided.ID)
	case v.State == DraftEmpty:
		return fmt.Errorf("%w: %s", ErrEmptyDraft, decided.ID)
	default:
		return fmt.Errorf("%w: %s is %s", ErrDraftDecided, decided.ID, v)
	}
}

func (a *Agent) draftKey(conversation, draft string) string {
	return fmt.Sprintf("%s/%s/draft/%s", a.cfg.ID, conversation, draft)
}

// citedIn returns the citations whose marks a text has.
func citedIn(text string, list []channels.Citation) []channels.Citation {
	var out []channels.Citation
	for _, c := range list {
		if strings.Contains(text, "["+itoa(c.Number)+"]") {
			out = append(out, c)
		}
	}
	return out
}
