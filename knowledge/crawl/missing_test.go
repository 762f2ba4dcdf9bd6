package crawl

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl/crawltest"
)

// answering has one article answer with a status, or lead elsewhere.
func answering(path string, status int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != path || status == 200 {
			return false
		}
		if status == 301 {
			http.Redirect(w, r, "/articles/not-there", status)
			return true
		}
		w.WriteHeader(status)
		return true
	}
}

// TestP10MissingPageIsRemovedWhenThatIsSeenTwice: a step of each case is a crawl
// in which the article answers so.
func TestP10MissingPageIsRemovedWhenThatIsSeenTwice(t *testing.T) {
	const kept, missing, gone = knowledge.Failed, knowledge.Missing, knowledge.Gone
	type step struct {
		status  int
		sitemap string // "" none, or which articles it lists: "all", "others", "others, one file lost"
		want    knowledge.ChangeKind
		detail  string
	}
	for _, c := range []struct {
		name  string
		first string // sitemap of the first crawl
		steps []step
	}{
		{"twice 404", "", []step{{404, "", kept, "first time"}, {404, "", missing, "second time"}}},
		{"404, back, 404", "", []step{{404, "", kept, ""}, {200, "", knowledge.Unchanged, ""}, {404, "", kept, "first time"}}},
		{"404, failing, 404", "", []step{{404, "", kept, ""}, {503, "", kept, ""}, {404, "", kept, "first time"}}},
		{"410 at once", "", []step{{410, "", gone, ""}}},
		{"redirect to a 404, twice", "", []step{{301, "", kept, "not-found"}, {301, "", missing, "second time"}}},
		{"404 and dropped by the sitemap", "all", []step{{404, "others", missing, "sitemap"}}},
		{"404 and still in the sitemap", "all", []step{{404, "all", kept, "first time"}, {404, "all", missing, "second time"}}},
		{"404 and never in the sitemap", "others", []step{{404, "others", kept, ""}}},
		{"404 and a sitemap that was read in part", "all", []step{{404, "others, one file lost", kept, ""}}},
		{"404 and no sitemap any more", "all", []step{{404, "", kept, ""}}},
		{"dropped by the sitemap alone", "all", []step{{200, "others", knowledge.Unchanged, ""}}},
		{"listed is remembered over an unchanged crawl", "all", []step{{200, "all", knowledge.Unchanged, ""}, {404, "others", missing, "sitemap"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, 12, true)
			const path = "/articles/how-to-7"
			setSitemap := func(kind string) {
				s.Robots, s.Sitemap = crawltest.Robots, s.StaleSitemap(1, 0)
				if kind == "" {
					s.Sitemap = ""
				}
				if strings.HasPrefix(kind, "others") {
					s.Sitemap = strings.Replace(s.Sitemap, s.Addr(path)+"<", s.Addr("/articles/how-to-1")+"<", 1)
				}
				if strings.HasSuffix(kind, "lost") {
					s.Robots += "Sitemap: /sitemap.xml\nSitemap: /lost.xml\n"
				}
			}
			setSitemap(c.first)
			known := first(t, s, s.config())
			for i, step := range c.steps {
				s.Set(func() { setSitemap(step.sitemap); s.Override = answering(path, step.status) })
				got := collect(t, mustNew(t, s.config()), context.Background(), known)
				id := strings.TrimPrefix(s.Addr(path), "http://")
				if got.err != nil || !got.complete {
					t.Errorf("crawl %d: complete %v, error %v", i+1, got.complete, got.err)
				}
				if got.kindOf[id] != step.want || step.detail != "" && !strings.Contains(got.why[id].Error(), step.detail) {
					t.Errorf("crawl %d: %v, %v, want %v, %q", i+1, got.kindOf[id], got.why[id], step.want, step.detail)
				}
				if got.removed() > 1 {
					t.Errorf("crawl %d: others are gone: %v", i+1, got.kinds)
				}
				known = got.manifest(known)
			}
		})
	}
}

func TestP10MissingIsRememberedOverACrawlThatWasCut(t *testing.T) {
	s := newSite(t, 20, true)
	known := first(t, s, s.config())
	s.Set(func() { s.Override = answering("/articles/how-to-7", 404) })
	known = collect(t, mustNew(t, s.config()), context.Background(), known).manifest(known)
	cfg := s.config()
	cfg.MaxFetches = 4
	cut := collect(t, mustNew(t, cfg), context.Background(), known)
	if cut.complete || cut.removed() != 0 {
		t.Fatalf("complete %v, %v", cut.complete, cut.kinds)
	}
	known = cut.manifest(known)
	last := collect(t, mustNew(t, s.config()), context.Background(), known)
	if id := strings.TrimPrefix(s.Addr("/articles/how-to-7"), "http://"); last.kindOf[id] != knowledge.Missing {
		t.Errorf("%v: %v", last.kindOf[id], last.why[id])
	}
	if after := last.manifest(known); len(after.Entries[SiteState].State) > 0 {
		t.Errorf("still remembered: %s", after.Entries[SiteState].State)
	}
}

func TestSiteStateFitsWhatAChangeMayCarry(t *testing.T) {
	r := &run{entries: map[string]knowledge.Entry{}, missing: map[string]bool{}, places: map[string]*place{}, src: &Source{}}
	r.src.start = mustResolve(t, "https://example.com/", "")
	unreachable := map[string]time.Time{}
	for i := range maxOrigins {
		unreachable[fmt.Sprintf("https://%s-%d.example.com:8443", strings.Repeat("sub", 20), i)] = time.Now()
	}
	r.fetcher = &fetcher{unreachable: unreachable}
	for i := range 10_000 {
		id := fmt.Sprintf("example.com/%d", i)
		r.entries[id], r.missing[id] = knowledge.Entry{Hash: "h"}, true
	}
	var got []knowledge.Change
	r.yield = func(c knowledge.Change, err error) bool { got = append(got, c); return true }
	r.emitSiteState(false)
	if len(got) != 1 || len(got[0].State) == 0 || len(got[0].State) > maxState {
		t.Fatalf("%d changes, state of %d bytes", len(got), len(got[0].State))
	}
	back := decodeSiteState(knowledge.Entry{State: got[0].State})
	remembered := 0
	for i := range 10_000 {
		if back.wasMissing(fmt.Sprintf("example.com/%d", i)) {
			remembered++
		}
	}
	if remembered != maxMissing || len(back.Unreachable) != maxOrigins || !slices.IsSorted(back.Missing) {
		t.Errorf("%d documents and %d origins are remembered", remembered, len(back.Unreachable))
	}
	for _, bad := range []string{"", "{", "[]", `{"m":3}`} {
		if s := decodeSiteState(knowledge.Entry{State: []byte(bad)}); !s.empty() {
			t.Errorf("%q gives %+v", bad, s)
		}
	}
}
