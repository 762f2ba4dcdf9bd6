package agent_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

// helpCentre is what the agents of these tests know.
func helpCentre(t testing.TB) *knowledge.Base {
	return agenttest.Knowledge(t,
		agenttest.Doc("Refunds", "https://shop.example/refunds", "You get your money back within 14 days of the return. Send the receipt along with the parcel."),
		agenttest.Doc("Opening hours", "https://shop.example/hours", "The shop is open on weekdays from 9 to 17. On Sundays the shop is closed."),
		agenttest.Doc("Delivery", "https://shop.example/delivery", "Delivery to your door costs 49 kroner and takes two days."),
		agenttest.Doc("Gift cards", "https://shop.example/gifts", "A gift card is valid for three years from the day it was bought."),
		agenttest.Doc("Warranty", "https://shop.example/warranty", "The warranty covers faults in material for two years."),
	)
}

const refundQuestion = "When do I get my money back after a return?"

func ledger(t testing.TB, account string, amount int64) *credits.Ledger {
	t.Helper()
	l := credits.NewLedger(credits.Config{})
	if err := l.Grant(t.Context(), account, credits.Grant{ID: "start", Amount: amount}); err != nil {
		t.Fatal(err)
	}
	return l
}

// running starts Run and returns a function that ends it.
func running(t testing.TB, agents ...*agent.Agent) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, a := range agents {
		wg.Go(func() {
			if err := a.Run(ctx); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	return func() { cancel(); wg.Wait() }
}

func mustNew(t testing.TB, cfg agent.Config) *agent.Agent {
	t.Helper()
	a, err := agent.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestP1SameDelivery50TimesAtOnceIsOneReplyAndOneCharge(t *testing.T) {
	meter := ledger(t, "agent", 1000)
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Meter: meter})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := h.Channel.Say(t.Context(), "anna", "delivery-x", refundQuestion); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	agenttest.RequireText(t, h.Next(), "14 days")
	// A later message to the same thread is answered after the first.
	agenttest.RequireText(t, h.AskAs("anna", "thanks"), "welcome")
	sent := h.Channel.Sent("anna")
	answers := 0
	for _, s := range sent {
		if strings.Contains(s.Text, "14 days") {
			answers++
		}
	}
	if answers != 1 {
		t.Errorf("the question was answered %d times: %v", answers, sent)
	}
	agenttest.RequireCredits(t, meter, "agent", 900)
}

func TestP1ReplicasOnOneStoreAnswerOnce(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	meter := ledger(t, "agent", 100_000)
	base := helpCentre(t)
	ch := channels.NewMemory("chat", channels.Capabilities{})
	var first *agent.Agent
	var replicas []*agent.Agent
	for i := range 3 {
		cfg := agent.Config{Knowledge: base, Store: store, Meter: meter, Poll: time.Millisecond}
		if i == 0 {
			cfg.Channels = []channels.Channel{ch}
		} else {
			cfg.Channels = []channels.Channel{replica{ch}}
		}
		replicas = append(replicas, mustNew(t, cfg))
		first = replicas[0]
	}
	stop := running(t, replicas...)
	for i := range 40 {
		thread := fmt.Sprintf("t%d", i)
		for range 3 {
			if err := first.Deliver(t.Context(), channels.Event{Channel: "chat", Delivery: thread, Thread: thread, Message: channels.Message{Text: refundQuestion}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	waitFor(t, func() bool {
		b, _ := meter.Balance(t.Context(), "agent")
		return len(ch.Sent("")) == 40 && b.Committed == 4000
	})
	stop()
	if n := len(ch.Sent("")); n != 40 {
		t.Errorf("%d replies sent, want 40", n)
	}
}

// replica is a channel attached on another process.
type replica struct{ *channels.Memory }

func (replica) Attach(channels.Inbox) error { return nil }

// waitFor polls until ok, with a deadline that only a failing test reaches.
func waitFor(t testing.TB, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("condition not reached")
		}
	}
}

func TestTwoAgentsOnOneStoreNeverSeeEachOther(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	chA, chB := channels.NewMemory("chat", channels.Capabilities{}), channels.NewMemory("chat", channels.Capabilities{})
	a := mustNew(t, agent.Config{ID: "a", Store: store, Channels: []channels.Channel{chA}, Knowledge: agenttest.Knowledge(t, agenttest.Doc("A", "", "Only agent A knows that the colour is blue."))})
	b := mustNew(t, agent.Config{ID: "b", Store: store, Channels: []channels.Channel{chB}, Knowledge: agenttest.Knowledge(t, agenttest.Doc("B", "", "Only agent B knows that the colour is green."))})
	stop := running(t, a, b)
	defer stop()
	for _, ch := range []*channels.Memory{chA, chB} {
		if err := ch.Say(t.Context(), "same thread", "same delivery", "What is the colour?"); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, func() bool { return len(chA.Sent("")) == 1 && len(chB.Sent("")) == 1 })
	if text := chA.Sent("")[0].Text; !strings.Contains(text, "blue") || strings.Contains(text, "green") {
		t.Errorf("agent a said %q", text)
	}
	if text := chB.Sent("")[0].Text; !strings.Contains(text, "green") || strings.Contains(text, "blue") {
		t.Errorf("agent b said %q", text)
	}
	id := agent.ConversationID("a", "chat", "same thread", 1)
	if _, err := b.As(agent.Actor{ID: "op"}).Conversation(t.Context(), id); !errors.Is(err, agent.ErrNoConversation) {
		t.Errorf("agent b sees a's conversation: %v", err)
	}
}

func TestP2A15HumanTakesOverDuringGenerationAndTheReplyIsDropped(t *testing.T) {
	started, resume := make(chan struct{}), make(chan struct{})
	model := agenttest.NewModel(agenttest.Step{Text: "Within 14 days [1].", Before: func(context.Context, agent.Request) error {
		close(started)
		<-resume
		return nil
	}})
	store := agent.NewMemoryStore(nil)
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Model: model, Store: store})
	if err := h.Channel.Say(t.Context(), "customer", "d1", refundQuestion); err != nil {
		t.Fatal(err)
	}
	<-started
	id := h.Conversation("customer")
	op := h.Agent.As(agent.Actor{ID: "1", Name: "Mette"})
	if err := op.Reply(t.Context(), id, "k1", "Hi, Mette here."); err != nil {
		t.Fatal(err)
	}
	close(resume)
	waitFor(t, func() bool { return len(h.Channel.Sent("customer")) == 1 })
	waitFor(t, func() bool {
		c, err := op.Conversation(t.Context(), id)
		return err == nil && c.Progress.Answered == 1
	})
	sent := h.Channel.Sent("customer")
	if len(sent) != 1 || sent[0].Text != "Hi, Mette here." {
		t.Errorf("sent %v, want only the human's message", sent)
	}
	// The agent stays silent until the conversation is given back.
	if err := h.Channel.Say(t.Context(), "customer", "d2", "And when are you open?"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		c, err := op.Conversation(t.Context(), id)
		return err == nil && c.Progress.Answered == 3
	})
	if n := len(h.Channel.Sent("customer")); n != 1 {
		t.Errorf("the agent spoke over the human: %d messages", n)
	}
}

