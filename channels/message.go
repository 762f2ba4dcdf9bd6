package channels

import "time"

// Author says who a message is from.
type Author uint8

// The authors of a conversation. The zero value is the customer.
const (
	FromCustomer Author = iota
	FromAgent           // the AI agent
	FromHuman           // a person of the company
)

// String returns the author's name.
func (a Author) String() string {
	switch a {
	case FromAgent:
		return "agent"
	case FromHuman:
		return "human"
	default:
		return "customer"
	}
}

// Message is one thing said in a conversation, visible to the customer.
// Internal remarks are a [Note], a type of their own, so that they cannot reach
// a customer or a model by mistake.
type Message struct {
	// ID is the vendor's or the conversation's ID of the message.
	ID string
	// Author is who said it; Name is what the author is called, may be empty.
	Author Author
	Name   string
	// Text is plain text from customers and markdown from agents and humans.
	Text string
	// Choice is the ID of the offered [Choice] that the customer tapped; Text is
	// its title then.
	Choice      string `json:",omitempty"`
	Citations   []Citation
	Attachments []Attachment `json:",omitempty"`
	At          time.Time
	// Revoked marks a message that the customer took back; nothing of it is left.
	Revoked bool `json:",omitempty"`
	// Incomplete marks a message that was shown while it was written, and
	// stopped because a human took over.
	Incomplete bool `json:",omitempty"`
}

// Attachment is a file that came with a message. Its content stays with the
// vendor, see [Opener]; Type and Name are what the sender claims.
type Attachment struct {
	ID   string // as the vendor calls it
	Name string `json:",omitempty"` // without directories
	Type string `json:",omitempty"` // media type, such as "image/png"
	Size int64  `json:",omitempty"` // bytes; 0 if unknown
	// Voice marks speech that was recorded in the channel's app.
	Voice bool `json:",omitempty"`
}

// Note is an internal remark on a conversation. It is shown to operators only.
type Note struct {
	By   string
	Text string
	At   time.Time
}

// Citation names a source that a message rests on. The text refers to it as
// [Number].
type Citation struct {
	Number int
	Title  string
	// URL is where the customer can read it; empty for a file, which is cited
	// by Title.
	URL string
	// Name is the file's name where there is no URL.
	Name string
}

// Contact is the customer as the channel knows them. An ID is unique within its
// channel. Verified says that the channel or the host has proven who it is.
type Contact struct {
	ID       string
	Name     string
	Email    string
	Phone    string
	Verified bool
	// Attributes are the host's own facts, such as a plan's name.
	Attributes map[string]string
}

// EventKind says what happened on a channel.
type EventKind uint8

// The kinds of event. The zero value is a customer's message.
const (
	MessageReceived EventKind = iota
	HumanReplied              // a person answered through the vendor's own app: a takeover
	Feedback                  // Helpful tells how the customer judged the answers
	MessageEdited             // Message.ID has a new Text
	MessageRevoked            // Message.ID was taken back
	StatusChanged             // Status tells what became of a message that was sent
	HumanTookOver             // a person took the conversation in the vendor's own app, and said nothing yet
	HumanReturned             // and gave it back
	ThreadMoved               // what was called PreviousThread is called Thread from now on
	Unknown                   // something the channel does not know; Raw holds it
)

// Event is one delivery of a channel to its inbox.
type Event struct {
	// Channel is the ID of the channel instance. Channels need not set it: the
	// inbox they are attached to does.
	Channel string
	// Delivery identifies the delivery within the channel; a second one with
	// the same value has no effect. Required.
	Delivery string
	// Thread is the conversation as the medium knows it: a phone number, an
	// e-mail thread, a chat session. Required.
	Thread  string
	Kind    EventKind
	Contact Contact
	Message Message
	// Languages are the languages that the customer's browser or account
	// prefers, best first, as BCP 47 tags.
	Languages []string
	Helpful   bool // with Feedback
	// Status comes with StatusChanged, PreviousThread with ThreadMoved, and Raw,
	// at most 64 KiB of what the vendor sent, with Unknown.
	Status         Status
	PreviousThread string
	Raw            []byte
	// At is when the vendor says it happened; zero is now.
	At time.Time
}

// DeliveryState is how far a sent message has come. It only grows; a message
// that was read may never be reported as delivered.
type DeliveryState uint8

// The states, in rising order.
const (
	DeliveryUnknown DeliveryState = iota
	Accepted                      // by the vendor
	Delivered                     // to the customer's device
	Read                          // by the customer
	DeliveryFailed                // after the vendor had accepted it
)

// Status is a vendor's news of a message that was sent.
type Status struct {
	Receipt string // Receipt.ID of the message
	Key     string // its Outgoing.Key if the vendor hands it back
	// UpTo, without the others, is when the last message was sent that it is about;
	// it holds for all before.
	UpTo  time.Time
	State DeliveryState
	Err   error // with DeliveryFailed, a *[SendError]
}
