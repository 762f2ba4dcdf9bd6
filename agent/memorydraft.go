package agent

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// DecideDraft implements [Store].
func (m *MemoryStore) DecideDraft(_ context.Context, agent, conversation string, ch DraftChange) (DraftReply, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(agent, conversation)
	if err != nil {
		return DraftReply{}, err
	}
	d := c.draft(ch.Draft)
	if d == nil {
		return DraftReply{}, fmt.Errorf("%w: %s in %s", ErrNoDraft, ch.Draft, conversation)
	}
	if d.Verdict.State != DraftPending {
		return *d, nil
	}
	d.Verdict = ch.Verdict
	if ch.Message != nil {
		c.append(*ch.Message)
	}
	if ch.Send != nil {
		c.putSend(*ch.Send)
	}
	return *d, nil
}

// PendingDrafts implements [Store].
func (m *MemoryStore) PendingDrafts(_ context.Context, agent string, limit int) ([]DraftReply, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []DraftReply
	for _, c := range m.conversations {
		if c.Agent != agent {
			continue
		}
		if d, ok := c.PendingDraft(); ok {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(p, q DraftReply) int {
		return cmp.Or(p.CreatedAt.Compare(q.CreatedAt), cmp.Compare(p.Conversation, q.Conversation))
	})
	return out[:max(0, min(limit, len(out)))], nil
}
