// Package crawl makes a [knowledge.Source] of a public web page, or of a page
// and the pages related to it on the same site.
//
// A crawl obeys robots.txt, robots meta elements and nofollow, waits between
// requests, asks again only for what has changed, and imports each page once,
// whatever addresses it has. It looks at the sitemap first and at links then.
// Every address it comes upon ends with exactly one [Outcome], reported as a
// change whose Err is a [*Skip] unless it is a document. What is odd about a
// site besides is a [*Note].
//
// # What counts as removed
//
// A known document is reported Gone when its address answers 410, or when it is
// no longer of the source by its owner's rules. It is reported Missing, which a
// mistake of the site can cause for many at once, when its address answers 404 in
// two crawls running, or once when the sitemap has dropped it too or its text is
// at another address now; when it forbids indexing or robots.txt disallows it; or
// when it leads to another document. Whatever else is wrong with a document is
// reported Failed, and it stays. A change of kind Complete ends only a crawl that was cut
// neither by a limit nor by the site failing. A start page that cannot be read
// is an error of the source, [ErrStart], and a site that keeps failing is
// [ErrSiteDown]; neither removes anything.
//
// # What belongs to a source
//
// Without Related the page alone. With it the host of the start page, where
// www.example.com and example.com are one and every port is another site;
// Subdomains, PathPrefix, Include, Exclude and Languages widen or narrow that.
// Linked files (pdf, docx, pptx, md, rst, txt, csv) are documents.
//
// # Limits and defaults
//
//	documents                  1,000      Config.MaxDocuments
//	requests for pages         3 times    Config.MaxFetches; at least 30
//	time                       4 h        Config.Deadline
//	between requests           1 s        Config.Delay; Crawl-delay up to 30 s is obeyed
//	requests at a time         1          Config.Concurrency, at most 64
//	one request                30 s       Config.Timeout
//	attempts at a page         3          with 408, 429, 5xx or no answer; Retry-After up to 5 min is obeyed
//	failures in a row          10         Config.MaxFailures, then ErrSiteDown
//	HTML page                  2 MiB      Config.MaxPageBytes, after decompression
//	other file                 32 MiB     Config.MaxFileBytes, after decompression
//	links of a page            5,000
//	redirects                  5
//	addresses in mind          100,000    and 20,000 more that are only reported
//	queries of one path        20         twice MaxDocuments where one parameter names the document
//	path segments              12         none more than twice, numbers aside
//	address                    2 KiB
//	robots.txt                 500 KiB    for 24 h; unreachable for 30 days counts as absent
//	sitemaps                   50 files   of 50 MiB and 50,000 addresses, indexes 2 deep
//
// A page that passes a limit is skipped with a reason, never cut.
package crawl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/netip"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl/internal/robots"
	"github.com/kundeagent/kundeagent/knowledge/internal/htmldoc"
)

// Errors that end a crawl. They are the last element of the sequence and wrap
// the *Skip of the address concerned where there is one.
var (
	// ErrStart: the start page could not be read, so nothing can be said of the
	// site. Nothing that is known is touched.
	ErrStart = errors.New("start page cannot be read")
	// ErrSiteDown: too many addresses failed in a row.
	ErrSiteDown = errors.New("site keeps failing")
)

