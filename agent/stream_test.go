package agent_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
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
func inconstant(asked *int) agent.Model {
	return agent.ModelFunc(func(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
		*asked++
		if *asked == 1 {
			return telling(refundPieces, nil).Generate(ctx, req)
		}
		return telling([]string{fmt.Sprintf("You get your money back, says %s, within 14 days [1]. So", strings.Repeat("X", *asked)), " it is."}, nil).Generate(ctx, req)
	})
}

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

func TestStreamingIsOffWhereSomethingForbidsIt(t *testing.T) {
	whole := agent.GuardFunc(func(context.Context, agent.Draft) agent.Verdict { return agent.Verdict{} })
	for _, c := range []struct {
		name string
		cfg  agent.Config
		ch   channels.Channel
		off  string
	}{
		{"whole-draft guard", agent.Config{Guards: []agent.Guard{whole}}, channels.NewStreamingMemory("test", channels.Capabilities{}), "guard 5 (agent.GuardFunc) needs the whole draft"},
		{"no Streamer", agent.Config{}, channels.NewMemory("test", channels.Capabilities{Streams: true}), "the channel does not stream"},
		{"messages are split", agent.Config{}, channels.NewStreamingMemory("test", channels.Capabilities{MaxText: 500}), "the channel's capabilities do not allow it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			replies := make(chan agent.Reply, 1)
			c.cfg.Knowledge, c.cfg.Model = helpCentre(t), telling(refundPieces, nil)
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
			if s, ok := c.ch.(*channels.StreamingMemory); ok && (len(s.Streamed()) != 0 || len(s.Sent("")) != 1) {
				t.Errorf("streamed %v, sent %v", s.Streamed(), s.Sent(""))
			}
		})
	}
	r, err := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: telling(refundPieces, nil)}).Reply(t.Context(), agent.Question{Text: refundQuestion})
	if err != nil || r.Text != refundFirst+refundSecond+refundLast {
		t.Errorf("Reply: %q, %v", r.Text, err)
	}
}

func TestGuardsStopAStream(t *testing.T) {
	stop := agent.SegmentGuardFunc(func(_ context.Context, d agent.Draft) agent.Verdict {
		if strings.Contains(d.Text, "lawyer") {
			return agent.Verdict{Guard: "law", Action: agent.Escalate, Reason: "legal matter"}
		}
		return agent.Verdict{}
	})
	for _, c := range []struct {
		name   string
		rest   []string // after the first sentence
		never  string   // must not be shown at any time
		want   string   // the end of the message
		handed handoff.Reason
	}{
		{"address split over pieces", []string{" Go to ht", "tps://ev", "il.exam", "ple/x. And", " then go. "}, "evil", " Go to . And then go.", ""},
		{"markup split over pieces", []string{" It is <scr", "ipt>bad</scr", "ipt> so. And", " then go."}, "script", " It is bad so. And then go.", ""},
		{"mark of an unknown passage split over pieces", []string{" It is so [9", "9]. And", " then go."}, "[99", " It is so. And then go.", ""},
		{"link split over pieces", []string{" Read [this. Now](https", "://evil.example/a.b) now. And", " then go."}, "evil", " Read this. Now now. And then go.", ""},
		{"image", []string{" So ![](https://evil.exam", "ple/leak.png) it is. Then", " go on."}, "evil", " So  it is. Then go on.", ""},
		{"figure that was not given", []string{" It costs 7", "77 kroner. And", " then go."}, "777", "\n\nHere is what I found:\n\nYou get your money back within 14 days of the return. [1]", ""},
		{"escalation", []string{" Call your law", "yer now. And", " then go."}, "lawyer", "\n\nI am passing you on to a colleague, who will answer you here.", handoff.GuardStopped},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := agenttest.StartStreaming(t, agent.Config{
				Knowledge: helpCentre(t), Model: telling(append([]string{refundFirst}, c.rest...), nil), Guards: []agent.Guard{stop},
			})
			r := h.Ask(refundQuestion)
			s := onlyStream(t, h)
			if s.Segments[0] != refundFirst || s.Text() != refundFirst+c.want || strings.Contains(s.Text(), c.never) {
				t.Errorf("got %q", s.Segments)
			}
			if len(s.Out.Citations) != 1 || len(h.Channel.Sent("")) != 1 {
				t.Errorf("citations %v, sent %v", s.Out.Citations, h.Channel.Sent(""))
			}
			cases := h.Inbox.Cases()
			if c.handed == "" {
				agenttest.RequireDecision(t, r, agent.Answer)
			} else if agenttest.RequireHandoff(t, r, c.handed); len(cases) != 1 || cases[0].Transcript[len(cases[0].Transcript)-1].Text != refundFirst {
				t.Errorf("cases %+v", cases)
			}
		})
	}
}

