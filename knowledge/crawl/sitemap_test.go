package crawl

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

func TestReadSitemapLimits(t *testing.T) {
	many := "<urlset>" + strings.Repeat("<url><loc>https://example.com/a</loc></url>", maxSitemapURLs+1) + "</urlset>"
	if got, err := readSitemap(strings.NewReader(many)); err == nil || len(got.pages) != maxSitemapURLs {
		t.Errorf("%d addresses, error %v", len(got.pages), err)
	}
	deep := strings.Repeat("<urlset>", 1_000_000)
	if _, err := readSitemap(strings.NewReader(deep)); err == nil {
		t.Error("a million levels are read")
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write([]byte("<urlset><url><loc>https://example.com/a</loc></url>"))
	space := bytes.Repeat([]byte(" "), 1<<20)
	for range 60 {
		z.Write(space)
	}
	z.Close()
	if got, err := readSitemap(&bomb); err == nil || len(got.pages) != 1 {
		t.Errorf("bomb: %d addresses, error %v", len(got.pages), err)
	}
	for _, none := range []string{"", "   ", "<html><body>Not found</body></html>", "Sorry, nothing here"} {
		if got, err := readSitemap(strings.NewReader(none)); err == nil || len(got.pages) > 0 {
			t.Errorf("%q: %v, %v", none, got, err)
		}
	}
	latin := "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><urlset><url><loc>https://example.com/\xe6</loc></url></urlset>"
	if got, err := readSitemap(strings.NewReader(latin)); err != nil || got.pages[0].loc != "https://example.com/æ" {
		t.Errorf("latin-1: %v, %v", got, err)
	}
}

func FuzzReadSitemap(f *testing.F) {
	f.Add([]byte("<urlset><url><loc>https://example.com/a</loc><lastmod>2026</lastmod></url></urlset>"))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Add([]byte("\xef\xbb\xbfhttps://example.com/a\nhttps://example.com/b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _ := readSitemap(bytes.NewReader(data))
		if len(got.pages)+len(got.files) > maxSitemapURLs {
			t.Fatal("more addresses than allowed")
		}
	})
}
