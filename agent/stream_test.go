package agent_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

// refundPieces is a faithful answer as a model may stream it.
var refundPieces = []string{"You get your", " money back within 14 days [1]", ". Send", " the receipt along ", "with the parcel [1]. ", "Then", " all is well."}

const (
	refundFirst  = "You get your money back within 14 days [1]."
	refundSecond = " Send the receipt along with the parcel [1]."
	refundLast   = " Then all is well."
)

// telling is a model that streams pieces; before, if set, is called before each
// and its error ends the answer.
func telling(pieces []string, before func(ctx context.Context, i int) error) agent.Model {
	return agent.ModelFunc(func(ctx context.Context, _ agent.Request) iter.Seq2[agent.Event, error] {
		return func(yield func(agent.Event, error) bool) {
			for i := 0; i <= len(pieces); i++ {
				if before != nil {
					if err := before(ctx, i); err != nil {
						yield(agent.Event{}, err)
						return
					}
				}
				if i < len(pieces) && !yield(agent.Event{Text: pieces[i]}, nil) {
					return
				}
			}
		}
	})
}

// inconstant is a model that never says the same again; asked counts its calls.
// onlyStream returns the one message that was streamed, after checking what
// holds for each: the customer saw one message, whose segments are its text.
func onlyStream(t *testing.T, h *agenttest.Harness) channels.Streamed {
	t.Helper()
	streamed := h.Stream.Streamed()
	if len(streamed) != 1 {
		t.Fatalf("%d messages streamed, want 1: %+v", len(streamed), streamed)
	}
	s := streamed[0]
	if s.State == channels.StreamWriting {
		t.Errorf("the stream has no end: %q", s.Segments)
	}
	if s.Text() != s.Out.Text {
		t.Errorf("shown: %q\n sent: %q", s.Text(), s.Out.Text)
	}
	return s
}

func conversation(t *testing.T, h *agenttest.Harness, thread string) agent.Conversation {
	t.Helper()
	c, err := h.Agent.As(agent.Actor{ID: "op"}).Conversation(t.Context(), h.Conversation(thread))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSegmentsAreShownWhileTheModelWrites(t *testing.T) {
	var h *agenttest.Harness
	shown := map[int][]string{} // before the n-th piece
	model := telling(refundPieces, func(_ context.Context, i int) error {
		if s := h.Stream.Streamed(); len(s) > 0 {
			shown[i] = s[0].Segments
		}
		return nil
	})
	meter := ledger(t, "agent", 1000)
	h = agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: model, Meter: meter})
	r := h.Ask(refundQuestion)
	agenttest.RequireDecision(t, r, agent.Answer)
	// "Send" may still become "Sender", but not once a space follows it.
	if len(shown[3]) != 0 || !slices.Equal(shown[4], []string{refundFirst}) {
		t.Errorf("after %q: %q; after %q: %q", refundPieces[2], shown[3], refundPieces[3], shown[4])
	}
	if !slices.Equal(shown[7], []string{refundFirst, refundSecond}) {
		t.Errorf("before the end: %q", shown[7])
	}
	s := onlyStream(t, h)
	want := []string{refundFirst, refundSecond, refundLast}
	if !slices.Equal(s.Segments, want) || s.State != channels.StreamFinished || s.Repeated != 0 {
		t.Errorf("%q %s, %d repeated", s.Segments, s.State, s.Repeated)
	}
	if r.Text != strings.Join(want, "") || len(s.Out.Citations) != 1 || !strings.Contains(s.Out.Parts[0], "Sources:") {
		t.Errorf("reply %q, sent %+v", r.Text, s.Out)
	}
	c := conversation(t, h, "customer")
	if len(c.Messages) != 2 || c.Messages[1].Message.Text != r.Text || c.Messages[1].Message.Incomplete || c.Progress.Stream != nil {
		t.Errorf("%+v", c.Messages)
	}
	if r.Trace.Stream != (agent.StreamTrace{Segments: 2}) {
		t.Errorf("trace %+v", r.Trace.Stream)
	}
	agenttest.RequireCredits(t, meter, "agent", 900)
}

// shut is a channel that opens no stream.
type shut struct{ *channels.StreamingMemory }

func (shut) Open(context.Context, channels.Outgoing) (channels.Stream, error) {
	return nil, &channels.SendError{Kind: channels.ErrRecipientGone}
}

