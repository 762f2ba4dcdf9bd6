package agent_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

var mette = agent.Actor{ID: "mette", Name: "Mette"}

// drafting is an agent that only drafts.
type drafting struct {
	*agenttest.Harness
	t      testing.TB
	drafts chan agent.DraftReply
	said   int
}

func startDrafting(t testing.TB, cfg agent.Config) *drafting {
	t.Helper()
	d := &drafting{t: t, drafts: make(chan agent.DraftReply, 100)}
	cfg.OnDraft = func(r agent.DraftReply) { d.drafts <- r }
	if cfg.Knowledge == nil {
		cfg.Knowledge = helpCentre(t)
	}
	if cfg.Poll == 0 {
		cfg.Poll = 2 * time.Millisecond
	}
	d.Harness = agenttest.Start(t, cfg)
	d.mode(agent.ModeDraft)
	return d
}

func (d *drafting) mode(m agent.Mode) {
	d.t.Helper()
	deploy := func() error { return d.Agent.As(boss).Deploy(d.t.Context(), "test", agent.Deployment{Mode: m}) }
	if err := deploy(); err != nil && (!errors.Is(err, errCrash) || deploy() != nil) {
		d.t.Fatal(err)
	}
}

// say delivers a message; draft waits for what the agent makes of it.
func (d *drafting) say(text string) {
	d.t.Helper()
	d.said++
	if err := d.Channel.Say(d.t.Context(), "customer", fmt.Sprintf("draft-%d", d.said), text); err != nil {
		d.t.Fatal(err)
	}
}

func (d *drafting) draft(text string) agent.DraftReply {
	d.t.Helper()
	d.say(text)
	return d.next()
}

func (d *drafting) next() agent.DraftReply {
	d.t.Helper()
	timer := time.NewTimer(30 * time.Second)
	defer timer.Stop()
	select {
	case r := <-d.drafts:
		return r
	case <-timer.C:
		d.t.Fatal("no draft")
		return agent.DraftReply{}
	}
}

func (d *drafting) conversation() agent.Conversation {
	d.t.Helper()
	c, err := d.Agent.As(boss).Conversation(d.t.Context(), d.Conversation("customer"))
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *drafting) requireState(id string, want agent.DraftState) {
	d.t.Helper()
	for _, r := range d.conversation().Drafts {
		if r.ID == id {
			if r.Verdict.State != want {
				d.t.Errorf("draft is %s, want %s", r.Verdict, want)
			}
			return
		}
	}
	d.t.Errorf("there is no draft %s", id)
}

// settled waits until nothing is left to do.
func (d *drafting) settled() agent.Conversation {
	d.t.Helper()
	var c agent.Conversation
	waitFor(d.t, func() bool {
		c = d.conversation()
		_, due := c.DueAt()
		return !due
	})
	return c
}

func TestDraftIsNeitherSentNorChargedAndAHumanGetsTheConversation(t *testing.T) {
	meter := ledger(t, "agent", 1000)
	d := startDrafting(t, agent.Config{Meter: meter})
	r := d.draft(refundQuestion)
	if r.Decision != agent.Answer || !strings.Contains(r.Text, "14 days") || len(r.Citations) != 1 || r.Language != "en" || r.Question != refundQuestion || r.Confidence < .4 || r.Verdict != (agent.DraftVerdict{}) {
		t.Errorf("draft %+v", r)
	}
	c := d.settled()
	if c.Owner != agent.HumanOwns || len(c.Messages) != 1 || len(c.Outbox) != 0 || len(d.Channel.Sent("")) != 0 {
		t.Errorf("owner %s, %d messages, sent %s", c.Owner, len(c.Messages), texts(d.Channel.Sent("")))
	}
	if b, _ := meter.Balance(t.Context(), "agent"); b.Available != 1000 || b.Pending != 0 || b.Committed != 0 {
		t.Errorf("a draft cost %+v", b)
	}
	cases := d.Inbox.Cases()
	if len(cases) != 1 || cases[0].Reason != agent.DraftToApprove || cases[0].SuggestedReply != r.Text || cases[0].Conversation != c.ID || len(cases[0].Transcript) != 1 {
		t.Errorf("cases %+v", cases)
	}
	if !c.Head().Drafting {
		t.Error("a listing does not tell of the draft")
	}
	pending, err := d.Agent.As(mette).PendingDrafts(t.Context(), 10)
	if err != nil || len(pending) != 1 || pending[0].ID != r.ID || pending[0].Conversation != c.ID {
		t.Errorf("pending %+v, %v", pending, err)
	}
	lines, _ := d.Agent.As(boss).Logs(t.Context(), agent.TraceLog, 0, 10)
	if len(lines) != 1 || !strings.Contains(string(lines[0].Data), `"Decision":1`) {
		t.Errorf("%d traces", len(lines))
	}

	// The next message brings the next draft, and neither a case nor a word.
	second := d.draft("And on what days is the shop open?")
	d.settled()
	d.requireState(r.ID, agent.DraftSuperseded)
	d.requireState(second.ID, agent.DraftPending)
	if len(d.Inbox.Cases()) != 1 || len(d.Channel.Sent("")) != 0 {
		t.Errorf("%d cases, sent %s", len(d.Inbox.Cases()), texts(d.Channel.Sent("")))
	}
	if !strings.HasPrefix(second.Question, refundQuestion+"\n") || !second.WaitingSince.Equal(r.WaitingSince) {
		t.Errorf("the second draft answers %q, asked at %s: a draft that nobody sent is no answer", second.Question, second.WaitingSince)
	}
}

