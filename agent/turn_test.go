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
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

func TestP6HandoffIsOneMessageOneCaseAndSilence(t *testing.T) {
	meter := ledger(t, "agent", 1000)
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Meter: meter})
	r := h.Ask("I want to talk to a human, please.")
	agenttest.RequireHandoff(t, r, handoff.AskedForHuman)
	op := h.Agent.As(agent.Actor{ID: "1", Name: "Mette"})
	id := h.Conversation("customer")
	if err := h.Channel.Say(t.Context(), "customer", "more", "Hello?"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		c, err := op.Conversation(t.Context(), id)
		return err == nil && c.Progress.Answered == 3
	})
	if sent, cases := h.Channel.Sent(""), h.Inbox.Cases(); len(sent) != 1 || len(cases) != 1 {
		t.Fatalf("%d messages and %d cases", len(sent), len(cases))
	}
	c := h.Inbox.Cases()[0]
	if c.Conversation != id || c.WaitingSince.IsZero() || len(c.Transcript) != 1 || c.Language != "en" {
		t.Errorf("case %+v", c)
	}
	agenttest.RequireCredits(t, meter, "agent", 1000) // released: nothing was answered
	if err := op.Return(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	agenttest.RequireText(t, h.Ask("When do I get my money back after a return?"), "14 days")
	agenttest.RequireCredits(t, meter, "agent", 900)
}

func TestA11ConversationIsChargedOnceAndGreetingsAreFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		meter := ledger(t, "agent", 1000)
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Meter: meter})
		committed := func(want int64) {
			t.Helper()
			if b, _ := meter.Balance(t.Context(), "agent"); b.Committed != want {
				t.Errorf("%d credits committed, want %d", b.Committed, want)
			}
		}
		h.Ask("Hello!")
		committed(0)
		for range 5 {
			h.Ask("When do I get my money back after a return?")
			h.Ask("Is the shop open on Sundays?")
		}
		committed(100)
		time.Sleep(30 * time.Hour) // idle: the conversation ends
		h.Ask("Is the shop open on Sundays?")
		committed(100) // reopened, uncharged
		time.Sleep(24*time.Hour + 73*time.Hour)
		h.Ask("Is the shop open on Sundays?")
		committed(200) // a new conversation
		entries, _ := meter.Entries(t.Context(), "agent")
		for _, e := range entries {
			if e.Kind == credits.EntryCommit && (e.Evidence.Conversation == "" || e.Evidence.Rule != "per-conversation/1" || e.Evidence.Event == "") {
				t.Errorf("charge without evidence: %+v", e)
			}
		}
	})
}

func TestIdleGreetingGivesItsReservationBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		meter := ledger(t, "agent", 100)
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Meter: meter})
		h.Ask("Hello!")
		agenttest.RequireCredits(t, meter, "agent", 0)
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		agenttest.RequireCredits(t, meter, "agent", 100)
		c, err := h.Agent.As(agent.Actor{}).Conversation(t.Context(), h.Conversation("customer"))
		if err != nil || c.Owner != agent.NobodyOwns {
			t.Errorf("owner %s, %v", c.Owner, err)
		}
	})
}

func TestA8PauseConcernsNewConversationsOnly(t *testing.T) {
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t)})
	op := h.Agent.As(agent.Actor{ID: "1"})
	agenttest.RequireDecision(t, h.AskAs("old", "Is the shop open on Sundays?"), agent.Answer)
	if err := op.Pause(t.Context(), "stocktaking"); err != nil {
		t.Fatal(err)
	}
	agenttest.RequireDecision(t, h.AskAs("old", "Is the shop open on Sundays?"), agent.Answer)
	r := h.AskAs("new", "Is the shop open on Sundays?")
	agenttest.RequireHandoff(t, r, handoff.NotAdmitted)
	if !strings.Contains(r.Case.Detail, "stocktaking") {
		t.Errorf("detail %q", r.Case.Detail)
	}
	if err := op.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	agenttest.RequireDecision(t, h.AskAs("newer", "Is the shop open on Sundays?"), agent.Answer)
	// One that was refused is decided anew when a human gives it back.
	if err := op.Return(t.Context(), h.Conversation("new")); err != nil {
		t.Fatal(err)
	}
	agenttest.RequireDecision(t, h.AskAs("new", "Is the shop open on Sundays?"), agent.Answer)
}

