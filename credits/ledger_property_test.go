package credits

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// shadow is a ledger of one account written as plainly as its rules are told.
type shadow struct {
	now    time.Time
	grants map[string]int64
	limit  int64
	holds  map[string]*shadowHold
}

type shadowHold struct {
	amount int64
	until  time.Time
	ended  string // "", "committed" or "released"
}

func (s *shadow) pending(h *shadowHold) bool { return h.ended == "" && s.now.Before(h.until) }

func (s *shadow) balance() (b Balance) {
	for _, amount := range s.grants {
		b.Granted += amount
	}
	for _, h := range s.holds {
		switch {
		case h.ended == "committed":
			b.Committed += h.amount
		case s.pending(h):
			b.Pending += h.amount
		}
	}
	b.Available = max(0, b.Granted-b.Committed-b.Pending)
	return b
}

func (s *shadow) run(st step) error {
	h := s.holds[st.key]
	switch st.do {
	case "grant":
		if _, known := s.grants[st.key]; !known {
			s.grants[st.key] = st.n
		}
	case "cap":
		s.limit = st.n
	case "wait":
		s.now = s.now.Add(time.Duration(st.n) * time.Minute)
	case "reserve":
		return s.reserve(st.key, st.n)
	case "commit":
		if h == nil {
			return ErrUnknown
		}
		if h.ended == "released" {
			return ErrSettled
		}
		h.ended = "committed"
	case "release":
		if h == nil {
			return ErrUnknown
		}
		if h.ended == "committed" {
			return ErrSettled
		}
		h.ended = "released"
	}
	return nil
}

func (s *shadow) reserve(key string, amount int64) error {
	if h := s.holds[key]; h != nil {
		switch {
		case h.amount != amount:
			return ErrConflict
		case h.ended == "released":
			return ErrSettled
		case h.ended == "committed" || s.pending(h):
			return nil
		}
	}
	b := s.balance()
	if amount > 0 && s.limit > 0 && b.Committed+b.Pending+amount > s.limit {
		return ErrCapped
	}
	if amount > b.Available {
		return ErrExhausted
	}
	s.holds[key] = &shadowHold{amount: amount, until: s.now.Add(time.Hour)}
	return nil
}

func randomStep(rnd *rand.Rand) step {
	key := fmt.Sprint("k", rnd.IntN(8))
	switch rnd.IntN(12) {
	case 0:
		return step{do: "grant", key: fmt.Sprint("g", rnd.IntN(4)), n: 1 + rnd.Int64N(200)}
	case 1:
		return step{do: "cap", n: rnd.Int64N(3) * 150}
	case 2, 3:
		return step{do: "wait", n: rnd.Int64N(40)}
	case 4, 5, 6, 7:
		// The amount belongs to the key, but for an occasional conflict.
		return step{do: "reserve", key: key, n: int64(key[1]-'0')*15 + rnd.Int64N(12)/11}
	case 8, 9:
		return step{do: "commit", key: key}
	default:
		return step{do: "release", key: key}
	}
}

// P7: whatever the order of calls, the ledger agrees with its rules, calling
// again changes nothing, and the entries add up to the balance.
func TestP7LedgerAgreesWithItsRulesInAnyOrder(t *testing.T) {
	refusals := map[error]int{}
	for seed := range uint64(1500) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		c := newClock()
		l := NewLedger(Config{Now: c.now, HoldFor: time.Hour})
		model := &shadow{now: c.t, grants: map[string]int64{}, holds: map[string]*shadowHold{}}
		for i := range 60 {
			st := randomStep(rnd)
			got, want := st.run(l, c), model.run(st)
			if !errors.Is(got, want) || (got == nil) != (want == nil) {
				t.Fatalf("seed %d, step %d %+v: got %v, want %v", seed, i, st, got, want)
			}
			refusals[want]++
			b := checkBalance(t, l, model, seed, i)
			if st.do == "wait" {
				continue
			}
			before, _ := l.Entries(ctx, "acme")
			again := st.run(l, c)
			after, _ := l.Entries(ctx, "acme")
			if fmt.Sprint(again) != fmt.Sprint(got) || len(after) != len(before) {
				t.Fatalf("seed %d, step %d %+v: again it got %v after %v", seed, i, st, again, got)
			}
			if now, _ := l.Balance(ctx, "acme"); now != b {
				t.Fatalf("seed %d, step %d %+v: repeating it changed %+v to %+v", seed, i, st, b, now)
			}
		}
	}
	for _, err := range []error{nil, ErrExhausted, ErrCapped, ErrConflict, ErrSettled, ErrUnknown} {
		if refusals[err] < 100 {
			t.Errorf("the histories hold %v only %d times", err, refusals[err])
		}
	}
}

func checkBalance(t *testing.T, l *Ledger, model *shadow, seed uint64, i int) Balance {
	t.Helper()
	b, err := l.Balance(ctx, "acme")
	if want := model.balance(); err != nil || b != want {
		t.Fatalf("seed %d, step %d: balance %+v, %v, want %+v", seed, i, b, err, want)
	}
	var sum Balance
	open := map[string]bool{}
	entries, _ := l.Entries(ctx, "acme")
	for _, e := range entries {
		switch e.Kind {
		case EntryGrant:
			sum.Granted += e.Amount
		case EntryReserve:
			sum.Pending += e.Amount
			open[e.Key] = true
		case EntryCommit:
			sum.Committed += e.Amount
		}
		if e.Kind != EntryReserve && open[e.Key] {
			sum.Pending -= e.Amount
			delete(open, e.Key)
		}
	}
	sum.Available = max(0, sum.Granted-sum.Committed-sum.Pending)
	if sum != b {
		t.Fatalf("seed %d, step %d: the entries add up to %+v, the balance is %+v", seed, i, sum, b)
	}
	return b
}

// P1, P7: a crash makes callers repeat everything they are not sure of. Where no
// reservation lapsed, the whole history a second time changes nothing.
func TestP1ReplayOfTheWholeHistoryChangesNothing(t *testing.T) {
	for seed := range uint64(500) {
		rnd := rand.New(rand.NewPCG(seed, 8))
		c := newClock()
		l := NewLedger(Config{Now: c.now, HoldFor: time.Hour})
		accepted := map[string]step{} // by call; refused ones may succeed later
		var order []string
		for range 60 {
			st := randomStep(rnd)
			if st.do == "wait" || st.do == "cap" || st.run(l, c) != nil {
				continue
			}
			call := st.do + st.key
			if _, known := accepted[call]; !known {
				accepted[call] = st
				order = append(order, call)
			}
		}
		before, _ := l.Balance(ctx, "acme")
		entries, _ := l.Entries(ctx, "acme")
		rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, call := range append(order, slices.Sorted(maps.Keys(accepted))...) {
			_ = accepted[call].run(l, c) // ErrSettled where it ended meanwhile
		}
		after, _ := l.Balance(ctx, "acme")
		if again, _ := l.Entries(ctx, "acme"); after != before || !slices.Equal(again, entries) {
			t.Fatalf("seed %d: %+v became %+v", seed, before, after)
		}
	}
}
