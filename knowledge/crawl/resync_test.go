package crawl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/internal/safehttp"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl/crawltest"
)

// first crawls a small plain site and returns what a Base would know.
func first(t *testing.T, s *site, cfg Config) knowledge.Manifest {
	t.Helper()
	c := collect(t, mustNew(t, cfg), context.Background(), knowledge.Manifest{})
	if c.err != nil || !c.complete || len(c.docs) != s.Pages+1 {
		t.Fatalf("first crawl: %d documents, complete %v, error %v", len(c.docs), c.complete, c.err)
	}
	return c.manifest(knowledge.Manifest{})
}

func TestUnchangedSiteIsAnsweredByNotModified(t *testing.T) {
	s := newSite(t, 100, true)
	known := first(t, s, s.config())
	firstSent := s.Sent()
	s.Forget()
	c := collect(t, mustNew(t, s.config()), context.Background(), known)
	if c.err != nil || !c.complete {
		t.Fatalf("complete %v, error %v", c.complete, c.err)
	}
	if c.kinds[knowledge.Unchanged] != 101 || c.kinds[knowledge.Upsert] != 0 || c.removed() != 0 {
		t.Errorf("kinds %v, want 101 unchanged", c.kinds)
	}
	if sent := s.Sent(); sent > firstSent/10 {
		t.Errorf("%d bytes were sent again, %d at first", sent, firstSent)
	}
	if n := s.Statuses()[http.StatusNotModified]; n != 100 {
		t.Errorf("%d answers 304, want 100 (the front page has no validator): %v", n, s.Statuses())
	}
	again := c.manifest(known)
	if n := len(again.Entries); n < 101 {
		t.Errorf("%d entries left after an unchanged crawl", n)
	}
	third := collect(t, mustNew(t, s.config()), context.Background(), again)
	if third.kinds[knowledge.Unchanged] != 101 {
		t.Errorf("third crawl: %v", third.kinds)
	}
}

// TestSiteWithoutValidatorsIsUnchangedByItsText holds for sites whose validators
// differ from one machine to the next as well.
func TestSiteWithoutValidatorsIsUnchangedByItsText(t *testing.T) {
	s := newSite(t, 100, true)
	s.NoValidators = true
	known := first(t, s, s.config())
	s.Forget()
	c := collect(t, mustNew(t, s.config()), context.Background(), known)
	if c.err != nil || !c.complete || c.kinds[knowledge.Unchanged] != 101 || c.kinds[knowledge.Upsert] != 0 {
		t.Errorf("kinds %v, complete %v, error %v", c.kinds, c.complete, c.err)
	}
	if n := s.Statuses()[http.StatusNotModified]; n != 0 {
		t.Errorf("%d answers 304: the test proves nothing", n)
	}
}

func TestNotModifiedPagesStillYieldTheirLinks(t *testing.T) {
	s := newSite(t, 30, true)
	known := first(t, s, s.config())
	for id := range known.Entries { // only the front page stays known
		if !strings.HasSuffix(id, "/") && !strings.HasSuffix(id, "how-to-1") {
			delete(known.Entries, id)
		}
	}
	s.Set(func() {
		s.Override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/" {
				fmt.Fprint(w, "<html><body><main><p>The front page has changed and links to nothing now.</p></main></body></html>")
				return true
			}
			return false
		}
	})
	c := collect(t, mustNew(t, s.config()), context.Background(), known)
	if c.kinds[knowledge.Unchanged] != 1 || len(c.docs) < 29 {
		t.Errorf("kinds %v, %d documents: links of the unmodified page were not followed; error %v", c.kinds, len(c.docs), c.err)
	}
}

func TestChangedReaderAsksUnconditionally(t *testing.T) {
	s := newSite(t, 10, true)
	known := first(t, s, s.config())
	s.Forget()
	cfg := s.config()
	cfg.Drop = []string{".banner"}
	collect(t, mustNew(t, cfg), context.Background(), known)
	if n := s.Statuses()[http.StatusNotModified]; n != 0 {
		t.Errorf("%d answers 304 although pages are read differently now", n)
	}
}

