package agent_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
)

// rulebook tells what a conversation costs, from what anybody can see of it: who
// said what, who had it, and what the account could pay when the customer wrote.
type rulebook struct {
	policy            credits.Policy
	reserved, charged bool
	answered, asked   bool
}

// look takes note of a conversation as it stands.
func (r *rulebook) look(c agent.Conversation, now time.Time) {
	resolution := r.policy.Basis == credits.ResolutionBasis
	human := c.Owner == agent.HumanOwns || c.Progress.Handoff != nil || slices.ContainsFunc(c.Messages, func(e channels.Entry) bool { return e.Message.Author == channels.FromHuman })
	unresolved := human || r.asked || slices.ContainsFunc(c.Feedback, func(v agent.Vote) bool { return !v.Helpful })
	quiet := !now.Before(c.ActiveAt.Add(72 * time.Hour))
	switch {
	case resolution && r.charged && unresolved:
		r.charged = false
	case !r.reserved:
	case resolution && (unresolved || !r.answered && (c.Owner == agent.NobodyOwns || quiet)), !resolution && !r.answered && (human || c.Owner == agent.NobodyOwns):
		r.reserved = false
	case resolution && r.answered && quiet, !resolution && r.answered:
		r.reserved, r.charged = false, true
	}
}

// sum is what the rulebooks say is committed and pending.
func sum(books map[string]*rulebook) (committed, pending int64) {
	for _, r := range books {
		if r.charged {
			committed += r.policy.Amount
		}
		if r.reserved {
			pending += r.policy.Amount
		}
	}
	return committed, pending
}

