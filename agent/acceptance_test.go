package agent_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/collection"
)

func TestA1FivePersonalitiesGiveFivePromptsAndNamesAreReadInAnyCase(t *testing.T) {
	systems := map[string]string{}
	for _, name := range []string{"friendly", "PROFESSIONAL", "Casual", "eMPATHETIC", " witty "} {
		p, err := agent.ParsePersonality(name)
		if err != nil || !strings.EqualFold(p.String(), strings.TrimSpace(name)) {
			t.Errorf("%q is read as %s, %v", name, p, err)
		}
		model := agenttest.NewModel(agenttest.Say("Within 14 days [1]."))
		reply(t, agent.Config{Knowledge: helpCentre(t), Model: model, Profile: agent.Profile{Personality: p}}, agent.Question{Text: refundQuestion})
		system := model.Requests()[0].System
		if other, taken := systems[system]; taken {
			t.Errorf("%s and %s give the model the same prompt", other, p)
		}
		systems[system] = p.String()
	}
	if _, err := agent.ParsePersonality("grumpy"); !errors.Is(err, agent.ErrUnknownPersonality) {
		t.Errorf("a sixth personality: %v", err)
	}
}

func TestA2LanguageIsTheWishThenTheTextWithTheBrowserAndFiveLettersChangeNothing(t *testing.T) {
	danish := []channels.Message{
		{Author: channels.FromCustomer, Text: "Hvornår får jeg mine penge tilbage?"},
		{Author: channels.FromAgent, Text: "Inden for 14 dage."},
	}
	for name, c := range map[string]struct {
		q    agent.Question
		want string
	}{
		"browser and text":             {agent.Question{Text: "Hvornår har butikken åbent om søndagen?", Languages: []string{"da"}}, "da"},
		"override beats both":          {agent.Question{Text: "Hvornår har butikken åbent om søndagen?", Languages: []string{"da"}, Language: "fr"}, "fr"},
		"five letters, other language": {agent.Question{Text: "merci", Languages: []string{"da"}, History: danish}, "da"},
		"five letters, other browser":  {agent.Question{Text: "hallo", Languages: []string{"de"}, History: danish}, "da"},
		"nothing but the browser":      {agent.Question{Text: "12345", Languages: []string{"da"}}, "da"},
		"nothing at all":               {agent.Question{Text: "12345"}, "en"},
	} {
		if r := reply(t, agent.Config{Knowledge: helpCentre(t)}, c.q); r.Language != c.want {
			t.Errorf("%s: %s (%+v), want %s", name, r.Language, r.Trace.Language, c.want)
		}
	}
}

// countingEmbedder counts the texts it is given.
type countingEmbedder struct{ texts atomic.Int64 }

func (e *countingEmbedder) Embed(_ context.Context, texts []string) ([][]float32, error) {
	e.texts.Add(int64(len(texts)))
	out := make([][]float32, len(texts))
	for i, s := range texts {
		out[i] = []float32{1, float32(len(s) % 7), float32(strings.Count(s, "e"))}
	}
	return out, nil
}

