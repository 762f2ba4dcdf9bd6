// Package robots reads robots.txt files and tells which paths they let a
// crawler fetch, by RFC 9309. Files are read as leniently as the large search
// engines read them: nothing in a file is an error.
package robots

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// MaxBytes is how much of a file is read; the RFC asks for no less than this.
const MaxBytes = 500 << 10

const (
	// Longer lines are cut: eight times the longest address that browsers took
	// when the convention arose.
	maxLine     = 16_663
	maxSitemaps = 1_000
	maxDelay    = 24 * time.Hour
)

// File is what a robots.txt says to one crawler. It is safe for concurrent use.
type File struct {
	// Sitemaps are the addresses of its Sitemap lines, at most 1,000.
	Sitemaps []string
	own, any Rules
	hasOwn   bool
}

// Rules are what holds for one crawler. The zero value allows everything.
type Rules struct {
	// CrawlDelay is the wait between requests that is asked for, 0 if none.
	CrawlDelay time.Duration
	rules      []rule
}

type rule struct {
	allow   bool
	pattern string // normalised, without the anchor
	anchor  bool   // ended by $
	line    string // as written
}

// length is what the longest match is measured by.
func (r rule) length() int {
	if r.anchor {
		return len(r.pattern) + 1
	}
	return len(r.pattern)
}

// Parse reads a file of any content for the crawler with the given product
// token. What exceeds MaxBytes is not looked at; a line that the limit cuts in
// two is dropped. Groups of other crawlers cost nothing: a file that names a
// thousand of them in front of each rule would take the square of its size.
func Parse(data []byte, token string) *File {
	if len(data) > MaxBytes {
		data = data[:MaxBytes]
		if i := bytes.LastIndexAny(data, "\r\n"); i >= 0 {
			data = data[:i]
		}
	}
	text := strings.TrimPrefix(string(data), "\xef\xbb\xbf")
	p := parser{file: &File{}, token: strings.ToLower(token), closed: true}
	for text != "" {
		line := text
		if i := strings.IndexAny(line, "\r\n"); i >= 0 {
			line = line[:i]
		}
		text = text[min(len(line)+1, len(text)):]
		p.line(line)
	}
	return p.file
}

// parser holds the groups that the next rules belong to.
type parser struct {
	file   *File
	token  string
	own    bool // the group names our crawler
	any    bool // the group is for all crawlers
	closed bool // a rule was seen, so that the next agent begins a new group
}

// groups calls f for each group that a rule belongs to.
func (p *parser) groups(f func(*Rules)) {
	if p.own {
		f(&p.file.own)
	}
	if p.any {
		f(&p.file.any)
	}
}

func (p *parser) line(raw string) {
	if len(raw) > maxLine {
		raw = raw[:maxLine]
	}
	if i := strings.IndexByte(raw, '#'); i >= 0 {
		raw = raw[:i]
	}
	key, value, ok := strings.Cut(raw, ":")
	if !ok {
		fields := strings.Fields(key)
		if len(fields) != 2 {
			return
		}
		key, value = fields[0], fields[1]
	}
	value = strings.TrimSpace(value)
	switch strings.ToLower(strings.TrimSpace(key)) {
	case "user-agent", "useragent", "user agent":
		p.agent(value)
	case "allow":
		p.rule(true, value)
	case "disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw":
		p.rule(false, value)
	case "crawl-delay", "crawldelay":
		p.delay(value)
	case "sitemap", "site-map":
		if value != "" && len(p.file.Sitemaps) < maxSitemaps {
			p.file.Sitemaps = append(p.file.Sitemaps, value)
		}
	}
}

func (p *parser) agent(value string) {
	if p.closed {
		p.own, p.any, p.closed = false, false, false
	}
	if value == "*" || strings.HasPrefix(value, "* ") {
		p.any = true
	} else if name := Token(value); name != "" && name == p.token {
		p.own, p.file.hasOwn = true, true
	}
}

func (p *parser) rule(allow bool, value string) {
	p.closed = true
	if value == "" || !p.own && !p.any {
		return // an empty Disallow forbids nothing
	}
	r := newRule(allow, value)
	p.groups(func(g *Rules) {
		g.rules = append(g.rules, r)
		if dir, ok := strings.CutSuffix(r.pattern, "/index.html"); ok && allow {
			g.rules = append(g.rules, rule{allow: true, pattern: dir + "/", anchor: true, line: r.line})
		}
	})
}

