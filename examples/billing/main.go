// Command billing shows what three conversations cost under two policies, and the
// bill with the evidence of each charge. Time is made to pass: nothing is waited
// for.
//
//	go run ./examples/billing
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/collection"
)

func main() {
	for _, policy := range []credits.Policy{credits.PerConversation(), credits.PerResolution()} {
		if err := bill(context.Background(), os.Stdout, policy); err != nil {
			fmt.Fprintln(os.Stderr, "billing:", err)
			os.Exit(1)
		}
	}
}

// customers are the threads of the chat.
var customers = []string{"anna", "bo", "clara"}

// shop is an agent with an account, whose clock is turned by hand.
type shop struct {
	agent   *agent.Agent
	chat    *channels.Memory
	ledger  *credits.Ledger
	settled chan agent.Reply

	mu  sync.Mutex
	now time.Time
}

func (s *shop) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// bill lets three customers talk to an agent under a policy, and writes what it
// cost.
func bill(ctx context.Context, out io.Writer, policy credits.Policy) error {
	s, err := open(ctx, policy)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.agent.Run(ctx) }()
	err = s.live(ctx)
	if err == nil {
		err = s.print(ctx, out, policy)
	}
	stop()
	if runErr := <-done; err == nil {
		err = runErr
	}
	return err
}

func open(ctx context.Context, policy credits.Policy) (*shop, error) {
	help, err := collection.New(collection.Config{ID: "help"})
	if err != nil {
		return nil, err
	}
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		return nil, err
	}
	if err := base.Add(help, knowledge.SourceOptions{}); err != nil {
		return nil, err
	}
	if _, err := help.Upsert(ctx, collection.Item{
		ID: "returns", Title: "Returns", URL: "https://shop.example/returns", Language: "en",
		Blocks: []knowledge.Block{{Text: "You get your money back within 14 days of the return."}},
	}); err != nil {
		return nil, err
	}
	s := &shop{
		chat: channels.NewMemory("chat", channels.Capabilities{}), settled: make(chan agent.Reply, 10),
		now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}
	s.ledger = credits.NewLedger(credits.Config{Now: s.clock})
	if err := s.ledger.Grant(ctx, "shop", credits.Pack("order-1", 1000)); err != nil {
		return nil, err
	}
	s.agent, err = agent.New(agent.Config{
		ID: "shop", Knowledge: base, Channels: []channels.Channel{s.chat}, Meter: s.ledger, Policy: policy,
		Now: s.clock, Poll: time.Millisecond, OnReply: func(_ string, r agent.Reply) { s.settled <- r },
	})
	return s, err
}

// live is what happens: Anna is helped, Bo asks for a human, and Clara comes back
// with the same question after four days.
func (s *shop) live(ctx context.Context) error {
	const question = "When do I get my money back after a return?"
	for i, said := range []struct {
		who, text string
		after     time.Duration
	}{
		{"anna", question, 0},
		{"bo", question, time.Hour},
		{"bo", "I want to talk to a human.", time.Minute},
		{"clara", question, time.Hour},
		{"clara", "Hello again! " + question, 80 * time.Hour},
	} {
		if err := s.pass(ctx, said.after); err != nil {
			return err
		}
		if err := s.chat.Say(ctx, said.who, fmt.Sprint(i), said.text); err != nil {
			return err
		}
		select {
		case <-s.settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.pass(ctx, 80*time.Hour)
}

// pass turns the clock, an hour at a time.
func (s *shop) pass(ctx context.Context, d time.Duration) error {
	for ; d > 0; d -= time.Hour {
		s.mu.Lock()
		s.now = s.now.Add(min(d, time.Hour))
		s.mu.Unlock()
		if err := s.rest(ctx); err != nil {
			return err
		}
	}
	return nil
}

// rest waits until the agent has nothing to do.
func (s *shop) rest(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		busy := false
		for _, who := range customers {
			c, err := s.agent.As(agent.Actor{ID: "billing"}).Conversation(ctx, agent.ConversationID("shop", "chat", who, 1))
			if errors.Is(err, agent.ErrNoConversation) {
				continue
			}
			if err != nil {
				return err
			}
			at, due := c.DueAt()
			busy = busy || due && !s.clock().Before(at)
		}
		if !busy {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *shop) print(ctx context.Context, out io.Writer, policy credits.Policy) error {
	period, err := s.ledger.Period(ctx, "shop", s.clock())
	if err != nil {
		return err
	}
	b, err := s.ledger.Bill(ctx, "shop", period)
	if err != nil {
		return err
	}
	who := map[string]string{}
	for _, name := range customers {
		who[agent.ConversationID("shop", "chat", name, 1)] = name
	}
	fmt.Fprintf(out, "%s: %d charged, %d refunded, %d left\n", policy.Rule, b.Charged, b.Refunded, b.Closing)
	for _, e := range b.Entries {
		if e.Kind == credits.EntryGrant {
			continue
		}
		id := strings.TrimPrefix(e.Purpose, "conversation ")
		line := fmt.Sprintf("%s %-7s %3d %-5s", e.At.Format("Jan _2 15:04"), e.Kind, e.Amount, who[id])
		if e.Evidence.Event != "" {
			line += " " + strings.ReplaceAll(e.Evidence.Event, id, who[id])
		}
		fmt.Fprintln(out, strings.TrimRight(line, " "))
	}
	return b.Check()
}
