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
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

const (
	checkingText = "A colleague has to approve this first."
	doneText     = "it has been done"
	declinedText = "it could not be done"
)

// refundBot asks for a refund of order 77, then says what came of it.
func refundBot() *agenttest.Model {
	return agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 77})).Always(agenttest.Say("300 kroner are on their way to you."))
}

// waiting starts an agent and has a verified customer ask for a refund that
// needs approval.
func waiting(t testing.TB, r *refunds, cfg agent.Config) (*agenttest.Harness, agent.Approval) {
	t.Helper()
	if cfg.Actions == nil {
		cfg.Actions = []agent.Action{r.action(t, agent.Action{RequiresApproval: true})}
	}
	if cfg.Model == nil {
		cfg.Model = refundBot()
	}
	if cfg.Poll == 0 {
		cfg.Poll = 2 * time.Millisecond
	}
	cfg.Knowledge = helpCentre(t)
	h := agenttest.Start(t, cfg)
	reply := sayAs(h, t, verified, "d1", parcelQuestion)
	agenttest.RequireDecision(t, reply, agent.AwaitApproval)
	agenttest.RequireText(t, reply, checkingText)
	return h, onlyApproval(t, h)
}

func onlyApproval(t testing.TB, h *agenttest.Harness) agent.Approval {
	t.Helper()
	pending, err := h.Agent.As(boss).PendingApprovals(t.Context(), 10)
	if err != nil || len(pending) != 1 {
		t.Fatalf("pending %+v, %v", pending, err)
	}
	return pending[0]
}

// settledApproval waits until an approval is settled.
func settledApproval(t testing.TB, a *agent.Agent, p agent.Approval) agent.Approval {
	t.Helper()
	var out agent.Approval
	waitFor(t, func() bool {
		c, err := a.As(boss).Conversation(t.Context(), p.Conversation)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range c.Approvals {
			if q.ID == p.ID {
				out = q
			}
		}
		return out.Settled
	})
	return out
}

func texts(sent []channels.Outgoing) string {
	var out []string
	for _, s := range sent {
		out = append(out, s.Text)
	}
	return strings.Join(out, " | ")
}

var boss = agent.Actor{ID: "boss", Name: "Bo"}

func TestApprovedActionIsPerformedOnceAndItsResultTold(t *testing.T) {
	var r refunds
	meter := ledger(t, "agent", 1000)
	model := refundBot()
	h, p := waiting(t, &r, agent.Config{Meter: meter, Model: model})
	if p.Action != "refund" || string(p.Arguments) != `{"customer":"c7","order":77}` || p.ExpiresAt.Sub(p.RequestedAt) != 72*time.Hour || p.Contact.ID != "c7" || p.Conversation != h.Conversation("customer") {
		t.Errorf("approval %+v", p)
	}
	if _, calls := r.effects(); calls != 0 {
		t.Fatal("performed before anybody approved")
	}
	if b, _ := meter.Balance(t.Context(), "agent"); b.Committed != 0 {
		t.Errorf("waiting was charged: %+v", b)
	}
	if err := h.Agent.As(boss).Approve(t.Context(), p.Conversation, p.ID); err != nil {
		t.Fatal(err)
	}
	reply := h.Next()
	agenttest.RequireDecision(t, reply, agent.Answer)
	agenttest.RequireText(t, reply, "300 kroner are on their way")
	if effects, calls := r.effects(); effects != 1 || calls != 1 {
		t.Errorf("%d refunds in %d calls", effects, calls)
	}
	if r.calls[0].Key != p.Key || r.calls[0].Contact.ID != "c7" || r.calls[0].Channel != "test" {
		t.Errorf("performed %+v", r.calls[0])
	}
	if sent := h.Channel.Sent(""); len(sent) != 2 {
		t.Errorf("sent %s", texts(sent))
	}
	agenttest.RequireCredits(t, meter, "agent", 900)
	requests := model.Requests()
	messages := requests[len(requests)-1].Messages
	last, before := messages[len(messages)-1], messages[len(messages)-2]
	if last.Role != agent.RoleTool || !strings.Contains(last.Text, "300 kroner") || len(before.ToolCalls) != 1 || before.ToolCalls[0].ID != last.ToolCallID || !strings.Contains(before.Text, checkingText) || string(before.ToolCalls[0].Arguments) != `{"order":77}` {
		t.Errorf("the model was shown %+v", messages)
	}
	if done := settledApproval(t, h.Agent, p); done.Record == nil || done.Record.Outcome != agent.ActionPerformed {
		t.Errorf("settled as %+v", done)
	}
	if pending, _ := h.Agent.As(boss).PendingApprovals(t.Context(), 10); len(pending) != 0 {
		t.Errorf("still pending: %+v", pending)
	}
	agenttest.RequireDecision(t, sayAs(h, t, verified, "d2", "thanks"), agent.Answer)
}

