// Package storetest tests that an implementation of [agent.Store] keeps what its
// interface promises, as [testing/fstest] does for file systems.
//
// Each promise is a subtest of its own, so that a failure names it. In a test of
// one's own:
//
//	func TestStore(t *testing.T) {
//		storetest.TestStore(t, func(t *testing.T, now func() time.Time) agent.Store {
//			return mystore.New(t.TempDir(), now)
//		})
//	}
//
// The suite is worth most under the race detector.
package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/internal/clauses"
)

// TestStore tests a store by the documented promises of [agent.Store]. newStore
// is called for every subtest and returns an empty store whose leases go by
// now, which the suite moves.
func TestStore(t *testing.T, newStore func(t *testing.T, now func() time.Time) agent.Store) {
	t.Helper()
	clauses.Run(t, storeClauses(), func(t *testing.T) *subject {
		return newSubject(t, func(now func() time.Time) agent.Store { return newStore(t, now) })
	})
}

// storeClauses lists every promise of a store.
func storeClauses() []clauses.Clause[*subject] {
	return []clauses.Clause[*subject]{
		{Name: "DeliveryHasOnePlace", Check: deliveryHasOnePlace},
		{Name: "ParallelDeliveriesHaveOnePlace", Check: parallelDeliveries},
		{Name: "MessageInTimeReopens", Check: messageInTimeReopens},
		{Name: "LateMessageBeginsAnew", Check: lateMessageBeginsAnew},
		{Name: "AgentsAreSeparate", Check: agentsAreSeparate},
		{Name: "UnknownConversationIsAnError", Check: unknownConversation},
		{Name: "WhatIsReturnedIsTheCallers", Check: returnedIsTheCallers},
		{Name: "LeaseIsExclusive", Check: leaseIsExclusive},
		{Name: "LeaseLapsesAndIsExtended", Check: leaseLapses},
		{Name: "LostLeaseIsFenced", Check: lostLeaseIsFenced},
		{Name: "SaveKeepsAll", Check: saveKeepsAll},
		{Name: "RefusedSaveKeepsNothing", Check: refusedSaveKeepsNothing},
		{Name: "DueIsWhatHasWork", Check: dueIsWhatHasWork},
		{Name: "HumanSpeaksOnce", Check: humanSpeaksOnce},
		{Name: "FirstDecisionStays", Check: firstDecisionStays},
		{Name: "PendingApprovalsAreOldestFirst", Check: pendingApprovals},
		{Name: "NotesAreKept", Check: notesAreKept},
		{Name: "FindListsByActivity", Check: findListsByActivity},
		{Name: "FindKeepsToItsQuery", Check: findKeepsToItsQuery},
		{Name: "FirstRecordStays", Check: firstRecordStays},
		{Name: "RecordsGoWithTheirTurn", Check: recordsGoWithTheirTurn},
		{Name: "LogIsOnceForEachKey", Check: logIsOnce},
		{Name: "LogsAreInOrderAndAfter", Check: logsAreInOrder},
		{Name: "EraseTakesAllOfAContact", Check: eraseTakesAContact},
		{Name: "EraseTakesWhatEnded", Check: eraseTakesWhatEnded},
		{Name: "EraseTakesOldLinesOnly", Check: eraseTakesOldLines},
		{Name: "ErasedIsGoneForGood", Check: erasedIsGone},
		{Name: "LifecycleIsReplacedByRevision", Check: lifecycleByRevision},
		{Name: "VersionsFollowEachOther", Check: versionsFollow},
	}
}

// subject is a store in one subtest, with its clock.
type subject struct {
	clauses.Reporter
	agent.Store

	mu   sync.Mutex
	time time.Time
}

// id is the agent of whose memory most clauses are.
const id = "agent"

func newSubject(r clauses.Reporter, newStore func(now func() time.Time) agent.Store) *subject {
	s := &subject{Reporter: r, time: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)}
	s.Store = newStore(s.now)
	return s
}

func (s *subject) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.time
}

func (s *subject) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.time = s.time.Add(d)
}

func (s *subject) wants(what string, err, want error) {
	s.Helper()
	clauses.Wants(s, what, err, want)
}

// check fails unless ok.
func (s *subject) check(ok bool, format string, args ...any) {
	s.Helper()
	if !ok {
		s.Fatalf(format, args...)
	}
}

// request is a delivery of a contact on a thread of their own, closing an hour
// after the last message and reopened within another.
func (s *subject) request(channel, contact, delivery string) agent.AcceptRequest {
	return agent.AcceptRequest{
		Agent: id, IdleClose: time.Hour, ReopenWithin: time.Hour,
		Event: channels.Event{
			Channel: channel, Thread: contact, Delivery: delivery, At: s.now(),
			Contact: channels.Contact{ID: contact, Attributes: map[string]string{"plan": "basic"}}, Message: channels.Message{Text: "Hello from " + contact},
		},
	}
}

// say accepts a message and returns where it went.
func (s *subject) say(channel, contact, delivery string) agent.Accepted {
	s.Helper()
	a, err := s.Accept(s.Context(), s.request(channel, contact, delivery))
	s.wants("accept "+delivery, err, nil)
	return a
}

func (s *subject) lease(conversation string) agent.Lease {
	s.Helper()
	l, err := s.Lease(s.Context(), id, conversation, "worker", time.Minute)
	s.wants("lease "+conversation, err, nil)
	return l
}

func (s *subject) load(conversation string) agent.Conversation {
	s.Helper()
	c, err := s.Load(s.Context(), id, conversation)
	s.wants("load "+conversation, err, nil)
	return c
}

// save writes under a lease of its own.
func (s *subject) save(conversation string, save agent.Save) {
	s.Helper()
	l := s.lease(conversation)
	s.wants("save "+conversation, s.Save(s.Context(), l, save), nil)
	s.wants("unlease "+conversation, s.Unlease(s.Context(), l), nil)
}

func (s *subject) due(at time.Time) []string {
	s.Helper()
	ids, err := s.Due(s.Context(), id, at, 100)
	s.wants("due", err, nil)
	return ids
}

func (s *subject) log(conversation, key string, at time.Time) {
	s.Helper()
	s.wants("log "+key, s.Log(s.Context(), id, agent.TraceLog, agent.LogLine{Key: key, Conversation: conversation, At: at, Data: []byte(`{"k":1}`)}), nil)
}

func (s *subject) keys() (keys string) {
	s.Helper()
	lines, err := s.Logs(s.Context(), id, agent.TraceLog, 0, 100)
	s.wants("logs", err, nil)
	for _, l := range lines {
		keys += fmt.Sprint(l.Number, l.Key, " ")
	}
	return keys
}
