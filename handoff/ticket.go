package handoff

import (
	"slices"
	"time"
)

// TicketState is where a case stands in a [Queue].
type TicketState string

// The states. A ticket goes from waiting to offered and accepted, back to
// waiting as often as it is declined, and from each of them to closed.
const (
	Waiting  TicketState = "waiting"
	Offered  TicketState = "offered" // reserved for a member for a while
	Accepted TicketState = "accepted"
	Closed   TicketState = "closed"
)

// Ticket is a case's place in a [Queue]: who has it, and what happened. It holds
// nothing the customer said; see [Queue.Case].
type Ticket struct {
	Key          string
	Agent        string
	Conversation string
	Channel      string
	Contact      string   // ID
	Language     string   // a member should speak it
	Skills       []string // a member should have
	Reason       Reason
	WaitingSince time.Time // of the customer, from before the handoff
	RoutedAt     time.Time

	State  TicketState
	Member string    // whom it is offered to or who accepted it
	Until  time.Time // of an offer
	// End says how a closed ticket ended.
	End TicketEvent
	// Passed is when members declined it or let an offer lapse.
	Passed map[string]time.Time
	// History is what happened, oldest first. Of very many events those in the
	// middle are left out.
	History []Happened
}

// TicketEvent is something that happens to a ticket.
type TicketEvent string

// The events.
const (
	WasRouted    TicketEvent = "routed"
	WasOffered   TicketEvent = "offered"
	WasAccepted  TicketEvent = "accepted"
	WasDeclined  TicketEvent = "declined"
	OfferLapsed  TicketEvent = "offer lapsed"
	WasCancelled TicketEvent = "cancelled" // the customer needs nobody any more
	WasReturned  TicketEvent = "returned"  // to the agent
	WasDone      TicketEvent = "done"
	WasMovedOn   TicketEvent = "moved on" // nobody took it in time: see QueueConfig.Overflow
)

// Happened is one event of a ticket.
type Happened struct {
	Event  TicketEvent
	Member string // whom it concerns; may be empty
	At     time.Time
}

// maxHistory bounds the history of a ticket, and keptFirst is how many of its
// first events stay.
const (
	maxHistory = 100
	keptFirst  = 10
)

// happen records an event.
func (t *Ticket) happen(e TicketEvent, member string, at time.Time) {
	t.History = append(t.History, Happened{e, member, at})
	if len(t.History) > maxHistory {
		t.History = slices.Delete(t.History, keptFirst, keptFirst+1)
	}
}

// pass takes the ticket from its member, who is not asked again at once.
func (t *Ticket) pass(e TicketEvent, at time.Time) {
	if t.Passed == nil {
		t.Passed = map[string]time.Time{}
	}
	t.Passed[t.Member] = at
	t.happen(e, t.Member, at)
	t.State, t.Member, t.Until = Waiting, "", time.Time{}
}

func (t *Ticket) offer(member string, at, until time.Time) {
	t.State, t.Member, t.Until = Offered, member, until
	t.happen(WasOffered, member, at)
}

func (t *Ticket) accept(member string, at time.Time) {
	t.State, t.Member, t.Until = Accepted, member, time.Time{}
	t.happen(WasAccepted, member, at)
}

func (t *Ticket) close(e TicketEvent, at time.Time) {
	t.happen(e, t.Member, at)
	t.State, t.End, t.Until = Closed, e, time.Time{}
}

// lapsed reports whether the ticket is on offer and nobody answered in time.
func (t *Ticket) lapsed(now time.Time) bool { return t.State == Offered && !now.Before(t.Until) }

// with reports whether a member has the ticket, on offer or accepted.
func (t *Ticket) with(member string) bool {
	return member != "" && t.Member == member && (t.State == Offered || t.State == Accepted)
}
