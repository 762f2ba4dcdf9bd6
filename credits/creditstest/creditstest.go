// Package creditstest tests that an implementation of [credits.Meter] or
// [credits.Store] keeps what its interface promises, as [testing/fstest] does for
// file systems.
//
// Each promise is a subtest of its own, so that a failure names it. In a test of
// one's own:
//
//	func TestStore(t *testing.T) {
//		creditstest.TestStore(t, func(t *testing.T) credits.Store { return mystore.New(t.TempDir()) })
//	}
//
// A meter is tested along with the means to fund its accounts, see
// [MeterUnderTest]. The suites are worth most under the race detector.
package creditstest

import (
	"context"
	"errors"
	"testing"
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
				t.Skip("not among the abilities of what is tested")
			}
			c.check(subject(t))
		})
	}
}

// wants fails unless an error is, or wraps, the one wanted; nil wants none.
func wants(r reporter, what string, err, want error) {
	r.Helper()
	if !errors.Is(err, want) {
		r.Fatalf("%s: got %v, want %v", what, err, want)
	}
}