func TestDraftIsSentOnceAsThePersonsMessageWithItsCitations(t *testing.T) {
	meter := ledger(t, "agent", 1000)
	d := startDrafting(t, agent.Config{Meter: meter})
	r := d.draft(refundQuestion)
	owner := d.settled()
	op := d.Agent.As(mette)
	for range 3 {
		if err := op.SendDraft(t.Context(), r.Conversation, r.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := op.SendDraft(t.Context(), r.Conversation, r.ID, r.Text); err != nil {
		t.Errorf("the same words again: %v", err)
	}
	waitFor(t, func() bool { return len(d.Channel.Sent("customer")) > 0 })
	c := d.settled()
	sent := d.Channel.Sent("customer")
	if len(sent) != 1 || sent[0].Text != r.Text || !slices.Equal(sent[0].Citations, r.Citations) || len(sent[0].Parts) == 0 {
		t.Errorf("sent %+v", sent)
	}
	last := c.Messages[len(c.Messages)-1].Message
	if len(c.Messages) != 2 || last.Author != channels.FromHuman || last.Name != "Mette" || len(last.Citations) != 1 {
		t.Errorf("messages %+v", c.Messages)
	}
	if c.Owner != owner.Owner || c.OwnerVersion != owner.OwnerVersion {
		t.Errorf("sending changed the owner from %s to %s", owner.Owner, c.Owner)
	}
	d.requireState(r.ID, agent.DraftSent)
	agenttest.RequireCredits(t, meter, "agent", 1000)
	if pending, _ := op.PendingDrafts(t.Context(), 10); len(pending) != 0 {
		t.Errorf("pending %+v", pending)
	}
	for name, decide := range map[string]func() error{
		"sending other words": func() error { return op.SendDraft(t.Context(), r.Conversation, r.ID, "Other words.") },
		"another person":      func() error { return d.Agent.As(boss).SendDraft(t.Context(), r.Conversation, r.ID, "") },
		"dismissing":          func() error { return op.DismissDraft(t.Context(), r.Conversation, r.ID, "") },
	} {
		if err := decide(); !errors.Is(err, agent.ErrDraftDecided) {
			t.Errorf("%s after it was sent: %v", name, err)
		}
	}
	if sent := d.Channel.Sent("customer"); len(sent) != 1 {
		t.Errorf("sent %s", texts(sent))
	}
	events := 0
	for _, e := range auditEvents(t, d.Agent) {
		if e.Action == "send draft" && e.Actor == mette && e.After == "sent by mette" && e.Before == "pending" {
			events++
		}
	}
	if events != 1 {
		t.Errorf("%d audit events for one sending", events)
	}
}

func TestEditedDraftKeepsTheCitationsItStillMarks(t *testing.T) {
	for text, cited := range map[string]int{"Hi Anna, within 14 days [1].": 1, "Hi Anna, in two weeks.": 0} {
		d := startDrafting(t, agent.Config{})
		r := d.draft(refundQuestion)
		if err := d.Agent.As(mette).SendDraft(t.Context(), r.Conversation, r.ID, text); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return len(d.Channel.Sent("customer")) == 1 })
		if sent := d.Channel.Sent("customer")[0]; sent.Text != text || len(sent.Citations) != cited {
			t.Errorf("sent %q with %+v", sent.Text, sent.Citations)
		}
		c := d.settled()
		if v := c.Drafts[0].Verdict; v.State != agent.DraftEdited || v.Text != text || v.By != mette {
			t.Errorf("verdict %+v", v)
		}
	}
}

