package agent

import (
	"context"
	"slices"
)

// Find implements [Store].
func (m *MemoryStore) Find(_ context.Context, agent string, q ConversationQuery) ([]ConversationHead, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []ConversationHead
	for _, c := range m.conversations {
		if c.Agent != agent || !q.matches(&c.Conversation) {
			continue
		}
		// Only what decides the order, as long as it may be left out.
		head := ConversationHead{ID: c.ID, ActiveAt: c.ActiveAt}
		if q.After == nil || byActivity(head, *q.After) > 0 {
			out = append(out, head)
		}
	}
	slices.SortFunc(out, byActivity)
	out = slices.Clone(out[:min(q.Size(), len(out))])
	for i := range out {
		c := m.conversations[conversationKey{agent, out[i].ID}]
		out[i] = c.Head()
		out[i].Contact = cloneContact(c.Contact)
	}
	return out, nil
}
