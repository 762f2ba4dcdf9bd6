package credits

import (
	"container/heap"
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// Config configures a [Ledger]. The zero value is valid.
type Config struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// HoldFor is how long a reservation lasts; default 96 hours, longer than
	// any channel keeps an idle conversation open.
	HoldFor time.Duration
}

// Ledger is a [Meter] in memory. It is safe for concurrent use.
type Ledger struct {
	now     func() time.Time
	holdFor time.Duration

	mu       sync.Mutex
	accounts map[string]*account
	holds    map[string]*hold
	entries  []Entry
	reserved int // counts reservations
}

type account struct {
	grants    map[string]bool // by ID
	granted   int64
	committed int64
	pending   int64
	hardCap   int64     // 0 is none
	held      holdQueue // what may lapse, some of it settled already
}

// used is what counts against grants and the cap. Late commits can bring it
// past what an int64 holds; there it stays.
func (a *account) used() int64 { return a.committed + min(a.pending, math.MaxInt64-a.committed) }

func (a *account) balance() Balance {
	return Balance{Granted: a.granted, Committed: a.committed, Pending: a.pending, Available: max(0, a.granted-a.used())}
}

// holdState is the state of a reservation.
type holdState uint8

const (
	holdPending holdState = iota
	holdCommitted
	holdReleased
	holdLapsed
)

type hold struct {
	charge  Charge
	state   holdState
	expires time.Time
	number  int // in order of reservation, for a stable order of lapses
}

// holdQueue is a heap of reservations, the first to lapse on top.
type holdQueue []*hold

func (q holdQueue) Len() int      { return len(q) }
func (q holdQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q holdQueue) Less(i, j int) bool {
	if c := q[i].expires.Compare(q[j].expires); c != 0 {
		return c < 0
	}
	return q[i].number < q[j].number
}
func (q *holdQueue) Push(x any) { *q = append(*q, x.(*hold)) }
func (q *holdQueue) Pop() any {
	last := len(*q) - 1
	h := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return h
}

// Grant gives an account credits.
type Grant struct {
	ID     string // the same ID a second time has no effect
	Amount int64
}

// EntryKind says what an [Entry] records.
type EntryKind string

// The kinds of entry.
const (
	EntryGrant   EntryKind = "grant"
	EntryReserve EntryKind = "reserve"
	EntryCommit  EntryKind = "commit"
	EntryRelease EntryKind = "release"
	EntryLapse   EntryKind = "lapse"
)

// Entry is one line of the ledger. Entries are appended and never changed.
type Entry struct {
	Kind     EntryKind
	Account  string
	Key      string // of the charge, or the grant's ID
	Amount   int64
	Purpose  string
	Evidence Evidence // with EntryCommit
	At       time.Time
}

// NewLedger returns an empty ledger.
func NewLedger(cfg Config) *Ledger {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.HoldFor <= 0 {
		cfg.HoldFor = 96 * time.Hour
	}
	return &Ledger{now: cfg.Now, holdFor: cfg.HoldFor, accounts: map[string]*account{}, holds: map[string]*hold{}}
}

func (l *Ledger) account(name string) *account {
	a := l.accounts[name]
	if a == nil {
		a = &account{grants: map[string]bool{}}
		l.accounts[name] = a
	}
	return a
}

