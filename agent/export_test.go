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
