package agent_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// bench is an agent that works only when it is told to, on a clock that a test
// moves.
type bench struct {
	*testing.T
	clock   *agenttest.Clock
	channel *channels.Memory
	agent   *agent.Agent
	id      string // of the conversation on the thread "customer"
	said    int
	replies []agent.Reply
}

var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func newBench(t *testing.T, cfg agent.Config) *bench {
	t.Helper()
	b := &bench{T: t, clock: agenttest.NewClock(monday), channel: channels.NewMemory("test", channels.Capabilities{})}
	cfg.Now, cfg.Channels = b.clock.Now, []channels.Channel{b.channel}
	cfg.OnReply = func(_ string, r agent.Reply) { b.replies = append(b.replies, r) }
	if cfg.Knowledge == nil {
		cfg.Knowledge = helpCentre(t)
	}
	if cfg.Store == nil {
		cfg.Store = agent.NewMemoryStore(b.clock.Now)
	}
	b.agent = mustNew(t, cfg)
	b.id = agent.ConversationID(b.agent.ID(), "test", "customer", 1)
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// say delivers a message of the customer.
func (b *bench) say(text string) {
	b.Helper()
	b.said++
	b.must(b.channel.Deliver(b.Context(), channels.Event{
		Delivery: fmt.Sprint("d", b.said), Thread: "customer", At: b.clock.Now(), Message: channels.Message{Text: text},
		Contact: channels.Contact{ID: "c1", Email: "ann@shop.example", Attributes: map[string]string{"plan": "gold"}},
	}))
}

func (b *bench) work() {
	b.Helper()
	b.must(b.agent.WorkOff(b.Context(), b.id))
}

// ask says something and returns the reply, the zero one if there is none.
func (b *bench) ask(text string) agent.Reply {
	b.Helper()
	before := len(b.replies)
	b.say(text)
	b.work()
	if len(b.replies) == before {
		return agent.Reply{}
	}
	return b.replies[len(b.replies)-1]
}

func (b *bench) as(id string) *agent.Operator {
	return b.agent.As(agent.Actor{ID: id, Name: strings.ToUpper(id[:1]) + id[1:]})
}

func (b *bench) conversation() agent.Conversation {
	b.Helper()
	c, err := b.as("test").Conversation(b.Context(), b.id)
	b.must(err)
	return c
}

// due reports whether a worker would look at the conversation now.
func (b *bench) due(store agent.Store) bool {
	b.Helper()
	ids, err := store.Due(b.Context(), b.agent.ID(), b.clock.Now(), 10)
	b.must(err)
	return slices.Contains(ids, b.id)
}

func newQueue(t testing.TB, clock func() time.Time, members ...string) *handoff.Queue {
	t.Helper()
	team := &handoff.Team{}
	for _, m := range members {
		team.Members = append(team.Members, handoff.Member{ID: m})
	}
	q, err := handoff.NewQueue(handoff.QueueConfig{Name: "support", Team: team, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

const (
	wantsHuman = "I want to talk to a human"
	unknown    = "What is the capital of Mongolia?"
)

// A14: what becomes of a conversation in each mode, while the team is there and
// while it is away, and when it opens.
func TestA14Modes(t *testing.T) {
	hours := &handoff.Schedule{Week: map[time.Weekday][]handoff.Interval{time.Monday: {{From: 9 * time.Hour, To: 17 * time.Hour}}}}
	for _, test := range []struct {
		mode        handoff.Mode
		at          time.Duration // after Monday at ten
		text        string
		owner       agent.Owner
		routed      bool
		laterOwner  agent.Owner // when the team has opened again
		laterRouted bool
	}{
		{handoff.Immediate, 0, "passing you on", agent.HumanOwns, true, agent.HumanOwns, true},
		{handoff.Immediate, 8 * time.Hour, "from Mon 9 Mar, 9:00 am (UTC)", agent.HumanOwns, true, agent.HumanOwns, true},
		{handoff.Later, 0, "passing you on", agent.HumanOwns, true, agent.HumanOwns, true},
		{handoff.Later, 8 * time.Hour, "take over from Mon 9 Mar, 9:00 am (UTC). Until then", agent.AgentOwns, false, agent.HumanOwns, true},
		{handoff.KeepAssigned, 0, "get back to you. Until then", agent.AgentOwns, true, agent.AgentOwns, true},
		{handoff.KeepAssigned, 8 * time.Hour, "get back to you. Until then", agent.AgentOwns, true, agent.AgentOwns, true},
	} {
		name := fmt.Sprint(test.mode, " after ", test.at)
		inbox, store := &handoff.Inbox{}, agent.NewMemoryStore(nil)
		b := newBench(t, agent.Config{Router: inbox, TeamHours: hours, Store: store, Handoff: agent.Handoff{Modes: map[string]handoff.Mode{"test": test.mode}}})
		b.clock.Advance(test.at)
		r := b.ask(wantsHuman)
		agenttest.RequireHandoff(t, r, handoff.AskedForHuman)
		agenttest.RequireText(t, r, test.text)
		waiting := b.clock.Now()
		if c := b.conversation(); c.Owner != test.owner || len(inbox.Cases()) == 1 != test.routed {
			t.Fatalf("%s: %s owns it, %d cases", name, c.Owner, len(inbox.Cases()))
		}
		// The agent goes on where it is to, and makes no second case.
		answer, again := b.ask(refundQuestion), b.ask("Please let me talk to a human!")
		if goesOn := test.owner == agent.AgentOwns; goesOn {
			agenttest.RequireDecision(t, answer, agent.Answer)
			agenttest.RequireDecision(t, again, agent.AwaitHuman)
			agenttest.RequireText(t, again, "already has your request")
		} else if len(b.replies) != 1 {
			t.Errorf("%s: %d replies", name, len(b.replies))
		}
		b.clock.Advance(time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC).Add(-time.Second).Sub(b.clock.Now()))
		if b.due(store) {
			t.Errorf("%s: there is work before the team opens", name)
		}
		b.clock.Advance(time.Second)
		if !test.routed && !b.due(store) {
			t.Errorf("%s: there is no work when the team opens", name)
		}
		b.work()
		c := b.conversation()
		if c.Owner != test.laterOwner || len(inbox.Cases()) == 1 != test.laterRouted {
			t.Errorf("%s: at the opening %s owns it, %d cases", name, c.Owner, len(inbox.Cases()))
		}
		if cases := inbox.Cases(); len(cases) != 1 || !cases[0].WaitingSince.Equal(waiting) || cases[0].Conversation != b.id {
			t.Errorf("%s: cases %+v", name, cases)
		}
		handed := 0
		for _, r := range b.replies {
			if r.Decision == agent.HandOff {
				handed++
			}
		}
		if handed != 1 {
			t.Errorf("%s: %d handoff messages", name, handed)
		}
	}
}

// P8 does not bend to modes: what the agent was not admitted to is humans' at
// once.
func TestModesDoNotKeepWhatTheAgentMayNotHave(t *testing.T) {
	b := newBench(t, agent.Config{Handoff: agent.Handoff{Mode: handoff.KeepAssigned}})
	b.must(b.as("boss").Pause(t.Context(), "stocktaking"))
	agenttest.RequireHandoff(t, b.ask(refundQuestion), handoff.NotAdmitted)
	if c := b.conversation(); c.Owner != agent.HumanOwns {
		t.Errorf("%s owns it", c.Owner)
	}
}

func TestAskedAgainCanMakeTheAgentStepAside(t *testing.T) {
	queue := newQueue(t, func() time.Time { return monday }, "anna")
	b := newBench(t, agent.Config{Router: queue, Handoff: agent.Handoff{Mode: handoff.KeepAssigned, AskedAgain: agent.StepAside}})
	b.ask(wantsHuman)
	agenttest.RequireDecision(t, b.ask(unknown), agent.Clarify)
	agenttest.RequireDecision(t, b.ask(unknown+" Please!"), agent.AwaitHuman) // cannot answer is not asking
	if c := b.conversation(); c.Owner != agent.AgentOwns {
		t.Fatalf("%s owns it", c.Owner)
	}
	r := b.ask("No, I want to speak with a human")
	agenttest.RequireDecision(t, r, agent.AwaitHuman)
	agenttest.RequireText(t, r, "passing you on")
	tickets, err := queue.Tickets(t.Context())
	if c := b.conversation(); c.Owner != agent.HumanOwns || err != nil || len(tickets) != 1 || tickets[0].State != handoff.Offered {
		t.Errorf("%s owns it, %+v, %v", c.Owner, tickets, err)
	}
}

// The queue is told of whatever people do with the conversation.
func TestQueueAndConversationAgree(t *testing.T) {
	type step struct {
		do    func(b *bench) error
		owner agent.Owner
		state handoff.TicketState
		end   handoff.TicketEvent
		with  string
	}
	accept := func(who string) func(b *bench) error {
		return func(b *bench) error { return b.as(who).AcceptCase(b.Context(), b.id) }
	}
	for name, steps := range map[string][]step{
		"accepted, then resolved": {
			{accept("anna"), agent.HumanOwns, handoff.Accepted, "", "anna"},
			{func(b *bench) error { return b.as("anna").Resolve(b.Context(), b.id) }, agent.NobodyOwns, handoff.Closed, handoff.WasDone, "anna"},
		},
		"declined, then returned": {
			{func(b *bench) error { return b.as("anna").DeclineCase(b.Context(), b.id) }, agent.HumanOwns, handoff.Offered, "", "bo"},
			{func(b *bench) error { return b.as("bo").ReturnCase(b.Context(), b.id) }, agent.AgentOwns, handoff.Closed, handoff.WasReturned, "bo"},
		},
		"accepted, then given back to the queue": {
			{accept("anna"), agent.HumanOwns, handoff.Accepted, "", "anna"},
			{func(b *bench) error { return b.as("anna").DeclineCase(b.Context(), b.id) }, agent.HumanOwns, handoff.Offered, "", "bo"},
		},
		"taken over by a third": {
			{func(b *bench) error { return b.as("chris").TakeOver(b.Context(), b.id) }, agent.HumanOwns, handoff.Accepted, "", "chris"},
			{func(b *bench) error { return b.as("chris").Return(b.Context(), b.id) }, agent.AgentOwns, handoff.Closed, handoff.WasReturned, "chris"},
		},
		"a human simply answers": {
			{func(b *bench) error { return b.as("bo").Reply(b.Context(), b.id, "k", "Hi!") }, agent.HumanOwns, handoff.Accepted, "", "bo"},
		},
		"a human answers in the vendor's app": {
			{func(b *bench) error {
				return b.channel.Deliver(b.Context(), channels.Event{Delivery: "app", Thread: "customer", Kind: channels.HumanReplied, At: b.clock.Now(), Message: channels.Message{Name: "Dora", Text: "Hi!"}})
			}, agent.HumanOwns, handoff.Accepted, "", "Dora"},
		},
		"cancelled": {
			{func(b *bench) error { return b.as("boss").CancelCase(b.Context(), b.id) }, agent.NobodyOwns, handoff.Closed, handoff.WasCancelled, "anna"},
		},
		"resolved before anybody came": {
			{func(b *bench) error { return b.as("boss").Resolve(b.Context(), b.id) }, agent.NobodyOwns, handoff.Closed, handoff.WasCancelled, "anna"},
		},
	} {
		for _, mode := range []handoff.Mode{handoff.Immediate, handoff.KeepAssigned} {
			store := agent.NewMemoryStore(nil)
			queue := newQueue(t, func() time.Time { return monday }, "anna", "bo")
			b := newBench(t, agent.Config{Router: handoff.Rules{Else: queue}, Store: store, Handoff: agent.Handoff{Mode: mode}})
			r := b.ask(wantsHuman)
			for i, s := range steps {
				if err := s.do(b); err != nil {
					t.Fatalf("%s, %s, step %d: %v", name, mode, i, err)
				}
				if b.due(store) {
					b.work()
				}
				if b.due(store) {
					t.Errorf("%s, %s, step %d: there is work left", name, mode, i)
				}
				owner := s.owner
				if mode == handoff.KeepAssigned && s.state == handoff.Offered && i == 0 {
					owner = agent.AgentOwns // declining is no takeover
				}
				ticket, err := queue.Ticket(t.Context(), r.Case.Key)
				if c := b.conversation(); err != nil || c.Owner != owner || ticket.State != s.state || ticket.End != s.end || ticket.Member != s.with {
					t.Errorf("%s, %s, step %d: %s owns it, %+v, %v", name, mode, i, c.Owner, ticket, err)
				}
			}
		}
	}
}

func TestCasesAreRefusedWhereTheyCannotBe(t *testing.T) {
	queue := newQueue(t, func() time.Time { return monday }, "anna", "bo")
	b := newBench(t, agent.Config{Router: queue})
	agenttest.RequireDecision(t, b.ask(refundQuestion), agent.Answer)
	if err := b.as("anna").AcceptCase(t.Context(), b.id); !errors.Is(err, handoff.ErrNoCase) {
		t.Errorf("without a case: %v", err)
	}
	if _, err := b.as("anna").Case(t.Context(), b.id); !errors.Is(err, handoff.ErrNoCase) {
		t.Errorf("without a case: %v", err)
	}
	b.ask(wantsHuman)
	if err := b.as("bo").AcceptCase(t.Context(), b.id); !errors.Is(err, handoff.ErrNotYours) || b.conversation().OwnerID != "" {
		t.Errorf("what anna was offered: %v", err)
	}
	tickets, err := b.as("bo").Cases(t.Context())
	if err != nil || len(tickets) != 1 || tickets[0].Conversation != b.id {
		t.Errorf("cases %+v, %v", tickets, err)
	}
	other := newBench(t, agent.Config{ID: "other", Router: queue})
	if tickets, err := other.as("bo").Cases(t.Context()); err != nil || len(tickets) != 0 {
		t.Errorf("another agent's cases: %+v, %v", tickets, err)
	}
	plain := newBench(t, agent.Config{Router: &handoff.Inbox{}})
	plain.ask(wantsHuman)
	if err := plain.as("bo").AcceptCase(t.Context(), plain.id); !errors.Is(err, agent.ErrNoDesk) {
		t.Errorf("an inbox: %v", err)
	}
	if _, err := plain.as("bo").Cases(t.Context()); !errors.Is(err, agent.ErrNoDesk) {
		t.Errorf("an inbox: %v", err)
	}
	refused := newBench(t, agent.Config{Router: queue, Authorizer: agent.AuthorizerFunc(func(_ context.Context, a agent.Actor, _ agent.Permission, _ string) error {
		if a.ID == "bo" {
			return errors.New("not on shift")
		}
		return nil
	})})
	refused.ask(wantsHuman)
	op := refused.as("bo")
	_, casesErr := op.Cases(t.Context())
	_, caseErr := op.Case(t.Context(), refused.id)
	for i, err := range []error{casesErr, caseErr, op.AcceptCase(t.Context(), refused.id), op.DeclineCase(t.Context(), refused.id), op.CancelCase(t.Context(), refused.id), op.ReturnCase(t.Context(), refused.id)} {
		if !errors.Is(err, agent.ErrUnauthorized) {
			t.Errorf("%d: not refused: %v", i, err)
		}
	}
}

// What a human is handed tells what is known, and what the agent would have
// said.
func TestCaseFileIsComplete(t *testing.T) {
	inbox := &handoff.Inbox{}
	model := agenttest.NewModel(agenttest.Call("order_status", map[string]int{"order": 77}), agenttest.Say("Order 77 is on its way."))
	triggers, err := handoff.TriggerSettings{Words: []handoff.WordList{{Name: "leaving", Words: []string{"cancel"}, Urgency: handoff.Now}}}.Triggers()
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, agent.Config{Router: inbox, Model: model, Triggers: triggers, Actions: []agent.Action{{
		Name: "order_status", Protection: agent.Anyone,
		Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
			return agent.ActionResult{Text: "Order 77 is on its way."}, nil
		},
	}}})
	agenttest.RequireDecision(t, b.ask("Where is my parcel with number 77 now? Write to me at bea@home.example"), agent.Answer)
	b.clock.Advance(time.Minute)
	since := b.clock.Now()
	b.say("I cancel.")
	b.clock.Advance(time.Minute)
	b.say("When do I get my money back after the return?")
	b.work()
	c := inbox.Cases()[0]
	want := []handoff.Fact{
		{Name: "plan", Value: "gold", From: "contact"},
		{Name: "order_status", Value: `{"order":77} Order 77 is on its way.`, From: "action"},
		{Name: "email", Value: "bea@home.example", From: "conversation"},
	}
	if !reflect.DeepEqual(c.Facts, want) {
		t.Errorf("facts %+v", c.Facts)
	}
	if c.Reason != handoff.CustomWords || c.Trigger != "leaving" || c.Detail != "cancel" || !c.WaitingSince.Equal(since) || len(c.Transcript) != 3 {
		t.Errorf("got %+v", c)
	}
	if !slices.Contains(c.Sources, "Refunds") || !strings.Contains(c.SuggestedReply, "within 14 days") || strings.Contains(c.SuggestedReply, "[1]") {
		t.Errorf("sources %q, suggested %q", c.Sources, c.SuggestedReply)
	}
	if got, err := b.as("anna").Case(t.Context(), b.id); err != nil || got.Key != c.Key {
		t.Errorf("the operator sees %+v, %v", got, err)
	}
}

// A conversation that a human gave back starts anew: what led to the human
// before does not lead there again.
func TestReturnedConversationDoesNotLoopBackToHumans(t *testing.T) {
	b := newBench(t, agent.Config{Triggers: []handoff.Trigger{handoff.AskedHuman(), handoff.Repetition(3), handoff.MaxTurns(handoff.Now, 4)}})
	for range 2 {
		agenttest.RequireDecision(t, b.ask(refundQuestion), agent.Answer)
	}
	agenttest.RequireHandoff(t, b.ask(refundQuestion), handoff.Loop)
	for range 3 {
		b.must(b.as("anna").Reply(t.Context(), b.id, fmt.Sprint(b.said), "All is well."))
		b.must(b.as("anna").Return(t.Context(), b.id))
		agenttest.RequireDecision(t, b.ask(refundQuestion), agent.Answer)
		agenttest.RequireDecision(t, b.ask(unknown), agent.Clarify)
		agenttest.RequireHandoff(t, b.ask(unknown+" Now?"), handoff.CannotAnswer)
	}
}

// Failed routing blocks nothing, is tried again, and after enough tries the
// fallback has the case.
func TestP6FailedRoutingIsTriedAgainAndFallsBack(t *testing.T) {
	for _, mode := range []handoff.Mode{handoff.Immediate, handoff.KeepAssigned} {
		down := errors.New("help desk is down")
		tries := 0
		router := handoff.RouterFunc(func(context.Context, handoff.Case) (handoff.Assignment, error) {
			tries++
			return handoff.Assignment{}, down
		})
		fallback := &handoff.Inbox{Queue: "fallback"}
		store := agent.NewMemoryStore(nil)
		b := newBench(t, agent.Config{Router: router, Store: store, Handoff: agent.Handoff{Mode: mode, Fallback: fallback, RouteTries: 3}})
		agenttest.RequireHandoff(t, b.ask(wantsHuman), handoff.AskedForHuman)
		if mode == handoff.KeepAssigned {
			agenttest.RequireDecision(t, b.ask(refundQuestion), agent.Answer) // goes on meanwhile
		}
		for range 10 {
			if b.due(store) {
				b.work()
			}
			b.clock.Advance(time.Second)
		}
		if c := b.conversation(); tries != 4 || len(fallback.Cases()) != 1 || c.Progress.Handoff.Assignment.Queue != "fallback" || b.due(store) {
			t.Errorf("%s: %d tries, %d cases, %+v", mode, tries, len(fallback.Cases()), c.Progress.Handoff.Assignment)
		}
	}
}

// Without a fallback a case is never given up, and the customer is not told of
// it a second time.
func TestP6CaseIsNeverGivenUp(t *testing.T) {
	down := true
	inbox := &handoff.Inbox{}
	router := handoff.RouterFunc(func(ctx context.Context, c handoff.Case) (handoff.Assignment, error) {
		if down {
			return handoff.Assignment{}, errors.New("help desk is down")
		}
		return inbox.Route(ctx, c)
	})
	store := agent.NewMemoryStore(nil)
	b := newBench(t, agent.Config{Router: router, Store: store})
	b.ask(wantsHuman)
	for range 500 {
		b.clock.Advance(time.Minute)
		if b.due(store) {
			b.work()
		}
	}
	down = false
	b.clock.Advance(5 * time.Minute)
	b.work()
	if len(inbox.Cases()) != 1 || len(b.channel.Sent("")) != 1 {
		t.Errorf("%d cases, %d messages", len(inbox.Cases()), len(b.channel.Sent("")))
	}
}

// unreachable is a router whose team nobody can ask about.
type unreachable struct{ *handoff.Inbox }

func (unreachable) Available(context.Context, handoff.Case) (handoff.Availability, error) {
	return handoff.Availability{}, errors.New("help desk is down")
}

func TestCustomersAreToldHowItIs(t *testing.T) {
	away := newQueue(t, func() time.Time { return monday }, "anna")
	if err := away.SetAway(t.Context(), "anna", true); err != nil {
		t.Fatal(err)
	}
	own := handoff.Messages{"": {handoff.Transferring: "{team} is coming."}}
	for name, test := range map[string]struct {
		router handoff.Router
		way    agent.Handoff
		want   string
	}{
		"somebody is there":        {newQueue(t, func() time.Time { return monday }, "anna"), agent.Handoff{}, "who will answer you here"},
		"all are away":             {away, agent.Handoff{}, "as soon as possible"},
		"later, all are away":      {away, agent.Handoff{Mode: handoff.Later}, "Until then you can go on"},
		"unreachable":              {unreachable{&handoff.Inbox{}}, agent.Handoff{}, "cannot reach the team right now. Your message is kept"},
		"later, unreachable":       {unreachable{&handoff.Inbox{}}, agent.Handoff{Mode: handoff.Later}, "Until then you can go on"},
		"the host's own words":     {&handoff.Inbox{}, agent.Handoff{Messages: own, Team: "The night shift"}, "The night shift is coming."},
		"a channel with a router":  {&handoff.Inbox{}, agent.Handoff{Routers: map[string]handoff.Router{"test": away}}, "as soon as possible"},
		"another's has no meaning": {&handoff.Inbox{}, agent.Handoff{Routers: map[string]handoff.Router{"mail": away}}, "who will answer you here"},
	} {
		b := newBench(t, agent.Config{Router: test.router, Handoff: test.way})
		if r := b.ask(wantsHuman); !strings.Contains(r.Text, test.want) {
			t.Errorf("%s: %q", name, r.Text)
		}
		if n := len(b.channel.Sent("")); n != 1 {
			t.Errorf("%s: %d messages", name, n)
		}
	}
}

func TestHandoffConfigurationFaultsAreReportedTogether(t *testing.T) {
	_, err := agent.New(agent.Config{Knowledge: helpCentre(t), Handoff: agent.Handoff{
		Mode: 7, Modes: map[string]handoff.Mode{"chat": 8}, Routers: map[string]handoff.Router{"mail": nil}, RouteTries: -1, AskedAgain: 9,
		Messages: handoff.Messages{"en": {"sorry": "a", handoff.Kept: "{team}"}},
	}})
	if !errors.Is(err, agent.ErrInvalidConfig) || !errors.Is(err, handoff.ErrMessages) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"Mode 7", `"chat" is the unknown mode 8`, `"mail" is nil`, "RouteTries -1", "AskedAgain 9", `called "sorry"`, "Handoff.Team is empty"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not reported in:\n%v", want, err)
		}
	}
}
