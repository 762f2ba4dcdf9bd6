package crawl

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

// pages is a site of given pages: "" stands for any other path. A value that
// begins with "->" redirects, one that is a number is that status.
func pages(t testing.TB, byPath map[string]string) *site {
	s := newSite(t, 0, true)
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		body, ok := byPath[r.URL.RequestURI()]
		if !ok {
			if body, ok = byPath[""]; !ok || r.URL.Path == "/robots.txt" || r.URL.Path == "/sitemap.xml" {
				return false
			}
		}
		if to, ok := strings.CutPrefix(body, "->"); ok {
			http.Redirect(w, r, to, http.StatusMovedPermanently)
			return true
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, strings.ReplaceAll(body, "{host}", s.srv.URL))
		return true
	}
	return s
}

// page is a page of distinct text.
func page(seed int, head string, links ...string) string {
	var sb strings.Builder
	for _, l := range links {
		fmt.Fprintf(&sb, `<p><a href="%s">more about it</a></p>`, l)
	}
	return fmt.Sprintf(`<html><head><title>Page %d</title>%s</head><body><main><h1>Page %d</h1><p>%s</p></main><footer>%s</footer></body></html>`,
		seed, head, seed, prose(seed, 60), sb.String())
}

func (s *site) crawl(t testing.TB, change func(*Config)) *crawled {
	t.Helper()
	cfg := s.config()
	cfg.Concurrency = 1
	if change != nil {
		change(&cfg)
	}
	return collect(t, mustNew(t, cfg), context.Background(), knowledge.Manifest{})
}

// paths lists the documents without the host.
func (c *crawled) paths(s *site) []string {
	var out []string
	for _, d := range c.docs {
		out = append(out, strings.TrimPrefix(d.URL, s.srv.URL))
	}
	sort.Strings(out)
	return out
}

// ended returns the outcome of a path that is no document.
func (c *crawled) ended(s *site, path string) Outcome {
	if w := c.why[strings.TrimPrefix(s.srv.URL, "http://")+path]; w != nil {
		return w.Outcome
	}
	return ""
}

