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
	"sync/atomic"
	"testing"
	"time"

	"github.com/tmc/langchaingo/embeddings"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/fake"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/langchain"
)

func TestFault01StreamCutOffIsTruncated(t *testing.T) {
	begin := sse(openaiText("Your order "), openaiText("is"))
	for name, answer := range map[string]http.HandlerFunc{
		"ended early": begin, "dropped": aborted(begin), "done without a reason": sse(openaiText("Your order "), openaiText("is"), done),
		"usage but no end": sse(openaiText("Your order "), openaiText("is"), openaiUsage),
	} {
		p := newProvider(t, answer)
		for _, client := range []*http.Client{p.bare(), p.watched()} {
			got := listen(t.Context(), langchain.New(p.openai(t, client, "gpt-4o"), quick()), question())
			if got.text != "Your order is" || !errors.Is(got.err, agent.ErrTruncated) {
				t.Errorf("%s: got %q, %v", name, got.text, got.err)
			}
		}
		if n := len(p.seen()); n != 2 {
			t.Errorf("%s: asked %d times in two answers, but text had been handed on", name, n)
		}
	}
}

func TestFault02CancellingMidStreamIsAnError(t *testing.T) {
	for range 20 {
		gone := make(chan struct{}, 1)
		p := newProvider(t, stuck(sse(openaiText("Your "), openaiText("order")), gone))
		ctx, cancel := context.WithCancel(t.Context())
		var last error
		for _, err := range langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()).Generate(ctx, question()) {
			cancel()
			last = err
		}
		cancel()
		if !errors.Is(last, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", last)
		}
		<-gone
	}

	// A client that returns what it has as if it were whole, before anyone
	// heard of the end of the context.
	ctx := &endingContext{Context: t.Context()}
	llm := scripted(func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
		ctx.ended.Store(true)
		return says("Your")
	})
	if got := listen(ctx, langchain.New(llm, quick()), question()); !errors.Is(got.err, context.Canceled) || got.text != "" {
		t.Fatalf("got %q, %v, want context.Canceled", got.text, got.err)
	}
}

// endingContext has ended, but its channel is not closed yet.
type endingContext struct {
	context.Context
	ended atomic.Bool
}

func (c *endingContext) Err() error {
	if c.ended.Load() {
		return context.Canceled
	}
	return nil
}

func TestFault03ErrorInsideOfAStreamIsSeen(t *testing.T) {
	broken := `{"error":{"message":"The server is overloaded","type":"server_error"}}`
	p := newProvider(t, sse(openaiText("Your order"), broken))
	got := listen(t.Context(), langchain.New(p.openai(t, p.bare(), "gpt-4o"), quick()), question())
	if got.text != "Your order" || !errors.Is(got.err, agent.ErrTruncated) {
		t.Errorf("without transport: got %q, %v", got.text, got.err)
	}
	got = listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), question())
	if !errors.Is(got.err, agent.ErrTruncated) || !errors.Is(got.err, agent.ErrUnavailable) {
		t.Errorf("got %v, want the cut and its cause", got.err)
	}

	// Even when the stream goes on as if nothing had happened.
	p = newProvider(t, sse(openaiText("Your order"), broken, openaiStop, done))
	got = listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), question())
	if !errors.Is(got.err, agent.ErrTruncated) {
		t.Errorf("stream that goes on: got %v", got.err)
	}
	// And before any text it is tried again.
	p = newProvider(t, sse(broken), sse(openaiText("Here."), openaiStop, done))
	got = listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), question())
	if got.text != "Here." || got.err != nil {
		t.Errorf("before text: got %q, %v", got.text, got.err)
	}
}

// toolServer answers in one piece, or in the given stream when asked for one.
func toolServer(stream ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request struct{ Stream bool }
		if json.NewDecoder(r.Body).Decode(&request) == nil && request.Stream {
			sse(stream...)(w, r)
			return
		}
		answerJSON(200, `{"choices":[{"index":0,"message":{"role":"assistant","content":"One moment.","tool_calls":[
			{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
			{"id":"b","type":"function","function":{"name":"g","arguments":"{\"y\":2}"}}]},"finish_reason":"tool_calls"}],
			"usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11}}`)(w, r)
	}
}