func TestP3NothingKnownIsNotInvented(t *testing.T) {
	for _, question := range []string{"What is the capital of Mongolia?", "Kan I reparere min opvaskemaskine?"} {
		model := agenttest.NewModel().Always(agenttest.Say("It is Paris."))
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Model: model})
		agenttest.RequireDecision(t, h.Ask(question), agent.Clarify)
		agenttest.RequireHandoff(t, h.Ask(question+" Please answer."), handoff.CannotAnswer)
		agenttest.RequireNotAsked(t, model)
	}
}

func TestP3FreeTextWithoutASuccessfulActionIsDiscarded(t *testing.T) {
	action := agent.Action{Name: "order_status", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
		return agent.ActionResult{Text: "Order 77 has left the warehouse."}, nil
	}}
	t.Run("talk only", func(t *testing.T) {
		model := agenttest.NewModel(agenttest.Say("It is surely on its way."))
		a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{action}})
		r, err := a.Reply(t.Context(), agent.Question{Text: "Where is my parcel with number 77 now?"})
		if err != nil {
			t.Fatal(err)
		}
		agenttest.RequireDecision(t, r, agent.Clarify)
	})
	t.Run("action", func(t *testing.T) {
		model := agenttest.NewModel(agenttest.Call("order_status", map[string]int{"order": 77}), agenttest.Say("Order 77 has left the warehouse."))
		a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{action}})
		r, err := a.Reply(t.Context(), agent.Question{Text: "Where is my parcel with number 77 now?"})
		if err != nil {
			t.Fatal(err)
		}
		agenttest.RequireDecision(t, r, agent.Answer)
		agenttest.RequireText(t, r, "left the warehouse")
	})
}

