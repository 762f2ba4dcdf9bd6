// Package crawltest is a web site to try crawlers on: a help centre of real
// articles on the loopback address, and around each of them every trap that
// sites set to crawlers without meaning to.
//
// An article is at /articles/how-to-N and says REAL[N]. What must never be a
// document says SECRET (robots.txt disallows it), HIDDEN (noindex), LOGIN,
// OVERSIZE (a page of 52 MB), boom (one that unpacks to 100 MB) or UEBERSETZT
// (in another language). The other traps are calendars, session and tracking
// parameters, permutations of filters, paths that grow for ever, print versions
// with a canonical address, redirects here, elsewhere and in circles, dead
// links, spellings of one address, and pages that are busy when first asked for.
package crawltest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Robots is the robots.txt of a [Site] that is given no other.
const Robots = "User-agent: *\nDisallow: /private/\nDisallow: /*?add-to-cart=\n\nUser-agent: otherbot\nDisallow: /\n"

// Site is the server. Change its fields within [Site.Set] once requests are made.
type Site struct {
	Server *httptest.Server
	Pages  int  // articles
	Plain  bool // without traps
	Words  int  // of an article, besides its hundred and forty
	Frame  int  // sections of navigation, script and icons around each page, about 400 bytes each

	Robots  string // body of /robots.txt
	Sitemap string // body of /sitemap.xml; empty is a 404
	// Override answers before the site does; it reports whether it has.
	Override func(w http.ResponseWriter, r *http.Request) (done bool)
	// NoValidators leaves out the articles' ETag.
	NoValidators bool
	// Hits counts requests by path.
	Hits map[string]int

	mu     sync.Mutex
	status map[int]int
	busy   map[string]bool
	texts  sync.Map
	bomb   []byte
	sent   int64
}

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

// NewSite serves a site of so many articles, with traps unless it is plain, until
// its Close.
func NewSite(pages int, plain bool) *Site {
	s := &Site{Pages: pages, Plain: plain, Robots: Robots, Hits: map[string]int{}, status: map[int]int{}, busy: map[string]bool{}}
	if !plain {
		s.bomb = bomb()
	}
	s.Server = httptest.NewServer(s)
	return s
}

// Close ends the site.
func (s *Site) Close() { s.Server.Close() }

// Addr returns the address of a path.
func (s *Site) Addr(path string) string { return s.Server.URL + path }

// Port is the one that the site listens on.
func (s *Site) Port() uint16 {
	u, _ := url.Parse(s.Server.URL)
	n, _ := strconv.Atoi(u.Port())
	return uint16(n)
}

// Set changes fields while no request is looking at them.
func (s *Site) Set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// Count returns how often a path was asked for.
func (s *Site) Count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Hits[path]
}

// Statuses counts the answers by their status.
func (s *Site) Statuses() map[int]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.status)
}

// Forget begins all counts anew.
func (s *Site) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.Hits)
	clear(s.status)
	s.sent = 0
}

// Sent counts the bytes of all bodies.
func (s *Site) Sent() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

type statusWriter struct {
	http.ResponseWriter
	code int
	sent int64
}

func (w *statusWriter) WriteHeader(code int) { w.code = code; w.ResponseWriter.WriteHeader(code) }

func (w *statusWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.sent += int64(n)
	return n, err
}

// Unwrap lets an Override flush.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// ServeHTTP answers a request.
func (s *Site) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w := &statusWriter{ResponseWriter: rw, code: http.StatusOK}
	s.mu.Lock()
	s.Hits[r.URL.Path]++
	override, robots, sitemap := s.Override, s.Robots, s.Sitemap
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.status[w.code]++
		s.sent += w.sent
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

func (s *Site) page(w http.ResponseWriter, r *http.Request) {
	p := r.URL.Path
	if m := articlePath.FindStringSubmatch(p); m != nil {
		i, _ := strconv.Atoi(m[1])
		s.article(w, r, i, "")
		return
	}
	switch {
	case p == "/":
		s.html(w, r, "Help centre", "<p>Welcome to the help centre of the workshop. Choose a topic to read about it, or look below for what others read.</p>"+s.hub())
	case s.Plain:
		http.NotFound(w, r)
	case s.redirect(w, r), s.forbidden(w, r), s.endless(w, r):
	case strings.HasPrefix(p, "/print/"):
		i := number(p, "/print/")
		s.article(w, r, i, fmt.Sprintf(`<link rel="canonical" href="/articles/how-to-%d">`, i))
	case strings.HasPrefix(p, "/files/"):
		w.Header().Set("Content-Type", "application/pdf")
		io.WriteString(w, PDF("Manual "+p+". "+Prose(len(p)+number(p, "/files/manual-")+80_000, 40)))
	default:
		http.NotFound(w, r)
	}
}

// number is the rest of a path behind its prefix, 0 if that is none.
func number(path, prefix string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(path, prefix))
	if err != nil {
		return 0
	}
	return n
}

