package credits

import (
	"context"
	"math/bits"
	"slices"
	"sync"
	"time"
)

// Notice tells that an account has used a share of what it may spend in a period.
type Notice struct {
	Account string
	Percent int    // the threshold that was reached
	Period  Period // in which it was
	Balance Balance
	At      time.Time
}

// thresholds are the levels worth telling, in rising order.
func thresholds(levels []int) []int {
	if levels == nil {
		levels = []int{50, 80, 100}
	}
	levels = slices.DeleteFunc(slices.Clone(levels), func(n int) bool { return n < 1 || n > 100 })
	slices.Sort(levels)
	return slices.Compact(levels)
}

// noticesAfter appends a notice for each threshold that spending amount reaches,
// over of it beyond the grants. What counts is what is committed in the period
// and pending, of that and what is left, or of the hard cap if that is less.
func (s *state) noticesAfter(out []Entry, now time.Time, levels []int, amount, over int64) []Entry {
	used := s.usedInPeriod + s.pending + amount
	allowed := used + s.available - (amount - over)
	if s.limits.PerPeriod > 0 {
		allowed = min(allowed, s.limits.PerPeriod)
	}
	return s.notices(out, now, levels, used, allowed)
}

func (s *state) notices(out []Entry, now time.Time, levels []int, used, allowed int64) []Entry {
	if used <= 0 || s.granted == 0 { // nobody waits for what was never given
		return out
	}
	for _, percent := range levels {
		if percent > s.noticed && !lessShare(used, allowed, int64(percent)) {
			out = append(out, Entry{Kind: EntryNotice, Amount: int64(percent), At: now})
		}
	}
	return out
}

// lessShare reports whether used is less than percent of allowed.
func lessShare(used, allowed, percent int64) bool {
	h1, l1 := bits.Mul64(uint64(used), 100)
	h2, l2 := bits.Mul64(uint64(max(0, allowed)), uint64(percent))
	return h1 < h2 || h1 == h2 && l1 < l2
}

// outbox delivers notices in the order in which they were added, one at a time
// and with no lock held, so that the receiver may use the ledger.
type outbox struct {
	send func(context.Context, Notice)

	mu      sync.Mutex
	waiting []Notice
	busy    bool
}

// add takes a notice. It is called in the order of the account's entries.
func (o *outbox) add(n Notice) {
	if o.send == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = append(o.waiting, n)
}

// drain delivers what waits, unless somebody does so already.
func (o *outbox) drain(ctx context.Context) {
	if o.send == nil {
		return
	}
	for {
		n, ok := o.next()
		if !ok {
			return
		}
		func() {
			defer o.done()
			o.send(ctx, n)
		}()
	}
}

func (o *outbox) next() (n Notice, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.busy || len(o.waiting) == 0 {
		return n, false
	}
	n, o.waiting, o.busy = o.waiting[0], o.waiting[1:], true
	return n, true
}

func (o *outbox) done() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy = false
}
