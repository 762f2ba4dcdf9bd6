package agent_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

func inconstant(asked *int) agent.Model {
	return agent.ModelFunc(func(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
		*asked++
		if *asked == 1 {
			return telling(refundPieces, nil).Generate(ctx, req)
		}
		return telling([]string{fmt.Sprintf("You get your money back, says %s, within 14 days [1]. So", strings.Repeat("X", *asked)), " it is."}, nil).Generate(ctx, req)
	})
}

func TestP1FailureOfAnyWriteOfAStreamKeepsOneMessage(t *testing.T) {
	var writes int64
	synctest.Test(t, func(t *testing.T) { writes = failStreamAt(t, 0, false) })
	if writes < 8 {
		t.Fatalf("an undisturbed stream makes %d writes, too few for its steps", writes)
	}
	for _, after := range []bool{false, true} {
		for at := int64(1); at <= writes; at++ {
			t.Run(fmt.Sprintf("write %d kept %t", at, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { failStreamAt(t, at, after) })
			})
		}
	}
}

func failStreamAt(t *testing.T, at int64, after bool) int64 {
	meter := ledger(t, "agent", 1000)
	store := &crashingStore{Store: agent.NewMemoryStore(nil), at: at, after: after}
	asked := 0
	h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Meter: meter, Store: store, Model: inconstant(&asked)})
	r := h.Ask(refundQuestion)
	agenttest.RequireDecision(t, r, agent.Answer)
	requireOneMessage(t, h.Stream, r)
	if s := h.Stream.Streamed(); len(s) > 0 && s[0].Segments[0] == refundFirst && asked != 1 {
		t.Errorf("the model was asked %d times for a message that had begun", asked)
	}
	agenttest.RequireCredits(t, meter, "agent", 900)
	synctest.Wait() // the last write comes after OnReply
	requireNoRecords(t, store.Store)
	if n := store.calls.Load(); n < at {
		t.Errorf("the turn made %d writes: write %d never failed", n, at)
	}
	return store.calls.Load()
}

func requireOneMessage(t *testing.T, ch *channels.StreamingMemory, r agent.Reply) {
	t.Helper()
	sent, streamed := ch.Sent(""), ch.Streamed()
	if len(sent) != 1 || !strings.HasPrefix(sent[0].Text, "You get your money back") && !strings.HasPrefix(sent[0].Text, "Here is what") || len(streamed) > 1 {
		t.Fatalf("sent %+v, streamed %+v", sent, streamed)
	}
	if len(streamed) == 1 && (streamed[0].Text() != sent[0].Text || streamed[0].State != channels.StreamFinished) {
		t.Errorf("streamed %q %s\nsent %q", streamed[0].Segments, streamed[0].State, sent[0].Text)
	}
	if r.Text != "" && r.Text != sent[0].Text {
		t.Errorf("reply %q\nsent %q", r.Text, sent[0].Text)
	}
}

type dyingStore struct {
	agent.Store
	writes atomic.Int64
	at     int64
	kept   bool
	died   chan struct{}
}

func (s *dyingStore) write(do func() error) error {
	switch n := s.writes.Add(1); {
	case n < s.at:
		return do()
	case n == s.at:
		if s.kept {
			_ = do()
		}
		close(s.died)
	}
	return errCrash
}

func (s *dyingStore) Save(ctx context.Context, l agent.Lease, save agent.Save) error {
	return s.write(func() error { return s.Store.Save(ctx, l, save) })
}

func (s *dyingStore) Record(ctx context.Context, l agent.Lease, turn, name string, data []byte) (kept []byte, err error) {
	err = s.write(func() error { kept, err = s.Store.Record(ctx, l, turn, name, data); return err })
	return kept, err
}

func (s *dyingStore) Log(ctx context.Context, id string, kind agent.LogKind, line agent.LogLine) error {
	if line.Key == "create" { // the agent's creation is no part of a turn
		return s.Store.Log(ctx, id, kind, line)
	}
	return s.write(func() error { return s.Store.Log(ctx, id, kind, line) })
}

func (s *dyingStore) Unlease(ctx context.Context, l agent.Lease) error {
	if s.writes.Load() >= s.at {
		return nil
	}
	return s.Store.Unlease(ctx, l)
}

func TestP17KilledAtAnyWriteOfAStreamAnotherReplicaEndsIt(t *testing.T) {
	reached := 0
	for _, acting := range []bool{false, true} {
		for _, kept := range []bool{false, true} {
			for at := int64(1); at <= 14; at++ {
				t.Run(fmt.Sprintf("acting %t write %d kept %t", acting, at, kept), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						if killAt(t, at, kept, acting) {
							reached++
						}
					})
				})
			}
		}
	}
	if reached < 40 {
		t.Errorf("only %d of the kills happened", reached)
	}
}

