package datadoc

import (
	"html"
	"strings"

	xhtml "golang.org/x/net/html"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// inlineTags and breakTags are the elements that tell HTML from text that
// merely has angle brackets; breakTags end a paragraph.
var (
	inlineTags = newWords("a abbr b big cite code em font i img input kbd label mark q s small span strong sub sup time tt u var wbr")
	breakTags  = newWords("address article aside blockquote br button caption dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section summary table tbody td tfoot th thead tr ul body html")
	skipTags   = newWords("script style template iframe noscript head svg math select")
)

func knownTag(name string) bool { return inlineTags[name] || breakTags[name] || skipTags[name] }

// stripHTML gives the paragraphs of a text that may be HTML, and its links.
// Text without a tag that HTML knows is returned as it is, apart from
// character references; brackets around anything else stay.
func stripHTML(s string) ([]string, []knowledge.Link) {
	if !strings.Contains(s, "<") || !holdsTag(s) {
		if strings.Contains(s, "&") {
			s = html.UnescapeString(s)
		}
		return paragraphs(s), nil
	}
	st := stripper{z: xhtml.NewTokenizer(strings.NewReader(s))}
	st.run()
	return st.done, st.links
}

// paragraphs splits at blank lines.
func paragraphs(s string) []string {
	var out []string
	for _, part := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n\n") {
		if t := build.Fold(part); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// holdsTag looks for the first "<name" or "</name" that HTML knows.
func holdsTag(s string) bool {
	// Nothing after the last ">" can be a tag.
	s = s[:strings.LastIndexByte(s, '>')+1]
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return false
		}
		s = s[i+1:]
		rest := strings.TrimPrefix(s, "/")
		end := 0
		for end < len(rest) && end < 12 && isNameByte(rest[end]) {
			end++
		}
		if end > 0 && end < len(rest) && strings.IndexByte(" \t\r\n/>", rest[end]) >= 0 && knownTag(strings.ToLower(rest[:end])) {
			return true
		}
	}
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// stripper walks the tokens of an HTML fragment.
type stripper struct {
	z     *xhtml.Tokenizer
	text  strings.Builder
	done  []string
	links []knowledge.Link
	skip  string // the element whose content is being left out
	depth int    // how often it is open within itself
	href  string
	from  int // where the link's text begins
}

func (st *stripper) run() {
	for {
		switch st.z.Next() {
		case xhtml.ErrorToken:
			st.endLink()
			st.flush()
			return
		case xhtml.TextToken:
			if st.skip == "" {
				st.text.Write(st.z.Text())
			}
		case xhtml.StartTagToken:
			st.start(false)
		case xhtml.SelfClosingTagToken:
			st.start(true)
		case xhtml.EndTagToken:
			st.end()
		}
	}
}

func (st *stripper) start(closed bool) {
	raw := string(st.z.Raw())
	nameBytes, more := st.z.TagName()
	name := string(nameBytes)
	switch {
	case st.skip != "":
		if name == st.skip && !closed {
			st.depth++
		}
	case skipTags[name]:
		if !closed {
			st.skip, st.depth = name, 1
		}
	case !knownTag(name):
		st.text.WriteString(raw)
	case breakTags[name]:
		st.flush()
	case name == "a":
		st.endLink()
		for n := 0; more && n < 64; n++ {
			var key, value []byte
			key, value, more = st.z.TagAttr()
			if string(key) == "href" {
				st.href, st.from = string(value), st.text.Len()
			}
		}
	}
}

func (st *stripper) end() {
	raw := string(st.z.Raw())
	nameBytes, _ := st.z.TagName()
	name := string(nameBytes)
	switch {
	case st.skip != "":
		if name == st.skip {
			if st.depth--; st.depth == 0 {
				st.skip = ""
			}
		}
	case !knownTag(name):
		st.text.WriteString(raw)
	case breakTags[name]:
		st.flush()
	case name == "a":
		st.endLink()
	}
}

func (st *stripper) endLink() {
	if st.href == "" {
		return
	}
	text := st.text.String()
	if l, ok := newLink(st.href, text[min(st.from, len(text)):]); ok {
		st.links = append(st.links, l)
	}
	st.href = ""
}

// flush ends a paragraph. Text tokens arrive with their references in place.
func (st *stripper) flush() {
	if t := build.Fold(html.UnescapeString(st.text.String())); t != "" {
		st.done = append(st.done, t)
	}
	st.text.Reset()
	st.from = 0
}

// newLink makes a link of an address that leads to a page: script, mail and
// in-page addresses do not.
func newLink(address, text string) (knowledge.Link, bool) {
	address = strings.TrimSpace(address)
	if address == "" || len(address) > 2048 || strings.HasPrefix(address, "#") || strings.ContainsAny(address, "\r\n\t <>\"") {
		return knowledge.Link{}, false
	}
	if scheme, _, ok := strings.Cut(address, ":"); ok && !strings.ContainsAny(scheme, "/?#") {
		if s := strings.ToLower(scheme); s != "http" && s != "https" {
			return knowledge.Link{}, false
		}
	}
	return knowledge.Link{URL: address, Text: build.Fold(html.UnescapeString(text))}, true
}
