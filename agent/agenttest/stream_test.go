package agenttest_test

import (
	"fmt"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
)

// A unit test of what a customer sees while the model writes.
func ExampleStartStreaming() {
	t := &exampleT{} // in a test, its *testing.T
	defer t.end()

	base := agenttest.Knowledge(t, agenttest.Doc("Refunds", "https://shop.example/refunds", "You get your money back within 14 days."))
	model := agenttest.NewModel(agenttest.Step{Pieces: []string{"Within 14 days [1]. You", " are welcome."}})
	h := agenttest.StartStreaming(t, agent.Config{Knowledge: base, Model: model})
	h.Ask("When do I get my money back?")

	shown := h.Stream.Streamed()[0]
	fmt.Printf("%s: %q\n", shown.State, shown.Segments)
	// Output: finished: ["Within 14 days [1]." " You are welcome."]
}
