package agent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

// crashingDrafts is a crashingStore that fails verdicts on drafts too.
type crashingDrafts struct{ *crashingStore }

func (s crashingDrafts) DecideDraft(ctx context.Context, a, conversation string, ch agent.DraftChange) (agent.DraftReply, error) {
	if s.crash() {
		if s.after {
			if _, err := s.Store.DecideDraft(ctx, a, conversation, ch); err != nil {
				return agent.DraftReply{}, err
			}
		}
		return agent.DraftReply{}, errCrash
	}
	return s.Store.DecideDraft(ctx, a, conversation, ch)
}

func TestP1FailureOfAnyWriteKeepsOneDraftOneCaseOneMessage(t *testing.T) {
	for _, verdict := range []string{"send draft", "dismiss draft"} {
		t.Run(verdict, func(t *testing.T) {
			var writes int64
			synctest.Test(t, func(t *testing.T) { writes = draftFailingAt(t, verdict, 0, false) })
			if writes < 10 {
				t.Fatalf("an undisturbed draft makes %d writes, too few for its steps", writes)
			}
			for _, after := range []bool{false, true} {
				for at := int64(1); at <= writes; at++ {
					t.Run(fmt.Sprintf("write %d kept %t", at, after), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { draftFailingAt(t, verdict, at, after) })
					})
				}
			}
		})
	}
}

// draftFailingAt takes two messages to their drafts and a verdict on the second,
// with the at-th write failing, 0 for none, and returns how many writes there
// were.
func draftFailingAt(t *testing.T, verdict string, at int64, after bool) int64 {
	meter := ledger(t, "agent", 1000)
	store := crashingDrafts{&crashingStore{Store: agent.NewMemoryStore(nil), at: at, after: after}}
	model := agenttest.NewModel().Always(agenttest.Say("Within 14 days [1]."))
	d := startDrafting(t, agent.Config{Store: store, Meter: meter, Model: model, Poll: time.Second})
	d.draft(refundQuestion)
	synctest.Wait()
	d.say("When is it that the money is back after the return?")
	// Whoever runs the agent may tell of a draft twice.
	var r agent.DraftReply
	for r.Question == "" || !strings.Contains(r.Question, "\n") {
		r = d.next()
	}
	op := d.Agent.As(mette)
	decide := func() error {
		if verdict == "dismiss draft" {
			return op.DismissDraft(t.Context(), r.Conversation, r.ID, "no")
		}
		return op.SendDraft(t.Context(), r.Conversation, r.ID, "")
	}
	if err := decide(); err != nil {
		if !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		if err := decide(); err != nil { // whoever got an error tries again
			t.Fatal(err)
		}
	}
	time.Sleep(time.Minute)
	c := d.settled()
	want, state := 0, agent.DraftDismissed
	if verdict == "send draft" {
		want, state = 1, agent.DraftSent
	}
	if sent := d.Channel.Sent(""); len(sent) != want || len(c.Messages) != 2+want || c.Owner != agent.HumanOwns {
		t.Errorf("sent %s, %d messages, owner %s", texts(sent), len(c.Messages), c.Owner)
	}
	if len(c.Drafts) != 2 || c.Drafts[0].Verdict.State != agent.DraftSuperseded || c.Drafts[1].Verdict.State != state {
		t.Errorf("drafts %+v", c.Drafts)
	}
	if n := len(d.Inbox.Cases()); n != 1 {
		t.Errorf("%d cases", n)
	}
	agenttest.RequireCredits(t, meter, "agent", 1000)
	asked := 2
	if n := len(model.Requests()); n < asked || n > asked+1 {
		t.Errorf("the model was asked %d times", n)
	}
	seen := 0
	for _, e := range auditEvents(t, d.Agent) {
		if e.Action == verdict {
			seen++
		}
	}
	if seen != 1 {
		t.Errorf("%d audit events", seen)
	}
	if r := mustReport(t, d.Agent, judged()); r.Total.Received != 1 || r.Total.NotTaken != 1 {
		t.Errorf("reported %+v", r.Total)
	}
	if n := store.calls.Load(); n < at {
		t.Errorf("there were %d writes: write %d never failed", n, at)
	}
	return store.calls.Load()
}

