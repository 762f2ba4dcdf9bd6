package agent_test

import (
	"fmt"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/internal/race"
	"github.com/kundeagent/kundeagent/knowledge"
)

// mostTurnAllocations is what a turn may allocate outside the search, from the
// delivery to the settlement, with a model that costs nothing.
const mostTurnAllocations = 300

func TestTurnAllocatesLittleBesideItsSearch(t *testing.T) {
	race.SkipHeavy(t)
	base := largeHelpCentre(t)
	settled := make(chan agent.Reply, 1)
	ch := channels.NewMemory("chat", channels.Capabilities{})
	a := mustNew(t, agent.Config{
		Knowledge: base, Model: agenttest.NewModel().Always(agenttest.Say(benchAnswer)), Channels: []channels.Channel{ch},
		OnReply: func(_ string, r agent.Reply) { settled <- r },
	})
	defer running(t, a)()
	n := 0
	var reply agent.Reply
	turn := allocations(func() {
		n++
		if err := ch.Say(t.Context(), fmt.Sprint(n), fmt.Sprint(n), refundQuestion); err != nil {
			t.Fatal(err)
		}
		reply = <-settled
	})
	agenttest.RequireDecision(t, reply, agent.Answer)
	agenttest.RequireText(t, reply, "14 days")
	query := knowledge.Query{Text: refundQuestion, Language: reply.Language, Limit: len(reply.Trace.Hits)}
	search := allocations(func() {
		if _, err := base.Search(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%.0f allocations, %.0f of them for the search", turn, search)
	if own := turn - search; own > mostTurnAllocations {
		t.Errorf("a turn allocates %.0f times outside the search, want %d at most", own, mostTurnAllocations)
	}
}
