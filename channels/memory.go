package channels

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Memory is a channel inside the process: what a customer says comes in through
// Say, and what is sent is kept. It drops a second send with the same key.
// It is safe for concurrent use.
type Memory struct {
	id   string
	caps Capabilities

	inlet Inlet

	mu   sync.Mutex
	sent []Outgoing
	keys map[string]Receipt
}

// NewMemory returns a Memory channel called id. Its capabilities are caps with
// Idempotent set.
func NewMemory(id string, caps Capabilities) *Memory {
	caps.Idempotent = true
	return &Memory{id: id, caps: caps, keys: map[string]Receipt{}}
}

// ID returns the channel's name.
func (m *Memory) ID() string { return m.id }

// Capabilities returns what NewMemory was given.
func (m *Memory) Capabilities() Capabilities { return m.caps }

// ErrAttached is what a channel's Attach returns when it already has an inbox.
var ErrAttached = errors.New("channels: channel is already attached to an inbox")

// ErrNotAttached is returned for traffic before a channel has an inbox.
var ErrNotAttached = errors.New("channels: channel is not attached to an inbox")

// Attach implements [Channel]; see [Inlet.Attach].
func (m *Memory) Attach(in Inbox) error { return m.inlet.Attach(m.id, in) }

// Say delivers a customer's message to the inbox.
func (m *Memory) Say(ctx context.Context, thread, delivery, text string) error {
	return m.Deliver(ctx, Event{Delivery: delivery, Thread: thread, Contact: Contact{ID: thread}, Message: Message{ID: delivery, Text: text}})
}

// Deliver passes an event to the inbox under this channel's ID.
func (m *Memory) Deliver(ctx context.Context, e Event) error {
	in, err := m.inlet.Inbox(m.id)
	if err != nil {
		return err
	}
	e.Channel = m.id
	return in.Deliver(ctx, e)
}

// Send keeps out. It refuses only a message without a key, which could not be
// told from others.
func (m *Memory) Send(_ context.Context, out Outgoing) (Receipt, error) {
	if out.Key == "" {
		return Receipt{}, &SendError{Kind: ErrInvalid, Err: errors.New("the message has no key")}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.keys[out.Key]; ok {
		return r, nil
	}
	r := Receipt{ID: fmt.Sprintf("%s-%d", m.id, len(m.sent)+1), At: time.Now()}
	m.keys[out.Key] = r
	m.sent = append(m.sent, out)
	return r, nil
}

// Sent returns what was sent to a thread, oldest first; an empty thread means
// all of them.
func (m *Memory) Sent(thread string) []Outgoing {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Outgoing
	for _, o := range m.sent {
		if thread == "" || o.Thread == thread {
			out = append(out, o)
		}
	}
	return out
}
