//go:build unix

package retrieval

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/philippgille/chromem-go"

	"github.com/kundeagent/kundeagent/knowledge/vector"
)

// vectorHits wanted of each query.
const vectorHits = 10

// vectorSearch returns the IDs of the hits, best first.
type vectorSearch func(ctx context.Context, query []float32) ([]string, error)

// vectorEngines are chromem-go and ours, comparing everything and in two passes,
// over the same vectors.
type vectorEngines struct{ chromem, exact, twoPass vectorSearch }

func newVectorEngines(tb testing.TB, rows [][]float32) vectorEngines {
	tb.Helper()
	return vectorEngines{
		chromem: chromemVectors(tb, rows),
		exact:   ourVectors(tb, vector.Config{Exact: true}, rows),
		twoPass: ourVectors(tb, vector.Config{}, rows),
	}
}

func ourVectors(tb testing.TB, cfg vector.Config, rows [][]float32) vectorSearch {
	entries := make([]vector.Entry, len(rows))
	for i, v := range rows {
		entries[i] = vector.Entry{ID: vectorID(i), Vector: v}
	}
	ix, err := vector.New(cfg).With(tb.Context(), nil, entries)
	if err != nil {
		tb.Fatal(err)
	}
	return func(_ context.Context, query []float32) ([]string, error) {
		hits, err := ix.Search(vector.Query{Vector: query, K: vectorHits})
		ids := make([]string, len(hits))
		for i, h := range hits {
			ids[i] = h.ID
		}
		return ids, err
	}
}

func chromemVectors(tb testing.TB, rows [][]float32) vectorSearch {
	collection, err := chromem.NewDB().CreateCollection("vectors", nil, func(context.Context, string) ([]float32, error) {
		return nil, fmt.Errorf("every vector is given")
	})
	if err != nil {
		tb.Fatal(err)
	}
	documents := make([]chromem.Document, len(rows))
	for i, v := range rows {
		documents[i] = chromem.Document{ID: vectorID(i), Embedding: v, Content: "-"}
	}
	if err := collection.AddDocuments(tb.Context(), documents, runtime.GOMAXPROCS(0)); err != nil {
		tb.Fatal(err)
	}
	return func(ctx context.Context, query []float32) ([]string, error) {
		found, err := collection.QueryEmbedding(ctx, query, vectorHits, nil, nil)
		ids := make([]string, len(found))
		for i, r := range found {
			ids[i] = r.ID
		}
		return ids, err
	}
}

func vectorID(i int) string { return fmt.Sprintf("v%07d", i) }

// clusteredVectors are n vectors of length 1 with 48 degrees of freedom around
// 200 centres, and queries of the same kind: the same on every machine.
func clusteredVectors(n, queries int) (rows, asked [][]float32) {
	const inner, clusters = 48, 200
	rng := rand.New(rand.NewPCG(3, 5))
	gaussian := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		return v
	}
	directions, centres := gaussian(inner*vectorSize), gaussian(clusters*inner)
	draw := func(n int) [][]float32 {
		out := make([][]float32, n)
		for i := range out {
			centre := centres[rng.IntN(clusters)*inner:]
			sums := make([]float64, vectorSize)
			for j := range inner {
				x := centre[j] + 0.6*rng.NormFloat64()
				for d, y := range directions[j*vectorSize:][:vectorSize] {
					sums[d] += x * y
				}
			}
			out[i] = unit(sums)
		}
		return out
	}
	return draw(n), draw(queries)
}

func TestQualityVectorsAgainstChromem(t *testing.T) {
	const floor = .98
	rows, asked := clusteredVectors(20000, 50)
	e := newVectorEngines(t, rows)
	same := 0
	for i, q := range asked {
		theirs, err := e.chromem(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		exact, err := e.exact(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if n := vectorOverlap(theirs, exact); n != vectorHits {
			t.Errorf("query %d: exact search shares %d of %d hits: %v, chromem-go %v", i, n, vectorHits, exact, theirs)
		}
		twoPass, err := e.twoPass(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		same += vectorOverlap(exact, twoPass)
	}
	recall := float64(same) / float64(vectorHits*len(asked))
	t.Logf("%d vectors, %d queries: exact hits as chromem-go; two passes recall@%d %.4f, floor %v", len(rows), len(asked), vectorHits, recall, floor)
	if recall < floor {
		t.Errorf("recall@%d of two passes %.4f, want at least %v", vectorHits, recall, floor)
	}
}

// vectorOverlap counts the IDs of a that are in b.
func vectorOverlap(a, b []string) int {
	in := map[string]bool{}
	for _, id := range b {
		in[id] = true
	}
	n := 0
	for _, id := range a {
		if in[id] {
			n++
		}
	}
	return n
}

// BenchmarkVectors asks all engines the same query in turn, so that a busy phase
// of the machine meets each, and reports how many times as long chromem-go takes.
func BenchmarkVectors(b *testing.B) {
	for _, n := range []int{10000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rows, asked := clusteredVectors(n, 50)
			e := newVectorEngines(b, rows)
			runtime.GC()
			var chromem, exact, twoPass vectorTime
			same := 0
			for i := 0; b.Loop(); i++ {
				q := asked[i%len(asked)]
				chromem.ask(b, e.chromem, q)
				want := exact.ask(b, e.exact, q)
				same += vectorOverlap(want, twoPass.ask(b, e.twoPass, q))
			}
			b.ReportMetric(chromem.cpu.Seconds()/exact.cpu.Seconds(), "exact-cpu-ratio")
			b.ReportMetric(chromem.cpu.Seconds()/twoPass.cpu.Seconds(), "twopass-cpu-ratio")
			b.ReportMetric(chromem.wall.Seconds()/exact.wall.Seconds(), "exact-wall-ratio")
			b.ReportMetric(chromem.wall.Seconds()/twoPass.wall.Seconds(), "twopass-wall-ratio")
			b.ReportMetric(chromem.perQuery(b), "chromem-cpu-µs")
			b.ReportMetric(exact.perQuery(b), "exact-cpu-µs")
			b.ReportMetric(twoPass.perQuery(b), "twopass-cpu-µs")
			b.ReportMetric(float64(same)/float64(vectorHits*b.N), "recall@10")
		})
	}
}

// vectorTime sums what an engine took, in user time and on the clock.
type vectorTime struct{ cpu, wall time.Duration }

func (v *vectorTime) ask(b *testing.B, search vectorSearch, query []float32) []string {
	cpu, start := vectorUserTime(b), time.Now()
	ids, err := search(b.Context(), query)
	v.wall += time.Since(start)
	v.cpu += vectorUserTime(b) - cpu
	if err != nil {
		b.Fatal(err)
	}
	return ids
}

func (v *vectorTime) perQuery(b *testing.B) float64 {
	return v.cpu.Seconds() * 1e6 / float64(b.N)
}

func vectorUserTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano())
}
