package agenttest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

const fullFile = `{
  "cases": [
    {
      "name": "everything",
      "language": "da",
      "languages": ["da-DK", "en"],
      "channel": "chat",
      "contact": {"id": "c-7", "name": "Anna", "email": "anna@mail.example", "phone": "+45 1", "verified": true, "attributes": {"plan": "gold"}},
      "turns": [
        {"say": "one", "expect": {"decision": ["answer", "hand off"], "contains": "14 days", "contains_any": ["a", "b"], "contains_not": ["c"],
          "matches": "^[0-9]+$", "cites": ["/refunds"], "language": "da", "handoff": "loop",
          "actions": ["track", {"name": "refund", "arguments": {"order": 77, "why": ["late", null]}}],
          "short_answer": "hours", "confidence_at_least": 0.5, "max_characters": 300, "no_model": true, "from_knowledge": true, "criterion": "polite"}},
        {"say": "two", "expect": {"exactly": "Bye.", "cites_nothing": true, "no_actions": true}}
      ]
    },
    {"say": "hello", "expect": {"decision": "answer"}}
  ]
}`

func TestLoadReadsEveryField(t *testing.T) {
	cases, err := agenttest.Load(fstest.MapFS{"q.json": {Data: []byte("\ufeff" + fullFile)}}, "q.json")
	if err != nil {
		t.Fatal(err)
	}
	want := []agenttest.Case{
		{
			Name: "everything", Language: "da", Languages: []string{"da-DK", "en"}, Channel: "chat",
			Contact: channels.Contact{ID: "c-7", Name: "Anna", Email: "anna@mail.example", Phone: "+45 1", Verified: true, Attributes: map[string]string{"plan": "gold"}},
			Turns: []agenttest.Turn{
				{Say: "one", Expect: agenttest.Expect{
					Decision: []agent.Decision{agent.Answer, agent.HandOff}, Contains: []string{"14 days"}, ContainsAny: []string{"a", "b"}, ContainsNot: []string{"c"},
					Matches: regexp.MustCompile("^[0-9]+$"), Cites: []string{"/refunds"}, Language: "da", Handoff: handoff.Loop,
					Actions:     []agenttest.ExpectedAction{{Name: "track"}, {Name: "refund", Arguments: json.RawMessage(`{"order":77,"why":["late",null]}`)}},
					ShortAnswer: "hours", MinConfidence: .5, MaxCharacters: 300, NoModel: true, FromKnowledge: true, Criterion: "polite",
				}},
				{Say: "two", Expect: agenttest.Expect{Exactly: "Bye.", CitesNothing: true, NoActions: true}},
			},
		},
		{Name: "hello", Turns: []agenttest.Turn{{Say: "hello", Expect: agenttest.Expect{Decision: []agent.Decision{agent.Answer}}}}},
	}
	if !reflect.DeepEqual(cases, want) {
		t.Errorf("read\n%+v, want\n%+v", cases, want)
	}
}

func TestLoadReadsTheSameFromEachFormat(t *testing.T) {
	files := map[string]string{
		"q.json": `[{"name": "keys", "languages": ["da", "en"], "contact": {"id": "7", "verified": true}, "turns": [
			{"say": "Lost, \"my\" key", "expect": {"contains": ["spare", "shop"], "confidence_at_least": 0.4}},
			{"say": "and then?", "expect": {"decision": ["answer", "clarify"], "max_characters": 80}}]},
			{"say": "hi", "expect": {"no_model": true}}]`,
		"q.jsonl": `{"name": "keys", "languages": ["da", "en"], "contact": {"id": "7", "verified": true}, "turns": [{"say": "Lost, \"my\" key", "expect": {"contains": ["spare", "shop"], "confidence_at_least": 0.4}}, {"say": "and then?", "expect": {"decision": ["answer", "clarify"], "max_characters": 80}}]}

			{"say": "hi", "expect": {"no_model": true}}`,
		"q.CSV": "name,say,languages,contact.id,contact.verified,expect.contains,expect.confidence_at_least,expect.decision,expect.max_characters,expect.no_model\r\n" +
			"keys,\"Lost, \"\"my\"\" key\",da | en,7,true,spare|shop,0.4,,,\r\n" +
			",and then?,,,,,,answer|clarify,80,\r\n" +
			"hi,hi,,,,,,,,TRUE\r\n",
	}
	var first []agenttest.Case
	for _, name := range []string{"q.json", "q.jsonl", "q.CSV"} {
		cases, err := agenttest.Load(fstest.MapFS{name: {Data: []byte(files[name])}}, name)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = cases
		}
		if len(cases) != 2 || !reflect.DeepEqual(cases, first) {
			t.Errorf("%s: %+v, want %+v", name, cases, first)
		}
	}
}

