package knowledgetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/kundeagent/kundeagent/knowledge"
)

func lenCounts(b *built) {
	s := b.build(pages(open, 0, 5)...)
	b.hasLen(s, 5)
	s = b.build(page(secret, "long", 10, 11, 12))
	b.hasLen(s, 8)
	s = b.build(replacing(page(secret, "long", 10, 13), topicID(10), topicID(11), topicID(12)))
	b.hasLen(s, 7)
	b.hasLen(b.build(removing(open, "page-000", topicID(0))), 6)
}

func replacedIsGone(b *built) {
	b.build(pages(open, 0, 5)...)
	s := b.build(replacing(page(open, "page-001", 30, 31), topicID(1)))
	b.misses(s, 1)
	b.finds(s, 30)
	b.finds(s, 31)
	b.finds(s, 2)
}

func sameIDHoldsTheNew(b *built) {
	b.build(pages(open, 0, 5)...)
	changed := page(open, "page-001", 30)
	changed.Passages[0].ID = topicID(1)
	s := b.build(replacing(changed, topicID(1)))
	want := changed.Passages[0].Text()
	hits := b.search(s, question(30, 3))
	if len(hits) == 0 || hits[0].Passage.Text() != want {
		b.Errorf("the new passage %s is not found first by its words and vector: %v", topicID(1), ids(hits))
	}
	for _, h := range b.search(s, question(1, 10)) {
		if h.Passage.ID == topicID(1) && h.Passage.Text() != want {
			b.Errorf("%s is still the passage that was replaced", topicID(1))
		}
	}
}

// scopeMoves gives a document another audience: those who may no longer see it
// must not find it.
func scopeMoves(b *built) {
	b.build(pages(open, 0, 5)...)
	s := b.build(replacing(page(staff, "page-001", 1), topicID(1)))
	q := question(1, 10)
	q.Accept = only(open)
	if slices.Contains(ids(b.search(s, q)), topicID(1)) {
		b.Errorf("%s is still found in the scope it had", topicID(1))
	}
	q.Accept = only(staff)
	if got := b.search(s, q); !slices.Equal(ids(got), []string{topicID(1)}) {
		b.Errorf("in its new scope: %v, want %s", ids(got), topicID(1))
	}
}

func removedIsNeverFound(b *built) {
	b.build(append(pages(open, 0, 10), page(open, "long", 20, 21))...)
	s := b.build(removing(open, "page-003", topicID(3)), removing(open, "long", topicID(20), topicID(21)))
	for _, topic := range []int{3, 20, 21} {
		b.misses(s, topic)
	}
	b.finds(s, 4)
	for range 3 { // nor does it come back by what is built later
		s = b.build(replacing(page(open, "page-004", 4), topicID(4)))
		b.misses(s, 3)
	}
}

func unknownReplaces(b *built) {
	b.build(pages(open, 0, 5)...)
	s := b.build(replacing(page(open, "page-001", 1), topicID(1), "passage-never-there"), removing(open, "no-such-page", "passage-nor-there"))
	for topic := range 5 {
		b.finds(s, topic)
	}
}

func olderSnapshotsStay(b *built) {
	old := b.build(append(graded(open, "graded", 3), pages(open, 10, 40)...)...)
	length := old.Len()
	before := map[int][]knowledge.Hit{}
	for _, topic := range []int{3, 10, 20} {
		before[topic] = b.search(old, question(topic, 10))
	}
	b.build(removing(open, "graded-0", "graded-0"), removing(open, "page-010", topicID(10)))
	b.build(replacing(page(open, "page-020", 50), topicID(20)))
	b.build(pages(secret, 60, 90)...)
	for topic := range 30 {
		b.build(removing(secret, fmt.Sprintf("page-%03d", 60+topic), topicID(60+topic)))
	}
	b.hasLen(old, length)
	for topic, want := range before {
		b.sameHits("an older snapshot after later builds", b.search(old, question(topic, 10)), want)
	}
}

func snapshotsBranch(b *built) {
	old := b.build(pages(open, 0, 5)...)
	left := b.buildOn(old, replacing(page(open, "page-001", 30), topicID(1)))
	right := b.buildOn(old, replacing(page(secret, "page-001", 31), topicID(1)), removing(open, "page-002", topicID(2)))
	b.finds(left, 30)
	b.misses(left, 31)
	b.finds(left, 2)
	b.finds(right, 31)
	b.misses(right, 30)
	b.misses(right, 2)
	b.finds(old, 1)
}

// manyBuildsEqualOne adds, replaces and removes at random, and compares with a
// snapshot built at once.
func manyBuildsEqualOne(b *built) {
	r := random(1, 1)
	held := map[string]knowledge.Passages{}
	for range 60 {
		var changes []knowledge.Passages
		for document := range 1 + r.IntN(7) {
			name := fmt.Sprintf("document-%02d", 8*r.IntN(5)+document)
			var old []string
			for _, p := range held[name].Passages {
				old = append(old, p.ID)
			}
			scope := []knowledge.Scope{open, staff}[r.IntN(2)]
			if r.IntN(3) == 0 {
				delete(held, name)
				changes = append(changes, removing(scope, name, old...))
				continue
			}
			var topics []int
			for i := range 1 + r.IntN(3) {
				topics = append(topics, 3*r.IntN(5)+i)
			}
			c := page(scope, name, topics...)
			for _, p := range c.Passages {
				p.ID = name + p.ID
			}
			held[name] = c
			changes = append(changes, replacing(c, old...))
		}
		b.build(changes...)
	}
	var whole []knowledge.Passages
	for _, c := range held {
		whole = append(whole, replacing(c))
	}
	slices.SortFunc(whole, func(a, b knowledge.Passages) int { return slices.Compare([]string{a.Document}, []string{b.Document}) })
	once := b.buildOn(nil, whole...)
	b.hasLen(b.Snapshot, once.Len())
	for topic := range 18 {
		for _, scope := range []knowledge.Scope{open, staff} {
			q := question(topic, 1000)
			q.Accept = only(scope)
			got, want := ids(b.search(b.Snapshot, q)), ids(b.search(once, q))
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				b.Errorf("for audience %q, after many builds: %v\nafter one: %v", scope.Audience, got, want)
				return
			}
		}
	}
}

