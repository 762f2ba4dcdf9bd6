package agent

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/kundeagent/kundeagent/knowledge"
)

// guardLinks promises that an address of the web in what leaves is one of those
// given: the address or in the text of a passage that may be cited, in
// [ActionResult].URLs, or below one of Config.AllowedURLs. Given are also the
// bare hosts of these, and the same without "https://". E-mail addresses must
// stand in what the model was given or in what the customer wrote. Images
// become links.
//
// It does not search for bad addresses: whatever a reader, a renderer or a
// phone may take for an address is removed unless it is in that set.
func guardLinks(d Draft) Verdict {
	out := d.Text
	if strings.Contains(out, "![") {
		out = unimage(out)
	}
	if strings.Contains(out, "]:") {
		out = dropDefinitions(out, d.given)
	}
	if strings.Contains(out, "](") {
		out = unlink(out, d.given)
	}
	out = dropAddresses(out, d.given)
	if strings.Contains(out, "](") {
		out = emptyLink.ReplaceAllString(out, "$1")
	}
	return rewriteIfChanged(d.Text, out, "address that was not given removed")
}

// emptyLink is a link whose label was an address that went.
var emptyLink = regexp.MustCompile(`\[\s*\]\(([^)]*)\)`)

// givenAddresses is the set of addresses that may leave. It is collected when it
// is first asked: most drafts have no address.
type givenAddresses struct {
	collect func()

	web      map[string]bool
	mail     map[string]bool
	prefixes []string
}

// addressesGiven is what a draft may contain.
func addressesGiven(d Draft, allowed []string) *givenAddresses {
	g := &givenAddresses{}
	g.collect = sync.OnceFunc(func() { g.collectFrom(d, allowed) })
	return g
}

func (g *givenAddresses) collectFrom(d Draft, allowed []string) {
	g.web, g.mail = map[string]bool{}, map[string]bool{}
	for _, p := range d.Passages {
		seen := read(p.Text()).text
		if p.Citable || p.Source == knowledge.ShortAnswerSource {
			g.addWeb(p.URL)
			g.addText(seen)
		}
		g.addMail(seen)
	}
	for _, r := range d.Actions {
		if r.Error != "" {
			continue
		}
		for _, u := range r.Result.URLs {
			g.addWeb(u)
		}
		g.addMail(read(r.Result.Text).text)
	}
	g.addMail(read(d.Question.Text).text)
	for _, m := range d.Question.History {
		g.addMail(read(m.Text).text)
	}
	for _, u := range allowed {
		if address, ok := strings.CutPrefix(u, "mailto:"); ok {
			g.addMail(read(address).text)
		} else if key := addressKey(u); key != "" {
			g.prefixes = append(g.prefixes, key)
		}
	}
}

func (g *givenAddresses) addWeb(address string) {
	key := addressKey(read(address).text)
	if key == "" {
		return
	}
	g.web[key] = true
	if host, _, _ := strings.Cut(key, "/"); strings.Contains(host, ".") {
		g.web[host] = true
	}
}

// addText adds the addresses of the web in a reading.
func (g *givenAddresses) addText(seen string) {
	for _, loc := range addressesIn(seen) {
		if a := seen[loc[0]:loc[1]]; !isMail(a) {
			g.addWeb(a)
		}
	}
}

// addMail adds the e-mail addresses in a reading.
func (g *givenAddresses) addMail(seen string) {
	if !strings.Contains(seen, "@") {
		return
	}
	for _, m := range mailAddress.FindAllString(seen, -1) {
		g.mail[strings.ToLower(strings.TrimRight(m, closingMarks))] = true
	}
}

// has reports whether an address as it was read was given. As the target of a
// link, an e-mail address needs its scheme, and a telephone number must not be
// one: digits are for the guard of figures.
func (g *givenAddresses) has(address string, target bool) bool {
	g.collect()
	if scheme, rest, ok := strings.Cut(address, ":"); ok {
		switch strings.ToLower(scheme) {
		case "mailto":
			return g.mail[strings.ToLower(rest)]
		case "tel", "sms", "callto":
			return !target && strings.Trim(rest, "+0123456789-./() ") == ""
		}
	}
	if isMail(address) && !strings.Contains(address, "/") {
		return !target && g.mail[strings.ToLower(address)]
	}
	key := addressKey(address)
	if g.web[key] {
		return key != ""
	}
	for _, p := range g.prefixes {
		if rest, ok := strings.CutPrefix(key, p); ok && !strings.Contains(rest, "..") &&
			(rest == "" || strings.ContainsRune("/?#", rune(rest[0])) || strings.ContainsRune("/?#=", rune(p[len(p)-1]))) {
			return true
		}
	}
	return false
}

