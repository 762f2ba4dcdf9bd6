package credits

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestP7HardCapWinsOverOverageAndAutoUpgrade(t *testing.T) {
	for _, what := range []OnExhausted{Pause, Overage, AutoUpgrade} {
		a := newAccount(t, Config{Upgrade: func(context.Context, Exhaustion) (Grant, error) { return Grant{Amount: 1000}, nil }})
		a.plan(Plan{Included: 100, OnExhausted: what})
		a.must(a.SetCap(ctx, "acme", 250))
		for i, key := range []string{"a", "b", "c"} {
			err := a.reserve(key, 100)
			switch {
			case what == Pause && i > 0:
				a.refused(err, ErrExhausted)
			case i < 2:
				a.must(err)
			default:
				a.refused(err, ErrCapped)
			}
		}
		a.until("2026-04-01T00:00:00Z")
		a.must(a.reserve("d", 100)) // another period
	}
}

// P7: a cap that a crash can pass would be none: late commits stay within it.
func TestP7LateCommitStaysWithinTheCapAndTheCredits(t *testing.T) {
	for _, test := range []struct {
		what                     OnExhausted
		limit                    int64
		charged, waived, overage int64
	}{
		{Pause, 0, 20, 80, 0}, {Pause, 190, 10, 90, 0}, {Overage, 0, 100, 0, 80}, {Overage, 250, 70, 30, 50}, {Overage, 180, 0, 100, 0}, {AutoUpgrade, 0, 20, 80, 0},
	} {
		a := newAccount(t, Config{HoldFor: time.Hour})
		a.plan(Plan{Included: 200, OnExhausted: test.what})
		a.must(a.reserve("late", 100))
		a.wait(time.Hour)
		a.spend("a", 100)
		a.must(a.reserve("b", 80))
		a.must(a.SetCap(ctx, "acme", test.limit))
		a.must(a.Commit(ctx, "late", Evidence{}))
		entries, err := a.Entries(ctx, "acme")
		a.must(err)
		if e := entries[len(entries)-1]; e.Kind != EntryCommit || e.Amount != test.charged || e.Waived != test.waived || e.Overage != test.overage {
			t.Errorf("%+v: %+v", test, e)
		}
	}
}

func TestRefusalsTellWhichLimitAndUntilWhen(t *testing.T) {
	a := newAccount(t, Config{})
	a.plan(Plan{Included: 1000, TimeZone: "Europe/Copenhagen"})
	a.must(a.SetLimits(ctx, "acme", Limits{PerPeriod: 600, PerDay: 300, PerContact: 150}))
	charge := func(key, contact string, amount int64) error {
		return a.Reserve(ctx, Charge{Account: "acme", Key: key, Contact: contact, Amount: amount})
	}
	want := func(err error, kind LimitKind, left int64, until string) {
		t.Helper()
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Limit != kind || refused.Left != left || !refused.Until.Equal(instant(until)) || !errors.Is(err, ErrCapped) {
			t.Fatalf("got %+v", refused)
		}
	}
	a.must(charge("a", "ann", 100))
	want(charge("b", "ann", 100), ContactLimit, 50, "2026-03-31T22:00:00Z")
	a.must(charge("c", "bob", 100))
	a.must(charge("d", "", 100))
	want(charge("e", "cid", 1), DayLimit, 0, "2026-03-01T23:00:00Z")
	a.must(a.Release(ctx, "a")) // given back, it is not counted
	a.must(charge("f", "ann", 100))
	a.until("2026-03-01T23:00:00Z") // the next day in Copenhagen
	a.must(charge("g", "ann", 50))
	a.must(a.Release(ctx, "f")) // of the day before
	want(charge("h", "dan", 251), DayLimit, 250, "2026-03-02T23:00:00Z")
	want(charge("i", "dan", 600), PeriodLimit, 350, "2026-03-31T22:00:00Z")
	a.must(charge("j", "ann", 100))
	a.must(charge("free", "ann", 0))
}

func TestChangesOfLimitsLeaveEntries(t *testing.T) {
	a := newAccount(t, Config{})
	a.must(a.SetCap(ctx, "acme", 100))
	a.must(a.SetCap(ctx, "acme", 100)) // nothing new
	a.must(a.SetLimits(ctx, "acme", Limits{PerPeriod: 100, PerDay: 7}))
	a.must(a.SetCap(ctx, "acme", 0))
	for _, bad := range []Limits{{PerPeriod: -1}, {PerDay: -1}, {PerContact: -1}} {
		a.refused(a.SetLimits(ctx, "acme", bad), ErrInvalid)
	}
	entries, err := a.Entries(ctx, "acme")
	a.must(err)
	want := []Limits{{PerPeriod: 100}, {PerPeriod: 100, PerDay: 7}, {PerDay: 7}}
	for i, e := range entries {
		if len(entries) != 3 || e.Kind != EntryLimits || *e.Limits != want[i] {
			t.Fatalf("entries %+v", entries)
		}
	}
}
