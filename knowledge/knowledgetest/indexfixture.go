package knowledgetest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// dimensions of the vectors, and of those that do not fit them.
const (
	dimensions      = 48
	otherDimensions = 37
)

var (
	open   = knowledge.Scope{Source: "help"}
	staff  = knowledge.Scope{Source: "help", Audience: "staff"}
	secret = knowledge.Scope{Source: "handbook", Visibility: knowledge.Internal, Audience: "staff"}
)

func only(want knowledge.Scope) func(knowledge.Scope) bool {
	return func(s knowledge.Scope) bool { return s == want }
}

// random returns a generator that depends on nothing but its seeds.
func random(topic, use uint64) *rand.Rand { return rand.New(rand.NewPCG(topic+1, use+1)) }

// word invents a word that only the given topic and place have.
func word(topic, n int) string {
	r := random(uint64(topic), uint64(n)+1000)
	var sb strings.Builder
	for range 4 {
		sb.WriteByte("bdfgklmnprstvz"[r.IntN(14)])
		sb.WriteByte("aeiou"[r.IntN(5)])
	}
	return sb.String()
}

// topicWords is how many words a topic has.
const topicWords = 4

// direction is the vector of a topic: those of two topics are far apart.
func direction(topic, dimensions int) []float32 {
	r := random(uint64(topic), uint64(dimensions))
	v := make([]float32, dimensions)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return unit(v)
}

func unit(v []float32) []float32 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(float64(x) / math.Sqrt(sum))
	}
	return out
}

// leaning returns a vector that leans from one topic towards another by share.
func leaning(topic, other int, share float32) []float32 {
	a, b := direction(topic, dimensions), direction(other, dimensions)
	for i := range a {
		a[i] = (1-share)*a[i] + share*b[i]
	}
	return unit(a)
}

// about makes a passage of a topic. The weaker it is, in [0,topicWords), the fewer
// of the topic's words it holds and the further its vector is away.
func about(id string, scope knowledge.Scope, document string, topic, weaker int) (*knowledge.Passage, []float32) {
	words := make([]string, 0, 2*topicWords)
	for n := range topicWords {
		of := topic
		if n >= topicWords-weaker {
			of = topic + 5000 + n
		}
		words = append(words, word(of, n), word(topic+9000, n))
	}
	p := &knowledge.Passage{
		ID: id, Source: scope.Source, Document: document, Title: "Page " + word(topic+7000, 0), Language: "en",
		Blocks: []knowledge.Block{{Text: strings.Join(words, " ") + "."}},
	}
	return p, leaning(topic, topic+5000, .2*float32(weaker))
}

// question asks for a topic.
func question(topic, limit int) knowledge.IndexQuery {
	words := make([]string, topicWords)
	for n := range words {
		words[n] = word(topic, n)
	}
	return knowledge.IndexQuery{Text: strings.Join(words, " ") + "?", Language: "en", Vector: direction(topic, dimensions), Limit: limit}
}

// page makes a document of one passage a topic, named after the topic.
func page(scope knowledge.Scope, document string, topics ...int) knowledge.Passages {
	c := knowledge.Passages{Scope: scope, Document: document}
	for _, topic := range topics {
		p, v := about(topicID(topic), scope, document, topic, 0)
		c.Passages = append(c.Passages, p)
		c.Vectors = append(c.Vectors, v)
	}
	return c
}

func topicID(topic int) string { return fmt.Sprintf("passage-%03d", topic) }

// graded makes documents about one topic, each weaker than the one before.
func graded(scope knowledge.Scope, name string, topic int) []knowledge.Passages {
	var out []knowledge.Passages
	for weaker := range topicWords {
		document := fmt.Sprintf("%s-%d", name, weaker)
		p, v := about(document, scope, document, topic, weaker)
		out = append(out, knowledge.Passages{Scope: scope, Document: document, Passages: []*knowledge.Passage{p}, Vectors: [][]float32{v}})
	}
	return out
}