func TestStreamingIsOffWhereSomethingForbidsIt(t *testing.T) {
	whole := agent.GuardFunc(func(context.Context, agent.Draft) (agent.Verdict, error) { return agent.Verdict{}, nil })
	for _, c := range []struct {
		name string
		cfg  agent.Config
		ch   channels.Channel
		off  string
	}{
		{"whole-draft guard", agent.Config{Guards: []agent.Guard{whole}}, channels.NewStreamingMemory("test", channels.Capabilities{}), "host's guard 1 (agent.GuardFunc) needs the whole draft"},
		{"no Streamer", agent.Config{}, channels.NewMemory("test", channels.Capabilities{Streams: true}), "the channel does not stream"},
		{"channel does not open", agent.Config{}, shut{channels.NewStreamingMemory("test", channels.Capabilities{})}, "channel: channels: send: recipient is gone"},
		{"messages are split", agent.Config{}, channels.NewStreamingMemory("test", channels.Capabilities{MaxText: 500}), "the channel's capabilities do not allow it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			replies := make(chan agent.Reply, 1)
			s, ok := c.ch.(*channels.StreamingMemory)
			c.cfg.Knowledge, c.cfg.Model = helpCentre(t), telling(refundPieces, func(context.Context, int) error {
				for ok {
					if changed := s.Changed(); len(s.TypingShown()) == 0 {
						<-changed
						continue
					}
					break
				}
				return nil
			})
			c.cfg.Channels = []channels.Channel{c.ch}
			c.cfg.OnReply = func(_ string, r agent.Reply) { replies <- r }
			a := mustNew(t, c.cfg)
			defer running(t, a)()
			if err := a.Deliver(t.Context(), channels.Event{Channel: "test", Delivery: "1", Thread: "t", Message: channels.Message{Text: refundQuestion}}); err != nil {
				t.Fatal(err)
			}
			if r := <-replies; r.Text != refundFirst+refundSecond+refundLast || r.Trace.Stream.Segments != 0 || !strings.HasPrefix(r.Trace.Stream.Off, c.off) {
				t.Errorf("%q %+v", r.Text, r.Trace.Stream)
			}
			if !ok {
				return
			}
			if len(s.Streamed()) != 0 || len(s.Sent("")) != 1 {
				t.Errorf("streamed %v, sent %v", s.Streamed(), s.Sent(""))
			}
			if typing := s.TypingShown(); !slices.Equal(typing, []bool{true, false}) {
				t.Errorf("typing %v", typing)
			}
		})
	}
	r, err := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: telling(refundPieces, nil)}).Reply(t.Context(), agent.Question{Text: refundQuestion})
	if err != nil || r.Text != refundFirst+refundSecond+refundLast {
		t.Errorf("Reply: %q, %v", r.Text, err)
	}
}

func TestMoreQuestionsMidStreamAreAnsweredNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h *agenttest.Harness
		asked := 0
		h = agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling(refundPieces, func(ctx context.Context, i int) error {
			if i == 0 {
				asked++
			}
			switch {
			case asked == 1 && i == 1: // nothing is shown: the turn starts over
				return h.Channel.Say(ctx, "customer", "d2", "I returned it and want my money back.")
			case asked == 2 && i == 5:
				return h.Channel.Say(ctx, "customer", "d3", "And is the money back within 14 days?")
			}
			return nil
		})})
		if r := h.Ask(refundQuestion); r.Text != refundFirst+refundSecond+refundLast {
			t.Errorf("first reply %q", r.Text)
		}
		agenttest.RequireDecision(t, h.Next(), agent.Answer)
		s := h.Stream.Streamed()
		if len(s) != 2 || s[0].State != channels.StreamFinished || s[1].State != channels.StreamFinished || asked != 3 {
			t.Fatalf("asked %d times, streamed %+v", asked, s)
		}
		if !strings.HasSuffix(s[0].Out.Key, "/1-2") || !strings.HasSuffix(s[1].Out.Key, "/3-3") {
			t.Errorf("keys %s and %s", s[0].Out.Key, s[1].Out.Key)
		}
	})
}

func TestAToolCallAfterShownTextLetsTheTextStay(t *testing.T) {
	action := agent.Action{Name: "order_status", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
		return agent.ActionResult{Text: "Your return has arrived."}, nil
	}}
	model := agenttest.NewModel(
		agenttest.Step{Pieces: []string{refundFirst + " Let me look", " it up. "}, Calls: []agent.ToolCall{{Name: "order_status"}}},
		agenttest.Step{Pieces: []string{"Your return has arrived [1]. All", " is well."}},
	)
	h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{action}})
	r := h.Ask(refundQuestion)
	if s := onlyStream(t, h); !slices.Equal(s.Segments, []string{refundFirst, "\n\nYour return has arrived [1].", " All is well."}) || r.Trace.Stream.Segments != 2 {
		t.Errorf("%q %+v", s.Segments, r.Trace)
	}
}

