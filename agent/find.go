package agent

import (
	"cmp"
	"slices"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// ConversationQuery says which of an agent's conversations to list. Criteria
// that are not set let every conversation pass.
type ConversationQuery struct {
	Owners    []Owner // any of them
	OwnerName string
	Channel   string
	Thread    string
	Contact   string // ID
	// After continues a listing: the last head of the page before. Only its
	// ActiveAt and ID are looked at.
	After *ConversationHead
	// Limit is how many to return; default 50, at most 200.
	Limit int
}

// The limits of a listing.
const (
	defaultFound = 50
	maxFound     = 200
)

// Size returns how many heads are wanted at most.
func (q ConversationQuery) Size() int {
	if q.Limit <= 0 {
		return defaultFound
	}
	return min(q.Limit, maxFound)
}

// ConversationHead is a conversation without what was said.
type ConversationHead struct {
	Agent, ID       string
	Channel, Thread string
	Number          int
	Contact         channels.Contact
	Language        string // of the agent's last reply; empty before any
	StartedAt       time.Time
	ActiveAt        time.Time
	ClosesAt        time.Time

	Owner        Owner
	OwnerName    string
	OwnerVersion int64
	OwnedSince   time.Time

	Messages int             // how many
	LastFrom channels.Author // who said the last of them
	Pending  int             // approvals that nobody has decided
	Drafting bool            // a draft waits for a person
}

// Head returns the conversation without what was said.
func (c *Conversation) Head() ConversationHead {
	h := ConversationHead{
		Agent: c.Agent, ID: c.ID, Channel: c.Channel, Thread: c.Thread, Number: c.Number, Contact: c.Contact,
		Language: c.Progress.Language.Language, StartedAt: c.StartedAt, ActiveAt: c.ActiveAt, ClosesAt: c.ClosesAt,
		Owner: c.Owner, OwnerName: c.OwnerName, OwnerVersion: c.OwnerVersion, OwnedSince: c.OwnedSince, Messages: len(c.Messages),
	}
	if n := len(c.Messages); n > 0 {
		h.LastFrom = c.Messages[n-1].Message.Author
	}
	_, h.Drafting = c.PendingDraft()
	for _, p := range c.Approvals {
		if p.Decision.State == ApprovalPending {
			h.Pending++
		}
	}
	return h
}

// matches reports whether a conversation passes the query, whatever page it is
// on.
func (q *ConversationQuery) matches(c *Conversation) bool {
	return (len(q.Owners) == 0 || slices.Contains(q.Owners, c.Owner)) &&
		(q.OwnerName == "" || q.OwnerName == c.OwnerName) &&
		(q.Channel == "" || q.Channel == c.Channel) &&
		(q.Thread == "" || q.Thread == c.Thread) &&
		(q.Contact == "" || q.Contact == c.Contact.ID)
}

// byActivity orders heads for a listing: latest activity first, those of one
// moment by ID.
func byActivity(a, b ConversationHead) int {
	return cmp.Or(b.ActiveAt.Compare(a.ActiveAt), cmp.Compare(a.ID, b.ID))
}