func TestNewConversationsNeedPublicationDeploymentAndHours(t *testing.T) {
	clock := agenttest.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)) // a Monday
	hours := &handoff.Schedule{Week: map[time.Weekday][]handoff.Interval{time.Monday: {{From: 9 * time.Hour, To: 17 * time.Hour}}}}
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Now: clock.Now, Hours: hours, TeamHours: hours})
	op := h.Agent.As(agent.Actor{ID: "1"})
	n := 0
	ask := func() agent.Reply {
		n++
		return h.AskAs(fmt.Sprint("thread ", n), "Is the shop open on Sundays?")
	}
	for _, c := range []struct {
		name     string
		off, on  func() error
		wantText string
	}{
		{"not published", func() error { return op.Unpublish(t.Context()) }, func() error { return op.Publish(t.Context()) }, "passing you on"},
		{"not deployed", func() error { return op.RemoveFrom(t.Context(), "test") }, func() error { return op.Deploy(t.Context(), "test", agent.Deployment{}) }, "passing you on"},
		{"hours", func() error { clock.Advance(12 * time.Hour); return nil }, func() error { clock.Advance(156 * time.Hour); return nil }, "from Mon 9 Mar, 9:00 am (UTC)"},
	} {
		if err := c.off(); err != nil {
			t.Fatal(err)
		}
		r := ask()
		agenttest.RequireHandoff(t, r, handoff.NotAdmitted)
		agenttest.RequireText(t, r, c.wantText)
		if !strings.Contains(r.Case.Detail, c.name) {
			t.Errorf("detail %q, want %q", r.Case.Detail, c.name)
		}
		if err := c.on(); err != nil {
			t.Fatal(err)
		}
		agenttest.RequireDecision(t, ask(), agent.Answer)
	}
}

func TestP15OperatorsAreAuthorizedAndAudited(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	refuse := errors.New("not on shift")
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store, Authorizer: agent.AuthorizerFunc(
		func(_ context.Context, a agent.Actor, p agent.Permission, _ string) error {
			if a.ID == "guest" && p != agent.MayRead {
				return refuse
			}
			return nil
		})})
	h.Ask("Is the shop open on Sundays?")
	id := h.Conversation("customer")
	guest, boss := h.Agent.As(agent.Actor{ID: "guest"}), h.Agent.As(agent.Actor{ID: "boss", Name: "Bo"})
	for name, do := range map[string]func(*agent.Operator) error{
		"take over": func(o *agent.Operator) error { return o.TakeOver(t.Context(), id) },
		"reply":     func(o *agent.Operator) error { return o.Reply(t.Context(), id, "k", "Hi") },
		"note":      func(o *agent.Operator) error { return o.Note(t.Context(), id, "A note.") },
		"return":    func(o *agent.Operator) error { return o.Return(t.Context(), id) },
		"resolve":   func(o *agent.Operator) error { return o.Resolve(t.Context(), id) },
		"pause":     func(o *agent.Operator) error { return o.Pause(t.Context(), "x") },
		"resume":    func(o *agent.Operator) error { return o.Resume(t.Context()) },
		"unpublish": func(o *agent.Operator) error { return o.Unpublish(t.Context()) },
		"publish":   func(o *agent.Operator) error { return o.Publish(t.Context()) },
		"remove":    func(o *agent.Operator) error { return o.RemoveFrom(t.Context(), "test") },
		"deploy":    func(o *agent.Operator) error { return o.Deploy(t.Context(), "test", agent.Deployment{}) },
	} {
		if err := do(guest); !errors.Is(err, agent.ErrUnauthorized) || !errors.Is(err, refuse) {
			t.Errorf("%s as guest: %v", name, err)
		}
		if err := do(boss); err != nil {
			t.Errorf("%s as boss: %v", name, err)
		}
	}
	lines, err := boss.Logs(t.Context(), agent.AuditLog, 0, 100)
	if err != nil || len(lines) != 23 { // one for the creation
		t.Errorf("%d audit events, %v; want 23", len(lines), err)
	}
}

