package agent_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/knowledge"
)

func TestQuestionsOfAMessageAreSearchedByThemselves(t *testing.T) {
	base := helpCentre(t)
	if err := base.PutShortAnswer(t.Context(), knowledge.ShortAnswer{ID: "bikes", Question: "Do you hire out bikes?", Answer: "Yes, from 90 kroner a day."}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text  string
		known []bool   // of each part
		hits  []string // titles among those found
	}{
		"two":             {"When do I get my money back after a return? Is the shop open on Sundays?", []bool{true, true}, []string{"Refunds", "Opening hours"}},
		"list":            {"- my money back after a return\n- how long a gift card is valid", []bool{true, true}, []string{"Refunds", "Gift cards"}},
		"same twice":      {"When do I get my money back after a return? When is my money back from a return?", []bool{true, true}, []string{"Refunds"}},
		"one not known":   {"Is the shop open on Sundays? Can zebras xylophone in xanadu?", []bool{true, false}, []string{"Opening hours"}},
		"a short answer":  {"Is the shop open on Sundays? Do you hire out bikes?", []bool{true, true}, []string{"Opening hours", ""}},
		"one":             {"When do I get my money back after a return?", nil, []string{"Refunds"}},
		"nothing, so all": {"Can zebras xylophone in xanadu? Can giraffes yodel in xanadu?", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			model := agenttest.NewModel().Always(agenttest.Say("Yes [1]."))
			r := reply(t, agent.Config{Knowledge: base, Model: model}, agent.Question{Text: c.text})
			var known []bool
			for _, p := range r.Trace.Parts {
				known = append(known, p.Known)
			}
			if !slices.Equal(known, c.known) {
				t.Errorf("parts %+v", r.Trace.Parts)
			}
			seen := map[string]bool{}
			var titles []string
			for _, h := range r.Trace.Hits {
				if seen[h.Passage] || seen[h.Source+h.Title] && h.Title == "" {
					t.Errorf("%q is there twice", h.Title)
				}
				seen[h.Passage], seen[h.Source+h.Title] = true, true
				titles = append(titles, h.Title)
			}
			if len(titles) < len(c.hits) || !slices.Equal(titles[:len(c.hits)], c.hits) {
				t.Errorf("found %q, want %q first", titles, c.hits)
			}
			if len(titles) > 8 {
				t.Errorf("%d passages", len(titles))
			}
			for _, req := range model.Requests() {
				if strings.Contains(req.System, "Answer each of them") != (len(c.known) > 1) {
					t.Error("the prompt and the parts differ")
				}
			}
		})
	}
}

func TestShortAnswerToAWholeMessageOutranksItsParts(t *testing.T) {
	base := helpCentre(t)
	const both = "Is the shop open on Sundays? And what about public holidays?"
	if err := base.PutShortAnswer(t.Context(), knowledge.ShortAnswer{ID: "closed", Question: both, Answer: "Closed on both."}); err != nil {
		t.Fatal(err)
	}
	if r := reply(t, agent.Config{Knowledge: base}, agent.Question{Text: both}); r.Text != "Closed on both." || len(r.Trace.Parts) != 0 {
		t.Errorf("%q, %+v", r.Text, r.Trace.Parts)
	}
}

func TestFollowUpWithinAMessageIsSearchedInItsContext(t *testing.T) {
	r := reply(t, agent.Config{Knowledge: helpCentre(t)}, agent.Question{Text: "Do I get my money back after a return? And when exactly?"})
	if len(r.Trace.Parts) != 2 || r.Trace.Parts[1].Known || !r.Trace.Parts[1].FollowUp || !strings.Contains(r.Trace.Parts[1].Query, "money back") {
		t.Errorf("parts %+v", r.Trace.Parts)
	}
	agenttest.RequireText(t, r, "14 days")
}
