package agent_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
)

// billed is an agent with an account, for tests in synctest bubbles.
type billed struct {
	*agenttest.Harness
	t     testing.TB
	meter *credits.Ledger
	op    *agent.Operator
	votes int // so far
	count int // messages, where no answer is waited for
}

func newBilled(t testing.TB, amount int64, cfg agent.Config) *billed {
	t.Helper()
	b := &billed{t: t, meter: ledger(t, "agent", amount)}
	if cfg.Meter == nil {
		cfg.Meter = b.meter
	}
	if cfg.Knowledge == nil {
		cfg.Knowledge = helpCentre(t)
	}
	if cfg.Poll == 0 {
		cfg.Poll = time.Minute // nothing here waits for less
	}
	b.Harness = agenttest.Start(t, cfg)
	b.op = b.Agent.As(agent.Actor{ID: "1", Name: "Mette"})
	return b
}

// ask says something as a customer and waits until all is settled.
func (b *billed) ask(text string) agent.Reply {
	b.t.Helper()
	r := b.Ask(text)
	synctest.Wait()
	return r
}

// pass lets time go by.
func (b *billed) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (b *billed) vote(helpful bool) {
	b.t.Helper()
	b.votes++
	err := b.Channel.Deliver(b.t.Context(), channels.Event{Kind: channels.Feedback, Delivery: fmt.Sprint("vote ", b.votes), Thread: "customer", Helpful: helpful})
	if err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
}

func (b *billed) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
}

func (b *billed) id() string { return b.Conversation("customer") }

// entries is what happened to charges, in words.
func (b *billed) entries() string {
	b.t.Helper()
	entries, err := b.meter.Entries(b.t.Context(), "agent")
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	start := entries[0].At
	for _, e := range entries[1:] {
		out = append(out, fmt.Sprintf("%s %d at %s", e.Kind, e.Amount, shortDuration(e.At.Sub(start))))
	}
	return strings.Join(out, ", ")
}

func shortDuration(d time.Duration) string {
	return fmt.Sprintf("%dh", int(d.Round(time.Hour)/time.Hour))
}

func (b *billed) requireEntries(want string) {
	b.t.Helper()
	if got := b.entries(); got != want {
		b.t.Errorf("entries: %s\nwant:    %s", got, want)
	}
}

func TestA11ConversationIsChargedOnceOverTenTurnsAndOnReopen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBilled(t, 1000, agent.Config{})
		for range 5 {
			b.ask(refundQuestion)
			b.ask("When is the shop open on weekdays?")
			b.pass(time.Hour)
		}
		b.requireEntries("reserve 100 at 0h, commit 100 at 0h")
		b.pass(40 * time.Hour) // it closes
		if c, err := b.op.Conversation(t.Context(), b.id()); err != nil || c.Owner != agent.NobodyOwns {
			t.Fatalf("the conversation is %s's, %v", c.Owner, err)
		}
		b.ask("What does delivery to my door cost?")
		b.pass(200 * time.Hour)
		b.requireEntries("reserve 100 at 0h, commit 100 at 0h")
		// Later than it can be reopened it is another conversation.
		b.ask(refundQuestion)
		b.requireEntries("reserve 100 at 0h, commit 100 at 0h, reserve 100 at 245h, commit 100 at 245h")
	})
}

func TestA11ResolutionIsChargedAfterTheWindowOnlyAndRefundedOnReopen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBilled(t, 50, agent.Config{Policy: credits.PerResolution()})
		for range 10 {
			b.ask(refundQuestion)
			b.ask("When is the shop open on weekdays?")
			b.pass(time.Hour)
		}
		b.pass(70 * time.Hour)
		agenttest.RequireCredits(t, b.meter, "agent", 0)
		b.requireEntries("reserve 50 at 0h")
		b.pass(2 * time.Hour)
		b.requireEntries("reserve 50 at 0h, commit 50 at 81h")
		b.pass(time.Hour)
		b.ask("And the delivery, what does it cost?")
		b.requireEntries("reserve 50 at 0h, commit 50 at 81h, refund 50 at 83h, reserve 50 at 83h")
		b.pass(71 * time.Hour)
		b.requireEntries("reserve 50 at 0h, commit 50 at 81h, refund 50 at 83h, reserve 50 at 83h")
		b.pass(2 * time.Hour)
		b.requireEntries("reserve 50 at 0h, commit 50 at 81h, refund 50 at 83h, reserve 50 at 83h, commit 50 at 155h")
		b.pass(500 * time.Hour)
		entries, _ := b.meter.Entries(t.Context(), "agent")
		keys := map[string]bool{}
		for _, e := range entries[1:] {
			keys[e.Key] = true
			if e.Kind != credits.EntryCommit && e.Kind != credits.EntryRefund {
				continue
			}
			if e.Evidence.Conversation != b.id() || e.Evidence.Rule != "per-resolution/1" || e.Evidence.Event == "" || e.Evidence.At.IsZero() {
				t.Errorf("%s without evidence: %+v", e.Kind, e.Evidence)
			}
		}
		if len(entries) != 6 || len(keys) != 2 {
			t.Errorf("%d entries under %d keys, want 6 under 2: %s", len(entries), len(keys), b.entries())
		}
	})
}

