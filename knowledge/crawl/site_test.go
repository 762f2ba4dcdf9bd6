package crawl

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

// site is a help centre on the loopback address: real articles, and around each
// of them every trap that sites set to crawlers.
type site struct {
	t     testing.TB
	srv   *httptest.Server
	pages int
	plain bool // no traps
	words int  // of an article, besides its hundred and forty
	texts sync.Map

	mu       sync.Mutex
	sitemap  string                                                   // body of /sitemap.xml, "" for 404
	robots   string                                                   // body of /robots.txt
	override func(w http.ResponseWriter, r *http.Request) (done bool) // answers before the site
	hits     map[string]int
	status   map[int]int
	busy     map[string]bool
	bomb     []byte
}

const siteRobots = "User-agent: *\nDisallow: /private/\nDisallow: /*?add-to-cart=\n\nUser-agent: otherbot\nDisallow: /\n"

// bomb is 100 MB of paragraphs, compressed.
var bomb = sync.OnceValue(func() []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	block := bytes.Repeat([]byte("<p>boom</p>"), 1<<12)
	for n := 0; n < 100<<20; n += len(block) {
		z.Write(block)
	}
	z.Close()
	return out.Bytes()
})

func newSite(t testing.TB, pages int, plain bool) *site {
	s := &site{t: t, pages: pages, plain: plain, robots: siteRobots, hits: map[string]int{}, status: map[int]int{}, busy: map[string]bool{}}
	if !plain {
		s.bomb = bomb()
	}
	s.srv = httptest.NewServer(s)
	t.Cleanup(s.srv.Close)
	return s
}

func (s *site) addr(path string) string { return s.srv.URL + path }

func (s *site) port() uint16 {
	u, _ := url.Parse(s.srv.URL)
	n, _ := strconv.Atoi(u.Port())
	return uint16(n)
}

// config crawls the site without waiting.
func (s *site) config() Config {
	return Config{
		ID: "help", URL: s.addr("/"), Related: true, Delay: -1, Concurrency: 4,
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{s.port()},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

func (s *site) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *site) count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[path]
}

func (s *site) statuses() map[int]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.status)
}

type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) { w.code = code; w.ResponseWriter.WriteHeader(code) }

func (s *site) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w := &statusWriter{rw, 200}
	s.mu.Lock()
	s.hits[r.URL.Path]++
	override, robots, sitemap := s.override, s.robots, s.sitemap
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.status[w.code]++
		s.mu.Unlock()
	}()
	switch {
	case override != nil && override(w, r):
	case r.URL.Path == "/robots.txt":
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, robots)
	case r.URL.Path == "/sitemap.xml" && sitemap != "":
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, sitemap)
	default:
		s.page(w, r)
	}
}

var articlePath = regexp.MustCompile(`^/(?i:articles)/how-to-(\d+)/?$`)