func TestStoreKeepsDraftsAndTheirFirstVerdict(t *testing.T) {
	now := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	s := agent.NewMemoryStore(func() time.Time { return now })
	id := accept(t, s, "d1", "one", now).Conversation
	lease, err := s.Lease(t.Context(), "a", id, "w", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	save := func(d agent.DraftReply) {
		t.Helper()
		d.Conversation, d.CreatedAt = id, now
		if err := s.Save(t.Context(), lease, agent.Save{Progress: agent.Progress{Answered: 1}, Drafts: []agent.DraftReply{d}}); err != nil {
			t.Fatal(err)
		}
	}
	states := func() (out []agent.DraftState) {
		t.Helper()
		c, err := s.Load(t.Context(), "a", id)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range c.Drafts {
			out = append(out, d.Verdict.State)
		}
		return out
	}
	require := func(want ...agent.DraftState) {
		t.Helper()
		if got := states(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("drafts are %v, want %v", got, want)
		}
	}
	wrong := int64(99)
	if err := s.Save(t.Context(), lease, agent.Save{IfOwner: &wrong, Drafts: []agent.DraftReply{{ID: "r0"}}}); !errors.Is(err, agent.ErrTakenOver) {
		t.Errorf("a claim that does not hold: %v", err)
	}
	save(agent.DraftReply{ID: "r1", UpTo: 1, Text: "one"})
	save(agent.DraftReply{ID: "r1", UpTo: 1, Text: "one"}) // the same again has no effect
	require(agent.DraftPending)
	save(agent.DraftReply{ID: "r2", UpTo: 1, Text: "two"})
	require(agent.DraftSuperseded, agent.DraftPending)
	pending, err := s.PendingDrafts(t.Context(), "a", 10)
	if err != nil || len(pending) != 1 || pending[0].ID != "r2" {
		t.Errorf("pending %+v, %v", pending, err)
	}
	if pending, _ := s.PendingDrafts(t.Context(), "b", 10); len(pending) != 0 {
		t.Errorf("another agent sees %+v", pending)
	}
	if pending, _ := s.PendingDrafts(t.Context(), "a", 0); len(pending) != 0 {
		t.Errorf("none of them: %+v", pending)
	}

	// Whoever comes later sees the first verdict, and adds no message.
	sent := agent.DraftVerdict{State: agent.DraftSent, By: mette, At: now}
	no := agent.DraftVerdict{State: agent.DraftDismissed, By: boss, At: now}
	for i, v := range []agent.DraftVerdict{sent, no, sent} {
		ch := agent.DraftChange{Draft: "r2", Verdict: v}
		if v == sent {
			ch.Message, ch.Send = &channels.Message{Text: "two"}, &agent.Send{Out: channels.Outgoing{Key: "k"}}
		}
		if d, err := s.DecideDraft(t.Context(), "a", id, ch); err != nil || d.Verdict != sent || d.ID != "r2" {
			t.Errorf("verdict %d: %+v, %v", i, d, err)
		}
	}
	if c, _ := s.Load(t.Context(), "a", id); len(c.Messages) != 2 || len(c.Outbox) != 1 {
		t.Errorf("%d messages, %d sends", len(c.Messages), len(c.Outbox))
	}
	require(agent.DraftSuperseded, agent.DraftSent)
	for _, bad := range []struct {
		agent, draft string
		want         error
	}{{"a", "r3", agent.ErrNoDraft}, {"b", "r2", agent.ErrNoConversation}} {
		if _, err := s.DecideDraft(t.Context(), bad.agent, id, agent.DraftChange{Draft: bad.draft, Verdict: no}); !errors.Is(err, bad.want) {
			t.Errorf("%v: %v, want %v", bad, err, bad.want)
		}
	}

	// One that does not know the last message is superseded at once, as is one of
	// a conversation that is over.
	save(agent.DraftReply{ID: "r3", UpTo: 1})
	save(agent.DraftReply{ID: "r4", UpTo: 2})
	require(agent.DraftSuperseded, agent.DraftSent, agent.DraftSuperseded, agent.DraftPending)
	if _, err := s.ChangeOwner(t.Context(), "a", id, agent.OwnerChange{Owner: agent.NobodyOwns, At: now}); err != nil {
		t.Fatal(err)
	}
	save(agent.DraftReply{ID: "r5", UpTo: 2})
	require(agent.DraftSuperseded, agent.DraftSent, agent.DraftSuperseded, agent.DraftSuperseded, agent.DraftSuperseded)

	for i := range 100 {
		save(agent.DraftReply{ID: fmt.Sprint("many", i), UpTo: 2})
	}
	if n := len(states()); n != 32 {
		t.Errorf("%d drafts are kept", n)
	}
}
