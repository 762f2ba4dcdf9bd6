package credits

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// op is one call of a history, decoded from three bytes.
type op struct {
	do  string
	key string
	n   int64
}

// The calls of a history; those named more often come more often.
var ops = []string{
	"reserve", "reserve", "reserve", "reserve", "commit", "commit", "part", "release", "refund", "extend",
	"grant", "grant", "wait", "wait", "wait", "limits", "plan",
}

func decode(b []byte) op {
	return op{do: ops[int(b[0])%len(ops)], key: fmt.Sprint("k", b[1]%9), n: int64(b[2])}
}

const historyHold = 20 * time.Hour

// The amount and contact of a key belong to it, but for an occasional conflict.
func (o op) charge() Charge {
	c := Charge{Account: "acme", Key: o.key, Amount: int64(o.key[1]-'0')*15 + o.n/250}
	if o.n%3 > 0 {
		c.Contact = fmt.Sprint("contact ", o.n%3)
	}
	return c
}

func (o op) grant() Grant {
	g := Grant{ID: fmt.Sprint("g", o.key, o.n%4), Amount: 1 + o.n/2, Priority: int(o.n%3) - 1}
	if day := o.n % 7; day > 0 {
		g.Expires = time.Date(2026, 3, int(day*12), 7, 0, 0, 0, time.UTC)
	}
	return g
}

func (o op) limits() Limits {
	return Limits{PerPeriod: o.n % 4 * 120, PerDay: o.n % 3 * 130, PerContact: o.n % 5 / 3 * 140}
}

// run performs the call. At is the time at which it was called first.
func (o op) run(l *Ledger, at time.Time, overage bool) error {
	switch o.do {
	case "reserve":
		return l.Reserve(ctx, o.charge())
	case "commit":
		return l.Commit(ctx, o.key, Evidence{Rule: "rule"})
	case "part":
		return l.CommitPart(ctx, o.key, o.n/2, Evidence{Rule: "rule"})
	case "release":
		return l.Release(ctx, o.key)
	case "refund":
		return l.Refund(ctx, o.key, Evidence{Rule: "rule"})
	case "extend":
		return l.Extend(ctx, o.key, at.Add(time.Duration(o.n)*time.Hour))
	case "grant":
		return l.Grant(ctx, "acme", o.grant())
	case "limits":
		return l.SetLimits(ctx, "acme", o.limits())
	case "plan":
		return l.SetPlan(ctx, "acme", o.plan(overage))
	}
	panic(o.do)
}

// The policy stays, since a change of plan takes effect later.
func (o op) plan(overage bool) Plan {
	p := Plan{Included: o.n % 3 * 90}
	if overage {
		p.OnExhausted = Overage
	}
	return p
}

func (s *shadow) run(o op, overage bool) error {
	switch o.do {
	case "reserve":
		c := o.charge()
		return s.reserve(c.Key, c.Amount, c.Contact, historyHold)
	case "commit":
		return s.commit(o.key, -1)
	case "part":
		return s.commit(o.key, o.n/2)
	case "release":
		return s.release(o.key)
	case "refund":
		return s.refund(o.key)
	case "extend":
		return s.extend(o.key, s.now.Add(time.Duration(o.n)*time.Hour))
	case "grant":
		g := o.grant()
		return s.grant(g.ID, g.Amount, g.Priority, g.Expires)
	case "limits":
		s.limits = o.limits()
		return nil
	case "plan":
		// Something is always used in these histories when the plan changes, see play.
		s.plan(o.plan(overage).Included)
		return nil
	}
	panic(o.do)
}

// played is a history with what became of it.
type played struct {
	clock   *clock
	store   *MemoryStore
	ledgers []*Ledger // on the store
	calls   []op
	at      []time.Time
	errs    []error
	overage bool
}

// play runs a history on two ledgers that share a store, by turns, and compares
// each step with the shadow.
func play(t testing.TB, data []byte, overage bool) *played {
	t.Helper()
	p := &played{clock: newClock(), store: NewMemoryStore(), overage: overage}
	for range 2 {
		p.ledgers = append(p.ledgers, NewLedger(Config{Now: p.clock.now, HoldFor: historyHold, Store: p.store}))
	}
	model := newShadow(p.clock.t)
	if overage {
		if err := p.ledgers[0].SetPlan(ctx, "acme", Plan{OnExhausted: Overage}); err != nil {
			t.Fatal(err)
		}
		model.overage = true
	}
	for i := 0; i+2 < len(data); i += 3 {
		o := decode(data[i:])
		if o.do == "wait" {
			d := time.Duration(o.n) * time.Duration(o.n) * time.Minute // up to 45 days
			p.clock.t = p.clock.t.Add(d)
			model.wait(d)
			continue
		}
		if o.do == "plan" && model.usedInPeriod() == 0 && model.b.Pending == 0 {
			continue // it would take effect at once: see TestPlan
		}
		l := p.ledgers[i/3%2]
		got, want := o.run(l, p.clock.t, overage), model.run(o, overage)
		model.wait(0) // what was given back to an expired grant is lost
		if !errors.Is(got, want) || (got == nil) != (want == nil) {
			t.Fatalf("step %d %+v: got %v, want %v", i/3, o, got, want)
		}
		p.calls, p.at, p.errs = append(p.calls, o), append(p.at, p.clock.t), append(p.errs, want)
		p.check(t, l, model, o, got)
	}
	return p
}

