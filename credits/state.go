package credits

import (
	"fmt"
	"math"
	"time"
)

// maxSum is more than any sum of credits.
const maxSum = math.MaxInt64 / 4

// state is an account as its entries tell it. It is changed by apply alone, so
// that all replicas that know the same entries are in the same state.
type state struct {
	account string
	seq     int64     // of the last entry
	at      time.Time // of the last entry: an account's time never goes back

	window        // what belongs to a period or day
	plans  int    // counts plans
	limits Limits // in force

	grants    []*grant // with something left, in the order of use
	grantByID map[string]*grant
	holds     map[string]*hold
	timers    timers

	granted, expired, committed, pending, overage int64
	available                                     int64 // the sum of what is left of the grants

	upgrade upgrade
}

// window is what of an account begins anew with time. It is a plain value, so
// that a decision can look at what it will be without moving the account.
type window struct {
	scheme         // the plan in force
	next   *scheme // the plan from the end of the period on, or nil
	period Period
	day    Period

	included      *grant           // of the plan, in this period
	usedInPeriod  int64            // committed in this period, less what was refunded of it
	reservedToday int64            // and not given back
	contacts      map[string]int64 // reserved in this period and not given back
	noticed       int              // the highest threshold told in this period
}

// scheme is a plan with its calendar.
type scheme struct {
	Plan Plan
	calendar
}

// holdState is the state of a reservation.
type holdState uint8

const (
	holdPending holdState = iota
	holdCommitted
	holdReleased
	holdLapsed
	holdRefunded
)

// hold is a reservation and what became of it.
type hold struct {
	state    holdState
	contact  string
	purpose  string
	amount   int64 // reserved
	charged  int64 // committed
	waived   int64
	overage  int64     // the part of the amount, or of the charge, that no part covers
	parts    []part    // from which grants it is taken
	first    [1]part   // where parts begin
	reserved time.Time // when
	settled  time.Time // when it was committed
	expires  time.Time
}

func newState(account string) *state {
	return &state{
		account: account, window: window{scheme: scheme{Plan{}.normal(), calendar{time.UTC, 1}}},
		grantByID: map[string]*grant{}, holds: map[string]*hold{},
	}
}

func (s *state) balance() Balance {
	return Balance{
		Granted: s.granted, Committed: s.committed, Pending: s.pending,
		Available: s.available, Expired: s.expired, Overage: s.overage,
	}
}

// upcoming is the plan of the next period.
func (w *window) upcoming() scheme {
	if w.next == nil {
		return w.scheme
	}
	return *w.next
}

// reset is when the plan's credits are granted next, and whether they are.
func (w *window) reset() (time.Time, bool) {
	return w.period.End, w.upcoming().Plan.Included > 0 && !w.period.End.IsZero()
}

// now is the time of the next entry.
func (s *state) now(clock time.Time) time.Time {
	if clock.Before(s.at) {
		return s.at
	}
	return clock
}

// roll moves the window to a time.
func (w *window) roll(to time.Time) {
	if !to.Before(w.period.End) {
		end := w.period.End
		if w.next != nil {
			w.scheme, w.next = w.upcoming(), nil
		}
		w.period = w.calendar.period(to)
		if w.period.Start.Before(end) {
			w.period.Start = end // cut short by a change of plan
		}
		w.day = Period{}
		w.usedInPeriod, w.noticed, w.included, w.contacts = 0, 0, nil, nil
	}
	if !w.day.Contains(to) {
		w.day = w.calendar.day(to)
		w.reservedToday = 0
	}
}

