package agent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
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
	"github.com/kundeagent/kundeagent/handoff"
)

type refundArguments struct {
	Order    int    `json:"order"`
	Customer string `json:"customer" identity:"id"`
}

// refunds is an action that counts what took effect, by key, as a payment
// provider does.
type refunds struct {
	mu    sync.Mutex
	calls []agent.ActionCall
	keys  map[string]bool
	do    func(ctx context.Context) error // before the effect
}

func (r *refunds) action(t testing.TB, a agent.Action) agent.Action {
	t.Helper()
	a.Name = "refund"
	action, err := agent.NewAction(a, func(ctx context.Context, call agent.ActionCall, in refundArguments) (agent.ActionResult, error) {
		if r.do != nil {
			if err := r.do(ctx); err != nil {
				return agent.ActionResult{}, err
			}
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.keys == nil {
			r.keys = map[string]bool{}
		}
		r.calls, r.keys[call.Key] = append(r.calls, call), true
		return agent.ActionResult{Text: fmt.Sprintf("Order %d of %s: 300 kroner are on their way.", in.Order, in.Customer)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return action
}

// effects returns how many refunds took effect, and in how many calls.
func (r *refunds) effects() (effects, calls int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.keys), len(r.calls)
}

func auditEvents(t testing.TB, a *agent.Agent) []agent.AuditEvent {
	t.Helper()
	lines, err := a.As(agent.Actor{ID: "auditor"}).Logs(t.Context(), agent.AuditLog, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []agent.AuditEvent
	for _, l := range lines {
		var e agent.AuditEvent
		if err := json.Unmarshal(l.Data, &e); err != nil {
			t.Fatal(err)
		}
		if !e.ByHost { // the agent's creation
			out = append(out, e)
		}
	}
	return out
}

// sayAs delivers a message of a contact and returns the settled reply.
func sayAs(h *agenttest.Harness, t testing.TB, contact channels.Contact, delivery, text string) agent.Reply {
	t.Helper()
	err := h.Agent.Deliver(t.Context(), channels.Event{
		Channel: "test", Thread: "customer", Delivery: delivery, Contact: contact, Message: channels.Message{Text: text},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h.Next()
}

var (
	stranger = channels.Contact{}
	known    = channels.Contact{ID: "c7", Email: "ida@shop.example"}
	verified = channels.Contact{ID: "c7", Email: "ida@shop.example", Verified: true}
)

func TestActionIsPerformedOnlyUnderItsProtection(t *testing.T) {
	for _, c := range []struct {
		protection agent.Protection
		contact    channels.Contact
		want       agent.ActionOutcome
	}{
		{agent.VerifiedContact, stranger, agent.ActionRefused},
		{agent.VerifiedContact, known, agent.ActionRefused},
		{agent.VerifiedContact, channels.Contact{Verified: true}, agent.ActionRefused},
		{agent.VerifiedContact, verified, agent.ActionPerformed},
		{agent.KnownContact, stranger, agent.ActionRefused},
		{agent.KnownContact, known, agent.ActionPerformed},
		{agent.Anyone, known, agent.ActionPerformed},
		{agent.Anyone, stranger, agent.ActionRefused}, // it lacks the identity
	} {
		var r refunds
		rec := callOnce(t, r.action(t, agent.Action{Protection: c.protection}), `{"order":77,"customer":"c1"}`, c.contact)
		_, calls := r.effects()
		if rec.Outcome != c.want || (calls == 1) != (c.want == agent.ActionPerformed) {
			t.Errorf("protection %d, contact %+v: %s in %d calls, want %s", c.protection, c.contact, rec.Outcome, calls, c.want)
		}
		if calls == 1 && string(r.calls[0].Arguments) != `{"customer":"c7","order":77}` {
			t.Errorf("performed with %s", r.calls[0].Arguments)
		}
	}
}

func TestHostileModelPerformsNothingForOthers(t *testing.T) {
	var r refunds
	calls := []agent.ToolCall{
		{Name: "refund", Arguments: json.RawMessage(`{"order":77,"customer":"victim"}`)},
		{Name: "refund", Arguments: json.RawMessage(`{"order":77,"Customer":"victim"}`)},
		{Name: "refund", Arguments: json.RawMessage(`{"order":77,"customer":"c7","customer":"victim"}`)},
		{Name: "delete_everything", Arguments: json.RawMessage(`{}`)},
		{Name: "refund", Arguments: json.RawMessage(`{"order":`)},
		{Name: "refund", Arguments: json.RawMessage(`{"order":"77"}`)},
		{Name: "refund"},
		{Name: "", Arguments: json.RawMessage(`"`)},
	}
	model := agenttest.NewModel(agenttest.Step{Calls: calls}).Always(agenttest.Step{Calls: calls})
	a := mustNew(t, agent.Config{
		Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{r.action(t, agent.Action{})}, MaxActions: len(calls), MaxModelCalls: 2,
	})
	reply, err := a.Reply(t.Context(), agent.Question{Text: parcelQuestion, Contact: verified})
	if err != nil {
		t.Fatal(err)
	}
	agenttest.RequireDecision(t, reply, agent.Clarify) // the model never said a word
	for _, call := range r.calls {
		if string(call.Arguments) != `{"customer":"c7","order":77}` || call.Contact.ID != "c7" {
			t.Errorf("performed %s for %+v", call.Arguments, call.Contact)
		}
	}
	if n := len(r.calls); n != 1 {
		t.Errorf("the same call was performed %d times", n)
	}
	want := []agent.ActionOutcome{
		agent.ActionPerformed, agent.ActionInvalid, agent.ActionPerformed, agent.ActionInvalid, agent.ActionInvalid, agent.ActionInvalid, agent.ActionInvalid, agent.ActionInvalid,
	}
	for i, rec := range reply.Trace.Actions {
		wanted := agent.ActionRefused // over the maximum
		if i < len(want) {
			wanted = want[i]
		}
		if rec.Outcome != wanted {
			t.Errorf("call %d: %s (%s), want %s", i, rec.Outcome, rec.Error, wanted)
		}
		if rec.Outcome == agent.ActionInvalid && len(rec.Arguments) > 0 {
			t.Errorf("call %d: unchecked arguments count as given: %s", i, rec.Arguments)
		}
	}
	told := model.Requests()[1].Messages
	if text := fmt.Sprint(told); !strings.Contains(text, "Customer is not an argument") || !strings.Contains(text, "no such action") {
		t.Errorf("the model is not told what was wrong: %v", text)
	}
	for _, tool := range model.Requests()[0].Tools {
		if strings.Contains(string(tool.Schema), "customer") {
			t.Errorf("the model sees who the customer is to be: %s", tool.Schema)
		}
	}
}

func TestActionsOfATurnAreLimited(t *testing.T) {
	var r refunds
	n := 0
	script := agent.ModelFunc(func(ctx context.Context, req agent.Request) iter.Seq2[agent.Event, error] {
		n++
		return agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": n})).Generate(ctx, req)
	})
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: script, Actions: []agent.Action{r.action(t, agent.Action{})}, MaxModelCalls: 10})
	if _, err := a.Reply(t.Context(), agent.Question{Text: parcelQuestion, Contact: verified}); err != nil {
		t.Fatal(err)
	}
	if effects, _ := r.effects(); effects != 3 || n != 10 {
		t.Errorf("%d refunds in %d model calls, want 3 in 10", effects, n)
	}
}

func TestKeysOfTwoRepliesDiffer(t *testing.T) {
	var r refunds
	a := mustNew(t, agent.Config{
		Knowledge: helpCentre(t), Actions: []agent.Action{r.action(t, agent.Action{})},
		Model: agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 1}), agenttest.Say("ok"), agenttest.Call("refund", map[string]int{"order": 1}), agenttest.Say("ok")),
	})
	for range 2 {
		if _, err := a.Reply(t.Context(), agent.Question{Text: parcelQuestion, Contact: verified}); err != nil {
			t.Fatal(err)
		}
	}
	if effects, _ := r.effects(); effects != 2 {
		t.Errorf("%d refunds took effect for two customers", effects)
	}
}

func TestActionThatGoesWrongIsAHandoff(t *testing.T) {
	const secret = "of-a-customer-that-no-log-may-hold" // no pointer or time in a log reads so
	release := func() {}
	for name, c := range map[string]struct {
		do         func(t *testing.T) func(context.Context) error
		idempotent bool
		wantDetail string
		wantCalls  int64
	}{
		"panics": {do: func(*testing.T) func(context.Context) error {
			return func(context.Context) error { panic("card " + secret) }
		}, wantDetail: "panicked with a string", wantCalls: 1},
		"panics, repeatable": {do: func(t *testing.T) func(context.Context) error {
			return func(context.Context) error { return []error{nil}[len(t.Name())] }
		}, idempotent: true, wantDetail: "index out of range", wantCalls: 1},
		"times out": {do: func(*testing.T) func(context.Context) error {
			return func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		}, wantDetail: "deadline exceeded", wantCalls: 1},
		"times out, repeatable": {do: func(*testing.T) func(context.Context) error {
			return func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		}, idempotent: true, wantDetail: "deadline exceeded", wantCalls: 5},
		"never returns": {do: func(*testing.T) func(context.Context) error {
			stuck := make(chan bool)
			release = func() { close(stuck) }
			return func(context.Context) error { <-stuck; return errors.New("too late") }
		}, wantDetail: "did not return", wantCalls: 1},
		"does not know": {do: func(*testing.T) func(context.Context) error {
			return func(context.Context) error { return fmt.Errorf("%w: line dropped", agent.ErrOutcomeUnknown) }
		}, wantDetail: "line dropped", wantCalls: 1},
	} {
		t.Run(name, func(t *testing.T) {
			release = func() {}
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				var calls atomic.Int64
				do := c.do(t)
				r := refunds{do: func(ctx context.Context) error { calls.Add(1); return do(ctx) }}
				h := agenttest.Start(t, agent.Config{
					Knowledge: helpCentre(t), Model: agenttest.NewModel().Always(agenttest.Call("refund", map[string]int{"order": 1})),
					Actions: []agent.Action{r.action(t, agent.Action{Idempotent: c.idempotent, Timeout: time.Second})}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
				reply := sayAs(h, t, verified, "d1", parcelQuestion)
				agenttest.RequireHandoff(t, reply, handoff.Failure)
				if !strings.Contains(reply.Case.Detail, c.wantDetail) || calls.Load() != c.wantCalls {
					t.Errorf("detail %q after %d calls, want %q after %d", reply.Case.Detail, calls.Load(), c.wantDetail, c.wantCalls)
				}
				if strings.Contains(log.String(), secret) || strings.Contains(reply.Case.Detail, secret) {
					t.Error("a panic's words were logged")
				}
				events := auditEvents(t, h.Agent)
				if len(events) != 1 || events[0].Outcome != "unknown" || !events[0].ByAgent {
					t.Errorf("audit %+v", events)
				}
				release()
			})
		})
	}
}

func TestActionThatFailsIsToldToTheModel(t *testing.T) {
	r := refunds{do: func(context.Context) error { return errors.New("order 77 was already refunded") }}
	model := agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 77})).Always(agenttest.Say("You get your money back within 14 days [1]."))
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{r.action(t, agent.Action{})}})
	reply, err := a.Reply(t.Context(), agent.Question{Text: refundQuestion, Contact: verified})
	if err != nil {
		t.Fatal(err)
	}
	agenttest.RequireDecision(t, reply, agent.Answer)
	if got := reply.Trace.Actions[0]; got.Outcome != agent.ActionFailed {
		t.Errorf("%+v", got)
	}
	messages := model.Requests()[1].Messages
	if last := messages[len(messages)-1]; last.Role != agent.RoleTool || last.Text != "Error: order 77 was already refunded" {
		t.Errorf("told %+v", last)
	}
}

