package credits

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/internal/race"
)

func rich(b testing.TB, l *Ledger) {
	b.Helper()
	for i := range 5000 {
		if err := l.Grant(ctx, "acme", Pack(fmt.Sprint("order ", i), MaxAmount)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReserveAndCommit(b *testing.B) {
	for _, notify := range []bool{false, true} {
		b.Run(fmt.Sprint("notify=", notify), func(b *testing.B) {
			cfg := Config{}
			if notify {
				cfg.Notify = func(context.Context, Notice) {}
			}
			l := NewLedger(cfg)
			rich(b, l)
			_ = l.SetPlan(ctx, "acme", Plan{Included: 1000, TimeZone: "Europe/Copenhagen"})
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				key := "conversation/" + strconv.Itoa(i)
				if err := l.Reserve(ctx, Charge{Account: "acme", Key: key, Amount: 100}); err != nil {
					b.Fatal(err)
				}
				if err := l.Commit(ctx, key, Evidence{Conversation: key}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The cost of a reservation must not grow with what is pending beside it.
func BenchmarkReserveBesidePending(b *testing.B) {
	for _, pending := range []int{100, 100_000} {
		b.Run(fmt.Sprint(pending), func(b *testing.B) {
			l := NewLedger(Config{})
			rich(b, l)
			for i := range pending {
				_ = l.Reserve(ctx, Charge{Account: "acme", Key: fmt.Sprint("pending/", i), Amount: 1})
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_ = l.Reserve(ctx, Charge{Account: "acme", Key: "conversation/" + strconv.Itoa(i), Amount: 1})
			}
		})
	}
}

// million is a ledger with an account of a million entries over a year.
func million(tb testing.TB) *Ledger {
	tb.Helper()
	c := newClock()
	l := NewLedger(Config{Now: c.now})
	rich(tb, l)
	for i := range 500_000 {
		key := strconv.Itoa(i)
		if err := l.Reserve(ctx, Charge{Account: "acme", Key: key, Amount: 100, Purpose: "conversation"}); err != nil {
			tb.Fatal(err)
		}
		if err := l.Commit(ctx, key, Evidence{Conversation: key, Rule: "per-conversation/1", Event: "m"}); err != nil {
			tb.Fatal(err)
		}
		c.t = c.t.Add(time.Minute)
	}
	return l
}

func BenchmarkBillOverAMillionEntries(b *testing.B) {
	l := million(b)
	for name, p := range map[string]Period{
		"all":       {instant("2026-01-01T00:00:00Z"), instant("2028-01-01T00:00:00Z")},
		"one month": {instant("2026-12-01T00:00:00Z"), instant("2027-01-01T00:00:00Z")},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Bill(ctx, "acme", p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A ledger that starts on a store of a million entries learns them once.
func BenchmarkColdStart(b *testing.B) {
	l := million(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewLedger(l.cfg).Balance(ctx, "acme"); err != nil {
			b.Fatal(err)
		}
	}
}

// A reservation and its commit allocate little, whatever the machine.
func TestReserveAndCommitAllocateLittle(t *testing.T) {
	race.SkipHeavy(t) // it allocates too
	l := NewLedger(Config{})
	rich(t, l)
	i := 0
	allocs := testing.AllocsPerRun(2000, func() {
		i++
		key := "conversation/" + strconv.Itoa(i)
		_ = l.Reserve(ctx, Charge{Account: "acme", Key: key, Amount: 100})
		_ = l.Commit(ctx, key, Evidence{Conversation: key})
	})
	if allocs > 8 {
		t.Errorf("%v allocations", allocs)
	}
}
