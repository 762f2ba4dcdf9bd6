package langchain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/anthropic"
	"github.com/tmc/langchaingo/llms/ollama"
	"github.com/tmc/langchaingo/llms/openai"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/langchain"
)

// provider is a server that answers as a provider of models does. answers are
// served in turn, the last one from then on.
type provider struct {
	*httptest.Server
	answers []http.HandlerFunc

	mu       sync.Mutex
	requests []map[string]any
}

func newProvider(t *testing.T, answers ...http.HandlerFunc) *provider {
	t.Helper()
	p := &provider{answers: answers}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var request map[string]any
		if err == nil {
			err = json.Unmarshal(body, &request)
		}
		if err != nil {
			t.Errorf("the request is unreadable: %v", err)
		}
		p.mu.Lock()
		answer := p.answers[min(len(p.requests), len(p.answers)-1)]
		p.requests = append(p.requests, request)
		p.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// seen are the requests so far.
func (p *provider) seen() []map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]map[string]any(nil), p.requests...)
}

// bare has no transport of ours: errors are known by their words alone.
func (p *provider) bare() *http.Client { return p.Client() }

func (p *provider) watched() *http.Client {
	return &http.Client{Transport: langchain.Transport(p.Client().Transport)}
}

func (p *provider) openai(t *testing.T, client *http.Client, name string) *openai.LLM {
	t.Helper()
	llm, err := openai.New(openai.WithToken("none"), openai.WithModel(name), openai.WithEmbeddingModel("vectors"), openai.WithBaseURL(p.URL), openai.WithHTTPClient(client))
	if err != nil {
		t.Fatal(err)
	}
	return llm
}

func (p *provider) anthropic(t *testing.T, client *http.Client) *anthropic.LLM {
	t.Helper()
	llm, err := anthropic.New(anthropic.WithToken("none"), anthropic.WithModel("claude"), anthropic.WithBaseURL(p.URL), anthropic.WithHTTPClient(client))
	if err != nil {
		t.Fatal(err)
	}
	return llm
}

func (p *provider) ollama(t *testing.T, client *http.Client) *ollama.LLM {
	t.Helper()
	llm, err := ollama.New(ollama.WithModel("llama"), ollama.WithServerURL(p.URL), ollama.WithHTTPClient(client))
	if err != nil {
		t.Fatal(err)
	}
	return llm
}

// sse serves a stream of data lines.
func sse(events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, event := range events {
			fmt.Fprintf(w, "data: %s\n\n", event)
			w.(http.Flusher).Flush()
		}
	}
}

// answerJSON serves one document.
func answerJSON(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// aborted serves a beginning and then drops the connection.
func aborted(begin http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		begin(w, r)
		panic(http.ErrAbortHandler)
	}
}

// stuck serves a beginning and then nothing until the client goes away. gone is
// closed then.
func stuck(begin http.HandlerFunc, gone chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		begin(w, r)
		select {
		case <-r.Context().Done():
			gone <- struct{}{}
		case <-time.After(10 * time.Second):
		}
	}
}

const (
	openaiUsage = `{"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}`
	openaiStop  = `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	done        = "[DONE]"
)

func openaiText(text string) string {
	return fmt.Sprintf(`{"choices":[{"index":0,"delta":{"content":%q},"finish_reason":null}]}`, text)
}

func openaiWhole(text string) http.HandlerFunc {
	return answerJSON(200, fmt.Sprintf(`{"choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}`, text))
}

// heard is what an answer came to.
type heard struct {
	text  string
	texts []string
	calls []agent.ToolCall
	usage []agent.Usage
	err   error
}

func listen(ctx context.Context, model agent.Model, req agent.Request) heard {
	var h heard
	for event, err := range model.Generate(ctx, req) {
		if err != nil {
			h.err = err
			continue
		}
		if event.Text != "" {
			h.text += event.Text
			h.texts = append(h.texts, event.Text)
		}
		if event.ToolCall != nil {
			h.calls = append(h.calls, *event.ToolCall)
		}
		if event.Usage != nil {
			h.usage = append(h.usage, *event.Usage)
		}
	}
	return h
}

// question is a request without tools.
func question() agent.Request {
	return agent.Request{
		System:   "Answer briefly.",
		Messages: []agent.ModelMessage{{Role: agent.RoleUser, Text: "Where is my order?"}},
	}
}

func withTools(req agent.Request) agent.Request {
	req.Tools = []agent.Tool{
		{Name: "f", Description: "first", Schema: json.RawMessage(`{"type":"object","properties":{"x":{"type":"integer"}}}`)},
		{Name: "g"},
	}
	return req
}

// patience records how long was waited, without waiting.
type patience struct {
	mu    sync.Mutex
	waits []time.Duration
}

func (p *patience) sleep(ctx context.Context, d time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waits = append(p.waits, d)
	return ctx.Err()
}

func impatient() (langchain.Config, *patience) {
	p := &patience{}
	return langchain.Config{Sleep: p.sleep, Random: func() float64 { return 0.5 }}, p
}

func quick() langchain.Config {
	config, _ := impatient()
	return config
}

// scripted is a model of the test's own.
type scripted func(ctx context.Context, messages []llms.MessageContent, options llms.CallOptions) (*llms.ContentResponse, error)

func (s scripted) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var all llms.CallOptions
	for _, option := range options {
		option(&all)
	}
	return s(ctx, messages, all)
}

func (s scripted) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, s, prompt, options...)
}

func says(text string) (*llms.ContentResponse, error) {
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{{Content: text, StopReason: "stop"}}}, nil
}

// messagesOf are the messages of a request on the wire.
func messagesOf(t *testing.T, request map[string]any) []map[string]any {
	t.Helper()
	list, ok := request["messages"].([]any)
	if !ok {
		t.Fatalf("the request has no messages: %v", request)
	}
	messages := make([]map[string]any, len(list))
	for i := range list {
		messages[i], _ = list[i].(map[string]any)
	}
	return messages
}

func compact(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}