func TestASentenceWithoutASourceWaitsForOneThatHas(t *testing.T) {
	h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling([]string{"Yes, you do. ", "And soon. ", refundFirst + " Good", " luck."}, nil)})
	h.Ask(refundQuestion)
	if s := onlyStream(t, h); !slices.Equal(s.Segments, []string{"Yes, you do. And soon. " + refundFirst, " Good luck."}) {
		t.Errorf("%q", s.Segments)
	}
}

// Whatever a model writes and however it arrives, the customer sees nothing
// that the whole answer would not have been allowed to say.
func TestP4HostileTextIsNeverShownHoweverItArrives(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	hostile := []string{
		"See [here](https://evil.example). ", "<img src=x onerror=alert(1)> ", "It is [77] so. ", "javascript:alert(1) now. ", "Visit evil.com. Now. ",
		"![x](//evil.example/i.png) ", "It costs 31337 kroner. ", "[a][b]\n\n[b]: https://evil.example\n\n", "<https://evil.example> ", "thief@evil.example. ",
		"- item https://evil.example\n- more\n\n", "```\nhttps://evil.example\n```\n", "| a | evil.com |\n", "<!-- evil.com. Yes --> ",
	}
	faithful := []string{refundFirst + " ", "Send the receipt along with the parcel [1].\n\n", "- The parcel [1]\n", "**Keep it. Really.** ", "Good luck! "}
	for range 60 {
		var text string
		for range 6 {
			if rng.IntN(3) == 0 {
				text += hostile[rng.IntN(len(hostile))]
			} else {
				text += faithful[rng.IntN(len(faithful))]
			}
		}
		var pieces []string
		for rest := text; rest != ""; {
			n := 1 + rng.IntN(min(9, len(rest)))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling(pieces, nil)})
		h.Stream.OnAppend(func(_ int, segment string) error {
			for _, bad := range []string{"evil", "31337", "javascript", "<i", "<!", "77", "]:"} {
				if strings.Contains(segment, bad) {
					t.Errorf("%q\nshows %q", text, segment)
				}
			}
			return nil
		})
		r := h.Ask(refundQuestion)
		if len(h.Channel.Sent("")) != 1 || h.Channel.Sent("")[0].Text != r.Text {
			t.Errorf("sent %+v, reply %q", h.Channel.Sent(""), r.Text)
		}
		if len(h.Stream.Streamed()) > 0 {
			onlyStream(t, h)
		}
	}
}

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
				begun := time.Now()
				if err := h.Channel.Say(t.Context(), "customer", "d1", refundQuestion); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Second)
				synctest.Wait()
				for _, on := range h.Stream.TypingShown()[typing:] {
					if on {
						t.Error("typing was shown after the takeover")
					}
				}
				sent := h.Channel.Sent("")
				if c.want == "" {
					if len(sent) != 1 || sent[0].Text != "Hi, Mette here." || len(h.Stream.Streamed()) != 0 {
						t.Errorf("sent %+v", sent)
					}
					return
				}
				s := onlyStream(t, h)
				if s.Text() != c.want || s.State != channels.StreamAborted || !s.Out.Incomplete {
					t.Errorf("%q %s", s.Segments, s.State)
				}
				if len(sent) != 2 || sent[0].Text != c.want || sent[1].Text != "Hi, Mette here." {
					t.Errorf("sent %+v", sent)
				}
				conv := conversation(t, h, "customer")
				var record []channels.Message
				for _, e := range conv.Messages {
					if e.Message.Author == channels.FromAgent {
						record = append(record, e.Message)
					}
				}
				if len(record) != 1 || record[0].Text != c.want || !record[0].Incomplete || conv.Progress.Answered != 1 || conv.Progress.Stream != nil {
					t.Errorf("of record: %+v, progress %+v", record, conv.Progress)
				}
				if took := record[0].At.Sub(begun); took > 3*time.Second {
					t.Errorf("stopped after %s", took)
				}
				// Given back, the agent answers what comes next, and nothing twice.
				if err := op().Return(t.Context(), h.Conversation("customer")); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Second)
				if n := len(h.Channel.Sent("")); n != 2 {
					t.Errorf("%d messages after the conversation was given back", n)
				}
			})
		})
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
		agenttest.RequireText(t, h.Ask("When do I get my money back?"), refundFirst)
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
	if n := store.calls.Load(); n < at {
		t.Errorf("the turn made %d writes: write %d never failed", n, at)
	}
	return store.calls.Load()
}

