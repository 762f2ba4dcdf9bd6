package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/knowledge"
)

var errOffShift = errors.New("not on shift")

// offShift allows people to read only, and nothing to guests.
func offShift(_ context.Context, a agent.Actor, _ agent.Permission, _ string) error {
	if a.ID == "guest" {
		return errOffShift
	}
	return nil
}

// argument makes something that a method could work on.
func argument(t *testing.T, of reflect.Type, conversation string) reflect.Value {
	v := reflect.New(of).Elem()
	switch {
	case of == reflect.TypeFor[context.Context]():
		v.Set(reflect.ValueOf(t.Context()))
	case of == reflect.TypeFor[knowledge.Source]():
		v.Set(reflect.ValueOf(agenttest.Source("more", agenttest.Doc("More", "https://shop.example/more", "More is known."))))
	case of == reflect.TypeFor[knowledge.ShortAnswer]():
		v.Set(reflect.ValueOf(knowledge.ShortAnswer{ID: "s", Question: "Who?", Answer: "We."}))
	case of.Kind() == reflect.String:
		v.SetString(conversation)
	case of.Kind() == reflect.Int || of.Kind() == reflect.Int64:
		v.SetInt(1)
	}
	return v
}

// call calls a method and returns its error. A sequence is read to its end.
func call(method reflect.Value, args []reflect.Value) error {
	if method.Type().IsVariadic() {
		args = args[:len(args)-1]
	}
	var err error
	for _, out := range method.Call(args) {
		if e, ok := out.Interface().(error); ok {
			err = e
		}
		if out.Kind() == reflect.Func {
			for _, second := range out.Seq2() {
				if e, ok := second.Interface().(error); ok {
					err = e
				}
			}
		}
	}
	return err
}

// Every method that people have, those to come included, asks the Authorizer
// first, leaves an event, and does nothing when it is refused.
func TestP15EveryOperatorMethodIsRefusedAuditedAndWithoutEffect(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	base := helpCentre(t)
	var asked []string
	h := agenttest.Start(t, agent.Config{Knowledge: base, Store: store, Authorizer: agent.AuthorizerFunc(
		func(ctx context.Context, a agent.Actor, p agent.Permission, target string) error {
			asked = append(asked, string(p)+" "+target)
			return offShift(ctx, a, p, target)
		})})
	h.Ask("Is the shop open on Sundays?")
	id := h.Conversation("customer")
	boss, guest := h.Agent.As(agent.Actor{ID: "boss"}), h.Agent.As(agent.Actor{ID: "guest", Name: "Guest"})
	must(t, boss.Note(t.Context(), id, "a note"))
	settings, err := boss.DraftSettings(t.Context())
	must(t, err)
	settings.AnswerAt = .5
	_, err = boss.Edit(t.Context(), settings, "")
	must(t, err)

	// all is everything that could have been changed, but for the audit log.
	all := func() string {
		c, err := store.Load(t.Context(), "agent", id)
		must(t, err)
		l, err := store.Lifecycle(t.Context(), "agent")
		must(t, err)
		versions, err := store.Versions(t.Context(), "agent", 0, 100)
		must(t, err)
		out := []any{c, l, versions, base.ShortAnswers(), len(base.Sources()), base.Generation(), len(h.Channel.Sent("")), len(h.Inbox.Cases())}
		for _, kind := range []agent.LogKind{agent.GapLog, agent.TraceLog, agent.ReportLog} {
			lines, err := store.Logs(t.Context(), "agent", kind, 0, 1000)
			must(t, err)
			out = append(out, lines)
		}
		data, err := json.Marshal(out)
		must(t, err)
		return string(data)
	}
	events := func() []agent.AuditEvent { return auditEvents(t, h.Agent) }

	walked := 0
	before := all()
	for i := range reflect.TypeFor[*agent.Operator]().NumMethod() {
		name := reflect.TypeFor[*agent.Operator]().Method(i).Name
		method := reflect.ValueOf(guest).Method(i)
		var args []reflect.Value
		for n := range method.Type().NumIn() {
			args = append(args, argument(t, method.Type().In(n), id))
		}
		logged := len(events())
		asked = nil
		err := call(method, args)
		if !errors.Is(err, agent.ErrUnauthorized) || !errors.Is(err, errOffShift) {
			t.Errorf("%s: %v", name, err)
		}
		if len(asked) == 0 {
			t.Errorf("%s does not ask the Authorizer", name)
		}
		fresh := events()[logged:]
		if len(fresh) != 1 || !fresh[0].Refused || fresh[0].Actor.ID != "guest" || fresh[0].Action == "" || fresh[0].At.IsZero() || fresh[0].Before+fresh[0].After != "" {
			t.Errorf("%s leaves %+v", name, fresh)
		}
		if after := all(); after != before {
			t.Errorf("%s has an effect:\n%s\n%s", name, before, after)
			before = after
		}
		walked++
	}
	if walked < 30 {
		t.Errorf("only %d methods", walked)
	}
}