func TestWhatBecomesADocument(t *testing.T) {
	for _, c := range []struct {
		name   string
		site   map[string]string
		change func(*Config)
		want   string // documents
		ends   map[string]Outcome
	}{
		{"canonical address instead of this one", map[string]string{
			"/": page(1, "", "/b?view=full"), "/b?view=full": page(2, `<link rel="canonical" href="/b">`), "/b": page(3, "")},
			nil, "/ /b", map[string]Outcome{"/b?view=full": Canonical}},
		{"canonical address that is not there", map[string]string{
			"/": page(1, "", "/b"), "/b": page(2, `<link rel="canonical" href="/nowhere">`)},
			nil, "/ /b", map[string]Outcome{"/nowhere": NotFound}},
		{"canonical addresses in a circle", map[string]string{
			"/": page(1, "", "/b"), "/b": page(2, `<link rel="canonical" href="/c">`), "/c": page(3, `<link rel="canonical" href="/b">`)},
			nil, "/ /b", map[string]Outcome{"/c": Canonical}},
		{"canonical address on another host is not obeyed", map[string]string{
			"/": page(1, "", "/b"), "/b": page(2, `<link rel="canonical" href="https://staging.invalid/b">`)},
			nil, "/ /b", nil},
		{"front page as everybody's canonical address is not obeyed", map[string]string{
			"/": page(1, "", "/b", "/c"), "/b": page(2, `<link rel="canonical" href="/">`), "/c": page(3, `<link rel="canonical" href="{host}/">`)},
			nil, "/ /b /c", nil},
		{"same text twice", map[string]string{"/": page(1, "", "/b", "/c"), "/b": page(2, ""), "/c": page(2, "")},
			nil, "/ /b", map[string]Outcome{"/c": Duplicate}},
		{"redirect chain of five", map[string]string{"/": page(1, "", "/1"), "/1": "->/2", "/2": "->/3", "/3": "->/4", "/4": "->/5", "/5": "->/6", "/6": page(6, "")},
			nil, "/ /6", map[string]Outcome{"/1": Redirected, "/5": Redirected}},
		{"redirect chain of six", map[string]string{"/": page(1, "", "/1"), "/1": "->/2", "/2": "->/3", "/3": "->/4", "/4": "->/5", "/5": "->/6", "/6": "->/7", "/7": page(6, "")},
			nil, "/", map[string]Outcome{"/6": Redirected}},
		{"redirects in a circle", map[string]string{"/": page(1, "", "/a"), "/a": "->/b", "/b": "->/c", "/c": "->/a"},
			nil, "/", map[string]Outcome{"/a": Redirected, "/b": Redirected, "/c": Redirected}},
		{"redirect to itself", map[string]string{"/": page(1, "", "/a"), "/a": "->/a"}, nil, "/", map[string]Outcome{"/a": Redirected}},
		{"redirect to a disallowed page", map[string]string{"/": page(1, "", "/a"), "/a": "->/private/1", "/private/1": page(2, "")},
			nil, "/", map[string]Outcome{"/a": Redirected, "/private/1": Disallowed}},
		{"redirect off-site", map[string]string{"/": page(1, "", "/a"), "/a": "->http://elsewhere.invalid/"}, nil, "/", map[string]Outcome{"/a": OffSite}},
		{"redirect to a private address", map[string]string{"/": page(1, "", "/a"), "/a": "->http://169.254.169.254/latest"}, nil, "/", map[string]Outcome{"/a": OffSite}},
		{"start that redirects", map[string]string{"/": "->/help/", "/help/": page(1, "", "/help/a"), "/help/a": page(2, "")}, nil, "/help/ /help/a", map[string]Outcome{"/": Redirected}},
		{"meta refresh is a redirect", map[string]string{"/": page(1, "", "/a"), "/a": `<html><head><meta http-equiv="refresh" content="0; url=/b"></head><body>Moved</body></html>`, "/b": page(2, "")},
			nil, "/ /b", map[string]Outcome{"/a": Redirected}},
		{"noindex keeps its links", map[string]string{"/": page(1, `<meta name="robots" content="noindex">`, "/a"), "/a": page(2, "")},
			nil, "/a", map[string]Outcome{"/": NoIndex}},
		{"nofollow for a page", map[string]string{"/": page(1, `<meta name="robots" content="nofollow">`, "/a"), "/a": page(2, "")},
			nil, "/", map[string]Outcome{"/a": NoFollow}},
		{"nofollow by name", map[string]string{"/": page(1, `<meta name="kundeagent" content="none">`, "/a")}, nil, "", map[string]Outcome{"/": NoIndex, "/a": NoFollow}},
		{"noindex that its owner overrides", map[string]string{"/": page(1, `<meta name="robots" content="noindex">`, "/a"), "/a": page(2, `<meta name="robots" content="noindex">`)},
			func(c *Config) { c.IgnoreNoIndex = true }, "/ /a", nil},
		{"nofollow link and a link to follow", map[string]string{"/": `<html><body><main><p>` + prose(1, 40) + `<a rel="nofollow" href="/a">x</a> <a href="/b">y</a></p></main></body></html>`,
			"/a": page(2, ""), "/b": page(3, "", "/a")}, nil, "/ /a /b", nil},
		{"page alone", map[string]string{"/": page(1, "", "/a"), "/a": page(2, "")}, func(c *Config) { c.Related = false }, "/", nil},
		{"path prefix", map[string]string{"/": page(1, "", "/help/a", "/helpers", "/shop"), "/help/a": page(2, "")},
			func(c *Config) { c.PathPrefix = "/help" }, "/help/a", map[string]Outcome{"/": Excluded, "/helpers": Excluded, "/shop": Excluded}},
		{"include and exclude", map[string]string{"/": page(1, "", "/kb/a", "/kb/old/b", "/blog"), "/kb/a": page(2, "")},
			func(c *Config) { c.Include, c.Exclude = []string{"/kb/*"}, []string{"*/old/*"} }, "/kb/a", map[string]Outcome{"/kb/old/b": Excluded, "/blog": Excluded}},
		{"languages", map[string]string{"/": page(1, `<link rel="alternate" hreflang="de" href="/de"><link rel="alternate" hreflang="da" href="/da">`, "/xx"),
			"/da": strings.Replace(page(2, ""), "<html>", `<html lang="da-DK">`, 1), "/xx": strings.Replace(page(3, ""), "<html>", `<html lang="sv">`, 1)},
			func(c *Config) { c.Languages = []string{"da", "en"} }, "/ /da", map[string]Outcome{"/xx": Language}},
		{"shell for scripts", map[string]string{"/": page(1, "", "/app"), "/app": `<html><body><div id="root"></div><script src="/a.js"></script><script src="/b.js"></script></body></html>`},
			nil, "/", map[string]Outcome{"/app": Script}},
		{"shell that is rendered", map[string]string{"/": page(1, "", "/app"), "/app": `<html><body><div id="root"></div><script src="/a.js"></script><script src="/b.js"></script></body></html>`},
			func(c *Config) {
				c.Render = func(ctx context.Context, url string) ([]byte, error) { return []byte(page(9, "")), nil }
			}, "/ /app", nil},
		{"rendering that fails", map[string]string{"/": page(1, "", "/app"), "/app": `<html><body><div id="root"></div><script src="/a.js"></script><script src="/b.js"></script></body></html>`},
			func(c *Config) {
				c.Render = func(ctx context.Context, url string) ([]byte, error) { return nil, errors.New("no browser") }
			}, "/", map[string]Outcome{"/app": Script}},
		{"one page for whatever is asked", map[string]string{"/": page(1, "", "/a", "/b"), "/a": page(2, ""), "": `<html><body><main><p>Sorry, we could not help you with that. Try the search instead.</p></main></body></html>`},
			nil, "/ /a", map[string]Outcome{"/b": Soft404}},
		{"page titled as missing", map[string]string{"/": page(1, "", "/b"), "/b": `<html><head><title>Seite nicht gefunden</title></head><body><main><p>Leider gibt es das nicht.</p></main></body></html>`},
			nil, "/", map[string]Outcome{"/b": Soft404}},
		{"trailing slash by content", map[string]string{"/": page(1, "", "/a", "/a/"), "/a": page(2, ""), "/a/": page(2, "")}, nil, "/ /a", map[string]Outcome{"/a/": Duplicate}},
		{"link traps", map[string]string{"/": page(1, "", "/x/a/x/b/x", "/1/2/3/4/5/6/7/8/9/10/11/12/13", "/"+strings.Repeat("l", 2100))}, nil, "/",
			map[string]Outcome{"/x/a/x/b/x": Trap, "/1/2/3/4/5/6/7/8/9/10/11/12/13": Trap}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := pages(t, c.site)
			got := s.crawl(t, c.change)
			if got.err != nil {
				t.Fatal(got.err)
			}
			if docs := strings.Join(got.paths(s), " "); docs != c.want {
				t.Errorf("documents %q, want %q; reasons %v", docs, c.want, got.why)
			}
			for path, want := range c.ends {
				if o := got.ended(s, path); o != want {
					t.Errorf("%s ended as %q, want %q", path, o, want)
				}
			}
			if !got.complete {
				t.Error("not complete")
			}
		})
	}
}

