package crawl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"path"
	"strings"

	"golang.org/x/text/language"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/htmldoc"
)

const (
	maxLinks         = 5_000
	refreshTextBelow = 400 // of a page that is a redirect in disguise
)

// read is what a worker found out about one address. Nothing in it is shared.
type read struct {
	item *item
	fetched
	doc       *knowledge.Document // nil if there is none, or to be asked for again
	state     pageState           // what to remember; zero if nothing
	links     []link
	canonical *address // another address that the page names as its own
	missing   bool     // it shows what the site shows for addresses that do not exist
	notes     []string
}

type link struct {
	to       address
	noFollow bool
}

// look fetches one address and reads what it holds.
func (s *Source) look(ctx context.Context, f *fetcher, it *item) (r *read) {
	r = &read{item: it}
	defer func() {
		if p := recover(); p != nil {
			r.doc, r.redirect, r.notModified = nil, nil, false
			r.outcome, r.err = Malformed, fmt.Errorf("panic while reading: %v", p)
		}
	}()
	var known *pageState
	if it.state != nil && it.state.validator() && !it.anew {
		known = it.state
	}
	r.fetched = f.fetch(ctx, it.addr, known)
	switch {
	case r.outcome != "" || r.redirect != nil:
	case r.notModified && known == nil:
		r.notModified, r.outcome, r.detail = false, Status, "status 304 to an unconditional request"
	case r.notModified:
		s.recall(r, known)
	case r.html:
		s.readHTML(ctx, f, r)
	default:
		s.readFile(ctx, r)
	}
	r.body = nil
	return r
}

// recall takes from the last crawl what a page said that has not changed.
func (s *Source) recall(r *read, known *pageState) {
	r.state = *known
	for _, l := range known.Links {
		if to, err := resolve(r.addr.url, l); err == nil {
			r.links = append(r.links, link{to: to})
		}
	}
	if known.Canonical != "" {
		if c, err := resolve(r.addr.url, known.Canonical); err == nil && c.key != r.addr.key {
			r.canonical = &c
		}
	}
	if noIndex, _ := headerRobots(r.header, s.token); noIndex && !s.cfg.IgnoreNoIndex {
		r.state.Outcome, r.state.Detail = NoIndex, "X-Robots-Tag"
	}
	r.outcome, r.detail = r.state.Outcome, r.state.Detail
}

func (s *Source) parseHTML(ctx context.Context, got fetched) (*htmldoc.Page, error) {
	return htmldoc.ParsePage(ctx, htmldoc.Options{
		Name: got.addr.String(), URL: got.addr.String(), ContentType: got.contentType,
		Drop: s.cfg.Drop, Keep: s.cfg.Keep, UserAgent: s.token,
		Limits: htmldoc.Limits{MaxBytes: int(s.cfg.MaxPageBytes)},
	}, got.body)
}

func (s *Source) readHTML(ctx context.Context, f *fetcher, r *read) {
	page, err := s.parseHTML(ctx, r.fetched)
	if err == nil && page.NeedsRender && s.cfg.Renderer != nil {
		page, err = s.render(ctx, r, page)
	}
	if err != nil {
		r.outcome, r.err = parseFault(err), err
		return
	}
	text := page.Document.PlainText()
	if to := s.refresh(page, r.addr, text); to != nil {
		r.redirect = to
		return
	}
	noIndex, noFollow := headerRobots(r.header, s.token)
	why := "X-Robots-Tag"
	if !noIndex && page.Robots.NoIndex {
		noIndex, why = true, "meta element"
	}
	s.collectLinks(r, page, noFollow || page.Robots.NoFollow)
	s.finishDocument(r, page.Document, text, page.TextHash)
	r.missing = f.probe.shows(text, r.addr)
	s.tagLanguage(r, page)
	switch {
	case noIndex && !s.cfg.IgnoreNoIndex:
		r.outcome, r.detail = NoIndex, why
	case loginWall(r.body, text):
		r.outcome, r.detail = Login, "the page is a form with a password"
	case page.NeedsRender:
		r.outcome = Script
	case len(page.Document.Blocks) == 0:
		r.outcome = NoText
	case saysMissing(page.Document.Title, text):
		r.outcome, r.detail = Soft404, "titled "+page.Document.Title
	case !s.wanted(r.doc.Language):
		r.outcome, r.detail = Language, r.doc.Language
	default:
		s.readCanonical(r, page)
	}
	s.remember(r, page.TextHash)
}