// check compares the balance with the shadow's and with its own sums, then repeats
// the call, which must change nothing.
func (p *played) check(t testing.TB, l *Ledger, model *shadow, o op, got error) {
	t.Helper()
	b, err := l.Balance(ctx, "acme")
	if want := model.balance(); err != nil || b != want {
		t.Fatalf("after %+v: balance %+v, %v, want %+v", o, b, err, want)
	}
	if b.Available != b.Granted-b.Expired-b.Committed-b.Pending+b.Overage || min(b.Available, b.Pending, b.Overage) < 0 || !p.overage && b.Overage != 0 {
		t.Fatalf("after %+v: %+v does not add up", o, b)
	}
	before := p.store.count("acme")
	again := o.run(l, p.clock.t, p.overage)
	if fmt.Sprint(again) != fmt.Sprint(got) || p.store.count("acme") != before {
		t.Fatalf("%+v again got %v after %v, %d entries more", o, again, got, p.store.count("acme")-before)
	}
}

func (p *played) entries(t testing.TB) []Entry {
	t.Helper()
	entries, err := p.ledgers[0].Entries(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func randomHistory(rnd *rand.Rand, steps int) []byte {
	data := make([]byte, steps*3)
	for i := range data {
		data[i] = byte(rnd.Uint32())
	}
	return data
}

// P7: whatever the order of calls, the ledger agrees with its rules, also with
// another replica on the same store; repeating a call changes nothing; and the
// balance adds up after each.
func TestP7LedgerAgreesWithItsRulesInAnyOrder(t *testing.T) {
	refusals := map[error]int{}
	kinds := map[EntryKind]int{}
	for seed := range uint64(1000) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		p := play(t, randomHistory(rnd, 80), seed%3 == 0)
		for _, err := range p.errs {
			refusals[err]++
		}
		entries := p.entries(t)
		for _, e := range entries {
			kinds[e.Kind]++
		}
		// A ledger that knows only the store is in the same state.
		fresh := NewLedger(Config{Now: p.clock.now, HoldFor: historyHold, Store: p.store})
		b, err := fresh.Balance(ctx, "acme")
		if want, _ := p.ledgers[1].Balance(ctx, "acme"); err != nil || b != want {
			t.Fatalf("seed %d: a fresh ledger has %+v, %v, want %+v", seed, b, err, want)
		}
		checkBills(t, p, entries)
	}
	for _, err := range []error{nil, ErrExhausted, ErrCapped, ErrConflict, ErrSettled, ErrUnknown, ErrUncommitted, ErrLapsed, ErrInvalid} {
		if refusals[err] < 100 {
			t.Errorf("the histories hold %v only %d times", err, refusals[err])
		}
	}
	for _, kind := range []EntryKind{
		EntryGrant, EntryExpire, EntryReserve, EntryExtend, EntryCommit, EntryRelease, EntryLapse, EntryRefund, EntryPlan, EntryLimits,
	} {
		if kinds[kind] < 100 {
			t.Errorf("the histories hold %s only %d times", kind, kinds[kind])
		}
	}
}

// checkBills checks that the bills of all periods add up, follow each other and
// end with the balance.
func checkBills(t testing.TB, p *played, entries []Entry) {
	t.Helper()
	l := p.ledgers[0]
	b, err := l.Balance(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	at, closing, seen := newClock().t, int64(0), 0
	for !at.After(p.clock.t) {
		period, err := l.Period(ctx, "acme", at)
		if err != nil {
			t.Fatal(err)
		}
		bill, err := l.Bill(ctx, "acme", period)
		if err != nil {
			t.Fatal(err)
		}
		if bill.Opening != closing || bill.Check() != nil || bill.Closing != bill.Opening+bill.Granted-bill.Expired-bill.Charged+bill.Refunded+bill.Overage {
			t.Fatalf("bill %+v after closing %d: %v", bill, closing, bill.Check())
		}
		at, closing, seen = period.End, bill.Closing, seen+len(bill.Entries)
	}
	var overage int64 // of what is pending
	if b.Pending > 0 {
		overage = b.Granted - b.Expired - b.Committed + b.Overage - closing
	}
	if closing != b.Available+b.Pending-overage || seen != len(entries) {
		t.Fatalf("bills end with %d after %d entries of %d, the balance is %+v", closing, seen, len(entries), b)
	}
}

// P1, P7: a crash makes callers repeat everything they are not sure of. The whole
// history a second time, in any order, changes nothing but what lapsed and is
// reserved again, or was refused before.
func TestP1ReplayOfTheWholeHistoryChangesNothing(t *testing.T) {
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 8))
		p := play(t, randomHistory(rnd, 80), seed%2 == 0)
		before := p.entries(t)
		lapsed := map[string]bool{}
		for _, e := range before {
			switch e.Kind {
			case EntryLapse:
				lapsed[e.Key] = true
			case EntryReserve:
				delete(lapsed, e.Key)
			}
		}
		for range 2 {
			for _, i := range rnd.Perm(len(p.calls)) {
				o := p.calls[i]
				state := o.do == "limits" || o.do == "plan" // the last of these counts
				if p.errs[i] != nil || state || lapsed[o.key] && o.do != "grant" {
					continue
				}
				_ = o.run(p.ledgers[i%2], p.at[i], p.overage) // ErrSettled where it ended meanwhile
			}
		}
		after := p.entries(t)
		// What lapsed and was reserved anew can be extended as it was before.
		settled := slices.DeleteFunc(slices.Clone(after[len(before):]), func(e Entry) bool { return e.Kind == EntryExtend })
		if !reflect.DeepEqual(after[:len(before)], before) || len(settled) > 0 {
			t.Fatalf("seed %d: replaying added %+v", seed, settled)
		}
	}
}

func FuzzHistory(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(randomHistory(rand.New(rand.NewPCG(seed, 9)), 60), seed%2 == 0)
	}
	f.Fuzz(func(t *testing.T, data []byte, overage bool) {
		if len(data) > 3*400 {
			return
		}
		p := play(t, data, overage)
		checkBills(t, p, p.entries(t))
	})
}
