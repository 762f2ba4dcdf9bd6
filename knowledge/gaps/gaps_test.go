package gaps_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

// ask is the event of a question.
func ask(topics *gaps.Topics, n int, question, language string) gaps.Event {
	conversation := fmt.Sprintf("c%d", n)
	topic, _ := topics.Place(context.Background(), conversation, question, language)
	return gaps.Event{
		ID: conversation, Kind: gaps.Asked, Topic: topic, Conversation: conversation, Channel: "chat", Language: language, Question: question, Reason: "no answer",
		At: began.Add(time.Duration(n) * time.Minute),
	}
}

func fold(topics *gaps.Topics, events ...gaps.Event) {
	for _, e := range events {
		topics.Apply(e)
	}
}

// said applies a question and returns its topic.
func said(topics *gaps.Topics, n int, question, language string) string {
	e := ask(topics, n, question, language)
	topics.Apply(e)
	return e.Topic
}

func TestQuestionsThatAreAlikeAreOneTopic(t *testing.T) {
	topics := gaps.New(gaps.Config{})
	for i, q := range []string{"Do you ship to Iceland?", "do you SHIP to iceland", "Is shipping to Iceland possible?", "Can I pay by invoice?"} {
		said(topics, i, q, "en")
	}
	page := topics.List(gaps.Query{})
	if page.Total != 2 || len(page.Topics) != 2 {
		t.Fatalf("%d topics: %+v", page.Total, page.Topics)
	}
	got := page.Topics[0]
	if got.Conversations != 3 || got.Status != gaps.Open || !strings.Contains(got.Title, "hip to") {
		t.Errorf("got %+v", got)
	}
	if !got.FirstSeen.Equal(began) || !got.LastSeen.Equal(began.Add(2*time.Minute)) {
		t.Errorf("first seen %v, last seen %v", got.FirstSeen, got.LastSeen)
	}
	if len(got.Questions) != 2 || got.Questions[0].Conversations != 2 || got.Questions[0].Text != "Do you ship to Iceland?" {
		t.Errorf("questions %+v", got.Questions)
	}
	if got.Languages["en"] != 3 || got.Channels["chat"] != 3 || got.Reasons["no answer"] != 3 || got.Recent[0].Conversation != "c2" {
		t.Errorf("got %+v", got)
	}
}

func TestAConversationCountsOnce(t *testing.T) {
	topics := gaps.New(gaps.Config{})
	e := ask(topics, 1, "Do you ship to Iceland?", "en")
	again := e
	again.ID, again.Question, again.Topic = "other", "Can I pay by invoice?", "gap-other"
	fold(topics, e, e, again)
	if page := topics.List(gaps.Query{}); page.Total != 1 || page.Topics[0].Conversations != 1 {
		t.Errorf("got %+v", page)
	}
}

func TestAnotherLanguageIsAnotherTopic(t *testing.T) {
	topics := gaps.New(gaps.Config{})
	if a, b := said(topics, 1, "Invoice?", "en"), said(topics, 2, "Invoice?", "fr"); a == b {
		t.Error("one topic in two languages")
	}
	if a, b := said(topics, 3, "Faktura?", "nb"), said(topics, 4, "faktura", "nn"); a != b {
		t.Error("the written forms of Norwegian are two topics")
	}
}

func TestMeaningBringsLanguagesTogether(t *testing.T) {
	means := map[string]string{"Do you ship to Iceland?": "ship", "Sender I til Island?": "ship", "Can I pay by invoice?": "pay"}
	var failure error
	meaning := func(_ context.Context, question string, others []string) ([]float64, error) {
		out := make([]float64, len(others))
		for i, o := range others {
			if means[o] == means[question] {
				out[i] = .9
			}
		}
		return out, failure
	}
	topics := gaps.New(gaps.Config{Meaning: meaning})
	english := said(topics, 1, "Do you ship to Iceland?", "en")
	if said(topics, 2, "Can I pay by invoice?", "en") == english || said(topics, 3, "Sender I til Island?", "da") != english {
		t.Error("meaning did not decide")
	}
	// From now on the words of both languages lead there.
	failure = errors.New("no embedder")
	if said(topics, 4, "Sender I også til Island", "da") != english {
		t.Error("the Danish words were not learned")
	}
	if _, err := topics.Place(t.Context(), "c9", "Har I åbent på søndag?", "da"); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	if got, _ := topics.Topic(english); got.Title != "Sender I til Island?" && got.Title != "Sender I også til Island" {
		t.Errorf("title %q is not of the language asked most", got.Title)
	}
}

