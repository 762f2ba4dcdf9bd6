package agent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) // a Monday

const sundays = "Is the shop open on Sundays?"

func shown(t *testing.T, h *agenttest.Harness, thread string) bool {
	t.Helper()
	l, err := h.Agent.Label(t.Context(), h.Conversation(thread))
	must(t, err)
	if l.Shown != (l.Text == "Answered by AI") {
		t.Errorf("label %+v", l)
	}
	return l.Shown
}

func shownFor(t *testing.T, h *agenttest.Harness) bool {
	t.Helper()
	l, err := h.Agent.LabelFor(t.Context(), "test", "da")
	must(t, err)
	if l.Shown != (l.Text == "Besvaret af AI") {
		t.Errorf("label %+v", l)
	}
	return l.Shown
}

func requireState(t *testing.T, h *agenttest.Harness, want agent.State, reason string, resumes time.Time) {
	t.Helper()
	s, err := h.Agent.Status(t.Context())
	must(t, err)
	on := s.Channels["test"]
	if s.State != want || !strings.Contains(s.Reason, reason) || !s.ResumesAt.Equal(resumes) || on.State != want || on.Reason != s.Reason || !on.ResumesAt.Equal(resumes) {
		t.Errorf("%+v, want %s because of %q until %s", s, want, reason, resumes)
	}
}

func TestA8PauseAnswersOldThreadsAndRoutesNewOnesUntilResumed(t *testing.T) {
	clock := agenttest.NewClock(start)
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Now: clock.Now})
	op := h.Agent.As(agent.Actor{ID: "1"})
	agenttest.RequireDecision(t, h.AskAs("old", sundays), agent.Answer)
	must(t, op.Pause(t.Context(), "stocktaking"))
	requireState(t, h, agent.StatePausedByHand, "stocktaking", time.Time{})
	agenttest.RequireDecision(t, h.AskAs("old", sundays), agent.Answer)
	agenttest.RequireHandoff(t, h.AskAs("new", sundays), handoff.NotAdmitted)
	if shownFor(t, h) || shown(t, h, "new") || !shown(t, h, "old") {
		t.Errorf("label: header %t, new thread %t, old thread %t", shownFor(t, h), shown(t, h, "new"), shown(t, h, "old"))
	}
	// Until it is resolved: what the customer reopens is a new one.
	must(t, op.Resolve(t.Context(), h.Conversation("old")))
	if shown(t, h, "old") {
		t.Error("the label of a resolved conversation")
	}
	agenttest.RequireHandoff(t, h.AskAs("old", sundays), handoff.NotAdmitted)
	must(t, op.Resume(t.Context()))
	requireState(t, h, agent.StateActive, "", time.Time{})
	agenttest.RequireDecision(t, h.AskAs("newer", sundays), agent.Answer)
	if !shownFor(t, h) || !shown(t, h, "newer") {
		t.Error("no label after the pause")
	}
}

func TestA9WithoutCreditsNewConversationsGoToHumansUntilTheReset(t *testing.T) {
	clock := agenttest.NewClock(start)
	meter := credits.NewLedger(credits.Config{Now: clock.Now})
	must(t, meter.SetPlan(t.Context(), "agent", credits.Plan{Included: 150}))
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Now: clock.Now, Meter: meter})
	reset := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	agenttest.RequireDecision(t, h.AskAs("old", sundays), agent.Answer)
	exhausted := func() {
		t.Helper()
		requireState(t, h, agent.StatePausedByCredits, "exhausted", reset)
		agenttest.RequireHandoff(t, h.AskAs(fresh(), sundays), handoff.NotAdmitted)
		if shownFor(t, h) || !shown(t, h, "old") {
			t.Error("the label says otherwise")
		}
	}
	exhausted()
	agenttest.RequireDecision(t, h.AskAs("old", "Is the shop open on weekdays?"), agent.Answer)
	// A purchase ends it at once.
	must(t, meter.Grant(t.Context(), "agent", credits.Grant{ID: "pack", Amount: 50}))
	requireState(t, h, agent.StateActive, "", time.Time{})
	agenttest.RequireDecision(t, h.AskAs(fresh(), sundays), agent.Answer)
	exhausted()
	refused := fmt.Sprint("thread ", threads.Load())
	// So does the reset, by itself; what was refused meanwhile stays with humans.
	clock.Advance(reset.Sub(start))
	requireState(t, h, agent.StateActive, "", time.Time{})
	if shown(t, h, refused) || !shownFor(t, h) {
		t.Error("the label says otherwise after the reset")
	}
	agenttest.RequireDecision(t, h.AskAs(fresh(), sundays), agent.Answer)
}

