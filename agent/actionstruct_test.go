package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

// parcel has an argument of every shape.
type parcel struct {
	Number  int               `json:"number" description:"as on the label"`
	Size    string            `json:"size" enum:"small, large"`
	Weight  float64           `json:"weight,omitempty"`
	Fragile bool              `json:"fragile,omitempty"`
	Stars   uint8             `json:"stars,omitempty" enum:"1,2,3"`
	Tags    []string          `json:"tags,omitempty" enum:"gift,bulky"`
	Labels  map[string]string `json:"labels,omitempty"`
	Due     *time.Time        `json:"due"`
	Pair    [2]int            `json:"pair,omitzero"`
	Lines   []parcelLine      `json:"lines,omitempty"`
	Extra   any               `json:"extra,omitempty"`
	Email   string            `json:"email" identity:"email"`
	Plan    string            `json:"plan" identity:"attribute:plan"`
	parcelNote
	hidden  int    // what is not exported is no argument
	Ignored string `json:"-"`
}

type parcelNote struct {
	Note string `json:"note,omitempty"`
}

type parcelLine struct {
	Amount json.Number `json:"amount"`
}

func TestSchemaOfStructHasEveryShape(t *testing.T) {
	schema, identity, err := agent.SchemaOf[parcel]()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"object","properties":{` +
		`"due":{"type":"string","format":"date-time"},"extra":{},"fragile":{"type":"boolean"},` +
		`"labels":{"type":"object","additionalProperties":{"type":"string"}},` +
		`"lines":{"type":"array","items":{"type":"object","properties":{"amount":{"type":"number"}},"required":["amount"],"additionalProperties":false}},` +
		`"note":{"type":"string"},"number":{"type":"integer","description":"as on the label"},` +
		`"pair":{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":2},` +
		`"size":{"type":"string","enum":["small","large"]},` +
		`"stars":{"type":"integer","enum":[1,2,3],"minimum":0,"maximum":255},` +
		`"tags":{"type":"array","items":{"type":"string","enum":["gift","bulky"]}},"weight":{"type":"number"}},` +
		`"required":["number","size"],"additionalProperties":false}`
	if string(schema) != want {
		t.Errorf("schema\n%s\nwant\n%s", schema, want)
	}
	if len(identity) != 2 || identity["email"] != agent.ContactEmail || identity["plan"] != "attribute:plan" {
		t.Errorf("identity %v", identity)
	}
}

type itself struct {
	Next *itself `json:"next"`
}

type ownJSON struct{}

func (*ownJSON) UnmarshalJSON([]byte) error { return nil }

func TestSchemaOfRefusesWhatModelsCannotWrite(t *testing.T) {
	refused := func(name string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	_, _, err := agent.SchemaOf[int]()
	refused("no struct", err, "not a plain struct")
	_, _, err = agent.SchemaOf[time.Time]()
	refused("time alone", err, "not a plain struct")
	_, _, err = agent.SchemaOf[itself]()
	refused("recursion", err, "contains itself")
	_, _, err = agent.SchemaOf[struct{ F func() }]()
	refused("function", err, "no schema")
	_, _, err = agent.SchemaOf[struct{ D time.Duration }]()
	refused("duration", err, "nanoseconds")
	_, _, err = agent.SchemaOf[struct{ B []byte }]()
	refused("bytes", err, "base64")
	_, _, err = agent.SchemaOf[struct{ O ownJSON }]()
	refused("own JSON", err, "its own way")
	_, _, err = agent.SchemaOf[struct{ M map[int]string }]()
	refused("map keys", err, "not strings")
	_, _, err = agent.SchemaOf[struct {
		A int `enum:"one"`
	}]()
	refused("enum of another type", err, `"one"`)
	_, _, err = agent.SchemaOf[struct {
		A string `identity:"shoe size"`
	}]()
	refused("identity", err, "shoe size")
	_, _, err = agent.SchemaOf[struct {
		A int `identity:"id"`
	}]()
	refused("identity type", err, "not a string")
	_, _, err = agent.SchemaOf[struct {
		In struct {
			A string `identity:"id"`
		}
	}]()
	refused("identity within", err, "outermost")
	_, _, err = agent.SchemaOf[struct {
		parcelNote
		Other string `json:"note"`
	}]()
	refused("same name", err, `two fields are called "note"`)
	_, _, err = agent.SchemaOf[struct {
		A int `json:"a,string"`
	}]()
	refused("string option", err, "not supported")
	_, _, err = agent.SchemaOf[struct{ *parcelLine }]()
	refused("embedded pointer", err, "pointer")
}

// callOnce lets a model call an action with arguments and returns the record.
func callOnce(t *testing.T, action agent.Action, arguments string, contact channels.Contact) agent.ActionRecord {
	t.Helper()
	model := agenttest.NewModel(agenttest.Step{Calls: []agent.ToolCall{{Name: action.Name, Arguments: json.RawMessage(arguments)}}}).Always(agenttest.Say("Done."))
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{action}})
	r, err := a.Reply(t.Context(), agent.Question{Text: parcelQuestion, Contact: contact})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Trace.Actions) != 1 {
		t.Fatalf("%d actions", len(r.Trace.Actions))
	}
	return r.Trace.Actions[0]
}

