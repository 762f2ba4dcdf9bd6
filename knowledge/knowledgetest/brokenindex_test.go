package knowledgetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/internal/race"
	"github.com/kundeagent/kundeagent/knowledge"
)

// brokenIndexes each break one promise; want are the clauses that must say so.
var brokenIndexes = []struct {
	name  string
	caps  IndexCapabilities
	index func() *oracle
	want  string // separated by blanks
}{
	{"ranks by ID", vectorCaps, func() *oracle {
		return &oracle{search: func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
			hits, err := s.ranked(q)
			slices.SortFunc(hits, func(a, b knowledge.Hit) int { return cmp.Compare(a.Passage.ID, b.Passage.ID) })
			if err := cmp.Or(ctx.Err(), err); err != nil {
				return knowledge.IndexResult{}, err
			}
			return knowledge.IndexResult{Hits: hits[:min(len(hits), q.Limit)]}, nil
		}}
	}, "ConcurrentUse DimensionsChangeWithAllVectors FailedBuildLeavesPrev FindsPassages NearestAreFound PassagesWithoutVectorsAreLeftOut ReplacedIsGone SameIDHoldsTheNewPassage ScoresAreCosines ScoresFall"},
	{"sorts hits by ID within the limit", vectorCaps, func() *oracle {
		return &oracle{search: after(func(_ *oracleSnapshot, _ knowledge.IndexQuery, res *knowledge.IndexResult) {
			slices.SortFunc(res.Hits, func(a, b knowledge.Hit) int { return cmp.Compare(b.Passage.ID, a.Passage.ID) })
		})}
	}, "FindsPassages LimitIsKept NearestAreFound SameIDHoldsTheNewPassage ScoresFall"},
	{"returns copies of passages", vectorCaps, func() *oracle {
		return &oracle{search: after(func(_ *oracleSnapshot, _ knowledge.IndexQuery, res *knowledge.IndexResult) {
			for i, h := range res.Hits {
				p := *h.Passage
				res.Hits[i].Passage = &p
			}
		})}
	}, "HitsAreThePassagesAndScopesGiven"},
	{"forgets the times of scopes", textCaps, func() *oracle {
		return &oracle{text: true, search: after(func(_ *oracleSnapshot, _ knowledge.IndexQuery, res *knowledge.IndexResult) {
			for i := range res.Hits {
				res.Hits[i].Scope = knowledge.Scope{Source: res.Hits[i].Scope.Source, Visibility: res.Hits[i].Scope.Visibility, Audience: res.Hits[i].Scope.Audience}
			}
		})}
	}, "HitsAreThePassagesAndScopesGiven"},
	{"finds a passage for each of its vectors", vectorCaps, func() *oracle {
		return &oracle{search: after(func(s *oracleSnapshot, q knowledge.IndexQuery, res *knowledge.IndexResult) {
			if q.Limit == 20 && len(res.Hits) < 10 {
				res.Hits = append(res.Hits[:1:1], res.Hits...)
			}
		})}
	}, "HitsAreDistinct"},
	{"scores that are no numbers", vectorCaps, func() *oracle {
		return &oracle{search: after(func(_ *oracleSnapshot, q knowledge.IndexQuery, res *knowledge.IndexResult) {
			if q.Limit == 20 && len(res.Hits) > 0 {
				res.Hits[len(res.Hits)-1].Score = math.NaN()
			}
		})}
	}, "ScoresAreCosines ScoresFall"},
	{"answerability above one", textCaps, func() *oracle {
		return &oracle{text: true, search: after(func(_ *oracleSnapshot, _ knowledge.IndexQuery, res *knowledge.IndexResult) { res.Answerability = 1.5 })}
	}, "AnswerabilityIsAShare"},
	{"vectors that judge answerability", vectorCaps, func() *oracle {
		return &oracle{search: after(func(_ *oracleSnapshot, _ knowledge.IndexQuery, res *knowledge.IndexResult) { res.Answerability = .5 })}
	}, "AnswerabilityIsLeftToTheBase"},
	{"no limit", vectorCaps, func() *oracle {
		return &oracle{search: before(func(_ *oracleSnapshot, q *knowledge.IndexQuery) { q.Limit = math.MaxInt })}
	}, "LimitIsKept NearestAreFound"},
	{"refuses limits above its size", vectorCaps, func() *oracle {
		return &oracle{search: func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
			if len(s.held) > 3 && q.Limit > len(s.held) && q.Limit >= 50 {
				return knowledge.IndexResult{}, errors.New("limit is too large")
			}
			return s.right(ctx, q)
		}}
	}, "LimitAboveLen ManyBuildsEqualOne"},
	{"fails when empty", vectorCaps, func() *oracle {
		return &oracle{search: func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
			if len(s.held) == 0 {
				return knowledge.IndexResult{}, errors.New("empty")
			}
			return s.right(ctx, q)
		}}
	}, "EmptySnapshotFindsNothing"},
	{"finds all without a vector", vectorCaps, func() *oracle {
		return &oracle{search: before(func(_ *oracleSnapshot, q *knowledge.IndexQuery) {
			if q.Vector == nil {
				q.Vector = direction(1, dimensions)
			}
		})}
	}, "EmptyQueryFindsNothing"},
	{"finds all without a text", textCaps, func() *oracle {
		return &oracle{text: true, search: before(func(_ *oracleSnapshot, q *knowledge.IndexQuery) {
			if strings.TrimSpace(q.Text) == "" {
				q.Text = "a e i o u"
			}
		})}
	}, "EmptyQueryFindsNothing"},
	{"boosts what is asked for often", vectorCaps, func() *oracle {
		return &oracle{search: after(func(s *oracleSnapshot, q knowledge.IndexQuery, res *knowledge.IndexResult) {
			s.o.mu.Lock()
			defer s.o.mu.Unlock()
			if s.o.asked++; s.o.asked > 20 && q.Limit == 10 && len(s.held) == 34 {
				res.Hits[0].Score += 1e-6
			}
		})}
	}, "SearchesRepeat"},
	{"orders equals by chance", vectorCaps, func() *oracle {
		return &oracle{search: func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
			hits, err := s.ranked(q)
			s.o.mu.Lock()
			defer s.o.mu.Unlock()
			if s.o.asked++; s.o.asked%2 == 0 {
				slices.Reverse(hits)
				slices.SortStableFunc(hits, func(a, b knowledge.Hit) int { return cmp.Compare(b.Score, a.Score) })
			}
			if err := cmp.Or(ctx.Err(), err); err != nil {
				return knowledge.IndexResult{}, err
			}
			return knowledge.IndexResult{Hits: hits[:min(len(hits), q.Limit)]}, nil
		}}
	}, "TiesAreDeterministic"},
	{"filters after ranking", vectorCaps, func() *oracle {
		return &oracle{search: func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
			accept := q.Accept
			if len(s.held) > 10 {
				q.Accept = nil
			}
			res, err := s.right(ctx, q)
			asked := map[knowledge.Scope]bool{}
			res.Hits = slices.DeleteFunc(res.Hits, func(h knowledge.Hit) bool {
				if _, known := asked[h.Scope]; !known {
					asked[h.Scope] = accept == nil || accept(h.Scope)
				}
				return !asked[h.Scope]
			})
			return res, err
		}}
	}, "FilterBeforeRanking"},
	{"lets through what the filter refuses", textCaps, func() *oracle {
		return &oracle{text: true, search: before(func(_ *oracleSnapshot, q *knowledge.IndexQuery) {
			if accept := q.Accept; accept != nil {
				q.Accept = func(s knowledge.Scope) bool { return accept(s) || s.Source == "handbook" }
			}
		})}
	}, "FilterBeforeRanking"},
	{"asks the filter for sources", vectorCaps, func() *oracle {
		return &oracle{search: before(func(_ *oracleSnapshot, q *knowledge.IndexQuery) {
			if accept := q.Accept; accept != nil {
				q.Accept = func(s knowledge.Scope) bool {
					return accept(knowledge.Scope{Source: s.Source, Visibility: s.Visibility, Audience: s.Audience})
				}
			}
		})}
	}, "FilterSeesScopesGiven"},
	{"asks the filter for each passage", vectorCaps, func() *oracle {
		return &oracle{search: before(func(s *oracleSnapshot, q *knowledge.IndexQuery) {
			if q.Accept != nil {
				for _, e := range s.held {
					q.Accept(e.scope)
				}
			}
		})}
	}, "FilterIsAskedByScope"},
	{"hides what is not public without a filter", vectorCaps, func() *oracle {
		return &oracle{search: before(func(_ *oracleSnapshot, q *knowledge.IndexQuery) {
			if q.Accept == nil && q.Limit == 20 {
				q.Accept = func(s knowledge.Scope) bool { return s.Visibility == knowledge.Public }
			}
		})}
	}, "NilFilterTakesAll"},
	{"counts documents", vectorCaps, func() *oracle {
		return &oracle{length: func(s *oracleSnapshot) int {
			documents := map[string]bool{}
			for _, e := range s.held {
				documents[e.passage.Document] = true
			}
			return len(documents)
		}}
	}, "LenCounts PassagesWithoutVectorsAreLeftOut"},
	{"keeps what is replaced by other passages", textCaps, func() *oracle {
		return &oracle{text: true, keep: func(held map[string]oracleEntry, c knowledge.Passages) {
			if len(c.Passages) > 0 {
				for _, id := range c.Replaces {
					if e, ok := held[id]; ok {
						held["old "+id] = e
					}
				}
			}
		}}
	}, "HitsAreDistinct LenCounts ManyBuildsEqualOne ReplacedIsGone SameIDHoldsTheNewPassage ScopeOfADocumentMoves"},
	{"keeps a document in the scope it had", vectorCaps, func() *oracle {
		return &oracle{keep: func(held map[string]oracleEntry, c knowledge.Passages) {
			for _, id := range c.Replaces {
				if e, ok := held[id]; ok && len(c.Passages) > 0 && e.scope != c.Scope && e.scope.Source == c.Scope.Source {
					held["elsewhere "+id] = e
				}
			}
		}}
	}, "ManyBuildsEqualOne ScopeOfADocumentMoves"},
	{"keeps the first passage of an ID", vectorCaps, func() *oracle {
		return &oracle{build: func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
			next, err := o.right(ctx, prev, changes)
			if err == nil {
				for id, e := range next.(*oracleSnapshot).held {
					if old, ok := prev.held[id]; ok && old.scope == e.scope && len(old.vector) == len(e.vector) {
						next.(*oracleSnapshot).held[id] = old
					}
				}
			}
			return next, err
		}}
	}, "SameIDHoldsTheNewPassage"},
	{"never removes a document", vectorCaps, func() *oracle {
		return &oracle{keep: func(held map[string]oracleEntry, c knowledge.Passages) {
			for _, id := range c.Replaces {
				if e, ok := held[id]; ok && len(c.Passages) == 0 && e.passage.Document == "page-003" {
					held["old "+id] = e
				}
			}
		}}
	}, "RemovedIsNeverFound"},
	{"fails for unknown passages to replace", vectorCaps, func() *oracle {
		return &oracle{build: func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
			for _, c := range changes {
				for _, id := range c.Replaces {
					if _, ok := prev.held[id]; !ok && len(prev.held) == 5 && ctx.Err() == nil {
						return nil, fmt.Errorf("%s: unknown", id)
					}
				}
			}
			return o.right(ctx, prev, changes)
		}}
	}, "UnknownReplacesAreIgnored"},
	{"changes the snapshot before", vectorCaps, func() *oracle {
		return &oracle{build: func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
			next, err := o.right(ctx, prev, changes)
			if err == nil && len(prev.held) == 34 && len(changes) == 2 && changes[1].Document == "page-010" && changes[0].Document == "graded-0" {
				prev.held = next.(*oracleSnapshot).held
			}
			return next, err
		}}
	}, "OlderSnapshotsStay"},
	{"builds on what it built last", vectorCaps, func() *oracle {
		return &oracle{build: func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			if o.latest != nil && prev.held != nil {
				prev = o.latest
			}
			next, err := o.right(ctx, prev, changes)
			if err == nil {
				o.latest = next.(*oracleSnapshot)
			}
			return next, err
		}}
	}, "SnapshotsBranch"},
	{"loses a passage with every twentieth build", vectorCaps, func() *oracle {
		return &oracle{build: func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
			next, err := o.right(ctx, prev, changes)
			if err == nil && next.(*oracleSnapshot).age%20 == 0 {
				held := next.(*oracleSnapshot).held
				delete(held, slices.Max(slices.Collect(maps.Keys(held))))
			}
			return next, err
		}}
	}, "ManyBuildsEqualOne"},
	{"fails without changes", vectorCaps, func() *oracle {
		return &oracle{build: func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
			if len(changes) == 0 && prev.held != nil {
				return nil, errors.New("nothing to do")
			}
			return o.right(ctx, prev, changes)
		}}
	}, "BuildOfNothing"},
	{"builds although the context ended", vectorCaps, func() *oracle {
		return &oracle{build: func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
			return o.right(context.WithoutCancel(ctx), prev, changes)
		}}
	}, "EndedContextFailsBuild"},
	{"returns a snapshot along with the error", vectorCaps, func() *oracle {
		return &oracle{build: func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
			next, err := o.right(ctx, prev, changes)
			if err != nil {
				return prev, err
			}
			return next, nil
		}}
	}, "EndedContextFailsBuild FailedBuildLeavesPrev OtherDimensionsAreRefused"},
	{"searches although the context ended", vectorCaps, func() *oracle {
		return &oracle{search: func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
			return s.right(context.WithoutCancel(ctx), q)
		}}
	}, "EndedContextFailsSearch"},
	{"returns what it has when the context ends", vectorCaps, func() *oracle {
		return &oracle{search: func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
			res, err := s.right(ctx, q)
			if err == nil && ctx.Err() != nil {
				res.Hits = res.Hits[:1]
			}
			return res, err
		}}
	}, "EndedContextFailsSearch"},
	{"removes before it knows that the build succeeds", vectorCaps, func() *oracle {
		return &oracle{build: func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
			next, err := o.right(ctx, prev, changes)
			if err != nil {
				for _, c := range changes {
					for _, id := range c.Replaces {
						delete(prev.held, id)
					}
				}
				return nil, err
			}
			return next, nil
		}}
	}, "FailedBuildLeavesPrev"},
	{"takes another index's snapshot for none", vectorCaps, func() *oracle { return &oracle{anySnapshot: true} }, "ForeignSnapshotIsRefused"},
	{"sorts what is replaced in place", vectorCaps, func() *oracle {
		return &oracle{keep: func(_ map[string]oracleEntry, c knowledge.Passages) { slices.Sort(c.Replaces) }}
	}, "InputsAreNotChanged"},
	{"scales the query in place", textCaps, func() *oracle {
		return &oracle{text: true, search: before(func(_ *oracleSnapshot, q *knowledge.IndexQuery) {
			for i := range q.Vector {
				q.Vector[i] *= 2
			}
		})}
	}, "InputsAreNotChanged"},
	{"keeps the query where all searches share it", vectorCaps, func() *oracle {
		return &oracle{search: func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
			s.o.mu.Lock()
			s.o.vector = q.Vector
			s.o.mu.Unlock()
			for range 200 { // whoever else searches now
				runtime.Gosched()
			}
			s.o.mu.Lock()
			q.Vector = s.o.vector
			s.o.mu.Unlock()
			return s.right(ctx, q)
		}}
	}, "ConcurrentUse"},
	{"holds passages without vectors", vectorCaps, func() *oracle { return &oracle{keepAll: true} }, "PassagesWithoutVectorsAreLeftOut"},
	{"scores between 0 and 1", vectorCaps, func() *oracle {
		return &oracle{search: after(func(_ *oracleSnapshot, _ knowledge.IndexQuery, res *knowledge.IndexResult) {
			for i := range res.Hits {
				res.Hits[i].Score = (1 + res.Hits[i].Score) / 2
			}
		})}
	}, "ScoresAreCosines"},
	{"leaves out what points the other way", vectorCaps, func() *oracle {
		return &oracle{search: after(func(s *oracleSnapshot, q knowledge.IndexQuery, res *knowledge.IndexResult) {
			if len(s.held) > 100 {
				res.Hits = slices.DeleteFunc(res.Hits, func(h knowledge.Hit) bool { return h.Score < 0 })
			}
		})}
	}, "ScoresAreCosines"},
	{"compares half of the dimensions first", vectorCaps, func() *oracle {
		return &oracle{search: func(s *oracleSnapshot, ctx context.Context, q knowledge.IndexQuery) (knowledge.IndexResult, error) {
			limit := q.Limit
			if q.Vector != nil {
				q.Limit = len(s.held)
			}
			res, err := s.right(ctx, q)
			if err == nil && len(s.held) > 100 && limit == 10 {
				slices.SortStableFunc(res.Hits, func(a, b knowledge.Hit) int {
					half := dimensions / 2
					return cmp.Compare(cosine(q.Vector[:half], s.held[b.Passage.ID].vector[:half]), cosine(q.Vector[:half], s.held[a.Passage.ID].vector[:half]))
				})
				res.Hits = res.Hits[:limit]
				slices.SortFunc(res.Hits, func(a, b knowledge.Hit) int { return cmp.Compare(b.Score, a.Score) })
			}
			res.Hits = res.Hits[:min(len(res.Hits), limit)]
			return res, err
		}}
	}, "NearestAreFound"},
	{"takes vectors of any dimensions", vectorCaps, func() *oracle {
		cut := func(v []float32) []float32 {
			return append(slices.Clone(v), make([]float32, dimensions)...)[:dimensions]
		}
		return &oracle{build: func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
			var same []knowledge.Passages
			for _, c := range changes {
				vectors := slices.Clone(c.Vectors)
				for i, v := range vectors {
					if v != nil {
						vectors[i] = cut(v)
					}
				}
				c.Vectors = vectors
				same = append(same, c)
			}
			return o.right(ctx, prev, same)
		}, search: before(func(_ *oracleSnapshot, q *knowledge.IndexQuery) {
			if q.Vector != nil {
				q.Vector = cut(q.Vector)
			}
		})}
	}, "OtherDimensionsAreRefused OtherDimensionsOfAQueryAreRefused"},
	{"never takes other dimensions again", vectorCaps, func() *oracle {
		return &oracle{build: func(o *oracle, ctx context.Context, prev *oracleSnapshot, changes []knowledge.Passages) (knowledge.Snapshot, error) {
			for _, c := range changes {
				for i, v := range c.Vectors {
					if prev.age > 0 && v != nil && len(v) != dimensions && ctx.Err() == nil {
						return nil, fmt.Errorf("%s: other dimensions", c.Passages[i].ID)
					}
				}
			}
			return o.right(ctx, prev, changes)
		}}
	}, "DimensionsChangeWithAllVectors"},
}

func TestBrokenIndexesFailTheirClauses(t *testing.T) {
	race.SkipHeavy(t)
	proven := map[string]bool{}
	for _, broken := range brokenIndexes {
		want := strings.Fields(broken.want)
		for _, name := range want {
			proven[name] = true
		}
		t.Run(broken.name, func(t *testing.T) {
			got, why := failing(t, indexClauses(broken.caps), func(r reporter) *built {
				return &built{reporter: r, index: broken.index(), caps: broken.caps}
			})
			if !slices.Equal(got, want) {
				t.Errorf("fails %v, want %v%s", got, want, why)
			}
		})
	}
	for _, c := range indexClauses(vectorCaps) {
		if !proven[c.name] {
			t.Errorf("no broken index fails %s", c.name)
		}
	}
}