func TestRelatedPagesAreTaggedByHreflang(t *testing.T) {
	alt := `<link rel="alternate" hreflang="fi" href="/fi"><link rel="alternate" hreflang="en" href="/">`
	s := pages(t, map[string]string{"/": page(1, alt), "/fi": page(2, alt)})
	c := s.crawl(t, nil)
	for _, d := range c.docs {
		if want := map[string]string{"/": "en", "/fi": "fi"}[strings.TrimPrefix(d.URL, s.srv.URL)]; d.Language != want {
			t.Errorf("%s: language %q, want %q", d.URL, d.Language, want)
		}
	}
}

func TestLinkedFilesGoToTheirParser(t *testing.T) {
	s := newSite(t, 3, false)
	s.set(func() {
		s.override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/" {
				fmt.Fprint(w, page(1, "", "/files/a.pdf", "/files/b.pdf", "/files/c.pdf", "/files/d.pdf"))
				return true
			}
			return false
		}
	})
	c := s.crawl(t, func(cfg *Config) {
		cfg.Parse = func(_ context.Context, url, contentType string, data []byte) (*knowledge.Document, error) {
			switch {
			case contentType != "application/pdf" || !bytes.HasPrefix(data, []byte("%PDF")):
				return nil, fmt.Errorf("got %s", contentType)
			case strings.HasSuffix(url, "b.pdf"):
				return nil, fmt.Errorf("%s: %w", url, knowledge.ErrEncrypted)
			case strings.HasSuffix(url, "c.pdf"):
				return nil, fmt.Errorf("%s: %w", url, knowledge.ErrMalformed)
			case strings.HasSuffix(url, "d.pdf"):
				panic("parser is broken")
			}
			return &knowledge.Document{Title: "Manual", Blocks: []knowledge.Block{{Text: "Turn the key to the left."}}}, nil
		}
	})
	id := strings.TrimPrefix(s.srv.URL, "http://") + "/files/a.pdf"
	if d := c.docs[id]; d == nil || d.Title != "Manual" || d.URL != s.addr("/files/a.pdf") || d.Name != "a.pdf" {
		t.Errorf("document %+v", d)
	}
	for path, want := range map[string]Outcome{"/files/b.pdf": Encrypted, "/files/c.pdf": Malformed, "/files/d.pdf": Malformed} {
		if got := c.ended(s, path); got != want {
			t.Errorf("%s ended as %q, want %q", path, got, want)
		}
	}
}

