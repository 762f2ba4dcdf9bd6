package handofftest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/clauses"
)

func TestMemoryStoreKeepsThePromisesOfAStore(t *testing.T) {
	TestStore(t, func(*testing.T) handoff.Store { return handoff.NewMemoryStore() })
}

// breakable fails while it is broken.
type breakable struct {
	handoff.Router
	broken bool
}

func (b *breakable) Route(ctx context.Context, c handoff.Case) (handoff.Assignment, error) {
	if b.broken {
		return handoff.Assignment{}, errors.New("down")
	}
	return b.Router.Route(ctx, c)
}

func inboxUnderTest() RouterUnderTest {
	inbox := &handoff.Inbox{}
	b := &breakable{Router: inbox}
	return RouterUnderTest{
		Router: b, Routed: func(context.Context) ([]handoff.Case, error) { return inbox.Cases(), nil },
		Break: func() { b.broken = true }, Mend: func() { b.broken = false },
	}
}

func TestInboxKeepsThePromisesOfARouter(t *testing.T) {
	TestRouter(t, func(*testing.T) RouterUnderTest { return inboxUnderTest() })
}

func TestQueueKeepsThePromisesOfARouter(t *testing.T) {
	TestRouter(t, func(t *testing.T) RouterUnderTest {
		q, err := handoff.NewQueue(handoff.QueueConfig{Team: &handoff.Team{Members: []handoff.Member{{ID: "anna"}, {ID: "bo"}}}})
		if err != nil {
			t.Fatal(err)
		}
		return RouterUnderTest{Router: q, Routed: func(ctx context.Context) (cases []handoff.Case, err error) {
			tickets, err := q.Tickets(ctx)
			for _, ticket := range tickets {
				c, err := q.Case(ctx, ticket.Key)
				if err != nil {
					return nil, err
				}
				cases = append(cases, c)
			}
			return cases, err
		}}
	})
}

// brokenRouter keeps cases as carelessly as it is told to.
type brokenRouter struct {
	carelessness
	mu     sync.Mutex
	cases  []handoff.Case
	broken bool
}

type carelessness struct {
	twice, latest, shared, noKey, noCtx, folds, eats, loses, partial bool
}

