package agenttest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
)

// Answerer is what an [Evaluation] asks. An [agent.Agent] is one: its previews
// cost no credits and have no effects.
type Answerer interface {
	Preview(ctx context.Context, q agent.Question) (agent.Reply, error)
}

// AnswererFunc makes an Answerer of a function, such as a method value of
// [agent.Agent.Reply], which performs actions.
type AnswererFunc func(ctx context.Context, q agent.Question) (agent.Reply, error)

// Preview calls f.
func (f AnswererFunc) Preview(ctx context.Context, q agent.Question) (agent.Reply, error) {
	return f(ctx, q)
}

// Evaluation is how cases are evaluated. The zero value runs each case once,
// one after another, without a judge and without a limit.
type Evaluation struct {
	// Repeat is how often each case is run, for models that do not always say
	// the same; default 1. Need is how many of these runs must pass for the case
	// to pass; default all of them.
	Repeat, Need int
	// Parallel is how many cases are run at once; default 1. A scripted [Model]
	// needs 1.
	Parallel int
	// MaxModelCalls ends the evaluation with [ErrBudget] once the model was
	// asked so often, the Judge included; 0 is no limit. It is looked at before
	// each turn, so turns under way may pass it by what they ask.
	MaxModelCalls int
	// Judge rates replies whose Expect has a Criterion. It must be safe for
	// concurrent use with Parallel. Its error fails the run it happened in.
	Judge func(ctx context.Context, j Judged) (Judgement, error)
}

// Judged is what a judge is asked about.
type Judged struct {
	Criterion string
	Question  agent.Question
	Reply     agent.Reply
}

// Judgement is what a judge thinks of a reply. Its zero value is a failure.
type Judgement struct {
	Rating Rating
	Reason string // when the rating is not Passed
}

// ErrBudget: an evaluation ended because of its MaxModelCalls.
var ErrBudget = errors.New("agenttest: budget of model calls is used up")

// Run evaluates cases against an agent. Later turns of a case are asked with the
// turns before as history; after a handoff the conversation is a human's, so
// that the agent is not asked, and its decision is silent.
//
// An error of the agent fails its case. Run itself returns [ErrInvalidCase]
// with no results; [ErrBudget], or that ctx ended, with the results until then,
// in which what was not finished is rated [NotRun].
func (e Evaluation) Run(ctx context.Context, a Answerer, cases []Case) (Results, error) {
	if err := e.check(cases); err != nil {
		return Results{}, err
	}
	e.Repeat, e.Parallel = max(e.Repeat, 1), max(e.Parallel, 1)
	if e.Need <= 0 {
		e.Need = e.Repeat
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	run := &evaluating{Evaluation: e, answerer: a, stop: cancel}
	results := Results{Cases: make([]CaseResult, len(cases))}
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(e.Parallel, len(cases)) {
		wg.Go(func() {
			for i := range next {
				results.Cases[i] = run.evaluate(ctx, &cases[i])
			}
		})
	}
	for i := range cases {
		next <- i
	}
	close(next)
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return results, fmt.Errorf("agenttest: evaluation: %w", err)
	}
	return results, nil
}

func (e *Evaluation) check(cases []Case) error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: %s", ErrInvalidCase, fmt.Sprintf(format, args...)))
	}
	if e.Repeat < 0 || e.Parallel < 0 || e.MaxModelCalls < 0 || e.Need < 0 || e.Need > max(e.Repeat, 1) {
		fault("repeat %d, need %d, parallel %d, %d model calls cannot be", e.Repeat, e.Need, e.Parallel, e.MaxModelCalls)
	}
	if len(cases) == 0 {
		fault("there are none")
	}
	checkCases(cases, func(at int, format string, args ...any) {
		fault("case %d: %s", at+1, fmt.Sprintf(format, args...))
	})
	return errors.Join(errs...)
}

// evaluating is an evaluation under way.
type evaluating struct {
	Evaluation
	answerer Answerer
	stop     context.CancelCauseFunc

	mu    sync.Mutex
	calls int
}

// spend counts model calls. The budget is looked at with none to count.
func (e *evaluating) spend(calls int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls += calls
	if calls == 0 && e.MaxModelCalls > 0 && e.calls >= e.MaxModelCalls {
		e.stop(ErrBudget)
	}
}

func (e *evaluating) evaluate(ctx context.Context, c *Case) CaseResult {
	out := CaseResult{Name: c.Name}
	for range e.Repeat {
		run := e.converse(ctx, c)
		if ctx.Err() != nil {
			break // what happened while the evaluation ended says nothing
		}
		out.Runs = append(out.Runs, run)
	}
	out.rate(e.Repeat, e.Need)
	return out
}

// converse runs a case once.
func (e *evaluating) converse(ctx context.Context, c *Case) RunResult {
	var out RunResult
	var history []channels.Message
	handedOver := false
	for i := range c.Turns {
		e.spend(0)
		if ctx.Err() != nil {
			return out
		}
		t := &c.Turns[i]
		q := agent.Question{
			Text: t.Say, History: history, Contact: c.Contact, Channel: c.Channel, Language: c.Language, Languages: c.Languages,
		}
		var r agent.Reply
		var err error
		if handedOver {
			r = agent.Reply{Decision: agent.Silent, Reason: "a human has the conversation"}
		} else if r, err = e.answerer.Preview(ctx, q); err != nil {
			out.Turns = append(out.Turns, TurnResult{Say: t.Say, Reasons: []string{"error: " + err.Error()}})
			break
		}
		out.Turns = append(out.Turns, e.judge(ctx, t, q, r))
		handedOver = handedOver || r.Decision == agent.HandOff
		history = append(history[:len(history):len(history)], channels.Message{Author: channels.FromCustomer, Text: t.Say})
		if r.Text != "" {
			history = append(history, channels.Message{Author: channels.FromAgent, Text: r.Text, Citations: r.Citations})
		}
	}
	out.rate()
	return out
}

// judge compares a reply with what was expected.
func (e *evaluating) judge(ctx context.Context, t *Turn, q agent.Question, r agent.Reply) TurnResult {
	out := newTurnResult(t.Say, r)
	found := t.Expect.findings(r)
	e.spend(len(r.Trace.ModelCalls))
	if e.Judge != nil && t.Expect.Criterion != "" {
		out.ModelCalls++
		e.spend(1)
		j, err := e.Judge(ctx, Judged{Criterion: t.Expect.Criterion, Question: q, Reply: r})
		switch {
		case err != nil:
			found = append(found, finding{essential: true, reason: "the judge failed: " + err.Error()})
		case j.Rating == Partly:
			found = append(found, finding{held: true}, finding{reason: "judge: " + j.Reason})
		default:
			found = append(found, finding{held: j.Rating == Passed, essential: true, reason: "judge: " + j.Reason})
		}
	}
	out.rate(found)
	return out
}
