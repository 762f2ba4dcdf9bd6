package credits

import (
	"fmt"
	"time"
)

// This file moves credits between grants and reservations, as entries tell.

// hold takes the credits of a reservation.
func (s *state) hold(h *hold, e *Entry) {
	*h = hold{contact: e.Contact, purpose: e.Purpose, amount: e.Amount, reserved: e.At, expires: e.Until}
	h.parts = h.first[:0]
	h.overage = e.Amount - s.take(h, e.Amount)
	s.overage += h.overage
	s.pending += e.Amount
	s.count(h, e.Amount)
	s.timers.add(timer{at: e.Until, number: e.Seq, key: e.Key, hold: h})
}

// count counts a reservation against the limits of the day and of its contact,
// or off again, if it was made in this day or period.
func (s *state) count(h *hold, amount int64) {
	if !h.reserved.Before(s.day.Start) {
		s.reservedToday += amount
	}
	if h.contact == "" || h.reserved.Before(s.period.Start) {
		return
	}
	if s.contacts == nil {
		s.contacts = map[string]int64{}
	}
	if s.contacts[h.contact] += amount; s.contacts[h.contact] == 0 {
		delete(s.contacts, h.contact)
	}
}

// putBack gives amount of a reservation or charge back: first what no grant
// covers, then to the grants from which it was taken last.
func (s *state) putBack(h *hold, amount int64, to func(part)) {
	n := min(amount, h.overage)
	h.overage -= n
	s.overage -= n
	amount -= n
	for amount > 0 && len(h.parts) > 0 {
		last := &h.parts[len(h.parts)-1]
		n := min(amount, last.amount)
		to(part{last.grant, n})
		last.amount -= n
		amount -= n
		if last.amount == 0 {
			h.parts = h.parts[:len(h.parts)-1]
		}
	}
}

func (s *state) toGrant(p part) { s.put(p.grant, p.amount) }

// giveBack ends a pending reservation.
func (s *state) giveBack(h *hold) {
	s.pending -= h.amount
	s.count(h, -h.amount)
	s.putBack(h, h.amount, s.toGrant)
}

// commit turns a reservation into a charge of e.Amount; one that lapsed takes
// what it needs anew.
func (s *state) commit(h *hold, e *Entry) error {
	if h.state == holdPending {
		if e.Amount > h.amount {
			return s.corrupt(e, "charges more than was reserved")
		}
		s.pending -= h.amount
		s.count(h, e.Amount-h.amount)
		s.putBack(h, h.amount-e.Amount, s.toGrant)
	} else {
		h.parts = h.first[:0]
		if s.take(h, e.Amount-e.Overage) < e.Amount-e.Overage {
			return s.corrupt(e, "charges more than there is")
		}
		h.overage = e.Overage
		s.overage += e.Overage
		s.count(h, e.Amount)
	}
	if h.overage != e.Overage {
		return s.corrupt(e, fmt.Sprintf("overage is %d, not %d", h.overage, e.Overage))
	}
	h.state, h.charged, h.waived, h.settled = holdCommitted, e.Amount, e.Waived, e.At
	s.committed += e.Amount
	s.usedInPeriod += e.Amount
	return nil
}

// refund takes a charge back. What came from a grant that has expired comes back
// as a grant for the rest of this period.
func (s *state) refund(h *hold, e *Entry) {
	s.committed -= h.charged
	if !h.settled.Before(s.period.Start) {
		s.usedInPeriod -= h.charged
	}
	s.count(h, -h.charged)
	var homeless int64
	s.putBack(h, h.charged, func(p part) {
		if expires := p.grant.Expires; !expires.IsZero() && !s.at.Before(expires) {
			homeless += p.amount
		} else {
			s.put(p.grant, p.amount)
		}
	})
	if homeless > 0 {
		// Not a new grant, but an old one under another name: Granted stays.
		g := s.addGrant(Grant{ID: refundPrefix + e.Key, Amount: homeless, Kind: RefundGrant, Expires: s.period.End})
		s.granted -= g.Amount
	}
	h.state = holdRefunded
	s.replenished()
}

