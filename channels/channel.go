package channels

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Channel is one deployed medium. Implementations must be safe for concurrent
// use. Constructors start nothing; a channel that must poll implements
// [Runner].
type Channel interface {
	// ID names the instance, such as "whatsapp-dk", for ever.
	ID() string
	// Capabilities tells what the medium can carry. It must not change.
	Capabilities() Capabilities
	// Attach gives the channel where to deliver. It is called once, before any
	// traffic; an HTTP channel answers 503 until then. A second call with
	// another inbox is an error.
	Attach(Inbox) error
	// Send delivers one message to the customer and returns what the vendor
	// called it. Failures are a *SendError. Two calls with the same out.Key
	// must have one effect if Capabilities().Idempotent says so.
	Send(ctx context.Context, out Outgoing) (Receipt, error)
}

// Runner is implemented by channels that need a loop of their own. Run returns
// when ctx ends, with nil or ctx's error.
type Runner interface {
	Run(ctx context.Context) error
}

// Reconciler is implemented by channels without idempotent sends that can find
// out what became of one: Reconcile reports whether out was sent.
type Reconciler interface {
	Reconcile(ctx context.Context, out Outgoing) (receipt Receipt, sent bool, err error)
}

// Opener is implemented by channels that can fetch what customers attach. The
// content is foreign: it is bounded by the channel's own limit of size and is to
// be parsed with care.
type Opener interface {
	Open(ctx context.Context, a Attachment) (io.ReadCloser, error)
}

// Inbox takes what arrives. Deliver returns nil once the event is durably
// accepted, and only then may a channel acknowledge it to its vendor; a
// duplicate is nil. It is safe for concurrent use.
type Inbox interface {
	Deliver(ctx context.Context, e Event) error
}

// Exchanger is an Inbox for media that answer inside the request. Exchange
// returns what to say; for a duplicate it returns what was said before.
type Exchanger interface {
	Exchange(ctx context.Context, e Event) ([]Outgoing, error)
}

// Feed shows a conversation as it grows. Watch yields every entry after
// afterSeq in order, then waits for more until ctx ends, which ends the
// sequence without an error.
type Feed interface {
	Watch(ctx context.Context, conversation string, afterSeq int64) iter.Seq2[Entry, error]
}

// Entry is one message with its place in the conversation. Seq has no holes
// and starts at 1.
type Entry struct {
	Seq     int64
	Message Message
	// Partial marks a message that is still being written: it has no place yet,
	// so Seq is 0, and Message holds what was shown of it so far. It comes again
	// with each further segment, and at last as an entry of its own with the
	// same Message.ID. Only [Feed] yields such entries.
	Partial bool `json:",omitempty"`
}

// Markup is how a medium marks text up.
type Markup uint8

// The markups. The zero value is plain text.
const (
	Plain    Markup = iota
	Markdown        // CommonMark, for media that render it themselves
	WhatsApp        // *bold*, _italic_, ~struck out~, `code`
	Speech          // to be read aloud: no marks, addresses or source numbers
)

// Unit is what a medium counts the length of a text in.
type Unit uint8

// The units.
const (
	Characters Unit = iota // Unicode code points
	UTF16Units             // as JavaScript and Java count; an emoji is 2 or more
	Bytes                  // of UTF-8
)

// Capabilities is what a medium can carry.
type Capabilities struct {
	Markup Markup
	// MaxText is the longest text in Unit; 0 is no limit. Longer messages are
	// split, see [Render].
	MaxText int
	Unit    Unit
	// NoLinks is set by media that cannot show addresses, such as speech:
	// citations and links are named without their URL.
	NoLinks bool
	// Idempotent says that the vendor drops a second send with the same key.
	Idempotent bool
	// Streams says that messages may be shown while they are written; see
	// [Streamer]. It takes effect only with Idempotent, and without MaxText: a
	// message that must be split cannot be streamed.
	Streams bool
	// Buttons and List are how many choices can be tapped; see [Choice].
	Buttons, List ChoiceLimits
	// ReplyWindow is how long after the customer's last message one may be sent;
	// 0 is for ever.
	ReplyWindow time.Duration
	// HumanWindow is the same for what people of the company write; 0 is
	// ReplyWindow.
	HumanWindow time.Duration
	// IdleClose is after how long without a message a conversation ends; 0 means
	// ChatIdleClose. Email has EmailIdleClose.
	IdleClose time.Duration
}

// When conversations end for being idle, unless a deployment says otherwise.
const (
	ChatIdleClose  = 24 * time.Hour
	EmailIdleClose = 72 * time.Hour
)

// Outgoing is one message to a customer.
type Outgoing struct {
	// Key identifies the send, for ever and across retries.
	Key     string
	Channel string
	Thread  string
	Contact Contact
	// Text is markdown as composed, with [1] marks for Citations. Parts is the
	// same rendered to the channel's Capabilities, sources appended, split to
	// its length: what a channel sends.
	Text  string
	Parts []string
	// ByHuman says that a person of the company wrote it.
	ByHuman   bool `json:",omitempty"`
	Citations []Citation
	// Choices are answers to tap; ChoicesAs is how the medium can show them.
	Choices   []Choice   `json:",omitempty"`
	ChoicesAs ChoiceForm `json:",omitempty"`
	Language  string
	// Version is the one of the agent's settings by which it was made, 0 for what
	// people say and for an agent whose settings were never edited.
	Version int64 `json:",omitempty"`
	// InReplyTo is the ID of the customer's message answered, may be empty.
	InReplyTo string
	// Incomplete marks a streamed message that ended where a human took over.
	Incomplete bool `json:",omitempty"`
}

// Receipt is what the vendor called a sent message.
type Receipt struct {
	ID string
	At time.Time
}

// Why a send can fail; see [SendError].
var (
	// ErrRetryable: the vendor is busy or out of reach; try again after
	// SendError.After.
	ErrRetryable = errors.New("try again later")
	// ErrAmbiguous: the connection was lost after the request had left; the
	// message may have been sent.
	ErrAmbiguous = errors.New("outcome unknown")
	// ErrWindowClosed: the medium allows no message until the customer writes.
	ErrWindowClosed = errors.New("reply window is closed")
	// ErrRecipientGone: the customer cannot be reached there any more.
	ErrRecipientGone = errors.New("recipient is gone")
	// ErrAuth: the vendor refuses the credentials.
	ErrAuth = errors.New("credentials are refused")
	// ErrInvalid: the message is not what the vendor accepts.
	ErrInvalid = errors.New("message is invalid")
	// ErrPolicy: the vendor's rules forbid it.
	ErrPolicy = errors.New("forbidden by the vendor's policy")
)

// SendError is a classified failure to send.
type SendError struct {
	Kind  error         // one of the values above
	After time.Duration // with ErrRetryable: not before; 0 leaves it to the caller
	Err   error         // the vendor's words, may be nil
}

// Error returns the kind and the vendor's words.
func (e *SendError) Error() string {
	text := "channels: send"
	for _, err := range e.Unwrap() {
		text += ": " + err.Error()
	}
	return text
}

// Unwrap lets errors.Is and errors.As see both the kind and the cause.
func (e *SendError) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}
