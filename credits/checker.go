package credits

import (
	"context"
	"fmt"
	"time"
)

// Checker is implemented by meters that can tell whether a charge would be
// accepted now, without holding anything: to show that somebody is out of
// credits, and until when.
type Checker interface {
	// Check returns nil if Reserve would accept the charge, else its error, which
	// is a [*RefusedError] where the meter knows when that changes. The charge
	// needs no key.
	Check(ctx context.Context, c Charge) error
}

var _ Checker = (*Ledger)(nil)

// Check implements [Checker]. Where the plan would upgrade an exhausted account,
// it is not asked to: the charge counts as accepted unless the last upgrade has
// failed.
func (l *Ledger) Check(ctx context.Context, c Charge) error {
	if c.Account == "" || c.Amount < 0 || c.Amount > MaxAmount {
		return fmt.Errorf("credits: check %d of %q: %w", c.Amount, c.Account, ErrInvalid)
	}
	c.Key = ""
	var refused error
	err := l.change(ctx, c.Account, func(s *state, now time.Time, out []Entry) ([]Entry, error) {
		refused = nil
		if _, err := s.reserveEntries(c, now, now, nil, nil); err != nil && !l.mayUpgrade(s, c) {
			refused = err
		}
		return out, nil
	})
	if err != nil {
		return err
	}
	return refused
}

// mayUpgrade reports whether a charge that is refused for want of credits would
// have more asked for.
func (l *Ledger) mayUpgrade(s *state, c Charge) bool {
	failed := s.upgrade.id != "" && s.upgrade.until.IsZero()
	return l.cfg.Upgrade != nil && s.Plan.OnExhausted == AutoUpgrade && !failed && s.limited(c) == nil
}
