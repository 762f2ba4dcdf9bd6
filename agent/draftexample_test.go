package agent_test

import (
	"context"
	"fmt"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
)

// On a channel in draft mode the agent suggests, and a person sends.
func ExampleOperator_SendDraft() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	drafts := make(chan agent.DraftReply, 1)
	mail := channels.NewMemory("mail", channels.Capabilities{})
	a, err := agent.New(agent.Config{
		Knowledge: exampleKnowledge(), Channels: []channels.Channel{mail},
		OnDraft: func(d agent.DraftReply) { drafts <- d },
	})
	if err != nil {
		panic(err)
	}
	person := a.As(agent.Actor{ID: "7", Name: "Mette"})
	if err := person.Deploy(ctx, "mail", agent.Deployment{Mode: agent.ModeDraft}); err != nil {
		panic(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()

	_ = mail.Say(ctx, "anna@mail.example", "delivery-1", "When do I get my money back?")
	d := <-drafts
	fmt.Printf("draft: %s\nsent so far: %d\n", d.Text, len(mail.Sent("")))

	// The person shortens it; the citation stays.
	if err := person.SendDraft(ctx, d.Conversation, d.ID, "Dear Anna, it takes 14 days at most. [1]"); err != nil {
		panic(err)
	}
	for range a.Watch(ctx, d.Conversation, 1) {
		break // the message is in the conversation
	}
	c, _ := person.Conversation(ctx, d.Conversation)
	last := c.Messages[len(c.Messages)-1].Message
	fmt.Printf("%s: %s (%s)\n%s\n", last.Name, last.Text, last.Citations[0].URL, c.Drafts[0].Verdict)
	stop()
	<-done
	// Output:
	// draft: Here is what I found:
	//
	// You get your money back within 14 days of the return. [1]
	// sent so far: 0
	// Mette: Dear Anna, it takes 14 days at most. [1] (https://shop.example/refunds)
	// edited by 7
}

// A person who has a conversation can ask the agent what it would say.
func ExampleOperator_Suggest() {
	ctx := context.Background()
	chat := channels.NewMemory("chat", channels.Capabilities{})
	a, err := agent.New(agent.Config{Knowledge: exampleKnowledge(), Channels: []channels.Channel{chat}})
	if err != nil {
		panic(err)
	}
	_ = chat.Say(ctx, "anna", "delivery-1", "When do I get my money back?")
	person := a.As(agent.Actor{ID: "7", Name: "Mette"})
	conversation := agent.ConversationID(a.ID(), "chat", "anna", 1)
	_ = person.TakeOver(ctx, conversation)

	r, err := person.Suggest(ctx, conversation)
	fmt.Println(r.Decision, r.Text, err)
	fmt.Println("sent:", len(chat.Sent("")))
	// Output:
	// answer Here is what I found:
	//
	// You get your money back within 14 days of the return. [1] <nil>
	// sent: 0
}
