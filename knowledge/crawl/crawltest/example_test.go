package crawltest_test

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl"
	"github.com/kundeagent/kundeagent/knowledge/crawl/crawltest"
)

func ExampleNewSite() {
	site := crawltest.NewSite(20, false)
	defer site.Close()
	source, err := crawl.New(crawl.Config{
		ID: "help", URL: site.Addr("/"), Related: true, MaxDocuments: 30, Languages: []string{"en"}, Delay: -1,
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{site.Port()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	articles, forbidden := map[int]bool{}, 0
	for change, err := range source.Documents(context.Background(), knowledge.Manifest{}) {
		if err != nil {
			fmt.Println(err)
		}
		if change.Kind != knowledge.Upsert {
			continue
		}
		text := change.Document.PlainText()
		if n := crawltest.Article(text); n > 0 {
			articles[n] = true
		}
		if crawltest.Forbidden(text) != "" {
			forbidden++
		}
	}
	fmt.Println(len(articles), "articles,", forbidden, "that must not be")
	// Output: 20 articles, 0 that must not be
}
