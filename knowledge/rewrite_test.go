package knowledge_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// translator rewrites by a table and records what it was asked.
type translator struct {
	table map[string][]string
	err   error
	asked []knowledge.RewriteRequest
}

func (r *translator) Rewrite(_ context.Context, q knowledge.RewriteRequest) ([]string, error) {
	r.asked = append(r.asked, q)
	return r.table[q.Text], r.err
}

func danish() *script {
	s := &script{id: "da"}
	for title, body := range map[string]string{
		"Refusion":   "Du får pengene tilbage inden for fem dage, når vi har modtaget varen.",
		"Levering":   "Vi leverer alle hverdage mellem klokken otte og seksten.",
		"Reparation": "Vores værksted reparerer cykler på to dage.",
	} {
		c := put(title, body)
		c.Document.Language = "da"
		s.changes = append(s.changes, c)
	}
	s.changes = append(s.changes, complete)
	return s
}

func TestWeakQuestionIsRewrittenIntoTheKnowledgesLanguage(t *testing.T) {
	r := &translator{table: map[string][]string{"When do I get my cash?": {"Hvornår får jeg pengene tilbage?"}}}
	b := newBase(t, knowledge.Config{Rewriter: r}, danish())
	sync1(t, b, "da")
	res := ask(t, b, knowledge.Query{Text: "When do I get my cash?", Language: "en"})
	if len(res.Passages) == 0 || res.Passages[0].Title != "Refusion" || !res.Rewritten || res.Query != "Hvornår får jeg pengene tilbage?" || res.Answerability < .5 {
		t.Errorf("%+v", res)
	}
	if len(r.asked) != 1 || r.asked[0].Language != "en" || strings.Join(r.asked[0].Languages, " ") != "da" {
		t.Errorf("rewriter was told %+v", r.asked)
	}
}

func TestStrongQuestionIsNotRewritten(t *testing.T) {
	r := &translator{}
	b := newBase(t, knowledge.Config{Rewriter: r}, danish())
	sync1(t, b, "da")
	putShort(t, b, knowledge.ShortAnswer{ID: "1", Question: "Har I åbent?", Answer: "Ja."})
	for _, q := range []string{"Hvornår får jeg pengene tilbage?", "Har I åbent", "", "  "} {
		if res := ask(t, b, knowledge.Query{Text: q, Language: "da"}); res.Rewritten || len(r.asked) != 0 {
			t.Errorf("%q was rewritten (answerability %.2f)", q, res.Answerability)
		}
	}
}

func TestQuestionAsIsIsNotRewritten(t *testing.T) {
	r := &translator{}
	b := newBase(t, knowledge.Config{Rewriter: r}, danish())
	sync1(t, b, "da")
	if ask(t, b, knowledge.Query{Text: "zebra", AsIs: true}); len(r.asked) != 0 {
		t.Error("the rewriter was asked")
	}
	if ask(t, b, knowledge.Query{Text: "zebra"}); len(r.asked) != 1 {
		t.Error("the rewriter was not asked: the test shows nothing")
	}
}

func TestRewritingThatFindsNothingBetterIsDropped(t *testing.T) {
	const q = "cykler i Paris om vinteren"
	r := &translator{table: map[string][]string{q: {"", "zebra", strings.Repeat("cykler ", 1000), "xylofon"}}}
	b := newBase(t, knowledge.Config{Rewriter: r}, danish())
	sync1(t, b, "da")
	plain := ask(t, newBaseOf(t, danish()), knowledge.Query{Text: q, Language: "da"})
	if res := ask(t, b, knowledge.Query{Text: q, Language: "da"}); res.Rewritten || res.Query != q || len(res.Passages) != len(plain.Passages) || len(r.asked) != 1 {
		t.Errorf("%+v", res)
	}
	r.err = errors.New("model is down")
	if res := ask(t, b, knowledge.Query{Text: q, Language: "da"}); res.Query != q || len(res.Passages) != len(plain.Passages) {
		t.Errorf("with a failing rewriter: %+v", res)
	}
}

func TestRewritingMatchesShortAnswers(t *testing.T) {
	r := &translator{table: map[string][]string{"lets me know wether your open": {"What are your opening hours?"}}}
	b := newBase(t, knowledge.Config{Rewriter: r})
	putShort(t, b, knowledge.ShortAnswer{ID: "hours", Question: "What are your opening hours?", Answer: "9 to 5.", Language: "en"})
	res := ask(t, b, knowledge.Query{Text: "lets me know wether your open", Language: "en"})
	if res.ShortAnswer == nil || res.ShortAnswer.ID != "hours" || !res.Rewritten || res.Answerability != 1 {
		t.Errorf("%+v", res)
	}
}
