package credits

import (
	"context"
	"errors"
	"fmt"
	"math"
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

func ExampleNewLedger() {
	ledger := NewLedger(Config{})
	_ = ledger.Grant(ctx, "acme", Grant{ID: "march", Amount: 250})

	for _, key := range []string{"conversation/1", "conversation/2", "conversation/3"} {
		err := ledger.Reserve(ctx, Charge{Account: "acme", Key: key, Amount: 100, Purpose: "conversation"})
		fmt.Println(key, err)
	}
	_ = ledger.Commit(ctx, "conversation/1", Evidence{Conversation: "1", Rule: "per-conversation/1"})
	_ = ledger.Release(ctx, "conversation/2")

	balance, _ := ledger.Balance(ctx, "acme")
	fmt.Printf("%+v\n", balance)
	// Output:
	// conversation/1 <nil>
	// conversation/2 <nil>
	// conversation/3 credits: account "acme": credits are exhausted
	// {Granted:250 Committed:100 Pending:0 Available:150}
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
		{"a reservation is pending", []step{{"reserve", "a", 100, nil}}, Balance{250, 0, 100, 150}, "reserve"},
		{"the same reservation again", []step{{"reserve", "a", 100, nil}, {"reserve", "a", 100, nil}}, Balance{250, 0, 100, 150}, "reserve"},
		{"the same key with another amount", []step{{"reserve", "a", 100, nil}, {"reserve", "a", 90, ErrConflict}}, Balance{250, 0, 100, 150}, "reserve"},
		{"the same key of another account", []step{{"reserve", "a", 100, nil}, {"reserve for other", "a", 100, ErrConflict}}, Balance{250, 0, 100, 150}, "reserve"},
		{"another amount after all ended", []step{{"reserve", "a", 100, nil}, {"release", "a", 0, nil}, {"reserve", "a", 90, ErrConflict}}, Balance{250, 0, 0, 250}, "reserve release"},
		{"commit", []step{{"reserve", "a", 100, nil}, {"commit", "a", 0, nil}}, Balance{250, 100, 0, 150}, "reserve commit"},
		{"commit twice", []step{{"reserve", "a", 100, nil}, {"commit", "a", 0, nil}, {"commit", "a", 0, nil}}, Balance{250, 100, 0, 150}, "reserve commit"},
		{"reserve after commit", []step{{"reserve", "a", 100, nil}, {"commit", "a", 0, nil}, {"reserve", "a", 100, nil}}, Balance{250, 100, 0, 150}, "reserve commit"},
		{"commit of an unknown key", []step{{"commit", "a", 0, ErrUnknown}}, Balance{250, 0, 0, 250}, ""},
		{"commit after release", []step{{"reserve", "a", 100, nil}, {"release", "a", 0, nil}, {"commit", "a", 0, ErrSettled}}, Balance{250, 0, 0, 250}, "reserve release"},
		{"release twice", []step{{"reserve", "a", 100, nil}, {"release", "a", 0, nil}, {"release", "a", 0, nil}}, Balance{250, 0, 0, 250}, "reserve release"},
		{"release of an unknown key", []step{{"release", "a", 0, ErrUnknown}}, Balance{250, 0, 0, 250}, ""},
		{"release after commit", []step{{"reserve", "a", 100, nil}, {"commit", "a", 0, nil}, {"release", "a", 0, ErrSettled}}, Balance{250, 100, 0, 150}, "reserve commit"},
		{"reserve after release", []step{{"reserve", "a", 100, nil}, {"release", "a", 0, nil}, {"reserve", "a", 100, ErrSettled}}, Balance{250, 0, 0, 250}, "reserve release"},
		{"exhausted", []step{{"reserve", "a", 200, nil}, {"reserve", "b", 51, ErrExhausted}, {"commit", "b", 0, ErrUnknown}}, Balance{250, 0, 200, 50}, "reserve"},
		{"exhausted to the last credit", []step{{"reserve", "a", 250, nil}, {"reserve", "b", 1, ErrExhausted}, {"reserve", "c", 0, nil}}, Balance{250, 0, 250, 0}, "reserve reserve"},
		{"a refused key is free after a grant", []step{{"reserve", "a", 300, ErrExhausted}, {"grant", "g2", 50, nil}, {"reserve", "a", 300, nil}}, Balance{300, 0, 300, 0}, "grant reserve"},
		{"the cap wins over grants", []step{{"cap", "", 150, nil}, {"reserve", "a", 100, nil}, {"reserve", "b", 51, ErrCapped}, {"reserve", "c", 50, nil}}, Balance{250, 0, 150, 100}, "reserve reserve"},
		{"the cap counts what is committed", []step{{"cap", "", 150, nil}, {"reserve", "a", 100, nil}, {"commit", "a", 0, nil}, {"reserve", "b", 51, ErrCapped}}, Balance{250, 100, 0, 150}, "reserve commit"},
		{"the cap comes before exhaustion", []step{{"cap", "", 150, nil}, {"reserve", "a", 300, ErrCapped}}, Balance{250, 0, 0, 250}, ""},
		{"a cap is taken away", []step{{"cap", "", 10, nil}, {"cap", "", 0, nil}, {"reserve", "a", 100, nil}}, Balance{250, 0, 100, 150}, "reserve"},
		{"a cap below what is spent stops no free charge", []step{{"reserve", "a", 100, nil}, {"commit", "a", 0, nil}, {"cap", "", 50, nil}, {"reserve", "b", 0, nil}, {"reserve", "c", 1, ErrCapped}}, Balance{250, 100, 0, 150}, "reserve commit reserve"},
		{"a negative cap", []step{{"cap", "", -1, ErrInvalid}}, Balance{250, 0, 0, 250}, ""},
		{"a reservation lasts almost an hour", []step{{"reserve", "a", 100, nil}, {"wait", "", 59, nil}}, Balance{250, 0, 100, 150}, "reserve"},
		{"a reservation lapses", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}}, Balance{250, 0, 0, 250}, "reserve lapse"},
		{"what lapsed can be reserved by others", []step{{"reserve", "a", 250, nil}, {"wait", "", 60, nil}, {"reserve", "b", 250, nil}}, Balance{250, 0, 250, 0}, "reserve lapse reserve"},
		{"late commit", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"commit", "a", 0, nil}}, Balance{250, 100, 0, 150}, "reserve lapse commit"},
		{"late commit twice", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"commit", "a", 0, nil}, {"commit", "a", 0, nil}}, Balance{250, 100, 0, 150}, "reserve lapse commit"},
		{"late commit overdraws", []step{{"reserve", "a", 200, nil}, {"wait", "", 60, nil}, {"reserve", "b", 250, nil}, {"commit", "a", 0, nil}, {"commit", "b", 0, nil}, {"reserve", "c", 1, ErrExhausted}}, Balance{250, 450, 0, 0}, "reserve lapse reserve commit commit"},
		{"release after lapse", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"release", "a", 0, nil}}, Balance{250, 0, 0, 250}, "reserve lapse"},
		{"commit after lapse and release", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"release", "a", 0, nil}, {"commit", "a", 0, ErrSettled}}, Balance{250, 0, 0, 250}, "reserve lapse"},
		{"reserve after lapse", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"reserve", "a", 100, nil}}, Balance{250, 0, 100, 150}, "reserve lapse reserve"},
		{"reserve after lapse with another amount", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"reserve", "a", 50, ErrConflict}}, Balance{250, 0, 0, 250}, "reserve lapse"},
		{"what was reserved anew lapses anew", []step{{"reserve", "a", 100, nil}, {"wait", "", 60, nil}, {"reserve", "a", 100, nil}, {"wait", "", 59, nil}, {"release", "a", 0, nil}}, Balance{250, 0, 0, 250}, "reserve lapse reserve release"},
		{"a grant again", []step{{"grant", "g1", 250, nil}, {"grant", "g1", 9, nil}}, Balance{250, 0, 0, 250}, ""},
		{"bad grants", []step{{"grant", "", 5, ErrInvalid}, {"grant", "g2", 0, ErrInvalid}, {"grant", "g3", -5, ErrInvalid}, {"grant", "g4", math.MaxInt64, ErrInvalid}}, Balance{250, 0, 0, 250}, ""},
		{"bad charges", []step{{"reserve", "", 5, ErrInvalid}, {"reserve", "a", -5, ErrInvalid}}, Balance{250, 0, 0, 250}, ""},
		{"an enormous charge", []step{{"reserve", "a", 1, nil}, {"reserve", "b", math.MaxInt64, ErrExhausted}, {"cap", "", math.MaxInt64, nil}, {"reserve", "c", math.MaxInt64, ErrCapped}}, Balance{250, 0, 1, 249}, "reserve"},
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
		want := []string{"grant g", "reserve committed", "reserve released", "lapse committed", "lapse released", "commit committed"}
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
	_ = l.Reserve(ctx, Charge{Account: "acme", Key: "k", Amount: 60, Purpose: "conversation"})
	start := c.t
	c.t = c.t.Add(time.Minute)
	evidence := Evidence{Conversation: "c1", Rule: PerConversation().Rule, Event: "m1", At: c.t}
	_ = l.Commit(ctx, "k", evidence)
	_ = l.Commit(ctx, "k", Evidence{Event: "another"})
	got, err := l.Entries(ctx, "acme")
	want := []Entry{
		{Kind: EntryGrant, Account: "acme", Key: "g", Amount: 100, At: start},
		{Kind: EntryReserve, Account: "acme", Key: "k", Amount: 60, Purpose: "conversation", At: start},
		{Kind: EntryCommit, Account: "acme", Key: "k", Amount: 60, Purpose: "conversation", Evidence: evidence, At: c.t},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	got[0].Amount = 0
	if again, _ := l.Entries(ctx, "acme"); !slices.Equal(again, want) {
		t.Error("a caller can change the ledger's entries")
	}
}

