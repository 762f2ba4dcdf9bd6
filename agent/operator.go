package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// Actor is a person who does something with an agent.
type Actor struct {
	ID   string
	Name string
}

// Permission is what an [Operator] method needs.
type Permission string

// The permissions.
const (
	MayConverse Permission = "converse" // take over, reply, note, return, resolve
	MayPause    Permission = "pause"    // pause and resume
	MayEdit     Permission = "edit"     // the settings: edit, publish, unpublish, roll back
	MayDeploy   Permission = "deploy"   // put on channels and take off them
	MayDelete   Permission = "delete"   // the agent
	MayTeach    Permission = "teach"    // sources and short answers
	MayRead     Permission = "read"     // conversations and logs
	MayApprove  Permission = "approve"  // approve and reject actions
)

// Authorizer decides what people may do. It is safe for concurrent use.
type Authorizer interface {
	// Authorize returns nil if the actor may do this to the target: a
	// conversation, a channel, or the agent itself.
	Authorize(ctx context.Context, actor Actor, p Permission, target string) error
}

// AuthorizerFunc makes an Authorizer of a function.
type AuthorizerFunc func(ctx context.Context, actor Actor, p Permission, target string) error

// Authorize calls f.
func (f AuthorizerFunc) Authorize(ctx context.Context, actor Actor, p Permission, target string) error {
	return f(ctx, actor, p, target)
}

// ErrUnauthorized: the Authorizer refused. The refusal is in the audit log.
var ErrUnauthorized = errors.New("agent: not authorized")

// AuditEvent is what somebody did, as logged in [AuditLog].
type AuditEvent struct {
	Actor   Actor
	ByAgent bool `json:",omitempty"` // Actor is the agent itself
	ByHost  bool `json:",omitempty"` // nobody's doing but the program's
	Action  string
	Target  string
	// Version is the one of the settings that was made or is in force; 0 is
	// Config.
	Version int64  `json:",omitempty"`
	Note    string `json:",omitempty"` // as given to [Operator.Edit]
	Refused bool   `json:",omitempty"`
	Before  string `json:",omitempty"`
	After   string `json:",omitempty"`
	// Arguments and Outcome are those of an action; the arguments are JSON, as
	// [Action].Redact shows them.
	Arguments string `json:",omitempty"`
	Outcome   string `json:",omitempty"`
	At        time.Time
}

// Operator is everything people do with an agent. Each method asks the
// Authorizer first and leaves an audit event, also when it is refused.
type Operator struct {
	agent *Agent
	actor Actor
}

// As returns the agent as one person may use it.
func (a *Agent) As(actor Actor) *Operator { return &Operator{a, actor} }

func (o *Operator) allow(ctx context.Context, p Permission, action, target string) error {
	err := o.agent.cfg.Authorizer.Authorize(ctx, o.actor, p, target)
	if err == nil {
		err = o.seated(ctx, p)
	}
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%w: %s may not %s %s: %w", ErrUnauthorized, o.actor.ID, action, target, err)
	return errors.Join(err, o.audit(ctx, AuditEvent{Action: action, Target: target, Refused: true}))
}

// ErrNoSeat: Config.Seat refused. It comes within [ErrUnauthorized].
var ErrNoSeat = errors.New("agent: no seat")

// seated asks for a seat where a permission needs one.
func (o *Operator) seated(ctx context.Context, p Permission) error {
	switch p {
	case MayEdit, MayDeploy, MayDelete, MayPause, MayTeach:
	default:
		return nil
	}
	if o.agent.cfg.Seat == nil {
		return nil
	}
	if err := o.agent.cfg.Seat(ctx, o.actor); err != nil {
		return fmt.Errorf("%w: %w", ErrNoSeat, err)
	}
	return nil
}

func (o *Operator) audit(ctx context.Context, e AuditEvent) error {
	return o.auditOnce(ctx, "", rand.Text(), e)
}

// auditOnce leaves one event for each key, of a conversation or of none.
func (o *Operator) auditOnce(ctx context.Context, conversation, key string, e AuditEvent) error {
	// What cannot be found out is no reason not to log what happened.
	l, err := o.agent.begin(ctx)
	if e.Version == 0 {
		e.Version = l.Published
	}
	e.Actor, e.At = o.actor, o.agent.cfg.Now()
	return errors.Join(err, o.agent.log(ctx, AuditLog, conversation, key, e.At, e))
}