func TestRejectedActionIsNotPerformedAndTheReasonTold(t *testing.T) {
	var r refunds
	h, p := waiting(t, &r, agent.Config{})
	if err := h.Agent.As(boss).Reject(t.Context(), p.Conversation, p.ID, "The order is older than 30 days."); err != nil {
		t.Fatal(err)
	}
	reply := h.Next()
	agenttest.RequireDecision(t, reply, agent.Answer)
	agenttest.RequireText(t, reply, declinedText, "older than 30 days")
	if reply.Substantive {
		t.Error("a rejection would be charged")
	}
	if _, calls := r.effects(); calls != 0 {
		t.Error("performed all the same")
	}
}

func TestP2ApprovalUnderAHumanIsPerformedInSilence(t *testing.T) {
	for name, change := range map[string]func(*agent.Operator, string) error{
		"human":  func(o *agent.Operator, id string) error { return o.TakeOver(t.Context(), id) },
		"nobody": func(o *agent.Operator, id string) error { return o.Resolve(t.Context(), id) },
	} {
		t.Run(name, func(t *testing.T) {
			var r refunds
			h, p := waiting(t, &r, agent.Config{})
			op := h.Agent.As(boss)
			if err := errors.Join(change(op, p.Conversation), op.Approve(t.Context(), p.Conversation, p.ID)); err != nil {
				t.Fatal(err)
			}
			done := settledApproval(t, h.Agent, p)
			if effects, _ := r.effects(); effects != 1 || done.Record == nil || !strings.Contains(done.Record.Result.Text, "300 kroner") {
				t.Errorf("%d refunds, record %+v", effects, done.Record)
			}
			if sent := h.Channel.Sent(""); len(sent) != 1 {
				t.Errorf("the agent spoke: %s", texts(sent))
			}
		})
	}
}

func TestP2TakeoverWhileAnApprovedActionRunsDropsTheReply(t *testing.T) {
	entered, resume := make(chan bool), make(chan bool)
	r := refunds{do: func(context.Context) error { entered <- true; <-resume; return nil }}
	h, p := waiting(t, &r, agent.Config{})
	op := h.Agent.As(boss)
	if err := op.Approve(t.Context(), p.Conversation, p.ID); err != nil {
		t.Fatal(err)
	}
	<-entered
	if err := op.TakeOver(t.Context(), p.Conversation); err != nil {
		t.Fatal(err)
	}
	close(resume)
	settledApproval(t, h.Agent, p)
	if _, calls := r.effects(); calls != 1 {
		t.Errorf("%d calls", calls)
	}
	if sent := h.Channel.Sent(""); len(sent) != 1 {
		t.Errorf("the agent spoke over the human: %s", texts(sent))
	}
}

