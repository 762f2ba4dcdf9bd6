package agent

import (
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/handoff"
)

// Metric names what a [Measurement] is of. The names are stable.
type Metric string

// The metrics. Those of replies are measured when a turn is settled, once unless
// a crash comes between, and for [Agent.Reply]; a turn that failed and was tried
// again is in turn_failures only. Previews and suggestions are in none.
const (
	MetricReplies      Metric = "replies"       // Label is the decision, Took the time of all steps
	MetricSteps        Metric = "steps"         // Label is the step, Took its time
	MetricHandoffs     Metric = "handoffs"      // Label is the reason
	MetricRefusals     Metric = "refusals"      // Label is the Refusal
	MetricModelCalls   Metric = "model_calls"   // Label is ok or failed, Took the time
	MetricInputTokens  Metric = "input_tokens"  // of the model, as it counts them
	MetricOutputTokens Metric = "output_tokens" // the same
	MetricActions      Metric = "actions"       // Label is the outcome
	MetricSends        Metric = "sends"         // Label is sent, failed or unknown
	MetricTurnFailures Metric = "turn_failures"
	MetricCredits      Metric = "credits" // Label is committed, released or refunded, Value the credits
)

// Measurement is what [Config].Metrics is told: that something happened, how
// often, and where it has a length, how long it took. It holds nothing of a
// customer's, and Channel and Label have few values, so that both can be labels of
// a time series: a channel is one of Config.Channels or empty, and of host's own
// reasons all after the first 50 are called "other".
type Measurement struct {
	Metric  Metric
	Agent   string // Config.ID
	Channel string
	Label   string
	Value   int64
	Took    time.Duration
}

// maxLabels is how many reasons are told apart.
const maxLabels = 50

// metrics is where measurements go.
type metrics struct {
	to func(Measurement)
	id string

	mu     sync.Mutex
	labels map[string]bool
}

func newMetrics(cfg *Config) *metrics {
	return &metrics{to: cfg.Metrics, id: cfg.ID, labels: map[string]bool{}}
}

// add tells of something that happened n times.
func (m *metrics) add(metric Metric, channel, label string, n int64, took time.Duration) {
	if m.to != nil {
		m.to(Measurement{Metric: metric, Agent: m.id, Channel: channel, Label: label, Value: n, Took: took})
	}
}

// bounded returns a label that a host chose, or "other" after too many.
func (m *metrics) bounded(label string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.labels[label]:
	case len(m.labels) >= maxLabels:
		return "other"
	default:
		m.labels[label] = true
	}
	return label
}

// reply measures what came of a turn.
func (m *metrics) reply(channel string, r *Reply, refusal Refusal) {
	if m.to == nil {
		return
	}
	var all time.Duration
	for _, s := range r.Trace.Steps {
		all += s.Took
		m.add(MetricSteps, channel, s.Step, 1, s.Took)
	}
	m.add(MetricReplies, channel, r.Decision.String(), 1, all)
	switch {
	case r.Case == nil:
	case r.Case.Reason == handoff.NotAdmitted:
		m.add(MetricRefusals, channel, string(refusal), 1, 0)
	default:
		m.add(MetricHandoffs, channel, m.bounded(string(r.Case.Reason)), 1, 0)
	}
	for i := range r.Trace.ModelCalls {
		call := &r.Trace.ModelCalls[i]
		if call.Replayed {
			continue
		}
		outcome := "ok"
		if call.Error != "" {
			outcome = "failed"
		}
		m.add(MetricModelCalls, channel, outcome, 1, call.Took)
		m.add(MetricInputTokens, channel, "", int64(call.Usage.InputTokens), 0)
		m.add(MetricOutputTokens, channel, "", int64(call.Usage.OutputTokens), 0)
	}
	for _, rec := range r.Trace.Actions {
		m.add(MetricActions, channel, string(rec.Outcome), 1, 0)
	}
}

// send measures what became of a message.
func (m *metrics) send(s *Send) {
	switch s.State {
	case SendDone:
		m.add(MetricSends, s.Out.Channel, "sent", 1, 0)
	case SendFailed:
		m.add(MetricSends, s.Out.Channel, "failed", 1, 0)
	case SendUnknown:
		m.add(MetricSends, s.Out.Channel, "unknown", 1, 0)
	}
}

// charge measures what became of a conversation's charge.
func (m *metrics) charge(c *Conversation, state ChargeState, amount int64) {
	switch state {
	case ChargeCommitted:
		m.add(MetricCredits, c.Channel, "committed", amount, 0)
	case ChargeReleased:
		m.add(MetricCredits, c.Channel, "released", amount, 0)
	case ChargeRefunded:
		m.add(MetricCredits, c.Channel, "refunded", amount, 0)
	}
}

// knownChannel returns a channel's ID if it is one of the agent's, else nothing.
func (a *Agent) knownChannel(id string) string {
	if a.channels[id] == nil {
		return ""
	}
	return id
}
