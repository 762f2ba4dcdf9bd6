package credits

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"
)

var ctx = context.Background()

// clock is a settable Config.Now.
type clock struct{ t time.Time }

func newClock() *clock { return &clock{time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time { return c.t }

// bal is the balance of an account in which nothing expired or was overdrawn.
func bal(granted, committed, pending, available int64) Balance {
	return Balance{Granted: granted, Committed: committed, Pending: pending, Available: available}
}

// step is one call on a ledger of 250 credits, whose reservations last an hour.
type step struct {
	do   string // grant, cap, reserve, commit, release, wait
	key  string
	n    int64 // amount; minutes to wait
	want error
}

func (s step) run(l *Ledger, c *clock) error {
	switch s.do {
	case "grant":
		return l.Grant(ctx, "acme", Grant{ID: s.key, Amount: s.n})
	case "cap":
		return l.SetCap(ctx, "acme", s.n)
	case "reserve":
		return l.Reserve(ctx, Charge{Account: "acme", Key: s.key, Amount: s.n})
	case "reserve for other":
		return l.Reserve(ctx, Charge{Account: "other", Key: s.key, Amount: s.n})
	case "commit":
		return l.Commit(ctx, s.key, Evidence{})
	case "release":
		return l.Release(ctx, s.key)
	case "wait":
		c.t = c.t.Add(time.Duration(s.n) * time.Minute)
		return nil
	default:
		panic(s.do)
	}
}

func TestP7LedgerKeepsTheRulesOfMeter(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps []step
		want  Balance
		kinds string // of the entries after the grant
	}{
		{"a reservation is pending", []step{{"reserve", "a", 100, nil}}, bal(250, 0, 100, 150), "reserve"},
		{"the same reservation again", []step{{"reserve", "a", 100, nil}, {"reserve", "a", 100, nil}}, bal(250, 0, 100, 150), "reserve"},
		{"the same key with another amount", []step{{"reserve", "a", 100, nil}, {"reserve", "a", 90, ErrConflict}}, bal(250, 0, 100, 150), "reserve"},
		{"the same key of another account", []step{{"reserve", "a", 100, nil}, {"reserve for other", "a", 100, ErrConflict}}, bal(250, 0, 100, 150), "reserve"},
		{"another amount after all ended", []step{{"reserve", "a", 100, nil}, {"release", "a", 0, nil}, {"reserve", "a", 90, ErrConflict}}, bal(250, 0, 0, 250), "reserve release"},
		{"commit", []step{{"reserve", "a", 100, nil}, {"commit", "a", 0, nil}}, bal(250, 100, 0, 150), "reserve commit"},
		{"commit twice", []step{{"reserve", "a", 100, nil}, {"commit", "a", 0, nil}, {"commit", "a", 0, nil}}, bal(250, 100, 0, 150), "reserve commit"},
		{"reserve after commit", []step{{"reserve", "a", 100, nil}, {"commit", "a", 0, nil}, {"reserve", "a", 100, nil}}, bal(250, 100, 0, 150), "reserve commit"},
		{"commit of an unknown key", []step{{"commit", "a", 0, ErrUnknown}}, bal(250, 0, 0, 250), ""},
		{"commit after release", []step{{"reserve", "a", 100, nil}, {"release", "a", 0, nil}, {"commit", "a", 0, ErrSettled}}, bal(250, 0, 0, 250), "reserve release"},
		{"release twice", []step{{"reserve", "a", 100, nil}, {"release", "a", 0, nil}, {"release", "a", 0, nil}}, bal(250, 0, 0, 250), "reserve release"},
		{"release of an unknown key", []step{{"release", "a", 0, ErrUnknown}}, bal(250, 0, 0, 250), ""},
		{"release after commit", []step{{"reserve", "a", 100, nil}, {"commit", "a", 0, nil}, {"release", "a", 0, ErrSettled}}, bal(250, 100, 0, 150), "reserve commit"},
		{"reserve after release", []step{{"reserve", "a", 100, nil}, {"release", "a", 0, nil}, {"reserve", "a", 100, ErrSettled}}, bal(250, 0, 0, 250), "reserve release"},
		{"exhausted", []step{{"reserve", "a", 200, nil}, {"reserve", "b", 51, ErrExhausted}, {"commit", "b", 0, ErrUnknown}}, bal(250, 0, 200, 50), "reserve"},
		{"exhausted to the last credit", []step{{"reserve", "a", 250, nil}, {"reserve", "b", 1, ErrExhausted}, {"reserve", "c", 0, nil}}, bal(250, 0, 250, 0), "reserve reserve"},
		{"a refused key is free after a grant", []step{{"reserve", "a", 300, ErrExhausted}, {"grant", "g2", 50, nil}, {"reserve", "a", 300, nil}}, bal(300, 0, 300, 0), "grant reserve"},
		{"the cap wins over grants", []step{{"cap", "", 150, nil}, {"reserve", "a", 100, nil}, {"reserve", "b", 51, ErrCapped}, {"reserve", "c", 50, nil}}, bal(250, 0, 150, 100), "limits reserve reserve"},
		{"the cap counts what is committed", []step{{"cap", "", 150, nil}, {"reserve", "a", 100, nil}, {"commit", "a", 0, nil}, {"reserve", "b", 51, ErrCapped}}, bal(250, 100, 0, 150), "limits reserve commit"},
		{"the cap comes before exhaustion", []step{{"cap", "", 150, nil}, {"reserve", "a", 300, ErrCapped}}, bal(250, 0, 0, 250), "limits"},
		{"a cap is taken away", []step{{"cap", "", 10, nil}, {"cap", "", 0, nil}, {"reserve", "a", 100, nil}}, bal(250, 0, 100, 150), "limits limits reserve"},
		{"a cap below what is spent stops no free charge", []step{{"reserve", "a", 100, nil}, {"commit", "a", 0, nil}, {"cap", "", 50, nil}, {"reserve", "b", 0, nil}, {"reserve", "c", 1, ErrCapped}}, bal(250, 100, 0, 150), "reserve commit limits reserve"},
		{"a negative cap", []step{{"cap", "", -1, ErrInvalid}}, bal(250, 0, 0, 250), ""},
		{"a reservation lasts almost an hour", []step{{"reserve", "a", 100, nil}, {"wait", "", 59, nil}}, bal(250, 0, 100, 150), "reserve"},
		{"a reservation lapses", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}}, bal(250, 0, 0, 250), "reserve lapse"},
		{"what lapsed can be reserved by others", []step{{"reserve", "a", 250, nil}, {"wait", "", 60, nil}, {"reserve", "b", 250, nil}}, bal(250, 0, 250, 0), "reserve lapse reserve"},
		{"late commit", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"commit", "a", 0, nil}}, bal(250, 100, 0, 150), "reserve lapse commit"},
		{"late commit twice", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"commit", "a", 0, nil}, {"commit", "a", 0, nil}}, bal(250, 100, 0, 150), "reserve lapse commit"},
		{"late commit is waived where nothing is left", []step{{"reserve", "a", 200, nil}, {"wait", "", 60, nil}, {"reserve", "b", 250, nil}, {"commit", "a", 0, nil}, {"commit", "b", 0, nil}, {"reserve", "c", 1, ErrExhausted}}, bal(250, 250, 0, 0), "reserve lapse reserve commit commit"},
		{"release after lapse", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"release", "a", 0, nil}}, bal(250, 0, 0, 250), "reserve lapse release"},
		{"commit after lapse and release", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"release", "a", 0, nil}, {"commit", "a", 0, ErrSettled}}, bal(250, 0, 0, 250), "reserve lapse release"},
		{"reserve after lapse", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"reserve", "a", 100, nil}}, bal(250, 0, 100, 150), "reserve lapse reserve"},
		{"reserve after lapse with another amount", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"reserve", "a", 50, ErrConflict}}, bal(250, 0, 0, 250), "reserve lapse"},
		{"what was reserved anew lapses anew", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"reserve", "a", 100, nil}, {"wait", "", 59, nil}, {"release", "a", 0, nil}}, bal(250, 0, 0, 250), "reserve lapse reserve release"},
		{"a grant again", []step{{"grant", "g1", 250, nil}, {"grant", "g1", 9, ErrConflict}}, bal(250, 0, 0, 250), ""},
		{"bad grants", []step{{"grant", "", 5, ErrInvalid}, {"grant", "g2", 0, ErrInvalid}, {"grant", "g3", -5, ErrInvalid}, {"grant", "g4", MaxAmount + 1, ErrInvalid}, {"grant", "included/x", 1, ErrInvalid}, {"grant", "refund/x", 1, ErrInvalid}}, bal(250, 0, 0, 250), ""},
		{"bad charges", []step{{"reserve", "", 5, ErrInvalid}, {"reserve", "a", -5, ErrInvalid}, {"reserve", "a", MaxAmount + 1, ErrInvalid}}, bal(250, 0, 0, 250), ""},
		{"an enormous charge", []step{{"reserve", "a", 1, nil}, {"reserve", "b", MaxAmount, ErrExhausted}, {"cap", "", MaxAmount, nil}, {"reserve", "c", MaxAmount, ErrCapped}}, bal(250, 0, 1, 249), "reserve limits"},
	} {
		c := newClock()
		l := NewLedger(Config{Now: c.now, HoldFor: time.Hour})
		steps := append([]step{{"grant", "g1", 250, nil}}, test.steps...)
		for i, s := range steps {
			if err := s.run(l, c); !errors.Is(err, s.want) || (err == nil) != (s.want == nil) {
				t.Errorf("%s: step %d %+v: got %v", test.name, i, s, err)
			}
		}
		if got, err := l.Balance(ctx, "acme"); got != test.want || err != nil {
			t.Errorf("%s: balance %+v, %v, want %+v", test.name, got, err, test.want)
		}
		entries, err := l.Entries(ctx, "acme")
		kinds := ""
		for _, e := range entries[1:] {
			kinds += " " + string(e.Kind)
		}
		if got := fmt.Sprint(kinds); err != nil || len(got) > 0 && got[1:] != test.kinds || len(got) == 0 && test.kinds != "" {
			t.Errorf("%s: entries%s, %v, want %s", test.name, got, err, test.kinds)
		}
	}
}

