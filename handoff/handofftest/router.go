package handofftest

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/clauses"
)

// RouterUnderTest is a router with the means to see what it did.
type RouterUnderTest struct {
	handoff.Router
	// Routed returns the cases it has taken, in any order, each as often as it
	// was taken.
	Routed func(ctx context.Context) ([]handoff.Case, error)
	// Break makes Route fail until Mend is called; both nil if it cannot.
	Break, Mend func()
}

// TestRouter tests a router by the documented promises of [handoff.Router].
// newRouter is called for every subtest and returns one that has no case.
func TestRouter(t *testing.T, newRouter func(t *testing.T) RouterUnderTest) {
	t.Helper()
	clauses.Run(t, routerClauses(), func(t *testing.T) *routed { return &routed{t, newRouter(t)} })
}

// routerClauses lists every promise of a router.
func routerClauses() []clauses.Clause[*routed] {
	return []clauses.Clause[*routed]{
		{Name: "CaseIsTakenAsItIs", Check: takenAsItIs},
		{Name: "KeyIsRoutedOnce", Check: routedOnce},
		{Name: "KeysAreApart", Check: keysAreApart},
		{Name: "ParallelCallsRouteOnce", Check: parallelCalls},
		{Name: "CaseWithoutKeyIsRefused", Check: withoutKey},
		{Name: "NothingOfTheCallersIsKept", Check: nothingKept},
		{Name: "EndedContextFails", Check: routerEndedContext},
		{Name: "ErrorLeavesTheCaseUnrouted", Check: errorLeavesUnrouted},
	}
}

// routed is a router in one subtest.
type routed struct {
	clauses.Reporter
	RouterUnderTest
}

func (r *routed) route(c handoff.Case) handoff.Assignment {
	r.Helper()
	a, err := r.Route(r.Context(), c)
	clauses.Wants(r, "route "+c.Key, err, nil)
	return a
}

// has fails unless exactly these keys were taken, once each.
func (r *routed) has(keys ...string) []handoff.Case {
	r.Helper()
	cases, err := r.Routed(r.Context())
	clauses.Wants(r, "what was routed", err, nil)
	count := map[string]int{}
	for _, c := range cases {
		count[c.Key]++
	}
	want := map[string]int{}
	for _, key := range keys {
		want[key] = 1
	}
	if !reflect.DeepEqual(count, want) {
		r.Fatalf("routed %v, want %v", count, want)
	}
	return cases
}

func takenAsItIs(r *routed) {
	r.route(caseOf("ä/1"))
	if got := r.has("ä/1"); !reflect.DeepEqual(got[0], caseOf("ä/1")) {
		r.Fatalf("took %+v\nwant %+v", got[0], caseOf("ä/1"))
	}
}

func routedOnce(r *routed) {
	first := r.route(caseOf("1"))
	changed := caseOf("1")
	changed.Summary = "another"
	if again := r.route(changed); again != first {
		r.Fatalf("assigned %+v, then %+v", first, again)
	}
	if got := r.has("1"); got[0].Summary != "" {
		r.Fatalf("the second call changed the case")
	}
}

func keysAreApart(r *routed) {
	keys := []string{"a/1", "a/11", "A/1", "b/1", "a/1 "}
	for _, key := range keys {
		r.route(caseOf(key))
	}
	r.has(keys...)
}

func parallelCalls(r *routed) {
	var wg sync.WaitGroup
	errs := make([]error, 30)
	for i := range errs {
		wg.Go(func() { _, errs[i] = r.Route(r.Context(), caseOf(fmt.Sprint(i%3))) })
	}
	wg.Wait()
	for _, err := range errs {
		clauses.Wants(r, "parallel route", err, nil)
	}
	r.has("0", "1", "2")
}

func withoutKey(r *routed) {
	if _, err := r.Route(r.Context(), caseOf("")); err == nil {
		r.Fatalf("a case without key was taken")
	}
	r.has()
}

func nothingKept(r *routed) {
	c := caseOf("1")
	r.route(c)
	spoil(c)
	if got := r.has("1"); !reflect.DeepEqual(got[0], caseOf("1")) {
		r.Fatalf("the caller changed what was taken: %+v", got[0])
	}
}

func routerEndedContext(r *routed) {
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	a, err := r.Route(ctx, caseOf("1"))
	clauses.Wants(r, "route with an ended context", err, context.Canceled)
	if a != (handoff.Assignment{}) {
		r.Errorf("an assignment along with an error: %+v", a)
	}
	r.route(caseOf("1"))
	r.has("1")
}

func errorLeavesUnrouted(r *routed) {
	if r.Break == nil {
		return
	}
	r.Break()
	if a, err := r.Route(r.Context(), caseOf("1")); err == nil || a != (handoff.Assignment{}) {
		r.Fatalf("broken, it returns %+v, %v", a, err)
	}
	r.Mend()
	r.route(caseOf("1"))
	r.has("1")
}
