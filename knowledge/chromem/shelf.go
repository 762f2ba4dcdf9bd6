package chromem

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"

	chromemgo "github.com/philippgille/chromem-go"

	"github.com/kundeagent/kundeagent/knowledge"
)

// bucketSize is how many passages a bucket holds on average, at most. A build
// copies the buckets that change, a search asks one after another: fewer would
// slow searches down, more would slow builds down.
const bucketSize = 1024

// shelf is the passages of one scope, in buckets by the checksum of their IDs. It
// is never changed, and shares the buckets that stay with the shelf after it.
type shelf struct {
	buckets []*bucket // a power of two; nil where empty
	size    int
}

// bucket is a collection that is written once. Deleting from a collection would
// disturb those who search an older snapshot.
type bucket struct {
	collection *chromemgo.Collection
	entries    map[string]entry
}

// entry is a passage with its vector, of unit length.
type entry struct {
	passage *knowledge.Passage
	vector  []float32
}

// place returns the number of the bucket, of n, that an ID belongs to.
func place(id string, n int) int { return int(crc32.ChecksumIEEE([]byte(id)) & uint32(n-1)) }

func (s *shelf) holds(id string) bool {
	_, ok := s.buckets[place(id, len(s.buckets))].all()[id]
	return ok
}

// with returns the shelf without the passages in remove, all of which it holds,
// and with those of add, none of which stays otherwise. s may be nil.
func (s *shelf) with(ctx context.Context, remove []string, add []entry) (*shelf, error) {
	if s == nil {
		s = &shelf{buckets: make([]*bucket, 1)}
	}
	next := &shelf{buckets: slices.Clone(s.buckets), size: s.size - len(remove) + len(add)}
	if n := bucketsFor(next.size, len(s.buckets)); n != len(s.buckets) {
		next.buckets = make([]*bucket, n)
		remove, add = nil, append(s.staying(remove), add...)
	}
	changed := map[int]map[string]entry{}
	entriesFor := func(id string) map[string]entry {
		n := place(id, len(next.buckets))
		if changed[n] == nil {
			changed[n] = next.buckets[n].copied()
		}
		return changed[n]
	}
	for _, id := range remove {
		delete(entriesFor(id), id)
	}
	for _, e := range add {
		entriesFor(e.passage.ID)[e.passage.ID] = e
	}
	for n, entries := range changed {
		b, err := newBucket(ctx, entries)
		if err != nil {
			return nil, err
		}
		next.buckets[n] = b
	}
	return next, nil
}

// bucketsFor returns how many buckets there should be for so many passages, now
// that there are n. It shrinks late, so that a shelf does not go to and fro.
func bucketsFor(size, n int) int {
	for size > n*bucketSize {
		n *= 2
	}
	for n > 1 && size < n*bucketSize/4 {
		n /= 2
	}
	return n
}

// staying returns the entries that are not removed.
func (s *shelf) staying(remove []string) []entry {
	gone := make(map[string]bool, len(remove))
	for _, id := range remove {
		gone[id] = true
	}
	var out []entry
	for _, b := range s.buckets {
		for id, e := range b.all() {
			if !gone[id] {
				out = append(out, e)
			}
		}
	}
	return out
}

// all returns a bucket's entries, which must not be changed; none of a nil one.
func (b *bucket) all() map[string]entry {
	if b == nil {
		return nil
	}
	return b.entries
}

func (b *bucket) copied() map[string]entry {
	out := make(map[string]entry, len(b.all())+1)
	maps.Copy(out, b.all())
	return out
}

// newBucket fills a collection; of no entries it returns nil.
func newBucket(ctx context.Context, entries map[string]entry) (*bucket, error) {
	if err := ctx.Err(); err != nil || len(entries) == 0 {
		return nil, err
	}
	// Without a function the collection would ask a vendor for embeddings.
	collection, err := chromemgo.NewDB().CreateCollection("passages", nil, refuseToEmbed)
	if err != nil {
		return nil, err
	}
	for id, e := range entries {
		if err := collection.AddDocument(ctx, chromemgo.Document{ID: id, Embedding: e.vector}); err != nil {
			return nil, fmt.Errorf("passage %q: %w", id, err)
		}
	}
	return &bucket{collection, entries}, nil
}

func refuseToEmbed(context.Context, string) ([]float32, error) {
	return nil, errors.New("vectors are passed in, not made here")
}

// nearest returns the passages most similar to a query: at least limit where there
// are as many, and all those that are as similar as the last, because a
// collection picks among equals by chance.
func (b *bucket) nearest(ctx context.Context, query []float32, limit int) ([]chromemgo.Result, error) {
	count := len(b.all())
	if count == 0 {
		return nil, nil
	}
	for n := min(limit, count-1) + 1; ; n = min(2*n, count) {
		found, err := b.collection.QueryEmbedding(ctx, query, n, nil, nil)
		if ctx.Err() != nil {
			return nil, ctx.Err() // the collection says nothing, and returns what it had
		}
		if err != nil || n == count || found[n-1].Similarity < found[limit-1].Similarity {
			return found, err
		}
	}
}
