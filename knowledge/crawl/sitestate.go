package crawl

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

// SiteState is the ID of the change that carries what a crawl has to remember
// of the site as a whole. It is of kind Skipped with a [*Note] as its Err, and
// there is one only if there is anything to remember. No document has this ID:
// those of documents hold a slash.
const SiteState = "crawl:site"

const (
	maxOrigins = 100   // whose robots.txt is remembered to be unreachable
	maxMissing = 3_500 // marks that fit into what a Change may carry
)

// siteState is what a crawl leaves behind for the next one besides what it
// leaves of each page.
type siteState struct {
	// Missing are marks of the documents that answered 404 the last time they
	// were asked for, sorted. Those beyond maxMissing are forgotten, and so
	// removed later.
	Missing []string `json:"m,omitempty"`
	// Unreachable holds since when the robots.txt of an origin cannot be had.
	Unreachable map[string]time.Time `json:"r,omitempty"`
}

// missingMark stands for the ID of a document.
func missingMark(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:6])
}

func (s siteState) wasMissing(id string) bool {
	_, ok := slices.BinarySearch(s.Missing, missingMark(id))
	return ok
}

func (s siteState) empty() bool { return len(s.Missing) == 0 && len(s.Unreachable) == 0 }

// decodeSiteState reads what the last crawl left; nothing if it is not ours.
func decodeSiteState(entry knowledge.Entry) siteState {
	var s siteState
	if len(entry.State) == 0 || json.Unmarshal(entry.State, &s) != nil {
		return siteState{}
	}
	slices.Sort(s.Missing)
	return s
}

// note says for an operator what is remembered.
func (s siteState) note() string {
	var parts []string
	if n := len(s.Missing); n > 0 {
		parts = append(parts, fmt.Sprintf("%d documents answer 404 and are removed if they do so again", n))
	}
	for _, origin := range slices.Sorted(maps.Keys(s.Unreachable)) {
		parts = append(parts, fmt.Sprintf("robots.txt of %s cannot be had since %s", origin, s.Unreachable[origin].Format(time.DateOnly)))
	}
	if parts == nil {
		return "nothing is missing any more"
	}
	return strings.Join(parts, "; ")
}

// emitSiteState yields what the next crawl must know. What an earlier one left
// ends by itself with a complete crawl, and otherwise has to be replaced.
func (r *run) emitSiteState(complete bool) {
	next := siteState{Unreachable: r.fetcher.unreachableOrigins()}
	for id, entry := range r.entries {
		p := r.places[id]
		unread := p == nil || !p.done || p.outcome.cut()
		if entry.Hash != "" && (r.missing[id] || unread && r.site.wasMissing(id)) {
			next.Missing = append(next.Missing, missingMark(id))
		}
	}
	slices.Sort(next.Missing)
	next.Missing = next.Missing[:min(len(next.Missing), maxMissing)]
	if next.empty() && (complete || r.site.empty()) {
		return
	}
	data, err := json.Marshal(next)
	if err != nil || len(data) > maxState {
		return
	}
	r.emit(knowledge.Change{ID: SiteState, Kind: knowledge.Skipped, State: data, Err: &Note{URL: r.src.start.String(), Text: next.note()}})
}
