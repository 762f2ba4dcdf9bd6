package agent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// vendor is a channel whose sends cannot be repeated, as most vendors' are.
type vendor struct {
	caps channels.Capabilities
	fail func(n int, out channels.Outgoing) error // of the n-th send, may be nil

	mu    sync.Mutex
	inbox channels.Inbox
	tries []channels.Outgoing
}

func (v *vendor) ID() string                          { return "vendor" }
func (v *vendor) Capabilities() channels.Capabilities { return v.caps }
func (v *vendor) Attach(in channels.Inbox) error      { v.inbox = in; return nil }

func (v *vendor) Send(_ context.Context, out channels.Outgoing) (channels.Receipt, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.tries = append(v.tries, out)
	if v.fail != nil {
		if err := v.fail(len(v.tries), out); err != nil {
			return channels.Receipt{}, err
		}
	}
	return channels.Receipt{ID: fmt.Sprint("r", len(v.tries)), At: time.Now()}, nil
}

func (v *vendor) deliver(t *testing.T, e channels.Event) {
	t.Helper()
	if e.Thread == "" {
		e.Thread = "anna"
	}
	if err := v.inbox.Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func (v *vendor) say(t *testing.T, id, text string) {
	t.Helper()
	v.deliver(t, channels.Event{Delivery: id, Message: channels.Message{ID: id, Text: text}})
}

// withVendor runs test in a bubble of time, with an agent on a vendor's channel.
func withVendor(t *testing.T, v *vendor, cfg agent.Config, test func(t *testing.T, store agent.Store, inbox *handoff.Inbox)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store, inbox := agent.NewMemoryStore(nil), &handoff.Inbox{}
		cfg.Knowledge, cfg.Store, cfg.Router, cfg.Channels = helpCentre(t), store, inbox, []channels.Channel{v}
		stop := running(t, mustNew(t, cfg))
		defer stop()
		synctest.Wait()
		test(t, store, inbox)
	})
}