func TestDismissedDraftIsNotSent(t *testing.T) {
	d := startDrafting(t, agent.Config{})
	r := d.draft(refundQuestion)
	op := d.Agent.As(mette)
	for range 2 {
		if err := op.DismissDraft(t.Context(), r.Conversation, r.ID, "wrong tone"); err != nil {
			t.Fatal(err)
		}
	}
	if err := op.SendDraft(t.Context(), r.Conversation, r.ID, ""); !errors.Is(err, agent.ErrDraftDecided) || !strings.Contains(err.Error(), "dismissed by mette: wrong tone") {
		t.Errorf("sending it: %v", err)
	}
	if c := d.settled(); len(c.Messages) != 1 || len(d.Channel.Sent("")) != 0 {
		t.Errorf("sent %s", texts(d.Channel.Sent("")))
	}
	if err := op.SendDraft(t.Context(), r.Conversation, "none", ""); !errors.Is(err, agent.ErrNoDraft) {
		t.Errorf("unknown draft: %v", err)
	}
	if err := op.SendDraft(t.Context(), "none", r.ID, ""); !errors.Is(err, agent.ErrNoConversation) {
		t.Errorf("unknown conversation: %v", err)
	}
}

func TestDraftIsOutOfDateOnceSomethingIsSaid(t *testing.T) {
	for name, happen := range map[string]func(d *drafting, r agent.DraftReply) error{
		"the customer wrote": func(d *drafting, _ agent.DraftReply) error { d.say("Hello?"); return nil },
		"a human replied": func(d *drafting, r agent.DraftReply) error {
			return d.Agent.As(boss).Reply(d.t.Context(), r.Conversation, "k", "Hi.")
		},
		"it was resolved": func(d *drafting, r agent.DraftReply) error {
			return d.Agent.As(boss).Resolve(d.t.Context(), r.Conversation)
		},
		"a human replied on the vendor's app": func(d *drafting, _ agent.DraftReply) error {
			return d.Agent.Deliver(d.t.Context(), channels.Event{Channel: "test", Delivery: "h", Thread: "customer", Kind: channels.HumanReplied, Message: channels.Message{Text: "Hi."}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := startDrafting(t, agent.Config{})
			r := d.draft(refundQuestion)
			if err := happen(d, r); err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{"", "Other words."} {
				if err := d.Agent.As(mette).SendDraft(t.Context(), r.Conversation, r.ID, text); !errors.Is(err, agent.ErrDraftSuperseded) {
					t.Errorf("sending it: %v", err)
				}
			}
			d.requireState(r.ID, agent.DraftSuperseded)
			d.settled()
			for _, s := range d.Channel.Sent("") {
				if s.Text != "Hi." {
					t.Errorf("sent %q", s.Text)
				}
			}
		})
	}
}

func TestDraftFollowsWhatHumansSaid(t *testing.T) {
	d := startDrafting(t, agent.Config{})
	first := d.draft(refundQuestion)
	if err := d.Agent.As(mette).SendDraft(t.Context(), first.Conversation, first.ID, ""); err != nil {
		t.Fatal(err)
	}
	second := d.draft("What does delivery to my door cost?")
	if second.Question != "What does delivery to my door cost?" || !strings.Contains(second.Text, "49") {
		t.Errorf("after an answer only what is new is asked: %+v", second)
	}
}

func TestHandoffInDraftModeIsASuggestionWithoutAMessage(t *testing.T) {
	d := startDrafting(t, agent.Config{})
	r := d.draft("I want to talk to a human")
	d.settled()
	if r.Decision != agent.HandOff || r.Handoff != handoff.AskedForHuman || r.Text != "" || r.Verdict.State != agent.DraftEmpty {
		t.Errorf("draft %+v", r)
	}
	if cases := d.Inbox.Cases(); len(cases) != 1 || cases[0].Reason != handoff.AskedForHuman {
		t.Errorf("cases %+v", cases)
	}
	// It is no second case, and there is nothing to send.
	r = d.draft("I said I want a human!")
	d.settled()
	if n := len(d.Inbox.Cases()); n != 1 || len(d.Channel.Sent("")) != 0 {
		t.Errorf("%d cases, sent %s", n, texts(d.Channel.Sent("")))
	}
	op := d.Agent.As(mette)
	if pending, _ := op.PendingDrafts(t.Context(), 10); len(pending) != 0 {
		t.Errorf("pending %+v", pending)
	}
	for _, text := range []string{"", "Here I am."} {
		if err := op.SendDraft(t.Context(), r.Conversation, r.ID, text); !errors.Is(err, agent.ErrEmptyDraft) {
			t.Errorf("sending %q: %v", text, err)
		}
	}
}

func TestDraftRecordsItsGapAndIsNoReplyInReports(t *testing.T) {
	d := startDrafting(t, agent.Config{})
	if r := d.draft("What is the capital of Mongolia?"); r.Decision != agent.Clarify || r.Text == "" {
		t.Errorf("draft %+v", r)
	}
	d.settled()
	gaps, _ := d.Agent.As(boss).Logs(t.Context(), agent.GapLog, 0, 10)
	lines, _ := d.Agent.As(boss).Logs(t.Context(), agent.ReportLog, 0, 10)
	// The customer got nothing from the agent.
	if len(gaps) != 1 || kinds(eventsIn(t, lines)) != "received taken_over" {
		t.Errorf("%d gaps, reported %s", len(gaps), kinds(eventsIn(t, lines)))
	}
}

func TestActionsOfADraftHaveNoEffect(t *testing.T) {
	for _, approval := range []bool{false, true} {
		var r refunds
		d := startDrafting(t, agent.Config{Model: steadyBot, Actions: []agent.Action{r.action(t, agent.Action{RequiresApproval: approval})}})
		if err := d.Agent.Deliver(t.Context(), channels.Event{Channel: "test", Delivery: "d1", Thread: "customer", Contact: verified, Message: channels.Message{Text: parcelQuestion}}); err != nil {
			t.Fatal(err)
		}
		draft := d.next()
		d.settled()
		if effects, calls := r.effects(); effects != 0 || calls != 0 {
			t.Errorf("%d effects in %d calls before a person agreed", effects, calls)
		}
		if len(draft.Actions) == 0 || draft.Actions[0].Name != "refund" || !draft.Actions[0].DryRun {
			t.Errorf("the draft shows the calls %+v", draft.Actions)
		}
		if strings.Contains(draft.Text, "300") {
			t.Errorf("it tells of what did not happen: %q", draft.Text)
		}
		if pending, _ := d.Agent.As(boss).PendingApprovals(t.Context(), 10); len(pending) != 0 {
			t.Errorf("approvals %+v", pending)
		}
	}
}

func TestDraftIsInTheCustomersLanguage(t *testing.T) {
	base := agenttest.Knowledge(t, agenttest.Doc("Retur", "https://shop.example/da", "Du får pengene tilbage inden for 14 dage."))
	d := startDrafting(t, agent.Config{Knowledge: base})
	if r := d.draft("Hvornår får jeg mine penge tilbage?"); r.Language != "da" || !strings.Contains(r.Text, "14 dage") {
		t.Errorf("draft in %s: %q", r.Language, r.Text)
	}
}

func TestModeHoldsFromTheNextMessageOn(t *testing.T) {
	meter := ledger(t, "agent", 1000)
	d := startDrafting(t, agent.Config{Meter: meter})
	d.mode(agent.ModeAuto)
	agenttest.RequireText(t, d.Ask("hello"), "Hello") // reserved, not charged
	d.mode(agent.ModeDraft)
	r := d.draft(refundQuestion)
	if c := d.settled(); c.Owner != agent.HumanOwns || len(d.Channel.Sent("")) != 1 {
		t.Errorf("owner %s, sent %s", c.Owner, texts(d.Channel.Sent("")))
	}
	agenttest.RequireCredits(t, meter, "agent", 1000)

	// Back in auto mode a human keeps what a human has, and what is returned is
	// answered and charged as ever.
	d.mode(agent.ModeAuto)
	d.say("Hello?")
	d.settled()
	d.requireState(r.ID, agent.DraftSuperseded)
	if sent := d.Channel.Sent(""); len(sent) != 1 || len(d.drafts) != 0 {
		t.Errorf("sent %s, %d drafts", texts(sent), len(d.drafts))
	}
	if err := d.Agent.As(mette).Return(t.Context(), r.Conversation); err != nil {
		t.Fatal(err)
	}
	agenttest.RequireText(t, d.Ask(refundQuestion), "14 days")
	agenttest.RequireCredits(t, meter, "agent", 900)
}

func TestConversationThatIsReturnedOrReopenedIsRoutedAgain(t *testing.T) {
	for name, end := range map[string]func(*agent.Operator, context.Context, string) error{"returned": (*agent.Operator).Return, "resolved": (*agent.Operator).Resolve} {
		d := startDrafting(t, agent.Config{})
		first := d.draft(refundQuestion)
		if err := d.Agent.As(mette).SendDraft(t.Context(), first.Conversation, first.ID, ""); err != nil {
			t.Fatal(err)
		}
		d.settled()
		if err := end(d.Agent.As(mette), t.Context(), first.Conversation); err != nil {
			t.Fatal(err)
		}
		d.draft("What does delivery to my door cost?")
		if c := d.settled(); c.Owner != agent.HumanOwns || len(d.Inbox.Cases()) != 2 || len(d.Channel.Sent("")) != 1 {
			t.Errorf("%s: owner %s, %d cases, sent %s", name, c.Owner, len(d.Inbox.Cases()), texts(d.Channel.Sent("")))
		}
	}
}

func TestWhatTheAgentDoesNotTakeIsNotDrafted(t *testing.T) {
	d := startDrafting(t, agent.Config{})
	if err := d.Agent.As(boss).Pause(t.Context(), "holiday"); err != nil {
		t.Fatal(err)
	}
	agenttest.RequireHandoff(t, d.Ask(refundQuestion), handoff.NotAdmitted)
	if c := d.settled(); len(c.Drafts) != 0 {
		t.Errorf("drafts %+v", c.Drafts)
	}
}

func TestCallerCannotWaitForADraft(t *testing.T) {
	memory := channels.NewMemory("phone", channels.Capabilities{})
	inbox := &handoff.Inbox{}
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Channels: []channels.Channel{memory}, Router: inbox})
	if err := a.As(boss).Deploy(t.Context(), "phone", agent.Deployment{Mode: agent.ModeDraft}); err != nil {
		t.Fatal(err)
	}
	out, err := a.Exchange(t.Context(), channels.Event{Channel: "phone", Delivery: "d", Thread: "call", Message: channels.Message{Text: refundQuestion}})
	if err != nil || len(out) != 1 || strings.Contains(out[0].Text, "14 days") {
		t.Errorf("said %s, %v", texts(out), err)
	}
	if cases := inbox.Cases(); len(cases) != 1 || cases[0].Reason != handoff.NotAdmitted || !strings.Contains(cases[0].Detail, "drafted") {
		t.Errorf("cases %+v", cases)
	}
}

