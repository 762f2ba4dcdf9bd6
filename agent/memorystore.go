package agent

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// MemoryStore is a [Store] that lasts as long as the process. It is safe for
// concurrent use.
type MemoryStore struct {
	now func() time.Time

	mu            sync.Mutex
	conversations map[conversationKey]*memoryConversation
	threads       map[threadKey]*memoryConversation // the latest of each
	deliveries    map[deliveryDigest]memoryDelivery
	logs          map[logKey]*memoryLog
	lifecycles    map[string]*memoryLifecycle
	erased        map[string]int // the highest number of an agent's erased conversations
	fence         int64
	accepted      int
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
		now: now, conversations: map[conversationKey]*memoryConversation{}, threads: map[threadKey]*memoryConversation{},
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
