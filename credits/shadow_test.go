package credits

import (
	"cmp"
	"slices"
	"time"
)

// shadow is a ledger of one account written as plainly as its rules are told: it
// looks at everything whenever anything happens.
type shadow struct {
	now      time.Time
	included int64     // from the next reset on
	reset    time.Time // when that is
	overage  bool
	limits   Limits
	grants   []*shadowGrant
	holds    map[string]*shadowHold
	order    int
	b        Balance // all but Available
}

type shadowGrant struct {
	id       string
	amount   int64
	left     int64
	priority int
	expires  time.Time
	order    int
}

type shadowHold struct {
	amount, charged, waived, overage int64
	contact                          string
	from                             []*shadowGrant
	much                             []int64
	made, settled, until             time.Time
	state                            string // pending, lapsed, committed, released, refunded
}

func newShadow(now time.Time) *shadow { return &shadow{now: now, holds: map[string]*shadowHold{}} }

// plan changes the plan from the next month on.
func (s *shadow) plan(included int64) {
	if s.included == 0 {
		s.reset = month(s.now).AddDate(0, 1, 0)
	}
	s.included = included
}

func month(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

func date(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }

// wait lets time pass, one event after the other.
func (s *shadow) wait(d time.Duration) {
	to := s.now.Add(d)
	for {
		next, what := to.Add(time.Nanosecond), func() {}
		for _, key := range sortedKeys(s.holds) {
			if h := s.holds[key]; h.state == "pending" && h.until.Before(next) {
				next, what = h.until, func() { s.giveBack(h); h.state = "lapsed" }
			}
		}
		if reset := s.reset; s.included > 0 && reset.Before(next) {
			following := reset.AddDate(0, 1, 0)
			next, what = reset, func() { s.add("", s.included, 0, following); s.reset = following }
		}
		for _, g := range s.grants { // what expires does so before its successor comes
			if g.left > 0 && !g.expires.IsZero() && !g.expires.After(next) && !g.expires.After(to) {
				next, what = g.expires, func() { s.b.Expired += g.left; g.left = 0 }
				break
			}
		}
		if next.After(to) {
			s.now = to
			return
		}
		if next.After(s.now) {
			s.now = next
		}
		what()
	}
}

func sortedKeys(holds map[string]*shadowHold) []string {
	keys := make([]string, 0, len(holds))
	for key := range holds {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (s *shadow) add(id string, amount int64, priority int, expires time.Time) {
	s.order++
	s.grants = append(s.grants, &shadowGrant{id: id, amount: amount, left: amount, priority: priority, expires: expires, order: s.order})
	s.b.Granted += amount
}

func (s *shadow) available() (sum int64) {
	for _, g := range s.grants {
		sum += g.left
	}
	return sum
}

func (s *shadow) balance() Balance {
	b := s.b
	b.Available = s.available()
	return b
}

func (s *shadow) take(h *shadowHold, amount int64) {
	slices.SortFunc(s.grants, func(a, b *shadowGrant) int {
		forever := func(t time.Time) time.Time {
			if t.IsZero() {
				return time.Unix(1<<40, 0)
			}
			return t
		}
		return cmp.Or(cmp.Compare(a.priority, b.priority), forever(a.expires).Compare(forever(b.expires)), cmp.Compare(a.order, b.order))
	})
	for _, g := range s.grants {
		if n := min(amount, g.left); n > 0 {
			g.left -= n
			amount -= n
			h.from, h.much = append(h.from, g), append(h.much, n)
		}
	}
	h.overage = amount
	s.b.Overage += amount
}

// untake gives amount back, what no grant covers first, the last taken next.
func (s *shadow) untake(h *shadowHold, amount int64, back func(*shadowGrant, int64)) {
	n := min(amount, h.overage)
	h.overage -= n
	s.b.Overage -= n
	amount -= n
	for i := len(h.from) - 1; i >= 0; i-- {
		n := min(amount, h.much[i])
		h.much[i] -= n
		amount -= n
		back(h.from[i], n)
	}
}

func (s *shadow) toGrant(g *shadowGrant, n int64) { g.left += n }

func (s *shadow) giveBack(h *shadowHold) {
	s.b.Pending -= h.amount
	s.untake(h, h.amount, s.toGrant)
}

// usedInPeriod, reservedSince and reservedFor add up what limits count.
func (s *shadow) usedInPeriod() (sum int64) {
	for _, h := range s.holds {
		if h.state == "committed" && !h.settled.Before(month(s.now)) {
			sum += h.charged
		}
	}
	return sum
}

func (s *shadow) reserved(since time.Time, contact string) (sum int64) {
	for _, h := range s.holds {
		if h.made.Before(since) || contact != "" && h.contact != contact {
			continue
		}
		switch h.state {
		case "pending":
			sum += h.amount
		case "committed":
			sum += h.charged
		}
	}
	return sum
}

func (s *shadow) room() int64 {
	if s.limits.PerPeriod == 0 {
		return 1 << 60
	}
	return max(0, s.limits.PerPeriod-s.usedInPeriod()-s.b.Pending)
}

func (s *shadow) grant(id string, amount int64, priority int, expires time.Time) error {
	for _, g := range s.grants {
		if g.id == id {
			if g.amount != amount || g.priority != priority || !g.expires.Equal(expires) {
				return ErrConflict
			}
			return nil
		}
	}
	if !expires.IsZero() && !s.now.Before(expires) {
		return ErrInvalid
	}
	s.add(id, amount, priority, expires)
	return nil
}

func (s *shadow) reserve(key string, amount int64, contact string, holdFor time.Duration) error {
	if h := s.holds[key]; h != nil {
		switch {
		case h.amount != amount:
			return ErrConflict
		case h.state == "pending" || h.state == "committed":
			return nil
		case h.state != "lapsed":
			return ErrSettled
		}
	}
	over := func(limit, used int64) bool { return amount > 0 && limit > 0 && amount > limit-used }
	switch {
	case amount > s.room() && amount > 0,
		over(s.limits.PerDay, s.reserved(date(s.now), "")),
		contact != "" && over(s.limits.PerContact, s.reserved(month(s.now), contact)):
		return ErrCapped
	case amount > s.available() && !s.overage:
		return ErrExhausted
	}
	h := &shadowHold{amount: amount, contact: contact, made: s.now, until: s.now.Add(holdFor), state: "pending"}
	s.holds[key] = h
	s.take(h, amount)
	s.b.Pending += amount
	return nil
}

// commit charges part of what was reserved, or all of it if part is negative.
func (s *shadow) commit(key string, part int64) error {
	h := s.holds[key]
	switch {
	case h == nil:
		return ErrUnknown
	case h.state == "committed" && part >= 0 && part != h.charged+h.waived:
		return ErrConflict
	case h.state == "committed":
		return nil
	case h.state == "released" || h.state == "refunded":
		return ErrSettled
	case part > h.amount:
		return ErrInvalid
	}
	if part < 0 {
		part = h.amount
	}
	h.charged = part
	if h.state == "pending" {
		s.b.Pending -= h.amount
		s.untake(h, h.amount-part, s.toGrant)
	} else {
		h.from, h.much = nil, nil
		h.charged = min(part, s.room())
		if !s.overage {
			h.charged = min(h.charged, s.available())
		}
		h.waived = part - h.charged
		s.take(h, h.charged)
	}
	s.b.Committed += h.charged
	h.state, h.settled = "committed", s.now
	return nil
}

func (s *shadow) release(key string) error {
	h := s.holds[key]
	switch {
	case h == nil:
		return ErrUnknown
	case h.state == "committed" || h.state == "refunded":
		return ErrSettled
	case h.state == "pending":
		s.giveBack(h)
	}
	h.state = "released"
	return nil
}

func (s *shadow) extend(key string, until time.Time) error {
	h := s.holds[key]
	switch {
	case h == nil:
		return ErrUnknown
	case h.state == "lapsed":
		return ErrLapsed
	case h.state != "pending":
		return ErrSettled
	case until.After(h.until):
		h.until = until
	}
	return nil
}

func (s *shadow) refund(key string) error {
	h := s.holds[key]
	switch {
	case h == nil:
		return ErrUnknown
	case h.state == "refunded":
		return nil
	case h.state != "committed":
		return ErrUncommitted
	}
	s.b.Committed -= h.charged
	var homeless int64
	s.untake(h, h.charged, func(g *shadowGrant, n int64) {
		if !g.expires.IsZero() && !s.now.Before(g.expires) {
			homeless += n
		} else {
			g.left += n
		}
	})
	if homeless > 0 {
		s.add("refund/"+key, homeless, 0, month(s.now).AddDate(0, 1, 0))
		s.b.Granted -= homeless
	}
	h.state = "refunded"
	return nil
}
