package agent_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

// everything is all that a store shows of an agent, as text.
func everything(t *testing.T, s agent.Store, id string) string {
	t.Helper()
	var out strings.Builder
	heads, err := s.Find(t.Context(), id, agent.ConversationQuery{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range heads {
		c, err := s.Load(t.Context(), id, h.ID)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%+v\n", c)
	}
	for _, kind := range []agent.LogKind{agent.AuditLog, agent.GapLog, agent.TraceLog, agent.ReportLog} {
		lines, err := s.Logs(t.Context(), id, kind, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			fmt.Fprintf(&out, "%s %s %s %s\n", kind, l.Key, l.Conversation, l.Data)
		}
	}
	return out.String()
}

func TestForgottenContactLeavesNothingButCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r refunds
		store := agent.NewMemoryStore(nil)
		h, p := waiting(t, &r, agent.Config{Store: store})
		sayAs(h, t, verified, "d2", "How tall is the Zugspitze in ells?")
		op := h.Agent.As(boss)
		if err := op.Note(t.Context(), p.Conversation, "A note about the customer."); err != nil {
			t.Fatal(err)
		}
		if err := op.Reject(t.Context(), p.Conversation, p.ID, "no reason"); err != nil {
			t.Fatal(err)
		}
		h.Next()
		sayOn := func(thread, delivery string, contact channels.Contact) agent.Reply {
			t.Helper()
			err := h.Agent.Deliver(t.Context(), channels.Event{Channel: "test", Thread: thread, Delivery: delivery, Contact: contact, Message: channels.Message{Text: refundQuestion}})
			if err != nil {
				t.Fatal(err)
			}
			return h.Next()
		}
		other := sayOn("t2", "d3", channels.Contact{ID: "bert"})
		synctest.Wait()
		before := everything(t, store, "agent")
		for _, word := range []string{verified.ID, verified.Email, "Zugspitze", "number 77", `order\":77`, "A note about", "no reason", "bert"} {
			if !strings.Contains(before, word) {
				t.Fatalf("nothing to forget of %q in\n%s", word, before)
			}
		}

		erased, err := op.Forget(t.Context(), "", verified.ID)
		if err != nil || erased.Conversations != 1 || erased.Lines < 4 {
			t.Errorf("forgot %+v, %v", erased, err)
		}
		after := everything(t, store, "agent")
		for _, word := range []string{verified.ID, verified.Email, "Zugspitze", "number 77", `order\":77`, "A note about", "no reason"} {
			if strings.Contains(after, word) {
				t.Errorf("%q is still there: %.2000s", word, after[max(0, strings.Index(after, word)-200):])
			}
		}
		if !strings.Contains(after, "bert") || !strings.Contains(after, other.Text) {
			t.Error("another contact was forgotten")
		}
		if pending, err := op.PendingApprovals(t.Context(), 10); err != nil || len(pending) != 0 {
			t.Errorf("approvals left: %+v, %v", pending, err)
		}
		events := auditEvents(t, h.Agent)
		last := events[len(events)-1]
		if last.Action != "forget" || last.Actor != boss || last.Target != "agent" || last.After != erased.String() || last.Refused {
			t.Errorf("audit event %+v", last)
		}
		agenttest.RequireText(t, sayOn("customer", "d4", verified), "14 days") // who comes back is somebody new
	})
}

func TestP15ForgettingNeedsPermissionAndAContact(t *testing.T) {
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Authorizer: agent.AuthorizerFunc(func(_ context.Context, a agent.Actor, p agent.Permission, target string) error {
		if p == agent.MayForget && a.ID != boss.ID {
			return errors.New("only the boss")
		}
		return nil
	})})
	h.Ask(refundQuestion)
	if _, err := h.Agent.As(agent.Actor{ID: "temp"}).Forget(t.Context(), "test", "customer"); !errors.Is(err, agent.ErrUnauthorized) {
		t.Errorf("anybody may forget: %v", err)
	}
	if _, err := h.Agent.As(boss).Forget(t.Context(), "test", ""); !errors.Is(err, agent.ErrNoContact) {
		t.Errorf("nobody was forgotten: %v", err)
	}
	if _, err := h.Agent.As(boss).Conversation(t.Context(), h.Conversation("customer")); err != nil {
		t.Errorf("a refused request erased: %v", err)
	}
	if events := auditEvents(t, h.Agent); len(events) != 1 || !events[0].Refused || strings.Contains(fmt.Sprint(events), "customer") {
		t.Errorf("audit %+v", events)
	}
}

func TestForgettingDuringATurnEndsItInSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, resume := make(chan struct{}), make(chan struct{})
		model := agenttest.NewModel(agenttest.Step{Text: "Within 14 days [1].", Before: func(context.Context, agent.Request) error {
			close(started)
			<-resume
			return nil
		}}).Always(agenttest.Say("You get your money back within 14 days [1]."))
		var log bytes.Buffer
		store := agent.NewMemoryStore(nil)
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Model: model, Store: store, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
		if err := h.Agent.Deliver(t.Context(), channels.Event{Channel: "test", Delivery: "d1", Thread: "anna", Contact: channels.Contact{ID: "anna"}, Message: channels.Message{Text: refundQuestion}}); err != nil {
			t.Fatal(err)
		}
		<-started
		if erased, err := h.Agent.As(boss).Forget(t.Context(), "test", "anna"); err != nil || erased.Conversations != 1 {
			t.Fatal(erased, err)
		}
		close(resume)
		time.Sleep(time.Hour) // for all that could be tried again
		if sent := h.Channel.Sent(""); len(sent) != 0 {
			t.Errorf("sent %+v", sent)
		}
		if left := everything(t, store, "agent"); strings.Contains(left, "anna") || strings.Contains(left, "money") {
			t.Errorf("the turn left\n%s", left)
		}
		if log.Len() != 0 {
			t.Errorf("logged %s", log.String())
		}
		agenttest.RequireText(t, h.AskAs("bert", refundQuestion), "14 days")
	})
}

