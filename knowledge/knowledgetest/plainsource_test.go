package knowledgetest_test

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

// plainDocuments yields everything each time.
func plainDocuments(shown map[string]string) func(context.Context, knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
	return func(ctx context.Context, _ knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
		return func(yield func(knowledge.Change, error) bool) {
			for _, name := range slices.Sorted(maps.Keys(shown)) {
				if err := ctx.Err(); err != nil {
					yield(knowledge.Change{}, err)
					return
				}
				doc := &knowledge.Document{Title: name, Blocks: []knowledge.Block{{Text: shown[name]}}}
				if !yield(knowledge.Change{ID: name, Kind: knowledge.Upsert, Document: doc}, nil) {
					return
				}
			}
			yield(knowledge.Change{Kind: knowledge.Complete}, nil)
		}
	}
}

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }
