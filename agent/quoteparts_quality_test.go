package agent_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/internal/race"
	"github.com/kundeagent/kundeagent/knowledge"
)

// partFigures count the questions of messages that ask several.
type partFigures struct {
	all, held     int // with every paragraph known: those whose answer the reply holds
	alone         int // the same when each is asked alone
	others, still int // beside one without its paragraph: those whose answer the reply still holds
	gone, honest  int // without their paragraph: those of which the reply says so
	longest       int
}

func (f partFigures) String() string {
	share := func(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }
	return fmt.Sprintf("%.1f %% of the questions have their answer (%.1f %% asked alone), %.1f %% beside one that nothing answers, of which %.1f %% of the replies say so; longest reply %d characters",
		share(f.held, f.all), share(f.alone, f.all), share(f.still, f.others), share(f.honest, f.gone), f.longest)
}

// measure asks messages of n questions about different paragraphs, and again
// with the last one's paragraph taken away.
func (f *partFigures) measure(t *testing.T, s answerSet, n, messages int) {
	t.Helper()
	ctx := context.Background()
	docs := s.documents()
	var all []*knowledge.Document
	for _, p := range s.Paragraphs {
		all = append(all, docs[p.ID])
	}
	base := agenttest.Knowledge(t, all...)
	a := mustNew(t, agent.Config{Knowledge: base})
	ask := func(text string) agent.Reply {
		r, err := a.Reply(ctx, agent.Question{Text: text, Language: s.Language})
		if err != nil {
			t.Fatal(err)
		}
		f.longest = max(f.longest, utf8.RuneCountInString(r.Text))
		return r
	}
	holds := func(r agent.Reply, i int) int {
		return count(r.Decision == agent.Answer && holdsAnswer(r.Text, s.Questions[i].Answers[0].Text))
	}
	for m := range messages {
		var asked []int
		var text []string
		known := map[string]bool{}
		for k := 0; k < len(s.Questions) && len(asked) < n; k++ {
			i := (m*len(s.Questions)/messages/n + k*len(s.Questions)/n) % len(s.Questions)
			if q := s.Questions[i]; !known[q.Paragraph] {
				known[q.Paragraph] = true
				asked = append(asked, i)
				text = append(text, strings.TrimRight(strings.TrimSpace(q.Text), "?？")+"?")
			}
		}
		message := strings.Join(text, " ")
		r := ask(message)
		for k, i := range asked {
			f.all++
			f.held += holds(r, i)
			f.alone += holds(ask(text[k]), i)
		}
		last := s.Questions[asked[n-1]].Paragraph
		apply := func(c knowledge.Change) {
			if _, err := base.Apply(ctx, "docs", c); err != nil {
				t.Fatal(err)
			}
		}
		apply(knowledge.Change{ID: last, Kind: knowledge.Gone})
		r = ask(message)
		for _, i := range asked[:n-1] {
			f.others++
			f.still += holds(r, i)
		}
		f.gone++
		f.honest += count(len(r.Trace.Parts) == n && r.Trace.Parts[n-1].Missing || r.Decision != agent.Answer)
		apply(knowledge.Change{ID: last, Kind: knowledge.Upsert, Document: docs[last]})
	}
}

// Without a model, each question of a message has its answer or is said to have
// none.
func TestQualityEachQuestionOfAMessageHasItsAnswerOrNone(t *testing.T) {
	race.SkipHeavy(t)
	for _, n := range []int{2, 3} {
		var f partFigures
		for _, s := range loadAnswerSets(t) {
			f.measure(t, s, n, 40)
		}
		t.Logf("%d questions in a message: %v", n, f)
		if 100*f.held < 90*f.alone || 100*f.honest < 70*f.gone {
			t.Error("fewer than nine in ten of the answers they have alone, or seven in ten honest replies")
		}
		if f.longest > 300+(n-1)*150 {
			t.Error("a reply is too long")
		}
	}
}
