package credits

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Exhaustion is what [Config].Upgrade is asked about.
type Exhaustion struct {
	// ID names the exhaustion: if a replica dies while it asks, another asks
	// again under the same ID, and must not be sold the same credits twice.
	ID      string
	Account string
	Needed  int64 // what the charge asks for
	Balance Balance
}

// upgradeWithin is how long an upgrade may take before another replica asks again.
const upgradeWithin = time.Minute

// upgrade is where an account's exhaustion stands.
type upgrade struct {
	id    string    // "" is not asked yet
	until time.Time // while somebody asks; zero is that it failed
	count int       // counts exhaustions
}

// upgrades keeps callers of one process together: one asks, the others wait.
type upgrades struct {
	mu    sync.Mutex
	asked map[string]chan struct{} // by account; closed when the answer is there
}

// join returns nil to the one who asks, and to the others what they wait for.
func (u *upgrades) join(account string) (wait <-chan struct{}, leave func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if c := u.asked[account]; c != nil {
		return c, func() {}
	}
	if u.asked == nil {
		u.asked = map[string]chan struct{}{}
	}
	c := make(chan struct{})
	u.asked[account] = c
	return nil, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.asked, account)
		close(c)
	}
}

// upgradeFor asks for more credits if the account's plan says so and nobody has
// for this exhaustion, and reports whether reserving again may succeed.
func (l *Ledger) upgradeFor(ctx context.Context, c Charge) (again bool, err error) {
	wait, leave := l.upgrades.join(c.Account)
	defer leave()
	if wait != nil {
		select {
		case <-wait:
			return true, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	asked, again, err := l.claimUpgrade(ctx, c)
	if err != nil || asked.ID == "" {
		return again, err
	}
	g, err := l.ask(ctx, asked)
	after := context.WithoutCancel(ctx) // what was bought must not be lost
	if err == nil {
		if g.ID == "" {
			g.ID = asked.ID
		}
		if g.Kind == "" {
			g.Kind = UpgradeGrant
		}
		err = l.Grant(after, c.Account, g)
	}
	if err != nil {
		return false, errors.Join(err, l.failUpgrade(after, asked, err))
	}
	return true, nil
}

// claimUpgrade notes that this process asks. The exhaustion is empty if it need
// not or must not.
func (l *Ledger) claimUpgrade(ctx context.Context, c Charge) (asked Exhaustion, again bool, err error) {
	err = l.change(ctx, c.Account, func(s *state, now time.Time, out []Entry) ([]Entry, error) {
		asked, again = Exhaustion{}, s.available >= c.Amount
		pausing := s.Plan.OnExhausted != AutoUpgrade || s.limited(c) != nil
		busy := s.upgrade.id != "" && (s.upgrade.until.IsZero() || now.Before(s.upgrade.until))
		if again || pausing || busy {
			return out, nil
		}
		asked = Exhaustion{ID: s.upgrade.id, Account: c.Account, Needed: c.Amount, Balance: s.balance()}
		if asked.ID == "" {
			asked.ID = fmt.Sprintf("upgrade/%s/%d", c.Account, s.upgrade.count+1)
		}
		return append(out, Entry{Kind: EntryUpgrade, Key: asked.ID, At: now, Until: now.Add(upgradeWithin)}), nil
	})
	return asked, again, err
}

func (l *Ledger) ask(ctx context.Context, e Exhaustion) (Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, upgradeWithin)
	defer cancel()
	return l.cfg.Upgrade(ctx, e)
}

// failUpgrade notes that nothing came of it.
func (l *Ledger) failUpgrade(ctx context.Context, asked Exhaustion, cause error) error {
	return l.change(ctx, asked.Account, func(s *state, now time.Time, out []Entry) ([]Entry, error) {
		if s.upgrade.id != asked.ID || s.upgrade.until.IsZero() {
			return out, nil // credits came meanwhile, or it is noted already
		}
		return append(out, Entry{Kind: EntryUpgrade, Key: asked.ID, At: now, Purpose: cause.Error()}), nil
	})
}
