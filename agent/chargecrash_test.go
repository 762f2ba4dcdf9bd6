package agent_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/credits"
)

// crashingMeter fails at the n-th write counted together with those of a store.
type crashingMeter struct {
	*credits.Ledger
	s *crashingStore
}

func (m crashingMeter) write(do func() error) error {
	if !m.s.crash() {
		return do()
	}
	if m.s.after {
		if err := do(); err != nil {
			return err
		}
	}
	return errCrash
}

func (m crashingMeter) Reserve(ctx context.Context, c credits.Charge) error {
	return m.write(func() error { return m.Ledger.Reserve(ctx, c) })
}

func (m crashingMeter) Commit(ctx context.Context, key string, e credits.Evidence) error {
	return m.write(func() error { return m.Ledger.Commit(ctx, key, e) })
}

func (m crashingMeter) CommitPart(ctx context.Context, key string, n int64, e credits.Evidence) error {
	return m.write(func() error { return m.Ledger.CommitPart(ctx, key, n, e) })
}

func (m crashingMeter) Release(ctx context.Context, key string) error {
	return m.write(func() error { return m.Ledger.Release(ctx, key) })
}

func (m crashingMeter) Extend(ctx context.Context, key string, until time.Time) error {
	return m.write(func() error { return m.Ledger.Extend(ctx, key, until) })
}

func (m crashingMeter) Refund(ctx context.Context, key string, e credits.Evidence) error {
	return m.write(func() error { return m.Ledger.Refund(ctx, key, e) })
}

// charging is a day in the life of a conversation, and what it costs by a policy.
type charging struct {
	policy credits.Policy
	live   func(b *billed)
	// wants tells what happened to charges: commits and refunds, and what is left
	// committed.
	commits, refunds int
	committed        int64
}

func chargings() []charging {
	say := func(b *billed, text string) {
		b.count++
		b.must(b.Channel.Say(b.t.Context(), "customer", fmt.Sprint("said ", b.count), text))
		b.pass(time.Hour)
	}
	return []charging{
		{policy: credits.PerConversation(), commits: 1, committed: 100, live: func(b *billed) {
			say(b, "hello")
			say(b, refundQuestion)
			b.pass(30 * time.Hour) // closed
			say(b, "When is the shop open on weekdays?")
			b.pass(30 * time.Hour)
		}},
		{policy: credits.PerResolution(), commits: 2, refunds: 2, live: func(b *billed) {
			say(b, refundQuestion)
			b.pass(80 * time.Hour)
			say(b, "When is the shop open on weekdays?")
			b.pass(80 * time.Hour)
			b.vote(false)
			b.pass(time.Hour)
		}},
		{policy: credits.PerAction(10), commits: 1, committed: 10, live: func(b *billed) {
			say(b, refundQuestion)
			b.pass(30 * time.Hour)
		}},
	}
}

func TestP1FailureOfAnyWriteKeepsTheChargesExact(t *testing.T) {
	for _, c := range chargings() {
		t.Run(c.policy.Rule, func(t *testing.T) {
			var writes int64
			synctest.Test(t, func(t *testing.T) { writes = chargeFailingAt(t, c, 0, false) })
			if writes < 8 {
				t.Fatalf("it makes %d writes, too few", writes)
			}
			for _, after := range []bool{false, true} {
				for at := int64(1); at <= writes; at++ {
					t.Run(fmt.Sprintf("write %d kept %t", at, after), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { chargeFailingAt(t, c, at, after) })
					})
				}
			}
		})
	}
}

// chargeFailingAt lives a conversation whose at-th write fails, of the store's and
// the meter's, and returns how many there were.
func chargeFailingAt(t *testing.T, c charging, at int64, after bool) int64 {
	var does bookings
	action := does.action()
	store := &crashingStore{Store: agent.NewMemoryStore(nil), at: at, after: after}
	meter := ledger(t, "agent", 1000)
	model := agenttest.NewModel().Always(agenttest.Say("You get your money back within 14 days [1]."))
	if c.policy.Basis == credits.ActionBasis {
		model = agenttest.NewModel(book(1)).Always(agenttest.Say("You get your money back within 14 days [1]."))
	}
	b := newBilled(t, 1000, agent.Config{Policy: c.policy, Meter: crashingMeter{meter, store}, Store: store, Model: model, Actions: []agent.Action{action}, Poll: 10 * time.Minute})
	b.meter = meter
	c.live(b)
	commits, refunds := 0, 0
	entries, _ := meter.Entries(t.Context(), "agent")
	for _, e := range entries {
		switch e.Kind {
		case credits.EntryCommit:
			commits++
		case credits.EntryRefund:
			refunds++
		case credits.EntryLapse:
			t.Errorf("%s lapsed", e.Key)
		}
	}
	if c.policy.Basis == credits.ActionBasis && len(does.done) == 0 && at > 0 {
		c.commits, c.committed = 0, 0 // the model's wish was lost before anything came of it
	}
	if commits != c.commits || refunds != c.refunds {
		t.Errorf("%d commits and %d refunds, want %d and %d: %s", commits, refunds, c.commits, c.refunds, b.entries())
	}
	b.requireBalance(c.committed, 0)
	if c.policy.Basis == credits.ActionBasis && len(does.done) != commits {
		t.Errorf("%d actions took effect, %d were charged", len(does.done), commits)
	}
	if n := store.calls.Load(); n < at {
		t.Errorf("there were %d writes: write %d never failed", n, at)
	}
	return store.calls.Load()
}

// Tokens are charged as they were used, also by tries of a turn that failed.
func TestP1FailureOfAnyWriteKeepsTheTokensExact(t *testing.T) {
	tokensFailingAt := func(t *testing.T, at int64, after bool) int64 {
		store := &crashingStore{Store: agent.NewMemoryStore(nil), at: at, after: after}
		meter := ledger(t, "agent", 1000)
		model := agenttest.NewModel().Always(usage(900, 100)(agenttest.Say("You get your money back within 14 days [1].")))
		b := newBilled(t, 1000, agent.Config{Policy: credits.PerToken(2, 1000), Meter: crashingMeter{meter, store}, Store: store, Model: model})
		b.meter = meter
		b.must(b.Channel.Say(t.Context(), "customer", "d", refundQuestion))
		b.pass(time.Hour)
		bal, _ := meter.Balance(t.Context(), "agent")
		asked := int64(len(model.Requests()))
		// A call is lost if the process died before it was noted.
		lost := int64(0)
		if at > 0 && !after && bal.Committed == 2*(asked-1) {
			lost = 1
		}
		if bal.Pending != 0 || bal.Committed != 2*(asked-lost) || asked > 2 {
			t.Errorf("the model was asked %d times; balance %+v; %s", asked, bal, b.entries())
		}
		if strings.Contains(b.entries(), "lapse") {
			t.Error(b.entries())
		}
		return store.calls.Load()
	}
	var writes int64
	synctest.Test(t, func(t *testing.T) { writes = tokensFailingAt(t, 0, false) })
	for _, after := range []bool{false, true} {
		for at := int64(1); at <= writes; at++ {
			t.Run(fmt.Sprintf("write %d kept %t", at, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { tokensFailingAt(t, at, after) })
			})
		}
	}
}