func TestTextAfterAToolCallWaits(t *testing.T) {
	calls := 0
	model := agent.ModelFunc(func(context.Context, agent.Request) iter.Seq2[agent.Event, error] {
		return func(yield func(agent.Event, error) bool) {
			if calls++; calls == 1 {
				_ = yield(agent.Event{ToolCall: &agent.ToolCall{Name: "none"}}, nil) && yield(agent.Event{Text: refundFirst + " It is done. So"}, nil)
				return
			}
			_ = yield(agent.Event{Text: refundFirst + " Then"}, nil) && yield(agent.Event{Text: " go."}, nil)
		}
	})
	h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: model})
	h.Ask(refundQuestion)
	if s := onlyStream(t, h); !slices.Equal(s.Segments, []string{refundFirst, " Then go."}) {
		t.Errorf("%q", s.Segments)
	}
}

func TestP3NothingIsStreamedBeforeAnActionSupportsIt(t *testing.T) {
	action := agent.Action{Name: "order_status", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
		return agent.ActionResult{Text: "Order 77 has left the warehouse."}, nil
	}}
	model := agenttest.NewModel(
		agenttest.Step{Pieces: []string{"It is surely on its way. I", " will look. "}, Calls: []agent.ToolCall{{Name: "order_status"}}},
		agenttest.Step{Pieces: []string{"Order 77 has left the warehouse. It", " is on its way."}},
	)
	h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{action}})
	h.Ask("Where is my parcel with number 77 now?")
	if s := onlyStream(t, h); !slices.Equal(s.Segments, []string{"Order 77 has left the warehouse.", " It is on its way."}) {
		t.Errorf("%q", s.Segments)
	}
}

func TestAnAnswerThatIsCutOffNeverEndsAsIfComplete(t *testing.T) {
	quoted := "Here is what I found:\n\nYou get your money back within 14 days of the return."
	endless := func(what string) agent.Model {
		return agent.ModelFunc(func(context.Context, agent.Request) iter.Seq2[agent.Event, error] {
			return func(yield func(agent.Event, error) bool) {
				for yield(agent.Event{Text: what}, nil) {
				}
			}
		})
	}
	for _, c := range []struct {
		name     string
		model    agent.Model
		streamed bool
		want     string
	}{
		{"cut in the second sentence", telling(refundPieces, func(_ context.Context, i int) error {
			if i == 4 {
				return agent.ErrTruncated
			}
			return nil
		}), true, refundFirst + "\n\n" + quoted},
		{"cut before the first", telling(refundPieces, func(_ context.Context, i int) error {
			if i == 2 {
				return agent.ErrUnavailable
			}
			return nil
		}), false, quoted},
		{"empty", telling(nil, nil), false, quoted},
		{"white space", telling([]string{" ", "\n", "\n "}, nil), false, quoted},
		{"endless without a source", endless("Well, it is so. "), false, quoted},
		{"endless without a sentence", endless("well and "), false, quoted},
		{"endless list", endless("- it [1]\n"), true, "- it [1]\n- it [1]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: c.model})
			r := h.Ask(refundQuestion)
			agenttest.RequireDecision(t, r, agent.Answer)
			if !strings.HasPrefix(r.Text, c.want) || !strings.Contains(r.Text, quoted) || len(h.Channel.Sent("")) != 1 {
				t.Errorf("%.300q", r.Text)
			}
			if got := len(h.Stream.Streamed()); (got == 1) != c.streamed {
				t.Errorf("%d messages streamed", got)
			}
			if c.streamed {
				if s := onlyStream(t, h); len(s.Segments) > 300 {
					t.Errorf("%d segments", len(s.Segments))
				}
			}
		})
	}
}

func TestASlowModelShowsEachSentenceWhenItIsReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), ModelTimeout: time.Hour, Model: telling(refundPieces, func(context.Context, int) error {
			time.Sleep(20 * time.Second)
			return nil
		})})
		var shown []time.Duration
		h.Stream.OnAppend(func(int, string) error { shown = append(shown, time.Since(begun).Round(time.Second)); return nil })
		if err := h.Channel.Say(t.Context(), "customer", "d", refundQuestion); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if !slices.Equal(shown, []time.Duration{80 * time.Second, 140 * time.Second, 160 * time.Second}) {
			t.Errorf("segments shown after %v", shown)
		}
		onlyStream(t, h)
		typing := h.Stream.TypingShown()
		if n := len(typing); n < 15 || n > 18 || slices.Index(typing, false) != n-1 {
			t.Errorf("typing %v", typing)
		}
	})
}

