package agent_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

func TestP2TakeoverWhileADraftIsWrittenSendsNothing(t *testing.T) {
	started, resume := make(chan struct{}), make(chan struct{})
	model := agenttest.NewModel(agenttest.Step{Text: "Within 14 days [1].", Before: func(context.Context, agent.Request) error {
		close(started)
		<-resume
		return nil
	}})
	d := startDrafting(t, agent.Config{Model: model})
	d.say(refundQuestion)
	<-started
	if err := d.Agent.As(mette).TakeOver(t.Context(), d.Conversation("customer")); err != nil {
		t.Fatal(err)
	}
	close(resume)
	r := d.next() // she has a draft now, made of what the model said
	c := d.settled()
	if len(model.Requests()) != 1 || !strings.Contains(r.Text, "14 days") || c.OwnerName != "Mette" || len(d.Inbox.Cases()) != 0 || len(d.Channel.Sent("")) != 0 {
		t.Errorf("%d requests, draft %q, owner %s, %d cases, sent %s", len(model.Requests()), r.Text, c.OwnerName, len(d.Inbox.Cases()), texts(d.Channel.Sent("")))
	}
}

func TestReplyWhileADraftIsWrittenMakesItOutOfDate(t *testing.T) {
	started, resume := make(chan struct{}), make(chan struct{})
	wait := agenttest.Step{Text: "Within 14 days [1].", Before: func(context.Context, agent.Request) error {
		close(started)
		<-resume
		return nil
	}}
	d := startDrafting(t, agent.Config{Model: agenttest.NewModel(agenttest.Say("Within 14 days [1]."), wait)})
	first := d.draft(refundQuestion)
	op := d.Agent.As(mette)
	if err := op.Reply(t.Context(), first.Conversation, "k1", "Hi."); err != nil {
		t.Fatal(err)
	}
	d.say("When do I get the money for the return?")
	<-started
	// The same person goes on: no change of owner tells of it.
	if err := op.Reply(t.Context(), first.Conversation, "k2", "In two weeks."); err != nil {
		t.Fatal(err)
	}
	close(resume)
	r := d.next()
	d.settled()
	d.requireState(r.ID, agent.DraftSuperseded)
	if pending, _ := op.PendingDrafts(t.Context(), 10); len(pending) != 0 {
		t.Errorf("pending %+v", pending)
	}
}

func TestP1DraftIsSentOrOutOfDateNeverBoth(t *testing.T) {
	outcomes := map[bool]int{}
	for range 40 {
		store := agent.NewMemoryStore(nil)
		channel := channels.NewMemory("test", channels.Capabilities{})
		a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store, Channels: []channels.Channel{channel}})
		if err := a.As(boss).Deploy(t.Context(), "test", agent.Deployment{Mode: agent.ModeDraft}); err != nil {
			t.Fatal(err)
		}
		stop := running(t, a)
		if err := channel.Say(t.Context(), "customer", "d1", refundQuestion); err != nil {
			t.Fatal(err)
		}
		var pending []agent.DraftReply
		waitFor(t, func() bool { pending, _ = a.As(mette).PendingDrafts(t.Context(), 10); return len(pending) == 1 })
		stop()
		r := pending[0]
		var wg sync.WaitGroup
		var mu sync.Mutex
		sent := 0
		for _, actor := range []agent.Actor{mette, boss, mette} {
			wg.Go(func() {
				err := a.As(actor).SendDraft(t.Context(), r.Conversation, r.ID, "")
				if err != nil && !errors.Is(err, agent.ErrDraftSuperseded) && !errors.Is(err, agent.ErrDraftDecided) {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					sent++
				}
			})
		}
		wg.Go(func() {
			if err := channel.Say(t.Context(), "customer", "d2", "Never mind!"); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		c, err := a.As(boss).Conversation(t.Context(), r.Conversation)
		if err != nil {
			t.Fatal(err)
		}
		humans := 0
		for _, e := range c.Messages {
			if e.Message.Author == channels.FromHuman {
				humans++
			}
		}
		state := c.Drafts[0].Verdict.State
		if was := state == agent.DraftSent; was != (sent > 0) || was != (humans == 1) || humans != len(c.Outbox) || !was && state != agent.DraftSuperseded {
			t.Fatalf("draft is %s, %d sendings succeeded, %d messages, %d sends", state, sent, humans, len(c.Outbox))
		}
		outcomes[state == agent.DraftSent]++
	}
	t.Logf("sent %d, out of date %d", outcomes[true], outcomes[false])
}

