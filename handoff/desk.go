package handoff

import (
	"cmp"
	"slices"
	"time"
)

// desk is a queue while it is being changed.
type desk struct {
	cfg      *QueueConfig
	now      time.Time
	version  int64
	tickets  []*Ticket // whoever has waited longest first
	presence map[string]*Presence
	touched  map[*Ticket]bool
	moved    map[*Presence]bool
	cases    []Case
}

func newDesk(cfg *QueueConfig, s QueueState) *desk {
	d := &desk{
		cfg: cfg, now: cfg.Now(), version: s.Version,
		presence: map[string]*Presence{}, touched: map[*Ticket]bool{}, moved: map[*Presence]bool{},
	}
	for i := range s.Tickets {
		d.tickets = append(d.tickets, &s.Tickets[i])
	}
	for i := range s.Members {
		d.presence[s.Members[i].Member] = &s.Members[i]
	}
	d.sort()
	return d
}

func (d *desk) sort() {
	slices.SortFunc(d.tickets, func(a, b *Ticket) int {
		return cmp.Or(a.WaitingSince.Compare(b.WaitingSince), a.RoutedAt.Compare(b.RoutedAt), cmp.Compare(a.Key, b.Key))
	})
}

func (d *desk) find(key string) *Ticket {
	for _, t := range d.tickets {
		if t.Key == key {
			return t
		}
	}
	return nil
}

func (d *desk) touch(t *Ticket) { d.touched[t] = true }

// add takes up a case.
func (d *desk) add(c Case) {
	t := &Ticket{
		Key: c.Key, Agent: c.Agent, Conversation: c.Conversation, Channel: c.Channel, Contact: c.Contact.ID, Language: c.Language,
		Reason: c.Reason, WaitingSince: c.WaitingSince, RoutedAt: d.now, State: Waiting,
	}
	if t.WaitingSince.IsZero() {
		t.WaitingSince = d.now
	}
	if d.cfg.Skills != nil {
		t.Skills = slices.Clone(d.cfg.Skills(c))
	}
	t.happen(WasRouted, "", d.now)
	d.tickets = append(d.tickets, t)
	d.sort()
	d.cases = append(d.cases, c)
	d.touch(t)
}

// lapse ends the offers nobody answered, and those to who is away now.
func (d *desk) lapse() {
	for _, t := range d.tickets {
		if t.lapsed(d.now) || t.State == Offered && d.present(t.Member).Away {
			t.pass(OfferLapsed, d.now)
			d.touch(t)
		}
	}
}

func (d *desk) present(member string) *Presence {
	p := d.presence[member]
	if p == nil {
		p = &Presence{Member: member}
		d.presence[member] = p
	}
	return p
}

func (d *desk) setAway(member string, away bool) {
	p := d.present(member)
	if p.Away == away {
		return
	}
	p.Away = away
	d.moved[p] = true
	d.lapse()
}

// candidates returns the members with what they have to do.
func (d *desk) candidates() []Candidate {
	busy := map[string]int{}
	for _, t := range d.tickets {
		if t.State == Offered || t.State == Accepted {
			busy[t.Member]++
		}
	}
	out := make([]Candidate, len(d.cfg.Team.Members))
	for i, m := range d.cfg.Team.Members {
		p := d.present(m.ID)
		out[i] = Candidate{Member: m, Busy: busy[m.ID], LastOffered: p.LastOffered, Away: p.Away, Open: d.cfg.Team.hours(m).Open(d.now)}
	}
	return out
}

// assign offers what waits to who is free.
func (d *desk) assign() {
	if !slices.ContainsFunc(d.tickets, func(t *Ticket) bool { return t.State == Waiting }) {
		return
	}
	candidates := d.candidates()
	for _, t := range d.tickets {
		if t.State != Waiting {
			continue
		}
		c := d.choose(candidates, t)
		if c == nil {
			continue
		}
		if d.cfg.Assign {
			t.accept(c.ID, d.now)
		} else {
			t.offer(c.ID, d.now, d.now.Add(d.cfg.OfferFor))
		}
		d.touch(t)
		c.Busy++
		c.LastOffered = d.now
		p := d.present(c.ID)
		p.LastOffered = d.now
		d.moved[p] = true
	}
}

// choose returns who is to be asked about a ticket, nil if nobody is free.
func (d *desk) choose(candidates []Candidate, t *Ticket) *Candidate {
	anybody := d.relaxed(t)
	var best *Candidate
	for i := range candidates {
		c := &candidates[i]
		if !c.Free() || !anybody && !c.suits(t.Language, t.Skills) || d.passedLately(t, c.ID) {
			continue
		}
		if best == nil || d.cfg.Order(*c, *best) < 0 {
			best = c
		}
	}
	return best
}

// relaxed reports whether anybody may have a ticket.
func (d *desk) relaxed(t *Ticket) bool {
	if d.cfg.RelaxAfter >= 0 && !d.now.Before(t.RoutedAt.Add(d.cfg.RelaxAfter)) {
		return true
	}
	return !slices.ContainsFunc(d.cfg.Team.Members, func(m Member) bool { return m.suits(t.Language, t.Skills) })
}

func (d *desk) passedLately(t *Ticket, member string) bool {
	at, passed := t.Passed[member]
	return passed && d.now.Before(at.Add(d.cfg.AgainAfter))
}

func (d *desk) overflows(t *Ticket) bool {
	return d.cfg.Overflow != nil && t.State != Accepted && !d.now.Before(t.RoutedAt.Add(d.cfg.OverflowAfter))
}

// next returns when there will be something to decide, zero if nothing waits.
func (d *desk) next() time.Time {
	var next time.Time
	at := func(t time.Time) {
		if t.After(d.now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, t := range d.tickets {
		switch t.State {
		case Offered:
			at(t.Until)
		case Waiting:
			if d.cfg.RelaxAfter >= 0 {
				at(t.RoutedAt.Add(d.cfg.RelaxAfter))
			}
			for _, passed := range t.Passed {
				at(passed.Add(d.cfg.AgainAfter))
			}
			for _, m := range d.cfg.Team.Members {
				if hours := d.cfg.Team.hours(m); !hours.Open(d.now) {
					if opening, ok := hours.NextOpen(d.now); ok {
						at(opening)
					}
				}
			}
		default:
			continue
		}
		if d.cfg.Overflow != nil {
			at(t.RoutedAt.Add(d.cfg.OverflowAfter))
		}
	}
	return next
}

// change is what a Save has to write.
func (d *desk) change() QueueChange {
	c := QueueChange{Cases: d.cases}
	for _, t := range d.tickets {
		if d.touched[t] {
			c.Tickets = append(c.Tickets, *t)
		}
	}
	for _, m := range d.cfg.Team.Members {
		if p := d.presence[m.ID]; p != nil && d.moved[p] {
			c.Members = append(c.Members, *p)
		}
	}
	return c
}
