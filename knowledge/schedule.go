package knowledge

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// defaultEvery is how often a source is synced that does not say otherwise.
	defaultEvery = 7 * 24 * time.Hour
	// scheduleJitter is the share of its interval by which a source's turn is
	// moved, earlier or later and always the same way, so that sources that were
	// added together are not synced together for ever.
	scheduleJitter = .1
	// firstRetry is the pause after a failed sync; it doubles up to the interval.
	firstRetry = time.Hour
	// longestWait is how long Run sleeps at most, so that a clock that was set is
	// noticed.
	longestWait = time.Hour
)

// attempted notes a sync and how it went.
func (s *sourceState) attempted(at time.Time, failed bool) {
	s.attemptedAt = at
	if failed {
		s.failures++
	} else {
		s.failures = 0
	}
}

// next returns when a source is due; ok is false if it never is by itself. A
// source that was not synced yet is due at once.
func (s *sourceState) next() (at time.Time, ok bool) {
	every := s.options.Every
	switch {
	case every < 0:
		return time.Time{}, false
	case s.attemptedAt.IsZero():
		return time.Time{}, true
	case every == 0:
		every = defaultEvery
	}
	if s.failures > 0 {
		return s.attemptedAt.Add(min(firstRetry<<min(s.failures-1, 16), every)), true
	}
	return s.attemptedAt.Add(every + time.Duration(jitter(s.source.ID())*scheduleJitter*float64(every))), true
}

// jitter returns a number in [-1,1) that depends on the ID alone.
func jitter(id string) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // a hash does not fail
	// The upper bits of FNV hardly depend on the last bytes: mix them in.
	x := h.Sum64()
	x ^= x >> 32
	x *= 0x9e3779b97f4a7c15
	return float64(int64(x)) / (1 << 63)
}

// SyncDue syncs the sources whose turn has come, see SourceOptions.Every, up to
// Config.Syncs of them at a time. Reports are in the order of their sources'
// IDs; errors are joined. It suits hosts that have a scheduler of their own.
func (b *Base) SyncDue(ctx context.Context) ([]Report, error) {
	now := b.cfg.Now()
	var due []string
	for id, s := range b.current.Load().sources {
		if at, ok := s.next(); ok && !at.After(now) {
			due = append(due, id)
		}
	}
	slices.Sort(due)
	return b.syncAll(ctx, due)
}

// SyncAll syncs every source, up to Config.Syncs of them at a time. Reports are
// in the order of their sources' IDs; errors are joined.
func (b *Base) SyncAll(ctx context.Context) ([]Report, error) {
	var all []string
	for _, s := range b.Sources() {
		all = append(all, s.ID)
	}
	return b.syncAll(ctx, all)
}

func (b *Base) syncAll(ctx context.Context, ids []string) ([]Report, error) {
	reports, errs := make([]Report, len(ids)), make([]error, len(ids))
	var g errgroup.Group
	g.SetLimit(b.cfg.Syncs)
	for i, id := range ids {
		g.Go(func() error {
			if errs[i] = ctx.Err(); errs[i] == nil {
				reports[i], errs[i] = b.Sync(ctx, id)
			}
			return nil
		})
	}
	_ = g.Wait() // its functions return nil
	reports = slices.DeleteFunc(reports, func(r Report) bool { return r.Source == "" })
	return reports, errors.Join(errs...)
}

// Run keeps all sources fresh until ctx ends, and then returns nil: each is
// synced when it was added, and again by its SourceOptions.Every. What goes
// wrong is logged and told to Config.OnSync; a source that failed is tried again
// after an hour, then two, four and so on up to its interval.
func (b *Base) Run(ctx context.Context) error {
	for {
		if _, err := b.SyncDue(ctx); err != nil && ctx.Err() == nil {
			b.cfg.Logger.WarnContext(ctx, "sync of knowledge", "error", err)
		}
		timer := time.NewTimer(b.untilNext())
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-b.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// untilNext is how long nothing is due.
func (b *Base) untilNext() time.Duration {
	now, wait := b.cfg.Now(), longestWait
	for _, s := range b.current.Load().sources {
		if at, ok := s.next(); ok {
			wait = min(wait, at.Sub(now))
		}
	}
	return max(wait, 0)
}

// wakeRun makes Run look at its sources again.
func (b *Base) wakeRun() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
