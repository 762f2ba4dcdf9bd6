package agent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

func reply(t *testing.T, cfg agent.Config, q agent.Question) agent.Reply {
	t.Helper()
	r, err := mustNew(t, cfg).Reply(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTooLongARequestIsShortenedOnce(t *testing.T) {
	var history []channels.Message
	for i := range 20 {
		history = append(history, channels.Message{Text: fmt.Sprint("earlier ", i)})
	}
	q := agent.Question{Text: refundQuestion, History: history}
	tooLong := failure(agent.ErrContextLength, 0)
	model := agenttest.NewModel(tooLong, agenttest.Say("Within 14 days [1]."))
	r := reply(t, agent.Config{Knowledge: helpCentre(t), Model: model}, q)
	agenttest.RequireText(t, r, "Within 14 days")
	reqs := model.Requests()
	if len(reqs) != 2 || len(reqs[1].Messages) != 5 || len(reqs[0].Messages) != 13 || strings.Contains(reqs[1].Messages[4].Text, "\n[4]") {
		t.Errorf("%d requests: %+v", len(reqs), reqs[1].Messages)
	}
	call := r.Trace.ModelCalls[0]
	if len(r.Trace.ModelCalls) != 1 || !call.Shortened || len(call.Attempts) != 1 || len(call.Request.Messages) != 5 {
		t.Errorf("trace %+v", call)
	}

	// A passage that the shorter request lacks cannot be cited.
	all := len(r.Trace.Hits)
	if all < 2 {
		t.Fatalf("%d passages are too few for this test", all)
	}
	r = reply(t, agent.Config{Knowledge: helpCentre(t), Model: agenttest.NewModel(tooLong, agenttest.Say(fmt.Sprintf("Within 14 days [%d].", all)))}, q)
	if r.Trace.Plan == "" || !strings.HasPrefix(r.Text, "Here is what I found") {
		t.Errorf("passage %d was cited: %q", all, r.Text)
	}

	// Nor a second time in the same turn.
	model = agenttest.NewModel(tooLong, agenttest.Call("unknown", map[string]int{})).Always(tooLong)
	r = reply(t, agent.Config{Knowledge: helpCentre(t), Model: model}, q)
	if n := len(model.Requests()); n != 3 || len(r.Trace.ModelCalls) != 2 {
		t.Errorf("%d requests in %d calls", n, len(r.Trace.ModelCalls))
	}

	// Only once, and then the knowledge is quoted.
	model = agenttest.NewModel().Always(tooLong)
	r = reply(t, agent.Config{Knowledge: helpCentre(t), Model: model}, q)
	if n := len(model.Requests()); n != 2 || !strings.Contains(r.Text, "14 days") {
		t.Errorf("%d requests, %q", n, r.Text)
	}
}

func TestFilteredContentIsAskedBackThenHandedOver(t *testing.T) {
	filtered := func() *agenttest.Model { return agenttest.NewModel().Always(failure(agent.ErrContentFilter, 0)) }
	m := filtered()
	r := reply(t, agent.Config{Knowledge: helpCentre(t), Model: m, Fallback: []agent.Model{agenttest.NewModel(agenttest.Say("Here [1]."))}}, agent.Question{Text: refundQuestion})
	agenttest.RequireDecision(t, r, agent.Clarify)
	if n := len(m.Requests()); n != 1 || len(r.Trace.ModelCalls) != 1 || r.Substantive {
		t.Errorf("asked %d times", n)
	}
	r = reply(t, agent.Config{Knowledge: helpCentre(t), Model: filtered(), MaxClarify: -1}, agent.Question{Text: refundQuestion})
	agenttest.RequireHandoff(t, r, handoff.GuardStopped)
}

func TestP7BudgetsOfATurnHold(t *testing.T) {
	call := agenttest.Call("lookup", map[string]int{})
	lookup := agent.Action{Name: "lookup", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
		return agent.ActionResult{Text: "Nothing new."}, nil
	}}
	cost := reply(t, agent.Config{Knowledge: helpCentre(t), Model: agenttest.NewModel().Always(call), Actions: []agent.Action{lookup}}, agent.Question{Text: refundQuestion}).
		Trace.ModelCalls[0].Usage.InputTokens // of each call
	for name, c := range map[string]struct {
		cfg  agent.Config
		want int // requests
	}{
		"calls":             {agent.Config{MaxModelCalls: 2}, 2},
		"default calls":     {agent.Config{}, 4},
		"tokens, at once":   {agent.Config{MaxModelTokens: 40}, 0},
		"tokens, in a turn": {agent.Config{MaxModelTokens: 2*cost + 40}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			model := agenttest.NewModel().Always(call)
			c.cfg.Knowledge, c.cfg.Model, c.cfg.Actions = helpCentre(t), model, []agent.Action{lookup}
			r := reply(t, c.cfg, agent.Question{Text: refundQuestion})
			if n := len(model.Requests()); n != c.want {
				t.Errorf("%d requests, want %d", n, c.want)
			}
			agenttest.RequireText(t, r, "14 days") // quoted
		})
	}
	model := agenttest.NewModel(agenttest.Say("Within 14 days [1]."))
	r := reply(t, agent.Config{Knowledge: helpCentre(t), Model: model, MaxModelTokens: 700}, agent.Question{Text: refundQuestion})
	if reqs := model.Requests(); len(reqs) != 1 || r.Trace.ModelCalls[0].Request.MaxTokens != reqs[0].MaxTokens || reqs[0].MaxTokens >= 700 || reqs[0].MaxTokens < 32 {
		t.Errorf("the answer may take %d tokens", reqs[0].MaxTokens)
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := reply(t, agent.Config{Knowledge: helpCentre(t), Model: hanging(time.Hour), ModelTimeout: 10 * time.Second}, agent.Question{Text: refundQuestion})
		agenttest.RequireText(t, r, "14 days")
		if took := time.Since(began); took != 10*time.Second || r.Trace.ModelCalls[0].Took != took || !strings.Contains(r.Trace.ModelCalls[0].Error, "10s") {
			t.Errorf("after %v: %+v", took, r.Trace.ModelCalls[0].Error)
		}
	})
}

