package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/report"
)

const (
	// reportedFor is how long after its last message a conversation is in
	// reports, and maxReported how many there are at most, the latest.
	reportedFor = 400 * 24 * time.Hour
	maxReported = 1_000_000
	// linesAtOnce is how many lines of the log are read with one call.
	linesAtOnce = 1000
)

// reports is what an agent has read of its report log. Its lock is a channel, so
// that waiting for it ends with ctx.
type reports struct {
	lock  chan struct{}
	tally report.Tally
	after int64 // the last line read
}

func newReports() *reports { return &reports{lock: make(chan struct{}, 1)} }

// Report reports how the agent performed, on all replicas. It reads what was
// logged since the last call and keeps about 300 bytes for each conversation: of
// the last 400 days, and of no more than the last million. What was read counts on
// when the log's lines are erased, until the process ends. Without Now, a report
// is as of the agent's clock; without ResolveAfter, conversations are judged as
// Config.Policy charges for them; without Sources, they are those of a Knowledge
// that lists them, as [knowledge.Base] does.
func (a *Agent) Report(ctx context.Context, q report.Query) (report.Report, error) {
	if q.Now.IsZero() {
		q.Now = a.cfg.Now()
	}
	if q.ResolveAfter == 0 {
		q.ResolveAfter = a.cfg.Policy.ResolveAfter
	}
	if q.Sources == nil {
		q.Sources = a.sources()
	}
	select {
	case a.reports.lock <- struct{}{}:
	case <-ctx.Done():
		return report.Report{}, fmt.Errorf("agent: report: %w", ctx.Err())
	}
	defer func() { <-a.reports.lock }()
	if err := a.reports.read(ctx, a); err != nil {
		return report.Report{}, err
	}
	return a.reports.tally.Report(q)
}

// sources returns the IDs of the knowledge's sources, if it can list them.
func (a *Agent) sources() []string {
	lister, ok := a.cfg.Knowledge.(interface {
		Sources() []knowledge.SourceStatus
	})
	if !ok {
		return nil
	}
	var ids []string
	for _, s := range lister.Sources() {
		ids = append(ids, s.ID)
	}
	return ids
}

// read adds what was logged since it was called last.
func (r *reports) read(ctx context.Context, a *Agent) error {
	for {
		lines, err := a.cfg.Store.Logs(ctx, a.cfg.ID, ReportLog, r.after, linesAtOnce)
		if err != nil {
			return fmt.Errorf("agent: report log: %w", err)
		}
		for _, line := range lines {
			if err := r.add(line); err != nil {
				return fmt.Errorf("agent: report log, line %d: %w", line.Number, err)
			}
		}
		if len(lines) < linesAtOnce {
			break
		}
	}
	r.tally.Forget(a.cfg.Now().Add(-reportedFor))
	r.tally.Trim(maxReported)
	return nil
}

func (r *reports) add(line LogLine) error {
	var events []report.Event
	if err := json.Unmarshal(line.Data, &events); err != nil {
		return err
	}
	for _, e := range events {
		if err := r.tally.Add(e); err != nil {
			return err
		}
	}
	r.after = line.Number
	return nil
}

// Report is [Agent.Report] for those who may read.
func (o *Operator) Report(ctx context.Context, q report.Query) (report.Report, error) {
	if err := o.allow(ctx, MayRead, "read report", o.agent.cfg.ID); err != nil {
		return report.Report{}, err
	}
	return o.agent.Report(ctx, q)
}