func conversationOf(t *testing.T, store agent.Store, thread string) agent.Conversation {
	t.Helper()
	c, err := store.Load(t.Context(), "agent", agent.ConversationID("agent", "vendor", thread, 1))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWA06StatusesOnlyMoveForwardAndBeginNothing(t *testing.T) {
	v := &vendor{}
	withVendor(t, v, agent.Config{}, func(t *testing.T, store agent.Store, _ *handoff.Inbox) {
		v.deliver(t, channels.Event{Delivery: "s0", Thread: "nobody", Kind: channels.StatusChanged, Status: channels.Status{Receipt: "r9", State: channels.Read}})
		v.deliver(t, channels.Event{Delivery: "u0", Thread: "nobody", Kind: channels.Unknown, Raw: []byte("{}")})
		v.deliver(t, channels.Event{Delivery: "f0", Thread: "nobody", Kind: channels.Feedback})
		if _, err := store.Load(t.Context(), "agent", agent.ConversationID("agent", "vendor", "nobody", 1)); !errors.Is(err, agent.ErrNoConversation) {
			t.Errorf("an event about nothing began a conversation: %v", err)
		}
		v.say(t, "m1", refundQuestion)
		for i, state := range []channels.DeliveryState{channels.Read, channels.Accepted, channels.Delivered} {
			v.deliver(t, channels.Event{Delivery: fmt.Sprint("s", i+1), Kind: channels.StatusChanged, Status: channels.Status{Receipt: "r1", State: state}})
		}
		if got := conversationOf(t, store, "anna").Outbox[0]; got.Delivery != channels.Read || got.State != agent.SendDone {
			t.Errorf("%+v", got)
		}
	})
}

// A status can come before the worker that sent the message has noted so.
func TestWA06AStatusThatIsQuickerThanTheSendIsKept(t *testing.T) {
	v := &vendor{}
	v.fail = func(_ int, out channels.Outgoing) error {
		return v.inbox.Deliver(t.Context(), channels.Event{Delivery: "s1", Thread: "anna", Kind: channels.StatusChanged, Status: channels.Status{Receipt: "r1", Key: out.Key, State: channels.Read}})
	}
	withVendor(t, v, agent.Config{}, func(t *testing.T, store agent.Store, _ *handoff.Inbox) {
		v.say(t, "m1", refundQuestion)
		if got := conversationOf(t, store, "anna").Outbox[0]; got.Delivery != channels.Read || got.State != agent.SendDone {
			t.Errorf("%+v", got)
		}
	})
}

func TestWA09EditsAndRevocationsBeforeAndAfterTheAnswer(t *testing.T) {
	v := &vendor{}
	withVendor(t, v, agent.Config{}, func(t *testing.T, store agent.Store, inbox *handoff.Inbox) {
		edited := channels.Event{Kind: channels.MessageEdited, Delivery: "e1", Message: channels.Message{ID: "m1", Text: "What does delivery cost?"}}
		v.say(t, "m1", refundQuestion)
		v.deliver(t, edited)
		c := conversationOf(t, store, "anna")
		if len(v.tries) != 1 || c.Messages[0].Message.Text != "What does delivery cost?" {
			t.Errorf("%d answers; history %+v", len(v.tries), c.Messages)
		}
		v.deliver(t, channels.Event{Kind: channels.MessageRevoked, Delivery: "x1", Message: channels.Message{ID: "m1"}})
		if m := conversationOf(t, store, "anna").Messages[0].Message; m.Text != "" || !m.Revoked || len(v.tries) != 1 {
			t.Errorf("%+v", m)
		}
		v.deliver(t, channels.Event{Kind: channels.MessageEdited, Delivery: "e2", Message: channels.Message{ID: "m1", Text: "back again"}})
		if m := conversationOf(t, store, "anna").Messages[0].Message; m.Text != "" {
			t.Errorf("a revoked message came back: %+v", m)
		}
	})
	// Before the agent gets to it.
	store := agent.NewMemoryStore(nil)
	slow := &vendor{}
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store, Channels: []channels.Channel{slow}})
	for _, e := range []channels.Event{
		{Delivery: "m1", Thread: "anna", Message: channels.Message{ID: "m1", Text: refundQuestion}},
		{Delivery: "e1", Thread: "anna", Kind: channels.MessageEdited, Message: channels.Message{ID: "m1", Text: "What does delivery to the door cost?"}},
		{Delivery: "m2", Thread: "bo", Message: channels.Message{ID: "m2", Text: refundQuestion}},
		{Delivery: "x2", Thread: "bo", Kind: channels.MessageRevoked, Message: channels.Message{ID: "m2"}},
	} {
		if err := slow.inbox.Deliver(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	stop := running(t, a)
	waitFor(t, func() bool {
		c := conversationOf(t, store, "bo")
		return c.Progress.Answered == 1 && len(conversationOf(t, store, "anna").Messages) == 2
	})
	stop()
	if len(slow.tries) != 1 || !strings.Contains(slow.tries[0].Text, "49 kroner") {
		t.Errorf("sent %+v", slow.tries)
	}
}

func TestFB14APersonTakesAndReturnsTheThreadInTheVendorsApp(t *testing.T) {
	v := &vendor{}
	withVendor(t, v, agent.Config{}, func(t *testing.T, store agent.Store, _ *handoff.Inbox) {
		v.say(t, "m1", refundQuestion)
		v.deliver(t, channels.Event{Delivery: "c1", Kind: channels.HumanTookOver})
		v.say(t, "m2", "What does delivery cost?")
		if len(v.tries) != 1 || conversationOf(t, store, "anna").Owner != agent.HumanOwns {
			t.Errorf("spoke over a person: %+v", v.tries)
		}
		v.deliver(t, channels.Event{Delivery: "c2", Kind: channels.HumanReturned})
		v.say(t, "m3", "How long is a gift card valid?")
		if len(v.tries) != 2 || !strings.Contains(v.tries[1].Text, "three years") {
			t.Errorf("after the return: %+v", v.tries)
		}
	})
}

func TestFB06AReadingUpToATimeIsOfAllBefore(t *testing.T) {
	v := &vendor{}
	withVendor(t, v, agent.Config{}, func(t *testing.T, store agent.Store, _ *handoff.Inbox) {
		v.say(t, "m1", refundQuestion)
		first := time.Now()
		time.Sleep(time.Minute)
		v.say(t, "m2", "What does delivery cost?")
		v.deliver(t, channels.Event{Delivery: "s1", Kind: channels.StatusChanged, Status: channels.Status{UpTo: first, State: channels.Read}})
		v.deliver(t, channels.Event{Delivery: "s2", Kind: channels.StatusChanged, Status: channels.Status{UpTo: first.Add(time.Hour), State: channels.Delivered}})
		outbox := conversationOf(t, store, "anna").Outbox
		if outbox[0].Delivery != channels.Read || outbox[1].Delivery != channels.Delivered {
			t.Errorf("%+v", outbox)
		}
	})
}

func TestTheWindowIsWiderForPeopleWhereTheVendorSaysSo(t *testing.T) {
	v := &vendor{caps: channels.Capabilities{ReplyWindow: time.Hour, HumanWindow: 48 * time.Hour}}
	synctest.Test(t, func(t *testing.T) {
		a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Channels: []channels.Channel{v}})
		stop := running(t, a)
		defer stop()
		v.say(t, "m1", refundQuestion)
		kim := a.As(agent.Actor{ID: "kim", Name: "Kim"})
		for i, wait := range []time.Duration{24 * time.Hour, 48 * time.Hour} {
			time.Sleep(wait)
			if err := kim.Reply(t.Context(), agent.ConversationID("agent", "vendor", "anna", 1), fmt.Sprint(i), "Kim here"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if len(v.tries) != 2 || !v.tries[1].ByHuman || v.tries[0].ByHuman {
			t.Errorf("sent %+v", v.tries)
		}
	})
}

func TestWA15AFailureToldLaterMarksTheMessage(t *testing.T) {
	v := &vendor{}
	withVendor(t, v, agent.Config{}, func(t *testing.T, store agent.Store, _ *handoff.Inbox) {
		v.say(t, "m1", refundQuestion)
		failed := channels.Status{Receipt: "r1", State: channels.DeliveryFailed, Err: &channels.SendError{Kind: channels.ErrWindowClosed}}
		v.deliver(t, channels.Event{Delivery: "s1", Kind: channels.StatusChanged, Status: failed})
		if got := conversationOf(t, store, "anna").Outbox[0]; got.State != agent.SendFailed || !strings.Contains(got.Error, "window") {
			t.Errorf("%+v", got)
		}
	})
}

func TestWA17ASendWithoutAnAnswerWaitsForItsStatus(t *testing.T) {
	v := &vendor{fail: func(int, channels.Outgoing) error { return &channels.SendError{Kind: channels.ErrAmbiguous} }}
	withVendor(t, v, agent.Config{}, func(t *testing.T, store agent.Store, _ *handoff.Inbox) {
		v.say(t, "m1", refundQuestion)
		time.Sleep(time.Hour)
		synctest.Wait()
		line := conversationOf(t, store, "anna").Outbox[0]
		if len(v.tries) != 1 || line.State != agent.SendUnknown {
			t.Fatalf("%d sends, %+v", len(v.tries), line)
		}
		v.deliver(t, channels.Event{Delivery: "s1", Kind: channels.StatusChanged, Status: channels.Status{Receipt: "wamid", Key: line.Out.Key, State: channels.Accepted}})
		if line = conversationOf(t, store, "anna").Outbox[0]; line.State != agent.SendDone || line.Receipt.ID != "wamid" || line.Error != "" {
			t.Errorf("%+v", line)
		}
	})
}

func TestWA18AStaleMessageIsNotAnsweredByItself(t *testing.T) {
	for _, test := range []struct {
		name     string
		age      time.Duration
		cfg      agent.Config
		answered bool
	}{
		{"fresh", time.Hour, agent.Config{}, true},
		{"three days", 72 * time.Hour, agent.Config{}, false},
		{"an own limit", time.Hour, agent.Config{AnswerWithin: time.Minute}, false},
	} {
		v := &vendor{caps: channels.Capabilities{ReplyWindow: 24 * time.Hour}}
		withVendor(t, v, test.cfg, func(t *testing.T, store agent.Store, inbox *handoff.Inbox) {
			v.deliver(t, channels.Event{Delivery: "m1", Message: channels.Message{ID: "m1", Text: refundQuestion}, At: time.Now().Add(-test.age)})
			cases := len(inbox.Cases())
			answered := len(v.tries) == 1 && strings.Contains(v.tries[0].Text, "14 days")
			if answered != test.answered || (cases == 1) == test.answered {
				t.Errorf("%s: sent %+v, %d cases", test.name, v.tries, cases)
			}
			if test.age > 24*time.Hour && len(v.tries) > 0 {
				t.Errorf("%s: sent outside the window: %+v", test.name, v.tries)
			}
		})
	}
}

func TestWA20AMovedThreadIsTheSameConversation(t *testing.T) {
	v := &vendor{}
	withVendor(t, v, agent.Config{}, func(t *testing.T, store agent.Store, _ *handoff.Inbox) {
		v.say(t, "m1", refundQuestion)
		for i := range 2 {
			v.deliver(t, channels.Event{Kind: channels.ThreadMoved, Delivery: fmt.Sprint("moved", i), PreviousThread: "anna", Thread: "DK.7", Contact: channels.Contact{ID: "DK.7", Name: "Anna"}})
		}
		v.deliver(t, channels.Event{Delivery: "m2", Thread: "DK.7", Contact: channels.Contact{ID: "DK.7"}, Message: channels.Message{ID: "m2", Text: "What does delivery cost?"}})
		c := conversationOf(t, store, "anna")
		if c.Thread != "DK.7" || c.Contact.ID != "DK.7" || len(c.Messages) != 4 {
			t.Errorf("%s %+v with %d messages", c.Thread, c.Contact, len(c.Messages))
		}
		if last := v.tries[len(v.tries)-1]; last.Thread != "DK.7" {
			t.Errorf("sent to %s", last.Thread)
		}
	})
}

// A part that was sent is not sent again because the next one failed.
func TestP1PartsOfAMessageAreSentOnceEach(t *testing.T) {
	for _, test := range []struct {
		name   string
		fail   func(n int, out channels.Outgoing) error
		tries  string
		states string
	}{
		{"all well", nil, "0 1 2", "done done done"},
		{"second part busy once", func(n int, _ channels.Outgoing) error {
			if n == 2 {
				return &channels.SendError{Kind: channels.ErrRetryable}
			}
			return nil
		}, "0 1 1 2", "done done done"},
		{"second part refused", func(n int, _ channels.Outgoing) error {
			if n == 2 {
				return &channels.SendError{Kind: channels.ErrInvalid}
			}
			return nil
		}, "0 1", "done failed failed"},
	} {
		v := &vendor{fail: test.fail, caps: channels.Capabilities{MaxText: 80}}
		withVendor(t, v, agent.Config{}, func(t *testing.T, store agent.Store, _ *handoff.Inbox) {
			v.say(t, "m1", refundQuestion)
			time.Sleep(time.Minute)
			synctest.Wait()
			outbox := conversationOf(t, store, "anna").Outbox
			place := map[string]int{}
			var states []string
			for i, s := range outbox {
				place[s.Out.Key] = i
				states = append(states, map[agent.SendState]string{agent.SendDone: "done", agent.SendFailed: "failed"}[s.State])
			}
			var tries []string
			for _, out := range v.tries {
				tries = append(tries, fmt.Sprint(place[out.Key]))
				if len(out.Parts) != 1 {
					t.Errorf("%s: parts %q at once", test.name, out.Parts)
				}
			}
			if len(outbox) != 3 || strings.Join(tries, " ") != test.tries || strings.Join(states, " ") != test.states {
				t.Errorf("%s: tries %v, states %v", test.name, tries, states)
			}
		})
	}
}

func TestAnOfferCanBeTappedWhereThereAreButtons(t *testing.T) {
	offer := handoff.Words(handoff.Offer, "angry")
	for _, max := range []int{3, 0} {
		v := &vendor{caps: channels.Capabilities{Buttons: channels.ChoiceLimits{Max: max, Title: 20}}}
		withVendor(t, v, agent.Config{Triggers: []handoff.Trigger{offer, handoff.AskedHuman()}}, func(t *testing.T, _ agent.Store, inbox *handoff.Inbox) {
			v.say(t, "m1", "I am angry about the purple elephants")
			out := v.tries[0]
			if (len(out.Choices) == 2) != (max > 0) || max > 0 && out.ChoicesAs != channels.AsButtons {
				t.Fatalf("%d buttons: %+v", max, out)
			}
			if max == 0 {
				return
			}
			v.deliver(t, channels.Event{Delivery: "m2", Message: channels.Message{ID: "m2", Text: out.Choices[0].Title, Choice: out.Choices[0].ID}})
			if len(inbox.Cases()) != 1 {
				t.Errorf("no case after %q: %+v", out.Choices[0].Title, v.tries)
			}
		})
	}
}

func TestAMessageOfFilesOnlyIsAskedForInWords(t *testing.T) {
	v := &vendor{}
	withVendor(t, v, agent.Config{}, func(t *testing.T, store agent.Store, inbox *handoff.Inbox) {
		picture := func(id, caption string) {
			v.deliver(t, channels.Event{Delivery: id, Message: channels.Message{ID: id, Text: caption, Attachments: []channels.Attachment{{ID: "f", Type: "image/png"}}}})
		}
		picture("m1", refundQuestion)
		if !strings.Contains(v.tries[0].Text, "14 days") {
			t.Errorf("a caption was not answered: %q", v.tries[0].Text)
		}
		picture("m2", " ")
		if !strings.Contains(v.tries[1].Text, "only read text") || len(inbox.Cases()) != 0 {
			t.Errorf("%q", v.tries[1].Text)
		}
		picture("m3", "")
		if len(inbox.Cases()) != 1 {
			t.Errorf("no case: %+v", v.tries)
		}
		lines, err := store.Logs(t.Context(), "agent", agent.GapLog, 0, 10)
		if err != nil || len(lines) != 0 {
			t.Errorf("a picture became a gap: %d, %v", len(lines), err)
		}
	})
}
