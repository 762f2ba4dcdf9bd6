// Command lifecycle shows how people run an agent: they edit its settings,
// preview the draft, publish it, compare versions, pause the agent, roll back,
// and read who did what. It needs no key and no network.
//
//	go run ./examples/lifecycle
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
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		return err
	}
	a, err := agent.New(agent.Config{
		Knowledge: base,
		Profile:   agent.Profile{Name: "Ida"},
		Channels:  []channels.Channel{channels.NewMemory("chat", channels.Capabilities{})},
	})
	if err != nil {
		return err
	}
	mette := a.As(agent.Actor{ID: "mette", Name: "Mette"})
	if err := edit(ctx, mette, out); err != nil {
		return err
	}
	if err := pause(ctx, a, mette, out); err != nil {
		return err
	}
	if err := mette.Rollback(ctx, 0); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nRolled back. The audit log, newest first:")
	page, err := mette.Audit(ctx, agent.AuditQuery{})
	if err != nil {
		return err
	}
	for _, e := range page.Events {
		fmt.Fprintf(out, "  %s by %s: %s -> %s\n", e.Action, e.Actor.ID, e.Before, e.After)
	}
	return nil
}

// edit makes a version of the settings, tries it and publishes it.
func edit(ctx context.Context, o *agent.Operator, out io.Writer) error {
	settings, err := o.DraftSettings(ctx)
	if err != nil {
		return err
	}
	settings.Guidelines = append(settings.Guidelines, agent.Guideline{
		Name: "press", Category: agent.Avoid, When: []string{"journalist"}, Instead: agent.InsteadSay, Then: "Please write to our press office.",
	})
	version, err := o.Edit(ctx, settings, "the press has a desk of its own")
	if err != nil {
		return err
	}
	r, err := o.PreviewVersion(ctx, version, agent.Question{Text: "I am a journalist."})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Version %d would say: %s\nIt changes:\n", version, r.Text)
	changes, err := o.Diff(ctx, 0, version)
	if err != nil {
		return err
	}
	for _, c := range changes {
		fmt.Fprintf(out, "  %s\n", c)
	}
	return o.Publish(ctx)
}

// pause shows what customers and colleagues see of a pause.
func pause(ctx context.Context, a *agent.Agent, o *agent.Operator, out io.Writer) error {
	if err := o.Pause(ctx, "stocktaking"); err != nil {
		return err
	}
	for _, then := range []func(context.Context) error{o.Resume, func(context.Context) error { return nil }} {
		s, err := a.Status(ctx)
		if err != nil {
			return err
		}
		label, err := a.LabelFor(ctx, "chat", "en")
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\nThe agent is %s; it works by version %d; the label is shown: %t", described(s), s.Version, label.Shown)
		if err := then(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintln(out)
	return nil
}

// described tells a state with its reason.
func described(s agent.Status) string {
	text := fmt.Sprint(s.State)
	if s.Reason != "" {
		text += " (" + s.Reason + ")"
	}
	return text
}