func TestP5NotesReachNeitherCustomerNorModel(t *testing.T) {
	model := agenttest.NewModel().Always(agenttest.Say("On Sundays the shop is closed [1]."))
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Model: model})
	h.Ask("Is the shop open on Sundays?")
	if err := h.Agent.As(agent.Actor{ID: "1"}).Note(t.Context(), h.Conversation("customer"), "the customer is a TROUBLEMAKER"); err != nil {
		t.Fatal(err)
	}
	h.Ask("Is the shop really closed on Sundays?")
	for _, req := range model.Requests() {
		if strings.Contains(fmt.Sprint(req), "TROUBLEMAKER") {
			t.Error("the model saw a note")
		}
	}
	for _, out := range h.Channel.Sent("") {
		if strings.Contains(out.Text, "TROUBLEMAKER") {
			t.Error("the customer saw a note")
		}
	}
}

func TestModelFailureQuotesTheKnowledge(t *testing.T) {
	for name, step := range map[string]agenttest.Step{
		"unavailable":       agenttest.Fail(&agent.ModelError{Kind: agent.ErrUnavailable, Err: errors.New("503")}),
		"cut off":           {Text: "You get", Err: agent.ErrTruncated},
		"says nothing":      agenttest.Say("  "),
		"invents a figure":  agenttest.Say("You get 999 kroner [1]."),
		"cites nothing":     agenttest.Say("All will be well."),
		"calls for ever":    agenttest.Call("unknown", map[string]int{}),
		"answers with HTML": agenttest.Say("<script>alert(1)</script>"),
	} {
		t.Run(name, func(t *testing.T) {
			a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: agenttest.NewModel().Always(step)})
			r, err := a.Reply(t.Context(), agent.Question{Text: refundQuestion})
			if err != nil {
				t.Fatal(err)
			}
			agenttest.RequireDecision(t, r, agent.Answer)
			agenttest.RequireText(t, r, "14 days")
			agenttest.RequireCitation(t, r, "https://shop.example/refunds")
		})
	}
}

func TestExchangeAnswersInsideTheCallAndReplaysDuplicates(t *testing.T) {
	ch := &exchangeChannel{Memory: channels.NewMemory("voice", channels.Capabilities{NoLinks: true})}
	meter := ledger(t, "agent", 1000)
	mustNew(t, agent.Config{Knowledge: helpCentre(t), Channels: []channels.Channel{ch}, Meter: meter})
	event := channels.Event{Delivery: "call-1", Thread: "caller", Message: channels.Message{Text: refundQuestion}}
	var first []channels.Outgoing
	for i := range 3 {
		out, err := ch.inbox.Exchange(t.Context(), event)
		if err != nil || len(out) != 1 || !strings.Contains(out[0].Text, "14 days") {
			t.Fatalf("exchange %d: %+v, %v", i, out, err)
		}
		if first == nil {
			first = out
		}
		if out[0].Key != first[0].Key {
			t.Errorf("a duplicate got another answer")
		}
		if strings.Contains(strings.Join(out[0].Parts, ""), "https://") {
			t.Errorf("an address on a medium without links: %q", out[0].Parts)
		}
	}
	if n := len(ch.Sent("")); n != 0 {
		t.Errorf("%d messages sent besides", n)
	}
	agenttest.RequireCredits(t, meter, "agent", 900)
}

type exchangeChannel struct {
	*channels.Memory
	inbox channels.Exchanger
}

func (c *exchangeChannel) Attach(in channels.Inbox) error {
	c.inbox = in.(channels.Exchanger)
	return nil
}

func TestWatchShowsMessagesAsTheyCome(t *testing.T) {
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t)})
	h.Ask("Is the shop open on Sundays?")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seqs []int64
	for e, err := range h.Agent.Watch(ctx, h.Conversation("customer"), 1) {
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, e.Seq)
		switch len(seqs) {
		case 1:
			h.Ask("thanks")
		case 3:
			cancel()
		}
	}
	if fmt.Sprint(seqs) != "[2 3 4]" {
		t.Errorf("entries %v, want 2 3 4", seqs)
	}
	for _, err := range h.Agent.Watch(t.Context(), "unknown", 0) {
		if !errors.Is(err, agent.ErrNoConversation) {
			t.Errorf("unknown conversation: %v", err)
		}
	}
}

