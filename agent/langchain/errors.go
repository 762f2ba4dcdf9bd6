package langchain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/tmc/langchaingo/llms"

	"github.com/kundeagent/kundeagent/agent"
)

// errLongLine: a line of a stream is longer than its reader takes.
var errLongLine = errors.New("langchain: a line of the stream is too long for the client")

// failure is a classified error on its way out.
type failure struct {
	kind       error // one of the Err values of package agent, or nil
	retryAfter time.Duration
	err        error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// finishError gives an error its outward form. After text was handed on, the
// answer was cut off, whatever cut it.
func finishError(err error, started bool) error {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{err: err}
	}
	out := error(f)
	if f.kind != nil {
		out = &agent.ModelError{Kind: f.kind, RetryAfter: f.retryAfter, Err: f}
	}
	if started && f.kind != agent.ErrTruncated {
		out = &agent.ModelError{Kind: agent.ErrTruncated, RetryAfter: f.retryAfter, Err: out}
	}
	return fmt.Errorf("langchain: %w", out)
}

// classify finds out what an error of a client means, from the status of the
// exchange where it was seen and otherwise from the words.
func classify(err error, seen *exchange) *failure {
	var known *failure
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, errTooLong) {
		return &failure{kind: agent.ErrTruncated, err: err}
	}
	status, retryAfter, detail := seen.read()
	text := strings.ToLower(err.Error())
	if status == 0 {
		status = statusIn(text)
	}
	f := &failure{err: err, retryAfter: retryAfter}
	f.kind = kindOf(status, text+" "+detail)
	if f.kind == nil {
		f.kind = kindOfType(err)
	}
	if strings.Contains(text, "token too long") {
		f.kind, f.err = agent.ErrUnavailable, fmt.Errorf("%w: %w", errLongLine, err)
	}
	return f
}

// statusIn finds a status code in the words of an error: clients write "status
// code: 429" or begin with "429 Too Many Requests".
func statusIn(text string) int {
	if _, after, found := strings.Cut(text, "status code"); found {
		text = strings.TrimLeft(after, " :=")
	}
	status := 0
	for i := 0; i < len(text) && i < 4; i++ {
		digit := text[i]
		if digit < '0' || digit > '9' {
			break
		}
		status = status*10 + int(digit-'0')
	}
	if status < 400 || status > 599 {
		return 0
	}
	return status
}

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// kindOf classifies by status and lower-case words; status 0 is unknown.
func kindOf(status int, text string) error {
	switch {
	case status == 402:
		return agent.ErrQuotaExhausted
	case status == 401, status == 403:
		return agent.ErrModelAuth
	case status == 413:
		return agent.ErrContextLength
	case status == 429:
		if containsAny(text, "insufficient_quota", "exceeded your current quota", "billing", "credit balance") {
			return agent.ErrQuotaExhausted
		}
		return agent.ErrRateLimited
	case status == 408, status == 425, status >= 500:
		return agent.ErrUnavailable
	}
	switch {
	case status < 402 && containsAny(text, "credit balance is too low", "insufficient_quota"):
		return agent.ErrQuotaExhausted
	case containsAny(text, "context length", "context_length", "maximum context", "prompt is too long", "context window", "token limit", "input length and"):
		return agent.ErrContextLength
	case containsAny(text, "content_filter", "content filter", "content management policy", "content policy", "safety system"):
		return agent.ErrContentFilter
	case containsAny(text, "api key not valid", "invalid api key", "incorrect api key", "invalid_api_key", "invalid x-api-key", "authentication_error", "unauthorized", "permission_denied"):
		return agent.ErrModelAuth
	case status == 400, status == 404, status == 405, status == 422:
		return agent.ErrBadRequest
	case status != 0:
		return nil
	case containsAny(text, "rate limit", "rate_limit", "too many requests", "resource_exhausted"):
		return agent.ErrRateLimited
	case containsAny(text, "overloaded", "service unavailable", "server_error", "internal server", "api_error", "bad gateway",
		"request timeout", "timeout_error", "network error", "connection reset", "connection refused", "unexpected eof",
		"empty response", "no response", "unexpected end of json", "invalid character", "try again"):
		return agent.ErrUnavailable
	}
	return nil
}

// kindOfType classifies by the type of an error.
func kindOfType(err error) error {
	var standard *llms.Error
	if errors.As(err, &standard) {
		switch standard.Code {
		case llms.ErrCodeAuthentication:
			return agent.ErrModelAuth
		case llms.ErrCodeRateLimit:
			return agent.ErrRateLimited
		case llms.ErrCodeQuotaExceeded:
			return agent.ErrQuotaExhausted
		case llms.ErrCodeContentFilter:
			return agent.ErrContentFilter
		case llms.ErrCodeTokenLimit:
			return agent.ErrContextLength
		case llms.ErrCodeInvalidRequest, llms.ErrCodeResourceNotFound:
			return agent.ErrBadRequest
		case llms.ErrCodeTimeout, llms.ErrCodeProviderUnavailable:
			return agent.ErrUnavailable
		}
		return nil
	}
	var network net.Error
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	if errors.As(err, &network) || errors.As(err, &syntax) || errors.As(err, &shape) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return agent.ErrUnavailable
	}
	return nil
}
