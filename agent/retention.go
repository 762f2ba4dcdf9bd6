package agent

import (
	"context"
	"fmt"
	"time"
)

// Retention is how long an agent's memory lasts. Run forgets what is older, at
// most once an hour; replicas may all do so. Zero is for as long as the Store
// keeps it, which for a [MemoryStore] its Limits bound.
type Retention struct {
	// Conversations is how long after its end a conversation is kept, with
	// everything that is part of it; see [Conversation.EndedAt]. What ended
	// shorter ago than Config.ReopenWithin and is forgotten cannot be reopened: a
	// message begins a new conversation.
	Conversations time.Duration
	// The lines of the logs. Traces and gaps hold customers' words, the audit log
	// the arguments of actions; report lines hold neither.
	Traces, Gaps, Audit, Reports time.Duration
}

// sweepEvery is how long Run waits between two looks for what is too old.
const sweepEvery = time.Hour

// erasure returns what is too old at now.
func (r Retention) erasure(now time.Time) Erasure {
	e := Erasure{LoggedBefore: map[LogKind]time.Time{}}
	if r.Conversations > 0 {
		e.EndedBefore = now.Add(-r.Conversations)
	}
	for kind, kept := range map[LogKind]time.Duration{TraceLog: r.Traces, GapLog: r.Gaps, AuditLog: r.Audit, ReportLog: r.Reports} {
		if kept > 0 {
			e.LoggedBefore[kind] = now.Add(-kept)
		}
	}
	return e
}

func (r Retention) check() error {
	if min(r.Conversations, r.Traces, r.Gaps, r.Audit, r.Reports) < 0 {
		return fmt.Errorf("%w: Retention is negative: %+v", ErrInvalidConfig, r)
	}
	return nil
}

// sweep forgets what is too old, now and every hour, until ctx ends.
func (a *Agent) sweep(ctx context.Context) {
	if a.cfg.Retention == (Retention{}) {
		return
	}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		erased, err := a.cfg.Store.Erase(ctx, a.cfg.ID, a.cfg.Retention.erasure(a.cfg.Now()))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			a.cfg.Logger.ErrorContext(ctx, "forgetting what is too old", "agent", a.cfg.ID, "error", err)
		case erased != Erased{}:
			a.cfg.Logger.InfoContext(ctx, "forgot what is too old", "agent", a.cfg.ID, "conversations", erased.Conversations, "lines", erased.Lines)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
