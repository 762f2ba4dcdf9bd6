package agenttest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// says answers everything with one reply.
func says(r agent.Reply) agenttest.Answerer {
	return agenttest.AnswererFunc(func(context.Context, agent.Question) (agent.Reply, error) { return r, nil })
}

func ask(name string, e agenttest.Expect) agenttest.Case {
	return agenttest.Case{Name: name, Turns: []agenttest.Turn{{Say: "x", Expect: e}}}
}

func TestEveryExpectationHoldsAndFailsInPlainWords(t *testing.T) {
	answer := agent.Reply{
		Decision: agent.Answer, Reason: "knowledge found", Text: "You get it  back within **14 Days** [1], says the STRASSE.", Language: "pt-BR", Confidence: .8, Substantive: true,
		Citations: []channels.Citation{{Number: 1, Title: "Refunds", URL: "https://shop.example/help/refunds"}},
		Trace: agent.Trace{
			Plan: "from knowledge", Hits: []agent.TraceHit{{Source: "docs", Document: "d-1", Title: "Refunds", Citable: true}, {Source: "other", Document: "d-2", Title: "Hours", Citable: true}},
			ModelCalls: []agent.TraceModelCall{{Usage: agent.Usage{InputTokens: 100, OutputTokens: 20}}},
			Actions: []agent.ActionRecord{
				{Name: "refund", Outcome: agent.ActionDryRun, Arguments: json.RawMessage(`{"order":77,"why":["late"]}`)},
				{Name: "cancel", Outcome: agent.ActionRefused, Error: "not for this contact"},
			},
		},
	}
	short := agent.Reply{Decision: agent.Answer, Text: "9 to 17.", Language: "en", Substantive: true, Trace: agent.Trace{Plan: "short answer", ShortAnswer: "hours"}}
	handed := agent.Reply{Decision: agent.HandOff, Case: &handoff.Case{Reason: handoff.Loop}, Language: "en"}
	type e = agenttest.Expect
	decisions := func(d ...agent.Decision) []agent.Decision { return d }
	action := func(name, arguments string) []agenttest.ExpectedAction {
		return []agenttest.ExpectedAction{{Name: name, Arguments: json.RawMessage(arguments)}}
	}
	for name, c := range map[string]struct {
		reply agent.Reply
		holds []e
		fails e
		says  string
	}{
		"decision":       {answer, []e{{Decision: decisions(agent.Answer)}, {Decision: decisions(agent.Clarify, agent.Answer)}}, e{Decision: decisions(agent.Clarify, agent.HandOff)}, "decision is answer (knowledge found), want clarify or hand off"},
		"contains":       {answer, []e{{Contains: []string{"14 days", "BACK WITHIN", "strasse"}}, {Contains: []string{"14 Days**, says"}}}, e{Contains: []string{"weeks"}}, `text lacks "weeks"`},
		"contains any":   {answer, []e{{ContainsAny: []string{"weeks", "days"}}}, e{ContainsAny: []string{"weeks", "years"}}, `text has none of ["weeks" "years"]`},
		"contains not":   {answer, []e{{ContainsNot: []string{"weeks"}}}, e{ContainsNot: []string{"14 DAYS"}}, `text has "14 DAYS"`},
		"exactly":        {short, []e{{Exactly: "9 to 17."}}, e{Exactly: "9 to 17"}, `text is not exactly "9 to 17"`},
		"matches":        {answer, []e{{Matches: regexp.MustCompile(`\d+ Days`)}}, e{Matches: regexp.MustCompile(`^\d`)}, `text does not match "^\\d"`},
		"cites":          {answer, []e{{Cites: []string{"https://shop.example/help/refunds", "Refunds", "/refunds", "d-1", "docs"}}}, e{Cites: []string{"d-2"}}, `it does not cite "d-2" but Refunds https://shop.example/help/refunds`},
		"cites source":   {answer, nil, e{Cites: []string{"other"}}, `it does not cite "other"`},
		"cites, nothing": {short, []e{{CitesNothing: true}}, e{Cites: []string{"Refunds"}}, `it does not cite "Refunds" but nothing`},
		"cites nothing":  {answer, nil, e{CitesNothing: true}, "it cites Refunds"},
		"language":       {answer, []e{{Language: "pt"}, {Language: "PT-br"}}, e{Language: "pt-PT"}, `language is "pt-BR", want "pt-PT"`},
		"handoff":        {handed, []e{{Handoff: handoff.Loop}}, e{Handoff: handoff.CannotAnswer}, `it hands over for "loop", want "cannot answer"`},
		"no handoff":     {answer, nil, e{Handoff: handoff.Loop}, `it does not hand over (answer), want a handoff for "loop"`},
		"action":         {answer, []e{{Actions: action("refund", "")}, {Actions: action("refund", `{"why":["late"]}`)}}, e{Actions: action("refund", `{"order":78}`)}, `action refund was called with {"order":77,"why":["late"]}, want {"order":78}`},
		"action unknown": {answer, nil, e{Actions: action("track", "")}, "action track was not called"},
		"action refused": {answer, nil, e{Actions: action("cancel", "")}, "action cancel was called, but it is refused: not for this contact"},
		"no actions":     {short, []e{{NoActions: true}}, e{Actions: action("refund", "")}, "action refund was not called"},
		"some actions":   {answer, nil, e{NoActions: true}, "it called refund, cancel"},
		"short answer":   {short, []e{{ShortAnswer: "hours"}}, e{ShortAnswer: "prices"}, `short answer is "hours", want "prices"`},
		"confidence":     {answer, []e{{MinConfidence: .8}}, e{MinConfidence: .81}, "confidence is 0.80, want at least 0.81"},
		"length":         {short, []e{{MaxCharacters: 8}}, e{MaxCharacters: 7}, "text has 8 characters, want at most 7"},
		"no model":       {short, []e{{NoModel: true}}, e{NoActions: true, Exactly: "x"}, "text is not"},
		"model":          {answer, nil, e{NoModel: true}, "the model was asked 1 times"},
		"knowledge":      {answer, []e{{FromKnowledge: true}}, e{NoModel: true}, "the model was asked"},
		"from short":     {short, []e{{FromKnowledge: true}}, e{NoModel: true, MinConfidence: 1}, "confidence"},
		"no knowledge":   {handed, nil, e{FromKnowledge: true}, "it does not rest on the knowledge"},
	} {
		for i, holds := range c.holds {
			r, err := agenttest.Evaluation{}.Run(t.Context(), says(c.reply), []agenttest.Case{ask(name, holds)})
			if err != nil || !r.Passed() {
				t.Errorf("%s, %d: %v, %q", name, i, err, r.Cases[0].Reasons())
			}
		}
		r, err := agenttest.Evaluation{}.Run(t.Context(), says(c.reply), []agenttest.Case{ask(name, c.fails)})
		if err != nil || r.Passed() || len(r.Cases[0].Reasons()) != 1 || !strings.HasPrefix(r.Cases[0].Reasons()[0], "turn 1: "+c.says) {
			t.Errorf("%s: %s, %v, %q; want %q", name, r.Cases[0].Rating, err, r.Cases[0].Reasons(), c.says)
		}
	}
}

