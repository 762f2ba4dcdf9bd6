package report

import "time"

// Outcome is what a conversation came to. The names in String are stable.
type Outcome uint8

// The outcomes. Every conversation has exactly one.
const (
	Pending           Outcome = iota // too young to be judged
	NotTaken                         // the agent took no part in it
	HandedOff                        // a human got it, or spoke in it
	ConfirmedResolved                // answered, and the customer said that it helped
	AssumedResolved                  // answered, and the customer said nothing against it
	Deflected                        // nothing but small talk or fixed texts was needed
	Abandoned                        // the agent asked back, and the customer left
	Unresolved                       // an answer did not help, or no human or answer came when one was asked for
	outcomes                         // how many there are
)

// String returns the outcome's name.
func (o Outcome) String() string {
	return [...]string{
		"pending", "not taken", "handed off", "confirmed resolved", "assumed resolved", "deflected", "abandoned", "unresolved", "unknown",
	}[min(o, outcomes)]
}

// Resolved reports whether the agent solved what the customer came for.
func (o Outcome) Resolved() bool { return o == ConfirmedResolved || o == AssumedResolved }

// ResolveAfter is how long after its last activity a conversation is judged,
// unless something else is asked for.
const ResolveAfter = 72 * time.Hour

// Facts is what [Judge] has to know of a conversation.
type Facts struct {
	TookPart bool // the agent said something, were it only that it hands over
	// Answered says that the agent gave an answer of substance: since the
	// customer came back after the end of the conversation, or before if no more
	// than small talk was needed then.
	Answered   bool
	AskedBack  bool // the agent asked back or offered something
	Silent     bool // the agent said nothing since the customer came back
	HandedOff  bool // a human got the conversation or spoke in it
	HumanAsked bool // the customer asked for one
	Helpful    bool // a vote says so, given since the customer came back
	Negative   bool // a vote says that something did not help, and was not changed
	// LastActivity is the time of the last message of anybody.
	LastActivity time.Time
}

// Judge returns the outcome of a conversation at now. It depends on nothing else;
// window is how long after its last activity it is judged, 0 for [ResolveAfter].
func Judge(f Facts, now time.Time, window time.Duration) Outcome {
	if window <= 0 {
		window = ResolveAfter
	}
	switch {
	case now.Before(f.LastActivity.Add(window)):
		return Pending
	case !f.TookPart:
		return NotTaken
	case f.HandedOff:
		return HandedOff
	case f.Negative || f.HumanAsked || f.Silent:
		return Unresolved
	case f.Answered && f.Helpful:
		return ConfirmedResolved
	case f.Answered:
		return AssumedResolved
	case f.AskedBack:
		return Abandoned
	}
	return Deflected
}
