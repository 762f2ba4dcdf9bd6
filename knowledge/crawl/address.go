package crawl

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"sort"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/kundeagent/kundeagent/knowledge/crawl/internal/robots"
)

const (
	maxURL        = 2048
	maxSegments   = 12
	maxSameInPath = 2 // of one segment; more is a loop
)

var errNotWeb = errors.New("not a web address")

// address is one place on the web: how to fetch it, and what tells it from
// others. Spellings with the same key are the same page.
type address struct {
	url *url.URL
	key string
}

func (a address) String() string { return a.url.String() }

// requestPath is what robots.txt and patterns are matched against.
func (a address) requestPath() string {
	p := a.url.EscapedPath()
	if p == "" {
		p = "/"
	}
	if a.url.RawQuery != "" {
		p += "?" + a.url.RawQuery
	}
	return p
}

// resolve reads a reference as found on the page at base. It fails with
// errNotWeb for schemes that hold no pages, as mailto.
func resolve(base *url.URL, ref string) (address, error) {
	const longest = 64 << 10
	if len(ref) > longest {
		return address{}, fmt.Errorf("%d bytes: %w", len(ref), errNotWeb)
	}
	if ref = strings.TrimSpace(ref); strings.ContainsAny(ref, "\t\n\r") {
		ref = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(ref)
	}
	u, err := base.Parse(ref)
	if err != nil {
		return address{}, fmt.Errorf("%w: %w", errNotWeb, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return address{}, errNotWeb
	}
	host, err := properHost(u)
	if err != nil {
		return address{}, fmt.Errorf("%w: %w", errNotWeb, err)
	}
	query, keyQuery := tidyQuery(u.RawQuery)
	escaped := dropPathSession(robots.Normalise(u.EscapedPath()))
	clean, err := (&url.URL{Scheme: u.Scheme, Host: host}).Parse(orRoot(escaped))
	if err != nil {
		return address{}, fmt.Errorf("%w: %w", errNotWeb, err)
	}
	clean.Scheme, clean.Host, clean.RawQuery = u.Scheme, host, query
	key := keyHost(host) + clean.EscapedPath()
	if keyQuery != "" {
		key += "?" + keyQuery
	}
	return address{clean, key}, nil
}

// orRoot makes a path that no reference rule can read as a host.
func orRoot(p string) string {
	if p == "" {
		return "/"
	}
	if strings.HasPrefix(p, "//") {
		return "/." + p
	}
	return p
}

// properHost returns the host in lower case and ASCII, without a default port
// or a final dot.
func properHost(u *url.URL) (string, error) {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "" {
		return "", errors.New("no host")
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		host = addr.String()
	} else if !nameLike(host) || strings.Contains(host, "xn--") {
		// What IDNA refuses, as a name with an underscore, may be in use.
		if ascii, err := idna.Lookup.ToASCII(host); err == nil {
			host = ascii
		}
		if !nameLike(host) {
			return "", fmt.Errorf("host %.100q", host)
		}
	}
	port := u.Port()
	if port == "" || port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		if strings.Contains(host, ":") {
			return "[" + host + "]", nil
		}
		return host, nil
	}
	return net.JoinHostPort(host, port), nil
}

