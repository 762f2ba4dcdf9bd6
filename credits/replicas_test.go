package credits

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A12, P7: two replicas, a hundred conversations each repeated on both, credits
// for fifty.
func TestA12ReplicasOnOneStoreNeverOverspend(t *testing.T) {
	store := NewMemoryStore()
	ledgers := []*Ledger{NewLedger(Config{Store: store}), NewLedger(Config{Store: store})}
	if err := ledgers[0].Grant(ctx, "acme", Grant{ID: "g", Amount: 5000}); err != nil {
		t.Fatal(err)
	}
	admitted := make([]atomic.Int32, 100)
	var wg sync.WaitGroup
	for i := range admitted {
		for _, l := range ledgers {
			wg.Go(func() {
				key := fmt.Sprint("conversation/", i)
				err := l.Reserve(ctx, Charge{Account: "acme", Key: key, Amount: 100})
				if err == nil {
					err = l.Commit(ctx, key, Evidence{Conversation: key})
				}
				if err == nil {
					admitted[i].Add(1)
				} else if !errors.Is(err, ErrExhausted) {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	n := 0
	for i := range admitted {
		switch admitted[i].Load() {
		case 1:
			t.Errorf("conversation %d was admitted by one replica only", i)
		case 2:
			n++
		}
	}
	for _, l := range ledgers {
		b, err := l.Balance(ctx, "acme")
		if want := bal(5000, 5000, 0, 0); err != nil || b != want || n != 50 {
			t.Errorf("%d conversations were admitted, balance %+v, %v", n, b, err)
		}
	}
}

// Of two accounts that reserve one key at once, one gets it.
func TestAKeyBelongsToOneAccountAcrossReplicas(t *testing.T) {
	store := NewMemoryStore()
	var wg sync.WaitGroup
	var won, lost atomic.Int32
	for i := range 2 {
		l := NewLedger(Config{Store: store})
		account := fmt.Sprint("account ", i)
		_ = l.Grant(ctx, account, Grant{ID: "g", Amount: 1_000_000})
		wg.Go(func() {
			for j := range 500 {
				err := l.Reserve(ctx, Charge{Account: account, Key: fmt.Sprint(j), Amount: 1})
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, ErrConflict):
					lost.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if won.Load() != 500 || lost.Load() != 500 {
		t.Errorf("%d won, %d lost", won.Load(), lost.Load())
	}
}

// The time of an account never goes back, so that replicas whose clocks differ
// agree on its entries.
func TestReplicasWithDifferentClocksAgree(t *testing.T) {
	store, ahead, behind := NewMemoryStore(), newClock(), newClock()
	ahead.t = instant("2026-04-01T00:00:01Z")
	behind.t = instant("2026-03-31T23:59:59Z")
	fast, slow := NewLedger(Config{Store: store, Now: ahead.now}), NewLedger(Config{Store: store, Now: behind.now})
	_ = slow.SetPlan(ctx, "acme", Plan{Included: 100})
	_ = slow.SetLimits(ctx, "acme", Limits{PerDay: 60})
	for i, l := range []*Ledger{slow, fast, slow, fast} {
		err := l.Reserve(ctx, Charge{Account: "acme", Key: fmt.Sprint(i), Amount: 50})
		if want := []error{nil, nil, ErrCapped, ErrCapped}[i]; !errors.Is(err, want) {
			t.Errorf("%d: %v", i, err)
		}
	}
	for _, l := range []*Ledger{slow, fast} {
		if b, err := l.Balance(ctx, "acme"); err != nil || b != (Balance{Granted: 200, Pending: 100, Available: 50, Expired: 50}) {
			t.Errorf("%+v, %v", b, err)
		}
	}
}

// brittle is a store that fails when told to, before or after it did its work.
type brittle struct {
	Store
	before, after int // which Append from now fails
}

var errDown = errors.New("store is down")

func (b *brittle) Append(ctx context.Context, entries []Entry) error {
	b.before--
	if b.before == 0 {
		return errDown
	}
	err := b.Store.Append(ctx, entries)
	if b.after--; b.after == 0 && err == nil {
		return errDown
	}
	return err
}

// P1, P17: a write whose outcome is unknown is repeated, and happens once.
func TestP1FailureOfAnyWriteIsHealedByRepeatingTheCall(t *testing.T) {
	for _, late := range []bool{false, true} {
		for n := 1; ; n++ {
			store, c := &brittle{Store: NewMemoryStore()}, newClock()
			l := NewLedger(Config{Store: store, Now: c.now})
			if late {
				store.after = n
			} else {
				store.before = n
			}
			failed := 0
			for _, call := range []func() error{
				func() error { return l.SetPlan(ctx, "acme", Plan{Included: 100}) },
				func() error { return l.Reserve(ctx, Charge{Account: "acme", Key: "a", Amount: 40}) },
				func() error { return l.Commit(ctx, "a", Evidence{}) },
				func() error { return l.Grant(ctx, "acme", Pack("p", 10)) },
				func() error { return l.Reserve(ctx, Charge{Account: "acme", Key: "b", Amount: 5}) },
				func() error { c.t = instant("2026-04-02T00:00:00Z"); return l.Release(ctx, "b") },
				func() error { return l.Refund(ctx, "a", Evidence{}) },
			} {
				for err := call(); err != nil; err = call() {
					if failed++; !errors.Is(err, errDown) || failed > 1 {
						t.Fatal(err)
					}
				}
			}
			b, err := l.Balance(ctx, "acme")
			if want := (Balance{Granted: 210, Available: 150, Expired: 60}); err != nil || b != want {
				t.Errorf("write %d, after %v: %+v, %v", n, late, b, err)
			}
			if failed == 0 {
				if n < 8 {
					t.Errorf("only %d writes", n-1)
				}
				break
			}
		}
	}
}

// always is a store in which another replica is always faster.
type always struct{ Store }

func (always) Append(context.Context, []Entry) error { return ErrStale }

func TestARefusalWithoutNewsEnds(t *testing.T) {
	l := NewLedger(Config{Store: always{NewMemoryStore()}})
	if err := l.Grant(ctx, "acme", Pack("p", 1)); !errors.Is(err, ErrStale) {
		t.Errorf("got %v", err)
	}
	if err := l.Reserve(ctx, Charge{Account: "acme", Key: "free"}); !errors.Is(err, ErrStale) {
		t.Errorf("got %v", err)
	}
}

func TestCorruptEntriesAreReported(t *testing.T) {
	at := newClock().t
	grant := Entry{Account: "acme", Seq: 1, Kind: EntryGrant, At: at, Key: "g", Amount: 10, Grant: &Grant{ID: "g", Amount: 10}}
	for name, e := range map[string]Entry{
		"unknown kind": {Kind: "gift"}, "commit of nothing": {Kind: EntryCommit, Key: "k"}, "earlier": {Kind: EntryLimits, Limits: &Limits{}, At: at.Add(-1)},
		"no limits": {Kind: EntryLimits}, "no plan": {Kind: EntryPlan}, "grant twice": grant, "too much expires": {Kind: EntryExpire, Key: "g", Amount: 11},
		"bad plan": {Kind: EntryPlan, Plan: &Plan{ResetDay: 40}}, "claim missing": {Kind: EntryReserve, Key: "k", Amount: 1},
	} {
		store := NewMemoryStore()
		e.Account, e.Seq = "acme", 2
		if e.At.IsZero() {
			e.At = at
		}
		if err := store.Append(ctx, []Entry{grant, e}); err != nil {
			t.Fatal(err)
		}
		l := NewLedger(Config{Store: store, Now: newClock().now})
		for range 2 { // it stays an error
			_, err := l.Balance(ctx, "acme")
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) && !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestMemoryStoreRefusesGapsAndMixedAccounts(t *testing.T) {
	m := NewMemoryStore()
	if err := m.Append(ctx, []Entry{{Account: "acme", Seq: 2}}); !errors.Is(err, ErrStale) {
		t.Errorf("a gap: %v", err)
	}
	if err := m.Append(ctx, []Entry{{Account: "acme", Seq: 1}, {Account: "other", Seq: 2}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("two accounts: %v", err)
	}
}

func TestBadClocksAndTimesAreInvalid(t *testing.T) {
	a := newAccount(t, Config{})
	a.grant("g", 10)
	a.must(a.reserve("a", 1))
	far := time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC)
	a.refused(a.Extend(ctx, "a", far), ErrInvalid)
	a.refused(a.Grant(ctx, "acme", Grant{ID: "h", Amount: 1, Expires: far}), ErrInvalid)
	a.refused(a.Grant(ctx, "acme", Grant{ID: "h", Amount: 1, Expires: a.clock.t}), ErrInvalid)
	a.refused(a.Grant(ctx, "", Grant{ID: "h", Amount: 1}), ErrInvalid)
	_, err := a.Period(ctx, "acme", far)
	a.refused(err, ErrInvalid)
	a.clock.t = far
	a.refused(a.reserve("b", 1), ErrInvalid)
}

func TestAnEndedContextFailsEveryCall(t *testing.T) {
	a := newAccount(t, Config{})
	a.grant("g", 10)
	a.must(a.reserve("a", 1))
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, balance := a.Balance(ended, "acme")
	_, bill := a.Bill(ended, "acme", month2026(3))
	_, entries := a.Entries(ended, "acme")
	_, forecast := a.Forecast(ended, "acme", 3)
	_, period := a.Period(ended, "acme", a.clock.t)
	for i, err := range []error{
		balance, bill, entries, forecast, period, a.Reserve(ended, Charge{Account: "acme", Key: "b"}), a.Commit(ended, "a", Evidence{}), a.Release(ended, "a"),
		a.Extend(ended, "a", a.clock.t), a.Refund(ended, "a", Evidence{}), a.Grant(ended, "acme", Pack("p", 1)), a.SetCap(ended, "acme", 1), a.SetPlan(ended, "acme", Plan{}),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: %v", i, err)
		}
	}
}
