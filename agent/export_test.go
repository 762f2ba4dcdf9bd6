package agent

// Records counts the records of all journals.
func (m *MemoryStore) Records() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, c := range m.conversations {
		n += len(c.records)
	}
	return n
}

// MemorySizes counts what a store keeps.
type MemorySizes struct{ Conversations, Threads, Lines, Keys, Deliveries, Records int }

// Sizes counts what the store keeps.
func (m *MemoryStore) Sizes() MemorySizes {
	records := m.Records()
	m.mu.Lock()
	defer m.mu.Unlock()
	s := MemorySizes{Conversations: len(m.conversations), Threads: len(m.threads), Deliveries: len(m.deliveries), Records: records}
	for _, l := range m.logs {
		s.Lines += len(l.lines)
		s.Keys += len(l.keys)
	}
	return s
}