// render reads the page again as a browser shows it. If that fails, the page
// counts as one that would have to be rendered.
func (s *Source) render(ctx context.Context, r *read, shell *htmldoc.Page) (*htmldoc.Page, error) {
	body, err := s.cfg.Renderer.Render(ctx, r.addr.String())
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		r.notes = append(r.notes, fmt.Sprintf("rendering failed: %v", err))
		return shell, nil
	}
	r.fetched.body, r.contentType = body, "text/html; charset=utf-8"
	return s.parseHTML(ctx, r.fetched)
}

// refresh returns where a page leads that is nothing but a redirect.
func (s *Source) refresh(page *htmldoc.Page, at address, text string) *address {
	if page.MetaRefresh == "" || len(text) >= refreshTextBelow {
		return nil
	}
	to, err := resolve(at.url, page.MetaRefresh)
	if err != nil || to.key == at.key {
		return nil
	}
	return &to
}

// readCanonical obeys a canonical address on the same site. One on another host
// is more often left over from staging than meant, and the root as the
// canonical address of every page is a common mistake in templates.
func (s *Source) readCanonical(r *read, page *htmldoc.Page) {
	if page.Canonical == "" {
		return
	}
	c, err := resolve(r.addr.url, page.Canonical)
	switch {
	case err != nil:
	case c.key == r.addr.key:
		r.doc.URL = c.String()
	case !s.scope.onSite(c.url):
		r.notes = append(r.notes, "canonical address on another host: "+c.String())
	case strings.Trim(c.requestPath(), "/") == "" && r.addr.url.RawQuery == "":
		r.notes = append(r.notes, "canonical address is the front page; not obeyed")
	default:
		r.canonical = &c
	}
}

// collectLinks takes the addresses that a page leads to, once each.
func (s *Source) collectLinks(r *read, page *htmldoc.Page, noFollow bool) {
	if !s.cfg.Related {
		return
	}
	const nowhere = -1
	tooMany := false
	at := map[string]int{}    // places in r.links by key
	spelt := map[string]int{} // and by spelling, because resolving costs more than looking up
	find := func(raw string, no bool) int {
		to, err := resolve(r.addr.url, raw)
		if err != nil || to.key == r.addr.key {
			return nowhere
		}
		i, ok := at[to.key]
		switch {
		case ok:
			return i
		case len(r.links) >= maxLinks:
			tooMany = true
			return nowhere
		}
		at[to.key] = len(r.links)
		r.links = append(r.links, link{to, no})
		return at[to.key]
	}
	add := func(raw string, no bool) {
		raw, _, _ = strings.Cut(raw, "#")
		i, ok := spelt[raw]
		if !ok {
			i = find(raw, no)
			spelt[raw] = i
		}
		if i != nowhere {
			r.links[i].noFollow = r.links[i].noFollow && no
		}
	}
	for _, l := range page.Links {
		add(l.URL, noFollow || l.NoFollow)
	}
	for _, alt := range page.Alternates {
		if s.wanted(alt.Language) {
			add(alt.URL, noFollow)
		}
	}
	if page.MetaRefresh != "" {
		add(page.MetaRefresh, noFollow)
	}
	if tooMany {
		r.notes = append(r.notes, fmt.Sprintf("only the first %d links are followed", maxLinks))
	}
}

// tagLanguage takes the language from the list of translations when the page
// itself is silent.
func (s *Source) tagLanguage(r *read, page *htmldoc.Page) {
	if r.doc.Language != "" {
		return
	}
	r.doc.Language = r.item.language
	for _, alt := range page.Alternates {
		a, err := resolve(r.addr.url, alt.URL)
		if err == nil && a.key == r.addr.key && !strings.EqualFold(alt.Language, "x-default") {
			r.doc.Language = alt.Language
			return
		}
	}
}

// wanted tells whether a declared language is among those to import. What
// declares none is.
func (s *Source) wanted(declared string) bool {
	if len(s.languages) == 0 || declared == "" || strings.EqualFold(declared, "x-default") {
		return true
	}
	tag, err := language.Parse(declared)
	if err != nil {
		return true
	}
	base, _ := tag.Base()
	for _, l := range s.languages {
		if b, _ := l.Base(); b == base {
			return true
		}
	}
	return false
}

