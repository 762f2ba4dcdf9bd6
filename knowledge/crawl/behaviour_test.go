package crawl

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl/crawltest"
)

// pages is a site of given pages: "" stands for any other path. A value that
// begins with "->" redirects, one that is a number is that status.
func pages(t testing.TB, byPath map[string]string) *site {
	s := newSite(t, 0, true)
	s.Override = func(w http.ResponseWriter, r *http.Request) bool {
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
		fmt.Fprint(w, strings.ReplaceAll(body, "{host}", s.Server.URL))
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
		seed, head, seed, crawltest.Prose(seed, 60), sb.String())
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
		out = append(out, strings.TrimPrefix(d.URL, s.Server.URL))
	}
	sort.Strings(out)
	return out
}

// ended returns the outcome of a path that is no document.
func (c *crawled) ended(s *site, path string) Outcome {
	if w := c.why[strings.TrimPrefix(s.Server.URL, "http://")+path]; w != nil {
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
		{"nofollow link and a link to follow", map[string]string{"/": `<html><body><main><p>` + crawltest.Prose(1, 40) + `<a rel="nofollow" href="/a">x</a> <a href="/b">y</a></p></main></body></html>`,
			"/a": page(2, ""), "/b": page(3, "", "/a")}, nil, "/ /a /b", nil},
		{"nofollow link and the same without", map[string]string{"/": `<html><body><main><p>` + crawltest.Prose(1, 40) + `<a rel="nofollow" href="/a">x</a> <a href="/a">y</a> <a rel="nofollow" href="/b">z</a> <a rel="nofollow" href="/b#c">z</a></p></main></body></html>`,
			"/a": page(2, ""), "/b": page(3, "")}, nil, "/ /a", map[string]Outcome{"/b": NoFollow}},
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
				c.Renderer = RendererFunc(func(ctx context.Context, url string) ([]byte, error) { return []byte(page(9, "")), nil })
			}, "/ /app", nil},
		{"rendering that fails", map[string]string{"/": page(1, "", "/app"), "/app": `<html><body><div id="root"></div><script src="/a.js"></script><script src="/b.js"></script></body></html>`},
			func(c *Config) {
				c.Renderer = RendererFunc(func(ctx context.Context, url string) ([]byte, error) { return nil, errors.New("no browser") })
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
		if want := map[string]string{"/": "en", "/fi": "fi"}[strings.TrimPrefix(d.URL, s.Server.URL)]; d.Language != want {
			t.Errorf("%s: language %q, want %q", d.URL, d.Language, want)
		}
	}
}

func TestOwnersSelectorsDecideWhatIsContent(t *testing.T) {
	html := `<html><body><div id="kb"><p>` + crawltest.Prose(1, 60) + `</p><div class="terms"><p>Buy two and ` + crawltest.Prose(2, 40) + `</p></div></div><div><p>Sidebar ` + crawltest.Prose(3, 90) + `</p></div></body></html>`
	s := pages(t, map[string]string{"/": html})
	for _, c := range []struct {
		name          string
		change        func(*Config)
		promo, beside bool
	}{
		{"keep", func(c *Config) { c.Keep = "#kb" }, true, false},
		{"keep and drop", func(c *Config) { c.Keep, c.Drop = "#kb", []string{".terms"} }, false, false},
	} {
		got := s.crawl(t, c.change)
		for _, d := range got.docs {
			if text := d.PlainText(); strings.Contains(text, "Buy two") != c.promo || strings.Contains(text, "Sidebar") != c.beside {
				t.Errorf("%s: %s", c.name, text)
			}
		}
		if len(got.docs) != 1 {
			t.Errorf("%s: %d documents", c.name, len(got.docs))
		}
	}
}

