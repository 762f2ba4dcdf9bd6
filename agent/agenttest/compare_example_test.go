package agenttest_test

import (
	"context"
	"os"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
)

// What an edit of the settings would change, before it is published.
func ExampleCompare() {
	t := &exampleT{}
	defer t.end()
	ctx := context.Background()
	base := agenttest.Knowledge(t, agenttest.Doc("Refunds", "https://shop.example/refunds", "You get your money back within 14 days."))
	a, err := agent.New(agent.Config{Knowledge: base})
	if err != nil {
		panic(err)
	}
	cases := []agenttest.Case{
		{Name: "known", Turns: []agenttest.Turn{{Say: "When do I get my money back?", Expect: agenttest.Expect{Contains: []string{"14 days"}}}}},
		{Name: "unknown", Turns: []agenttest.Turn{{Say: "Do you repair dishwashers?", Expect: agenttest.Expect{Decision: []agent.Decision{agent.HandOff}}}}},
	}
	before, err := agenttest.Evaluation{}.Run(ctx, a, cases)
	if err != nil {
		panic(err)
	}
	edited := a.Settings()
	edited.MaxClarify = -1 // never ask back
	after, err := agenttest.Evaluation{}.Run(ctx, agenttest.AnswererFunc(func(ctx context.Context, q agent.Question) (agent.Reply, error) {
		return a.PreviewWith(ctx, edited, q)
	}), cases)
	if err != nil {
		panic(err)
	}
	_ = agenttest.Compare(before, after).WriteTable(os.Stdout)
	// Output:
	// case     change  before            after
	// unknown  better  fail 0/1 clarify  pass 1/1 hand off
	// 1 better, 0 worse, 0 other, 1 the same, 0 added, 0 removed
}