// requireOneMessage fails unless the customer saw one message, which is the
// reply.
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

// dyingStore is the store as a process sees it that is killed at its n-th
// write: that write happens or not, and nothing after it does.
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

func (s *dyingStore) Record(ctx context.Context, key string, data []byte) (kept []byte, err error) {
	err = s.write(func() error { kept, err = s.Store.Record(ctx, key, data); return err })
	return kept, err
}

func (s *dyingStore) Log(ctx context.Context, id string, kind agent.LogKind, line agent.LogLine) error {
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
	for _, kept := range []bool{false, true} {
		for at := int64(1); at <= 11; at++ {
			t.Run(fmt.Sprintf("write %d kept %t", at, kept), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					if killAt(t, at, kept) {
						reached++
					}
				})
			})
		}
	}
	if reached < 14 {
		t.Errorf("only %d of the kills happened", reached)
	}
}

func killAt(t *testing.T, at int64, kept bool) bool {
	store := agent.NewMemoryStore(nil)
	dying := &dyingStore{Store: store, at: at, kept: kept, died: make(chan struct{})}
	ch := channels.NewStreamingMemory("chat", channels.Capabilities{Markup: channels.Markdown})
	base, meter := helpCentre(t), ledger(t, "agent", 1000)
	asked := 0
	cfg := agent.Config{Knowledge: base, Meter: meter, Store: dying, Model: inconstant(&asked), Channels: []channels.Channel{ch}}
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
	if s := ch.Streamed(); len(before) > 0 && (!slices.Equal(s[0].Segments[:len(before)], before) || asked != 1) {
		t.Errorf("shown before %q, after %q; the model was asked %d times", before, s[0].Segments, asked)
	}
	agenttest.RequireCredits(t, meter, "agent", 900)
	return died
}

// streamingReplica is a streaming channel attached on another process.
type streamingReplica struct{ *channels.StreamingMemory }

func (streamingReplica) Attach(channels.Inbox) error { return nil }

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
		second := mustNew(t, cfg)
		if err := second.Deliver(t.Context(), channels.Event{Channel: "chat", Delivery: "d2", Thread: "anna", Message: channels.Message{Text: "Is the shop open on Sundays, and when?"}}); err != nil {
			t.Fatal(err)
		}
		stop = running(t, second)
		time.Sleep(3 * time.Minute)
		stop()
		s, sent := ch.Streamed(), ch.Sent("")
		if len(sent) != 2 || !strings.HasPrefix(sent[0].Text, refundFirst+refundSecond) || !strings.HasSuffix(sent[0].Key, "/1-1") || !strings.HasSuffix(sent[1].Key, "/2-2") {
			t.Errorf("sent %+v", sent)
		}
		if s[0].Text() != sent[0].Text || s[0].State != channels.StreamFinished {
			t.Errorf("streamed %+v", s)
		}
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
	quoted := "Here is what I found:\n\nYou get your money back within 14 days of the return. [1]"
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
			if !strings.HasPrefix(r.Text, c.want) || !strings.HasSuffix(r.Text, quoted) || len(h.Channel.Sent("")) != 1 {
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
		h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling(refundPieces, func(context.Context, int) error {
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
				h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling(refundPieces, nil)})
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
		h := agenttest.StartStreaming(t, agent.Config{Knowledge: base, Store: store, Model: telling(refundPieces, func(context.Context, int) error {
			time.Sleep(5 * time.Second)
			return nil
		})})
		other := mustNew(t, agent.Config{Knowledge: base, Store: store, Profile: agent.Profile{Name: "Ask"}})
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
