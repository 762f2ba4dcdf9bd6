// Package handofftest tests that an implementation of [handoff.Router] or
// [handoff.Store] keeps what its interface promises, as [testing/fstest] does for
// file systems.
//
// Each promise is a subtest of its own, so that a failure names it. In a test of
// one's own:
//
//	func TestStore(t *testing.T) {
//		handofftest.TestStore(t, func(t *testing.T) handoff.Store { return mystore.New(t.TempDir()) })
//	}
//
// The suites are worth most under the race detector.
package handofftest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// reporter is what a subtest reports to: a [testing.T], or a recorder in tests of
// the suites themselves.
type reporter interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// clause is one promise of an interface, and how it is tested.
type clause[S any] struct {
	name  string
	check func(subject S)
}

// run tests every clause, each on a subject of its own.
func run[S any](t *testing.T, clauses []clause[S], subject func(t *testing.T) S) {
	t.Helper()
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) { c.check(subject(t)) })
	}
}

// wants fails unless an error is, or wraps, the one wanted; nil wants none.
func wants(r reporter, what string, err, want error) {
	r.Helper()
	if !errors.Is(err, want) {
		r.Fatalf("%s: got %v, want %v", what, err, want)
	}
}

var start = time.Date(2026, 3, 2, 9, 30, 15, 123456000, time.UTC)

// caseOf is a case with something in every field that can be changed from
// outside.
func caseOf(key string) handoff.Case {
	return handoff.Case{
		Key: key, Agent: "agent", Conversation: "talk/" + key, Channel: "chat", Language: "da", Reason: handoff.AskedForHuman,
		Contact:    channels.Contact{ID: "contact/" + key, Attributes: map[string]string{"plan": "gold"}},
		Transcript: []channels.Message{{Text: "Hvor er min pakke? 📦"}}, Sources: []string{"Delivery"},
		Facts: []handoff.Fact{{Name: "plan", Value: "gold", From: "contact"}}, WaitingSince: start, CreatedAt: start.Add(time.Minute),
	}
}

// spoil changes everything of a case that is reached by reference.
func spoil(c handoff.Case) {
	c.Contact.Attributes["plan"] = "spoilt"
	c.Transcript[0].Text, c.Sources[0], c.Facts[0].Value = "spoilt", "spoilt", "spoilt"
}
