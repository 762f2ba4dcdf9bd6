package gaps_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

// invented makes n questions about subjects of a few words each, some asked
// often and most seldom, in varying words.
func invented(n int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("ba de ki lo mu ra se ti vo nu pa fi ge ho ju la mi no ru sa te zu bro kla stu tri")
	word := func(i int) string {
		s := ""
		for range 3 {
			s += syllables[i%len(syllables)]
			i /= len(syllables)
		}
		return s
	}
	frames := []string{"can I %s", "how do you %s", "please tell me about %s", "is there a way to get %s today", "%s?", "I need help with %s for my order"}
	zipf := rand.NewZipf(r, 1.2, 8, 20_000)
	out := make([]string, n)
	for i := range out {
		subject := int(zipf.Uint64())
		out[i] = fmt.Sprintf(frames[r.IntN(len(frames))], word(subject*7)+" "+word(subject*13+5)+" "+word(r.IntN(3000)))
	}
	return out
}

// BenchmarkHundredThousandQuestions places and folds a long log.
func BenchmarkHundredThousandQuestions(b *testing.B) {
	questions := invented(100_000)
	b.ReportAllocs()
	for b.Loop() {
		topics := gaps.New(gaps.Config{})
		for i, q := range questions {
			topics.Apply(ask(topics, i, q, "en"))
		}
		b.ReportMetric(float64(topics.Len()), "topics")
	}
}

// BenchmarkFoldOfHundredThousand folds a log whose questions have their topics.
func BenchmarkFoldOfHundredThousand(b *testing.B) {
	topics := gaps.New(gaps.Config{})
	var events []gaps.Event
	for i, q := range invented(100_000) {
		e := ask(topics, i, q, "en")
		topics.Apply(e)
		events = append(events, e)
	}
	b.ReportAllocs()
	for b.Loop() {
		again := gaps.New(gaps.Config{})
		fold(again, events...)
	}
}

// BenchmarkList returns the first page of many topics.
func BenchmarkList(b *testing.B) {
	topics := gaps.New(gaps.Config{})
	for i, q := range invented(20_000) {
		topics.Apply(ask(topics, i, q, "en"))
	}
	b.ReportAllocs()
	for b.Loop() {
		topics.List(gaps.Query{})
	}
}