func expectCallsWhole(t *testing.T, p *provider) {
	t.Helper()
	got := listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), withTools(question()))
	want := `[{"ID":"a","Name":"f","Arguments":{"x":1}},{"ID":"b","Name":"g","Arguments":{"y":2}}]`
	if got.err != nil || compact(t, got.calls) != want || got.text != "One moment." {
		t.Errorf("got %q, %s, %v", got.text, compact(t, got.calls), got.err)
	}
	request := p.seen()[0]
	if request["stream"] != nil {
		t.Errorf("tools were asked for in a stream: %v", request["stream"])
	}
	if tools := compact(t, request["tools"]); !strings.Contains(tools, `"name":"g","parameters":{"properties":{},"type":"object"}`) ||
		!strings.Contains(tools, `"x":{"type":"integer"}`) {
		t.Errorf("tools on the wire: %s", tools)
	}
}

func TestFault04InterleavedToolCallsStayApart(t *testing.T) {
	expectCallsWhole(t, newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		toolServer(
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":1}"}}]}}]}`,
			`{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{\"y\":2}"}}]}}]}`,
			`{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}`, done)(w, r)
	}))
}

func TestFault05RepeatedTypesDoNotSplitToolCalls(t *testing.T) {
	expectCallsWhole(t, newProvider(t, toolServer(
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\""}}]}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"type":"function","function":{"arguments":":1}"}}]}}]}`,
		`{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}`, done)))
}

func TestFault06ToolCallsInAStreamAreNoText(t *testing.T) {
	p := newProvider(t, sse(openaiText("One moment."),
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"secret","arguments":"{\"key\":"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}`,
		`{"choices":[{"index":0,"delta":{"function_call":{"name":"secret","arguments":"{}"}}}]}`,
		`{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, done))
	got := listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), question())
	if got.text != "One moment." || got.err != nil {
		t.Errorf("got %q, %v", got.text, got.err)
	}
	if len(got.calls) != 1 || got.calls[0].Name != "secret" || string(got.calls[0].Arguments) != `{"key":1}` {
		t.Errorf("calls: %s", compact(t, got.calls))
	}

	// Text that only resembles one is text.
	for _, text := range []string{`[{"type":"a"}]`, `[{"x":1}]`, `{"name":"Anna"}`, `[{`, `{"name":`} {
		p := newProvider(t, sse(openaiText(text), openaiStop, done))
		got := listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), question())
		if got.text != text || got.err != nil {
			t.Errorf("%s: got %q, %v", text, got.text, got.err)
		}
	}
}

func TestFault07LongLinesAreAskedForInOnePiece(t *testing.T) {
	long := strings.Repeat("word ", 20_000)
	p := newProvider(t, sse(openaiText(long), openaiStop, done), openaiWhole(long))
	got := listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), question())
	if got.text != long || got.err != nil {
		t.Errorf("got %d bytes, %v", len(got.text), got.err)
	}

	p = newProvider(t, sse(openaiText("So: "), openaiText(long), openaiStop, done))
	got = listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), question())
	if got.text != "So: " || !errors.Is(got.err, agent.ErrTruncated) {
		t.Errorf("after text: got %q, %v", got.text, got.err)
	}
}

const limited = `{"error":{"message":"Slow down","type":"requests","code":"rate_limit_exceeded"}}`

