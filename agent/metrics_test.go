package agent_test

import (
	"context"
	"expvar"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/handoff"
)

// gauge collects measurements.
type gauge struct {
	mu  sync.Mutex
	all []agent.Measurement
}

func (g *gauge) take(m agent.Measurement) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all = append(g.all, m)
}

func (g *gauge) sum(metric agent.Metric, label string) (n int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.all {
		if m.Metric == metric && m.Label == label {
			n += m.Value
		}
	}
	return n
}

func TestMetricsCountWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gauge
		model := agenttest.NewModel().Always(agenttest.Say("You get your money back within 14 days [1]."))
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Model: model, Meter: ledger(t, "agent", 1000), Metrics: g.take})
		h.AskAs("anna", refundQuestion)
		h.AskAs("bert", "I want to talk to a human")
		if err := h.Agent.As(boss).Pause(t.Context(), "lunch"); err != nil {
			t.Fatal(err)
		}
		h.AskAs("carl", refundQuestion)
		time.Sleep(time.Minute)
		for _, c := range []struct {
			metric agent.Metric
			label  string
			want   int64
		}{
			{agent.MetricReplies, "answer", 1},
			{agent.MetricReplies, "hand off", 2},
			{agent.MetricHandoffs, string(handoff.AskedForHuman), 1},
			{agent.MetricRefusals, string(agent.Paused), 1},
			{agent.MetricModelCalls, "ok", 1},
			{agent.MetricSteps, "search", 2},
			{agent.MetricSends, "sent", 3},
			{agent.MetricCredits, "committed", 100},
			{agent.MetricCredits, "released", 100},
		} {
			if got := g.sum(c.metric, c.label); got != c.want {
				t.Errorf("%s %s: %d, want %d", c.metric, c.label, got, c.want)
			}
		}
		for _, m := range g.all {
			if m.Agent != "agent" || m.Channel != "test" || strings.Contains(fmt.Sprint(m), "anna") {
				t.Errorf("%+v", m)
			}
		}
	})
}

func TestMetricsOfRepliesAloneAndNoneOfPreviews(t *testing.T) {
	var g gauge
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Metrics: g.take})
	q := agent.Question{Text: refundQuestion, Channel: "whatever a host calls it"}
	if _, err := a.Preview(t.Context(), q); err != nil || len(g.all) > 0 {
		t.Errorf("a preview measured %+v, %v", g.all, err)
	}
	if _, err := a.Reply(t.Context(), q); err != nil || g.sum(agent.MetricReplies, "answer") != 1 {
		t.Errorf("a reply measured %+v, %v", g.all, err)
	}
	for _, m := range g.all {
		if m.Channel != "" {
			t.Errorf("channel of the host's choice: %+v", m)
		}
	}
}

func TestMetricsTellFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gauge
		store := &crashingStore{Store: agent.NewMemoryStore(nil), at: 1}
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store, Metrics: g.take})
		h.Ask(refundQuestion)
		if got := g.sum(agent.MetricTurnFailures, ""); got != 1 {
			t.Errorf("%d failures, want 1", got)
		}
	})
}

func TestMetricsHaveFewLabels(t *testing.T) {
	var g gauge
	n := 0
	trigger := handoff.TriggerFunc(func(_ context.Context, _ handoff.Situation) handoff.Signal {
		n++
		return handoff.Signal{Urgency: handoff.Now, Reason: handoff.Reason(fmt.Sprint("reason ", n))}
	})
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Metrics: g.take, Triggers: []handoff.Trigger{trigger}})
	for range 200 {
		if _, err := a.Reply(t.Context(), agent.Question{Text: refundQuestion}); err != nil {
			t.Fatal(err)
		}
	}
	labels := map[string]bool{}
	for _, m := range g.all {
		if m.Metric == agent.MetricHandoffs {
			labels[m.Label] = true
		}
	}
	if len(labels) != 51 || !labels["other"] || g.sum(agent.MetricHandoffs, "other") != 150 {
		t.Errorf("%d labels, %d others", len(labels), g.sum(agent.MetricHandoffs, "other"))
	}
}

// Measurements become whatever a monitoring system wants: here counters and
// seconds of package expvar. With Prometheus or OpenTelemetry the metric names the
// instrument, Agent, Channel and Label are its labels, and Took is what a
// histogram observes.
func ExampleMeasurement() {
	vars := new(expvar.Map).Init() // expvar.NewMap("agent") would publish it
	a, err := agent.New(agent.Config{Knowledge: exampleKnowledge(), Metrics: func(m agent.Measurement) {
		name := string(m.Metric)
		if m.Label != "" {
			name += "/" + m.Label
		}
		vars.Add(name, m.Value)
		if m.Took > 0 {
			vars.AddFloat(name+"_seconds", m.Took.Seconds())
		}
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"When do I get my money back?", "I want to talk to a human"} {
		if _, err := a.Reply(context.Background(), agent.Question{Text: text}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println("answers:", vars.Get("replies/answer"))
	fmt.Println("handoffs:", vars.Get("handoffs/asked for a human"))
	fmt.Println("searches:", vars.Get("steps/search"))
	// Output:
	// answers: 1
	// handoffs: 1
	// searches: 2
}
