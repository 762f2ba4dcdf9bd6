package credits

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Config configures a [Ledger]. The zero value is valid.
type Config struct {
	// Store remembers the entries; default a [MemoryStore] of its own.
	Store Store
	// Now is the clock; default time.Now. The time of an account never goes back:
	// if clocks of replicas differ, the one ahead counts.
	Now func() time.Time
	// HoldFor is how long a reservation lasts; default 96 hours, longer than
	// any channel keeps an idle conversation open.
	HoldFor time.Duration
	// Upgrade gets more credits for an exhausted account whose plan says
	// AutoUpgrade, and returns what it got. It is called once for each exhaustion,
	// which lasts until credits are granted or refunded, with no lock held and a
	// minute's time; reservations of the same process wait for it. If it fails, the
	// account stays exhausted. Default none.
	Upgrade func(context.Context, Exhaustion) (Grant, error)
	// Notify is told when a threshold is reached, once for each in a period and
	// in order, with no lock held, by the replica that reached it, with the context
	// of the call that delivers it. A crash can lose a notice, but not its entry.
	// Default none, and then no entries.
	Notify func(context.Context, Notice)
	// Thresholds are the percentages that are told, from 1 to 100, others are left
	// out; default 50, 80 and 100. At 100 it is also told when a charge is refused
	// for want of credits, or by the hard cap, before all are used.
	Thresholds []int
}

// Ledger is a [Meter] that keeps accounts in a [Store]. It is safe for
// concurrent use, also by several ledgers on one store: what one decided
// without knowing of the other is decided again.
type Ledger struct {
	cfg      Config
	levels   []int
	upgrades upgrades
	outbox   outbox

	mu       sync.Mutex
	accounts map[string]*account
}

var _ interface {
	Meter
	Extender
	Refunder
	PartCommitter
	Balancer
} = (*Ledger)(nil)

// account is what this process knows of an account.
type account struct {
	free    chan struct{} // holds a token while nobody uses it
	state   *state
	scratch []Entry
}

