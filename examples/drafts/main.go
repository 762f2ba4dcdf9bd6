// Command drafts lets a person decide about every reply: the agent of an
// invented bakery suggests, and the person sends, edits or dismisses. Drafts
// cost no credits. It needs no key and no network.
//
//	go run ./examples/drafts
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/collection"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "drafts:", err)
		os.Exit(1)
	}
}

var mails = []struct{ from, text string }{
	{"anna@mail.example", "How early must I order a wedding cake?"},
	{"bo@mail.example", "Is the rye bread without milk?"},
	{"carla@mail.example", "Could you paint my house?"},
}

func run(ctx context.Context, out io.Writer) (err error) {
	base, err := learn(ctx)
	if err != nil {
		return err
	}
	ledger := credits.NewLedger(credits.Config{})
	if err := ledger.Grant(ctx, "bakery", credits.Grant{ID: "start", Amount: 500}); err != nil {
		return err
	}
	mail := channels.NewMemory("mail", channels.Capabilities{})
	drafted := make(chan agent.DraftReply, len(mails))
	bakery, err := agent.New(agent.Config{
		ID: "bakery", Knowledge: base, Meter: ledger, Channels: []channels.Channel{mail},
		OnDraft: func(d agent.DraftReply) { drafted <- d },
	})
	if err != nil {
		return err
	}
	person := bakery.As(agent.Actor{ID: "mette", Name: "Mette"})
	if err := person.Deploy(ctx, "mail", agent.Deployment{Mode: agent.ModeDraft}); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- bakery.Run(ctx) }()
	defer func() {
		stop()
		err = errors.Join(err, <-done)
	}()

	for i, m := range mails {
		if err := mail.Say(ctx, m.from, fmt.Sprintf("delivery-%d", i), m.text); err != nil {
			return err
		}
		select {
		case d := <-drafted:
			fmt.Fprintf(out, "%s asks: %s\n  would %s (confidence %.2f):\n  %q\n", m.from, d.Question, d.Decision, d.Confidence, d.Text)
			if err := decide(ctx, out, person, d, i); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for len(mail.Sent("")) < 2 { // Run sends them
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for _, s := range mail.Sent("") {
		fmt.Fprintf(out, "sent to %s: %q\n", s.Thread, s.Text)
	}
	balance, err := ledger.Balance(ctx, "bakery")
	fmt.Fprintf(out, "%d of 500 credits left\n", balance.Available)
	return err
}

// decide is what the person thinks of the drafts.
func decide(ctx context.Context, out io.Writer, person *agent.Operator, d agent.DraftReply, i int) error {
	switch i {
	case 0:
		fmt.Fprintln(out, "  Mette sends it as it is.")
		return person.SendDraft(ctx, d.Conversation, d.ID, "")
	case 1:
		fmt.Fprintln(out, "  Mette words it herself.")
		return person.SendDraft(ctx, d.Conversation, d.ID, "Dear Bo, yes: flour, water and salt, nothing else. [1]")
	default:
		fmt.Fprintln(out, "  Mette dismisses it.")
		return person.DismissDraft(ctx, d.Conversation, d.ID, "not our business")
	}
}

func learn(ctx context.Context) (*knowledge.Base, error) {
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		return nil, err
	}
	articles, err := collection.New(collection.Config{ID: "articles"})
	if err != nil {
		return nil, err
	}
	if err := base.Add(articles, knowledge.SourceOptions{}); err != nil {
		return nil, err
	}
	_, err = articles.Upsert(ctx,
		collection.Item{ID: "cakes", Title: "Wedding cakes", Format: file.Markdown, Body: "Order a wedding cake three weeks before the wedding, at the counter or by mail."},
		collection.Item{ID: "rye", Title: "Rye bread", Format: file.Markdown, Body: "The rye bread is made of flour, water and salt, without milk or eggs."},
	)
	return base, err
}
