package retrieval

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"
)

// hit is a found passage, best first in a result.
type hit struct {
	id    string
	score float64
}

// engine builds an index; a host's way to one that is ready for questions.
type engine struct {
	name  string
	build func(ctx context.Context, passages []passage) (searcher, error)
}

// searcher is an index that is asked.
type searcher interface {
	// search returns the best k passages.
	search(ctx context.Context, q question, k int) ([]hit, error)
	// mappedBytes is memory the index uses outside of the heap: its mapped files.
	mappedBytes() (int64, error)
	close() error
	// offTheClock is the time spent so far on what is not to be counted.
	offTheClock() time.Duration
}

const (
	hitsWanted = 10
)

// builds is how often each engine builds each task; the fastest counts.
func builds() int {
	if testing.Short() {
		return 2
	}
	return 3
}

// figures are what is measured of an engine on a task.
type figures struct {
	mrr      float64       // mean reciprocal rank within ten hits, x 100
	recall5  float64       // questions with the gold among the first five, per cent
	build    time.Duration // on one core
	query    time.Duration // the median of all questions, asked one at a time
	held     int64         // bytes of live heap and mapped files
	resident int64         // bytes of memory that a process serving the index has more, see resident
	passages int
}

func (f figures) buildPerPassage() float64 { // in microseconds
	return f.build.Seconds() * 1e6 / float64(f.passages)
}

func (f figures) queryMicroseconds() float64 { return f.query.Seconds() * 1e6 }

func (f figures) heldPerPassage() float64 { return float64(f.held) / float64(f.passages) }

func (f figures) residentPerPassage() float64 { return float64(f.resident) / float64(f.passages) }

// measure builds, asks a quarter of the questions to warm up and then all, and
// weighs what the index holds while it can still be asked.
//
// Held is the heap after garbage collection with the index alive less the heap
// before it was built, plus the size of mapped files. The passages' texts exist
// before and after and are not in it unless an engine copies them. Building
// once before the first weighing keeps an engine's tables, made once a process,
// out of it.
func measure(tb testing.TB, e engine, t task) figures {
	tb.Helper()
	f := figures{passages: len(t.passages)}
	for range builds() - 1 {
		ix, took := timedBuild(tb, e, t)
		f.build = fastest(f.build, took)
		if err := ix.close(); err != nil {
			tb.Fatalf("%s: %v", e.name, err)
		}
	}
	before := liveHeap()
	ix, took := timedBuild(tb, e, t)
	f.build = fastest(f.build, took)
	ask(tb, e, ix, t.questions[:len(t.questions)/4]) // warms up
	results, times := ask(tb, e, ix, t.questions)
	f.query = median(times)
	f.mrr, f.recall5 = quality(results, t.questions)
	results, times = nil, nil
	mapped, err := ix.mappedBytes()
	if err != nil {
		tb.Fatalf("%s: %v", e.name, err)
	}
	f.held = max(0, liveHeap()-before) + mapped
	if err := ix.close(); err != nil {
		tb.Fatalf("%s: %v", e.name, err)
	}
	runtime.KeepAlive(t)
	return f
}

// fastest is the lesser of two times; zero is none.
func fastest(a, b time.Duration) time.Duration {
	if a == 0 || b < a {
		return b
	}
	return a
}

// timedBuild builds on one core, so that engines which use all of them and
// engines which leave them to others are measured alike.
func timedBuild(tb testing.TB, e engine, t task) (searcher, time.Duration) {
	tb.Helper()
	runtime.GC() // of what was there before
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	start := time.Now()
	ix, err := e.build(tb.Context(), t.passages)
	took := time.Since(start)
	if err != nil {
		tb.Fatalf("%s: %v", e.name, err)
	}
	return ix, took - ix.offTheClock()
}

// ask asks the questions one at a time.
func ask(tb testing.TB, e engine, ix searcher, questions []question) (results [][]hit, times []time.Duration) {
	tb.Helper()
	for _, q := range questions {
		start, free := time.Now(), ix.offTheClock()
		hits, err := ix.search(tb.Context(), q, hitsWanted)
		times = append(times, time.Since(start)-(ix.offTheClock()-free))
		if err != nil {
			tb.Fatalf("%s: %q: %v", e.name, q.text, err)
		}
		results = append(results, hits)
	}
	return results, times
}

// liveHeap is the heap that is reachable. The second collection empties what
// the first one kept of pools.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// quality returns MRR@10 x 100 and recall@5 in per cent.
func quality(results [][]hit, questions []question) (mrr, recall5 float64) {
	for i, q := range questions {
		switch place := rank(results[i], q.gold); {
		case place == 0 || place > 10:
		case place <= 5:
			recall5++
			fallthrough
		default:
			mrr += 1 / float64(place)
		}
	}
	n := float64(len(questions)) / 100
	return mrr / n, recall5 / n
}

// rank is the place of a passage from 1, or 0. Passages of the same score count
// as before it: a tie is no merit.
func rank(hits []hit, id string) int {
	at := slices.IndexFunc(hits, func(h hit) bool { return h.id == id })
	if at < 0 {
		return 0
	}
	place := at + 1
	for place < len(hits) && hits[place].score == hits[at].score {
		place++
	}
	return place
}