func TestA5UpdateIsKnownAtOnceOtherSourcesAfterSevenDaysAndUnchangedPagesCostNothing(t *testing.T) {
	clock := agenttest.NewClock(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC))
	embedder := &countingEmbedder{}
	base, err := knowledge.New(knowledge.Config{Now: clock.Now, Embedder: embedder})
	if err != nil {
		t.Fatal(err)
	}
	articles, err := collection.New(collection.Config{ID: "articles"})
	if err != nil {
		t.Fatal(err)
	}
	price, fetched := "49", 0
	site := knowledge.SourceFunc("site", func(context.Context, knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
		fetched++
		return agenttest.Source("site",
			agenttest.Doc("Delivery", "https://shop.example/delivery", "Delivery to your door costs "+price+" kroner."),
			agenttest.Doc("Gift cards", "https://shop.example/gifts", "A gift card is valid for three years."),
		).Documents(t.Context(), knowledge.Manifest{})
	})
	for _, s := range []knowledge.Source{articles, site} {
		if err := base.Add(s, knowledge.SourceOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	sync := func() {
		t.Helper()
		if _, err := base.SyncDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	answer := func(question, want string) {
		t.Helper()
		agenttest.RequireText(t, reply(t, agent.Config{Knowledge: base, Now: clock.Now}, agent.Question{Text: question}), want)
	}
	sync()
	for _, hours := range []string{"9 to 17", "10 to 18"} {
		if _, err := articles.Upsert(t.Context(), collection.Item{ID: "hours", Title: "Opening hours", Body: "The shop is open on weekdays from " + hours + "."}); err != nil {
			t.Fatal(err)
		}
		answer("When is the shop open on weekdays?", hours) // with no sync in between
	}

	price = "59"
	// A week is a tenth more or less by the source's name, so that not all sources
	// are fetched at once.
	clock.Advance(6 * 24 * time.Hour)
	before := fetched
	sync()
	if fetched != before {
		t.Error("the site was fetched before a week was over")
	}
	answer("What does delivery to my door cost?", "49")
	clock.Advance(2 * 24 * time.Hour)
	embedded := embedder.texts.Load()
	sync()
	if fetched != before+1 {
		t.Error("the site was not fetched when a week was over")
	}
	if n := embedder.texts.Load() - embedded; n != 1 {
		t.Errorf("%d texts were embedded for one changed page of two", n)
	}
	answer("What does delivery to my door cost?", "59")
}

func TestA6RemovedSourceIsGoneFromTheNextAnswerOn(t *testing.T) {
	base := helpCentre(t)
	h := agenttest.Start(t, agent.Config{Knowledge: base})
	agenttest.RequireText(t, h.Ask(refundQuestion), "14 days")
	if err := base.Remove(t.Context(), "docs"); err != nil {
		t.Fatal(err)
	}
	r := h.Ask(refundQuestion)
	agenttest.RequireDecision(t, r, agent.Clarify)
	if len(r.Trace.Hits) != 0 || len(r.Citations) != 0 {
		t.Errorf("still found: %+v", r.Trace.Hits)
	}
}

func TestA7PrivateIsNeverCitedAndInternalNeverReachesACustomersPrompt(t *testing.T) {
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for id, opts := range map[string]knowledge.SourceOptions{"private": {Visibility: knowledge.Private}, "internal": {Visibility: knowledge.Internal}} {
		doc := agenttest.Doc("Secret handbook of "+id, "https://intra.example/"+id, "A refund takes 14 days, as the "+id+" handbook says.")
		if err := base.Add(agenttest.Source(id, doc), opts); err != nil {
			t.Fatal(err)
		}
		if _, err := base.Sync(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	for _, said := range []string{
		"A refund takes 14 days [1].", "A refund takes 14 days [1], see https://intra.example/private.",
		"A refund takes 14 days, says the Secret handbook of private [1].", "A refund takes 14 days [2].",
	} {
		model := agenttest.NewModel().Always(agenttest.Say(said))
		r := reply(t, agent.Config{Knowledge: base, Model: model}, agent.Question{Text: "How long does a refund take?"})
		if len(r.Citations) != 0 || strings.Contains(r.Text, "intra.example") || strings.Contains(r.Text, "Secret handbook") {
			t.Errorf("%q: %q cites %+v", said, r.Text, r.Citations)
		}
		if prompt := asked(t, model); strings.Contains(prompt, "internal handbook") || strings.Contains(prompt, "/internal") || !strings.Contains(prompt, "private handbook says") {
			t.Errorf("the model was shown %s", prompt)
		}
	}
	// Nothing but what is internal is nothing.
	if err := base.Remove(t.Context(), "private"); err != nil {
		t.Fatal(err)
	}
	model := agenttest.NewModel()
	agenttest.RequireDecision(t, reply(t, agent.Config{Knowledge: base, Model: model}, agent.Question{Text: "How long does a refund take?"}), agent.Clarify)
	agenttest.RequireNotAsked(t, model)
}

func TestA10PreviewLeavesTheBalanceAndTheChannelsAlone(t *testing.T) {
	meter := ledger(t, "agent", 1000)
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Meter: meter})
	for _, q := range []string{refundQuestion, "I want to talk to a human"} {
		if _, err := h.Agent.Preview(t.Context(), agent.Question{Text: q, Channel: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	agenttest.RequireCredits(t, meter, "agent", 1000)
	if sent, cases := h.Channel.Sent(""), h.Inbox.Cases(); len(sent) != 0 || len(cases) != 0 {
		t.Errorf("sent %s, %d cases", texts(sent), len(cases))
	}
}

func TestA16TheSameDeliveryIsOneReply(t *testing.T) {
	clock := agenttest.NewClock(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC))
	h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), Now: clock.Now})
	e := channels.Event{Channel: "test", Delivery: "wamid.1", Thread: "customer", Message: channels.Message{Text: refundQuestion}}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := h.Agent.Deliver(t.Context(), e); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	agenttest.RequireText(t, h.Next(), "14 days")
	// Vendors repeat deliveries for days, also with another text or time.
	for day := range 7 {
		clock.Advance(24 * time.Hour)
		e.Message.Text = fmt.Sprint("repeated on day ", day)
		if err := h.Agent.Deliver(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	e.Delivery, e.Thread, e.Message.Text = "wamid.2", "another customer", refundQuestion
	if err := h.Agent.Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	agenttest.RequireText(t, h.Next(), "14 days")
	if sent := h.Channel.Sent("customer"); len(sent) != 1 {
		t.Errorf("sent %s", texts(sent))
	}
}