// TakeOver gives a conversation to the person. What the agent is about to say
// and has not been claimed for sending is not sent.
func (o *Operator) TakeOver(ctx context.Context, conversation string) error {
	return o.changeOwner(ctx, "take over", conversation, OwnerChange{Owner: HumanOwns, Name: o.actor.Name, By: o.actor.ID})
}

// Return gives a conversation back to the agent.
func (o *Operator) Return(ctx context.Context, conversation string) error {
	return o.changeOwner(ctx, "return", conversation, OwnerChange{Owner: AgentOwns})
}

// Resolve ends a conversation. The customer's next message reopens it for the
// agent.
func (o *Operator) Resolve(ctx context.Context, conversation string) error {
	return o.changeOwner(ctx, "resolve", conversation, OwnerChange{Owner: NobodyOwns})
}

// Reply takes a conversation over and sends the person's message to the
// customer. key identifies the message: the same one again has no effect.
func (o *Operator) Reply(ctx context.Context, conversation, key, text string) error {
	if err := o.allow(ctx, MayConverse, "reply", conversation); err != nil {
		return err
	}
	a := o.agent
	c, err := a.cfg.Store.Load(ctx, a.cfg.ID, conversation)
	if err != nil {
		return err
	}
	key = fmt.Sprintf("%s/%s/human/%s", a.cfg.ID, conversation, key)
	out := a.outgoing(&c, key, Reply{Text: text, Language: c.Progress.Language.Language})
	out.ByHuman = true
	msg := channels.Message{ID: key, Author: channels.FromHuman, Name: o.actor.Name, Text: text, At: a.cfg.Now()}
	return o.apply(ctx, "reply", conversation, OwnerChange{
		Owner: HumanOwns, Name: o.actor.Name, By: o.actor.ID, Message: &msg, Send: &Send{Out: out, UpTo: c.lastCustomerSeq()},
	})
}

// Note adds an internal remark, which neither customers nor models see.
func (o *Operator) Note(ctx context.Context, conversation, text string) error {
	if err := o.allow(ctx, MayConverse, "note", conversation); err != nil {
		return err
	}
	a := o.agent
	if err := a.cfg.Store.AddNote(ctx, a.cfg.ID, conversation, channels.Note{By: o.actor.Name, Text: text, At: a.cfg.Now()}); err != nil {
		return err
	}
	return o.audit(ctx, AuditEvent{Action: "note", Target: conversation})
}

// Conversation returns a conversation with its notes.
func (o *Operator) Conversation(ctx context.Context, conversation string) (Conversation, error) {
	if err := o.allow(ctx, MayRead, "read", conversation); err != nil {
		return Conversation{}, err
	}
	return o.agent.cfg.Store.Load(ctx, o.agent.cfg.ID, conversation)
}

// Logs returns lines of one of the agent's logs; see [Store].
func (o *Operator) Logs(ctx context.Context, kind LogKind, after int64, limit int) ([]LogLine, error) {
	if err := o.allow(ctx, MayRead, "read log", string(kind)); err != nil {
		return nil, err
	}
	return o.agent.cfg.Store.Logs(ctx, o.agent.cfg.ID, kind, after, limit)
}

func (o *Operator) changeOwner(ctx context.Context, action, conversation string, ch OwnerChange) error {
	if err := o.allow(ctx, MayConverse, action, conversation); err != nil {
		return err
	}
	return o.apply(ctx, action, conversation, ch)
}

func (o *Operator) apply(ctx context.Context, action, conversation string, ch OwnerChange) error {
	a := o.agent
	ch.At = a.cfg.Now()
	before, err := a.cfg.Store.Load(ctx, a.cfg.ID, conversation)
	if err != nil {
		return err
	}
	after, err := a.cfg.Store.ChangeOwner(ctx, a.cfg.ID, conversation, ch)
	if err != nil {
		return err
	}
	a.watchers.changed(conversation)
	a.nudge(conversation)
	return o.audit(ctx, AuditEvent{Action: action, Target: conversation, Before: before.Owner.String(), After: after.Owner.String()})
}