// plainMeter can tell what is left and nothing else.
type plainMeter struct {
	credits.Meter
	left int64
	err  error
}

func (m plainMeter) Balance(context.Context, string) (credits.Balance, error) {
	return credits.Balance{Available: m.left}, m.err
}

func TestStatusOfAMeterThatTellsOnlyWhatIsLeft(t *testing.T) {
	for left, want := range map[int64]agent.State{99: agent.StatePausedByCredits, 100: agent.StateActive} {
		a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Meter: plainMeter{left: left}})
		if s, err := a.Status(t.Context()); err != nil || s.State != want || s.Credits.Available != left {
			t.Errorf("%d left: %+v, %v", left, s, err)
		}
	}
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Meter: plainMeter{err: errAway}})
	if s, err := a.Status(t.Context()); !errors.Is(err, errAway) || s.State != "" {
		t.Errorf("%+v, %v", s, err)
	}
}

// The label is there exactly where the agent answers what is said next, in every
// state and for every kind of conversation.
func TestP8LabelIsShownExactlyWhileTheAgentMayAnswer(t *testing.T) {
	hours := &handoff.Schedule{Week: map[time.Weekday][]handoff.Interval{time.Monday: {{From: 9 * time.Hour, To: 17 * time.Hour}}}}
	states := map[agent.State]func(t *testing.T, op *agent.Operator, clock *agenttest.Clock, meter *credits.Ledger){
		agent.StateActive: func(*testing.T, *agent.Operator, *agenttest.Clock, *credits.Ledger) {},
		agent.StatePausedByHand: func(t *testing.T, op *agent.Operator, _ *agenttest.Clock, _ *credits.Ledger) {
			must(t, op.Pause(t.Context(), "x"))
		},
		agent.StatePausedByCredits: func(t *testing.T, _ *agent.Operator, _ *agenttest.Clock, meter *credits.Ledger) {
			must(t, meter.SetCap(t.Context(), "agent", 1))
		},
		agent.StateOutOfHours: func(_ *testing.T, _ *agent.Operator, clock *agenttest.Clock, _ *credits.Ledger) {
			clock.Advance(8 * time.Hour)
		},
		agent.StateUnpublished: func(t *testing.T, op *agent.Operator, _ *agenttest.Clock, _ *credits.Ledger) {
			must(t, op.Unpublish(t.Context()))
		},
		agent.StateNotDeployed: func(t *testing.T, op *agent.Operator, _ *agenttest.Clock, _ *credits.Ledger) {
			must(t, op.RemoveFrom(t.Context(), "test"))
		},
	}
	for state, begin := range states {
		for _, kind := range []string{"new", "existing", "human owns", "draft mode"} {
			t.Run(string(state)+", "+kind, func(t *testing.T) {
				clock := agenttest.NewClock(start)
				meter := credits.NewLedger(credits.Config{Now: clock.Now})
				must(t, meter.Grant(t.Context(), "agent", credits.Grant{ID: "g", Amount: 1000}))
				cfg := agent.Config{Knowledge: helpCentre(t), Now: clock.Now, Hours: hours, Meter: meter}
				h := agenttest.Start(t, cfg)
				op := h.Agent.As(agent.Actor{ID: "1"})
				want := state == agent.StateActive || kind == "existing"
				switch kind {
				case "new":
				case "draft mode":
					must(t, op.Deploy(t.Context(), "test", agent.Deployment{Mode: agent.ModeDraft}))
					want = false
				default:
					agenttest.RequireDecision(t, h.Ask(sundays), agent.Answer)
				}
				if kind == "human owns" {
					must(t, op.TakeOver(t.Context(), h.Conversation("customer")))
					want = false
				}
				begin(t, op, clock, meter)
				if s, err := h.Agent.Status(t.Context()); err != nil || s.Channels["test"].State != state {
					t.Errorf("%+v, %v", s, err)
				}
				var label bool
				if kind == "new" || kind == "draft mode" {
					label = shownFor(t, h)
				} else {
					label = shown(t, h, "customer")
				}
				if label != want {
					t.Errorf("label %t, want %t", label, want)
				}
				if kind == "new" || kind == "existing" {
					if r := h.Ask("Is the shop open on weekdays?"); (r.Decision == agent.Answer) != want {
						t.Errorf("the agent decides to %s, the label says %t", r.Decision, label)
					}
				}
			})
		}
	}
}

