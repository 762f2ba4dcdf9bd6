package vector

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{1000, 10000, 100000} {
		rows, asked := clustered(rand.New(rand.NewPCG(15, 15)), n, 50, 384)
		entries := entriesOf(rows)
		exact := buildIndex(b, Config{Exact: true}, entries)
		for _, mode := range []struct {
			name string
			ix   *Index
		}{{"exact", exact}, {"default", buildIndex(b, Config{}, entries)}} {
			b.Run(fmt.Sprint(n, "/", mode.name), func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if _, err := mode.ix.Search(Query{Vector: asked[i%len(asked)]}); err != nil {
						b.Fatal(err)
					}
					i++
				}
				found := 0
				for _, q := range asked {
					want := hitIDs(mustSearch(b, exact, Query{Vector: q}))
					for _, id := range hitIDs(mustSearch(b, mode.ix, Query{Vector: q})) {
						if slices.Contains(want, id) {
							found++
						}
					}
				}
				b.ReportMetric(float64(found)/float64(10*len(asked)), "recall@10")
				b.ReportMetric(float64(mode.ix.Bytes())/float64(n), "bytes/entry")
			})
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	rows, _ := clustered(rand.New(rand.NewPCG(16, 16)), 20000, 1, 384)
	entries := entriesOf(rows)
	b.ReportAllocs()
	for b.Loop() {
		buildIndex(b, Config{}, entries)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(entries)), "µs/entry")
}

func BenchmarkUpdateOneEntry(b *testing.B) {
	rows, _ := clustered(rand.New(rand.NewPCG(17, 17)), 100000, 1, 384)
	for _, v := range rows {
		normalise(v)
	}
	entries := entriesOf(rows)
	ix := buildIndex(b, Config{}, entries)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		next, err := ix.With(context.Background(), nil, entries[i*7919%len(entries):][:1])
		if err != nil {
			b.Fatal(err)
		}
		ix = next
		i++
	}
}