// flakyChannel fails as scripted, then works.
type flakyChannel struct {
	*channels.Memory
	caps    channels.Capabilities
	errs    []error
	tries   int
	arrived bool // an ambiguous send had arrived
}

func (c *flakyChannel) Capabilities() channels.Capabilities { return c.caps }

func (c *flakyChannel) Send(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
	c.tries++
	if len(c.errs) > 0 {
		err := c.errs[0]
		c.errs = c.errs[1:]
		return channels.Receipt{}, err
	}
	return c.Memory.Send(ctx, out)
}

type reconcilingChannel struct{ *flakyChannel }

func (c reconcilingChannel) Reconcile(context.Context, channels.Outgoing) (channels.Receipt, bool, error) {
	return channels.Receipt{ID: "found"}, c.arrived, nil
}

func TestSendsAreRepeatedOnlyWhereTheyMayBe(t *testing.T) {
	retry := &channels.SendError{Kind: channels.ErrRetryable, After: time.Minute}
	ambiguous := &channels.SendError{Kind: channels.ErrAmbiguous}
	gone := &channels.SendError{Kind: channels.ErrRecipientGone}
	for _, c := range []struct {
		name       string
		idempotent bool
		reconciles bool
		arrived    bool
		errs       []error
		wantTries  int
		wantState  agent.SendState
		wantCharge int64
	}{
		{name: "works", wantTries: 1, wantState: agent.SendDone, wantCharge: 100},
		{name: "busy twice", errs: []error{retry, retry}, wantTries: 3, wantState: agent.SendDone, wantCharge: 100},
		{name: "busy for ever", errs: []error{retry, retry, retry, retry, retry, retry, retry, retry, retry}, wantTries: 8, wantState: agent.SendFailed},
		{name: "recipient gone", errs: []error{gone}, wantTries: 1, wantState: agent.SendFailed},
		{name: "ambiguous, repeatable", idempotent: true, errs: []error{ambiguous}, wantTries: 2, wantState: agent.SendDone, wantCharge: 100},
		{name: "ambiguous, not repeatable", errs: []error{ambiguous}, wantTries: 1, wantState: agent.SendUnknown, wantCharge: 100},
		{name: "ambiguous, had arrived", reconciles: true, arrived: true, errs: []error{ambiguous}, wantTries: 1, wantState: agent.SendDone, wantCharge: 100},
		{name: "ambiguous, had not arrived", reconciles: true, errs: []error{ambiguous}, wantTries: 2, wantState: agent.SendDone, wantCharge: 100},
		{name: "unclassified error", idempotent: true, errs: []error{errors.New("reset by peer")}, wantTries: 2, wantState: agent.SendDone, wantCharge: 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				flaky := &flakyChannel{Memory: channels.NewMemory("chat", channels.Capabilities{}), caps: channels.Capabilities{Idempotent: c.idempotent}, errs: c.errs, arrived: c.arrived}
				var ch channels.Channel = flaky
				if c.reconciles {
					ch = reconcilingChannel{flaky}
				}
				meter := ledger(t, "agent", 1000)
				settled := make(chan bool, 1)
				a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Channels: []channels.Channel{ch}, Meter: meter, OnReply: func(string, agent.Reply) { settled <- true }})
				stop := running(t, a)
				defer stop()
				if err := a.Deliver(t.Context(), channels.Event{Channel: "chat", Delivery: "d", Thread: "t", Message: channels.Message{Text: refundQuestion}}); err != nil {
					t.Fatal(err)
				}
				<-settled
				conv, err := a.As(agent.Actor{}).Conversation(t.Context(), agent.ConversationID("agent", "chat", "t", 1))
				if err != nil || len(conv.Outbox) != 1 {
					t.Fatalf("%+v, %v", conv.Outbox, err)
				}
				if got := conv.Outbox[0]; got.State != c.wantState || flaky.tries != c.wantTries {
					t.Errorf("state %d after %d tries, want %d after %d", got.State, flaky.tries, c.wantState, c.wantTries)
				}
				if b, _ := meter.Balance(t.Context(), "agent"); b.Committed != c.wantCharge || b.Pending != 0 {
					t.Errorf("balance %+v, want %d committed", b, c.wantCharge)
				}
			})
		})
	}
}

