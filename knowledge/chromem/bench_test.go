package chromem_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/chromem"
)

var indexes = []struct {
	name string
	new  func() knowledge.Index
}{{"chromem", chromem.Index}, {"default", knowledge.VectorIndex}}

const benchDimensions = 384

func benchSnapshot(b *testing.B, index knowledge.Index, n int) (knowledge.Snapshot, *rand.Rand) {
	r := rand.New(rand.NewPCG(7, 8))
	s, err := index.Build(b.Context(), nil, randomDocuments(r, n, benchDimensions))
	if err != nil {
		b.Fatal(err)
	}
	return s, r
}

func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		for _, index := range indexes {
			b.Run(fmt.Sprintf("%s/%d", index.name, n), func(b *testing.B) {
				s, r := benchSnapshot(b, index.new(), n)
				q := knowledge.IndexQuery{Vector: randomVector(r, benchDimensions), Limit: 8}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.Search(b.Context(), q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkBuildOneChange(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		for _, index := range indexes {
			b.Run(fmt.Sprintf("%s/%d", index.name, n), func(b *testing.B) {
				s, r := benchSnapshot(b, index.new(), n)
				i := 0
				b.ReportAllocs()
				for b.Loop() {
					id := fmt.Sprintf("passage-%06d", i%n)
					c := document(id, randomVector(r, benchDimensions))
					c.Replaces = []string{id}
					next, err := index.new().Build(b.Context(), s, []knowledge.Passages{c})
					if err != nil {
						b.Fatal(err)
					}
					s = next
					i++
				}
			})
		}
	}
}

func BenchmarkBuildAll(b *testing.B) {
	for _, index := range indexes {
		b.Run(index.name, func(b *testing.B) {
			changes := randomDocuments(rand.New(rand.NewPCG(7, 8)), 10_000, benchDimensions)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := index.new().Build(b.Context(), nil, changes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
