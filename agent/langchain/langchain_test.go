package langchain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tmc/langchaingo/embeddings"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/fake"
	"github.com/tmc/langchaingo/llms/openai"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/langchain"
)

func ExampleNew() {
	model := langchain.New(fake.NewFakeLLM([]string{"Your parcel arrives tomorrow."}), langchain.Config{MaxConcurrent: 1})
	request := agent.Request{Messages: []agent.ModelMessage{{Role: agent.RoleUser, Text: "When does my parcel arrive?"}}}
	for event, err := range model.Generate(context.Background(), request) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(event.Text)
	}
	// Output: Your parcel arrives tomorrow.
}

func ExampleTransport() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()

	llm, err := openai.New(openai.WithToken("secret"), openai.WithModel("any"), openai.WithBaseURL(server.URL),
		openai.WithHTTPClient(&http.Client{Transport: langchain.Transport(nil)}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, err := range langchain.New(llm, langchain.Config{}).Generate(context.Background(), agent.Request{}) {
		var failure *agent.ModelError
		if errors.As(err, &failure) {
			fmt.Println(failure.Kind, failure.RetryAfter)
		}
	}
	// Output: agent: model provider limits the rate 1m0s
}

func ExampleNewEmbedder() {
	client := embeddings.EmbedderClientFunc(func(_ context.Context, texts []string) ([][]float32, error) {
		vectors := make([][]float32, len(texts))
		for i, text := range texts {
			vectors[i] = []float32{float32(len(text)), 1}
		}
		return vectors, nil
	})
	vectors, err := langchain.NewEmbedder(client, langchain.EmbedderConfig{}).Embed(context.Background(), []string{"Returns", "Opening hours"})
	fmt.Println(vectors, err)
	// Output: [[7 1] [13 1]] <nil>
}

func TestTextIsHandedOnAsItComes(t *testing.T) {
	next := make(chan struct{})
	p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		for _, word := range []string{"Your ", "order ", "is here."} {
			sse(openaiText(word))(w, r)
			select {
			case <-next: // only once the word was heard
			case <-time.After(10 * time.Second):
				return
			}
		}
		sse(openaiStop, openaiUsage, done)(w, r)
	})
	var heard []string
	for event, err := range langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()).Generate(t.Context(), question()) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Text != "" {
			heard = append(heard, event.Text)
			next <- struct{}{}
		}
	}
	if !slices.Equal(heard, []string{"Your ", "order ", "is here."}) {
		t.Errorf("heard %q", heard)
	}
}

const anthropicStart = `{"type":"message_start","message":{"id":"m","role":"assistant","usage":{"input_tokens":20}}}`

func anthropicText(text string) string {
	return fmt.Sprintf(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%q}}`, text)
}

var (
	anthropicBlock = `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
	anthropicEnd   = []string{`{"type":"content_block_stop","index":0}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}`, `{"type":"message_stop"}`}
)

