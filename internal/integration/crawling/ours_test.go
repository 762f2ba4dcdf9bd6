//go:build unix

package crawling

import (
	"context"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl"
)

// ourCrawl crawls with knowledge/crawl, without waiting between requests.
func ourCrawl(start string, document func(text string)) error {
	u, err := url.Parse(start)
	if err != nil {
		return err
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		return err
	}
	src, err := crawl.New(crawl.Config{
		ID: "site", URL: start, Related: true, MaxDocuments: documentLimit, MaxFetches: fetchBudget, MaxPageBytes: pageLimit,
		Concurrency: concurrency, Delay: -1, Languages: []string{"en"},
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{uint16(port)},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, // colly does not wait either
	})
	if err != nil {
		return err
	}
	for change, err := range src.Documents(context.Background(), knowledge.Manifest{}) {
		if err != nil {
			return err
		}
		if change.Kind == knowledge.Upsert {
			document(change.Document.PlainText())
		}
	}
	return nil
}
