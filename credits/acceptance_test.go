package credits

import (
	"fmt"
	"testing"
	"time"
)

// A9: without credits new conversations are refused, and at the reset they are
// taken again by themselves.
func TestA9AccountPaysAgainByItselfAtTheReset(t *testing.T) {
	a := newAccount(t, Config{})
	a.plan(Plan{Included: 200, ResetDay: 15, TimeZone: "Europe/Copenhagen"})
	a.spend("a", 100)
	a.spend("b", 100)
	a.refused(a.reserve("c", 100), ErrExhausted)
	a.until("2026-03-14T22:59:59Z")
	a.refused(a.reserve("c", 100), ErrExhausted)
	a.until("2026-03-14T23:00:00Z") // midnight in Copenhagen
	a.must(a.reserve("c", 100))
	a.available(100)
}

// A9: a purchase ends the pause too.
func TestA9AccountPaysAgainAfterAPurchase(t *testing.T) {
	a := newAccount(t, Config{})
	a.plan(Plan{Included: 100})
	a.spend("a", 100)
	a.refused(a.reserve("b", 100), ErrExhausted)
	a.must(a.Grant(ctx, "acme", Pack("order-7", 1000)))
	a.must(a.reserve("b", 100))
}

// settle does what a policy says of a conversation.
func (a *testAccount) settle(p Policy, key string, f Facts) Settlement {
	a.t.Helper()
	j := p.Judge(f, a.clock.t)
	e := Evidence{Conversation: key, Rule: p.Rule}
	switch j.Settlement {
	case CommitIt:
		a.must(a.Commit(ctx, key, e))
	case ReleaseIt:
		a.must(a.Release(ctx, key))
	case RefundIt:
		a.must(a.Refund(ctx, key, e))
	}
	return j.Settlement
}

// A11: charged once over ten turns and when it is reopened.
func TestA11ConversationIsChargedOnce(t *testing.T) {
	a := newAccount(t, Config{})
	a.grant("g", 1000)
	p := PerConversation()
	f := Facts{Answered: true}
	for turn := range 12 {
		a.must(a.reserve("conversation", p.Amount))
		a.settle(p, "conversation", f)
		f.Charged, f.Reopened = true, turn > 10
		a.wait(time.Hour)
	}
	a.available(900)
}

// A11: per resolution it is charged after the window only, and refunded when the
// customer comes back.
func TestA11ResolutionIsChargedAfterTheWindowAndRefundedOnReopen(t *testing.T) {
	a := newAccount(t, Config{HoldFor: time.Hour})
	a.grant("g", 1000)
	p := PerResolution()
	a.must(a.reserve("c", p.Amount))
	f := Facts{Answered: true, LastActivity: a.clock.t}
	due := p.Judge(f, a.clock.t).Due
	a.must(a.Extend(ctx, "c", due.Add(time.Hour)))
	for range 71 {
		a.wait(time.Hour)
		if got := a.settle(p, "c", f); got != Keep {
			t.Fatalf("settled %v within the window", got)
		}
	}
	b, _ := a.Balance(ctx, "acme")
	if b.Pending != 50 || b.Committed != 0 {
		t.Fatalf("%+v within the window", b)
	}
	a.wait(time.Hour)
	a.settle(p, "c", f)
	a.available(950)
	a.wait(24 * time.Hour)
	f.Charged, f.Reopened = true, true
	a.settle(p, "c", f)
	a.settle(p, "c", f)
	a.available(1000)
	if got := a.log(EntryReserve, EntryCommit, EntryLapse, EntryRefund); got != "reserve 50 03-01, commit 50 03-04, refund 50 03-05" {
		t.Error(got)
	}
}

// P7: tokens are reserved at the most they may be, and charged as they were.
func TestP7TokensAreChargedAsUsed(t *testing.T) {
	a := newAccount(t, Config{})
	a.grant("g", 20)
	p := PerToken(2, 1000)
	a.must(a.reserve("call", p.Price(8000)))
	a.refused(a.reserve("another", p.Price(8000)), ErrExhausted)
	a.must(a.CommitPart(ctx, "call", p.Price(2300), Evidence{Rule: p.Rule, Units: 2300}))
	a.must(a.CommitPart(ctx, "call", p.Price(2300), Evidence{Rule: p.Rule, Units: 2300}))
	a.refused(a.CommitPart(ctx, "call", 1, Evidence{}), ErrConflict)
	a.available(15)
	a.must(a.reserve("more", 5))
	a.refused(a.CommitPart(ctx, "more", 6, Evidence{}), ErrInvalid)
	a.refused(a.CommitPart(ctx, "more", -1, Evidence{}), ErrInvalid)
}

// P7: each action of a conversation is a charge of its own.
func TestP7ActionsAreChargedEach(t *testing.T) {
	a := newAccount(t, Config{})
	a.grant("g", 25)
	p := PerAction(10)
	for i := range 2 {
		a.spend(fmt.Sprint("conversation/action/", i), p.Price(1))
	}
	a.refused(a.reserve("conversation/action/2", p.Price(1)), ErrExhausted)
}
