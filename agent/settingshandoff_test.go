package agent_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/handoff"
)

// publishChange publishes a change of what the agent works by.
func publishChange(t *testing.T, a *agent.Agent, change func(*agent.Settings)) {
	t.Helper()
	o := a.As(agent.Actor{ID: "mette"})
	s, err := o.DraftSettings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	change(&s)
	if _, err := o.Edit(t.Context(), s, ""); err != nil {
		t.Fatal(err)
	}
	if err := o.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestPublishedTriggersAndMessagesHoldFromTheNextTurnOn(t *testing.T) {
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Triggers: []handoff.Trigger{handoff.Words(handoff.Now, "lawyer")}})
	const about = "My cello has been dropped"
	if r := h.AskAs("anna", about); r.Decision == agent.HandOff {
		t.Fatalf("handed off before: %s", r.Reason)
	}
	publishChange(t, h.Agent, func(s *agent.Settings) {
		s.TriggerSettings.Words = []handoff.WordList{{Name: "damage", Words: []string{"dropped"}, Urgency: handoff.Now}}
		s.Messages = handoff.Messages{"en": {handoff.Transferring: "One moment, please."}}
	})
	if r := h.AskAs("bo", about); r.Decision != agent.HandOff || r.Text != "One moment, please." {
		t.Errorf("%s: %q", r.Decision, r.Text)
	}
	agenttest.RequireHandoff(t, h.AskAs("clara", "I shall call my lawyer"), handoff.CustomWords) // the program's own
	agenttest.RequireHandoff(t, h.AskAs("dora", "I want to talk to a human"), handoff.AskedForHuman)
	publishChange(t, h.Agent, func(s *agent.Settings) { s.TriggerSettings, s.Messages = handoff.TriggerSettings{}, nil })
	if r := h.AskAs("erik", about); r.Decision == agent.HandOff {
		t.Errorf("handed off after: %s", r.Reason)
	}
}

func TestFaultsOfEditedHandoffsComeTogether(t *testing.T) {
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t)})
	s := a.Settings()
	s.TriggerSettings.MaxTurns, s.Messages = -1, handoff.Messages{"en": {"nonsense": "x"}}
	_, err := a.As(agent.Actor{ID: "mette"}).Edit(t.Context(), s, "")
	if !errors.Is(err, agent.ErrInvalidConfig) || !strings.Contains(err.Error(), "MaxTurns") || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("error %v", err)
	}
}

func TestForgettingReachesTheCases(t *testing.T) {
	team := &handoff.Team{Name: "shop", Members: []handoff.Member{{ID: "kim"}}}
	queue, err := handoff.NewQueue(handoff.QueueConfig{Team: team})
	if err != nil {
		t.Fatal(err)
	}
	inbox := &handoff.Inbox{}
	for name, router := range map[string]handoff.Router{"queue": queue, "inbox": inbox} {
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Router: router})
		boss := h.Agent.As(agent.Actor{ID: "boss"})
		for _, who := range []string{"anna", "bo"} {
			agenttest.RequireHandoff(t, h.AskAs(who, "I want to talk to a human"), handoff.AskedForHuman)
		}
		erased, err := boss.Forget(t.Context(), "", "anna")
		if err != nil || erased.Cases != 1 || erased.Conversations != 1 {
			t.Errorf("%s: erased %+v, %v", name, erased, err)
		}
		if again, err := boss.Forget(t.Context(), "", "anna"); err != nil || again != (agent.Erased{}) {
			t.Errorf("%s: a second time %+v, %v", name, again, err)
		}
		if other, err := boss.Forget(t.Context(), "another channel", "bo"); err != nil || other.Cases != 0 {
			t.Errorf("%s: on another channel %+v, %v", name, other, err)
		}
	}
	if cases := inbox.Cases(); len(cases) != 1 || cases[0].Contact.ID != "bo" {
		t.Errorf("inbox keeps %+v", cases)
	}
	if tickets, err := queue.Tickets(t.Context()); err != nil || len(tickets) != 1 || tickets[0].Contact != "bo" {
		t.Errorf("queue keeps %+v, %v", tickets, err)
	}
}

// brokenEraser is a router whose cases cannot be erased.
type brokenEraser struct{ handoff.Router }

func (brokenEraser) Erase(context.Context, handoff.Erasure) (int, error) {
	return 0, errors.New("out of order")
}

func TestForgettingTellsWhatItCouldNotErase(t *testing.T) {
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Router: brokenEraser{&handoff.Inbox{}}})
	h.AskAs("anna", refundQuestion)
	erased, err := h.Agent.As(agent.Actor{ID: "boss"}).Forget(t.Context(), "", "anna")
	if err == nil || !strings.Contains(err.Error(), "out of order") || erased.Conversations != 1 {
		t.Errorf("%+v, %v", erased, err)
	}
}