func TestCaseIsRatedByWhatIsWrongAndWhatIsMissing(t *testing.T) {
	reply := agent.Reply{Decision: agent.Answer, Text: "Within 14 days.", Language: "en"}
	type e = agenttest.Expect
	right, wrong := []agent.Decision{agent.Answer}, []agent.Decision{agent.Clarify}
	for name, c := range map[string]struct {
		expect e
		want   agenttest.Rating
	}{
		"all holds":                        {e{Decision: right, Contains: []string{"14"}}, agenttest.Passed},
		"some of the text is missing":      {e{Decision: right, Contains: []string{"14", "receipt"}}, agenttest.Partly},
		"too long, but right":              {e{Contains: []string{"14"}, MaxCharacters: 3}, agenttest.Partly},
		"nothing expected is in the text":  {e{Decision: right, Contains: []string{"receipt"}}, agenttest.Failed},
		"the decision is wrong":            {e{Decision: wrong, Contains: []string{"14"}}, agenttest.Failed},
		"the language is wrong":            {e{Language: "da", Contains: []string{"14"}}, agenttest.Failed},
		"something forbidden is said":      {e{ContainsNot: []string{"days"}, Contains: []string{"14"}}, agenttest.Failed},
		"wrong however much else is right": {e{Decision: wrong, Contains: []string{"14", "days", "within"}}, agenttest.Failed},
	} {
		r, err := agenttest.Evaluation{}.Run(t.Context(), says(reply), []agenttest.Case{ask(name, c.expect)})
		if err != nil || r.Cases[0].Rating != c.want {
			t.Errorf("%s: %s, %v; want %s", name, r.Cases[0].Rating, err, c.want)
		}
	}
}

