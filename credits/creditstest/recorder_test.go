package creditstest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// recorder is a reporter for tests of the suites: it keeps what failed.
type recorder struct {
	ctx      context.Context
	mu       sync.Mutex
	failures []string
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// failing returns the names of the clauses that a subject fails, sorted, with
// what they say.
func failing[S any](t *testing.T, clauses []clause[S], subject func(r reporter) S) (names []string, why string) {
	t.Helper()
	for _, c := range clauses {
		if !c.applies {
			continue
		}
		r := &recorder{ctx: t.Context()}
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() {
				if p := recover(); p != nil {
					r.Errorf("panic: %v", p)
				}
			}()
			c.check(subject(r))
		}()
		<-done
		if len(r.failures) > 0 {
			names = append(names, c.name)
			why += fmt.Sprintf("\n%s: %.300s", c.name, r.failures[0])
		}
	}
	slices.Sort(names)
	return names, why
}
