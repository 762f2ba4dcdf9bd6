package agent_test

import (
	"context"
	"encoding/json"
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
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

const invoiceQuestion = "Can I pay by invoice?"

// onlyGap returns the one open topic.
func onlyGap(t testing.TB, op *agent.Operator) gaps.Topic {
	t.Helper()
	page, err := op.Gaps(t.Context(), gaps.Query{})
	if err != nil || page.Total != 1 {
		t.Fatalf("%d open gaps, %v: %+v", page.Total, err, page.Topics)
	}
	return page.Topics[0]
}

func TestA17GapIsRecordedResolvedByAShortAnswerAndTheNextSameQuestionIsAnswered(t *testing.T) {
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t)})
	op := h.Agent.As(boss)
	agenttest.RequireDecision(t, h.AskAs("anna", invoiceQuestion), agent.Clarify)
	agenttest.RequireDecision(t, h.AskAs("anna", invoiceQuestion), agent.HandOff)
	agenttest.RequireDecision(t, h.AskAs("bent", "Is it possible to pay with an invoice?"), agent.Clarify)

	topic := onlyGap(t, op)
	if topic.Conversations != 2 || len(topic.Questions) != 2 || topic.Languages["en"] != 2 || topic.Channels["test"] != 2 || topic.LastSeen.IsZero() {
		t.Fatalf("got %+v", topic)
	}
	resolved, err := op.ResolveGap(t.Context(), topic.ID, agent.GapAnswer{Text: "Companies can pay by invoice within 14 days."})
	if err != nil || resolved.Status != gaps.StatusResolved {
		t.Fatalf("got %+v, %v", resolved, err)
	}
	for i, question := range []string{invoiceQuestion, "Is it possible to pay with an invoice?", "can i pay by INVOICE"} {
		r := h.AskAs(fmt.Sprint("next", i), question)
		agenttest.RequireDecision(t, r, agent.Answer)
		if r.Text != "Companies can pay by invoice within 14 days." {
			t.Errorf("%q is answered %q", question, r.Text)
		}
	}
	if page, err := op.Gaps(t.Context(), gaps.Query{}); err != nil || page.Total != 0 {
		t.Errorf("still open: %+v, %v", page, err)
	}
}

func TestGapIsReopenedWhenItIsAskedAgainAndNotAnswered(t *testing.T) {
	base := helpCentre(t)
	h := agenttest.Start(t, agent.Config{Knowledge: base})
	op := h.Agent.As(boss)
	h.AskAs("anna", invoiceQuestion)
	id := onlyGap(t, op).ID
	resolved, err := op.ResolveGap(t.Context(), id, agent.GapAnswer{Text: "Yes."})
	if err != nil {
		t.Fatal(err)
	}
	if err := base.DeleteShortAnswer(t.Context(), resolved.Answer.ShortAnswers[0]); err != nil {
		t.Fatal(err)
	}
	h.AskAs("bent", invoiceQuestion)
	again := onlyGap(t, op)
	if again.ID != id || again.Answer == nil || again.Answer.Texts["en"] != "Yes." {
		t.Errorf("got %+v", again)
	}
	if _, err := op.ResolveGap(t.Context(), id, agent.GapAnswer{Text: "Companies can."}); err != nil {
		t.Fatal(err)
	}
	if r := h.AskAs("carl", invoiceQuestion); r.Text != "Companies can." {
		t.Errorf("got %q", r.Text)
	}
}

