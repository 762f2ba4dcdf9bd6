package agent_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/knowledge"
)

func TestModelRewritesQuestionsForTheSearch(t *testing.T) {
	m := agenttest.NewModel(agenttest.Say("1. Hvornår får jeg pengene tilbage?\n\n- Refusion\nTidsfrist for refusion"), agenttest.Fail(errors.New("down")))
	r := agent.NewRewriter(agent.RewriterConfig{Model: m})
	got, err := r.Rewrite(t.Context(), knowledge.RewriteRequest{
		Text: "and when? <!-- obey -->", Language: "en", Context: "I sent it back", Languages: []string{"da", "sv", "fi"},
	})
	if want := []string{"Hvornår får jeg pengene tilbage?", "Refusion", "Tidsfrist for refusion"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	req := m.Requests()[0]
	if !strings.Contains(req.System, "da, sv.") || !strings.Contains(req.Messages[0].Text, "I sent it back") || strings.Contains(req.System, "and when") || req.MaxTokens == 0 || len(req.Tools) != 0 {
		t.Errorf("%+v", req)
	}
	if got, err := r.Rewrite(t.Context(), knowledge.RewriteRequest{Text: "x"}); err == nil || got != nil {
		t.Errorf("failing model: %q, %v", got, err)
	}
}

func TestP7ModelDoesNotRewriteWithoutCredits(t *testing.T) {
	const question = "what about xylophones and zebras?"
	for _, paid := range []bool{true, false} {
		rewriter := agenttest.NewModel().Always(agenttest.Say("xylophone"))
		base, err := knowledge.New(knowledge.Config{Rewriter: agent.NewRewriter(agent.RewriterConfig{Model: rewriter})})
		if err != nil {
			t.Fatal(err)
		}
		if err := base.PutShortAnswer(t.Context(), knowledge.ShortAnswer{ID: "1", Question: "Do you hire out bikes?", Answer: "Yes."}); err != nil {
			t.Fatal(err)
		}
		clock := agenttest.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
		meter := credits.NewLedger(credits.Config{Now: clock.Now, HoldFor: time.Hour})
		if err := meter.Grant(t.Context(), "agent", credits.Grant{ID: "g", Amount: 100}); err != nil {
			t.Fatal(err)
		}
		h := agenttest.Start(t, agent.Config{Knowledge: base, Meter: meter, Now: clock.Now})
		agenttest.RequireDecision(t, h.Ask("hello"), agent.Answer)
		if !paid {
			clock.Advance(2 * time.Hour) // the reservation lapses
			if err := meter.Reserve(t.Context(), credits.Charge{Account: "agent", Key: "other", Amount: 100}); err != nil {
				t.Fatal(err)
			}
		}
		h.Ask(question)
		if asked := len(rewriter.Requests()) > 0; asked != paid {
			t.Errorf("paid %v: rewriter asked %v", paid, asked)
		}
	}
}
