package lexical

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/internal/corpora"
)

// benchTexts returns n passages of about 260 bytes, five to a document, and
// questions about them: recombined from the corpora where they are at hand,
// else pseudo-words with the frequencies of a natural language.
func benchTexts(tb testing.TB, n int) (entries []Entry, questions []Query) {
	tb.Helper()
	rng := rand.New(rand.NewPCG(7, 11))
	var source []Entry
	if os.Getenv(corpora.Variable) != "" {
		for _, s := range loadQuestionSets(tb) {
			source = append(source, passageEntries(s)...)
			for i := 0; i < len(s.Questions); i += 10 {
				questions = append(questions, Query{Text: s.Questions[i].Text, Language: s.Language, K: 10})
			}
		}
	} else {
		source, questions = pseudoTexts(rng, 4000)
	}
	byLanguage := map[string][][]string{}
	var languages []string
	for _, e := range source {
		if byLanguage[e.Language] == nil {
			languages = append(languages, e.Language)
		}
		byLanguage[e.Language] = append(byLanguage[e.Language], strings.SplitAfter(e.Text, " "))
	}
	// Documents of one language each; a passage is the beginning of one text
	// and the end of another.
	for i := range n {
		lang := languages[i/5%len(languages)]
		texts := byLanguage[lang]
		var sb strings.Builder
		for sb.Len() < 230 {
			words := texts[rng.IntN(len(texts))]
			from := rng.IntN(max(1, len(words)-8))
			for _, w := range words[from:min(len(words), from+24)] {
				if sb.Len() > 260 {
					break
				}
				sb.WriteString(w)
			}
		}
		body := strings.ToValidUTF8(sb.String()[:min(sb.Len(), 300)], "")
		entries = append(entries, Entry{ID: fmt.Sprintf("p%07d", i), Parent: fmt.Sprintf("d%06d", i/5), Text: body, Language: lang})
	}
	return entries, questions
}

// pseudoTexts makes up texts of Zipf-distributed words.
func pseudoTexts(rng *rand.Rand, n int) (entries []Entry, questions []Query) {
	syllables := strings.Fields("ka le mi no ru se ta vi bo da fe gi ho ja ku lo me ni pa ri so tu va er en ing tion st ung ene")
	words := make([]string, 30000)
	for i := range words {
		for range 1 + rng.IntN(4) {
			words[i] += syllables[rng.IntN(len(syllables))]
		}
	}
	zipf := rand.NewZipf(rng, 1.1, 4, uint64(len(words)-1))
	sentence := func(n int) string {
		var sb strings.Builder
		for range n {
			sb.WriteString(words[zipf.Uint64()])
			sb.WriteByte(' ')
		}
		return strings.TrimSpace(sb.String())
	}
	for range n {
		entries = append(entries, Entry{Text: sentence(40), Language: "en"})
	}
	for range 300 {
		questions = append(questions, Query{Text: sentence(9), Language: "en", K: 10})
	}
	return entries, questions
}

func BenchmarkBuild(b *testing.B) {
	entries, _ := benchTexts(b, 13000)
	size := 0
	for _, e := range entries {
		size += len(e.Text)
	}
	best := time.Duration(math.MaxInt64) // least disturbed by what else the machine does
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		buildIndex(b, Config{Workers: 1}, entries)
		best = min(best, time.Since(start))
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(entries)), "µs/passage")
	b.ReportMetric(float64(best.Microseconds())/float64(len(entries)), "best-µs/passage")
	b.ReportMetric(float64(size)/float64(len(entries)), "bytes/passage")
}

func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{13000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			entries, questions := benchTexts(b, n)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			ix := buildIndex(b, Config{}, entries)
			runtime.GC()
			runtime.ReadMemStats(&after)
			var took []time.Duration
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				start := time.Now()
				ix.Search(questions[i%len(questions)])
				took = append(took, time.Since(start))
				i++
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "heap-bytes/passage")
			b.ReportMetric(float64(ix.Bytes())/float64(n), "index-bytes/passage")
		})
	}
}

func BenchmarkUpdateOneDocument(b *testing.B) {
	entries, _ := benchTexts(b, 50000)
	ix := buildIndex(b, Config{}, entries)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		at := (i * 7919 % 10000) * 5
		next, err := ix.With(context.Background(), nil, entries[at:at+5])
		if err != nil {
			b.Fatal(err)
		}
		ix = next
		i++
	}
}
