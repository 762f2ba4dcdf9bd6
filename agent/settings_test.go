package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// previewed is an agent with something of everything a trace can show.
func previewed(t *testing.T, model agent.Model) *agent.Agent {
	t.Helper()
	clock := agenttest.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	return mustNew(t, agent.Config{
		Knowledge: helpCentre(t), Profile: shop, Model: model, Now: clock.Now,
		Guidelines: []agent.Guideline{{Name: "receipt", When: []string{"return"}, Then: "Mention the receipt."}, {Name: "courts", Category: agent.Avoid, When: []string{"lawsuit"}}},
		Actions: []agent.Action{{Name: "return_label", Description: "Sends a label.", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
			t.Error("performed in a preview")
			return agent.ActionResult{}, nil
		}}},
	})
}

func TestPreviewTellsAllAsText(t *testing.T) {
	second := agenttest.NewModel(agenttest.Call("return_label", map[string]string{"size": "L"}), agenttest.Say("Within 14 days [1]. See https://evil.example/x"))
	busy := agenttest.NewModel().Always(failure(agent.ErrRateLimited, time.Second))
	retry := agent.NewRetry(busy, agent.RetryPolicy{MaxAttempts: 2, Sleep: func(context.Context, time.Duration) error { return nil }})
	q := agent.Question{Text: refundQuestion, Languages: []string{"de"}, History: []channels.Message{{Text: "Hello!"}, {Author: channels.FromAgent, Text: "Hello! How can I help?"}}}
	for name, c := range map[string]struct {
		model agent.Model
		q     agent.Question
	}{
		"trace-model": {agent.NewFallback(retry, second), q},
		"trace-quote": {nil, agent.Question{Text: "is the shop open on sundays? do you hire out zebras in xanadu? and giraffes?"}},
		"trace-avoid": {nil, agent.Question{Text: "I will bring a lawsuit"}},
		"trace-human": {nil, agent.Question{Text: "I want to talk to a human"}},
		"trace-hello": {nil, agent.Question{Text: "Hello!"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := previewed(t, c.model).Preview(t.Context(), c.q)
			if err != nil {
				t.Fatal(err)
			}
			requireGolden(t, name, r.Trace.String())
			data, err := json.Marshal(r.Trace)
			var back agent.Trace
			if err != nil || json.Unmarshal(data, &back) != nil || back.String() != r.Trace.String() {
				t.Errorf("the trace as data says something else: %v", err)
			}
		})
	}
}

func TestTraceThatCannotBeWrittenIsAnError(t *testing.T) {
	r, w := io.Pipe()
	_ = r.Close()
	if _, err := (agent.Trace{}).WriteTo(w); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
	var sb strings.Builder
	n, err := agent.Trace{Plan: "x"}.WriteTo(&sb)
	if err != nil || n != int64(sb.Len()) || n == 0 {
		t.Errorf("%d of %d bytes, %v", n, sb.Len(), err)
	}
}

func TestP9DraftSettingsArePreviewedWithoutATrace(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	meter := ledger(t, "agent", 100)
	ch := channels.NewMemory("chat", channels.Capabilities{})
	inbox := &handoff.Inbox{}
	model := agenttest.NewModel(agenttest.Call("refund", map[string]int{})).Always(agenttest.Say("Within 14 days [1]."))
	a := mustNew(t, agent.Config{
		Knowledge: helpCentre(t), Model: model, Store: store, Meter: meter, Channels: []channels.Channel{ch}, Router: inbox,
		Actions: []agent.Action{{Name: "refund", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
			t.Error("the action was performed")
			return agent.ActionResult{}, nil
		}}},
	})

	draft := a.Settings()
	draft.Profile = agent.Profile{Name: "Otto", Personality: agent.Casual}
	draft.Guidelines = []agent.Guideline{{Name: "weather", Category: agent.Avoid, When: []string{"weather"}, Instead: agent.InsteadSay, Then: "Look out of the window."}}
	data, err := json.Marshal(draft)
	var stored agent.Settings
	if err != nil || json.Unmarshal(data, &stored) != nil || !reflect.DeepEqual(stored, draft) {
		t.Fatalf("%s, %v", data, err)
	}
	r, err := a.PreviewWith(t.Context(), stored, agent.Question{Text: "How is the weather?"})
	if err != nil || r.Text != "Look out of the window." {
		t.Errorf("%q, %v", r.Text, err)
	}
	if r, err = a.PreviewWith(t.Context(), stored, agent.Question{Text: refundQuestion}); err != nil || len(r.Trace.Actions) != 1 || !r.Trace.Actions[0].DryRun || !strings.Contains(model.Requests()[0].System, "Otto") {
		t.Errorf("the draft's profile is not used: %v", err)
	}
	if r, err = a.PreviewWith(t.Context(), stored, agent.Question{Text: "I want a human"}); err != nil || r.Decision != agent.HandOff {
		t.Errorf("%s, %v", r.Decision, err)
	}
	if r, err = a.Preview(t.Context(), agent.Question{Text: "Hello!"}); err != nil || strings.Contains(r.Text, "Otto") {
		t.Errorf("the draft is in use: %q, %v", r.Text, err)
	}
	stored.AnswerAt, stored.Profile.Personality = 7, 9
	stored.Guidelines = append(stored.Guidelines, agent.Guideline{Name: "empty"})
	r, err = a.PreviewWith(t.Context(), stored, agent.Question{Text: refundQuestion})
	if !errors.Is(err, agent.ErrInvalidConfig) || r.Decision != agent.Silent || r.Text != "" {
		t.Errorf("%+v, %v", r, err)
	}
	for _, want := range []string{"AnswerAt", "personality", "empty"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	agenttest.RequireCredits(t, meter, "agent", 100)
	for _, kind := range []agent.LogKind{agent.AuditLog, agent.GapLog, agent.TraceLog, agent.ReportLog} {
		if lines, err := store.Logs(t.Context(), "agent", kind, 0, 10); err != nil || len(lines) != 0 {
			t.Errorf("%s log: %v, %v", kind, lines, err)
		}
	}
	if len(ch.Sent("")) != 0 || len(inbox.Cases()) != 0 {
		t.Error("something was sent or routed")
	}
}

func ExampleAgent_PreviewWith() {
	a, _ := agent.New(agent.Config{Knowledge: exampleKnowledge()})
	draft := a.Settings()
	draft.Guidelines = append(draft.Guidelines, agent.Guideline{
		Name: "press", Category: agent.Avoid, When: []string{"journalist"}, Instead: agent.InsteadSay, Then: "Please write to our press office.",
	})
	r, err := a.PreviewWith(context.Background(), draft, agent.Question{Text: "I am a journalist. Who owns the shop?"})
	fmt.Println(r.Text, err)
	fmt.Println(r.Reason)
	// Output:
	// Please write to our press office. <nil>
	// topic to avoid: press
}
