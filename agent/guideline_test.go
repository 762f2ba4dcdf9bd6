package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

func TestOnlyGuidelinesThatApplyReachTheModel(t *testing.T) {
	vip := func(_ context.Context, s handoff.Situation) bool { return s.Contact.ID == "vip" }
	list := []agent.Guideline{
		{Name: "always", Then: "Thank them."},
		{Name: "words", When: []string{"money back", "Rücksendung"}, Then: "Mention the receipt.", Category: agent.Script},
		{Name: "whole words", When: []string{"turn"}, Then: "NEVER"},
		{Name: "channel", Channels: []string{"mail"}, Then: "Sign with the name.", Category: agent.Style},
		{Name: "language", Languages: []string{"da"}, Then: "Say du.", Category: agent.Tone},
		{Name: "host", Applies: vip, Then: "Offer a call."},
		{Name: "words and host", When: []string{"money"}, Applies: vip, Then: "Offer a coupon."},
	}
	for _, c := range []struct {
		q    agent.Question
		want []string // name and why
	}{
		{agent.Question{Text: refundQuestion}, []string{"always always", "words money back"}},
		{agent.Question{Text: "When do I get my MONEY  back?", Channel: "mail"}, []string{"always always", "words money back", "channel always"}},
		{agent.Question{Text: refundQuestion, Language: "da"}, []string{"always always", "words money back", "language always"}},
		{agent.Question{Text: refundQuestion, Language: "da-DK", Contact: channels.Contact{ID: "vip"}}, []string{"always always", "words money back", "language always", "host the host's function", "words and host money"}},
		{agent.Question{Text: "Wohin mit der Ruecksendung, money?"}, []string{"always always", "words Rücksendung"}},
		{agent.Question{Text: "Is my money. Back?"}, []string{"always always"}},
		{agent.Question{Text: "How long?", History: []channels.Message{{Text: refundQuestion}}}, []string{"always always", "words money back"}},
	} {
		model := agenttest.NewModel().Always(agenttest.Say("Within 14 days [1]."))
		r, err := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: model, Guidelines: list, AnswerAt: .0001}).Reply(t.Context(), c.q)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, g := range r.Trace.Guidelines {
			got = append(got, g.Name+" "+g.Why)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.q.Text, got, c.want)
		}
		for _, req := range model.Requests() {
			for _, g := range list {
				told := strings.Contains(req.System, g.Then)
				if want := slices.ContainsFunc(r.Trace.Guidelines, func(h agent.TraceGuideline) bool { return h.Name == g.Name }); told != want {
					t.Errorf("%q: guideline %q in the prompt: %v, want %v", c.q.Text, g.Name, told, want)
				}
			}
		}
	}
}

