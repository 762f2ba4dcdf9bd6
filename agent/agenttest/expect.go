package agenttest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/internal/text"
)

// finding is what one expectation came to.
type finding struct {
	held bool
	// essential says that without it the reply is wrong, not merely wanting:
	// what was decided, done, or said that may not be said.
	essential bool
	reason    string // in plain words, when it did not hold
}

// findings compares a reply with what is expected of it.
func (e *Expect) findings(r agent.Reply) []finding {
	var out []finding
	add := func(essential, held bool, format string, args ...any) {
		f := finding{held: held, essential: essential}
		if !held {
			f.reason = fmt.Sprintf(format, args...)
		}
		out = append(out, f)
	}
	e.findInDecision(r, add)
	e.findInText(r, add)
	for _, want := range e.Cites {
		add(false, cites(r, want), "it does not cite %q but %s", want, cited(r.Citations))
	}
	if e.CitesNothing {
		add(false, len(r.Citations) == 0, "it cites %s", cited(r.Citations))
	}
	e.findInActions(r.Trace.Actions, add)
	if e.NoModel {
		add(true, len(r.Trace.ModelCalls) == 0, "the model was asked %d times", len(r.Trace.ModelCalls))
	}
	if e.FromKnowledge {
		add(true, fromKnowledge(r), "it does not rest on the knowledge (plan: %s)", r.Trace.Plan)
	}
	if e.ShortAnswer != "" {
		add(false, r.Trace.ShortAnswer == e.ShortAnswer, "short answer is %q, want %q", r.Trace.ShortAnswer, e.ShortAnswer)
	}
	if e.MinConfidence > 0 {
		add(false, r.Confidence >= e.MinConfidence, "confidence is %.2f, want at least %.2f", r.Confidence, e.MinConfidence)
	}
	return out
}

type addFinding = func(essential, held bool, format string, args ...any)

func (e *Expect) findInDecision(r agent.Reply, add addFinding) {
	if len(e.Decision) > 0 {
		var names []string
		for _, d := range e.Decision {
			names = append(names, d.String())
		}
		add(true, slices.Contains(e.Decision, r.Decision), "decision is %s (%s), want %s", r.Decision, r.Reason, strings.Join(names, " or "))
	}
	if e.Language != "" {
		add(true, covers(e.Language, r.Language), "language is %q, want %q", r.Language, e.Language)
	}
	if e.Handoff != "" {
		switch {
		case r.Case == nil:
			add(true, false, "it does not hand over (%s), want a handoff for %q", r.Decision, e.Handoff)
		default:
			add(true, r.Case.Reason == e.Handoff, "it hands over for %q, want %q", r.Case.Reason, e.Handoff)
		}
	}
}

func (e *Expect) findInText(r agent.Reply, add addFinding) {
	said := withoutMarks(r)
	folded := fold(said)
	has := func(s string) bool { return strings.Contains(folded, fold(s)) }
	for _, want := range e.Contains {
		add(false, has(want), "text lacks %q", want)
	}
	if len(e.ContainsAny) > 0 {
		add(false, slices.ContainsFunc(e.ContainsAny, has), "text has none of %q", e.ContainsAny)
	}
	for _, unwanted := range e.ContainsNot {
		add(true, !has(unwanted), "text has %q", unwanted)
	}
	if e.Exactly != "" {
		add(false, strings.TrimSpace(said) == strings.TrimSpace(e.Exactly), "text is not exactly %q", e.Exactly)
	}
	if e.Matches != nil {
		add(false, e.Matches.MatchString(said), "text does not match %q", e.Matches)
	}
	if e.MaxCharacters > 0 {
		n := utf8.RuneCountInString(said)
		add(false, n <= e.MaxCharacters, "text has %d characters, want at most %d", n, e.MaxCharacters)
	}
}

func (e *Expect) findInActions(called []agent.ActionRecord, add addFinding) {
	for _, want := range e.Actions {
		why := "was not called"
		for _, rec := range called {
			if rec.Name == want.Name {
				if why = want.misses(rec); why == "" {
					break
				}
			}
		}
		add(true, why == "", "action %s %s", want.Name, why)
	}
	if e.NoActions {
		var names []string
		for _, rec := range called {
			names = append(names, rec.Name)
		}
		add(true, len(called) == 0, "it called %s", strings.Join(names, ", "))
	}
}

// misses says what a call lacks of what was expected, or nothing.
func (want ExpectedAction) misses(rec agent.ActionRecord) string {
	switch rec.Outcome {
	case agent.ActionPerformed, agent.ActionDryRun, agent.ActionAwaits:
	default:
		return fmt.Sprintf("was called, but it is %s: %s", rec.Outcome, rec.Error)
	}
	var wanted, got map[string]any
	if len(want.Arguments) > 0 && json.Unmarshal(want.Arguments, &wanted) != nil || len(rec.Arguments) > 0 && json.Unmarshal(rec.Arguments, &got) != nil {
		return "was called with arguments that cannot be read"
	}
	for name, value := range wanted {
		if g, ok := got[name]; !ok || !reflect.DeepEqual(g, value) {
			return fmt.Sprintf("was called with %s, want %s", rec.Arguments, want.Arguments)
		}
	}
	return ""
}

// fromKnowledge reports whether a reply rests on passages or a short answer.
func fromKnowledge(r agent.Reply) bool {
	return r.Substantive && (r.Trace.ShortAnswer != "" || r.Trace.Plan == "from knowledge")
}

// cites reports whether a reply cites what is wanted; see [Expect].Cites.
func cites(r agent.Reply, want string) bool {
	for _, c := range r.Citations {
		switch {
		case c.URL == want, c.Title == want, c.Name == want,
			strings.HasPrefix(want, "/") && strings.HasSuffix(c.URL, want):
			return true
		}
		for _, h := range r.Trace.Hits {
			if h.Citable && (h.Title == c.Title || h.Document == c.Title) && (h.Document == want || h.Source == want) {
				return true
			}
		}
	}
	return false
}

func cited(list []channels.Citation) string {
	if len(list) == 0 {
		return "nothing"
	}
	var out []string
	for _, c := range list {
		out = append(out, strings.TrimSpace(c.Title+" "+c.URL+c.Name))
	}
	return strings.Join(out, ", ")
}

// withoutMarks is a reply's text without the marks of its citations.
func withoutMarks(r agent.Reply) string {
	said := r.Text
	for _, c := range r.Citations {
		mark := fmt.Sprintf("[%d]", c.Number)
		said = strings.ReplaceAll(strings.ReplaceAll(said, " "+mark, ""), mark, "")
	}
	return said
}

// fold is a text as texts are compared: in one case, with single spaces.
func fold(s string) string { return strings.Join(strings.Fields(text.Fold(s)), " ") }

// covers reports whether a language tag is that of a reply, or its language
// without a region.
func covers(tag, of string) bool {
	return strings.EqualFold(tag, of) || !strings.ContainsAny(tag, "-_") && phrases.Base(tag) == phrases.Base(of)
}
