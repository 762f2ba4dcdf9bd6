package credits

import (
	"context"
	"errors"
	"time"
)

// Meter reserves and settles charges. Implementations must be safe for
// concurrent use, and every method must be atomic and idempotent by key, since
// callers repeat calls whose outcome they did not see.
type Meter interface {
	// Reserve holds c.Amount credits of c.Account under c.Key. While the key
	// holds or was committed, the same call is nil and changes nothing; after a
	// release it is ErrSettled, and after a lapse it reserves anew. With another
	// amount or account a known key is ErrConflict. It fails with ErrExhausted
	// when the account has too little and ErrCapped when a hard cap would be
	// passed, the cap first; nothing is held then and the key stays free.
	Reserve(ctx context.Context, c Charge) error
	// Commit turns a reservation into a charge. Committing twice is nil. A
	// commit after the reservation lapsed is accepted, even if that overdraws
	// the account: the work was done. A released one is ErrSettled, an unknown
	// key ErrUnknown.
	Commit(ctx context.Context, key string, e Evidence) error
	// Release gives a reservation back. Releasing twice, or after it lapsed,
	// is nil, and ends it either way: a later commit is ErrSettled. A committed
	// one is ErrSettled, an unknown key ErrUnknown.
	Release(ctx context.Context, key string) error
}

// Balancer is implemented by meters that can tell what is left.
type Balancer interface {
	Balance(ctx context.Context, account string) (Balance, error)
}

// Charge is a wish to spend.
type Charge struct {
	Account string
	Key     string // names the charge for ever, such as "conversation/ID"
	Amount  int64  // credits, at least 0
	Purpose string // what for, in words an auditor reads: "conversation"
}

// Evidence says why a charge was committed.
type Evidence struct {
	Conversation string
	Rule         string // the policy and its version, such as "per-conversation/1"
	Event        string // what happened: the key of the message that answered
	At           time.Time
}

// Balance is the state of an account at one instant. Available is what can
// still be reserved: Granted − Committed − Pending, never below zero.
type Balance struct {
	Granted, Committed, Pending, Available int64
}

// What a meter can refuse. Errors wrap one of these and name the account or
// key.
var (
	ErrExhausted = errors.New("credits are exhausted")
	ErrCapped    = errors.New("spending cap is reached")
	ErrConflict  = errors.New("key was used with another amount or account")
	ErrSettled   = errors.New("reservation is settled already")
	ErrUnknown   = errors.New("reservation is unknown")
	ErrInvalid   = errors.New("value is invalid")
)