// NewLedger returns a ledger.
func NewLedger(cfg Config) *Ledger {
	if cfg.Store == nil {
		cfg.Store = NewMemoryStore()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.HoldFor <= 0 {
		cfg.HoldFor = 96 * time.Hour
	}
	levels := thresholds(cfg.Thresholds)
	if cfg.Notify == nil {
		levels = nil
	}
	return &Ledger{cfg: cfg, levels: levels, outbox: outbox{send: cfg.Notify}, accounts: map[string]*account{}}
}

// Reserve implements [Meter]. Errors for want of credits or because of a limit
// are a [*RefusedError].
func (l *Ledger) Reserve(ctx context.Context, c Charge) error {
	if c.Key == "" || c.Account == "" || c.Amount < 0 || c.Amount > MaxAmount {
		return fmt.Errorf("credits: reserve %d of %q under %q: %w", c.Amount, c.Account, c.Key, ErrInvalid)
	}
	err := l.reserve(ctx, c)
	var refused *RefusedError
	if l.cfg.Upgrade == nil || !errors.As(err, &refused) || refused.Limit != "" {
		return err
	}
	again, cause := l.upgradeFor(ctx, c)
	if again {
		return l.reserve(ctx, c)
	}
	refused.Cause = cause
	return refused
}

func (l *Ledger) reserve(ctx context.Context, c Charge) error {
	err := l.change(ctx, c.Account, func(s *state, now time.Time, out []Entry) ([]Entry, error) {
		return s.reserveEntries(c, now, canonical(now.Add(l.cfg.HoldFor)), l.levels, out)
	})
	if err == nil || !errors.Is(err, ErrStale) && !errors.Is(err, ErrExhausted) && !errors.Is(err, ErrCapped) {
		return err
	}
	// The key may be another account's.
	owner, ownerErr := l.cfg.Store.Owner(ctx, c.Key)
	switch {
	case ownerErr != nil:
		return errors.Join(err, ownerErr)
	case owner != "" && owner != c.Account:
		return fmt.Errorf("credits: reserve %q for %q, it is %q's: %w", c.Key, c.Account, owner, ErrConflict)
	}
	return err
}

// Commit implements [Meter]. After a lapse it charges what the account can still
// pay: from its grants, or as overage where the plan allows that, and never
// beyond the hard cap. The rest is waived, which the entry tells.
func (l *Ledger) Commit(ctx context.Context, key string, e Evidence) error {
	return l.commit(ctx, key, -1, e)
}

// CommitPart implements [PartCommitter].
func (l *Ledger) CommitPart(ctx context.Context, key string, amount int64, e Evidence) error {
	if amount < 0 {
		return fmt.Errorf("credits: commit %d of %q: %w", amount, key, ErrInvalid)
	}
	return l.commit(ctx, key, amount, e)
}

func (l *Ledger) commit(ctx context.Context, key string, amount int64, e Evidence) error {
	e.At = canonical(e.At)
	return l.changeKey(ctx, "commit", key, func(s *state, now time.Time, out []Entry) ([]Entry, error) {
		return s.commitEntries(key, amount, e, now, l.levels, out)
	})
}

// Release implements [Meter].
func (l *Ledger) Release(ctx context.Context, key string) error {
	return l.changeKey(ctx, "release", key, func(s *state, now time.Time, out []Entry) ([]Entry, error) {
		return s.releaseEntries(key, now, out)
	})
}

// Extend implements [Extender].
func (l *Ledger) Extend(ctx context.Context, key string, until time.Time) error {
	if !validTime(until) {
		return fmt.Errorf("credits: extend %q until %v: %w", key, until, ErrInvalid)
	}
	until = canonical(until)
	return l.changeKey(ctx, "extend", key, func(s *state, now time.Time, out []Entry) ([]Entry, error) {
		return s.extendEntries(key, until, now, out)
	})
}

// Refund implements [Refunder]. Credits go back to the grants they came from; in
// place of one that has expired they are granted for the rest of the period.
func (l *Ledger) Refund(ctx context.Context, key string, e Evidence) error {
	e.At = canonical(e.At)
	return l.changeKey(ctx, "refund", key, func(s *state, now time.Time, out []Entry) ([]Entry, error) {
		return s.refundEntries(key, e, now, out)
	})
}

// Balance implements [Balancer].
func (l *Ledger) Balance(ctx context.Context, account string) (Balance, error) {
	var b Balance
	err := l.change(ctx, account, func(s *state, _ time.Time, out []Entry) ([]Entry, error) {
		b = s.balance()
		return out, nil
	})
	if err != nil {
		return Balance{}, err
	}
	return b, nil
}

// decision says what entries a call adds to an account, appended to out, and what
// it returns. It may be asked more than once, and does not change the state.
type decision func(s *state, now time.Time, out []Entry) ([]Entry, error)

// changeKey decides about a known key.
func (l *Ledger) changeKey(ctx context.Context, what, key string, decide decision) error {
	owner, err := l.cfg.Store.Owner(ctx, key)
	switch {
	case err != nil:
		return fmt.Errorf("credits: %s %q: %w", what, key, err)
	case owner == "":
		return fmt.Errorf("credits: %s %q: %w", what, key, ErrUnknown)
	}
	return l.change(ctx, owner, decide)
}

// change brings an account up to date, decides, and delivers the notices.
func (l *Ledger) change(ctx context.Context, account string, decide decision) error {
	if account == "" {
		return fmt.Errorf("credits: account has no name: %w", ErrInvalid)
	}
	a, err := l.lock(ctx, account)
	if err != nil {
		return fmt.Errorf("credits: account %q: %w", account, err)
	}
	func() {
		defer func() { a.free <- struct{}{} }()
		err = l.decide(ctx, a, decide)
	}()
	l.outbox.drain(ctx)
	return err
}

// lock waits for an account.
func (l *Ledger) lock(ctx context.Context, name string) (*account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	a := l.accounts[name]
	if a == nil {
		a = &account{free: make(chan struct{}, 1), state: newState(name)}
		a.free <- struct{}{}
		l.accounts[name] = a
	}
	l.mu.Unlock()
	select {
	case <-a.free:
		return a, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// maxStale is how often a decision is taken anew because another replica was
// faster. Each time, that one got on.
const maxStale = 100

// decide adds what time made of the account, then what decide wants. A decision
// that adds nothing counts only if nothing is new in the store; one that adds
// something is refused by the store if there is.
func (l *Ledger) decide(ctx context.Context, a *account, decide decision) error {
	var stale int
	for {
		clock := canonical(l.cfg.Now())
		if !validTime(clock) {
			return fmt.Errorf("credits: account %q: the clock shows %v: %w", a.state.account, clock, ErrInvalid)
		}
		entries, verdict, decided := a.decide(clock, decide)
		if len(entries) == 0 {
			if news, err := l.load(ctx, a); err != nil || !news {
				return errors.Join(err, verdict)
			}
			continue
		}
		err := l.append(ctx, a, entries)
		if errors.Is(err, ErrStale) && stale < maxStale {
			stale++
			news, loadErr := l.load(ctx, a)
			if loadErr != nil {
				return loadErr
			}
			if news {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("credits: account %q: %w", a.state.account, err)
		}
		if decided {
			return verdict
		}
	}
}

// decide returns what is due, or else what the decision says of the account as it
// is now.
func (a *account) decide(clock time.Time, decide decision) (entries []Entry, verdict error, decided bool) {
	s := a.state
	now := s.now(clock)
	if due := s.due(now, a.scratch[:0]); len(due) > 0 {
		a.scratch = due
		return due, nil, false
	}
	before := s.window
	s.roll(now)
	entries, verdict = decide(s, now, a.scratch[:0])
	s.window = before // only entries move it
	a.scratch = entries
	return entries, verdict, true
}

// append adds entries to the store, then to what is known.
func (l *Ledger) append(ctx context.Context, a *account, entries []Entry) error {
	for i := range entries {
		entries[i].Account, entries[i].Seq = a.state.account, a.state.seq+int64(i)+1
	}
	if err := l.cfg.Store.Append(ctx, entries); err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		if err := a.apply(e); err != nil {
			return err
		}
		if e.Kind == EntryNotice {
			s := a.state
			l.outbox.add(Notice{Account: s.account, Percent: int(e.Amount), Period: s.period, Balance: s.balance(), At: e.At})
		}
	}
	return nil
}

// pageLimit is how many entries are asked for at once.
const pageLimit = 10_000

// load learns the entries that others added, and reports whether there were any.
func (l *Ledger) load(ctx context.Context, a *account) (news bool, err error) {
	for {
		entries, err := l.cfg.Store.Load(ctx, a.state.account, a.state.seq, pageLimit)
		if err != nil {
			return false, fmt.Errorf("credits: load account %q: %w", a.state.account, err)
		}
		if len(entries) == 0 {
			return news, nil
		}
		news = true
		for i := range entries {
			if err := a.apply(&entries[i]); err != nil {
				return false, err
			}
		}
	}
}

// apply moves what is known by an entry. An account whose entries do not follow
// from each other is learnt from the beginning by the next call.
func (a *account) apply(e *Entry) error {
	if err := a.state.apply(e); err != nil {
		a.state = newState(a.state.account)
		return err
	}
	return nil
}
