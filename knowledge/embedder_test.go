package knowledge_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/internal/text"
	"github.com/kundeagent/kundeagent/knowledge"
)

// meanings is an embedder that knows a few words by what they mean. It records
// what it is asked.
type meanings struct {
	asked [][]string
	err   error
	spoil func(text string, v []float32) []float32
}

var concepts = [][]string{
	{"refund", "reimbursement", "money", "back"},
	{"ship", "delivery", "parcel", "dispatch"},
	{"bike", "bicycle", "cycle"},
	{"staff", "internal"},
}

func (m *meanings) Embed(_ context.Context, texts []string) ([][]float32, error) {
	m.asked = append(m.asked, texts)
	if m.err != nil {
		return nil, m.err
	}
	out := make([][]float32, len(texts))
	for i, s := range texts {
		v := make([]float32, len(concepts)+1)
		v[len(concepts)] = .1
		for _, w := range text.Words(text.Fold(s)) {
			for c, words := range concepts {
				if slices.Contains(words, w) {
					v[c]++
				}
			}
		}
		if m.spoil != nil {
			v = m.spoil(s, v)
		}
		out[i] = v
	}
	return out, nil
}

func (m *meanings) texts() int {
	n := 0
	for _, batch := range m.asked {
		n += len(batch)
	}
	return n
}

func shop() *script {
	return &script{id: "shop", changes: []knowledge.Change{
		put("Returns", "You get your reimbursement within five days."),
		put("Posting", "We dispatch every morning."),
		put("Hire", "A bicycle costs 20 a day."),
		complete,
	}}
}

func TestPassagesAreFoundByMeaningWithoutASharedWord(t *testing.T) {
	b := newBase(t, knowledge.Config{Embedder: &meanings{}}, shop())
	sync1(t, b, "shop")
	res := ask(t, b, knowledge.Query{Text: "money back", Language: "en"})
	if len(res.Passages) == 0 || res.Passages[0].Title != "Returns" || res.Passages[0].Similarity < .9 || res.Passages[0].Lexical != 0 {
		t.Errorf("%+v", res.Passages)
	}
	if got := titles(t, newBaseOf(t, shop()), knowledge.Query{Text: "money back", Language: "en"}); strings.Contains(got, "Returns") {
		t.Errorf("found %s without an embedder: the test shows nothing", got)
	}
}

func newBaseOf(t testing.TB, s knowledge.Source) *knowledge.Base {
	b := newBase(t, knowledge.Config{}, s)
	sync1(t, b, s.ID())
	return b
}

func TestUnchangedTextIsNeverEmbeddedTwice(t *testing.T) {
	m, s := &meanings{}, shop()
	b := newBase(t, knowledge.Config{Embedder: m}, s)
	sync1(t, b, "shop")
	if n := m.texts(); n != 3 {
		t.Fatalf("%d texts embedded at first, want 3", n)
	}
	sync1(t, b, "shop")
	s.changes[1] = put("Posting", "We dispatch every evening.")
	sync1(t, b, "shop")
	if n := m.texts(); n != 4 {
		t.Errorf("%d texts embedded after one changed, want 4", n)
	}
	if err := b.Remove(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	if err := b.Add(s, knowledge.SourceOptions{}); err != nil {
		t.Fatal(err)
	}
	sync1(t, b, "shop")
	if n := m.texts(); n != 4 {
		t.Errorf("%d texts embedded after the source was added again, want 4", n)
	}
	other := shop()
	other.id = "copy"
	if err := b.Add(other, knowledge.SourceOptions{}); err != nil {
		t.Fatal(err)
	}
	sync1(t, b, "copy")
	if n := m.texts(); n != 4 {
		t.Errorf("%d texts embedded after the same texts came from elsewhere, want 4", n)
	}
}

func TestDeadEmbedderDegradesToWordsWithAReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		m := &meanings{err: errors.New("connection refused")}
		b := newBase(t, knowledge.Config{Embedder: m, Logger: logTo(&log)}, shop())
		r := sync1(t, b, "shop")
		if r.Documents != 3 || r.Unembedded != 3 || !strings.Contains(log.String(), "connection refused") {
			t.Errorf("report %+v, log %s", r, &log)
		}
		if len(m.asked) != 3 {
			t.Errorf("embedder asked %d times for one batch, want 3", len(m.asked))
		}
		if res := ask(t, b, knowledge.Query{Text: "dispatch"}); len(res.Passages) == 0 {
			t.Error("not found by words")
		}
		m.err = nil
		if r := sync1(t, b, "shop"); r.Unembedded != 0 || r.Updated != 0 {
			t.Errorf("the next sync embeds what is missing: %+v", r)
		}

		m.err, m.asked = errors.New("connection refused"), nil
		for range 3 {
			if res := ask(t, b, knowledge.Query{Text: "dispatch"}); len(res.Passages) == 0 || res.Degraded == "" {
				t.Errorf("found %d, degraded %q", len(res.Passages), res.Degraded)
			}
		}
		if len(m.asked) != 1 {
			t.Errorf("dead embedder asked for %d of 3 questions, want 1", len(m.asked))
		}
		m.err = nil
		time.Sleep(31 * time.Second)
		if res := ask(t, b, knowledge.Query{Text: "money back"}); len(res.Passages) == 0 || res.Degraded != "" {
			t.Errorf("after its rest: found %d, degraded %q", len(res.Passages), res.Degraded)
		}
	})
}