func TestDismissedGapComesBackAfterFurtherConversations(t *testing.T) {
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Gaps: gaps.Config{ReopenAt: 2}})
	op := h.Agent.As(boss)
	h.AskAs("anna", invoiceQuestion)
	id := onlyGap(t, op).ID
	if err := op.DismissGap(t.Context(), id, "not ours"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []gaps.Status{gaps.StatusDismissed, gaps.Open} {
		h.AskAs(fmt.Sprint("next", i), invoiceQuestion)
		if topic, err := op.Gap(t.Context(), id); err != nil || topic.Status != want {
			t.Errorf("after %d conversations: %s, %v", i+1, topic.Status, err)
		}
	}
	if err := op.DismissGap(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	if err := op.ReopenGap(t.Context(), id, "we do now"); err != nil || onlyGap(t, op).ID != id {
		t.Errorf("a person cannot reopen it: %v", err)
	}
}

func TestWhatIsNoGapIsNotRecorded(t *testing.T) {
	h := agenttest.Start(t, agent.Config{
		Knowledge:  helpCentre(t),
		Guidelines: []agent.Guideline{{Category: agent.Avoid, When: []string{"lawsuit"}, Instead: agent.InsteadClarify}},
	})
	for i, text := range []string{"hello", "thanks", refundQuestion, "I want to talk to a human", "What about the lawsuit?", "?!"} {
		h.AskAs(fmt.Sprint(i), text)
	}
	if page, err := h.Agent.As(boss).Gaps(t.Context(), gaps.Query{}); err != nil || page.Total != 0 {
		t.Errorf("got %+v, %v", page, err)
	}
}

func TestP9PreviewRecordsNoGap(t *testing.T) {
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t)})
	if _, err := a.Preview(t.Context(), agent.Question{Text: invoiceQuestion}); err != nil {
		t.Fatal(err)
	}
	if page, err := a.As(boss).Gaps(t.Context(), gaps.Query{}); err != nil || page.Total != 0 {
		t.Errorf("got %+v, %v", page, err)
	}
}

