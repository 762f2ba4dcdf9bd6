package agent

import (
	"context"
	"slices"
)

// Erase implements [Store].
func (m *MemoryStore) Erase(_ context.Context, agent string, e Erasure) (Erased, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out Erased
	ofContact := func(of *memoryContact) bool {
		return e.Contact != "" && of != nil && slices.Contains(of.ids, e.Contact) && (e.Channel == "" || of.channel == e.Channel)
	}
	for _, c := range m.conversations {
		if c.Agent == agent && (ofContact(c.of) || m.endedBefore(c, e)) {
			m.drop(c)
			out.Conversations++
		}
	}
	for key, l := range m.logs {
		if key.agent != agent {
			continue
		}
		if e.Contact != "" {
			out.Lines += l.erase(func(line *memoryLine) bool { return ofContact(line.of) })
		}
		out.Lines += l.eraseBefore(e.LoggedBefore[key.kind])
	}
	return out, nil
}

func (m *MemoryStore) endedBefore(c *memoryConversation, e Erasure) bool {
	at, ended := c.EndedAt()
	return ended && at.Before(e.EndedBefore) && !c.underLease(m.now())
}

// drop removes a conversation. Its number is not given again to any thread.
func (m *MemoryStore) drop(c *memoryConversation) {
	delete(m.conversations, conversationKey{c.Agent, c.ID})
	m.touched.Remove(c.place)
	if thread := (threadKey{c.Agent, c.Channel, c.Thread}); m.threads[thread] == c {
		delete(m.threads, thread)
		m.erased[c.Agent] = max(m.erased[c.Agent], c.Number)
	}
}
