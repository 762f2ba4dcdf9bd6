package credits

import (
	"context"
	"fmt"
	"slices"
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
}

type account struct {
	grants    []Grant
	committed int64
	pending   int64
	hardCap   int64 // 0 is none
	held      map[string]*hold
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
		a = &account{held: map[string]*hold{}}
		l.accounts[name] = a
	}
	return a
}

// Grant adds credits to an account. A grant whose ID the account has is
// ignored; one of less than one credit is ErrInvalid.
func (l *Ledger) Grant(_ context.Context, name string, g Grant) error {
	if g.ID == "" || g.Amount < 1 {
		return fmt.Errorf("credits: grant %q of %d to %q: %w", g.ID, g.Amount, name, ErrInvalid)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.account(name)
	if slices.ContainsFunc(a.grants, func(o Grant) bool { return o.ID == g.ID }) {
		return nil
	}
	a.grants = append(a.grants, g)
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
	if a.hardCap > 0 && a.committed+a.pending+c.Amount > a.hardCap {
		return fmt.Errorf("credits: account %q: %w", c.Account, ErrCapped)
	}
	if l.balance(a).Available < c.Amount {
		return fmt.Errorf("credits: account %q: %w", c.Account, ErrExhausted)
	}
	h := &hold{charge: c, expires: l.now().Add(l.holdFor)}
	l.holds[c.Key], a.held[c.Key] = h, h
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
	switch h.state {
	case holdCommitted:
		return nil
	case holdReleased:
		return fmt.Errorf("credits: commit %q: %w", key, ErrSettled)
	case holdPending:
		a.pending -= h.charge.Amount
		delete(a.held, key)
	}
	h.state = holdCommitted
	a.committed += h.charge.Amount
	l.record(Entry{Kind: EntryCommit, Account: h.charge.Account, Key: key, Amount: h.charge.Amount, Purpose: h.charge.Purpose, Evidence: e})
	return nil
}

// Release implements [Meter].
func (l *Ledger) Release(_ context.Context, key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.holds[key]
	switch {
	case h == nil:
		return fmt.Errorf("credits: release %q: %w", key, ErrUnknown)
	case h.state == holdCommitted:
		return fmt.Errorf("credits: release %q: %w", key, ErrSettled)
	case h.state != holdPending:
		return nil
	}
	a := l.account(h.charge.Account)
	a.pending -= h.charge.Amount
	delete(a.held, key)
	h.state = holdReleased
	l.record(Entry{Kind: EntryRelease, Account: h.charge.Account, Key: key, Amount: h.charge.Amount, Purpose: h.charge.Purpose})
	return nil
}

// Balance implements [Balancer]. An account nobody granted anything is empty.
func (l *Ledger) Balance(_ context.Context, name string) (Balance, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.account(name)
	l.lapse(a)
	return l.balance(a), nil
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

// lapse gives expired reservations back.
func (l *Ledger) lapse(a *account) {
	now := l.now()
	for key, h := range a.held {
		if h.expires.After(now) {
			continue
		}
		h.state = holdLapsed
		a.pending -= h.charge.Amount
		delete(a.held, key)
		l.record(Entry{Kind: EntryLapse, Account: h.charge.Account, Key: key, Amount: h.charge.Amount, Purpose: h.charge.Purpose})
	}
}

func (l *Ledger) balance(a *account) Balance {
	b := Balance{Committed: a.committed, Pending: a.pending}
	for _, g := range a.grants {
		b.Granted += g.Amount
	}
	b.Available = max(0, b.Granted-b.Committed-b.Pending)
	return b
}

func (l *Ledger) record(e Entry) {
	e.At = l.now()
	l.entries = append(l.entries, e)
}