func TestPerformedActionsAreAuditedAndRedacted(t *testing.T) {
	var r refunds
	h := agenttest.Start(t, agent.Config{
		Knowledge: helpCentre(t), Profile: agent.Profile{Name: "Ava"},
		Model: agenttest.NewModel(agenttest.Call("refund", map[string]int{"order": 77}), agenttest.Say("300 kroner are on their way."), agenttest.Call("refund", map[string]int{"order": 77})).Always(agenttest.Say("Sorry.")),
		Actions: []agent.Action{r.action(t, agent.Action{Redact: func(arguments json.RawMessage) json.RawMessage {
			return json.RawMessage(strings.ReplaceAll(string(arguments), "c7", "…"))
		}})},
	})
	sayAs(h, t, verified, "d1", parcelQuestion)
	sayAs(h, t, stranger, "d2", parcelQuestion)
	events := auditEvents(t, h.Agent)
	if len(events) != 2 {
		t.Fatalf("audit %+v", events)
	}
	did, refused := events[0], events[1]
	if did.Actor.Name != "Ava" || !did.ByAgent || did.Action != "perform refund" || did.Target != h.Conversation("customer") || did.Outcome != "performed" || did.Arguments != `{"customer":"…","order":77}` {
		t.Errorf("performed: %+v", did)
	}
	if refused.Outcome != "refused" || !refused.Refused || refused.Arguments != "" {
		t.Errorf("refused: %+v", refused)
	}
}