func (s *site) page(w http.ResponseWriter, r *http.Request) {
	p := r.URL.Path
	n := func(prefix string) int {
		v, err := strconv.Atoi(strings.TrimPrefix(p, prefix))
		if err != nil {
			return 0
		}
		return v
	}
	if m := articlePath.FindStringSubmatch(p); m != nil {
		i, _ := strconv.Atoi(m[1])
		s.article(w, r, i, "")
		return
	}
	switch {
	case p == "/":
		s.html(w, r, "Help centre", "<p>Welcome to the help centre of the workshop. Choose a topic to read about it, or look below for what others read.</p>"+s.hub())
	case s.plain:
		http.NotFound(w, r)
	case strings.HasPrefix(p, "/print/"):
		i := n("/print/")
		s.article(w, r, i, fmt.Sprintf(`<link rel="canonical" href="/articles/how-to-%d">`, i))
	case strings.HasPrefix(p, "/old/"):
		http.Redirect(w, r, fmt.Sprintf("/articles/how-to-%d", n("/old/")), http.StatusMovedPermanently)
	case strings.HasPrefix(p, "/calendar/"):
		month := n("/calendar/2026/")
		s.html(w, r, "Calendar", fmt.Sprintf(`<p>Events in month %d: %s</p><a href="/calendar/2026/%d">next</a>`, month, prose(90_000+month, 60), month+1))
	case strings.HasPrefix(p, "/filter"):
		s.html(w, r, "Filter", "<p>Articles by "+r.URL.RawQuery+": "+prose(int(sha256.Sum256([]byte(r.URL.RawQuery))[0])+70_000, 50)+"</p>")
	case strings.HasPrefix(p, "/deep/"):
		s.html(w, r, "Deep", `<p>`+prose(len(p)+60_000, 50)+`</p><a href="`+strings.TrimSuffix(p, "/")+`/deep/er">deeper</a>`)
	case strings.HasPrefix(p, "/private/"):
		s.html(w, r, "Private", "<p>SECRET "+prose(n("/private/"), 60)+"</p>")
	case strings.HasPrefix(p, "/hidden/"):
		io.WriteString(w, `<html><head><meta name="robots" content="noindex"></head><body><main><p>HIDDEN `+prose(n("/hidden/")+40_000, 60)+`</p></main></body></html>`)
	case strings.HasPrefix(p, "/header-hidden/"):
		w.Header().Set("X-Robots-Tag", "noindex")
		s.html(w, r, "Hidden", "<p>HIDDEN "+prose(n("/header-hidden/")+41_000, 60)+"</p>")
	case p == "/login":
		s.html(w, r, "Log in", `<form><p>LOGIN to your account</p><input name="user"><input type="password" name="p"></form>`)
	case p == "/loop/a":
		http.Redirect(w, r, "/loop/b", http.StatusFound)
	case p == "/loop/b":
		http.Redirect(w, r, "/loop/a", http.StatusFound)
	case strings.HasPrefix(p, "/account/"):
		http.Redirect(w, r, "/login?next="+p, http.StatusFound)
	case strings.HasPrefix(p, "/leave/"):
		http.Redirect(w, r, "http://offsite.invalid/landing", http.StatusFound)
	case p == "/huge":
		w.Header().Set("Content-Type", "text/html")
		block := []byte(strings.Repeat("<p>OVERSIZE text</p>", 1<<12))
		for sent := 0; sent < 52<<20; sent += len(block) {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	case p == "/bomb":
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(s.bomb)
	case strings.HasPrefix(p, "/files/"):
		w.Header().Set("Content-Type", "application/pdf")
		io.WriteString(w, "%PDF manual "+p)
	default:
		http.NotFound(w, r)
	}
}

// hub links to the first articles only: the rest must be found from them.
func (s *site) hub() string {
	var sb strings.Builder
	for i := 1; i <= min(10, s.pages); i++ {
		fmt.Fprintf(&sb, `<p><a href="/articles/how-to-%d">How to %d</a></p>`, i, i)
	}
	return sb.String()
}

func (s *site) article(w http.ResponseWriter, r *http.Request, i int, head string) {
	if i < 1 || i > s.pages {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	first := !s.busy[r.URL.Path] && i%97 == 0 && !s.plain
	s.busy[r.URL.Path] = true
	s.mu.Unlock()
	if first {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	tag := fmt.Sprintf(`"a%d"`, i)
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	var links strings.Builder
	for k := 1; k <= 5; k++ {
		fmt.Fprintf(&links, `<a href="/articles/how-to-%d">Next %d</a> `, (i*5+k-1)%s.pages+1, k)
	}
	if !s.plain {
		fmt.Fprintf(&links, trapLinks, i, i, i, i, i, i, i%50, i%13, i%7, i%5, i%30, i%40, i%40, i, i%20, i%20, i, i, i%50)
	}
	more, ok := s.texts.Load(i)
	if !ok && s.words > 0 {
		more = "<p>" + prose(i+7_000_000, s.words) + "</p>"
		s.texts.Store(i, more)
	}
	if text, ok := more.(string); ok {
		links.WriteString("</footer><main>" + text + "</main><footer>")
	}
	s.page200(w, fmt.Sprintf("How to %d", i), head, fmt.Sprintf("<p>REAL[%d] %s</p><p>%s</p>", i, prose(i, 80), prose(i+5_000, 60)), links.String())
}

const trapLinks = `<a href="/articles/how-to-%d?sid=77%d">s</a> <a href="/articles/how-to-%d?utm_source=x#top">u</a>
<a href="/articles/how-to-%d/">slash</a> <a href="/print/%d">print</a> <a href="/old/%d">old</a> <a href="/calendar/2026/%d">cal</a>
<a href="/filter?color=%d&size=%d&sort=%d">f</a> <a href="/deep/a">deep</a> <a href="/private/%d">p</a> <a href="/hidden/%d">h</a>
<a href="/header-hidden/%d">h</a> <a href="/login" rel="nofollow">l</a> <a href="/login">l</a> <a href="/account/%d">a</a>
<a href="http://offsite.invalid/x">o</a> <a href="//offsite.invalid/%d">o</a> <a href="/leave/%d">o</a> <a href="/loop/a">loop</a>
<a href="/missing/%d">m</a> <a href="/image.png">i</a> <a href="/Articles/how-to-%d">case</a> <a href="/huge">huge</a> <a href="/bomb">bomb</a>
<a href="mailto:help@offsite.invalid">mail</a> <a href="/files/manual-%d.pdf">manual</a> <a href="javascript:void(0)">j</a>`

func (s *site) html(w http.ResponseWriter, r *http.Request, title, body string) {
	s.page200(w, title, "", body, "")
}

func (s *site) page200(w http.ResponseWriter, title, head, body, links string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><head><title>%s</title>%s</head><body><nav><a href="/">Home</a></nav>
<main><h1>%s</h1>%s</main><footer>%s</footer></body></html>`, title, head, title, body, links)
}

// prose is text that differs with its seed.
func prose(seed, words int) string {
	list := strings.Fields("bolt drill press lathe clamp saw bench plane chisel hammer screw nut washer file rasp level square gauge vice torch wire lamp motor belt gear shaft valve pump hose seal filter cable switch fuse relay sensor probe panel frame hinge latch spring lever")
	var sb strings.Builder
	x := uint32(seed)*2654435761 + 12345
	for i := range words {
		x = x*1664525 + 1013904223
		sb.WriteString(list[(x>>16)%uint32(len(list))])
		if i%12 == 11 {
			sb.WriteString(". ")
		} else {
			sb.WriteByte(' ')
		}
	}
	return sb.String() + "End."
}

// staleSitemap lists share of the pages and, on top, dead links.
func (s *site) staleSitemap(share, dead float64) string {
	var sb strings.Builder
	sb.WriteString(`<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	listed := int(float64(s.pages) * share)
	for i := 1; i <= listed; i++ {
		fmt.Fprintf(&sb, "<url><loc>%s</loc><lastmod>2026-01-02</lastmod></url>", s.addr(fmt.Sprintf("/articles/how-to-%d", i)))
	}
	for i := range int(float64(listed) * dead) {
		fmt.Fprintf(&sb, "<url><loc>%s</loc></url>", s.addr(fmt.Sprintf("/dead/%d", i)))
	}
	sb.WriteString("</urlset>")
	return sb.String()
}

// outcome of a crawl as the receiver sees it.
type crawled struct {
	docs     map[string]*knowledge.Document
	kinds    map[knowledge.ChangeKind]int
	kindOf   map[string]knowledge.ChangeKind
	why      map[string]*Skip
	outcomes map[Outcome]int
	state    map[string][]byte
	complete bool
	err      error
}

// collect ranges over a crawl and checks what holds for any: one outcome an
// address, a reason with each that is no document, nothing after the end.
func collect(t testing.TB, src *Source, ctx context.Context, known knowledge.Manifest) *crawled {
	t.Helper()
	c := &crawled{docs: map[string]*knowledge.Document{}, kinds: map[knowledge.ChangeKind]int{}, kindOf: map[string]knowledge.ChangeKind{},
		why: map[string]*Skip{}, outcomes: map[Outcome]int{}, state: map[string][]byte{}}
	for change, err := range src.Documents(ctx, known) {
		if c.err != nil || c.complete {
			t.Fatalf("change %+v after the end", change)
		}
		if err != nil {
			c.err = err
			continue
		}
		c.kinds[change.Kind]++
		switch change.Kind {
		case knowledge.Progress:
			continue
		case knowledge.Complete:
			c.complete = true
			continue
		}
		if k, twice := c.kindOf[change.ID]; twice {
			t.Errorf("%s ended twice: %v and %v (%v)", change.ID, k, change.Kind, change.Err)
		}
		c.kindOf[change.ID] = change.Kind
		if len(change.State) > maxState {
			t.Errorf("%s: state of %d bytes", change.ID, len(change.State))
		}
		c.state[change.ID] = change.State
		if change.Kind == knowledge.Upsert {
			if change.Document == nil || change.Document.ID != change.ID {
				t.Fatalf("upsert of %s without its document", change.ID)
			}
			c.docs[change.ID] = change.Document
			continue
		}
		if change.Kind == knowledge.Unchanged {
			continue
		}
		var skip *Skip
		if !errors.As(change.Err, &skip) || skip.Outcome == "" || skip.URL == "" {
			t.Errorf("%v of %s without a reason: %v", change.Kind, change.ID, change.Err)
			continue
		}
		c.why[change.ID] = skip
		c.outcomes[skip.Outcome]++
	}
	return c
}

// manifest is what a Base would know after publishing the crawl.
func (c *crawled) manifest(before knowledge.Manifest) knowledge.Manifest {
	m := knowledge.Manifest{Entries: map[string]knowledge.Entry{}, SyncedAt: time.Now()}
	maps.Copy(m.Entries, before.Entries)
	for id, kind := range c.kindOf {
		switch kind {
		case knowledge.Upsert, knowledge.Unchanged:
			m.Entries[id] = knowledge.Entry{Hash: "h", State: c.state[id]}
		case knowledge.Gone:
			delete(m.Entries, id)
		case knowledge.Skipped:
			if c.state[id] != nil {
				m.Entries[id] = knowledge.Entry{State: c.state[id]}
			}
		}
	}
	return m
}

var realMark = regexp.MustCompile(`REAL\[(\d+)\]`)

// real counts the different real articles among the documents.
func (c *crawled) real() int {
	found := map[string]bool{}
	for _, d := range c.docs {
		if m := realMark.FindStringSubmatch(d.PlainText()); m != nil {
			found[m[1]] = true
		}
	}
	return len(found)
}

func mustNew(t testing.TB, cfg Config) *Source {
	t.Helper()
	src, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// checkClean fails for documents that must never be.
func checkClean(t *testing.T, s *site, c *crawled) {
	t.Helper()
	for id, d := range c.docs {
		text := d.PlainText()
		for _, mark := range []string{"SECRET", "HIDDEN", "LOGIN", "OVERSIZE", "boom"} {
			if strings.Contains(text, mark) {
				t.Errorf("%s must not be a document: holds %s", id, mark)
			}
		}
		if !strings.HasPrefix(d.URL, s.srv.URL+"/") {
			t.Errorf("document from elsewhere: %s", d.URL)
		}
	}
	s.set(func() {
		for path := range s.hits {
			if strings.HasPrefix(path, "/private/") {
				t.Errorf("%s was fetched although robots.txt disallows it", path)
			}
		}
	})
}
