package htmldoc

import (
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/language"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// headFacts are the nodes that declare something about the page.
type headFacts struct {
	lang              string
	base              string
	title             int
	metas, links      []int
	anchors, headings []int
	times, scripts    []int
}

// longestTitle is the most bytes of a title that are read.
const longestTitle = 500

// mostCandidates bounds the headings and times among which the title and the
// dates are sought.
const mostCandidates = 100

// note keeps the nodes that readMeta looks at, in document order.
func (h *headFacts) note(t *tree, i int) {
	n := t.nodes[i].html
	if n.Namespace != "" {
		return
	}
	switch n.DataAtom {
	case atom.Html:
		if h.lang = attr(n, "lang"); h.lang == "" {
			h.lang = attr(n, "xml:lang")
		}
	case atom.Base:
		if h.base == "" {
			h.base = attr(n, "href")
		}
	case atom.Title:
		if h.title == 0 {
			h.title = i
		}
	case atom.Meta:
		h.metas = append(h.metas, i)
	case atom.Link:
		h.links = append(h.links, i)
	case atom.A, atom.Area:
		h.anchors = append(h.anchors, i)
	case atom.H1:
		if len(h.headings) < mostCandidates {
			h.headings = append(h.headings, i)
		}
	case atom.Time:
		if len(h.times) < mostCandidates {
			h.times = append(h.times, i)
		}
	case atom.Script:
		if strings.Contains(strings.ToLower(attr(n, "type")), "ld+json") {
			h.scripts = append(h.scripts, i)
		}
	}
}

// metadata is what the page declares about itself.
type metadata struct {
	base                *url.URL
	properties          map[string]string // meta name or property, lower case, first wins
	titleText           string
	language            string
	canonical, refresh  string
	published, modified time.Time
	robots              Robots
	alternates          []Alternate
	structured          structured
}

func readMeta(t *tree, opts Options, base *url.URL) *metadata {
	m := &metadata{base: base, properties: map[string]string{}}
	if t.head.base != "" {
		if u, err := url.Parse(strings.TrimSpace(t.head.base)); err == nil {
			m.base = u
			if base != nil {
				m.base = base.ResolveReference(u)
			}
		}
	}
	if t.head.title > 0 {
		m.titleText = build.Fold(cut(rawText(t.nodes[t.head.title].html), longestTitle))
	}
	for _, i := range t.head.metas {
		m.meta(t.nodes[i].html, opts.UserAgent)
	}
	for _, i := range t.head.links {
		m.link(t.nodes[i].html)
	}
	m.structured = readStructured(t)
	m.language = canonicalLanguage(t.head.lang, m.properties["og:locale"], m.properties["content-language"], m.structured.language)
	m.dates(t)
	return m
}

func rawText(n *html.Node) string {
	if n.FirstChild != nil && n.FirstChild.Type == html.TextNode {
		return n.FirstChild.Data
	}
	return ""
}

func (m *metadata) meta(n *html.Node, agent string) {
	content := strings.TrimSpace(attr(n, "content"))
	keys := [...]string{attr(n, "property"), attr(n, "name"), attr(n, "itemprop"), attr(n, "http-equiv")}
	for _, k := range keys {
		k = strings.ToLower(strings.TrimSpace(k))
		if k == "" {
			continue
		}
		if _, seen := m.properties[k]; !seen && content != "" {
			m.properties[k] = content
		}
	}
	name := strings.TrimSpace(attr(n, "name"))
	if strings.EqualFold(name, "robots") || agent != "" && strings.EqualFold(name, agent) {
		none := hasWord(content, "none")
		m.robots.NoIndex = m.robots.NoIndex || none || hasWord(content, "noindex")
		m.robots.NoFollow = m.robots.NoFollow || none || hasWord(content, "nofollow")
	}
	if strings.EqualFold(strings.TrimSpace(attr(n, "http-equiv")), "refresh") && m.refresh == "" {
		if i := strings.Index(strings.ToLower(content), "url="); i >= 0 {
			m.refresh = resolve(m.base, strings.Trim(content[i+len("url="):], " \t\r\n\"'"))
		}
	}
}

func (m *metadata) link(n *html.Node) {
	const mostAlternates = 500
	rel := attr(n, "rel")
	switch {
	case hasWord(rel, "canonical"):
		if m.canonical == "" {
			m.canonical = resolve(m.base, attr(n, "href"))
		}
	case hasWord(rel, "alternate"):
		lang, to := attr(n, "hreflang"), resolve(m.base, attr(n, "href"))
		if lang != "" && to != "" && len(m.alternates) < mostAlternates {
			m.alternates = append(m.alternates, Alternate{Language: lang, URL: to})
		}
	}
}

// isNews reports whether the page declares itself as news or a blog post.
func (m *metadata) isNews() bool {
	return m.structured.news || m.properties["article:published_time"] != "" || m.properties["article:section"] != "" || m.properties["og:article:published_time"] != ""
}

// canonicalLanguage returns the first of the values that is a language tag.
func canonicalLanguage(values ...string) string {
	for _, v := range values {
		v, _, _ = strings.Cut(strings.TrimSpace(v), ",")
		if v == "" || len(v) > 35 {
			continue
		}
		if tag, err := language.Parse(strings.ReplaceAll(v, "_", "-")); err == nil && tag != language.Und {
			return tag.String()
		}
	}
	return ""
}

func (m *metadata) dates(t *tree) {
	p := m.properties
	m.published = firstTime(p["article:published_time"], m.structured.published, p["datepublished"], p["og:article:published_time"], p["dc.date.issued"], p["date"])
	m.modified = firstTime(p["article:modified_time"], p["og:updated_time"], m.structured.modified, p["datemodified"], p["last-modified"])
	for _, i := range t.head.times {
		if !m.published.IsZero() && !m.modified.IsZero() {
			return
		}
		at := firstTime(t.attr(i, "datetime"))
		if at.IsZero() || t.is(i, inNav) {
			continue
		}
		said := strings.ToLower(t.attr(i, "itemprop") + " " + t.attr(i, "class"))
		if strings.Contains(said, "modif") || strings.Contains(said, "updat") {
			if m.modified.IsZero() {
				m.modified = at
			}
		} else if m.published.IsZero() {
			m.published = at
		}
	}
}

var timeLayouts = [...]string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01-02Z07:00", time.RFC1123, time.RFC1123Z, "January 2, 2006", "20060102"}

func firstTime(values ...string) time.Time {
	for _, v := range values {
		if v = strings.TrimSpace(v); v == "" || len(v) > 64 {
			continue
		}
		for _, layout := range timeLayouts {
			if at, err := time.Parse(layout, v); err == nil && at.Year() > 1970 && at.Year() < 2200 {
				return at
			}
		}
	}
	return time.Time{}
}

// title chooses the page's title: the first heading where the page's other
// titles agree with it, else the shared title, else the browser's title without
// the name of the site.
func (m *metadata) title(t *tree, root int) string {
	shared := build.Fold(cut(m.properties["og:title"], longestTitle))
	if shared == "" {
		shared = build.Fold(cut(m.properties["twitter:title"], longestTitle))
	}
	known := letters(shared + "\n" + m.titleText)
	inRoot := ""
	for _, i := range t.head.headings {
		text := t.shortText(i, longestTitle)
		if text == "" || m.isSiteName(text) {
			continue
		}
		inside := i >= root && i < t.end(root) && !t.is(i, dropped)
		if key := letters(text); key != "" && strings.Contains(known, key) {
			return text
		}
		if inside && inRoot == "" {
			inRoot = text
		}
	}
	site := m.properties["og:site_name"]
	switch {
	case inRoot != "":
		return inRoot
	case shared != "":
		return stripSite(shared, site, false)
	case m.structured.headline != "":
		return build.Fold(cut(m.structured.headline, longestTitle))
	}
	return stripSite(m.titleText, site, true)
}

func (m *metadata) isSiteName(text string) bool {
	return strings.EqualFold(text, m.properties["og:site_name"])
}

var titleSeparators = [...]string{" | ", " – ", " — ", " - ", " · ", " » ", " « ", " :: ", " • "}

// stripSite removes the site's name from the end of a title; guess removes a
// short last part even where the name is not known.
func stripSite(title, site string, guess bool) string {
	for _, sep := range titleSeparators {
		i := strings.LastIndex(title, sep)
		if i <= 0 {
			continue
		}
		first, last := title[:i], title[i+len(sep):]
		if site != "" && strings.EqualFold(strings.TrimSpace(last), strings.TrimSpace(site)) {
			return first
		}
		if guess && len(strings.Fields(last)) <= 4 && len(first) >= len(last) {
			return first
		}
	}
	return title
}

func cut(s string, limit int) string {
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

// fill writes what was declared to the page and its document.
func (m *metadata) fill(page *Page, t *tree, title string, root int) {
	doc := page.Document
	doc.Title, doc.Language = title, m.language
	doc.Published, doc.Modified = m.published, m.modified
	doc.URL = m.canonical
	page.Canonical, page.MetaRefresh = m.canonical, m.refresh
	page.Robots, page.Alternates = m.robots, m.alternates
	for _, i := range t.head.anchors {
		n := t.nodes[i].html
		to := resolve(m.base, attr(n, "href"))
		if to == "" {
			continue
		}
		l := knowledge.Link{URL: to, Text: t.linkText(i), NoFollow: m.robots.NoFollow || hasWord(attr(n, "rel"), "nofollow")}
		page.Links = append(page.Links, l)
		if i >= root && i < t.end(root) && !t.is(i, dropped) {
			doc.Links = append(doc.Links, l)
		}
	}
}

func (t *tree) linkText(i int) string {
	const longest = 300
	var sb strings.Builder
	for j := i + 1; j < min(t.end(i), i+64) && sb.Len() < longest; j++ {
		switch {
		case t.isText(j):
			appendFolded(&sb, t.nodes[j].html.Data, longest)
		case unreadable(t.tag(j)):
			j = t.end(j) - 1
		}
	}
	if text := strings.Join(strings.Fields(sb.String()), " "); text != "" {
		return cut(text, longest)
	}
	if label := t.attr(i, "aria-label"); label != "" {
		return cut(label, longest)
	}
	return cut(t.attr(i, "title"), longest)
}

// resolve returns the absolute form of a link to another page; it is empty for
// other schemes and for places on the same page.
func resolve(base *url.URL, ref string) string {
	const longest = 4096
	ref = strings.TrimSpace(ref)
	if ref == "" || ref[0] == '#' || len(ref) > longest {
		return ""
	}
	u, err := url.Parse(strings.Map(dropBreaks, ref))
	if err != nil {
		return ""
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https", "":
		return u.String()
	}
	return ""
}

// dropBreaks removes what a browser removes from an address.
func dropBreaks(r rune) rune {
	if r == '\n' || r == '\r' || r == '\t' {
		return -1
	}
	return r
}

// needsRender tells a page whose content a script would have to write: hardly
// any text, scripts, and an empty mount point or a notice to enable scripts.
func (t *tree) needsRender(text string) bool {
	const littleText = 200
	if len(text) >= littleText || t.scripts == 0 {
		return false
	}
	if said := strings.ToLower(t.noscript); strings.Contains(said, "javascript") || strings.Contains(said, "enable") && strings.Contains(said, "script") {
		return true
	}
	for _, id := range [...]string{"root", "app", "__next", "__nuxt", "app-root", "main-app", "application", "ember-app", "gatsby-focus-wrapper", "svelte", "q-app", "react-root", "mount", "___gatsby"} {
		if i, ok := t.ids[id]; ok && t.nodes[i].text < littleText {
			return true
		}
	}
	for i := t.body; i < t.end(t.body); i++ {
		if n := t.nodes[i].html; n.Data == "app-root" || attr(n, "ng-app") != "" || attr(n, "data-reactroot") != "" || attr(n, "ng-version") != "" {
			return true
		}
	}
	return len(text) == 0
}
