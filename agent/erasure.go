package agent

import "time"

// Erasure says what a [Store] is to erase of one agent. Criteria that are not
// set erase nothing; those that are add up.
type Erasure struct {
	// Contact erases everything of the contact with this [channels.Contact].ID:
	// conversations in which they wrote, in any state, with their messages, notes, sends, approvals
	// and journal, whoever has their lease, and the lines of all logs that belong
	// to them, even if the conversation itself is gone. Channel limits it to one
	// channel.
	Contact, Channel string
	// EndedBefore erases conversations that had ended by then; see
	// [Conversation.EndedAt]. One under a lease stays. Lines of logs stay.
	EndedBefore time.Time
	// LoggedBefore erases the lines of a log that are older.
	LoggedBefore map[LogKind]time.Time
}

// Erased counts what was erased.
type Erased struct {
	Conversations int
	Lines         int // of all logs
	// Cases are those that routers erased; a Store erases none.
	Cases int
}
