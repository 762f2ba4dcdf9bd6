// Package knowledgetest tests that an implementation of [knowledge.Source] or
// [knowledge.Index] keeps what its interface promises, as [testing/fstest] does
// for file systems.
//
// Each promise is a subtest of its own, so that a failure names it. In a test of
// one's own:
//
//	func TestIndex(t *testing.T) {
//		knowledgetest.TestIndex(t, myindex.New, knowledgetest.IndexCapabilities{Vectors: true})
//	}
//
// A source is tested along with the means to change what it shows, see
// [SourceUnderTest].
package knowledgetest

import (
	"context"
	"testing"
	"time"
)

// reporter is what a subtest reports to: a [testing.T], or a recorder in tests of the
// suites themselves.
type reporter interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// clause is one promise of an interface, and how it is tested.
type clause[S any] struct {
	name    string
	applies bool
	check   func(subject S)
}

// run tests every clause that applies, each on a subject of its own.
func run[S any](t *testing.T, clauses []clause[S], subject func(t *testing.T) S) {
	t.Helper()
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) {
			if !c.applies {
				t.Skip("not among the capabilities stated")
			}
			c.check(subject(t))
		})
	}
}

// patience is how long what must be prompt may take on a busy machine.
const patience = 20 * time.Second

// within calls f and fails if it does not return in time.
func within(r reporter, what string, f func()) {
	r.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		r.Fatalf("%s: not done after %v", what, patience)
	}
}
