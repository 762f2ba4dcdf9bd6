package langchain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/fake"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/agent/langchain"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

// The faults of langchaingo's clients once more, as the customer of an agent
// would meet them.

const (
	shopQuestion = "When do I get my money back after a return?"
	partial      = "Never, because"
	answered     = "You get it back within 14 days [1]."
)

func shopDocs() []*knowledge.Document {
	return []*knowledge.Document{
		agenttest.Doc("Refunds", "https://shop.example/refunds", "You get your money back within 14 days of the return."),
		agenttest.Doc("Opening hours", "https://shop.example/hours", "The shop is open on weekdays from 9 to 17."),
	}
}

func newAgent(t *testing.T, model agent.Model, actions ...agent.Action) *agent.Agent {
	t.Helper()
	a, err := agent.New(agent.Config{Knowledge: agenttest.Knowledge(t, shopDocs()...), Model: model, Actions: actions})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func askAgent(t *testing.T, a *agent.Agent) agent.Reply {
	t.Helper()
	r, err := a.Reply(t.Context(), agent.Question{Text: shopQuestion})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// requireQuoted fails unless the customer got the knowledge word for word and
// nothing of the model.
func requireQuoted(t *testing.T, r agent.Reply) {
	t.Helper()
	agenttest.RequireDecision(t, r, agent.Answer)
	agenttest.RequireText(t, r, "Here is what I found", "You get your money back within 14 days of the return.")
	agenttest.RequireCitation(t, r, "https://shop.example/refunds")
	if strings.Contains(r.Text, partial) {
		t.Fatalf("the customer got what was cut off: %q", r.Text)
	}
	if calls := r.Trace.ModelCalls; len(calls) == 0 || calls[len(calls)-1].Error == "" {
		t.Fatalf("the trace does not tell of the failure: %+v", calls)
	}
}

// requireAnswered fails unless the customer got the model's answer after as many
// failed attempts.
func requireAnswered(t *testing.T, r agent.Reply, failed int) {
	t.Helper()
	agenttest.RequireDecision(t, r, agent.Answer)
	if r.Text != answered {
		t.Fatalf("got %q, want %q; trace %+v", r.Text, answered, r.Trace.ModelCalls)
	}
	agenttest.RequireCitation(t, r, "https://shop.example/refunds")
	if last := r.Trace.ModelCalls[len(r.Trace.ModelCalls)-1]; len(last.Attempts) != failed {
		t.Fatalf("the trace tells of %d failed attempts, want %d: %+v", len(last.Attempts), failed, last.Attempts)
	}
}

// wire is how one provider speaks, through its client.
type wire struct {
	model  func(*testing.T, *provider) llms.Model
	stream func(text string, end bool) http.HandlerFunc
	fault  http.HandlerFunc // an error after text
}

func wires() map[string]wire {
	ndjson := func(lines ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-ndjson")
			fmt.Fprint(w, strings.Join(lines, "\n")+"\n")
			w.(http.Flusher).Flush()
		}
	}
	ollamaText := func(text string) string {
		return fmt.Sprintf(`{"message":{"role":"assistant","content":%q}}`, text)
	}
	return map[string]wire{
		"openai": {
			func(t *testing.T, p *provider) llms.Model { return p.openai(t, p.watched(), "gpt-4o") },
			func(text string, end bool) http.HandlerFunc {
				if end {
					return sse(openaiText(text), openaiStop, openaiUsage, done)
				}
				return sse(openaiText(text))
			},
			sse(openaiText(partial), `{"error":{"message":"The server is overloaded","type":"server_error"}}`, openaiStop, done), // and goes on as if nothing had happened
		},
		"anthropic": {
			func(t *testing.T, p *provider) llms.Model { return p.anthropic(t, p.watched()) },
			func(text string, end bool) http.HandlerFunc {
				events := []string{anthropicStart, anthropicBlock, anthropicText(text)}
				if end {
					events = append(events, anthropicEnd...)
				}
				return sse(events...)
			},
			sse(anthropicStart, anthropicBlock, anthropicText(partial), `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`),
		},
		"ollama": {
			func(t *testing.T, p *provider) llms.Model { return p.ollama(t, p.watched()) },
			func(text string, end bool) http.HandlerFunc {
				if end {
					return ndjson(ollamaText(text), `{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":8}`)
				}
				return ndjson(ollamaText(text))
			},
			ndjson(ollamaText(partial), `{"error":"the model runner stopped unexpectedly"}`),
		},
	}
}

func TestAgentGetsAnswersFromEveryProvider(t *testing.T) {
	for name, wire := range wires() {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, wire.stream(answered, true))
			r := askAgent(t, newAgent(t, langchain.New(wire.model(t, p), quick())))
			requireAnswered(t, r, 0)
			if usage := r.Trace.ModelCalls[0].Usage; usage.InputTokens == 0 || usage.OutputTokens == 0 {
				t.Errorf("usage %+v", usage)
			}
		})
	}
}