func TestSitemapsIndexedCompressedAndPoisoned(t *testing.T) {
	s := newSite(t, 0, true)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	fmt.Fprintf(z, `<urlset><url><loc>%s/z</loc></url></urlset>`, s.srv.URL)
	z.Close()
	s.set(func() {
		s.robots = "Sitemap: " + s.addr("/index.xml") + "\nSitemap: http://169.254.169.254/sitemap.xml\nSitemap: /list.txt\n"
		s.override = func(w http.ResponseWriter, r *http.Request) bool {
			index := func(loc ...string) {
				fmt.Fprint(w, `<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
				for _, l := range loc {
					fmt.Fprintf(w, "<sitemap><loc>%s</loc></sitemap>", s.addr(l))
				}
				fmt.Fprint(w, "</sitemapindex>")
			}
			switch r.URL.Path {
			case "/index.xml":
				index("/one.xml.gz", "/deeper.xml", "/index.xml", "/broken.xml")
			case "/deeper.xml":
				index("/deepest.xml")
			case "/deepest.xml":
				index("/too-deep.xml")
			case "/too-deep.xml":
				t.Error("a sitemap at depth 3 was read")
			case "/one.xml.gz":
				w.Write(zipped.Bytes())
			case "/broken.xml":
				fmt.Fprintf(w, `<urlset><url><loc>%s/before</loc></url><url><loc>http://169.254.169.254/x</loc></url><url><loc>%s/a?x=1&amp;y=2</loc></url><oops`, s.srv.URL, s.srv.URL)
			case "/list.txt":
				fmt.Fprintf(w, "%s/t\n", s.srv.URL)
			case "/":
				fmt.Fprint(w, page(1, ""))
			case "/z", "/before", "/t", "/a":
				fmt.Fprint(w, page(len(r.URL.Path)+100, ""))
			default:
				return false
			}
			return true
		}
	})
	c := s.crawl(t, nil)
	if c.err != nil {
		t.Fatal(c.err)
	}
	for _, p := range []string{"/z", "/before", "/t", "/a?x=1&y=2"} {
		// Pages of the same length of path have the same text: one is imported.
		if id := strings.TrimPrefix(s.srv.URL, "http://") + p; c.docs[id] == nil && c.ended(s, p) != Duplicate {
			t.Errorf("%s of a sitemap was not looked at: %v", p, c.why[id])
		}
	}
	if c.outcomes[OffSite] != 1 {
		t.Errorf("outcomes %v, want the poisoned entry off-site", c.outcomes)
	}
}

func TestHeadersMakeASourcePrivateAndStayOnItsHost(t *testing.T) {
	s := newSite(t, 0, true)
	var mu sync.Mutex
	var leaked []string
	other := newSite(t, 0, true)
	other.override = func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		leaked = append(leaked, r.URL.Path+" "+r.Header.Get("X-Key"))
		return false
	}
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("X-Key") != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		if r.URL.Path == "/robots.txt" {
			http.Redirect(w, r, other.addr("/robots.txt"), http.StatusFound)
			return true
		}
		fmt.Fprint(w, page(1, "", other.addr("/x")))
		return true
	}
	cfg := s.config()
	cfg.Ports = append(cfg.Ports, other.port())
	cfg.Headers = http.Header{"X-Key": {"secret"}}
	src := mustNew(t, cfg)
	c := collect(t, src, context.Background(), knowledge.Manifest{})
	if c.err != nil || len(c.docs) != 1 || !src.Private() {
		t.Errorf("%d documents, private %v, error %v", len(c.docs), src.Private(), c.err)
	}
	if len(leaked) != 1 || leaked[0] != "/robots.txt " {
		t.Errorf("requests to the other host: %q", leaked)
	}
	cfg.Headers = nil
	if c := collect(t, mustNew(t, cfg), context.Background(), knowledge.Manifest{}); !errors.Is(c.err, ErrStart) || mustNew(t, cfg).Private() {
		t.Errorf("without headers: %v", c.err)
	}
}

