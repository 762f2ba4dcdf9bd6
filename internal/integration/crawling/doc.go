// Package crawling sets knowledge/crawl beside colly on one site, in one run.
//
//	go test -v ./crawling                                   # what each finds and allocates, asserted
//	go test -run '^$' -bench . -benchtime 5x ./crawling     # ratios of speed, processor time and memory
//
// The sites are those of knowledge/crawl/crawltest: 1,000 articles among traps,
// the same with a stale sitemap, and 1,000 plain pages of about 35 KB. Both
// crawlers run in a process of their own with eight connections and no waits,
// may import 1,000 documents and make 3,000 requests. colly is given our
// address normaliser and our rules on nofollow, noindex, canonical addresses
// and languages in its callbacks; it takes the text of <main>, where ours
// looks for the main content, hashes it, and compares it with all others. It
// has no sitemaps, so both of the first two sites are the same to it.
package crawling
