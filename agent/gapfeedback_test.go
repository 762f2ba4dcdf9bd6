package agent_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

// vote votes on a message, the last one if it is not named, as the customer of a
// thread.
func vote(t testing.TB, h *agenttest.Harness, thread, delivery, message string, helpful bool) {
	t.Helper()
	deliver(t, h, channels.Event{Kind: channels.Feedback, Delivery: delivery, Thread: thread, Helpful: helpful, Message: channels.Message{ID: message}})
}

// answerIn returns the ID of the agent's last message in a thread.
func answerIn(t testing.TB, h *agenttest.Harness, store agent.Store, thread string) (id string) {
	t.Helper()
	for _, e := range mustLoad(t, store, h.Conversation(thread)).Messages {
		if e.Message.Author == channels.FromAgent {
			id = e.Message.ID
		}
	}
	return id
}

func mustLoad(t testing.TB, store agent.Store, id string) agent.Conversation {
	t.Helper()
	c, err := store.Load(t.Context(), "agent", id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// gapsNow returns all gaps once nothing is left to do in the bubble.
func gapsNow(t testing.TB, h *agenttest.Harness) []gaps.Topic {
	t.Helper()
	time.Sleep(time.Minute)
	page, err := h.Agent.As(boss).Gaps(t.Context(), gaps.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return page.Topics
}

func TestAnswerThatIsVotedDownIsAGapOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := agent.NewMemoryStore(nil)
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store})
		agenttest.RequireDecision(t, h.AskAs("anna", refundQuestion), agent.Answer)
		first := answerIn(t, h, store, "anna")
		h.AskAs("anna", "How long is a gift card valid?")
		vote(t, h, "anna", "f1", first, false)
		for i := range 3 {
			if i > 0 { // again, the other way and back, and on another answer
				vote(t, h, "anna", fmt.Sprint("again", i), first, i == 1)
				vote(t, h, "anna", fmt.Sprint("other", i), "", false)
			}
			topics := gapsNow(t, h)
			if len(topics) != 1 || topics[0].Conversations != 1 || topics[0].Title != refundQuestion || topics[0].Reasons[agent.GapNotHelpful] != 1 || topics[0].Recent[0].Seq != 1 {
				t.Fatalf("after %d further votes: %+v", i*2, topics)
			}
		}
	})
}

func TestVoteDownOfAQuestionInSeveralMessagesIsAGapOfThemAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := agent.NewMemoryStore(nil)
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store, Redactor: agent.NewRedactor(agent.RedactorConfig{})})
		h.AskAs("anna", "I am anna@example.com. "+refundQuestion)
		vote(t, h, "anna", "f1", "", false)
		topics := gapsNow(t, h)
		lines, err := store.Logs(t.Context(), "agent", agent.GapLog, 0, 10)
		if err != nil || len(lines) != 1 || len(topics) != 1 || lines[0].Conversation != h.Conversation("anna") {
			t.Fatalf("%d lines, %v, %+v", len(lines), err, topics)
		}
		if data := string(lines[0].Data); strings.Contains(data, "anna@") || !strings.Contains(data, "[email]") {
			t.Errorf("%s", data)
		}
	})
}

func TestVotesThatTellOfNoGap(t *testing.T) {
	avoid := []agent.Guideline{{Category: agent.Avoid, When: []string{"lawsuit"}, Instead: agent.InsteadClarify}}
	for name, c := range map[string]struct {
		asks  []string
		after func(testing.TB, *agenttest.Harness, agent.Store)
	}{
		"helpful": {[]string{refundQuestion}, func(t testing.TB, h *agenttest.Harness, _ agent.Store) {
			vote(t, h, "customer", "f1", "", true)
		}},
		"changed to helpful before it is looked at": {nil, func(t testing.TB, h *agenttest.Harness, store agent.Store) {
			h.Ask(refundQuestion)
			synctest.Wait() // for the worker to give its lease back
			id := h.Conversation("customer")
			lease, err := store.Lease(t.Context(), "agent", id, "test", time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			vote(t, h, "customer", "f1", "", false)
			vote(t, h, "customer", "f2", "", true)
			if err := store.Unlease(t.Context(), lease); err != nil {
				t.Fatal(err)
			}
		}},
		"of a human's message": {[]string{refundQuestion}, func(t testing.TB, h *agenttest.Harness, store agent.Store) {
			deliver(t, h, channels.Event{Kind: channels.HumanReplied, Delivery: "h1", Thread: "customer", Message: channels.Message{ID: "human 1", Text: "Hi"}})
			for _, e := range mustLoad(t, store, h.Conversation("customer")).Messages {
				if e.Message.Author == channels.FromHuman {
					vote(t, h, "customer", "f1", e.Message.ID, false)
				}
			}
		}},
		"of a message that nobody knows": {[]string{refundQuestion}, func(t testing.TB, h *agenttest.Harness, _ agent.Store) {
			vote(t, h, "customer", "f1", "unheard of", false)
		}},
		"of the customer's own message": {[]string{refundQuestion}, func(t testing.TB, h *agenttest.Harness, store agent.Store) {
			vote(t, h, "customer", "f1", mustLoad(t, store, h.Conversation("customer")).Messages[0].Message.ID, false)
		}},
		"before anything was said": {nil, func(t testing.TB, h *agenttest.Harness, _ agent.Store) {
			vote(t, h, "customer", "f1", "", false)
		}},
		"of small talk": {[]string{"hello"}, func(t testing.TB, h *agenttest.Harness, _ agent.Store) {
			vote(t, h, "customer", "f1", "", false)
		}},
		"of a handoff": {[]string{"I want to talk to a human"}, func(t testing.TB, h *agenttest.Harness, _ agent.Store) {
			vote(t, h, "customer", "f1", "", false)
		}},
		"of a topic to avoid": {[]string{"What about the lawsuit?"}, func(t testing.TB, h *agenttest.Harness, _ agent.Store) {
			vote(t, h, "customer", "f1", "", false)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := agent.NewMemoryStore(nil)
				h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store, Guidelines: avoid})
				for _, text := range c.asks {
					h.Ask(text)
				}
				synctest.Wait()
				c.after(t, h, store)
				if topics := gapsNow(t, h); len(topics) != 0 {
					t.Errorf("got %+v", topics)
				}
			})
		})
	}
}

func TestP1FailureOfAnyWriteKeepsOneGapOfAVote(t *testing.T) {
	run := func(t *testing.T, at int64, after bool) int64 {
		store := &crashingStore{Store: agent.NewMemoryStore(nil), at: at, after: after}
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store})
		h.Ask(refundQuestion)
		time.Sleep(10 * time.Minute)
		vote(t, h, "customer", "f1", "", false)
		time.Sleep(10 * time.Minute)
		topics := gapsNow(t, h)
		if len(topics) != 1 || topics[0].Conversations != 1 || len(topics[0].Recent) != 1 || topics[0].Reasons[agent.GapNotHelpful] != 1 {
			t.Errorf("got %+v", topics)
		}
		if r := mustReport(t, h.Agent, judged()); r.Total.NotHelpful != 1 {
			t.Errorf("%+v", r.Total)
		}
		if store.calls.Load() < at {
			t.Errorf("%d writes: write %d never failed", store.calls.Load(), at)
		}
		return store.calls.Load()
	}
	var writes int64
	synctest.Test(t, func(t *testing.T) { writes = run(t, 0, false) })
	for _, after := range []bool{false, true} {
		for at := int64(1); at <= writes; at++ {
			t.Run(fmt.Sprintf("write %d kept %t", at, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { run(t, at, after) })
			})
		}
	}
}