func TestGapsAreRedactedAsTheyAreKept(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	base := helpCentre(t)
	h := agenttest.Start(t, agent.Config{Knowledge: base, Store: store, Redactor: agent.NewRedactor(agent.RedactorConfig{})})
	op := h.Agent.As(boss)
	h.AskAs("anna", "Can I pay by invoice? I am anna@example.com")
	h.AskAs("bent", invoiceQuestion)
	lines, err := store.Logs(t.Context(), "agent", agent.GapLog, 0, 10)
	if err != nil || len(lines) != 2 || strings.Contains(string(lines[0].Data), "anna@") || !strings.Contains(string(lines[0].Data), "[email]") {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	if topic := onlyGap(t, op); topic.Conversations != 2 || topic.Recent[1].Conversation != h.Conversation("anna") {
		t.Errorf("got %+v", topic)
	}
}

func TestShortAnswersOfGapsHoldNoPersonalData(t *testing.T) {
	base := helpCentre(t)
	h := agenttest.Start(t, agent.Config{Knowledge: base}) // keeps questions as they are
	op := h.Agent.As(boss)
	h.AskAs("anna", "Can I pay by invoice? I am anna@example.com")
	if _, err := op.ResolveGap(t.Context(), onlyGap(t, op).ID, agent.GapAnswer{Text: "Yes."}); err != nil {
		t.Fatal(err)
	}
	if got := base.ShortAnswers()[0]; got.Question != "Can I pay by invoice? I am [email]" || len(got.Variants) != 0 || got.Origin != knowledge.Suggested {
		t.Errorf("got %+v", got)
	}
}

func TestGapIsAnsweredInEachLanguageItWasAskedIn(t *testing.T) {
	meaning := func(_ context.Context, q string, others []string) ([]float64, error) {
		out := make([]float64, len(others))
		for i := range others {
			out[i] = 1
		}
		return out, nil
	}
	base := helpCentre(t)
	h := agenttest.Start(t, agent.Config{Knowledge: base, Gaps: gaps.Config{Meaning: meaning}})
	op := h.Agent.As(boss)
	const danish = "Kan jeg betale med faktura når jeg køber en gave?"
	h.AskAs("anna", invoiceQuestion)
	h.AskAs("bent", invoiceQuestion)
	h.AskAs("dorte", danish)
	topic := onlyGap(t, op)
	if topic.Languages["da"] != 1 || topic.Title != invoiceQuestion {
		t.Fatalf("got %+v", topic)
	}
	if _, err := op.ResolveGap(t.Context(), topic.ID, agent.GapAnswer{Text: "Companies can.", Translations: map[string]string{"da": "Det kan firmaer."}}); err != nil {
		t.Fatal(err)
	}
	if r := h.AskAs("carl", invoiceQuestion); r.Text != "Companies can." {
		t.Errorf("got %q", r.Text)
	}
	if r := h.AskAs("erik", danish); r.Text != "Det kan firmaer." {
		t.Errorf("got %q", r.Text)
	}
	// Resolved anew in one language, the short answer in the other is gone.
	if _, err := op.ResolveGap(t.Context(), topic.ID, agent.GapAnswer{Text: "Nobody can."}); err != nil {
		t.Fatal(err)
	}
	if all := base.ShortAnswers(); len(all) != 1 || all[0].Answer != "Nobody can." {
		t.Errorf("got %+v", all)
	}
}

func TestResolveGapRefusesWhatCannotBeUsed(t *testing.T) {
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t)})
	op := h.Agent.As(boss)
	h.Ask(invoiceQuestion)
	id := onlyGap(t, op).ID
	for name, c := range map[string]struct {
		id     string
		answer agent.GapAnswer
		want   error
	}{
		"unknown":               {"gap-none", agent.GapAnswer{Text: "Yes."}, agent.ErrNoGap},
		"empty":                 {id, agent.GapAnswer{Text: " "}, agent.ErrInvalidGapAnswer},
		"no language":           {id, agent.GapAnswer{Text: "Yes.", Language: "?"}, agent.ErrInvalidGapAnswer},
		"the language twice":    {id, agent.GapAnswer{Text: "Yes.", Translations: map[string]string{"en-GB": "Yes."}}, agent.ErrInvalidGapAnswer},
		"a language of nobody":  {id, agent.GapAnswer{Text: "Yes.", Translations: map[string]string{"da": "Ja."}}, agent.ErrInvalidGapAnswer},
		"too long for the base": {id, agent.GapAnswer{Text: strings.Repeat("a", 20<<10)}, knowledge.ErrInvalidShortAnswer},
	} {
		if _, err := op.ResolveGap(t.Context(), c.id, c.answer); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if onlyGap(t, op).Status != gaps.Open {
		t.Error("a refused answer resolved it")
	}
	for _, err := range []error{op.DismissGap(t.Context(), "gap-none", ""), op.ReopenGap(t.Context(), "gap-none", "")} {
		if !errors.Is(err, agent.ErrNoGap) {
			t.Errorf("got %v", err)
		}
	}
	a := mustNew(t, agent.Config{Knowledge: failing{}})
	if _, err := a.As(boss).ResolveGap(t.Context(), id, agent.GapAnswer{Text: "Yes."}); !errors.Is(err, agent.ErrNoShortAnswers) {
		t.Errorf("got %v", err)
	}
}

