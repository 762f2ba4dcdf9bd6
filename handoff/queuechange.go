package handoff

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// changeTries bounds how often a change is made anew because another came
// between.
const changeTries = 100

// look loads the queue and decides what time has decided, without saving it.
func (q *Queue) look(ctx context.Context) (*desk, error) {
	s, err := q.cfg.Store.Load(ctx, q.cfg.Name)
	if err != nil {
		return nil, fmt.Errorf("handoff: queue %s: %w", q.cfg.Name, err)
	}
	d := newDesk(&q.cfg, s)
	d.lapse()
	return d, nil
}

// change loads the queue, lets f change it, makes the offers that are due then,
// and saves it; again if somebody else changed it meanwhile. f is given the
// ticket of the key, nil if there is none, and its error ends the change. The
// ticket as it stands then is returned.
func (q *Queue) change(ctx context.Context, key string, f func(*desk, *Ticket) error) (Ticket, error) {
	for range changeTries {
		d, err := q.look(ctx)
		if err != nil {
			return Ticket{}, err
		}
		t := d.find(key)
		if t == nil && key != "" {
			closed, err := q.cfg.Store.Ticket(ctx, q.cfg.Name, key)
			if err != nil && !errors.Is(err, ErrNoCase) {
				return Ticket{}, fmt.Errorf("handoff: queue %s: %w", q.cfg.Name, err)
			}
			if err == nil {
				t = &closed
			}
		}
		if err := f(d, t); err != nil {
			return Ticket{}, err
		}
		d.assign()
		err = q.save(ctx, d)
		if errors.Is(err, ErrQueueChanged) {
			continue
		}
		if err != nil {
			return Ticket{}, err
		}
		if found := d.find(key); found != nil {
			t = found
		}
		if t == nil {
			return Ticket{}, nil
		}
		return *t, nil
	}
	return Ticket{}, fmt.Errorf("handoff: queue %s: %d tries: %w", q.cfg.Name, changeTries, ErrQueueChanged)
}

// changeOpen is change for a ticket that must be there and not closed.
func (q *Queue) changeOpen(ctx context.Context, key string, f func(*desk, *Ticket) error) error {
	_, err := q.change(ctx, key, func(d *desk, t *Ticket) error {
		switch {
		case t == nil:
			return fmt.Errorf("%w: %s in queue %s", ErrNoCase, key, q.cfg.Name)
		case t.State == Closed:
			return fmt.Errorf("%w: %s was %s", ErrCaseClosed, key, t.End)
		}
		return f(d, t)
	})
	return err
}

func (q *Queue) save(ctx context.Context, d *desk) error {
	change := d.change()
	if len(change.Tickets) == 0 && len(change.Members) == 0 {
		return nil
	}
	if err := q.cfg.Store.Save(ctx, q.cfg.Name, d.version, change); err != nil {
		return fmt.Errorf("handoff: queue %s: %w", q.cfg.Name, err)
	}
	if q.cfg.OnChange != nil {
		for _, t := range change.Tickets {
			q.cfg.OnChange(t)
		}
	}
	select {
	case q.wake <- struct{}{}: // Run looks anew at what is next
	default:
	}
	return nil
}

// Scan decides what time has decided: offers that lapsed, cases for members who
// have come, and cases that go to Overflow. It returns when there will be more
// to decide, zero if nothing waits.
func (q *Queue) Scan(ctx context.Context) (next time.Time, err error) {
	overflowing, err := q.moveOn(ctx)
	if err != nil {
		return time.Time{}, err
	}
	var d *desk
	if _, err := q.change(ctx, "", func(now *desk, _ *Ticket) error { d = now; return nil }); err != nil {
		return time.Time{}, err
	}
	return d.next(), overflowing
}

// moveOn gives what nobody accepted in time to Overflow. The errors of Overflow
// come back as failed, those of the store as err.
func (q *Queue) moveOn(ctx context.Context) (failed, err error) {
	if q.cfg.Overflow == nil {
		return nil, nil
	}
	d, err := q.look(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range d.tickets {
		if !d.overflows(t) {
			continue
		}
		c, err := q.Case(ctx, t.Key)
		if err != nil {
			return nil, err
		}
		if _, err := q.cfg.Overflow.Route(ctx, c); err != nil && !isRouted(err) {
			failed = errors.Join(failed, fmt.Errorf("handoff: queue %s: overflow: %w", q.cfg.Name, err))
			continue
		}
		err = q.changeOpen(ctx, t.Key, func(d *desk, t *Ticket) error {
			if t.State != Accepted {
				t.close(WasMovedOn, d.now)
				d.touch(t)
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrCaseClosed) {
			return nil, err
		}
	}
	return failed, nil
}

// maxPause bounds how long Run sleeps: another process may have changed what is
// next.
const maxPause = time.Minute

// Run scans whenever there is something to decide, until ctx ends, and returns
// nil then. A scan that fails is tried again within a minute.
func (q *Queue) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		pause := maxPause
		if next, err := q.Scan(ctx); err == nil && !next.IsZero() {
			pause = min(pause, max(next.Sub(q.cfg.Now()), time.Millisecond))
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-q.wake:
		}
		timer.Stop()
	}
	return nil
}
