package channels

import (
	"fmt"
	"reflect"
	"sync"
)

// Inlet holds the inbox of a channel, for implementers: its Attach is that of
// [Channel]. The zero value is ready. It is safe for concurrent use.
type Inlet struct {
	mu    sync.Mutex
	inbox Inbox
}

// Attach sets the inbox of the channel id. The same inbox again is nil, another
// one ErrAttached. An inbox of a type that Go cannot compare, such as a func,
// counts as another.
func (i *Inlet) Attach(id string, in Inbox) error {
	if in == nil {
		return fmt.Errorf("%w: %s is given no inbox", ErrNotAttached, id)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.inbox != nil && (!reflect.ValueOf(in).Comparable() || i.inbox != in) {
		return fmt.Errorf("%w: %s", ErrAttached, id)
	}
	i.inbox = in
	return nil
}

// Inbox returns the inbox of the channel id, or ErrNotAttached.
func (i *Inlet) Inbox(id string) (Inbox, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.inbox == nil {
		return nil, fmt.Errorf("%w: %s", ErrNotAttached, id)
	}
	return i.inbox, nil
}
