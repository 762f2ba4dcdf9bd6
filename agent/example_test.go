package agent_test

import (
	"context"
	"fmt"
	"iter"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/knowledge"
)

func exampleKnowledge() *knowledge.Base {
	base, err := knowledge.New(knowledge.Config{})
	if err == nil {
		err = base.Add(agenttest.Source("help", agenttest.Doc("Refunds", "https://shop.example/refunds", "You get your money back within 14 days of the return.")), knowledge.SourceOptions{})
	}
	if err == nil {
		_, err = base.Sync(context.Background(), "help")
	}
	if err != nil {
		fmt.Println(err)
	}
	return base
}

func ExampleNew() {
	a, err := agent.New(agent.Config{Knowledge: exampleKnowledge()})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := a.Reply(context.Background(), agent.Question{Text: "When do I get my money back?"})
	fmt.Println(r.Text, err)
	// Output:
	// Here is what I found:
	//
	// You get your money back within 14 days of the return. [1] <nil>
}

// Any SDK plugs in as a function.
func ExampleModelFunc() {
	model := agent.ModelFunc(func(_ context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
		return func(yield func(agent.Event, error) bool) {
			yield(agent.Event{Text: "Two weeks, 14 days, after you sent it back [1]."}, nil)
		}
	})
	a, _ := agent.New(agent.Config{Knowledge: exampleKnowledge(), Model: model})
	r, _ := a.Reply(context.Background(), agent.Question{Text: "When do I get my money back?"})
	fmt.Println(r.Text)
	fmt.Println(r.Citations[0].Title, r.Citations[0].URL)
	// Output:
	// Two weeks, 14 days, after you sent it back [1].
	// Refunds https://shop.example/refunds
}

// A channel delivers what customers say; Run answers it.
func ExampleAgent_Run() {
	chat := channels.NewMemory("chat", channels.Capabilities{})
	answered := make(chan bool)
	a, _ := agent.New(agent.Config{
		Knowledge: exampleKnowledge(),
		Channels:  []channels.Channel{chat},
		OnReply:   func(string, agent.Reply) { close(answered) },
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()

	_ = chat.Say(ctx, "anna", "delivery-1", "When do I get my money back?")
	<-answered
	stop()
	fmt.Println(<-done)
	fmt.Println(chat.Sent("anna")[0].Parts[0])
	// Output:
	// <nil>
	// Here is what I found:
	//
	// You get your money back within 14 days of the return. [1]
	//
	// Sources:
	// [1] Refunds – https://shop.example/refunds
}

func ExampleAgent_As() {
	chat := channels.NewMemory("chat", channels.Capabilities{})
	a, _ := agent.New(agent.Config{Knowledge: exampleKnowledge(), Channels: []channels.Channel{chat}})
	ctx := context.Background()
	mette := a.As(agent.Actor{ID: "7", Name: "Mette"})
	fmt.Println(mette.Pause(ctx, "stocktaking"))
	log, _ := mette.Logs(ctx, agent.AuditLog, 0, 10)
	fmt.Println(len(log), "audit events: the agent was created, and paused")
	// Output:
	// <nil>
	// 2 audit events: the agent was created, and paused
}

func ExampleParsePersonality() {
	p, err := agent.ParsePersonality("witty")
	fmt.Println(p, err)
	_, err = agent.ParsePersonality("grumpy")
	fmt.Println(err)
	// Output:
	// Witty <nil>
	// agent: unknown personality: "grumpy" is none of Friendly, Professional, Casual, Empathetic, Witty
}
