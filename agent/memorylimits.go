package agent

import (
	"cmp"
	"time"
)

// MemoryLimits bound what a [MemoryStore] keeps, so that a process that serves
// customers for months does not grow. The zero value holds the defaults.
type MemoryLimits struct {
	// Conversations is from how many on, of all agents, conversations that have
	// ended are forgotten, the one longest untouched first; default 10,000. Those
	// that go on are never forgotten; see [Conversation.EndedAt]. A customer whose
	// conversation was forgotten begins a new one.
	Conversations int
	// LogLines is how many lines each log of an agent keeps, the latest; default
	// 10,000.
	LogLines int
	// Deliveries is how many deliveries are remembered, the latest; default
	// 20,000. They are forgotten after 8 days in any case. A channel that repeats
	// older ones needs a higher limit.
	Deliveries int
}

func (l MemoryLimits) conversations() int { return cmp.Or(l.Conversations, 10_000) }

func (l MemoryLimits) logLines() int { return cmp.Or(l.LogLines, 10_000) }

func (l MemoryLimits) deliveries() int { return cmp.Or(l.Deliveries, 20_000) }

// trimTries is how many conversations one that begins looks at for some to
// forget: more than one, so that a store above its limit comes back to it.
const trimTries = 4

// begin keeps a new conversation, and forgets old ones above the limit.
func (m *MemoryStore) begin(c *memoryConversation) {
	m.conversations[conversationKey{c.Agent, c.ID}] = c
	c.place = m.touched.PushBack(c)
	now := m.now()
	for range trimTries {
		if len(m.conversations) <= m.Limits.conversations() {
			return
		}
		oldest := m.touched.Front().Value.(*memoryConversation)
		if at, ended := oldest.EndedAt(); ended && !now.Before(at) && !oldest.underLease(now) {
			m.drop(oldest)
		} else {
			m.touch(oldest) // it is looked at again when its turn comes
		}
	}
}

// touch makes a conversation the last to be forgotten.
func (m *MemoryStore) touch(c *memoryConversation) { m.touched.MoveToBack(c.place) }

// remember keeps a delivery, and forgets old ones.
func (m *MemoryStore) remember(d deliveryDigest, a Accepted) {
	now := m.now()
	m.deliveries[d] = memoryDelivery{a, now}
	m.delivered = append(m.delivered, d)
	for len(m.delivered) > m.Limits.deliveries() || m.deliveries[m.delivered[0]].old(now) {
		delete(m.deliveries, m.delivered[0])
		m.delivered = m.delivered[1:]
	}
}

func (d memoryDelivery) old(now time.Time) bool { return now.Sub(d.at) > deliveriesKept }

// keep appends a line, and drops the first above the limit.
func (l *memoryLog) keep(line memoryLine, limit int) {
	l.keys[line.Key] = true
	l.lines = append(l.lines, line)
	for len(l.lines) > limit {
		delete(l.keys, l.lines[0].Key)
		l.lines[0] = memoryLine{} // the rest of the array lives on
		l.lines = l.lines[1:]
	}
}