// nameLike tells names that DNS may hold: labels of letters, digits, hyphens
// and underscores.
func nameLike(host string) bool {
	for _, label := range strings.Split(host, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return len(host) <= 253
}

// keyHost takes www.example.com and example.com for one.
func keyHost(host string) string {
	if rest, ok := strings.CutPrefix(host, "www."); ok && strings.Contains(rest, ".") {
		return rest
	}
	return host
}

// dropPathSession takes ;jsessionid=… and its like off the path.
func dropPathSession(p string) string {
	for {
		i := strings.IndexByte(p, ';')
		if i < 0 {
			return p
		}
		end := len(p)
		if j := strings.IndexByte(p[i:], '/'); j >= 0 {
			end = i + j
		}
		name, _, _ := strings.Cut(p[i+1:end], "=")
		if !sessionName(strings.ToLower(name)) {
			return p
		}
		p = p[:i] + p[end:]
	}
}

// tidyQuery takes tracking and session parameters out of a query. The first
// result keeps the order and spelling of the rest; the second is sorted and
// normalised for comparison.
func tidyQuery(raw string) (fetch, key string) {
	if raw == "" {
		return "", ""
	}
	var kept, keys []string
	for _, part := range strings.Split(raw, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if name = strings.ToLower(name); part == "" || trackingName(name) || sessionName(name) {
			continue
		}
		kept = append(kept, strings.ReplaceAll(part, " ", "%20"))
		keys = append(keys, robots.Normalise("?" + strings.ReplaceAll(part, "+", "%20"))[1:])
	}
	sort.Strings(keys)
	return strings.Join(kept, "&"), strings.Join(keys, "&")
}

func trackingName(name string) bool {
	for _, prefix := range []string{"utm_", "mtm_", "pk_", "piwik_", "matomo_", "hsa_", "_hs", "__hs", "oly_", "ns_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "yclid", "ttclid", "twclid", "li_fat_id",
		"igshid", "mc_cid", "mc_eid", "mkt_tok", "vero_id", "vero_conv", "wickedid", "_ga", "_gl", "_ke", "s_kwcid",
		"epik", "rb_clickid", "trk_contact", "trk_msg", "trk_module", "trk_sid", "hsctatracking", "srsltid":
		return true
	}
	return false
}

func sessionName(name string) bool {
	switch name {
	case "sid", "phpsessid", "jsessionid", "sessionid", "session_id", "sessid", "sess", "session", "cfid", "cftoken",
		"oscsid", "zenid", "xtcsid", "viewstate", "__cfduid":
		return true
	}
	return strings.HasPrefix(name, "aspsessionid")
}

// trap names what makes an address one of a kind that has no end, or "".
func trap(a address) string {
	if n := len(a.url.String()); n > maxURL {
		return fmt.Sprintf("%d bytes long", n)
	}
	segments := strings.Split(strings.Trim(a.url.EscapedPath(), "/"), "/")
	if len(segments) > maxSegments {
		return fmt.Sprintf("%d segments", len(segments))
	}
	count := map[string]int{}
	for _, s := range segments {
		if s != "" && strings.Trim(s, "0123456789") == "" {
			continue
		}
		if count[s]++; count[s] > maxSameInPath {
			return fmt.Sprintf("segment %q repeated", s)
		}
	}
	return ""
}

// mediaPath tells addresses whose ending says that they hold no text.
func mediaPath(a address) bool {
	switch strings.ToLower(strings.TrimPrefix(path.Ext(a.url.Path), ".")) {
	case "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "ico", "bmp", "tif", "tiff", "heic", "psd", "ai", "eps",
		"mp3", "m4a", "wav", "ogg", "oga", "flac", "mp4", "m4v", "mov", "avi", "mkv", "webm", "wmv", "mpg", "mpeg",
		"css", "js", "mjs", "map", "wasm", "woff", "woff2", "ttf", "otf", "eot", "swf",
		"zip", "gz", "tgz", "bz2", "xz", "7z", "rar", "tar", "iso", "dmg", "exe", "msi", "apk", "deb", "rpm", "pkg", "bin", "jar":
		return true
	}
	return false
}

// archive tells lists that are made from a calendar, as /events/2026/11/.
func archive(a address) bool {
	segments := strings.Split(strings.Trim(a.url.Path, "/"), "/")
	if len(segments) > 0 {
		switch last := segments[len(segments)-1]; {
		case len(last) == 7 && last[4] == '-' || len(last) == 10 && last[4] == '-' && last[7] == '-':
			return year(last[:4]) && strings.Trim(last, "0123456789-") == ""
		}
	}
	numbers := 0
	for i := len(segments) - 1; i >= 0 && numbers < 3; i-- {
		s := segments[i]
		if strings.Trim(s, "0123456789") != "" || s == "" {
			return false
		}
		if numbers++; year(s) {
			return true
		}
		if len(s) > 2 {
			return false
		}
	}
	return false
}

func year(s string) bool {
	return len(s) == 4 && (s[:2] == "19" || s[:2] == "20" || s[:2] == "21") && strings.Trim(s, "0123456789") == ""
}

// scope is which addresses belong to a source.
type scope struct {
	start            address
	host             string // key of the start's host
	domain           string // registrable domain, with Subdomains
	prefix           string
	include, exclude []robots.Pattern
	single           bool // only the start
}

func newScope(cfg Config, start address) scope {
	s := scope{start: start, host: keyHost(start.url.Host), prefix: cfg.PathPrefix, single: !cfg.Related}
	if cfg.Subdomains {
		if d, err := publicsuffix.EffectiveTLDPlusOne(start.url.Hostname()); err == nil {
			s.domain = d
		}
	}
	for _, p := range cfg.Include {
		s.include = append(s.include, robots.NewPattern(p))
	}
	for _, p := range cfg.Exclude {
		s.exclude = append(s.exclude, robots.NewPattern(p))
	}
	return s
}

// onSite tells whether the host is the source's.
func (s scope) onSite(u *url.URL) bool {
	if keyHost(u.Host) == s.host {
		return true
	}
	if s.domain == "" {
		return false
	}
	host := u.Hostname()
	return (host == s.domain || strings.HasSuffix(host, "."+s.domain)) && u.Port() == s.start.url.Port()
}

// refuse returns why an address does not belong to the source, or "".
func (s scope) refuse(a address) (Outcome, string) {
	if !s.onSite(a.url) {
		return OffSite, ""
	}
	p := a.requestPath()
	if s.prefix != "" && !underPrefix(a.url.EscapedPath(), s.prefix) {
		return Excluded, "outside " + s.prefix
	}
	for i, pattern := range s.exclude {
		if pattern.Match(p) {
			return Excluded, fmt.Sprintf("exclude pattern %d", i+1)
		}
	}
	for _, pattern := range s.include {
		if pattern.Match(p) {
			return "", ""
		}
	}
	if len(s.include) > 0 {
		return Excluded, "no include pattern"
	}
	return "", ""
}

// underPrefix compares whole segments: /help holds /help/a, not /helpers.
func underPrefix(p, prefix string) bool {
	rest, ok := strings.CutPrefix(p, prefix)
	return ok && (rest == "" || strings.HasSuffix(prefix, "/") || rest[0] == '/')
}
