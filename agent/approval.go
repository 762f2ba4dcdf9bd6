package agent

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// Approval is a call of an action that waits, or waited, for a person. It is
// part of its conversation: asked for by a turn, decided by [Operator.Approve]
// or [Operator.Reject] or by its time running out, and then settled by whoever
// runs the agent, on any replica: an approved call is performed once, and the
// customer is told unless a human has the conversation by then.
type Approval struct {
	ID           string // unique within the conversation
	Conversation string
	Action       string
	Key          string          // of the call
	Arguments    json.RawMessage // as they will be performed
	Contact      channels.Contact
	// WaitingSince is the customer's first message of the turn that asked.
	WaitingSince time.Time
	RequestedAt  time.Time
	ExpiresAt    time.Time

	Decision ApprovalDecision
	// Settled says that what follows from the decision was done. Record is the
	// call, if it was performed.
	Settled bool
	Record  *ActionRecord
}

// ApprovalState says how an approval was decided.
type ApprovalState uint8

// The states.
const (
	ApprovalPending ApprovalState = iota
	ApprovalGranted
	ApprovalRejected
	ApprovalExpired
)

// String returns the state's name.
func (s ApprovalState) String() string {
	return [...]string{"pending", "approved", "rejected", "expired"}[min(s, ApprovalExpired)]
}

// ApprovalDecision is how an approval was decided. The zero value is pending.
type ApprovalDecision struct {
	State  ApprovalState
	By     Actor // nobody if it expired
	Reason string
	At     time.Time
}

// String describes the decision in words.
func (d ApprovalDecision) String() string {
	s := d.State.String()
	if d.By.ID != "" {
		s += " by " + d.By.ID
	}
	if d.Reason != "" {
		s += ": " + d.Reason
	}
	return s
}

// same reports whether two decisions are one person's same word.
func (d ApprovalDecision) same(e ApprovalDecision) bool {
	return d.State == e.State && d.By == e.By && d.Reason == e.Reason
}

// What can be wrong with deciding an approval.
var (
	ErrNoApproval      = errors.New("agent: no such approval")
	ErrApprovalDecided = errors.New("agent: approval was decided otherwise")
	ErrApprovalExpired = errors.New("agent: approval has expired")
)

// dueAt returns from when there is something to do about an approval that is
// not settled.
func (p *Approval) dueAt() time.Time {
	if p.Decision.State == ApprovalPending {
		return p.ExpiresAt
	}
	return time.Time{}
}

// due reports whether there is something to do about the approval.
func (p *Approval) due(now time.Time) bool {
	return !p.Settled && !now.Before(p.dueAt())
}

// dueApproval returns a copy of the first approval that is due, or nil.
func (c *Conversation) dueApproval(now time.Time) *Approval {
	for _, p := range c.Approvals {
		if p.due(now) {
			return &p
		}
	}
	return nil
}

// awaitsApproval reports whether the conversation is kept open by an approval.
func (c *Conversation) awaitsApproval() bool {
	for _, p := range c.Approvals {
		if !p.Settled {
			return true
		}
	}
	return false
}

func (c *Conversation) approval(id string) *Approval {
	for i := range c.Approvals {
		if c.Approvals[i].ID == id {
			return &c.Approvals[i]
		}
	}
	return nil
}

// maxPendingApprovals bounds the approvals that one conversation waits for.
const maxPendingApprovals = 8

// askApproval has a call wait for a person. The same call is asked for once.
func (a *Agent) askApproval(ctx context.Context, in input, rec ActionRecord, call ToolCall) (ActionRecord, error) {
	rec.Result.Text = "Not performed yet: a colleague has to approve it."
	if in.dry {
		rec.DryRun, rec.Outcome = true, ActionAwaits
		return rec, nil
	}
	if !in.waits {
		return a.refuseAction(ctx, in, rec, call, fmt.Errorf("%w: it needs a colleague's approval, which cannot be waited for here", ErrActionRefused))
	}
	if p := in.resumes; p != nil && p.Record != nil && p.sameCall(rec) {
		return *p.Record, nil // this very call was approved and performed
	}
	open := 0
	for _, p := range in.approvals {
		if p.Settled {
			continue
		}
		if open++; p.sameCall(rec) {
			rec.Key, rec.Outcome = p.Key, ActionAwaits
			return rec, nil
		}
	}
	if open >= maxPendingApprovals {
		return a.refuseAction(ctx, in, rec, call, fmt.Errorf("%w: too many calls wait for approval", ErrActionRefused))
	}
	rec.Outcome = ActionAwaits
	return rec, nil
}

