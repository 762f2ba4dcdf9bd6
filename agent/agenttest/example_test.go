package agenttest_test

import (
	"context"
	"fmt"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
)

// A unit test of a downstream program: ten lines from knowledge to assertions.
func ExampleStart() {
	t := &exampleT{} // in a test, its *testing.T
	defer t.end()

	ledger := credits.NewLedger(credits.Config{})
	_ = ledger.Grant(t.Context(), "shop", credits.Grant{ID: "start", Amount: 500})
	base := agenttest.Knowledge(t, agenttest.Doc("Refunds", "https://shop.example/refunds", "You get your money back within 14 days."))
	model := agenttest.NewModel(agenttest.Say("You get it back within 14 days [1]."))
	h := agenttest.Start(t, agent.Config{ID: "shop", Knowledge: base, Model: model, Meter: ledger})

	agenttest.RequireCitation(t, h.Ask("When do I get my money back?"), "https://shop.example/refunds")
	agenttest.RequireCredits(t, ledger, "shop", 400)
	agenttest.RequireDecision(t, h.Ask("What is the capital of Mongolia?"), agent.Clarify)
	agenttest.RequireHandoff(t, h.Ask("I want to talk to a human"), handoff.AskedForHuman)
	fmt.Println("all as expected")
	// Output: all as expected
}

// exampleT stands in for a *testing.T, which examples do not have.
type exampleT struct{ cleanups []func() }

func (t *exampleT) Helper()                      {}
func (t *exampleT) Context() context.Context     { return context.Background() }
func (t *exampleT) Cleanup(f func())             { t.cleanups = append(t.cleanups, f) }
func (t *exampleT) Fatalf(f string, args ...any) { fmt.Printf(f+"\n", args...) }

func (t *exampleT) end() {
	for _, f := range t.cleanups {
		f()
	}
}