func TestBalanceOfAnUnknownAccountIsEmpty(t *testing.T) {
	if b, err := NewLedger(Config{}).Balance(ctx, "nobody"); b != (Balance{}) || err != nil {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestEnormousLateCommitsDoNotWrapAround(t *testing.T) {
	c := newClock()
	l := NewLedger(Config{Now: c.now})
	_ = l.Grant(ctx, "acme", Grant{ID: "g", Amount: math.MaxInt64})
	for _, key := range []string{"a", "b", "c"} {
		if err := l.Reserve(ctx, Charge{Account: "acme", Key: key, Amount: math.MaxInt64}); err != nil {
			t.Fatal(err)
		}
		if key != "c" {
			c.t = c.t.Add(100 * time.Hour)
		}
	}
	_, _ = l.Commit(ctx, "a", Evidence{}), l.Commit(ctx, "b", Evidence{})
	if b, _ := l.Balance(ctx, "acme"); b.Committed != math.MaxInt64 || b.Available != 0 {
		t.Errorf("%+v", b)
	}
	if err := l.Reserve(ctx, Charge{Account: "acme", Key: "d", Amount: 1}); !errors.Is(err, ErrExhausted) {
		t.Errorf("got %v", err)
	}
}

// P7: a hundred conversations at once against credits for fifty.
func TestP7ParallelReservationsNeverOverspend(t *testing.T) {
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

func TestPerConversationCostsAHundredCredits(t *testing.T) {
	if p := PerConversation(); p.Amount != 100 || p.Rule == "" {
		t.Errorf("%+v", p)
	}
}

func BenchmarkReserveAndCommit(b *testing.B) {
	l := NewLedger(Config{})
	_ = l.Grant(ctx, "acme", Grant{ID: "g", Amount: math.MaxInt64})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		key := fmt.Sprint("conversation/", i)
		if err := l.Reserve(ctx, Charge{Account: "acme", Key: key, Amount: 100}); err != nil {
			b.Fatal(err)
		}
		if err := l.Commit(ctx, key, Evidence{Conversation: key}); err != nil {
			b.Fatal(err)
		}
	}
}

// The cost of a reservation must not grow with what is pending beside it.
func BenchmarkReserveBesidePending(b *testing.B) {
	for _, pending := range []int{100, 100_000} {
		b.Run(fmt.Sprint(pending), func(b *testing.B) {
			l := NewLedger(Config{})
			_ = l.Grant(ctx, "acme", Grant{ID: "g", Amount: math.MaxInt64})
			for i := range pending {
				_ = l.Reserve(ctx, Charge{Account: "acme", Key: fmt.Sprint("pending/", i), Amount: 1})
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_ = l.Reserve(ctx, Charge{Account: "acme", Key: fmt.Sprint("conversation/", i), Amount: 1})
			}
		})
	}
}
