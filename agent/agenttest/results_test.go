package agenttest_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
)

func resultOf(name string, rating agenttest.Rating, passed, runs int, decision string, reasons ...string) agenttest.CaseResult {
	c := agenttest.CaseResult{Name: name, Rating: rating, Passed: passed}
	for i := range runs {
		run := agenttest.RunResult{Rating: agenttest.Passed, Turns: []agenttest.TurnResult{{Say: "=1+1", Rating: agenttest.Passed, Decision: decision, Text: "a, \"b\"\nc", Language: "en", Confidence: .5, ModelCalls: 1}}}
		if i >= passed {
			run.Rating, run.Turns[0].Rating, run.Turns[0].Reasons = rating, rating, reasons
		}
		c.Runs = append(c.Runs, run)
	}
	return c
}

func TestTableIsAlignedWhateverIsWritten(t *testing.T) {
	r := agenttest.Results{Cases: []agenttest.CaseResult{
		resultOf("short", agenttest.Passed, 1, 1, "answer"),
		resultOf("返金はいつですか", agenttest.Failed, 0, 1, "hand off", "text lacks\n\"5\tdays\""),
		resultOf("e\u0301te\u0301 \u202e\x1b[31m👍🏽", agenttest.Partly, 1, 3, "clarify", "too long"),
		{Name: strings.Repeat("never ", 20), Rating: agenttest.NotRun},
	}}
	var out strings.Builder
	if err := r.WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"case                                              rating         runs  decision  language  confidence  model calls",
		"short                                             pass           1/1   answer    en        0.50        1",
		"返金はいつですか                                  fail           0/1   hand off  en        0.50        1",
		"    turn 1: text lacks \"5 days\"",
		"e\u0301te\u0301 [31m👍🏽                                      partly, flaky  1/3   clarify   en        0.50        3",
		"    run 2, turn 1: too long",
		"never never never never never never never never…  not run        0/0                                   0",
		"4 cases: 1 pass, 1 partly, 1 fail, 1 not run; 1 flaky; 5 model calls",
	}, "\n") + "\n"
	if out.String() != want {
		t.Errorf("table\n%s, want\n%s", out.String(), want)
	}
}

