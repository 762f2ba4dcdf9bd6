package agent

import (
	"context"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/report"
)

// Step 3: may the agent take this conversation? A new one needs a published
// agent on its channel, within its hours, not paused, and credits; one that was
// taken goes on until it is resolved.

// admitted is the verdict.
type admitted struct {
	taken  bool
	reason string // when not taken
	why    Refusal
	unpaid bool // taken, but nothing pays for a model
}

// Refusal is why the agent did not take a conversation, as reports group it.
type Refusal string

// The refusals.
const (
	NotDeployed Refusal = report.NotDeployed // removed from the channel, not published, or deleted
	Paused      Refusal = "paused"
	OutOfHours  Refusal = "out of hours"
	NoCredits   Refusal = "no credits"
	NotChosen   Refusal = "left to humans" // by the deployment's share or filter
)

// admit decides about a new conversation, or one that was refused and came back,
// or renews what a taken one needs, and records it in the conversation.
func (w *work) admit(ctx context.Context, c *Conversation, l Lifecycle, j journal) (admitted, error) {
	switch {
	case l.Deleted:
		c.Progress.Admission.Refusal = NotDeployed
		return admitted{reason: "agent is deleted"}, nil
	case c.taken():
		return w.readmit(ctx, c, j)
	}
	verdict := w.agent.mayTake(ctx, l, c)
	if verdict.taken {
		var err error
		if verdict, err = w.reserve(ctx, c, j); err != nil {
			return admitted{}, err
		}
	}
	c.Progress.Admission = Admission{Taken: verdict.taken, Reason: verdict.reason, Refusal: verdict.why, OwnerVersion: c.OwnerVersion}
	return verdict, w.save(ctx, Save{Progress: c.Progress})
}

// readmit lets a conversation that was taken go on. Without credits it goes on
// unpaid: no model is asked.
func (w *work) readmit(ctx context.Context, c *Conversation, j journal) (admitted, error) {
	before := c.Progress.Charge
	// A reservation may have lapsed; reserving it again is free if it has not.
	verdict, err := w.reserve(ctx, c, j)
	if err != nil {
		return admitted{}, err
	}
	if !verdict.taken {
		return admitted{taken: true, unpaid: true}, nil
	}
	if c.Progress.Charge != before {
		err = w.save(ctx, Save{Progress: c.Progress})
	}
	return verdict, err
}

// refuse is the reply to a conversation the agent does not take: it goes to a
// human with the reason.
func (a *Agent) refuse(ctx context.Context, in input, reason string) (Reply, error) {
	decision := a.decideLanguage(in.language, in.question.Text, in.lastText, in.question)
	return a.handOver(ctx, in, decision, handoff.NotAdmitted, reason), nil
}
