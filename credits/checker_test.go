package credits_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/credits"
)

func TestCheckTellsWhatReserveWouldSayAndHoldsNothing(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	reset := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	buy := func(_ context.Context, e credits.Exhaustion) (credits.Grant, error) {
		return credits.Grant{ID: e.ID, Amount: 1000}, nil
	}
	fail := func(context.Context, credits.Exhaustion) (credits.Grant, error) {
		return credits.Grant{}, errors.New("card declined")
	}
	for name, c := range map[string]struct {
		cfg    credits.Config
		plan   credits.Plan
		cap    int64
		amount int64
		want   error
		until  time.Time
	}{
		"enough":          {plan: credits.Plan{Included: 100}, amount: 100},
		"too little":      {plan: credits.Plan{Included: 100}, amount: 101, want: credits.ErrExhausted, until: reset},
		"nothing ever":    {amount: 1, want: credits.ErrExhausted},
		"nothing asked":   {amount: 0},
		"overage":         {plan: credits.Plan{Included: 10, OnExhausted: credits.Overage}, amount: 500},
		"a cap":           {plan: credits.Plan{Included: 1000}, cap: 50, amount: 51, want: credits.ErrCapped, until: reset},
		"an upgrade":      {cfg: credits.Config{Upgrade: buy}, plan: credits.Plan{Included: 10, OnExhausted: credits.AutoUpgrade}, amount: 500},
		"upgrade, capped": {cfg: credits.Config{Upgrade: buy}, plan: credits.Plan{Included: 10, OnExhausted: credits.AutoUpgrade}, cap: 20, amount: 500, want: credits.ErrCapped, until: reset},
		"failing upgrade": {cfg: credits.Config{Upgrade: fail}, plan: credits.Plan{Included: 10, OnExhausted: credits.AutoUpgrade}, amount: 500},
		"no upgrade":      {plan: credits.Plan{Included: 10, OnExhausted: credits.AutoUpgrade}, amount: 500, want: credits.ErrExhausted, until: reset},
	} {
		t.Run(name, func(t *testing.T) {
			c.cfg.Now = func() time.Time { return now }
			l := credits.NewLedger(c.cfg)
			for _, err := range []error{l.SetPlan(t.Context(), "a", c.plan), l.SetCap(t.Context(), "a", c.cap)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			before, _ := l.Entries(t.Context(), "a")
			charge := credits.Charge{Account: "a", Amount: c.amount}
			err := l.Check(t.Context(), charge)
			var refused *credits.RefusedError
			if !errors.Is(err, c.want) || c.want != nil && (!errors.As(err, &refused) || !refused.Until.Equal(c.until)) {
				t.Errorf("%v", err)
			}
			if after, _ := l.Entries(t.Context(), "a"); len(after) != len(before) {
				t.Errorf("it made %d entries", len(after)-len(before))
			}
			charge.Key = "k"
			if err := l.Reserve(t.Context(), charge); name != "failing upgrade" && !errors.Is(err, c.want) {
				t.Errorf("Reserve says %v", err)
			}
			if name == "failing upgrade" {
				if err := l.Check(t.Context(), charge); !errors.Is(err, credits.ErrExhausted) {
					t.Errorf("after it failed: %v", err)
				}
			}
		})
	}
	if err := credits.NewLedger(credits.Config{}).Check(t.Context(), credits.Charge{Amount: 1}); !errors.Is(err, credits.ErrInvalid) {
		t.Errorf("no account: %v", err)
	}
}

func ExampleLedger_Check() {
	l := credits.NewLedger(credits.Config{Now: func() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) }})
	_ = l.SetPlan(context.Background(), "shop", credits.Plan{Included: 50})
	err := l.Check(context.Background(), credits.Charge{Account: "shop", Amount: 100})
	var refused *credits.RefusedError
	fmt.Println(errors.As(err, &refused), refused.Left, refused.Until.Format(time.DateOnly))
	// Output:
	// true 50 2026-04-01
}
