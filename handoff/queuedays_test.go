package handoff

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// Two processes on one store never give a member more than their capacity, and
// no case to two members.
func TestReplicasKeepCapacity(t *testing.T) {
	store, team := NewMemoryStore(), &Team{Members: []Member{{ID: "anna", Capacity: 3}, {ID: "bo", Capacity: 2}}}
	clock := newClock()
	var queues []*Queue
	for range 3 {
		queues = append(queues, newQueue(t, QueueConfig{Team: team, Store: store, Now: clock.Now, Assign: true}))
	}
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			if _, err := queues[i%3].Route(t.Context(), one(fmt.Sprint(i/2))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	candidates, err := queues[0].Candidates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range candidates {
		if c.Busy != c.Capacity {
			t.Errorf("%s has %d of %d", c.ID, c.Busy, c.Capacity)
		}
	}
	if tickets, _ := queues[1].Tickets(t.Context()); len(tickets) != 15 {
		t.Errorf("%d tickets", len(tickets))
	}
}

// Whatever happens in whatever order, no member has more than their capacity by
// offers, no case is lost or doubled, every history is one that can be, and
// nothing waits that could be offered.
func TestRandomDaysOfAQueue(t *testing.T) {
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		clock := newClock()
		day := &Schedule{Week: every(Interval{8 * hour, 12 * hour}, Interval{13 * hour, 17 * hour})}
		team := &Team{Members: []Member{{ID: "a", Capacity: 1}, {ID: "b", Capacity: 2, Hours: day}, {ID: "c", Capacity: 3, Languages: []string{"da"}}}}
		q := newQueue(t, QueueConfig{Team: team, Now: clock.Now, Assign: seed%5 == 0, RelaxAfter: time.Duration(seed%3-1) * time.Minute})
		ids, routed := []string{"a", "b", "c"}, map[string]bool{}
		var log []string
		for range 60 {
			key, member := fmt.Sprint(rnd.IntN(12)), ids[rnd.IntN(3)]
			did := rnd.IntN(8)
			log = append(log, fmt.Sprint(did, key, member))
			var err error
			switch did {
			case 0, 1:
				c := one(key)
				c.Language = []string{"da", "de"}[rnd.IntN(2)]
				_, err = q.Route(t.Context(), c)
				routed[key] = true
			case 2:
				err = q.Accept(t.Context(), key, member)
			case 3:
				err = q.Decline(t.Context(), key, member)
			case 4:
				err = q.Done(t.Context(), key)
			case 5:
				err = q.SetAway(t.Context(), member, rnd.IntN(2) == 0)
			default:
				clock.move(time.Duration(rnd.IntN(40)) * time.Minute)
				_, err = q.Scan(t.Context())
			}
			for _, known := range []error{nil, ErrNoCase, ErrNotYours, ErrCaseClosed} {
				if errors.Is(err, known) {
					err = nil
				}
			}
			if err != nil {
				t.Fatalf("seed %d: %v: %v", seed, log, err)
			}
		}
		checkQueue(t, q, routed, fmt.Sprintf("seed %d: %v", seed, log))
	}
}

func checkQueue(t *testing.T, q *Queue, routed map[string]bool, what string) {
	t.Helper()
	scan(t, q)
	offered := map[string]int{}
	for key := range routed {
		ticket, err := q.Ticket(t.Context(), key)
		if err != nil {
			t.Fatalf("%s: case %s is lost: %v", what, key, err)
		}
		if ticket.State == Offered {
			offered[ticket.Member]++
		}
		had := ""
		for i, h := range ticket.History {
			switch h.Event {
			case WasRouted:
				if i > 0 {
					t.Errorf("%s: case %s was routed twice", what, key)
				}
			case WasOffered:
				if had != "" {
					t.Errorf("%s: case %s was offered to %s while %s had it", what, key, h.Member, had)
				}
				had = h.Member
			case WasAccepted:
				had = h.Member
			case WasDeclined, OfferLapsed:
				if had != h.Member {
					t.Errorf("%s: case %s was %s by %s while %q had it", what, key, h.Event, h.Member, had)
				}
				had = ""
			default:
				if i != len(ticket.History)-1 {
					t.Errorf("%s: case %s goes on after %s", what, key, h.Event)
				}
			}
		}
	}
	candidates, err := q.Candidates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tickets, _ := q.Tickets(t.Context())
	for _, c := range candidates {
		if offered[c.ID] > c.Capacity {
			t.Errorf("%s: %s is offered %d", what, c.ID, offered[c.ID])
		}
		if i := slices.IndexFunc(tickets, func(t Ticket) bool { return t.State == Waiting && len(t.Passed) == 0 && t.Language == "da" }); i >= 0 && c.ID == "c" && c.Free() {
			t.Errorf("%s: %s waits while c is free", what, tickets[i].Key)
		}
	}
}