// addressKey brings the spellings of one address together: scheme and host in
// small letters, no web scheme, no slash at the end. It is empty for what only
// has a scheme.
func addressKey(s string) string {
	low := strings.ToLower(s)
	for _, scheme := range []string{"https://", "http://"} {
		if strings.HasPrefix(low, scheme) {
			s = s[len(scheme):]
			break
		}
	}
	end := strings.IndexAny(s, "/?#")
	if end < 0 {
		end = len(s)
	}
	return strings.TrimSuffix(strings.ToLower(s[:end])+s[end:], "/")
}

// What may be an address. Scripts without spaces between words are apart, since
// words touch addresses there.
const (
	spacedLetter   = `[^\x00-,./:-@\[-^` + "`" + `{-\x{bf}\s\p{Z}\p{P}\p{S}\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]`
	hostLabel      = `(?:` + spacedLetter + `|[-_])`
	unspacedLetter = `[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー0-9a-zA-Z-]`
	urlByte        = `[!#$%&*+,\-./0-9:;=?@A-Z^_a-z~]`
	tail           = `(?::[0-9]{1,5})?(?:[/?#]` + urlByte + `*)?`
)

var (
	mailAddress = regexp.MustCompile(`(?i)(?:mailto:)?[a-z0-9\p{Latin}\p{Cyrillic}\p{Greek}._%+-]+@` + spacedLetter + hostLabel + `*(?:\.` + spacedLetter + hostLabel + `*)+`)
	// addressLike says of each shape what a word must contain to have one. No
	// shape reaches over white space but webScheme.
	addressLike = []struct {
		needs  wordMarks
		byHost bool // only with a domain that exists
		*regexp.Regexp
	}{
		{at, false, mailAddress},
		// Any scheme with slashes, the web's with however many.
		{colon, false, regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]{0,30}:[/]{2}[^\s<>()\[\]"']*`)},
		{colon, false, regexp.MustCompile(`(?i)\b(?:javascript|vbscript|livescript|file|ftp|mailto|tel|sms|callto|whatsapp|intent|blob|view-source|facetime|skype|sip|tg|viber|magnet|bitcoin|itms-apps|market|steam|ms-[a-z-]+):[^\s<>\[\]"']+`)},
		{colon, false, regexp.MustCompile(`(?i)\bdata:[a-z0-9;=/+.-]*[,/][^\s<>\[\]"']*`)},
		{slashes, false, regexp.MustCompile(`//` + spacedLetter + hostLabel + `*[.:]` + urlByte + `+`)},
		{innerDot, true, regexp.MustCompile(spacedLetter + hostLabel + `*(?:\.` + hostLabel + `+)*\.(?:xn--[a-zA-Z0-9-]+|` + spacedLetter + `{2,})` + tail)},
		{innerDot, true, regexp.MustCompile(unspacedLetter + `+(?:\.` + unspacedLetter + `+)+` + tail)},
		{innerDot, false, regexp.MustCompile(`\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5}|/)` + urlByte + `*`)},
	}
	webScheme = regexp.MustCompile(`(?i)\bh(?:tt|xx|\*\*)ps?\s?:\s?/*[^\s<>()\[\]"']+`)
)

// wordMarks are the signs in a word without which it is no address.
type wordMarks uint8

const (
	at wordMarks = 1 << iota
	colon
	slashes
	innerDot
)

func marksOf(word string) wordMarks {
	var m wordMarks
	for i := 0; i < len(word); i++ {
		last := i+1 == len(word)
		switch word[i] {
		case '@':
			m |= at
		case ':':
			if !last {
				m |= colon
			}
		case '/':
			if !last && word[i+1] == '/' {
				m |= slashes
			}
		case '.':
			if !last && word[i+1] != '.' {
				m |= innerDot
			}
		}
	}
	return m
}

const closingMarks = ".,;:!?…*_~-'"

// addressesIn returns where a reading has addresses, in order and apart.
func addressesIn(s string) [][]int {
	var all [][]int
	found := []int{0, 0} // the last address that goes on to its word's end: what is within it is no further one
	add := func(from, to int, byHost bool) {
		to = from + len(strings.TrimRight(s[from:to], closingMarks))
		if within := from >= found[0] && to <= found[1]; !within && (!byHost || hasKnownDomain(s[from:to])) {
			end := wordEnd(s, to)
			all = append(all, []int{from, end})
			if end > to {
				found = []int{from, end}
			}
		}
	}
	if mayHaveWebScheme(s) {
		for _, loc := range webScheme.FindAllStringIndex(s, -1) {
			add(loc[0], loc[1], false)
		}
	}
	for from := 0; from < len(s); {
		to := from + spaceIn(s[from:])
		if marks := marksOf(s[from:to]); marks != 0 {
			for _, re := range addressLike {
				if marks&re.needs == 0 {
					continue
				}
				for _, loc := range re.FindAllStringIndex(s[from:to], -1) {
					add(from+loc[0], from+loc[1], re.byHost)
				}
			}
		}
		from = to + 1
	}
	slices.SortFunc(all, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	var apart [][]int
	for _, loc := range all {
		if n := len(apart); n > 0 && loc[0] < apart[n-1][1] {
			apart[n-1][1] = max(apart[n-1][1], loc[1])
			continue
		}
		apart = append(apart, loc)
	}
	return apart
}

// spaceIn returns where s has its first white space, or its end.
func spaceIn(s string) int {
	for i := 0; i < len(s); i++ {
		if isSpaceByte(s[i]) {
			return i
		}
	}
	return len(s)
}

func isSpaceByte(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' && c != '\v' }

// mayHaveWebScheme reports a colon that something follows, at once or as
// slashes after one space.
func mayHaveWebScheme(s string) bool {
	for i := strings.IndexByte(s, ':'); i >= 0 && i+1 < len(s); {
		if !isSpaceByte(s[i+1]) || strings.HasPrefix(s[i+2:], "//") {
			return true
		}
		next := strings.IndexByte(s[i+1:], ':')
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

// wordEnd returns the end of an address that letters of a script with spaces
// follow without one: they belong to it.
func wordEnd(s string, end int) int {
	if r, _ := utf8.DecodeRuneInString(s[end:]); r < utf8.RuneSelf || !unicode.IsLetter(r) ||
		unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) {
		return end
	}
	if n := strings.IndexFunc(s[end:], unicode.IsSpace); n >= 0 {
		return end + n
	}
	return len(s)
}

func isMail(s string) bool {
	if !strings.Contains(s, "@") {
		return false
	}
	loc := mailAddress.FindStringIndex(s)
	return loc != nil && loc[0] == 0
}

// reservedDomains end names of networks and examples (RFC 2606, RFC 6762, RFC
// 7686, RFC 8375), which public lists leave out.
var reservedDomains = map[string]bool{
	"example": true, "test": true, "invalid": true, "localhost": true, "local": true, "internal": true, "onion": true,
	"lan": true, "home": true, "corp": true, "intranet": true, "arpa": true, "alt": true,
}

// hasKnownDomain tells hosts from words that a full stop or a slip joined: the
// last label must be a domain that exists.
func hasKnownDomain(s string) bool {
	host := s
	if end := strings.IndexAny(host, "/?#:"); end >= 0 {
		host = host[:end]
	}
	host = strings.ToLower(host)
	last := host[strings.LastIndexByte(host, '.')+1:]
	if reservedDomains[last] {
		return true
	}
	if utf8.RuneCountInString(last) > maxLabel {
		return false
	}
	if ascii, err := idna.Punycode.ToASCII(last); err == nil {
		last = ascii
	}
	_, listed := publicsuffix.PublicSuffix("x." + last)
	return listed && !allDigits(last)
}

// maxLabel is how long a part of a host can be (RFC 1035). Writing a longer one
// in ASCII would take time by its square.
const maxLabel = 63

func allDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// dropAddresses removes addresses that were not given. Two sentences without a
// space between them, whose joint looks like a host, get the space.
func dropAddresses(s string, given *givenAddresses) string {
	r := read(s)
	addresses := addressesIn(r.text)
	if len(addresses) == 0 {
		return s
	}
	var out []byte
	done := 0
	for _, loc := range addresses {
		if given.has(r.text[loc[0]:loc[1]], false) {
			continue
		}
		from, to := r.span(loc)
		out = append(out, s[done:from]...)
		if joint := sentenceJoint.FindStringSubmatch(s[from:to]); joint != nil {
			out = append(out, joint[1]+" "+joint[2]...)
		} else if bytes.HasSuffix(out, []byte(" ")) && strings.IndexAny(s[to:], " .,;:!?") == 0 {
			out = out[:len(out)-1]
		}
		done = to
	}
	return string(append(out, s[done:]...))
}

// sentenceJoint is a whole "end.Begin".
var sentenceJoint = regexp.MustCompile(`^(\p{L}*\p{Ll}\.)(\p{Lu}\p{Ll}*)$`)

var imageMark = regexp.MustCompile(`!\[(\d{1,3}\](?:[^(\[:]|$))?`)

// unimage makes links of images. A citation after an exclamation mark is none.
func unimage(s string) string {
	return imageMark.ReplaceAllStringFunc(s, func(m string) string {
		if m == "![" {
			return "["
		}
		return m
	})
}

var (
	definition = regexp.MustCompile(`(?m)^[ \t>*+\-]{0,20}\[([^\]\n]+)\]:[ \t]*\n?[ \t]*(\S+)(?:\s+(?:"[^"\n]*"|'[^'\n]*'|\([^)\n]*\)))?[ \t]*$\n?`)
	byName     = regexp.MustCompile(`\[([^\]\n]+)\]\[([^\]\n]*)\]`)
)

// dropDefinitions removes the definitions of links by name whose target was not
// given, and takes the marks off these links.
func dropDefinitions(s string, given *givenAddresses) string {
	dropped := map[string]bool{}
	s = definition.ReplaceAllStringFunc(s, func(m string) string {
		parts := definition.FindStringSubmatch(m)
		if given.has(read(strings.Trim(parts[2], "<>")).text, true) {
			return m
		}
		dropped[strings.ToLower(parts[1])] = true
		return ""
	})
	if len(dropped) == 0 {
		return s
	}
	return byName.ReplaceAllStringFunc(s, func(m string) string {
		parts := byName.FindStringSubmatch(m)
		if dropped[strings.ToLower(cmp.Or(parts[2], parts[1]))] {
			return parts[1]
		}
		return m
	})
}

// unlink replaces markdown links by their labels unless the target was given.
// What is begun and not a whole link is broken up.
func unlink(s string, given *givenAddresses) string {
	var out []byte
	var opened []int // where in out brackets are that nothing has closed
	closing := closingParens(s)
	for i := 0; i < len(s); {
		if c := s[i]; c != ']' || i+1 == len(s) || s[i+1] != '(' {
			switch {
			case c == '[':
				opened = append(opened, len(out))
			case c == ']' && len(opened) > 0:
				opened = opened[:len(opened)-1]
			}
			out = append(out, c)
			i++
			continue
		}
		open, end := -1, closing[i+1]-i-1
		if n := len(opened); n > 0 && len(out)-opened[n-1] <= maxTarget {
			open = opened[n-1]
			opened = opened[:n-1]
		}
		if open < 0 || end < 0 || end >= maxTarget {
			out = append(out, "] ("...)
			i += 2
			continue
		}
		target, title, _ := strings.Cut(strings.TrimSpace(s[i+2:i+1+end]), " ")
		if title == "" && given.has(strings.Trim(read(target).text, "<>"), true) {
			out = append(out, s[i:i+2+end]...)
		} else {
			out = append(out[:open], out[open+1:]...)
		}
		i += 2 + end
	}
	return string(out)
}

// maxTarget bounds how far the ends of a link are looked for.
const maxTarget = 4 << 10

// closingParens returns where each parenthesis of s closes; 0 for what is none,
// or does not close.
func closingParens(s string) []int {
	out := make([]int, len(s))
	var open []int
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(':
			open = append(open, i)
		case ')':
			if n := len(open); n > 0 {
				out[open[n-1]] = i
				open = open[:n-1]
			}
		}
	}
	return out
}
