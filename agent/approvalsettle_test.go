package agent_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
)

func TestApprovedResultIsToldWithoutAModelToo(t *testing.T) {
	for name, after := range map[string]agenttest.Step{
		"fails":            agenttest.Fail(agent.ErrUnavailable),
		"says nothing":     agenttest.Say(" "),
		"invents a figure": agenttest.Say("999 kroner are on their way."),
		"only an address":  agenttest.Say("https://evil.example/pay"),
		"calls for ever":   agenttest.Call("unknown", map[string]int{}),
	} {
		t.Run(name, func(t *testing.T) {
			var r refunds
			h, p := waiting(t, &r, agent.Config{Model: agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 77})).Always(after)})
			if err := h.Agent.As(boss).Approve(t.Context(), p.Conversation, p.ID); err != nil {
				t.Fatal(err)
			}
			reply := h.Next()
			agenttest.RequireDecision(t, reply, agent.Answer)
			agenttest.RequireText(t, reply, doneText)
			if !reply.Substantive || strings.Contains(reply.Text, "evil") {
				t.Errorf("%+v", reply)
			}
		})
	}
}

func TestP7ApprovedResultIsToldWithoutTheModelWhenCreditsAreGone(t *testing.T) {
	clock := agenttest.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	meter := credits.NewLedger(credits.Config{Now: clock.Now, HoldFor: time.Hour})
	if err := meter.Grant(t.Context(), "agent", credits.Grant{ID: "g", Amount: 100}); err != nil {
		t.Fatal(err)
	}
	var r refunds
	model := refundBot()
	h, p := waiting(t, &r, agent.Config{Model: model, Meter: meter, Now: clock.Now})
	clock.Advance(2 * time.Hour) // the reservation lapses
	if err := meter.Reserve(t.Context(), credits.Charge{Account: "agent", Key: "other", Amount: 100}); err != nil {
		t.Fatal(err)
	}
	if err := h.Agent.As(boss).Approve(t.Context(), p.Conversation, p.ID); err != nil {
		t.Fatal(err)
	}
	agenttest.RequireText(t, h.Next(), doneText)
	if n := len(model.Requests()); n != 1 {
		t.Errorf("the model was asked %d times", n)
	}
}

func TestApprovedActionThatGoesWrongIsAHandoff(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(context.Context) error
		want string
	}{
		"fails":  {func(context.Context) error { return errors.New("account closed") }, "account closed"},
		"panics": {func(context.Context) error { panic("x") }, "panicked"},
	} {
		for _, human := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s human %t", name, human), func(t *testing.T) {
				r := refunds{do: c.do}
				h, p := waiting(t, &r, agent.Config{})
				op := h.Agent.As(boss)
				if human {
					if err := op.TakeOver(t.Context(), p.Conversation); err != nil {
						t.Fatal(err)
					}
				}
				if err := op.Approve(t.Context(), p.Conversation, p.ID); err != nil {
					t.Fatal(err)
				}
				done := settledApproval(t, h.Agent, p)
				if done.Record == nil || !strings.Contains(done.Record.Error, c.want) {
					t.Errorf("record %+v", done.Record)
				}
				if human {
					if sent := h.Channel.Sent(""); len(sent) != 1 {
						t.Errorf("sent %s", texts(sent))
					}
					return
				}
				reply := h.Next()
				agenttest.RequireHandoff(t, reply, handoff.Failure)
				if !strings.Contains(reply.Case.Detail, c.want) {
					t.Errorf("detail %q", reply.Case.Detail)
				}
			})
		}
	}
}

func TestApprovedActionThatIsGoneOrChangedIsAHandoff(t *testing.T) {
	changed := agent.Action{
		Name: "refund", Schema: []byte(`{"type":"object","properties":{"order":{"type":"string"}}}`),
		Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
			t.Error("performed")
			return agent.ActionResult{}, nil
		},
	}
	stricter := changed
	stricter.Schema, stricter.Identity = nil, map[string]agent.ContactField{"phone": agent.ContactPhone}
	for name, actions := range map[string][]agent.Action{"gone": nil, "changed": {changed}, "stricter": {stricter}} {
		t.Run(name, func(t *testing.T) {
			var r refunds
			store := agent.NewMemoryStore(nil)
			ch := channels.NewMemory("test", channels.Capabilities{})
			inbox := &handoff.Inbox{}
			cfg := agent.Config{
				Knowledge: helpCentre(t), Store: store, Router: inbox, Channels: []channels.Channel{ch}, Model: refundBot(),
				Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: true})},
			}
			a := mustNew(t, cfg)
			stop := running(t, a)
			if err := a.Deliver(t.Context(), channels.Event{Channel: "test", Delivery: "d", Thread: "t", Contact: verified, Message: channels.Message{Text: parcelQuestion}}); err != nil {
				t.Fatal(err)
			}
			waitFor(t, func() bool { return len(ch.Sent("")) == 1 })
			stop()
			cfg.Actions, cfg.Channels = actions, []channels.Channel{replica{ch}}
			b := mustNew(t, cfg)
			stop = running(t, b)
			defer stop()
			pending, err := b.As(boss).PendingApprovals(t.Context(), 1)
			if err != nil || len(pending) != 1 {
				t.Fatalf("%+v, %v", pending, err)
			}
			if err := b.As(boss).Approve(t.Context(), pending[0].Conversation, pending[0].ID); err != nil {
				t.Fatal(err)
			}
			waitFor(t, func() bool { return len(inbox.Cases()) == 1 })
			if _, calls := r.effects(); calls != 0 {
				t.Error("performed")
			}
		})
	}
}

