package agent_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
)

// crashingApprovals is a crashingStore that fails decisions too.
type crashingApprovals struct{ *crashingStore }

func (s crashingApprovals) DecideApproval(ctx context.Context, a, conversation, approval string, d agent.ApprovalDecision) (agent.Approval, error) {
	if s.crash() {
		if s.after {
			if _, err := s.Store.DecideApproval(ctx, a, conversation, approval, d); err != nil {
				return agent.Approval{}, err
			}
		}
		return agent.Approval{}, errCrash
	}
	return s.Store.DecideApproval(ctx, a, conversation, approval, d)
}

func TestP1FailureOfAnyWriteKeepsOneApprovalOneActionOneReply(t *testing.T) {
	for _, verdict := range []string{"approve", "reject", "expire"} {
		t.Run(verdict, func(t *testing.T) {
			var writes int64
			synctest.Test(t, func(t *testing.T) { writes = approveFailingAt(t, verdict, 0, false) })
			if writes < 14 {
				t.Fatalf("an undisturbed approval makes %d writes, too few for its steps", writes)
			}
			for _, after := range []bool{false, true} {
				for at := int64(1); at <= writes; at++ {
					t.Run(fmt.Sprintf("write %d kept %t", at, after), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { approveFailingAt(t, verdict, at, after) })
					})
				}
			}
		})
	}
}

// steadyBot wants a refund until it is told of one, however often it is asked.
var steadyBot = agent.ModelFunc(func(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
	if req.Messages[len(req.Messages)-1].Role == agent.RoleTool {
		return agenttest.NewModel(agenttest.Say("300 kroner are on their way.")).Generate(ctx, req)
	}
	return agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 77})).Generate(ctx, req)
})

// afterWaiting returns the next reply that is not about waiting, which may have
// been told of twice.
func afterWaiting(h *agenttest.Harness) agent.Reply {
	for {
		if r := h.Next(); r.Decision != agent.AwaitApproval {
			return r
		}
	}
}

// approveFailingAt takes a call from its request to its settlement with the
// at-th write failing, 0 for none, and returns how many writes there were.
func approveFailingAt(t *testing.T, verdict string, at int64, after bool) int64 {
	var r refunds
	meter := ledger(t, "agent", 1000)
	store := crashingApprovals{&crashingStore{Store: agent.NewMemoryStore(nil), at: at, after: after}}
	h, p := waiting(t, &r, agent.Config{
		Store: store, Meter: meter, Model: steadyBot, Poll: time.Second,
		Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: true, Idempotent: true, ApproveWithin: time.Hour})},
	})
	op := h.Agent.As(boss)
	decide := func() error {
		switch verdict {
		case "approve":
			return op.Approve(t.Context(), p.Conversation, p.ID)
		case "reject":
			return op.Reject(t.Context(), p.Conversation, p.ID, "Too late.")
		}
		time.Sleep(time.Hour)
		return nil
	}
	if err := decide(); err != nil {
		if !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		if err := decide(); err != nil { // whoever got an error tries again
			t.Fatal(err)
		}
	}
	reply := afterWaiting(h)
	want := map[string]struct {
		decision agent.Decision
		text     string
		effects  int
		credits  int64
		after    agent.ApprovalState
	}{
		"approve": {agent.Answer, "300 kroner", 1, 900, agent.ApprovalGranted},
		"reject":  {agent.Answer, "Too late.", 0, 900, agent.ApprovalRejected},
		"expire":  {agent.HandOff, "", 0, 1000, agent.ApprovalExpired},
	}[verdict]
	agenttest.RequireDecision(t, reply, want.decision)
	agenttest.RequireText(t, reply, want.text)
	synctest.Wait()
	if sent := h.Channel.Sent(""); len(sent) != 2 {
		t.Errorf("sent %s", texts(sent))
	}
	if effects, _ := r.effects(); effects != want.effects {
		t.Errorf("%d refunds took effect, want %d", effects, want.effects)
	}
	if done := settledApproval(t, h.Agent, p); done.Decision.State != want.after {
		t.Errorf("decided as %s", done.Decision)
	}
	if cases := h.Inbox.Cases(); (len(cases) == 1) != (want.decision == agent.HandOff) {
		t.Errorf("%d cases", len(cases))
	}
	agenttest.RequireCredits(t, meter, "agent", want.credits)
	seen := map[string]int{}
	for _, e := range auditEvents(t, h.Agent) {
		seen[strings.TrimPrefix(e.Action, "perform ")]++
	}
	if seen[verdict+" refund"] != 1 || seen["refund"] != want.effects {
		t.Errorf("audit %v", seen)
	}
	if lines, _ := store.Logs(t.Context(), "agent", agent.ReportLog, 0, 10); len(lines) != 2 {
		t.Errorf("%d outcomes logged, want 2", len(lines))
	}
	requireNoRecords(t, store.Store)
	if n := store.calls.Load(); n < at {
		t.Errorf("there were %d writes: write %d never failed", n, at)
	}
	return store.calls.Load()
}

func TestP1ApprovedActionWithUnknownOutcomeGoesToAHuman(t *testing.T) {
	// Whichever write fails, an action that cannot be repeated is performed once
	// at most, and a human gets the conversation if its outcome was lost.
	lost := 0
	for at := int64(1); at <= 20; at++ {
		synctest.Test(t, func(t *testing.T) {
			var r refunds
			store := crashingApprovals{&crashingStore{Store: agent.NewMemoryStore(nil), at: at}}
			h, p := waiting(t, &r, agent.Config{Store: store, Model: steadyBot, Poll: time.Second})
			for h.Agent.As(boss).Approve(t.Context(), p.Conversation, p.ID) != nil {
			}
			reply := afterWaiting(h)
			effects, calls := r.effects()
			if calls > 1 || reply.Decision == agent.Answer && effects != 1 {
				t.Errorf("write %d: %s after %d calls", at, reply.Decision, calls)
			}
			if reply.Decision == agent.HandOff {
				lost++
			}
		})
	}
	if lost == 0 || lost > 2 {
		t.Errorf("%d writes lost an outcome", lost)
	}
}
