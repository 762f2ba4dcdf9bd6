package knowledgetest

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

func findsPassages(b *built) {
	s := b.build(pages(open, 0, 20)...)
	for topic := range 20 {
		if got := b.search(s, question(topic, 3)); len(got) == 0 || ids(got)[0] != topicID(topic) {
			b.Errorf("the passage with all words and the vector of the query is not the first: %v, want %s", ids(got), topicID(topic))
		}
	}
}

func hitsAreGiven(b *built) {
	scope := knowledge.Scope{
		Source: "campaign", Visibility: knowledge.Private, Audience: "gold,silver",
		From: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), Until: time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC),
	}
	given := map[*knowledge.Passage]knowledge.Scope{}
	changes := append(pages(open, 0, 5), pages(scope, 5, 10)...)
	for _, c := range changes {
		given[c.Passages[0]] = c.Scope
	}
	s := b.build(changes...)
	for topic := range 10 {
		for _, h := range b.search(s, question(topic, 10)) {
			want, known := given[h.Passage]
			switch {
			case !known:
				b.Errorf("a hit's passage is not one that Build was given, but %+v", h.Passage)
			case h.Scope != want:
				b.Errorf("%s: scope is %+v, want %+v", h.Passage.ID, h.Scope, want)
			}
		}
	}
}

func hitsAreDistinct(b *built) {
	b.build(pages(open, 0, 5)...)
	s := b.build(append(graded(open, "first", 1), replacing(page(open, "page-001", 1), topicID(1)))...)
	found := ids(b.search(s, question(1, 20)))
	slices.Sort(found)
	if len(slices.Compact(slices.Clone(found))) != len(found) {
		b.Errorf("a passage is found more than once: %v", found)
	}
}

func scoresFall(b *built) {
	s := b.build(append(graded(open, "graded", 3), pages(open, 10, 30)...)...)
	hits := b.search(s, question(3, 20))
	for i, h := range hits {
		if math.IsNaN(h.Score) || math.IsInf(h.Score, 0) {
			b.Errorf("score of %s is %v", ids(hits)[i], h.Score)
		}
		if i > 0 && h.Score > hits[i-1].Score {
			b.Errorf("scores rise: %v", scored(hits))
			return
		}
	}
	// What is weaker by construction must not come first.
	var order []string
	for _, id := range ids(hits) {
		if slices.Contains([]string{"graded-0", "graded-1", "graded-2"}, id) {
			order = append(order, id)
		}
	}
	if !slices.IsSorted(order) || len(order) < 2 {
		b.Errorf("passages with ever fewer of the query's words, and vectors ever further away, are in the order %v", order)
	}
}

func answerabilityIsAShare(b *built) {
	s := b.build(pages(open, 0, 10)...)
	for _, topic := range []int{0, 5, 500} {
		if a := b.result(b.Context(), s, question(topic, 5)).Answerability; !(a >= 0 && a <= 1) {
			b.Errorf("answerability is %v, not within [0,1]", a)
		}
	}
}

func limitIsKept(b *built) {
	s := b.build(append(graded(open, "graded", 3), pages(open, 10, 20)...)...)
	all := b.search(s, question(3, 20))
	for limit := 1; limit <= 4; limit++ {
		got := b.search(s, question(3, limit))
		if len(got) > limit {
			b.Errorf("%d hits with a limit of %d", len(got), limit)
		} else if want := all[:min(limit, len(all))]; !slices.Equal(ids(got), ids(want)) {
			b.Errorf("with a limit of %d: %v, want the first of %v", limit, ids(got), ids(all))
		}
	}
}

func limitAboveLen(b *built) {
	s := b.build(graded(open, "graded", 3)...)
	for _, limit := range []int{4, 5, 50, 1000} {
		got, err := s.Search(b.Context(), question(3, limit))
		switch {
		case err != nil:
			b.Errorf("limit %d with %d passages: %v", limit, s.Len(), err)
		case len(got.Hits) == 0 || len(got.Hits) > s.Len():
			b.Errorf("limit %d with %d passages: %d hits", limit, s.Len(), len(got.Hits))
		}
	}
}

func emptySnapshotFindsNothing(b *built) {
	check := func(what string, s knowledge.Snapshot) {
		b.hasLen(s, 0)
		found, err := s.Search(b.Context(), question(1, 5))
		if err != nil || len(found.Hits) > 0 {
			b.Errorf("%s: %v, %v; want no hits and no error", what, ids(found.Hits), err)
		}
	}
	check("built of nothing", b.buildOn(nil))
	s := b.build(pages(open, 1, 3)...)
	check("everything removed", b.buildOn(s, removing(open, "page-001", topicID(1)), removing(open, "page-002", topicID(2))))
}

func emptyQueryFindsNothing(b *built) {
	s := b.build(pages(open, 0, 5)...)
	queries := map[string]knowledge.IndexQuery{
		"empty query":     {Limit: 5},
		"blank text":      {Text: " \t\n", Limit: 5},
		"text of no word": {Text: "?!", Limit: 5},
	}
	if !b.caps.Text {
		queries["text without its vector"] = knowledge.IndexQuery{Text: question(1, 5).Text, Limit: 5}
	}
	for name, q := range queries {
		if got, err := s.Search(b.Context(), q); err != nil || len(got.Hits) > 0 {
			b.Errorf("%s: %v, %v; want no hits and no error", name, ids(got.Hits), err)
		}
	}
}