func TestAnthropicStreams(t *testing.T) {
	begin := []string{anthropicStart, anthropicBlock, anthropicText("Your order "), anthropicText("is here.")}
	overloaded := `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		text   string
		kinds  []error
	}{
		{"whole", sse(append(slices.Clone(begin), anthropicEnd...)...), "Your order is here.", nil},
		{"cut", sse(begin...), "Your order is here.", []error{agent.ErrTruncated}},
		{"dropped", aborted(sse(begin...)), "Your order is here.", []error{agent.ErrTruncated}},
		{"error inside", sse(append(slices.Clone(begin), overloaded)...), "Your order is here.", []error{agent.ErrTruncated, agent.ErrUnavailable}},
		{"token limit", sse(append(slices.Clone(begin), anthropicEnd[0], strings.Replace(anthropicEnd[1], "end_turn", "max_tokens", 1), anthropicEnd[2])...),
			"Your order is here.", []error{agent.ErrTruncated}},
		{"refusal", sse(append(slices.Clone(begin), anthropicEnd[0], strings.Replace(anthropicEnd[1], "end_turn", "refusal", 1), anthropicEnd[2])...),
			"Your order is here.", []error{agent.ErrContentFilter}},
		{"malformed", sse(append(slices.Clone(begin), `{"type":`)...), "Your order is here.", []error{agent.ErrTruncated}},
		{"empty", sse(), "", []error{agent.ErrUnavailable}},
	} {
		p := newProvider(t, test.answer)
		got := listen(t.Context(), langchain.New(p.anthropic(t, p.watched()), quick()), question())
		if got.text != test.text || (got.err == nil) != (test.kinds == nil) {
			t.Errorf("%s: got %q, %v", test.name, got.text, got.err)
		}
		for _, kind := range test.kinds {
			if !errors.Is(got.err, kind) {
				t.Errorf("%s: got %v, want %v", test.name, got.err, kind)
			}
		}
	}
}

func TestOllamaStreams(t *testing.T) {
	line := func(text string, rest string) string {
		return fmt.Sprintf(`{"message":{"role":"assistant","content":%q}%s}`, text, rest)
	}
	whole := `,"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":8`
	for _, test := range []struct {
		name  string
		lines []string
		max   int
		text  string
		kind  error
	}{
		{"whole", []string{line("Your order ", ""), line("is here.", ""), line("", whole)}, 0, "Your order is here.", nil},
		{"cut", []string{line("Your order ", ""), line("is", "")}, 0, "Your order is", agent.ErrTruncated},
		{"error inside", []string{line("Your order ", ""), `{"error":"the model runner stopped unexpectedly"}`}, 0, "Your order ", agent.ErrTruncated},
		{"malformed", []string{line("Your order ", ""), `{"mess`}, 0, "Your order ", agent.ErrTruncated},
		{"token limit", []string{line("Your order ", ""), line("is", whole)}, 8, "Your order is", agent.ErrTruncated},
		{"empty", nil, 0, "", agent.ErrTruncated},
	} {
		p := newProvider(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-ndjson")
			fmt.Fprint(w, strings.Join(test.lines, "\n"))
		})
		req := question()
		req.MaxTokens = test.max
		got := listen(t.Context(), langchain.New(p.ollama(t, p.watched()), quick()), req)
		if got.text != test.text || !errors.Is(got.err, test.kind) || (got.err == nil) != (test.kind == nil) {
			t.Errorf("%s: got %q, %v", test.name, got.text, got.err)
		}
	}
}

func TestToolsAreRefusedWhereTheClientDropsThem(t *testing.T) {
	p := newProvider(t, answerJSON(500, ""))
	model := langchain.New(p.ollama(t, p.watched()), quick())
	history := question()
	history.Messages = append(history.Messages, agent.ModelMessage{Role: agent.RoleAssistant, ToolCalls: []agent.ToolCall{{ID: "a", Name: "f"}}})
	for _, req := range []agent.Request{withTools(question()), history} {
		if got := listen(t.Context(), model, req); !errors.Is(got.err, langchain.ErrNoTools) {
			t.Errorf("got %v", got.err)
		}
	}
	if len(p.seen()) != 0 {
		t.Error("the provider was asked all the same")
	}
}