func TestReplicasThatBeginATopicAtOnceMakeOne(t *testing.T) {
	one, other := gaps.New(gaps.Config{}), gaps.New(gaps.Config{})
	a := ask(one, 1, "Do you ship to Iceland?", "en")
	b := ask(other, 2, "Is shipping to Iceland possible?", "en")
	if a.Topic == b.Topic {
		t.Fatal("the same ID of different conversations")
	}
	later := a
	later.ID, later.Conversation, later.Topic = "c3", "c3", b.Topic
	for _, topics := range []*gaps.Topics{one, other} {
		fold(topics, a, b, later)
		if page := topics.List(gaps.Query{}); page.Total != 1 || page.Topics[0].Conversations != 3 || page.Topics[0].ID != a.Topic {
			t.Errorf("got %+v", page)
		}
		if got, ok := topics.Topic(b.Topic); !ok || got.ID != a.Topic {
			t.Errorf("the second name leads to %q", got.ID)
		}
	}
}

func TestTopicKeepsItsIDWithoutItsFirstQuestion(t *testing.T) {
	topics := gaps.New(gaps.Config{})
	first := ask(topics, 1, "Do you ship to Iceland?", "en")
	topics.Apply(first)
	second := ask(topics, 2, "Is shipping to Iceland possible?", "en")
	resolved := gaps.Event{ID: "r", Kind: gaps.Resolved, Topic: first.Topic, At: began.Add(time.Hour), Answer: &gaps.Answer{Question: "Do you ship to Iceland?", Texts: map[string]string{"en": "Yes."}}}

	left := gaps.New(gaps.Config{})
	fold(left, second, resolved)
	if got, ok := left.Topic(first.Topic); !ok || got.Conversations != 1 || got.Status != gaps.StatusResolved {
		t.Errorf("got %+v", got)
	}
	// With no question left the answer tells what it is about.
	left = gaps.New(gaps.Config{})
	fold(left, resolved)
	if got, ok := left.Topic(first.Topic); !ok || got.Conversations != 0 || got.Title != "Do you ship to Iceland?" {
		t.Errorf("got %+v", got)
	}
	if said(left, 100, "shipping to Iceland?", "en") != first.Topic {
		t.Error("the topic is not found by its answer")
	}
	if got, _ := left.Topic(first.Topic); got.Status != gaps.Open || got.Reason != "asked again" {
		t.Errorf("not reopened: %+v", got)
	}
}

func TestResolvedTopicIsReopenedWhenItIsAskedAgain(t *testing.T) {
	topics := gaps.New(gaps.Config{})
	id := said(topics, 1, "Do you ship to Iceland?", "en")
	topics.Apply(gaps.Event{ID: "s", Kind: gaps.Suggested, Topic: id, Suggestion: &gaps.Suggestion{ID: "s1", Origin: gaps.FromHuman, Text: "Yes"}})
	topics.Apply(gaps.Event{ID: "r", Kind: gaps.Resolved, Topic: id, By: "Mette", At: began.Add(10 * time.Minute), Answer: &gaps.Answer{Question: "?", Texts: map[string]string{"en": "Yes."}, Suggestion: "s1"}})
	got, _ := topics.Topic(id)
	if got.Status != gaps.StatusResolved || got.ChangedBy != "Mette" || got.Answer == nil || got.Suggestions[0].State != gaps.Approved {
		t.Fatalf("got %+v", got)
	}
	if topics.List(gaps.Query{}).Total != 0 || topics.List(gaps.Query{Status: []gaps.Status{gaps.StatusResolved}}).Total != 1 {
		t.Error("a resolved topic is listed as open")
	}
	said(topics, 5, "Do you ship to Iceland?", "en") // before it was resolved, told of late
	if got, _ = topics.Topic(id); got.Status != gaps.StatusResolved || got.Since != 0 || got.Conversations != 2 {
		t.Errorf("got %+v", got)
	}
	said(topics, 11, "Do you ship to Iceland?", "en")
	if got, _ = topics.Topic(id); got.Status != gaps.Open || got.ChangedBy != "" || got.Answer == nil {
		t.Errorf("got %+v", got)
	}
}

func TestDismissedTopicIsReopenedByFurtherConversations(t *testing.T) {
	for reopenAt, want := range map[int]int{0: 10, 3: 3, -1: 0} {
		topics := gaps.New(gaps.Config{ReopenAt: reopenAt})
		id := said(topics, 1, "Do you sell cars?", "en")
		topics.Apply(gaps.Event{ID: "d", Kind: gaps.Dismissed, Topic: id, At: began.Add(2 * time.Minute), Reason: "not ours"})
		reopened := 0
		for n := 1; n <= 20 && reopened == 0; n++ {
			said(topics, 10+n, "Do you sell cars?", "en")
			if got, _ := topics.Topic(id); got.Status == gaps.Open {
				reopened = n
			}
		}
		if reopened != want {
			t.Errorf("ReopenAt %d: reopened after %d conversations, want %d", reopenAt, reopened, want)
		}
	}
	topics := gaps.New(gaps.Config{ReopenAt: -1})
	id := said(topics, 1, "Do you sell cars?", "en")
	fold(topics, gaps.Event{ID: "d", Kind: gaps.Dismissed, Topic: id, At: began.Add(time.Hour)}, gaps.Event{ID: "o", Kind: gaps.Reopened, Topic: id, At: began.Add(2 * time.Hour)})
	if got, _ := topics.Topic(id); got.Status != gaps.Open {
		t.Errorf("a person could not reopen it: %+v", got)
	}
}

