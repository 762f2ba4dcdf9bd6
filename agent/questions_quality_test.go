package agent_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/internal/corpora"
	"github.com/kundeagent/kundeagent/internal/race"
	"github.com/kundeagent/kundeagent/knowledge"
)

// questionSet is one language's paragraphs and questions about them.
type questionSet struct {
	Language   string
	Paragraphs []struct{ ID, Title, Text string }
	Questions  []struct{ Text, Paragraph string }
}

func questionSets(t *testing.T) []questionSet {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpora.Dir(t, "retrieval", "xquad"), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no question sets: %v", err)
	}
	sets := make([]questionSet, len(files))
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(data, &sets[i])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return sets
}

// knowledge returns a base that knows the paragraphs, one document each.
func (s questionSet) knowledge(t *testing.T) *knowledge.Base {
	var docs []*knowledge.Document
	for _, p := range s.Paragraphs {
		docs = append(docs, &knowledge.Document{ID: p.ID, Title: p.Title, Blocks: []knowledge.Block{{Text: p.Text}}})
	}
	return agenttest.Knowledge(t, docs...)
}

// message returns the i-th message of n questions about different paragraphs,
// and those paragraphs.
func (s questionSet) message(i, n int) (text string, paragraphs []string) {
	var texts []string
	known := map[string]bool{}
	for k := 0; k < len(s.Questions) && len(texts) < n; k++ {
		q := s.Questions[(i+k*len(s.Questions)/n)%len(s.Questions)]
		if question := strings.TrimRight(strings.TrimSpace(q.Text), "?？"); !known[q.Paragraph] && question != "" {
			known[q.Paragraph] = true
			texts = append(texts, question+"?")
			paragraphs = append(paragraphs, q.Paragraph)
		}
	}
	return strings.Join(texts, " "), paragraphs
}

// Several questions about different paragraphs in one message: the share of
// them whose paragraph is among the passages. The reference is one search for
// the whole message with as many passages.
func TestQualityAllQuestionsOfAMessageAreFound(t *testing.T) {
	race.SkipHeavy(t)
	const messages = 60 // of each language and number of questions
	sets := questionSets(t)
	for _, n := range []int{2, 3, 4} {
		var byParts, asWhole, all int
		for _, set := range sets {
			base := set.knowledge(t)
			a := mustNew(t, agent.Config{Knowledge: base})
			for i := range messages {
				text, paragraphs := set.message(i*len(set.Questions)/messages/n, n)
				r, err := a.Preview(t.Context(), agent.Question{Text: text, Language: set.Language})
				if err != nil {
					t.Fatal(err)
				}
				found, err := base.Search(t.Context(), knowledge.Query{Text: text, Language: set.Language, Limit: 8})
				if err != nil {
					t.Fatal(err)
				}
				parts, whole := map[string]bool{}, map[string]bool{}
				for _, h := range r.Trace.Hits {
					parts[h.Document] = true
				}
				for _, p := range found.Passages {
					whole[p.Document] = true
				}
				for _, p := range paragraphs {
					all++
					byParts += count(parts[p])
					asWhole += count(whole[p])
				}
			}
		}
		fmt.Printf("%d questions in a message, %d languages: %.1f %% found part by part, %.1f %% as a whole\n",
			n, len(sets), 100*float64(byParts)/float64(all), 100*float64(asWhole)/float64(all))
		if byParts < asWhole {
			t.Errorf("%d questions: %d found part by part, %d as a whole, of %d", n, byParts, asWhole, all)
		}
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
