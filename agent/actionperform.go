package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// perform carries out one call that a model asked for. Whatever goes wrong is
// in the record; the error is for what must stop the turn.
func (a *Agent) perform(ctx context.Context, in input, call ToolCall) (ActionRecord, error) {
	rec := ActionRecord{Name: call.Name}
	action := a.actions[call.Name]
	if action == nil {
		return rec.not(ActionInvalid, ErrUnknownAction), nil
	}
	if !action.allowed(in.question.Contact) {
		return a.refuseAction(ctx, in, rec, call, ErrActionRefused)
	}
	arguments, err := action.arguments(call.Arguments, in.question.Contact)
	switch {
	case errors.Is(err, ErrActionRefused):
		return a.refuseAction(ctx, in, rec, call, err)
	case err != nil:
		return rec.not(ActionInvalid, err), nil
	}
	rec.Arguments = arguments
	rec.Key = in.journal.actionKey(action.Name, arguments)
	switch {
	case action.RequiresApproval:
		return a.askApproval(ctx, in, rec, call)
	case in.dry:
		return a.rehearse(ctx, in, action, rec)
	}
	return a.performOnce(ctx, in, action, rec)
}

// not returns the record of a call that was not performed.
func (r ActionRecord) not(outcome ActionOutcome, err error) ActionRecord {
	r.Outcome, r.Error = outcome, err.Error()
	return r
}

// refuseAction records that a call was not for this contact.
func (a *Agent) refuseAction(ctx context.Context, in input, rec ActionRecord, call ToolCall, why error) (ActionRecord, error) {
	rec = rec.not(ActionRefused, why)
	return rec, a.auditAction(ctx, in, rec, in.journal.actionKey(call.Name, call.Arguments))
}

// performOnce performs an action unless the journal shows that it happened.
func (a *Agent) performOnce(ctx context.Context, in input, action *boundAction, rec ActionRecord) (ActionRecord, error) {
	pay := func(ctx context.Context) error { return a.reserveAction(ctx, in, rec) }
	rec, err := in.journal.action(ctx, rec, action.Idempotent, pay, func(ctx context.Context) (ActionResult, error) {
		return action.call(ctx, action.Do, in.actionCall(rec))
	})
	var unknown *OutcomeError
	if errors.As(err, &unknown) {
		rec.Outcome, rec.Error = ActionUnknown, err.Error()
		a.reportPanic(ctx, in, unknown)
		return rec, errors.Join(err, a.auditAction(ctx, in, rec, rec.Key))
	}
	if errors.Is(err, ErrNoConversation) && rec.Outcome == ActionPerformed {
		// The customer was forgotten meanwhile: what is left is that it happened.
		in.conversation, rec.Arguments = "", nil
		return rec, errors.Join(err, a.auditAction(ctx, in, rec, rec.Key))
	}
	if err != nil {
		return rec, err
	}
	return rec, a.auditAction(ctx, in, rec, rec.Key)
}

// rehearse finds out what a call would come to, as far as the action can tell
// without doing it.
func (a *Agent) rehearse(ctx context.Context, in input, action *boundAction, rec ActionRecord) (ActionRecord, error) {
	rec.DryRun, rec.Outcome = true, ActionDryRun
	if action.Rehearse == nil {
		rec.Result.Text = "Not performed: this is a preview."
		return rec, nil
	}
	result, err := action.call(ctx, action.Rehearse, in.actionCall(rec))
	if ctx.Err() != nil {
		return rec, ctx.Err()
	}
	rec.Rehearsed = true
	if err != nil {
		a.reportPanic(ctx, in, err)
		return rec.not(ActionFailed, err), nil
	}
	rec.Result = result
	return rec, nil
}

// actionCall is the call of a record.
func (in input) actionCall(rec ActionRecord) ActionCall {
	return ActionCall{Key: rec.Key, Arguments: rec.Arguments, Contact: in.question.Contact, Channel: in.question.Channel}
}

