package agent

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// deliveryDigest stands for an agent, a channel and a delivery: what vendors
// call a delivery can name the customer, and is kept after they are forgotten.
type deliveryDigest [16]byte

type memoryDelivery struct {
	accepted Accepted
	at       time.Time
}

// deliveriesKept is how long deliveries are remembered: a day longer than
// WhatsApp repeats one.
const deliveriesKept = 8 * 24 * time.Hour

func digestDelivery(r *AcceptRequest) deliveryDigest {
	sum := sha256.Sum256([]byte(joinKey(r.Agent, r.Event.Channel, r.Event.Delivery)))
	return deliveryDigest(sum[:16])
}

// Accept implements [Store].
func (m *MemoryStore) Accept(_ context.Context, r AcceptRequest) (Accepted, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delivery := digestDelivery(&r)
	if d, ok := m.deliveries[delivery]; ok {
		again := d.accepted
		again.Fresh = false
		return again, nil
	}
	out := Accepted{Fresh: true}
	if c := m.place(r); c != nil {
		out.Conversation, out.Seq = c.ID, c.take(r)
		m.touch(c)
	}
	m.remember(delivery, out)
	return out, nil
}

// take records an event in its conversation. It returns the place of the message
// that the event added, or 0.
func (c *memoryConversation) take(r AcceptRequest) int64 {
	e := r.Event
	switch e.Kind {
	case channels.MessageReceived, channels.HumanReplied:
		msg := e.Message
		msg.At = e.At
		if e.Kind == channels.HumanReplied {
			msg.Author = channels.FromHuman
			c.changeOwner(OwnerChange{Owner: HumanOwns, Name: msg.Name, At: e.At})
		} else {
			msg.Author = channels.FromCustomer
		}
		c.ActiveAt, c.ClosesAt = e.At, e.At.Add(r.IdleClose)
		return c.append(msg)
	case channels.Feedback:
		c.AddVote(e)
	case channels.MessageEdited:
		c.rewrite(e.Message.ID, e.Message.Text)
	case channels.MessageRevoked:
		c.revoke(e.Message.ID)
	case channels.StatusChanged:
		c.learn(e.Status)
	case channels.HumanTookOver:
		c.changeOwner(OwnerChange{Owner: HumanOwns, Name: e.Message.Name, At: e.At})
	case channels.HumanReturned:
		if c.Owner == HumanOwns {
			c.changeOwner(OwnerChange{Owner: AgentOwns, At: e.At})
		}
	case channels.ThreadMoved:
		c.Contact = e.Contact
		c.of.add(e.Contact.ID)
	}
	return 0
}

// place finds the conversation an event belongs to. It begins one for a message;
// other events without a conversation are nil.
func (m *MemoryStore) place(r AcceptRequest) *memoryConversation {
	e := r.Event
	thread := threadKey{r.Agent, e.Channel, e.Thread}
	if e.Kind == channels.ThreadMoved {
		m.moveThread(threadKey{r.Agent, e.Channel, e.PreviousThread}, thread)
	}
	last, opens := m.threads[thread], opensConversation(e.Kind)
	if last == nil && !opens {
		return nil
	}
	if last != nil && (!opens || e.At.Before(last.ClosesAt.Add(r.ReopenWithin))) {
		if e.Kind == channels.MessageReceived && last.Owner == NobodyOwns {
			last.changeOwner(OwnerChange{Owner: AgentOwns, At: e.At})
			last.ReopenedAt = e.At
			last.Reopened = last.OwnerVersion
		}
		if e.Kind == channels.MessageReceived {
			last.Contact, last.Languages = e.Contact, cmpLanguages(e.Languages, last.Languages)
			last.of.add(e.Contact.ID)
		}
		return last
	}
	c := &memoryConversation{Conversation: Conversation{
		Agent: r.Agent, Channel: e.Channel, Thread: e.Thread, Number: m.erased[r.Agent] + 1, Contact: e.Contact,
		Languages: e.Languages, Exchange: r.Exchange, StartedAt: e.At, ActiveAt: e.At, ClosesAt: e.At.Add(r.IdleClose), OwnedSince: e.At,
	}, of: &memoryContact{e.Channel, []string{e.Contact.ID}}}
	if last != nil {
		c.Number, c.Summary = last.Number+1, summarise(&last.Conversation)
	}
	for { // one that moved to another thread keeps its ID
		c.ID = ConversationID(r.Agent, e.Channel, e.Thread, c.Number)
		if m.conversations[conversationKey{r.Agent, c.ID}] == nil {
			break
		}
		c.Number++
	}
	m.begin(c)
	m.threads[thread] = c
	return c
}

// moveThread gives the latest conversation of a thread the thread's new name,
// unless there is one of that name.
func (m *MemoryStore) moveThread(from, to threadKey) {
	c := m.threads[from]
	if c == nil || m.threads[to] != nil {
		return
	}
	delete(m.threads, from)
	c.Thread, m.threads[to] = to.thread, c
}

func cmpLanguages(fresh, old []string) []string {
	if len(fresh) > 0 {
		return fresh
	}
	return old
}

// ConversationID returns the ID of the number-th conversation of a thread: the
// same on every store and replica.
func ConversationID(agent, channel, thread string, number int) string {
	sum := sha256.Sum256([]byte(joinKey(agent, channel, thread)))
	return fmt.Sprintf("%s-%d", base64.RawURLEncoding.EncodeToString(sum[:12]), number)
}

// summarise is all that a new conversation knows of the one before it.
func summarise(c *Conversation) string {
	var first string
	for _, e := range c.Messages {
		if e.Message.Author == channels.FromCustomer {
			first = e.Message.Text
			break
		}
	}
	if r := []rune(first); len(r) > 200 {
		first = string(r[:200]) + "…"
	}
	return fmt.Sprintf("%s: %q (%d messages)", c.StartedAt.Format(time.DateOnly), first, len(c.Messages))
}
