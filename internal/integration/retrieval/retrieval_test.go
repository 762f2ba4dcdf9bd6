package retrieval

import (
	"math"
	"slices"
	"testing"
	"time"
)

// small is a task whose answers share words with the questions, other
// inflections included.
var small = task{
	name: "small",
	passages: []passage{
		{"de/1", "", "Die Rücksendungen sind innerhalb von dreißig Tagen kostenlos.", "de"},
		{"de/2", "", "Unsere Werkstatt öffnet jeden Morgen um acht Uhr.", "de"},
		{"de/3", "", "Geschenkkarten gelten drei Jahre lang.", "de"},
		{"en/1", "", "Refunds are paid to the card within five days.", "en"},
		{"en/2", "", "Bicycles may be taken on the ferry without a ticket.", "en"},
		{"en/3", "", "The harbour office closes at noon on Saturdays.", "en"},
	},
	questions: []question{
		{"Ist eine Rücksendung kostenlos?", "de", "de/1"},
		{"Wann öffnet die Werkstatt morgens?", "de", "de/2"},
		{"When is a refund paid?", "en", "en/1"},
		{"Can I take my bicycle on the ferry?", "en", "en/2"},
	},
}

// An engine that is set up wrongly would make a comparison worthless.
func TestEveryEngineFindsWhatIsPlainlyThere(t *testing.T) {
	for _, e := range slices.Concat([]engine{ours(), vectors()}, bleveEngines(), chromemEngines()) {
		t.Run(e.name, func(t *testing.T) {
			f := measure(t, e, small)
			if f.mrr != 100 || f.recall5 != 100 {
				t.Errorf("MRR %.1f, recall %.1f; want 100", f.mrr, f.recall5)
			}
			if f.build <= 0 || f.query <= 0 || f.passages != len(small.passages) {
				t.Errorf("not measured: %+v", f)
			}
		})
	}
}

func TestEveryEngineAnswersInTheLanguageOfTheQuestion(t *testing.T) {
	for _, e := range slices.Concat([]engine{ours(), vectors()}, bleveEngines(), chromemEngines()) {
		t.Run(e.name, func(t *testing.T) {
			ix, _ := timedBuild(t, e, small)
			defer ix.close()
			results, _ := ask(t, e, ix, small.questions)
			for i, hits := range results {
				for _, h := range hits {
					if language := small.questions[i].language; h.id[:2] != language {
						t.Errorf("%s in answer to a question in %s", h.id, language)
					}
				}
			}
		})
	}
}

func TestTiesCountAgainstTheEngine(t *testing.T) {
	hits := []hit{{"a", 3}, {"b", 2}, {"c", 2}, {"d", 1}}
	for id, want := range map[string]int{"a": 1, "b": 3, "c": 3, "d": 4, "e": 0} {
		if got := rank(hits, id); got != want {
			t.Errorf("%s: rank %d, want %d", id, got, want)
		}
	}
	six := []hit{{"1", 6}, {"2", 5}, {"3", 4}, {"4", 3}, {"5", 2}, {"6", 1}}
	mrr, recall := quality([][]hit{six, six, six, six}, []question{{gold: "1"}, {gold: "4"}, {gold: "6"}, {gold: "none"}})
	if want := (1 + 1./4 + 1./6) / 4 * 100; math.Abs(mrr-want) > 1e-9 || recall != 50 {
		t.Errorf("MRR %v, want %v; recall %v, want 50", mrr, want, recall)
	}
}

func TestAdvantageIsAboveOneWhereOursIsBetter(t *testing.T) {
	better := figures{mrr: 90, recall5: 90, build: time.Second, query: time.Millisecond, held: 100, resident: 100, passages: 10}
	worse := figures{mrr: 45, recall5: 45, build: 2 * time.Second, query: 2 * time.Millisecond, held: 200, resident: 200, passages: 10}
	for _, c := range columns {
		if got := c.advantage(better, worse); math.Abs(got-2) > 1e-9 {
			t.Errorf("%s: %v, want 2", c.name, got)
		}
	}
}

func TestSentencesAreWholeAndLongEnough(t *testing.T) {
	const text = "First one here. Second one there. A third that is rather long in comparison. End."
	var pieces []string
	for _, span := range sentences(text, 30) {
		pieces = append(pieces, text[span.Start:span.End])
	}
	want := []string{"First one here. Second one there.", "A third that is rather long in comparison. End."}
	if !slices.Equal(pieces, want) {
		t.Errorf("got %q, want %q", pieces, want)
	}
	if spans := sentences(text, 30); spanAt(spans, 16) != 0 || spanAt(spans, 34) != 1 || spanAt(spans, len(text)-1) != 1 {
		t.Error("an offset is put into the wrong passage")
	}
	if at := byteOffset("æøå", 2); at != 4 {
		t.Errorf("byte offset %d, want 4", at)
	}
}

func TestCrowdedTaskKeepsThePassagesAndQuestions(t *testing.T) {
	crowded := crowdedTask(small, 4)
	if len(crowded.passages) != 4*len(small.passages) || !slices.Equal(crowded.passages[:len(small.passages)], small.passages) || len(crowded.questions) != len(small.questions) {
		t.Errorf("%d passages, %d questions", len(crowded.passages), len(crowded.questions))
	}
	if s := "ก่อนหน้านี้"; firstHalf(s)+secondHalf(s) != s || firstHalf(s) == "" {
		t.Error("halves are not the whole")
	}
}

func TestEmbeddingIsDeterministicAndOfLengthOne(t *testing.T) {
	embed := embedder(64)
	for _, text := range []string{"Rücksendung", "返品はできますか", "", "1 a"} {
		a, err := embed(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := embed(t.Context(), text)
		var square float64
		for _, x := range a {
			square += float64(x) * float64(x)
		}
		// Sums over a map may differ in the last bit.
		if len(a) != 64 || math.Abs(square-1) > 1e-5 || cosine(a, b) < 1-1e-6 {
			t.Errorf("%q: %d values, length² %v, the same again %v", text, len(a), square, cosine(a, b))
		}
	}
	question, _ := embed(t.Context(), "return an order")
	near, _ := embed(t.Context(), "orders can be returned")
	far, _ := embed(t.Context(), "bicycle lamp")
	if cosine(question, near) <= cosine(question, far) {
		t.Error("a text of other words is nearer")
	}
}

func cosine(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
