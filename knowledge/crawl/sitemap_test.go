package crawl

import (
	"bytes"
	"compress/gzip"
	"maps"
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

const translatedSitemap = `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">
<url><loc>{host}/en/a</loc><xhtml:link rel="alternate" hreflang="da" href="{host}/da/a"/><xhtml:link rel="alternate" hreflang="en" href="{host}/en/a"/>
<xhtml:link rel="alternate" hreflang="x-default" href="{host}/a"/><xhtml:link rel="stylesheet" href="{host}/style"/><lastmod>2026-01-02</lastmod></url>
<url><loc>{host}/en/b</loc><xhtml:link rel="alternate" hreflang="da" href="{host}/da/a"/><xhtml:link rel="alternate" hreflang="sv-SE" href="{host}/sv/b"/></url>
<url><loc>{host}/plain</loc></url></urlset>`

func TestSitemapTranslationsAreRead(t *testing.T) {
	found, err := readSitemap(strings.NewReader(strings.ReplaceAll(translatedSitemap, "{host}", "https://example.com")))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range found.pages {
		got = append(got, strings.TrimPrefix(p.loc, "https://example.com")+" "+p.language)
	}
	if want := "/en/a en|/en/b |/plain |/da/a da|/sv/b sv-SE"; strings.Join(got, "|") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, "|"), want)
	}
}

func TestSitemapLanguagesTagAndRestrict(t *testing.T) {
	s := pages(t, map[string]string{"/": page(1, ""), "/en/a": page(2, ""), "/da/a": page(3, ""), "/en/b": page(4, ""), "/sv/b": page(5, ""), "/plain": page(6, "")})
	s.Sitemap = strings.ReplaceAll(translatedSitemap, "{host}", s.Server.URL)
	all := s.crawl(t, nil)
	tags := map[string]string{}
	for _, d := range all.docs {
		tags[strings.TrimPrefix(d.URL, s.Server.URL)] = d.Language
	}
	if want := map[string]string{"/": "", "/en/a": "en", "/da/a": "da", "/en/b": "", "/sv/b": "sv-SE", "/plain": ""}; !maps.Equal(tags, want) {
		t.Errorf("languages %v, want %v", tags, want)
	}
	asked := s.Count("/sv/b")
	some := s.crawl(t, func(c *Config) { c.Languages = []string{"da", "en"} })
	if got := strings.Join(some.paths(s), " "); got != "/ /da/a /en/a /en/b /plain" || some.ended(s, "/sv/b") != Language || s.Count("/sv/b") != asked {
		t.Errorf("documents %s; /sv/b ended as %q and was asked for %d times", got, some.ended(s, "/sv/b"), s.Count("/sv/b")-asked)
	}
}

func FuzzReadSitemap(f *testing.F) {
	f.Add([]byte(translatedSitemap))
	f.Add([]byte("<urlset><url><loc>https://example.com/a</loc><lastmod>2026</lastmod></url></urlset>"))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Add([]byte("\xef\xbb\xbfhttps://example.com/a\nhttps://example.com/b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _ := readSitemap(bytes.NewReader(data))
		if len(got.pages)+len(got.files) > 2*maxSitemapURLs { // translations count by themselves
			t.Fatal("more addresses than allowed")
		}
	})
}
