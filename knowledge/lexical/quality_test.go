package lexical

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/corpora"

	"github.com/kundeagent/kundeagent/internal/text"
)

// questionSet is one language of a retrieval corpus.
type questionSet struct {
	Language   string
	Paragraphs []struct{ ID, Title, Text string }
	Questions  []struct {
		ID, Text, Paragraph string
		Answers             []struct {
			Text  string
			Start int
		}
	}
}

func loadQuestionSets(t testing.TB) []questionSet {
	t.Helper()
	dir := corpora.Dir(t, "retrieval", "xquad")
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	if len(files) == 0 {
		t.Skipf("no question sets in %s", dir)
	}
	var sets []questionSet
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var s questionSet
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		sets = append(sets, s)
	}
	return sets
}

// cutting is one way to make entries of a question set.
type cutting struct {
	name    string
	entries func(questionSet) []Entry
	gold    func(questionSet, []Entry) []string // by question
}

// paragraphs are entries of their own.
func paragraphEntries(s questionSet) []Entry {
	var out []Entry
	for _, p := range s.Paragraphs {
		out = append(out, Entry{ID: p.ID, Text: p.Text, Language: s.Language})
	}
	return out
}

func paragraphGold(s questionSet, _ []Entry) []string {
	var out []string
	for _, q := range s.Questions {
		out = append(out, q.Paragraph)
	}
	return out
}

// passageSpans joins sentences until they have 90 characters, 25 in a script of
// ideographs; what is left over joins the last.
func passageSpans(s, language string) []text.Span {
	least := 90
	if language == "zh" || language == "ja" {
		least = 25
	}
	var out []text.Span
	open := false
	for _, sp := range text.SentenceSpans(s) {
		if open {
			out[len(out)-1].End = sp.End
		} else {
			out = append(out, sp)
		}
		last := out[len(out)-1]
		open = utf8.RuneCountInString(s[last.Start:last.End]) < least
	}
	if n := len(out); open && n > 1 {
		out[n-2].End = out[n-1].End
		out = out[:n-1]
	}
	return out
}

func passageEntries(s questionSet) []Entry {
	var out []Entry
	for _, p := range s.Paragraphs {
		for i, sp := range passageSpans(p.Text, s.Language) {
			out = append(out, Entry{ID: fmt.Sprintf("%s/%d", p.ID, i), Parent: p.ID, Text: p.Text[sp.Start:sp.End], Language: s.Language})
		}
	}
	return out
}

func passageGold(s questionSet, _ []Entry) []string {
	texts := map[string]string{}
	for _, p := range s.Paragraphs {
		texts[p.ID] = p.Text
	}
	var out []string
	for _, q := range s.Questions {
		body := texts[q.Paragraph]
		at := 0
		for n := 0; n < q.Answers[0].Start && at < len(body); n++ {
			_, size := utf8.DecodeRuneInString(body[at:])
			at += size
		}
		gold := ""
		for i, sp := range passageSpans(body, s.Language) {
			if sp.Start <= at || gold == "" {
				gold = fmt.Sprintf("%s/%d", q.Paragraph, i)
			}
		}
		out = append(out, gold)
	}
	return out
}

var cuttings = []cutting{
	{"paragraphs", paragraphEntries, paragraphGold},
	{"sentences", passageEntries, passageGold},
}