func killAt(t *testing.T, at int64, kept, acting bool) bool {
	store := agent.NewMemoryStore(nil)
	dying := &dyingStore{Store: store, at: at, kept: kept, died: make(chan struct{})}
	ch := channels.NewStreamingMemory("chat", channels.Capabilities{Markup: channels.Markdown})
	base, meter := helpCentre(t), ledger(t, "agent", 1000)
	asked, most := 0, 1
	cfg := agent.Config{Knowledge: base, Meter: meter, Store: dying, Model: inconstant(&asked), Channels: []channels.Channel{ch}}
	if acting {
		most = 2 // what comes after the action may be lost before any of it is shown
		model := cfg.Model
		cfg.Model = agent.ModelFunc(func(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
			if len(req.Messages) > 1 {
				return model.Generate(ctx, req)
			}
			return agenttest.NewModel(agenttest.Step{Pieces: []string{refundFirst + " Let me see. I", " will. "}, Calls: []agent.ToolCall{{Name: "look"}}}).Generate(ctx, req)
		})
		cfg.Actions = []agent.Action{{Name: "look", Protection: agent.Anyone, Idempotent: true, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
			return agent.ActionResult{Text: "seen"}, nil
		}}}
	}
	first := mustNew(t, cfg)
	ctx, kill := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- first.Run(ctx) }()
	if err := ch.Say(t.Context(), "anna", "d1", refundQuestion); err != nil {
		t.Fatal(err)
	}
	died := true
	select {
	case <-dying.died:
	case <-time.After(3 * time.Second):
		died = false
	}
	kill()
	<-ended
	var before []string
	if s := ch.Streamed(); len(s) > 0 {
		before = s[0].Segments
	}
	cfg.Store, cfg.Channels = store, []channels.Channel{streamingReplica{ch}}
	stop := running(t, mustNew(t, cfg))
	time.Sleep(3 * time.Minute) // the dead one's lease lapses
	stop()
	requireOneMessage(t, ch, agent.Reply{})
	requireNoRecords(t, store)
	if s := ch.Streamed(); len(before) > 0 && (!slices.Equal(s[0].Segments[:len(before)], before) || asked > most) {
		t.Errorf("shown before %q, after %q; the model was asked %d times", before, s[0].Segments, asked)
	}
	agenttest.RequireCredits(t, meter, "agent", 900)
	return died
}

type streamingReplica struct{ *channels.StreamingMemory }

func TestP17AQuestionAfterTheCrashHasAnAnswerOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := agent.NewMemoryStore(nil)
		ch := channels.NewStreamingMemory("chat", channels.Capabilities{Markup: channels.Markdown})
		cfg := agent.Config{Knowledge: helpCentre(t), Channels: []channels.Channel{ch}, Model: telling(refundPieces, nil)}
		dying := &dyingStore{Store: store, at: 3, kept: true, died: make(chan struct{})} // the second segment
		cfg.Store = dying
		stop := running(t, mustNew(t, cfg))
		if err := ch.Say(t.Context(), "anna", "d1", refundQuestion); err != nil {
			t.Fatal(err)
		}
		<-dying.died
		stop()
		cfg.Store, cfg.Channels = store, []channels.Channel{streamingReplica{ch}}
		var searched []string
		cfg.OnReply = func(_ string, r agent.Reply) { searched = append(searched, r.Trace.Query) }
		second := mustNew(t, cfg)
		if err := second.Deliver(t.Context(), channels.Event{Channel: "chat", Delivery: "d2", Thread: "anna", Message: channels.Message{Text: "Is the shop open on Sundays, and when?"}}); err != nil {
			t.Fatal(err)
		}
		stop = running(t, second)
		time.Sleep(3 * time.Minute)
		stop()
		s, sent := ch.Streamed(), ch.Sent("")
		if len(searched) != 2 || strings.Contains(searched[0], "Sundays") || !strings.Contains(searched[1], "Sundays") {
			t.Errorf("searched for %q", searched)
		}
		if len(sent) != 2 || !strings.HasPrefix(sent[0].Text, refundFirst+refundSecond) || !strings.HasSuffix(sent[0].Key, "/1-1") || !strings.HasSuffix(sent[1].Key, "/2-2") {
			t.Errorf("sent %+v", sent)
		}
		if s[0].Text() != sent[0].Text || s[0].State != channels.StreamFinished {
			t.Errorf("streamed %+v", s)
		}
	})
}
