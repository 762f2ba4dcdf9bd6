package creditstest

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/credits"
)

// ledgerUnderTest is the package's own meter, with a clock to move.
func ledgerUnderTest(tb testing.TB) MeterUnderTest {
	var nanos atomic.Int64
	nanos.Store(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).UnixNano())
	now := func() time.Time { return time.Unix(0, nanos.Load()) }
	l := credits.NewLedger(credits.Config{Now: now, HoldFor: time.Hour})
	must := func(err error) {
		if err != nil {
			tb.Error(err)
		}
	}
	var grants atomic.Int64
	return MeterUnderTest{
		Meter: l,
		Fund: func(account string, amount int64) {
			must(l.Grant(context.Background(), account, credits.Pack(time.Duration(grants.Add(1)).String(), amount)))
		},
		Cap:   func(account string, limit int64) { must(l.SetCap(context.Background(), account, limit)) },
		Lapse: func() { nanos.Add(int64(2 * time.Hour)) },
		Now:   now,
	}
}

func TestLedgerKeepsThePromisesOfAMeter(t *testing.T) {
	TestMeter(t, func(t *testing.T) MeterUnderTest { return ledgerUnderTest(t) })
}

// plain is a meter without other abilities.
type plain struct{ credits.Meter }

func TestAPlainMeterIsTestedToo(t *testing.T) {
	TestMeter(t, func(t *testing.T) MeterUnderTest {
		m := ledgerUnderTest(t)
		return MeterUnderTest{Meter: plain{m.Meter}, Fund: m.Fund}
	})
}

func TestMemoryStoreKeepsThePromisesOfAStore(t *testing.T) {
	TestStore(t, func(*testing.T) credits.Store { return credits.NewMemoryStore() })
}

// unexpected says what is wrong with the clauses that failed, "" if nothing is.
func unexpected(got []string, want string) (wrong string) {
	expected := map[string]bool{} // by name: whether it must fail
	for _, name := range strings.Fields(want) {
		name, may := strings.CutSuffix(name, "?")
		expected[name] = !may
	}
	for _, name := range got {
		if _, known := expected[name]; !known {
			wrong += " +" + name
		}
	}
	for name, must := range expected {
		if must && !slices.Contains(got, name) {
			wrong += " -" + name
		}
	}
	return wrong
}

func TestBrokenMetersFailTheirClauses(t *testing.T) {
	proven := map[string]bool{}
	for _, broken := range brokenMeters {
		for _, name := range strings.Fields(broken.want) {
			proven[name] = true
		}
		t.Run(broken.name, func(t *testing.T) {
			got, why := failing(t, meterClauses(ledgerUnderTest(t)), func(r reporter) *metered {
				m := ledgerUnderTest(t)
				o := &oracle{Ledger: m.Meter.(*credits.Ledger), now: m.Now, fund: m.Fund, lapse: m.Lapse, accounts: map[string]string{}}
				broken.breaks(o)
				m.Meter = o
				return &metered{reporter: r, MeterUnderTest: m}
			})
			if wrong := unexpected(got, broken.want); wrong != "" {
				t.Errorf("fails %s\nnot as expected:%s%s", strings.Join(got, " "), wrong, why)
			}
		})
	}
	for _, c := range meterClauses(ledgerUnderTest(t)) {
		if !proven[c.name] {
			t.Errorf("no broken meter fails %s", c.name)
		}
	}
}

func TestBrokenStoresFailTheirClauses(t *testing.T) {
	proven := map[string]bool{}
	for _, broken := range brokenStores {
		for _, name := range strings.Fields(broken.want) {
			proven[name] = true
		}
		t.Run(broken.name, func(t *testing.T) {
			got, why := failing(t, storeClauses(), func(r reporter) *stored {
				return &stored{reporter: r, Store: broken.store(credits.NewMemoryStore())}
			})
			if wrong := unexpected(got, broken.want); wrong != "" {
				t.Errorf("fails %s\nnot as expected:%s%s", strings.Join(got, " "), wrong, why)
			}
		})
	}
	for _, c := range storeClauses() {
		if !proven[c.name] {
			t.Errorf("no broken store fails %s", c.name)
		}
	}
}
