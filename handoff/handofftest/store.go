package handofftest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/clauses"
)

// TestStore tests a store by the documented promises of [handoff.Store].
// newStore is called for every subtest and returns an empty one.
func TestStore(t *testing.T, newStore func(t *testing.T) handoff.Store) {
	t.Helper()
	clauses.Run(t, storeClauses(), func(t *testing.T) *stored { return &stored{t, newStore(t)} })
}

// storeClauses lists every promise of a store.
func storeClauses() []clauses.Clause[*stored] {
	return []clauses.Clause[*stored]{
		{Name: "WhatIsSavedComesBack", Check: comesBack},
		{Name: "SaveReplacesByKey", Check: replaces},
		{Name: "QueuesAreApart", Check: queuesAreApart},
		{Name: "ClosedTicketsAreNotLoaded", Check: closedAreNotLoaded},
		{Name: "StaleSaveChangesNothing", Check: staleSave},
		{Name: "OneOfParallelSavesWins", Check: oneWins},
		{Name: "CaseIsKeptOnce", Check: caseIsKeptOnce},
		{Name: "UnknownCaseIsAnError", Check: unknownCase},
		{Name: "NothingIsShared", Check: nothingIsShared},
		{Name: "EraseDeletesClosedTicketsAlone", Check: erases},
		{Name: "EndedContextFails", Check: storeEndedContext},
	}
}

// stored is a store in one subtest.
type stored struct {
	clauses.Reporter
	handoff.Store
}

const queue = "support"

// ticketOf is a ticket with something in every field.
func ticketOf(key string, state handoff.TicketState) handoff.Ticket {
	return handoff.Ticket{
		Key: key, Agent: "agent", Conversation: "talk/" + key, Channel: "chat", Contact: "contact/" + key, Language: "da", Skills: []string{"billing"},
		Reason: handoff.Loop, WaitingSince: start, RoutedAt: start.Add(time.Second), State: state, Member: "änna", Until: start.Add(time.Minute),
		Passed: map[string]time.Time{"bo": start}, History: []handoff.Happened{{Event: handoff.WasRouted, At: start}, {Event: handoff.WasOffered, Member: "änna", At: start.Add(time.Second)}},
	}
}

func (s *stored) save(queue string, version int64, want error, c handoff.QueueChange) {
	s.Helper()
	clauses.Wants(s, fmt.Sprintf("save to %s at version %d", queue, version), s.Save(s.Context(), queue, version, c), want)
}

// state loads a queue, its tickets and members by name.
func (s *stored) state(queue string) handoff.QueueState {
	s.Helper()
	state, err := s.Load(s.Context(), queue)
	clauses.Wants(s, "load "+queue, err, nil)
	slices.SortFunc(state.Tickets, func(a, b handoff.Ticket) int { return strings.Compare(a.Key, b.Key) })
	slices.SortFunc(state.Members, func(a, b handoff.Presence) int { return strings.Compare(a.Member, b.Member) })
	return state
}

func (s *stored) holds(queue string, version int64, keys ...string) {
	s.Helper()
	state := s.state(queue)
	var got []string
	for _, t := range state.Tickets {
		got = append(got, t.Key)
	}
	if state.Version != version || !slices.Equal(got, keys) {
		s.Fatalf("%s has version %d and %q, want %d and %q", queue, state.Version, got, version, keys)
	}
}

func change(tickets ...handoff.Ticket) handoff.QueueChange {
	return handoff.QueueChange{Tickets: tickets}
}

func comesBack(s *stored) {
	s.holds(queue, 0)
	want := handoff.QueueState{
		Version: 1, Tickets: []handoff.Ticket{ticketOf("1", handoff.Offered), ticketOf("2", handoff.Accepted)},
		Members: []handoff.Presence{{Member: "bo", Away: true}, {Member: "änna", LastOffered: start}},
	}
	s.save(queue, 0, nil, handoff.QueueChange{Tickets: want.Tickets, Members: want.Members, Cases: []handoff.Case{caseOf("1")}})
	if got := s.state(queue); !reflect.DeepEqual(got, want) {
		s.Fatalf("got %+v\nwant %+v", got, want)
	}
	ticket, err := s.Ticket(s.Context(), queue, "1")
	clauses.Wants(s, "ticket", err, nil)
	c, err := s.Case(s.Context(), queue, "1")
	clauses.Wants(s, "case", err, nil)
	if !reflect.DeepEqual(ticket, want.Tickets[0]) || !reflect.DeepEqual(c, caseOf("1")) {
		s.Fatalf("got %+v\nand %+v", ticket, c)
	}
}