// TestP10TroubleRemovesNothing: whatever befalls a site, no known document is
// reported gone, and the crawl is not reported complete.
func TestP10TroubleRemovesNothing(t *testing.T) {
	answer := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(code); return true }
	}
	robotsOnly := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/robots.txt" {
				return false
			}
			w.WriteHeader(code)
			return true
		}
	}
	notStart := func(f func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path != "/" && r.URL.Path != "/robots.txt" && f(w, r)
		}
	}
	form := func(w http.ResponseWriter, r *http.Request) bool {
		fmt.Fprint(w, `<html><body><form>Please log in<input type="password"></form></body></html>`)
		return true
	}
	for _, c := range []struct {
		name    string
		trouble func(http.ResponseWriter, *http.Request) bool
		err     error
	}{
		{"all 500", answer(500), ErrStart},
		{"all 503", answer(503), ErrStart},
		{"all 404", answer(404), ErrStart},
		{"robots 500", robotsOnly(500), ErrStart},
		{"robots 503", robotsOnly(503), ErrStart},
		{"robots 429", robotsOnly(429), ErrStart},
		{"pages 500", notStart(answer(500)), ErrSiteDown},
		{"pages 403", notStart(answer(403)), nil},
		{"login form everywhere", func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path != "/robots.txt" && form(w, r)
		}, ErrStart},
		{"login form but for the start", notStart(form), nil},
		{"redirect to a login", notStart(func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "/users/sign_in?back="+r.URL.Path, http.StatusFound)
			return true
		}), nil},
		{"redirect off-site", notStart(func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://parking.invalid/", http.StatusFound)
			return true
		}), nil},
		{"everything redirects home", notStart(func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "/", http.StatusFound)
			return true
		}), nil},
		{"one page for everything", notStart(func(w http.ResponseWriter, r *http.Request) bool {
			fmt.Fprint(w, `<html><body><main><p>We are moving house. Look in again tomorrow, all will be as before.</p></main></body></html>`)
			return true
		}), nil},
		{"connection broken off", func(w http.ResponseWriter, r *http.Request) bool {
			panic(http.ErrAbortHandler)
		}, ErrStart},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, 40, true)
			known := first(t, s, s.config())
			s.Set(func() { s.Override = c.trouble })
			got := collect(t, mustNew(t, s.config()), context.Background(), known)
			if !errors.Is(got.err, c.err) || (c.err == nil) != (got.err == nil) {
				t.Errorf("error %v, want %v", got.err, c.err)
			}
			if got.removed() != 0 || got.complete {
				t.Errorf("complete %v, kinds %v, outcomes %v", got.complete, got.kinds, got.outcomes)
			}
		})
	}
}

func TestP10ServerThatIsNotThere(t *testing.T) {
	s := newSite(t, 5, true)
	known := first(t, s, s.config())
	s.Server.Close()
	c := collect(t, mustNew(t, s.config()), context.Background(), known)
	if !errors.Is(c.err, ErrStart) || c.removed() != 0 || c.complete {
		t.Errorf("error %v, kinds %v", c.err, c.kinds)
	}
}

func TestP12StartOnAPrivateAddressIsAnError(t *testing.T) {
	s := newSite(t, 5, true)
	cfg := s.config()
	cfg.Allow = nil
	c := collect(t, mustNew(t, cfg), context.Background(), knowledge.Manifest{})
	if !errors.Is(c.err, ErrStart) || !errors.Is(c.err, safehttp.ErrBlockedAddress) {
		t.Errorf("error %v, want ErrStart for a blocked address", c.err)
	}
	cfg.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	if c := collect(t, mustNew(t, cfg), context.Background(), knowledge.Manifest{}); c.err == nil {
		t.Error("a hole for another network opens this one")
	}
}