func TestP7OneHundredConversationsAgainstCreditsForFifty(t *testing.T) {
	meter := ledger(t, "agent", 5000)
	inbox := &handoff.Inbox{}
	ch := channels.NewMemory("chat", channels.Capabilities{})
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Meter: meter, Router: inbox, Channels: []channels.Channel{ch}})
	stop := running(t, a)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			if err := ch.Say(t.Context(), fmt.Sprintf("t%d", i), fmt.Sprintf("d%d", i), refundQuestion); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	waitFor(t, func() bool {
		b, _ := meter.Balance(t.Context(), "agent")
		return len(ch.Sent("")) == 100 && b.Pending == 0 && len(inbox.Cases()) == 50
	})
	stop()
	answered := 0
	for _, s := range ch.Sent("") {
		if strings.Contains(s.Text, "14 days") {
			answered++
		}
	}
	if answered != 50 {
		t.Errorf("%d conversations answered, want 50", answered)
	}
	for _, c := range inbox.Cases() {
		if c.Reason != handoff.NotAdmitted || !strings.Contains(c.Detail, "exhausted") {
			t.Fatalf("case %s: %s: %s", c.Key, c.Reason, c.Detail)
		}
	}
	b, _ := meter.Balance(t.Context(), "agent")
	if b.Committed != 5000 || b.Available != 0 {
		t.Errorf("balance %+v", b)
	}
}

func TestP7ExistingThreadWithoutCreditsIsAnsweredWithoutTheModel(t *testing.T) {
	clock := agenttest.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	meter := credits.NewLedger(credits.Config{Now: clock.Now, HoldFor: time.Hour})
	if err := meter.Grant(t.Context(), "agent", credits.Grant{ID: "g", Amount: 100}); err != nil {
		t.Fatal(err)
	}
	model := agenttest.NewModel().Always(agenttest.Say("Invented [1]."))
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Meter: meter, Model: model, Now: clock.Now})
	agenttest.RequireDecision(t, h.Ask("hello"), agent.Answer) // reserves, charges nothing yet
	clock.Advance(2 * time.Hour)                               // the reservation lapses
	if err := meter.Reserve(t.Context(), credits.Charge{Account: "agent", Key: "other", Amount: 100}); err != nil {
		t.Fatal(err)
	}
	r := h.Ask(refundQuestion)
	agenttest.RequireDecision(t, r, agent.Answer)
	agenttest.RequireText(t, r, "14 days")
	agenttest.RequireNotAsked(t, model)
}

func TestP9PreviewLeavesNoTrace(t *testing.T) {
	meter := ledger(t, "agent", 100)
	store := agent.NewMemoryStore(nil)
	ch := channels.NewMemory("chat", channels.Capabilities{})
	done := 0
	model := agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 1}), agenttest.Say("You get your money back within 14 days [1]."))
	a := mustNew(t, agent.Config{
		Knowledge: helpCentre(t), Meter: meter, Store: store, Channels: []channels.Channel{ch}, Model: model,
		Actions: []agent.Action{{Name: "refund", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
			done++
			return agent.ActionResult{}, nil
		}}},
	})
	r, err := a.Preview(t.Context(), agent.Question{Text: refundQuestion})
	if err != nil {
		t.Fatal(err)
	}
	agenttest.RequireDecision(t, r, agent.Answer)
	if len(r.Trace.Actions) != 1 || !r.Trace.Actions[0].DryRun {
		t.Errorf("trace shows actions %+v, want one dry run", r.Trace.Actions)
	}
	agenttest.RequireCredits(t, meter, "agent", 100)
	if done != 0 || len(ch.Sent("")) != 0 {
		t.Errorf("preview performed %d actions and sent %d messages", done, len(ch.Sent("")))
	}
	entries, _ := meter.Entries(t.Context(), "agent")
	if len(entries) != 1 {
		t.Errorf("preview left ledger entries: %+v", entries)
	}
	for _, kind := range []agent.LogKind{agent.ReportLog, agent.GapLog, agent.TraceLog, agent.AuditLog} {
		if lines, _ := store.Logs(t.Context(), "agent", kind, 0, 10); len(lines) != 0 {
			t.Errorf("preview wrote to the %s log", kind)
		}
	}
}

func TestP14ConstructorsStartNothingAndRunLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	ch := channels.NewMemory("chat", channels.Capabilities{})
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Channels: []channels.Channel{ch}, Meter: ledger(t, "agent", 100_000)})
	waitFor(t, func() bool { return runtime.NumGoroutine() <= before }) // those that built the index end by themselves
	stop := running(t, a)
	for i := range 20 {
		if err := ch.Say(t.Context(), fmt.Sprint(i), fmt.Sprint(i), refundQuestion); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, func() bool { return len(ch.Sent("")) == 20 })
	stop()
	waitFor(t, func() bool { return runtime.NumGoroutine() <= before })
}

func TestP16FailureOfTheKnowledgeIsAnErrorAndThenAHandoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := mustNew(t, agent.Config{Knowledge: brokenKnowledge{}})
		if r, err := a.Reply(t.Context(), agent.Question{Text: refundQuestion}); err == nil || r.Text != "" {
			t.Errorf("Reply is %q, %v; want an error and nothing else", r.Text, err)
		}
		h := agenttest.Start(t, agent.Config{Knowledge: brokenKnowledge{}})
		agenttest.RequireHandoff(t, h.Ask(refundQuestion), handoff.Failure)
		if cases := h.Inbox.Cases(); len(cases) != 1 || !strings.Contains(cases[0].Detail, "index on fire") {
			t.Errorf("cases: %+v", cases)
		}
	})
}

type brokenKnowledge struct{}

func (brokenKnowledge) Search(context.Context, knowledge.Query) (knowledge.Result, error) {
	return knowledge.Result{}, errors.New("index on fire")
}

// crashingStore fails at the n-th write from its start, as a process that dies
// there would, and works again afterwards.
type crashingStore struct {
	agent.Store
	calls atomic.Int64
	at    int64
	after bool // the write happened, its outcome was not seen
}

var errCrash = errors.New("crash")

func (s *crashingStore) crash() bool { return s.calls.Add(1) == s.at }

func (s *crashingStore) Save(ctx context.Context, l agent.Lease, save agent.Save) error {
	if s.crash() {
		if s.after {
			if err := s.Store.Save(ctx, l, save); err != nil {
				return err
			}
		}
		return errCrash
	}
	return s.Store.Save(ctx, l, save)
}

func (s *crashingStore) Record(ctx context.Context, l agent.Lease, turn, name string, data []byte) ([]byte, error) {
	if s.crash() {
		if s.after {
			if _, err := s.Store.Record(ctx, l, turn, name, data); err != nil {
				return nil, err
			}
		}
		return nil, errCrash
	}
	return s.Store.Record(ctx, l, turn, name, data)
}

func (s *crashingStore) Log(ctx context.Context, a string, kind agent.LogKind, line agent.LogLine) error {
	if line.Key != "create" && s.crash() { // the agent's creation is no part of a turn
		if s.after {
			if err := s.Store.Log(ctx, a, kind, line); err != nil {
				return err
			}
		}
		return errCrash
	}
	return s.Store.Log(ctx, a, kind, line)
}

func TestP1FailureOfAnyWriteKeepsOneReplyOneChargeOneAction(t *testing.T) {
	var writes int64
	synctest.Test(t, func(t *testing.T) { writes = failAt(t, 0, false) })
	if writes < 8 {
		t.Fatalf("an undisturbed turn makes %d writes, too few for its steps", writes)
	}
	for _, after := range []bool{false, true} {
		for at := int64(1); at <= writes; at++ {
			t.Run(fmt.Sprintf("write %d kept %t", at, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { failAt(t, at, after) })
			})
		}
	}
}

