package agenttest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
)

// recorder is a test that notes its failure instead of ending.
type recorder struct {
	*testing.T
	failure string
}

func (r *recorder) Fatalf(format string, args ...any) { r.failure = fmt.Sprintf(format, args...) }

func TestAssertionsFailWhenTheyShould(t *testing.T) {
	meter := credits.NewLedger(credits.Config{})
	answer := agent.Reply{Decision: agent.Answer, Text: "Within 14 days [1].", Citations: []channels.Citation{{Number: 1, Title: "Refunds", URL: "https://shop.example/r"}}}
	handed := agent.Reply{Decision: agent.HandOff, Case: &handoff.Case{Reason: handoff.Loop}}
	asked := agenttest.NewModel(agenttest.Say("x"))
	for range asked.Generate(t.Context(), agent.Request{}) {
	}
	for name, c := range map[string]struct {
		holds, fails func(agenttest.T)
		says         string
	}{
		"decision": {func(t agenttest.T) { agenttest.RequireDecision(t, answer, agent.Answer) }, func(t agenttest.T) { agenttest.RequireDecision(t, answer, agent.Clarify) }, "want clarify"},
		"text":     {func(t agenttest.T) { agenttest.RequireText(t, answer, "14", "days") }, func(t agenttest.T) { agenttest.RequireText(t, answer, "14", "weeks") }, "weeks"},
		"citation": {func(t agenttest.T) { agenttest.RequireCitation(t, answer, "https://shop.example/r") }, func(t agenttest.T) { agenttest.RequireCitation(t, answer, "Refunds") }, "Refunds"},
		"handoff":  {func(t agenttest.T) { agenttest.RequireHandoff(t, handed, handoff.Loop) }, func(t agenttest.T) { agenttest.RequireHandoff(t, handed, handoff.Failure) }, "error"},
		"credits":  {func(t agenttest.T) { agenttest.RequireCredits(t, meter, "a", 0) }, func(t agenttest.T) { agenttest.RequireCredits(t, meter, "a", 5) }, "want 5"},
		"asked":    {func(t agenttest.T) { agenttest.RequireNotAsked(t, agenttest.NewModel()) }, func(t agenttest.T) { agenttest.RequireNotAsked(t, asked) }, "1 times"},
	} {
		good, bad := &recorder{T: t}, &recorder{T: t}
		c.holds(good)
		c.fails(bad)
		if good.failure != "" || !strings.Contains(bad.failure, c.says) {
			t.Errorf("%s: holding says %q, failing says %q", name, good.failure, bad.failure)
		}
	}
}

func TestModelFollowsItsScript(t *testing.T) {
	m := agenttest.NewModel(agenttest.Say("Hello there"), agenttest.Call("order", map[string]int{"id": 7}), agenttest.Fail(agent.ErrUnavailable))
	collect := func() (text string, calls []agent.ToolCall, err error) {
		for ev, e := range m.Generate(t.Context(), agent.Request{System: "s"}) {
			if e != nil {
				return text, calls, e
			}
			text += ev.Text
			if ev.ToolCall != nil {
				calls = append(calls, *ev.ToolCall)
			}
		}
		return text, calls, nil
	}
	if text, _, err := collect(); text != "Hello there" || err != nil {
		t.Errorf("first step: %q, %v", text, err)
	}
	if _, calls, err := collect(); err != nil || len(calls) != 1 || string(calls[0].Arguments) != `{"id":7}` {
		t.Errorf("second step: %+v, %v", calls, err)
	}
	if _, _, err := collect(); !errors.Is(err, agent.ErrUnavailable) {
		t.Errorf("third step: %v", err)
	}
	if _, _, err := collect(); !errors.Is(err, agenttest.ErrScriptEnded) {
		t.Errorf("after the script: %v", err)
	}
	if n := len(m.Requests()); n != 4 {
		t.Errorf("%d requests remembered", n)
	}
}

func TestModelHonoursContextAndBreak(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range agenttest.NewModel(agenttest.Say("x")).Generate(ctx, agent.Request{}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("ended context: %v", err)
		}
	}
	for range agenttest.NewModel(agenttest.Say("two pieces")).Generate(t.Context(), agent.Request{}) {
		break
	}
}

func ExampleNewClock() {
	clock := agenttest.NewClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	clock.Advance(90 * time.Minute)
	fmt.Println(clock.Now().Format(time.TimeOnly))
	// Output: 10:30:00
}

func ExampleNewModel() {
	m := agenttest.NewModel(agenttest.Say("Within 14 days [1]."))
	for ev := range m.Generate(context.Background(), agent.Request{}) {
		fmt.Print(ev.Text)
	}
	fmt.Println()
	// Output: Within 14 days [1].
}
