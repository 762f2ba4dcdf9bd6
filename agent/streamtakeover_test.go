package agent_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

func TestP2TakeoverStopsAStream(t *testing.T) {
	for _, c := range []struct {
		name  string
		piece int // before which the human comes
		hangs bool
		want  string
	}{
		{"before the first segment", 1, false, ""},
		{"between segments", 4, false, refundFirst},
		{"after the last piece", 7, false, refundFirst + refundSecond},
		{"while the model says nothing", 4, true, refundFirst},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h *agenttest.Harness
				var typing int
				op := func() *agent.Operator { return h.Agent.As(agent.Actor{ID: "1", Name: "Mette"}) }
				h = agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling(refundPieces, func(ctx context.Context, i int) error {
					if i != c.piece {
						return nil
					}
					if err := op().Reply(ctx, h.Conversation("customer"), "k1", "Hi, Mette here."); err != nil {
						t.Error(err)
					}
					typing = len(h.Stream.TypingShown())
					if c.hangs {
						<-ctx.Done()
					}
					return ctx.Err()
				})})
				if err := h.Channel.Say(t.Context(), "customer", "d1", refundQuestion); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Second)
				synctest.Wait()
				for _, on := range h.Stream.TypingShown()[typing:] {
					if on {
						t.Error("typing was shown after the takeover")
					}
				}
				requireTakenOver(t, h, c.want)
				// Given back, the agent answers what comes next, and nothing twice.
				before := len(h.Channel.Sent(""))
				if err := op().Return(t.Context(), h.Conversation("customer")); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Second)
				if n := len(h.Channel.Sent("")); n != before {
					t.Errorf("%d messages after the conversation was given back", n)
				}
			})
		})
	}
}

// requireTakenOver fails unless the customer saw want, marked as cut short, and
// then the human's message.
func requireTakenOver(t *testing.T, h *agenttest.Harness, want string) {
	t.Helper()
	sent := h.Channel.Sent("")
	if want == "" {
		if len(sent) != 1 || sent[0].Text != "Hi, Mette here." || len(h.Stream.Streamed()) != 0 {
			t.Errorf("sent %+v", sent)
		}
		return
	}
	s := onlyStream(t, h)
	if s.Text() != want || s.State != channels.StreamAborted || !s.Out.Incomplete {
		t.Errorf("%q %s", s.Segments, s.State)
	}
	if len(sent) != 2 || sent[0].Text != want || sent[1].Text != "Hi, Mette here." {
		t.Errorf("sent %+v", sent)
	}
	conv := conversation(t, h, "customer")
	var record []channels.Message
	for _, e := range conv.Messages {
		if e.Message.Author == channels.FromAgent {
			record = append(record, e.Message)
		}
	}
	if len(record) != 1 || record[0].Text != want || !record[0].Incomplete || conv.Progress.Answered != 1 || conv.Progress.Stream != nil {
		t.Errorf("of record: %+v, progress %+v", record, conv.Progress)
	}
}

func TestP2ConversationTakenAndGivenBackMidStreamEndsTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h *agenttest.Harness
		came := false
		h = agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling(refundPieces, func(ctx context.Context, i int) error {
			if i != 4 || came {
				return nil
			}
			came = true
			op := h.Agent.As(agent.Actor{ID: "1", Name: "Mette"})
			return errors.Join(op.TakeOver(ctx, h.Conversation("customer")), op.Return(ctx, h.Conversation("customer")))
		})})
		if err := h.Channel.Say(t.Context(), "customer", "d1", refundQuestion); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if s := onlyStream(t, h); s.State != channels.StreamAborted || s.Text() != refundFirst {
			t.Errorf("%q %s", s.Segments, s.State)
		}
		if c := conversation(t, h, "customer"); len(c.Messages) != 2 || c.Progress.Answered != 1 {
			t.Errorf("the answer was begun again: %+v", c.Messages)
		}
		agenttest.RequireText(t, h.Ask("When do I get my money back?"), refundFirst)
	})
}

func TestP2TakeoverAfterACrashEndsTheMessageWhereItStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := agent.NewMemoryStore(nil)
		ch := channels.NewStreamingMemory("chat", channels.Capabilities{Markup: channels.Markdown})
		cfg := agent.Config{Knowledge: helpCentre(t), Channels: []channels.Channel{ch}, Model: telling(refundPieces, nil)}
		dying := &dyingStore{Store: store, at: 3, kept: true, died: make(chan struct{})}
		cfg.Store = dying
		stop := running(t, mustNew(t, cfg))
		if err := ch.Say(t.Context(), "anna", "d1", refundQuestion); err != nil {
			t.Fatal(err)
		}
		<-dying.died
		stop()
		cfg.Store, cfg.Channels = store, []channels.Channel{streamingReplica{ch}}
		second := mustNew(t, cfg)
		if err := second.As(agent.Actor{ID: "1"}).TakeOver(t.Context(), agent.ConversationID("agent", "chat", "anna", 1)); err != nil {
			t.Fatal(err)
		}
		stop = running(t, second)
		time.Sleep(3 * time.Minute)
		stop()
		// The second segment was recorded before the takeover.
		if s := ch.Streamed(); len(s) != 1 || s[0].State != channels.StreamAborted || s[0].Text() != refundFirst+refundSecond {
			t.Errorf("%+v", s)
		}
	})
}