func TestActionOfAForgottenContactIsAuditedWithoutItsArguments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started, resume := make(chan struct{}), make(chan struct{})
		h := agenttest.Start(t, agent.Config{
			Knowledge: helpCentre(t), Model: agenttest.NewModel().Always(agenttest.Call("refund", map[string]int{"order": 77})),
			Actions: []agent.Action{{Name: "refund", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
				close(started)
				<-resume
				return agent.ActionResult{Text: "refunded"}, nil
			}}},
		})
		if err := h.Agent.Deliver(t.Context(), channels.Event{Channel: "test", Delivery: "d1", Thread: "anna", Contact: channels.Contact{ID: "anna"}, Message: channels.Message{Text: refundQuestion}}); err != nil {
			t.Fatal(err)
		}
		<-started
		if _, err := h.Agent.As(boss).Forget(t.Context(), "", "anna"); err != nil {
			t.Fatal(err)
		}
		close(resume)
		time.Sleep(time.Hour)
		performed := 0
		for _, e := range auditEvents(t, h.Agent) {
			if e.Action == "perform refund" {
				performed++
				if e.Arguments != "" || e.Target != "" || e.Outcome != string(agent.ActionPerformed) {
					t.Errorf("audit event %+v", e)
				}
			}
		}
		if performed != 1 {
			t.Errorf("%d events of the action", performed)
		}
	})
}

func TestRetentionForgetsWhatIsTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := agent.NewMemoryStore(nil)
		day := 24 * time.Hour
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store, Poll: 20 * time.Second, Retention: agent.Retention{
			Conversations: 10 * day, Traces: 5 * day, Reports: 20 * day,
		}})
		h.Ask(refundQuestion)
		h.Ask("How tall is the Zugspitze?")
		begun := time.Now()
		count := func() [4]int {
			t.Helper()
			heads, err := store.Find(t.Context(), "agent", agent.ConversationQuery{})
			if err != nil {
				t.Fatal(err)
			}
			out := [4]int{len(heads)}
			for i, kind := range []agent.LogKind{agent.TraceLog, agent.ReportLog, agent.GapLog} {
				lines, err := store.Logs(t.Context(), "agent", kind, 0, 10)
				if err != nil {
					t.Fatal(err)
				}
				out[i+1] = len(lines)
			}
			return out
		}
		for _, at := range []struct {
			after time.Duration
			want  [4]int
		}{
			{4 * day, [4]int{1, 2, 3, 1}},
			{6 * day, [4]int{1, 0, 3, 1}},
			{10*day + day/2, [4]int{1, 0, 3, 1}}, // it closed a day after it was said
			{12 * day, [4]int{0, 0, 3, 1}},
			{22 * day, [4]int{0, 0, 0, 1}}, // gaps are kept
		} {
			time.Sleep(time.Until(begun.Add(at.after)))
			if got := count(); got != at.want {
				t.Errorf("after %v: conversations, traces, reports, gaps %v, want %v", at.after, got, at.want)
			}
		}
	})
}

func TestNegativeRetentionIsAFault(t *testing.T) {
	if _, err := agent.New(agent.Config{Knowledge: helpCentre(t), Retention: agent.Retention{Gaps: -1}}); !errors.Is(err, agent.ErrInvalidConfig) {
		t.Error(err)
	}
}

// unsettling refuses to save that an approval is settled as long as refusing is
// set.
type unsettling struct {
	agent.Store
	refusing atomic.Bool
	refused  func()
}

func (s *unsettling) Save(ctx context.Context, l agent.Lease, save agent.Save) error {
	for _, p := range save.Approvals {
		if p.Settled && s.refusing.Load() {
			s.refused()
			return errCrash
		}
	}
	return s.Store.Save(ctx, l, save)
}

// The turn between an approved action and its settlement ends its own records
// only.
func TestP1ApprovedActionIsPerformedOnceThoughAnotherTurnComesBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r refunds
		store := &unsettling{Store: agent.NewMemoryStore(nil)}
		store.refusing.Store(true)
		h, p := waiting(t, &r, agent.Config{Store: store, Poll: time.Second, Model: steadyBot,
			Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: true, Idempotent: true, ApproveWithin: time.Hour})}})
		var once sync.Once
		store.refused = func() {
			once.Do(func() {
				if err := h.Channel.Say(context.Background(), "customer", "d2", "Thanks!"); err != nil {
					t.Error(err)
				}
			})
		}
		if err := h.Agent.As(boss).Approve(t.Context(), p.Conversation, p.ID); err != nil {
			t.Fatal(err)
		}
		h.Next() // to the thanks
		store.refusing.Store(false)
		settledApproval(t, h.Agent, p)
		if effects, calls := r.effects(); effects != 1 || calls != 1 {
			t.Errorf("%d refunds by %d calls", effects, calls)
		}
		synctest.Wait()
		requireNoRecords(t, store.Store)
	})
}
