package credits

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// account is one account of a ledger with a clock.
type testAccount struct {
	*Ledger
	t     testing.TB
	clock *clock
}

func newAccount(t testing.TB, cfg Config) *testAccount {
	a := &testAccount{t: t, clock: newClock()}
	cfg.Now = a.clock.now
	a.Ledger = NewLedger(cfg)
	return a
}

func (a *testAccount) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *testAccount) plan(p Plan) { a.t.Helper(); a.must(a.SetPlan(ctx, "acme", p)) }

func (a *testAccount) grant(id string, amount int64) {
	a.t.Helper()
	a.must(a.Grant(ctx, "acme", Grant{ID: id, Amount: amount}))
}

func (a *testAccount) reserve(key string, amount int64) error {
	return a.Reserve(ctx, Charge{Account: "acme", Key: key, Amount: amount})
}

// spend reserves and commits.
func (a *testAccount) spend(key string, amount int64) {
	a.t.Helper()
	a.must(a.reserve(key, amount))
	a.must(a.Commit(ctx, key, Evidence{Conversation: key, Rule: "per-conversation/1"}))
}

func (a *testAccount) refused(err, want error) {
	a.t.Helper()
	if !errors.Is(err, want) {
		a.t.Fatalf("got %v, want %v", err, want)
	}
}

func (a *testAccount) available(want int64) {
	a.t.Helper()
	b, err := a.Balance(ctx, "acme")
	if err != nil || b.Available != want {
		a.t.Fatalf("balance %+v, %v, want %d available", b, err, want)
	}
}

func (a *testAccount) wait(d time.Duration) { a.clock.t = a.clock.t.Add(d) }
func (a *testAccount) until(s string)       { a.clock.t = instant(s) }

// log tells the entries, "kind amount day" each.
func (a *testAccount) log(kinds ...EntryKind) string {
	a.t.Helper()
	entries, err := a.Entries(ctx, "acme")
	a.must(err)
	var out []string
	for _, e := range entries {
		for _, k := range kinds {
			if e.Kind == k {
				out = append(out, fmt.Sprint(e.Kind, " ", e.Amount, " ", e.At.Format("01-02")))
			}
		}
	}
	return strings.Join(out, ", ")
}

func TestIncludedCreditsComeWithEachPeriodAndDoNotRollOver(t *testing.T) {
	for _, look := range []bool{false, true} {
		a := newAccount(t, Config{}) // 1 March
		a.plan(Plan{Included: 500, ResetDay: 31})
		a.spend("a", 200)
		a.available(300)
		for _, at := range []string{"2026-03-30T23:59:59Z", "2026-03-31T00:00:00Z", "2026-04-30T00:00:00Z"} {
			if a.until(at); look {
				a.available(map[bool]int64{true: 300, false: 500}[at < "2026-03-31"])
			}
		}
		a.available(500)
		want := "grant 500 03-01, grant 500 03-31, expire 300 03-31, grant 500 04-30, expire 500 04-30"
		if got := a.log(EntryGrant, EntryExpire); got != want {
			t.Errorf("looked %v: got %s", look, got)
		}
	}
}

func TestAnIdleAccountGetsEveryPeriodItMissed(t *testing.T) {
	a := newAccount(t, Config{})
	a.plan(Plan{Included: 10})
	a.until("2126-03-01T00:00:00Z")
	a.available(10)
	if n := strings.Count(a.log(EntryGrant), "grant"); n != 1201 {
		t.Errorf("%d grants in 1200 months", n)
	}
}

func TestPlanChangesNowIfNothingWasUsedAndElseWithTheNextPeriod(t *testing.T) {
	a := newAccount(t, Config{})
	a.plan(Plan{Included: 100})
	a.wait(24 * time.Hour)
	a.plan(Plan{Included: 300})
	a.plan(Plan{Included: 300, ResetDay: 1, TimeZone: "UTC", OnExhausted: Pause}) // the same
	a.available(300)
	a.must(a.reserve("a", 50))
	a.plan(Plan{Included: 700, ResetDay: 15})
	a.available(250)
	a.must(a.Release(ctx, "a"))
	a.plan(Plan{Included: 700, ResetDay: 15}) // it is about to come
	a.available(300)
	a.spend("b", 100)
	a.until("2026-04-01T00:00:00Z")
	a.available(700) // a short period, included in full
	a.until("2026-04-15T00:00:00Z")
	a.available(700)
	if got, want := a.log(EntryPlan), "plan 0 03-01, plan 0 03-02, plan 0 03-02"; got != want {
		t.Errorf("got %s", got)
	}
	want := "grant 100 03-01, expire 100 03-02, grant 300 03-02, grant 700 04-01, expire 200 04-01, grant 700 04-15, expire 700 04-15"
	if got := a.log(EntryGrant, EntryExpire); got != want {
		t.Errorf("got %s", got)
	}
	for at, want := range map[string]string{
		"2026-02-10T00:00:00Z": "02-01 to 03-01", "2026-03-01T10:00:00Z": "03-01 to 03-02", "2026-03-20T00:00:00Z": "03-02 to 04-01",
		"2026-04-03T00:00:00Z": "04-01 to 04-15", "2026-05-14T00:00:00Z": "04-15 to 05-15",
	} {
		p, err := a.Period(ctx, "acme", instant(at))
		a.must(err)
		if got := p.Start.Format("01-02") + " to " + p.End.Format("01-02"); got != want {
			t.Errorf("period at %s: %s, want %s", at, got, want)
		}
	}
}