// readFile has content that is not HTML parsed.
func (s *Source) readFile(ctx context.Context, r *read) {
	doc, err := s.parse(ctx, r.addr.String(), r.contentType, r.body)
	if err == nil && doc == nil {
		err = knowledge.ErrNoText
	}
	if err != nil {
		r.outcome, r.err = parseFault(err), err
		return
	}
	own := *doc
	if own.Name == "" {
		own.Name = path.Base(r.addr.url.Path)
	}
	text := own.PlainText()
	hash := textHash(text)
	s.finishDocument(r, &own, text, hash)
	noIndex, _ := headerRobots(r.header, s.token)
	switch {
	case noIndex && !s.cfg.IgnoreNoIndex:
		r.outcome, r.detail = NoIndex, "X-Robots-Tag"
	case len(own.Blocks) == 0:
		r.outcome = NoText
	case !s.wanted(own.Language):
		r.outcome, r.detail = Language, own.Language
	}
	s.remember(r, hash)
}

func (s *Source) finishDocument(r *read, doc *knowledge.Document, text, hash string) {
	doc.ID, doc.URL = r.addr.key, r.addr.String()
	r.doc = doc
	r.state.Text, r.state.Sketch = hash, sketch(text)
}

// remember fills the state that the next crawl gets back.
func (s *Source) remember(r *read, text string) {
	r.state = pageState{
		Print: s.print, URL: r.addr.String(), Text: text, Sketch: r.state.Sketch, Outcome: r.outcome, Detail: r.detail,
		ETag: r.header.Get("ETag"), LastModified: r.header.Get("Last-Modified"), Doc: documentHash(r.doc),
	}
	if r.canonical != nil {
		r.state.Canonical = r.canonical.String()
	}
	for _, l := range r.links {
		if !l.noFollow && s.scope.onSite(l.to.url) {
			r.state.Links = append(r.state.Links, l.to.String())
		}
	}
	if r.outcome != "" {
		r.doc = nil
	}
}

func parseFault(err error) Outcome {
	switch {
	case errors.Is(err, knowledge.ErrUnsupported):
		return Type
	case errors.Is(err, knowledge.ErrNoText):
		return NoText
	case errors.Is(err, knowledge.ErrEncrypted):
		return Encrypted
	case errors.Is(err, knowledge.ErrTooLarge):
		return TooLarge
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Aborted
	}
	return Malformed
}

// textHash identifies a text, whatever its line breaks.
func textHash(text string) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(text), " ")))
	return hex.EncodeToString(sum[:])
}

// documentHash identifies all of a document that a reader sees or that is cited.
func documentHash(doc *knowledge.Document) string {
	h := sha256.New()
	put(h, doc.Title, doc.Language, doc.URL, doc.Name, doc.Published.UTC().String(), doc.Modified.UTC().String())
	for _, b := range doc.Blocks {
		fmt.Fprintf(h, "%d %d %d %d ", b.Kind, b.Level, len(b.Cells), len(b.Header))
		put(h, b.Label, b.Text)
		put(h, b.Cells...)
		put(h, b.Header...)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func put(h hash.Hash, parts ...string) {
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s ", len(p), p)
	}
}

// headerRobots reads X-Robots-Tag headers: directives for all crawlers, and
// those that begin with the crawler's name.
func headerRobots(h http.Header, token string) (noIndex, noFollow bool) {
	for _, value := range h.Values("X-Robots-Tag") {
		forUs := true
		for _, part := range strings.Split(value, ",") {
			part = strings.ToLower(strings.TrimSpace(part))
			if name, rest, ok := strings.Cut(part, ":"); ok && !valuedDirective(strings.TrimSpace(name)) {
				name = strings.TrimSpace(name)
				forUs = name == token || name == "*" || name == "robots"
				part = strings.TrimSpace(rest)
			}
			if !forUs {
				continue
			}
			switch part {
			case "noindex":
				noIndex = true
			case "nofollow":
				noFollow = true
			case "none":
				noIndex, noFollow = true, true
			}
		}
	}
	return noIndex, noFollow
}

// valuedDirective knows the directives that have a colon of their own.
func valuedDirective(name string) bool {
	switch name {
	case "unavailable_after", "max-snippet", "max-image-preview", "max-video-preview":
		return true
	}
	return false
}