// What a call finds depends on the clock, not on who looked before it.
func TestLapseDoesNotDependOnWhoLooks(t *testing.T) {
	for _, look := range []bool{false, true} {
		c := newClock()
		l := NewLedger(Config{Now: c.now})
		_ = l.Grant(ctx, "acme", Grant{ID: "g", Amount: 100})
		for _, key := range []string{"committed", "released"} {
			if err := l.Reserve(ctx, Charge{Account: "acme", Key: key, Amount: 50}); err != nil {
				t.Fatal(err)
			}
		}
		c.t = c.t.Add(96 * time.Hour) // the default
		if look {
			if b, _ := l.Balance(ctx, "acme"); b.Pending != 0 {
				t.Errorf("%+v after 96 hours", b)
			}
		}
		if err := l.Commit(ctx, "committed", Evidence{}); err != nil {
			t.Error(err)
		}
		if err := l.Release(ctx, "released"); err != nil {
			t.Error(err)
		}
		entries, _ := l.Entries(ctx, "acme")
		var got []string
		for _, e := range entries {
			got = append(got, fmt.Sprintf("%s %s", e.Kind, e.Key))
		}
		want := []string{"grant g", "reserve committed", "reserve released", "lapse committed", "lapse released", "commit committed", "release released"}
		if !slices.Equal(got, want) {
			t.Errorf("looked %v: got %q, want %q", look, got, want)
		}
	}
}