func TestSlowEmbedderDoesNotHoldAQuestionUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := false
		e := knowledge.EmbedderFunc(func(ctx context.Context, texts []string) ([][]float32, error) {
			if slow {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return (&meanings{}).Embed(ctx, texts)
		})
		b := newBase(t, knowledge.Config{Embedder: e, Embedding: knowledge.EmbeddingConfig{QueryTimeout: time.Second}}, shop())
		sync1(t, b, "shop")
		slow = true
		start := time.Now()
		if res := ask(t, b, knowledge.Query{Text: "dispatch"}); len(res.Passages) == 0 || res.Degraded == "" || time.Since(start) != time.Second {
			t.Errorf("found %d, degraded %q after %v", len(res.Passages), res.Degraded, time.Since(start))
		}
	})
}

func TestEmbedderIsAskedInBatchesAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &meanings{}
		fails := 2
		e := knowledge.EmbedderFunc(func(ctx context.Context, texts []string) ([][]float32, error) {
			if fails > 0 {
				fails--
				return nil, errors.New("busy")
			}
			return m.Embed(ctx, texts)
		})
		b := newBase(t, knowledge.Config{Embedder: e, Embedding: knowledge.EmbeddingConfig{BatchSize: 2}}, shop())
		if r := sync1(t, b, "shop"); r.Unembedded != 0 {
			t.Errorf("%+v", r)
		}
		if len(m.asked) != 2 || len(m.asked[0]) != 2 || len(m.asked[1]) != 1 {
			t.Errorf("batches %v", m.asked)
		}
	})
}

func TestBadVectorsAreRefusedWithTheDocumentNamed(t *testing.T) {
	for name, spoil := range map[string]func([]float32) []float32{
		"wrong size": func(v []float32) []float32 { return v[1:] },
		"NaN":        func(v []float32) []float32 { v[0] = float32(math.NaN()); return v },
		"infinite":   func(v []float32) []float32 { v[0] = float32(math.Inf(1)); return v },
		"zero":       func(v []float32) []float32 { clear(v); return v },
		"empty":      func([]float32) []float32 { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			m := &meanings{spoil: func(s string, v []float32) []float32 {
				if strings.Contains(s, "dispatch") {
					return spoil(v)
				}
				return v
			}}
			b := newBase(t, knowledge.Config{Embedder: m}, shop())
			r := sync1(t, b, "shop")
			if r.Unembedded != 1 || len(r.Issues) != 1 || r.Issues[0].Document != "Posting" || !errors.Is(r.Issues[0].Err, knowledge.ErrBadVectors) {
				t.Errorf("%+v", r)
			}
			if got := titles(t, b, knowledge.Query{Text: "posting in the morning"}); !strings.Contains(got, "Posting") {
				t.Errorf("not found by its words: %q", got)
			}
			if res := ask(t, b, knowledge.Query{Text: "money back"}); len(res.Passages) == 0 || res.Degraded != "" {
				t.Errorf("the good vectors are not searched: %+v", res)
			}
		})
	}
	t.Run("too few", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := knowledge.EmbedderFunc(func(context.Context, []string) ([][]float32, error) { return [][]float32{{1}}, nil })
			if r := sync1(t, newBase(t, knowledge.Config{Embedder: e}, shop()), "shop"); r.Unembedded != 3 {
				t.Errorf("%+v", r)
			}
		})
	})
}

