package agent_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
)

// sayTo accepts a message of a contact on a thread of its own.
func sayTo(t *testing.T, s agent.Store, channel, contact string, at time.Time) agent.Accepted {
	t.Helper()
	a, err := s.Accept(t.Context(), agent.AcceptRequest{
		Agent: "a", IdleClose: time.Hour, ReopenWithin: time.Hour,
		Event: channels.Event{
			Channel: channel, Delivery: fmt.Sprint(contact, at.UnixNano()), Thread: contact, At: at,
			Contact: channels.Contact{ID: contact}, Message: channels.Message{Text: "Hello from " + contact},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestStoreErasesAContactAndNothingElse(t *testing.T) {
	now := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	s := agent.NewMemoryStore(func() time.Time { return now })
	first := sayTo(t, s, "chat", "anna", now)
	mail := sayTo(t, s, "mail", "anna", now)
	other := sayTo(t, s, "chat", "bert", now)
	lease, err := s.Lease(t.Context(), "a", first.Conversation, "w", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{first.Conversation, mail.Conversation, other.Conversation, ""} {
		if err := s.Log(t.Context(), "a", agent.TraceLog, agent.LogLine{Key: fmt.Sprint(i), Conversation: id, At: now}); err != nil {
			t.Fatal(err)
		}
	}
	if e, err := s.Erase(t.Context(), "b", agent.Erasure{Contact: "anna"}); err != nil || e != (agent.Erased{}) {
		t.Errorf("another agent erased %+v, %v", e, err)
	}
	if e, err := s.Erase(t.Context(), "a", agent.Erasure{Contact: "anna", Channel: "chat"}); err != nil || e != (agent.Erased{Conversations: 1, Lines: 1}) {
		t.Errorf("erased %+v, %v", e, err)
	}
	if _, err := s.Load(t.Context(), "a", mail.Conversation); err != nil {
		t.Errorf("the contact's conversation on another channel: %v", err)
	}
	for range 2 { // the second has nothing to erase
		if _, err := s.Erase(t.Context(), "a", agent.Erasure{Contact: "anna"}); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := s.Logs(t.Context(), "a", agent.TraceLog, 0, 10)
	if err != nil || len(lines) != 2 || lines[0].Number != 3 || lines[1].Number != 4 {
		t.Errorf("lines left: %+v, %v", lines, err)
	}
	for name, err := range map[string]error{
		"save":   s.Save(t.Context(), lease, agent.Save{}),
		"extend": s.Extend(t.Context(), lease, time.Hour),
		"log":    s.Log(t.Context(), "a", agent.TraceLog, agent.LogLine{Key: "late", Conversation: first.Conversation}),
	} {
		if !errors.Is(err, agent.ErrNoConversation) {
			t.Errorf("%s after it was erased: %v", name, err)
		}
	}
	if err := s.Log(t.Context(), "a", agent.TraceLog, agent.LogLine{Key: "next"}); err != nil {
		t.Fatal(err)
	}
	if lines, _ := s.Logs(t.Context(), "a", agent.TraceLog, 4, 10); len(lines) != 1 || lines[0].Number != 5 {
		t.Errorf("the next line is %+v", lines)
	}
	if again := sayTo(t, s, "chat", "anna", now); again.Fresh {
		t.Errorf("a delivery of the erased conversation was taken again: %+v", again)
	}
	if next := sayTo(t, s, "chat", "anna", now.Add(time.Second)); next.Conversation == first.Conversation || next.Seq != 1 {
		t.Errorf("after erasing, a message began %+v", next)
	}
}

func TestStoreErasesWhatEndedLongAgo(t *testing.T) {
	now := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	s := agent.NewMemoryStore(func() time.Time { return now })
	resolved, human, open := sayTo(t, s, "chat", "anna", now), sayTo(t, s, "chat", "bert", now), sayTo(t, s, "chat", "carl", now)
	for id, owner := range map[string]agent.Owner{resolved.Conversation: agent.NobodyOwns, human.Conversation: agent.HumanOwns, open.Conversation: agent.AgentOwns} {
		lease, err := s.Lease(t.Context(), "a", id, "w", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Save(t.Context(), lease, agent.Save{Progress: agent.Progress{Answered: 1, Reported: agent.ReportMark{Seq: 1, Owner: 1}}, Owner: &agent.OwnerChange{Owner: owner, At: now}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Log(t.Context(), "a", agent.TraceLog, agent.LogLine{Key: id, Conversation: id, At: now}); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(30 * time.Minute)
	for _, step := range []struct {
		before time.Time
		want   agent.Erased
	}{
		{now.Add(-30 * time.Minute), agent.Erased{}},
		{now, agent.Erased{Conversations: 1}}, // resolved, the other two go on
		{now.Add(24 * time.Hour), agent.Erased{Conversations: 1}},
	} {
		if e, err := s.Erase(t.Context(), "a", agent.Erasure{EndedBefore: step.before}); err != nil || e != step.want {
			t.Errorf("before %v: %+v, %v", step.before, e, err)
		}
	}
	if _, err := s.Load(t.Context(), "a", open.Conversation); err != nil {
		t.Errorf("what the agent has yet to close: %v", err)
	}
	// The lines of an erased conversation are still found by its contact.
	if e, err := s.Erase(t.Context(), "a", agent.Erasure{Contact: "anna"}); err != nil || e != (agent.Erased{Lines: 1}) {
		t.Errorf("erased %+v, %v", e, err)
	}
	old := agent.Erasure{LoggedBefore: map[agent.LogKind]time.Time{agent.TraceLog: now, agent.GapLog: now}}
	if e, err := s.Erase(t.Context(), "a", old); err != nil || e != (agent.Erased{Lines: 2}) {
		t.Errorf("erased %+v, %v", e, err)
	}
}

func TestStoreListsConversationsByActivity(t *testing.T) {
	now := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	s := agent.NewMemoryStore(func() time.Time { return now })
	for i := range 300 {
		sayTo(t, s, []string{"chat", "mail"}[i%2], fmt.Sprint("c", i), now.Add(time.Duration(i/2)*time.Minute))
	}
	seen := map[string]bool{}
	var last *agent.ConversationHead
	for pages := 0; ; pages++ {
		heads, err := s.Find(t.Context(), "a", agent.ConversationQuery{After: last, Limit: 70})
		if err != nil || pages > 10 {
			t.Fatal(pages, err)
		}
		if len(heads) == 0 {
			break
		}
		for _, h := range heads {
			if seen[h.ID] || last != nil && h.ActiveAt.After(last.ActiveAt) {
				t.Fatalf("%s of %v is out of order", h.ID, h.ActiveAt)
			}
			seen[h.ID], last = true, &h
		}
	}
	if len(seen) != 300 {
		t.Errorf("%d conversations listed, want 300", len(seen))
	}
	for name, q := range map[string]struct {
		query agent.ConversationQuery
		want  int
	}{
		"default":  {agent.ConversationQuery{}, 50},
		"most":     {agent.ConversationQuery{Limit: 1000}, 200},
		"channel":  {agent.ConversationQuery{Channel: "mail", Limit: 200}, 150},
		"contact":  {agent.ConversationQuery{Contact: "c7"}, 1},
		"thread":   {agent.ConversationQuery{Thread: "c7", Channel: "chat"}, 0},
		"owner":    {agent.ConversationQuery{Owners: []agent.Owner{agent.HumanOwns, agent.NobodyOwns}}, 0},
		"two":      {agent.ConversationQuery{Owners: []agent.Owner{agent.HumanOwns, agent.AgentOwns}}, 50},
		"by name":  {agent.ConversationQuery{OwnerName: "Mette"}, 0},
		"messages": {agent.ConversationQuery{Limit: 1}, 1},
	} {
		heads, err := s.Find(t.Context(), "a", q.query)
		if err != nil || len(heads) != q.want {
			t.Errorf("%s: %d heads, %v, want %d", name, len(heads), err, q.want)
		}
		if len(heads) > 0 && (heads[0].Messages != 1 || heads[0].LastFrom != channels.FromCustomer || heads[0].Contact.ID == "") {
			t.Errorf("%s: head %+v", name, heads[0])
		}
	}
	if heads, _ := s.Find(t.Context(), "b", agent.ConversationQuery{}); len(heads) != 0 {
		t.Error("another agent sees them")
	}
}