func TestNewSuggestionReplacesThatOfItsOrigin(t *testing.T) {
	topics := gaps.New(gaps.Config{})
	id := said(topics, 1, "Do you sell cars?", "en")
	for i := range 15 {
		origin := gaps.FromHuman
		if i%2 == 1 {
			origin = gaps.FromModel
		}
		topics.Apply(gaps.Event{ID: fmt.Sprint("s", i), Kind: gaps.Suggested, Topic: id, Suggestion: &gaps.Suggestion{ID: fmt.Sprint(i), Origin: origin, State: gaps.Approved}})
	}
	got, _ := topics.Topic(id)
	if len(got.Suggestions) != gaps.MaxSuggestions {
		t.Fatalf("%d suggestions are kept", len(got.Suggestions))
	}
	for i, s := range got.Suggestions {
		want := gaps.Superseded
		if i >= gaps.MaxSuggestions-2 {
			want = gaps.Proposed
		}
		if s.State != want {
			t.Errorf("suggestion %d is %s", i, s.State)
		}
	}
}

func TestMemoryOfATopicIsBoundedAndItsCountsAreExact(t *testing.T) {
	topics := gaps.New(gaps.Config{SameAt: .01})
	for i := range 500 {
		said(topics, i, fmt.Sprintf("Do you ship lamp number%d to Iceland?", i), "en")
	}
	got := topics.List(gaps.Query{}).Topics[0]
	if got.Conversations != 500 || len(got.Questions) != gaps.MaxQuestions || got.MoreQuestions != 450 || len(got.Recent) != gaps.MaxRecent {
		t.Errorf("%d conversations, %d questions, %d more, %d recent", got.Conversations, len(got.Questions), got.MoreQuestions, len(got.Recent))
	}
}

// story is a log of every kind of event.
func story(t *testing.T) []gaps.Event {
	topics := gaps.New(gaps.Config{ReopenAt: 2})
	var events []gaps.Event
	add := func(e gaps.Event) {
		events = append(events, e)
		topics.Apply(e)
	}
	n := 0
	for language, questions := range topicSets(t) {
		for _, q := range shuffled(questions, 3) {
			n++
			e := ask(topics, n, q.text, language)
			add(e)
			act := gaps.Event{ID: fmt.Sprint("act", n), Topic: e.Topic, At: e.At.Add(time.Second), By: "Mette"}
			switch n % 7 {
			case 2:
				act.Kind, act.Suggestion = gaps.Suggested, &gaps.Suggestion{ID: fmt.Sprint(n), Origin: gaps.FromHuman, Text: "Yes", At: act.At}
			case 3:
				act.Kind, act.Answer = gaps.Resolved, &gaps.Answer{Question: q.text, Texts: map[string]string{language: "Yes"}}
			case 5:
				act.Kind = gaps.Dismissed
			case 6:
				act.Kind = gaps.Reopened
			default:
				continue
			}
			add(act)
		}
	}
	return events
}

func everything(topics *gaps.Topics) []gaps.Topic {
	return topics.List(gaps.Query{Status: []gaps.Status{gaps.Open, gaps.StatusResolved, gaps.StatusDismissed}, Limit: 500}).Topics
}

func TestFoldIsDeterministicAndDuplicatesCountForNothing(t *testing.T) {
	events := story(t)
	plain := gaps.New(gaps.Config{ReopenAt: 2})
	fold(plain, events...)
	want := everything(plain)
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 0))
		again := gaps.New(gaps.Config{ReopenAt: 2})
		for i, e := range events {
			again.Apply(e)
			for range r.IntN(3) {
				again.Apply(events[r.IntN(i+1)]) // any of those before
			}
			if r.IntN(50) == 0 {
				again.List(gaps.Query{}) // reading changes nothing
			}
		}
		if got := everything(again); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: the fold of the same log with duplicates differs", seed)
		}
	}
	// Written and read.
	read := gaps.New(gaps.Config{ReopenAt: 2})
	for _, e := range events {
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var back gaps.Event
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		read.Apply(back)
	}
	if got := everything(read); !reflect.DeepEqual(got, want) {
		t.Error("the fold of what was read differs from that of what was written")
	}
}

