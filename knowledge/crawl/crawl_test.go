package crawl

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

// trapSite crawls a site with all traps and gives the figures.
func trapSite(t *testing.T, pages int, sitemap bool, floor int) {
	s := newSite(t, pages, false)
	if sitemap {
		s.Sitemap = s.StaleSitemap(0.6, 0.1)
	}
	cfg := withLanguages(s.config())
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
	if len(c.docs) > defaultMaxDocuments {
		t.Errorf("%d documents, cap %d", len(c.docs), defaultMaxDocuments)
	}
	checkClean(t, s, c)
	checkAccounts(t, s, c)
	for outcome, atLeast := range map[Outcome]int{Disallowed: 1, NoIndex: 1, OffSite: 2, Login: 1, NotFound: 1, TooLarge: 2, Type: 1, Canonical: 1, Redirected: 1, Duplicate: 1, Trap: 1, Language: 1} {
		if c.outcomes[outcome] < atLeast {
			t.Errorf("outcome %s: %d, want at least %d", outcome, c.outcomes[outcome], atLeast)
		}
	}
}

// checkAccounts fails unless every address that the site was asked for, and every
// one that a document links to, ended with an outcome; collect sees that none
// has two.
func checkAccounts(t *testing.T, s *site, c *crawled) {
	t.Helper()
	host := strings.TrimPrefix(s.Server.URL, "http://")
	s.Set(func() {
		for path := range s.Hits {
			switch {
			case path == "/robots.txt", strings.HasPrefix(path, "/sitemap"), strings.HasSuffix(path, "-no-such-page"):
			case path == "/filter": // its queries are addresses of their own
			case c.kindOf[host+path] == 0:
				t.Errorf("%s was asked for and has no outcome", path)
			}
		}
	})
	links := 0
	for id := range c.docs {
		state, _ := decodeState(knowledge.Entry{State: c.state[id]}, mustNew(t, withLanguages(s.config())).print)
		if state == nil {
			t.Fatalf("%s left no state", id)
		}
		for _, l := range state.Links {
			links++
			if to := mustResolve(t, s.Server.URL, l); c.kindOf[to.key] == 0 {
				t.Errorf("%s links to %s, which has no outcome", id, to)
			}
		}
	}
	if links < 5*len(c.docs) {
		t.Errorf("only %d links of %d documents were looked at", links, len(c.docs))
	}
}

func withLanguages(cfg Config) Config {
	cfg.Languages = []string{"en"}
	return cfg
}

func TestStaleSitemapThenLinksFindTheRealPages(t *testing.T) { trapSite(t, 1000, true, 985) }

func TestLinksAloneFindTheRealPages(t *testing.T) { trapSite(t, 1000, false, 950) }

func TestA4CrawlStopsAtExactlyTheCap(t *testing.T) {
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
