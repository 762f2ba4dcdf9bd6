package agent

import (
	"context"
	"fmt"
)

// SegmentGuard is a [Guard] that can judge an answer while it is still being
// written. A guard that is not one needs the whole draft, so that with it
// answers are not streamed.
type SegmentGuard interface {
	Guard
	// CheckSegment is asked before more of an answer is shown. d.Text is the
	// answer up to there, in whole sentences, of which the customer has seen
	// the first d.Shown bytes. Only Allow shows more; with any other verdict the
	// text waits until the guard allows it along with what follows, or until
	// the answer is complete and Check judges the whole. What was allowed stays,
	// so a guard must not allow what it could regret. It must be safe for
	// concurrent use.
	CheckSegment(ctx context.Context, d Draft) (Verdict, error)
}

// SegmentGuardFunc makes a SegmentGuard of a function that judges the beginning
// of an answer as it judges a whole one.
type SegmentGuardFunc func(ctx context.Context, d Draft) (Verdict, error)

// Check calls f.
func (f SegmentGuardFunc) Check(ctx context.Context, d Draft) (Verdict, error) { return f(ctx, d) }

// CheckSegment calls f.
func (f SegmentGuardFunc) CheckSegment(ctx context.Context, d Draft) (Verdict, error) {
	return f(ctx, d)
}

// passSegments asks the guards whether a draft may be shown up to where it is.
func (a *Agent) passSegments(ctx context.Context, d Draft) (Verdict, bool) {
	for _, g := range a.guards {
		g.Guard = GuardFunc(g.Guard.(SegmentGuard).CheckSegment)
		if v := a.check(ctx, g, d); v.Action != Allow {
			return v, false
		}
	}
	return Verdict{}, true
}

// wholeDraftGuard names a guard that needs the whole draft, or returns "".
func (a *Agent) wholeDraftGuard() string {
	for _, g := range a.guards {
		if _, ok := g.Guard.(SegmentGuard); !ok {
			return fmt.Sprintf("%s (%T)", g.name, g.Guard)
		}
	}
	return ""
}
