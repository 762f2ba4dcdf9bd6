package langchain

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tmc/langchaingo/llms"

	"github.com/kundeagent/kundeagent/agent"
)

func TestReadUsageKnowsEverySpelling(t *testing.T) {
	type usage struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	}
	five := int32(5)
	want := agent.Usage{InputTokens: 5, OutputTokens: 7}
	for name, info := range map[string]map[string]any{
		"int":             {"PromptTokens": 5, "CompletionTokens": 7, "TotalTokens": 12},
		"anthropic":       {"InputTokens": 5, "OutputTokens": 7},
		"cached":          {"InputTokens": 1, "CacheReadInputTokens": 3, "CacheCreationInputTokens": 1, "OutputTokens": 7},
		"int32":           {"input_tokens": int32(5), "output_tokens": int32(7), "PromptTokens": int32(5)},
		"int64":           {"promptTokens": int64(5), "completionTokens": int64(7)},
		"float":           {"prompt_tokens": 5.0, "completion_tokens": float32(7)},
		"unsigned":        {"prompt-tokens": uint8(5), "completion-tokens": uint64(7)},
		"number":          {"input_tokens": json.Number("5"), "output_tokens": "7"},
		"pointer":         {"input_tokens": &five, "output_tokens": 7},
		"nested":          {"usage": usage{5, 7}},
		"nested, pointer": {"created": 1, "Usage": &usage{5, 7}},
	} {
		if got := readUsage(info); got != want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	for name, info := range map[string]map[string]any{
		"none":     nil,
		"nil":      {"PromptTokens": nil, "usage": nil},
		"negative": {"PromptTokens": -1, "CompletionTokens": math.NaN()},
		"absurd":   {"PromptTokens": math.Inf(1), "CompletionTokens": uint64(math.MaxUint64)},
		"words":    {"PromptTokens": "many", "CompletionTokens": []int{1}, "usage": func() {}},
	} {
		if got := readUsage(info); got != (agent.Usage{}) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestStopReasons(t *testing.T) {
	for reason, want := range map[string]error{
		"stop": nil, "end_turn": nil, "STOP": nil, "FinishReasonStop": nil, "tool_calls": nil, "tool_use": nil, "stop_sequence": nil,
		"length": agent.ErrTruncated, "max_tokens": agent.ErrTruncated, "MAX_TOKENS": agent.ErrTruncated, "FinishReasonMaxTokens": agent.ErrTruncated,
		"content_filter": agent.ErrContentFilter, "FinishReasonSafety": agent.ErrContentFilter, "refusal": agent.ErrContentFilter,
	} {
		if got := stopKind(reason); got != want {
			t.Errorf("%s: got %v, want %v", reason, got, want)
		}
	}
}

func TestRetryAfterIsReadInEveryForm(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "1.5": 1500 * time.Millisecond, "-3": 0, "soon": 0, "NaN": 0, "1e300": 0,
		"999999":                        24 * time.Hour,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second,
		"Sun, 01 Mar 2026 11:00:30 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
	if got := retryAfter(http.Header{"Retry-After-Ms": {"250"}, "Retry-After": {"9"}}, now); got != 250*time.Millisecond {
		t.Errorf("milliseconds: got %v", got)
	}
}

func TestStatusIsFoundInWords(t *testing.T) {
	for text, want := range map[string]int{
		"api returned unexpected status code: 429: slow down": 429, "status code 503": 503, "503 service unavailable": 503,
		"429": 429, "": 0, "200 ok": 0, "order 503 is late": 0, "status code: 42": 0, "status code: 5031": 0,
	} {
		if got := statusIn(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestKindsAreKnownByTypeToo(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want error
	}{
		"rate":    {llms.NewError(llms.ErrCodeRateLimit, "p", "x"), agent.ErrRateLimited},
		"quota":   {llms.NewError(llms.ErrCodeQuotaExceeded, "p", "x"), agent.ErrQuotaExhausted},
		"auth":    {llms.NewError(llms.ErrCodeAuthentication, "p", "x"), agent.ErrModelAuth},
		"filter":  {llms.NewError(llms.ErrCodeContentFilter, "p", "x"), agent.ErrContentFilter},
		"tokens":  {llms.NewError(llms.ErrCodeTokenLimit, "p", "x"), agent.ErrContextLength},
		"down":    {llms.NewError(llms.ErrCodeProviderUnavailable, "p", "x"), agent.ErrUnavailable},
		"bad":     {llms.NewError(llms.ErrCodeInvalidRequest, "p", "x"), agent.ErrBadRequest},
		"unknown": {llms.NewError(llms.ErrCodeNotImplemented, "p", "x"), nil},
		"eof":     {io.ErrUnexpectedEOF, agent.ErrUnavailable},
		"other":   {errors.New("no idea"), nil},
	} {
		if got := classify(test.err, &exchange{}); got.kind != test.want {
			t.Errorf("%s: got %v, want %v", name, got.kind, test.want)
		}
	}
}

func TestStreamIsWatchedAcrossReads(t *testing.T) {
	stream := ": hello\ndata: {\"x\":\"error\"}\n\ndata: {\"error\":{\"message\":\"Gone\",\"code\":\"server_error\"}}\n\ndata: [DONE]\n\n"
	for name, source := range map[string]io.Reader{
		"whole": strings.NewReader(stream), "bytes": iotest.OneByteReader(strings.NewReader(stream)), "halves": iotest.HalfReader(strings.NewReader(stream)),
	} {
		seen := &exchange{}
		body := &watchedBody{ReadCloser: io.NopCloser(source), seen: seen}
		read, err := io.ReadAll(body)
		if err != nil || string(read) != stream {
			t.Errorf("%s: the stream was changed: %q, %v", name, read, err)
		}
		if _, _, detail := seen.read(); seen.fault() == nil || !strings.Contains(detail, "server_error") {
			t.Errorf("%s: got %v, %q", name, seen.fault(), detail)
		}
	}
	for _, stream := range []string{"data: {\"a\":1}\n\ndata:{}\n", "event: ping\n\n", "data: {\"error\":null}\n\n", "data: " + strings.Repeat("x", maxStreamLine) + "\n"} {
		seen := &exchange{}
		if _, err := io.Copy(io.Discard, &watchedBody{ReadCloser: io.NopCloser(strings.NewReader(stream)), seen: seen}); err != nil || seen.fault() != nil {
			t.Errorf("%.30q: got %v, %v", stream, seen.fault(), err)
		}
	}
}

func TestOrderedVectorsLeavesOtherShapesAlone(t *testing.T) {
	for _, body := range []string{``, `[]`, `{}`, `{"data":{}}`, `{"data":[1]}`, `{"data":[{"embedding":[1]},{"index":0}]}`, `{"data":[{"index":0},{"index":1}]}`, `{"data":null}`} {
		if got := orderedVectors([]byte(body)); string(got) != body {
			t.Errorf("%s became %s", body, got)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{"", "[{", `[{"type":"","function":{"name":"f","arguments":""}}]`, `{"error":{"message":"x"}}`, `{"error":"x"}`, "data: {\"error\":1}\n", `{"data":[{"index":1},{"index":0}]}`, "status code: 429"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		seen := &exchange{}
		body := &watchedBody{ReadCloser: io.NopCloser(iotest.HalfReader(strings.NewReader(string(data)))), seen: seen}
		if read, err := io.ReadAll(body); err != nil || string(read) != string(data) {
			t.Errorf("the stream was changed: %v", err)
		}
		isToolDelta(data)
		errorWords(data)
		if json.Valid(data) && !json.Valid(orderedVectors(data)) {
			t.Error("ordered vectors are no JSON")
		}
		if status := statusIn(string(data)); status != 0 && (status < 400 || status > 599) {
			t.Errorf("status %d", status)
		}
		if !json.Valid([]byte(sendableArguments(data))) {
			t.Errorf("arguments %q are no JSON", sendableArguments(data))
		}
		out := finishError(classify(errors.New(string(data)), seen), true)
		if !errors.Is(out, agent.ErrTruncated) {
			t.Errorf("got %v", out)
		}
	})
}