func TestApprovalThatNobodyGivesEndsInAHandoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r refunds
		h, p := waiting(t, &r, agent.Config{Poll: time.Second})
		asked := time.Now()
		time.Sleep(71 * time.Hour) // past the idle close
		synctest.Wait()
		op := h.Agent.As(boss)
		c, err := op.Conversation(t.Context(), p.Conversation)
		if err != nil || c.Owner != agent.AgentOwns || len(h.Inbox.Cases()) != 0 {
			t.Fatalf("after 71 hours: %s, %v", c.Owner, err)
		}
		time.Sleep(time.Until(asked.Add(72 * time.Hour)))
		reply := h.Next()
		agenttest.RequireHandoff(t, reply, agent.NotApproved)
		if cs := h.Inbox.Cases(); len(cs) != 1 || cs[0].Detail != "refund" || len(cs[0].Transcript) != 2 || !cs[0].WaitingSince.Equal(p.WaitingSince) {
			t.Errorf("cases %+v", cs)
		}
		if err := op.Approve(t.Context(), p.Conversation, p.ID); !errors.Is(err, agent.ErrApprovalExpired) {
			t.Errorf("approving late: %v", err)
		}
		synctest.Wait()
		if _, calls := r.effects(); calls != 0 {
			t.Error("performed after its time")
		}
	})
}

func TestApprovalAtTheMomentItExpiresIsTooLate(t *testing.T) {
	clock := agenttest.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	var r refunds
	h, p := waiting(t, &r, agent.Config{
		Now: clock.Now, Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: true, ApproveWithin: time.Minute})},
	})
	clock.Advance(time.Minute)
	if err := h.Agent.As(boss).Approve(t.Context(), p.Conversation, p.ID); !errors.Is(err, agent.ErrApprovalExpired) {
		t.Errorf("%v", err)
	}
	agenttest.RequireHandoff(t, h.Next(), agent.NotApproved)
	if _, calls := r.effects(); calls != 0 {
		t.Error("performed after its time")
	}
}

