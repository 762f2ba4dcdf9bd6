package retrieval

import (
	"slices"
	"testing"
	"time"
)

// BenchmarkSearch asks one question after another: sentences of one language,
// in an index of them alone and of ten times as many passages.
func BenchmarkSearch(b *testing.B) {
	for _, s := range loadQuestionSets(b) {
		if s.Language != "de" && s.Language != "en" {
			continue
		}
		small := sentenceTask(s)
		for _, t := range []task{small, crowdedTask(small, 10)} {
			for _, e := range slices.Concat([]engine{ours()}, bleveEngines(), chromemEngines()[:1]) {
				b.Run(t.name+"/"+e.name, func(b *testing.B) { benchmarkSearch(b, e, t) })
			}
		}
	}
}

func benchmarkSearch(b *testing.B, e engine, t task) {
	ix, _ := timedBuild(b, e, t)
	defer ix.close()
	ask(b, e, ix, t.questions[:len(t.questions)/4])
	var times []time.Duration
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, took := ask(b, e, ix, t.questions[i%len(t.questions):][:1])
		times = append(times, took...)
	}
	b.ReportMetric(median(times).Seconds()*1e6, "p50-µs")
}