func newRule(allow bool, value string) rule {
	r := rule{allow: allow, line: value}
	value, r.anchor = strings.CutSuffix(value, "$")
	r.pattern = Normalise(value)
	return r
}

// delay takes the longest of several delays of one group. Nonsense is ignored.
func (p *parser) delay(value string) {
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || !(seconds > 0) {
		return
	}
	d := maxDelay
	if seconds < maxDelay.Seconds() {
		d = time.Duration(seconds * float64(time.Second))
	}
	p.groups(func(g *Rules) { g.CrawlDelay = max(g.CrawlDelay, d) })
}

// Token returns the product token of a User-Agent value in lower case: its
// leading letters, hyphens and underscores.
func Token(userAgent string) string {
	end := 0
	for end < len(userAgent) {
		c := userAgent[end]
		if c != '-' && c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
		end++
	}
	return strings.ToLower(userAgent[:end])
}

// Rules returns what holds for the crawler: the rules of its own groups, or
// else those for any crawler. Own groups inherit nothing.
func (f *File) Rules() *Rules {
	if f.hasOwn {
		return &f.own
	}
	return &f.any
}

// Allowed tells whether a path with its query, percent-encoded as in a URL, may
// be fetched, and the rule that decided, as written; empty when none did. The
// longest pattern that matches decides, and of equals the one that allows.
func (r *Rules) Allowed(pathAndQuery string) (ok bool, by string) {
	if pathAndQuery == "" {
		pathAndQuery = "/"
	}
	if pathAndQuery == "/robots.txt" {
		return true, ""
	}
	path := Normalise(pathAndQuery)
	best := -1
	ok = true
	for _, rule := range r.rules {
		n := rule.length()
		if n < best || n == best && !rule.allow {
			continue
		}
		if match(rule.pattern, path, rule.anchor) {
			best, ok, by = n, rule.allow, rule.line
		}
	}
	return ok, by
}

// Pattern is a path pattern as robots.txt writes them: * stands for any run of
// characters, a $ at the end anchors it there; otherwise a prefix matches.
type Pattern struct{ rule rule }

// NewPattern returns the pattern written as text.
func NewPattern(text string) Pattern { return Pattern{newRule(true, text)} }

// Match tells whether the pattern matches a path with its query.
func (p Pattern) Match(pathAndQuery string) bool {
	return match(p.rule.pattern, Normalise(pathAndQuery), p.rule.anchor)
}

// match finds the pieces between the stars one after another, each as early as
// it occurs: no other placement can leave more for those that follow, so
// nothing is ever tried twice.
func match(pattern, path string, anchor bool) bool {
	piece, rest, star := strings.Cut(pattern, "*")
	if !strings.HasPrefix(path, piece) {
		return false
	}
	path = path[len(piece):]
	if !star {
		return !anchor || path == ""
	}
	for {
		piece, rest, star = strings.Cut(rest, "*")
		if !star {
			break
		}
		i := strings.Index(path, piece)
		if i < 0 {
			return false
		}
		path = path[i+len(piece):]
	}
	if anchor {
		return strings.HasSuffix(path, piece)
	}
	return strings.Contains(path, piece)
}

const upperHex = "0123456789ABCDEF"

// Normalise brings rules and paths to one spelling: escapes in upper case,
// unreserved characters bare, octets outside of ASCII and spaces escaped. In a
// query the colon and the slash are the same bare and escaped.
func Normalise(s string) string {
	if plain(s) {
		return s
	}
	var sb strings.Builder
	sb.Grow(len(s) + 8)
	query := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			octet := unhex(s[i+1])<<4 | unhex(s[i+2])
			if unreserved(octet) || query && (octet == ':' || octet == '/') {
				sb.WriteByte(octet)
			} else {
				escape(&sb, octet)
			}
			i += 2
		case c <= ' ' || c >= 0x7f:
			escape(&sb, c)
		default:
			query = query || c == '?'
			sb.WriteByte(c)
		}
	}
	return sb.String()
}

func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '%' || c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

func escape(sb *strings.Builder, c byte) {
	sb.WriteByte('%')
	sb.WriteByte(upperHex[c>>4])
	sb.WriteByte(upperHex[c&15])
}

func unreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
