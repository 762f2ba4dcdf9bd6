package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/knowledge"
)

// Step 7: a draft, from the model or by quoting.

// draft is a text with the passages its [n] marks name, before the guards.
type draft struct {
	plan      plan
	text      string
	passages  []knowledge.Found // passages[0] is [1]
	actions   []ActionRecord
	calls     []TraceModelCall
	fromModel bool
	failure   error // why the model has no text, if it failed
}

func (a *Agent) compose(ctx context.Context, in input, u understanding, found knowledge.Result, p plan) (draft, error) {
	d := draft{plan: p}
	switch p.how {
	case howFixed:
		if d.text = p.text; d.text == "" {
			d.text = a.fixedText(u.language.Language, p.fixed)
		}
	case howVerbatim:
		d.text = found.ShortAnswer.Answer
	case howGrounded:
		if a.cfg.Model == nil || in.unpaid {
			return a.quote(u, in, found, p), nil
		}
		d, err := a.askModel(ctx, in, u, found, p)
		if err != nil || d.text != "" {
			return d, err
		}
		if modelKind(d.failure) == ErrContentFilter {
			return a.composeInstead(ctx, in, u, found, d, a.decideFiltered(in))
		}
		quoted := a.quote(u, in, found, p)
		quoted.calls, quoted.actions = d.calls, d.actions
		return quoted, nil
	case howActions:
		d, err := a.askModel(ctx, in, u, found, p)
		if err != nil {
			return d, err
		}
		if d.text != "" && (anySucceeded(d.actions) || d.plan.decision == AwaitApproval) {
			return d, nil
		}
		if name := unknownAction(d.actions); d.text != "" && name != "" {
			return a.composeInstead(ctx, in, u, found, d, plan{decision: Answer, reason: "what " + name + " comes to is not known in a preview", how: howUnknown})
		}
		return a.composeInstead(ctx, in, u, found, d, *p.otherwise)
	}
	return d, nil
}

// composeInstead makes the draft of another plan after the model came to
// nothing.
func (a *Agent) composeInstead(ctx context.Context, in input, u understanding, found knowledge.Result, failed draft, p plan) (draft, error) {
	p.parts = failed.plan.parts
	d, err := a.compose(ctx, in, u, found, p)
	d.calls, d.actions = failed.calls, failed.actions
	return d, err
}

func (a *Agent) fixedText(lang string, key phrases.Key) string {
	if key == phrases.Greeting && a.cfg.Profile.Name == "" {
		key = phrases.GreetingNoName
	}
	return phrases.Text(lang, key, "name", a.cfg.Profile.Name)
}

// Fixed strings by which the agent's own messages are recognised in a history
// that carries no decisions.
var (
	offerKeys   = []phrases.Key{phrases.OfferHuman}
	clarifyKeys = []phrases.Key{phrases.Clarify, phrases.OnlyText}
)

// isFixed reports whether a text is one of the fixed strings, in any language.
func isFixed(s string, keys ...phrases.Key) bool {
	for _, lang := range phrases.Languages() {
		for _, k := range keys {
			if strings.TrimSpace(s) == phrases.Text(lang, k) {
				return true
			}
		}
	}
	return false
}

func anySucceeded(records []ActionRecord) bool {
	for _, r := range records {
		if r.succeeded() {
			return true
		}
	}
	return false
}

// unknownAction names the first call that a preview cannot tell the outcome of.
func unknownAction(records []ActionRecord) string {
	for _, r := range records {
		if r.unknown() {
			return r.Name
		}
	}
	return ""
}

// askModel lets the model write, and call actions, within the turn's limits.
// When it fails or does not come to an end the draft has no text; only the end
// of ctx and a broken journal are errors.
func (a *Agent) askModel(ctx context.Context, in input, u understanding, found knowledge.Result, p plan) (draft, error) {
	d := draft{plan: p, fromModel: true}
	if p.how == howGrounded {
		d.passages = found.Passages
	}
	return a.converse(ctx, in, u, a.newModelTurn(in, u, d.passages, p), d)
}

