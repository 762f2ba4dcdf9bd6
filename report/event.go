package report

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what happened in a conversation. The names are stable.
type Kind string

// The kinds of event.
const (
	Received      Kind = "received"       // the customer wrote
	Refused       Kind = "refused"        // the agent did not take the conversation; with Reason
	Answered      Kind = "answered"       // the agent gave an answer of substance; with Message and Sources
	Replied       Kind = "replied"        // the agent returned a greeting or another fixed text
	AskedBack     Kind = "asked_back"     // the agent asked back, offered a human, or awaits an approval
	HumanAsked    Kind = "human_asked"    // the customer asked for a human
	HandedOver    Kind = "handed_over"    // a human got the conversation; with Reason
	TakenOver     Kind = "taken_over"     // a human took the conversation, handed over or not
	HumanReplied  Kind = "human_replied"  // a human wrote to the customer
	FeedbackGiven Kind = "feedback_given" // the customer voted; with Helpful and Message
	Closed        Kind = "closed"         // the conversation ended
	Reopened      Kind = "reopened"       // the customer came back after that
)

// Reasons that reports know of. Others are as good, if they are few: reports
// group by them.
const (
	// NotDeployed is the Reason of a Refused on a channel where the agent does
	// not work at all; such a conversation does not count as received.
	NotDeployed = "not deployed"
	// HumanTook is the reason of a conversation that a human took, or spoke in,
	// without being handed it.
	HumanTook = "taken over by a human"
	// HumanFirst and NoReply are why a conversation was not taken that nobody
	// refused: a human was there first, or the agent said nothing.
	HumanFirst = "a human was first"
	NoReply    = "no reply"
)

// Event is something that happened in a conversation. It never holds what was
// said. The zero value is invalid: Conversation, Kind and At are required.
type Event struct {
	Conversation string    `json:"conversation"`
	Kind         Kind      `json:"kind"`
	At           time.Time `json:"at"`
	// Channel is where the conversation is, and Language what the customer
	// speaks, as a BCP 47 tag. Both may be left out where they are not known.
	Channel  string `json:"channel,omitempty"`
	Language string `json:"language,omitempty"`
	// Reason is why, in a few words that reports can group by: never a
	// customer's.
	Reason string `json:"reason,omitempty"`
	// Message names the answer, or the message that a vote is about. The last
	// vote on a message counts. Without it a vote is about the conversation.
	Message string `json:"message,omitempty"`
	// Sources are the IDs of the knowledge sources that an answer rests on.
	Sources []string `json:"sources,omitempty"`
	Helpful bool     `json:"helpful,omitempty"`
}

// ErrInvalidEvent: an event lacks what it needs to be counted.
var ErrInvalidEvent = errors.New("report: invalid event")

func (e *Event) check() error {
	switch {
	case e.Conversation == "":
		return fmt.Errorf("%w: no conversation (%s)", ErrInvalidEvent, e.Kind)
	case e.At.IsZero():
		return fmt.Errorf("%w: %s of conversation %q has no time", ErrInvalidEvent, e.Kind, e.Conversation)
	}
	switch e.Kind {
	case Received, Refused, Answered, Replied, AskedBack, HumanAsked, HandedOver, TakenOver, HumanReplied, FeedbackGiven, Closed, Reopened:
		return nil
	}
	return fmt.Errorf("%w: kind %q of conversation %q is unknown", ErrInvalidEvent, e.Kind, e.Conversation)
}