func TestErrorsAreClassified(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		want   error
		asked  int
	}{
		{401, `{"error":{"message":"Incorrect API key provided"}}`, agent.ErrModelAuth, 1},
		{403, `{"error":{"message":"Country not supported"}}`, agent.ErrModelAuth, 1},
		{400, `{"error":{"message":"This model's maximum context length is 8192 tokens"}}`, agent.ErrContextLength, 1},
		{400, `{"error":{"message":"Too many","code":"context_length_exceeded"}}`, agent.ErrContextLength, 1},
		{400, `{"error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens"}}`, agent.ErrContextLength, 1},
		{413, `{"error":{"type":"request_too_large","message":"Too large"}}`, agent.ErrContextLength, 1},
		{400, `{"error":{"message":"Refused","code":"content_filter"}}`, agent.ErrContentFilter, 1},
		{429, limited, agent.ErrRateLimited, 3},
		{500, `{"error":{"message":"Oops"}}`, agent.ErrUnavailable, 3},
		{529, `{"error":{"type":"overloaded_error","message":"Overloaded"}}`, agent.ErrUnavailable, 3},
		{404, `{"error":{"message":"The model does not exist"}}`, agent.ErrBadRequest, 1},
		{402, `{"error":{"message":"Insufficient balance"}}`, agent.ErrQuotaExhausted, 1},
		{400, `{"error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API"}}`, agent.ErrQuotaExhausted, 1},
		{418, `{"error":{"message":"Teapot"}}`, nil, 1},
		{400, `{"error":{"message":"Unknown field"}}`, agent.ErrBadRequest, 1},
	} {
		p := newProvider(t, answerJSON(test.status, test.body))
		for _, llm := range []llms.Model{p.openai(t, p.watched(), "gpt-4o"), p.anthropic(t, p.watched())} {
			before := len(p.seen())
			got := listen(t.Context(), langchain.New(llm, quick()), question())
			var classified *agent.ModelError
			known := errors.As(got.err, &classified)
			if got.err == nil || known != (test.want != nil) || known && classified.Kind != test.want {
				t.Errorf("%T, %d %s: got %v, want %v", llm, test.status, test.body, got.err, test.want)
			}
			if asked := len(p.seen()) - before; asked != test.asked {
				t.Errorf("%T, %d %s: asked %d times, want %d", llm, test.status, test.body, asked, test.asked)
			}
		}
	}
}

func TestUnreadableAnswersAreErrors(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"malformed": answerJSON(200, `{"choices":[{"message":`),
		"empty":     answerJSON(200, ``),
		"no choice": answerJSON(200, `{"choices":[]}`),
	} {
		p := newProvider(t, answer)
		for _, llm := range []llms.Model{p.openai(t, p.watched(), "gpt-4o"), p.anthropic(t, p.watched())} {
			if got := listen(t.Context(), langchain.New(llm, quick()), withTools(question())); !errors.Is(got.err, agent.ErrUnavailable) || got.text != "" {
				t.Errorf("%s, %T: got %q, %v", name, llm, got.text, got.err)
			}
		}
	}
	// A client that passes over an unreadable event would lose its text.
	p := newProvider(t, sse(openaiText("Do "), `{"choices":[{"delta":{"content":"not`, openaiText(" pay."), openaiStop, done))
	if got := listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), question()); !errors.Is(got.err, agent.ErrTruncated) {
		t.Errorf("unreadable event: got %q, %v", got.text, got.err)
	}
}

func TestUnreachableProviderIsUnavailable(t *testing.T) {
	p := newProvider(t, openaiWhole(""))
	llms := []llms.Model{p.openai(t, p.watched(), "gpt-4o"), p.anthropic(t, p.watched()), p.ollama(t, p.watched())}
	p.Close()
	for _, llm := range llms {
		if got := listen(t.Context(), langchain.New(llm, quick()), question()); !errors.Is(got.err, agent.ErrUnavailable) {
			t.Errorf("%T: got %v", llm, got.err)
		}
	}
}