// clock is time that passes only by sleeping.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	c.now = c.now.Add(d)
	return ctx.Err()
}

func withClock(c *clock, delay time.Duration) func(*Config) {
	return func(cfg *Config) { cfg.Now, cfg.Sleep, cfg.Delay = c.Now, c.Sleep, delay }
}

func TestRequestsKeepTheirDistance(t *testing.T) {
	for _, c := range []struct {
		name, robots string
		delay, want  time.Duration
	}{
		{"a second by default", "", 0, time.Second},
		{"as configured", "", 3 * time.Second, 3 * time.Second},
		{"longer by robots.txt", "User-agent: *\nCrawl-delay: 7\n", time.Second, 7 * time.Second},
		{"shorter by robots.txt is not obeyed", "User-agent: *\nCrawl-delay: 1\n", 3 * time.Second, 3 * time.Second},
		{"no longer than half a minute", "User-agent: *\nCrawl-delay: 3600\n", time.Second, 30 * time.Second},
		{"robots.txt is heard even without a delay", "User-agent: *\nCrawl-delay: 7\n", -1, 7 * time.Second},
	} {
		s := newSite(t, 5, true)
		s.robots = c.robots
		k := &clock{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
		if got := s.crawl(t, withClock(k, c.delay)); got.err != nil || len(got.docs) != 6 {
			t.Fatalf("%s: %d documents, %v", c.name, len(got.docs), got.err)
		}
		if len(k.slept) < 6 || !slices.Contains(k.slept, c.want) || slices.Max(k.slept) > c.want {
			t.Errorf("%s: waits %v, want %v", c.name, k.slept, c.want)
		}
	}
}

func TestBusyAnswersAreWaitedOut(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, header string
		status       int
		least, most  time.Duration
	}{
		{"seconds", "90", 503, 90 * time.Second, 90 * time.Second},
		{"date", start.Add(2 * time.Minute).Format(http.TimeFormat), 429, 115 * time.Second, 2 * time.Minute},
		{"too long", "86400", 503, 5 * time.Minute, 5 * time.Minute},
		{"not said", "", 429, time.Second, 2 * time.Second},
		{"nonsense", "soon", 500, time.Second, 2 * time.Second},
	} {
		s := newSite(t, 2, true)
		busy := true
		s.override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/articles/how-to-1" || !busy {
				return false
			}
			busy = false
			w.Header().Set("Retry-After", c.header)
			w.WriteHeader(c.status)
			return true
		}
		k := &clock{now: start}
		got := s.crawl(t, withClock(k, -1))
		if got.err != nil || len(got.docs) != 3 {
			t.Errorf("%s: %d documents, %v", c.name, len(got.docs), got.err)
		}
		if len(k.slept) != 1 || k.slept[0] < c.least || k.slept[0] > c.most {
			t.Errorf("%s: waited %v, want %v to %v once", c.name, k.slept, c.least, c.most)
		}
	}
}

