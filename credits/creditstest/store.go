package creditstest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/credits"
)

// TestStore tests a store by the documented promises of [credits.Store].
// newStore is called for every subtest and returns an empty one.
func TestStore(t *testing.T, newStore func(t *testing.T) credits.Store) {
	t.Helper()
	run(t, storeClauses(), func(t *testing.T) *stored { return &stored{reporter: t, Store: newStore(t)} })
}

// storeClauses lists every promise of a store.
func storeClauses() []clause[*stored] {
	return []clause[*stored]{
		{"EntriesComeBackAsTheyWere", true, comeBack},
		{"LoadIsInOrderAndAfter", true, loadIsInOrder},
		{"LoadKeepsTheLimit", true, loadKeepsTheLimit},
		{"EmptyLoadMeansTheEnd", true, emptyLoadMeansTheEnd},
		{"AccountsAreSeparate", true, storeAccountsAreSeparate},
		{"StaleAppendIsRefused", true, staleAppendIsRefused},
		{"AppendIsAllOrNothing", true, appendIsAllOrNothing},
		{"KeyIsClaimedOnce", true, keyIsClaimedOnce},
		{"OnlyClaimsClaim", true, onlyClaimsClaim},
		{"OwnerIsFound", true, ownerIsFound},
		{"AppendKeepsNothingOfTheCallers", true, appendKeepsNothing},
		{"EndedContextFails", true, endedContextFails},
		{"OneOfParallelAppendsWins", true, oneOfParallelAppendsWins},
		{"LedgersAgree", true, ledgersAgree},
	}
}

// stored is a store in one subtest.
type stored struct {
	reporter
	credits.Store
}

var start = time.Date(2026, 3, 1, 9, 30, 15, 123456000, time.UTC)

// entries are n plain entries of an account after the given number.
func entries(account string, after int64, n int) []credits.Entry {
	out := make([]credits.Entry, n)
	for i := range out {
		seq := after + int64(i) + 1
		out[i] = credits.Entry{Account: account, Seq: seq, Kind: credits.EntryNotice, At: start.Add(time.Duration(seq) * time.Second), Amount: seq}
	}
	return out
}

func claim(account string, seq int64, key string) []credits.Entry {
	e := entries(account, seq-1, 1)
	e[0].Kind, e[0].Key, e[0].Claims = credits.EntryReserve, key, true
	return e
}

func (s *stored) append(entries []credits.Entry, want error) {
	s.Helper()
	wants(s, fmt.Sprintf("append %d entries from %d to %s", len(entries), entries[0].Seq, entries[0].Account), s.Append(s.Context(), entries), want)
}

// all loads all entries of an account, few at a time.
func (s *stored) all(account string) []credits.Entry {
	s.Helper()
	var out []credits.Entry
	for range 10_000 {
		page, err := s.Load(s.Context(), account, int64(len(out)), 7)
		wants(s, "load "+account, err, nil)
		if len(page) == 0 {
			return out
		}
		out = append(out, page...)
	}
	s.Fatalf("loading %s does not end", account)
	return nil
}

func (s *stored) holds(account string, want []credits.Entry) {
	s.Helper()
	if got := s.all(account); len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
		s.Fatalf("%s holds %+v\nwant %+v", account, got, want)
	}
}

func comeBack(s *stored) {
	want := []credits.Entry{
		{Kind: credits.EntryGrant, Key: "gränt '1'", Amount: credits.MaxAmount, Until: start.Add(time.Hour), Grant: &credits.Grant{
			ID: "gränt '1'", Amount: credits.MaxAmount, Kind: credits.PackGrant, Priority: -3, Expires: start.Add(time.Hour),
		}},
		{Kind: credits.EntryPlan, Plan: &credits.Plan{Included: 5, ResetDay: 31, TimeZone: "America/Santiago", OnExhausted: credits.Overage, From: start}},
		{Kind: credits.EntryLimits, Limits: &credits.Limits{PerPeriod: 1, PerDay: 2, PerContact: 3}},
		{
			Kind: credits.EntryReserve, Key: "conversation/1", Amount: 100, Overage: 20, Until: start.Add(time.Microsecond),
			Contact: "ann@shop.example", Purpose: "conversation \"1\";\n", Claims: true,
		},
		{
			Kind: credits.EntryCommit, Key: "conversation/1", Amount: 80, Waived: 20, Contact: "ann@shop.example",
			Evidence: credits.Evidence{Conversation: "会話", Rule: "per-conversation/1", Event: "m-7", Units: 12, At: start.Add(-time.Hour)},
		},
		{Kind: credits.EntryNotice, Amount: 80},
	}
	for i := range want {
		want[i].Account, want[i].Seq, want[i].At = "acme", int64(i)+1, start.Add(time.Duration(i)*time.Second)
	}
	s.append(want[:4], nil)
	s.append(want[4:], nil)
	s.holds("acme", want)
}