func TestForeignEventsChangeNothing(t *testing.T) {
	topics := gaps.New(gaps.Config{})
	id := said(topics, 1, "Do you sell cars?", "en")
	want := everything(topics)
	fold(topics,
		gaps.Event{ID: "a", Kind: "later", Topic: id},
		gaps.Event{ID: "b", Kind: gaps.Suggested, Topic: id},
		gaps.Event{ID: "c", Kind: gaps.Resolved, Topic: id},
		gaps.Event{ID: "d", Kind: gaps.Dismissed},
		gaps.Event{ID: "e", Kind: gaps.Dismissed, Topic: "gap-unknown"},
	)
	if got := everything(topics)[:1]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestListNarrowsSortsAndPages(t *testing.T) {
	topics := gaps.New(gaps.Config{})
	said(topics, 1, "Do you sell cars?", "en")
	said(topics, 2, "Do you sell cars?", "en")
	said(topics, 3, "Sender I til Island?", "da")
	for _, c := range []struct {
		query gaps.Query
		want  string
	}{
		{gaps.Query{}, "Do you sell cars? Sender I til Island?"},
		{gaps.Query{Order: gaps.ByLastSeen}, "Sender I til Island? Do you sell cars?"},
		{gaps.Query{Language: "da"}, "Sender I til Island?"},
		{gaps.Query{Channel: "mail"}, ""},
		{gaps.Query{Since: began.Add(3 * time.Minute)}, "Sender I til Island?"},
		{gaps.Query{Contains: "ISLAND"}, "Sender I til Island?"},
		{gaps.Query{Limit: 1}, "Do you sell cars?"},
		{gaps.Query{Limit: 1, Offset: 1}, "Sender I til Island?"},
		{gaps.Query{Offset: 7}, ""},
		{gaps.Query{Offset: -7, Limit: 1}, "Do you sell cars?"},
		{gaps.Query{Status: []gaps.Status{gaps.StatusDismissed}}, ""},
	} {
		var titles []string
		for _, topic := range topics.List(c.query).Topics {
			titles = append(titles, topic.Title)
		}
		if got := strings.Join(titles, " "); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.query, got, c.want)
		}
	}
	if _, ok := topics.Topic("gap-none"); ok {
		t.Error("found a topic that there is not")
	}
}

func TestQuestionsWithoutWordsAreNone(t *testing.T) {
	for question, want := range map[string]bool{"?!": false, "": false, "👍": false, "who are you": true, "返品": true} {
		if gaps.Askable(question) != want {
			t.Errorf("Askable(%q) is %t", question, !want)
		}
	}
}

type embedder func(texts []string) ([][]float32, error)

func (e embedder) Embed(_ context.Context, texts []string) ([][]float32, error) { return e(texts) }

func TestByMeaningComparesVectorsAndRemembersThem(t *testing.T) {
	var embedded []string
	vectors := map[string][]float32{"a": {1, 0}, "b": {1, 1}, "c": {0, 1}, "d": {-1, 0}, "zero": {0, 0}, "long": {1, 0, 0}}
	meaning := gaps.ByMeaning(embedder(func(texts []string) (out [][]float32, err error) {
		for _, s := range texts {
			embedded = append(embedded, s)
			out = append(out, vectors[s])
		}
		return out, nil
	}))
	got, err := meaning(t.Context(), "a", []string{"a", "b", "c", "d", "zero", "long"})
	if err != nil || fmt.Sprintf("%.2f", got) != "[1.00 0.71 0.00 0.00 0.00 0.00]" {
		t.Errorf("got %.2f, %v", got, err)
	}
	embedded = nil
	if _, err := meaning(t.Context(), "b", []string{"a", "c"}); err != nil || len(embedded) != 0 {
		t.Errorf("embedded %q again, %v", embedded, err)
	}
	failure := errors.New("down")
	if _, err := gaps.ByMeaning(embedder(func([]string) ([][]float32, error) { return nil, failure }))(t.Context(), "a", []string{"b"}); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	if _, err := gaps.ByMeaning(embedder(func([]string) ([][]float32, error) { return nil, nil }))(t.Context(), "a", []string{"b"}); err == nil {
		t.Error("no vectors are no error")
	}
}

func FuzzApply(f *testing.F) {
	f.Add("asked", "Do you ship to Iceland?", "en", "返品できますか", "ja")
	f.Fuzz(func(t *testing.T, kind, a, la, b, lb string) {
		topics := gaps.New(gaps.Config{})
		said(topics, 1, a, la)
		said(topics, 2, b, lb)
		said(topics, 3, a, la)
		topics.Apply(gaps.Event{ID: "x", Kind: gaps.Kind(kind), Topic: b})
		total := 0
		for _, topic := range everything(topics) {
			total += topic.Conversations
		}
		if total != 3 {
			t.Errorf("%d conversations", total)
		}
	})
}
