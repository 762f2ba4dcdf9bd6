package handoff

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// QueueConfig configures a [Queue]. Only Team is required.
type QueueConfig struct {
	// Name names the queue in its Store and in assignments; default "queue".
	Name string
	Team *Team
	// Store remembers; default a [MemoryStore] of its own.
	Store Store
	// Order is who is asked first; default [LeastBusy].
	Order Order
	// Skills are those a case needs; nil is none.
	Skills func(Case) []string
	// RelaxAfter is how long a case waits for a member with its skills and
	// language who is free, before anybody may have it; default 5 minutes,
	// negative is for ever. Where nobody of the team has them it does not wait.
	RelaxAfter time.Duration

	// Assign gives a case to a member at once, instead of offering it.
	Assign bool
	// OfferFor is how long a case stays reserved for the member it is offered
	// to; default 2 minutes.
	OfferFor time.Duration
	// AgainAfter is after how long a case is offered again to a member who
	// declined it or let an offer lapse; default 10 minutes.
	AgainAfter time.Duration

	// Overflow takes a case that nobody accepted within OverflowAfter; nil keeps
	// it here for ever. It is asked once more with each look, so nothing is lost
	// while it fails.
	Overflow      Router
	OverflowAfter time.Duration // default 1 hour

	// OnChange is told of each ticket that changed, as it stands now, after it
	// was saved: at least once for the last change of all. It must not block.
	OnChange func(Ticket)
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// ErrQueueConfig: a configuration cannot work.
var ErrQueueConfig = errors.New("handoff: invalid queue configuration")

// Queue is a [Router] that keeps cases until a member of a team takes them. It
// offers each to one member at a time, who accepts or declines it; an offer that
// nobody answers lapses. Any call decides what time has decided meanwhile, so
// that Run is needed only to be punctual. It is safe for concurrent use, also by
// several processes on one Store.
type Queue struct {
	cfg  QueueConfig
	wake chan struct{}
}

// NewQueue returns a queue.
func NewQueue(cfg QueueConfig) (*Queue, error) {
	if cfg.Team == nil {
		return nil, fmt.Errorf("%w: Team is missing", ErrQueueConfig)
	}
	if err := cfg.Team.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrQueueConfig, err)
	}
	if cfg.OfferFor < 0 || cfg.AgainAfter < 0 || cfg.OverflowAfter < 0 {
		return nil, fmt.Errorf("%w: OfferFor, AgainAfter or OverflowAfter is negative", ErrQueueConfig)
	}
	cfg.Name = cmp.Or(cfg.Name, "queue")
	cfg.RelaxAfter = cmp.Or(cfg.RelaxAfter, 5*time.Minute)
	cfg.OfferFor = cmp.Or(cfg.OfferFor, 2*time.Minute)
	cfg.AgainAfter = cmp.Or(cfg.AgainAfter, 10*time.Minute)
	cfg.OverflowAfter = cmp.Or(cfg.OverflowAfter, time.Hour)
	if cfg.Store == nil {
		cfg.Store = NewMemoryStore()
	}
	if cfg.Order == nil {
		cfg.Order = LeastBusy
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Queue{cfg: cfg, wake: make(chan struct{}, 1)}, nil
}

// Name returns what the queue is called in assignments.
func (q *Queue) Name() string { return q.cfg.Name }

// Refusals of a queue.
var (
	// ErrNotYours: the case is offered to, or was accepted by, somebody else.
	ErrNotYours = errors.New("handoff: somebody else has the case")
	// ErrCaseClosed: the case is over.
	ErrCaseClosed = errors.New("handoff: the case is closed")
	// ErrNoMember: the team has no such member.
	ErrNoMember = errors.New("handoff: no such member")
)

// Route keeps a case and offers it to whoever is free. Where nobody is, it waits
// and the assignment has no assignee.
func (q *Queue) Route(ctx context.Context, c Case) (Assignment, error) {
	if err := checkRoute(ctx, c); err != nil {
		return Assignment{}, err
	}
	t, err := q.change(ctx, c.Key, func(d *desk, t *Ticket) error {
		if t == nil {
			d.add(c)
		}
		return nil
	})
	if err != nil {
		return Assignment{}, err
	}
	return Assignment{Queue: q.cfg.Name, Assignee: t.Member}, nil
}

// Accept gives a case to a member: one that waits, or that is offered to them.
// Accepting again what one has is nil.
func (q *Queue) Accept(ctx context.Context, key, member string) error {
	return q.take(ctx, key, member, false)
}

// Take is Accept whoever else has the case, as when somebody simply answers the
// customer. The member need not belong to the team.
func (q *Queue) Take(ctx context.Context, key, member string) error {
	return q.take(ctx, key, member, true)
}