func TestDeploymentSaysWhichNewConversationsTheAgentTakes(t *testing.T) {
	clock := agenttest.NewClock(start)
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Now: clock.Now, Filters: map[string]func(context.Context, agent.Conversation) bool{
		"vip":   func(_ context.Context, c agent.Conversation) bool { return strings.HasPrefix(c.Contact.ID, "vip") },
		"falls": func(context.Context, agent.Conversation) bool { panic("oops") },
	}})
	op := h.Agent.As(agent.Actor{ID: "1"})
	deploy := func(d agent.Deployment) { t.Helper(); must(t, op.Deploy(t.Context(), "test", d)) }
	deploy(agent.Deployment{Filter: "vip"})
	agenttest.RequireDecision(t, h.AskAs("vip anna", sundays), agent.Answer)
	r := h.AskAs("otto", sundays)
	agenttest.RequireHandoff(t, r, handoff.NotAdmitted)
	if !strings.Contains(r.Case.Detail, `"vip"`) {
		t.Errorf("detail %q", r.Case.Detail)
	}
	deploy(agent.Deployment{Filter: "falls"})
	agenttest.RequireHandoff(t, h.AskAs(fresh(), sundays), handoff.NotAdmitted)
	agenttest.RequireDecision(t, h.AskAs("vip anna", sundays), agent.Answer) // it has that one

	night := &handoff.Schedule{Week: map[time.Weekday][]handoff.Interval{time.Monday: {{From: 20 * time.Hour, To: 24 * time.Hour}}}}
	deploy(agent.Deployment{Hours: night})
	agenttest.RequireHandoff(t, h.AskAs(fresh(), sundays), handoff.NotAdmitted)
	clock.Advance(11 * time.Hour)
	agenttest.RequireDecision(t, h.AskAs(fresh(), sundays), agent.Answer)

	// A larger share has the conversations of a smaller one, and about as many as
	// it says.
	for percent, likely := range map[int][2]int{20: {20, 60}, 60: {90, 150}} {
		deploy(agent.Deployment{Percent: percent})
		answered := 0
		for i := range 200 {
			if r := h.AskAs(fmt.Sprint(percent, "-", i), "Hello!"); r.Decision == agent.Answer {
				answered++
			}
		}
		if answered < likely[0] || answered > likely[1] {
			t.Errorf("%d of 200 at %d %%", answered, percent)
		}
	}
	before, err := h.Agent.Status(t.Context())
	must(t, err)
	for name, err := range map[string]error{
		"channel": op.Deploy(t.Context(), "fax", agent.Deployment{}), "remove": op.RemoveFrom(t.Context(), "fax"), "filter": op.Deploy(t.Context(), "test", agent.Deployment{Filter: "x"}),
		"percent": op.Deploy(t.Context(), "test", agent.Deployment{Percent: 101}), "mode": op.Deploy(t.Context(), "test", agent.Deployment{Mode: 9}), "idle": op.Deploy(t.Context(), "test", agent.Deployment{IdleClose: -1}),
		"hours": op.Deploy(t.Context(), "test", agent.Deployment{Hours: &handoff.Schedule{Closed: []string{"x"}}}),
	} {
		if !errors.Is(err, agent.ErrInvalidDeployment) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after, _ := h.Agent.Status(t.Context()); after.Channels["test"] != before.Channels["test"] {
		t.Errorf("a refused deployment is in force: %+v", after)
	}
}