func TestModelIsShownABoundedResultWithoutInvisibleText(t *testing.T) {
	action := agent.Action{Name: "read", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
		return agent.ActionResult{Text: "a\u200b" + strings.Repeat("x", 20_000)}, nil
	}}
	model := agenttest.NewModel(agenttest.Call("read", struct{}{})).Always(agenttest.Say("ok"))
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{action}})
	if _, err := a.Reply(t.Context(), agent.Question{Text: parcelQuestion}); err != nil {
		t.Fatal(err)
	}
	messages := model.Requests()[1].Messages
	if text := messages[len(messages)-1].Text; len([]rune(text)) != 8001 || !strings.HasPrefix(text, "ax") {
		t.Errorf("%d runes: %.20q", len([]rune(text)), text)
	}
}

func TestShutdownLeavesAnActionsOutcomeToTheNextTurn(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	entered := make(chan bool, 1)
	r := refunds{do: func(ctx context.Context) error { entered <- true; <-ctx.Done(); return ctx.Err() }}
	ch := channels.NewMemory("test", channels.Capabilities{})
	inbox := &handoff.Inbox{}
	cfg := agent.Config{
		Knowledge: helpCentre(t), Store: store, Router: inbox, Channels: []channels.Channel{ch}, Actions: []agent.Action{r.action(t, agent.Action{Timeout: time.Hour})},
		Model: agenttest.NewModel().Always(agenttest.Call("refund", map[string]int{"order": 1})),
	}
	a := mustNew(t, cfg)
	stop := running(t, a)
	if err := a.Deliver(t.Context(), channels.Event{Channel: "test", Delivery: "d", Thread: "t", Contact: verified, Message: channels.Message{Text: parcelQuestion}}); err != nil {
		t.Fatal(err)
	}
	<-entered
	stop()
	cfg.Channels = []channels.Channel{replica{ch}}
	stop = running(t, mustNew(t, cfg))
	defer stop()
	waitFor(t, func() bool { return len(inbox.Cases()) == 1 })
	if detail := inbox.Cases()[0].Detail; !strings.Contains(detail, "begun before") {
		t.Errorf("detail %q", detail)
	}
}
