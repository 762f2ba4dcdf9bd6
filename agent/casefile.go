package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/redact"
	"github.com/kundeagent/kundeagent/knowledge"
)

// What a human is handed with a conversation.

const (
	// maxFacts bounds the facts of a case, and maxFact each of them, in
	// characters.
	maxFacts = 50
	maxFact  = 500
	// maxSearchedForFacts bounds how much of what the customer wrote is searched
	// for addresses and numbers, in bytes.
	maxSearchedForFacts = 64 << 10
)

// caseFile makes the case of a handoff.
func (a *Agent) caseFile(in input, r Reply, found knowledge.Result, reason handoff.Reason, detail string) *handoff.Case {
	said := channels.Message{Author: channels.FromCustomer, Text: in.question.Text, At: in.startedAt}
	c := &handoff.Case{
		Key: in.key, Agent: a.cfg.ID, Channel: in.question.Channel, Contact: in.question.Contact, Language: r.Language,
		Reason: reason, Detail: detail, Transcript: append(slices.Clone(in.question.History), said),
		WaitingSince: in.startedAt, CreatedAt: a.cfg.Now(), SuggestedReply: r.suggested,
		Summary: fmt.Sprintf("%s. Last question: %q", reason, cutRunes(in.question.Text, 300)),
	}
	if r.Trace.Signal.Reason == reason {
		c.Trigger = r.Trace.Signal.Trigger
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
	c.Facts = a.factsOf(in, r, c.Transcript)
	return c
}

// factsOf collects what is known: the host's attributes of the contact, what
// actions came to in this turn and before, and addresses and numbers that the
// customer gave.
func (a *Agent) factsOf(in input, r Reply, said []channels.Message) []handoff.Fact {
	var facts []handoff.Fact
	attributes := in.question.Contact.Attributes
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		facts = addFact(facts, handoff.Fact{Name: name, Value: attributes[name], From: "contact"})
	}
	for _, f := range in.facts {
		facts = addFact(facts, f)
	}
	facts = addActions(facts, r.Trace.Actions)
	left := maxSearchedForFacts
	for _, m := range said {
		if m.Author != channels.FromCustomer || len(m.Text) > left {
			continue
		}
		left -= len(m.Text)
		for _, d := range givenData.Find(m.Text) {
			if d.Kind != redact.Email && d.Kind != redact.Phone {
				continue // a card or an account is no fact to be passed on
			}
			if d.Text != in.question.Contact.Email && d.Text != in.question.Contact.Phone {
				facts = addFact(facts, handoff.Fact{Name: string(d.Kind), Value: d.Text, From: "conversation"})
			}
		}
	}
	return facts
}

// givenData recognises what customers give of themselves to be reached.
var givenData = redact.New(redact.Config{})

// addActions adds what actions came to.
func addActions(facts []handoff.Fact, done []ActionRecord) []handoff.Fact {
	for _, rec := range done {
		if rec.Outcome != ActionPerformed {
			continue
		}
		value := rec.Result.Text
		if len(rec.Arguments) > 0 && json.Valid(rec.Arguments) && string(rec.Arguments) != "{}" {
			value = strings.TrimSpace(string(rec.Arguments) + " " + value)
		}
		facts = addFact(facts, handoff.Fact{Name: rec.Name, Value: value, From: "action"})
	}
	return facts
}

// addFact adds a fact that is not there, while there is room. What is given is
// not changed.
func addFact(facts []handoff.Fact, f handoff.Fact) []handoff.Fact {
	f.Value = cutRunes(f.Value, maxFact)
	if f.Value == "" || len(facts) >= maxFacts || slices.Contains(facts, f) {
		return facts
	}
	return append(slices.Clip(facts), f)
}

// asksSomething reports whether a message that is handed over also asks what the
// knowledge may know.
func asksSomething(s handoff.Signal) bool {
	return s.Reason != handoff.AskedForHuman && s.Reason != handoff.Failure
}

// searchForCase finds what a human may answer with. No model is asked for it,
// and a search that fails does not keep the human from the case.
func (a *Agent) searchForCase(ctx context.Context, in input, q knowledge.Query) knowledge.Result {
	q.AsIs = true
	found, err := a.searchOne(ctx, in, q)
	if err != nil {
		a.cfg.Logger.WarnContext(ctx, "search for a case failed", "agent", a.cfg.ID, "error", err)
		return knowledge.Result{}
	}
	return found
}

// suggestion is what the agent would have said had it been surer, for the human
// alone: the model's draft that a guard wanted a human to see, or else what the
// passages say.
func (a *Agent) suggestion(in input, u understanding, found knowledge.Result, d draft, verdicts []Verdict) string {
	text := ""
	if d.fromModel && escalated(verdicts) {
		text = d.text
	} else if len(found.Passages) > 0 {
		text = a.quote(u, in, found, d.plan).text
	}
	return strings.TrimSpace(withoutMarks(text))
}