func replaces(s *stored) {
	s.save(queue, 0, nil, handoff.QueueChange{Tickets: []handoff.Ticket{ticketOf("1", handoff.Waiting)}, Members: []handoff.Presence{{Member: "bo", Away: true}}})
	s.save(queue, 1, nil, handoff.QueueChange{Tickets: []handoff.Ticket{ticketOf("1", handoff.Accepted)}, Members: []handoff.Presence{{Member: "bo"}}})
	if got := s.state(queue); len(got.Tickets) != 1 || got.Tickets[0].State != handoff.Accepted || len(got.Members) != 1 || got.Members[0].Away {
		s.Fatalf("got %+v", got)
	}
}

func queuesAreApart(s *stored) {
	s.save("a", 0, nil, change(ticketOf("1", handoff.Waiting)))
	s.save("b", 0, nil, change(ticketOf("2", handoff.Waiting)))
	s.holds("a", 1, "1")
	s.holds("b", 1, "2")
	_, err := s.Ticket(s.Context(), "a", "2")
	clauses.Wants(s, "a ticket of another queue", err, handoff.ErrNoCase)
}

func closedAreNotLoaded(s *stored) {
	s.save(queue, 0, nil, change(ticketOf("1", handoff.Waiting), ticketOf("2", handoff.Waiting)))
	s.save(queue, 1, nil, change(ticketOf("1", handoff.Closed)))
	s.holds(queue, 2, "2")
	if t, err := s.Ticket(s.Context(), queue, "1"); err != nil || t.State != handoff.Closed {
		s.Fatalf("the closed ticket is %+v, %v", t, err)
	}
}

func staleSave(s *stored) {
	s.save(queue, 0, nil, change(ticketOf("1", handoff.Waiting)))
	for _, version := range []int64{0, 2} {
		s.save(queue, version, handoff.ErrQueueChanged, handoff.QueueChange{
			Tickets: []handoff.Ticket{ticketOf("1", handoff.Closed), ticketOf("2", handoff.Waiting)},
			Members: []handoff.Presence{{Member: "bo"}}, Cases: []handoff.Case{caseOf("2")},
		})
	}
	s.holds(queue, 1, "1")
	_, err := s.Case(s.Context(), queue, "2")
	clauses.Wants(s, "the case of a refused save", err, handoff.ErrNoCase)
	if n := len(s.state(queue).Members); n != 0 {
		s.Fatalf("%d members of a refused save", n)
	}
}

func oneWins(s *stored) {
	for round := range int64(10) {
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() {
				errs[i] = s.Save(s.Context(), queue, round, change(ticketOf(fmt.Sprint(round, "/", i), handoff.Waiting)))
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			clauses.Wants(s, "the losing save", err, handoff.ErrQueueChanged)
		}
		if got := s.state(queue); won != 1 || got.Version != round+1 || len(got.Tickets) != int(round)+1 {
			s.Fatalf("%d of 8 saves won, version %d, %d tickets", won, got.Version, len(got.Tickets))
		}
	}
}

func caseIsKeptOnce(s *stored) {
	changed := caseOf("1")
	changed.Summary = "another"
	s.save(queue, 0, nil, handoff.QueueChange{Cases: []handoff.Case{caseOf("1")}})
	s.save(queue, 1, nil, handoff.QueueChange{Cases: []handoff.Case{changed}})
	if c, err := s.Case(s.Context(), queue, "1"); err != nil || c.Summary != "" {
		s.Fatalf("got %+v, %v", c, err)
	}
}