func TestIdleCloseIsOfTheDeploymentThenOfTheChannelThenADay(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	clock := agenttest.NewClock(start)
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store, Now: clock.Now, Channels: []channels.Channel{
		channels.NewMemory("chat", channels.Capabilities{}), channels.NewMemory("mail", channels.Capabilities{IdleClose: channels.EmailIdleClose}),
	}})
	closes := func(channel, delivery string) time.Duration {
		t.Helper()
		must(t, a.Deliver(t.Context(), channels.Event{Channel: channel, Delivery: delivery, Thread: "anna", At: clock.Now(), Message: channels.Message{Text: "Hello!"}}))
		c, err := store.Load(t.Context(), "agent", agent.ConversationID("agent", channel, "anna", 1))
		must(t, err)
		return c.ClosesAt.Sub(clock.Now())
	}
	if chat, mail := closes("chat", "1"), closes("mail", "1"); chat != 24*time.Hour || mail != 72*time.Hour {
		t.Errorf("chat %s, mail %s", chat, mail)
	}
	must(t, a.As(agent.Actor{ID: "1"}).Deploy(t.Context(), "mail", agent.Deployment{IdleClose: time.Hour}))
	if chat, mail := closes("chat", "2"), closes("mail", "2"); chat != 24*time.Hour || mail != time.Hour {
		t.Errorf("chat %s, mail %s", chat, mail)
	}
}

func TestDeletedAgentRefusesTrafficAndKeepsItsAudit(t *testing.T) {
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t)})
	op := h.Agent.As(agent.Actor{ID: "1"})
	agenttest.RequireDecision(t, h.Ask(sundays), agent.Answer)
	must(t, op.Delete(t.Context()))
	if err := h.Channel.Say(t.Context(), "customer", "late", sundays); !errors.Is(err, agent.ErrDeleted) {
		t.Errorf("delivered: %v", err)
	}
	if _, err := h.Agent.Reply(t.Context(), agent.Question{Text: sundays}); !errors.Is(err, agent.ErrDeleted) {
		t.Errorf("replied: %v", err)
	}
	if shown(t, h, "customer") || shownFor(t, h) {
		t.Error("the label of a deleted agent")
	}
	requireState(t, h, agent.StateDeleted, "deleted", time.Time{})
	page, err := op.Audit(t.Context(), agent.AuditQuery{Action: "delete"})
	if err != nil || len(page.Events) != 1 {
		t.Errorf("%+v, %v", page, err)
	}
	if _, err := op.Conversation(t.Context(), h.Conversation("customer")); err != nil {
		t.Error(err)
	}
}

// What was accepted before the end is not lost: a human gets it.
func TestMessageAcceptedBeforeTheEndGoesToAHuman(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	ch := channels.NewMemory("chat", channels.Capabilities{})
	inbox := &handoff.Inbox{}
	replies := make(chan agent.Reply, 1)
	a := mustNew(t, agent.Config{
		Knowledge: helpCentre(t), Store: store, Channels: []channels.Channel{ch}, Router: inbox, OnReply: func(_ string, r agent.Reply) { replies <- r },
	})
	must(t, ch.Say(t.Context(), "anna", "d", sundays))
	must(t, a.As(agent.Actor{ID: "1"}).Delete(t.Context()))
	stop := running(t, a)
	defer stop()
	r := <-replies
	agenttest.RequireHandoff(t, r, handoff.NotAdmitted)
	if r.Case.Detail != "agent is deleted" {
		t.Errorf("detail %q", r.Case.Detail)
	}
}

