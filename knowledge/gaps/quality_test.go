package gaps_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/internal/corpora"
	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

var began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// asked is a question with what it is about.
type asked struct {
	text, language string
	topic          int
}

// topicSets reads our own questions: those about one thing stand together.
func topicSets(t testing.TB) map[string][]asked {
	t.Helper()
	files, err := filepath.Glob("testdata/topics/*.txt")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files of questions: %v", len(files), err)
	}
	sets := map[string][]asked{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		language := strings.TrimSuffix(filepath.Base(file), ".txt")
		for topic, group := range strings.Split(strings.TrimSpace(string(data)), "\n\n") {
			for line := range strings.Lines(group) {
				sets[language] = append(sets[language], asked{strings.TrimSpace(line), language, topic})
			}
		}
	}
	return sets
}

// log folds questions in order and returns the topic of each.
func log(t testing.TB, topics *gaps.Topics, questions []asked) []string {
	t.Helper()
	var placed []string
	for i, q := range questions {
		conversation := fmt.Sprintf("%s-%d", q.language, i)
		topic, err := topics.Place(t.Context(), conversation, q.text, q.language)
		if err != nil {
			t.Fatal(err)
		}
		topics.Apply(gaps.Event{Kind: gaps.Asked, Topic: topic, Conversation: conversation, Question: q.text, Language: q.language, At: began.Add(time.Duration(i) * time.Minute)})
		placed = append(placed, topic)
	}
	return placed
}

// pairs counts pairs of questions: together in both, in the fold alone, in
// truth alone.
type pairs struct{ both, fold, truth float64 }

func (p *pairs) add(questions []asked, placed []string) {
	for i := range questions {
		for j := range i {
			same, together := questions[i].topic == questions[j].topic, placed[i] == placed[j]
			switch {
			case same && together:
				p.both++
			case together:
				p.fold++
			case same:
				p.truth++
			}
		}
	}
}

func (p pairs) precision() float64 { return p.both / max(p.both+p.fold, 1) }
func (p pairs) recall() float64    { return p.both / max(p.both+p.truth, 1) }

// vMeasure is the harmonic mean of homogeneity and completeness (Rosenberg,
// Hirschberg 2007).
func vMeasure(questions []asked, placed []string) float64 {
	joint, truth, fold := map[string]float64{}, map[string]float64{}, map[string]float64{}
	n := float64(len(questions))
	for i, q := range questions {
		topic := fmt.Sprint(q.topic)
		joint[topic+" "+placed[i]]++
		truth[topic]++
		fold[placed[i]]++
	}
	entropy := func(of map[string]float64) (h float64) {
		for _, c := range of {
			h -= c / n * math.Log(c/n)
		}
		return h
	}
	hj, ht, hf := entropy(joint), entropy(truth), entropy(fold)
	homogeneity, completeness := 1-(hj-hf)/ht, 1-(hj-ht)/hf
	return 2 * homogeneity * completeness / (homogeneity + completeness)
}

func shuffled(questions []asked, seed uint64) []asked {
	out := append([]asked(nil), questions...)
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// orders is in how many orders each set is asked.
const orders = 20

// TestQualityTopics asks our own questions in twelve languages. English, Danish
// and German have groups that share all but a word, such as changes of a
// delivery and an e-mail address: words alone cannot always tell these apart.
func TestQualityTopics(t *testing.T) {
	var all pairs
	var sum float64
	sets := topicSets(t)
	for language, questions := range sets {
		var p pairs
		var v float64
		for seed := range uint64(orders) {
			asked := shuffled(questions, seed)
			placed := log(t, gaps.New(gaps.Config{}), asked)
			p.add(asked, placed)
			v += vMeasure(asked, placed) / orders
		}
		t.Logf("%s: %d questions, pairwise precision %.3f recall %.3f, V %.3f", language, len(questions), p.precision(), p.recall(), v)
		if p.precision() < .7 || p.recall() < .65 {
			t.Errorf("%s: precision %.3f, at least .7 is wanted, recall %.3f, at least .65", language, p.precision(), p.recall())
		}
		all.both, all.fold, all.truth = all.both+p.both, all.fold+p.fold, all.truth+p.truth
		sum += v
	}
	mean := sum / float64(len(sets))
	t.Logf("all: pairwise precision %.3f recall %.3f, V %.3f", all.precision(), all.recall(), mean)
	if all.precision() < .92 || all.recall() < .8 || mean < .94 {
		t.Errorf("precision %.3f, at least .92 is wanted, recall %.3f, at least .8, V %.3f, at least .94", all.precision(), all.recall(), mean)
	}
}

// TestQualityDifferentQuestionsStayApart asks different things, about five of
// each paragraph of an encyclopaedia, which share its names: customers' questions
// share less.
func TestQualityDifferentQuestionsStayApart(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(corpora.Dir(t, "retrieval", "xquad"), "*.json"))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var set struct {
			Language  string
			Questions []struct{ Text string }
		}
		if err := json.Unmarshal(data, &set); err != nil {
			t.Fatal(err)
		}
		var questions []asked
		for i, q := range set.Questions {
			questions = append(questions, asked{q.Text, set.Language, i})
		}
		placed := log(t, gaps.New(gaps.Config{}), questions)
		alone := map[string]int{}
		for _, id := range placed {
			alone[id]++
		}
		together := 0
		for _, n := range alone {
			if n > 1 {
				together += n
			}
		}
		share := float64(together) / float64(len(questions))
		t.Logf("%s: %d questions, %d topics, %.3f of the questions share one", set.Language, len(questions), len(alone), share)
		if share > .5 {
			t.Errorf("%s: %.3f of the questions share a topic, at most .5 is wanted", set.Language, share)
		}
	}
}
