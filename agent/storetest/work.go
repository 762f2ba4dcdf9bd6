package storetest

import (
	"encoding/json"
	"time"

	"github.com/kundeagent/kundeagent/agent"
)

func leaseIsExclusive(s *subject) {
	in := s.say("chat", "anna", "d1").Conversation
	first := s.lease(in)
	_, err := s.Lease(s.Context(), id, in, "another", time.Minute)
	s.wants("lease what is leased", err, agent.ErrLeased)
	s.wants("unlease", s.Unlease(s.Context(), first), nil)
	second := s.lease(in)
	s.check(second.Fence > first.Fence, "fence %d after %d", second.Fence, first.Fence)
}

func leaseLapses(s *subject) {
	in := s.say("chat", "anna", "d1").Conversation
	l := s.lease(in)
	s.advance(50 * time.Second)
	s.wants("extend", s.Extend(s.Context(), l, time.Minute), nil)
	s.advance(50 * time.Second)
	_, err := s.Lease(s.Context(), id, in, "another", time.Minute)
	s.wants("lease what was extended", err, agent.ErrLeased)
	s.advance(time.Minute)
	s.check(len(s.due(s.now())) == 1, "what a lapsed lease left is not due")
	s.lease(in)
}

func lostLeaseIsFenced(s *subject) {
	in := s.say("chat", "anna", "d1").Conversation
	lost := s.lease(in)
	s.advance(2 * time.Minute)
	held := s.lease(in)
	_, err := s.Record(s.Context(), lost, "1", "name", []byte("x"))
	s.wants("record", err, agent.ErrFenced)
	_, err = s.Recorded(s.Context(), lost, "1", "name")
	s.wants("read a record", err, agent.ErrFenced)
	s.wants("save", s.Save(s.Context(), lost, agent.Save{}), agent.ErrFenced)
	s.wants("extend", s.Extend(s.Context(), lost, time.Minute), agent.ErrFenced)
	s.wants("give back", s.Unlease(s.Context(), lost), nil)
	s.wants("save by the holder", s.Save(s.Context(), held, agent.Save{}), nil)
}

func firstDecisionStays(s *subject) {
	in := s.say("chat", "anna", "d1").Conversation
	p := agent.Approval{ID: "p", Conversation: in, Action: "refund", Arguments: json.RawMessage(`{"order":7}`), RequestedAt: s.now(), ExpiresAt: s.now().Add(time.Hour)}
	s.save(in, agent.Save{Approvals: []agent.Approval{p}})
	yes, no := agent.ApprovalDecision{State: agent.ApprovalGranted, By: agent.Actor{ID: "1"}}, agent.ApprovalDecision{State: agent.ApprovalRejected}
	for _, d := range []agent.ApprovalDecision{yes, no, yes} {
		got, err := s.DecideApproval(s.Context(), id, in, "p", d)
		s.check(err == nil && got.Decision == yes && string(got.Arguments) == string(p.Arguments), "decided %+v, %v", got, err)
	}
	p.Settled = true // by who does not know of the decision
	s.save(in, agent.Save{Approvals: []agent.Approval{p}})
	c := s.load(in)
	s.check(len(c.Approvals) == 1 && c.Approvals[0].Settled && c.Approvals[0].Decision == yes, "approvals %+v", c.Approvals)
	_, err := s.DecideApproval(s.Context(), id, in, "q", yes)
	s.wants("decide what was not asked", err, agent.ErrNoApproval)
}

func pendingApprovals(s *subject) {
	in := s.say("chat", "anna", "d1").Conversation
	ask := func(name string, ago time.Duration) agent.Approval {
		return agent.Approval{ID: name, Conversation: in, RequestedAt: s.now().Add(-ago), ExpiresAt: s.now().Add(time.Hour)}
	}
	s.save(in, agent.Save{Approvals: []agent.Approval{ask("young", 1), ask("old", 3), ask("decided", 4), ask("middle", 2)}})
	_, err := s.DecideApproval(s.Context(), id, in, "decided", agent.ApprovalDecision{State: agent.ApprovalRejected})
	s.wants("reject", err, nil)
	got, err := s.PendingApprovals(s.Context(), id, 2)
	s.check(err == nil && len(got) == 2 && got[0].ID == "old" && got[1].ID == "middle", "pending %+v, %v", got, err)
}