func TestDeadlineCutsWithoutComplete(t *testing.T) {
	s := newSite(t, 100, true)
	k := &clock{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	c := s.crawl(t, func(cfg *Config) { withClock(k, time.Second)(cfg); cfg.Deadline = 20 * time.Second })
	if c.err != nil || c.complete || len(c.docs) < 10 || len(c.docs) > 20 || c.outcomes[Deadline] == 0 {
		t.Errorf("%d documents, complete %v, error %v, outcomes %v", len(c.docs), c.complete, c.err, c.outcomes)
	}
}

func TestFailuresInARowEndTheCrawl(t *testing.T) {
	s := newSite(t, 100, true)
	s.override = func(w http.ResponseWriter, r *http.Request) bool {
		if s.count("/articles/how-to-1") > 0 && strings.HasPrefix(r.URL.Path, "/articles/") {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return false
	}
	c := s.crawl(t, func(cfg *Config) { cfg.MaxFailures = 3 })
	if !errors.Is(c.err, ErrSiteDown) || c.outcomes[Status] != 3 || c.outcomes[Aborted] == 0 {
		t.Errorf("error %v, outcomes %v", c.err, c.outcomes)
	}
	if n := s.count("/articles/how-to-1"); n != maxAttempts {
		t.Errorf("a failing page was asked for %d times, want %d", n, maxAttempts)
	}
}

func TestFetchBudgetIsExact(t *testing.T) {
	s := newSite(t, 200, true)
	c := s.crawl(t, func(cfg *Config) { cfg.MaxFetches = 40; cfg.Concurrency = 8 })
	total := 0
	s.set(func() {
		for path, n := range s.hits {
			if path != "/robots.txt" && path != "/sitemap.xml" {
				total += n
			}
		}
	})
	if total != 40 || c.complete || c.outcomes[Budget] == 0 {
		t.Errorf("%d requests for pages, want 40; complete %v, outcomes %v", total, c.complete, c.outcomes)
	}
}

func TestRobotsAnswersThatAllowEverything(t *testing.T) {
	for _, code := range []int{400, 401, 403, 404, 410} {
		s := newSite(t, 3, true)
		s.override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/robots.txt" {
				w.WriteHeader(code)
				return true
			}
			return false
		}
		if c := s.crawl(t, nil); c.err != nil || len(c.docs) != 4 {
			t.Errorf("robots.txt answers %d: %d documents, %v", code, len(c.docs), c.err)
		}
	}
}

func TestNewReportsAllFaultsTogether(t *testing.T) {
	_, err := New(Config{URL: "ftp://x", UserAgent: "1", PathPrefix: "help", Include: []string{"kb"}, Languages: []string{"!"}, Drop: []string{"[["}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"ID", "URL", "UserAgent", "PathPrefix", "pattern", "language", "Drop"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not reported: %v", part, err)
		}
	}
	for _, bad := range []string{"", "/help", "http://u:p@example.com/", "http://example.com:22/", "mailto:a@example.com"} {
		if _, err := New(Config{ID: "x", URL: bad}); err == nil {
			t.Errorf("URL %q is accepted", bad)
		}
	}
	if _, err := New(Config{ID: "x", URL: "https://example.com"}); err != nil {
		t.Errorf("the least configuration: %v", err)
	}
}
