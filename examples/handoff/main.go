// Command handoff shows a conversation that goes to people and back: a team with
// hours, a queue that offers the case to its members, what the customer is told
// out of hours, and the agent going on afterwards. It needs no key and no
// network.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"os"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// clock shows the time of the story.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func run(ctx context.Context, out io.Writer) error {
	story := &clock{at: time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)} // a Friday evening
	queue, err := newQueue(story.now)
	if err != nil {
		return err
	}
	base, err := newKnowledge(ctx)
	if err != nil {
		return err
	}
	chat := channels.NewMemory("chat", channels.Capabilities{})
	replies := make(chan agent.Reply, 1)
	a, err := agent.New(agent.Config{
		Knowledge: base, Router: queue, Channels: []channels.Channel{chat}, Now: story.now,
		OnReply: func(_ string, r agent.Reply) { replies <- r },
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	err = tell(ctx, out, a, queue, chat, story, replies)
	stop()
	return errors.Join(err, <-ended)
}

// newQueue returns the queue of two people who work on weekdays.
func newQueue(now func() time.Time) (*handoff.Queue, error) {
	hours := &handoff.Schedule{Week: map[time.Weekday][]handoff.Interval{}}
	for day := time.Monday; day <= time.Friday; day++ {
		hours.Week[day] = []handoff.Interval{{From: 9 * time.Hour, To: 17 * time.Hour}}
	}
	return handoff.NewQueue(handoff.QueueConfig{
		Name: "support", Now: now,
		Team: &handoff.Team{Hours: hours, Members: []handoff.Member{
			{ID: "anna", Name: "Anna", Capacity: 3, Languages: []string{"en", "da"}},
			{ID: "bo", Name: "Bo", Capacity: 3},
		}},
	})
}

func newKnowledge(ctx context.Context) (*knowledge.Base, error) {
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		return nil, err
	}
	doc := &knowledge.Document{ID: "returns", Title: "Returns", Blocks: []knowledge.Block{{Text: "You get your money back within 14 days of the return."}}}
	err = base.Add(knowledge.SourceFunc("help", func(context.Context, knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
		return func(yield func(knowledge.Change, error) bool) {
			if yield(knowledge.Change{ID: doc.ID, Kind: knowledge.Upsert, Document: doc}, nil) {
				yield(knowledge.Change{Kind: knowledge.Complete}, nil)
			}
		}
	}), knowledge.SourceOptions{})
	if err != nil {
		return nil, err
	}
	_, err = base.Sync(ctx, "help")
	return base, err
}

// tell lets the customer, the agent and Bo talk.
func tell(ctx context.Context, out io.Writer, a *agent.Agent, queue *handoff.Queue, chat *channels.Memory, story *clock, replies <-chan agent.Reply) error {
	said := 0
	ask := func(text string) (agent.Reply, error) {
		said++
		fmt.Fprintf(out, "customer: %s\n", text)
		if err := chat.Say(ctx, "customer", fmt.Sprint("message ", said), text); err != nil {
			return agent.Reply{}, err
		}
		select {
		case r := <-replies:
			fmt.Fprintf(out, "agent: %s\n", r.Text)
			return r, nil
		case <-ctx.Done():
			return agent.Reply{}, ctx.Err()
		}
	}
	r, err := ask("Hello, I would like to talk to a human.")
	if err != nil {
		return err
	}
	story.set(time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC)) // Monday morning: the team opens
	if _, err := queue.Scan(ctx); err != nil {
		return err
	}
	conversation := agent.ConversationID(a.ID(), "chat", "customer", 1)
	anna, bo := a.As(agent.Actor{ID: "anna", Name: "Anna"}), a.As(agent.Actor{ID: "bo", Name: "Bo"})
	for _, step := range []func() error{
		func() error { return anna.DeclineCase(ctx, conversation) },
		func() error { return bo.AcceptCase(ctx, conversation) },
		func() error {
			return bo.Reply(ctx, conversation, "1", "Good morning, Bo here. All is well with your order.")
		},
		func() error { return bo.ReturnCase(ctx, conversation) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	ticket, err := queue.Ticket(ctx, r.Case.Key)
	if err != nil {
		return err
	}
	for _, h := range ticket.History {
		fmt.Fprintf(out, "case: %s %q, %s\n", h.Event, h.Member, h.At.Format("Monday 15:04"))
	}
	_, err = ask("And when do I get my money back?")
	return err
}