func firstRecordStays(s *subject) {
	l := s.lease(s.say("chat", "anna", "d1").Conversation)
	none, err := s.Recorded(s.Context(), l, "1", "name")
	s.check(err == nil && none == nil, "nothing recorded, and read %q, %v", none, err)
	for _, data := range []string{"first", "second"} {
		kept, err := s.Record(s.Context(), l, "1", "name", []byte(data))
		s.check(err == nil && string(kept) == "first", "recording %q keeps %q, %v", data, kept, err)
	}
	kept, err := s.Recorded(s.Context(), l, "1", "name")
	s.check(err == nil && string(kept) == "first", "kept %q, %v", kept, err)
}

func recordsGoWithTheirTurn(s *subject) {
	l := s.lease(s.say("chat", "anna", "d1").Conversation)
	for _, turn := range []string{"1", "approval-x"} {
		_, err := s.Record(s.Context(), l, turn, "name", []byte(turn))
		s.wants("record", err, nil)
	}
	s.wants("save", s.Save(s.Context(), l, agent.Save{Ended: []string{"1"}}), nil)
	ended, err := s.Recorded(s.Context(), l, "1", "name")
	s.check(err == nil && ended == nil, "the turn that ended has %q, %v", ended, err)
	other, err := s.Recorded(s.Context(), l, "approval-x", "name")
	s.check(err == nil && string(other) == "approval-x", "the other turn has %q, %v", other, err)
}

func logIsOnce(s *subject) {
	s.log("", "a", s.now())
	s.log("", "a", s.now())
	s.log("", "b", s.now())
	s.check(s.keys() == "1a 2b ", "log reads %s", s.keys())
	s.wants("log of another kind", s.Log(s.Context(), id, agent.GapLog, agent.LogLine{Key: "a"}), nil)
	gaps, err := s.Logs(s.Context(), id, agent.GapLog, 0, 10)
	s.check(err == nil && len(gaps) == 1 && gaps[0].Number == 1, "the other log has %+v, %v", gaps, err)
}

func logsAreInOrder(s *subject) {
	for _, key := range []string{"a", "b", "c", "d"} {
		s.log("", key, s.now())
	}
	lines, err := s.Logs(s.Context(), id, agent.TraceLog, 1, 2)
	s.check(err == nil && len(lines) == 2 && lines[0].Key == "b" && lines[1].Key == "c", "after 1: %+v, %v", lines, err)
	s.check(string(lines[0].Data) == `{"k":1}` && lines[0].At.Equal(s.now()), "line %+v", lines[0])
	lines, err = s.Logs(s.Context(), id, agent.TraceLog, 4, 2)
	s.check(err == nil && len(lines) == 0, "after the last: %+v, %v", lines, err)
}

func eraseTakesAContact(s *subject) {
	chat, mail, other := s.say("chat", "anna", "d1").Conversation, s.say("mail", "anna", "d2").Conversation, s.say("chat", "bert", "d3").Conversation
	s.log(chat, "a", s.now())
	s.log(mail, "b", s.now())
	s.log(other, "c", s.now())
	s.log("", "d", s.now())
	l := s.lease(chat) // which protects nothing
	e, err := s.Erase(s.Context(), id, agent.Erasure{Contact: "anna", Channel: "chat"})
	s.check(err == nil && e == agent.Erased{Conversations: 1, Lines: 1}, "on one channel %s, %v", e, err)
	s.wants("save what is erased", s.Save(s.Context(), l, agent.Save{}), agent.ErrNoConversation)
	s.load(mail)
	e, err = s.Erase(s.Context(), id, agent.Erasure{Contact: "anna"})
	s.check(err == nil && e == agent.Erased{Conversations: 1, Lines: 1}, "on all channels %s, %v", e, err)
	s.load(other)
	s.check(s.keys() == "3c 4d ", "log reads %s", s.keys())
	s.log("", "e", s.now())
	s.check(s.keys() == "3c 4d 5e ", "log reads %s", s.keys())
}

