package handoff

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// MemoryStore is a [Store] that lasts as long as the process. It is safe for
// concurrent use.
type MemoryStore struct {
	mu     sync.Mutex
	queues map[string]*memoryQueue
}

type memoryQueue struct {
	version int64
	open    map[string]Ticket
	closed  map[string]Ticket
	members map[string]Presence
	cases   map[string]Case
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore { return &MemoryStore{queues: map[string]*memoryQueue{}} }

// in calls f with a queue under the lock.
func (m *MemoryStore) in(ctx context.Context, queue string, f func(q *memoryQueue) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("handoff: queue %s: %w", queue, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[queue]
	if q == nil {
		q = &memoryQueue{open: map[string]Ticket{}, closed: map[string]Ticket{}, members: map[string]Presence{}, cases: map[string]Case{}}
		m.queues[queue] = q
	}
	return f(q)
}

// Load implements [Store].
func (m *MemoryStore) Load(ctx context.Context, queue string) (s QueueState, err error) {
	err = m.in(ctx, queue, func(q *memoryQueue) error {
		s.Version = q.version
		for _, t := range q.open {
			s.Tickets = append(s.Tickets, t.clone())
		}
		s.Members = slices.Collect(maps.Values(q.members))
		return nil
	})
	return s, err
}

// Save implements [Store].
func (m *MemoryStore) Save(ctx context.Context, queue string, version int64, c QueueChange) error {
	return m.in(ctx, queue, func(q *memoryQueue) error {
		if q.version != version {
			return fmt.Errorf("%w: %s", ErrQueueChanged, queue)
		}
		q.version++
		for _, t := range c.Tickets {
			delete(q.open, t.Key)
			delete(q.closed, t.Key)
			if t.State == Closed {
				q.closed[t.Key] = t.clone()
			} else {
				q.open[t.Key] = t.clone()
			}
		}
		for _, p := range c.Members {
			q.members[p.Member] = p
		}
		for _, c := range c.Cases {
			if _, known := q.cases[c.Key]; !known {
				q.cases[c.Key] = c.clone()
			}
		}
		return nil
	})
}

// Ticket implements [Store].
func (m *MemoryStore) Ticket(ctx context.Context, queue, key string) (t Ticket, err error) {
	err = m.in(ctx, queue, func(q *memoryQueue) error {
		for _, tickets := range []map[string]Ticket{q.open, q.closed} {
			if found, ok := tickets[key]; ok {
				t = found.clone()
				return nil
			}
		}
		return fmt.Errorf("%w: %s in queue %s", ErrNoCase, key, queue)
	})
	return t, err
}

// Case implements [Store].
func (m *MemoryStore) Case(ctx context.Context, queue, key string) (c Case, err error) {
	err = m.in(ctx, queue, func(q *memoryQueue) error {
		found, ok := q.cases[key]
		if !ok {
			return fmt.Errorf("%w: %s in queue %s", ErrNoCase, key, queue)
		}
		c = found.clone()
		return nil
	})
	return c, err
}

// Erase implements [Store].
func (m *MemoryStore) Erase(ctx context.Context, queue string, e Erasure) (n int, err error) {
	err = m.in(ctx, queue, func(q *memoryQueue) error {
		for key, t := range q.closed {
			if e.Covers(t) {
				delete(q.closed, key)
				delete(q.cases, key)
				n++
			}
		}
		return nil
	})
	return n, err
}

func (t Ticket) clone() Ticket {
	t.Skills = slices.Clone(t.Skills)
	t.Passed = maps.Clone(t.Passed)
	t.History = slices.Clone(t.History)
	return t
}