// redirect answers for addresses that lead elsewhere.
func (s *Site) redirect(w http.ResponseWriter, r *http.Request) bool {
	p := r.URL.Path
	switch {
	case strings.HasPrefix(p, "/old/"):
		http.Redirect(w, r, fmt.Sprintf("/articles/how-to-%d", number(p, "/old/")), http.StatusMovedPermanently)
	case p == "/loop/a":
		http.Redirect(w, r, "/loop/b", http.StatusFound)
	case p == "/loop/b":
		http.Redirect(w, r, "/loop/a", http.StatusFound)
	case strings.HasPrefix(p, "/account/"):
		http.Redirect(w, r, "/login?next="+p, http.StatusFound)
	case strings.HasPrefix(p, "/leave/"):
		http.Redirect(w, r, "http://offsite.invalid/landing", http.StatusFound)
	default:
		return false
	}
	return true
}

// forbidden answers for pages that must never be documents.
func (s *Site) forbidden(w http.ResponseWriter, r *http.Request) bool {
	p := r.URL.Path
	switch {
	case strings.HasPrefix(p, "/private/"):
		s.html(w, r, "Private", "<p>SECRET "+Prose(number(p, "/private/"), 60)+"</p>")
	case strings.HasPrefix(p, "/hidden/"):
		io.WriteString(w, `<html><head><meta name="robots" content="noindex"></head><body><main><p>HIDDEN `+Prose(number(p, "/hidden/")+40_000, 60)+`</p></main></body></html>`)
	case strings.HasPrefix(p, "/header-hidden/"):
		w.Header().Set("X-Robots-Tag", "noindex")
		s.html(w, r, "Hidden", "<p>HIDDEN "+Prose(number(p, "/header-hidden/")+41_000, 60)+"</p>")
	case p == "/login":
		s.html(w, r, "Log in", `<form><p>LOGIN to your account</p><input name="user"><input type="password" name="p"></form>`)
	case p == "/huge":
		w.Header().Set("Content-Type", "text/html")
		block := []byte(strings.Repeat("<p>OVERSIZE text</p>", 1<<12))
		for sent := 0; sent < 52<<20; sent += len(block) {
			if _, err := w.Write(block); err != nil {
				return true
			}
		}
	case p == "/bomb":
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(s.bomb)
	case strings.HasPrefix(p, "/de/how-to-"):
		s.translated(w, number(p, "/de/how-to-"))
	default:
		return false
	}
	return true
}

// endless answers for pages of which there is always one more.
func (s *Site) endless(w http.ResponseWriter, r *http.Request) bool {
	p := r.URL.Path
	switch {
	case strings.HasPrefix(p, "/calendar/"):
		month := number(p, "/calendar/2026/")
		s.html(w, r, "Calendar", fmt.Sprintf(`<p>Events in month %d: %s</p><a href="/calendar/2026/%d">next</a>`, month, Prose(90_000+month, 60), month+1))
	case strings.HasPrefix(p, "/filter"):
		s.html(w, r, "Filter", "<p>Articles by "+r.URL.RawQuery+": "+Prose(int(sha256.Sum256([]byte(r.URL.RawQuery))[0])+70_000, 50)+"</p>")
	case strings.HasPrefix(p, "/deep/"):
		s.html(w, r, "Deep", `<p>`+Prose(len(p)+60_000, 50)+`</p><a href="`+strings.TrimSuffix(p, "/")+`/deep/er">deeper</a>`)
	default:
		return false
	}
	return true
}

// hub links to the first articles only: the rest must be found from them.
func (s *Site) hub() string {
	var sb strings.Builder
	for i := 1; i <= min(10, s.Pages); i++ {
		fmt.Fprintf(&sb, `<p><a href="/articles/how-to-%d">How to %d</a></p>`, i, i)
	}
	return sb.String()
}

