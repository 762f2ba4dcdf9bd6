package agent

import (
	"context"
	"errors"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// Store is what agents remember: conversations with their messages, the outbox,
// the journal, and logs. One Store serves any number of agents; everything in
// it is scoped by the agent's ID. [NewMemoryStore] is the default.
//
// Every method is atomic, safe for concurrent use, and idempotent where it
// takes a key, since callers repeat what they saw no outcome of. What is
// returned belongs to the caller. No method takes part in a transaction with
// another system.
type Store interface {
	// Accept records a delivery: it finds or begins the conversation, gives a
	// message its place in it, and does so once for each (agent, channel,
	// delivery). An event that only tells about a conversation, such as a status,
	// is recorded without one if there is none. A repeated delivery returns what
	// the first one did, with Fresh false. Deliveries are remembered for at least
	// 8 days, longer than any vendor repeats one, also when the conversation was
	// erased. No conversation gets the ID of an erased one.
	Accept(ctx context.Context, r AcceptRequest) (Accepted, error)
	// Lease gives holder the only right to Save the conversation until ttl has
	// passed; ErrLeased while somebody else has it. Each lease has a higher
	// fence than all before it.
	Lease(ctx context.Context, agent, conversation, holder string, ttl time.Duration) (Lease, error)
	// Extend prolongs a lease to ttl from now; ErrFenced if it was lost.
	Extend(ctx context.Context, l Lease, ttl time.Duration) error
	// Unlease gives a lease back. A lost one is no error.
	Unlease(ctx context.Context, l Lease) error
	// Load returns a conversation, or ErrNoConversation, as every method does
	// that is given one that is not there, or not any more.
	Load(ctx context.Context, agent, conversation string) (Conversation, error)
	// Due returns up to limit conversations of an agent that have work at now:
	// unanswered messages, unfinished sends, handoffs or settlements, approvals
	// that were decided or whose time has passed but that are not settled, or,
	// with no approval unsettled, a closing time that has passed; or that something
	// happened in which is not in the report log: a human's message, a vote, another
	// owner; and, ended or not, charges that are to be judged. Conversations under a
	// lease are left out, and those of media that answer inside the request unless
	// all is answered and only their charge is to be judged.
	Due(ctx context.Context, agent string, now time.Time, limit int) ([]string, error)
	// Save writes what a turn did, or nothing: ErrFenced without the lease,
	// ErrTakenOver or ErrSuperseded when a condition of s does not hold.
	Save(ctx context.Context, l Lease, s Save) error
	// ChangeOwner gives a conversation to an owner. With a message, that
	// message joins the conversation and the outbox, once for each send.Key.
	ChangeOwner(ctx context.Context, agent, conversation string, c OwnerChange) (Conversation, error)
	// DecideApproval records how an approval of a conversation was decided, and
	// returns it with its decision: d, or what was decided before. ErrNoApproval
	// if there is none of that ID.
	DecideApproval(ctx context.Context, agent, conversation, approval string, d ApprovalDecision) (Approval, error)
	// PendingApprovals returns up to limit undecided approvals of an agent,
	// oldest first.
	PendingApprovals(ctx context.Context, agent string, limit int) ([]Approval, error)
	// DecideDraft records what became of a draft, and returns it with its verdict:
	// that of ch, or what became of it before. With the former ch's message joins
	// the conversation and the outbox. ErrNoDraft if there is none of that ID.
	//
	// Whatever message joins a conversation, by whichever method, makes its
	// pending drafts superseded, as does its end.
	DecideDraft(ctx context.Context, agent, conversation string, ch DraftChange) (DraftReply, error)
	// PendingDrafts returns up to limit pending drafts of an agent, oldest first.
	PendingDrafts(ctx context.Context, agent string, limit int) ([]DraftReply, error)
	// AddNote adds an internal remark.
	AddNote(ctx context.Context, agent, conversation string, n channels.Note) error

	// Find lists conversations by last activity, the latest first.
	Find(ctx context.Context, agent string, q ConversationQuery) ([]ConversationHead, error)

	// Record keeps data under a name for a turn of the conversation, until a Save
	// ends that turn, and returns what is kept: data, or what was recorded under
	// that name before. ErrFenced without the lease.
	Record(ctx context.Context, l Lease, turn, name string, data []byte) (kept []byte, err error)
	// Recorded returns what is kept under a name, or nil. ErrFenced without the
	// lease, so that nobody takes what another holder's turn has dropped for
	// what never was.
	Recorded(ctx context.Context, l Lease, turn, name string) ([]byte, error)

	// Log appends a line to one of an agent's logs, once for each key that the
	// log still has. A line that belongs to a conversation is refused with
	// ErrNoConversation if there is none, so that what was erased does not come
	// back.
	Log(ctx context.Context, agent string, kind LogKind, line LogLine) error
	// Logs returns up to limit lines after the given number, oldest first. Once a
	// line was returned, none with a lower number appears.
	Logs(ctx context.Context, agent string, kind LogKind, after int64, limit int) ([]LogLine, error)

	// Erase erases conversations and lines of logs, and counts them. Numbers of
	// lines that are gone are not given again, and the others keep theirs.
	Erase(ctx context.Context, agent string, e Erasure) (Erased, error)

	// Lifecycle returns an agent's state; the zero value if none was set.
	Lifecycle(ctx context.Context, agent string) (Lifecycle, error)
	// SetLifecycle replaces it if its Revision is still l.Revision, and counts
	// that up; ErrSuperseded otherwise.
	SetLifecycle(ctx context.Context, agent string, l Lifecycle) error
	// AddVersion appends v to an agent's versions, makes it the Draft of its
	// Lifecycle and counts the Revision up, if v.Number follows the last one (1 if
	// there is none) and v.Based is still the Draft; ErrSuperseded otherwise. The
	// same again right after is nil.
	AddVersion(ctx context.Context, agent string, v Version) error
	// Version returns one version, or ErrNoVersion. There is none of number 0.
	Version(ctx context.Context, agent string, number int64) (Version, error)
	// Versions returns up to limit versions of numbers below the given one, newest
	// first; 0 is all.
	Versions(ctx context.Context, agent string, below int64, limit int) ([]Version, error)
}

// What a Store can refuse.
var (
	ErrNoConversation = errors.New("agent: no such conversation")
	ErrLeased         = errors.New("agent: conversation is being worked on")
	ErrFenced         = errors.New("agent: lease was lost")
	ErrTakenOver      = errors.New("agent: conversation has another owner now")
	ErrSuperseded     = errors.New("agent: changed meanwhile")
)

// AcceptRequest is a delivery with what a Store must know to place it.
type AcceptRequest struct {
	Agent string
	Event channels.Event // Channel, Delivery, Thread and At are set
	// IdleClose is after how long without a message the conversation ends, and
	// ReopenWithin for how long after that a message reopens it.
	IdleClose, ReopenWithin time.Duration
	// Exchange marks media that answer inside the request.
	Exchange bool
}

// Accepted tells where a delivery went.
type Accepted struct {
	Conversation string // empty if the event belongs to none
	Seq          int64  // of the message, 0 if the event carried none
	Fresh        bool   // false for a repeated delivery
}

// Lease is the right to save a conversation.
type Lease struct {
	Agent, Conversation, Holder string
	Fence                       int64
}

// Owner is whose turn it is to speak.
type Owner uint8

// The owners.
const (
	AgentOwns Owner = iota
	HumanOwns
	NobodyOwns // resolved or closed; the customer's next message reopens it for the agent
)

// String returns the owner's name.
func (o Owner) String() string {
	return [...]string{"agent", "human", "nobody"}[min(o, NobodyOwns)]
}

// Conversation is a stretch of talk on one thread, from its first message until
// it is resolved or idle for long.
type Conversation struct {
	Agent, ID       string
	Channel, Thread string
	Number          int // of the conversation within its thread, from 1
	Contact         channels.Contact
	Languages       []string // as the customer's browser prefers
	Exchange        bool
	Summary         string // of the conversation before this one in the thread
	StartedAt       time.Time
	ActiveAt        time.Time // of the last message
	ClosesAt        time.Time // if nothing more is said
	ReopenedAt      time.Time // when the customer last came back after its end
	Feedback        []Vote    // the last on each message, in the order of their numbers

	Owner        Owner
	OwnerName    string
	OwnerID      string // of the Actor; empty for a human who answered elsewhere
	OwnerVersion int64  // grows with each change of owner
	OwnedAfter   int64  // the last message before the owner's change
	OwnedSince   time.Time
	// Reopened is the OwnerVersion since the customer reopened it last, 0 if they
	// never did.
	Reopened int64

	Messages  []channels.Entry
	Notes     []channels.Note
	Outbox    []Send
	Approvals []Approval
	Drafts    []DraftReply
	Progress  Progress
}

// lastCustomerSeq returns the place of the customer's last message, 0 if there
// is none.
func (c *Conversation) lastCustomerSeq() int64 {
	for i := len(c.Messages) - 1; i >= 0; i-- {
		if c.Messages[i].Message.Author == channels.FromCustomer {
			return c.Messages[i].Seq
		}
	}
	return 0
}

// turnName names the turn that deals with the messages no turn has dealt with.
func (c *Conversation) turnName() string {
	for _, e := range c.Messages {
		if e.Message.Author == channels.FromCustomer && e.Seq > c.Progress.Answered {
			return turnName(e.Seq)
		}
	}
	return turnName(0)
}

// DueAt returns from when the conversation has work for the agent, if nothing
// happens until then; false if it never has. A time that has passed is now.
// Stores keep it to find what is due.
func (c *Conversation) DueAt() (at time.Time, ok bool) {
	if c.Exchange {
		return c.exchangeDueAt()
	}
	soonest := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	if c.lastCustomerSeq() > c.Progress.Answered || c.Progress.unfinished() || c.sending() || c.unreported() {
		soonest(time.Time{})
	}
	if at, due := c.handoffDueAt(); due {
		soonest(at)
	}
	if due, ok := c.chargeDueAt(); ok {
		soonest(due)
	}
	for i := range c.Approvals {
		if p := &c.Approvals[i]; !p.Settled {
			soonest(p.dueAt())
		}
	}
	if c.mayClose() {
		soonest(c.ClosesAt)
	}
	if ok && at.Before(c.Progress.NotBefore) {
		at = c.Progress.NotBefore
	}
	return at, ok
}

// due reports whether the conversation has work at now.
func (c *Conversation) due(now time.Time) bool {
	at, ok := c.DueAt()
	return ok && !now.Before(at)
}

// EndedAt returns when the conversation ended or, where nobody resolves it, will
// have ended for being idle; false as long as the agent has something to do
// about it, now or later.
func (c *Conversation) EndedAt() (at time.Time, ok bool) {
	if _, due := c.DueAt(); due {
		return time.Time{}, false
	}
	if c.Owner == NobodyOwns {
		return c.OwnedSince, true
	}
	return c.ClosesAt, true
}

// sending reports whether a message is still to be sent.
func (c *Conversation) sending() bool {
	for i := range c.Outbox {
		if !c.Outbox[i].State.final() {
			return true
		}
	}
	return false
}

// closes reports whether the conversation ends for being idle.
func (c *Conversation) closes(now time.Time) bool {
	return c.mayClose() && !now.Before(c.ClosesAt)
}

// mayClose reports whether the conversation can end for being idle: nobody waits
// for a human.
func (c *Conversation) mayClose() bool {
	return c.Owner == AgentOwns && !c.awaitsApproval() && !c.Progress.Handoff.open()
}

// Progress is what the agent knows about its own work on a conversation. Only
// the holder of the lease changes it.
type Progress struct {
	Language  LanguageDecision // sticky
	Admission Admission
	Charge    ChargeProgress
	Units     []UnitCharge // of turns that ended, not yet settled
	Answered  int64        // the last message that a turn has dealt with
	Clarified int          // clarifications asked since the last answer
	Offered   bool         // the agent's last message offered a human
	Handoff   *HandoffProgress
	Facts     []handoff.Fact  // what actions came to, for cases
	Unsettled *SettledTurn    // delivered, not yet logged
	Stream    *StreamProgress // shown, not yet complete
	Reported  ReportMark
	Failures  int       // turns failed in a row
	NotBefore time.Time // of the next attempt
}

func (p *Progress) unfinished() bool {
	return p.Unsettled != nil || p.Charge.unsettled() || len(p.Units) > 0
}

// Admission tells whether the agent took the conversation, and why not.
type Admission struct {
	Taken   bool
	Reason  string
	Refusal Refusal // the same in a word
	// OwnerVersion is the conversation's when it was decided.
	OwnerVersion int64
}

// taken reports whether the agent has the conversation: one that was over and
// that the customer has reopened since is decided about anew.
func (c *Conversation) taken() bool {
	return c.Progress.Admission.Taken && c.Progress.Admission.OwnerVersion >= c.Reopened
}

// SendState is where a send stands.
type SendState uint8

// The states of a send.
const (
	SendClaimed SendState = iota // recorded, not handed to the channel
	SendStarted                  // handed to a channel whose sends cannot be repeated
	SendDone
	SendFailed  // given up; Error says why
	SendUnknown // the outcome could not be found out; not repeated
)

func (s SendState) final() bool { return s >= SendDone }

// Send is one line of the outbox.
type Send struct {
	Out      channels.Outgoing
	Segments []string // of a message that was shown while it was written
	UpTo     int64    // the last message it answers
	After    string   `json:",omitempty"` // Out.Key of the part before it
	State    SendState
	Attempts int
	Error    string
	Receipt  channels.Receipt
	// Delivery is how far the message has come, as the vendor told.
	Delivery channels.DeliveryState `json:",omitempty"`
}

// Save is what a turn did, written as a whole or not at all.
type Save struct {
	// IfOwner and IfUpTo are the conditions of a claim: the conversation's
	// OwnerVersion must still be *IfOwner (ErrTakenOver) and no customer message
	// may be later than *IfUpTo (ErrSuperseded). Nil is no condition.
	IfOwner, IfUpTo *int64

	Progress Progress
	Append   []channels.Message // joins the conversation
	Sends    []Send             // joins the outbox, or replaces the line with the same Out.Key
	// Approvals join the conversation, or replace the line with the same ID
	// except for its Decision, which DecideApproval alone sets.
	Approvals []Approval
	// Drafts join the conversation and supersede those before them, or replace
	// the one with the same ID except for its Verdict, which only DecideDraft
	// sets. A draft that does not know the conversation's last message is
	// superseded at once.
	Drafts []DraftReply
	Owner  *OwnerChange // without a message
	// Ended are turns whose records are not needed any more.
	Ended []string
}

// OwnerChange gives a conversation to an owner.
type OwnerChange struct {
	Owner   Owner
	Name    string
	By      string // ID of the Actor
	Anew    bool   // counts as a change of owner although the owner is the same
	At      time.Time
	Message *channels.Message // with ChangeOwner only
	Send    *Send             // the same
	// IfVersion, when set, must be the conversation's OwnerVersion
	// (ErrTakenOver).
	IfVersion *int64
}

// LogKind names a log.
type LogKind string

// The logs.
const (
	AuditLog  LogKind = "audit"  // what people did
	GapLog    LogKind = "gap"    // questions without an answer
	TraceLog  LogKind = "trace"  // how replies came about
	ReportLog LogKind = "report" // what reports count
)

// LogLine is one line of a log. Number is given by the store.
type LogLine struct {
	Number int64
	Key    string
	// Conversation is whose words or data the line holds, if it holds any: it is
	// erased with them. The store notes the conversation's contact with the line.
	Conversation string
	At           time.Time
	Data         []byte // JSON
}