func TestLoadNamesEveryFaultWithItsLine(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"q.txt", "", `q.txt: it is none of .json`},
		{"q.json", "", "q.json:1: it ends too early"},
		{"q.json", "[]", "q.json: it has no cases"},
		{"q.json", "{}", "q.json:1: it has no cases"},
		{"q.json", `{"cases": 7}`, "q.json:1: cases are a number, not an array"},
		{"q.json", "[\n{\"say\": \"x\"}\n]", "q.json:2: nothing is expected: it could not fail"},
		{"q.json", "[\n{\"say\": \"x\", \"expect\": {\n\"contain\": \"y\"}}]", `q.json:3: expect has no field "contain"; it has actions, `},
		{"q.json", "[\n{\"says\": \"x\"}]", `q.json:2: a case has no field "says"; it has channel, `},
		{"q.json", "[{\"say\": \"x\",\n\"say\": \"y\", \"expect\": {\"no_model\": true}}]", `q.json:2: "say" is there twice`},
		{"q.json", "[{\"say\": \"x\",\n\"expect\": {\"decision\": \"reply\"}}]", `q.json:2: decision "reply" is none of silent, answer, `},
		{"q.json", "[{\"say\": \"x\", \"expect\": {\"contains\":\n 7}}]", "q.json:2: there is a number where a text should be"},
		{"q.json", `[{"say": "x", "expect": {"contains": null}}]`, "q.json:1: a list is null"},
		{"q.json", `[{"say": "x", "expect": {"contains": [" "]}}]`, "q.json:1: turn 1: an expected text is empty"},
		{"q.json", `[{"say": "x", "expect": {"matches": "("}}]`, "q.json:1: matches: error parsing regexp"},
		{"q.json", `[{"say": "x", "expect": {"no_model": "yes"}}]`, "q.json:1: there is a text where true or false should be"},
		{"q.json", `[{"say": "x", "expect": {"max_characters": 1.5}}]`, "q.json:1: 1.5 is no whole number"},
		{"q.json", `[{"say": "x", "expect": {"max_characters": -1}}]`, "q.json:1: turn 1: at most -1 characters"},
		{"q.json", `[{"say": "x", "expect": {"confidence_at_least": 2}}]`, "confidence 2 is not between 0 and 1"},
		{"q.json", `[{"say": "x", "expect": {"language": "dansk sprog"}}]`, `"dansk sprog" is no language tag`},
		{"q.json", `[{"say": "x", "languages": ["!"], "expect": {"no_model": true}}]`, `"!" is no language tag`},
		{"q.json", `[{"say": "x", "expect": {"actions": [{"name": "a", "arguments": [1]}]}}]`, "arguments of a are no JSON object"},
		{"q.json", `[{"say": "x", "expect": {"actions": "a", "no_actions": true}}]`, "it is to call a and no action"},
		{"q.json", `[{"say": "x", "expect": {"cites": "a", "cites_nothing": true}}]`, `it is to cite ["a"] and nothing`},
		{"q.json", `[{"say": "x", "turns": [], "expect": {"no_model": true}}]`, "it has both turns and a say or expect of its own"},
		{"q.json", `[{"name": "n", "turns": []}]`, "it has 0 turns, not 1 to 100"},
		{"q.json", `[{"name": "n", "turns": [{"expect": {"no_model": true}}]}]`, "turn 1: nothing is said"},
		{"q.json", `[{"say": "x", "contact": "Anna", "expect": {"no_model": true}}]`, "a contact is a text, not an object"},
		{"q.json", "[{\"say\": \"x\", \"expect\": {\"no_model\": true}},\n{\"name\": \"x\", \"say\": \"y\", \"expect\": {\"no_model\": true}}]", `q.json:2: its name "x" is that of case 1 too`},
		{"q.json", "[\n\n{\"say\": }]", "q.json:3: invalid character '}'"},
		{"q.json", "[\n] x", "q.json:2: there is more after the end"},
		{"q.json", strings.Repeat("[", 40), "nested deeper than 32"},
		{"q.jsonl", "{\"say\": \"x\", \"expect\": {\"no_model\": true}}\n\n{\"say\": \"y\", \"expct\": {}}", `q.jsonl:3: a case has no field "expct"`},
		{"q.ndjson", "{\"say\": \"x\"", "q.ndjson:1: it ends too early"},
		{"q.csv", "", "q.csv: it is empty"},
		{"q.csv", "say,expect.no_model,say\n", `q.csv:1: column "say" is there twice`},
		{"q.csv", "say,expect.no_models\nx,true\n", `q.csv:2: expect has no field "no_models"`},
		{"q.csv", "say,expects.no_model\nx,true\n", `q.csv:2: a case has no field "expects.no_model"`},
		{"q.csv", "say,expect.no_model\nx,maybe\n", "q.csv:2: there is a text where true or false should be"},
		{"q.csv", "say,expect.no_model\nx,true,y\n", "q.csv:2: wrong number of fields"},
		{"q.csv", "say,expect.no_model\n\"x,true\n", "q.csv:2: extraneous or missing \""},
		{"q.csv", "name,say,channel,expect.no_model\nn,x,,true\n,y,chat,\n", "q.csv:3: channel is set in a row without a name"},
	} {
		_, err := agenttest.Load(fstest.MapFS{c.name: {Data: []byte(c.data)}}, c.name)
		var fault *agenttest.FileError
		if !errors.Is(err, agenttest.ErrInvalidCase) || !errors.As(err, &fault) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.60q: %v, want %q", c.name, c.data, err, c.want)
		}
	}
	if _, err := agenttest.Load(fstest.MapFS{}, "q.json"); err == nil || errors.Is(err, agenttest.ErrInvalidCase) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestLoadReportsSeveralFaultsButNotAllOfThousands(t *testing.T) {
	var sb strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&sb, "{\"say\": \"x%d\", \"expct\": 1}\n", i)
	}
	_, err := agenttest.Read(strings.NewReader(sb.String()), agenttest.JSONLines)
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 21 || !strings.HasPrefix(lines[19], "cases:20: ") || lines[20] != "cases: there are more faults" {
		t.Errorf("%d lines: %v", len(lines), err)
	}
}