// apply brings the state forward by one entry.
func (s *state) apply(e *Entry) error {
	if e.Seq != s.seq+1 || e.Account != s.account || e.At.Before(s.at) {
		return s.corrupt(e, "does not follow the one before")
	}
	s.seq, s.at = e.Seq, e.At
	s.roll(e.At)
	switch e.Kind {
	case EntryGrant, EntryExpire:
		return s.applyGrant(e)
	case EntryPlan:
		return s.applyPlan(e)
	case EntryLimits:
		if e.Limits == nil {
			return s.corrupt(e, "has no limits")
		}
		s.limits = *e.Limits
	case EntryNotice:
		s.noticed = max(s.noticed, int(e.Amount))
	case EntryUpgrade:
		if e.Key != s.upgrade.id {
			s.upgrade.count++
		}
		s.upgrade.id, s.upgrade.until = e.Key, e.Until
	default:
		return s.applyCharge(e)
	}
	return nil
}

func (s *state) corrupt(e *Entry, reason string) error {
	return &CorruptError{Account: s.account, Seq: e.Seq, Reason: reason}
}

func (s *state) applyGrant(e *Entry) error {
	known := s.grantByID[e.Key]
	if e.Kind == EntryExpire {
		if known == nil || known.left < e.Amount {
			return s.corrupt(e, fmt.Sprintf("expires more of grant %q than is left", e.Key))
		}
		known.left -= e.Amount
		known.expired = true
		s.unlist(known)
		s.available -= e.Amount
		s.expired += e.Amount
		return nil
	}
	if known != nil || e.Grant == nil || e.Grant.ID != e.Key || e.Grant.Amount != e.Amount || e.Amount < 1 {
		return s.corrupt(e, fmt.Sprintf("grant %q is known or wrong", e.Key))
	}
	g := s.addGrant(*e.Grant)
	if g.Kind == PlanGrant {
		s.included = g
	}
	s.replenished()
	return nil
}

func (s *state) applyPlan(e *Entry) error {
	if e.Plan == nil {
		return s.corrupt(e, "has no plan")
	}
	plan := *e.Plan
	cal, err := plan.calendar()
	if err == nil {
		err = plan.check()
	}
	if err != nil {
		return fmt.Errorf("credits: entry %d of account %q: %w", e.Seq, s.account, err)
	}
	s.plans++
	if plan.From.After(e.At) {
		s.next = &scheme{plan, cal}
		return nil
	}
	s.scheme, s.next = scheme{plan, cal}, nil
	s.period = Period{plan.From, cal.period(plan.From).End}
	s.day = cal.day(e.At)
	s.noticed = 0
	return nil
}

// applyCharge applies what happens to a reservation.
func (s *state) applyCharge(e *Entry) error {
	h := s.holds[e.Key]
	if e.Kind == EntryReserve {
		if h != nil && h.state != holdLapsed || (h == nil) != e.Claims {
			return s.corrupt(e, fmt.Sprintf("key %q is known", e.Key))
		}
		if h == nil {
			h = &hold{}
			s.holds[e.Key] = h
		}
		s.hold(h, e)
		return nil
	}
	if h == nil {
		return s.corrupt(e, fmt.Sprintf("key %q is unknown", e.Key))
	}
	switch {
	case e.Kind == EntryExtend && h.state == holdPending:
		h.expires = e.Until
		s.timers.add(timer{at: e.Until, number: e.Seq, key: e.Key, hold: h})
	case e.Kind == EntryCommit && (h.state == holdPending || h.state == holdLapsed):
		return s.commit(h, e)
	case (e.Kind == EntryRelease || e.Kind == EntryLapse) && h.state == holdPending:
		s.giveBack(h)
		h.state = holdLapsed
		if e.Kind == EntryRelease {
			h.state = holdReleased
		}
	case e.Kind == EntryRelease && h.state == holdLapsed:
		h.state = holdReleased
	case e.Kind == EntryRefund && h.state == holdCommitted:
		s.refund(h, e)
	default:
		return s.corrupt(e, fmt.Sprintf("%s of %q cannot be", e.Kind, e.Key))
	}
	return nil
}

// replenished notes that credits came: the next exhaustion is another one.
func (s *state) replenished() { s.upgrade = upgrade{count: s.upgrade.count} }