func TestFault08RateLimitsAreTypedAndWaitedFor(t *testing.T) {
	whole := sse(openaiText("Here."), openaiStop, done)
	p := newProvider(t, answerJSON(429, limited, "Retry-After", "3"), whole)
	config, patience := impatient()
	got := listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), config), question())
	if got.text != "Here." || got.err != nil || !slices.Equal(patience.waits, []time.Duration{3 * time.Second}) {
		t.Errorf("got %q, %v, waits %v", got.text, got.err, patience.waits)
	}

	p = newProvider(t, answerJSON(429, limited, "Retry-After", "2"))
	config, _ = impatient()
	got = listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), config), question())
	var classified *agent.ModelError
	if !errors.As(got.err, &classified) || !errors.Is(got.err, agent.ErrRateLimited) || classified.RetryAfter != 2*time.Second || len(p.seen()) != 3 {
		t.Errorf("exhausted: got %v after %d requests", got.err, len(p.seen()))
	}

	for name, test := range map[string]struct {
		answer http.HandlerFunc
		kind   error
	}{
		"longer than MaxDelay": {answerJSON(429, limited, "Retry-After", "3600"), agent.ErrRateLimited},
		"quota spent":          {answerJSON(429, `{"error":{"message":"You are out of credits","code":"insufficient_quota"}}`), agent.ErrQuotaExhausted},
	} {
		p = newProvider(t, test.answer)
		got = listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), question())
		if !errors.Is(got.err, test.kind) || len(p.seen()) != 1 {
			t.Errorf("%s: got %v after %d requests", name, got.err, len(p.seen()))
		}
	}

	// Without the transport the kind is still known, for every client.
	p = newProvider(t, answerJSON(429, limited, "Retry-After", "2"))
	for name, llm := range map[string]llms.Model{"openai": p.openai(t, p.bare(), "gpt-4o"), "anthropic": p.anthropic(t, p.bare())} {
		if got := listen(t.Context(), langchain.New(llm, quick()), question()); !errors.Is(got.err, agent.ErrRateLimited) {
			t.Errorf("%s without transport: got %v", name, got.err)
		}
	}
}

func TestFault09UnavailableProvidersAreTriedAgain(t *testing.T) {
	p := newProvider(t, answerJSON(503, ""), answerJSON(502, "<html>"), sse(openaiText("Here."), openaiStop, openaiUsage, done))
	config, patience := impatient()
	got := listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), config), question())
	if got.text != "Here." || got.err != nil || !slices.Equal(patience.waits, []time.Duration{500 * time.Millisecond, time.Second}) {
		t.Errorf("got %q, %v, waits %v", got.text, got.err, patience.waits)
	}
	if !slices.Equal(got.usage, []agent.Usage{{InputTokens: 11, OutputTokens: 7}}) {
		t.Errorf("usage: %v", got.usage)
	}

	for name, model := range map[string]func(*provider) llms.Model{
		"openai":         func(p *provider) llms.Model { return p.openai(t, p.watched(), "gpt-4o") },
		"openai, bare":   func(p *provider) llms.Model { return p.openai(t, p.bare(), "gpt-4o") },
		"anthropic":      func(p *provider) llms.Model { return p.anthropic(t, p.watched()) },
		"anthropic bare": func(p *provider) llms.Model { return p.anthropic(t, p.bare()) },
		"ollama":         func(p *provider) llms.Model { return p.ollama(t, p.watched()) },
	} {
		for _, body := range []string{"", "{}", "<html>", `{"error":{"message":"down"}}`} {
			p := newProvider(t, answerJSON(503, body))
			got := listen(t.Context(), langchain.New(model(p), quick()), question())
			if !errors.Is(got.err, agent.ErrUnavailable) || len(p.seen()) != 3 {
				t.Errorf("%s, %q: got %v after %d requests", name, body, got.err, len(p.seen()))
			}
		}
	}
}

func TestFault10SamplingIsByTemperatureAlone(t *testing.T) {
	p := newProvider(t, openaiWhole("Here."))
	req := question()
	req.Temperature, req.MaxTokens = 0.7, 50
	listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), langchain.Config{NoStreaming: true}), req)
	request := p.seen()[0]
	if _, sent := request["top_p"]; sent || request["temperature"] != 0.7 || request["max_completion_tokens"] != 50.0 {
		t.Errorf("got %v", request)
	}
}

