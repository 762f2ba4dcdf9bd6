package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
)

func deliveryHasOnePlace(s *subject) {
	first, again, second := s.say("chat", "anna", "d1"), s.say("chat", "anna", "d1"), s.say("chat", "anna", "d2")
	s.check(first.Fresh && !again.Fresh && again.Seq == first.Seq && again.Conversation == first.Conversation, "accepted %+v, again %+v", first, again)
	s.check(second.Fresh && second.Seq == first.Seq+1 && second.Conversation == first.Conversation, "accepted %+v after %+v", second, first)
	c := s.load(first.Conversation)
	s.check(len(c.Messages) == 2 && c.Messages[0].Seq == 1 && c.Messages[1].Message.Text == "Hello from anna", "messages %+v", c.Messages)
}

func parallelDeliveries(s *subject) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for range 20 {
		wg.Go(func() {
			a, err := s.Accept(s.Context(), s.request("chat", "anna", "d1"))
			mu.Lock()
			defer mu.Unlock()
			if err == nil && a.Fresh {
				fresh++
			}
		})
	}
	wg.Wait()
	c := s.load(s.say("chat", "anna", "d1").Conversation)
	s.check(fresh == 1 && len(c.Messages) == 1, "%d of 20 were fresh, %d messages", fresh, len(c.Messages))
}

func messageInTimeReopens(s *subject) {
	first := s.say("chat", "anna", "d1")
	s.save(first.Conversation, agent.Save{Progress: agent.Progress{Answered: 1}, Owner: &agent.OwnerChange{Owner: agent.NobodyOwns, At: s.now()}})
	s.advance(90 * time.Minute)
	again := s.say("chat", "anna", "d2")
	c := s.load(first.Conversation)
	s.check(again.Conversation == first.Conversation && c.Owner == agent.AgentOwns && c.OwnerVersion == 2, "went to %+v, owned by the %s", again, c.Owner)
}

func lateMessageBeginsAnew(s *subject) {
	first := s.say("chat", "anna", "d1")
	s.advance(2 * time.Hour)
	next := s.say("chat", "anna", "d2")
	c := s.load(next.Conversation)
	s.check(next.Conversation != first.Conversation && next.Seq == 1 && c.Number == 2 && len(c.Messages) == 1 && c.Summary != "", "went to %+v, number %d, summary %q", next, c.Number, c.Summary)
}

func agentsAreSeparate(s *subject) {
	mine := s.say("chat", "anna", "d1").Conversation
	r := s.request("chat", "anna", "d1")
	r.Agent = "other"
	theirs, err := s.Accept(s.Context(), r)
	s.wants("accept for another agent", err, nil)
	s.check(theirs.Fresh && theirs.Conversation != mine, "another agent's delivery went to %+v", theirs)
	_, err = s.Load(s.Context(), "other", mine)
	s.wants("load another agent's conversation", err, agent.ErrNoConversation)
	s.log("", "k", s.now())
	lines, err := s.Logs(s.Context(), "other", agent.TraceLog, 0, 10)
	s.check(err == nil && len(lines) == 0, "another agent's log shows %v, %v", lines, err)
	heads, err := s.Find(s.Context(), "other", agent.ConversationQuery{})
	s.check(err == nil && len(heads) == 1, "another agent finds %d conversations, %v", len(heads), err)
}

func unknownConversation(s *subject) {
	_, err := s.Load(s.Context(), id, "nothing")
	s.wants("load", err, agent.ErrNoConversation)
	_, err = s.Lease(s.Context(), id, "nothing", "worker", time.Minute)
	s.wants("lease", err, agent.ErrNoConversation)
	_, err = s.ChangeOwner(s.Context(), id, "nothing", agent.OwnerChange{Owner: agent.HumanOwns})
	s.wants("change owner", err, agent.ErrNoConversation)
	s.wants("add note", s.AddNote(s.Context(), id, "nothing", channels.Note{}), agent.ErrNoConversation)
	s.wants("log", s.Log(s.Context(), id, agent.TraceLog, agent.LogLine{Key: "k", Conversation: "nothing"}), agent.ErrNoConversation)
}

func returnedIsTheCallers(s *subject) {
	in := s.say("chat", "anna", "d1").Conversation
	c := s.load(in)
	c.Messages[0].Message.Text, c.Contact.Attributes["plan"] = "changed", "changed"
	c = s.load(in)
	s.check(c.Messages[0].Message.Text != "changed" && c.Contact.Attributes["plan"] != "changed", "what a caller did to a conversation is in the store")
}

