package agent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

func accept(t *testing.T, s agent.Store, delivery, text string, at time.Time) agent.Accepted {
	t.Helper()
	a, err := s.Accept(t.Context(), agent.AcceptRequest{
		Agent: "a", IdleClose: time.Hour, ReopenWithin: time.Hour,
		Event: channels.Event{Channel: "chat", Delivery: delivery, Thread: "t", At: at, Message: channels.Message{Text: text}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestStoreGivesDeliveriesOnePlace(t *testing.T) {
	clock := agenttest.NewClock(time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC))
	s := agent.NewMemoryStore(clock.Now)
	first := accept(t, s, "d1", "one", clock.Now())
	again := accept(t, s, "d1", "one", clock.Now())
	second := accept(t, s, "d2", "two", clock.Now())
	if !first.Fresh || again.Fresh || first.Seq != 1 || again.Seq != 1 || again.Conversation != first.Conversation || second.Seq != 2 || second.Conversation != first.Conversation {
		t.Errorf("%+v %+v %+v", first, again, second)
	}
	clock.Advance(90 * time.Minute) // closed, within reopening
	if a := accept(t, s, "d3", "three", clock.Now()); a.Conversation != first.Conversation || a.Seq != 3 {
		t.Errorf("a message that reopens went to %+v", a)
	}
	clock.Advance(3 * time.Hour)
	next := accept(t, s, "d4", "four", clock.Now())
	if next.Conversation == first.Conversation || next.Seq != 1 || next.Conversation != agent.ConversationID("a", "chat", "t", 2) {
		t.Errorf("a late message went to %+v", next)
	}
	if c, _ := s.Load(t.Context(), "a", next.Conversation); c.Summary == "" || len(c.Messages) != 1 {
		t.Errorf("the new conversation knows %q and %d messages", c.Summary, len(c.Messages))
	}
}

func TestStoreLeasesAreExclusiveAndFenced(t *testing.T) {
	clock := agenttest.NewClock(time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC))
	s := agent.NewMemoryStore(clock.Now)
	id := accept(t, s, "d1", "one", clock.Now()).Conversation
	old, err := s.Lease(t.Context(), "a", id, "first", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lease(t.Context(), "a", id, "second", time.Minute); !errors.Is(err, agent.ErrLeased) {
		t.Errorf("a second lease: %v", err)
	}
	if due, _ := s.Due(t.Context(), "a", clock.Now(), 10); len(due) != 0 {
		t.Errorf("leased conversations are due: %v", due)
	}
	clock.Advance(2 * time.Minute)
	if due, _ := s.Due(t.Context(), "a", clock.Now(), 10); len(due) != 1 {
		t.Errorf("%d conversations due after the lease lapsed", len(due))
	}
	fresh, err := s.Lease(t.Context(), "a", id, "second", time.Minute)
	if err != nil || fresh.Fence <= old.Fence {
		t.Fatalf("takeover: %+v after %+v, %v", fresh, old, err)
	}
	for name, err := range map[string]error{
		"save": s.Save(t.Context(), old, agent.Save{}), "extend": s.Extend(t.Context(), old, time.Minute),
	} {
		if !errors.Is(err, agent.ErrFenced) {
			t.Errorf("%s by the stale holder: %v", name, err)
		}
	}
	if err := s.Unlease(t.Context(), old); err != nil {
		t.Errorf("giving back a lost lease: %v", err)
	}
	if err := s.Save(t.Context(), fresh, agent.Save{Progress: agent.Progress{Answered: 1}}); err != nil {
		t.Errorf("save by the holder: %v", err)
	}
}

func TestStoreSavesUnderConditionsOrNotAtAll(t *testing.T) {
	now := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	s := agent.NewMemoryStore(func() time.Time { return now })
	id := accept(t, s, "d1", "one", now).Conversation
	lease, err := s.Lease(t.Context(), "a", id, "w", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c, _ := s.Load(t.Context(), "a", id)
	upTo := int64(1)
	claim := agent.Save{
		IfOwner: &c.OwnerVersion, IfUpTo: &upTo, Progress: agent.Progress{Answered: 1},
		Append: []channels.Message{{Author: channels.FromAgent, Text: "reply", At: now}}, Sends: []agent.Send{{Out: channels.Outgoing{Key: "k"}}},
	}
	accept(t, s, "d2", "two", now)
	if err := s.Save(t.Context(), lease, claim); !errors.Is(err, agent.ErrSuperseded) {
		t.Errorf("claim after a later message: %v", err)
	}
	upTo = 2
	if _, err := s.ChangeOwner(t.Context(), "a", id, agent.OwnerChange{Owner: agent.HumanOwns, Name: "Mette", At: now}); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), lease, claim); !errors.Is(err, agent.ErrTakenOver) {
		t.Errorf("claim after a takeover: %v", err)
	}
	c, _ = s.Load(t.Context(), "a", id)
	if len(c.Messages) != 2 || len(c.Outbox) != 0 || c.Progress.Answered != 0 {
		t.Errorf("a refused claim left %+v", c)
	}
	if err := s.Save(t.Context(), lease, agent.Save{IfOwner: &c.OwnerVersion, IfUpTo: &upTo, Append: claim.Append}); err != nil {
		t.Errorf("claim under conditions that hold: %v", err)
	}
}

func TestStoreKeepsRecordsUntilTheirTurnEnds(t *testing.T) {
	now := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	s := agent.NewMemoryStore(func() time.Time { return now })
	id := accept(t, s, "d1", "one", now).Conversation
	lease, err := s.Lease(t.Context(), "a", id, "w", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{"first", "second"} {
		for _, turn := range []string{"1", "approval-x"} {
			if kept, err := s.Record(t.Context(), lease, turn, "name", []byte(data)); err != nil || string(kept) != "first" {
				t.Errorf("recording %q keeps %q, %v", data, kept, err)
			}
		}
	}
	if err := s.Save(t.Context(), lease, agent.Save{Ended: []string{"1"}}); err != nil {
		t.Fatal(err)
	}
	for turn, want := range map[string]string{"1": "", "approval-x": "first"} {
		if kept, err := s.Recorded(t.Context(), lease, turn, "name"); err != nil || string(kept) != want {
			t.Errorf("turn %s keeps %q, %v", turn, kept, err)
		}
	}
	now = now.Add(2 * time.Hour)
	if _, err := s.Lease(t.Context(), "a", id, "other", time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Record(t.Context(), lease, "1", "name", nil); !errors.Is(err, agent.ErrFenced) {
		t.Errorf("recording under a lost lease: %v", err)
	}
	if _, err := s.Recorded(t.Context(), lease, "approval-x", "name"); !errors.Is(err, agent.ErrFenced) {
		t.Errorf("reading under a lost lease: %v", err)
	}
}

func TestStoreKeepsLogsOnce(t *testing.T) {
	s := agent.NewMemoryStore(nil)
	for _, data := range []string{"first", "second"} {
		if err := s.Log(t.Context(), "a", agent.GapLog, agent.LogLine{Key: "k", Data: []byte(data)}); err != nil {
			t.Error(err)
		}
	}
	if lines, err := s.Logs(t.Context(), "a", agent.GapLog, 0, 10); err != nil || len(lines) != 1 || string(lines[0].Data) != "first" || lines[0].Number != 1 {
		t.Errorf("log %+v, %v", lines, err)
	}
	if lines, _ := s.Logs(t.Context(), "b", agent.GapLog, 0, 10); len(lines) != 0 {
		t.Error("another agent sees the log")
	}
	if err := s.SetLifecycle(t.Context(), "a", agent.Lifecycle{Paused: true}); err != nil {
		t.Error(err)
	}
	if err := s.SetLifecycle(t.Context(), "a", agent.Lifecycle{}); !errors.Is(err, agent.ErrSuperseded) {
		t.Errorf("a change on top of an old state: %v", err)
	}
}
