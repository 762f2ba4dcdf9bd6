package agent

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

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
	query := knowledge.Query{
		Language: u.language.Language, Context: u.context,
		Limit: passagesAsked, Audience: a.audience(ctx, in), Preview: in.dry,
		// A rewriter may be a model, which is not asked without credits (P7).
		AsIs: in.unpaid,
	}
	var results []knowledge.Result
	for _, part := range splitQuestions(in.question.Text) {
		query.Text = part
		found, err := a.cfg.Knowledge.Search(ctx, query)
		if err != nil {
			return knowledge.Result{}, fmt.Errorf("agent: %w", err)
		}
		results = append(results, found)
	}
	return joinResults(results), nil
}

// joinResults makes one result of those of a message's questions: the best
// passages of each in turn. What answers one of them is worth an answer. A short
// answer to one of several is a passage among the others.
func joinResults(results []knowledge.Result) knowledge.Result {
	joined := results[0]
	if len(results) == 1 {
		return joined
	}
	joined.ShortAnswer, joined.Passages = nil, nil
	var queries []string
	for _, r := range results {
		queries = append(queries, r.Query)
		joined.Answerability = max(joined.Answerability, r.Answerability)
		joined.Rewritten = joined.Rewritten || r.Rewritten
		joined.Degraded = cmp.Or(joined.Degraded, r.Degraded)
	}
	joined.Query = strings.Join(queries, "\n")
	for place := range passagesAsked {
		for _, r := range results {
			if place < len(r.Passages) && len(joined.Passages) < passagesAsked && !slices.ContainsFunc(joined.Passages, func(f knowledge.Found) bool { return f.ID == r.Passages[place].ID }) {
				joined.Passages = append(joined.Passages, r.Passages[place])
			}
		}
	}
	return joined
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