func saveKeepsAll(s *subject) {
	in := s.say("chat", "anna", "d1").Conversation
	send := agent.Send{Out: channels.Outgoing{Key: "k", Text: "reply"}, UpTo: 1}
	s.save(in, agent.Save{
		Progress: agent.Progress{Answered: 1, Clarified: 2}, Append: []channels.Message{{Author: channels.FromAgent, Text: "reply", At: s.now().Add(time.Minute)}},
		Sends: []agent.Send{send}, Owner: &agent.OwnerChange{Owner: agent.HumanOwns, Name: "Mette", At: s.now()},
	})
	c := s.load(in)
	s.check(c.Progress.Answered == 1 && c.Progress.Clarified == 2 && len(c.Messages) == 2 && c.Messages[1].Seq == 2 && len(c.Outbox) == 1, "saved %+v", c)
	s.check(c.Owner == agent.HumanOwns && c.OwnerName == "Mette" && c.OwnerVersion == 1 && c.ClosesAt.Equal(s.now().Add(61*time.Minute)), "saved %+v", c)
	send.State = agent.SendDone
	s.save(in, agent.Save{Progress: c.Progress, Sends: []agent.Send{send}})
	c = s.load(in)
	s.check(len(c.Outbox) == 1 && c.Outbox[0].State == agent.SendDone, "outbox %+v", c.Outbox)
}

func refusedSaveKeepsNothing(s *subject) {
	in := s.say("chat", "anna", "d1").Conversation
	l, c, upTo := s.lease(in), s.load(in), int64(1)
	claim := agent.Save{
		IfOwner: &c.OwnerVersion, IfUpTo: &upTo, Progress: agent.Progress{Answered: 1}, Append: []channels.Message{{Author: channels.FromAgent, Text: "reply", At: s.now()}},
		Sends: []agent.Send{{Out: channels.Outgoing{Key: "k"}}}, Approvals: []agent.Approval{{ID: "p", Conversation: in}}, Ended: []string{"1"},
	}
	_, err := s.Record(s.Context(), l, "1", "name", []byte("kept"))
	s.wants("record", err, nil)
	s.say("chat", "anna", "d2")
	s.wants("claim after a later message", s.Save(s.Context(), l, claim), agent.ErrSuperseded)
	upTo = 2
	_, err = s.ChangeOwner(s.Context(), id, in, agent.OwnerChange{Owner: agent.HumanOwns, Name: "Mette", At: s.now()})
	s.wants("take over", err, nil)
	s.wants("claim after a takeover", s.Save(s.Context(), l, claim), agent.ErrTakenOver)
	c = s.load(in)
	kept, err := s.Recorded(s.Context(), l, "1", "name")
	s.check(err == nil && string(kept) == "kept" && c.Progress.Answered == 0 && len(c.Messages) == 2 && len(c.Outbox)+len(c.Approvals) == 0, "a refused claim left %+v, %q, %v", c, kept, err)
}

func humanSpeaksOnce(s *subject) {
	in := s.say("chat", "anna", "d1").Conversation
	msg, version := channels.Message{ID: "h1", Author: channels.FromHuman, Text: "Hi", At: s.now()}, int64(9)
	ch := agent.OwnerChange{Owner: agent.HumanOwns, Name: "Mette", At: s.now(), Message: &msg, Send: &agent.Send{Out: channels.Outgoing{Key: "h1"}}}
	for range 2 {
		c, err := s.ChangeOwner(s.Context(), id, in, ch)
		s.check(err == nil && c.Owner == agent.HumanOwns && c.OwnerName == "Mette" && c.OwnerVersion == 1 && len(c.Messages) == 2 && len(c.Outbox) == 1, "%+v, %v", c, err)
	}
	_, err := s.ChangeOwner(s.Context(), id, in, agent.OwnerChange{Owner: agent.AgentOwns, IfVersion: &version})
	s.wants("change on top of another owner", err, agent.ErrTakenOver)
}

func notesAreKept(s *subject) {
	in := s.say("chat", "anna", "d1").Conversation
	s.wants("add note", s.AddNote(s.Context(), id, in, channels.Note{By: "Mette", Text: "a note", At: s.now()}), nil)
	c := s.load(in)
	s.check(len(c.Notes) == 1 && c.Notes[0].Text == "a note" && len(c.Messages) == 1, "notes %+v", c.Notes)
}

