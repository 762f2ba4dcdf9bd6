package credits

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Meter reserves and settles charges. Implementations must be safe for
// concurrent use, and every method must be atomic and idempotent by key, since
// callers repeat calls whose outcome they did not see. A call whose context has
// ended fails and changes nothing. Package creditstest tests implementations.
type Meter interface {
	// Reserve holds c.Amount credits of c.Account under c.Key. While the key
	// holds or was committed, the same call is nil and changes nothing; after a
	// release or refund it is ErrSettled, and after a lapse it reserves anew. With
	// another amount or account a known key is ErrConflict. A negative amount or
	// an empty key is ErrInvalid. It fails with ErrExhausted when the account has
	// too little and ErrCapped when a limit would be passed, the limit first;
	// nothing is held then and the key stays free. A charge of nothing is never
	// refused for want of credits.
	Reserve(ctx context.Context, c Charge) error
	// Commit turns a reservation into a charge. Committing twice is nil. A
	// commit after the reservation lapsed is accepted, since the work was done;
	// how much of it is charged then is the meter's to say, but at most what was
	// reserved. A released one is ErrSettled, an unknown key ErrUnknown.
	Commit(ctx context.Context, key string, e Evidence) error
	// Release gives a reservation back. Releasing twice, or after it lapsed,
	// is nil, and ends it either way: a later commit is ErrSettled. A committed
	// one is ErrSettled, an unknown key ErrUnknown.
	Release(ctx context.Context, key string) error
}

// Extender is implemented by meters whose reservations can be made to last
// longer, for work that takes long or is judged late.
type Extender interface {
	// Extend keeps a reservation until the given time; it never shortens one. What
	// lapsed is ErrLapsed, what was settled ErrSettled, an unknown key ErrUnknown.
	Extend(ctx context.Context, key string, until time.Time) error
}

// Refunder is implemented by meters that can take a charge back.
type Refunder interface {
	// Refund gives the credits of a committed charge back and ends its key: it
	// cannot be reserved or committed again. Refunding twice is nil. What was
	// not committed is ErrUncommitted, an unknown key ErrUnknown.
	Refund(ctx context.Context, key string, e Evidence) error
}

// PartCommitter is implemented by meters that can charge less than was reserved,
// for work whose cost is known only afterwards.
type PartCommitter interface {
	// CommitPart is Commit for amount credits, from 0 to what was reserved; the
	// rest is given back. More than was reserved is ErrInvalid. Once committed,
	// another amount is ErrConflict.
	CommitPart(ctx context.Context, key string, amount int64, e Evidence) error
}

// Balancer is implemented by meters that can tell what is left.
type Balancer interface {
	// Balance tells the state of an account; that of an unknown one is empty.
	Balance(ctx context.Context, account string) (Balance, error)
}

// MaxAmount is the largest amount of one charge or grant: a trillion credits.
// The sums of an account hold nine million entries of it.
const MaxAmount = 1_000_000_000_000

// Charge is a wish to spend.
type Charge struct {
	Account string
	Key     string // names the charge for ever and in all accounts, such as "agent/conversation/1"
	Amount  int64  // credits, from 0 to MaxAmount
	Purpose string // what for, in words an auditor reads: "conversation 17"
	Contact string // whose conversation it is, for [Limits].PerContact; optional
}

// Evidence says why a charge was committed or refunded.
type Evidence struct {
	Conversation string    `json:"conversation,omitzero"`
	Rule         string    `json:"rule,omitzero"`  // the policy and its version, such as "per-conversation/1"
	Event        string    `json:"event,omitzero"` // what happened: the key of the message that answered, or reopened
	Units        int64     `json:"units,omitzero"` // what was counted, such as tokens
	At           time.Time `json:"at,omitzero"`    // when it happened
}

// Balance is the state of an account at one instant, in credits over its whole
// life, so that Available = Granted − Expired − Committed − Pending + Overage.
// Available is what can still be reserved from grants, never below zero.
type Balance struct {
	Granted   int64 // included by the plan, bought and given
	Committed int64 // charged, less what was refunded
	Pending   int64 // reserved and not settled
	Available int64
	Expired   int64 // granted and not used in time
	Overage   int64 // the part of Committed and Pending that no grant covers
}

// What a meter can refuse. Errors wrap one of these and name the account or
// key.
var (
	ErrExhausted   = errors.New("credits are exhausted")
	ErrCapped      = errors.New("spending cap is reached")
	ErrConflict    = errors.New("key was used with other arguments")
	ErrSettled     = errors.New("reservation is settled already")
	ErrLapsed      = errors.New("reservation has lapsed")
	ErrUncommitted = errors.New("reservation is not committed")
	ErrUnknown     = errors.New("reservation is unknown")
	ErrInvalid     = errors.New("value is invalid")
)

// RefusedError tells why a charge was refused. It wraps ErrExhausted or
// ErrCapped.
type RefusedError struct {
	Account string
	Limit   LimitKind // which limit; "" when credits are exhausted
	Amount  int64     // asked for
	Left    int64     // what could have been reserved
	Until   time.Time // when the limit or the included credits start anew; zero is never by itself
	Cause   error     // what the auto-upgrade failed with, or nil
}

func (e *RefusedError) Error() string {
	why := e.Unwrap()[0].Error()
	if e.Limit != "" {
		why += " (" + string(e.Limit) + ")"
	}
	if e.Cause != nil {
		why += ": " + e.Cause.Error()
	}
	return fmt.Sprintf("credits: account %q: %d asked for, %d left: %s", e.Account, e.Amount, e.Left, why)
}

// Unwrap returns ErrExhausted or ErrCapped, and the cause if there is one.
func (e *RefusedError) Unwrap() []error {
	errs := []error{ErrExhausted}
	if e.Limit != "" {
		errs[0] = ErrCapped
	}
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	return errs
}
