package knowledge_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

func TestShortAnswersComeFirstAndWordForWord(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	b := newBase(t, knowledge.Config{Now: func() time.Time { return now }})
	for _, s := range []knowledge.ShortAnswer{
		{ID: "1", Question: "Do you ship to Norway?", Variants: []string{"Sender I til Norge?"}, Answer: "Yes, within a week."},
		{ID: "2", Question: "What is the staff code?", Answer: "1234", Visibility: knowledge.Internal},
		{ID: "3", Question: "Is there a spring sale?", Answer: "Yes!", Until: now.Add(-time.Hour)},
		{ID: "4", Question: "Is there a lounge?", Answer: "Yes, on floor two.", Audience: []string{"gold"}},
	} {
		if err := b.PutShortAnswer(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		q    knowledge.Query
		want string
	}{
		{knowledge.Query{Text: "do you ship to norway"}, "1"},
		{knowledge.Query{Text: "Sender I til Norge"}, "1"},
		{knowledge.Query{Text: "Do you ship to Sweden?"}, ""},
		{knowledge.Query{Text: "What is the staff code?"}, ""},
		{knowledge.Query{Text: "What is the staff code?", Internal: true}, "2"},
		{knowledge.Query{Text: "Is there a spring sale?"}, ""},
		{knowledge.Query{Text: "Is there a lounge?"}, ""},
		{knowledge.Query{Text: "Is there a lounge?", Audience: []string{"gold"}}, "4"},
	} {
		res, err := b.Search(t.Context(), c.q)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if res.ShortAnswer != nil {
			got = res.ShortAnswer.ID
		}
		if got != c.want {
			t.Errorf("%q gets short answer %q, want %q", c.q.Text, got, c.want)
		}
	}
	if err := b.DeleteShortAnswer(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	if res, _ := b.Search(t.Context(), knowledge.Query{Text: "do you ship to norway"}); res.ShortAnswer != nil {
		t.Error("a deleted short answer is still given")
	}
	if err := b.PutShortAnswer(t.Context(), knowledge.ShortAnswer{ID: "x"}); !errors.Is(err, knowledge.ErrInvalidShortAnswer) {
		t.Errorf("incomplete short answer: %v", err)
	}
}

func putShort(t testing.TB, b *knowledge.Base, s knowledge.ShortAnswer) {
	t.Helper()
	if err := b.PutShortAnswer(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func TestShortAnswerIsGivenInItsLanguageOnly(t *testing.T) {
	b := newBase(t, knowledge.Config{})
	putShort(t, b, knowledge.ShortAnswer{ID: "wifi", Question: "Wifi password?", Answer: "Koden er gæst2026.", Language: "da"})
	for lang, want := range map[string]bool{"da": true, "da-DK": true, "": true, "en": false} {
		if got := ask(t, b, knowledge.Query{Text: "wifi password", Language: lang}).ShortAnswer != nil; got != want {
			t.Errorf("asked in %q: given %v, want %v", lang, got, want)
		}
	}
	if res := ask(t, b, knowledge.Query{Text: "wifi password", Language: "en"}); len(res.Passages) != 1 || res.Passages[0].Citable {
		t.Errorf("in another language it is not a passage without citation: %+v", res.Passages)
	}
}

func TestShortAnswersArePassagesToOtherQuestions(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	b := newBase(t, knowledge.Config{Now: func() time.Time { return now }})
	putShort(t, b, knowledge.ShortAnswer{ID: "norway", Question: "Do you ship to Norway?", Variants: []string{"Is Oslo possible?"}, Answer: "Yes, within a week."})
	putShort(t, b, knowledge.ShortAnswer{ID: "sale", Question: "Is there a parcel sale to Norway?", Answer: "Yes!", Until: now.Add(time.Hour)})
	putShort(t, b, knowledge.ShortAnswer{ID: "staff", Question: "Do staff parcels go to Norway?", Answer: "No.", Visibility: knowledge.Internal})
	found := func(q string) string {
		var ids []string
		for _, p := range ask(t, b, knowledge.Query{Text: q}).Passages {
			if p.Source != knowledge.ShortAnswerSource || p.Citable {
				t.Errorf("%s: source %q, citable %v", p.Document, p.Source, p.Citable)
			}
			ids = append(ids, p.Document)
		}
		return strings.Join(ids, " ")
	}
	if got := found("How long does a parcel to Norway take, please?"); !strings.Contains(got, "norway") || !strings.Contains(got, "sale") || strings.Contains(got, "staff") {
		t.Errorf("found %q", got)
	}
	if got := found("Oslo"); got != "norway" {
		t.Errorf("by a variant's words: found %q", got)
	}
	now = now.Add(time.Hour)
	if got := found("How long does a parcel to Norway take, please?"); got != "norway" {
		t.Errorf("after its time: found %q", got)
	}
	putShort(t, b, knowledge.ShortAnswer{ID: "norway", Question: "Do you sell tents?", Answer: "Yes."})
	if got := found("Norway"); got != "" {
		t.Errorf("its old wording is still found after an edit: %q", got)
	}
	if err := b.DeleteShortAnswer(t.Context(), "norway"); err != nil {
		t.Fatal(err)
	}
	if got := found("tents"); got != "" {
		t.Errorf("found %q after it was deleted", got)
	}
	if err := b.DeleteShortAnswer(t.Context(), "norway"); !errors.Is(err, knowledge.ErrUnknownShortAnswer) {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestShortAnswerHitsAreCountedAndSurviveAnEdit(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	b := newBase(t, knowledge.Config{Now: func() time.Time { return now }})
	s := knowledge.ShortAnswer{ID: "1", Question: "Do you ship to Norway?", Answer: "Yes.", Origin: knowledge.Suggested}
	putShort(t, b, s)
	ask(t, b, knowledge.Query{Text: s.Question})
	ask(t, b, knowledge.Query{Text: s.Question, Preview: true})
	ask(t, b, knowledge.Query{Text: "How much is a tent?"})
	s.Answer = "No."
	putShort(t, b, s)
	if res := ask(t, b, knowledge.Query{Text: s.Question}); res.ShortAnswer.Answer != "No." {
		t.Errorf("answer %q right after the edit", res.ShortAnswer.Answer)
	}
	got := b.ShortAnswers()
	if len(got) != 1 || got[0].Hits != 2 || !got[0].LastHit.Equal(now) || got[0].Origin != knowledge.Suggested {
		t.Errorf("%+v", got)
	}
}

func TestInvalidShortAnswersAreRefused(t *testing.T) {
	b := newBase(t, knowledge.Config{})
	ok := knowledge.ShortAnswer{ID: "1", Question: "Do you ship to Norway?", Answer: "Yes."}
	for name, spoil := range map[string]func(*knowledge.ShortAnswer){
		"no ID":             func(s *knowledge.ShortAnswer) { s.ID = "" },
		"wordless":          func(s *knowledge.ShortAnswer) { s.Question = "?!" },
		"no answer":         func(s *knowledge.ShortAnswer) { s.Answer = " " },
		"comma in a tag":    func(s *knowledge.ShortAnswer) { s.Audience = []string{"a,b"} },
		"long question":     func(s *knowledge.ShortAnswer) { s.Variants = []string{strings.Repeat("x", 2000)} },
		"long answer":       func(s *knowledge.ShortAnswer) { s.Answer = strings.Repeat("x", 20_000) },
		"too many wordings": func(s *knowledge.ShortAnswer) { s.Variants = make([]string, 101) },
		"visibility":        func(s *knowledge.ShortAnswer) { s.Visibility = 9 },
		"ends before start": func(s *knowledge.ShortAnswer) { s.From, s.Until = time.Unix(9, 0), time.Unix(8, 0) },
	} {
		s := ok
		spoil(&s)
		if err := b.PutShortAnswer(t.Context(), s); !errors.Is(err, knowledge.ErrInvalidShortAnswer) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := b.ShortAnswers(); len(got) != 0 {
		t.Errorf("kept %+v", got)
	}
}

func BenchmarkShortAnswerMatch(b *testing.B) {
	base := newBase(b, knowledge.Config{})
	for i := range 1000 {
		putShort(b, base, knowledge.ShortAnswer{
			ID: fmt.Sprint(i), Question: fmt.Sprintf("How do I change the delivery of order kind %d?", i),
			Variants: []string{fmt.Sprintf("changing delivery %d", i), fmt.Sprintf("other address for %d", i)}, Answer: "In your account.",
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		if ask(b, base, knowledge.Query{Text: "other address for 977"}).ShortAnswer == nil {
			b.Fatal("not matched")
		}
	}
}

func ask(t testing.TB, b *knowledge.Base, q knowledge.Query) knowledge.Result {
	t.Helper()
	res, err := b.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return res
}