func buildOfNothing(b *built) {
	s := b.build(pages(open, 0, 5)...)
	for _, changes := range [][]knowledge.Passages{nil, {}} {
		same, err := b.index.Build(b.Context(), s, changes)
		if err != nil || same == nil {
			b.Fatalf("Build without changes: %v, %v", same, err)
		}
		b.hasLen(same, 5)
		b.finds(same, 3)
	}
}

func endedContextFailsBuild(b *built) {
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	if s, err := b.index.Build(ctx, nil, pages(open, 0, 5)); !errors.Is(err, context.Canceled) || s != nil {
		b.Errorf("with an ended context Build returns %v and %v; want no snapshot and an error that is context.Canceled", s, err)
	}
}

func failedBuildLeavesPrev(b *built) {
	prev := b.build(append(graded(open, "graded", 3), pages(open, 10, 20)...)...)
	length, before := prev.Len(), b.search(prev, question(3, 10))
	changes := append(pages(open, 30, 40), removing(open, "graded-0", "graded-0"))
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	if s, err := b.index.Build(ctx, prev, changes); err != nil && s != nil {
		b.Errorf("Build returns a snapshot along with the error %v", err)
	}
	if b.caps.Vectors {
		changes[len(changes)-2].Vectors[0] = direction(1, otherDimensions)
		if s, err := b.index.Build(b.Context(), prev, changes); err != nil && s != nil {
			b.Errorf("Build returns a snapshot along with the error %v", err)
		}
	}
	b.hasLen(prev, length)
	b.sameHits("after a build that failed", b.search(prev, question(3, 10)), before)
	b.finds(b.buildOn(prev, pages(open, 50, 51)...), 50)
}

type foreignSnapshot struct{}

func (foreignSnapshot) Len() int { return 0 }
func (foreignSnapshot) Search(context.Context, knowledge.IndexQuery) (knowledge.IndexResult, error) {
	return knowledge.IndexResult{}, nil
}

func foreignSnapshotIsRefused(b *built) {
	if s, err := b.index.Build(b.Context(), foreignSnapshot{}, pages(open, 0, 2)); err == nil || s != nil {
		b.Errorf("on a snapshot of another index Build returns %v and %v; want no snapshot and an error", s, err)
	}
}

func inputsAreNotChanged(b *built) {
	b.build(pages(open, 0, 10)...)
	inputs := func() []knowledge.Passages {
		return append(pages(secret, 20, 25), replacing(page(open, "page-001", 30, 31, 32), topicID(7), topicID(1), topicID(5)))
	}
	given := inputs()
	b.build(given...)
	q := question(21, 5)
	b.search(b.Snapshot, q)
	b.build(replacing(page(open, "page-001", 33), topicID(30), topicID(31), topicID(32)), removing(secret, "page-020", topicID(20)))
	if want := inputs(); !reflect.DeepEqual(given, want) {
		b.Errorf("the changes given to Build were changed: %+v, want %+v", given, want)
	}
	if want := question(21, 5); !reflect.DeepEqual(q, want) {
		b.Errorf("the query was changed: %+v, want %+v", q, want)
	}
}

// concurrentUse builds and searches from many goroutines: the race detector sees
// what is shared without a guard.
func concurrentUse(b *built) {
	base := b.build(append(graded(open, "graded", 3), pages(open, 10, 40)...)...)
	want := b.search(base, question(3, 5))
	ctx := b.Context()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var faults []string
	fault := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		faults = append(faults, fmt.Sprintf(format, args...))
	}
	for worker := range 4 {
		wg.Go(func() {
			s := base
			for round := range 4 {
				topic := 100 + 10*worker + round
				next, err := b.index.Build(ctx, s, append(pages(secret, topic, topic+1), removing(open, fmt.Sprintf("page-%03d", 10+worker), topicID(10+worker))))
				if err != nil {
					fault("Build: %v", err)
					return
				}
				s = next
				if found, err := s.Search(ctx, question(topic, 5)); err != nil || !slices.Contains(ids(found.Hits), topicID(topic)) {
					fault("a worker does not find what it built: %v, %v", ids(found.Hits), err)
				}
			}
		})
		wg.Go(func() {
			for range 20 {
				if found, err := base.Search(ctx, question(3, 5)); err != nil || !equalHits(found.Hits, want) {
					fault("while others build: %v, %v; want %v", scored(found.Hits), err, scored(want))
					return
				}
			}
		})
	}
	wg.Wait()
	for _, f := range faults {
		b.Errorf("%s", f)
	}
}
