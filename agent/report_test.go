package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/report"
)

// judged is a query as of long after everything.
func judged() report.Query { return report.Query{Now: time.Now().AddDate(0, 6, 0)} }

func mustReport(t testing.TB, a *agent.Agent, q report.Query) report.Report {
	t.Helper()
	r, err := a.Report(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// deliver delivers something as the harness's channel does.
func deliver(t testing.TB, h *agenttest.Harness, e channels.Event) {
	t.Helper()
	e.Channel = h.Channel.ID()
	if err := h.Agent.Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

// reported waits, in a bubble of synctest, until all is logged, and returns the events.
func reported(t testing.TB, store agent.Store) []report.Event {
	t.Helper()
	time.Sleep(10 * time.Minute)
	lines, err := store.Logs(t.Context(), "agent", agent.ReportLog, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return eventsIn(t, lines)
}

func eventsIn(t testing.TB, lines []agent.LogLine) []report.Event {
	t.Helper()
	var all []report.Event
	for _, line := range lines {
		var events []report.Event
		if err := json.Unmarshal(line.Data, &events); err != nil {
			t.Fatal(err)
		}
		all = append(all, events...)
	}
	return all
}

func kinds(events []report.Event) string {
	var names []string
	for _, e := range events {
		names = append(names, string(e.Kind))
	}
	return strings.Join(names, " ")
}

func TestA18ReportsTellWhatHappened(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(t *testing.T, h *agenttest.Harness)
		want string // the kinds of event
		got  func(report.Report) bool
	}{
		{"an answer", func(t *testing.T, h *agenttest.Harness) { h.Ask(refundQuestion) },
			"received answered", func(r report.Report) bool { return r.Total.AssumedResolved == 1 && r.Sources[0].Answers == 1 }},
		{"a greeting", func(t *testing.T, h *agenttest.Harness) { h.Ask("hello") },
			"received replied", func(r report.Report) bool { return r.Total.OnlyDeflected == 1 }},
		{"a question back", func(t *testing.T, h *agenttest.Harness) { h.Ask("Which colour has the moon?") },
			"received asked_back", func(r report.Report) bool { return r.Total.Abandoned == 1 }},
		{"a human is asked for", func(t *testing.T, h *agenttest.Harness) { h.Ask("I want to talk to a human") },
			"received taken_over human_asked handed_over", func(r report.Report) bool {
				return r.Total.HandedOff == 1 && reflect.DeepEqual(r.Handoffs, []report.Reason{{Reason: string(handoff.AskedForHuman), Conversations: 1}})
			}},
		{"a human replies in the vendor's app", func(t *testing.T, h *agenttest.Harness) {
			h.Ask(refundQuestion)
			deliver(t, h, channels.Event{Kind: channels.HumanReplied, Delivery: "h1", Thread: "customer", Message: channels.Message{Text: "Hi"}})
		}, "received answered human_replied taken_over", func(r report.Report) bool {
			return r.Total.HandedOff == 1 && r.Handoffs[0].Reason == report.HumanTook
		}},
		{"a human takes it", func(t *testing.T, h *agenttest.Harness) {
			h.Ask(refundQuestion)
			if err := h.Agent.As(agent.Actor{ID: "1"}).TakeOver(t.Context(), h.Conversation("customer")); err != nil {
				t.Fatal(err)
			}
		}, "received answered taken_over", func(r report.Report) bool { return r.Total.HandedOff == 1 }},
		{"the customer writes to a human", func(t *testing.T, h *agenttest.Harness) {
			h.Ask("I want to talk to a human")
			deliver(t, h, channels.Event{Delivery: "more", Thread: "customer", Message: channels.Message{Text: "Hello?"}})
		}, "received taken_over human_asked handed_over received", func(r report.Report) bool { return r.Total.HandedOff == 1 }},
		{"a vote, and another", func(t *testing.T, h *agenttest.Harness) {
			h.Ask(refundQuestion)
			deliver(t, h, channels.Event{Kind: channels.Feedback, Delivery: "f1", Thread: "customer"})
			time.Sleep(10 * time.Minute)
			deliver(t, h, channels.Event{Kind: channels.Feedback, Delivery: "f2", Thread: "customer", Helpful: true})
		}, "received answered feedback_given feedback_given", func(r report.Report) bool {
			return r.Total.ConfirmedResolved == 1 && r.Total.Helpful == 1 && r.Total.NotHelpful == 0 && r.Sources[0].Helpful == 1
		}},
		{"a vote long after the end", func(t *testing.T, h *agenttest.Harness) {
			h.Ask(refundQuestion)
			time.Sleep(30 * 24 * time.Hour)
			deliver(t, h, channels.Event{Kind: channels.Feedback, Delivery: "f1", Thread: "customer"})
		}, "received answered closed feedback_given", func(r report.Report) bool { return r.Total.Unresolved == 1 && r.Total.Open == 0 }},
		{"the customer comes back", func(t *testing.T, h *agenttest.Harness) {
			h.Ask(refundQuestion)
			time.Sleep(30 * time.Hour)
			h.Ask("When is the shop open?")
		}, "received answered closed received reopened answered", func(r report.Report) bool {
			return r.Total.AssumedResolved == 1 && r.Total.Open == 1 && r.Total.MedianResolution == 0
		}},
		{"paused", func(t *testing.T, h *agenttest.Harness) {
			if err := h.Agent.As(agent.Actor{ID: "1"}).Pause(t.Context(), "lunch with Bert"); err != nil {
				t.Fatal(err)
			}
			h.Ask(refundQuestion)
		}, "received taken_over refused", func(r report.Report) bool {
			return r.Total.NotTaken == 1 && reflect.DeepEqual(r.Refusals, []report.Reason{{Reason: string(agent.Paused), Conversations: 1}})
		}},
		{"not deployed", func(t *testing.T, h *agenttest.Harness) {
			if err := h.Agent.As(agent.Actor{ID: "1"}).Unpublish(t.Context()); err != nil {
				t.Fatal(err)
			}
			h.Ask(refundQuestion)
		}, "received taken_over refused", func(r report.Report) bool { return r.Total.NotDeployed == 1 && r.Total.Received == 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := agent.NewMemoryStore(nil)
				h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store, Poll: time.Minute})
				c.do(t, h)
				events := reported(t, store)
				if got := kinds(events); got != c.want {
					t.Errorf("events %s, want %s", got, c.want)
				}
				if r := mustReport(t, h.Agent, judged()); !c.got(r) {
					t.Errorf("%+v", r)
				}
				if r := mustReport(t, h.Agent, report.Query{}); r.Total.Judged != 0 && !strings.Contains(c.name, "long after") {
					t.Errorf("judged at once: %+v", r.Total)
				}
				if due, err := store.Due(t.Context(), "agent", time.Now(), 10); err != nil || len(due) > 0 {
					t.Errorf("%d conversations are due when all is reported, %v", len(due), err)
				}
			})
		})
	}
}

