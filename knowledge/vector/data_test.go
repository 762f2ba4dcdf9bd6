package vector

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// kindOfData makes vectors with the properties of a kind of embedding; the same
// seed makes the same.
type kindOfData struct {
	name string
	make func(rng *rand.Rand, n, queries, dimensions int) (rows, asked [][]float32)
	// most is the largest share of the entries that a search may compare exactly.
	most float64
}

func kindsOfData() []kindOfData {
	return []kindOfData{
		{"uniform", func(rng *rand.Rand, n, queries, dims int) (rows, asked [][]float32) {
			return gaussians(rng, n, dims), gaussians(rng, queries, dims)
		}, 1},
		{"clustered", clustered, .03},
		{"offset", func(rng *rand.Rand, n, queries, dims int) (rows, asked [][]float32) {
			// All cosines lie between about .7 and .9.
			rows, asked = clustered(rng, n, queries, dims)
			offset := gaussians(rng, 1, dims)[0]
			for _, v := range append(rows[:n:n], asked...) {
				normalise(v)
				for j := range v {
					v[j] += 2 * offset[j] / float32(math.Sqrt(float64(dims)))
				}
			}
			return rows, asked
		}, .03},
		{"offset of unequal spread", func(rng *rand.Rand, n, queries, dims int) (rows, asked [][]float32) {
			// Texts of little and of much that is their own, far from evenly spread.
			rows, asked = falling(rng, n, queries, dims)
			offset := gaussians(rng, 1, dims)[0]
			for _, v := range append(rows[:n:n], asked...) {
				normalise(v)
				own := float32(0.5 + 1.5*rng.Float64())
				for j := range v {
					v[j] = own*v[j] + 2*offset[j]/float32(math.Sqrt(float64(dims)))
				}
			}
			return rows, asked
		}, .1},
		{"falling spectrum", falling, .1},
		{"queries apart", func(rng *rand.Rand, n, queries, dims int) (rows, asked [][]float32) {
			// Questions share an offset that the texts do not have.
			rows, asked = clustered(rng, n, queries, dims)
			offset := gaussians(rng, 1, dims)[0]
			for _, v := range rows {
				normalise(v)
			}
			for _, v := range asked {
				normalise(v)
				for j := range v {
					v[j] += offset[j] / float32(math.Sqrt(float64(dims)))
				}
			}
			return rows, asked
		}, .06},
	}
}

func gaussians(rng *rand.Rand, n, dims int) [][]float32 {
	out := make([][]float32, n)
	for i := range out {
		out[i] = make([]float32, dims)
		for j := range out[i] {
			out[i][j] = float32(rng.NormFloat64())
		}
	}
	return out
}

// falling makes vectors whose variances fall like 1/i, so that a few values are
// far larger than the rest.
func falling(rng *rand.Rand, n, queries, dims int) (rows, asked [][]float32) {
	rows, asked = gaussians(rng, n, dims), gaussians(rng, queries, dims)
	for _, v := range append(rows[:n:n], asked...) {
		for j := range v {
			v[j] /= float32(math.Sqrt(float64(j + 1)))
		}
	}
	return rows, asked
}

// clustered vectors have 48 degrees of freedom and lie around 200 centres.
func clustered(rng *rand.Rand, n, queries, dims int) (rows, asked [][]float32) {
	const inner = 48
	directions := gaussians(rng, inner, dims)
	centres := gaussians(rng, 200, inner)
	draw := func(n int) [][]float32 {
		out := make([][]float32, n)
		for i := range out {
			c := centres[rng.IntN(len(centres))]
			out[i] = make([]float32, dims)
			for j := range inner {
				x := c[j] + 0.6*float32(rng.NormFloat64())
				for d, y := range directions[j] {
					out[i][d] += x * y
				}
			}
		}
		return out
	}
	return draw(n), draw(queries)
}

func normalise(v []float32) {
	var square float64
	for _, x := range v {
		square += float64(x) * float64(x)
	}
	for j := range v {
		v[j] = float32(float64(v[j]) / math.Sqrt(square))
	}
}

func entriesOf(rows [][]float32) []Entry {
	out := make([]Entry, len(rows))
	for i, v := range rows {
		out[i] = Entry{ID: fmt.Sprintf("e%07d", i), Group: uint32(i % 100), Vector: v}
	}
	return out
}

func buildIndex(tb testing.TB, cfg Config, entries []Entry) *Index {
	tb.Helper()
	ix, err := New(cfg).With(context.Background(), nil, entries)
	if err != nil {
		tb.Fatal(err)
	}
	return ix
}