// unseenStore records the first answer, whose outcome is not seen.
type unseenStore struct {
	agent.Store
	failed atomic.Bool
}

func (s *unseenStore) Record(ctx context.Context, l agent.Lease, turn, name string, data []byte) ([]byte, error) {
	kept, err := s.Store.Record(ctx, l, turn, name, data)
	if err == nil && s.failed.CompareAndSwap(false, true) {
		return nil, errCrash
	}
	return kept, err
}

func TestModelTimeoutIsOfTheWholeTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := agenttest.Call("lookup", map[string]int{})
		slow.Before = func(ctx context.Context, _ agent.Request) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(6 * time.Second):
				return nil
			}
		}
		model, began := agenttest.NewModel().Always(slow), time.Now()
		r := reply(t, agent.Config{Knowledge: helpCentre(t), Model: model, ModelTimeout: 10 * time.Second}, agent.Question{Text: refundQuestion})
		agenttest.RequireText(t, r, "14 days")
		if took := time.Since(began); took != 10*time.Second || len(model.Requests()) != 2 {
			t.Errorf("%d calls in %v", len(model.Requests()), took)
		}
	})
}

func TestP1FallbackIsOneRecordedResponse(t *testing.T) {
	first, second := agenttest.NewModel().Always(failure(agent.ErrUnavailable, 0)), agenttest.NewModel().Always(agenttest.Say("Within 14 days [1]."))
	store := &unseenStore{Store: agent.NewMemoryStore(nil)}
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Model: first, Fallback: []agent.Model{second}, Store: store, Poll: 10 * time.Millisecond})
	r := h.Ask(refundQuestion)
	agenttest.RequireText(t, r, "Within 14 days")
	if len(second.Requests()) != 1 || len(first.Requests()) != 1 {
		t.Errorf("asked %d and %d times", len(first.Requests()), len(second.Requests()))
	}
	if c := r.Trace.ModelCalls[0]; !c.Replayed || len(c.Attempts) != 1 || c.Usage.OutputTokens == 0 {
		t.Errorf("replayed %v with %d attempts, %+v", c.Replayed, len(c.Attempts), c.Usage)
	}
}

func TestP1ReplayedAnswerIsThatOfTheShorterRequest(t *testing.T) {
	model := agenttest.NewModel(failure(agent.ErrContextLength, 0), agenttest.Say("Within 14 days [3]. Or [1]."))
	store := &unseenStore{Store: agent.NewMemoryStore(nil)}
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Model: model, Store: store, Poll: 10 * time.Millisecond})
	r := h.Ask(refundQuestion)
	call := r.Trace.ModelCalls[0]
	if n := len(model.Requests()); n != 2 || !call.Replayed || !call.Shortened || call.Request.Messages[0].Text != model.Requests()[1].Messages[0].Text {
		t.Errorf("asked %d times, replayed %v, shortened %v", n, call.Replayed, call.Shortened)
	}
	if len(r.Trace.Hits) < 3 || len(r.Citations) != 1 || r.Citations[0].Title != "Refunds" {
		t.Errorf("a passage that was not shown is cited: %v", r.Citations)
	}
}

func TestModelConfigurationFaults(t *testing.T) {
	for want, cfg := range map[string]agent.Config{
		"Fallback":      {Fallback: []agent.Model{agenttest.NewModel()}},
		"MaxModelCalls": {MaxModelTokens: -1},
	} {
		cfg.Knowledge = helpCentre(t)
		if _, err := agent.New(cfg); !errors.Is(err, agent.ErrInvalidConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
