package chromem_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/chromem"
	"github.com/kundeagent/kundeagent/knowledge/knowledgetest"
)

func TestIndexKeepsItsPromises(t *testing.T) {
	knowledgetest.TestIndex(t, chromem.Index, knowledgetest.IndexCapabilities{Vectors: true})
}

var scope = knowledge.Scope{Source: "help"}

// document makes a document of one passage.
func document(id string, v []float32) knowledge.Passages {
	p := &knowledge.Passage{ID: id, Source: scope.Source, Document: id}
	return knowledge.Passages{Scope: scope, Document: id, Passages: []*knowledge.Passage{p}, Vectors: [][]float32{v}}
}

func randomVector(r *rand.Rand, dimensions int) []float32 {
	v := make([]float32, dimensions)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

func randomDocuments(r *rand.Rand, n, dimensions int) []knowledge.Passages {
	out := make([]knowledge.Passages, n)
	for i := range out {
		out[i] = document(fmt.Sprintf("passage-%06d", i), randomVector(r, dimensions))
	}
	return out
}

func build(t testing.TB, prev knowledge.Snapshot, changes ...knowledge.Passages) knowledge.Snapshot {
	t.Helper()
	s, err := chromem.Index().Build(t.Context(), prev, changes)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func search(t testing.TB, s knowledge.Snapshot, v []float32, limit int) []knowledge.Hit {
	t.Helper()
	found, err := s.Search(t.Context(), knowledge.IndexQuery{Vector: v, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	return found.Hits
}

// TestManyBucketsFindTheNearest grows and shrinks a scope past what one bucket
// holds, and compares with every cosine.
func TestManyBucketsFindTheNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	held := map[string][]float32{}
	var s knowledge.Snapshot
	check := func() {
		t.Helper()
		if s.Len() != len(held) {
			t.Fatalf("Len is %d, want %d", s.Len(), len(held))
		}
		query := randomVector(r, 16)
		hits := search(t, s, query, 20)
		var want []float64
		for _, v := range held {
			want = append(want, cosine(query, v))
		}
		slices.Sort(want)
		slices.Reverse(want)
		want = want[:min(20, len(want))]
		if len(hits) != len(want) {
			t.Fatalf("%d hits, want %d", len(hits), len(want))
		}
		for i, h := range hits {
			if math.Abs(h.Score-want[i]) > 1e-5 || math.Abs(cosine(query, held[h.Passage.ID])-want[i]) > 1e-5 {
				t.Fatalf("hit %d of %d passages is %s with %.6f, want %.6f", i, len(held), h.Passage.ID, h.Score, want[i])
			}
		}
	}
	for range 6 {
		var changes []knowledge.Passages
		for range 700 {
			id := fmt.Sprintf("passage-%06d", len(held)+len(changes))
			changes = append(changes, document(id, randomVector(r, 16)))
		}
		s = build(t, s, changes...)
		for _, c := range changes {
			held[c.Document] = c.Vectors[0]
		}
		check()
	}
	for len(held) > 0 {
		var changes []knowledge.Passages
		for id := range held {
			if changes = append(changes, knowledge.Passages{Scope: scope, Document: id, Replaces: []string{id}}); len(changes) == 600 {
				break
			}
		}
		s = build(t, s, changes...)
		for _, c := range changes {
			delete(held, c.Document)
		}
		check()
	}
}

func cosine(a, b []float32) float64 {
	var dot, aa, bb float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return dot / math.Sqrt(aa*bb)
}

// TestEqualsAreOrderedByID has equals in several buckets, and more in each than
// are wanted.
func TestEqualsAreOrderedByID(t *testing.T) {
	var changes []knowledge.Passages
	for i := range 5000 {
		changes = append(changes, document(fmt.Sprintf("passage-%06d", i), []float32{1, float32(i % 2)}))
	}
	for range 3 {
		hits := search(t, build(t, nil, changes...), []float32{1, 1}, 30)
		for i, h := range hits {
			if want := fmt.Sprintf("passage-%06d", 2*i+1); h.Passage.ID != want {
				t.Fatalf("hit %d is %s, want %s", i, h.Passage.ID, want)
			}
		}
	}
}

func TestSameIDIsReplacedWithoutBeingTold(t *testing.T) {
	s := build(t, nil, document("a", []float32{1, 0}), document("b", []float32{0, 1}))
	moved := document("a", []float32{1, 1})
	moved.Scope.Audience = "staff"
	for _, c := range []knowledge.Passages{document("a", []float32{1, 1}), moved} {
		next := build(t, s, c)
		hits := search(t, next, []float32{1, 1}, 5)
		if next.Len() != 2 || len(hits) != 2 || hits[0].Passage != c.Passages[0] || hits[0].Scope != c.Scope {
			t.Errorf("Len is %d, hits %v", next.Len(), hits)
		}
	}
}

func TestFilterIsNotAskedForAScopeWithoutPassages(t *testing.T) {
	c := document("a", []float32{1, 0})
	c.Scope.Audience = "staff"
	s := build(t, build(t, nil, c, document("b", []float32{0, 1})), knowledge.Passages{Scope: c.Scope, Document: "a", Replaces: []string{"a"}})
	_, err := s.Search(t.Context(), knowledge.IndexQuery{Vector: []float32{1, 0}, Limit: 5, Accept: func(s knowledge.Scope) bool {
		if s != scope {
			t.Errorf("asked for %+v", s)
		}
		return true
	}})
	if err != nil {
		t.Error(err)
	}
}

func TestUnusableVectorsAreRefusedByName(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	prev := build(t, nil, document("good", []float32{1, 0}))
	for name, v := range map[string][]float32{
		"zero": {0, 0}, "not a number": {1, nan}, "infinite": {inf, 1}, "empty": {}, "too long": {1, 2, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := chromem.Index().Build(t.Context(), prev, []knowledge.Passages{document("odd one", v)})
			if !errors.Is(err, knowledge.ErrBadVectors) || s != nil || !strings.Contains(err.Error(), "odd one") {
				t.Errorf("Build: %v, %v", s, err)
			}
			if found, err := prev.Search(t.Context(), knowledge.IndexQuery{Vector: v, Limit: 1}); !errors.Is(err, knowledge.ErrBadVectors) || found.Hits != nil {
				t.Errorf("Search: %v, %v", found, err)
			}
		})
	}
}

func TestVectorsOfAnyLengthAreCompared(t *testing.T) {
	s := build(t, nil, document("long", []float32{30, 40}), document("short", []float32{.003, 0}), document("huge", []float32{0, 3e38}))
	hits := search(t, s, []float32{600, 800}, 3)
	for i, want := range []struct {
		id    string
		score float64
	}{{"long", 1}, {"huge", .8}, {"short", .6}} {
		if hits[i].Passage.ID != want.id || math.Abs(hits[i].Score-want.score) > 1e-6 {
			t.Errorf("hit %d is %s with %v, want %+v", i, hits[i].Passage.ID, hits[i].Score, want)
		}
	}
}

func TestLimitNotSetIsTen(t *testing.T) {
	s := build(t, nil, randomDocuments(rand.New(rand.NewPCG(3, 4)), 30, 4)...)
	for _, limit := range []int{0, -1} {
		if got := len(search(t, s, []float32{1, 0, 0, 0}, limit)); got != 10 {
			t.Errorf("limit %d: %d hits", limit, got)
		}
	}
}

// endsAfter is a context that ends after it was asked n times.
type endsAfter struct {
	context.Context
	n int
}

func (c *endsAfter) Err() error {
	if c.n--; c.n < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// TestContextThatEndsMidwayIsAnError covers the collection's habit to return what
// it had.
func TestContextThatEndsMidwayIsAnError(t *testing.T) {
	s := build(t, nil, randomDocuments(rand.New(rand.NewPCG(3, 4)), 5000, 4)...)
	for n := range 5 { // once at first, and once after each of several buckets
		found, err := s.Search(&endsAfter{t.Context(), n}, knowledge.IndexQuery{Vector: []float32{1, 0, 0, 0}, Limit: 5})
		if !errors.Is(err, context.DeadlineExceeded) || found.Hits != nil {
			t.Errorf("search whose context ends after %d looks: %v, %v", n, found.Hits, err)
		}
	}
	for n := range 3 {
		changes := randomDocuments(rand.New(rand.NewPCG(5, 6)), 5000, 4)
		if next, err := chromem.Index().Build(&endsAfter{t.Context(), n}, nil, changes); !errors.Is(err, context.DeadlineExceeded) || next != nil {
			t.Errorf("build whose context ends after %d looks: %v, %v", n, next, err)
		}
	}
}

func TestBaseSearchesByMeaning(t *testing.T) {
	base, err := knowledge.New(knowledge.Config{
		Embedder:  chromem.Embedder(toyEmbedding, chromem.EmbedderConfig{}),
		Embedding: knowledge.EmbeddingConfig{Index: chromem.Index()},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := base.Add(articles(), knowledge.SourceOptions{}); err != nil {
		t.Fatal(err)
	}
	if report, err := base.Sync(t.Context(), "articles"); err != nil || report.Unembedded > 0 {
		t.Fatal(report, err)
	}
	found, err := base.Search(t.Context(), knowledge.Query{Text: "Wie bekomme ich mein Geld?", Language: "de"})
	if err != nil || len(found.Passages) == 0 || found.Passages[0].Title != "Refunds" || found.Passages[0].Similarity < .9 {
		t.Errorf("found %+v, %v", found, err)
	}
}
