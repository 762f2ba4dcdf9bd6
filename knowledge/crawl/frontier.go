package crawl

import (
	"fmt"
	"strings"
)

const (
	maxPlaces   = 100_000 // addresses of the site that one crawl keeps track of
	maxRefused  = 20_000  // addresses that it only reports
	maxVariants = 20      // queries of one path that links may lead to
)

// item is an address to be looked at.
type item struct {
	addr     address
	hops     int    // redirects that led here
	language string // as the sitemap declares it
	start    bool   // the start page, or where it redirects to
	state    *pageState
	anew     bool // ask unconditionally
	own      bool // import under this address whatever it resembles or names
}

// The queues of new addresses, best first. Within one, first come, first served.
const (
	fromStart = iota
	fromSitemap
	plainLink
	poorLink
	archiveLink
	queryLink
	queues
)

// frontier holds the addresses still to be looked at. Known and new ones take
// turns, so that a crawl that is cut again and again gets on all the same.
type frontier struct {
	fresh    [queues][]*item
	known    []*item
	turn     bool
	variants map[string]int
	yields   map[string]*yield
}

// yield is what the addresses of one family came to so far.
type yield struct{ read, documents int }

// A family of addresses is poor when fewer than this share of those read were
// documents; it is judged after a few.
const (
	poorShare  = 0.2
	judgeAfter = 4
)

func (f *frontier) yieldOf(a address) *yield {
	name := family(a)
	if f.yields == nil {
		f.yields = map[string]*yield{}
	}
	y := f.yields[name]
	if y == nil {
		y = &yield{}
		f.yields[name] = y
	}
	return y
}

func (f *frontier) poor(a address) bool {
	y := f.yields[family(a)]
	return y != nil && y.read >= judgeAfter && float64(y.documents) < poorShare*float64(y.read)
}

// family is what addresses made by one template have in common: the path with
// numbers, or a last segment without any, left open. Print versions, redirects
// and the like are families that hold no documents, and can wait.
func family(a address) string {
	var sb strings.Builder
	p := a.url.Path
	last := strings.LastIndexByte(strings.TrimSuffix(p, "/"), '/')
	if a.url.RawQuery == "" && last >= 0 && !strings.ContainsAny(p[last:], "0123456789") {
		p = p[:last+1] + "*" + p[len(strings.TrimSuffix(p, "/")):]
	}
	digits := false
	for _, c := range p {
		isDigit := '0' <= c && c <= '9'
		if isDigit && !digits {
			sb.WriteByte('#')
		}
		if !isDigit {
			sb.WriteRune(c)
		}
		digits = isDigit
	}
	if a.url.RawQuery != "" {
		sb.WriteByte('?')
	}
	return keyHost(a.url.Host) + sb.String()
}

func (f *frontier) push(class int, it *item) { f.fresh[class] = append(f.fresh[class], it) }

func (f *frontier) pushKnown(it *item) { f.known = append(f.known, it) }

// next takes an address; newToo tells whether there is room for new documents.
func (f *frontier) next(newToo bool) (it *item, isNew bool) {
	f.turn = !f.turn
	if newToo && (f.turn || len(f.known) == 0) {
		if it := f.takeNew(); it != nil {
			return it, true
		}
	}
	if len(f.known) == 0 {
		return nil, false
	}
	it, f.known = f.known[0], f.known[1:]
	return it, false
}

func (f *frontier) takeNew() *item {
	for class := range f.fresh {
		for len(f.fresh[class]) > 0 {
			it := f.fresh[class][0]
			f.fresh[class] = f.fresh[class][1:]
			if class != plainLink || !f.poor(it.addr) {
				return it
			}
			f.push(poorLink, it)
		}
	}
	return nil
}

// classOf ranks an address that a link leads to.
func classOf(a address) int {
	switch {
	case a.url.RawQuery != "" && !documentQuery(a.url.RawQuery):
		return queryLink
	case archive(a):
		return archiveLink
	}
	return plainLink
}

// documentQuery tells queries that name a document, on sites that keep all of
// them under one path: a single parameter called like an identifier.
func documentQuery(raw string) bool {
	name, value, _ := strings.Cut(strings.ToLower(raw), "=")
	if strings.Contains(raw, "&") || value == "" {
		return false
	}
	switch name {
	case "id", "p", "aid", "pid", "nid", "cid", "page_id", "pageid", "post", "post_id", "article", "articleid", "article_id",
		"a", "doc", "docid", "doc_id", "document", "kb", "kbid", "topic", "topicid", "faq", "faqid", "item", "itemid", "entry",
		"slug", "title", "question", "solution", "solutionid", "content", "contentid", "node":
		return true
	}
	return false
}

// endless names what makes a link's address one too many of its kind, or "".
func (f *frontier) endless(a address, maxDocuments int) string {
	if why := trap(a); why != "" {
		return why
	}
	if a.url.RawQuery == "" {
		return ""
	}
	limit := maxVariants
	kind := "?"
	if documentQuery(a.url.RawQuery) {
		limit, kind = 2*maxDocuments, "?id"
	}
	path, _, _ := strings.Cut(a.key, "?")
	if f.variants == nil {
		f.variants = map[string]int{}
	}
	if f.variants[path+kind] >= limit {
		return fmt.Sprintf("more than %d queries of one path", limit)
	}
	f.variants[path+kind]++
	return ""
}
