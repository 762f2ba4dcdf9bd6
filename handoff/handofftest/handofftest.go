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
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

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
