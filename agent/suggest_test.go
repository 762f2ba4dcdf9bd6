package agent_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/handoff"
)

func TestSuggestionForAHumanIsFreeGuardedAndNeverSent(t *testing.T) {
	meter := ledger(t, "agent", 1000)
	model := agenttest.NewModel(agenttest.Say("See https://evil.example for your money.")).Always(agenttest.Say("You get it within 14 days [1]."))
	d := startDrafting(t, agent.Config{Meter: meter, Model: model})
	d.mode(agent.ModeAuto)
	agenttest.RequireHandoff(t, d.Ask("I want to talk to a human"), handoff.AskedForHuman)
	op := d.Agent.As(mette)
	if err := op.Reply(t.Context(), d.Conversation("customer"), "k1", "Mette here, how can I help?"); err != nil {
		t.Fatal(err)
	}
	if _, err := op.Suggest(t.Context(), d.Conversation("customer")); !errors.Is(err, agent.ErrNothingToAnswer) {
		t.Errorf("with nothing to answer: %v", err)
	}
	d.say(refundQuestion)
	before := d.settled()
	for i := range 2 {
		r, err := op.Suggest(t.Context(), before.ID)
		if err != nil || r.Decision != agent.Answer || !strings.Contains(r.Text, "14 days") || strings.Contains(r.Text, "evil") || len(r.Citations) != 1 {
			t.Errorf("suggestion %d: %s %q, %v", i, r.Decision, r.Text, err)
		}
	}
	if h := model.Requests()[0].Messages; !strings.Contains(fmt.Sprint(h), "Mette here") {
		t.Errorf("the model was shown %+v", h)
	}
	after := d.settled()
	if len(after.Messages) != len(before.Messages) || len(after.Drafts) != 0 || len(d.Channel.Sent("")) != 2 {
		t.Errorf("a suggestion left %d messages, %d drafts, sent %s", len(after.Messages), len(after.Drafts), texts(d.Channel.Sent("")))
	}
	agenttest.RequireCredits(t, meter, "agent", 1000)
	outcomes, _ := op.Logs(t.Context(), agent.ReportLog, 0, 10)
	if got := kinds(eventsIn(t, outcomes)); strings.Contains(got, "answered") {
		t.Errorf("reported %s", got)
	}
}
