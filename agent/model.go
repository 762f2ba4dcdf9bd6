package agent

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"
)

// Model is a language model as the agent sees it: a plug that is never trusted.
//
// Generate answers one request with a sequence of events. The sequence ends by
// itself when the answer is complete; an error is its last element, and no
// answer is complete after one. An answer that was cut off — a stream that
// ended early, a token limit reached — is [ErrTruncated], never a silent end.
// Breaking out of the loop cancels the request. Generate must honour ctx, must
// be safe for concurrent use, and must not keep or change req.
type Model interface {
	Generate(ctx context.Context, req Request) iter.Seq2[Event, error]
}

// ModelFunc lets a function be a [Model]; any SDK plugs in through it.
type ModelFunc func(ctx context.Context, req Request) iter.Seq2[Event, error]

// Generate calls f.
func (f ModelFunc) Generate(ctx context.Context, req Request) iter.Seq2[Event, error] {
	return f(ctx, req)
}

// Request is what a model is asked.
type Request struct {
	// System is the instruction that outranks everything else.
	System string
	// Messages is the conversation, oldest first, ending with what is to be
	// answered: a user message or tool results.
	Messages []ModelMessage
	// Tools are the actions the model may call. Empty means none.
	Tools []Tool
	// MaxTokens caps the answer; 0 leaves it to the provider.
	MaxTokens int
	// Temperature is always sent, 0 included.
	Temperature float64
}

// Role says who speaks in a [ModelMessage].
type Role string

// The roles of a request's messages.
const (
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleTool      Role = "tool"
)

// ModelMessage is one message of a [Request]. An assistant message carries
// Text, or ToolCalls, or both; a tool message carries the Text that answers
// the call named by ToolCallID.
type ModelMessage struct {
	Role       Role
	Text       string
	ToolCalls  []ToolCall
	ToolCallID string
	ToolName   string
}

// Tool describes one action to a model.
type Tool struct {
	Name        string
	Description string
	Schema      json.RawMessage // JSON schema of the arguments, an object
}

// ToolCall is a model's wish to perform an action. Arguments is JSON as the
// model wrote it: unchecked.
type ToolCall struct {
	ID        string
	Name      string
	Arguments json.RawMessage
}

// Event is one thing a model said: exactly one field is set.
type Event struct {
	Text     string
	ToolCall *ToolCall
	Usage    *Usage
	// Attempt tells of an attempt that failed and is made up for by another;
	// see [NewRetry] and [NewFallback]. It comes before all text.
	Attempt *ModelAttempt
}

// ModelAttempt is an attempt at an answer that failed before anything was said.
type ModelAttempt struct {
	Error string
	// Wait is how long was waited before the next attempt.
	Wait time.Duration
	// Next is which model of a fallback was asked next, from 2; 0 is the same
	// one again.
	Next int
}

// Usage is what a request cost, in the provider's tokens. Where several events
// of one answer carry it, each is what a further attempt cost.
type Usage struct {
	InputTokens, OutputTokens int
}

// What a model can fail with. Adapters wrap one of these where they can tell.
var (
	// ErrTruncated: the answer was cut off.
	ErrTruncated = errors.New("agent: model answer was cut off")
	// ErrRateLimited: the provider asks to come back later; see [ModelError].
	ErrRateLimited = errors.New("agent: model provider limits the rate")
	// ErrQuotaExhausted: what was paid for is used up; coming back later does
	// not help.
	ErrQuotaExhausted = errors.New("agent: model provider's quota is exhausted")
	// ErrBadRequest: the provider does not accept the request as it is, such as
	// for an unknown model or option.
	ErrBadRequest = errors.New("agent: model provider does not accept the request")
	// ErrModelAuth: the provider refuses the credentials.
	ErrModelAuth = errors.New("agent: model provider refuses the credentials")
	// ErrContextLength: the request is longer than the model takes.
	ErrContextLength = errors.New("agent: request is too long for the model")
	// ErrContentFilter: the provider's filter stopped the request or answer.
	ErrContentFilter = errors.New("agent: model provider filtered the content")
	// ErrUnavailable: the provider cannot be reached or failed; a retry may help.
	ErrUnavailable = errors.New("agent: model provider is unavailable")
)

// ModelError is a classified failure of a model provider.
type ModelError struct {
	Kind       error         // one of the Err values above
	RetryAfter time.Duration // as the provider asked; 0 when it did not
	Err        error         // the provider's own error
}

// Error returns the kind and the provider's words.
func (e *ModelError) Error() string { return e.Kind.Error() + ": " + e.Err.Error() }

// Unwrap lets errors.Is and errors.As see both the kind and the cause.
func (e *ModelError) Unwrap() []error { return []error{e.Kind, e.Err} }

// modelKinds are the kinds of a failure, those first that say most about what
// to do.
var modelKinds = []error{
	ErrContentFilter, ErrContextLength, ErrTruncated, ErrQuotaExhausted, ErrModelAuth, ErrBadRequest, ErrRateLimited, ErrUnavailable,
}

// modelKind returns the kind of a model's failure, nil if it has none. What the
// outermost [ModelError] says counts.
func modelKind(err error) error {
	var classified *ModelError
	if errors.As(err, &classified) {
		return classified.Kind
	}
	for _, kind := range modelKinds {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return nil
}