func TestReportEventsHoldNoWordsOfCustomers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := agent.NewMemoryStore(nil)
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store})
		h.Ask("My name is Zebulon, when do I get my money back after a return?")
		deliver(t, h, channels.Event{Kind: channels.Feedback, Delivery: "f1", Thread: "customer", Message: channels.Message{Text: "Zebulon is not amused"}})
		h.Ask("Zebulon wants to talk to a human")
		synctest.Wait()
		lines, err := store.Logs(t.Context(), "agent", agent.ReportLog, 0, 100)
		if err != nil || len(lines) == 0 {
			t.Fatal(lines, err)
		}
		for _, line := range lines {
			if strings.Contains(string(line.Data), "Zebulon") {
				t.Errorf("%s", line.Data)
			}
		}
		c, err := store.Load(t.Context(), "agent", h.Conversation("customer"))
		if err != nil || len(c.Feedback) != 1 || c.Feedback[0].Comment != "Zebulon is not amused" {
			t.Errorf("operators see %+v, %v", c.Feedback, err)
		}
	})
}

func TestVotesAreAboutOneMessage(t *testing.T) {
	vote := func(named string, helpful bool) channels.Event {
		return channels.Event{Kind: channels.Feedback, Helpful: helpful, Message: channels.Message{ID: named}}
	}
	said := func(id string) channels.Entry {
		return channels.Entry{Message: channels.Message{ID: id, Author: channels.FromAgent}}
	}
	for _, c := range []struct {
		name  string
		votes []channels.Event
		want  string
	}{
		{"the last message", []channels.Event{vote("", true)}, "[{1 a2 true}]"},
		{"by its ID", []channels.Event{vote("a1", true)}, "[{1 a1 true}]"},
		{"by the vendor's ID", []channels.Event{vote("wamid.1", false)}, "[{1 a1 false}]"},
		{"by the vendor's ID of a part", []channels.Event{vote("wamid.2", false)}, "[{1 a1 false}]"},
		{"by an ID nobody knows", []channels.Event{vote("x", false)}, "[{1 x false}]"},
		{"changed", []channels.Event{vote("a1", false), vote("a2", false), vote("wamid.1", true)}, "[{2 a2 false} {3 a1 true}]"},
	} {
		conversation := agent.Conversation{
			Messages: []channels.Entry{said("a1"), said("a2"), {Message: channels.Message{ID: "h", Author: channels.FromHuman}}},
			Outbox:   []agent.Send{{Out: channels.Outgoing{Key: "a1"}, Receipt: channels.Receipt{ID: "wamid.1"}}, {Out: channels.Outgoing{Key: "a1/part/2"}, Receipt: channels.Receipt{ID: "wamid.2"}}},
		}
		for _, v := range c.votes {
			conversation.AddVote(v)
		}
		var got []string
		for _, v := range conversation.Feedback {
			got = append(got, fmt.Sprintf("{%d %s %t}", v.Number, v.Message, v.Helpful))
		}
		if s := "[" + strings.Join(got, " ") + "]"; s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
	var many agent.Conversation
	for i := range 1000 {
		many.AddVote(vote(fmt.Sprint(i), true))
	}
	if n := len(many.Feedback); n != 64 || many.Feedback[n-1].Number != 1000 {
		t.Errorf("%d of 1000 votes are kept, the last is %+v", n, many.Feedback[n-1])
	}
}

// readStore counts the lines of the report log that were read.
type readStore struct {
	agent.Store
	lines int
	fail  error
}

func (s *readStore) Logs(ctx context.Context, a string, kind agent.LogKind, after int64, limit int) ([]agent.LogLine, error) {
	if s.fail != nil {
		return nil, s.fail
	}
	lines, err := s.Store.Logs(ctx, a, kind, after, limit)
	s.lines += len(lines)
	return lines, err
}

func TestReportReadsOnlyWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &readStore{Store: agent.NewMemoryStore(nil)}
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store})
		for i := range 5 {
			h.AskAs(fmt.Sprint("customer", i), refundQuestion)
		}
		synctest.Wait()
		for _, want := range []int{5, 5} {
			if r := mustReport(t, h.Agent, judged()); r.Total.Resolved != 5 || store.lines != want {
				t.Errorf("%d resolved, %d lines read", r.Total.Resolved, store.lines)
			}
		}
		h.AskAs("customer9", refundQuestion)
		synctest.Wait()
		if r := mustReport(t, h.Agent, judged()); r.Total.Resolved != 6 || store.lines != 6 {
			t.Errorf("%d resolved, %d lines read", r.Total.Resolved, store.lines)
		}

		// What was read counts on when the lines are gone; another process has only
		// what is left.
		h.AskAs("customer10", refundQuestion)
		synctest.Wait()
		mustReport(t, h.Agent, judged())
		if _, err := store.Erase(t.Context(), "agent", agent.Erasure{LoggedBefore: map[agent.LogKind]time.Time{agent.ReportLog: time.Now().Add(time.Hour)}}); err != nil {
			t.Fatal(err)
		}
		h.AskAs("customer11", refundQuestion)
		synctest.Wait()
		if r := mustReport(t, h.Agent, judged()); r.Total.Resolved != 8 {
			t.Errorf("%d resolved after the lines were erased", r.Total.Resolved)
		}
		other := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store})
		if r := mustReport(t, other, judged()); r.Total.Resolved != 1 {
			t.Errorf("another process reports %d", r.Total.Resolved)
		}
	})
}

