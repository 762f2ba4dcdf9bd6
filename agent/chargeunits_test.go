package agent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
)

// bookings is an action that counts what it did, by key.
type bookings struct {
	done     map[string]int
	fails    error
	approval bool
}

func (b *bookings) action() agent.Action {
	b.done = map[string]int{}
	return agent.Action{
		Name: "book", Description: "Books a table.", Protection: agent.Anyone, Idempotent: true, RequiresApproval: b.approval,
		Do: func(_ context.Context, c agent.ActionCall) (agent.ActionResult, error) {
			if b.fails != nil {
				return agent.ActionResult{}, b.fails
			}
			b.done[c.Key]++
			return agent.ActionResult{Text: "You get your money back within 14 days."}, nil
		},
	}
}

func book(n int) agenttest.Step { return agenttest.Call("book", map[string]int{"table": n}) }

func (b *billed) requireBalance(committed, pending int64) {
	b.t.Helper()
	got, err := b.meter.Balance(b.t.Context(), "agent")
	if err != nil || got.Committed != committed || got.Pending != pending {
		b.t.Errorf("balance %+v, %v; want %d committed and %d pending", got, err, committed, pending)
	}
}

func TestP7EachActionIsReservedBeforeAndChargedAfterItSucceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var does bookings
		model := agenttest.NewModel(book(1), book(2), agenttest.Say("You get your money back within 14 days [1]."), agenttest.Say("You get your money back within 14 days [1]."))
		b := newBilled(t, 1000, agent.Config{Policy: credits.PerAction(10), Model: model, Actions: []agent.Action{does.action()}})
		agenttest.RequireDecision(t, b.ask(refundQuestion), agent.Answer)
		b.requireBalance(20, 0)
		b.ask("When is the shop open on weekdays?")
		b.requireBalance(20, 0) // answering costs nothing
		keys := map[string]bool{}
		entries, _ := b.meter.Entries(t.Context(), "agent")
		for _, e := range entries {
			if e.Kind != credits.EntryCommit {
				continue
			}
			keys[e.Key] = true
			if does.done[e.Key] != 1 || e.Evidence.Rule != "per-action/1" || e.Evidence.Conversation != b.id() || !strings.HasPrefix(e.Evidence.Event, "book for agent/"+b.id()) || e.Evidence.Units != 1 {
				t.Errorf("charged %q with evidence %+v; done %v", e.Key, e.Evidence, does.done)
			}
		}
		if len(keys) != 2 {
			t.Errorf("%d actions charged, want 2: %s", len(keys), b.entries())
		}
	})
}

func TestP7FailedActionIsNotCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		does := bookings{fails: errors.New("no table is free")}
		model := agenttest.NewModel(book(1), agenttest.Say("You get your money back within 14 days [1]."))
		b := newBilled(t, 1000, agent.Config{Policy: credits.PerAction(10), Model: model, Actions: []agent.Action{does.action()}})
		b.ask(refundQuestion)
		b.requireBalance(0, 0)
	})
}

func TestP7ActionThatCannotBePaidForIsRefusedAndTheModelIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var does bookings
		model := agenttest.NewModel(book(1), book(2), agenttest.Say("You get your money back within 14 days [1]."))
		b := newBilled(t, 15, agent.Config{Policy: credits.PerAction(10), Model: model, Actions: []agent.Action{does.action()}})
		r := b.ask(refundQuestion)
		b.requireBalance(10, 0)
		if len(does.done) != 1 {
			t.Errorf("%d actions took effect, want 1", len(does.done))
		}
		recs := r.Trace.Actions
		if len(recs) != 2 || recs[0].Outcome != agent.ActionPerformed || recs[1].Outcome != agent.ActionRefused {
			t.Fatalf("actions %+v", recs)
		}
		asked := model.Requests()
		if last := asked[len(asked)-1].Messages; !strings.Contains(last[len(last)-1].Text, "a colleague can do it") {
			t.Errorf("the model was told %q", last[len(last)-1].Text)
		}
		// With nothing left for any action the thread goes on without the model.
		n := len(model.Requests())
		agenttest.RequireText(t, b.ask("When is the shop open on weekdays?"), "9 to 17")
		if len(model.Requests()) != n {
			t.Error("a model was asked that nobody pays for")
		}
	})
}

