package agent

import (
	"slices"

	"github.com/kundeagent/kundeagent/channels"
)

// What events beside messages do to a conversation.

// opensConversation reports whether an event of that kind begins a conversation
// where there is none. The others tell about one, and have no effect without.
func opensConversation(k channels.EventKind) bool {
	return k == channels.MessageReceived || k == channels.HumanReplied
}

// customerMessage returns the customer's message that the vendor calls id, or nil.
func (c *Conversation) customerMessage(id string) *channels.Message {
	for i := len(c.Messages) - 1; i >= 0; i-- {
		if m := &c.Messages[i].Message; m.ID == id && id != "" && m.Author == channels.FromCustomer {
			return m
		}
	}
	return nil
}

// rewrite gives a customer's message another text. A turn that has read it goes
// on with the old one; it is not answered twice.
func (c *Conversation) rewrite(id, text string) {
	if m := c.customerMessage(id); m != nil && !m.Revoked {
		m.Text = text
	}
}

// revoke takes the content of a customer's message back. Its place stays.
func (c *Conversation) revoke(id string) {
	if m := c.customerMessage(id); m != nil {
		*m = channels.Message{ID: m.ID, Author: m.Author, Name: m.Name, At: m.At, Revoked: true}
	}
}

// nothingSaid reports whether all that waits for an answer was taken back.
func (c *Conversation) nothingSaid() bool {
	for _, e := range c.Messages {
		if e.Seq > c.Progress.Answered && e.Message.Author == channels.FromCustomer && !e.Message.Revoked {
			return false
		}
	}
	return true
}

// learn notes what a vendor tells of a sent message. News come in any order, and
// a state never goes back. They also settle a send whose outcome was unknown.
func (c *Conversation) learn(s channels.Status) {
	if s.Receipt == "" && s.Key == "" {
		for i := range c.Outbox {
			if line := &c.Outbox[i]; line.Receipt.ID != "" && !line.Receipt.At.After(s.UpTo) {
				c.learn(channels.Status{Receipt: line.Receipt.ID, State: s.State})
			}
		}
		return
	}
	i := slices.IndexFunc(c.Outbox, func(line Send) bool {
		return s.Receipt != "" && line.Receipt.ID == s.Receipt || s.Key != "" && line.Out.Key == s.Key
	})
	if i < 0 {
		return
	}
	line := &c.Outbox[i]
	if s.State <= line.Delivery {
		return
	}
	line.Delivery = s.State
	if line.Receipt.ID == "" {
		line.Receipt.ID = s.Receipt
	}
	switch {
	case s.State == channels.DeliveryFailed:
		line.State, line.Error = SendFailed, "the vendor gave it up"
		if s.Err != nil {
			line.Error = s.Err.Error()
		}
	case !line.State.final() || line.State == SendUnknown:
		line.State, line.Error = SendDone, ""
	}
}

// merge keeps what the vendor has told of a send in the line that replaces it: a
// worker may have read it before.
func (s Send) merge(old Send) Send {
	if old.Delivery <= s.Delivery {
		return s
	}
	s.Delivery, s.State, s.Error = old.Delivery, old.State, old.Error
	if s.Receipt.ID == "" {
		s.Receipt = old.Receipt
	}
	return s
}
