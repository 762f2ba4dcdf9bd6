package agent

import (
	"container/list"
	"fmt"
	"strings"
	"sync"
	"time"
)

// MemoryStore is a [Store] that lasts as long as the process, and keeps no more
// than its Limits. It is safe for concurrent use.
type MemoryStore struct {
	// Limits are to be set before the store is used.
	Limits MemoryLimits

	now func() time.Time

	mu            sync.Mutex
	conversations map[conversationKey]*memoryConversation
	threads       map[threadKey]*memoryConversation // the latest of each
	touched       *list.List                        // of all conversations, the one longest untouched first
	deliveries    map[deliveryDigest]memoryDelivery
	delivered     []deliveryDigest // the oldest first
	logs          map[logKey]*memoryLog
	lifecycles    map[string]*memoryLifecycle
	erased        map[string]int // the highest number of an agent's erased conversations
	fence         int64
}

type (
	conversationKey struct{ agent, id string }
	threadKey       struct{ agent, channel, thread string }
	logKey          struct {
		agent string
		kind  LogKind
	}
)

// NewMemoryStore returns an empty store. now is the clock for leases; nil is
// time.Now.
func NewMemoryStore(now func() time.Time) *MemoryStore {
	if now == nil {
		now = time.Now
	}
	return &MemoryStore{
		now: now, touched: list.New(), conversations: map[conversationKey]*memoryConversation{}, threads: map[threadKey]*memoryConversation{},
		deliveries: map[deliveryDigest]memoryDelivery{}, logs: map[logKey]*memoryLog{}, lifecycles: map[string]*memoryLifecycle{}, erased: map[string]int{},
	}
}

func joinKey(parts ...string) string { return strings.Join(parts, "\x00") }

func (m *MemoryStore) find(agent, conversation string) (*memoryConversation, error) {
	c := m.conversations[conversationKey{agent, conversation}]
	if c == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoConversation, conversation)
	}
	return c, nil
}
