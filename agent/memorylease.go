package agent

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Lease implements [Store].
func (m *MemoryStore) Lease(_ context.Context, agent, conversation, holder string, ttl time.Duration) (Lease, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.find(agent, conversation)
	if err != nil {
		return Lease{}, err
	}
	if c.underLease(m.now()) {
		return Lease{}, fmt.Errorf("%w: %s", ErrLeased, conversation)
	}
	m.fence++
	c.holder, c.fence, c.expires = holder, m.fence, m.now().Add(ttl)
	return Lease{Agent: agent, Conversation: conversation, Holder: holder, Fence: m.fence}, nil
}

func (m *MemoryStore) leased(l Lease) (*memoryConversation, error) {
	c, err := m.find(l.Agent, l.Conversation)
	if err != nil {
		return nil, err
	}
	if c.fence != l.Fence || c.holder == "" {
		return nil, fmt.Errorf("%w: %s", ErrFenced, l.Conversation)
	}
	return c, nil
}

// Extend implements [Store].
func (m *MemoryStore) Extend(_ context.Context, l Lease, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.leased(l)
	if err != nil {
		return err
	}
	c.expires = m.now().Add(ttl)
	return nil
}

// Unlease implements [Store].
func (m *MemoryStore) Unlease(_ context.Context, l Lease) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, err := m.leased(l); err == nil {
		c.holder = ""
	}
	return nil
}

// recordKey names a record of a conversation's journal.
type recordKey struct{ turn, name string }

// Record implements [Store].
func (m *MemoryStore) Record(_ context.Context, l Lease, turn, name string, data []byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.leased(l)
	if err != nil {
		return nil, err
	}
	key := recordKey{turn, name}
	if kept, ok := c.records[key]; ok {
		return bytes.Clone(kept), nil
	}
	if c.records == nil {
		c.records = map[recordKey][]byte{}
	}
	c.records[key] = bytes.Clone(data)
	return data, nil
}

// Recorded implements [Store].
func (m *MemoryStore) Recorded(_ context.Context, l Lease, turn, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.leased(l)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(c.records[recordKey{turn, name}]), nil
}

// endTurns drops the records of turns.
func (c *memoryConversation) endTurns(turns []string) {
	maps.DeleteFunc(c.records, func(k recordKey, _ []byte) bool { return slices.Contains(turns, k.turn) })
	if len(c.records) == 0 {
		c.records = nil
	}
}