// converse goes on with a draft until the model has said its last, or a call
// waits for a person.
func (a *Agent) converse(ctx context.Context, in input, u understanding, t *modelTurn, d draft) (draft, error) {
	for t.mayAsk() {
		began := a.cfg.Now()
		t.draft = d
		resp, replayed, err := in.journal.response(ctx, t.ask)
		if replayed {
			t.replay(resp)
		}
		d.passages = t.passages
		call := TraceModelCall{
			Request: t.sent, Text: resp.Text, Calls: resp.Calls, Usage: resp.Usage, Attempts: resp.Attempts,
			Shortened: resp.Shortened, Replayed: replayed, Took: a.cfg.Now().Sub(began),
		}
		if err != nil {
			if ctx.Err() != nil || !isModelFailure(err) {
				return d, err
			}
			call.Error, d.failure = err.Error(), err
			d.calls = append(d.calls, call)
			a.cfg.Logger.WarnContext(ctx, "model failed", "agent", a.cfg.ID, "error", err)
			return d, nil
		}
		d.calls = append(d.calls, call)
		if len(resp.Calls) == 0 {
			d.text = in.show.whole(len(d.calls)-1, resp.Text)
			return d, nil
		}
		t.add(ModelMessage{Role: RoleAssistant, Text: resp.Text, ToolCalls: resp.Calls})
		for _, c := range resp.Calls {
			rec, err := a.performWithin(ctx, in, c, len(d.actions))
			if err != nil {
				return d, err
			}
			d.actions = append(d.actions, rec)
			t.add(ModelMessage{Role: RoleTool, ToolCallID: c.ID, ToolName: c.Name, Text: actionText(rec)})
		}
		if awaits(d.actions) {
			d.plan = plan{decision: AwaitApproval, reason: "an action waits for approval", how: howFixed}
			d.text, d.fromModel = phrases.Text(u.language.Language, phrases.Checking), false
			return d, nil
		}
	}
	return d, nil
}

func (a *Agent) performWithin(ctx context.Context, in input, c ToolCall, done int) (ActionRecord, error) {
	if done >= a.cfg.MaxActions {
		return ActionRecord{Name: c.Name}.not(ActionRefused, errTooManyActions), nil
	}
	return a.perform(ctx, in, c)
}

var errTooManyActions = errors.New("no more actions in this turn")

// errModel marks failures of the model, as against those of the journal.
type errModel struct{ error }

func (e errModel) Unwrap() error { return e.error }

func isModelFailure(err error) bool {
	var m errModel
	return errors.As(err, &m)
}

const (
	// maxModelText bounds a model that does not stop, in bytes of text or of one
	// call's arguments.
	maxModelText = 64 << 10
	// maxModelEvents bounds one that goes on without saying anything.
	maxModelEvents = 256 << 10
)

// maxAttemptsShown bounds the failed attempts of one call that are recorded.
const maxAttemptsShown = 16

// generate asks the model once and collects its whole answer. hear, which may
// be nil, is told of each event; its error ends the turn.
func (a *Agent) generate(ctx context.Context, req Request, hear func(context.Context, Event) error) (modelResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var r modelResponse
	var sb strings.Builder
	events := 0
	for ev, err := range a.cfg.Model.Generate(ctx, req) {
		events++
		switch {
		case err != nil:
			// What was said counts for nothing, what it cost does.
			return modelResponse{Usage: r.Usage, Attempts: r.Attempts}, errModel{fmt.Errorf("agent: model: %w", err)}
		case events > maxModelEvents || ev.ToolCall != nil && len(ev.ToolCall.Arguments) > maxModelText:
			return modelResponse{Usage: r.Usage, Attempts: r.Attempts}, errModel{fmt.Errorf("agent: model: no end of its answer: %w", ErrTruncated)}
		case ev.ToolCall != nil:
			if len(r.Calls) > a.cfg.MaxActions {
				return modelResponse{}, errModel{fmt.Errorf("agent: model: more than %d calls at once", a.cfg.MaxActions)}
			}
			r.Calls = append(r.Calls, cleanCall(*ev.ToolCall, len(r.Calls)))
		case ev.Usage != nil:
			r.Usage = r.Usage.plus(*ev.Usage)
		case ev.Attempt != nil:
			if len(r.Attempts) < maxAttemptsShown {
				r.Attempts = append(r.Attempts, *ev.Attempt)
			}
		default:
			if sb.Len()+len(ev.Text) > maxModelText {
				return modelResponse{}, errModel{fmt.Errorf("agent: model: more than %d bytes of text: %w", maxModelText, ErrTruncated)}
			}
			sb.WriteString(ev.Text)
		}
		if hear != nil {
			if err := hear(ctx, ev); err != nil {
				return modelResponse{}, err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return modelResponse{}, errModel{err}
	}
	r.Text = sb.String()
	return r, nil
}

// cleanCall gives a call an ID, and arguments that can be kept as JSON whatever
// the model wrote.
func cleanCall(c ToolCall, n int) ToolCall {
	if c.ID == "" {
		c.ID = fmt.Sprintf("call-%d", n+1)
	}
	if len(c.Arguments) == 0 {
		c.Arguments = json.RawMessage("{}")
	}
	if !json.Valid(c.Arguments) {
		quoted, _ := json.Marshal(string(c.Arguments)) // a string always marshals
		c.Arguments = quoted
	}
	return c
}
