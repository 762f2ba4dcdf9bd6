package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
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
	MayDeploy   Permission = "deploy"   // publish, unpublish, deploy, remove
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
	Action  string
	Target  string
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
		return nil
	}
	err = fmt.Errorf("%w: %s may not %s %s: %w", ErrUnauthorized, o.actor.ID, action, target, err)
	return errors.Join(err, o.audit(ctx, AuditEvent{Action: action, Target: target, Refused: true}))
}

func (o *Operator) audit(ctx context.Context, e AuditEvent) error {
	e.Actor, e.At = o.actor, o.agent.cfg.Now()
	return o.agent.log(ctx, AuditLog, rand.Text(), e.At, e)
}

// TakeOver gives a conversation to the person. What the agent is about to say
// and has not been claimed for sending is not sent.
func (o *Operator) TakeOver(ctx context.Context, conversation string) error {
	return o.changeOwner(ctx, "take over", conversation, OwnerChange{Owner: HumanOwns, Name: o.actor.Name})
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
	msg := channels.Message{ID: key, Author: channels.FromHuman, Name: o.actor.Name, Text: text, At: a.cfg.Now()}
	return o.apply(ctx, "reply", conversation, OwnerChange{
		Owner: HumanOwns, Name: o.actor.Name, Message: &msg, Send: &Send{Out: out, UpTo: c.lastCustomerSeq()},
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

// Pause stops the agent from taking new conversations; those it has go on.
func (o *Operator) Pause(ctx context.Context, reason string) error {
	return o.changeLifecycle(ctx, MayPause, "pause", o.agent.cfg.ID, func(l *Lifecycle) { l.Paused, l.PauseReason = true, reason })
}

// Resume ends a pause.
func (o *Operator) Resume(ctx context.Context) error {
	return o.changeLifecycle(ctx, MayPause, "resume", o.agent.cfg.ID, func(l *Lifecycle) { l.Paused, l.PauseReason = false, "" })
}

// Publish lets the agent take conversations; agents begin published.
func (o *Operator) Publish(ctx context.Context) error {
	return o.changeLifecycle(ctx, MayDeploy, "publish", o.agent.cfg.ID, func(l *Lifecycle) { l.Unpublished = false })
}

// Unpublish stops the agent from taking conversations on any channel.
func (o *Operator) Unpublish(ctx context.Context) error {
	return o.changeLifecycle(ctx, MayDeploy, "unpublish", o.agent.cfg.ID, func(l *Lifecycle) { l.Unpublished = true })
}

// Deploy puts the agent on one of its channels; agents begin on all of them.
func (o *Operator) Deploy(ctx context.Context, channel string) error {
	return o.changeLifecycle(ctx, MayDeploy, "deploy", channel, func(l *Lifecycle) { delete(l.Removed, channel) })
}

// RemoveFrom takes the agent off a channel for new conversations.
func (o *Operator) RemoveFrom(ctx context.Context, channel string) error {
	return o.changeLifecycle(ctx, MayDeploy, "remove", channel, func(l *Lifecycle) {
		if l.Removed == nil {
			l.Removed = map[string]bool{}
		}
		l.Removed[channel] = true
	})
}

// lifecycleTries bounds how often a change is made anew because another came
// between.
const lifecycleTries = 10

func (o *Operator) changeLifecycle(ctx context.Context, p Permission, action, target string, change func(*Lifecycle)) error {
	if err := o.allow(ctx, p, action, target); err != nil {
		return err
	}
	store, id := o.agent.cfg.Store, o.agent.cfg.ID
	var err error
	for range lifecycleTries {
		var before Lifecycle
		if before, err = store.Lifecycle(ctx, id); err != nil {
			return fmt.Errorf("agent: lifecycle: %w", err)
		}
		after := before
		after.Removed = maps.Clone(before.Removed)
		change(&after)
		if err = store.SetLifecycle(ctx, id, after); err == nil {
			return o.audit(ctx, AuditEvent{Action: action, Target: target, Before: before.String(), After: after.String()})
		}
		if !errors.Is(err, ErrSuperseded) {
			break
		}
	}
	return fmt.Errorf("agent: %s %s: %w", action, target, err)
}

// String describes the state in words.
func (l Lifecycle) String() string {
	s := "published"
	if l.Unpublished {
		s = "unpublished"
	}
	if l.Paused {
		s += ", paused: " + l.PauseReason
	}
	for ch := range l.Removed {
		s += ", not on " + ch
	}
	return s
}