func TestSlowProviderIsUnavailableAfterTheAttemptTimeout(t *testing.T) {
	gone := make(chan struct{}, 9)
	p := newProvider(t, stuck(func(http.ResponseWriter, *http.Request) {}, gone))
	config := quick()
	config.AttemptTimeout, config.MaxAttempts = 30*time.Millisecond, 2
	got := listen(t.Context(), langchain.New(p.openai(t, p.watched(), "gpt-4o"), config), question())
	if !errors.Is(got.err, agent.ErrUnavailable) || len(p.seen()) != 2 {
		t.Errorf("got %v after %d requests", got.err, len(p.seen()))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if got := listen(ctx, langchain.New(p.openai(t, p.watched(), "gpt-4o"), quick()), question()); !errors.Is(got.err, context.DeadlineExceeded) {
		t.Errorf("deadline: got %v", got.err)
	}
}

func TestBreakingOutCancelsTheRequest(t *testing.T) {
	for name, build := range map[string]func(*provider) llms.Model{
		"openai":    func(p *provider) llms.Model { return p.openai(t, p.watched(), "gpt-4o") },
		"anthropic": func(p *provider) llms.Model { return p.anthropic(t, p.watched()) },
	} {
		gone := make(chan struct{}, 1)
		p := newProvider(t, stuck(sse(openaiText("Your "), openaiText("order")), gone))
		if name == "anthropic" {
			p = newProvider(t, stuck(sse(anthropicStart, anthropicBlock, anthropicText("Your "), anthropicText("order")), gone))
		}
		for event, err := range langchain.New(build(p), quick()).Generate(t.Context(), question()) {
			if event.Text != "Your " || err != nil {
				t.Errorf("%s: got %q, %v", name, event.Text, err)
			}
			break
		}
		select {
		case <-gone:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the request went on", name)
		}
	}
}

func TestBreakingOutWaitsForTheClientToReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		returned := false
		llm := scripted(func(ctx context.Context, _ []llms.MessageContent, options llms.CallOptions) (*llms.ContentResponse, error) {
			err := options.StreamingFunc(ctx, []byte("Your "))
			<-ctx.Done()
			time.Sleep(100 * time.Millisecond) // of the bubble's clock
			returned = true
			return nil, err
		})
		for range langchain.New(llm, langchain.Config{}).Generate(t.Context(), question()) {
			break
		}
		if !returned {
			t.Error("the call goes on after the loop")
		}
	})
}

func TestNothingIsLeftRunning(t *testing.T) {
	overloaded := `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`
	events := append([]string{anthropicStart, anthropicBlock, anthropicText("Your order")}, overloaded)
	gone := make(chan struct{}, 64)
	p := newProvider(t, stuck(sse(events...), gone))
	client := p.watched()
	before := runtime.NumGoroutine()
	for range 20 {
		if got := listen(t.Context(), langchain.New(p.anthropic(t, client), quick()), question()); !errors.Is(got.err, agent.ErrTruncated) {
			t.Fatalf("got %v", got.err)
		}
	}
	p.CloseClientConnections()
	for range 200 {
		if runtime.NumGoroutine() <= before+6 {
			return
		}
		runtime.Gosched()
		<-time.After(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func TestRetriesWaitLongerAndLongerWithJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		start := time.Now()
		llm := scripted(func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
			at = append(at, time.Since(start))
			return nil, errors.New("API returned unexpected status code: 503")
		})
		got := listen(t.Context(), langchain.New(llm, langchain.Config{MaxAttempts: 5, BaseDelay: time.Second, MaxDelay: 5 * time.Second}), question())
		if !errors.Is(got.err, agent.ErrUnavailable) || len(at) != 5 {
			t.Fatalf("got %v after %d attempts", got.err, len(at))
		}
		for i, middle := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second} {
			wait := at[i+1] - at[i]
			if wait < middle/2 || wait > min(middle*3/2, 5*time.Second) {
				t.Errorf("wait %d took %v", i, wait)
			}
		}

		// Cancelling ends the wait.
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start = time.Now()
		got = listen(ctx, langchain.New(llm, langchain.Config{BaseDelay: time.Hour, MaxDelay: time.Hour}), question())
		if !errors.Is(got.err, context.DeadlineExceeded) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("got %v after %v", got.err, time.Since(start))
		}
	})
}

func TestAClientThatIgnoresItsContextIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		llm := scripted(func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
			time.Sleep(time.Hour)
			return says("late")
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		got := listen(ctx, langchain.New(llm, langchain.Config{}), question())
		if !errors.Is(got.err, context.DeadlineExceeded) || got.text != "" || time.Since(start) > time.Minute+2*time.Second {
			t.Errorf("got %q, %v after %v", got.text, got.err, time.Since(start))
		}
		time.Sleep(2 * time.Hour) // of the bubble's clock: the client returns
	})
}

func TestAPanickingClientIsAnError(t *testing.T) {
	calls := 0
	llm := scripted(func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
		calls++
		panic("index out of range")
	})
	if got := listen(t.Context(), langchain.New(llm, quick()), question()); got.err == nil || !strings.Contains(got.err.Error(), "panicked") || calls != 1 {
		t.Errorf("got %v after %d calls", got.err, calls)
	}
}