func TestA11ResolutionIsWhatTheRuleSays(t *testing.T) {
	ask := func(b *billed) { b.ask(refundQuestion) }
	for _, c := range []struct {
		name  string
		steps []func(*billed)
		want  string
	}{
		{"a greeting only", []func(*billed){func(b *billed) { b.ask("hello") }}, "reserve 50 at 0h, release 50 at 24h"},
		{"asked for a human", []func(*billed){ask, func(b *billed) { b.ask("I want to talk to a human.") }}, "reserve 50 at 0h, release 50 at 0h"},
		{"unhappy", []func(*billed){ask, func(b *billed) { b.vote(false) }}, "reserve 50 at 0h, release 50 at 0h"},
		{"happy", []func(*billed){ask, func(b *billed) { b.vote(true) }}, "reserve 50 at 0h, commit 50 at 72h"},
		{"a human took over", []func(*billed){ask, func(b *billed) { b.must(b.op.TakeOver(b.t.Context(), b.id())) }}, "reserve 50 at 0h, release 50 at 0h"},
		{"a human resolved it at once", []func(*billed){ask, func(b *billed) {
			b.must(b.op.Reply(b.t.Context(), b.id(), "k", "Hello, Mette here."))
			b.must(b.op.Resolve(b.t.Context(), b.id()))
		}}, "reserve 50 at 0h, release 50 at 0h"},
		{"closed by a person", []func(*billed){ask, func(b *billed) { b.must(b.op.Resolve(b.t.Context(), b.id())) }}, "reserve 50 at 0h, commit 50 at 72h"},
		{"unhappy after the charge", []func(*billed){ask, func(b *billed) { b.pass(80 * time.Hour); b.vote(false); b.vote(false) }}, "reserve 50 at 0h, commit 50 at 72h, refund 50 at 80h"},
		{"happy after the charge", []func(*billed){ask, func(b *billed) { b.pass(80 * time.Hour); b.vote(true) }}, "reserve 50 at 0h, commit 50 at 72h"},
		{"taken over after the charge", []func(*billed){ask, func(b *billed) { b.pass(80 * time.Hour); b.must(b.op.TakeOver(b.t.Context(), b.id())) }}, "reserve 50 at 0h, commit 50 at 72h, refund 50 at 80h"},
		{"thanked after the charge", []func(*billed){ask, func(b *billed) { b.pass(80 * time.Hour); b.ask("thanks") }},
			"reserve 50 at 0h, commit 50 at 72h, refund 50 at 80h, reserve 50 at 80h, commit 50 at 152h"},
		{"reopened, then unhappy", []func(*billed){ask, func(b *billed) { b.pass(80 * time.Hour); b.ask(refundQuestion); b.vote(false) }},
			"reserve 50 at 0h, commit 50 at 72h, refund 50 at 80h, reserve 50 at 80h, release 50 at 80h"},
		{"reopened, then handed over", []func(*billed){ask, func(b *billed) { b.pass(80 * time.Hour); b.ask("I want to talk to a human.") }},
			"reserve 50 at 0h, commit 50 at 72h, refund 50 at 80h, reserve 50 at 80h, release 50 at 80h"},
		{"came back too late", []func(*billed){ask, func(b *billed) { b.pass(100 * time.Hour); b.ask("hello") }},
			"reserve 50 at 0h, commit 50 at 72h, reserve 50 at 100h, release 50 at 124h"},
		{"ten days of it", []func(*billed){func(b *billed) {
			for range 5 {
				b.ask(refundQuestion)
				b.pass(20 * time.Hour)
				b.ask("When is the shop open on weekdays?")
				b.pass(20 * time.Hour)
			}
		}}, "reserve 50 at 0h, extend 0 at 20h, extend 0 at 40h, extend 0 at 80h, extend 0 at 100h, extend 0 at 120h, extend 0 at 140h, extend 0 at 160h, commit 50 at 252h"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBilled(t, 1000, agent.Config{Policy: credits.PerResolution()})
				for _, step := range c.steps {
					step(b)
				}
				b.pass(300 * time.Hour)
				b.requireEntries(c.want)
			})
		})
	}
}

// A12: 100 conversations at once against credits for 50.
func TestA12OneHundredConversationsAtOnceAgainstCreditsForFifty(t *testing.T) {
	for _, policy := range []credits.Policy{credits.PerConversation(), credits.PerResolution()} {
		t.Run(policy.Rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBilled(t, 50*policy.Amount, agent.Config{Policy: policy})
				var wg sync.WaitGroup
				for i := range 100 {
					wg.Go(func() {
						if err := b.Channel.Say(t.Context(), fmt.Sprintf("t%d", i), fmt.Sprintf("d%d", i), refundQuestion); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				b.pass(100 * time.Hour)
				bal, err := b.meter.Balance(context.Background(), "agent")
				if err != nil || bal.Committed != 50*policy.Amount || bal.Pending != 0 || bal.Available != 0 {
					t.Errorf("balance %+v, %v; want exactly 50 charged", bal, err)
				}
				if n := len(b.Inbox.Cases()); n != 50 {
					t.Errorf("%d cases, want the other 50", n)
				}
				for _, c := range b.Inbox.Cases() {
					if c.Reason != handoff.NotAdmitted {
						t.Fatalf("case %s: %s", c.Key, c.Reason)
					}
				}
				entries, _ := b.meter.Entries(t.Context(), "agent")
				paid := map[string]bool{}
				for _, e := range entries {
					if e.Kind == credits.EntryCommit {
						paid[e.Evidence.Conversation] = true
					}
				}
				if len(paid) != 50 {
					t.Errorf("%d conversations paid for, want 50", len(paid))
				}
			})
		})
	}
}
