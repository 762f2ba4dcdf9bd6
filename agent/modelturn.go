package agent

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/internal/text"
	"github.com/kundeagent/kundeagent/knowledge"
)

// modelTurn is the talk with the model within one turn: what it is shown, what
// came of it so far, and what may still be spent.
type modelTurn struct {
	agent    *Agent
	in       input
	u        understanding
	plan     plan
	passages []knowledge.Found // as shown: passages[0] is [1]
	draft    draft             // so far
	also     string            // added to the instructions
	short    bool              // with less history and fewer passages
	since    []ModelMessage    // the model's calls and their results
	sent     Request           // last
	budget   *modelBudget      // of the turn
}

func (a *Agent) newModelTurn(in input, u understanding, passages []knowledge.Found, p plan) *modelTurn {
	return &modelTurn{agent: a, in: in, u: u, plan: p, passages: passages, budget: in.budget}
}

// request is what the model is asked next.
func (t *modelTurn) request() Request {
	req := t.agent.prompt(t.in, t.u, t.passages, t.plan, t.short)
	req.System += t.also
	req.Messages = append(req.Messages, t.since...)
	return req
}

// mayAsk reports whether another call is within the turn's limits.
func (t *modelTurn) mayAsk() bool { return t.budget.calls > 0 }

// ask asks the model, once more with a shorter request if it was too long.
func (t *modelTurn) ask(ctx context.Context) (modelResponse, error) {
	r, err := t.generate(ctx)
	if modelKind(err) != ErrContextLength || !t.mayAsk() || !t.shorten() || ctx.Err() != nil {
		return r, err
	}
	first := append(r.Attempts, ModelAttempt{Error: err.Error()})
	spent := r.Usage
	r, err = t.generate(ctx)
	r.Attempts = append(first, r.Attempts...)
	r.Usage = r.Usage.plus(spent)
	r.Shortened = true
	return r, err
}

// generate asks the model once within the budget.
func (t *modelTurn) generate(ctx context.Context) (modelResponse, error) {
	t.budget.calls--
	req, err := t.budget.fit(t.request())
	t.sent = req
	if err != nil {
		return modelResponse{}, err
	}
	within, cancel := context.WithTimeout(ctx, t.budget.time)
	defer cancel()
	began := time.Now()
	t.draft.passages = t.passages
	r, err := t.in.show.generate(within, t.agent, t.u, t.draft, req)
	t.budget.time -= time.Since(began)
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		err = errModel{&ModelError{Kind: ErrUnavailable, Err: fmt.Errorf("no complete answer within the turn's %v: %w", t.agent.cfg.ModelTimeout, err)}}
	}
	return r, t.budget.used(ctx, req, r, err)
}

// replay takes note of an answer that came from the journal.
func (t *modelTurn) replay(r modelResponse) {
	if r.Shortened {
		t.shorten()
	}
	t.sent = t.request()
	t.budget.replayed(t.sent, r)
}

// shorten leaves out history and the worse half of the passages. It is false if
// that was done before or nothing can be left out.
func (t *modelTurn) shorten() bool {
	if t.short || len(t.passages) < 2 && len(t.in.question.History) <= historyShort {
		return false
	}
	t.short = true
	t.passages = t.passages[:(len(t.passages)+1)/2]
	return true
}

// add appends what the model said and what its call came to.
func (t *modelTurn) add(m ModelMessage) { t.since = append(t.since, m) }

// plus adds two usages.
func (u Usage) plus(v Usage) Usage {
	return Usage{u.InputTokens + v.InputTokens, u.OutputTokens + v.OutputTokens}
}

// estimateTokens estimates what a request costs before anything is answered.
func estimateTokens(r Request) int {
	var sb strings.Builder
	sb.WriteString(r.System)
	for _, m := range r.Messages {
		sb.WriteString("\n" + m.Text)
		for _, c := range m.ToolCalls {
			sb.WriteString(c.Name + string(c.Arguments))
		}
	}
	for _, t := range r.Tools {
		sb.WriteString(t.Name + t.Description + string(t.Schema))
	}
	return text.EstimateTokens(sb.String())
}