func searchesRepeat(b *built) {
	s := b.build(append(graded(open, "graded", 3), pages(open, 10, 40)...)...)
	first := b.search(s, question(3, 10))
	for range 20 {
		if got := b.search(s, question(3, 10)); !equalHits(got, first) {
			b.Errorf("the same query finds %v, then %v", scored(first), scored(got))
			return
		}
	}
}

// tiesAreDeterministic searches among equals, fewer of which are wanted than there are.
func tiesAreDeterministic(b *built) {
	var changes []knowledge.Passages
	for i := range 40 {
		document := topicID(i)
		p, v := about(document, open, document, 3, 0)
		changes = append(changes, knowledge.Passages{Scope: open, Document: document, Passages: []*knowledge.Passage{p}, Vectors: [][]float32{v}})
	}
	s := b.build(changes...)
	first := ids(b.search(s, question(3, 7)))
	for range 10 {
		if got := ids(b.search(s, question(3, 7))); !slices.Equal(got, first) {
			b.Errorf("equal passages are in the order %v, then %v", first, got)
			return
		}
		if got := ids(b.search(b.buildOn(nil, changes...), question(3, 7))); !slices.Equal(got, first) {
			b.Errorf("equal passages are in the order %v, in a snapshot of the same changes in the order %v", first, got)
			return
		}
	}
}

// filterBeforeRanking has better matches among what may not be seen than a
// search returns.
func filterBeforeRanking(b *built) {
	visible := append(graded(open, "open", 3)[1:], pages(open, 10, 15)...)
	var hidden []knowledge.Passages
	for _, name := range []string{"secret", "secrets", "hidden", "hush"} {
		hidden = append(hidden, graded(secret, name, 3)...)
	}
	alone := b.buildOn(nil, visible...)
	both := b.buildOn(nil, append(hidden, visible...)...)
	for _, limit := range []int{1, 2, 3} {
		q := question(3, limit)
		q.Accept = only(open)
		want, got := b.search(alone, q), b.search(both, q)
		if !slices.Equal(ids(got), ids(want)) {
			b.Errorf("limit %d: %v, but %v where there is nothing to refuse", limit, ids(got), ids(want))
		}
	}
	q := question(3, 10)
	q.Accept = func(knowledge.Scope) bool { return false }
	if got := b.search(both, q); len(got) > 0 {
		b.Errorf("a filter that refuses all lets through %v", ids(got))
	}
}

func filterSeesScopes(b *built) {
	timed := knowledge.Scope{Source: "short", Audience: "a,b", From: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)}
	given := []knowledge.Scope{open, secret, timed}
	s := b.build(append(append(pages(open, 0, 3), pages(secret, 3, 6)...), pages(timed, 6, 9)...)...)
	for _, topic := range []int{0, 3, 6} {
		q := question(topic, 10)
		var seen []knowledge.Scope
		q.Accept = func(scope knowledge.Scope) bool {
			seen = append(seen, scope)
			return true
		}
		b.search(s, q)
		for _, scope := range seen {
			if !slices.Contains(given, scope) {
				b.Errorf("the filter is asked for %+v, which no document has", scope)
			}
		}
		if want := given[topic/3]; !slices.Contains(seen, want) {
			b.Errorf("the filter is not asked for %+v, the scope of the best passage", want)
		}
	}
}

func filterIsAskedByScope(b *built) {
	s := b.build(append(pages(open, 0, 40), pages(secret, 40, 80)...)...)
	calls := 0
	q := question(3, 10)
	q.Accept = func(knowledge.Scope) bool {
		calls++
		return true
	}
	b.search(s, q)
	if calls > 10 {
		b.Errorf("with 80 passages in 2 scopes the filter is asked %d times", calls)
	}
}

func nilFilterTakesAll(b *built) {
	s := b.build(append(pages(secret, 0, 5), graded(open, "graded", 6)...)...)
	for topic := range 5 {
		q := question(topic, 20)
		all := b.search(s, q)
		q.Accept = func(knowledge.Scope) bool { return true }
		if got := b.search(s, q); !slices.Equal(ids(got), ids(all)) {
			b.Errorf("without a filter: %v, with one that takes all: %v", ids(all), ids(got))
		}
	}
}

func endedContextFailsSearch(b *built) {
	s := b.build(pages(open, 0, 5)...)
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	if got, err := s.Search(ctx, question(1, 5)); !errors.Is(err, context.Canceled) || len(got.Hits) > 0 {
		b.Errorf("with an ended context Search returns %v and %v; want no hits and an error that is context.Canceled", ids(got.Hits), err)
	}
	// And in the midst of a search: no partial result without an error.
	whole := ids(b.search(s, question(1, 5)))
	ctx, cancel = context.WithCancel(b.Context())
	defer cancel()
	q := question(1, 5)
	var asked atomic.Bool
	q.Accept = func(knowledge.Scope) bool {
		asked.Store(true)
		cancel()
		return true
	}
	got, err := s.Search(ctx, q)
	if err == nil && asked.Load() && !slices.Equal(ids(got.Hits), whole) {
		b.Errorf("when the context ends while the filter is asked: %v without an error, want an error or %v", ids(got.Hits), whole)
	}
}
