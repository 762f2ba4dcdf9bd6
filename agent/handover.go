package agent

import (
	"context"
	"fmt"
	"slices"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/knowledge"
)

// handOver makes the reply that hands a conversation to a human before the mind
// has worked on it.
func (a *Agent) handOver(ctx context.Context, in input, lang LanguageDecision, reason handoff.Reason, detail string) Reply {
	r := Reply{Language: lang.Language, Trace: Trace{Language: lang, Plan: howHandOff.String()}}
	return a.handOff(ctx, in, r, knowledge.Result{}, reason, detail)
}

// handOff turns r into a handoff: one message for the customer and one case
// with everything a human needs.
func (a *Agent) handOff(_ context.Context, in input, r Reply, found knowledge.Result, reason handoff.Reason, detail string) Reply {
	now := a.cfg.Now()
	r.Decision, r.Substantive, r.Citations = HandOff, false, nil
	r.Reason = string(reason)
	if detail != "" && detail != r.Reason {
		r.Reason += ": " + detail
	}
	r.Text = a.handoffMessage(r.Language)
	transcript := append(slices.Clone(in.question.History), channels.Message{Author: channels.FromCustomer, Text: in.question.Text, At: in.startedAt})
	c := &handoff.Case{
		Key: in.key, Agent: a.cfg.ID, Channel: in.question.Channel, Contact: in.question.Contact, Language: r.Language,
		Reason: reason, Detail: detail, Transcript: transcript, WaitingSince: in.startedAt, CreatedAt: now,
		Summary: fmt.Sprintf("%s. Last question: %q", reason, cutRunes(in.question.Text, 300)),
	}
	for _, p := range found.Passages {
		title := p.Title
		if title == "" {
			title = p.Document
		}
		if !slices.Contains(c.Sources, title) {
			c.Sources = append(c.Sources, title)
		}
	}
	r.Case = c
	return r
}

// handoffMessage is what the customer is told: by whom and, out of hours, from
// when they will be answered.
func (a *Agent) handoffMessage(lang string) string {
	now := a.cfg.Now()
	if a.cfg.TeamHours.Open(now) {
		return phrases.Text(lang, phrases.Transferring)
	}
	next, ok := a.cfg.TeamHours.NextOpen(now)
	if !ok {
		return phrases.Text(lang, phrases.NobodyThere)
	}
	return phrases.Text(lang, phrases.OutOfHours, "time", next.Format("2006-01-02 15:04"))
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
	for _, p := range found.Passages {
		t.Hits = append(t.Hits, TraceHit{
			Passage: p.ID, Source: p.Source, Document: p.Document, Title: p.Title, Score: p.Score, Lexical: p.Lexical, Similarity: p.Similarity, Citable: p.Citable,
		})
	}
	return t
}
