package agent

import (
	"context"
	"fmt"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

// Step 5: what is known, for those who may see it.

// passagesAsked is how many passages a reply is made of at most.
const passagesAsked = 6

func (a *Agent) search(ctx context.Context, in input, u understanding) (knowledge.Result, error) {
	if u.smallTalk != "" || u.signal.Urgency == handoff.Now {
		return knowledge.Result{}, nil
	}
	found, err := a.cfg.Knowledge.Search(ctx, knowledge.Query{
		Text: in.question.Text, Language: u.language.Language, Context: u.context,
		Limit: passagesAsked, Audience: a.audience(ctx, in), Preview: in.dry,
		// A rewriter may be a model, which is not asked without credits (P7).
		AsIs: in.unpaid,
	})
	if err != nil {
		return knowledge.Result{}, fmt.Errorf("agent: %w", err)
	}
	return found, nil
}

// audience asks the host what the contact may see. When the host cannot tell,
// it is the public part only.
func (a *Agent) audience(ctx context.Context, in input) []string {
	if a.cfg.Audience == nil {
		return nil
	}
	tags, err := a.cfg.Audience(ctx, in.question.Contact)
	if err != nil {
		a.cfg.Logger.WarnContext(ctx, "audience of a contact is unknown, searching public knowledge only", "agent", a.cfg.ID, "error", err)
		return nil
	}
	return tags
}