func buildIndex(t testing.TB, cfg Config, entries []Entry) *Index {
	t.Helper()
	ix, err := New(cfg).With(context.Background(), nil, entries)
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

// rank is the place of id among the hits from 1, 0 when absent; hits of the same
// score count before it.
func rank(hits []Hit, id string) int {
	for i, h := range hits {
		if h.ID == id {
			for i+1 < len(hits) && hits[i+1].Score == h.Score {
				i++
			}
			return i + 1
		}
	}
	return 0
}

func TestQualityRanking(t *testing.T) {
	sets := loadQuestionSets(t)
	floors := map[string][2]float64{"paragraphs": {95.3, 0}, "sentences": {80.5, 92}}
	reach := map[string][2]float64{"paragraphs": {97, 0}, "sentences": {85, 95}}
	for _, c := range cuttings {
		var mrr, r5 float64
		var line strings.Builder
		for _, s := range sets {
			entries := c.entries(s)
			ix := buildIndex(t, Config{}, entries)
			gold := c.gold(s, entries)
			var m, r float64
			for i, q := range s.Questions {
				hits := ix.Search(Query{Text: q.Text, Language: s.Language, K: 20}).Hits
				if n := rank(hits, gold[i]); n > 0 && n <= 10 {
					m += 1 / float64(n)
					if n <= 5 {
						r++
					}
				}
			}
			n := float64(len(s.Questions)) / 100
			fmt.Fprintf(&line, " %s %.1f/%.1f", s.Language, m/n, r/n)
			mrr += m / n
			r5 += r / n
		}
		mrr /= float64(len(sets))
		r5 /= float64(len(sets))
		t.Logf("%s: MRR@10 %.2f (floor %.1f, reach %.0f; bleve 76.6/81.0 on paragraphs, 62.8/67.4 on sentences), recall@5 %.2f (floor %.0f, reach %.0f):%s",
			c.name, mrr, floors[c.name][0], reach[c.name][0], r5, floors[c.name][1], reach[c.name][1], line.String())
		if mrr < floors[c.name][0] || r5 < floors[c.name][1] {
			t.Errorf("%s: below the floor", c.name)
		}
	}
}

func TestQualityAnswerability(t *testing.T) {
	sets := loadQuestionSets(t)
	floors := map[string]float64{"paragraphs": .91, "sentences": .90}
	reach := map[string]float64{"paragraphs": .96, "sentences": .95}
	for _, c := range cuttings {
		var sum, brier float64
		var line strings.Builder
		for _, s := range sets {
			entries := c.entries(s)
			ix := buildIndex(t, Config{}, entries)
			// A copy without each paragraph in turn, shared by its questions.
			byParagraph := map[string][]string{}
			for _, e := range entries {
				p, _, _ := strings.Cut(e.ID, "/")
				byParagraph[p] = append(byParagraph[p], e.ID)
			}
			var pos, neg []float64
			without := map[string]*Index{}
			for _, q := range s.Questions {
				w := without[q.Paragraph]
				if w == nil {
					var err error
					if w, err = ix.With(context.Background(), byParagraph[q.Paragraph], nil); err != nil {
						t.Fatal(err)
					}
					without[q.Paragraph] = w
				}
				query := Query{Text: q.Text, Language: s.Language}
				pos = append(pos, ix.Search(query).Answerability)
				neg = append(neg, w.Search(query).Answerability)
			}
			a := areaUnderCurve(pos, neg)
			b := brierScore(pos, neg)
			fmt.Fprintf(&line, " %s %.3f (medians %.2f %.2f)", s.Language, a, median(pos), median(neg))
			sum += a
			brier += b
		}
		auc := sum / float64(len(sets))
		t.Logf("%s: answerability AUC %.4f (floor %.2f, reach %.2f), Brier score %.3f:%s", c.name, auc, floors[c.name], reach[c.name], brier/float64(len(sets)), line.String())
		if auc < floors[c.name] {
			t.Errorf("%s: below the floor", c.name)
		}
	}
}

func brierScore(pos, neg []float64) float64 {
	var b float64
	for _, p := range pos {
		b += (1 - p) * (1 - p)
	}
	for _, p := range neg {
		b += p * p
	}
	return b / float64(len(pos)+len(neg))
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	sort.Float64s(v)
	return v[len(v)/2]
}

// areaUnderCurve is the chance that a random answerable question scores above a
// random unanswerable one.
func areaUnderCurve(pos, neg []float64) float64 {
	neg = slices.Clone(neg)
	sort.Float64s(neg)
	var wins float64
	for _, p := range pos {
		lo := sort.SearchFloat64s(neg, p)
		hi := lo
		for hi < len(neg) && neg[hi] == p {
			hi++
		}
		wins += float64(lo) + float64(hi-lo)/2
	}
	return wins / float64(len(pos)*len(neg))
}

// TestQualityPruning measures what reading only the best candidates' tails loses
// against reading everything, and that most questions get the same first hit.
func TestQualityPruning(t *testing.T) {
	sets := loadQuestionSets(t)
	distractors, _ := benchTexts(t, 20000)
	entries := distractors
	type question struct {
		Query
		gold string
	}
	var questions []question
	for _, s := range sets {
		passages := passageEntries(s)
		gold := passageGold(s, passages)
		for _, e := range passages {
			e.ID, e.Parent = s.Language+e.ID, s.Language+e.Parent
			entries = append(entries, e)
		}
		for i := 0; i < len(s.Questions); i += 6 {
			questions = append(questions, question{Query{Text: s.Questions[i].Text, Language: s.Language}, s.Language + gold[i]})
		}
	}
	ix := buildIndex(t, Config{}, entries)
	exhaustive := *ix
	exhaustive.tailLeast = 1 << 60
	var pruned, full float64
	same := 0
	for _, q := range questions {
		a, b := ix.Search(q.Query).Hits, exhaustive.Search(q.Query).Hits
		if n := rank(a, q.gold); n > 0 {
			pruned += 1 / float64(n)
		}
		if n := rank(b, q.gold); n > 0 {
			full += 1 / float64(n)
		}
		if len(a) > 0 && len(b) > 0 && a[0].ID == b[0].ID {
			same++
		}
	}
	n := float64(len(questions)) / 100
	t.Logf("%d passages: MRR@10 %.2f pruned, %.2f exhaustive (may lose 0.2); same first hit %.1f %%", len(entries), pruned/n, full/n, float64(same)/n)
	if pruned/n < full/n-0.2 {
		t.Error("pruning loses too much")
	}
}
