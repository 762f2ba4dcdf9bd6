package credits_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/kundeagent/kundeagent/credits"
)

var ctx = context.Background()

// clock stands still, so that examples print the same every day.
func clock() time.Time { return time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC) }

func ExampleNewLedger() {
	ledger := credits.NewLedger(credits.Config{})
	_ = ledger.Grant(ctx, "acme", credits.Grant{ID: "march", Amount: 250})

	for _, key := range []string{"conversation/1", "conversation/2", "conversation/3"} {
		err := ledger.Reserve(ctx, credits.Charge{Account: "acme", Key: key, Amount: 100, Purpose: "conversation"})
		fmt.Println(key, err)
	}
	_ = ledger.Commit(ctx, "conversation/1", credits.Evidence{Conversation: "1", Rule: "per-conversation/1"})
	_ = ledger.Release(ctx, "conversation/2")

	balance, _ := ledger.Balance(ctx, "acme")
	fmt.Printf("%+v\n", balance)
	// Output:
	// conversation/1 <nil>
	// conversation/2 <nil>
	// conversation/3 credits: account "acme": 100 asked for, 50 left: credits are exhausted
	// {Granted:250 Committed:100 Pending:0 Available:150 Expired:0 Overage:0}
}

// Two replicas of a program share a store.
func ExampleNewMemoryStore() {
	store := credits.NewMemoryStore()
	one, two := credits.NewLedger(credits.Config{Store: store}), credits.NewLedger(credits.Config{Store: store})
	_ = one.Grant(ctx, "acme", credits.Pack("order-1", 100))
	_ = two.Reserve(ctx, credits.Charge{Account: "acme", Key: "conversation/1", Amount: 100})
	err := one.Reserve(ctx, credits.Charge{Account: "acme", Key: "conversation/2", Amount: 100})
	fmt.Println(errors.Is(err, credits.ErrExhausted))
	// Output: true
}

func ExamplePack() {
	ledger := credits.NewLedger(credits.Config{})
	for range 2 { // the payment provider calls twice
		_ = ledger.Grant(ctx, "acme", credits.Pack("order-1", 1000))
	}
	balance, _ := ledger.Balance(ctx, "acme")
	fmt.Println(balance.Available)
	// Output: 1000
}

func ExampleLedger_SetPlan() {
	ledger := credits.NewLedger(credits.Config{
		Now: clock,
		Upgrade: func(_ context.Context, e credits.Exhaustion) (credits.Grant, error) {
			fmt.Println("buying for", e.Account)
			return credits.Pack("order-1", 1000), nil
		},
		Notify: func(_ context.Context, n credits.Notice) { fmt.Println(n.Percent, "% used") },
	})
	_ = ledger.SetPlan(ctx, "acme", credits.Plan{
		Included: 500, ResetDay: 31, TimeZone: "UTC", OnExhausted: credits.AutoUpgrade,
	})
	_ = ledger.SetLimits(ctx, "acme", credits.Limits{PerPeriod: 800, PerContact: 300})
	for i := range 9 {
		err := ledger.Reserve(ctx, credits.Charge{Account: "acme", Key: fmt.Sprint("conversation/", i), Amount: 100})
		if err != nil {
			fmt.Println(err)
		}
	}
	period, _ := ledger.Period(ctx, "acme", clock())
	fmt.Println("until", period.End.Format(time.DateOnly))
	// Output:
	// 50 % used
	// 80 % used
	// 100 % used
	// buying for acme
	// credits: account "acme": 100 asked for, 0 left: spending cap is reached (per period)
	// until 2026-03-31
}

func ExampleLedger_Bill() {
	ledger := credits.NewLedger(credits.Config{Now: clock})
	_ = ledger.Grant(ctx, "acme", credits.Pack("order-1", 1000))
	_ = ledger.Reserve(ctx, credits.Charge{Account: "acme", Key: "c/1", Amount: 100, Purpose: "conversation"})
	_ = ledger.Commit(ctx, "c/1", credits.Evidence{Conversation: "1", Rule: "per-conversation/1", Event: "message 7"})

	period, _ := ledger.Period(ctx, "acme", clock())
	bill, _ := ledger.Bill(ctx, "acme", period)
	fmt.Println(bill.Granted, bill.Charged, bill.Closing, bill.Check())
	_ = bill.WriteCSV(os.Stdout)
	// Output:
	// 1000 100 900 <nil>
	// account,seq,kind,at,key,amount,overage,waived,balance,until,contact,purpose,conversation,rule,event,units,happened_at,terms
	// acme,1,grant,2026-03-10T09:00:00Z,order-1,1000,0,0,1000,,,,,,,0,,"{""id"":""order-1"",""amount"":1000,""kind"":""pack""}"
	// acme,2,reserve,2026-03-10T09:00:00Z,c/1,100,0,0,1000,2026-03-14T09:00:00Z,,conversation,,,,0,,
	// acme,3,commit,2026-03-10T09:00:00Z,c/1,100,0,0,900,,,conversation,1,per-conversation/1,message 7,0,,
}

func ExamplePerConversation() {
	p := credits.PerConversation()
	fmt.Println(p.Amount, p.Rule, p.Judge(credits.Facts{Answered: true}, clock()).Settlement == credits.CommitIt)
	// Output: 100 per-conversation/1 true
}

func ExamplePerResolution() {
	p := credits.PerResolution()
	f := credits.Facts{Answered: true, LastActivity: clock()}
	fmt.Println(p.Amount, p.Judge(f, clock()).Due.Sub(clock()))
	fmt.Println(p.Judge(f, clock().Add(72*time.Hour)).Settlement == credits.CommitIt)
	// Output:
	// 50 72h0m0s
	// true
}

func ExamplePerAction() {
	fmt.Println(credits.PerAction(10).Price(3))
	// Output: 30
}

// Reserve what a call may use at most, commit what it used.
func ExamplePerToken() {
	p := credits.PerToken(2, 1000)
	ledger := credits.NewLedger(credits.Config{})
	_ = ledger.Grant(ctx, "acme", credits.Pack("order-1", 20))
	_ = ledger.Reserve(ctx, credits.Charge{Account: "acme", Key: "call/1", Amount: p.Price(4000)})
	_ = ledger.CommitPart(ctx, "call/1", p.Price(1200), credits.Evidence{Rule: p.Rule, Units: 1200})
	balance, _ := ledger.Balance(ctx, "acme")
	fmt.Println(balance.Committed, balance.Available)
	// Output: 3 17
}