func TestTopicsToAvoidAreNeverLeftToTheModel(t *testing.T) {
	knows := func() *knowledge.Base {
		return agenttest.Knowledge(t, agenttest.Doc("Lawsuits", "https://shop.example/law", "The lawsuit about the lamp was settled in 2019. Ask the court for papers."))
	}
	const question = "What about the lawsuit about the lamp?"
	topic := agent.Guideline{Name: "courts", Category: agent.Avoid, When: []string{"lawsuit", "court"}}
	with := func(i agent.Instead, then string) agent.Guideline {
		g := topic
		g.Instead, g.Then = i, then
		return g
	}
	for name, c := range map[string]struct {
		g    agent.Guideline
		q    agent.Question
		want agent.Decision
		text string
	}{
		"handed over":                   {with(agent.InsteadHandOff, ""), agent.Question{Text: question}, agent.HandOff, ""},
		"fixed words":                   {with(agent.InsteadSay, "We do not talk about that."), agent.Question{Text: question}, agent.Answer, "We do not talk about that."},
		"asked back":                    {with(agent.InsteadClarify, "What is it you need?"), agent.Question{Text: question}, agent.Clarify, "What is it you need?"},
		"asked back in the usual words": {with(agent.InsteadClarify, ""), agent.Question{Text: question}, agent.Clarify, ""},
		"asked back once only": {with(agent.InsteadClarify, "What is it you need?"), agent.Question{Text: question, History: []channels.Message{
			{Text: question}, {Author: channels.FromAgent, Text: "What is it you need?"}}}, agent.HandOff, ""},
	} {
		t.Run(name, func(t *testing.T) {
			model := agenttest.NewModel()
			r, err := mustNew(t, agent.Config{Knowledge: failing{}, Model: model, Guidelines: []agent.Guideline{c.g}}).Reply(t.Context(), c.q)
			if err != nil {
				t.Fatal(err) // the knowledge was searched
			}
			agenttest.RequireDecision(t, r, c.want)
			agenttest.RequireNotAsked(t, model)
			if c.text != "" && r.Text != c.text || r.Substantive || !strings.Contains(r.Reason, "courts") {
				t.Errorf("text %q, substantive %v, reason %q", r.Text, r.Substantive, r.Reason)
			}
			if c.want == agent.HandOff {
				agenttest.RequireHandoff(t, r, handoff.TopicToAvoid)
			}
		})
	}

	// An answer that comes to the topic by itself is stopped too, the model's
	// and the quotation.
	for name, model := range map[string]agent.Model{"quoted": nil, "model": agenttest.NewModel().Always(agenttest.Say("The lawsuit is over [1]."))} {
		r, err := mustNew(t, agent.Config{Knowledge: knows(), Model: model, Guidelines: []agent.Guideline{topic}}).Reply(t.Context(), agent.Question{Text: "What was settled about the lamp in 2019?"})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(r.Text, "lawsuit") || len(r.Trace.Verdicts) == 0 || r.Trace.Verdicts[0].Guard != "topics to avoid" {
			t.Errorf("%s: %q, %+v", name, r.Text, r.Trace.Verdicts)
		}
		agenttest.RequireHandoff(t, r, handoff.GuardStopped)
	}

	// It is no topic of another channel, nor of the next message, which is not
	// searched along with it either.
	elsewhere := topic
	elsewhere.Channels = []string{"mail"}
	r, err := mustNew(t, agent.Config{Knowledge: knows(), Guidelines: []agent.Guideline{elsewhere}}).Reply(t.Context(), agent.Question{Text: question})
	if err != nil {
		t.Fatal(err)
	}
	agenttest.RequireText(t, r, "settled")
	r, err = mustNew(t, agent.Config{Knowledge: knows(), Guidelines: []agent.Guideline{topic}}).Reply(t.Context(), agent.Question{Text: "And why?", History: []channels.Message{{Text: question}}})
	if err != nil {
		t.Fatal(err)
	}
	agenttest.RequireDecision(t, r, agent.Clarify)
	if strings.Contains(r.Trace.Query, "lawsuit") {
		t.Errorf("searched %q", r.Trace.Query)
	}
}

func TestTopicToAvoidIsNoKnowledgeGap(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store, Guidelines: []agent.Guideline{{Category: agent.Avoid, When: []string{"lawsuit"}, Instead: agent.InsteadClarify}}})
	gaps := func(text string) int {
		agenttest.RequireDecision(t, h.AskAs(text, text), agent.Clarify)
		lines, err := store.Logs(t.Context(), "agent", agent.GapLog, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(lines)
	}
	if n := gaps("What about the lawsuit about the lamp?"); n != 0 {
		t.Errorf("%d gaps", n)
	}
	if n := gaps("What about xylophones and zebras in town?"); n != 1 {
		t.Errorf("%d gaps, want the one of a question without an answer", n)
	}
}

// failing is knowledge that must not be searched.
type failing struct{}

func (failing) Search(context.Context, knowledge.Query) (knowledge.Result, error) {
	return knowledge.Result{}, errors.New("the knowledge was searched")
}

