package crawl

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"

	"golang.org/x/net/html/charset"
)

// Limits of sitemaps.org for one file, and our own for all of a site.
const (
	maxSitemapBytes = 50 << 20
	maxSitemapURLs  = 50_000
	maxSitemapFiles = 50
	maxSitemapDepth = 2 // an index, and an index in it
	maxXMLDepth     = 64
	maxXMLToken     = 256 << 10
	maxTranslations = 200 // of one page
)

var errNoSitemap = errors.New("no sitemap")

// sitemapEntry is one address of a sitemap or of a sitemap index.
type sitemapEntry struct {
	loc     string
	lastMod string // ISO 8601, so that later is greater
	// language is what a list of translations calls it, empty if in none.
	language string
}

// sitemap is what one file holds.
type sitemap struct {
	pages, files []sitemapEntry
}

// sitemapWalk reads the sitemaps of a site, each once.
type sitemapWalk struct {
	f       *fetcher
	start   address
	visited map[string]bool
	found   sitemapFinds
}

// sitemapFinds are what the sitemaps of a site list.
type sitemapFinds struct {
	pages []sitemapEntry
	whole bool // nothing of them failed or was left out
	notes []string
}

// sitemapPages returns the addresses that the site's sitemaps list, newest
// first where they are more than a crawl can import. What cannot be read of
// them is left out: a sitemap is only a hint.
func (f *fetcher) sitemapPages(ctx context.Context, start address) sitemapFinds {
	w := &sitemapWalk{f: f, start: start, visited: map[string]bool{}, found: sitemapFinds{whole: true}}
	rules := f.rules(ctx, start)
	if rules.fault != nil {
		return sitemapFinds{}
	}
	for _, loc := range rules.file.Sitemaps {
		w.visit(ctx, loc, 0)
	}
	if len(rules.file.Sitemaps) == 0 {
		w.visit(ctx, "/sitemap.xml", 0)
	}
	if pages := w.found.pages; len(pages) > f.src.cfg.MaxDocuments {
		sort.SliceStable(pages, func(i, j int) bool { return pages[i].lastMod > pages[j].lastMod })
	}
	w.found.whole = w.found.whole && len(w.found.pages) > 0
	return w.found
}

// omit notes that something of the sitemaps was not read.
func (w *sitemapWalk) omit(format string, args ...any) {
	w.found.whole = false
	w.found.notes = append(w.found.notes, fmt.Sprintf(format, args...))
}

func (w *sitemapWalk) visit(ctx context.Context, loc string, depth int) {
	a, err := resolve(w.start.url, loc)
	if err != nil || w.visited[a.key] || ctx.Err() != nil {
		return
	}
	if len(w.visited) >= maxSitemapFiles || len(w.found.pages) >= maxPlaces {
		w.omit("more sitemaps than are read: %s", a)
		return
	}
	w.visited[a.key] = true
	if !w.f.src.scope.onSite(a.url) {
		w.omit("sitemap on another host is not read: %s", a)
		return
	}
	found, err := w.load(ctx, a)
	switch {
	case errors.Is(err, errNoSitemap):
		w.found.whole = false
	case err != nil:
		w.omit("sitemap %s: %v", a, err)
	}
	room := maxPlaces - len(w.found.pages)
	if len(found.pages) > room {
		w.omit("more addresses in sitemaps than are read: %s", a)
		found.pages = found.pages[:room]
	}
	w.found.pages = append(w.found.pages, found.pages...)
	for _, file := range found.files {
		if depth >= maxSitemapDepth {
			w.omit("sitemap index nested too deep: %s", a)
			return
		}
		w.visit(ctx, file.loc, depth+1)
	}
}

func (w *sitemapWalk) load(ctx context.Context, a address) (sitemap, error) {
	if got, ok := w.f.permit(ctx, a); !ok {
		return sitemap{}, &Skip{URL: a.String(), Outcome: got.outcome, Detail: got.detail, Err: got.err}
	}
	if err := w.f.gates.wait(ctx, a.url.Host); err != nil {
		return sitemap{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.String(), nil)
	if err != nil {
		return sitemap{}, err
	}
	resp, err := w.f.client.Do(req)
	if err != nil {
		return sitemap{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone {
		return sitemap{}, errNoSitemap
	}
	if resp.StatusCode != http.StatusOK {
		return sitemap{}, fmt.Errorf("status %d", resp.StatusCode)
	}
	if !w.f.src.scope.onSite(resp.Request.URL) {
		return sitemap{}, errors.New("redirects to another host")
	}
	return readSitemap(resp.Body)
}

// readSitemap reads an XML sitemap, an index, or a list of addresses by lines,
// compressed or not. What precedes an error is returned with it.
func readSitemap(r io.Reader) (sitemap, error) {
	in := bufio.NewReader(r)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return sitemap{}, err
		}
		defer z.Close()
		in = bufio.NewReader(z)
	}
	limited := &capped{r: in, left: maxSitemapBytes}
	in = bufio.NewReader(limited)
	for {
		c, err := in.Peek(1)
		if err != nil {
			return sitemap{}, errNoSitemap
		}
		if c[0] == '<' {
			return readXMLSitemap(in, limited)
		}
		if strings.IndexByte(" \t\r\n\xef\xbb\xbf", c[0]) < 0 {
			return readTextSitemap(in, limited)
		}
		in.Discard(1)
	}
}

// capped fails when a sitemap passes its limit, instead of ending quietly. It
// limits each token as well, since the decoder holds a whole one in memory.
type capped struct {
	r    io.Reader
	left int64
	run  int64 // since the token began
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, fmt.Errorf("more than %d bytes", int64(maxSitemapBytes))
	}
	if c.run > maxXMLToken {
		return 0, fmt.Errorf("more than %d bytes without an end of tag or text", maxXMLToken)
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.run += int64(n)
	return n, err
}

func readTextSitemap(in *bufio.Reader, limited *capped) (found sitemap, err error) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		limited.run = 0
		line := strings.TrimSpace(lines.Text())
		if !strings.HasPrefix(line, "http://") && !strings.HasPrefix(line, "https://") {
			if len(found.pages) == 0 {
				return found, errNoSitemap
			}
			continue
		}
		if len(found.pages) == maxSitemapURLs {
			return found, fmt.Errorf("more than %d addresses", maxSitemapURLs)
		}
		found.pages = append(found.pages, sitemapEntry{loc: line})
	}
	return found, lines.Err()
}

