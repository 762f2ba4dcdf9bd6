package agent

import (
	"slices"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// Vote is how a customer judged a message of the agent's.
type Vote struct {
	Number int64 // counts the votes of the conversation, from 1
	// Message is the ID of the message; empty if the agent had said nothing.
	Message string
	Helpful bool
	// Comment is the customer's reason in their own words: it is shown to
	// operators, and is in no report.
	Comment string
	At      time.Time
}

// votesKept is on how many messages of a conversation votes are kept.
const votesKept = 64

// AddVote takes note of a vote, as [Store].Accept does with
// [channels.Feedback]. One on the same message changes the vote. A channel may
// name the message by what its vendor called it; a vote that names none is about
// the agent's last message.
func (c *Conversation) AddVote(e channels.Event) {
	v := Vote{Number: 1, Message: c.judged(e.Message.ID), Helpful: e.Helpful, Comment: e.Message.Text, At: e.At}
	if n := len(c.Feedback); n > 0 {
		v.Number = c.Feedback[n-1].Number + 1
	}
	c.Feedback = slices.DeleteFunc(slices.Clone(c.Feedback), func(old Vote) bool { return old.Message == v.Message })
	if over := len(c.Feedback) + 1 - votesKept; over > 0 {
		c.Feedback = c.Feedback[over:]
	}
	c.Feedback = append(c.Feedback, v)
}

// judged returns the ID of the message that a channel's name for it means.
func (c *Conversation) judged(named string) string {
	for i := len(c.Messages) - 1; i >= 0; i-- {
		m := c.Messages[i].Message
		if m.Author == channels.FromAgent && (named == "" || m.ID == named) {
			return m.ID
		}
	}
	for _, s := range c.Outbox {
		if named != "" && s.Receipt.ID == named {
			key, _, _ := strings.Cut(s.Out.Key, partKey)
			return key
		}
	}
	return named
}

// votes is how many votes there were, changed ones included.
func (c *Conversation) votes() int64 {
	if n := len(c.Feedback); n > 0 {
		return c.Feedback[n-1].Number
	}
	return 0
}

// unhappy reports whether a vote says that something did not help, and was not
// changed.
func (c *Conversation) unhappy() bool {
	return slices.ContainsFunc(c.Feedback, func(v Vote) bool { return !v.Helpful })
}
