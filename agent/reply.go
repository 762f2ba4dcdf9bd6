package agent

import (
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// Decision is what the agent does about a customer's words. It stands apart
// from the text, so that no wording can change it.
type Decision uint8

// The decisions.
const (
	Silent       Decision = iota // say nothing: a human has the conversation
	Answer                       // answer from knowledge or actions, or return a greeting
	Clarify                      // ask back
	OfferHandoff                 // ask whether a human should take over
	HandOff                      // hand the conversation to a human
	// AwaitApproval tells the customer that a colleague checks what they asked
	// for; see [Approval].
	AwaitApproval
	// AwaitHuman tells the customer that a human has their case already: there
	// is no second handoff while one is open.
	AwaitHuman
)

// String returns the decision's name.
func (d Decision) String() string {
	return [...]string{"silent", "answer", "clarify", "offer handoff", "hand off", "await approval", "await human"}[min(d, AwaitHuman)]
}

// Question is what [Agent.Reply] and [Agent.Preview] are asked.
type Question struct {
	Text string
	// History is what was said before, oldest first. The agent's own messages
	// in it let it recognise follow-up questions and accepted offers.
	History []channels.Message
	Contact channels.Contact
	// Channel is the channel asked on, for guidelines; may be empty.
	Channel string
	// Language, if set, is the language of the reply whatever the text says, as
	// a BCP 47 tag.
	Language string
	// Languages are those the customer's browser prefers, best first.
	Languages []string
	// Attachments are the files that came with the question. They are not read: a
	// message of nothing else is asked for in words.
	Attachments []channels.Attachment
}

// Reply is what the agent makes of a question.
type Reply struct {
	Decision Decision
	// Reason says why, for an operator.
	Reason string
	// Text is markdown for the customer, with [1] marks for Citations.
	Text      string
	Citations []channels.Citation
	// Sources are the IDs of the knowledge sources that an answer rests on, those
	// that may not be cited included, and [ShortAnswers] for a short answer.
	Sources []string
	// Language is the customer's, in which fixed strings are.
	Language string
	// Confidence in [0,1] is how probable it was, after the search and before
	// the answer, that the knowledge answers the question.
	Confidence float64
	// Substantive is true for an answer of substance. Greetings, questions
	// back and handoffs are not, and are never charged.
	Substantive bool
	// Case is what a human is handed, with HandOff.
	Case *handoff.Case
	// Version is the one of the settings by which it was made; 0 is Config.
	Version int64
	Trace   Trace

	way       handoffWay // with HandOff
	yields    bool       // with AwaitHuman: the agent steps aside
	suggested string     // what it would have said
}

// Trace tells how a reply came about, step by step. It holds the customer's
// text and prompts: treat it as personal data.
type Trace struct {
	Version       int64 // of the settings
	Language      LanguageDecision
	SmallTalk     string
	Signal        handoff.Signal
	Guidelines    []TraceGuideline // that applied
	Query         string           // as searched: with its context, or rewritten
	Rewritten     bool             // Query is the rewriter's
	Parts         []TracePart      // the message's questions if it was searched part by part
	Degraded      string           // why the search was by words alone, see knowledge.Result
	Hits          []TraceHit
	ShortAnswer   string // ID of the short answer given
	Answerability float64
	AnswerAt      float64 // the threshold that held, see Config and ChannelSettings
	Generation    uint64  // of the knowledge
	Plan          string  // how the text was to be made
	Decision      Decision
	Reason        string
	ModelCalls    []TraceModelCall // those that rewrite the question first
	Actions       []ActionRecord
	Verdicts      []Verdict
	Steps         []TraceStep
	Stream        StreamTrace
}

// TraceHit is one passage found.
type TraceHit struct {
	Passage, Source, Document, Title string
	Score                            float64
	Lexical, Similarity              float64 // what Score was made of, see knowledge.Found
	Citable                          bool
}

// TraceModelCall is one request to the model.
type TraceModelCall struct {
	// Purpose is "rewrite the question" for a call of [NewRewriter], empty for
	// those that write the reply.
	Purpose  string `json:",omitempty"`
	Request  Request
	Text     string
	Calls    []ToolCall
	Usage    Usage          // of all attempts
	Attempts []ModelAttempt // that failed before
	Error    string
	// Shortened says that the first request was too long: Request is the one
	// with less history and fewer passages.
	Shortened bool
	Replayed  bool // taken from the journal
	Took      time.Duration
}

// TraceStep is the time one step took.
type TraceStep struct {
	Step string
	Took time.Duration
}