// Grant adds credits to an account. A grant whose ID the account has is
// ignored; one of less than one credit, or of more than the account can count,
// is ErrInvalid.
func (l *Ledger) Grant(_ context.Context, name string, g Grant) error {
	if g.ID == "" || g.Amount < 1 {
		return fmt.Errorf("credits: grant %q of %d to %q: %w", g.ID, g.Amount, name, ErrInvalid)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.account(name)
	if a.grants[g.ID] {
		return nil
	}
	if g.Amount > math.MaxInt64-a.granted {
		return fmt.Errorf("credits: grant %q of %d to %q: %w", g.ID, g.Amount, name, ErrInvalid)
	}
	a.grants[g.ID] = true
	a.granted += g.Amount
	l.record(Entry{Kind: EntryGrant, Account: name, Key: g.ID, Amount: g.Amount})
	return nil
}

// SetCap limits what an account may ever commit and hold together; 0 removes
// the cap. It wins over any grant.
func (l *Ledger) SetCap(_ context.Context, name string, limit int64) error {
	if limit < 0 {
		return fmt.Errorf("credits: cap %d for %q: %w", limit, name, ErrInvalid)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.account(name).hardCap = limit
	return nil
}

// Reserve implements [Meter].
func (l *Ledger) Reserve(_ context.Context, c Charge) error {
	if c.Key == "" || c.Amount < 0 {
		return fmt.Errorf("credits: reserve %d under %q: %w", c.Amount, c.Key, ErrInvalid)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.account(c.Account)
	l.lapse(a)
	if h := l.holds[c.Key]; h != nil {
		switch {
		case h.charge.Account != c.Account || h.charge.Amount != c.Amount:
			return fmt.Errorf("credits: reserve %q: %w", c.Key, ErrConflict)
		case h.state == holdPending || h.state == holdCommitted:
			return nil
		case h.state == holdReleased:
			return fmt.Errorf("credits: reserve %q: %w", c.Key, ErrSettled)
		}
	}
	// Subtracted from the limit, since a sum could overflow. A charge of nothing
	// passes no limit.
	if a.hardCap > 0 && c.Amount > max(0, a.hardCap-a.used()) {
		return fmt.Errorf("credits: account %q: %w", c.Account, ErrCapped)
	}
	if a.balance().Available < c.Amount {
		return fmt.Errorf("credits: account %q: %w", c.Account, ErrExhausted)
	}
	l.reserved++
	h := &hold{charge: c, expires: l.now().Add(l.holdFor), number: l.reserved}
	l.holds[c.Key] = h
	heap.Push(&a.held, h)
	a.pending += c.Amount
	l.record(Entry{Kind: EntryReserve, Account: c.Account, Key: c.Key, Amount: c.Amount, Purpose: c.Purpose})
	return nil
}

// Commit implements [Meter].
func (l *Ledger) Commit(_ context.Context, key string, e Evidence) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.holds[key]
	if h == nil {
		return fmt.Errorf("credits: commit %q: %w", key, ErrUnknown)
	}
	a := l.account(h.charge.Account)
	l.lapse(a)
	switch h.state {
	case holdCommitted:
		return nil
	case holdReleased:
		return fmt.Errorf("credits: commit %q: %w", key, ErrSettled)
	case holdPending:
		a.pending -= h.charge.Amount
	}
	h.state = holdCommitted
	a.committed += min(h.charge.Amount, math.MaxInt64-a.committed)
	l.record(Entry{Kind: EntryCommit, Account: h.charge.Account, Key: key, Amount: h.charge.Amount, Purpose: h.charge.Purpose, Evidence: e})
	return nil
}

// Release implements [Meter].
func (l *Ledger) Release(_ context.Context, key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.holds[key]
	if h == nil {
		return fmt.Errorf("credits: release %q: %w", key, ErrUnknown)
	}
	a := l.account(h.charge.Account)
	l.lapse(a)
	switch h.state {
	case holdCommitted:
		return fmt.Errorf("credits: release %q: %w", key, ErrSettled)
	case holdPending:
		a.pending -= h.charge.Amount
		l.record(Entry{Kind: EntryRelease, Account: h.charge.Account, Key: key, Amount: h.charge.Amount, Purpose: h.charge.Purpose})
	}
	// One that lapsed gave its credits back then; from now on it is released.
	h.state = holdReleased
	return nil
}

// Balance implements [Balancer]. An account nobody granted anything is empty.
func (l *Ledger) Balance(_ context.Context, name string) (Balance, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.account(name)
	l.lapse(a)
	return a.balance(), nil
}

// Entries returns an account's entries, oldest first.
func (l *Ledger) Entries(_ context.Context, name string) ([]Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Entry
	for _, e := range l.entries {
		if e.Account == name {
			out = append(out, e)
		}
	}
	return out, nil
}

// lapse gives expired reservations back, the oldest first. Every method does so
// before it looks at a reservation: what it finds depends on the clock alone,
// not on who called before.
func (l *Ledger) lapse(a *account) {
	now := l.now()
	for len(a.held) > 0 && !a.held[0].expires.After(now) {
		h := heap.Pop(&a.held).(*hold)
		if h.state != holdPending {
			continue
		}
		h.state = holdLapsed
		a.pending -= h.charge.Amount
		l.record(Entry{Kind: EntryLapse, Account: h.charge.Account, Key: h.charge.Key, Amount: h.charge.Amount, Purpose: h.charge.Purpose})
	}
}

func (l *Ledger) record(e Entry) {
	e.At = l.now()
	l.entries = append(l.entries, e)
}
