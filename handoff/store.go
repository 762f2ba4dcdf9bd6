package handoff

import (
	"context"
	"errors"
	"time"
)

// Store is what a [Queue] remembers. One Store serves any number of queues by
// name, and any number of replicas of each. [NewMemoryStore] is the default.
//
// Every method is atomic, safe for concurrent use, and fails when ctx has ended.
// What it is given and what it returns is never shared with the caller.
type Store interface {
	// Load returns what a queue holds that is not closed, in any order. A queue
	// nobody saved to is empty and has the version 0.
	Load(ctx context.Context, queue string) (QueueState, error)
	// Save writes all of a change and adds one to the queue's version, or does
	// nothing: ErrQueueChanged if the version is not the one given.
	Save(ctx context.Context, queue string, version int64, c QueueChange) error
	// Ticket returns one ticket, also a closed one; ErrNoCase if there is none.
	Ticket(ctx context.Context, queue, key string) (Ticket, error)
	// Case returns what was routed under a key; ErrNoCase if there is none.
	Case(ctx context.Context, queue, key string) (Case, error)
	// Erase deletes closed tickets with their cases, and returns how many.
	Erase(ctx context.Context, queue string, e Erasure) (int, error)
}

// QueueState is a queue as it stands.
type QueueState struct {
	Version int64 // grows with every Save
	Tickets []Ticket
	Members []Presence
}

// Presence is what a queue remembers of a member.
type Presence struct {
	Member      string
	Away        bool // as people set it
	LastOffered time.Time
}

// QueueChange is what one Save writes.
type QueueChange struct {
	// Tickets and Members are added, or replace those of the same key or member.
	Tickets []Ticket
	Members []Presence
	// Cases are added; one under a known key changes nothing.
	Cases []Case
}

// Erasure says which closed tickets to delete: those of one contact, or those
// routed before a time. With both, either is enough.
type Erasure struct {
	Contact string // ID; empty is none
	// Agent and Channel limit Contact to what came from one agent, or by one
	// channel; empty is all.
	Agent, Channel string
	Before         time.Time // zero is none
}

// Covers reports whether a ticket, if it is closed, is to be deleted.
func (e Erasure) Covers(t Ticket) bool {
	return e.CoversContact(t.Contact, t.Agent, t.Channel) || t.RoutedAt.Before(e.Before)
}

// CoversContact reports whether a case of this contact, agent and channel is to
// be deleted, whenever it was routed.
func (e Erasure) CoversContact(contact, agent, channel string) bool {
	return e.Contact != "" && contact == e.Contact && (e.Agent == "" || agent == e.Agent) && (e.Channel == "" || channel == e.Channel)
}

var (
	// ErrNoCase: a queue has no such case.
	ErrNoCase = errors.New("handoff: no such case")
	// ErrQueueChanged: somebody else changed the queue; load it again.
	ErrQueueChanged = errors.New("handoff: queue changed meanwhile")
)