func (b *brokenRouter) Route(ctx context.Context, c handoff.Case) (handoff.Assignment, error) {
	to := handoff.Assignment{Queue: "broken"}
	if ctx.Err() != nil && !b.noCtx {
		if b.partial {
			return to, ctx.Err()
		}
		return handoff.Assignment{}, ctx.Err()
	}
	if c.Key == "" && !b.noKey {
		return handoff.Assignment{}, handoff.ErrNoKey
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken && !b.eats {
		return handoff.Assignment{}, errors.New("down")
	}
	key := c.Key
	if b.folds {
		key = strings.TrimSpace(strings.ToLower(key))
	}
	kept := c
	if !b.shared {
		var inbox handoff.Inbox
		_, _ = inbox.Route(context.Background(), c)
		if cases := inbox.Cases(); len(cases) == 1 {
			kept = cases[0]
		}
	}
	if b.loses {
		kept.Transcript = nil
	}
	i := slices.IndexFunc(b.cases, func(known handoff.Case) bool {
		return known.Key == key || b.folds && strings.TrimSpace(strings.ToLower(known.Key)) == key
	})
	switch {
	case i < 0 || b.twice:
		b.cases = append(b.cases, kept)
	case b.latest:
		b.cases[i] = kept
	}
	if b.broken {
		return handoff.Assignment{}, nil // taken, it says, but nobody will see an error
	}
	return to, nil
}

func TestBrokenRoutersFailTheirClauses(t *testing.T) {
	var list []clauses.Broken[*routed]
	for name, test := range map[string]struct {
		broken carelessness
		want   string
	}{
		"not broken":                   {carelessness{}, ""},
		"takes a key twice":            {carelessness{twice: true}, "KeyIsRoutedOnce ParallelCallsRouteOnce"},
		"the last form counts":         {carelessness{latest: true}, "KeyIsRoutedOnce"},
		"keeps the caller's case":      {carelessness{shared: true}, "NothingOfTheCallersIsKept"},
		"takes cases without key":      {carelessness{noKey: true}, "CaseWithoutKeyIsRefused"},
		"does not look at the context": {carelessness{noCtx: true}, "EndedContextFails"},
		"a result with its error":      {carelessness{partial: true}, "EndedContextFails"},
		"folds keys":                   {carelessness{folds: true}, "KeysAreApart"},
		"hides its errors":             {carelessness{eats: true}, "ErrorLeavesTheCaseUnrouted"},
		"loses the transcript":         {carelessness{loses: true}, "CaseIsTakenAsItIs NothingOfTheCallersIsKept"},
	} {
		list = append(list, clauses.Broken[*routed]{Name: name, Want: strings.Fields(test.want), Subject: func(r clauses.Reporter) *routed {
			b := &brokenRouter{carelessness: test.broken}
			return &routed{r, RouterUnderTest{
				Router: b, Routed: func(context.Context) ([]handoff.Case, error) { return b.cases, nil },
				Break: func() { b.broken = true }, Mend: func() { b.broken = false },
			}}
		}})
	}
	clauses.ProveExactly(t, routerClauses(), list)
}

// brokenStore breaks one method of a store.
type brokenStore struct {
	handoff.Store
	save   func(s handoff.Store, ctx context.Context, queue string, version int64, c handoff.QueueChange) error
	load   func(s handoff.Store, ctx context.Context, queue string) (handoff.QueueState, error)
	ticket func(s handoff.Store, ctx context.Context, queue, key string) (handoff.Ticket, error)
	erase  func(s handoff.Store, ctx context.Context, queue string, e handoff.Erasure) (int, error)
}

func (b *brokenStore) Save(ctx context.Context, queue string, version int64, c handoff.QueueChange) error {
	if b.save != nil {
		return b.save(b.Store, ctx, queue, version, c)
	}
	return b.Store.Save(ctx, queue, version, c)
}

func (b *brokenStore) Load(ctx context.Context, queue string) (handoff.QueueState, error) {
	if b.load != nil {
		return b.load(b.Store, ctx, queue)
	}
	return b.Store.Load(ctx, queue)
}

func (b *brokenStore) Ticket(ctx context.Context, queue, key string) (handoff.Ticket, error) {
	if b.ticket != nil {
		return b.ticket(b.Store, ctx, queue, key)
	}
	return b.Store.Ticket(ctx, queue, key)
}

func (b *brokenStore) Erase(ctx context.Context, queue string, e handoff.Erasure) (int, error) {
	if b.erase != nil {
		return b.erase(b.Store, ctx, queue, e)
	}
	return b.Store.Erase(ctx, queue, e)
}

func TestBrokenStoresFailTheirClauses(t *testing.T) {
	var list []clauses.Broken[*stored]
	for name, test := range map[string]struct {
		broken func(b *brokenStore)
		want   string // a question mark: may fail, by what comes first
	}{
		"not broken": {func(*brokenStore) {}, ""},
		"takes any version": {func(b *brokenStore) {
			b.save = func(s handoff.Store, ctx context.Context, queue string, _ int64, c handoff.QueueChange) error {
				for {
					state, err := s.Load(ctx, queue)
					if err != nil {
						return err
					}
					if err = s.Save(ctx, queue, state.Version, c); !errors.Is(err, handoff.ErrQueueChanged) {
						return err
					}
				}
			}
		}, "StaleSaveChangesNothing OneOfParallelSavesWins"},
		"forgets members": {func(b *brokenStore) {
			b.save = func(s handoff.Store, ctx context.Context, queue string, version int64, c handoff.QueueChange) error {
				c.Members = nil
				return s.Save(ctx, queue, version, c)
			}
		}, "WhatIsSavedComesBack SaveReplacesByKey"},
		"one queue for all": {func(b *brokenStore) {
			b.save = func(s handoff.Store, ctx context.Context, _ string, version int64, c handoff.QueueChange) error {
				return s.Save(ctx, "all", version, c)
			}
			b.load = func(s handoff.Store, ctx context.Context, _ string) (handoff.QueueState, error) {
				return s.Load(ctx, "all")
			}
			b.ticket = func(s handoff.Store, ctx context.Context, _, key string) (handoff.Ticket, error) {
				return s.Ticket(ctx, "all", key)
			}
		}, "QueuesAreApart WhatIsSavedComesBack CaseIsKeptOnce NothingIsShared EraseDeletesClosedTicketsAlone"},
		"loads the closed": {func(b *brokenStore) {
			var closed []handoff.Ticket
			b.save = func(s handoff.Store, ctx context.Context, queue string, version int64, c handoff.QueueChange) error {
				err := s.Save(ctx, queue, version, c)
				for _, t := range c.Tickets {
					if err == nil && t.State == handoff.Closed {
						closed = append(closed, t)
					}
				}
				return err
			}
			b.load = func(s handoff.Store, ctx context.Context, queue string) (handoff.QueueState, error) {
				state, err := s.Load(ctx, queue)
				state.Tickets = append(state.Tickets, closed...)
				return state, err
			}
		}, "ClosedTicketsAreNotLoaded"},
		"drops a ticket's skills": {func(b *brokenStore) {
			b.ticket = func(s handoff.Store, ctx context.Context, queue, key string) (handoff.Ticket, error) {
				t, err := s.Ticket(ctx, queue, key)
				t.Skills = t.Skills[:len(t.Skills)/2]
				return t, err
			}
		}, "WhatIsSavedComesBack NothingIsShared"},
		"a zero ticket for an unknown key": {func(b *brokenStore) {
			b.ticket = func(s handoff.Store, ctx context.Context, queue, key string) (handoff.Ticket, error) {
				t, err := s.Ticket(ctx, queue, key)
				if errors.Is(err, handoff.ErrNoCase) {
					return handoff.Ticket{}, nil
				}
				return t, err
			}
		}, "UnknownCaseIsAnError QueuesAreApart EraseDeletesClosedTicketsAlone"},
		"erases nothing": {func(b *brokenStore) {
			b.erase = func(_ handoff.Store, ctx context.Context, _ string, _ handoff.Erasure) (int, error) {
				return 0, ctx.Err()
			}
		}, "EraseDeletesClosedTicketsAlone"},
		"shares what it returns": {func(b *brokenStore) {
			kept := map[string]handoff.Ticket{}
			b.ticket = func(s handoff.Store, ctx context.Context, queue, key string) (handoff.Ticket, error) {
				if t, ok := kept[key]; ok {
					return t, nil
				}
				t, err := s.Ticket(ctx, queue, key)
				if err == nil && t.State == handoff.Waiting {
					kept[key] = t
				}
				return t, err
			}
		}, "NothingIsShared EndedContextFails? ClosedTicketsAreNotLoaded?"},
		"changes cases": {func(b *brokenStore) {
			b.save = func(s handoff.Store, ctx context.Context, queue string, version int64, c handoff.QueueChange) error {
				c.Cases = slices.Clone(c.Cases)
				for i := range c.Cases {
					c.Cases[i].Summary += fmt.Sprint("saved at ", version)
				}
				return s.Save(ctx, queue, version, c)
			}
		}, "CaseIsKeptOnce WhatIsSavedComesBack NothingIsShared"},
		"does not look at the context": {func(b *brokenStore) {
			b.load = func(s handoff.Store, ctx context.Context, queue string) (handoff.QueueState, error) {
				return s.Load(context.WithoutCancel(ctx), queue)
			}
		}, "EndedContextFails"},
	} {
		list = append(list, clauses.Broken[*stored]{Name: name, Want: strings.Fields(test.want), Subject: func(r clauses.Reporter) *stored {
			b := &brokenStore{Store: handoff.NewMemoryStore()}
			test.broken(b)
			return &stored{r, b}
		}})
	}
	clauses.ProveExactly(t, storeClauses(), list)
}