func TestP15DraftsNeedPermission(t *testing.T) {
	d := startDrafting(t, agent.Config{Authorizer: agent.AuthorizerFunc(func(_ context.Context, actor agent.Actor, _ agent.Permission, _ string) error {
		if actor == mette {
			return errors.New("not on the list")
		}
		return nil
	})})
	r := d.draft(refundQuestion)
	op := d.Agent.As(mette)
	_, listed := op.PendingDrafts(t.Context(), 10)
	_, suggested := op.Suggest(t.Context(), r.Conversation)
	for name, err := range map[string]error{
		"list drafts": listed, "suggest": suggested,
		"send draft":    op.SendDraft(t.Context(), r.Conversation, r.ID, ""),
		"dismiss draft": op.DismissDraft(t.Context(), r.Conversation, r.ID, ""),
	} {
		if !errors.Is(err, agent.ErrUnauthorized) {
			t.Errorf("%s: %v", name, err)
		}
		refused := 0
		for _, e := range auditEvents(t, d.Agent) {
			if e.Action == name && e.Refused && e.Actor == mette {
				refused++
			}
		}
		if refused != 1 {
			t.Errorf("%d audit events for a refused %s", refused, name)
		}
	}
	d.requireState(r.ID, agent.DraftPending)
	if sent := d.Channel.Sent(""); len(sent) != 0 {
		t.Errorf("sent %s", texts(sent))
	}
}

func TestMessageWhileADraftIsWrittenJoinsItsQuestion(t *testing.T) {
	started, resume := make(chan struct{}), make(chan struct{})
	wait := agenttest.Step{Text: "Within 14 days [1].", Before: func(context.Context, agent.Request) error {
		close(started)
		<-resume
		return nil
	}}
	d := startDrafting(t, agent.Config{Model: agenttest.NewModel(wait).Always(agenttest.Say("Within 14 days of it [1]."))})
	d.say(refundQuestion)
	<-started
	d.say("And when do I get the receipt back?")
	close(resume)
	if r := d.next(); !strings.Contains(r.Question, "\nAnd when") {
		t.Errorf("the draft answers %q alone", r.Question)
	}
	if c := d.settled(); len(c.Drafts) != 1 || len(d.Inbox.Cases()) != 1 {
		t.Errorf("%d drafts, %d cases", len(c.Drafts), len(d.Inbox.Cases()))
	}
}

// undraftable cannot keep drafts.
type undraftable struct{ agent.Store }

func (s undraftable) Save(ctx context.Context, l agent.Lease, save agent.Save) error {
	if len(save.Drafts) > 0 {
		return errCrash
	}
	return s.Store.Save(ctx, l, save)
}

func TestDraftThatWasNeverKeptIsNotTakenForAReply(t *testing.T) {
	// What a model said about calls that were only rehearsed must not be replayed
	// once the agent answers by itself.
	synctest.Test(t, func(t *testing.T) {
		var r refunds
		store := undraftable{agent.NewMemoryStore(nil)}
		meter := ledger(t, "agent", 1000)
		model := agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 77}), agenttest.Say("It was only a rehearsal.")).Always(agenttest.Call("refund", map[string]int{"order": 77}))
		d := startDrafting(t, agent.Config{Store: store, Model: model, Meter: meter, Poll: time.Second, Actions: []agent.Action{r.action(t, agent.Action{Idempotent: true})}})
		if err := d.Agent.Deliver(t.Context(), channels.Event{Channel: "test", Delivery: "d1", Thread: "customer", Contact: verified, Message: channels.Message{Text: parcelQuestion}}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		asked := len(model.Requests())
		if effects, _ := r.effects(); effects != 0 || asked == 0 {
			t.Fatalf("%d effects, asked %d times", effects, asked)
		}
		d.mode(agent.ModeAuto)
		reply := d.Next()
		if effects, _ := r.effects(); effects != 1 || len(model.Requests()) == asked || strings.Contains(reply.Text, "rehearsal") {
			t.Errorf("%d effects, asked %d times, then %d, reply %q", effects, asked, len(model.Requests()), reply.Text)
		}
	})
}

func TestP6DraftWhileACaseIsOpenIsNoSecondCase(t *testing.T) {
	d := startDrafting(t, agent.Config{Handoff: agent.Handoff{Mode: handoff.KeepAssigned}})
	d.mode(agent.ModeAuto)
	agenttest.RequireHandoff(t, d.Ask("I want to talk to a human"), handoff.AskedForHuman)
	if c := d.settled(); c.Owner != agent.AgentOwns {
		t.Fatalf("owner %s", c.Owner)
	}
	d.mode(agent.ModeDraft)
	r := d.draft(refundQuestion)
	c := d.settled()
	d.requireState(r.ID, agent.DraftPending)
	if cases := d.Inbox.Cases(); len(cases) != 1 || c.Owner != agent.HumanOwns || len(d.Channel.Sent("")) != 1 {
		t.Errorf("%d cases, owner %s, sent %s", len(cases), c.Owner, texts(d.Channel.Sent("")))
	}
}

func TestDraftsAndSuggestionsAreThoughtByThePublishedVersion(t *testing.T) {
	d := startDrafting(t, agent.Config{})
	op := d.Agent.As(boss)
	s, err := op.DraftSettings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.MaxClarify = -1 // never ask back
	if _, err := op.Edit(t.Context(), s, "no questions"); err != nil {
		t.Fatal(err)
	}
	if err := op.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := d.draft("What is the capital of Mongolia?")
	if r.Decision != agent.HandOff || r.Version != 1 {
		t.Errorf("drafted %s by version %d", r.Decision, r.Version)
	}
	if r, err := op.Suggest(t.Context(), r.Conversation); err != nil || r.Decision != agent.HandOff || r.Version != 1 {
		t.Errorf("suggested %s by version %d, %v", r.Decision, r.Version, err)
	}
}
