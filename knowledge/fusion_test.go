package knowledge_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// world is an invented set of documents whose texts and meanings are both
// unreliable in their own ways: questions share some words with their answer
// and some with others, and lie near its meaning but off it.
type world struct {
	vectors   map[string][]float32
	source    *script
	questions []question
}

type question struct {
	text   string
	answer string // document ID; empty: nothing answers
}

const (
	worldDocuments = 400
	worldQuestions = 400
	worldSize      = 48 // dimensions
)

// newWorld makes a world whose vectors have offset in common, as those of many
// models do: with 0 unrelated texts have similarity 0, with 2 about .8.
func newWorld(offset float64) *world {
	rng := rand.New(rand.NewPCG(7, 11))
	w := &world{vectors: map[string][]float32{}, source: &script{id: "world"}}
	direction := func() []float64 {
		v := make([]float64, worldSize)
		for i := range v {
			v[i] = rng.NormFloat64() / 7
		}
		return v
	}
	common := direction()
	subjects := make([][]float64, 20)
	for i := range subjects {
		subjects[i] = direction()
	}
	mix := func(subject int, own []float64, share, noise float64) []float32 {
		v, n := make([]float32, worldSize), direction()
		for i := range v {
			v[i] = float32(offset*common[i] + .7*subjects[subject][i] + share*own[i] + noise*n[i])
		}
		return v
	}
	word := func() string {
		return fmt.Sprintf("%c%c%c%c%c", 'a'+rng.IntN(26), 'a'+rng.IntN(26), 'a'+rng.IntN(26), 'a'+rng.IntN(26), 'a'+rng.IntN(6))
	}
	words := func(n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = word()
		}
		return out
	}
	// Every second document is in the base; the others are only asked for.
	for d := range 2 * worldDocuments {
		subject, own, body := d%len(subjects), direction(), words(30)
		id := fmt.Sprintf("d%d", d)
		known := d%2 == 0
		if known {
			c := put(id, strings.Join(body, " ")+".")
			c.Document.Title = ""
			w.source.changes = append(w.source.changes, c)
			w.vectors[strings.Join(body, " ")+"."] = mix(subject, own, 1, 0)
		}
		if d >= worldQuestions {
			continue
		}
		asked := words(2)
		for range rng.IntN(4) {
			asked = append(asked, body[rng.IntN(30)])
		}
		q := question{text: strings.Join(asked, " "), answer: id}
		if !known {
			q.answer = ""
		}
		w.vectors[q.text] = mix(subject, own, .5, 1)
		w.questions = append(w.questions, q)
	}
	w.source.changes = append(w.source.changes, complete)
	return w
}

func (w *world) Embed(_ context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, t := range texts {
		v := w.vectors[t]
		if v == nil {
			return nil, fmt.Errorf("%q has no meaning here", t)
		}
		out[i] = append([]float32(nil), v...)
	}
	return out, nil
}

// figures are what a base makes of a world's questions.
type figures struct {
	mrr, auc    float64 // the latter of the answerability
	answered    float64 // share of the answerable with at least .5
	notAnswered float64 // share of the others below
}

func (w *world) ask(t *testing.T, cfg knowledge.Config, noWords bool) figures {
	t.Helper()
	if noWords {
		cfg.Index = wordless{}
	}
	b := newBase(t, cfg, w.source)
	if r := sync1(t, b, "world"); r.Unembedded != 0 && cfg.Embedder != nil {
		t.Fatalf("%+v", r)
	}
	var f figures
	var with, without []float64
	for _, q := range w.questions {
		res := ask(t, b, knowledge.Query{Text: q.text, Language: "en", Limit: 10})
		if q.answer == "" {
			without = append(without, res.Answerability)
			continue
		}
		with = append(with, res.Answerability)
		for i, p := range res.Passages {
			if p.Document == q.answer {
				f.mrr += 1 / float64(i+1)
			}
		}
	}
	f.mrr /= float64(len(with))
	f.auc = areaUnderCurve(with, without)
	f.answered = float64(len(with)-sort.SearchFloat64s(sorted(with), .5)) / float64(len(with))
	f.notAnswered = float64(sort.SearchFloat64s(sorted(without), .5)) / float64(len(without))
	return f
}

func sorted(x []float64) []float64 { sort.Float64s(x); return x }

func areaUnderCurve(with, without []float64) float64 {
	wins := 0.0
	for _, a := range with {
		for _, b := range without {
			switch {
			case a > b:
				wins++
			case a == b:
				wins += .5
			}
		}
	}
	return wins / float64(len(with)*len(without))
}

// wordless is an index that finds nothing, so that meaning is alone.
type wordless struct{}

func (wordless) Build(context.Context, knowledge.Snapshot, []knowledge.Passages) (knowledge.Snapshot, error) {
	return wordless{}, nil
}

func (wordless) Search(context.Context, knowledge.IndexQuery) (knowledge.IndexResult, error) {
	return knowledge.IndexResult{}, nil
}

func (wordless) Len() int { return 0 }

func TestFusionFindsMoreThanWordsOrMeaningAlone(t *testing.T) {
	for _, offset := range []float64{0, 2} {
		t.Run(fmt.Sprintf("offset %g", offset), func(t *testing.T) {
			w := newWorld(offset)
			words := w.ask(t, knowledge.Config{}, false)
			meaning := w.ask(t, knowledge.Config{Embedder: w}, true)
			both := w.ask(t, knowledge.Config{Embedder: w}, false)
			t.Logf("words %+v, meaning %+v, both %+v", words, meaning, both)
			if both.mrr < words.mrr+.05 || both.mrr < meaning.mrr+.05 {
				t.Errorf("MRR of words %.3f, of meaning %.3f, of both %.3f", words.mrr, meaning.mrr, both.mrr)
			}
			if both.auc < max(words.auc, meaning.auc)+.01 {
				t.Errorf("AUC of words %.3f, of meaning %.3f, of both %.3f", words.auc, meaning.auc, both.auc)
			}
			if both.answered < words.answered+.15 || both.notAnswered < .95 {
				t.Errorf("%.2f of the answerable and %.2f of the others are judged right, by words alone %.2f and %.2f", both.answered, both.notAnswered, words.answered, words.notAnswered)
			}
		})
	}
}

func TestSimilaritiesAreJudgedAlikeWhateverTheirOffset(t *testing.T) {
	plain, w := newWorld(0), newWorld(2)
	a := plain.ask(t, knowledge.Config{Embedder: plain}, true)
	b := w.ask(t, knowledge.Config{Embedder: w}, true)
	if d := a.answered - b.answered; d > .15 || d < -.15 {
		t.Errorf("answered %.2f without and %.2f with an offset", a.answered, b.answered)
	}
	if d := a.notAnswered - b.notAnswered; d > .15 || d < -.15 {
		t.Errorf("not answered %.2f without and %.2f with an offset", a.notAnswered, b.notAnswered)
	}
}