func TestApprovalIsDecidedOnce(t *testing.T) {
	var r refunds
	h, p := waiting(t, &r, agent.Config{})
	bo, mette := h.Agent.As(boss), h.Agent.As(agent.Actor{ID: "mette"})
	for range 2 {
		if err := bo.Approve(t.Context(), p.Conversation, p.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := mette.Approve(t.Context(), p.Conversation, p.ID); err != nil {
		t.Errorf("a second person approves too: %v", err)
	}
	if err := mette.Reject(t.Context(), p.Conversation, p.ID, "no"); !errors.Is(err, agent.ErrApprovalDecided) || !strings.Contains(err.Error(), "approved by boss") {
		t.Errorf("rejecting what was approved: %v", err)
	}
	if err := mette.Approve(t.Context(), p.Conversation, "other"); !errors.Is(err, agent.ErrNoApproval) {
		t.Errorf("unknown approval: %v", err)
	}
	if err := mette.Approve(t.Context(), "other", p.ID); !errors.Is(err, agent.ErrNoConversation) {
		t.Errorf("unknown conversation: %v", err)
	}
	agenttest.RequireText(t, h.Next(), "300 kroner")
	if _, calls := r.effects(); calls != 1 {
		t.Errorf("%d calls", calls)
	}
	var seen []string
	for _, e := range auditEvents(t, h.Agent) {
		if e.ByAgent {
			continue
		}
		seen = append(seen, fmt.Sprintf("%s %s: %s -> %s", e.Actor.ID, e.Action, e.Before, e.After))
	}
	want := "boss approve refund: pending -> approved by boss, mette approve refund: approved by boss -> approved by boss, mette reject refund: approved by boss -> approved by boss"
	if got := strings.Join(seen, ", "); got != want {
		t.Errorf("audit %s\nwant  %s", got, want)
	}
}

func TestP15ApprovingNeedsItsPermission(t *testing.T) {
	var r refunds
	h, p := waiting(t, &r, agent.Config{Authorizer: agent.AuthorizerFunc(func(_ context.Context, a agent.Actor, perm agent.Permission, target string) error {
		if a.ID == "guest" && (perm == agent.MayApprove || perm == agent.MayRead) {
			return errors.New("not on shift")
		}
		return nil
	})})
	guest := h.Agent.As(agent.Actor{ID: "guest"})
	_, listing := guest.PendingApprovals(t.Context(), 10)
	for name, err := range map[string]error{
		"approve": guest.Approve(t.Context(), p.Conversation, p.ID), "reject": guest.Reject(t.Context(), p.Conversation, p.ID, ""), "list": listing,
	} {
		if !errors.Is(err, agent.ErrUnauthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if onlyApproval(t, h).Decision.State != agent.ApprovalPending {
		t.Error("a refused decision counts")
	}
	if n := len(auditEvents(t, h.Agent)); n != 3 {
		t.Errorf("%d refusals audited", n)
	}
}

func TestP1ApprovedByTwoReplicasAtOnceIsOneEffectAndOneReply(t *testing.T) {
	var r refunds
	store := agent.NewMemoryStore(nil)
	ch := channels.NewMemory("test", channels.Capabilities{})
	var replicas []*agent.Agent
	for i := range 3 {
		cfg := agent.Config{
			Knowledge: helpCentre(t), Store: store, Model: refundBot(), Poll: time.Millisecond,
			Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: true})}, Channels: []channels.Channel{ch},
		}
		if i > 0 {
			cfg.Channels = []channels.Channel{replica{ch}}
		}
		replicas = append(replicas, mustNew(t, cfg))
	}
	stop := running(t, replicas...)
	defer stop()
	event := channels.Event{Channel: "test", Delivery: "d", Thread: "t", Contact: verified, Message: channels.Message{Text: parcelQuestion}}
	if err := replicas[0].Deliver(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return len(ch.Sent("")) == 1 })
	pending, err := replicas[0].As(boss).PendingApprovals(t.Context(), 10)
	if err != nil || len(pending) != 1 {
		t.Fatalf("%+v, %v", pending, err)
	}
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			if err := replicas[i%3].As(boss).Approve(t.Context(), pending[0].Conversation, pending[0].ID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	settledApproval(t, replicas[1], pending[0])
	stop()
	if effects, calls := r.effects(); effects != 1 || calls != 1 {
		t.Errorf("%d refunds in %d calls", effects, calls)
	}
	if sent := ch.Sent(""); len(sent) > 2 || !strings.Contains(texts(sent), "300 kroner") && len(sent) == 2 {
		t.Errorf("sent %s", texts(sent))
	}
	decided := 0
	for _, e := range auditEvents(t, replicas[0]) {
		if e.Action == "approve refund" {
			decided++
		}
	}
	if decided != 1 {
		t.Errorf("%d events of one decision", decided)
	}
}

func TestTwoApprovalsInOneConversationAreSettledApart(t *testing.T) {
	var r refunds
	step := agenttest.Step{Calls: []agent.ToolCall{agenttest.Call("refund", map[string]int{"order": 1}).Calls[0], agenttest.Call("refund", map[string]int{"order": 2}).Calls[0]}}
	h := agenttest.Start(t, agent.Config{
		Knowledge: helpCentre(t), Model: agenttest.NewModel(step).Always(agenttest.Say("300 kroner are on their way.")),
		Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: true})},
	})
	agenttest.RequireDecision(t, sayAs(h, t, verified, "d1", parcelQuestion), agent.AwaitApproval)
	op := h.Agent.As(boss)
	pending, err := op.PendingApprovals(t.Context(), 10)
	if err != nil || len(pending) != 2 {
		t.Fatalf("%+v, %v", pending, err)
	}
	if first, err := op.PendingApprovals(t.Context(), 1); err != nil || len(first) != 1 {
		t.Errorf("limit 1: %+v, %v", first, err)
	}
	for _, p := range pending {
		if strings.Contains(string(p.Arguments), `"order":1`) {
			err = op.Reject(t.Context(), p.Conversation, p.ID, "")
		} else {
			err = op.Approve(t.Context(), p.Conversation, p.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		h.Next()
	}
	sent := texts(h.Channel.Sent(""))
	if len(h.Channel.Sent("")) != 3 || !strings.Contains(sent, declinedText) || !strings.Contains(sent, "300 kroner") {
		t.Errorf("sent %s", sent)
	}
	if len(r.calls) != 1 || !strings.Contains(string(r.calls[0].Arguments), `"order":2`) {
		t.Errorf("performed %+v", r.calls)
	}
}
