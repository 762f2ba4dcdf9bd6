package knowledgetest

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

func leftOutWithoutVectors(b *built) {
	partly := page(open, "long", 10, 11, 12)
	partly.Vectors[1] = nil
	wholly := page(open, "unembedded", 20, 21)
	wholly.Vectors = nil
	s := b.build(append(pages(open, 0, 5), partly, wholly)...)
	b.hasLen(s, 7)
	for _, topic := range []int{11, 20, 21} {
		b.misses(s, topic)
	}
	for _, topic := range []int{10, 12} {
		b.finds(s, topic)
	}
	// They are found once they have vectors, although the index never held all of
	// what that replaces.
	s = b.build(replacing(page(open, "long", 10, 11, 12), topicID(10), topicID(11), topicID(12)))
	b.finds(s, 11)
	b.hasLen(s, 8)
	// And a passage whose vector is lost is lost too.
	lost := replacing(page(open, "long", 10, 11, 12), topicID(10), topicID(11), topicID(12))
	lost.Vectors[0] = nil
	s = b.build(lost)
	b.misses(s, 10)
	b.hasLen(s, 7)
}

func answerabilityIsZero(b *built) {
	s := b.build(pages(open, 0, 5)...)
	if got := b.result(b.Context(), s, question(1, 5)).Answerability; got != 0 {
		b.Errorf("answerability is %v; an index of vectors leaves it 0", got)
	}
}

// tolerance of a cosine computed in single precision.
const tolerance = 1e-4

// landscape is passages all around, and the vectors of each.
func landscape() ([]knowledge.Passages, map[string][]float32) {
	changes := append(pages(open, 0, 150), pages(secret, 150, 200)...)
	for topic := range 10 {
		changes = append(changes, graded(open, "near-"+topicID(topic), topic)...)
	}
	vectors := map[string][]float32{}
	for _, c := range changes {
		for i, p := range c.Passages {
			vectors[p.ID] = c.Vectors[i]
		}
	}
	return changes, vectors
}

func scoresAreCosines(b *built) {
	changes, vectors := landscape()
	s := b.build(changes...)
	for topic := range 20 {
		q := question(topic, 20)
		for _, h := range b.search(s, q) {
			if want := cosine(q.Vector, vectors[h.Passage.ID]); !(math.Abs(h.Score-want) <= tolerance) {
				b.Errorf("score of %s is %.6f, the cosine of the vectors %.6f", h.Passage.ID, h.Score, want)
				return
			}
		}
	}
	opposite := question(0, s.Len())
	for i := range opposite.Vector {
		opposite.Vector[i] = -opposite.Vector[i]
	}
	hits := b.search(s, opposite)
	if len(hits) != s.Len() {
		b.Errorf("%d of %d passages with a limit of all: those that point the other way are missing", len(hits), s.Len())
	} else if last := hits[len(hits)-1]; last.Score > -1+tolerance {
		b.Errorf("score of the vector right opposite is %.6f, want -1", last.Score)
	}
}

func nearestAreFound(b *built) {
	changes, vectors := landscape()
	s := b.build(changes...)
	for topic := range 30 {
		q := question(topic, 10)
		var best []float64
		for _, v := range vectors {
			best = append(best, cosine(q.Vector, v))
		}
		slices.Sort(best)
		slices.Reverse(best)
		hits := b.search(s, q)
		if len(hits) != q.Limit {
			b.Errorf("%d hits among %d passages, want %d", len(hits), s.Len(), q.Limit)
			return
		}
		for i, h := range hits {
			if got := cosine(q.Vector, vectors[h.Passage.ID]); got < best[i]-tolerance {
				b.Errorf("hit %d has a cosine of %.6f, but there is one of %.6f", i, got, best[i])
				return
			}
		}
	}
}

func otherDimensionsAreRefused(b *built) {
	prev := b.build(pages(open, 0, 5)...)
	among := pages(open, 30, 35)
	among[3].Vectors[0] = direction(33, otherDimensions)
	for what, on := range map[string]knowledge.Snapshot{"on a snapshot of other dimensions": prev, "among vectors of other dimensions": nil} {
		changes := among
		if on != nil {
			changes = among[3:4]
		}
		s, err := b.index.Build(b.Context(), on, changes)
		if err == nil || s != nil {
			b.Errorf("a vector %s: %v and %v; want no snapshot and an error", what, s, err)
		} else if !strings.Contains(err.Error(), topicID(33)) {
			b.Errorf("a vector %s: the error does not name %s: %v", what, topicID(33), err)
		}
	}
}

func otherDimensionsOfAQuery(b *built) {
	s := b.build(pages(open, 0, 5)...)
	q := question(1, 5)
	q.Vector = direction(1, otherDimensions)
	if found, err := s.Search(b.Context(), q); err == nil || len(found.Hits) > 0 {
		b.Errorf("a query of %d dimensions, where passages have %d: %v and %v; want no hits and an error", otherDimensions, dimensions, ids(found.Hits), err)
	} else if !strings.Contains(err.Error(), strconv.Itoa(otherDimensions)) {
		b.Errorf("the error does not tell the query's %d dimensions: %v", otherDimensions, err)
	}
}

// dimensionsChange puts vectors of another model in the place of all.
func dimensionsChange(b *built) {
	prev := b.build(pages(open, 0, 2)...)
	var changes []knowledge.Passages
	for topic, c := range pages(open, 0, 2) {
		c.Vectors[0] = direction(topic, otherDimensions)
		changes = append(changes, replacing(c, topicID(topic)))
	}
	gone := b.buildOn(prev, removing(open, "page-000", topicID(0)), removing(open, "page-001", topicID(1)))
	for what, on := range map[string]knowledge.Snapshot{"with all replaced": prev, "after all were removed": gone} {
		s := b.buildOn(on, changes...)
		q := question(1, 5)
		q.Vector = direction(1, otherDimensions)
		if got := b.search(s, q); len(got) == 0 || ids(got)[0] != topicID(1) {
			b.Errorf("%s: %v, want %s first", what, ids(got), topicID(1))
		}
	}
}