func TestConversationIsAskedWithItsHistoryAndEndsWithAHandoff(t *testing.T) {
	base := agenttest.Knowledge(t, agenttest.Doc("Refunds", "https://shop.example/r", "You get your money back within 14 days of the return."))
	a, err := agent.New(agent.Config{Knowledge: base})
	if err != nil {
		t.Fatal(err)
	}
	var asked []agent.Question
	spy := agenttest.AnswererFunc(func(ctx context.Context, q agent.Question) (agent.Reply, error) {
		asked = append(asked, q)
		return a.Preview(ctx, q)
	})
	c := agenttest.Case{
		Name: "talk", Language: "da", Languages: []string{"da"}, Channel: "chat", Contact: channels.Contact{ID: "7"},
		Turns: []agenttest.Turn{
			{Say: "When do I get my money back?", Expect: agenttest.Expect{Decision: []agent.Decision{agent.Answer}, Contains: []string{"14 days"}}},
			{Say: "What is the capital of Mongolia?", Expect: agenttest.Expect{Decision: []agent.Decision{agent.Clarify}}},
			{Say: "What is the capital of Mongolia, please?", Expect: agenttest.Expect{Handoff: handoff.CannotAnswer}},
			{Say: "Hello?", Expect: agenttest.Expect{Decision: []agent.Decision{agent.Silent}}},
		},
	}
	r, err := agenttest.Evaluation{}.Run(t.Context(), spy, []agenttest.Case{c})
	if err != nil || !r.Passed() {
		t.Fatalf("%v, %q", err, r.Cases[0].Reasons())
	}
	if len(asked) != 3 {
		t.Fatalf("asked %d times: after a handoff nobody is asked", len(asked))
	}
	last := asked[2]
	if last.Channel != "chat" || last.Contact.ID != "7" || last.Language != "da" || !slices.Equal(last.Languages, []string{"da"}) {
		t.Errorf("asked as %+v", last)
	}
	var authors []string
	for _, m := range last.History {
		authors = append(authors, fmt.Sprint(m.Author))
	}
	if len(last.History) != 4 || last.History[0].Text != c.Turns[0].Say || last.History[0].Author != channels.FromCustomer || last.History[3].Author != channels.FromAgent {
		t.Errorf("history %s %+v", authors, last.History)
	}
}

