package agenttest

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"sync"

	"github.com/kundeagent/kundeagent/agent"
)

// ErrScriptEnded is what a [Model] answers when its script is over.
var ErrScriptEnded = errors.New("agenttest: the model's script has ended")

// Step is one answer of a scripted [Model].
type Step struct {
	// Text is streamed in two pieces, or in Pieces, if those are set. Calls
	// follow it.
	Text   string
	Pieces []string
	Calls  []agent.ToolCall
	// Usage is what the answer says it used; default the lengths of the
	// instructions and of Text, in bytes.
	Usage agent.Usage
	// Err ends the answer after Text.
	Err error
	// Before, if set, is called before anything is said; it may wait for
	// something, and its error ends the answer.
	Before func(ctx context.Context, req agent.Request) error
}

// Say is a step that answers with text.
func Say(text string) Step { return Step{Text: text} }

// Call is a step that calls an action with arguments, which must marshal to
// JSON.
func Call(action string, arguments any) Step {
	data, err := json.Marshal(arguments)
	if err != nil {
		return Step{Err: err}
	}
	return Step{Calls: []agent.ToolCall{{Name: action, Arguments: data}}}
}

// Fail is a step that fails.
func Fail(err error) Step { return Step{Err: err} }

// Model is an [agent.Model] that says what a test wrote, and remembers what it
// was asked. It is safe for concurrent use.
type Model struct {
	mu       sync.Mutex
	steps    []Step
	always   *Step
	requests []agent.Request
}

// NewModel returns a model that answers with the steps, one a request, and
// fails with [ErrScriptEnded] after the last.
func NewModel(steps ...Step) *Model { return &Model{steps: steps} }

// Always makes the model answer every request after its script with the step.
func (m *Model) Always(s Step) *Model {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.always = &s
	return m
}

// Requests returns what the model was asked, oldest first.
func (m *Model) Requests() []agent.Request {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]agent.Request(nil), m.requests...)
}

// Generate implements [agent.Model].
func (m *Model) Generate(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
	return func(yield func(agent.Event, error) bool) {
		step := m.next(req)
		if step.Before != nil {
			if err := step.Before(ctx, req); err != nil {
				yield(agent.Event{}, err)
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(agent.Event{}, err)
			return
		}
		for _, piece := range step.pieces() {
			if piece != "" && !yield(agent.Event{Text: piece}, nil) {
				return
			}
		}
		for i := range step.Calls {
			if call := step.Calls[i]; !yield(agent.Event{ToolCall: &call}, nil) {
				return
			}
		}
		if step.Err != nil {
			yield(agent.Event{}, step.Err)
			return
		}
		usage := step.Usage
		if usage == (agent.Usage{}) {
			usage = agent.Usage{InputTokens: len(req.System), OutputTokens: len(step.Text)}
		}
		yield(agent.Event{Usage: &usage}, nil)
	}
}

func (s Step) pieces() []string {
	if len(s.Pieces) > 0 {
		return s.Pieces
	}
	runes := []rune(s.Text)
	return []string{string(runes[:len(runes)/2]), string(runes[len(runes)/2:])}
}

func (m *Model) next(req agent.Request) Step {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests = append(m.requests, cloneRequest(req))
	switch {
	case len(m.steps) > 0:
		s := m.steps[0]
		m.steps = m.steps[1:]
		return s
	case m.always != nil:
		return *m.always
	}
	return Fail(ErrScriptEnded)
}