// Config says what to crawl. ID and URL are required, everything else has a
// default. It must not be changed after New.
type Config struct {
	// ID names the source within its Base.
	ID string
	// URL is the page to import, and where a crawl begins.
	URL string
	// Related imports the pages that belong to the same site as well: the host
	// of URL, where example.com and www.example.com are one. Default is the
	// page alone.
	Related bool
	// Subdomains widens the site to all hosts of the registrable domain, as
	// help.example.co.uk for www.example.co.uk.
	Subdomains bool
	// PathPrefix narrows the site to paths below it, as "/help". The page at
	// URL is always read for its links.
	PathPrefix string
	// Include and Exclude narrow the site by patterns on path and query,
	// written as in robots.txt: * is any run of characters, $ at the end
	// anchors. Exclude wins. Default is everything.
	Include, Exclude []string
	// Languages are BCP 47 tags to import; pages declared to be in another
	// language are skipped. Default is all.
	Languages []string
	// Drop are CSS selectors of parts of pages that are not content; Keep is
	// the selector of what is.
	Drop []string
	Keep string
	// IgnoreNoIndex imports pages although they ask not to be indexed: for an
	// owner whose own help centre is hidden from search engines.
	IgnoreNoIndex bool
	// IgnoreRobots crawls although robots.txt disallows it or cannot be had: for
	// an owner's own site. Its sitemaps and its Crawl-delay are still heeded.
	IgnoreRobots bool

	// MaxDocuments is the largest number of documents. Default 1,000. Lowering
	// it does not remove what is known.
	MaxDocuments int
	// MaxFetches is the largest number of page requests, so that addresses that
	// turn out to hold no document have an end too. Default 3 × MaxDocuments,
	// at least 30.
	MaxFetches int
	// Deadline is how long a crawl may take. Default 4 h. What is left over is
	// looked at by the next one.
	Deadline time.Duration
	// MaxFailures is how many failed addresses in a row end the crawl. Default
	// 10.
	MaxFailures int
	// MaxPageBytes and MaxFileBytes are the largest HTML page and other file,
	// after decompression. Defaults 2 MiB and 32 MiB.
	MaxPageBytes, MaxFileBytes int64

	// Delay is the wait between two requests to a host. Default 1 s; negative
	// means none. A longer Crawl-delay of robots.txt, up to 30 s, wins.
	Delay time.Duration
	// Concurrency is how many requests run at a time. Default 1.
	Concurrency int
	// Timeout bounds one request. Default 30 s.
	Timeout time.Duration
	// UserAgent is sent with each request. The letters it begins with are the
	// name that robots.txt is asked for. It should say where to complain.
	// Default "kundeagent (+https://github.com/kundeagent/kundeagent)".
	UserAgent string
	// Headers are sent to the host of URL and to no other, for a site that is
	// not public. Such a source is private: see [Source.Private].
	Headers http.Header
	// Allow are address prefixes that may be connected to although they are
	// not public, as an intranet's. Ports are allowed besides 80 and 443.
	Allow []netip.Prefix
	Ports []uint16

	// Renderer shows the pages that look empty until their scripts ran. Default:
	// such pages are skipped and reported as [Script].
	Renderer Renderer
	// Parse reads a file that is not HTML, as a linked PDF. It returns an error
	// that wraps knowledge.ErrUnsupported for types that it does not know. It
	// must be safe for concurrent use. Default is package knowledge/file, for
	// pdf, docx, pptx, md, rst, txt and csv.
	Parse func(ctx context.Context, url, contentType string, data []byte) (*knowledge.Document, error)

	// Now and Sleep are the clock. Defaults are the system's.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

const (
	defaultUserAgent    = "kundeagent (+https://github.com/kundeagent/kundeagent)"
	defaultMaxDocuments = 1_000
	fetchesPerDocument  = 3
	leastFetches        = 30
	defaultDeadline     = 4 * time.Hour
	defaultMaxFailures  = 10
	defaultMaxPage      = 2 << 20
	defaultMaxFile      = 32 << 20
	defaultDelay        = time.Second
	maxConcurrency      = 64
)

func (c Config) withDefaults() Config {
	setDefault(&c.MaxDocuments, defaultMaxDocuments)
	setDefault(&c.MaxFetches, max(leastFetches, fetchesPerDocument*c.MaxDocuments))
	setDefault(&c.Deadline, defaultDeadline)
	setDefault(&c.MaxFailures, defaultMaxFailures)
	setDefault(&c.MaxPageBytes, defaultMaxPage)
	setDefault(&c.MaxFileBytes, defaultMaxFile)
	setDefault(&c.Concurrency, 1)
	c.Concurrency = min(c.Concurrency, maxConcurrency)
	switch {
	case c.Delay == 0:
		c.Delay = defaultDelay
	case c.Delay < 0:
		c.Delay = 0
	}
	if c.UserAgent == "" {
		c.UserAgent = defaultUserAgent
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	return c
}

func setDefault[T int | int64 | time.Duration](v *T, value T) {
	if *v <= 0 {
		*v = value
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Source is a page or a site. It is safe for concurrent use, and crawls of one
// Source may run at the same time. It implements [knowledge.Source].
type Source struct {
	cfg       Config
	start     address
	scope     scope
	languages []language.Tag
	token     string
	parse     reader
	print     string // of what decides how a page is read
}

// New returns the source that cfg describes, or all faults of cfg joined. It
// connects to nothing.
func New(cfg Config) (*Source, error) {
	cfg = cfg.withDefaults()
	s := &Source{cfg: cfg, token: robots.Token(cfg.UserAgent)}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("crawl: "+format, args...)) }
	if cfg.ID == "" {
		fault("ID is missing")
	}
	if start, err := startAddress(cfg); err != nil {
		fault("URL %q: %w", cfg.URL, err)
	} else {
		s.start = start
	}
	if s.token == "" {
		fault("UserAgent %q must begin with a name of letters", cfg.UserAgent)
	}
	if cfg.PathPrefix != "" && !strings.HasPrefix(cfg.PathPrefix, "/") {
		fault("PathPrefix %q must begin with a slash", cfg.PathPrefix)
	}
	for _, p := range append(append([]string{}, cfg.Include...), cfg.Exclude...) {
		if !strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "*") {
			fault("pattern %q must begin with a slash or a star", p)
		}
	}
	for _, l := range cfg.Languages {
		tag, err := language.Parse(l)
		if err != nil {
			fault("language %q: %w", l, err)
			continue
		}
		s.languages = append(s.languages, tag)
	}
	if _, err := htmldoc.ParsePage(context.Background(), htmldoc.Options{Drop: cfg.Drop, Keep: cfg.Keep}, nil); err != nil {
		fault("Drop and Keep: %w", err)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if s.parse = cfg.Parse; s.parse == nil {
		s.parse = ownReader()
	}
	s.scope = newScope(cfg, s.start)
	s.print = fingerprint(cfg)
	return s, nil
}

func startAddress(cfg Config) (address, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return address{}, err
	}
	if u.User != nil {
		return address{}, errors.New("must hold no user information; use Headers")
	}
	start, err := resolve(&url.URL{}, cfg.URL)
	if err != nil {
		return address{}, err
	}
	if p := start.url.Port(); p != "" && p != "80" && p != "443" && !portListed(cfg.Ports, p) {
		return address{}, fmt.Errorf("port %s is not among Ports", p)
	}
	return start, nil
}

func portListed(ports []uint16, p string) bool {
	for _, allowed := range ports {
		if strconv.Itoa(int(allowed)) == p {
			return true
		}
	}
	return false
}

// fingerprint changes when a page would be read differently, so that an
// unchanged page is fetched anew.
func fingerprint(cfg Config) string {
	const readerVersion = 2
	langs := append([]string{}, cfg.Languages...)
	sort.Strings(langs)
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %q %q %q %t %t %t", readerVersion, cfg.Drop, cfg.Keep, langs,
		cfg.IgnoreNoIndex, cfg.Renderer != nil, cfg.Parse != nil))
	return hex.EncodeToString(sum[:6])
}

// DocumentID returns the ID of the document at a web address: what all spellings
// of the address have in common. It is the host without "www.", the path, and
// the query in order and without the parameters of sessions and campaigns.
func DocumentID(rawURL string) (string, error) {
	a, err := resolve(&url.URL{}, rawURL)
	return a.key, err
}

// ID returns Config.ID.
func (s *Source) ID() string { return s.cfg.ID }

// Private tells whether the source is read with credentials, so that its
// documents must not be shown to everybody.
func (s *Source) Private() bool { return len(s.cfg.Headers) > 0 }

// Documents crawls. See [knowledge.Source] for the contract and the package
// comment for what is yielded. The sequence may be ranged over more than once;
// each time is a crawl. No goroutine outlives the range.
func (s *Source) Documents(ctx context.Context, known knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
	return func(yield func(knowledge.Change, error) bool) {
		newRun(s, known, yield).crawl(ctx)
	}
}
