package crawl

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

// trapSite crawls a site with all traps and gives the figures.
func trapSite(t *testing.T, pages int, sitemap bool, floor int) {
	s := newSite(t, pages, false)
	if sitemap {
		s.sitemap = s.staleSitemap(0.6, 0.1)
	}
	cfg := s.config()
	cfg.MaxDocuments = pages
	start := time.Now()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c := collect(t, mustNew(t, cfg), context.Background(), knowledge.Manifest{})
	runtime.ReadMemStats(&after)
	if c.err != nil {
		t.Fatal(c.err)
	}
	t.Logf("%d of %d real pages in %d documents, %v, heap in use %d MB, obtained %d MB", c.real(), pages, len(c.docs),
		time.Since(start).Round(time.Millisecond), after.HeapInuse>>20, after.Sys>>20)
	t.Logf("outcomes: %v", c.outcomes)
	if c.real() < floor {
		t.Errorf("%d real pages, want at least %d", c.real(), floor)
	}
	if grown := after.Sys - before.Sys; grown > 100<<20 {
		t.Errorf("memory grew by %d MB", grown>>20)
	}
	if len(c.docs) > pages {
		t.Errorf("%d documents, cap %d", len(c.docs), pages)
	}
	checkClean(t, s, c)
	for outcome, atLeast := range map[Outcome]int{Disallowed: 1, NoIndex: 1, OffSite: 2, Login: 1, NotFound: 1, TooLarge: 1, Type: 1} {
		if c.outcomes[outcome] < atLeast {
			t.Errorf("outcome %s: %d, want at least %d", outcome, c.outcomes[outcome], atLeast)
		}
	}
}

func TestStaleSitemapThenLinksFindTheRealPages(t *testing.T) { trapSite(t, 1000, true, 985) }

func TestLinksAloneFindTheRealPages(t *testing.T) { trapSite(t, 1000, false, 950) }

func TestCrawlStopsAtExactlyTheCap(t *testing.T) {
	s := newSite(t, 1200, true)
	c := collect(t, mustNew(t, s.config()), context.Background(), knowledge.Manifest{})
	if c.err != nil || len(c.docs) != 1000 {
		t.Fatalf("%d documents, want exactly 1000; error %v", len(c.docs), c.err)
	}
	if c.complete {
		t.Error("a crawl that was cut by its cap says that it was complete")
	}
	if c.outcomes[Cap] == 0 {
		t.Error("no address is reported as left out")
	}
}