func (p *Approval) sameCall(rec ActionRecord) bool {
	return p.Action == rec.Name && bytes.Equal(p.Arguments, rec.Arguments)
}

// awaits reports whether one of the calls waits for a person.
func awaits(records []ActionRecord) bool {
	for _, r := range records {
		if r.Outcome == ActionAwaits {
			return true
		}
	}
	return false
}

// approvalsOf returns the approvals that a turn's calls began to wait for.
func (a *Agent) approvalsOf(c *Conversation, in input, r Reply) []Approval {
	var out []Approval
	seen := map[string]bool{}
	now := a.cfg.Now()
	for _, rec := range r.Trace.Actions {
		id := digestOf(rec.Key)
		if rec.Outcome != ActionAwaits || rec.DryRun || seen[id] || c.approval(id) != nil {
			continue
		}
		seen[id] = true
		out = append(out, Approval{
			ID: id, Conversation: c.ID, Action: rec.Name, Key: rec.Key, Arguments: rec.Arguments, Contact: in.question.Contact,
			WaitingSince: in.startedAt, RequestedAt: now, ExpiresAt: now.Add(a.actions[rec.Name].ApproveWithin),
		})
	}
	return out
}

func digestOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}

// PendingApprovals returns up to limit calls that wait for a person, over all
// of the agent's conversations, oldest first.
func (o *Operator) PendingApprovals(ctx context.Context, limit int) ([]Approval, error) {
	if err := o.allow(ctx, MayRead, "list approvals", o.agent.cfg.ID); err != nil {
		return nil, err
	}
	return o.agent.cfg.Store.PendingApprovals(ctx, o.agent.cfg.ID, limit)
}

// Approve lets a call that waits for a person be performed. Doing so again, or
// by another person too, has no effect. It is [ErrApprovalDecided] if the call
// was rejected, and [ErrApprovalExpired] if its time has passed.
//
// Approve returns once the decision is recorded; Run performs the call. That
// also holds while a human has the conversation: the call is then performed,
// and nothing is said.
func (o *Operator) Approve(ctx context.Context, conversation, approval string) error {
	return o.decide(ctx, "approve", conversation, approval, ApprovalDecision{State: ApprovalGranted})
}

// Reject declines a call that waits for a person, with the same errors as
// [Operator.Approve]. The customer is told so, with the reason in these very
// words; without a reason none is given.
func (o *Operator) Reject(ctx context.Context, conversation, approval, reason string) error {
	return o.decide(ctx, "reject", conversation, approval, ApprovalDecision{State: ApprovalRejected, Reason: reason})
}

func (o *Operator) decide(ctx context.Context, verb, conversation, id string, d ApprovalDecision) error {
	if err := o.allow(ctx, MayApprove, verb, conversation); err != nil {
		return err
	}
	a := o.agent
	c, err := a.cfg.Store.Load(ctx, a.cfg.ID, conversation)
	if err != nil {
		return err
	}
	p := c.approval(id)
	if p == nil {
		return fmt.Errorf("%w: %s in %s", ErrNoApproval, id, conversation)
	}
	wanted := d.State
	d.By, d.At = o.actor, a.cfg.Now()
	if !d.At.Before(p.ExpiresAt) {
		d = ApprovalDecision{State: ApprovalExpired, At: d.At}
	}
	decided, err := a.cfg.Store.DecideApproval(ctx, a.cfg.ID, conversation, id, d)
	if err != nil {
		return fmt.Errorf("agent: %s %s in %s: %w", verb, id, conversation, err)
	}
	a.watchers.changed(conversation)
	a.nudge(conversation)
	// One person's word is one event, however often it is given.
	key, before := p.Key+"/"+verb+"/"+o.actor.ID, ApprovalDecision{}
	if !decided.Decision.same(d) {
		key, before = rand.Text(), decided.Decision
	}
	e := AuditEvent{
		Action: verb + " " + p.Action, Target: conversation, Arguments: a.redacted(p.Action, p.Arguments),
		Before: before.String(), After: decided.Decision.String(),
	}
	return errors.Join(mismatch(decided, wanted), o.auditOnce(ctx, conversation, key, e))
}

// mismatch is the error of who wanted something else than what was decided.
func mismatch(decided Approval, wanted ApprovalState) error {
	switch decided.Decision.State {
	case wanted:
		return nil
	case ApprovalExpired:
		return fmt.Errorf("%w: %s, at %s", ErrApprovalExpired, decided.ID, decided.ExpiresAt.Format(time.RFC3339))
	}
	return fmt.Errorf("%w: %s was %s", ErrApprovalDecided, decided.ID, decided.Decision)
}