// breakableKnowledge fails once it is told to.
type breakableKnowledge struct {
	agent.Knowledge
	err atomic.Pointer[error]
}

func (k *breakableKnowledge) Search(ctx context.Context, q knowledge.Query) (knowledge.Result, error) {
	if err := k.err.Load(); err != nil {
		return knowledge.Result{}, *err
	}
	return k.Knowledge.Search(ctx, q)
}

func TestWhatCannotBeDraftedStillReachesAHuman(t *testing.T) {
	for _, owned := range []bool{false, true} {
		broken := &breakableKnowledge{Knowledge: helpCentre(t)}
		now := agenttest.NewClock(time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC))
		d := startDrafting(t, agent.Config{Knowledge: broken, Now: now.Now})
		if owned {
			d.draft(refundQuestion)
		}
		gone := errors.New("index is gone")
		broken.err.Store(&gone)
		d.say("And what does delivery cost?")
		var r agent.DraftReply
		waitFor(t, func() bool {
			now.Advance(time.Minute)
			select {
			case r = <-d.drafts:
				return true
			default:
				return false
			}
		})
		c := d.settled()
		if r.Verdict.State != agent.DraftEmpty || r.Handoff != handoff.Failure || c.Owner != agent.HumanOwns || len(d.Inbox.Cases()) != 1 || len(d.Channel.Sent("")) != 0 {
			t.Errorf("draft %+v, owner %s, %d cases, sent %s", r, c.Owner, len(d.Inbox.Cases()), texts(d.Channel.Sent("")))
		}
	}
}