func unknownCase(s *stored) {
	_, err := s.Ticket(s.Context(), queue, "1")
	clauses.Wants(s, "an unknown ticket", err, handoff.ErrNoCase)
	_, err = s.Case(s.Context(), queue, "1")
	clauses.Wants(s, "an unknown case", err, handoff.ErrNoCase)
}

func nothingIsShared(s *stored) {
	ticket, c := ticketOf("1", handoff.Waiting), caseOf("1")
	spoilTicket := func(t handoff.Ticket) {
		t.Skills[0], t.Passed["bo"], t.History[0].Member = "spoilt", time.Time{}, "spoilt"
	}
	s.save(queue, 0, nil, handoff.QueueChange{Tickets: []handoff.Ticket{ticket}, Cases: []handoff.Case{c}})
	for _, who := range []string{"who saved", "who read"} {
		spoilTicket(ticket)
		spoil(c)
		var err error
		ticket, err = s.Ticket(s.Context(), queue, "1")
		clauses.Wants(s, "ticket", err, nil)
		c, err = s.Case(s.Context(), queue, "1")
		clauses.Wants(s, "case", err, nil)
		loaded := s.state(queue).Tickets[0]
		if want := ticketOf("1", handoff.Waiting); !reflect.DeepEqual(ticket, want) || !reflect.DeepEqual(loaded, want) || !reflect.DeepEqual(c, caseOf("1")) {
			s.Fatalf("%s changed what is kept:\n%+v\n%+v\n%+v", who, ticket, loaded, c)
		}
		spoilTicket(loaded)
	}
}

func erases(s *stored) {
	old := ticketOf("old", handoff.Closed)
	old.RoutedAt = start.Add(-time.Hour)
	open := ticketOf("open", handoff.Waiting)
	open.RoutedAt = start.Add(-time.Hour)
	s.save(queue, 0, nil, handoff.QueueChange{
		Tickets: []handoff.Ticket{old, open, ticketOf("new", handoff.Closed), ticketOf("mine", handoff.Closed)},
		Cases:   []handoff.Case{caseOf("old"), caseOf("open"), caseOf("new"), caseOf("mine")},
	})
	for _, step := range []struct {
		erase handoff.Erasure
		n     int
	}{
		{handoff.Erasure{}, 0},
		{handoff.Erasure{Contact: "contact/open"}, 0},
		{handoff.Erasure{Contact: "contact/mine"}, 1},
		{handoff.Erasure{Before: start}, 1},
		{handoff.Erasure{Before: start}, 0},
	} {
		n, err := s.Erase(s.Context(), queue, step.erase)
		clauses.Wants(s, "erase", err, nil)
		if n != step.n {
			s.Fatalf("%+v erased %d, want %d", step.erase, n, step.n)
		}
	}
	for key, want := range map[string]error{"old": handoff.ErrNoCase, "mine": handoff.ErrNoCase, "new": nil, "open": nil} {
		_, err := s.Ticket(s.Context(), queue, key)
		clauses.Wants(s, "ticket "+key, err, want)
		_, err = s.Case(s.Context(), queue, key)
		clauses.Wants(s, "case "+key, err, want)
	}
}

func storeEndedContext(s *stored) {
	s.save(queue, 0, nil, handoff.QueueChange{Tickets: []handoff.Ticket{ticketOf("1", handoff.Waiting)}, Cases: []handoff.Case{caseOf("1")}})
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	_, loadErr := s.Load(ctx, queue)
	_, ticketErr := s.Ticket(ctx, queue, "1")
	_, caseErr := s.Case(ctx, queue, "1")
	_, eraseErr := s.Erase(ctx, queue, handoff.Erasure{})
	saveErr := s.Save(ctx, queue, 1, change(ticketOf("2", handoff.Waiting)))
	for what, err := range map[string]error{"load": loadErr, "ticket": ticketErr, "case": caseErr, "erase": eraseErr, "save": saveErr} {
		clauses.Wants(s, what+" with an ended context", err, context.Canceled)
	}
	s.holds(queue, 1, "1")
}
