package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// AuditQuery says which audit events are wanted; the zero value is the latest.
type AuditQuery struct {
	From, Until time.Time // From included, Until not; zero is open
	Actor       string    // ID
	Action      string
	Target      string
	// Below asks for events with numbers below it, to go on where a page ended;
	// 0 is the latest.
	Below int64
	// Limit is how many events a page has at most; default 50, at most 500.
	Limit int
}

// AuditPage is a part of the audit log, newest first.
type AuditPage struct {
	Events []AuditEntry
	// Next is what to set AuditQuery.Below to for what is older; 0 if there is
	// nothing. A page may have few events, or none, and a Next: one call looks at
	// 10,000 events at most.
	Next int64
}

// AuditEntry is an audit event with its number in the log.
type AuditEntry struct {
	Number int64
	AuditEvent
}

const (
	auditPage    = 50
	auditPageMax = 500
	// auditScanned bounds how many lines one query looks at, auditChunk how many
	// of them at once.
	auditScanned = 10_000
	auditChunk   = 500
)

// Audit returns what was done to and by the agent, newest first.
func (o *Operator) Audit(ctx context.Context, q AuditQuery) (AuditPage, error) {
	if err := o.allow(ctx, MayRead, "read audit", o.agent.cfg.ID); err != nil {
		return AuditPage{}, err
	}
	a := o.agent
	if q.Limit <= 0 {
		q.Limit = auditPage
	}
	q.Limit = min(q.Limit, auditPageMax)
	below := q.Below
	if below <= 0 {
		last, err := a.lastLine(ctx, AuditLog)
		if err != nil {
			return AuditPage{}, err
		}
		below = last + 1
	}
	var page AuditPage
	for scanned := 0; below > 1 && scanned < auditScanned; scanned += auditChunk {
		after := max(0, below-1-auditChunk)
		lines, err := a.cfg.Store.Logs(ctx, a.cfg.ID, AuditLog, after, auditChunk)
		if err != nil {
			return AuditPage{}, fmt.Errorf("agent: audit log: %w", err)
		}
		for _, line := range slices.Backward(lines) {
			if line.Number >= below {
				continue // the lines before it were erased
			}
			e := AuditEntry{Number: line.Number}
			if err := json.Unmarshal(line.Data, &e.AuditEvent); err != nil {
				return AuditPage{}, fmt.Errorf("agent: audit log, line %d: %w", line.Number, err)
			}
			if !q.wants(e.AuditEvent) {
				continue
			}
			if page.Events = append(page.Events, e); len(page.Events) == q.Limit {
				if line.Number > 1 {
					page.Next = line.Number
				}
				return page, nil
			}
		}
		below = after + 1
	}
	if below > 1 {
		page.Next = below
	}
	return page, nil
}

func (q AuditQuery) wants(e AuditEvent) bool {
	return (q.From.IsZero() || !e.At.Before(q.From)) && (q.Until.IsZero() || e.At.Before(q.Until)) &&
		(q.Actor == "" || e.Actor.ID == q.Actor) && (q.Action == "" || e.Action == q.Action) && (q.Target == "" || e.Target == q.Target)
}

// lastLine returns the number of a log's last line, 0 if it has none. Logs are
// read forward, so that it is searched for: by doubling steps, then by halves.
func (a *Agent) lastLine(ctx context.Context, kind LogKind) (int64, error) {
	follows := func(number int64) (bool, error) {
		lines, err := a.cfg.Store.Logs(ctx, a.cfg.ID, kind, number, 1)
		if err != nil {
			return false, fmt.Errorf("agent: %s log: %w", kind, err)
		}
		return len(lines) > 0, nil
	}
	low, high := int64(0), int64(1) // the last line is above low, or there is none
	for {
		more, err := follows(high - 1)
		if err != nil {
			return 0, err
		}
		if !more {
			break
		}
		low, high = high, high*2
	}
	for low+1 < high {
		middle := low + (high-low)/2
		more, err := follows(middle - 1)
		if err != nil {
			return 0, err
		}
		if more {
			low = middle
		} else {
			high = middle
		}
	}
	return low, nil
}