func readXMLSitemap(in io.Reader, limited *capped) (found sitemap, err error) {
	dec := xml.NewDecoder(in)
	dec.Strict = false
	dec.CharsetReader = charset.NewReaderLabel
	b := sitemapBuilder{translations: map[string]bool{}}
	for {
		limited.run = 0
		token, err := dec.Token()
		if err == io.EOF {
			return b.done(), nil
		}
		if err != nil {
			return b.done(), err
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = b.open(t)
		case xml.CharData:
			if b.depth == 3 && b.text.Len()+len(t) <= 2*maxURL {
				b.text.Write(t)
			}
		case xml.EndElement:
			err = b.close(t.Name.Local)
		}
		if err != nil {
			return b.done(), err
		}
	}
}

// sitemapBuilder puts the elements of an XML sitemap together.
type sitemapBuilder struct {
	found        sitemap
	depth        int
	entry        sitemapEntry
	alternates   []sitemapEntry // of the entry
	text         strings.Builder
	listed       []sitemapEntry  // translations
	translations map[string]bool // each once: every language lists all others
}

func (b *sitemapBuilder) open(t xml.StartElement) error {
	b.depth++
	switch {
	case b.depth > maxXMLDepth:
		return errors.New("nested too deep")
	case b.depth == 1 && t.Name.Local != "urlset" && t.Name.Local != "sitemapindex":
		return errNoSitemap
	case b.depth == 2:
		b.entry, b.alternates = sitemapEntry{}, b.alternates[:0]
	case b.depth == 3 && t.Name.Local == "link" && len(b.alternates) < maxTranslations:
		if alt, ok := alternateOf(t); ok {
			b.alternates = append(b.alternates, alt)
		}
	}
	b.text.Reset()
	return nil
}

// alternateOf reads <xhtml:link rel="alternate" hreflang="…" href="…"/>.
func alternateOf(t xml.StartElement) (alt sitemapEntry, ok bool) {
	for _, a := range t.Attr {
		switch value := strings.TrimSpace(a.Value); a.Name.Local {
		case "rel":
			ok = strings.EqualFold(value, "alternate")
		case "hreflang":
			alt.language = value
		case "href":
			alt.loc = value
		}
	}
	return alt, ok && alt.loc != "" && alt.language != "" && len(alt.loc) <= 2*maxURL
}

func (b *sitemapBuilder) close(name string) error {
	switch {
	case b.depth == 3 && name == "loc":
		b.entry.loc = strings.TrimSpace(b.text.String())
	case b.depth == 3 && name == "lastmod":
		b.entry.lastMod = strings.TrimSpace(b.text.String())
	case b.depth == 2 && b.entry.loc != "":
		if len(b.found.pages)+len(b.found.files) == maxSitemapURLs {
			return fmt.Errorf("more than %d addresses", maxSitemapURLs)
		}
		if name == "sitemap" {
			b.found.files = append(b.found.files, b.entry)
		} else if name == "url" {
			b.addPage()
		}
	}
	b.depth--
	return nil
}

// addPage takes a page and its translations, which often are listed nowhere
// else.
func (b *sitemapBuilder) addPage() {
	for _, alt := range b.alternates {
		switch {
		case strings.EqualFold(alt.language, "x-default"):
		case alt.loc == b.entry.loc:
			b.entry.language = alt.language
		case len(b.listed) < maxSitemapURLs && !b.translations[alt.loc]:
			b.translations[alt.loc] = true
			alt.lastMod = b.entry.lastMod
			b.listed = append(b.listed, alt)
		}
	}
	b.found.pages = append(b.found.pages, b.entry)
}

// done returns what was found, pages listed by themselves first.
func (b *sitemapBuilder) done() sitemap {
	b.found.pages = append(b.found.pages, b.listed...)
	return b.found
}