func TestP11RemovedSourceLeavesNoVectors(t *testing.T) {
	b := newBase(t, knowledge.Config{Embedder: &meanings{}}, shop(), &script{id: "more", changes: []knowledge.Change{put("Cash", "Ask for a refund in the shop."), complete}})
	sync1(t, b, "shop")
	sync1(t, b, "more")
	if got := titles(t, b, knowledge.Query{Text: "money"}); !strings.Contains(got, "Returns") || !strings.Contains(got, "Cash") {
		t.Fatalf("found %q", got)
	}
	if err := b.Remove(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	if got := titles(t, b, knowledge.Query{Text: "money"}); got != "Cash" {
		t.Errorf("found %q after the source was removed", got)
	}
}

func TestP5VectorsAreFilteredBeforeRanking(t *testing.T) {
	b := newBase(t, knowledge.Config{Embedder: &meanings{}}, shop())
	if err := b.Add(&script{id: "intern", changes: []knowledge.Change{put("Secret", "refund refund refund"), complete}}, knowledge.SourceOptions{Visibility: knowledge.Internal}); err != nil {
		t.Fatal(err)
	}
	sync1(t, b, "shop")
	sync1(t, b, "intern")
	if res := ask(t, b, knowledge.Query{Text: "money back", Limit: 1}); len(res.Passages) != 1 || res.Passages[0].Title != "Returns" {
		t.Errorf("%+v", res.Passages)
	}
	if got := titles(t, b, knowledge.Query{Text: "money back", Internal: true}); !strings.Contains(got, "Secret") {
		t.Errorf("found %q for the company itself", got)
	}
}

func TestShortAnswersAreFoundByMeaning(t *testing.T) {
	b := newBase(t, knowledge.Config{Embedder: &meanings{}}, shop())
	sync1(t, b, "shop")
	putShort(t, b, knowledge.ShortAnswer{ID: "cycle", Question: "How much is a cycle?", Answer: "20 a day."})
	if res := ask(t, b, knowledge.Query{Text: "bike", Limit: 2}); len(res.Passages) != 2 || res.Passages[0].Document != "cycle" && res.Passages[1].Document != "cycle" {
		t.Errorf("%+v", res.Passages)
	}
}

func TestEmbeddingTellsItsProgress(t *testing.T) {
	var last knowledge.SyncProgress
	b := newBase(t, knowledge.Config{Embedder: &meanings{}, Embedding: knowledge.EmbeddingConfig{BatchSize: 2}, OnProgress: func(p knowledge.SyncProgress) { last = p }}, shop())
	sync1(t, b, "shop")
	if last.Embedded != 3 || last.ToEmbed != 3 || last.Done != 3 {
		t.Errorf("%+v", last)
	}
}

func TestEmbeddingCacheForgetsWhatWasNotAskedFor(t *testing.T) {
	ctx := t.Context()
	c := knowledge.NewEmbeddingCache(4)
	for _, k := range []string{"a", "b", "c", "d", "e"} {
		if err := c.Keep(ctx, map[string][]float32{k: {1}}); err != nil {
			t.Fatal(err)
		}
		if found, err := c.Vectors(ctx, []string{"a", "zz"}); err != nil || len(found) != 1 {
			t.Errorf("after %s: %v, %v", k, found, err)
		}
	}
	found, err := c.Vectors(ctx, []string{"a", "b", "c", "d", "e"})
	if err != nil || found["b"] != nil || found["e"] == nil || len(found) > 4 {
		t.Errorf("%v, %v", found, err)
	}
}

func logTo(w *strings.Builder) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