func (s *Site) article(w http.ResponseWriter, r *http.Request, i int, head string) {
	if i < 1 || i > s.Pages {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	first := !s.busy[r.URL.Path] && i%97 == 0 && !s.Plain
	s.busy[r.URL.Path] = true
	s.mu.Unlock()
	if first {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	tag := fmt.Sprintf(`"a%d"`, i)
	if !s.NoValidators {
		w.Header().Set("ETag", tag)
	}
	if !s.NoValidators && r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	var links strings.Builder
	for k := 1; k <= 5; k++ {
		fmt.Fprintf(&links, `<a href="/articles/how-to-%d">Next %d</a> `, (i*5+k-1)%s.Pages+1, k)
	}
	if !s.Plain {
		fmt.Fprintf(&links, trapLinks, i, i, i, i, i, i, i%50, i%13, i%7, i%5, i%7, i%13, i%30, i%40, i%40, i, i%20, i%20, i, i, i%4, i)
		head += fmt.Sprintf(`<link rel="alternate" hreflang="de" href="/de/how-to-%d"><link rel="alternate" hreflang="en" href="/articles/how-to-%d">`, i, i)
	}
	s.WritePage(w, fmt.Sprintf("How to %d", i), head,
		fmt.Sprintf("<p>REAL[%d] %s</p><p>%s</p>%s", i, Prose(i, 80), Prose(i+5_000, 60), s.more(i)), links.String())
}

// more is the rest of an article's text, which is made once.
func (s *Site) more(i int) string {
	if s.Words == 0 {
		return ""
	}
	text, ok := s.texts.Load(i)
	if !ok {
		text, _ = s.texts.LoadOrStore(i, "<p>"+Prose(i+7_000_000, s.Words)+"</p>")
	}
	return text.(string)
}

const trapLinks = `<a href="/articles/how-to-%d?sid=77%d">s</a> <a href="/articles/how-to-%d?utm_source=x#top">u</a>
<a href="/articles/how-to-%d/">slash</a> <a href="/print/%d">print</a> <a href="/old/%d">old</a> <a href="/calendar/2026/%d">cal</a>
<a href="/filter?color=%d&size=%d&sort=%d">f</a> <a href="/filter?size=%d&color=%d">f</a> <a href="/deep/a">deep</a> <a href="/private/%d">p</a> <a href="/hidden/%d">h</a>
<a href="/header-hidden/%d">h</a> <a href="/login" rel="nofollow">l</a> <a href="/login">l</a> <a href="/account/%d">a</a>
<a href="http://offsite.invalid/x">o</a> <a href="//offsite.invalid/%d">o</a> <a href="/leave/%d">o</a> <a href="/loop/a">loop</a>
<a href="/missing/%d">m</a> <a href="/image.png">i</a> <a href="/Articles/how-to-%d">case</a> <a href="/huge">huge</a> <a href="/bomb">bomb</a>
<a href="mailto:help@offsite.invalid">mail</a> <a href="/files/manual-%d.pdf">manual</a> <a hreflang="de" href="/de/how-to-%d">Deutsch</a> <a href="javascript:void(0)">j</a>`

const frameSection = `<div class="menu menu--level-%[1]d" data-menu="%[1]d"><ul><li class="menu__item"><a class="menu__link" href="/"><svg width="16" height="16"><path d="M0 0h16v16H0z"/></svg><span>Section %[1]d</span></a></li>
<li class="menu__item"><a class="menu__link" href="/#part-%[1]d"><span>Part %[1]d</span></a></li></ul><script>window.menu=window.menu||[];window.menu.push({id:%[1]d,open:false});</script></div>
`

// frame is what templates put around content.
func (s *Site) frame() string {
	var sb strings.Builder
	for i := range s.Frame {
		fmt.Fprintf(&sb, frameSection, i)
	}
	return sb.String()
}

// translated writes an article in another language than the rest.
func (s *Site) translated(w http.ResponseWriter, i int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<html lang="de"><head><title>Anleitung %d</title></head><body><main><p>UEBERSETZT %s</p></main></body></html>`, i, Prose(i+20_000, 80))
}

// PDF is a file of one page and one line of text.
func PDF(text string) string {
	var sb strings.Builder
	var at []int
	content := "BT /F1 12 Tf 50 700 Td (" + text + ") Tj ET"
	sb.WriteString("%PDF-1.4\n")
	for i, object := range []string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"} {
		at = append(at, sb.Len())
		fmt.Fprintf(&sb, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := sb.Len()
	fmt.Fprintf(&sb, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&sb, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&sb, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return sb.String()
}

func (s *Site) html(w http.ResponseWriter, r *http.Request, title, body string) {
	s.WritePage(w, title, "", body, "")
}

// WritePage writes an HTML page with a title, more of its head, its main content
// and its footer.
func (s *Site) WritePage(w http.ResponseWriter, title, head, body, links string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><head><title>%s</title>%s</head><body><nav><a href="/">Home</a></nav>%s
<main><h1>%s</h1>%s</main><footer>%s</footer></body></html>`, title, head, s.frame(), title, body, links)
}

// Prose is a text of so many words that differs with its seed.
func Prose(seed, words int) string {
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

// StaleSitemap lists share of the pages and, on top, dead links.
func (s *Site) StaleSitemap(share, dead float64) string {
	var sb strings.Builder
	sb.WriteString(`<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
	listed := int(float64(s.Pages) * share)
	for i := 1; i <= listed; i++ {
		fmt.Fprintf(&sb, "<url><loc>%s</loc><lastmod>2026-01-02</lastmod></url>", s.Addr(fmt.Sprintf("/articles/how-to-%d", i)))
	}
	for i := range int(float64(listed) * dead) {
		fmt.Fprintf(&sb, "<url><loc>%s</loc></url>", s.Addr(fmt.Sprintf("/dead/%d", i)))
	}
	sb.WriteString("</urlset>")
	return sb.String()
}

var realMark = regexp.MustCompile(`REAL\[(\d+)\]`)

// Article returns the number of the article that a text is, 0 if it is none.
func Article(text string) int {
	m := realMark.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

// Forbidden returns what a text says that must never be a document, or "".
func Forbidden(text string) string {
	for _, mark := range []string{"SECRET", "HIDDEN", "LOGIN", "OVERSIZE", "boom", "UEBERSETZT"} {
		if strings.Contains(text, mark) {
			return mark
		}
	}
	return ""
}