func TestFault11TemperatureIsAlwaysSent(t *testing.T) {
	one := 1.0
	for _, test := range []struct {
		name        string
		temperature float64
		config      langchain.Config
		want        any
	}{
		{"gpt-4o", 0, langchain.Config{}, 0.0},
		{"gpt-4o", 0.4, langchain.Config{Options: []llms.CallOption{llms.WithTemperature(0.9)}}, 0.4},
		{"o4-mini", 0.4, langchain.Config{Temperature: &one}, 1.0},
	} {
		p := newProvider(t, openaiWhole("Here."), answerJSON(200, `{"content":[{"type":"text","text":"Here."}],"stop_reason":"end_turn"}`),
			answerJSON(200, `{"message":{"role":"assistant","content":"Here."},"done":true}`))
		req := question()
		req.Temperature, test.config.NoStreaming = test.temperature, true
		for _, llm := range []llms.Model{p.openai(t, p.watched(), test.name), p.anthropic(t, p.watched()), p.ollama(t, p.watched())} {
			if got := listen(t.Context(), langchain.New(llm, test.config), req); got.text != "Here." || got.err != nil {
				t.Errorf("%T: got %q, %v", llm, got.text, got.err)
			}
		}
		for i, request := range p.seen() {
			temperature := request["temperature"]
			if options, ok := request["options"].(map[string]any); ok {
				temperature = options["temperature"]
			}
			if temperature != test.want {
				t.Errorf("%s, request %d: got temperature %v, want %v", test.name, i, temperature, test.want)
			}
		}
	}
}

func TestFault12OnlyTextGoesOut(t *testing.T) {
	p := newProvider(t, openaiWhole("Here."), answerJSON(200, `{"content":[{"type":"text","text":"Here."}],"stop_reason":"end_turn"}`))
	req := withTools(question())
	listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), req)
	listen(t.Context(), langchain.New(p.anthropic(t, p.watched()), quick()), req)
	for i, request := range p.seen() {
		for _, message := range messagesOf(t, request) {
			parts, ok := message["content"].([]any)
			if _, plain := message["content"].(string); !ok && !plain {
				t.Errorf("request %d: content %v", i, message["content"])
			}
			for _, part := range parts {
				if kind := part.(map[string]any)["type"]; kind != "text" {
					t.Errorf("request %d: part of type %v", i, kind)
				}
			}
		}
	}
	if len(p.seen()) != 2 {
		t.Errorf("asked %d times", len(p.seen()))
	}
}

const vectors = `{"data":[{"index":0,"embedding":[1,0]},{"index":1,"embedding":[0,1]}]}`

func TestFault13TextsAreEmbeddedAsTheyAre(t *testing.T) {
	texts := []string{"| a |\n| b |", "line\nline"}
	for name, embedder := range map[string]func(*provider) *langchain.Embedder{
		"client": func(p *provider) *langchain.Embedder {
			return langchain.NewEmbedder(p.openai(t, p.watched(), "gpt-4o"), langchain.EmbedderConfig{})
		},
		"embedder": func(p *provider) *langchain.Embedder {
			inner, err := embeddings.NewEmbedder(p.openai(t, p.watched(), "gpt-4o"))
			if err != nil {
				t.Fatal(err)
			}
			return langchain.FromEmbedder(inner, langchain.EmbedderConfig{})
		},
	} {
		p := newProvider(t, answerJSON(200, vectors))
		given := slices.Clone(texts)
		got, err := embedder(p).Embed(t.Context(), given)
		if err != nil || len(got) != 2 || !slices.Equal(given, texts) {
			t.Errorf("%s: got %v, %v; the texts are now %q", name, got, err, given)
		}
		if sent := compact(t, p.seen()[0]["input"]); sent != compact(t, texts) {
			t.Errorf("%s: sent %s", name, sent)
		}
	}

	// No vector is an error, not a panic.
	for _, answer := range []func(context.Context, []string) ([][]float32, error){
		func(context.Context, []string) ([][]float32, error) { return nil, nil },
		func(context.Context, []string) ([][]float32, error) { var none [][]float32; return none[:1], nil },
	} {
		got, err := langchain.NewEmbedder(embeddings.EmbedderClientFunc(answer), langchain.EmbedderConfig{}).Embed(t.Context(), texts)
		if err == nil || got != nil {
			t.Errorf("no vectors: got %v, %v", got, err)
		}
	}
}