func loadIsInOrder(s *stored) {
	want := entries("acme", 0, 30)
	s.append(want[:12], nil)
	for i := 12; i < len(want); i++ {
		s.append(want[i:i+1], nil)
	}
	s.holds("acme", want)
	got, err := s.Load(s.Context(), "acme", 20, 1)
	if wants(s, "load", err, nil); len(got) != 1 || got[0].Seq != 21 {
		s.Errorf("after 20 comes %+v", got)
	}
}

func loadKeepsTheLimit(s *stored) {
	s.append(entries("acme", 0, 30), nil)
	for _, limit := range []int{1, 2, 29, 30, 1000} {
		got, err := s.Load(s.Context(), "acme", 0, limit)
		if wants(s, "load", err, nil); len(got) == 0 || len(got) > limit || len(got) > 30 {
			s.Errorf("%d entries with limit %d", len(got), limit)
		}
	}
}

func emptyLoadMeansTheEnd(s *stored) {
	s.append(entries("acme", 0, 3), nil)
	for account, after := range map[string]int64{"acme": 3, "other": 0} {
		if got, err := s.Load(s.Context(), account, after, 10); err != nil || len(got) > 0 {
			s.Errorf("%s after %d: %+v, %v", account, after, got, err)
		}
	}
	if got, err := s.Load(s.Context(), "acme", 100, 10); err != nil || len(got) > 0 {
		s.Errorf("after 100 of 3: %+v, %v", got, err)
	}
}

func storeAccountsAreSeparate(s *stored) {
	a, b := entries("acme", 0, 3), entries("other", 0, 2)
	s.append(a, nil)
	s.append(b, nil)
	s.append(claim("other", 3, "k"), nil)
	s.holds("acme", a)
	s.holds("other", append(b, claim("other", 3, "k")...))
}

func staleAppendIsRefused(s *stored) {
	want := entries("acme", 0, 3)
	s.append(want, nil)
	for _, after := range []int64{0, 2} {
		other := entries("acme", after, 1)
		other[0].Amount = 99
		s.append(other, credits.ErrStale)
	}
	s.holds("acme", want)
}

func appendIsAllOrNothing(s *stored) {
	want := entries("acme", 0, 2)
	s.append(want, nil)
	s.append(claim("other", 1, "taken"), nil)
	late := entries("acme", 2, 3)
	late[2].Kind, late[2].Key, late[2].Claims = credits.EntryReserve, "taken", true
	s.append(late, credits.ErrStale)
	first := entries("acme", 2, 3)
	first[0].Kind, first[0].Key, first[0].Claims = credits.EntryReserve, "mine", true
	first[2].Kind, first[2].Key, first[2].Claims = credits.EntryReserve, "taken", true
	s.append(first, credits.ErrStale)
	s.holds("acme", want)
	s.owner("mine", "")
}

func (s *stored) owner(key, want string) {
	s.Helper()
	if got, err := s.Owner(s.Context(), key); err != nil || got != want {
		s.Errorf("key %q belongs to %q, %v, want %q", key, got, err, want)
	}
}