func TestAgentQuotesWhatItKnowsWhenAProviderFails(t *testing.T) {
	for name, wire := range wires() {
		for fault, test := range map[string]struct {
			answer http.HandlerFunc
			asked  int
			says   string // in the trace
		}{
			"401":       {answerJSON(401, `{"error":{"message":"Incorrect API key"}}`), 1, "credentials"},
			"429":       {answerJSON(429, limited, "Retry-After", "2"), 3, "rate"},
			"503":       {answerJSON(503, "<html>"), 3, "unavailable"},
			"malformed": {answerJSON(200, `{"choices":[{"mess`), 3, "unavailable"},
			"empty":     {answerJSON(200, ``), 3, "unavailable"},
			"slow":      {stuck(func(http.ResponseWriter, *http.Request) {}, make(chan struct{}, 3)), 3, "unavailable"},
			"mid-slow":  {stuck(wire.stream(partial, false), make(chan struct{}, 3)), 1, "cut off"},
		} {
			t.Run(name+" "+fault, func(t *testing.T) {
				p := newProvider(t, test.answer)
				config := quick()
				switch fault {
				case "slow": // never answers, however long one waits
					config.AttemptTimeout = 300 * time.Millisecond
				case "mid-slow": // answers at first
					config.AttemptTimeout = time.Second
				}
				r := askAgent(t, newAgent(t, langchain.New(wire.model(t, p), config)))
				requireQuoted(t, r)
				call := r.Trace.ModelCalls[0]
				if n := len(p.seen()); n != test.asked || len(call.Attempts) != n-1 || !strings.Contains(call.Error, test.says) {
					t.Errorf("asked %d times, trace %+v", n, call.Attempts)
				}
			})
		}
	}
}

func TestFault01AgentSaysNothingOfAStreamThatWasCutOff(t *testing.T) {
	for name, wire := range wires() {
		for how, answer := range map[string]http.HandlerFunc{"ended early": wire.stream(partial, false), "dropped": aborted(wire.stream(partial, false))} {
			t.Run(name+" "+how, func(t *testing.T) {
				p := newProvider(t, answer)
				requireQuoted(t, askAgent(t, newAgent(t, langchain.New(wire.model(t, p), quick()))))
				if n := len(p.seen()); n != 1 {
					t.Errorf("asked %d times", n)
				}
			})
		}
	}
}

func TestFault02AgentThatIsCancelledHasNoReply(t *testing.T) {
	for name, wire := range wires() {
		for range 5 {
			gone := make(chan struct{}, 1)
			ctx, cancel := context.WithCancel(t.Context())
			p := newProvider(t, stuck(func(w http.ResponseWriter, r *http.Request) {
				wire.stream(partial, false)(w, r)
				cancel()
			}, gone))
			r, err := newAgent(t, langchain.New(wire.model(t, p), quick())).Reply(ctx, agent.Question{Text: shopQuestion})
			cancel()
			if !errors.Is(err, context.Canceled) || r.Text != "" || r.Decision != agent.Silent {
				t.Fatalf("%s: got %q, %v", name, r.Text, err)
			}
			<-gone
		}
	}
}

