package creditstest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/kundeagent/kundeagent/credits"
)

func reserveHolds(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.left(40)
	m.reserve("b", 40, nil)
	m.left(0)
}

func reserveIsIdempotent(m *metered) {
	m.Fund("acme", 100)
	for range 3 {
		m.reserve("a", 60, nil)
	}
	m.left(40)
}

func otherAmountConflicts(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.reserve("a", 61, credits.ErrConflict)
	m.reserve("a", 10, credits.ErrConflict)
	m.commit("a", nil)
	m.reserve("a", 61, credits.ErrConflict)
	m.left(40)
}

func otherAccountConflicts(m *metered) {
	m.Fund("acme", 100)
	m.Fund("other", 100)
	m.reserve("a", 60, nil)
	c := charge("a", 60)
	c.Account = "other"
	wants(m, "reserve another account's key", m.Meter.Reserve(m.Context(), c), credits.ErrConflict)
	m.leftIn("other", 100)
	m.left(40)
}

func badChargesAreInvalid(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", -1, credits.ErrInvalid)
	m.reserve("", 1, credits.ErrInvalid)
	m.left(100)
}

func exhaustedIsRefused(m *metered) {
	m.reserve("a", 1, credits.ErrExhausted)
	m.Fund("acme", 100)
	m.reserve("b", 101, credits.ErrExhausted)
	m.reserve("c", 100, nil)
	m.reserve("d", 1, credits.ErrExhausted)
}

func refusalHoldsNothing(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 101, credits.ErrExhausted)
	m.left(100)
	m.commit("a", credits.ErrUnknown)
}

func refusedKeyStaysFree(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 150, credits.ErrExhausted)
	m.Fund("acme", 100)
	m.reserve("a", 120, nil)
	m.left(80)
}

func freeChargePasses(m *metered) {
	m.reserve("a", 0, nil)
	m.commit("a", nil)
}

func capIsKept(m *metered) {
	m.Fund("acme", 1000)
	m.Cap("acme", 100)
	m.reserve("a", 60, nil)
	m.reserve("b", 41, credits.ErrCapped)
	m.commit("a", nil)
	m.reserve("b", 41, credits.ErrCapped)
	m.reserve("c", 40, nil)
	m.reserve("d", 1, credits.ErrCapped)
	m.release("c", nil)
	m.reserve("e", 40, nil)
}

func capComesFirst(m *metered) {
	m.Fund("acme", 50)
	m.Cap("acme", 100)
	m.reserve("a", 101, credits.ErrCapped)
	m.reserve("b", 51, credits.ErrExhausted)
}

func commitCharges(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.commit("a", nil)
	m.left(40)
}

func commitIsIdempotent(m *metered) {
	m.Fund("acme", 200)
	m.reserve("a", 60, nil)
	for range 3 {
		m.commit("a", nil)
	}
	m.left(140)
}

func reserveAfterCommit(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.commit("a", nil)
	m.reserve("a", 60, nil)
	m.left(40)
	m.commit("a", nil)
	m.left(40)
}

func releaseGivesBack(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.release("a", nil)
	m.left(100)
}

func releaseIsIdempotent(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 30, nil)
	m.reserve("b", 30, nil)
	for range 3 {
		m.release("a", nil)
	}
	m.left(70)
}

func releaseAfterCommit(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.commit("a", nil)
	m.release("a", credits.ErrSettled)
	m.left(40)
}

func commitAfterRelease(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.release("a", nil)
	m.commit("a", credits.ErrSettled)
	m.left(100)
}

func reserveAfterRelease(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.release("a", nil)
	m.reserve("a", 60, credits.ErrSettled)
	m.left(100)
}

func unknownKeys(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	m.commit("b", credits.ErrUnknown)
	m.release("b", credits.ErrUnknown)
	m.reserve("b", 40, nil) // it is still free
}

func errorsName(m *metered) {
	m.Fund("acme", 100)
	m.reserve("key-1", 60, nil)
	for what, err := range map[string]error{
		"commit":   m.Meter.Commit(m.Context(), "key-2", evidence("key-2")),
		"release":  m.Meter.Release(m.Context(), "key-2"),
		"conflict": m.Meter.Reserve(m.Context(), charge("key-1", 61)),
		"refusal":  m.Meter.Reserve(m.Context(), charge("key-3", 61)),
	} {
		if err == nil || !strings.Contains(err.Error(), "key-") && !strings.Contains(err.Error(), "acme") {
			m.Errorf("%s: %v names neither account nor key", what, err)
		}
	}
}

func accountsAreSeparate(m *metered) {
	m.Fund("acme", 100)
	m.leftIn("other", 0)
	m.Fund("other", 50)
	m.reserve("a", 100, nil)
	m.commit("a", nil)
	m.leftIn("other", 50)
	m.left(0)
}

func endedContextChangesNothing(m *metered) {
	m.Fund("acme", 100)
	m.reserve("a", 60, nil)
	ended, cancel := context.WithCancel(m.Context())
	cancel()
	for what, err := range map[string]error{
		"reserve": m.Meter.Reserve(ended, charge("b", 10)),
		"commit":  m.Meter.Commit(ended, "a", evidence("a")),
		"release": m.Meter.Release(ended, "a"),
	} {
		wants(m, what+" after the context ended", err, context.Canceled)
	}
	m.left(40)
	m.release("b", credits.ErrUnknown)
	m.release("a", nil) // neither committed nor released
	m.left(100)
}

// together calls f n times at once.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	wg.Wait()
}

func parallelReservations(m *metered) {
	m.Fund("acme", 500)
	held := make([]bool, 100)
	together(len(held), func(i int) {
		err := m.Meter.Reserve(m.Context(), charge(fmt.Sprint(i), 10))
		held[i] = err == nil
		if err != nil && !errors.Is(err, credits.ErrExhausted) {
			m.Errorf("reserve: %v", err)
		}
	})
	n := 0
	for _, h := range held {
		if h {
			n++
		}
	}
	if n != 50 {
		m.Fatalf("%d reservations of 10 were taken from 500 credits", n)
	}
	m.left(0)
}

func parallelRepetitions(m *metered) {
	m.Fund("acme", 500)
	together(40, func(i int) {
		key := fmt.Sprint(i % 4)
		if err := m.Meter.Reserve(m.Context(), charge(key, 100)); err != nil {
			m.Errorf("reserve: %v", err)
		}
		if err := m.Meter.Commit(m.Context(), key, evidence(key)); err != nil {
			m.Errorf("commit: %v", err)
		}
	})
	m.left(100)
}

// A reservation is committed or released, not both, however close the calls are.
func parallelSettlements(m *metered) {
	m.Fund("acme", 1000)
	charged := int64(0)
	for round := range 40 {
		key := fmt.Sprint(round)
		m.reserve(key, 10, nil)
		var committed, released error
		together(2, func(i int) {
			if (i+round)%2 == 0 { // now one begins first, now the other
				committed = m.Meter.Commit(m.Context(), key, evidence(key))
			} else {
				released = m.Meter.Release(m.Context(), key)
			}
		})
		switch {
		case committed == nil && errors.Is(released, credits.ErrSettled):
			charged += 10
		case released != nil || !errors.Is(committed, credits.ErrSettled):
			m.Fatalf("commit got %v, release %v at the same time", committed, released)
		}
	}
	m.left(1000 - charged)
}