func TestP7ApprovedActionIsChargedWhenItIsPerformed(t *testing.T) {
	for _, c := range []struct {
		credits, committed int64
		want               agent.Decision
	}{{1000, 10, agent.Answer}, {10, 0, agent.HandOff}} {
		t.Run(fmt.Sprint(c.credits), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				does := bookings{approval: true}
				model := agenttest.NewModel(book(1)).Always(agenttest.Say("You get your money back within 14 days."))
				b := newBilled(t, c.credits, agent.Config{Policy: credits.PerAction(10), Model: model, Actions: []agent.Action{does.action()}})
				agenttest.RequireDecision(t, b.ask(refundQuestion), agent.AwaitApproval)
				b.requireBalance(0, 0)
				if c.committed == 0 { // somebody else uses the credits meanwhile
					b.must(b.meter.Reserve(t.Context(), credits.Charge{Account: "agent", Key: "other", Amount: 10}))
				}
				open, err := b.op.PendingApprovals(t.Context(), 10)
				if err != nil || len(open) != 1 {
					t.Fatal(open, err)
				}
				b.must(b.op.Approve(t.Context(), b.id(), open[0].ID))
				agenttest.RequireDecision(t, b.Next(), c.want)
				synctest.Wait()
				bal, _ := b.meter.Balance(t.Context(), "agent")
				if bal.Committed != c.committed || int64(len(does.done))*10 != c.committed {
					t.Errorf("balance %+v with %d actions done", bal, len(does.done))
				}
			})
		})
	}
}

// usage is a model's answer that says what it used.
func usage(in, out int) func(agenttest.Step) agenttest.Step {
	return func(s agenttest.Step) agenttest.Step {
		s.Usage = agent.Usage{InputTokens: in, OutputTokens: out}
		return s
	}
}

func TestP7TokensAreReservedAtTheMostATurnMayUseAndChargedAsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b *billed
		answer := usage(900, 100)(agenttest.Say("You get your money back within 14 days [1]."))
		answer.Before = func(context.Context, agent.Request) error {
			b.requireBalance(0, 40) // 20,000 tokens at 2 for 1,000
			return nil
		}
		model := agenttest.NewModel(answer)
		b = newBilled(t, 1000, agent.Config{Policy: credits.PerToken(2, 1000), Model: model})
		b.ask(refundQuestion)
		b.requireBalance(2, 0)
		b.ask("hello") // no model, no tokens
		b.requireBalance(2, 0)
		entries, _ := b.meter.Entries(t.Context(), "agent")
		for _, e := range entries {
			if e.Kind == credits.EntryCommit && (e.Evidence.Units != 1000 || e.Evidence.Rule != "per-token/1" || e.Evidence.Conversation != b.id() || e.Evidence.Event == "") {
				t.Errorf("evidence %+v", e.Evidence)
			}
		}
	})
}

func TestP7TokensThatCannotBePaidForAreNotUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		model := agenttest.NewModel().Always(usage(9_000, 1_000)(agenttest.Say("You get your money back within 14 days [1].")))
		b := newBilled(t, 50, agent.Config{Policy: credits.PerToken(2, 1000), Model: model})
		b.ask(refundQuestion)
		b.requireBalance(20, 0)
		// 30 are left, a turn may use 40.
		agenttest.RequireText(t, b.ask("When is the shop open on weekdays?"), "9 to 17")
		if n := len(model.Requests()); n != 1 {
			t.Errorf("the model was asked %d times, want once", n)
		}
		b.requireBalance(20, 0)
		// A new conversation is not taken.
		r := b.AskAs("another", refundQuestion)
		agenttest.RequireHandoff(t, r, handoff.NotAdmitted)
	})
}

func TestP7TokensOfATurnThatAHumanTookAreCharged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b *billed
		answer := usage(900, 100)(agenttest.Say("You get your money back within 14 days [1]."))
		answer.Before = func(ctx context.Context, _ agent.Request) error { return b.op.TakeOver(ctx, b.id()) }
		b = newBilled(t, 1000, agent.Config{Policy: credits.PerToken(2, 1000), Model: agenttest.NewModel(answer)})
		b.must(b.Channel.Say(t.Context(), "customer", "d", refundQuestion))
		b.pass(time.Minute)
		b.requireBalance(2, 0)
		if n := len(b.Channel.Sent("")); n != 0 {
			t.Errorf("%d messages sent over a human", n)
		}
	})
}