// Whatever happens in whatever order, the ledger holds what the rules say of the
// conversations, and no conversation has two reservations.
func TestP7RandomLivesCostWhatTheRulesSay(t *testing.T) {
	runs := 60
	if testing.Short() {
		runs = 20
	}
	for _, policy := range []credits.Policy{credits.PerConversation(), credits.PerResolution()} {
		t.Run(policy.Rule, func(t *testing.T) {
			for seed := range runs {
				synctest.Test(t, func(t *testing.T) { randomLife(t, policy, uint64(seed)) })
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

func randomLife(t *testing.T, policy credits.Policy, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	replies := map[string]agent.Reply{}
	ch := channels.NewMemory("chat", channels.Capabilities{})
	meter := ledger(t, "agent", 2*policy.Amount)
	a := mustNew(t, agent.Config{
		Knowledge: helpCentre(t), Meter: meter, Policy: policy, Channels: []channels.Channel{ch}, Poll: time.Minute,
		OnReply: func(conversation string, r agent.Reply) { replies[conversation] = r },
	})
	stop := running(t, a)
	defer stop()
	op := a.As(agent.Actor{ID: "1", Name: "Mette"})
	books := map[string]*rulebook{}
	number := 1
	var story []string
	id := func() string { return agent.ConversationID("agent", "chat", "t", number) }
	conversation := func() agent.Conversation {
		c, err := op.Conversation(t.Context(), id())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	said := 0
	say := func(text string) {
		said++
		now := time.Now()
		if said > 1 {
			if c := conversation(); !now.Before(c.ClosesAt.Add(72 * time.Hour)) {
				number++
			}
		}
		r := books[id()]
		fresh := r == nil
		if fresh {
			r = &rulebook{policy: policy}
			books[id()] = r
		}
		agents := fresh || conversation().Owner != agent.HumanOwns
		b, _ := meter.Balance(t.Context(), "agent")
		if agents && policy.Basis == credits.ResolutionBasis && r.charged {
			r.charged = false // it came back
			b.Available += policy.Amount
		}
		if agents && !r.charged && !r.reserved {
			r.reserved = b.Available >= policy.Amount
		}
		delete(replies, id())
		if err := ch.Say(t.Context(), "t", fmt.Sprint(said), text); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		reply, answered := replies[id()]
		if answered != agents {
			t.Fatalf("%v: answered %t, want %t", story, answered, agents)
		}
		if r.reserved && answered {
			r.answered = r.answered || reply.Substantive
			r.asked = r.asked || strings.Contains(text, "human")
		}
	}
	texts := []string{refundQuestion, "When is the shop open on weekdays?", "What does delivery to my door cost?", "How long is a gift card valid?"}
	act := func(name string, err error) {
		if err != nil {
			t.Fatalf("%v: %s: %v", story, name, err)
		}
	}
	other, spent := 0, int64(0)
	for step := range 25 {
		what := random.IntN(14)
		if step == 0 {
			what = random.IntN(5)
		}
		story = append(story, fmt.Sprint(what))
		switch what {
		case 0, 1, 2:
			say(texts[random.IntN(len(texts))])
		case 3:
			say("hello")
		case 4:
			say("I want to talk to a human.")
		case 5:
			act("vote", ch.Deliver(t.Context(), channels.Event{Kind: channels.Feedback, Delivery: fmt.Sprint("vote", step), Thread: "t", Helpful: random.IntN(3) > 0}))
		case 6:
			act("take over", op.TakeOver(t.Context(), id()))
		case 7, 8:
			act("return", op.Return(t.Context(), id()))
		case 9:
			act("resolve", op.Resolve(t.Context(), id()))
		case 10: // others use what is left
			if b, _ := meter.Balance(t.Context(), "agent"); b.Available > 0 {
				other++
				act("drain", meter.Reserve(t.Context(), credits.Charge{Account: "agent", Key: fmt.Sprint("other ", other), Amount: b.Available}))
				act("drain", meter.Commit(t.Context(), fmt.Sprint("other ", other), credits.Evidence{}))
				spent += b.Available
			}
		case 11:
			act("buy", meter.Grant(t.Context(), "agent", credits.Pack(fmt.Sprint("pack ", step), policy.Amount)))
		case 12:
			time.Sleep(time.Duration(1+random.IntN(20)) * time.Hour)
		case 13:
			time.Sleep(time.Duration(40+random.IntN(60)) * time.Hour)
		}
		time.Sleep(2 * time.Minute) // for what Run looks for by itself
		synctest.Wait()
		for i := 1; i <= number; i++ {
			cid := agent.ConversationID("agent", "chat", "t", i)
			c, err := op.Conversation(t.Context(), cid)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // what was released may follow what was refunded
				books[cid].look(c, time.Now())
			}
		}
		committed, pending := sum(books)
		b, err := meter.Balance(t.Context(), "agent")
		if err != nil || b.Committed != committed+spent || b.Pending != pending || b.Available < 0 || b.Overage != 0 {
			t.Fatalf("after %v: balance %+v, %v; the rules say %d committed, %d pending", story, b, err, committed+spent, pending)
		}
		live := map[string]int{}
		entries, _ := meter.Entries(t.Context(), "agent")
		for _, e := range entries {
			switch e.Kind {
			case credits.EntryReserve:
				if live[e.Purpose]++; live[e.Purpose] > 1 {
					t.Fatalf("after %v: %s has two reservations", story, e.Purpose)
				}
			case credits.EntryRelease, credits.EntryCommit, credits.EntryLapse:
				live[e.Purpose]--
			}
		}
	}
}

// By action, what is charged is what was performed, whatever happens around it.
func TestP7RandomActionsCostWhatWasPerformed(t *testing.T) {
	for seed := range 40 {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(seed), 2))
			var does bookings
			var steps []agenttest.Step
			for range 60 {
				steps = append(steps, book(random.IntN(5)))
				if random.IntN(2) == 0 {
					steps = append(steps, agenttest.Say("You get your money back within 14 days [1]."))
				}
			}
			model := agenttest.NewModel(steps...).Always(agenttest.Say("You get your money back within 14 days [1]."))
			b := newBilled(t, 60, agent.Config{Policy: credits.PerAction(10), Model: model, Actions: []agent.Action{does.action()}})
			for i := range 12 {
				b.must(b.Channel.Say(t.Context(), "customer", fmt.Sprint(i), []string{refundQuestion, "When is the shop open on weekdays?"}[i%2]))
				b.pass(time.Minute)
				switch random.IntN(5) {
				case 0:
					b.must(b.op.TakeOver(t.Context(), b.id()))
				case 1, 2:
					b.must(b.op.Return(t.Context(), b.id()))
				case 3:
					b.must(b.meter.Grant(t.Context(), "agent", credits.Pack(fmt.Sprint(i), 10)))
				}
				b.requireBalance(int64(10*len(does.done)), 0)
			}
		})
	}
}
