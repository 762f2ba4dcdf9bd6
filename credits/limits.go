package credits

import (
	"context"
	"fmt"
	"time"
)

// Limits bounds what an account spends, whatever it has and may overdraw. 0 is no
// limit. A change holds at once; what is reserved already may still be committed.
type Limits struct {
	// PerPeriod is the hard cap: what is committed in a period, and pending, stays
	// within it. It wins over overage, auto-upgrade and late commits.
	PerPeriod int64 `json:"per_period"`
	// PerDay bounds what is reserved in one day of the plan's time zone and not
	// given back.
	PerDay int64 `json:"per_day"`
	// PerContact bounds what is reserved for one [Charge].Contact in a period and
	// not given back. Charges without a contact are not counted.
	PerContact int64 `json:"per_contact"`
}

// LimitKind names one of [Limits].
type LimitKind string

// The limits.
const (
	PeriodLimit  LimitKind = "per period"
	DayLimit     LimitKind = "per day"
	ContactLimit LimitKind = "per contact"
)

// SetLimits changes the limits of an account.
func (l *Ledger) SetLimits(ctx context.Context, account string, limits Limits) error {
	return l.changeLimits(ctx, account, func(now *Limits) { *now = limits })
}

// SetCap changes Limits.PerPeriod alone; 0 removes the cap.
func (l *Ledger) SetCap(ctx context.Context, account string, limit int64) error {
	return l.changeLimits(ctx, account, func(now *Limits) { now.PerPeriod = limit })
}

func (l *Ledger) changeLimits(ctx context.Context, account string, alter func(*Limits)) error {
	return l.change(ctx, account, func(s *state, now time.Time, out []Entry) ([]Entry, error) {
		limits := s.limits
		alter(&limits)
		if min(limits.PerPeriod, limits.PerDay, limits.PerContact) < 0 {
			return out, fmt.Errorf("credits: limits %+v for %q: %w", limits, account, ErrInvalid)
		}
		if limits == s.limits {
			return out, nil
		}
		return append(out, Entry{Kind: EntryLimits, At: now, Limits: &limits}), nil
	})
}

// underCap is what the hard cap leaves to spend in the period.
func (s *state) underCap() int64 {
	if s.limits.PerPeriod == 0 {
		return maxSum
	}
	return max(0, s.limits.PerPeriod-s.usedInPeriod-s.pending)
}

// limited is the limit that a charge would pass, or nil.
func (s *state) limited(c Charge) error {
	refused := RefusedError{Account: c.Account, Amount: c.Amount, Until: s.period.End}
	if left := s.underCap(); c.Amount > left {
		refused.Limit, refused.Left = PeriodLimit, left
		return &refused
	}
	if left := max(0, s.limits.PerDay-s.reservedToday); s.limits.PerDay > 0 && c.Amount > left {
		refused.Limit, refused.Left, refused.Until = DayLimit, left, s.day.End
		return &refused
	}
	if s.limits.PerContact == 0 || c.Contact == "" {
		return nil
	}
	if left := max(0, s.limits.PerContact-s.contacts[c.Contact]); c.Amount > left {
		refused.Limit, refused.Left = ContactLimit, left
		return &refused
	}
	return nil
}
