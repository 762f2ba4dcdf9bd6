package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// Action is something the agent may do besides talking. A model asks for it;
// code decides whether it happens. [NewAction] makes one of a function with
// typed arguments, [NewHTTPAction] one that calls a host's API.
type Action struct {
	// Name is how the model calls it: letters, digits, underscores; unique.
	Name        string
	Description string
	// Schema is the JSON schema of the arguments, in the keywords that
	// [SchemaOf] lists; empty lets every object through.
	Schema json.RawMessage
	// Identity names arguments that are taken from the conversation's contact.
	// The model's schema does not show them, and what a model writes there is
	// overwritten. A contact that lacks one is refused.
	Identity map[string]ContactField
	// Protection says for whom it may be performed.
	Protection Protection
	// RequiresApproval has a person approve each call before it is performed;
	// see [Operator.Approve]. Only a stored conversation can wait for that: on
	// media that answer inside the request, and in [Agent.Reply], the call is
	// refused.
	RequiresApproval bool
	// ApproveWithin is how long a call waits for approval before a human gets
	// the conversation; default 72 hours.
	ApproveWithin time.Duration
	// Idempotent says that Do may be repeated with the same Key after a crash
	// or a timeout left its outcome unknown. Otherwise such a turn goes to a
	// human.
	Idempotent bool
	// Timeout bounds Do; default 10 seconds.
	Timeout time.Duration
	// Redact returns what the audit log shows of the arguments; nil shows them
	// as they are.
	Redact func(arguments json.RawMessage) json.RawMessage
	// Do performs the action. It must be safe for concurrent use and return
	// when ctx ends. Its error means that there was no effect, and the model is
	// told of it, unless it wraps [ErrOutcomeUnknown] or ctx had ended: then
	// nobody knows. A panic is treated like that.
	Do func(ctx context.Context, call ActionCall) (ActionResult, error)
	// Rehearse says what Do would come to, without any effect: for an action
	// that only looks something up it can be Do itself. Previews call it in the
	// place of Do and go on as a real reply would with the same result or error.
	// Without it a preview knows that the call would be made, but not what its
	// reply would say; see [Agent.Preview]. What holds for Do holds for it.
	Rehearse func(ctx context.Context, call ActionCall) (ActionResult, error)
}

// Protection says for whom an [Action] may be performed.
type Protection uint8

// The protections. The zero value is the strictest.
const (
	VerifiedContact Protection = iota // only for a contact that is verified
	KnownContact                      // for a contact with an ID
	Anyone
)

// ContactField names a part of the conversation's contact for
// [Action].Identity.
type ContactField string

// The fields. A host's own attribute is "attribute:" with its name.
const (
	ContactID    ContactField = "id"
	ContactName  ContactField = "name"
	ContactEmail ContactField = "email"
	ContactPhone ContactField = "phone"
)

const attributePrefix = "attribute:"

func (f ContactField) valid() bool {
	switch f {
	case ContactID, ContactName, ContactEmail, ContactPhone:
		return true
	}
	name, ok := strings.CutPrefix(string(f), attributePrefix)
	return ok && name != ""
}

// of returns the field's value, empty if the contact lacks it.
func (f ContactField) of(c channels.Contact) string {
	switch f {
	case ContactID:
		return c.ID
	case ContactName:
		return c.Name
	case ContactEmail:
		return c.Email
	case ContactPhone:
		return c.Phone
	}
	return c.Attributes[strings.TrimPrefix(string(f), attributePrefix)]
}

