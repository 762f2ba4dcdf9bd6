package crawl

import (
	"context"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// BenchmarkCrawl is the first crawl of a site of 1,000 pages of 20 KB and the
// front page, and BenchmarkCrawlUnchanged the next one, server included.
func BenchmarkCrawl(b *testing.B) { benchmarkCrawl(b, false) }

func BenchmarkCrawlUnchanged(b *testing.B) { benchmarkCrawl(b, true) }

func benchmarkCrawl(b *testing.B, again bool) {
	s := newSite(b, 1000, true)
	s.Words = 3000
	cfg := s.config()
	cfg.MaxDocuments = 1001
	src := mustNew(b, cfg)
	known := knowledge.Manifest{}
	if again {
		known = collect(b, src, context.Background(), known).manifest(known)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for change, err := range src.Documents(context.Background(), known) {
			if err != nil {
				b.Fatal(err)
			}
			if change.Kind == knowledge.Upsert || change.Kind == knowledge.Unchanged {
				n++
			}
		}
		if n != 1001 {
			b.Fatalf("%d documents", n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1001, "ns/page")
}

func BenchmarkResolve(b *testing.B) {
	base := mustResolve(b, "https://www.example.com/help/start", "")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := resolve(base.url, "../articles/how-to-17?utm_source=x&id=4#top"); err != nil {
			b.Fatal(err)
		}
	}
}
