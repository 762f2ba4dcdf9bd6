package agent

import (
	"cmp"
	"container/list"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// memoryConversation is a conversation with what a [MemoryStore] keeps beside
// it.
type memoryConversation struct {
	Conversation
	holder  string // of the lease
	fence   int64
	expires time.Time
	records map[recordKey][]byte
	of      *memoryContact
	place   *list.Element // in MemoryStore.touched
}

// memoryContact is whose a conversation is. Lines of logs share it with the
// conversation, and know it when the conversation is gone.
type memoryContact struct {
	channel string
	ids     []string // all who wrote, such as a visitor before and after logging in
}

func (of *memoryContact) add(id string) {
	if !slices.Contains(of.ids, id) {
		of.ids = append(of.ids, id)
	}
}

func (c *memoryConversation) underLease(now time.Time) bool {
	return c.holder != "" && now.Before(c.expires)
}

func (c *memoryConversation) append(msg channels.Message) int64 {
	seq := int64(len(c.Messages) + 1)
	c.Messages = append(c.Messages, channels.Entry{Seq: seq, Message: msg})
	c.supersedeDrafts(msg.At)
	return seq
}

func (c *memoryConversation) changeOwner(ch OwnerChange) {
	c.Owner, c.OwnerName, c.OwnerID, c.OwnedSince = ch.Owner, ch.Name, ch.By, ch.At
	c.OwnedAfter = int64(len(c.Messages))
	c.OwnerVersion++
	if ch.Owner == NobodyOwns {
		c.supersedeDrafts(ch.At)
	}
}

// Load implements [Store].
func (m *MemoryStore) Load(_ context.Context, agent, conversation string) (Conversation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(agent, conversation)
	if err != nil {
		return Conversation{}, err
	}
	return c.copy(), nil
}

func (c *memoryConversation) copy() Conversation {
	out := c.Conversation
	out.Messages = slices.Clone(out.Messages)
	out.Notes = slices.Clone(out.Notes)
	out.Outbox = slices.Clone(out.Outbox)
	out.Approvals = slices.Clone(out.Approvals)
	out.Drafts = slices.Clone(out.Drafts)
	out.Feedback = slices.Clone(out.Feedback)
	out.Contact = cloneContact(out.Contact)
	return out
}

func cloneContact(c channels.Contact) channels.Contact {
	c.Attributes = maps.Clone(c.Attributes)
	return c
}

// Due implements [Store].
func (m *MemoryStore) Due(_ context.Context, agent string, now time.Time, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, c := range m.conversations {
		if len(out) == limit {
			break
		}
		if c.Agent == agent && c.due(now) && !c.underLease(m.now()) {
			out = append(out, c.ID)
		}
	}
	return out, nil
}

// Save implements [Store].
func (m *MemoryStore) Save(_ context.Context, l Lease, s Save) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.leased(l)
	switch {
	case err != nil:
		return err
	case s.IfOwner != nil && c.OwnerVersion != *s.IfOwner:
		return fmt.Errorf("%w: %s", ErrTakenOver, l.Conversation)
	case s.IfUpTo != nil && c.lastCustomerSeq() > *s.IfUpTo:
		return fmt.Errorf("%w: %s", ErrSuperseded, l.Conversation)
	}
	c.Progress = s.Progress
	for _, msg := range s.Append {
		c.append(msg)
		c.ClosesAt = msg.At.Add(c.ClosesAt.Sub(c.ActiveAt))
		c.ActiveAt = msg.At
	}
	for _, send := range s.Sends {
		c.putSend(send)
	}
	for _, p := range s.Approvals {
		c.putApproval(p)
	}
	for _, d := range s.Drafts {
		c.putDraft(d)
	}
	if s.Owner != nil {
		c.changeOwner(*s.Owner)
	}
	c.endTurns(s.Ended)
	m.touch(c)
	return nil
}

// outboxKept is how many finished sends a conversation remembers.
const outboxKept = 32

func (c *memoryConversation) putSend(s Send) {
	for i := range c.Outbox {
		if c.Outbox[i].Out.Key == s.Out.Key {
			c.Outbox[i] = s.merge(c.Outbox[i])
			return
		}
	}
	c.Outbox = append(c.Outbox, s)
	for i := 0; len(c.Outbox) > outboxKept && i < len(c.Outbox); {
		if c.Outbox[i].State.final() {
			c.Outbox = slices.Delete(c.Outbox, i, i+1)
		} else {
			i++
		}
	}
}

// ChangeOwner implements [Store].
func (m *MemoryStore) ChangeOwner(_ context.Context, agent, conversation string, ch OwnerChange) (Conversation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(agent, conversation)
	if err != nil {
		return Conversation{}, err
	}
	if ch.IfVersion != nil && c.OwnerVersion != *ch.IfVersion {
		return Conversation{}, fmt.Errorf("%w: %s", ErrTakenOver, conversation)
	}
	if ch.Send != nil && slices.ContainsFunc(c.Outbox, func(s Send) bool { return s.Out.Key == ch.Send.Out.Key }) {
		return c.copy(), nil
	}
	if c.Owner != ch.Owner || c.OwnerName != ch.Name || c.OwnerID != ch.By || ch.Anew {
		c.changeOwner(ch)
	}
	if ch.Message != nil {
		c.append(*ch.Message)
	}
	if ch.Send != nil {
		c.putSend(*ch.Send)
	}
	return c.copy(), nil
}

func (c *memoryConversation) putApproval(p Approval) {
	if old := c.approval(p.ID); old != nil {
		p.Decision = old.Decision
		*old = p
		return
	}
	c.Approvals = append(c.Approvals, p)
}

// DecideApproval implements [Store].
func (m *MemoryStore) DecideApproval(_ context.Context, agent, conversation, approval string, d ApprovalDecision) (Approval, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(agent, conversation)
	if err != nil {
		return Approval{}, err
	}
	p := c.approval(approval)
	if p == nil {
		return Approval{}, fmt.Errorf("%w: %s in %s", ErrNoApproval, approval, conversation)
	}
	if p.Decision.State == ApprovalPending {
		p.Decision = d
	}
	return *p, nil
}

// PendingApprovals implements [Store].
func (m *MemoryStore) PendingApprovals(_ context.Context, agent string, limit int) ([]Approval, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Approval
	for _, c := range m.conversations {
		if c.Agent != agent {
			continue
		}
		for _, p := range c.Approvals {
			if p.Decision.State == ApprovalPending {
				out = append(out, p)
			}
		}
	}
	slices.SortFunc(out, func(p, q Approval) int {
		return cmp.Or(p.RequestedAt.Compare(q.RequestedAt), cmp.Compare(p.Conversation, q.Conversation), cmp.Compare(p.ID, q.ID))
	})
	return out[:max(0, min(limit, len(out)))], nil
}

// AddNote implements [Store].
func (m *MemoryStore) AddNote(_ context.Context, agent, conversation string, n channels.Note) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(agent, conversation)
	if err == nil {
		c.Notes = append(c.Notes, n)
	}
	return err
}