func (q *Queue) take(ctx context.Context, key, member string, anyway bool) error {
	if _, ok := q.cfg.Team.member(member); !ok && !anyway {
		return fmt.Errorf("%w: %q in team of queue %s", ErrNoMember, member, q.cfg.Name)
	}
	return q.changeOpen(ctx, key, func(d *desk, t *Ticket) error {
		switch {
		case t.State == Accepted && t.Member == member:
			return nil
		case t.State != Waiting && t.Member != member && !anyway:
			return fmt.Errorf("%w: %s is %s, %s", ErrNotYours, key, t.State, t.Member)
		}
		t.accept(member, d.now)
		d.touch(t)
		return nil
	})
}

// Decline gives a case back that is offered to the member or that they
// accepted. The next member is asked, and the same one not at once. Declining
// again is nil.
func (q *Queue) Decline(ctx context.Context, key, member string) error {
	return q.changeOpen(ctx, key, func(d *desk, t *Ticket) error {
		if t.with(member) {
			t.pass(WasDeclined, d.now)
			d.touch(t)
			return nil
		}
		if _, passed := t.Passed[member]; passed {
			return nil
		}
		return fmt.Errorf("%w: %s is not with %q", ErrNotYours, key, member)
	})
}

// Cancel closes a case that nobody needs any more: the customer found an answer,
// or left. Closing what is closed is nil; the first end counts.
func (q *Queue) Cancel(ctx context.Context, key string) error {
	return q.close(ctx, key, WasCancelled)
}

// Return closes a case whose conversation went back to the agent.
func (q *Queue) Return(ctx context.Context, key string) error {
	return q.close(ctx, key, WasReturned)
}

// Done closes a case that is settled. One that nobody had accepted counts as
// cancelled.
func (q *Queue) Done(ctx context.Context, key string) error { return q.close(ctx, key, WasDone) }

func (q *Queue) close(ctx context.Context, key string, end TicketEvent) error {
	err := q.changeOpen(ctx, key, func(d *desk, t *Ticket) error {
		if end == WasDone && t.State != Accepted {
			t.close(WasCancelled, d.now)
		} else {
			t.close(end, d.now)
		}
		d.touch(t)
		return nil
	})
	if errors.Is(err, ErrCaseClosed) {
		return nil
	}
	return err
}

// SetAway says whether a member is away. Offers to a member who goes away lapse
// at once; what they accepted stays theirs.
func (q *Queue) SetAway(ctx context.Context, member string, away bool) error {
	if _, ok := q.cfg.Team.member(member); !ok {
		return fmt.Errorf("%w: %q in team of queue %s", ErrNoMember, member, q.cfg.Name)
	}
	_, err := q.change(ctx, "", func(d *desk, _ *Ticket) error {
		d.setAway(member, away)
		return nil
	})
	return err
}

// Tickets returns what is not closed, whoever has waited longest first.
func (q *Queue) Tickets(ctx context.Context) ([]Ticket, error) {
	d, err := q.look(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Ticket, len(d.tickets))
	for i, t := range d.tickets {
		out[i] = *t
	}
	return out, nil
}

// Ticket returns one ticket, also a closed one; ErrNoCase if there is none.
func (q *Queue) Ticket(ctx context.Context, key string) (Ticket, error) {
	return q.cfg.Store.Ticket(ctx, q.cfg.Name, key)
}

// Case returns what was routed under a key; ErrNoCase if there is none.
func (q *Queue) Case(ctx context.Context, key string) (Case, error) {
	return q.cfg.Store.Case(ctx, q.cfg.Name, key)
}

// Candidates returns the members with what they have to do, in the order in
// which they would be asked.
func (q *Queue) Candidates(ctx context.Context) ([]Candidate, error) {
	d, err := q.look(ctx)
	if err != nil {
		return nil, err
	}
	out := d.candidates()
	slices.SortStableFunc(out, q.cfg.Order)
	return out, nil
}

// Available implements [Forecaster]: somebody is there if a member works now and
// is not away, however much they have to do.
func (q *Queue) Available(ctx context.Context, _ Case) (Availability, error) {
	d, err := q.look(ctx)
	if err != nil {
		return Availability{}, err
	}
	a := Availability{Team: q.cfg.Team.Name}
	open := false
	for _, c := range d.candidates() {
		a.Now = a.Now || c.Open && !c.Away
		open = open || c.Open
	}
	if !a.Now && !open { // a member who is away within their hours is back nobody knows when
		a.Next, _ = q.cfg.Team.opening(d.now)
	}
	return a, nil
}

// Erase deletes closed cases, and returns how many; see [Erasure].
func (q *Queue) Erase(ctx context.Context, e Erasure) (int, error) {
	return q.cfg.Store.Erase(ctx, q.cfg.Name, e)
}