func eraseTakesWhatEnded(s *subject) {
	ended, open := s.say("chat", "anna", "d1").Conversation, s.say("chat", "bert", "d2").Conversation
	s.save(ended, agent.Save{Progress: agent.Progress{Answered: 1, Reported: agent.ReportMark{Seq: 1, Owner: 1}}, Owner: &agent.OwnerChange{Owner: agent.NobodyOwns, At: s.now()}})
	s.log(ended, "a", s.now())
	l := s.lease(ended)
	after := agent.Erasure{EndedBefore: s.now().Add(time.Second)}
	e, err := s.Erase(s.Context(), id, after)
	s.check(err == nil && e == agent.Erased{}, "under a lease %s, %v", e, err)
	s.wants("unlease", s.Unlease(s.Context(), l), nil)
	e, err = s.Erase(s.Context(), id, agent.Erasure{EndedBefore: s.now()})
	s.check(err == nil && e == agent.Erased{}, "before it ended %s, %v", e, err)
	e, err = s.Erase(s.Context(), id, after)
	s.check(err == nil && e == agent.Erased{Conversations: 1}, "%s, %v", e, err)
	s.load(open)
	e, err = s.Erase(s.Context(), id, agent.Erasure{Contact: "anna"})
	s.check(err == nil && e == agent.Erased{Lines: 1}, "lines of an erased conversation: %s, %v", e, err)
}

func eraseTakesOldLines(s *subject) {
	s.log("", "old", s.now())
	s.log("", "new", s.now().Add(time.Hour))
	s.wants("log", s.Log(s.Context(), id, agent.GapLog, agent.LogLine{Key: "old", At: s.now()}), nil)
	e, err := s.Erase(s.Context(), id, agent.Erasure{LoggedBefore: map[agent.LogKind]time.Time{agent.TraceLog: s.now().Add(time.Minute)}})
	gaps, _ := s.Logs(s.Context(), id, agent.GapLog, 0, 10)
	s.check(err == nil && e == agent.Erased{Lines: 1} && s.keys() == "2new " && len(gaps) == 1, "%s, %v; left %s and %d gaps", e, err, s.keys(), len(gaps))
}

func erasedIsGone(s *subject) {
	in := s.say("chat", "anna", "d1").Conversation
	_, err := s.Erase(s.Context(), id, agent.Erasure{Contact: "anna"})
	s.wants("erase", err, nil)
	again := s.say("chat", "anna", "d1")
	s.check(!again.Fresh, "a delivery of what was erased was taken again: %+v", again)
	_, err = s.Load(s.Context(), id, in)
	s.wants("load", err, agent.ErrNoConversation)
	s.wants("log", s.Log(s.Context(), id, agent.TraceLog, agent.LogLine{Key: "late", Conversation: in}), agent.ErrNoConversation)
	next := s.say("chat", "anna", "d2")
	s.check(next.Conversation != in && next.Seq == 1, "a message after erasing went to %+v", next)
}

func lifecycleByRevision(s *subject) {
	l, err := s.Lifecycle(s.Context(), id)
	s.check(err == nil && l.Revision == 0, "at first %+v, %v", l, err)
	l.Paused = true
	s.wants("set", s.SetLifecycle(s.Context(), id, l), nil)
	s.wants("set on top of an old one", s.SetLifecycle(s.Context(), id, l), agent.ErrSuperseded)
	l, err = s.Lifecycle(s.Context(), id)
	s.check(err == nil && l.Paused && l.Revision == 1, "then %+v, %v", l, err)
}

func versionsFollow(s *subject) {
	v := func(number, based int64) agent.Version {
		return agent.Version{Number: number, Based: based, Settings: json.RawMessage(`{}`), At: s.now()}
	}
	s.wants("add 1", s.AddVersion(s.Context(), id, v(1, 0)), nil)
	s.wants("add 1 again", s.AddVersion(s.Context(), id, v(1, 0)), nil)
	s.wants("add 3", s.AddVersion(s.Context(), id, v(3, 1)), agent.ErrSuperseded)
	s.wants("add 2", s.AddVersion(s.Context(), id, v(2, 1)), nil)
	list, err := s.Versions(s.Context(), id, 0, 10)
	s.check(err == nil && len(list) == 2 && list[0].Number == 2 && list[1].Number == 1, "versions %+v, %v", list, err)
	list, err = s.Versions(s.Context(), id, 2, 10)
	s.check(err == nil && len(list) == 1 && list[0].Number == 1, "versions below 2: %+v, %v", list, err)
	got, err := s.Version(s.Context(), id, 2)
	s.check(err == nil && got.Based == 1, "version 2: %+v, %v", got, err)
	_, err = s.Version(s.Context(), id, 0)
	s.wants("version 0", err, agent.ErrNoVersion)
	l, err := s.Lifecycle(s.Context(), id)
	s.check(err == nil && l.Draft == 2 && l.Revision == 2, "lifecycle %+v, %v", l, err)
}