func TestAudienceErrorMeansPublicOnly(t *testing.T) {
	base := helpCentre(t)
	if err := base.Add(agenttest.Source("gold", agenttest.Doc("Gold", "", "The secret lounge is on the tenth floor.")), knowledge.SourceOptions{Audience: []string{"gold"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := base.Sync(t.Context(), "gold"); err != nil {
		t.Fatal(err)
	}
	ask := func(audience func(context.Context, channels.Contact) ([]string, error)) agent.Reply {
		t.Helper()
		r, err := mustNew(t, agent.Config{Knowledge: base, Audience: audience}).Reply(t.Context(), agent.Question{Text: "On which floor is the secret lounge?"})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	agenttest.RequireText(t, ask(func(context.Context, channels.Contact) ([]string, error) { return []string{"gold"}, nil }), "tenth floor")
	for _, r := range []agent.Reply{ask(nil), ask(func(context.Context, channels.Contact) ([]string, error) {
		return []string{"gold"}, errors.New("CRM is down")
	})} {
		if strings.Contains(r.Text, "tenth") {
			t.Errorf("said %q", r.Text)
		}
	}
}

func TestLanguageIsDecidedByWishTextBrowserAndDefault(t *testing.T) {
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t)})
	said := func(texts ...string) []channels.Message {
		var out []channels.Message
		for _, s := range texts {
			out = append(out, channels.Message{Text: s})
		}
		return out
	}
	for _, c := range []struct {
		name         string
		q            agent.Question
		want, reason string
	}{
		{"host decides", agent.Question{Text: "Hvor er min pakke henne?", Language: "de"}, "de", "host"},
		{"wish", agent.Question{Text: "In English, please: hvor er min pakke?", Languages: []string{"da"}}, "en", "asked for"},
		{"text", agent.Question{Text: "Hvor er min pakke henne?", Languages: []string{"en"}}, "da", "text"},
		{"A2 short text leaves the browser's language", agent.Question{Text: "ja da", Languages: []string{"de"}}, "de", "browser"},
		{"greeting", agent.Question{Text: "Hej!"}, "da", "greeting"},
		{"default", agent.Question{Text: "??"}, "en", "default"},
		{"sticky", agent.Question{Text: "Where is my parcel now?", History: said("Hvor er min pakke henne?")}, "da", "text"},
		{"two messages change it", agent.Question{Text: "Can you tell me where it is?", History: said("Hvor er min pakke henne?", "Where is my parcel now, please?")}, "en", "text"},
		{"wish sticks", agent.Question{Text: "Hvor er min pakke henne?", History: said("Auf Deutsch bitte", "Wo ist mein Paket?")}, "de", "asked for"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := a.Reply(t.Context(), c.q)
			if err != nil {
				t.Fatal(err)
			}
			if d := r.Trace.Language; d.Language != c.want || d.Reason != c.reason {
				t.Errorf("language %s because of %s (%.2f), want %s because of %s", d.Language, d.Reason, d.Confidence, c.want, c.reason)
			}
		})
	}
}

func TestConfigurationFaultsAreReportedTogether(t *testing.T) {
	_, err := agent.New(agent.Config{
		Profile: agent.Profile{Personality: 9}, AnswerAt: 2, Language: "klingonese", Policy: credits.Policy{Amount: -1, Basis: "moonlight"},
		Actions: []agent.Action{{Name: "a b", Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) { return agent.ActionResult{}, nil }}, {Name: "x"}},
		Hours:   &handoff.Schedule{Closed: []string{"tomorrow"}},
	})
	if !errors.Is(err, agent.ErrInvalidConfig) {
		t.Fatal(err)
	}
	for _, want := range []string{"Knowledge", "personality", "AnswerAt", "klingonese", "a b", "no Do", "tomorrow", "Policy charges -1", "by \"moonlight\""} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}
