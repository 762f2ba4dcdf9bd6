package crawl

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// maxState is what a Change may carry.
const maxState = 64 << 10

// pageState is what a page leaves behind for the next crawl: how to ask whether
// it changed, and what it said, so that a page that answers "not modified"
// counts for as much as one that was read.
type pageState struct {
	Print        string   `json:"p"`
	URL          string   `json:"u"`
	ETag         string   `json:"e,omitempty"`
	LastModified string   `json:"m,omitempty"`
	Text         string   `json:"t,omitempty"` // hash of the main text
	Sketch       uint64   `json:"s,omitempty"` // of the main text
	Doc          string   `json:"d,omitempty"` // hash of the document
	Listed       bool     `json:"i,omitempty"` // in the sitemap
	Outcome      Outcome  `json:"o,omitempty"` // of a page that is no document
	Detail       string   `json:"x,omitempty"`
	Canonical    string   `json:"c,omitempty"`
	Links        []string `json:"l,omitempty"` // those of the same origin without it
}

// validator tells whether the page can be asked for conditionally.
func (s *pageState) validator() bool { return s.ETag != "" || s.LastModified != "" }

// encode returns the state as stored. When the links do not fit, nothing is
// left to ask conditionally with: a page whose links are forgotten must be
// read again.
func (s pageState) encode() []byte {
	origin := originOf(s.URL)
	links := make([]string, len(s.Links))
	for i, l := range s.Links {
		links[i] = l
		if rest, ok := strings.CutPrefix(l, origin); ok && strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, "//") {
			links[i] = rest
		}
	}
	s.Links = links
	data, err := json.Marshal(s)
	if err != nil || len(data) > maxState {
		s.Links, s.ETag, s.LastModified = nil, "", ""
		data, err = json.Marshal(s)
	}
	if err != nil || len(data) > maxState {
		return nil
	}
	return data
}

// decodeState reads what encode wrote. State that is not ours, or was written
// under other rules, counts as none but for the address.
func decodeState(entry knowledge.Entry, print string) (state *pageState, addr string) {
	var s pageState
	if len(entry.State) == 0 || json.Unmarshal(entry.State, &s) != nil {
		return nil, ""
	}
	if s.Print != print {
		return nil, s.URL
	}
	origin := originOf(s.URL)
	for i, l := range s.Links {
		if strings.HasPrefix(l, "/") {
			s.Links[i] = origin + l
		}
	}
	return &s, s.URL
}

func originOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "\x00" // no prefix of any link
	}
	return u.Scheme + "://" + u.Host
}