// failAt takes a turn whose at-th write fails, 0 for none, and returns how many
// writes there were.
func failAt(t *testing.T, at int64, after bool) int64 {
	meter := ledger(t, "agent", 1000)
	store := &crashingStore{Store: agent.NewMemoryStore(nil), at: at, after: after}
	var refunds sync.Map
	model := agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 1})).Always(agenttest.Say("You get your money back within 14 days [1]."))
	h := agenttest.Start(t, agent.Config{
		Knowledge: helpCentre(t), Meter: meter, Store: store, Model: model,
		Actions: []agent.Action{{Name: "refund", Protection: agent.Anyone, Idempotent: true, Do: func(_ context.Context, c agent.ActionCall) (agent.ActionResult, error) {
			refunds.Store(c.Key, true)
			return agent.ActionResult{Text: "refunded"}, nil
		}}},
	})
	r := h.Ask(refundQuestion)
	agenttest.RequireDecision(t, r, agent.Answer)
	synctest.Wait() // for the last write, which gives the conversation free
	if sent := h.Channel.Sent(""); len(sent) != 1 {
		t.Errorf("%d messages sent, want 1", len(sent))
	}
	agenttest.RequireCredits(t, meter, "agent", 900)
	n := 0
	refunds.Range(func(any, any) bool { n++; return true })
	if n > 1 {
		t.Errorf("%d refunds took effect", n)
	}
	lines, _ := store.Logs(t.Context(), "agent", agent.ReportLog, 0, 10)
	if len(lines) != 1 || kinds(eventsIn(t, lines)) != "received answered" {
		t.Errorf("%d lines reported, want 1: %s", len(lines), kinds(eventsIn(t, lines)))
	}
	if r := mustReport(t, h.Agent, judged()); r.Total.Resolved != 1 || r.Total.Received != 1 {
		t.Errorf("reported %+v", r.Total)
	}
	requireNoRecords(t, store.Store)
	if n := store.calls.Load(); n < at {
		t.Errorf("the turn made %d writes: write %d never failed", n, at)
	}
	return store.calls.Load()
}

// requireNoRecords fails if a store keeps records though all turns have ended.
func requireNoRecords(t *testing.T, s agent.Store) {
	t.Helper()
	if n := s.(*agent.MemoryStore).Records(); n != 0 {
		t.Errorf("%d records of turns that have ended are kept", n)
	}
}

func TestP1ActionWithUnknownOutcomeGoesToAHuman(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The fourth write is the record of the action's outcome.
		store := &crashingStore{Store: agent.NewMemoryStore(nil), at: 4}
		did := 0
		h := agenttest.Start(t, agent.Config{
			Knowledge: helpCentre(t), Store: store, Model: agenttest.NewModel().Always(agenttest.Call("refund", map[string]int{"order": 1})),
			Actions: []agent.Action{{Name: "refund", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
				did++
				return agent.ActionResult{Text: "refunded"}, nil
			}}},
		})
		r := h.Ask(refundQuestion)
		agenttest.RequireHandoff(t, r, handoff.Failure)
		if did != 1 {
			t.Errorf("a refund that cannot be repeated was performed %d times", did)
		}
	})
}

func TestActionIsNotRepeatedWhenTheCustomerWritesMore(t *testing.T) {
	did, asked := 0, 0
	var h *agenttest.Harness
	model := agenttest.NewModel().Always(agenttest.Say("You get your money back within 14 days [1]."))
	script := agent.ModelFunc(func(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
		asked++
		switch asked {
		case 1, 3: // each attempt wants the same refund
			return agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 1})).Generate(ctx, req)
		case 2: // the customer writes more while the first answer is being made
			if err := h.Channel.Say(ctx, "customer", "more", "The money for the return, please."); err != nil {
				t.Error(err)
			}
		}
		return model.Generate(ctx, req)
	})
	h = agenttest.Start(t, agent.Config{
		Knowledge: helpCentre(t), Model: script,
		Actions: []agent.Action{{Name: "refund", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
			did++
			return agent.ActionResult{Text: "refunded"}, nil
		}}},
	})
	r := h.Ask(refundQuestion)
	t.Logf("%+v %v %v", r.Trace.Plan, r.Confidence, r.Trace.Hits)
	agenttest.RequireDecision(t, r, agent.Answer)
	if did != 1 || asked != 4 {
		t.Errorf("%d refunds in %d model calls, want 1 in 4", did, asked)
	}
	if sent := h.Channel.Sent(""); len(sent) != 1 {
		t.Errorf("%d messages sent, want one for both", len(sent))
	}
}