func TestResultsAreReadAsTheyWereWritten(t *testing.T) {
	r := agenttest.Results{Cases: []agenttest.CaseResult{resultOf("<a>", agenttest.Partly, 1, 2, "answer", "why"), {Name: "b", Rating: agenttest.NotRun}}}
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"rating": "partly"`) || !strings.Contains(out.String(), `"<a>"`) {
		t.Errorf("written as %s", &out)
	}
	got, err := agenttest.ReadResults(&out)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("read %+v, %v", got, err)
	}
	for _, bad := range []string{"", "[]", `{"case": []}`, `{"cases": [{"rating": "good"}]}`} {
		if _, err := agenttest.ReadResults(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is taken for results", bad)
		}
	}
}

func TestCSVHasALineForEachReplyAndNoFormulas(t *testing.T) {
	r := agenttest.Results{Cases: []agenttest.CaseResult{resultOf("a", agenttest.Failed, 1, 2, "answer", "why", "and why"), {Name: "b", Rating: agenttest.NotRun}}}
	var out bytes.Buffer
	if err := r.WriteCSV(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	want := []string{"a", "fail", "2", "1", "fail", "'=1+1", "answer", "a, \"b\"\nc", "", "en", "", "0.500", "1", "0", "0", "why\nand why"}
	if !reflect.DeepEqual(rows[2], want) {
		t.Errorf("row %q, want %q", rows[2], want)
	}
}

func TestComparisonTellsBetterFromWorse(t *testing.T) {
	before := agenttest.Results{Cases: []agenttest.CaseResult{
		resultOf("same", agenttest.Passed, 1, 1, "answer"),
		resultOf("worse", agenttest.Passed, 1, 1, "answer"),
		resultOf("better", agenttest.Failed, 0, 1, "clarify", "x"),
		resultOf("more often", agenttest.Failed, 1, 3, "answer", "x"),
		resultOf("other", agenttest.Passed, 1, 1, "answer"),
		resultOf("removed", agenttest.Passed, 1, 1, "answer"),
		{Name: "not run", Rating: agenttest.NotRun},
	}}
	after := agenttest.Results{Cases: []agenttest.CaseResult{
		resultOf("other", agenttest.Passed, 1, 1, "hand off"),
		resultOf("better", agenttest.Passed, 1, 1, "answer"),
		resultOf("same", agenttest.Passed, 2, 2, "answer"),
		resultOf("worse", agenttest.Partly, 0, 1, "answer", "text lacks \"receipt\""),
		resultOf("more often", agenttest.Failed, 2, 3, "answer", "x"),
		resultOf("not run", agenttest.Passed, 1, 1, "answer"),
	}}
	var out strings.Builder
	if err := agenttest.Compare(before, after).WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"case        change   before            after",
		"worse       worse    pass 1/1 answer   partly 0/1 answer",
		"    turn 1: text lacks \"receipt\"",
		"better      better   fail 0/1 clarify  pass 1/1 answer",
		"more often  better   fail 1/3 answer   fail 2/3 answer",
		"other       other    pass 1/1 answer   pass 1/1 hand off",
		"not run     added",
		"removed     removed",
		"2 better, 1 worse, 1 other, 1 the same, 1 added, 1 removed",
	}, "\n") + "\n"
	if out.String() != want {
		t.Errorf("comparison\n%s, want\n%s", out.String(), want)
	}
}

// A file of questions with what is expected of the answers. In a test,
// agenttest.Evaluate(t, a, "questions.json") makes each a subtest.
func ExampleEvaluation_Run() {
	t := &exampleT{}
	defer t.end()
	base := agenttest.Knowledge(t, agenttest.Doc("Refunds", "https://shop.example/refunds", "You get your money back within 14 days."))
	a, err := agent.New(agent.Config{Knowledge: base})
	if err != nil {
		panic(err)
	}
	cases, err := agenttest.Read(strings.NewReader(`[
		{"name": "refund", "say": "When do I get my money back?",
		 "expect": {"contains": "14 days", "cites": "/refunds", "from_knowledge": true}},
		{"name": "unknown", "say": "Do you repair dishwashers?",
		 "expect": {"decision": "clarify"}},
		{"name": "human, Danish", "languages": "da", "say": "Jeg vil tale med et menneske",
		 "expect": {"handoff": "asked for a human", "language": "da"}},
		{"name": "not known yet", "say": "How long is the warranty?",
		 "expect": {"contains": "two years"}}
	]`), agenttest.JSON)
	if err != nil {
		panic(err)
	}
	results, err := agenttest.Evaluation{}.Run(context.Background(), a, cases)
	if err != nil {
		panic(err)
	}
	_ = results.WriteTable(os.Stdout)

	// What does an edit change?
	edited, err := agent.New(agent.Config{Knowledge: agenttest.Knowledge(t,
		agenttest.Doc("Refunds", "https://shop.example/refunds", "You get your money back within 14 days."),
		agenttest.Doc("Warranty", "https://shop.example/warranty", "The warranty is two years long."))})
	if err != nil {
		panic(err)
	}
	after, err := agenttest.Evaluation{}.Run(context.Background(), edited, cases)
	if err != nil {
		panic(err)
	}
	fmt.Println()
	_ = agenttest.Compare(results, after).WriteTable(os.Stdout)
	// Output:
	// case           rating  runs  decision  language  confidence  model calls
	// refund         pass    1/1   answer    en        0.99        0
	// unknown        pass    1/1   clarify   en        0.00        0
	// human, Danish  pass    1/1   hand off  da        0.00        0
	// not known yet  fail    0/1   clarify   en        0.00        0
	//     turn 1: text lacks "two years"
	// 4 cases: 3 pass, 0 partly, 1 fail; 0 model calls
	//
	// case           change  before            after
	// not known yet  better  fail 0/1 clarify  pass 1/1 answer
	// 1 better, 0 worse, 0 other, 3 the same, 0 added, 0 removed
}