func findListsByActivity(s *subject) {
	for i := range 25 {
		s.say("chat", fmt.Sprint("c", i), fmt.Sprint("d", i))
		if i%3 == 0 {
			s.advance(time.Minute)
		}
	}
	var all []agent.ConversationHead
	for range 10 {
		q := agent.ConversationQuery{Limit: 7}
		if len(all) > 0 {
			q.After = &all[len(all)-1]
		}
		page, err := s.Find(s.Context(), id, q)
		s.check(err == nil && len(page) <= 7, "a page of %d, %v", len(page), err)
		all = append(all, page...)
	}
	seen := map[string]bool{}
	for i, h := range all {
		s.check(!seen[h.ID] && (i == 0 || !h.ActiveAt.After(all[i-1].ActiveAt)), "head %d, %s of %v, is out of order", i, h.ID, h.ActiveAt)
		s.check(h.Messages == 1 && h.LastFrom == channels.FromCustomer && h.Contact.ID != "", "head %+v", h)
		seen[h.ID] = true
	}
	s.check(len(seen) == 25, "%d of 25 conversations were listed", len(seen))
}

func findKeepsToItsQuery(s *subject) {
	s.say("chat", "anna", "d1")
	s.say("mail", "anna", "d2")
	taken := s.say("chat", "bert", "d3").Conversation
	_, err := s.ChangeOwner(s.Context(), id, taken, agent.OwnerChange{Owner: agent.HumanOwns, Name: "Mette", At: s.now()})
	s.wants("take over", err, nil)
	for _, c := range []struct {
		query agent.ConversationQuery
		want  int
	}{
		{agent.ConversationQuery{}, 3},
		{agent.ConversationQuery{Channel: "chat"}, 2},
		{agent.ConversationQuery{Contact: "anna"}, 2},
		{agent.ConversationQuery{Thread: "anna", Channel: "mail"}, 1},
		{agent.ConversationQuery{Owners: []agent.Owner{agent.HumanOwns}}, 1},
		{agent.ConversationQuery{Owners: []agent.Owner{agent.HumanOwns, agent.AgentOwns}}, 3},
		{agent.ConversationQuery{OwnerName: "Mette"}, 1},
	} {
		heads, err := s.Find(s.Context(), id, c.query)
		s.check(err == nil && len(heads) == c.want, "%+v finds %d, want %d, %v", c.query, len(heads), c.want, err)
	}
}

func dueIsWhatHasWork(s *subject) {
	open := s.say("chat", "anna", "d1").Conversation
	r := s.request("phone", "bert", "d2")
	r.Exchange = true
	_, err := s.Accept(s.Context(), r)
	s.wants("accept", err, nil)
	is := func(what string, at time.Time, want ...string) {
		s.Helper()
		got := s.due(at)
		s.check(slices.Equal(got, want), "%s: due %v, want %v", what, got, want)
	}
	is("an unanswered message, and a call", s.now(), open)
	l := s.lease(open)
	is("under a lease", s.now())
	done := agent.Progress{Answered: 1, Reported: agent.ReportMark{Seq: 1}}
	wait := agent.Progress{Answered: 1, NotBefore: s.now().Add(10 * time.Minute)}
	s.wants("save", s.Save(s.Context(), l, agent.Save{Progress: wait, Sends: []agent.Send{{Out: channels.Outgoing{Key: "k"}}}}), nil)
	s.wants("unlease", s.Unlease(s.Context(), l), nil)
	is("before its next attempt", s.now())
	is("a send at its next attempt", s.now().Add(10*time.Minute), open)
	s.save(open, agent.Save{Progress: done, Sends: []agent.Send{{Out: channels.Outgoing{Key: "k"}, State: agent.SendDone}}})
	is("answered", s.now())
	is("idle", s.now().Add(time.Hour), open)
	p := agent.Approval{ID: "p", Conversation: open, RequestedAt: s.now(), ExpiresAt: s.now().Add(3 * time.Hour)}
	s.save(open, agent.Save{Progress: done, Approvals: []agent.Approval{p}})
	is("waiting for approval", s.now().Add(2*time.Hour))
	is("not approved in time", s.now().Add(3*time.Hour), open)
	_, err = s.DecideApproval(s.Context(), id, open, "p", agent.ApprovalDecision{State: agent.ApprovalGranted, At: s.now()})
	s.wants("approve", err, nil)
	is("approved", s.now(), open)
	none, err := s.Due(s.Context(), id, s.now(), 0)
	s.check(err == nil && len(none) == 0, "with no room: due %v, %v", none, err)
}
