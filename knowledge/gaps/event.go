package gaps

import "time"

// Kind says what an [Event] tells.
type Kind string

// The kinds of events. Others are passed over, so that an older fold can read a
// newer log.
const (
	Asked     Kind = "asked"     // a question had no answer
	Suggested Kind = "suggested" // an answer was drafted, which no customer sees
	Resolved  Kind = "resolved"  // a person answered the topic
	Dismissed Kind = "dismissed" // a person wants no answer to it
	Reopened  Kind = "reopened"  // a person wants it on the list again
)

// Event is one line of the log that [Topics] are folded from. It is a plain
// value that is written as JSON and never changed.
type Event struct {
	// ID tells events apart: the same one a second time counts for nothing.
	ID   string
	Kind Kind
	// Topic is the topic's ID: of a question, the one that [Topics.Place]
	// named when it was asked.
	Topic string
	At    time.Time
	// By is who did it, of events that people cause.
	By string `json:",omitempty"`

	// What follows is of Asked. A conversation counts once.
	Conversation string  `json:",omitempty"`
	Channel      string  `json:",omitempty"`
	Language     string  `json:",omitempty"` // BCP 47
	Question     string  `json:",omitempty"`
	Confidence   float64 `json:",omitempty"` // that the knowledge answers it, in [0,1]
	Seq          int64   `json:",omitempty"` // of the question's last message in its conversation
	// Reason says why it is a gap; of Dismissed, why no answer is wanted.
	Reason string `json:",omitempty"`

	Suggestion *Suggestion `json:",omitempty"` // of Suggested
	Answer     *Answer     `json:",omitempty"` // of Resolved
}

// Origin says who wrote a suggestion.
type Origin string

// The origins.
const (
	FromHuman Origin = "human" // a colleague's reply to one of the customers
	FromModel Origin = "model"
)

// Suggestion is a draft of an answer, for a person to approve or to change. It
// is never given to a customer.
type Suggestion struct {
	ID       string
	Origin   Origin
	Text     string
	Language string `json:",omitempty"`
	// Conversations are those whose replies it was made of.
	Conversations []string `json:",omitempty"`
	At            time.Time
	// State is the fold's.
	State SuggestionState `json:",omitempty"`
}

// SuggestionState says what became of a suggestion.
type SuggestionState string

// The states of a suggestion.
const (
	Proposed   SuggestionState = "proposed"
	Approved   SuggestionState = "approved"   // the topic was resolved with it, as it was or changed
	Superseded SuggestionState = "superseded" // another of the same origin and language, or the resolution, came after it
)

// Answer is what a person resolved a topic with.
type Answer struct {
	// ShortAnswers are the IDs of the short answers that were made of it.
	ShortAnswers []string
	// Question and Variants are what the short answers are matched by.
	Question string
	Variants []string `json:",omitempty"`
	// Texts are the answers by language, BCP 47; "" is any.
	Texts      map[string]string
	Suggestion string `json:",omitempty"` // the ID of the one it began as
}
