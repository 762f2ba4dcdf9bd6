package credits

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errPayment = errors.New("payment was declined")

func TestUpgradeIsAskedOnceForEachExhaustion(t *testing.T) {
	var a *testAccount
	var asked []string
	answer := func() (Grant, error) { return Grant{Amount: 200}, nil }
	a = newAccount(t, Config{Upgrade: func(ctx context.Context, e Exhaustion) (Grant, error) {
		if _, err := a.Balance(ctx, "acme"); err != nil { // no lock is held
			t.Error(err)
		}
		asked = append(asked, fmt.Sprint(e.ID, " ", e.Needed, " ", e.Balance.Available))
		return answer()
	}})
	a.plan(Plan{Included: 100, OnExhausted: AutoUpgrade})
	a.spend("a", 60)
	a.spend("b", 60) // 40 left: more are bought
	a.spend("c", 60)
	a.spend("d", 60)
	answer = func() (Grant, error) { return Grant{}, errPayment }
	for range 3 {
		err := a.reserve("e", 100)
		a.refused(err, ErrExhausted)
		if len(asked) == 2 && !errors.Is(err, errPayment) && !strings.Contains(err.Error(), "100 asked for, 60 left") {
			t.Errorf("got %v", err)
		}
	}
	a.spend("f", 60) // what is left can be used, and remains the same exhaustion
	a.refused(a.reserve("e", 100), ErrExhausted)
	a.grant("g", 10) // another one
	a.refused(a.reserve("e", 100), ErrExhausted)
	want := "upgrade/acme/1 60 40, upgrade/acme/2 100 60, upgrade/acme/3 100 10"
	if got := strings.Join(asked, ", "); got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	a.available(10)
}

func TestTooSmallAnUpgradeLeavesTheAccountExhausted(t *testing.T) {
	asked := 0
	a := newAccount(t, Config{Upgrade: func(context.Context, Exhaustion) (Grant, error) { asked++; return Pack("order-1", 5), nil }})
	a.plan(Plan{OnExhausted: AutoUpgrade})
	a.refused(a.reserve("a", 100), ErrExhausted)
	a.refused(a.reserve("a", 100), ErrExhausted) // credits came: asked again, for the same order
	a.refused(a.reserve("a", 100), ErrExhausted)
	if a.available(5); asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

// What was bought is not lost because the customer went away meanwhile.
func TestUpgradeIsKeptWhenTheContextEnds(t *testing.T) {
	short, cancel := context.WithCancel(ctx)
	a := newAccount(t, Config{Upgrade: func(context.Context, Exhaustion) (Grant, error) { cancel(); return Grant{Amount: 100}, nil }})
	a.plan(Plan{OnExhausted: AutoUpgrade})
	a.refused(a.Reserve(short, Charge{Account: "acme", Key: "a", Amount: 60}), context.Canceled)
	a.available(100)
}

// P7: also when the cap comes after the refusal.
func TestP7NoUpgradeIsClaimedAboveTheCap(t *testing.T) {
	a := newAccount(t, Config{})
	a.plan(Plan{OnExhausted: AutoUpgrade})
	a.must(a.SetCap(ctx, "acme", 50))
	asked, again, err := a.claimUpgrade(ctx, Charge{Account: "acme", Key: "a", Amount: 60})
	if asked.ID != "" || again || err != nil {
		t.Errorf("asked %+v, again %v, %v", asked, again, err)
	}
}

func TestInvalidUpgradeIsAFailure(t *testing.T) {
	a := newAccount(t, Config{Upgrade: func(context.Context, Exhaustion) (Grant, error) { return Grant{Amount: -5}, nil }})
	a.plan(Plan{OnExhausted: AutoUpgrade})
	err := a.reserve("a", 100)
	if a.refused(err, ErrExhausted); !errors.Is(err, ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// A replica that died while it asked does not leave the account without credits.
func TestUpgradeOfADeadReplicaIsAskedAgainUnderItsID(t *testing.T) {
	store, c := NewMemoryStore(), newClock()
	dead := NewLedger(Config{Store: store, Now: c.now, Upgrade: func(context.Context, Exhaustion) (Grant, error) { panic("killed") }})
	var ids []string
	alive := NewLedger(Config{Store: store, Now: c.now, Upgrade: func(_ context.Context, e Exhaustion) (Grant, error) {
		ids = append(ids, e.ID)
		return Grant{Amount: 100}, nil
	}})
	_ = dead.SetPlan(ctx, "acme", Plan{OnExhausted: AutoUpgrade})
	func() {
		defer func() { _ = recover() }()
		_ = dead.Reserve(ctx, Charge{Account: "acme", Key: "a", Amount: 100})
	}()
	if err := alive.Reserve(ctx, Charge{Account: "acme", Key: "a", Amount: 100}); !errors.Is(err, ErrExhausted) {
		t.Errorf("got %v while another asks", err)
	}
	c.t = c.t.Add(time.Minute)
	if err := alive.Reserve(ctx, Charge{Account: "acme", Key: "a", Amount: 100}); err != nil || fmt.Sprint(ids) != "[upgrade/acme/1]" {
		t.Errorf("got %v, asked %v", err, ids)
	}
}

func TestParallelReservationsWaitForOneUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		l := NewLedger(Config{Upgrade: func(context.Context, Exhaustion) (Grant, error) {
			asked.Add(1)
			time.Sleep(time.Second) // payments take time
			return Grant{Amount: 100_000}, nil
		}})
		_ = l.SetPlan(ctx, "acme", Plan{OnExhausted: AutoUpgrade})
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				if err := l.Reserve(ctx, Charge{Account: "acme", Key: fmt.Sprint(i), Amount: 100}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if asked.Load() != 1 {
			t.Errorf("asked %d times", asked.Load())
		}
	})
}

func TestWaitingForAnUpgradeEndsWithTheContext(t *testing.T) {
	started, end := make(chan struct{}), make(chan struct{})
	l := NewLedger(Config{Upgrade: func(context.Context, Exhaustion) (Grant, error) {
		close(started)
		<-end
		return Grant{}, errPayment
	}})
	_ = l.SetPlan(ctx, "acme", Plan{OnExhausted: AutoUpgrade})
	var wg sync.WaitGroup
	wg.Go(func() { _ = l.Reserve(ctx, Charge{Account: "acme", Key: "a", Amount: 1}) })
	<-started
	short, cancel := context.WithCancel(ctx)
	wg.Go(func() {
		if err := l.Reserve(short, Charge{Account: "acme", Key: "b", Amount: 1}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		close(end)
	})
	cancel()
	wg.Wait()
}