// The period that a change of plan cut short does not count into the next.
func TestRefundOfAnEarlierPeriodLeavesTheCapOfThisOne(t *testing.T) {
	a := newAccount(t, Config{})
	a.plan(Plan{Included: 500})
	a.until("2026-03-20T00:00:00Z")
	charge := Charge{Account: "acme", Key: "march", Contact: "ann", Amount: 100}
	a.must(a.Reserve(ctx, charge))
	a.must(a.Commit(ctx, "march", Evidence{}))
	a.plan(Plan{Included: 500, ResetDay: 15}) // from April on, whose period would have begun on 15 March
	a.until("2026-04-02T00:00:00Z")
	a.must(a.SetLimits(ctx, "acme", Limits{PerPeriod: 100, PerContact: 70}))
	charge.Key, charge.Amount = "april", 60
	a.must(a.Reserve(ctx, charge))
	a.must(a.Refund(ctx, "march", Evidence{}))
	a.refused(a.reserve("b", 41), ErrCapped)
	charge.Key, charge.Amount = "c", 11
	a.refused(a.Reserve(ctx, charge), ErrCapped)
	charge.Amount = 10
	a.must(a.Reserve(ctx, charge))
}

func TestPlanThatIsAboutToComeCanBeTakenBack(t *testing.T) {
	a := newAccount(t, Config{})
	a.plan(Plan{Included: 100})
	a.spend("a", 10)
	a.plan(Plan{})
	a.plan(Plan{Included: 100})
	a.until("2026-04-02T00:00:00Z")
	a.available(100)
	a.spend("b", 10)
	a.plan(Plan{})
	a.until("2026-06-02T00:00:00Z")
	a.available(0)
}

func TestBadPlansAreInvalid(t *testing.T) {
	a := newAccount(t, Config{})
	for _, p := range []Plan{
		{Included: -1}, {Included: MaxAmount + 1}, {ResetDay: -1}, {ResetDay: 32}, {TimeZone: "Mars/Olympus"}, {TimeZone: "Local"}, {OnExhausted: "panic"},
	} {
		a.refused(a.SetPlan(ctx, "acme", p), ErrInvalid)
	}
	if got := a.log(EntryPlan); got != "" {
		t.Errorf("got %s", got)
	}
}

func TestCreditsAreUsedByPriorityThenExpiryThenAge(t *testing.T) {
	a := newAccount(t, Config{})
	day := func(n int) time.Time { return a.clock.t.AddDate(0, 0, n) }
	for _, g := range []Grant{
		Pack("old pack", 10), Pack("new pack", 10), {ID: "late", Amount: 10, Expires: day(20)}, {ID: "soon", Amount: 10, Expires: day(10)},
		{ID: "last", Amount: 10, Priority: 1, Expires: day(5)}, {ID: "first", Amount: 10, Priority: -1},
	} {
		a.must(a.Grant(ctx, "acme", g))
	}
	// What expires and when shows what was used.
	a.spend("a", 10+5) // first, half of soon
	a.wait(11 * 24 * time.Hour)
	a.available(10 + 10 + 10)
	a.spend("b", 10+10+1) // late, the old pack, one of the new
	a.wait(11 * 24 * time.Hour)
	a.available(9)
	if got, want := a.log(EntryExpire), "expire 10 03-06, expire 5 03-11"; got != want {
		t.Errorf("got %s", got)
	}
	// Given back, credits are where they were.
	a.must(a.Refund(ctx, "b", Evidence{}))
	a.available(30) // late has expired, and came back until the end of the month
	a.until("2026-04-01T00:00:00Z")
	a.available(20)
}

func TestOfGrantsThatExpireTogetherTheOlderIsUsedFirst(t *testing.T) {
	a := newAccount(t, Config{})
	soon := a.clock.t.Add(time.Hour)
	for _, id := range []string{"old", "young"} {
		a.must(a.Grant(ctx, "acme", Grant{ID: id, Amount: 10, Expires: soon}))
	}
	a.spend("a", 12)
	a.wait(time.Hour)
	a.available(0)
	entries, err := a.Entries(ctx, "acme")
	a.must(err)
	if e := entries[len(entries)-1]; e.Kind != EntryExpire || e.Key != "young" || e.Amount != 8 || entries[len(entries)-2].Kind != EntryCommit {
		t.Errorf("%+v", entries)
	}
}

func TestWhatIsReservedDoesNotExpireBeforeItIsGivenBack(t *testing.T) {
	a := newAccount(t, Config{})
	a.must(a.Grant(ctx, "acme", Grant{ID: "g", Amount: 100, Expires: a.clock.t.Add(time.Hour)}))
	a.must(a.reserve("kept", 30))
	a.must(a.reserve("given back", 30))
	a.wait(2 * time.Hour)
	a.must(a.Commit(ctx, "kept", Evidence{}))
	a.must(a.Release(ctx, "given back"))
	a.available(0)
	b, _ := a.Balance(ctx, "acme")
	if want := (Balance{Granted: 100, Committed: 30, Expired: 70}); b != want {
		t.Errorf("%+v", b)
	}
}