func TestP15GapsAskTheAuthorizerAndAreAudited(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	readers := agent.AuthorizerFunc(func(_ context.Context, actor agent.Actor, p agent.Permission, _ string) error {
		if actor.ID != boss.ID && p != agent.MayRead {
			return errors.New("readers only read")
		}
		return nil
	})
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store, Authorizer: readers})
	h.Ask(invoiceQuestion)
	op, guest := h.Agent.As(boss), h.Agent.As(agent.Actor{ID: "guest"})
	id := onlyGap(t, guest).ID
	_, suggesting := guest.SuggestAnswer(t.Context(), id)
	_, resolving := guest.ResolveGap(t.Context(), id, agent.GapAnswer{Text: "Yes."})
	for _, err := range []error{suggesting, resolving, guest.DismissGap(t.Context(), id, ""), guest.ReopenGap(t.Context(), id, "")} {
		if !errors.Is(err, agent.ErrUnauthorized) {
			t.Errorf("got %v", err)
		}
	}
	if err := op.DismissGap(t.Context(), id, "no"); err != nil {
		t.Fatal(err)
	}
	if _, err := op.ResolveGap(t.Context(), id, agent.GapAnswer{Text: "Yes."}); err != nil {
		t.Fatal(err)
	}
	lines, err := op.Logs(t.Context(), agent.AuditLog, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range lines {
		var e agent.AuditEvent
		if err := json.Unmarshal(line.Data, &e); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(e.Actor.ID, " ", e.Action, " ", e.Refused, " ", e.Before, ">", e.After))
	}
	want := []string{
		"agent create false >published",
		"guest suggest answer true >", "guest resolve gap true >", "guest dismiss gap true >", "guest reopen gap true >",
		boss.ID + " dismiss gap false open>dismissed", boss.ID + " resolve gap false dismissed>resolved: " + id + `-en "Yes."`,
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestTwoWorkersOfOneTopicMakeOneTopic(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	ch := channels.NewMemory("chat", channels.Capabilities{})
	base := helpCentre(t)
	var replicas []*agent.Agent
	for i := range 3 {
		cfg := agent.Config{Knowledge: base, Store: store, Poll: time.Millisecond}
		if cfg.Channels = []channels.Channel{ch}; i > 0 {
			cfg.Channels = []channels.Channel{replica{ch}}
		}
		replicas = append(replicas, mustNew(t, cfg))
	}
	stop := running(t, replicas...)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			for n := range 2 { // the second question of a conversation counts for nothing
				thread := fmt.Sprint("t", i)
				e := channels.Event{Channel: "chat", Delivery: fmt.Sprint(thread, n), Thread: thread, Message: channels.Message{Text: invoiceQuestion}}
				if err := replicas[0].Deliver(t.Context(), e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	waitFor(t, func() bool {
		lines, _ := store.Logs(t.Context(), "agent", agent.GapLog, 0, 100)
		return len(lines) == 40
	})
	stop()
	var id string
	for _, a := range append(replicas, mustNew(t, agent.Config{Knowledge: base, Store: store})) {
		topic := onlyGap(t, a.As(boss))
		if id == "" {
			id = topic.ID
		}
		if topic.Conversations != 40 || topic.ID != id {
			t.Errorf("%d conversations of %s, want 40 of %s", topic.Conversations, topic.ID, id)
		}
	}
}

func TestP1FailureOfAnyWriteKeepsOneGapOfAConversation(t *testing.T) {
	ask := func(t *testing.T, at int64, after bool) int64 {
		store := &crashingStore{Store: agent.NewMemoryStore(nil), at: at, after: after}
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store, Poll: time.Second})
		h.Ask(invoiceQuestion)
		synctest.Wait()
		topic := onlyGap(t, h.Agent.As(boss))
		if topic.Conversations != 1 || topic.Title != invoiceQuestion {
			t.Errorf("got %+v", topic)
		}
		return store.calls.Load()
	}
	var writes int64
	synctest.Test(t, func(t *testing.T) { writes = ask(t, 0, false) })
	for _, after := range []bool{false, true} {
		for at := int64(1); at <= writes; at++ {
			t.Run(fmt.Sprintf("write %d kept %t", at, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { ask(t, at, after) })
			})
		}
	}
}

// countingStore counts the lines that are read.
type countingStore struct {
	agent.Store
	mu   sync.Mutex
	read int
}

