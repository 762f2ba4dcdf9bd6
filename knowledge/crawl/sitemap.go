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
)

var errNoSitemap = errors.New("no sitemap")

// sitemapEntry is one address of a sitemap or of a sitemap index.
type sitemapEntry struct {
	loc     string
	lastMod string // ISO 8601, so that later is greater
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
	pages   []sitemapEntry
	notes   []string
}

// sitemapPages returns the addresses that the site's sitemaps list, newest
// first where they are more than a crawl can import. What cannot be read of
// them is left out: a sitemap is only a hint.
func (f *fetcher) sitemapPages(ctx context.Context, start address) ([]sitemapEntry, []string) {
	w := &sitemapWalk{f: f, start: start, visited: map[string]bool{}}
	rules := f.rules(ctx, start)
	if rules.fault != nil {
		return nil, nil
	}
	for _, loc := range rules.file.Sitemaps {
		w.visit(ctx, loc, 0)
	}
	if len(rules.file.Sitemaps) == 0 {
		w.visit(ctx, "/sitemap.xml", 0)
	}
	if len(w.pages) > f.src.cfg.MaxDocuments {
		sort.SliceStable(w.pages, func(i, j int) bool { return w.pages[i].lastMod > w.pages[j].lastMod })
	}
	return w.pages, w.notes
}

func (w *sitemapWalk) visit(ctx context.Context, loc string, depth int) {
	a, err := resolve(w.start.url, loc)
	if err != nil || w.visited[a.key] || ctx.Err() != nil {
		return
	}
	if len(w.visited) >= maxSitemapFiles || len(w.pages) >= maxPlaces {
		w.notes = append(w.notes, "more sitemaps than are read: "+a.String())
		return
	}
	w.visited[a.key] = true
	if !w.f.src.scope.onSite(a.url) {
		w.notes = append(w.notes, "sitemap on another host is not read: "+a.String())
		return
	}
	found, err := w.load(ctx, a)
	if err != nil && !errors.Is(err, errNoSitemap) {
		w.notes = append(w.notes, fmt.Sprintf("sitemap %s: %v", a, err))
	}
	w.pages = append(w.pages, found.pages[:min(len(found.pages), maxPlaces-len(w.pages))]...)
	for _, file := range found.files {
		if depth >= maxSitemapDepth {
			w.notes = append(w.notes, "sitemap index nested too deep: "+a.String())
			return
		}
		w.visit(ctx, file.loc, depth+1)
	}
}

func (w *sitemapWalk) load(ctx context.Context, a address) (sitemap, error) {
	rules := w.f.rules(ctx, a)
	if rules.fault != nil {
		return sitemap{}, rules.fault
	}
	if ok, _ := rules.file.Rules().Allowed(a.requestPath()); !ok {
		return sitemap{}, errors.New("robots.txt disallows it")
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
	var entry sitemapEntry
	var text strings.Builder
	depth := 0
	for {
		limited.run = 0
		token, err := dec.Token()
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return found, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxXMLDepth {
				return found, errors.New("nested too deep")
			}
			if depth == 1 && t.Name.Local != "urlset" && t.Name.Local != "sitemapindex" {
				return found, errNoSitemap
			}
			if depth == 2 {
				entry = sitemapEntry{}
			}
			text.Reset()
		case xml.CharData:
			if depth == 3 && text.Len()+len(t) <= 2*maxURL {
				text.Write(t)
			}
		case xml.EndElement:
			switch {
			case depth == 3 && t.Name.Local == "loc":
				entry.loc = strings.TrimSpace(text.String())
			case depth == 3 && t.Name.Local == "lastmod":
				entry.lastMod = strings.TrimSpace(text.String())
			case depth == 2 && entry.loc != "":
				if len(found.pages)+len(found.files) == maxSitemapURLs {
					return found, fmt.Errorf("more than %d addresses", maxSitemapURLs)
				}
				if t.Name.Local == "sitemap" {
					found.files = append(found.files, entry)
				} else if t.Name.Local == "url" {
					found.pages = append(found.pages, entry)
				}
			}
			depth--
		}
	}
}
