package agent

import (
	"strconv"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// sendsOf returns a message as the sends it takes: one, or one for each part on
// a channel whose sends cannot be repeated, so that a part that was sent is not
// sent again for the sake of the next. The first keeps the message's key.
func (a *Agent) sendsOf(s Send) []Send {
	if len(s.Out.Parts) < 2 || a.capabilities(s.Out.Channel).Idempotent {
		return []Send{s}
	}
	var out []Send
	for i, part := range s.Out.Parts {
		one := s
		one.Out.Parts = []string{part}
		if i > 0 {
			one.Out.Key, one.After = s.Out.Key+partKey+strconv.Itoa(i+1), out[i-1].Out.Key
		}
		if i < len(s.Out.Parts)-1 {
			one.Out.Choices, one.Out.ChoicesAs = nil, channels.AsText
		}
		out = append(out, one)
	}
	return out
}

// partKey is between the key of a message and the number of its part.
const partKey = "/part/"

// sendFailed reports whether a send of the conversation was given up.
func (c *Conversation) sendFailed(key string) bool {
	for _, s := range c.Outbox {
		if s.Out.Key == key {
			return s.State == SendFailed
		}
	}
	return false
}

// windowClosed reports whether the channel does not allow a message any more,
// because the customer wrote too long ago.
func (a *Agent) windowClosed(c *Conversation, out channels.Outgoing) bool {
	caps := a.capabilities(c.Channel)
	window := caps.ReplyWindow
	if out.ByHuman && caps.HumanWindow > 0 {
		window = caps.HumanWindow
	}
	return window > 0 && a.cfg.Now().After(c.lastCustomerAt().Add(window))
}

// tooLate reports whether the customer's last message is too old to be answered
// by itself.
func (a *Agent) tooLate(c *Conversation) bool {
	limit := a.cfg.AnswerWithin
	if limit == 0 {
		limit = a.capabilities(c.Channel).ReplyWindow
	}
	return limit > 0 && a.cfg.Now().After(c.lastCustomerAt().Add(limit))
}

// lastCustomerAt is when the customer last wrote.
func (c *Conversation) lastCustomerAt() time.Time {
	for i := len(c.Messages) - 1; i >= 0; i-- {
		if c.Messages[i].Message.Author == channels.FromCustomer {
			return c.Messages[i].Message.At
		}
	}
	return c.StartedAt
}
