package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/knowledge"
)

// Step 5: what is known, for those who may see it.

const (
	// passagesAsked is how many passages a reply is made of at most, and
	// passagesOfParts how many a reply to several questions is.
	passagesAsked   = 6
	passagesOfParts = 8
)

// TracePart is one of several questions in a message.
type TracePart struct {
	Text          string
	Query         string // as searched
	Answerability float64
	// Known says that it is above the threshold by itself. What answers the question before
	// may answer a FollowUp that is not known by itself.
	Known, FollowUp bool
	// Missing says that the reply, made without a model, tells that nothing was
	// found about it.
	Missing bool `json:",omitempty"`

	approved string            // the short answer to it
	passages []knowledge.Found // found for it
}

// search finds what is known about a message. A message that asks several
// things is searched part by part; if that finds nothing it is searched whole.
func (a *Agent) search(ctx context.Context, in input, u understanding) (knowledge.Result, []TracePart, error) {
	handsOver := u.signal.Urgency == handoff.Now
	if u.smallTalk != "" || handsOver && !asksSomething(u.signal) || u.guidance.avoid != nil {
		return knowledge.Result{}, nil, nil
	}
	q := knowledge.Query{
		Text: in.question.Text, Language: u.language.Language, Context: u.context,
		Limit: passagesAsked, Audience: a.audience(ctx, in), Preview: in.dry,
		// A rewriter may be a model, which is not asked without credits (P7).
		AsIs: in.unpaid,
	}
	if handsOver {
		return a.searchForCase(ctx, in, q), nil, nil
	}
	if questions := questionsIn(in.question.Text); len(questions) > 1 {
		asIs := q
		asIs.AsIs = true
		found, err := a.searchOne(ctx, in, asIs)
		if err != nil || found.ShortAnswer != nil {
			return found, nil, err // approved for all of it
		}
		found, parts, err := a.searchParts(ctx, in, asIs, questions, u.language)
		if err != nil || found.Answerability >= a.settingsOf(in.question.Channel).AnswerAt {
			return found, parts, err
		}
	}
	found, err := a.searchOne(ctx, in, q)
	return found, nil, err
}

func (a *Agent) searchOne(ctx context.Context, in input, q knowledge.Query) (knowledge.Result, error) {
	found, err := a.cfg.Knowledge.Search(in.rewriting.within(ctx), q)
	err = errors.Join(err, in.rewriting.failure())
	if err != nil {
		return knowledge.Result{}, fmt.Errorf("agent: %w", err)
	}
	return found, nil
}

// searchParts searches each question by itself, a follow-up also in what was
// asked before it, and merges what was found: the best passages of each in
// turn, none twice. A doubtful question keeps its passages where another is
// above the threshold: leaving them out loses one answer in ten (see
// TestQualityAllQuestionsOfAMessageAreFound). The rewriter is not asked: that
// would be several model calls before the first answer.
func (a *Agent) searchParts(ctx context.Context, in input, q knowledge.Query, questions []string, language LanguageDecision) (knowledge.Result, []TracePart, error) {
	var merged knowledge.Result
	var parts []TracePart
	var lists [][]knowledge.Found
	answerAt := a.settingsOf(in.question.Channel).AnswerAt
	for i, question := range questions {
		part := TracePart{Text: question, FollowUp: isFollowUp(question, phrases.Words(question), language)}
		q.Text = question
		if i > 0 {
			q.Context = ""
		}
		if i > 0 && part.FollowUp {
			q.Context = questions[i-1]
		}
		found, err := a.searchOne(ctx, in, q)
		if err != nil {
			return knowledge.Result{}, nil, err
		}
		part.Query, part.Answerability = found.Query, found.Answerability
		if found.ShortAnswer != nil {
			part.approved = found.ShortAnswer.Answer
		}
		if found.Answerability >= answerAt {
			part.Known = i == 0 || found.Query == question
			merged.Answerability = max(merged.Answerability, found.Answerability)
		}
		part.passages = found.Passages
		lists = append(lists, found.Passages)
		parts = append(parts, part)
		merged.Generation = found.Generation
		merged.Query = strings.TrimSpace(merged.Query + "\n" + found.Query)
		if merged.Degraded == "" {
			merged.Degraded = found.Degraded
		}
	}
	merged.Passages = mergePassages(lists, passagesOfParts)
	return merged, parts, nil
}

// mergePassages takes passages from the lists in turn, none twice.
func mergePassages(lists [][]knowledge.Found, limit int) []knowledge.Found {
	var out []knowledge.Found
	seen := map[string]bool{}
	for rank := 0; ; rank++ {
		more := false
		for _, list := range lists {
			if rank >= len(list) || len(out) >= limit {
				continue
			}
			more = true
			f := list[rank]
			if !seen[f.ID] {
				seen[f.ID] = true
				out = append(out, f)
			}
		}
		if !more {
			return out
		}
	}
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