func TestLongAnswersAreCutOff(t *testing.T) {
	for _, streaming := range []bool{false, true} {
		llm := scripted(func(ctx context.Context, _ []llms.MessageContent, options llms.CallOptions) (*llms.ContentResponse, error) {
			for options.StreamingFunc != nil {
				if err := options.StreamingFunc(ctx, []byte("word ")); err != nil {
					return nil, err
				}
			}
			return says(strings.Repeat("word ", 100))
		})
		got := listen(t.Context(), langchain.New(llm, langchain.Config{MaxAnswerBytes: 52, NoStreaming: !streaming}), question())
		if !errors.Is(got.err, agent.ErrTruncated) || len(got.text) > 52 || streaming && len(got.text) != 50 {
			t.Errorf("streaming %t: got %d bytes, %v", streaming, len(got.text), got.err)
		}
	}
}

func TestToolCallsGetIDsOfTheirOwn(t *testing.T) {
	llm := scripted(func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
		function := &llms.FunctionCall{Name: "f"}
		return &llms.ContentResponse{Choices: []*llms.ContentChoice{nil, {StopReason: "STOP", ToolCalls: []llms.ToolCall{
			{FunctionCall: function}, {ID: "x", FunctionCall: function}, {ID: "x", FunctionCall: function}, {},
		}}, {FuncCall: function}}}, nil
	})
	req := withTools(question())
	req.Messages = append(req.Messages, agent.ModelMessage{Role: agent.RoleAssistant, ToolCalls: []agent.ToolCall{{ID: "call-1", Name: "f"}}},
		agent.ModelMessage{Role: agent.RoleTool, ToolCallID: "call-1", Text: "done"})
	got := listen(t.Context(), langchain.New(llm, quick()), req)
	var ids []string
	for _, call := range got.calls {
		ids = append(ids, call.ID)
		if string(call.Arguments) != "{}" {
			t.Errorf("arguments: %s", call.Arguments)
		}
	}
	if got.err != nil || !slices.Equal(ids, []string{"call-2", "x", "call-4", "call-5"}) {
		t.Errorf("got %v, %v", ids, got.err)
	}
}

