// Command report shows what an agent reports about itself after some invented
// conversations: a table to read, and its sources as CSV. It needs no key and no
// network.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"sync/atomic"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/collection"
	"github.com/kundeagent/kundeagent/knowledge/file"
	"github.com/kundeagent/kundeagent/report"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// said is what one customer wrote on one day, and how they voted.
type said struct {
	day     int
	channel string
	thread  string
	texts   []string
	vote    string // "", "helpful" or "not helpful"
}

var conversations = []said{
	{0, "chat", "anna", []string{"How long until I get my money back?"}, "helpful"},
	{0, "chat", "bert", []string{"hello"}, ""},
	{1, "mail", "carl", []string{"What does a season ticket cost?"}, ""},
	{1, "chat", "dora", []string{"What does a season ticket cost?", "I want to talk to a human"}, ""},
	{8, "chat", "emil", []string{"How long until I get my money back?"}, "not helpful"},
	{8, "mail", "fine", []string{"Which colour has the moon?"}, ""},
	{9, "mail", "gert", []string{"What does a season ticket cost?"}, "helpful"},
	{13, "chat", "hans", []string{"How long until I get my money back?"}, ""},
}

// clock tells the time of the invented conversations.
type clock struct{ unix atomic.Int64 }

func (c *clock) set(t time.Time) { c.unix.Store(t.Unix()) }
func (c *clock) now() time.Time  { return time.Unix(c.unix.Load(), 0).UTC() }

func run(ctx context.Context, out io.Writer) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	base, err := shop(ctx)
	if err != nil {
		return err
	}
	var today clock
	replies := make(chan agent.Reply, 1)
	a, err := agent.New(agent.Config{
		Knowledge: base, Now: today.now,
		Channels: []channels.Channel{channels.NewMemory("chat", channels.Capabilities{}), channels.NewMemory("mail", channels.Capabilities{})},
		OnReply:  func(_ string, r agent.Reply) { replies <- r },
	})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	if err := talk(ctx, a, &today, replies); err != nil {
		return err
	}
	r, err := reportOf(ctx, a)
	if err != nil {
		return err
	}
	if err := r.WriteText(out); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nThe sources as CSV:")
	if err := r.WriteSourcesCSV(out); err != nil {
		return err
	}
	stop()
	return <-ended
}

// talk lets the customers write, one after the other, two weeks long.
func talk(ctx context.Context, a *agent.Agent, today *clock, replies <-chan agent.Reply) error {
	for number, s := range conversations {
		for i, text := range s.texts {
			today.set(monday.AddDate(0, 0, s.day).Add(minutes(10*number + i)))
			e := channels.Event{Channel: s.channel, Thread: s.thread, Delivery: fmt.Sprint(number, i), Message: channels.Message{Text: text}}
			if err := a.Deliver(ctx, e); err != nil {
				return err
			}
			select {
			case <-replies:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if s.vote == "" {
			continue
		}
		vote := channels.Event{Kind: channels.Feedback, Channel: s.channel, Thread: s.thread, Delivery: fmt.Sprint(number, "vote"), Helpful: s.vote == "helpful"}
		if err := a.Deliver(ctx, vote); err != nil {
			return err
		}
	}
	today.set(monday.AddDate(0, 0, 14)) // Hans wrote yesterday: he is pending
	return nil
}

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// reportOf waits until the agent has taken note of the votes, which it does
// beside its other work.
func reportOf(ctx context.Context, a *agent.Agent) (report.Report, error) {
	votes := 0
	for _, s := range conversations {
		if s.vote != "" {
			votes++
		}
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := a.Report(ctx, report.Query{})
		if err != nil || r.Total.Received == len(conversations) && r.Total.FeedbackRate().Whole == votes {
			return r, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return report.Report{}, ctx.Err()
		}
	}
}

// shop is what the agent knows: three sources, one of which nobody asks about.
func shop(ctx context.Context) (*knowledge.Base, error) {
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		return nil, err
	}
	for _, article := range []collection.Item{
		{ID: "refunds", Title: "Refunds", Body: "You get your money back within five working days of our receiving the parcel."},
		{ID: "tickets", Title: "Season tickets", Body: "A season ticket costs 400 kroner. Students pay half of it with a valid card."},
		{ID: "lost", Title: "Lost property", Body: "An umbrella left behind is kept at the counter for a month."},
	} {
		article.Format = file.Markdown
		source, err := collection.New(collection.Config{ID: article.ID})
		if err != nil {
			return nil, err
		}
		if err := base.Add(source, knowledge.SourceOptions{}); err != nil {
			return nil, err
		}
		if _, err := source.Upsert(ctx, article); err != nil {
			return nil, err
		}
	}
	return base, nil
}
