package handoff

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// Reason says why a conversation is handed over. Reports group by it.
type Reason string

// The reasons of this library; hosts may add their own.
const (
	CannotAnswer  Reason = "cannot answer"
	AskedForHuman Reason = "asked for a human"
	CustomWords   Reason = "custom words"
	Loop          Reason = "loop"
	NotAdmitted   Reason = "not taken by the agent" // Detail says why: paused, not deployed, out of hours, no credits
	Failure       Reason = "error"
	GuardStopped  Reason = "guard"
	TopicToAvoid  Reason = "topic to avoid"
)

// Case is everything the human needs to take over.
type Case struct {
	// Key identifies the case for ever; routing the same key twice has one
	// effect.
	Key          string
	Agent        string
	Conversation string
	Channel      string
	Contact      channels.Contact
	Language     string // of the customer, BCP 47
	Reason       Reason
	Detail       string // what set it off, for an operator
	Summary      string
	Transcript   []channels.Message
	// Sources are the titles of what the agent found before it gave up.
	Sources []string
	// SuggestedReply is what the agent would have said; may be empty.
	SuggestedReply string
	// WaitingSince is when the customer began to wait: the first unanswered
	// message, not the handoff.
	WaitingSince time.Time
	CreatedAt    time.Time
}

// Assignment says to whom a case went.
type Assignment struct {
	// Queue and Assignee name a team and a person; Assignee is empty while
	// nobody has taken the case.
	Queue, Assignee string
}

// Router finds an assignee. Route must be safe for concurrent use and
// idempotent by c.Key. An error leaves the case unrouted; the caller tries
// again.
type Router interface {
	Route(ctx context.Context, c Case) (Assignment, error)
}

// RouterFunc makes a Router of a function.
type RouterFunc func(ctx context.Context, c Case) (Assignment, error)

// Route calls f.
func (f RouterFunc) Route(ctx context.Context, c Case) (Assignment, error) { return f(ctx, c) }

// ErrNoRoute: no rule of a [Rules] router matches and it has no Else.
var ErrNoRoute = errors.New("handoff: no rule matches the case")

// ErrNoKey: a case has no key.
var ErrNoKey = errors.New("handoff: the case has no key")

// Rules is a Router that uses the first rule that matches.
type Rules struct {
	Rules []Rule
	Else  Router // when none matches; nil means ErrNoRoute
}

// Rule sends the cases it matches to a router. A rule without Match matches
// every case; one without To leaves what it matches to ErrNoRoute.
type Rule struct {
	Match func(Case) bool
	To    Router
}

// Route implements [Router].
func (r Rules) Route(ctx context.Context, c Case) (Assignment, error) {
	for _, rule := range r.Rules {
		if rule.Match == nil || rule.Match(c) {
			return routeTo(ctx, rule.To, c)
		}
	}
	return routeTo(ctx, r.Else, c)
}

func routeTo(ctx context.Context, to Router, c Case) (Assignment, error) {
	if to == nil {
		return Assignment{}, fmt.Errorf("%w: %s", ErrNoRoute, c.Key)
	}
	return to.Route(ctx, c)
}

// Inbox is a [Router] that keeps cases in memory for whoever takes them. The
// zero value is ready. It is safe for concurrent use.
type Inbox struct {
	// Queue names the team in assignments; default "inbox".
	Queue string

	mu    sync.Mutex
	cases []Case
	keys  map[string]bool
}

// Route keeps c. A case with a known key is not kept again; one without a key
// could not be told from others and is ErrNoKey.
func (b *Inbox) Route(_ context.Context, c Case) (Assignment, error) {
	if c.Key == "" {
		return Assignment{}, fmt.Errorf("%w: conversation %s", ErrNoKey, c.Conversation)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.keys[c.Key] {
		if b.keys == nil {
			b.keys = map[string]bool{}
		}
		b.keys[c.Key] = true
		b.cases = append(b.cases, c)
	}
	queue := b.Queue
	if queue == "" {
		queue = "inbox"
	}
	return Assignment{Queue: queue}, nil
}

// Cases returns what was routed here, oldest first.
func (b *Inbox) Cases() []Case {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Case(nil), b.cases...)
}
