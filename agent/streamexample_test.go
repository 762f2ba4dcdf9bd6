package agent_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

// On a channel that streams, each sentence is shown once it is complete and has
// passed the guards.
func ExampleAgent_Run_streaming() {
	model := agenttest.NewModel(agenttest.Step{Pieces: []string{"You get your money ", "back within 14 days [1]. Just", " send it to https://ev", "il.example back to us."}})
	chat := channels.NewStreamingMemory("chat", channels.Capabilities{Markup: channels.Markdown})
	answered := make(chan bool)
	a, _ := agent.New(agent.Config{
		Knowledge: exampleKnowledge(), Model: model, Channels: []channels.Channel{chat},
		OnReply: func(string, agent.Reply) { close(answered) },
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()

	_ = chat.Say(ctx, "anna", "delivery-1", "When do I get my money back?")
	<-answered
	stop()
	<-done
	for _, segment := range chat.Streamed()[0].Segments {
		fmt.Printf("%q\n", segment)
	}
	// Output:
	// "You get your money back within 14 days [1]."
	// " Just send it to back to us."
}

// A guard that can judge an answer while it is being written lets it be
// streamed; any other guard turns streaming off.
func ExampleSegmentGuardFunc() {
	noPromises := agent.SegmentGuardFunc(func(_ context.Context, d agent.Draft) (agent.Verdict, error) {
		if strings.Contains(strings.ToLower(d.Text), "we promise") {
			return agent.Verdict{Guard: "promises", Action: agent.Block, Reason: "a promise"}, nil
		}
		return agent.Verdict{}, nil
	})
	a, _ := agent.New(agent.Config{
		Knowledge: exampleKnowledge(), Guards: []agent.Guard{noPromises},
		Model: agenttest.NewModel(agenttest.Say("We promise that you get it within 14 days [1].")),
	})
	r, _ := a.Reply(context.Background(), agent.Question{Text: "When do I get my money back?"})
	fmt.Println(r.Reason)
	// Output: model's draft was blocked, knowledge quoted
}