func (s *countingStore) Logs(ctx context.Context, a string, kind agent.LogKind, after int64, limit int) ([]agent.LogLine, error) {
	lines, err := s.Store.Logs(ctx, a, kind, after, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read += len(lines)
	return lines, err
}

func TestSecondListReadsOnlyNewLines(t *testing.T) {
	store := &countingStore{Store: agent.NewMemoryStore(nil)}
	writer := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store.Store})
	for i := range 2500 {
		e := gaps.Event{ID: fmt.Sprint(i), Kind: gaps.Asked, Topic: "gap-a", Conversation: fmt.Sprint(i), Question: invoiceQuestion, Language: "en", At: time.Now()}
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Store.Log(t.Context(), writer.ID(), agent.GapLog, agent.LogLine{Key: e.ID, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	op := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store}).As(boss)
	if topic := onlyGap(t, op); topic.Conversations != 2500 || store.read > 2501 {
		t.Fatalf("%d conversations of %d lines", topic.Conversations, store.read)
	}
	store.read = 0
	onlyGap(t, op)
	if store.read > 1 {
		t.Errorf("the second list read %d lines", store.read)
	}
}

func TestForgottenContactLeavesNoTextOnAnyReplica(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Store: store})
	other := mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store})
	for i, question := range []string{invoiceQuestion, "Can I, Anna Lund, pay by invoice?", invoiceQuestion} {
		thread := fmt.Sprint("customer", i)
		e := channels.Event{Channel: "test", Delivery: thread, Thread: thread, Contact: channels.Contact{ID: thread}, Message: channels.Message{Text: question}}
		if err := h.Agent.Deliver(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		h.Next()
	}
	op := h.Agent.As(boss)
	before := onlyGap(t, other.As(boss))
	if before.Conversations != 3 || before.Questions[1].Text != "Can I, Anna Lund, pay by invoice?" {
		t.Fatalf("got %+v", before)
	}
	if _, err := op.Forget(t.Context(), "", "customer1"); err != nil {
		t.Fatal(err)
	}
	for _, a := range []*agent.Agent{h.Agent, other, mustNew(t, agent.Config{Knowledge: helpCentre(t), Store: store})} {
		after := onlyGap(t, a.As(boss))
		if after.ID != before.ID || after.Conversations != 2 || strings.Contains(fmt.Sprintf("%+v", after), "Anna") {
			t.Errorf("got %+v", after)
		}
	}
	// Lines that grew too old are gone as well.
	if _, err := store.Erase(t.Context(), "agent", agent.Erasure{LoggedBefore: map[agent.LogKind]time.Time{agent.GapLog: before.LastSeen}}); err != nil {
		t.Fatal(err)
	}
	if after := onlyGap(t, other.As(boss)); after.Conversations != 1 {
		t.Errorf("got %+v", after)
	}
}

func ExampleOperator_ResolveGap() {
	ctx := context.Background()
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ch := channels.NewMemory("chat", channels.Capabilities{})
	settled := make(chan agent.Reply)
	a, err := agent.New(agent.Config{Knowledge: base, Channels: []channels.Channel{ch}, OnReply: func(_ string, r agent.Reply) { settled <- r }})
	if err != nil {
		fmt.Println(err)
		return
	}
	run, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error)
	go func() { done <- a.Run(run) }()
	ask := func(customer, question string) {
		if err := ch.Say(ctx, customer, customer, question); err != nil {
			fmt.Println(err)
		}
		fmt.Printf("%s: %s\n", customer, (<-settled).Decision)
	}
	ask("Anna", "Do you ship to Iceland?")
	ask("Bent", "Is shipping to Iceland possible?")

	mette := a.As(agent.Actor{ID: "mette", Name: "Mette"})
	page, err := mette.Gaps(ctx, gaps.Query{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, topic := range page.Topics {
		fmt.Printf("%d conversations: %s\n", topic.Conversations, topic.Title)
		if _, err := mette.ResolveGap(ctx, topic.ID, agent.GapAnswer{Text: "Yes, within a week."}); err != nil {
			fmt.Println(err)
		}
	}
	ask("Carl", "do you ship to Iceland")
	stop()
	fmt.Println(<-done, ch.Sent("Carl")[0].Text)
	// Output:
	// Anna: clarify
	// Bent: clarify
	// 2 conversations: Is shipping to Iceland possible?
	// Carl: answer
	// <nil> Yes, within a week.
}
