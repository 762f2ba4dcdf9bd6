package credits

import (
	"context"
	"fmt"
	"time"
)

// OnExhausted is what happens when a charge asks for more than there is.
type OnExhausted string

// What can happen. The zero OnExhausted is Pause.
const (
	// Pause refuses the charge until credits come: by reset, purchase or refund.
	Pause OnExhausted = "pause"
	// Overage accepts it beyond the grants, up to the limits; the bill tells how
	// much that was. It does not use up credits that are granted later.
	Overage OnExhausted = "overage"
	// AutoUpgrade asks [Config].Upgrade for more credits, once each time they are
	// exhausted, and pauses if it fails.
	AutoUpgrade OnExhausted = "auto-upgrade"
)

// Plan is what an account gets by itself. The zero Plan includes nothing; its
// periods are the calendar months of UTC.
type Plan struct {
	// Included credits are granted at the start of each period and expire at its
	// end; from 0 to MaxAmount.
	Included int64 `json:"included"`
	// ResetDay is the day of the month, 1 to 31, at whose start a period begins;
	// in shorter months on their last day. Default 1.
	ResetDay int `json:"reset_day"`
	// TimeZone is an IANA name such as "Europe/Copenhagen"; default UTC. A program
	// without access to the tz database imports time/tzdata.
	TimeZone string `json:"time_zone"`
	// OnExhausted is what happens beyond the credits; default Pause.
	OnExhausted OnExhausted `json:"on_exhausted"`
	// From is when the plan took or takes effect. It is set by the ledger.
	From time.Time `json:"from"`
}

// normal fills in the defaults.
func (p Plan) normal() Plan {
	if p.ResetDay == 0 {
		p.ResetDay = 1
	}
	if p.TimeZone == "" {
		p.TimeZone = "UTC"
	}
	if p.OnExhausted == "" {
		p.OnExhausted = Pause
	}
	return p
}

func (p Plan) check() error {
	switch {
	case p.Included < 0 || p.Included > MaxAmount:
		return fmt.Errorf("plan includes %d credits: %w", p.Included, ErrInvalid)
	case p.ResetDay < 1 || p.ResetDay > 31:
		return fmt.Errorf("plan resets on day %d: %w", p.ResetDay, ErrInvalid)
	case p.OnExhausted != Pause && p.OnExhausted != Overage && p.OnExhausted != AutoUpgrade:
		return fmt.Errorf("plan does %q when exhausted: %w", p.OnExhausted, ErrInvalid)
	case p.TimeZone == "Local":
		return fmt.Errorf("plan has no time zone of its own: %w", ErrInvalid)
	}
	return nil
}

// calendar is the plan's, or an error if its time zone is unknown.
func (p Plan) calendar() (calendar, error) {
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		return calendar{}, fmt.Errorf("time zone %q: %w: %w", p.TimeZone, ErrInvalid, err)
	}
	return calendar{zone: zone, resetDay: p.ResetDay}, nil
}

// SetPlan gives an account a plan. If nothing was used in the current period it
// takes effect at once and includes its credits in full; else with the next
// period. A plan that the account has, or is about to have, changes nothing.
func (l *Ledger) SetPlan(ctx context.Context, account string, p Plan) error {
	p = p.normal()
	err := p.check()
	var cal calendar
	if err == nil {
		cal, err = p.calendar()
	}
	if err != nil {
		return fmt.Errorf("credits: account %q: %w", account, err)
	}
	return l.change(ctx, account, func(s *state, now time.Time, out []Entry) ([]Entry, error) {
		return s.planEntries(p, cal, now, out), nil
	})
}

// planEntries are what a new plan changes.
func (s *state) planEntries(p Plan, cal calendar, now time.Time, out []Entry) []Entry {
	latest := s.upcoming().Plan
	if p.From = latest.From; p == latest {
		return out
	}
	if s.usedInPeriod > 0 || s.pending > 0 {
		p.From = s.period.End
		return append(out, Entry{Kind: EntryPlan, At: now, Plan: &p})
	}
	p.From = now
	if g := s.included; g != nil && g.left > 0 {
		out = append(out, Entry{Kind: EntryExpire, Key: g.ID, Amount: g.left, At: now})
	}
	out = append(out, Entry{Kind: EntryPlan, At: now, Plan: &p})
	if p.Included > 0 {
		out = append(out, includedGrant(s.plans+1, p, now, cal.period(now).End))
	}
	return out
}

// includedGrant is the entry for a period's credits under an account's nth plan.
func includedGrant(n int, p Plan, start, end time.Time) Entry {
	g := Grant{ID: fmt.Sprintf("%s%d/%s", includedPrefix, n, start.UTC().Format(time.RFC3339)), Amount: p.Included, Kind: PlanGrant, Expires: end}
	return Entry{Kind: EntryGrant, Key: g.ID, Amount: g.Amount, At: start, Until: end, Grant: &g}
}
