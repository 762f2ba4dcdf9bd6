package langchain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tmc/langchaingo/llms"

	"github.com/kundeagent/kundeagent/agent"
)

// grace is how long a cancelled call is waited for.
const grace = time.Second

// outcome is what a call returned.
type outcome struct {
	response *llms.ContentResponse
	err      error
}

// attempt makes one call and hands its events to emit, until that returns
// false.
func (m *model) attempt(ctx context.Context, c *call, emit func(agent.Event) bool) error {
	if m.slots != nil {
		select {
		case m.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	seen := &exchange{}
	callCtx, cancel := context.WithCancel(context.WithValue(ctx, exchangeKey{}, seen))
	defer cancel()
	if m.config.AttemptTimeout > 0 {
		var stop context.CancelFunc
		callCtx, stop = context.WithTimeout(callCtx, m.config.AttemptTimeout)
		defer stop()
	}

	chunks, done := m.start(callCtx, c)
	streamed, got, err := m.stream(callCtx, chunks, done, emit)
	if err == nil {
		err = got.err
	} else {
		cancel()
		settle(done)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errStopped):
		return err
	case errors.Is(callCtx.Err(), context.DeadlineExceeded):
		err = &failure{kind: agent.ErrUnavailable, err: fmt.Errorf("no complete answer in %v: %w", m.config.AttemptTimeout, callCtx.Err())}
		return finishError(err, streamed != "")
	case err != nil:
		return finishError(classify(err, seen), streamed != "")
	}
	if err := seen.fault(); err != nil {
		return finishError(classify(err, seen), streamed != "")
	}
	return m.finish(c, got.response, streamed, emit)
}

// start makes the call in a goroutine of its own, because clients hand on
// chunks from whatever goroutine they like. Chunks are sent until callCtx ends.
func (m *model) start(callCtx context.Context, c *call) (<-chan string, <-chan outcome) {
	chunks, done := make(chan string), make(chan outcome, 1)
	options := c.options
	if c.streaming {
		options = append(options[:len(options):len(options)], llms.WithStreamingFunc(func(_ context.Context, chunk []byte) error {
			if len(chunk) == 0 || isToolDelta(chunk) {
				return nil
			}
			select {
			case chunks <- string(chunk):
				return nil
			case <-callCtx.Done():
				return callCtx.Err()
			}
		}))
	}
	go func() {
		var got outcome
		defer func() {
			if cause := recover(); cause != nil {
				got = outcome{err: &failure{err: fmt.Errorf("the provider's client panicked: %v", cause)}}
			}
			if m.slots != nil {
				<-m.slots
			}
			done <- got
		}()
		got.response, got.err = m.llm.GenerateContent(callCtx, c.messages, options...)
	}()
	return chunks, done
}

// stream hands on chunks until the call returns. It gives all their text, and
// what the call returned.
func (m *model) stream(callCtx context.Context, chunks <-chan string, done <-chan outcome, emit func(agent.Event) bool) (string, outcome, error) {
	var text strings.Builder
	for {
		select {
		case chunk := <-chunks:
			if text.Len()+len(chunk) > m.config.MaxAnswerBytes {
				return text.String(), outcome{}, errTooLong
			}
			text.WriteString(chunk)
			if !emit(agent.Event{Text: chunk}) {
				return text.String(), outcome{}, errStopped
			}
		case got := <-done:
			return text.String(), got, nil
		case <-callCtx.Done():
			return text.String(), outcome{}, callCtx.Err()
		}
	}
}

// settle gives a cancelled call time to return.
func settle(done <-chan outcome) {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// errTooLong: the answer passes [Config.MaxAnswerBytes].
var errTooLong = errors.New("answer passes the limit of its length")

// errEmpty: there is neither an answer nor an end to it.
var errEmpty = fmt.Errorf("the answer is empty and has no end: %w", agent.ErrTruncated)

// finish hands on what is left of an answer, and tells whether it is whole.
func (m *model) finish(c *call, response *llms.ContentResponse, streamed string, emit func(agent.Event) bool) error {
	a := merge(response)
	if len(a.text) > m.config.MaxAnswerBytes {
		return finishError(&failure{kind: agent.ErrTruncated, err: errTooLong}, streamed != "")
	}
	err := m.incomplete(c, a, streamed)
	if errors.Is(err, errEmpty) {
		return err
	}
	if rest, ok := strings.CutPrefix(a.text, streamed); ok && rest != "" {
		if !emit(agent.Event{Text: rest}) {
			return errStopped
		}
	}
	if err == nil {
		for _, toolCall := range a.identified(c.calls) {
			if !emit(agent.Event{ToolCall: &toolCall}) {
				return errStopped
			}
		}
	}
	if a.usage != (agent.Usage{}) && !emit(agent.Event{Usage: &a.usage}) {
		return errStopped
	}
	return err
}

// incomplete is the error of an answer that is not whole.
func (m *model) incomplete(c *call, a answer, streamed string) error {
	switch reason := stopKind(a.stopReason); {
	case reason != nil:
		return finishError(&failure{kind: reason, err: fmt.Errorf("the answer ended with %q", a.stopReason)}, false)
	case a.stopReason != "":
		return nil
	case a.text == "" && len(a.calls) == 0:
		// Nothing was said, so that it can be asked again.
		return finishError(&failure{kind: agent.ErrUnavailable, err: errEmpty}, streamed != "")
	case m.config.NoStopReason && c.maxTokens > 0 && a.usage.OutputTokens >= c.maxTokens:
		return finishError(&failure{kind: agent.ErrTruncated, err: fmt.Errorf("the answer took all of %d tokens", c.maxTokens)}, false)
	case m.config.NoStopReason && a.text == streamed, streamed == "":
		// What came in one piece is whole.
		return nil
	}
	return finishError(&failure{kind: agent.ErrTruncated, err: errors.New("the stream has no end")}, false)
}

// isToolDelta reports whether a chunk is not text but a piece of a tool call,
// which some clients stream like text.
func isToolDelta(chunk []byte) bool {
	type function struct {
		Name      *string `json:"name"`
		Arguments *string `json:"arguments"`
	}
	switch {
	case bytes.HasPrefix(chunk, []byte(`[{`)):
		var deltas []struct {
			Type     *string   `json:"type"`
			Function *function `json:"function"`
		}
		if json.Unmarshal(chunk, &deltas) != nil {
			return false
		}
		for _, delta := range deltas {
			if delta.Type == nil || delta.Function == nil || delta.Function.Name == nil || delta.Function.Arguments == nil {
				return false
			}
		}
		return true
	case bytes.HasPrefix(chunk, []byte(`{"name":`)):
		var delta function
		return json.Unmarshal(chunk, &delta) == nil && delta.Name != nil && delta.Arguments != nil
	}
	return false
}
