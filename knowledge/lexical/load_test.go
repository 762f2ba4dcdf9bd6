package lexical

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// manual is one document among others, in its nth version: each passage names
// the version in its ID.
func manual(version int) []Entry {
	var out []Entry
	for i := range 5 {
		out = append(out, Entry{
			ID: fmt.Sprintf("manual/%d/%d", version, i), Parent: "manual", Language: "en",
			Text: fmt.Sprintf("Turbine manual, chapter %d, edition %d: how to descale the boiler.", i, version),
		})
	}
	return out
}

func manualIDs(version int) (ids []string) {
	for _, e := range manual(version) {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestReadersNeverSeeAMixedGenerationWhileOneDocumentOf10000IsUpdated(t *testing.T) {
	const versions = 40
	entries := manual(0)
	for i := range 9999 {
		entries = append(entries, Entry{ID: fmt.Sprint(i), Parent: fmt.Sprint("d", i), Text: fmt.Sprint("parcel ", i%97, " leaves on day ", i%31), Language: "en"})
	}
	var current atomic.Pointer[Index]
	current.Store(buildIndex(t, Config{}, entries))
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for last := 0; ; {
				select {
				case <-done:
					return
				default:
				}
				found := ids(current.Load().Search(Query{Text: "descale the boiler of the turbine", Language: "en", K: 5}))
				slices.Sort(found)
				var version int
				if _, err := fmt.Sscanf(strings.Join(found, " "), "manual/%d/", &version); err != nil || version < last || !slices.Equal(found, manualIDs(version)) {
					t.Errorf("found %v after version %d", found, last)
					return
				}
				last = version
			}
		})
	}
	for v := 1; v <= versions; v++ {
		next, err := current.Load().With(context.Background(), manualIDs(v-1), manual(v))
		if err != nil {
			t.Error(err)
			break
		}
		if next.Len() != len(entries) {
			t.Errorf("version %d: %d entries, want %d", v, next.Len(), len(entries))
		}
		current.Store(next)
	}
	close(done)
	readers.Wait()
	if got := current.Load().IDs("manual"); !slices.Equal(got, manualIDs(versions)) {
		t.Errorf("in the end the manual is %v", got)
	}
}

// BenchmarkSearchWhileUpdating asks an index of 10,000 documents of five
// passages, first undisturbed and then with one document replaced after every
// hundred questions. Only questions asked during a replacement count as busy.
func BenchmarkSearchWhileUpdating(b *testing.B) {
	const documents, pause = 10000, 100
	entries, questions := benchTexts(b, 5*documents)
	var current atomic.Pointer[Index]
	current.Store(buildIndex(b, Config{}, entries))
	search := func(i int) time.Duration {
		start := time.Now()
		current.Load().Search(questions[i%len(questions)])
		return time.Since(start)
	}
	for i := range questions { // warms up
		search(i)
	}
	quiet := make([]time.Duration, 4000)
	for i := range quiet {
		quiet[i] = search(i)
	}
	turns := make(chan int)
	var updating atomic.Bool
	var updater sync.WaitGroup
	updater.Go(func() {
		for i := range turns {
			at := i * 7919 % documents * 5
			next, err := current.Load().With(context.Background(), nil, entries[at:at+5])
			if err != nil {
				b.Error(err)
			} else {
				current.Store(next)
			}
			updating.Store(false)
		}
	})
	var busy []time.Duration
	updates := 0
	for i := 0; b.Loop(); i++ {
		if i%pause == 0 && updating.CompareAndSwap(false, true) {
			turns <- updates
			updates++
		}
		during := updating.Load()
		if took := search(i); during {
			busy = append(busy, took)
		}
	}
	close(turns)
	updater.Wait()
	p99 := func(took []time.Duration) float64 {
		slices.Sort(took)
		return float64(took[len(took)*99/100].Microseconds())
	}
	b.ReportMetric(p99(quiet), "quiet-p99-µs")
	b.ReportMetric(p99(busy), "busy-p99-µs")
	b.ReportMetric(p99(busy)/p99(quiet), "ratio")
	b.ReportMetric(float64(updates), "updates")
}