func TestFault14VectorsFollowTheirIndex(t *testing.T) {
	p := newProvider(t, answerJSON(200, `{"object":"list","data":[{"index":2,"embedding":[3,0]},{"index":0,"embedding":[1,0]},{"index":1,"embedding":[2,0]}]}`))
	embedder := langchain.NewEmbedder(p.openai(t, p.watched(), "gpt-4o"), langchain.EmbedderConfig{})
	got, err := embedder.Embed(t.Context(), []string{"a", "b", "c"})
	if err != nil || compact(t, got) != "[[1,0],[2,0],[3,0]]" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestFault15ChoicesAreOneAnswerAndHistoryIsWhole(t *testing.T) {
	p := newProvider(t, answerJSON(200, `{"content":[{"type":"thinking","thinking":"Hm."},{"type":"text","text":"One moment."},
		{"type":"tool_use","id":"a","name":"f","input":{"x":1}},{"type":"tool_use","id":"b","name":"g","input":{}}],
		"stop_reason":"tool_use","usage":{"input_tokens":20,"output_tokens":9,"cache_read_input_tokens":100}}`))
	model := langchain.New(p.anthropic(t, p.watched()), quick())
	req := withTools(question())
	got := listen(t.Context(), model, req)
	if got.err != nil || got.text != "One moment." || compact(t, got.calls) != `[{"ID":"a","Name":"f","Arguments":{"x":1}},{"ID":"b","Name":"g","Arguments":{}}]` {
		t.Fatalf("got %q, %s, %v", got.text, compact(t, got.calls), got.err)
	}
	if !slices.Equal(got.usage, []agent.Usage{{InputTokens: 120, OutputTokens: 9}}) {
		t.Errorf("usage: %v", got.usage)
	}

	req.Messages = append(req.Messages,
		agent.ModelMessage{Role: agent.RoleAssistant, Text: got.text, ToolCalls: got.calls},
		agent.ModelMessage{Role: agent.RoleTool, ToolCallID: "b", ToolName: "g", Text: "second"},
		agent.ModelMessage{Role: agent.RoleTool, ToolCallID: "a", ToolName: "f", Text: "first"})
	listen(t.Context(), model, req)
	listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), req)

	want := []string{
		`{"content":[{"text":"Where is my order?","type":"text"}],"role":"user"}`,
		`{"content":[{"text":"One moment.","type":"text"}],"role":"assistant"}`,
		`{"content":[{"id":"a","input":{"x":1},"name":"f","type":"tool_use"}],"role":"assistant"}`,
		`{"content":[{"content":"first","tool_use_id":"a","type":"tool_result"}],"role":"user"}`,
		`{"content":[{"id":"b","input":{},"name":"g","type":"tool_use"}],"role":"assistant"}`,
		`{"content":[{"content":"second","tool_use_id":"b","type":"tool_result"}],"role":"user"}`,
	}
	for i, message := range messagesOf(t, p.seen()[1]) {
		if sent := compact(t, message); i >= len(want) || sent != want[i] {
			t.Errorf("anthropic, message %d: %s", i, sent)
		}
	}
	sent := messagesOf(t, p.seen()[2])
	var order []string
	for _, message := range sent {
		id := message["tool_call_id"]
		if calls, ok := message["tool_calls"].([]any); ok {
			id = calls[0].(map[string]any)["id"]
		}
		order = append(order, fmt.Sprint(message["role"], " ", id))
	}
	if !slices.Equal(order, []string{"system <nil>", "user <nil>", "assistant <nil>", "assistant a", "tool a", "assistant b", "tool b"}) {
		t.Errorf("openai: %v", order)
	}
}

func TestFault16UnsafeClientsAreSerialisedAndContextsHonoured(t *testing.T) {
	model := langchain.New(fake.NewFakeLLM([]string{"one", "two"}), langchain.Config{MaxConcurrent: 1})
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if got := listen(t.Context(), model, question()); got.err != nil || got.text != "one" && got.text != "two" {
				t.Errorf("got %q, %v", got.text, got.err)
			}
		})
	}
	group.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := listen(ctx, model, question()); !errors.Is(got.err, context.Canceled) || got.text != "" {
		t.Errorf("cancelled: got %q, %v", got.text, got.err)
	}
}