func TestWhatIsProvenToBeRemovedIsGone(t *testing.T) {
	s := newSite(t, 40, true)
	known := first(t, s, s.config())
	s.Set(func() {
		s.Robots = crawltest.Robots + "Disallow: /\n\nUser-agent: *\nDisallow: /articles/how-to-8$\n"
		s.Override = func(w http.ResponseWriter, r *http.Request) bool {
			switch r.URL.Path {
			case "/articles/how-to-3":
				w.WriteHeader(http.StatusGone)
			case "/articles/how-to-5":
				w.Header().Set("X-Robots-Tag", "otherbot: nofollow, kundeagent: noindex")
				fmt.Fprint(w, "<html><body><main><p>"+crawltest.Prose(1, 50)+"</p></main></body></html>")
			case "/articles/how-to-6":
				http.Redirect(w, r, "/articles/how-to-7", http.StatusMovedPermanently)
			case "/articles/how-to-9":
				http.Redirect(w, r, "/articles/moved-9", http.StatusMovedPermanently)
			case "/articles/moved-9":
				s.WritePage(w, "Moved", "", "<p>REAL[9] "+crawltest.Prose(9, 80)+"</p><p>"+crawltest.Prose(5009, 60)+"</p>", "")
			case "/articles/how-to-10":
				http.Redirect(w, r, "/articles/removed", http.StatusMovedPermanently)
			case "/articles/removed":
				w.WriteHeader(http.StatusGone)
			default:
				return false
			}
			return true
		}
	})
	c := collect(t, mustNew(t, s.config()), context.Background(), known)
	want := map[string]Outcome{"3": Removed, "5": NoIndex, "6": Redirected, "8": Disallowed, "9": Redirected, "10": Redirected}
	host := strings.TrimPrefix(s.Server.URL, "http://")
	for n, outcome := range want {
		id := host + "/articles/how-to-" + n
		kind := knowledge.Missing
		if outcome == Removed {
			kind = knowledge.Gone
		}
		if c.kindOf[id] != kind || c.why[id] == nil || c.why[id].Outcome != outcome {
			t.Errorf("how-to-%s: %v %v, want %v as %s", n, c.kindOf[id], c.why[id], kind, outcome)
		}
	}
	if c.removed() != len(want) {
		t.Errorf("%d removed, want %d: %v", c.removed(), len(want), c.why)
	}
	if c.docs[host+"/articles/moved-9"] == nil {
		t.Error("the page that moved was lost")
	}
	if !c.complete || c.err != nil {
		t.Errorf("complete %v, error %v", c.complete, c.err)
	}
}

func TestCancelMidwayEndsWithoutComplete(t *testing.T) {
	s := newSite(t, 200, true)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	seen, complete, gone := 0, false, 0
	var last error
	for change, err := range mustNew(t, s.config()).Documents(ctx, knowledge.Manifest{}) {
		if last = err; err != nil {
			continue
		}
		switch change.Kind {
		case knowledge.Upsert:
			if seen++; seen == 20 {
				cancel()
			}
		case knowledge.Complete:
			complete = true
		case knowledge.Gone, knowledge.Missing:
			gone++
		}
	}
	if complete || gone > 0 || !errors.Is(last, context.Canceled) || seen > 40 {
		t.Errorf("complete %v, gone %d, last error %v, %d documents", complete, gone, last, seen)
	}
}

func TestReceiverThatStopsLeavesNothingRunning(t *testing.T) {
	s := newSite(t, 50, true)
	src := mustNew(t, s.config())
	before := runtime.NumGoroutine()
	for range 5 {
		for range src.Documents(context.Background(), knowledge.Manifest{}) {
			break
		}
		collect(t, src, context.Background(), knowledge.Manifest{})
	}
	s.Server.CloseClientConnections()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); runtime.Gosched() {
		if runtime.NumGoroutine() <= before { // those of connections end in their time
			return
		}
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks)
}

func TestCrawlsThatAreCutGetOnTheNextTime(t *testing.T) {
	s := newSite(t, 100, true)
	cfg := s.config()
	cfg.MaxFetches = 60
	known := knowledge.Manifest{}
	var sizes []int
	for range 6 {
		c := collect(t, mustNew(t, cfg), context.Background(), known)
		if c.err != nil || c.removed() != 0 {
			t.Fatalf("error %v, kinds %v", c.err, c.kinds)
		}
		known = c.manifest(known)
		n := 0
		for _, e := range known.Entries {
			if e.Hash != "" {
				n++
			}
		}
		sizes = append(sizes, n)
	}
	if last := sizes[len(sizes)-1]; last < 95 {
		t.Errorf("documents after each of six crawls of 60 requests: %v", sizes)
	}
}