func TestLinkedFilesGoToTheirParser(t *testing.T) {
	s := newSite(t, 3, false)
	s.Set(func() {
		s.Override = func(w http.ResponseWriter, r *http.Request) bool {
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
	id := strings.TrimPrefix(s.Server.URL, "http://") + "/files/a.pdf"
	if d := c.docs[id]; d == nil || d.Title != "Manual" || d.URL != s.Addr("/files/a.pdf") || d.Name != "a.pdf" {
		t.Errorf("document %+v", d)
	}
	for path, want := range map[string]Outcome{"/files/b.pdf": Encrypted, "/files/c.pdf": Malformed, "/files/d.pdf": Malformed} {
		if got := c.ended(s, path); got != want {
			t.Errorf("%s ended as %q, want %q", path, got, want)
		}
	}
}

func TestLinkedFilesAreDocumentsByDefault(t *testing.T) {
	asked := map[string]string{"/a.pdf": "application/pdf", "/b": "application/pdf", "/c.pdf": "application/octet-stream", "/d.txt": "text/plain", "/e.csv": "text/csv",
		"/feed": "application/rss+xml", "/api": "application/json", "/data.xml": "text/xml", "/blob": "application/octet-stream", "/img": "image/png", "/f.php": "application/pdf"}
	s := newSite(t, 0, true)
	s.Override = func(w http.ResponseWriter, r *http.Request) bool {
		media, ok := asked[r.URL.Path]
		switch {
		case r.URL.Path == "/":
			fmt.Fprint(w, page(1, "", slices.Sorted(maps.Keys(asked))...))
			return true
		case !ok:
			return false
		}
		w.Header().Set("Content-Type", media)
		switch media {
		case "text/plain", "text/csv":
			fmt.Fprintf(w, "name,size\n%s,%d\n", r.URL.Path, len(r.URL.Path))
		case "application/rss+xml", "text/xml":
			fmt.Fprint(w, "<rss><channel><title>News</title></channel></rss>")
		case "application/json":
			fmt.Fprint(w, `{"a":"text"}`)
		case "application/octet-stream":
			if r.URL.Path == "/blob" {
				fmt.Fprint(w, "\x7fELF\x00\x01\x02")
			} else {
				fmt.Fprint(w, crawltest.PDF("Manual at "+r.URL.Path))
			}
		default:
			fmt.Fprint(w, crawltest.PDF("Manual at "+r.URL.Path))
		}
		return true
	}
	c := s.crawl(t, nil)
	if got, want := strings.Join(c.paths(s), " "), "/ /a.pdf /b /c.pdf /d.txt /e.csv /f.php"; got != want {
		t.Errorf("documents %s, want %s; %v", got, want, c.why)
	}
	for _, path := range []string{"/feed", "/api", "/data.xml", "/blob", "/img"} {
		if c.ended(s, path) != Type {
			t.Errorf("%s ended as %q, want %q", path, c.ended(s, path), Type)
		}
	}
	if d := c.docs[strings.TrimPrefix(s.Addr("/b"), "http://")]; d != nil && (!strings.Contains(d.PlainText(), "Manual at /b") || d.Name != "b" || d.URL != s.Addr("/b")) {
		t.Errorf("document %+v", d)
	}
}

func TestFilesPastTheLimitAreNotParsedInPart(t *testing.T) {
	s := newSite(t, 0, true)
	s.Override = func(w http.ResponseWriter, r *http.Request) bool {
		size := map[string]int{"/exact.pdf": 5000, "/over.pdf": 5001, "/announced.pdf": 6000}[r.URL.Path]
		switch {
		case r.URL.Path == "/":
			fmt.Fprint(w, page(1, "", "/exact.pdf", "/over.pdf", "/announced.pdf"))
			return true
		case size == 0:
			return false
		}
		w.Header().Set("Content-Type", "application/pdf")
		if r.URL.Path == "/announced.pdf" {
			w.Header().Set("Content-Length", strconv.Itoa(size))
		}
		fmt.Fprint(w, "%PDF")
		_ = http.NewResponseController(w).Flush()
		fmt.Fprint(w, strings.Repeat("x", size-4))
		return true
	}
	var parsed []string
	c := s.crawl(t, func(cfg *Config) {
		cfg.MaxFileBytes = 5000
		cfg.Parse = func(_ context.Context, url, _ string, data []byte) (*knowledge.Document, error) {
			parsed = append(parsed, fmt.Sprintf("%s %d", strings.TrimPrefix(url, s.Server.URL), len(data)))
			return &knowledge.Document{Blocks: []knowledge.Block{{Text: "A manual."}}}, nil
		}
	})
	if len(parsed) != 1 || parsed[0] != "/exact.pdf 5000" || c.ended(s, "/over.pdf") != TooLarge || c.ended(s, "/announced.pdf") != TooLarge {
		t.Errorf("parsed %v, outcomes %v", parsed, c.outcomes)
	}
}

func TestSitemapsIndexedCompressedAndPoisoned(t *testing.T) {
	s := newSite(t, 0, true)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	fmt.Fprintf(z, `<urlset><url><loc>%s/z</loc></url></urlset>`, s.Server.URL)
	z.Close()
	s.Set(func() {
		s.Robots = "Sitemap: " + s.Addr("/index.xml") + "\nSitemap: http://169.254.169.254/sitemap.xml\nSitemap: /list.txt\n"
		s.Override = func(w http.ResponseWriter, r *http.Request) bool {
			index := func(loc ...string) {
				fmt.Fprint(w, `<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
				for _, l := range loc {
					fmt.Fprintf(w, "<sitemap><loc>%s</loc></sitemap>", s.Addr(l))
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
				fmt.Fprintf(w, `<urlset><url><loc>%s/before</loc></url><url><loc>http://169.254.169.254/x</loc></url><url><loc>%s/a?x=1&amp;y=2</loc></url><oops`, s.Server.URL, s.Server.URL)
			case "/list.txt":
				fmt.Fprintf(w, "%s/t\n", s.Server.URL)
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
		if id := strings.TrimPrefix(s.Server.URL, "http://") + p; c.docs[id] == nil && c.ended(s, p) != Duplicate {
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
	other.Override = func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		leaked = append(leaked, r.URL.Path+" "+r.Header.Get("X-Key"))
		return false
	}
	s.Override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("X-Key") != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		if r.URL.Path == "/robots.txt" {
			http.Redirect(w, r, other.Addr("/robots.txt"), http.StatusFound)
			return true
		}
		fmt.Fprint(w, page(1, "", other.Addr("/x")))
		return true
	}
	cfg := s.config()
	cfg.Ports = append(cfg.Ports, other.Port())
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
