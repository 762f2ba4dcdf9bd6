package chromem

import "testing"

func TestBucketsGrowEarlyAndShrinkLate(t *testing.T) {
	for _, c := range []struct{ size, now, want int }{
		{0, 1, 1}, {bucketSize, 1, 1}, {bucketSize + 1, 1, 2}, {100 * bucketSize, 1, 128},
		{2*bucketSize + 1, 4, 4}, {bucketSize, 4, 4}, {bucketSize - 1, 4, 2}, {0, 128, 1},
	} {
		if got := bucketsFor(c.size, c.now); got != c.want {
			t.Errorf("%d passages in %d buckets: %d, want %d", c.size, c.now, got, c.want)
		}
	}
}

func TestNoCollectionMakesEmbeddings(t *testing.T) {
	if v, err := refuseToEmbed(t.Context(), "text"); err == nil || v != nil {
		t.Errorf("%v, %v", v, err)
	}
	b, err := newBucket(t.Context(), map[string]entry{"a": {vector: []float32{1}}})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := b.collection.Query(t.Context(), "text", 1, nil, nil); err == nil {
		t.Errorf("a collection embeds by itself: %v", found)
	}
}
