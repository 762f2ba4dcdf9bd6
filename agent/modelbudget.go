package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/internal/text"
)

// modelBudget is what the model calls of one turn may still cost, together with
// those that rewrite its question for the search. Nobody else has it but the
// turn; of the search, which may rewrite at several places at once, one call is
// let through at a time.
type modelBudget struct {
	calls  int           // left of Config.MaxModelCalls
	time   time.Duration // left of Config.ModelTimeout
	tokens int           // left of Config.MaxModelTokens
	note   noteTokens    // of what is charged by token
}

func (a *Agent) newModelBudget(ctx context.Context, in input) (*modelBudget, error) {
	note, used, err := a.tokenNotes(ctx, in)
	if err != nil {
		return nil, err
	}
	return &modelBudget{calls: a.cfg.MaxModelCalls, time: a.cfg.ModelTimeout, tokens: a.cfg.MaxModelTokens - int(used), note: note}, nil
}

// errOverBudget: the turn's model calls may cost no more.
var errOverBudget = errors.New("agent: model: nothing is left of the turn's budget")

// minAnswerTokens is what must be left of a budget for an answer to be worth
// asking for.
const minAnswerTokens = 32

// fit caps a request to what is left of the tokens.
func (b *modelBudget) fit(req Request) (Request, error) {
	left := b.tokens - estimateTokens(req)
	if left < minAnswerTokens || b.time <= 0 {
		return req, errModel{errOverBudget}
	}
	req.MaxTokens = min(req.MaxTokens, left)
	return req, nil
}

// charge takes the tokens of a call off the budget: as the provider counted
// them, or an estimate if it did not.
func (b *modelBudget) charge(req Request, r modelResponse) {
	spent := r.Usage.InputTokens + r.Usage.OutputTokens
	if spent == 0 {
		spent = estimateTokens(req) + estimateAnswer(r)
	}
	b.tokens -= spent
}

// used takes the tokens of a call that was just made off the budget, and notes
// them where they are charged. The error is the call's, or that of the note.
func (b *modelBudget) used(ctx context.Context, req Request, r modelResponse, err error) error {
	b.charge(req, r)
	if b.note == nil {
		return err
	}
	if failed := b.note(ctx, req, r, err); failed != nil {
		return failed
	}
	return err
}

// replayed takes the tokens of a call off the budget that was made by an earlier
// try of the turn, unless they are off already because they were noted.
func (b *modelBudget) replayed(req Request, r modelResponse) {
	if b.calls--; b.note == nil {
		b.charge(req, r)
	}
}

// estimateAnswer estimates the tokens of an answer.
func estimateAnswer(r modelResponse) int { return text.EstimateTokens(r.Text) }

// rewriting is how a [NewRewriter] that is asked within a turn's search works
// as part of that turn: within its budget, seen in its trace, and replayed from
// its journal. It travels in the context, since between the agent and its
// rewriter stands the knowledge, which knows nothing of turns.
type rewriting struct {
	agent   *Agent
	journal journal
	budget  *modelBudget

	mu     sync.Mutex
	calls  []TraceModelCall
	broken error // of the journal: the turn cannot go on
}

type rewritingKey struct{}

func rewritingIn(ctx context.Context) *rewriting {
	w, _ := ctx.Value(rewritingKey{}).(*rewriting)
	return w
}

func (a *Agent) newRewriting(in input) *rewriting {
	return &rewriting{agent: a, journal: in.journal, budget: in.budget}
}

// within returns a context in which rewriters work as part of the turn.
func (w *rewriting) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, rewritingKey{}, w)
}

// traced returns the rewriters' calls; none of a turn that did not search.
func (w *rewriting) traced() []TraceModelCall {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls)
}

// failure is why the turn cannot go on.
func (w *rewriting) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken
}

// purposeRewrite is what a trace calls such a call.
const purposeRewrite = "rewrite the question"

// ask asks a rewriter's model, or returns what it said to the same request
// before the turn was tried again.
func (w *rewriting) ask(ctx context.Context, r rewriter, req Request) (modelResponse, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return modelResponse{}, w.broken
	}
	a := w.agent
	began := a.cfg.Now()
	sent := req
	resp, replayed, err := w.journal.recorded(ctx, w.key(req), func(ctx context.Context) (modelResponse, error) {
		var err error
		if sent, err = w.fit(req); err != nil {
			return modelResponse{}, err
		}
		w.budget.calls--
		// Half of what is left of the time is the answer's.
		within, cancel := context.WithTimeout(ctx, min(r.Timeout, w.budget.time/2))
		defer cancel()
		asked := time.Now()
		resp, err := r.generate(within, sent)
		w.budget.time -= time.Since(asked)
		return resp, w.budget.used(ctx, sent, resp, err)
	})
	if replayed {
		w.budget.replayed(req, resp)
	}
	call := TraceModelCall{
		Purpose: purposeRewrite, Request: sent, Text: resp.Text, Usage: resp.Usage, Attempts: resp.Attempts, Replayed: replayed, Took: a.cfg.Now().Sub(began),
	}
	if err != nil {
		call.Error = err.Error()
		if !isModelFailure(err) && ctx.Err() == nil {
			w.broken = err
		}
	}
	w.calls = append(w.calls, call)
	return resp, err
}

// fit keeps one call for the answer where a model is to write it.
func (w *rewriting) fit(req Request) (Request, error) {
	kept := 0
	if w.agent.cfg.Model != nil {
		kept = 1
	}
	if w.budget.calls <= kept {
		return req, errModel{errOverBudget}
	}
	return w.budget.fit(req)
}

// key names a request in the journal, whenever in the search it is made.
func (w *rewriting) key(req Request) string {
	data, _ := json.Marshal(req) // it has no tools: nothing in it can fail
	sum := sha256.Sum256(data)
	return fmt.Sprintf("%s/rewrite-%s", w.journal.turnKey(), hex.EncodeToString(sum[:8]))
}