func TestReadBoundsWhatItTakes(t *testing.T) {
	many := strings.Repeat("{\"say\":\"x\",\"expect\":{\"no_model\":true}}\n", 10_001)
	if _, err := agenttest.Read(strings.NewReader(many), agenttest.JSONLines); err == nil || !strings.Contains(err.Error(), "10001 cases are more than 10000") {
		t.Errorf("many cases: %v", err)
	}
	if _, err := agenttest.Read(strings.NewReader(strings.Repeat(" ", 16<<20+1)), agenttest.JSON); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a large file: %v", err)
	}
	if _, err := agenttest.Read(strings.NewReader("[]"), "yaml"); !errors.Is(err, agenttest.ErrInvalidCase) {
		t.Errorf("unknown format: %v", err)
	}
}

func FuzzReadCases(f *testing.F) {
	f.Add(fullFile, 0)
	f.Add("{\"say\": \"hi\", \"expect\": {\"decision\": \"answer\"}}\n{\"say\": 1}", 1)
	f.Add("name,say,expect.contains\nn,x,a|b\n,y,c\n", 2)
	f.Add("[[[[{\"\\ud800\": 1e999}]]]]", 0)
	formats := []agenttest.Format{agenttest.JSON, agenttest.JSONLines, agenttest.CSV}
	f.Fuzz(func(t *testing.T, data string, format int) {
		cases, err := agenttest.Read(strings.NewReader(data), formats[uint(format)%3])
		if err != nil {
			if !errors.Is(err, agenttest.ErrInvalidCase) || cases != nil {
				t.Fatalf("%d cases with %v", len(cases), err)
			}
			return
		}
		// What was read can be evaluated.
		silent := agenttest.AnswererFunc(func(context.Context, agent.Question) (agent.Reply, error) { return agent.Reply{}, nil })
		if results, err := (agenttest.Evaluation{}).Run(t.Context(), silent, cases); err != nil || len(results.Cases) != len(cases) {
			t.Fatalf("%d of %d results, %v", len(results.Cases), len(cases), err)
		}
	})
}