func TestEntriesCarryTheEvidenceOfACharge(t *testing.T) {
	c := newClock()
	l := NewLedger(Config{Now: c.now})
	_ = l.Grant(ctx, "acme", Grant{ID: "g", Amount: 100})
	_ = l.Grant(ctx, "other", Grant{ID: "g", Amount: 7})
	_ = l.Reserve(ctx, Charge{Account: "acme", Key: "k", Amount: 60, Purpose: "conversation", Contact: "ann"})
	start := c.t
	c.t = c.t.Add(time.Minute)
	evidence := Evidence{Conversation: "c1", Rule: PerConversation().Rule, Event: "m1", Units: 1, At: c.t}
	_ = l.Commit(ctx, "k", evidence)
	_ = l.Commit(ctx, "k", Evidence{Event: "another"})
	got, err := l.Entries(ctx, "acme")
	want := []Entry{
		{Account: "acme", Seq: 1, Kind: EntryGrant, Key: "g", Amount: 100, Grant: &Grant{ID: "g", Amount: 100}, At: start},
		{Account: "acme", Seq: 2, Kind: EntryReserve, Key: "k", Amount: 60, Purpose: "conversation", Contact: "ann", Claims: true, At: start, Until: start.Add(96 * time.Hour)},
		{Account: "acme", Seq: 3, Kind: EntryCommit, Key: "k", Amount: 60, Purpose: "conversation", Contact: "ann", Evidence: evidence, At: c.t},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	got[0].Amount, got[0].Grant.Amount = 0, 0
	if again, _ := l.Entries(ctx, "acme"); !reflect.DeepEqual(again, want) {
		t.Error("a caller can change the ledger's entries")
	}
}

func TestBalanceOfAnUnknownAccountIsEmpty(t *testing.T) {
	if b, err := NewLedger(Config{}).Balance(ctx, "nobody"); b != (Balance{}) || err != nil {
		t.Errorf("%+v, %v", b, err)
	}
}

// P7, A12: a hundred conversations at once against credits for fifty.
func TestP7A12ParallelReservationsNeverOverspend(t *testing.T) {
	for _, capped := range []bool{false, true} {
		l := NewLedger(Config{})
		grant, refusal := int64(5000), ErrExhausted
		if capped {
			grant, refusal = 50_000, ErrCapped
			_ = l.SetCap(ctx, "acme", 5000)
		}
		_ = l.Grant(ctx, "acme", Grant{ID: "g", Amount: grant})
		var mu sync.Mutex
		held := map[string]int{}
		var wg sync.WaitGroup
		for i := range 100 {
			key := fmt.Sprint("conversation/", i)
			for range 2 { // each is also repeated at the same time
				wg.Go(func() {
					err := l.Reserve(ctx, Charge{Account: "acme", Key: key, Amount: 100})
					if err == nil {
						err = l.Commit(ctx, key, Evidence{Conversation: key})
					}
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						held[key]++
					case !errors.Is(err, refusal):
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		b, _ := l.Balance(ctx, "acme")
		if len(held) != 50 || b.Committed != 5000 || b.Pending != 0 {
			t.Errorf("capped %v: %d conversations were admitted, balance %+v", capped, len(held), b)
		}
		for key, n := range held {
			if n != 2 {
				t.Errorf("the repetition of %s was refused", key)
			}
		}
	}
}
