package credits

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// billed is an account with something of everything in March and April.
func billed(t testing.TB) *testAccount {
	a := newAccount(t, Config{HoldFor: 24 * time.Hour})
	a.plan(Plan{Included: 300, OnExhausted: Overage})
	a.must(a.Grant(ctx, "acme", Pack("=order", 50)))
	a.spend("a", 100)
	a.spend("b", 100)
	a.must(a.reserve("late", 100))
	a.wait(25 * time.Hour)
	a.spend("c", 250) // 100 of it overage
	a.must(a.SetCap(ctx, "acme", 460))
	a.must(a.Commit(ctx, "late", Evidence{Rule: "late/1"})) // 90 waived
	a.until("2026-04-10T00:00:00Z")
	a.must(a.Refund(ctx, "b", Evidence{Conversation: "b", Rule: "per-conversation/1", Event: "-reopened"}))
	a.must(a.reserve("open", 20))
	return a
}

func month2026(m time.Month) Period {
	start := time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC)
	return Period{start, start.AddDate(0, 1, 0)}
}

func TestBillsAddUpAndFollowEachOther(t *testing.T) {
	a := billed(t)
	march, err := a.Bill(ctx, "acme", month2026(3))
	a.must(err)
	april, err := a.Bill(ctx, "acme", month2026(4))
	a.must(err)
	sums := func(b Bill) string {
		return fmt.Sprint(b.Opening, b.Granted, b.Expired, b.Charged, b.Refunded, b.Overage, b.Waived, b.Closing, b.Rules)
	}
	if got, want := sums(march), "0 350 0 460 0 110 90 0 [{late/1 1 10 0 0} {per-conversation/1 3 450 0 0}]"; got != want {
		t.Errorf("March: %s, want %s", got, want)
	}
	if got, want := sums(april), "0 300 0 0 100 0 0 400 [{per-conversation/1 0 0 1 100}]"; got != want {
		t.Errorf("April: %s, want %s", got, want)
	}
	for _, b := range []Bill{march, april} {
		a.must(b.Check())
	}
	march.Entries[1].Grant.Amount = 0
	if again, err := a.Bill(ctx, "acme", month2026(3)); err != nil || again.Entries[1].Grant.Amount != 300 {
		t.Errorf("a caller can change the ledger's entries: %v", err)
	}
	if _, err := a.Bill(ctx, "acme", Period{}); !errors.Is(err, ErrInvalid) {
		t.Errorf("bill of no time: %v", err)
	}
}

func TestBillsThatWereTamperedWithDoNotCheck(t *testing.T) {
	a := billed(t)
	for name, tamper := range map[string]func(*Bill){
		"sum":      func(b *Bill) { b.Charged-- },
		"amount":   func(b *Bill) { b.Entries[4].Amount++ },
		"missing":  func(b *Bill) { b.Entries = append(b.Entries[:2], b.Entries[3:]...) },
		"rule":     func(b *Bill) { b.Rules[0].Charged++ },
		"opening":  func(b *Bill) { b.Opening++ },
		"moved":    func(b *Bill) { b.Entries[3].At = b.Period.End },
		"relabels": func(b *Bill) { b.Entries[3].Account = "other" },
	} {
		b, err := a.Bill(ctx, "acme", month2026(3))
		a.must(err)
		if tamper(&b); !errors.Is(b.Check(), ErrInvalid) {
			t.Errorf("%s: %v", name, b.Check())
		}
	}
}

func TestBillsTravelAsJSON(t *testing.T) {
	a := billed(t)
	b, err := a.Bill(ctx, "acme", month2026(3))
	a.must(err)
	var buf bytes.Buffer
	a.must(b.WriteJSON(&buf))
	var got Bill
	a.must(json.Unmarshal(buf.Bytes(), &got))
	if !reflect.DeepEqual(got, b) {
		t.Errorf("got %+v\nwant %+v", got, b)
	}
	a.must(got.Check())
}

func TestBillsTravelAsCSV(t *testing.T) {
	a := billed(t)
	b, err := a.Bill(ctx, "acme", month2026(3))
	a.must(err)
	var buf bytes.Buffer
	a.must(b.WriteCSV(&buf))
	rows, err := csv.NewReader(&buf).ReadAll()
	a.must(err)
	if len(rows) != len(b.Entries)+1 || rows[len(rows)-1][8] != fmt.Sprint(b.Closing) {
		t.Fatalf("%d rows, the last %q", len(rows), rows[len(rows)-1])
	}
	for _, want := range []string{
		`acme,3,grant,2026-03-01T09:00:00Z,'=order,50,0,0,350,,,,,,,0,,"{""id"":""=order"",""amount"":50,""kind"":""pack""}"`,
		`acme,5,commit,2026-03-01T09:00:00Z,a,100,0,0,250,,,,a,per-conversation/1,,0,,`,
	} {
		var again bytes.Buffer
		a.must(b.WriteCSV(&again))
		if !strings.Contains(again.String(), want+"\n") {
			t.Errorf("no line %s in\n%s", want, again.String())
		}
	}
	if err := b.WriteCSV(full{}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
	if err := b.WriteJSON(full{}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

var errFull = errors.New("disk is full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestForecastFollowsTheDays(t *testing.T) {
	a := newAccount(t, Config{})
	a.until("2026-03-01T00:00:00Z")
	a.plan(Plan{Included: 1000, TimeZone: "UTC"})
	forecast := func(days int) Forecast {
		t.Helper()
		f, err := a.Forecast(ctx, "acme", days)
		a.must(err)
		return f
	}
	if f := forecast(30); f.PerDay != 0 || !f.RunsOut.IsZero() || len(f.Days) != 1 || !f.Resets.Equal(instant("2026-04-01T00:00:00Z")) {
		t.Errorf("before anything: %+v", f)
	}
	for i := range 8 {
		a.spend(fmt.Sprint(i), 60)
		a.wait(24 * time.Hour)
	}
	a.must(a.Refund(ctx, "7", Evidence{}))
	f := forecast(30) // 9 March, 0 o'clock
	if len(f.Days) != 9 || f.Days[3].Credits != 60 || f.Days[8].Credits != -60 || f.PerDay != 420/8. || f.Available != 580 {
		t.Errorf("%+v", f)
	}
	perDay := 52.5
	if want := a.clock.t.Add(time.Duration(580 / perDay * 24 * float64(time.Hour))); f.RunsOut.Sub(want).Abs() > time.Second {
		t.Errorf("runs out %v, want %v", f.RunsOut, want)
	}
	if f := forecast(0); len(f.Days) != 1 || f.PerDay >= 0 || !f.RunsOut.IsZero() {
		t.Errorf("today: %+v", f)
	}
	a.grant("more", 3000)
	if f := forecast(30); !f.RunsOut.IsZero() {
		t.Errorf("the reset comes first: %+v", f)
	}
}
