package credits

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestThresholdsAreToldOnceInAPeriodAndInOrder(t *testing.T) {
	var a *testAccount
	var told []string
	a = newAccount(t, Config{HoldFor: time.Hour, Notify: func(ctx context.Context, n Notice) {
		if n.Percent == 80 {
			told = append(told, "(")
			_ = a.Grant(ctx, "acme", Pack("at 80", 1)) // no lock is held
			_ = a.reserve("within", 3)                 // tells 100, after this has returned
			told = append(told, ")")
		}
		told = append(told, fmt.Sprint(n.Percent))
	}})
	a.plan(Plan{Included: 100})
	expect := func(want string) {
		t.Helper()
		if got := strings.Join(told, " "); got != want {
			t.Fatalf("told %q, want %q", got, want)
		}
		told = nil
	}
	a.must(a.reserve("a", 49))
	expect("")
	a.must(a.reserve("b", 1))
	expect("50")
	a.must(a.Release(ctx, "b"))
	a.must(a.reserve("c", 1))
	expect("")
	a.must(a.reserve("d", 48))
	expect("( ) 80 100")
	a.refused(a.reserve("e", 20), ErrExhausted)
	expect("")
	a.until("2026-04-01T00:00:00Z") // all lapsed
	a.must(a.reserve("f", 96))
	expect("50 ( ) 80")
	a.refused(a.reserve("g", 20), ErrExhausted) // not all is used, but too little is left
	expect("100")
	if got := a.log(EntryNotice); got != "notice 50 03-01, notice 80 03-01, notice 100 03-01, notice 50 04-01, notice 80 04-01, notice 100 04-01" {
		t.Error(got)
	}
}

func TestThresholdsCountTheHardCapIfThatIsLess(t *testing.T) {
	var told []int
	a := newAccount(t, Config{Thresholds: []int{90, 10, 0, 101, 90}, Notify: func(_ context.Context, n Notice) { told = append(told, n.Percent) }})
	a.grant("g", 1000)
	a.must(a.SetCap(ctx, "acme", 100))
	a.must(a.reserve("a", 9))
	a.must(a.reserve("b", 1))
	if fmt.Sprint(told) != "[10]" {
		t.Errorf("told %v at a tenth of the cap", told)
	}
	a.must(a.reserve("c", 70))
	a.refused(a.reserve("d", 21), ErrCapped)
	if fmt.Sprint(told) != "[10 90]" {
		t.Error(told)
	}
	a.refused(a.Reserve(ctx, Charge{Account: "nobody", Key: "n", Amount: 1}), ErrExhausted)
	if len(told) > 2 {
		t.Error("an account that never had credits was told of")
	}
}

func TestNoticesKeepTheirOrderUnderConcurrency(t *testing.T) {
	levels := make([]int, 100)
	for i := range levels {
		levels[i] = i + 1
	}
	var told []int // no lock: one at a time
	l := NewLedger(Config{Thresholds: levels, Notify: func(_ context.Context, n Notice) { told = append(told, n.Percent) }})
	_ = l.Grant(ctx, "acme", Grant{ID: "g", Amount: 1000})
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() { _ = l.Reserve(ctx, Charge{Account: "acme", Key: fmt.Sprint(i), Amount: 10}) })
	}
	wg.Wait()
	if fmt.Sprint(told) != fmt.Sprint(levels) {
		t.Error(told)
	}
}

func TestAReceiverThatPanicsDoesNotStopNotices(t *testing.T) {
	told := 0
	a := newAccount(t, Config{Notify: func(context.Context, Notice) {
		if told++; told == 1 {
			panic("receiver")
		}
	}})
	a.grant("g", 100)
	func() {
		defer func() { _ = recover() }()
		_ = a.reserve("a", 50)
	}()
	a.must(a.reserve("b", 30))
	if a.available(20); told != 2 {
		t.Errorf("told %d times", told)
	}
}
