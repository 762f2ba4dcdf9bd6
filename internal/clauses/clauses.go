// Package clauses runs conformance suites: each promise of an interface is a
// clause with a name, and a broken implementation must fail the clauses that it
// breaks.
package clauses

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Reporter is what a clause reports to: a [testing.T], or a recorder in tests of
// the suites themselves.
type Reporter interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Clause is one promise of an interface, and how it is tested on a subject.
type Clause[S any] struct {
	Name  string
	Check func(subject S)
	// Applies reports whether a subject has what the promise is about. Nil: all
	// have.
	Applies func(subject S) bool
}

func (c Clause[S]) applies(subject S) bool { return c.Applies == nil || c.Applies(subject) }

// Run tests every clause that applies in a subtest, each on a subject of its own.
func Run[S any](t *testing.T, list []Clause[S], subject func(t *testing.T) S) {
	t.Helper()
	for _, c := range list {
		t.Run(c.Name, func(t *testing.T) {
			s := subject(t)
			if !c.applies(s) {
				t.Skip("not among the abilities of what is tested")
			}
			c.Check(s)
		})
	}
}

// Wants fails unless an error is, or wraps, the one wanted; nil wants none.
func Wants(r Reporter, what string, err, want error) {
	r.Helper()
	if !errors.Is(err, want) {
		r.Fatalf("%s: got %v, want %v", what, err, want)
	}
}

// Failing returns the names of the clauses that a subject fails, sorted, with
// what they say.
func Failing[S any](t *testing.T, list []Clause[S], subject func(r Reporter) S) (names []string, why string) {
	t.Helper()
	for _, c := range list {
		r := &recorder{ctx: t.Context()}
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() {
				if p := recover(); p != nil {
					r.Errorf("panic: %v", p)
				}
			}()
			if s := subject(r); c.applies(s) {
				c.Check(s)
			}
		}()
		<-done
		if len(r.failures) > 0 {
			names = append(names, c.Name)
			why += fmt.Sprintf("\n%s: %.300s", c.Name, r.failures[0])
		}
	}
	slices.Sort(names)
	return names, why
}

// Broken is an implementation that breaks something, with the names of clauses
// that must say so. A question mark after a name: that one may.
type Broken[S any] struct {
	Name    string
	Subject func(r Reporter) S
	Want    []string
}

// Prove tests that broken implementations fail their clauses, and that for each
// clause there is one that must. Other clauses may fail along.
func Prove[S any](t *testing.T, list []Clause[S], broken []Broken[S]) {
	t.Helper()
	prove(t, list, broken, false)
}

// ProveExactly is [Prove], where no other clause may fail.
func ProveExactly[S any](t *testing.T, list []Clause[S], broken []Broken[S]) {
	t.Helper()
	prove(t, list, broken, true)
}

func prove[S any](t *testing.T, list []Clause[S], broken []Broken[S], exactly bool) {
	t.Helper()
	proven := map[string]bool{}
	for _, b := range broken {
		for _, name := range b.Want {
			proven[name] = true
		}
		t.Run(b.Name, func(t *testing.T) {
			got, why := Failing(t, list, b.Subject)
			if wrong := unexpected(got, b.Want, exactly); wrong != "" {
				t.Errorf("%s; fails %q%s", wrong, got, why)
			}
		})
	}
	for _, c := range list {
		if !proven[c.Name] {
			t.Errorf("nothing broken fails %s", c.Name)
		}
	}
}

// unexpected says what is wrong with the clauses that failed, "" if nothing is.
func unexpected(got, want []string, exactly bool) string {
	var wrong, may []string
	for _, name := range want {
		clause, optional := strings.CutSuffix(name, "?")
		may = append(may, clause)
		if !optional && !slices.Contains(got, clause) {
			wrong = append(wrong, "passes "+clause)
		}
	}
	for _, name := range got {
		if exactly && !slices.Contains(may, name) {
			wrong = append(wrong, "must not fail "+name)
		}
	}
	return strings.Join(wrong, ", ")
}

// recorder is a Reporter that keeps what failed.
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