func TestA20UnauthorisedActorIsRefused(t *testing.T) {
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Authorizer: agent.AuthorizerFunc(
		func(_ context.Context, a agent.Actor, p agent.Permission, _ string) error {
			if a.ID != "editor" && p != agent.MayRead {
				return errOffShift
			}
			return nil
		}),
		Seat: func(_ context.Context, a agent.Actor) error {
			if a.Name != "seated" {
				return errors.New("no licence")
			}
			return nil
		},
	})
	do := func(a agent.Actor) map[string]error {
		o := h.Agent.As(a)
		s, err := o.DraftSettings(t.Context())
		must(t, err)
		_, edit := o.Edit(t.Context(), s, "")
		_, sync := o.SyncSource(t.Context(), "docs")
		return map[string]error{
			"edit": edit, "publish": o.Publish(t.Context()), "unpublish": o.Unpublish(t.Context()), "pause": o.Pause(t.Context(), "x"), "resume": o.Resume(t.Context()),
			"deploy": o.Deploy(t.Context(), "test", agent.Deployment{}), "remove": o.RemoveFrom(t.Context(), "test"), "sync": sync,
			"short answer": o.PutShortAnswer(t.Context(), knowledge.ShortAnswer{ID: "s", Question: "Who?", Answer: "We."}), "delete": o.Delete(t.Context()),
		}
	}
	for name, err := range do(agent.Actor{ID: "guest", Name: "seated"}) {
		if !errors.Is(err, agent.ErrUnauthorized) || !errors.Is(err, errOffShift) || errors.Is(err, agent.ErrNoSeat) {
			t.Errorf("%s as guest: %v", name, err)
		}
	}
	for name, err := range do(agent.Actor{ID: "editor"}) {
		if !errors.Is(err, agent.ErrUnauthorized) || !errors.Is(err, agent.ErrNoSeat) || !strings.Contains(fmt.Sprint(err), "no licence") {
			t.Errorf("%s without a seat: %v", name, err)
		}
	}
	s, err := h.Agent.Status(t.Context())
	must(t, err)
	if s.State != agent.StateActive || s.Draft != 0 || s.Channels["test"].State != agent.StateActive {
		t.Errorf("%+v", s)
	}
	agenttest.RequireDecision(t, h.Ask("Is the shop open on Sundays?"), agent.Answer)
	// To answer a customer nobody needs a seat.
	must(t, h.Agent.As(agent.Actor{ID: "editor"}).TakeOver(t.Context(), h.Conversation("customer")))
}