func TestFault03AgentSeesErrorsInsideOfStreams(t *testing.T) {
	for name, wire := range wires() {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, wire.fault)
			requireQuoted(t, askAgent(t, newAgent(t, langchain.New(wire.model(t, p), quick()))))
		})
	}
	// Before any text it is asked again.
	p := newProvider(t, sse(`{"error":{"message":"Overloaded","type":"server_error"}}`), sse(openaiText(answered), openaiStop, done))
	requireAnswered(t, askAgent(t, newAgent(t, langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()))), 1)
}

// performed is an action that remembers its arguments.
type performed struct {
	mu   sync.Mutex
	args []string
}

func (p *performed) action(name, outcome string) agent.Action {
	return agent.Action{Name: name, Protection: agent.Anyone, Do: func(_ context.Context, call agent.ActionCall) (agent.ActionResult, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.args = append(p.args, name+string(call.Arguments))
		return agent.ActionResult{Text: outcome}, nil
	}}
}

// expectBothCalls lets an agent with the actions f and g talk to a provider
// that calls both and then answers.
func expectBothCalls(t *testing.T, llm func(*provider) llms.Model, calls, answer http.HandlerFunc) (*provider, agent.Reply) {
	t.Helper()
	p := newProvider(t, calls, answer)
	var done performed
	r := askAgent(t, newAgent(t, langchain.New(llm(p), quick()), done.action("f", "first"), done.action("g", "second")))
	requireAnswered(t, r, 0)
	if !slices.Equal(done.args, []string{`f{"x":1}`, `g{"y":2}`}) {
		t.Errorf("performed %q", done.args)
	}
	if len(p.seen()) != 2 {
		t.Fatalf("asked %d times", len(p.seen()))
	}
	return p, r
}

func TestFault04AgentPerformsInterleavedCallsWithTheirOwnArguments(t *testing.T) {
	p, r := expectBothCalls(t, func(p *provider) llms.Model { return p.openai(t, p.watched(), "gpt-4o") }, toolServer(
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":1}"}}]}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{\"y\":2}"}}]}}]}`,
		`{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}`, done), openaiWhole(answered))
	if total := r.Trace.ModelCalls[0].Usage.InputTokens + r.Trace.ModelCalls[1].Usage.InputTokens; total != 5+11 {
		t.Errorf("%d tokens read in both calls", total)
	}
	var results []string
	for _, m := range messagesOf(t, p.seen()[1]) {
		if m["role"] == "tool" {
			results = append(results, fmt.Sprint(m["tool_call_id"], compact(t, m["content"])))
		}
	}
	if got := strings.Join(results, " "); !strings.Contains(got, "a") || !strings.Contains(got, "first") || !strings.Contains(got, "second") || len(results) != 2 {
		t.Errorf("results on the wire: %s", got)
	}
}

func TestFault05AgentPerformsCallsWhoseTypeIsRepeatedOnce(t *testing.T) {
	expectBothCalls(t, func(p *provider) llms.Model { return p.openai(t, p.watched(), "gpt-4o") }, toolServer(
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\""}}]}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"type":"function","function":{"arguments":":1}"}}]}}]}`,
		`{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}`, done), openaiWhole(answered))
}

