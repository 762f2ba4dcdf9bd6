// Command gaps shows how an agent learns: customers of an invented lamp shop ask
// what it does not know, a colleague answers one of them, the questions are
// listed by topic with a suggested answer, and once a person has approved that,
// the next customer is answered. It needs no key and no network.
//
//	go run ./examples/gaps
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// shop is a chat with the agent behind it.
type shop struct {
	agent   *agent.Agent
	chat    *channels.Memory
	settled chan agent.Reply
	out     io.Writer
}

func run(ctx context.Context, out io.Writer) (err error) {
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		return err
	}
	s := &shop{chat: channels.NewMemory("chat", channels.Capabilities{}), settled: make(chan agent.Reply, 1), out: out}
	s.agent, err = agent.New(agent.Config{
		Knowledge: base,
		Channels:  []channels.Channel{s.chat},
		OnReply:   func(_ string, r agent.Reply) { s.settled <- r },
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.agent.Run(ctx) }()
	defer func() {
		stop()
		if ended := <-done; err == nil {
			err = ended
		}
	}()
	return s.day(ctx)
}

// day is what happens in the shop.
func (s *shop) day(ctx context.Context) error {
	for _, asked := range [][2]string{
		{"anna", "Do you ship to Iceland?"},
		{"bent", "Is shipping to Iceland possible?"},
		{"carl", "How do I cancel my subscription?"},
		{"dora", "How much is shipping to Iceland?"},
	} {
		if err := s.ask(ctx, asked[0], asked[1]); err != nil {
			return err
		}
	}
	mette := s.agent.As(agent.Actor{ID: "mette", Name: "Mette"})
	const reply = "Hi Anna,\nyes, we ship lamps to Iceland within a week. Write to anna@example.com when it is there.\nMette"
	conversation := agent.ConversationID(s.agent.ID(), s.chat.ID(), "anna", 1)
	if err := mette.Reply(ctx, conversation, "reply-1", reply); err != nil {
		return err
	}
	if err := s.teach(ctx, mette); err != nil {
		return err
	}
	return s.ask(ctx, "erik", "do you ship to Iceland")
}

// teach lists what customers miss and answers the first of it.
func (s *shop) teach(ctx context.Context, operator *agent.Operator) error {
	page, err := operator.Gaps(ctx, gaps.Query{})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "\nNot known:")
	for _, topic := range page.Topics {
		fmt.Fprintf(s.out, "  %d conversations  %s\n", topic.Conversations, topic.Title)
	}
	first := page.Topics[0]
	suggested, err := operator.SuggestAnswer(ctx, first.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Suggested, from a %s:\n  %s\n", suggested[0].Origin, suggested[0].Text)
	// A person reads it, and leaves out what was for one customer only.
	resolved, err := operator.ResolveGap(ctx, first.ID, agent.GapAnswer{Text: "Yes, we ship lamps to Iceland within a week.", Suggestion: suggested[0].ID})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s is %s\n\n", resolved.ID, resolved.Status)
	return nil
}

// ask says something as a customer and shows the answer.
func (s *shop) ask(ctx context.Context, customer, question string) error {
	if err := s.chat.Say(ctx, customer, customer, question); err != nil {
		return err
	}
	r := <-s.settled
	fmt.Fprintf(s.out, "%s: %s\n  %s: %s\n", customer, question, r.Decision, r.Text)
	return nil
}