func TestA19AuditEventForEachOfCreateEditPublishUnpublishDelete(t *testing.T) {
	clock := agenttest.NewClock(start)
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Now: clock.Now})
	mette := agent.Actor{ID: "7", Name: "Mette"}
	o := a.As(mette)
	s, err := o.DraftSettings(t.Context())
	must(t, err)
	s.AnswerAt = .6
	_, err = o.Edit(t.Context(), s, "fewer guesses")
	must(t, err)
	must(t, o.Publish(t.Context()))
	must(t, o.Unpublish(t.Context()))
	must(t, o.Rollback(t.Context(), 0))
	must(t, o.Delete(t.Context()))
	page, err := o.Audit(t.Context(), agent.AuditQuery{})
	must(t, err)
	want := []agent.AuditEvent{
		{Actor: mette, Action: "delete", Before: "published", After: "deleted"},
		{Actor: mette, Action: "roll back", Before: "unpublished with version 1", After: "published"},
		{Actor: mette, Action: "unpublish", Version: 1, Before: "published with version 1", After: "unpublished with version 1"},
		{Actor: mette, Action: "publish", Version: 1, Before: "published", After: "published with version 1"},
		{Actor: mette, Action: "edit", Version: 1, Note: "fewer guesses", Before: "AnswerAt: 0.4", After: "AnswerAt: 0.6"},
		{Actor: agent.Actor{ID: "agent"}, ByHost: true, Action: "create", After: "published"},
	}
	if len(page.Events) != len(want) || page.Next != 0 {
		t.Fatalf("%d events, next %d: %+v", len(page.Events), page.Next, page.Events)
	}
	for i, e := range page.Events {
		want[i].Target, want[i].At = "agent", start
		if e.AuditEvent != want[i] || e.Number != int64(len(want)-i) {
			t.Errorf("got  %+v\nwant %+v", e, want[i])
		}
	}
	if _, err := o.Edit(t.Context(), s, ""); !errors.Is(err, agent.ErrDeleted) {
		t.Errorf("edited after its end: %v", err)
	}
	for name, err := range map[string]error{"publish": o.Publish(t.Context()), "pause": o.Pause(t.Context(), ""), "delete": o.Delete(t.Context())} {
		if !errors.Is(err, agent.ErrDeleted) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAuditIsReadInPagesNewestFirst(t *testing.T) {
	clock := agenttest.NewClock(start)
	store := agent.NewMemoryStore(nil)
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store, Now: clock.Now})
	mette, otto := a.As(agent.Actor{ID: "7"}), a.As(agent.Actor{ID: "8"})
	for range 600 {
		must(t, mette.Pause(t.Context(), "x"))
		must(t, otto.Resume(t.Context()))
		clock.Advance(1)
	}
	seen, last := 0, int64(1<<62)
	for q := (agent.AuditQuery{Actor: "8", Action: "resume", Target: "agent", Limit: 7, From: start.Add(100), Until: start.Add(300)}); ; {
		page, err := mette.Audit(t.Context(), q)
		must(t, err)
		for _, e := range page.Events {
			if e.Number >= last || e.Actor.ID != "8" || e.At.Before(q.From) || !e.At.Before(q.Until) {
				t.Fatalf("%+v after %d", e, last)
			}
			last = e.Number
			seen++
		}
		if q.Below = page.Next; page.Next == 0 {
			break
		}
	}
	if seen != 200 {
		t.Errorf("%d events", seen)
	}
	for limit, want := range map[int]int{0: 50, 10_000: 500} {
		if page, err := mette.Audit(t.Context(), agent.AuditQuery{Limit: limit}); err != nil || len(page.Events) != want || page.Events[0].Number != 1201 {
			t.Errorf("limit %d: %d events, %v", limit, len(page.Events), err)
		}
	}
	empty := mustNew(t, agent.Config{ID: "other", Knowledge: helpCentre(t), Store: store}).As(agent.Actor{})
	if page, err := empty.Audit(t.Context(), agent.AuditQuery{}); err != nil || len(page.Events) != 0 || page.Next != 0 {
		t.Errorf("%+v, %v", page, err)
	}
}