func TestP16ReportFailsAsAWhole(t *testing.T) {
	store := &readStore{Store: agent.NewMemoryStore(nil), fail: errors.New("disk on fire")}
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store})
	if r, err := a.Report(t.Context(), report.Query{}); !errors.Is(err, store.fail) || !reflect.DeepEqual(r, report.Report{}) {
		t.Errorf("%+v, %v", r, err)
	}
	store.fail = nil
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Report(ended, report.Query{ResolveAfter: -1}); err == nil {
		t.Error("an invalid query makes a report")
	}
	if err := store.Log(t.Context(), "agent", agent.ReportLog, agent.LogLine{Key: "x", Data: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := a.Report(t.Context(), report.Query{}); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("a line that cannot be read: %v", err)
		}
	}
}

func TestReportsAtOnceWithTurns(t *testing.T) {
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t)})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if _, err := h.Agent.Report(t.Context(), judged()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 20 {
		h.AskAs(fmt.Sprint("customer", i), refundQuestion)
	}
	wg.Wait()
	waitFor(t, func() bool { return mustReport(t, h.Agent, judged()).Total.Resolved == 20 })
}

func TestOperatorsMayReadReports(t *testing.T) {
	refusing := agent.AuthorizerFunc(func(_ context.Context, actor agent.Actor, p agent.Permission, _ string) error {
		if actor.ID == "1" && p == agent.MayRead {
			return nil
		}
		return errors.New("no")
	})
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Authorizer: refusing})
	if _, err := a.As(agent.Actor{ID: "1"}).Report(t.Context(), report.Query{}); err != nil {
		t.Error(err)
	}
	if _, err := a.As(agent.Actor{ID: "2"}).Report(t.Context(), report.Query{}); !errors.Is(err, agent.ErrUnauthorized) {
		t.Errorf("somebody who may not: %v", err)
	}
}

