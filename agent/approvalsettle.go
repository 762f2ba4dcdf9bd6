package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/knowledge"
)

// A decided approval is settled like a turn without a customer's message: the
// call is performed under its journalled key, and the reply is claimed together
// with the note that the approval is settled, in one write.

// NotApproved is why a conversation is handed over when nobody approved an
// action in time.
const NotApproved handoff.Reason = "not approved in time"

// approvalError is a failure to settle an approval.
type approvalError struct {
	id  string
	err error
}

func (e *approvalError) Error() string { return fmt.Sprintf("agent: approval %s: %v", e.id, e.err) }

func (e *approvalError) Unwrap() error { return e.err }

// settleApproval does what follows from a decision, or from the lack of one in
// time.
func (w *work) settleApproval(ctx context.Context, c Conversation, p Approval) error {
	id := p.ID
	p, err := w.expire(ctx, p)
	if err != nil {
		return &approvalError{id, err}
	}
	in := w.inputOfApproval(&c, &p)
	in.perUnit = w.agent.perUnit(&c)
	if p.Decision.State == ApprovalGranted {
		rec, err := w.agent.performApproved(ctx, in, p)
		if err != nil {
			return &approvalError{p.ID, err}
		}
		p.Record = &rec
	}
	p.Settled = true // in.resumes is p
	if c.Owner != AgentOwns {
		// A human has the conversation, or it is over: nothing is said (P2).
		c.Progress.Failures, c.Progress.NotBefore = 0, time.Time{}
		return w.save(ctx, Save{IfOwner: &c.OwnerVersion, Progress: c.Progress, Approvals: []Approval{p}, Ended: []string{in.journal.turn}})
	}
	life, err := w.agent.lifecycle(ctx)
	if err != nil {
		return err
	}
	drafted := w.drafts(ctx, life, &c)
	if in.perUnit = false; !drafted { // drafts cost nothing
		admitted, err := w.admit(ctx, &c, life, in.journal)
		if err != nil {
			return err
		}
		in.unpaid, in.perUnit = admitted.unpaid || !admitted.taken, w.agent.perUnit(&c)
	}
	if err := w.thinkBy(ctx, life, &in, nil); err != nil {
		return err
	}
	reply, err := w.agent.replyToApproval(ctx, in, p)
	if err != nil {
		return err
	}
	if drafted {
		return w.deliverDraft(ctx, c, in, reply)
	}
	return w.deliver(ctx, c, in, reply)
}

// expire decides an approval whose time has passed.
func (w *work) expire(ctx context.Context, p Approval) (Approval, error) {
	a := w.agent
	if p.Decision.State == ApprovalPending {
		d := ApprovalDecision{State: ApprovalExpired, At: a.cfg.Now()}
		var err error
		if p, err = a.cfg.Store.DecideApproval(ctx, a.cfg.ID, p.Conversation, p.ID, d); err != nil {
			return p, err
		}
	}
	if p.Decision.State != ApprovalExpired {
		return p, nil
	}
	return p, a.auditSelf(ctx, p.Conversation, p.Key+"/expire", AuditEvent{
		Action: "expire " + p.Action, Target: p.Conversation, Arguments: a.redacted(p.Action, p.Arguments),
		Before: ApprovalPending.String(), After: ApprovalExpired.String(),
	})
}

// giveUpApproval ends what cannot be settled: a human gets the conversation.
func (w *work) giveUpApproval(ctx context.Context, c Conversation, p Approval, cause error) error {
	rec := ActionRecord{Name: p.Action, Key: p.Key, Arguments: p.Arguments}.not(ActionUnknown, cause)
	p.Settled, p.Record = true, &rec
	c.Progress.Failures = 0
	in := w.inputOfApproval(&c, &p)
	if c.Owner != AgentOwns {
		return w.save(ctx, Save{IfOwner: &c.OwnerVersion, Progress: c.Progress, Approvals: []Approval{p}, Ended: []string{in.journal.turn}})
	}
	return w.deliver(ctx, c, in, w.agent.handOverApproval(ctx, in, handoff.Failure, cause.Error()))
}

// inputOfApproval makes the mind's input of an approval: the conversation as it
// is, and the contact for whom the call was asked.
func (w *work) inputOfApproval(c *Conversation, p *Approval) input {
	in := w.inputOf(c)
	in.journal = in.journal.ofApproval(p.ID)
	in.key = in.journal.turnKey()
	in.question.Contact, in.startedAt, in.resumes = p.Contact, p.WaitingSince, p
	in.approvals = slices.DeleteFunc(slices.Clone(c.Approvals), func(q Approval) bool { return q.ID == p.ID })
	// The customer's last message is what is answered, with what was said after
	// it kept apart.
	for i, m := range in.question.History {
		if m.Author == channels.FromCustomer {
			in.question.Text = m.Text
			in.saidSince = in.question.History[i+1:]
		}
	}
	in.question.History = in.question.History[:max(0, len(in.question.History)-len(in.saidSince)-1)]
	return in
}