// reserveEntries is the decision on a charge.
func (s *state) reserveEntries(c Charge, now, until time.Time, levels []int, out []Entry) ([]Entry, error) {
	h := s.holds[c.Key]
	if h != nil {
		switch {
		case h.amount != c.Amount:
			return out, fmt.Errorf("credits: reserve %q: %w", c.Key, ErrConflict)
		case h.state == holdPending || h.state == holdCommitted:
			return out, nil
		case h.state != holdLapsed:
			return out, fmt.Errorf("credits: reserve %q: %w", c.Key, ErrSettled)
		}
	}
	if err := s.limited(c); err != nil {
		if err.(*RefusedError).Limit == PeriodLimit {
			out = s.notices(out, now, levels, 1, 1)
		}
		return out, err
	}
	over := max(0, c.Amount-s.available)
	if over > 0 && s.Plan.OnExhausted != Overage {
		refused := RefusedError{Account: c.Account, Amount: c.Amount, Left: s.available}
		if s.upcoming().Plan.Included > 0 {
			refused.Until = s.period.End
		}
		return s.notices(out, now, levels, 1, 1), &refused
	}
	out = append(out, Entry{
		Kind: EntryReserve, Key: c.Key, Amount: c.Amount, Overage: over, At: now, Until: until,
		Contact: c.Contact, Purpose: c.Purpose, Claims: h == nil,
	})
	return s.noticesAfter(out, now, levels, c.Amount, over), nil
}

// commitEntries is the decision on a commit of amount, or of all that was reserved
// if amount is negative.
func (s *state) commitEntries(key string, amount int64, ev Evidence, now time.Time, levels []int, out []Entry) ([]Entry, error) {
	h := s.holds[key]
	all := amount < 0
	switch {
	case h == nil:
		return out, fmt.Errorf("credits: commit %q: %w", key, ErrUnknown)
	case h.state == holdCommitted && (all || amount == h.charged+h.waived):
		return out, nil
	case h.state == holdCommitted:
		return out, fmt.Errorf("credits: commit %d of %q: %w", amount, key, ErrConflict)
	case h.state == holdReleased || h.state == holdRefunded:
		return out, fmt.Errorf("credits: commit %q: %w", key, ErrSettled)
	case amount > h.amount:
		return out, fmt.Errorf("credits: commit %d of the %d under %q: %w", amount, h.amount, key, ErrInvalid)
	}
	if all {
		amount = h.amount
	}
	e := Entry{Kind: EntryCommit, Key: key, Amount: amount, At: now, Contact: h.contact, Purpose: h.purpose, Evidence: ev}
	if h.state == holdPending {
		e.Overage = max(0, h.overage-(h.amount-amount))
		return append(out, e), nil
	}
	e.Amount = min(amount, s.underCap())
	if s.Plan.OnExhausted == Overage {
		e.Overage = max(0, e.Amount-s.available)
	} else {
		e.Amount = min(e.Amount, s.available)
	}
	e.Waived = amount - e.Amount
	return s.noticesAfter(append(out, e), now, levels, e.Amount, e.Overage), nil
}

func (s *state) releaseEntries(key string, now time.Time, out []Entry) ([]Entry, error) {
	h := s.holds[key]
	switch {
	case h == nil:
		return out, fmt.Errorf("credits: release %q: %w", key, ErrUnknown)
	case h.state == holdReleased:
		return out, nil
	case h.state == holdCommitted || h.state == holdRefunded:
		return out, fmt.Errorf("credits: release %q: %w", key, ErrSettled)
	}
	e := Entry{Kind: EntryRelease, Key: key, At: now, Contact: h.contact, Purpose: h.purpose}
	if h.state == holdPending {
		e.Amount = h.amount // what lapsed gave its credits back then
	}
	return append(out, e), nil
}

func (s *state) extendEntries(key string, until, now time.Time, out []Entry) ([]Entry, error) {
	h := s.holds[key]
	switch {
	case h == nil:
		return out, fmt.Errorf("credits: extend %q: %w", key, ErrUnknown)
	case h.state == holdLapsed:
		return out, fmt.Errorf("credits: extend %q: %w", key, ErrLapsed)
	case h.state != holdPending:
		return out, fmt.Errorf("credits: extend %q: %w", key, ErrSettled)
	case !until.After(h.expires):
		return out, nil
	}
	return append(out, Entry{Kind: EntryExtend, Key: key, At: now, Until: until, Contact: h.contact, Purpose: h.purpose}), nil
}

func (s *state) refundEntries(key string, ev Evidence, now time.Time, out []Entry) ([]Entry, error) {
	h := s.holds[key]
	switch {
	case h == nil:
		return out, fmt.Errorf("credits: refund %q: %w", key, ErrUnknown)
	case h.state == holdRefunded:
		return out, nil
	case h.state != holdCommitted:
		return out, fmt.Errorf("credits: refund %q: %w", key, ErrUncommitted)
	}
	return append(out, Entry{
		Kind: EntryRefund, Key: key, Amount: h.charged, Overage: h.overage, At: now,
		Contact: h.contact, Purpose: h.purpose, Evidence: ev,
	}), nil
}