func TestKnownDocumentsKeepTheirRoomUnderTheCap(t *testing.T) {
	s := newSite(t, 60, true)
	cfg := s.config()
	cfg.MaxDocuments = 30
	one := collect(t, mustNew(t, cfg), context.Background(), knowledge.Manifest{})
	two := collect(t, mustNew(t, cfg), context.Background(), one.manifest(knowledge.Manifest{}))
	if len(one.docs) != 30 || len(two.docs) != 0 || two.kinds[knowledge.Unchanged] != 30 {
		t.Errorf("%d documents at first; then %v", len(one.docs), two.kinds)
	}
}

// TestDuplicateOfAMovedPage: the same text under a new address, while the old
// one answers 404, is not lost.
func TestDuplicateOfAMovedPage(t *testing.T) {
	s := newSite(t, 10, true)
	known := first(t, s, s.config())
	s.Set(func() {
		s.Override = func(w http.ResponseWriter, r *http.Request) bool {
			switch r.URL.Path {
			case "/":
				fmt.Fprint(w, `<html><body><main><p>Start of it all, with a few words.</p><a href="/new/5">new</a></main></body></html>`)
			case "/new/5":
				s.WritePage(w, "How to 5", "", "<p>REAL[5] "+crawltest.Prose(5, 80)+"</p><p>"+crawltest.Prose(5005, 60)+"</p>", "")
			case "/articles/how-to-5":
				http.NotFound(w, r)
			default:
				return false
			}
			return true
		}
	})
	c := collect(t, mustNew(t, s.config()), context.Background(), known)
	host := strings.TrimPrefix(s.Server.URL, "http://")
	if c.kindOf[host+"/articles/how-to-5"] != knowledge.Missing || c.docs[host+"/new/5"] == nil {
		t.Errorf("old %v, new %v %v", c.kindOf[host+"/articles/how-to-5"], c.kindOf[host+"/new/5"], c.why[host+"/new/5"])
	}
}

func TestSinglePageThatIsGone(t *testing.T) {
	s := newSite(t, 3, true)
	cfg := s.config()
	cfg.URL, cfg.Related = s.Addr("/articles/how-to-2"), false
	one := collect(t, mustNew(t, cfg), context.Background(), knowledge.Manifest{})
	if len(one.docs) != 1 || !one.complete || one.err != nil {
		t.Fatalf("%d documents, complete %v, error %v", len(one.docs), one.complete, one.err)
	}
	known := one.manifest(knowledge.Manifest{})
	if two := collect(t, mustNew(t, cfg), context.Background(), known); two.kinds[knowledge.Unchanged] != 1 || !two.complete {
		t.Errorf("unchanged: %v", two.kinds)
	}
	s.Set(func() {
		s.Override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/robots.txt" {
				return false
			}
			w.WriteHeader(http.StatusGone)
			return true
		}
	})
	three := collect(t, mustNew(t, cfg), context.Background(), known)
	if three.kinds[knowledge.Gone] != 1 || !three.complete || three.err != nil {
		t.Errorf("answers 410: %v, complete %v, error %v", three.kinds, three.complete, three.err)
	}
}

// TestNarrowedSourceDropsWhatIsOutside: what its owner takes out of the source is
// gone.
func TestNarrowedSourceDropsWhatIsOutside(t *testing.T) {
	s := newSite(t, 10, true)
	known := first(t, s, s.config())
	cfg := s.config()
	cfg.Exclude = []string{"/articles/how-to-1*"}
	c := collect(t, mustNew(t, cfg), context.Background(), known)
	if c.kinds[knowledge.Gone] != 2 || c.outcomes[Excluded] != 2 || c.kinds[knowledge.Unchanged] != 9 {
		t.Errorf("kinds %v, outcomes %v", c.kinds, c.outcomes)
	}
	cfg = s.config()
	cfg.Related = false
	c = collect(t, mustNew(t, cfg), context.Background(), known)
	if c.kinds[knowledge.Gone] != 10 || c.kinds[knowledge.Unchanged] != 1 || !c.complete {
		t.Errorf("narrowed to a page: kinds %v, complete %v", c.kinds, c.complete)
	}
}