func keyIsClaimedOnce(s *stored) {
	s.append(claim("acme", 1, "k"), nil)
	s.append(claim("other", 1, "k"), credits.ErrStale)
	s.append(claim("acme", 2, "k"), credits.ErrStale)
	s.append(append(claim("acme", 2, "twice"), claim("acme", 3, "twice")...), credits.ErrStale)
	s.append(claim("acme", 2, "K"), nil) // keys are exact
	s.append(claim("acme", 3, "k "), nil)
}

func onlyClaimsClaim(s *stored) {
	e := entries("acme", 0, 2)
	for i := range e {
		e[i].Kind, e[i].Key = credits.EntryGrant, "k"
	}
	s.append(e, nil)
	s.owner("k", "")
	e = entries("other", 0, 1)
	e[0].Kind, e[0].Key = credits.EntryGrant, "k"
	s.append(e, nil)
	s.append(claim("other", 2, "k"), nil)
	s.owner("k", "other")
}

func ownerIsFound(s *stored) {
	s.owner("k", "")
	s.append(claim("acme", 1, "k"), nil)
	s.append(claim("other", 1, "l"), nil)
	s.owner("k", "acme")
	s.owner("l", "other")
	s.owner("K", "")
}

func appendKeepsNothing(s *stored) {
	grant, plan, limits := &credits.Grant{ID: "g", Amount: 1}, &credits.Plan{Included: 1, From: start}, &credits.Limits{PerDay: 1}
	given := entries("acme", 0, 4)
	given[0].Grant, given[1].Plan, given[2].Limits = grant, plan, limits
	want := entries("acme", 0, 4)
	want[0].Grant, want[1].Plan, want[2].Limits = &credits.Grant{ID: "g", Amount: 1}, &credits.Plan{Included: 1, From: start}, &credits.Limits{PerDay: 1}
	s.append(given, nil)
	given[3].Amount, grant.Amount, plan.Included, limits.PerDay = 99, 99, 99, 99
	s.holds("acme", want)
}

func endedContextFails(s *stored) {
	s.append(claim("acme", 1, "k"), nil)
	ended, cancel := context.WithCancel(s.Context())
	cancel()
	wants(s, "append after the context ended", s.Append(ended, entries("acme", 1, 1)), context.Canceled)
	_, err := s.Load(ended, "acme", 0, 1)
	wants(s, "load after the context ended", err, context.Canceled)
	_, err = s.Owner(ended, "k")
	wants(s, "owner after the context ended", err, context.Canceled)
	s.holds("acme", claim("acme", 1, "k"))
}

func oneOfParallelAppendsWins(s *stored) {
	for round := range int64(20) {
		var won atomic.Int64
		together(8, func(i int) {
			mine := entries("acme", round, 1)
			mine[0].Amount = int64(i)
			switch err := s.Append(s.Context(), mine); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, credits.ErrStale):
				s.Errorf("append: %v", err)
			}
		})
		if won.Load() != 1 {
			s.Fatalf("%d of 8 appends of entry %d were taken", won.Load(), round+1)
		}
	}
}

// Several ledgers on the store never spend more than there is, and end up in the
// same state.
func ledgersAgree(s *stored) {
	var ledgers []*credits.Ledger
	for range 3 {
		ledgers = append(ledgers, credits.NewLedger(credits.Config{Store: s.Store}))
	}
	wants(s, "grant", ledgers[0].Grant(s.Context(), "acme", credits.Pack("order-1", 500)), nil)
	var held atomic.Int64
	together(9, func(i int) {
		for j := range 10 {
			key := fmt.Sprint(i, "/", j)
			err := ledgers[i%3].Reserve(s.Context(), charge(key, 10))
			if err == nil {
				err = ledgers[(i+1)%3].Commit(s.Context(), key, evidence(key))
				held.Add(1)
			}
			if err != nil && !errors.Is(err, credits.ErrExhausted) {
				s.Errorf("conversation %s: %v", key, err)
			}
		}
	})
	for _, l := range ledgers {
		b, err := l.Balance(s.Context(), "acme")
		if want := (credits.Balance{Granted: 500, Committed: 500}); err != nil || b != want || held.Load() != 50 {
			s.Errorf("%d of 90 reservations of 10 from 500 credits, balance %+v, %v", held.Load(), b, err)
		}
	}
}