// pages makes documents of one passage each, for topics from to end.
func pages(scope knowledge.Scope, from, end int) []knowledge.Passages {
	var out []knowledge.Passages
	for topic := from; topic < end; topic++ {
		out = append(out, page(scope, fmt.Sprintf("page-%03d", topic), topic))
	}
	return out
}

// replacing tells the index which passages it holds of a document by now.
func replacing(c knowledge.Passages, ids ...string) knowledge.Passages {
	c.Replaces = ids
	return c
}

// removing is the change that removes a document.
func removing(scope knowledge.Scope, document string, ids ...string) knowledge.Passages {
	return knowledge.Passages{Scope: scope, Document: document, Replaces: ids}
}

// built is an index and what was built last; its methods end the subtest when the
// index fails.
type built struct {
	reporter
	index knowledge.Index
	caps  IndexCapabilities
	knowledge.Snapshot
}

func (b *built) build(changes ...knowledge.Passages) knowledge.Snapshot {
	b.Helper()
	b.Snapshot = b.buildOn(b.Snapshot, changes...)
	return b.Snapshot
}

func (b *built) buildOn(prev knowledge.Snapshot, changes ...knowledge.Passages) knowledge.Snapshot {
	b.Helper()
	s, err := b.index.Build(b.Context(), prev, changes)
	if err != nil {
		b.Fatalf("Build: %v", err)
	}
	if s == nil {
		b.Fatalf("Build returned neither a snapshot nor an error")
	}
	return s
}

func (b *built) search(s knowledge.Snapshot, q knowledge.IndexQuery) []knowledge.Hit {
	b.Helper()
	return b.result(b.Context(), s, q).Hits
}

func (b *built) result(ctx context.Context, s knowledge.Snapshot, q knowledge.IndexQuery) knowledge.IndexResult {
	b.Helper()
	found, err := s.Search(ctx, q)
	if err != nil {
		b.Fatalf("Search: %v", err)
	}
	return found
}

func ids(hits []knowledge.Hit) []string {
	out := make([]string, len(hits))
	for i, h := range hits {
		if h.Passage != nil {
			out[i] = h.Passage.ID
		}
	}
	return out
}

// finds fails unless the best passage for a topic is the topic's own.
func (b *built) finds(s knowledge.Snapshot, topic int) {
	b.Helper()
	if got := b.search(s, question(topic, 5)); !slices.Contains(ids(got), topicID(topic)) {
		b.Errorf("%s is not among the 5 best for its own words and vector: %v", topicID(topic), ids(got))
	}
}

// misses fails if a topic's passage is found.
func (b *built) misses(s knowledge.Snapshot, topic int) {
	b.Helper()
	if got := b.search(s, question(topic, max(1, s.Len()))); slices.Contains(ids(got), topicID(topic)) {
		b.Errorf("%s is found", topicID(topic))
	}
}

func (b *built) hasLen(s knowledge.Snapshot, want int) {
	b.Helper()
	if got := s.Len(); got != want {
		b.Errorf("Len is %d, want %d", got, want)
	}
}

// sameHits fails unless two results are the same passages with the same scores.
func (b *built) sameHits(what string, got, want []knowledge.Hit) {
	b.Helper()
	if !equalHits(got, want) {
		b.Errorf("%s: hits are %v, want %v", what, scored(got), scored(want))
	}
}

func equalHits(a, b []knowledge.Hit) bool {
	return slices.EqualFunc(a, b, func(a, b knowledge.Hit) bool { return a.Passage.ID == b.Passage.ID && a.Score == b.Score })
}

func scored(hits []knowledge.Hit) []string {
	out := make([]string, len(hits))
	for i, h := range hits {
		out[i] = fmt.Sprintf("%s %v", ids(hits[i : i+1])[0], h.Score)
	}
	return out
}

// cosine is what the score of an index of vectors is compared with.
func cosine(a, b []float32) float64 {
	var dot, aa, bb float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return dot / math.Sqrt(aa*bb)
}
