package agent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
)

func TestStoreKeepsApprovalsAndTheirFirstDecision(t *testing.T) {
	now := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	s := agent.NewMemoryStore(func() time.Time { return now })
	id := accept(t, s, "d1", "one", now).Conversation
	lease, err := s.Lease(t.Context(), "a", id, "w", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	first := agent.Approval{ID: "p1", Conversation: id, Action: "refund", RequestedAt: now.Add(time.Minute), ExpiresAt: now.Add(time.Hour)}
	second := agent.Approval{ID: "p2", Conversation: id, Action: "refund", RequestedAt: now, ExpiresAt: now.Add(time.Hour)}
	done := agent.Progress{Answered: 1, Reported: agent.ReportMark{Seq: 1}}
	save := agent.Save{Progress: done, Approvals: []agent.Approval{first, second}}
	wrong := int64(99)
	refused := save
	refused.IfOwner = &wrong
	if err := s.Save(t.Context(), lease, refused); !errors.Is(err, agent.ErrTakenOver) {
		t.Errorf("a claim that does not hold: %v", err)
	}
	if pending, err := s.PendingApprovals(t.Context(), "a", 10); err != nil || len(pending) != 0 {
		t.Errorf("a refused claim left %+v, %v", pending, err)
	}
	for range 2 { // the same again has no effect
		if err := s.Save(t.Context(), lease, save); err != nil {
			t.Fatal(err)
		}
	}
	pending, err := s.PendingApprovals(t.Context(), "a", 10)
	if err != nil || len(pending) != 2 || pending[0].ID != "p2" || pending[1].ID != "p1" {
		t.Errorf("pending %+v, %v; want the oldest first", pending, err)
	}
	if pending, _ := s.PendingApprovals(t.Context(), "a", 1); len(pending) != 1 || pending[0].ID != "p2" {
		t.Errorf("one of them: %+v", pending)
	}
	if pending, _ := s.PendingApprovals(t.Context(), "b", 10); len(pending) != 0 {
		t.Errorf("another agent sees %+v", pending)
	}
	if err := s.Unlease(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	due := func() int {
		t.Helper()
		ids, err := s.Due(t.Context(), "a", now, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(ids)
	}
	if due() != 0 {
		t.Error("due while it waits")
	}

	// Without the lease, and whoever comes later sees the first decision.
	yes := agent.ApprovalDecision{State: agent.ApprovalGranted, By: agent.Actor{ID: "1"}, At: now}
	no := agent.ApprovalDecision{State: agent.ApprovalRejected, By: agent.Actor{ID: "2"}, At: now, Reason: "no"}
	for _, d := range []agent.ApprovalDecision{yes, no, yes} {
		if p, err := s.DecideApproval(t.Context(), "a", id, "p1", d); err != nil || p.Decision != yes || p.ID != "p1" {
			t.Errorf("deciding %s: %+v, %v", d, p, err)
		}
	}
	if due() != 1 {
		t.Error("not due after the decision")
	}
	if _, err := s.DecideApproval(t.Context(), "a", id, "p3", yes); !errors.Is(err, agent.ErrNoApproval) {
		t.Errorf("unknown approval: %v", err)
	}
	if _, err := s.DecideApproval(t.Context(), "b", id, "p1", yes); !errors.Is(err, agent.ErrNoConversation) {
		t.Errorf("another agent's conversation: %v", err)
	}

	// The holder of the lease settles, and cannot undo the decision.
	if lease, err = s.Lease(t.Context(), "a", id, "w", time.Hour); err != nil {
		t.Fatal(err)
	}
	first.Settled, first.Record = true, &agent.ActionRecord{Name: "refund"}
	if err := s.Save(t.Context(), lease, agent.Save{Progress: done, Approvals: []agent.Approval{first}}); err != nil {
		t.Fatal(err)
	}
	c, err := s.Load(t.Context(), "a", id)
	if err != nil || len(c.Approvals) != 2 || !c.Approvals[0].Settled || c.Approvals[0].Decision != yes || c.Approvals[0].Record == nil {
		t.Errorf("approvals %+v, %v", c.Approvals, err)
	}
	if err := s.Unlease(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	if due() != 0 {
		t.Error("due after it was settled")
	}
	now = now.Add(time.Hour)
	if due() != 1 {
		t.Error("not due when its time has passed")
	}
}
