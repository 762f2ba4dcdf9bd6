package agent_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

// The guards look at the whole answer each time more of it is to be shown. How
// much that comes to in all grows with the answer, not with its square, and
// still all of it is shown.
func TestGuardsLookAtAStreamInProportionToIt(t *testing.T) {
	sentence := "You get your money back within 14 days of the return, as ever [1]. "
	for _, sentences := range []int{10, 60, 250, 900} {
		t.Run(fmt.Sprint(sentences, " sentences"), func(t *testing.T) {
			looked, looks := 0, 0
			count := agent.SegmentGuardFunc(func(_ context.Context, d agent.Draft) (agent.Verdict, error) {
				looked += len(d.Text)
				looks++
				return agent.Verdict{}, nil
			})
			pieces := strings.SplitAfter(strings.Repeat(sentence, sentences), " ")
			h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling(pieces, nil), Guards: []agent.Guard{count}})
			r := h.Ask(refundQuestion)
			s := onlyStream(t, h)
			if s.Text() != r.Text || strings.Count(r.Text, "14 days") != sentences {
				t.Errorf("shown %d bytes of %d", len(s.Text()), len(r.Text))
			}
			if most := 64<<10 + 17*len(r.Text); looked > most {
				t.Errorf("the guards looked at %d bytes for an answer of %d, in %d looks", looked, len(r.Text), looks)
			}
			if sentences <= 60 && len(s.Segments) != sentences {
				t.Errorf("%d segments for %d sentences", len(s.Segments), sentences)
			}
			if len(s.Segments) < 10 {
				t.Errorf("only %d segments", len(s.Segments))
			}
		})
	}
}

func TestAQuotationDoesNotRepeatWhatWasShown(t *testing.T) {
	for name, c := range map[string]struct {
		pieces []string
		want   string
	}{
		"the answer was shown": {[]string{"You get your money back within 14 days of the return [1]. And", " it costs 777 kroner. And", " so on."}, "You get your money back within 14 days of the return [1]."},
		"something else was":   {[]string{"Send the receipt along with the parcel [1]. And", " it costs 777 kroner. And", " so on."}, "Send the receipt along with the parcel [1].\n\nHere is what I found:\n\nYou get your money back within 14 days of the return. [1]"},
	} {
		t.Run(name, func(t *testing.T) {
			h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling(c.pieces, nil)})
			r := h.Ask(refundQuestion)
			if s := onlyStream(t, h); r.Text != c.want || s.Text() != c.want || len(r.Citations) != 1 || r.Decision != agent.Answer || !r.Substantive {
				t.Errorf("%s, %s: %q", r.Decision, r.Reason, r.Text)
			}
		})
	}
}

func TestP2AnAbortedStreamIsTracedAndReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h *agenttest.Harness
		store := agent.NewMemoryStore(nil)
		h = agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Store: store, Model: telling(refundPieces, func(ctx context.Context, i int) error {
			if i == 4 {
				return h.Agent.As(agent.Actor{ID: "1"}).TakeOver(ctx, h.Conversation("customer"))
			}
			return nil
		})})
		if err := h.Channel.Say(t.Context(), "customer", "d1", refundQuestion); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		requireLoggedOnce(t, store, agent.TraceLog, refundFirst, "stopped where it stood")
		requireReplyReported(t, store)
	})
}

func TestP17AStreamThatACrashAndATakeoverEndedIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := agent.NewMemoryStore(nil)
		ch := channels.NewStreamingMemory("chat", channels.Capabilities{Markup: channels.Markdown})
		dying := &dyingStore{Store: store, at: 3, kept: true, died: make(chan struct{})}
		cfg := agent.Config{Knowledge: helpCentre(t), Channels: []channels.Channel{ch}, Model: telling(refundPieces, nil), Store: dying}
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
		requireLoggedOnce(t, store, agent.TraceLog, refundFirst+refundSecond, "stopped where it stood")
		requireReplyReported(t, store)
	})
}

// requireLoggedOnce fails unless one line of a log holds all of the texts.
func requireLoggedOnce(t *testing.T, store agent.Store, kind agent.LogKind, texts ...string) {
	t.Helper()
	lines, err := store.Logs(t.Context(), "agent", kind, 0, 100)
	found := 0
	for _, l := range lines {
		all := true
		for _, s := range texts {
			all = all && strings.Contains(string(l.Data), s)
		}
		found += count(all)
	}
	if err != nil || found != 1 {
		t.Errorf("%s log: %d of %d lines hold %q, %v", kind, found, len(lines), texts, err)
	}
}

// requireReplyReported fails unless the report log tells of the agent's message.
// Repeated events count once, see package report.
func requireReplyReported(t *testing.T, store agent.Store) {
	t.Helper()
	lines, err := store.Logs(t.Context(), "agent", agent.ReportLog, 0, 100)
	if err != nil || !slices.ContainsFunc(lines, func(l agent.LogLine) bool { return strings.Contains(string(l.Data), `"kind":"replied"`) }) {
		t.Errorf("no reply in %d lines of the report log, %v", len(lines), err)
	}
}