func TestSameCallWaitsForOneApprovalAndIsNotAskedForTwice(t *testing.T) {
	var r refunds
	call := agenttest.Call("refund", map[string]int{"order": 77})
	// Later the model asks again while the call waits, and even once more when
	// it is told the result.
	h, p := waiting(t, &r, agent.Config{Model: agenttest.NewModel(call, call, call).Always(agenttest.Say("300 kroner are on their way."))})
	agenttest.RequireDecision(t, sayAs(h, t, verified, "d2", "Where is my money for parcel number 77?"), agent.AwaitApproval)
	if again := onlyApproval(t, h); again.ID != p.ID || !again.RequestedAt.Equal(p.RequestedAt) {
		t.Errorf("asked for as %+v and %+v", p, again)
	}
	if err := h.Agent.As(boss).Approve(t.Context(), p.Conversation, p.ID); err != nil {
		t.Fatal(err)
	}
	agenttest.RequireText(t, h.Next(), "300 kroner")
	if _, calls := r.effects(); calls != 1 {
		t.Errorf("%d calls", calls)
	}
	if pending, _ := h.Agent.As(boss).PendingApprovals(t.Context(), 1); len(pending) != 0 {
		t.Errorf("asked for again: %+v", pending)
	}
}

func TestPendingApprovalsOfAConversationAreLimited(t *testing.T) {
	var r refunds
	n := 0
	model := agent.ModelFunc(func(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
		n++
		return agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": n})).Generate(ctx, req)
	})
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: true})}})
	for i := range 12 {
		if sayAs(h, t, verified, fmt.Sprint(i), fmt.Sprintf("Where is my parcel with number %d now?", i)).Decision == agent.HandOff {
			break
		}
	}
	if pending, err := h.Agent.As(boss).PendingApprovals(t.Context(), 100); err != nil || len(pending) != 8 {
		t.Errorf("%d calls wait, %v", len(pending), err)
	}
}

func TestCustomerWhoWritesDuringTheResultIsAnsweredAndNothingRepeats(t *testing.T) {
	var r refunds
	var h *agenttest.Harness
	asked := 0
	model := agent.ModelFunc(func(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
		switch asked++; asked {
		case 1:
			return agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 77})).Generate(ctx, req)
		case 2:
			if err := h.Channel.Say(ctx, "customer", "more", "hello"); err != nil {
				t.Error(err)
			}
		}
		return agenttest.NewModel(agenttest.Say("300 kroner are on their way.")).Generate(ctx, req)
	})
	h = agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: true})}})
	agenttest.RequireDecision(t, sayAs(h, t, verified, "d1", parcelQuestion), agent.AwaitApproval)
	p := onlyApproval(t, h)
	if err := h.Agent.As(boss).Approve(t.Context(), p.Conversation, p.ID); err != nil {
		t.Fatal(err)
	}
	greeting, result := h.Next(), h.Next()
	agenttest.RequireText(t, greeting, "Hello")
	agenttest.RequireText(t, result, "300 kroner")
	if _, calls := r.effects(); calls != 1 || asked != 3 || len(h.Channel.Sent("")) != 3 {
		t.Errorf("%d calls, %d model calls, sent %s", calls, asked, texts(h.Channel.Sent("")))
	}
}

func TestP9PreviewShowsAnApprovalAndLeavesNone(t *testing.T) {
	var r refunds
	store := agent.NewMemoryStore(nil)
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store, Model: refundBot(), Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: true})}})
	reply, err := a.Preview(t.Context(), agent.Question{Text: parcelQuestion, Contact: verified})
	if err != nil {
		t.Fatal(err)
	}
	agenttest.RequireDecision(t, reply, agent.AwaitApproval)
	agenttest.RequireText(t, reply, checkingText)
	if got := reply.Trace.Actions[0]; !got.DryRun || got.Outcome != agent.ActionAwaits {
		t.Errorf("%+v", got)
	}
	if pending, _ := store.PendingApprovals(t.Context(), "agent", 10); len(pending) != 0 {
		t.Errorf("preview waits: %+v", pending)
	}
	// A preview for somebody whom the action refuses is not audited either.
	a = mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store, Model: refundBot(), Actions: []agent.Action{r.action(t, agent.Action{})}})
	if _, err := a.Preview(t.Context(), agent.Question{Text: parcelQuestion}); err != nil {
		t.Fatal(err)
	}
	if lines, _ := store.Logs(t.Context(), "agent", agent.AuditLog, 0, 10); len(lines) != 0 {
		t.Errorf("preview was audited: %s", lines[0].Data)
	}
	if _, calls := r.effects(); calls != 0 {
		t.Error("preview performed")
	}
}

func TestApprovalIsRefusedWhereNobodyCanWait(t *testing.T) {
	var r refunds
	model := refundBot()
	ch := &exchangeChannel{Memory: channels.NewMemory("voice", channels.Capabilities{})}
	mustNew(t, agent.Config{Knowledge: helpCentre(t), Channels: []channels.Channel{ch}, Model: model, Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: true})}})
	if _, err := ch.inbox.Exchange(t.Context(), channels.Event{Delivery: "1", Thread: "t", Contact: verified, Message: channels.Message{Text: parcelQuestion}}); err != nil {
		t.Fatal(err)
	}
	messages := model.Requests()[1].Messages
	if told := messages[len(messages)-1].Text; !strings.Contains(told, "cannot be waited for here") {
		t.Errorf("told %q", told)
	}
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: refundBot(), Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: true})}})
	reply, err := a.Reply(t.Context(), agent.Question{Text: parcelQuestion, Contact: verified})
	if err != nil || reply.Trace.Actions[0].Outcome != agent.ActionRefused {
		t.Errorf("%+v, %v", reply.Trace.Actions, err)
	}
	if _, calls := r.effects(); calls != 0 {
		t.Error("performed")
	}
}