// ActionCall is one call of an action. Who it is for comes from the
// conversation, never from the model.
type ActionCall struct {
	// Key identifies the call for ever: a repeated call with the same key must
	// have one effect.
	Key string
	// Arguments is a JSON object that passed the schema, Identity included,
	// with its keys sorted.
	Arguments json.RawMessage
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

// ActionOutcome says what became of a call.
type ActionOutcome string

// The outcomes.
const (
	ActionPerformed ActionOutcome = "performed"
	ActionFailed    ActionOutcome = "failed"            // it said so, and had no effect
	ActionInvalid   ActionOutcome = "invalid"           // no such action, or arguments that the schema refuses
	ActionRefused   ActionOutcome = "refused"           // not for this contact, or too many
	ActionAwaits    ActionOutcome = "awaiting approval" // see [Approval]
	ActionDryRun    ActionOutcome = "dry run"           // a preview
	ActionUnknown   ActionOutcome = "unknown"           // in the audit log only
)

// ActionRecord is a call with its outcome, as journalled.
type ActionRecord struct {
	Name string
	Key  string
	// Arguments are as they passed the schema; empty for a call that did not
	// get that far. What the model wrote is in [TraceModelCall].
	Arguments json.RawMessage
	Result    ActionResult
	Outcome   ActionOutcome
	Error     string
	DryRun    bool // not performed: a preview
	// Rehearsed says that Result or Error is what [Action].Rehearse told of it.
	Rehearsed bool `json:",omitempty"`
}

// succeeded reports whether an answer may rest on the record (P3).
func (r ActionRecord) succeeded() bool {
	return r.Error == "" && r.Outcome != ActionAwaits && !r.unknown()
}

// unknown reports a call of which a preview cannot tell what it would come to.
func (r ActionRecord) unknown() bool { return r.Outcome == ActionDryRun && !r.Rehearsed }

var (
	// ErrActionRefused: the action's protection does not let it happen.
	ErrActionRefused = errors.New("agent: action is not allowed here")
	// ErrUnknownAction: a model called what is not there.
	ErrUnknownAction = errors.New("agent: no such action")
	// ErrInvalidArguments: arguments that the schema refuses. The error is an
	// [*ArgumentError].
	ErrInvalidArguments = errors.New("agent: arguments are not valid")
	// ErrOutcomeUnknown: nobody knows whether an action took effect. The error
	// is an [*OutcomeError]; an action returns it, wrapped or not, to say so
	// itself.
	ErrOutcomeUnknown = errors.New("agent: outcome of an action is unknown")
)

// OutcomeError tells of which action the outcome is unknown. It is
// [ErrOutcomeUnknown].
type OutcomeError struct {
	Action string
	// Repeatable says that the action may be performed again with its key.
	Repeatable bool
	Err        error // why; may be nil
}

// Error names the action.
func (e *OutcomeError) Error() string {
	s := fmt.Sprintf("%v: %s", ErrOutcomeUnknown, e.Action)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *OutcomeError) Unwrap() error { return e.Err }

// Is reports whether target is ErrOutcomeUnknown.
func (e *OutcomeError) Is(target error) bool { return target == ErrOutcomeUnknown }

const (
	defaultActionTimeout = 10 * time.Second
	defaultApproveWithin = 72 * time.Hour
	maxActionName        = 64
)

// boundAction is an action as an agent uses it.
type boundAction struct {
	Action
	schema *schema
	tool   Tool
}

// bind checks an action and reads its schema.
func (a Action) bind() (*boundAction, error) {
	fault := func(format string, args ...any) (*boundAction, error) {
		return nil, fmt.Errorf("%w: action %q: %w", ErrInvalidConfig, a.Name, fmt.Errorf(format, args...))
	}
	switch {
	case !validActionName(a.Name):
		return fault("the name is not 1 to %d letters, digits and underscores", maxActionName)
	case a.Do == nil:
		return fault("it has no Do")
	case a.Protection > Anyone:
		return fault("protection %d", a.Protection)
	case a.Timeout < 0 || a.ApproveWithin < 0:
		return fault("a time is negative")
	}
	for name, field := range a.Identity {
		if name == "" || !field.valid() {
			return fault("identity %q is taken from %q, which a contact does not have", name, field)
		}
	}
	shown, err := withoutProperties(a.Schema, a.Identity)
	if err != nil {
		return fault("%w", err)
	}
	b := &boundAction{Action: a, tool: Tool{Name: a.Name, Description: a.Description, Schema: shown}}
	b.Identity = maps.Clone(a.Identity)
	if b.schema, err = parseSchema(shown); err != nil {
		return fault("%w", err)
	}
	if b.Timeout == 0 {
		b.Timeout = defaultActionTimeout
	}
	if b.ApproveWithin == 0 {
		b.ApproveWithin = defaultApproveWithin
	}
	return b, nil
}

func validActionName(name string) bool {
	if name == "" || len(name) > maxActionName {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func (a *boundAction) allowed(c channels.Contact) bool {
	switch a.Protection {
	case Anyone:
		return true
	case KnownContact:
		return c.ID != ""
	default:
		return c.ID != "" && c.Verified
	}
}

// withoutIdentity returns checked arguments as a model may see them.
func (a *boundAction) withoutIdentity(arguments json.RawMessage) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(arguments, &object) != nil {
		return json.RawMessage("{}")
	}
	maps.DeleteFunc(object, func(name string, _ json.RawMessage) bool { return a.Identity[name] != "" })
	out, _ := json.Marshal(object) // raw JSON that was just read
	return out
}

// arguments checks what a model wrote and adds what the contact gives. The
// result is canonical: the same arguments are the same bytes.
func (a *boundAction) arguments(written json.RawMessage, c channels.Contact) (json.RawMessage, error) {
	object, err := a.schema.object(written, a.Identity)
	if err != nil {
		return nil, err
	}
	for name, field := range a.Identity {
		value := field.of(c)
		if value == "" {
			return nil, fmt.Errorf("%w: the contact's %s is not known", ErrActionRefused, field)
		}
		object[name] = value
	}
	return json.Marshal(object) // sorted keys
}
