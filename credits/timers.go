package credits

import (
	"container/heap"
	"time"
)

// timer is a reservation or a grant that ends at a time, unless it ended before.
type timer struct {
	at     time.Time
	number int64 // of the entry that set it, for a stable order
	key    string
	hold   *hold
	grant  *grant
}

// live reports whether there is still something to end.
func (t *timer) live() bool {
	if t.hold != nil {
		return t.hold.state == holdPending && t.hold.expires.Equal(t.at)
	}
	return t.grant.left > 0
}

// timers is a heap, the next to end on top.
type timers []*timer

func (q timers) Len() int      { return len(q) }
func (q timers) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q timers) Less(i, j int) bool {
	if c := q[i].at.Compare(q[j].at); c != 0 {
		return c < 0
	}
	return q[i].number < q[j].number
}
func (q *timers) Push(x any) { *q = append(*q, x.(*timer)) }
func (q *timers) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return t
}

func (q *timers) add(t timer) { heap.Push(q, &t) }

// next is the timer to end first, or nil. It drops those that ended otherwise.
func (q *timers) next() *timer {
	for len(*q) > 0 {
		if t := (*q)[0]; t.live() {
			return t
		}
		heap.Pop(q)
	}
	return nil
}

// maxDue bounds how many entries time makes at once; the rest follows.
const maxDue = 1000

// due appends what time made of the account by now and no entry tells yet: lapses,
// expiries, the credits of a new period. What follows from one of them comes with
// the next call, when they are applied. Each is dated when it was due, so that
// the entries do not depend on who looked when.
func (s *state) due(now time.Time, out []Entry) []Entry {
	// A new period begins before anything else that is due then: the entry for
	// its credits is the first of the period.
	boundary, resets := s.reset()
	var popped []*timer
	for len(popped) < maxDue {
		t := s.timers.next()
		if t == nil || t.at.After(now) || resets && !t.at.Before(boundary) {
			break
		}
		at := t.at
		if at.Before(s.at) {
			at = s.at
		}
		if t.grant != nil {
			if len(out) == 0 {
				out = append(out, Entry{Kind: EntryExpire, Key: t.grant.ID, Amount: t.grant.left, At: at})
			}
			break // alone, since lapses may give more back to it
		}
		out = append(out, Entry{Kind: EntryLapse, Key: t.key, Amount: t.hold.amount, Contact: t.hold.contact, Purpose: t.hold.purpose, At: at})
		popped = append(popped, heap.Pop(&s.timers).(*timer))
	}
	for _, t := range popped { // they end when their entries are applied
		heap.Push(&s.timers, t)
	}
	if len(out) == 0 && resets && !now.Before(boundary) {
		plan := s.upcoming()
		out = append(out, includedGrant(s.plans, plan.Plan, boundary, plan.period(boundary).End))
	}
	return out
}
