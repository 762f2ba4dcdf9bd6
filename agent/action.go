package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// Action is something the agent may do besides talking. A model asks for it;
// code decides whether it happens.
type Action struct {
	// Name is how the model calls it: letters, digits, underscores; unique.
	Name        string
	Description string
	// Schema is the JSON schema of the arguments; empty is an object without
	// properties.
	Schema json.RawMessage
	// Protection says for whom it may be performed.
	Protection Protection
	// Idempotent says that Do may be repeated with the same Key after a crash
	// left its outcome unknown. Otherwise such a turn goes to a human.
	Idempotent bool
	// Timeout bounds Do; default 15 seconds.
	Timeout time.Duration
	// Do performs the action. It must be safe for concurrent use.
	Do func(ctx context.Context, call ActionCall) (ActionResult, error)
}

// Protection says for whom an [Action] may be performed.
type Protection uint8

// The protections. The zero value is the strictest.
const (
	VerifiedContact Protection = iota // only for a contact that is verified
	KnownContact                      // for a contact with an ID
	Anyone
)

// ActionCall is one call of an action. Who it is for comes from the
// conversation, never from the model.
type ActionCall struct {
	// Key identifies the call for ever: a repeated call with the same key must
	// have one effect.
	Key       string
	Arguments json.RawMessage // a JSON object, as the model wrote it
	Contact   channels.Contact
	Channel   string
}

// ActionResult is what an action came to.
type ActionResult struct {
	// Text is what the model may tell of it.
	Text string
	// URLs may appear in the answer.
	URLs []string
}

// ActionRecord is a call with its outcome, as journalled.
type ActionRecord struct {
	Name      string
	Key       string
	Arguments json.RawMessage
	Result    ActionResult
	Error     string
	DryRun    bool // not performed: a preview
}

var (
	// ErrActionRefused: the action's protection does not let it happen.
	ErrActionRefused = errors.New("agent: action is not allowed here")
	// ErrOutcomeUnknown: a crash left open whether an action took effect.
	ErrOutcomeUnknown = errors.New("agent: outcome of an action is unknown")
)

const defaultActionTimeout = 15 * time.Second

func (a *Action) validate() error {
	switch {
	case a.Name == "" || len(a.Name) > 64:
		return fmt.Errorf("%w: action name %q is empty or longer than 64 bytes", ErrInvalidConfig, a.Name)
	case a.Do == nil:
		return fmt.Errorf("%w: action %q has no Do", ErrInvalidConfig, a.Name)
	case len(a.Schema) > 0 && !json.Valid(a.Schema):
		return fmt.Errorf("%w: action %q: schema is not JSON", ErrInvalidConfig, a.Name)
	case a.Protection > Anyone:
		return fmt.Errorf("%w: action %q: protection %d", ErrInvalidConfig, a.Name, a.Protection)
	}
	for _, r := range a.Name {
		if r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return fmt.Errorf("%w: action name %q has characters other than letters, digits and underscores", ErrInvalidConfig, a.Name)
		}
	}
	return nil
}

func (a *Action) allowed(c channels.Contact) bool {
	switch a.Protection {
	case Anyone:
		return true
	case KnownContact:
		return c.ID != ""
	default:
		return c.ID != "" && c.Verified
	}
}

func (a *Action) tool() Tool {
	schema := a.Schema
	if len(schema) == 0 {
		schema = json.RawMessage(`{"type":"object","properties":{}}`)
	}
	return Tool{Name: a.Name, Description: a.Description, Schema: schema}
}

// perform carries out one call that a model asked for. Whatever goes wrong is
// in the record; the error is for what must stop the turn.
func (a *Agent) perform(ctx context.Context, in input, call ToolCall) (ActionRecord, error) {
	rec := ActionRecord{Name: call.Name, Arguments: call.Arguments}
	action := a.actions[call.Name]
	var object map[string]json.RawMessage
	switch {
	case action == nil:
		rec.Error = "no such action"
	case json.Unmarshal(call.Arguments, &object) != nil:
		rec.Error = "arguments are not a JSON object"
	case !action.allowed(in.question.Contact):
		rec.Error = ErrActionRefused.Error()
	case in.dry:
		rec.DryRun = true
		rec.Result.Text = "Not performed: this is a preview."
	default:
		return a.performOnce(ctx, in, action, object, rec)
	}
	return rec, nil
}

// performOnce performs an action unless the journal shows that it happened.
func (a *Agent) performOnce(ctx context.Context, in input, action *Action, args map[string]json.RawMessage, rec ActionRecord) (ActionRecord, error) {
	canonical, err := json.Marshal(args) // sorted keys
	if err != nil {
		return rec, err
	}
	rec.Arguments = canonical
	rec.Key = in.journal.actionKey(action.Name, canonical)
	return in.journal.action(ctx, rec, action.Idempotent, func(ctx context.Context) (ActionResult, error) {
		timeout := action.Timeout
		if timeout <= 0 {
			timeout = defaultActionTimeout
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		return action.Do(ctx, ActionCall{Key: rec.Key, Arguments: canonical, Contact: in.question.Contact, Channel: in.question.Channel})
	})
}