func TestErrorOfTheAgentFailsItsCaseOnly(t *testing.T) {
	broken := errors.New("index is gone")
	n := 0
	a := agenttest.AnswererFunc(func(context.Context, agent.Question) (agent.Reply, error) {
		if n++; n == 1 {
			return agent.Reply{}, broken
		}
		return agent.Reply{Decision: agent.Answer}, nil
	})
	e := agenttest.Expect{Decision: []agent.Decision{agent.Answer}}
	r, err := agenttest.Evaluation{}.Run(t.Context(), a, []agenttest.Case{ask("one", e), ask("two", e)})
	if err != nil || r.Cases[0].Rating != agenttest.Failed || r.Cases[1].Rating != agenttest.Passed || !strings.Contains(r.Cases[0].Reasons()[0], "index is gone") {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestRepeatsTellFlakyCasesByHowManyMustPass(t *testing.T) {
	e := agenttest.Expect{Contains: []string{"yes"}}
	for _, c := range []struct {
		need   int
		passes []bool
		want   agenttest.Rating
		flaky  bool
	}{
		{0, []bool{true, true, true}, agenttest.Passed, false},
		{0, []bool{true, false, true}, agenttest.Failed, true},
		{2, []bool{true, false, true}, agenttest.Passed, true},
		{2, []bool{false, false, true}, agenttest.Failed, true},
		{2, []bool{false, false, false}, agenttest.Failed, false},
	} {
		n := 0
		a := agenttest.AnswererFunc(func(context.Context, agent.Question) (agent.Reply, error) {
			n++
			return agent.Reply{Text: map[bool]string{true: "yes", false: "no"}[c.passes[n-1]]}, nil
		})
		r, err := agenttest.Evaluation{Repeat: 3, Need: c.need}.Run(t.Context(), a, []agenttest.Case{ask("x", e)})
		got := r.Cases[0]
		if err != nil || got.Rating != c.want || got.Flaky() != c.flaky || len(got.Runs) != 3 {
			t.Errorf("%v of which %d must pass: %s, flaky %t, %v", c.passes, c.need, got.Rating, got.Flaky(), err)
		}
	}
}

func TestBudgetEndsTheEvaluationAndSaysWhatWasNotRun(t *testing.T) {
	r := agent.Reply{Text: "yes", Trace: agent.Trace{ModelCalls: make([]agent.TraceModelCall, 2)}}
	var cases []agenttest.Case
	for i := range 10 {
		cases = append(cases, ask(fmt.Sprint(i), agenttest.Expect{Contains: []string{"yes"}}))
	}
	asked := 0
	a := agenttest.AnswererFunc(func(context.Context, agent.Question) (agent.Reply, error) { asked++; return r, nil })
	results, err := agenttest.Evaluation{MaxModelCalls: 5}.Run(t.Context(), a, cases)
	if !errors.Is(err, agenttest.ErrBudget) || asked != 3 || results.Count(agenttest.Passed) != 3 || results.Count(agenttest.NotRun) != 7 || results.Passed() {
		t.Errorf("%v after %d questions, %s", err, asked, results.Summary())
	}
	if want := "10 cases: 3 pass, 0 partly, 0 fail, 7 not run; 6 model calls"; results.Summary() != want {
		t.Errorf("%s, want %s", results.Summary(), want)
	}
	asked = 0
	if _, err := (agenttest.Evaluation{MaxModelCalls: 20}).Run(t.Context(), a, cases); err != nil || asked != 10 {
		t.Errorf("a budget that is just enough: %v after %d", err, asked)
	}
}

func TestEvaluationEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := agenttest.AnswererFunc(func(ctx context.Context, _ agent.Question) (agent.Reply, error) {
		cancel()
		<-ctx.Done()
		return agent.Reply{}, ctx.Err()
	})
	e := agenttest.Expect{Contains: []string{"yes"}}
	r, err := agenttest.Evaluation{}.Run(ctx, a, []agenttest.Case{ask("one", e), ask("two", e)})
	if !errors.Is(err, context.Canceled) || r.Count(agenttest.NotRun) != 2 {
		t.Errorf("%v, %s", err, r.Summary())
	}
}

func TestParallelCasesAreBoundedAndKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		var mu sync.Mutex
		a := agenttest.AnswererFunc(func(_ context.Context, q agent.Question) (agent.Reply, error) {
			n := now.Add(1)
			mu.Lock()
			most.Store(max(most.Load(), n))
			mu.Unlock()
			time.Sleep(time.Second)
			now.Add(-1)
			return agent.Reply{Text: q.Text}, nil
		})
		var cases []agenttest.Case
		for i := range 12 {
			name := fmt.Sprint(i)
			cases = append(cases, agenttest.Case{Name: name, Turns: []agenttest.Turn{{Say: name, Expect: agenttest.Expect{Exactly: name}}}})
		}
		began := time.Now()
		r, err := agenttest.Evaluation{Parallel: 4}.Run(t.Context(), a, cases)
		if err != nil || !r.Passed() || most.Load() != 4 || time.Since(began) != 3*time.Second {
			t.Errorf("%v, %s, %d at once in %s", err, r.Summary(), most.Load(), time.Since(began))
		}
		for i, c := range r.Cases {
			if c.Name != fmt.Sprint(i) {
				t.Errorf("case %d is %s", i, c.Name)
			}
		}
	})
}

func TestJudgeIsAskedForCriteriaOnlyAndNeverRequired(t *testing.T) {
	c := ask("x", agenttest.Expect{Contains: []string{"yes"}, Criterion: "says yes politely"})
	plain := ask("y", agenttest.Expect{Contains: []string{"yes"}})
	a := says(agent.Reply{Text: "yes"})
	if r, err := (agenttest.Evaluation{}).Run(t.Context(), a, []agenttest.Case{c}); err != nil || !r.Passed() {
		t.Errorf("without a judge: %v, %s", err, r.Summary())
	}
	for _, j := range []struct {
		says agenttest.Judgement
		err  error
		want agenttest.Rating
	}{
		{agenttest.Judgement{Rating: agenttest.Passed}, nil, agenttest.Passed},
		{agenttest.Judgement{Rating: agenttest.Partly, Reason: "curt"}, nil, agenttest.Partly},
		{agenttest.Judgement{Rating: agenttest.Failed, Reason: "rude"}, nil, agenttest.Failed},
		{agenttest.Judgement{Rating: agenttest.Passed}, errors.New("no answer"), agenttest.Failed},
	} {
		asked := 0
		judge := func(_ context.Context, seen agenttest.Judged) (agenttest.Judgement, error) {
			asked++
			if seen.Criterion != "says yes politely" || seen.Reply.Text != "yes" || seen.Question.Text != "x" {
				t.Errorf("the judge is asked %+v", seen)
			}
			return j.says, j.err
		}
		r, err := agenttest.Evaluation{Judge: judge}.Run(t.Context(), a, []agenttest.Case{c, plain})
		if err != nil || asked != 1 || r.Cases[0].Rating != j.want || r.Cases[1].Rating != agenttest.Passed {
			t.Errorf("%+v: %v, asked %d times, %s", j, err, asked, r.Summary())
		}
		if j.says.Reason != "" && !strings.Contains(strings.Join(r.Cases[0].Reasons(), ""), "judge: "+j.says.Reason) {
			t.Errorf("reasons %q", r.Cases[0].Reasons())
		}
		if want := "; 1 model calls"; !strings.HasSuffix(r.Summary(), want) {
			t.Errorf("summary %q", r.Summary())
		}
	}
}

