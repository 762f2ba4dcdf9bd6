package gaps

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Query asks for topics.
type Query struct {
	// Status lists the statuses wanted; none is [Open] alone.
	Status []Status
	// Language and Channel, if set, are ones in which the topic was asked.
	Language, Channel string
	// Since, if set, is when the topic was last asked at the earliest.
	Since time.Time
	// Contains, if set, is a part of one of its questions, whatever the case.
	Contains string
	Order    Order
	Offset   int
	Limit    int // default 50, at most 500
}

// Order is how topics are sorted.
type Order uint8

// The orders; what is equal is sorted by ID.
const (
	ByConversations Order = iota // most conversations first, of these the last asked
	ByLastSeen                   // last asked first
)

const (
	defaultLimit = 50
	maxLimit     = 500
)

// Page is a part of the topics that a query asks for.
type Page struct {
	Topics []Topic
	Total  int // all that fit the query
}

// List returns the topics that fit a query.
func (ts *Topics) List(q Query) Page {
	var fit []*topic
	for _, t := range ts.order {
		if q.fits(t) {
			fit = append(fit, t)
		}
	}
	slices.SortFunc(fit, func(a, b *topic) int {
		seen, id := b.LastSeen.Compare(a.LastSeen), strings.Compare(a.ID, b.ID)
		if q.Order == ByLastSeen {
			return cmp.Or(seen, id)
		}
		return cmp.Or(cmp.Compare(b.Conversations, a.Conversations), seen, id)
	})
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	page := Page{Total: len(fit)}
	from := min(max(q.Offset, 0), len(fit))
	for _, t := range fit[from:min(from+min(q.Limit, maxLimit), len(fit))] {
		page.Topics = append(page.Topics, ts.view(t))
	}
	return page
}

// Topic returns one topic; false if there is none of that ID.
func (ts *Topics) Topic(id string) (Topic, bool) {
	if first := ts.same[id]; first != "" {
		id = first
	}
	t := ts.topics[id]
	if t == nil || t.Status == "" {
		return Topic{}, false
	}
	return ts.view(t), true
}

// Len counts the topics of any status.
func (ts *Topics) Len() int { return len(ts.order) }

func (q *Query) fits(t *topic) bool {
	status := slices.Contains(q.Status, t.Status) || len(q.Status) == 0 && t.Status == Open
	switch {
	case !status,
		q.Language != "" && t.Languages[q.Language] == 0,
		q.Channel != "" && t.Channels[q.Channel] == 0,
		!q.Since.IsZero() && t.LastSeen.Before(q.Since):
		return false
	}
	part := strings.ToLower(q.Contains)
	return part == "" || slices.ContainsFunc(t.Questions, func(asked Question) bool { return strings.Contains(strings.ToLower(asked.Text), part) })
}