func TestStatusShowsAVersionThatCannotBeUsed(t *testing.T) {
	store := &damagedStore{Store: agent.NewMemoryStore(nil), damaged: map[int64]string{}}
	cfg := agent.Config{Knowledge: helpCentre(t), Store: store}
	o := mustNew(t, cfg).As(agent.Actor{ID: "7"})
	edit(t, o, "one")
	edit(t, o, "two")
	must(t, o.PublishVersion(t.Context(), 1))
	must(t, o.PublishVersion(t.Context(), 2))
	store.damage(2, `{"AnswerAt":40}`)
	s, err := mustNew(t, cfg).Status(t.Context())
	if err != nil || s.Published != 2 || s.Version != 1 || s.Draft != 2 || s.Fault == nil || s.Fault.Number != 2 || !errors.Is(s.Fault, agent.ErrInvalidConfig) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestPeopleTeachWithABeforeAndAnAfter(t *testing.T) {
	a := mustNew(t, agent.Config{Knowledge: agenttest.Knowledge(t)})
	o := a.As(agent.Actor{ID: "7"})
	source := agenttest.Source("more", agenttest.Doc("Parking", "https://shop.example/parking", "Parking is free for two hours."))
	must(t, o.AddSource(t.Context(), source, knowledge.SourceOptions{}))
	_, err := o.SyncSource(t.Context(), "more")
	must(t, err)
	must(t, o.SetSourceOptions(t.Context(), "more", knowledge.SourceOptions{Visibility: knowledge.Private, Audience: []string{"staff"}, NoCitations: true, Every: time.Hour}))
	must(t, o.RemoveSource(t.Context(), "more"))
	if _, err := o.SyncSource(t.Context(), "more"); !errors.Is(err, knowledge.ErrUnknownSource) {
		t.Errorf("%v", err)
	}
	must(t, o.PutShortAnswer(t.Context(), knowledge.ShortAnswer{ID: "s", Question: "Who?", Answer: "We."}))
	must(t, o.PutShortAnswer(t.Context(), knowledge.ShortAnswer{ID: "s", Question: "Who?", Answer: "All of us."}))
	must(t, o.DeleteShortAnswer(t.Context(), "s"))
	if err := o.AddSource(t.Context(), nil, knowledge.SourceOptions{}); !errors.Is(err, knowledge.ErrInvalidConfig) {
		t.Errorf("no source: %v", err)
	}
	var got []string
	for _, e := range auditEvents(t, a) {
		got = append(got, fmt.Sprintf("%s %s: %s -> %s %s", e.Action, e.Target, e.Before, e.After, e.Outcome))
	}
	want := []string{
		"add source more:  -> 0 documents, public ",
		"sync source more: 0 documents, public -> 1 documents, public ",
		"change source more: 1 documents, public -> 1 documents, private, for staff, not cited, every 1h0m0s ",
		"remove source more: 1 documents, private, for staff, not cited, every 1h0m0s ->  ",
		`sync source more:  ->  failed: knowledge: unknown source: "more"`,
		`put short answer s:  -> "Who?": "We." `,
		`put short answer s: "Who?": "We." -> "Who?": "All of us." `,
		`delete short answer s: "Who?": "All of us." ->  `,
		"add source :  ->  failed: knowledge: invalid configuration: no source",
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	plain := mustNew(t, agent.Config{Knowledge: brokenKnowledge{}}).As(agent.Actor{ID: "7"})
	if err := plain.RemoveSource(t.Context(), "x"); !errors.Is(err, agent.ErrNoSources) {
		t.Errorf("%v", err)
	}
	if err := plain.DeleteShortAnswer(t.Context(), "x"); !errors.Is(err, agent.ErrNoShortAnswers) {
		t.Errorf("%v", err)
	}
}