func TestGuidelineFaultsAreReportedTogetherByName(t *testing.T) {
	long := strings.Repeat("ä", agent.MaxGuidelineRunes)
	list := []agent.Guideline{
		{Name: "fits", Then: long},
		{Name: "no then"},
		{Name: "too long", Then: long, When: []string{"x"}},
		{Name: "no word", Then: "a", When: []string{"?!"}},
		{Name: "category", Then: "a", Category: 9},
		{Name: "instead", Then: "a", Instead: agent.InsteadSay},
		{Name: "endless", Category: agent.Avoid},
		{Name: "silent", Category: agent.Avoid, When: []string{"x"}, Instead: agent.InsteadSay},
		{Name: "unsaid", Category: agent.Avoid, When: []string{"x"}, Then: "Hm."},
		{Name: "way", Category: agent.Avoid, When: []string{"x"}, Instead: 7},
		{Name: "fits", Then: "twice"},
		{Then: " "},
		{Name: "danish", Then: "a", Languages: []string{"danish", "da-DK", "zh"}},
	}
	_, err := agent.New(agent.Config{Knowledge: helpCentre(t), Guidelines: list})
	if !errors.Is(err, agent.ErrInvalidConfig) || !errors.Is(err, agent.ErrInvalidGuideline) {
		t.Fatal(err)
	}
	faults := strings.Split(err.Error(), "\n")
	for i, want := range []string{
		`2 "no then": Then is empty`, `3 "too long": 2501 characters`, `4 "no word": "?!" in When`, `5 "category": unknown category 9`, `6 "instead": Instead is for`,
		`7 "endless": nothing tells`, `8 "silent": Then is empty`, `9 "unsaid": Then is not said`, `10 "way": unknown alternative 7`, `11 "fits": guideline 1 has the same name`, `guideline 12: Then is empty`,
		`13 "danish": "danish" in Languages`,
	} {
		if i >= len(faults) || !strings.Contains(faults[i], want) {
			t.Errorf("fault %d lacks %q: %v", i, want, err)
		}
	}
	many := make([]agent.Guideline, agent.MaxGuidelines+1)
	for i := range many {
		many[i].Then = "Be brief."
	}
	if _, err := agent.New(agent.Config{Knowledge: helpCentre(t), Guidelines: many[1:]}); err != nil {
		t.Error(err)
	}
	if _, err := agent.New(agent.Config{Knowledge: helpCentre(t), Guidelines: many}); !errors.Is(err, agent.ErrInvalidGuideline) || !strings.Contains(err.Error(), "251") {
		t.Errorf("251 guidelines: %v", err)
	}
}

func TestGuidelinesAreWrittenAsJSONByName(t *testing.T) {
	in := agent.Guideline{Name: "courts", Category: agent.Avoid, When: []string{"lawsuit"}, Then: "No.", Instead: agent.InsteadSay, Channels: []string{"mail"}, Languages: []string{"da"}}
	data, err := json.Marshal(in)
	if err != nil || !strings.Contains(string(data), `"Category":"avoid"`) || !strings.Contains(string(data), `"Instead":"say"`) {
		t.Fatalf("%s, %v", data, err)
	}
	var out agent.Guideline
	if err := json.Unmarshal(data, &out); err != nil || fmt.Sprint(out) != fmt.Sprint(in) {
		t.Errorf("%+v, %v", out, err)
	}
	for _, bad := range []string{`{"Category":"rude"}`, `{"Instead":"shout"}`} {
		if err := json.Unmarshal([]byte(bad), &out); !errors.Is(err, agent.ErrUnknownName) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	in.Applies = func(context.Context, handoff.Situation) bool { return false }
	if _, err := json.Marshal(in); err == nil || !strings.Contains(err.Error(), "courts") {
		t.Errorf("a condition was lost: %v", err)
	}
	if _, err := json.Marshal(agent.Guideline{Category: 9}); err == nil {
		t.Error("unknown category written")
	}
	if s := agent.Category(9).String() + agent.Instead(9).String() + agent.Script.String(); s != "Category(9)Instead(9)script" {
		t.Error(s)
	}
}

func BenchmarkGuidelines(b *testing.B) {
	list := make([]agent.Guideline, agent.MaxGuidelines)
	for i := range list {
		list[i] = agent.Guideline{When: []string{fmt.Sprint("topic number ", i), "money in hand"}, Then: "Be brief."}
	}
	for name, guidelines := range map[string][]agent.Guideline{"none": nil, "250": list} {
		b.Run(name, func(b *testing.B) {
			a := mustNew(b, agent.Config{Knowledge: helpCentre(b), Guidelines: guidelines})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Reply(b.Context(), agent.Question{Text: refundQuestion}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleGuideline() {
	a, _ := agent.New(agent.Config{Knowledge: exampleKnowledge(), Guidelines: []agent.Guideline{
		{Name: "receipt", Category: agent.Script, When: []string{"money back"}, Then: "Please keep your receipt."},
		{Name: "courts", Category: agent.Avoid, When: []string{"lawsuit", "lawyer"}, Instead: agent.InsteadSay, Then: "Our office answers that: 555 0100."},
	}})
	for _, text := range []string{"When do I get my money back?", "My lawyer says I get my money back."} {
		r, _ := a.Reply(context.Background(), agent.Question{Text: text})
		for _, g := range r.Trace.Guidelines {
			fmt.Printf("%s (%s) for %q\n", g.Name, g.Category, g.Why)
		}
	}
	// Output:
	// receipt (script) for "money back"
	// receipt (script) for "money back"
	// courts (avoid) for "lawyer"
}