const parcelQuestion = "Where is my parcel with number 77 now?"

func TestTypedActionChecksArgumentsAgainstItsSchema(t *testing.T) {
	var got parcel
	action, err := agent.NewAction(agent.Action{Name: "parcel", Protection: agent.Anyone}, func(_ context.Context, _ agent.ActionCall, in parcel) (agent.ActionResult, error) {
		got = in
		return agent.ActionResult{Text: "ok"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	contact := channels.Contact{ID: "c1", Email: "ida@shop.example", Attributes: map[string]string{"plan": "gold"}}
	for name, c := range map[string]struct{ arguments, want string }{
		"least":                  {`{"number":1,"size":"small"}`, ""},
		"whole number as 5.0":    {`{"number":5.0,"size":"small"}`, ""},
		"whole number as 1e2":    {`{"number":1e2,"size":"small"}`, ""},
		"null for optional":      {`{"number":1,"size":"small","weight":null,"due":null}`, ""},
		"all":                    {`{"number":1,"size":"large","weight":1.5,"fragile":true,"stars":3,"tags":["gift"],"labels":{"a":"b"},"due":"2026-03-01T10:00:00Z","pair":[1,2],"lines":[{"amount":1.10}],"extra":[1],"note":"n"}`, ""},
		"identity is overruled":  {`{"number":1,"size":"small","email":"eve@evil.example","plan":"root"}`, ""},
		"missing":                {`{"size":"small"}`, "number is missing"},
		"null for required":      {`{"number":null,"size":"small"}`, "number is null, want integer"},
		"wrong type":             {`{"number":"1","size":"small"}`, "number is string, want integer"},
		"fraction":               {`{"number":1.5,"size":"small"}`, "number is number, want integer"},
		"too large for int":      {`{"number":99999999999999999999,"size":"small"}`, "cannot unmarshal number"},
		"not in enum":            {`{"number":1,"size":"huge"}`, `size is none of "small", "large"`},
		"not in enum of numbers": {`{"number":1,"size":"small","stars":4}`, "stars is none of 1, 2, 3"},
		"not in enum of items":   {`{"number":1,"size":"small","tags":["gift","x"]}`, "tags[1] is none of"},
		"unknown":                {`{"number":1,"size":"small","price":0}`, "price is not an argument"},
		"other case":             {`{"Number":1,"number":1,"size":"small"}`, "Number is not an argument"},
		"unknown within":         {`{"number":1,"size":"small","lines":[{"amount":1,"x":1}]}`, "lines[0].x is not an argument"},
		"date":                   {`{"number":1,"size":"small","due":"tomorrow"}`, "due is no date-time"},
		"array length":           {`{"number":1,"size":"small","pair":[1]}`, "pair has fewer than 2 items"},
		"map value":              {`{"number":1,"size":"small","labels":{"a":1}}`, "labels.a is integer, want string"},
		"endless number":         {`{"number":1,"size":"small","weight":1e999}`, "weight is out of range"},
		"not an object":          {`[1]`, "not a JSON object"},
		"null":                   {`null`, "not a JSON object"},
		"not JSON":               {`{"number":`, "not a JSON object"},
		"two values":             {`{"number":1,"size":"small"}{}`, "not a JSON object"},
		"too long":               {`{"number":1,"size":"small","note":"` + strings.Repeat("x", 40_000) + `"}`, "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			got = parcel{hidden: 1}
			rec := callOnce(t, action, c.arguments, contact)
			if c.want != "" {
				if !strings.Contains(rec.Error, c.want) || rec.Outcome == agent.ActionPerformed || got.Email != "" {
					t.Errorf("%s %q, called with %+v; want %q", rec.Outcome, rec.Error, got, c.want)
				}
				return
			}
			if rec.Outcome != agent.ActionPerformed || got.Email != "ida@shop.example" || got.Plan != "gold" || got.Number == 0 || got.hidden != 0 {
				t.Errorf("%s %q, called with %+v", rec.Outcome, rec.Error, got)
			}
		})
	}
	rec := callOnce(t, action, `{"number":1,"size":"small"}`, channels.Contact{ID: "c1", Email: "ida@shop.example"})
	if rec.Outcome != agent.ActionRefused || !strings.Contains(rec.Error, "attribute:plan") {
		t.Errorf("a contact without a plan: %+v", rec)
	}
}

func TestWrittenSchemaChecksItsKeywords(t *testing.T) {
	level := func(s string) agent.Action {
		return agent.Action{
			Name: "x", Protection: agent.Anyone, Schema: json.RawMessage(`{"type":"object","properties":{"v":` + s + `}}`),
			Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
				return agent.ActionResult{Text: "ok"}, nil
			},
		}
	}
	for _, c := range []struct{ schema, good, bad string }{
		{`{"type":["string","null"]}`, `null`, `1`},
		{`{"const":"a"}`, `"a"`, `"b"`},
		{`{"enum":[1,"a",null]}`, `null`, `"b"`},
		{`{"type":"number","minimum":2}`, `2`, `1.99`},
		{`{"type":"number","maximum":2}`, `2`, `2.01`},
		{`{"type":"integer","exclusiveMinimum":2}`, `3`, `2`},
		{`{"type":"integer","exclusiveMaximum":2}`, `1`, `2`},
		{`{"type":"string","minLength":2}`, `"æø"`, `"x"`},
		{`{"type":"string","maxLength":2}`, `"æø"`, `"xyz"`},
		{`{"type":"string","pattern":"^[A-Z]{2}$"}`, `"AB"`, `"ab"`},
		{`{"type":"string","format":"date"}`, `"2026-02-28"`, `"2026-02-30"`},
		{`{"type":"array","minItems":1,"maxItems":2,"items":{"type":"boolean"}}`, `[true]`, `[]`},
		{`{"type":"array","maxItems":1}`, `[1]`, `[1,2]`},
		{`{"type":"object","required":["a"]}`, `{"a":1,"b":2}`, `{"b":2}`},
		{`{"title":"t","description":"d","default":1,"type":"boolean"}`, `true`, `"true"`},
	} {
		if rec := callOnce(t, level(c.schema), `{"v":`+c.good+`}`, channels.Contact{}); rec.Outcome != agent.ActionPerformed {
			t.Errorf("%s refuses %s: %s", c.schema, c.good, rec.Error)
		}
		if rec := callOnce(t, level(c.schema), `{"v":`+c.bad+`}`, channels.Contact{}); rec.Outcome != agent.ActionInvalid {
			t.Errorf("%s lets %s through: %+v", c.schema, c.bad, rec)
		}
	}
	for schema, want := range map[string]string{
		`{"anyOf":[]}`:                     "anyOf",
		`{"$ref":"#/x"}`:                   "$ref",
		`{"type":"text"}`:                  `unknown type "text"`,
		`{"pattern":"("}`:                  "pattern",
		`{"minimum":1e999}`:                "no number",
		`{"items":{"type":"x"}}`:           `schema.v[]`,
		`{"additionalProperties":{"a":1}}`: `schema.v.*`,
		strings.Repeat(`{"items":`, 40) + `{}` + strings.Repeat(`}`, 40): "deeper than",
	} {
		_, err := agent.New(agent.Config{Knowledge: helpCentre(t), Actions: []agent.Action{level(schema)}})
		if !errors.Is(err, agent.ErrInvalidConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", schema, err, want)
		}
	}
}

func TestNewActionReportsFaults(t *testing.T) {
	do := func(context.Context, agent.ActionCall, struct{}) (agent.ActionResult, error) {
		return agent.ActionResult{}, nil
	}
	for name, a := range map[string]agent.Action{
		"name": {Name: "a-b"}, "negative": {Name: "ok", Timeout: -1}, "protection": {Name: "ok", Protection: 9},
	} {
		if _, err := agent.NewAction(a, do); !errors.Is(err, agent.ErrInvalidConfig) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := agent.NewAction[struct{}](agent.Action{Name: "ok"}, nil); !errors.Is(err, agent.ErrInvalidConfig) {
		t.Errorf("no function: %v", err)
	}
	if _, err := agent.NewAction(agent.Action{Name: "ok"}, func(context.Context, agent.ActionCall, int) (agent.ActionResult, error) {
		return agent.ActionResult{}, nil
	}); !errors.Is(err, agent.ErrInvalidConfig) {
		t.Errorf("no struct: %v", err)
	}
}

func BenchmarkSchemaOf(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := agent.SchemaOf[parcel](); err != nil {
			b.Fatal(err)
		}
	}
}