func TestAChannelThatFailsMidStreamGetsTheWholeWithTheDelivery(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails map[int]bool // the n-th call of Append
		wait  time.Duration
	}{
		{"first segment", map[int]bool{1: true}, 0},
		{"second segment", map[int]bool{2: true}, 0},
		{"delivery too", map[int]bool{2: true, 3: true}, 0},
		{"hangs", nil, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), ModelTimeout: 2 * time.Hour, Model: telling(refundPieces, nil)})
				calls := 0
				h.Stream.OnAppend(func(int, string) error {
					if calls++; c.fails[calls] {
						return &channels.SendError{Kind: channels.ErrRetryable}
					}
					if calls == 2 {
						time.Sleep(c.wait)
					}
					return nil
				})
				if err := h.Channel.Say(t.Context(), "customer", "d", refundQuestion); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Hour)
				r := h.Next()
				requireOneMessage(t, h.Stream, r)
				if !slices.Equal(onlyStream(t, h).Segments, []string{refundFirst, refundSecond, refundLast}[:]) && c.fails[1] == false {
					t.Errorf("%q", onlyStream(t, h).Segments)
				}
				if !strings.HasPrefix(r.Trace.Stream.Off, "channel: ") {
					t.Errorf("trace %+v", r.Trace.Stream)
				}
			})
		})
	}
}

func TestWatchFollowsAStreamOnAnotherReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := agent.NewMemoryStore(nil)
		base := helpCentre(t)
		h := agenttest.StartStreaming(t, agent.Config{Knowledge: base, Store: store, Profile: agent.Profile{Name: "Ask"}, Model: telling(refundPieces, func(context.Context, int) error {
			time.Sleep(5 * time.Second)
			return nil
		})})
		other := mustNew(t, agent.Config{Knowledge: base, Store: store})
		if err := h.Channel.Say(t.Context(), "customer", "d", refundQuestion); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
		defer stop()
		var got []string
		for e, err := range other.Watch(ctx, h.Conversation("customer"), 0) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%d %t %s", e.Seq, e.Partial, e.Message.Text))
			if e.Partial && (e.Message.Author != channels.FromAgent || e.Message.Name != "Ask" || len(e.Message.Citations) != 1) {
				t.Errorf("%+v", e)
			}
		}
		want := []string{"1 false " + refundQuestion, "0 true " + refundFirst, "0 true " + refundFirst + refundSecond, "2 false " + refundFirst + refundSecond + refundLast}
		if !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
	})
}

func TestPlainMediaAreStreamedPlainText(t *testing.T) {
	ch := channels.NewStreamingMemory("chat", channels.Capabilities{})
	done := make(chan agent.Reply, 1)
	a := mustNew(t, agent.Config{
		Knowledge: helpCentre(t), Channels: []channels.Channel{ch}, OnReply: func(_ string, r agent.Reply) { done <- r },
		Model: telling([]string{"You get **your money** back [1]. Send", " the *receipt* [1]."}, nil),
	})
	defer running(t, a)()
	if err := ch.Say(t.Context(), "anna", "1", refundQuestion); err != nil {
		t.Fatal(err)
	}
	<-done
	s := ch.Streamed()[0]
	if s.Text() != "You get your money back [1]. Send the receipt [1]." || !strings.HasPrefix(s.Out.Parts[0], s.Text()) {
		t.Errorf("%q, parts %q", s.Segments, s.Out.Parts)
	}
}

func TestAFewWritesForEachSegment(t *testing.T) {
	count := func(stream bool) (n int64) {
		synctest.Test(t, func(t *testing.T) {
			store := &crashingStore{Store: agent.NewMemoryStore(nil)}
			cfg := agent.Config{Knowledge: helpCentre(t), Store: store, Model: telling(refundPieces, nil)}
			if stream {
				agenttest.StartStreaming(t, cfg).Ask(refundQuestion)
			} else {
				agenttest.Start(t, cfg).Ask(refundQuestion)
			}
			synctest.Wait()
			n = store.calls.Load()
		})
		return n
	}
	if whole, streamed := count(false), count(true); streamed != whole+2 {
		t.Errorf("%d writes for two segments, %d without", streamed, whole)
	}
}
