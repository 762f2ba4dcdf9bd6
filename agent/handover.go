package agent

import (
	"context"
	"slices"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

// handOver makes the reply that hands a conversation to a human before the mind
// has worked on it.
func (a *Agent) handOver(ctx context.Context, in input, lang LanguageDecision, reason handoff.Reason, detail string) Reply {
	r := Reply{Language: lang.Language, Trace: Trace{Language: lang, Plan: howHandOff.String()}}
	return a.handOff(ctx, in, r, knowledge.Result{}, reason, detail)
}

// handOff turns r into a handoff: one message for the customer and one case
// with everything a human needs. While a case is open there is no second one.
func (a *Agent) handOff(ctx context.Context, in input, r Reply, found knowledge.Result, reason handoff.Reason, detail string) Reply {
	r.Decision, r.Substantive, r.Citations = HandOff, false, nil
	r.Reason = string(reason)
	if detail != "" && detail != r.Reason {
		r.Reason += ": " + detail
	}
	if in.caseOpen {
		return a.stillOpen(ctx, in, r, reason)
	}
	r.Case = a.caseFile(in, r, found, reason, detail)
	r.way = a.wayOf(ctx, *r.Case)
	r.Text, r.Case.Mode = r.way.text, r.way.mode
	return r
}

// trace begins the account of a reply.
func (a *Agent) trace(in input, u understanding, found knowledge.Result, d draft) Trace {
	t := Trace{
		Language: u.language, SmallTalk: string(u.smallTalk), Signal: u.signal, Guidelines: u.guidance.trace, Query: found.Query, Rewritten: found.Rewritten, Degraded: found.Degraded,
		Answerability: found.Answerability, AnswerAt: a.settingsOf(in.question.Channel).AnswerAt, Generation: found.Generation, Plan: d.plan.how.String(),
		Parts: d.plan.parts, ModelCalls: slices.Concat(in.rewriting.traced(), d.calls), Actions: d.actions,
	}
	if found.ShortAnswer != nil {
		t.ShortAnswer = found.ShortAnswer.ID
	}
	t.Hits = slices.Grow(t.Hits, len(found.Passages))
	for _, p := range found.Passages {
		t.Hits = append(t.Hits, TraceHit{
			Passage: p.ID, Source: p.Source, Document: p.Document, Title: p.Title, Score: p.Score, Lexical: p.Lexical, Similarity: p.Similarity, Citable: p.Citable,
		})
	}
	return t
}