// auditAction leaves the audit event of a call, once for each outcome.
func (a *Agent) auditAction(ctx context.Context, in input, rec ActionRecord, key string) error {
	if in.dry {
		return nil
	}
	return a.auditSelf(ctx, in.conversation, key+"/"+string(rec.Outcome), AuditEvent{
		Action: "perform " + rec.Name, Target: in.conversation, Refused: rec.Outcome == ActionRefused,
		Arguments: a.redacted(rec.Name, rec.Arguments), Outcome: string(rec.Outcome),
	})
}

// redacted returns what the audit log shows of a call's arguments.
func (a *Agent) redacted(name string, arguments json.RawMessage) string {
	if action := a.actions[name]; action != nil && action.Redact != nil && len(arguments) > 0 {
		arguments = action.Redact(arguments)
	}
	return string(arguments)
}

// auditSelf leaves an event of which the agent itself is the actor.
func (a *Agent) auditSelf(ctx context.Context, conversation, key string, e AuditEvent) error {
	e.Version = a.version
	e.Actor, e.ByAgent, e.At = Actor{ID: a.cfg.ID, Name: a.cfg.Profile.Name}, true, a.cfg.Now()
	// What happened is audited even if ctx ended meanwhile.
	return a.log(context.WithoutCancel(ctx), AuditLog, conversation, key, e.At, e)
}

// panicError is a panic of an action.
type panicError struct {
	value any
	stack []byte
}

// Error tells what a panic says if it is the runtime's: other values may hold
// customers' words.
func (e *panicError) Error() string {
	if err, ok := e.value.(runtime.Error); ok {
		return "it panicked: " + err.Error()
	}
	return fmt.Sprintf("it panicked with a %T", e.value)
}

func (a *Agent) reportPanic(ctx context.Context, in input, err error) {
	var p *panicError
	if errors.As(err, &p) {
		a.cfg.Logger.ErrorContext(ctx, "action panicked", "agent", a.cfg.ID, "conversation", in.conversation, "error", err, "stack", string(p.stack))
	}
}

// actionGrace is how long an action has for returning once its ctx ended. One
// that does not is left behind: a turn cannot wait for it for ever, and Go
// cannot end it.
const actionGrace = 5 * time.Second

var errLeftBehind = errors.New("it did not return when its time was up")

// call calls Do, or Rehearse, within its time. An error that leaves the outcome
// open is an [*OutcomeError].
func (a *boundAction) call(ctx context.Context, do actionFunc, call ActionCall) (ActionResult, error) {
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	result, err := do.guarded(ctx, call)
	var p *panicError
	switch {
	case err == nil:
		return result, nil
	case errors.As(err, &p):
		return ActionResult{}, &OutcomeError{Action: a.Name, Err: err} // never repeated: it would panic again
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, ErrOutcomeUnknown):
		return ActionResult{}, &OutcomeError{Action: a.Name, Repeatable: a.Idempotent, Err: err}
	}
	return ActionResult{}, err
}

type actionFunc func(ctx context.Context, call ActionCall) (ActionResult, error)

// guarded calls the host's code on a goroutine of its own, so that neither a
// panic nor a call that never returns takes the worker with it.
func (do actionFunc) guarded(ctx context.Context, call ActionCall) (ActionResult, error) {
	type returned struct {
		result ActionResult
		err    error
	}
	done := make(chan returned, 1)
	go func() {
		out := returned{err: fmt.Errorf("it ended its goroutine: %w", ErrOutcomeUnknown)}
		defer func() {
			if v := recover(); v != nil {
				out = returned{err: &panicError{v, debug.Stack()}}
			}
			done <- out
		}()
		out.result, out.err = do(ctx, call)
	}()
	select {
	case out := <-done:
		return out.result, out.err
	case <-ctx.Done():
	}
	grace := time.NewTimer(actionGrace)
	defer grace.Stop()
	select {
	case out := <-done:
		return out.result, out.err
	case <-grace.C:
		return ActionResult{}, errLeftBehind
	}
}

// resultAsked is how much of a result a model is shown, in runes.
const resultAsked = 8000

// actionText is what the model is told of a call.
func actionText(r ActionRecord) string {
	if r.Error != "" {
		return "Error: " + cutRunes(visible(r.Error), resultAsked)
	}
	return cutRunes(visible(r.Result.Text), resultAsked)
}