func TestWhatCannotBeEvaluatedIsRefused(t *testing.T) {
	good := ask("x", agenttest.Expect{NoModel: true})
	for name, run := range map[string]struct {
		e     agenttest.Evaluation
		cases []agenttest.Case
	}{
		"no cases":         {agenttest.Evaluation{}, nil},
		"two of a name":    {agenttest.Evaluation{}, []agenttest.Case{good, good}},
		"nothing expected": {agenttest.Evaluation{}, []agenttest.Case{ask("x", agenttest.Expect{})}},
		"unknown decision": {agenttest.Evaluation{}, []agenttest.Case{ask("x", agenttest.Expect{Decision: []agent.Decision{99}})}},
		"need above":       {agenttest.Evaluation{Repeat: 2, Need: 3}, []agenttest.Case{good}},
		"negative":         {agenttest.Evaluation{Parallel: -1}, []agenttest.Case{good}},
	} {
		r, err := run.e.Run(t.Context(), says(agent.Reply{}), run.cases)
		if !errors.Is(err, agenttest.ErrInvalidCase) || len(r.Cases) != 0 {
			t.Errorf("%s: %v, %d results", name, err, len(r.Cases))
		}
	}
}

// suite is a test that notes its subtests and failures instead of ending.
type suite struct {
	*testing.T
	name     string
	subtests []*suite
	failure  string
}

func (s *suite) Fatalf(format string, args ...any) {
	s.failure = fmt.Sprintf(format, args...)
	panic(s)
}

func (s *suite) Run(name string, f func(*suite)) bool {
	sub := &suite{T: s.T, name: name}
	s.subtests = append(s.subtests, sub)
	sub.guarded(func() { f(sub) })
	return sub.failure == ""
}

func (s *suite) guarded(f func()) {
	defer func() {
		if p := recover(); p != nil && p != any(s) {
			panic(p)
		}
	}()
	f()
}

func TestEvaluateMakesEachCaseASubtest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "questions.jsonl")
	lines := `{"name": "good", "say": "x", "expect": {"contains": "yes"}}` + "\n" + `{"name": "bad", "say": "what?", "expect": {"contains": "no"}}`
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &suite{T: t}
	s.guarded(func() { agenttest.Evaluate(s, says(agent.Reply{Decision: agent.Answer, Text: "Yes."}), file) })
	if len(s.subtests) != 2 || s.failure != "" || s.subtests[0].name != "good" || s.subtests[0].failure != "" {
		t.Fatalf("subtests %+v, failure %q", s.subtests, s.failure)
	}
	want := "fail, 0 of 1 runs passed\nturn 1: text lacks \"no\"\n  customer: what?\n  agent (answer): Yes."
	if got := s.subtests[1].failure; got != want {
		t.Errorf("failure %q, want %q", got, want)
	}

	for _, name := range []string{"missing.json", "questions.txt"} {
		s = &suite{T: t}
		s.guarded(func() { agenttest.Evaluate(s, says(agent.Reply{}), filepath.Join(filepath.Dir(file), name)) })
		if s.failure == "" || len(s.subtests) != 0 {
			t.Errorf("%s: failure %q, %d subtests", name, s.failure, len(s.subtests))
		}
	}
	s = &suite{T: t}
	s.guarded(func() {
		e := agenttest.Evaluation{MaxModelCalls: 1}
		asks := says(agent.Reply{Text: "yes", Trace: agent.Trace{ModelCalls: make([]agent.TraceModelCall, 1)}})
		agenttest.EvaluateCases(s, e, asks, []agenttest.Case{ask("a", agenttest.Expect{Contains: []string{"yes"}}), ask("b", agenttest.Expect{Contains: []string{"yes"}})})
	})
	if !strings.Contains(s.failure, "budget") || len(s.subtests) != 2 || s.subtests[1].failure == "" {
		t.Errorf("an ended budget: %q, %+v", s.failure, s.subtests)
	}
}