func TestP7TokensOfATurnThatStartsOverAreChargedForAllItsTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b *billed
		first := usage(900, 100)(agenttest.Say("You get your money back within 14 days [1]."))
		first.Before = func(ctx context.Context, _ agent.Request) error {
			return b.Channel.Say(ctx, "customer", "more", "The money for the return, please.")
		}
		second := usage(1900, 100)(agenttest.Say("You get your money back within 14 days [1]."))
		b = newBilled(t, 1000, agent.Config{Policy: credits.PerToken(2, 1000), Model: agenttest.NewModel(first, second)})
		b.ask(refundQuestion)
		b.requireBalance(6, 0)
	})
}

func TestPreviewsAreNeverCharged(t *testing.T) {
	for _, p := range []credits.Policy{credits.PerConversation(), credits.PerResolution(), credits.PerAction(10), credits.PerToken(2, 1000)} {
		t.Run(p.Rule, func(t *testing.T) {
			var does bookings
			meter := ledger(t, "agent", 1000)
			model := agenttest.NewModel(book(1)).Always(agenttest.Say("You get your money back within 14 days [1]."))
			a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Meter: meter, Policy: p, Model: model, Actions: []agent.Action{does.action()}})
			for _, ask := range []func(context.Context, agent.Question) (agent.Reply, error){a.Preview, a.Reply} {
				if _, err := ask(t.Context(), agent.Question{Text: refundQuestion}); err != nil {
					t.Fatal(err)
				}
			}
			if entries, _ := meter.Entries(t.Context(), "agent"); len(entries) != 1 {
				t.Errorf("%d entries, want the grant alone", len(entries))
			}
		})
	}
}

func TestDraftsAreNeverCharged(t *testing.T) {
	for _, p := range []credits.Policy{credits.PerConversation(), credits.PerResolution(), credits.PerAction(10), credits.PerToken(2, 1000)} {
		t.Run(p.Rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var does bookings
				model := agenttest.NewModel(book(1)).Always(agenttest.Say("You get your money back within 14 days [1]."))
				b := newBilled(t, 1000, agent.Config{Policy: p, Model: model, Actions: []agent.Action{does.action()}})
				b.must(b.op.Deploy(t.Context(), "test", agent.Deployment{Mode: agent.ModeDraft}))
				for i := range 3 {
					b.must(b.Channel.Say(t.Context(), "customer", fmt.Sprint(i), refundQuestion))
					b.pass(100 * time.Hour)
				}
				b.requireEntries("")
				// Once it answers by itself it is paid for what it does.
				b.must(b.op.Deploy(t.Context(), "test", agent.Deployment{}))
				b.must(b.Channel.Say(t.Context(), "another", "d", refundQuestion))
				b.pass(100 * time.Hour)
				if b.entries() == "" {
					t.Error("nothing was reserved any more")
				}
			})
		})
	}
}

func TestChargingNeedsAMeterThatCan(t *testing.T) {
	for _, c := range []struct {
		policy credits.Policy
		meter  credits.Meter
		want   string
	}{
		{credits.PerConversation(), bareMeter{}, ""},
		{credits.PerAction(1), bareMeter{}, ""},
		{credits.PerResolution(), bareMeter{}, "no credits.Refunder"},
		{credits.PerToken(1, 1000), bareMeter{}, "no credits.PartCommitter"},
		{credits.PerToken(1, 1000), credits.NewLedger(credits.Config{}), ""},
		{credits.PerResolution(), nil, ""},
		{credits.Policy{Amount: 1, Basis: "smiles"}, nil, `"smiles"`},
		{credits.Policy{Amount: credits.MaxAmount + 1}, nil, "charges 1000000000001 credits"},
	} {
		_, err := agent.New(agent.Config{Knowledge: helpCentre(t), Policy: c.policy, Meter: c.meter})
		if (err == nil) != (c.want == "") || err != nil && (!errors.Is(err, agent.ErrInvalidConfig) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.policy, err, c.want)
		}
	}
}

// bareMeter has no more than a meter must.
type bareMeter struct{}

func (bareMeter) Reserve(context.Context, credits.Charge) error          { return nil }
func (bareMeter) Commit(context.Context, string, credits.Evidence) error { return nil }
func (bareMeter) Release(context.Context, string) error                  { return nil }