func TestHistoryIsSentWholeOrRefused(t *testing.T) {
	var sent []llms.MessageContent
	model := langchain.New(scripted(func(_ context.Context, messages []llms.MessageContent, _ llms.CallOptions) (*llms.ContentResponse, error) {
		sent = messages
		return says("ok")
	}), quick())
	req := question()
	req.Messages = append(req.Messages, agent.ModelMessage{Role: agent.RoleAssistant, ToolCalls: []agent.ToolCall{
		{ID: "a", Name: "f", Arguments: json.RawMessage(`{"x":`)}, {ID: "b", Name: "g"}}},
		agent.ModelMessage{Role: agent.RoleTool, ToolCallID: "b", Text: "second"},
		agent.ModelMessage{Role: agent.RoleUser, Text: "And now?"})
	before := compact(t, req.Messages[0])
	if got := listen(t.Context(), model, req); got.err != nil {
		t.Fatal(got.err)
	}
	if len(sent) != 7 {
		t.Fatalf("sent %d messages", len(sent))
	}
	if call := sent[2].Parts[0].(llms.ToolCall); call.FunctionCall.Arguments != `{"invalid_arguments":"{\"x\":"}` {
		t.Errorf("arguments that are no JSON: %s", call.FunctionCall.Arguments)
	}
	if result := sent[3].Parts[0].(llms.ToolCallResponse); result.ToolCallID != "a" || result.Content == "" {
		t.Errorf("call without a result: %+v", result)
	}
	if compact(t, req.Messages[0]) != before {
		t.Error("the request was changed")
	}

	for name, messages := range map[string][]agent.ModelMessage{
		"result without a call":  {{Role: agent.RoleTool, ToolCallID: "a"}},
		"result of another call": {{Role: agent.RoleAssistant, ToolCalls: []agent.ToolCall{{ID: "a"}}}, {Role: agent.RoleTool, ToolCallID: "b"}},
		"unknown role":           {{Role: "judge"}},
	} {
		if got := listen(t.Context(), model, agent.Request{Messages: messages}); got.err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if got := listen(t.Context(), model, agent.Request{Tools: []agent.Tool{{Name: "f", Schema: json.RawMessage(`[`)}}}); got.err == nil {
		t.Error("malformed schema: no error")
	}
}

func TestEmbedRefusesBadVectors(t *testing.T) {
	nan := float32(math.NaN())
	for name, test := range map[string]struct {
		vectors    [][]float32
		dimensions int
	}{
		"too few":         {[][]float32{{1, 2}}, 0},
		"too many":        {[][]float32{{1, 2}, {1, 2}, {1, 2}}, 0},
		"other sizes":     {[][]float32{{1, 2}, {1}}, 0},
		"empty":           {[][]float32{{}, {}}, 0},
		"not as expected": {[][]float32{{1, 2}, {1, 2}}, 3},
		"no number":       {[][]float32{{1, 2}, {1, nan}}, 0},
		"zero":            {[][]float32{{1, 2}, {0, 0}}, 0},
	} {
		client := embeddings.EmbedderClientFunc(func(context.Context, []string) ([][]float32, error) { return test.vectors, nil })
		got, err := langchain.NewEmbedder(client, langchain.EmbedderConfig{Dimensions: test.dimensions}).Embed(t.Context(), []string{"a", "b"})
		if !errors.Is(err, langchain.ErrBadVectors) || got != nil {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestEmbedWorksInBatchesAndTriesAgain(t *testing.T) {
	var sizes []int
	client := embeddings.EmbedderClientFunc(func(_ context.Context, texts []string) ([][]float32, error) {
		sizes = append(sizes, len(texts))
		if len(sizes) == 2 {
			return nil, errors.New("API returned unexpected status code: 503")
		}
		vectors := make([][]float32, len(texts))
		for i, text := range texts {
			vectors[i] = []float32{float32(text[0])}
			texts[i] = "changed"
		}
		return vectors, nil
	})
	config, patience := impatient()
	texts := []string{"a", "b", "c", "d", "e"}
	got, err := langchain.NewEmbedder(client, langchain.EmbedderConfig{BatchSize: 2, Sleep: patience.sleep, Random: config.Random}).Embed(t.Context(), texts)
	if err != nil || compact(t, got) != "[[97],[98],[99],[100],[101]]" || !slices.Equal(sizes, []int{2, 2, 2, 1}) || texts[0] != "a" || len(patience.waits) != 1 {
		t.Errorf("got %v, %v; batches %v, waits %v", got, err, sizes, patience.waits)
	}
	if got, err := langchain.NewEmbedder(client, langchain.EmbedderConfig{}).Embed(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("no texts: got %v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := langchain.NewEmbedder(client, langchain.EmbedderConfig{}).Embed(ctx, texts); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	limited := embeddings.EmbedderClientFunc(func(context.Context, []string) ([][]float32, error) {
		return nil, errors.New("API returned unexpected status code: 401")
	})
	if _, err := langchain.NewEmbedder(limited, langchain.EmbedderConfig{}).Embed(t.Context(), texts); !errors.Is(err, agent.ErrModelAuth) {
		t.Errorf("refused: got %v", err)
	}
}

func BenchmarkGenerate(b *testing.B) {
	model := langchain.New(scripted(func(ctx context.Context, _ []llms.MessageContent, options llms.CallOptions) (*llms.ContentResponse, error) {
		for range 3 {
			if err := options.StreamingFunc(ctx, []byte("word ")); err != nil {
				return nil, err
			}
		}
		return says("word word word ")
	}), langchain.Config{})
	req := question()
	b.ReportAllocs()
	for b.Loop() {
		if got := listen(b.Context(), model, req); got.err != nil {
			b.Fatal(got.err)
		}
	}
}
