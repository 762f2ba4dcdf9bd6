package agenttest

import (
	"context"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// answerTimeout bounds how long Ask waits, so that a test fails instead of
// hanging.
const answerTimeout = 30 * time.Second

// Harness runs an agent on a recording channel, from the delivery of a message
// to its settlement.
type Harness struct {
	Agent   *agent.Agent
	Channel *channels.Memory
	Inbox   *handoff.Inbox // where cases go, unless Config.Router was set

	// Stream is Channel with what it was shown piece by piece, if StartStreaming
	// started it.
	Stream *channels.StreamingMemory

	t       T
	replies chan settled
	count   int
}

type settled struct {
	conversation string
	reply        agent.Reply
}

// Start runs an agent until the test ends. cfg.Channels and cfg.OnReply are the
// harness's own; cfg.Router defaults to its Inbox.
func Start(t T, cfg agent.Config) *Harness {
	t.Helper()
	memory := channels.NewMemory("test", channels.Capabilities{})
	return start(t, cfg, &Harness{Channel: memory}, memory)
}

// StartStreaming is Start on a channel to which answers are streamed.
func StartStreaming(t T, cfg agent.Config) *Harness {
	t.Helper()
	memory := channels.NewStreamingMemory("test", channels.Capabilities{Markup: channels.Markdown})
	return start(t, cfg, &Harness{Channel: memory.Memory, Stream: memory}, memory)
}

func start(t T, cfg agent.Config, h *Harness, channel channels.Channel) *Harness {
	t.Helper()
	h.t, h.Inbox, h.replies = t, &handoff.Inbox{}, make(chan settled, 1024)
	cfg.Channels = []channels.Channel{channel}
	cfg.OnReply = func(conversation string, r agent.Reply) { h.replies <- settled{conversation, r} }
	if cfg.Router == nil {
		cfg.Router = h.Inbox
	}
	a, err := agent.New(cfg)
	if err != nil {
		t.Fatalf("agenttest: %v", err)
	}
	h.Agent = a
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Fatalf("agenttest: Run: %v", err)
		}
	})
	return h
}

// Ask says something as the customer of the thread "customer" and returns the
// settled reply.
func (h *Harness) Ask(text string) agent.Reply {
	h.t.Helper()
	return h.AskAs("customer", text)
}

// AskAs is Ask for any thread.
func (h *Harness) AskAs(thread, text string) agent.Reply {
	h.t.Helper()
	h.count++
	if err := h.Channel.Say(h.t.Context(), thread, fmt.Sprintf("delivery-%d", h.count), text); err != nil {
		h.t.Fatalf("agenttest: deliver: %v", err)
	}
	return h.Next()
}

// Next waits for the next reply that the agent settles.
func (h *Harness) Next() agent.Reply {
	h.t.Helper()
	timer := time.NewTimer(answerTimeout)
	defer timer.Stop()
	select {
	case s := <-h.replies:
		return s.reply
	case <-timer.C:
		h.t.Fatalf("agenttest: no reply within %s", answerTimeout)
		return agent.Reply{}
	}
}

// Conversation returns the ID of the first conversation of a thread.
func (h *Harness) Conversation(thread string) string {
	return agent.ConversationID(h.Agent.ID(), h.Channel.ID(), thread, 1)
}
