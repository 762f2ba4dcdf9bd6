package handoff

import (
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// Reason says why a conversation is handed over. Reports group by it.
type Reason string

// The reasons of this library; hosts may add their own.
const (
	CannotAnswer   Reason = "cannot answer"
	AskedForHuman  Reason = "asked for a human"
	CustomWords    Reason = "custom words"
	Loop           Reason = "loop"
	Frustrated     Reason = "frustration"
	SensitiveTopic Reason = "sensitive topic"
	TooManyTurns   Reason = "too many turns"
	OutOfBudget    Reason = "budget"
	NotAdmitted    Reason = "not taken by the agent" // Detail says why: paused, not deployed, out of hours, no credits
	Failure        Reason = "error"
	GuardStopped   Reason = "guard"
	TopicToAvoid   Reason = "topic to avoid"
)

// Case is everything the human needs to take over.
type Case struct {
	// Key identifies the case for ever; routing the same key twice has one
	// effect.
	Key          string
	Agent        string
	Conversation string
	Channel      string
	Contact      channels.Contact
	Language     string // of the customer, BCP 47
	Reason       Reason
	Mode         Mode   // what became of the conversation
	Trigger      string // name of the trigger that set it off; empty if none did
	Detail       string // what set it off, for an operator
	Summary      string
	Transcript   []channels.Message
	// Facts are what came to light about the customer and their matter.
	Facts []Fact
	// Sources are the titles of what the agent found before it gave up.
	Sources []string
	// SuggestedReply is what the agent would have said; may be empty. Nothing
	// has checked it: it is for the human's eyes.
	SuggestedReply string
	// WaitingSince is when the customer began to wait: the first unanswered
	// message, not the handoff.
	WaitingSince time.Time
	CreatedAt    time.Time
}

// Fact is one thing known about a case.
type Fact struct {
	Name  string
	Value string
	From  string // where it is from: "contact", "conversation", "action" and the like
}