func TestFault06CustomerNeverSeesACallOfAnAction(t *testing.T) {
	// The model calls although it was offered nothing.
	p := newProvider(t, sse(openaiText(partial),
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"secret","arguments":"{\"key\":"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`, done), sse(openaiText(answered), openaiStop, done))
	r := askAgent(t, newAgent(t, langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick())))
	requireAnswered(t, r, 0)
	if calls := r.Trace.ModelCalls; len(calls) != 2 || calls[0].Text != partial || string(calls[0].Calls[0].Arguments) != `{"key":1}` || !strings.Contains(r.Trace.Actions[0].Error, "no such action") {
		t.Errorf("trace %+v, %+v", calls, r.Trace.Actions)
	}
}

func TestFault07AgentGetsAnswersWithLongLines(t *testing.T) {
	padded := strings.Replace(openaiText(answered), "{", `{"padding":"`+strings.Repeat("x", 100_000)+`",`, 1)
	p := newProvider(t, sse(padded, openaiStop, done), openaiWhole(answered))
	requireAnswered(t, askAgent(t, newAgent(t, langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()))), 0)
	if n := len(p.seen()); n != 2 {
		t.Errorf("asked %d times", n)
	}
	p = newProvider(t, sse(openaiText(partial), padded, openaiStop, done))
	requireQuoted(t, askAgent(t, newAgent(t, langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()))))
}

func TestFault08AgentWaitsAsLongAsTheProviderAsks(t *testing.T) {
	for name, wire := range wires() {
		p := newProvider(t, answerJSON(429, limited, "Retry-After", "3"), wire.stream(answered, true))
		config, patience := impatient()
		r := askAgent(t, newAgent(t, langchain.New(wire.model(t, p), config)))
		requireAnswered(t, r, 1)
		if wait := r.Trace.ModelCalls[0].Attempts[0].Wait; wait != 3*time.Second || !slices.Equal(patience.waits, []time.Duration{wait}) {
			t.Errorf("%s: waited %v, trace says %v", name, patience.waits, wait)
		}
	}
	// Another provider steps in when the first asks for too long, or is used up.
	for name, answer := range map[string]http.HandlerFunc{
		"an hour": answerJSON(429, limited, "Retry-After", "3600"), "used up": answerJSON(429, `{"error":{"message":"Pay","code":"insufficient_quota"}}`),
	} {
		first, second := newProvider(t, answer), newProvider(t, wires()["anthropic"].stream(answered, true))
		r := askAgent(t, newAgent(t, agent.NewFallback(langchain.New(first.openai(t, first.watched(), "gpt-4o"), quick()), langchain.New(second.anthropic(t, second.watched()), quick()))))
		requireAnswered(t, r, 1)
		if len(first.seen()) != 1 || r.Trace.ModelCalls[0].Attempts[0].Next != 2 {
			t.Errorf("%s: first asked %d times, %+v", name, len(first.seen()), r.Trace.ModelCalls[0].Attempts)
		}
	}
}

func TestFault09AgentAsksUnavailableProvidersAgain(t *testing.T) {
	for name, wire := range wires() {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, answerJSON(503, ""), answerJSON(502, "<html>"), wire.stream(answered, true))
			requireAnswered(t, askAgent(t, newAgent(t, langchain.New(wire.model(t, p), quick()))), 2)
		})
	}
}

func TestFault10AgentSamplesByTemperatureAlone(t *testing.T) {
	p := newProvider(t, wires()["openai"].stream(answered, true))
	a, err := agent.New(agent.Config{
		Knowledge: agenttest.Knowledge(t, shopDocs()...), Temperature: .3, MaxTokens: 120,
		Model: langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()),
	})
	if err != nil {
		t.Fatal(err)
	}
	requireAnswered(t, askAgent(t, a), 0)
	request := p.seen()[0]
	if _, sent := request["top_p"]; sent || request["temperature"] != .3 || request["max_completion_tokens"] != 120.0 {
		t.Errorf("got %v", request)
	}
}

func TestFault11AgentReachesModelsThatTakeOneTemperatureOnly(t *testing.T) {
	strict := func(w http.ResponseWriter, r *http.Request) {
		var request struct{ Temperature *float64 }
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil || request.Temperature == nil || *request.Temperature != 1 {
			answerJSON(400, `{"error":{"message":"Unsupported value: 'temperature' does not support 0","type":"invalid_request_error"}}`)(w, r)
			return
		}
		sse(openaiText(answered), openaiStop, done)(w, r)
	}
	p := newProvider(t, strict)
	one, config := 1.0, quick()
	config.Temperature = &one
	requireAnswered(t, askAgent(t, newAgent(t, langchain.New(p.openai(t, p.watched(), "o4-mini"), config))), 0)

	p = newProvider(t, strict)
	r := askAgent(t, newAgent(t, langchain.New(p.openai(t, p.watched(), "o4-mini"), quick())))
	requireQuoted(t, r)
	if n := len(p.seen()); n != 1 || !strings.Contains(r.Trace.ModelCalls[0].Error, "temperature") {
		t.Errorf("asked %d times: %s", n, r.Trace.ModelCalls[0].Error)
	}
}

func TestFault12AgentSendsTextAlone(t *testing.T) {
	for name, wire := range wires() {
		p := newProvider(t, wire.stream(answered, true))
		r, err := newAgent(t, langchain.New(wire.model(t, p), quick())).Reply(t.Context(), agent.Question{Text: shopQuestion, History: []channels.Message{
			{Text: "Here is a picture: data:image/png;base64,iVBORw0KGgo="}, {Author: channels.FromAgent, Text: "Thank you."},
		}})
		if err != nil || r.Text != answered {
			t.Errorf("%s: %q, %v", name, r.Text, err)
		}
		for _, message := range messagesOf(t, p.seen()[0]) {
			parts, _ := message["content"].([]any)
			for _, part := range parts {
				if kind := part.(map[string]any)["type"]; kind != "text" {
					t.Errorf("%s: part of type %v", name, kind)
				}
			}
			if _, images := message["images"]; images {
				t.Errorf("%s: %v", name, message)
			}
		}
	}
}

// meaning serves embeddings that know two subjects, with the vectors in the
// reverse order and an index each.
func meaning(w http.ResponseWriter, r *http.Request) {
	var request struct{ Input []string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		answerJSON(400, "{}")(w, r)
		return
	}
	var entries []string
	for i, text := range request.Input {
		vector := "[0.1,0.1,1]"
		switch text = strings.ToLower(text); {
		case strings.Contains(text, "money back") || strings.Contains(text, "geld"):
			vector = "[1,0.05,0.1]"
		case strings.Contains(text, "weekdays"):
			vector = "[0.05,1,0.1]"
		}
		entries = append([]string{fmt.Sprintf(`{"index":%d,"embedding":%s}`, i, vector)}, entries...)
	}
	answerJSON(200, `{"data":[`+strings.Join(entries, ",")+`]}`)(w, r)
}

func meaningfulAgent(t *testing.T, docs ...*knowledge.Document) (*agent.Agent, *provider) {
	t.Helper()
	p := newProvider(t, meaning)
	base, err := knowledge.New(knowledge.Config{Embedder: langchain.NewEmbedder(p.openai(t, p.watched(), "gpt-4o"), langchain.EmbedderConfig{})})
	if err == nil {
		err = base.Add(agenttest.Source("docs", docs...), knowledge.SourceOptions{})
	}
	if err == nil {
		_, err = base.Sync(t.Context(), "docs")
	}
	if err != nil {
		t.Fatal(err)
	}
	a, err := agent.New(agent.Config{Knowledge: base, AnswerAt: .0001})
	if err != nil {
		t.Fatal(err)
	}
	return a, p
}

func TestFault13AgentQuotesTextAsItWasBeforeEmbedding(t *testing.T) {
	const code = "Steps:\n  1. Ask for your money back\n  2. Wait"
	a, p := meaningfulAgent(t, &knowledge.Document{ID: "steps", Title: "Steps", Blocks: []knowledge.Block{{Kind: knowledge.Code, Text: code}}})
	r, err := a.Reply(t.Context(), agent.Question{Text: "How do I ask for my money back?"})
	if err != nil {
		t.Fatal(err)
	}
	agenttest.RequireText(t, r, code)
	sent := false
	for _, request := range p.seen() {
		sent = sent || strings.Contains(compact(t, request["input"]), `\n  1. Ask`)
	}
	if !sent {
		t.Errorf("line breaks did not reach the embedder: %v", p.seen())
	}
}

func TestFault14AgentFindsByMeaningWhateverTheOrderOfVectors(t *testing.T) {
	a, _ := meaningfulAgent(t, shopDocs()...)
	r, err := a.Reply(t.Context(), agent.Question{Text: "Wann kommt mein Geld?"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Trace.Hits) == 0 || r.Trace.Hits[0].Title != "Refunds" || r.Trace.Hits[0].Similarity < .9 {
		t.Errorf("found %+v", r.Trace.Hits)
	}
}

func TestFault15AgentPerformsAllCallsOfAnAnswerAndSendsThemBack(t *testing.T) {
	calls := answerJSON(200, `{"content":[{"type":"text","text":"One moment."},
		{"type":"tool_use","id":"a","name":"f","input":{"x":1}},{"type":"tool_use","id":"b","name":"g","input":{"y":2}}],
		"stop_reason":"tool_use","usage":{"input_tokens":20,"output_tokens":9}}`)
	p, r := expectBothCalls(t, func(p *provider) llms.Model { return p.anthropic(t, p.watched()) }, calls,
		answerJSON(200, fmt.Sprintf(`{"content":[{"type":"text","text":%q}],"stop_reason":"end_turn","usage":{"input_tokens":40,"output_tokens":5}}`, answered)))
	if c := r.Trace.ModelCalls; c[0].Usage != (agent.Usage{InputTokens: 20, OutputTokens: 9}) || c[1].Usage != (agent.Usage{InputTokens: 40, OutputTokens: 5}) {
		t.Errorf("usage %+v, %+v", c[0].Usage, c[1].Usage)
	}
	sent := compact(t, p.seen()[1]["messages"])
	for _, want := range []string{`"One moment."`, `{"id":"a","input":{"x":1},"name":"f","type":"tool_use"}`, `{"content":"first","tool_use_id":"a","type":"tool_result"}`,
		`{"id":"b","input":{"y":2},"name":"g","type":"tool_use"}`, `{"content":"second","tool_use_id":"b","type":"tool_result"}`} {
		if strings.Count(sent, want) != 1 {
			t.Errorf("%s is there %d times in %s", want, strings.Count(sent, want), sent)
		}
	}
}

func TestFault16AgentUsesUnsafeClientsOneAtATime(t *testing.T) {
	a := newAgent(t, langchain.New(fake.NewFakeLLM([]string{answered}), langchain.Config{MaxConcurrent: 1}))
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if r, err := a.Reply(t.Context(), agent.Question{Text: shopQuestion}); err != nil || r.Text != answered {
				t.Errorf("got %q, %v", r.Text, err)
			}
		})
	}
	group.Wait()
}

func TestAgentHandsOverWhatTheProviderFilters(t *testing.T) {
	p := newProvider(t, answerJSON(400, `{"error":{"message":"Refused","code":"content_filter"}}`))
	a := newAgent(t, langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()))
	first := askAgent(t, a)
	agenttest.RequireDecision(t, first, agent.Clarify)
	r, err := a.Reply(t.Context(), agent.Question{Text: shopQuestion, History: []channels.Message{{Text: shopQuestion}, {Author: channels.FromAgent, Text: first.Text}}})
	if err != nil {
		t.Fatal(err)
	}
	agenttest.RequireHandoff(t, r, handoff.GuardStopped)
	if n := len(p.seen()); n != 2 {
		t.Errorf("asked %d times for two messages", n)
	}
}

func TestAgentAsksWithLessWhenTheRequestIsTooLong(t *testing.T) {
	p := newProvider(t, answerJSON(400, `{"error":{"message":"Too many","code":"context_length_exceeded"}}`), sse(openaiText(answered), openaiStop, done))
	history := slices.Repeat([]channels.Message{{Text: "It is red."}}, 9)
	r, err := newAgent(t, langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick())).Reply(t.Context(), agent.Question{Text: shopQuestion, History: history})
	if err != nil {
		t.Fatal(err)
	}
	requireAnswered(t, r, 1)
	if call := r.Trace.ModelCalls[0]; !call.Shortened || len(compact(t, p.seen()[1])) >= len(compact(t, p.seen()[0])) {
		t.Errorf("not shorter: %+v", call)
	}
}
