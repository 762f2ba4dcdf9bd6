//go:build unix

package crawling

import (
	"net/http"
	"strings"
	"sync"

	"github.com/gocolly/colly/v2"

	"github.com/kundeagent/kundeagent/knowledge/crawl"
)

// collyCrawl is a crawler made with colly that keeps the rules that ours keeps,
// as far as colly has a place for them: its own robots.txt parser is on, each
// address goes through our normaliser, nofollow, noindex and canonical are
// obeyed, other languages are left out, and the limits are the same. It has no sitemap. document is told the
// text of each page that a host would import.
func collyCrawl(start string, document func(text string)) error {
	c := colly.NewCollector(colly.Async(), colly.UserAgent("kundeagent"), colly.AllowedDomains("127.0.0.1"),
		colly.MaxRequests(fetchBudget), colly.MaxBodySize(pageLimit))
	c.IgnoreRobotsTxt = false
	if err := c.Limit(&colly.LimitRule{DomainGlob: "*", Parallelism: concurrency}); err != nil {
		return err
	}
	var mu sync.Mutex
	seen := map[string]bool{}
	imported := 0
	visit := func(address string) {
		key, err := crawl.DocumentID(address)
		if err != nil || address == "" {
			return
		}
		mu.Lock()
		known := seen[key] || imported >= documentLimit
		seen[key] = true
		mu.Unlock()
		if !known {
			_ = c.Visit("http://" + key) // what it refuses is not of interest
		}
	}
	c.OnHTML("html", func(e *colly.HTMLElement) {
		robots := strings.ToLower(e.ChildAttr(`meta[name="robots"]`, "content") + " " + e.Response.Headers.Get("X-Robots-Tag"))
		if !strings.Contains(robots, "nofollow") {
			e.ForEach("a[href]", func(_ int, a *colly.HTMLElement) {
				if !strings.Contains(a.Attr("rel"), "nofollow") {
					visit(a.Request.AbsoluteURL(a.Attr("href")))
				}
			})
		}
		if strings.Contains(robots, "noindex") || e.Response.StatusCode != http.StatusOK {
			return
		}
		if lang := e.Attr("lang"); lang != "" && !strings.HasPrefix(lang, "en") {
			return
		}
		if canonical := e.ChildAttr(`link[rel="canonical"]`, "href"); canonical != "" {
			visit(e.Request.AbsoluteURL(canonical))
			return
		}
		text := strings.Join(strings.Fields(e.DOM.Find("main").Text()), " ")
		mu.Lock()
		defer mu.Unlock()
		if imported < documentLimit && text != "" {
			imported++
			document(text)
		}
	})
	visit(start)
	c.Wait()
	return nil
}