// performApproved performs an approved call once. The action may have changed
// since it was asked for, so everything is checked again.
func (a *Agent) performApproved(ctx context.Context, in input, p Approval) (ActionRecord, error) {
	rec := ActionRecord{Name: p.Action, Key: p.Key, Arguments: p.Arguments}
	action := a.actions[p.Action]
	if action == nil {
		return rec.not(ActionInvalid, ErrUnknownAction), nil
	}
	if !action.allowed(p.Contact) {
		return rec.not(ActionRefused, ErrActionRefused), nil
	}
	if _, err := action.arguments(p.Arguments, p.Contact); err != nil {
		return rec.not(ActionInvalid, err), nil
	}
	return a.performOnce(ctx, in, action, rec)
}

// replyToApproval is what the customer is told, and by whom they are answered
// from now on.
func (a *Agent) replyToApproval(ctx context.Context, in input, p Approval) (Reply, error) {
	switch {
	case p.Decision.State == ApprovalRejected:
		r := a.fixedApproval(in, phrases.Declined, "a colleague rejected "+p.Action)
		if p.Decision.Reason != "" {
			r.Text += "\n\n" + p.Decision.Reason
		}
		return r, nil
	case p.Decision.State == ApprovalExpired:
		return a.handOverApproval(ctx, in, NotApproved, p.Action), nil
	case p.Record.Outcome != ActionPerformed:
		return a.handOverApproval(ctx, in, handoff.Failure, "approved "+p.Action+": "+p.Record.Error), nil
	}
	r, err := a.tellResult(ctx, in, *p.Record)
	if err != nil {
		return Reply{}, err
	}
	blocked := r.Decision == HandOff && r.Case.Reason == handoff.GuardStopped && !escalated(r.Trace.Verdicts)
	if r.Text == "" || blocked {
		trace := r.Trace
		r = a.fixedApproval(in, phrases.Approved, "an approved action was performed")
		r.Substantive, r.Trace.ModelCalls, r.Trace.Actions, r.Trace.Verdicts = true, trace.ModelCalls, trace.Actions, trace.Verdicts
	}
	return r, nil
}

func escalated(verdicts []Verdict) bool {
	return len(verdicts) > 0 && verdicts[len(verdicts)-1].Action == Escalate
}

func (a *Agent) fixedApproval(in input, key phrases.Key, reason string) Reply {
	lang := in.language
	return Reply{Decision: Answer, Reason: reason, Text: phrases.Text(lang.Language, key), Language: lang.Language, Trace: Trace{Language: lang, Plan: howFixed.String()}}
}

func (a *Agent) handOverApproval(ctx context.Context, in input, reason handoff.Reason, detail string) Reply {
	r := a.handOver(ctx, in, in.language, reason, detail)
	r.Case.Transcript = append(r.Case.Transcript, in.saidSince...)
	return r
}

// tellResult lets the model word the result of an approved call. Its reply has
// no text if there is no model to be asked, or it had nothing to say.
func (a *Agent) tellResult(ctx context.Context, in input, rec ActionRecord) (Reply, error) {
	u := understanding{language: in.language}
	var err error
	if in.budget, err = a.newModelBudget(ctx, in); err != nil {
		return Reply{}, err
	}
	d := draft{
		plan:    plan{decision: Answer, reason: "an approved action was performed", how: howActions},
		actions: []ActionRecord{rec}, fromModel: true,
	}
	if a.cfg.Model != nil && !in.unpaid {
		t := a.newModelTurn(in, u, nil, d.plan)
		t.also = "A colleague has approved the action that was called last. Tell the customer its result.\n"
		var said []string
		for _, m := range in.saidSince {
			said = append(said, visible(m.Text))
		}
		call := ToolCall{ID: "approved", Name: rec.Name, Arguments: a.actions[rec.Name].withoutIdentity(rec.Arguments)}
		t.add(ModelMessage{Role: RoleAssistant, Text: cutRunes(strings.Join(said, "\n"), messageAsked), ToolCalls: []ToolCall{call}})
		t.add(ModelMessage{Role: RoleTool, ToolCallID: call.ID, ToolName: call.Name, Text: actionText(rec)})
		if d, err = a.converse(ctx, in, u, t, d); err != nil {
			return Reply{}, err
		}
	}
	if d.text == "" {
		return Reply{Trace: a.trace(in, u, knowledge.Result{}, d)}, nil
	}
	return a.guard(ctx, in, u, knowledge.Result{}, d)
}

// failedApproval returns the approval that an error is about.
func failedApproval(c *Conversation, err error) *Approval {
	var failed *approvalError
	if !errors.As(err, &failed) {
		return nil
	}
	return c.approval(failed.id)
}