func TestP9PreviewIsInNoReport(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store})
	for _, text := range []string{refundQuestion, "hello", "I want to talk to a human"} {
		if _, err := a.Preview(t.Context(), agent.Question{Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	if lines, err := store.Logs(t.Context(), "agent", agent.ReportLog, 0, 10); err != nil || len(lines) > 0 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	if r := mustReport(t, a, judged()); r.Total != (report.Counts{}) || len(r.Sources) != 1 || r.Sources[0].Answers != 0 {
		t.Errorf("%+v", r)
	}
}

// What happens outside turns is reported once, whichever write fails.
func TestP1FailureOfAnyWriteIsReportedOnce(t *testing.T) {
	const want = "received answered feedback_given human_replied taken_over closed"
	run := func(t *testing.T, at int64, after bool) (writes int64) {
		inner := agent.NewMemoryStore(nil)
		store := &crashingStore{Store: inner, at: at, after: after}
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store})
		h.Ask(refundQuestion)
		time.Sleep(10 * time.Minute)
		deliver(t, h, channels.Event{Kind: channels.Feedback, Delivery: "f1", Thread: "customer", Helpful: true})
		time.Sleep(10 * time.Minute)
		deliver(t, h, channels.Event{Kind: channels.HumanReplied, Delivery: "h1", Thread: "customer", Message: channels.Message{Text: "Hi"}})
		time.Sleep(10 * time.Minute)
		if err := h.Agent.As(agent.Actor{ID: "1"}).Resolve(t.Context(), h.Conversation("customer")); err != nil && !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if got := kinds(reported(t, inner)); got != want {
			t.Errorf("events %s, want %s", got, want)
		}
		r := mustReport(t, h.Agent, judged())
		if r.Total.Received != 1 || r.Total.HandedOff != 1 || r.Total.Open != 0 || r.Total.Helpful != 1 {
			t.Errorf("%+v", r.Total)
		}
		if store.calls.Load() < at {
			t.Errorf("%d writes: write %d never failed", store.calls.Load(), at)
		}
		return store.calls.Load()
	}
	var writes int64
	synctest.Test(t, func(t *testing.T) { writes = run(t, 0, false) })
	for _, after := range []bool{false, true} {
		for at := int64(1); at <= writes; at++ {
			t.Run(fmt.Sprintf("write %d kept %t", at, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { run(t, at, after) })
			})
		}
	}
}

// Reports and bills judge resolutions alike.
func TestReportsAndChargesByResolutionAgree(t *testing.T) {
	last := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	bools := []bool{false, true}
	for _, answered := range bools {
		for _, handedOff := range bools {
			for _, asked := range bools {
				for _, negative := range bools {
					for _, age := range []time.Duration{0, 72*time.Hour - 1, 72 * time.Hour, 1000 * time.Hour} {
						charge := credits.PerResolution().Judge(credits.Facts{
							Answered: answered, HandedOff: handedOff, HumanAsked: asked, Negative: negative, LastActivity: last,
						}, last.Add(age))
						outcome := report.Judge(report.Facts{
							TookPart: true, Answered: answered, HandedOff: handedOff, HumanAsked: asked, Negative: negative, LastActivity: last,
						}, last.Add(age), credits.PerResolution().ResolveAfter)
						if (charge.Settlement == credits.CommitIt) != outcome.Resolved() {
							t.Errorf("answered %t, handed off %t, asked %t, negative %t, after %v: %s, but the charge is %+v", answered, handedOff, asked, negative, age, outcome, charge)
						}
					}
				}
			}
		}
	}
}
