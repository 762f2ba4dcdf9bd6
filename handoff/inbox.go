package handoff

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Inbox is a [Router] that keeps cases in memory for whoever takes them. The
// zero value is ready. It is safe for concurrent use.
type Inbox struct {
	// Queue names the team in assignments; default "inbox".
	Queue string

	mu    sync.Mutex
	cases []Case
	keys  map[string]bool
}

// Route keeps c. A case with a known key is not kept again; one without a key is
// ErrNoKey.
func (b *Inbox) Route(ctx context.Context, c Case) (Assignment, error) {
	if err := checkRoute(ctx, c); err != nil {
		return Assignment{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.keys[c.Key] {
		if b.keys == nil {
			b.keys = map[string]bool{}
		}
		b.keys[c.Key] = true
		b.cases = append(b.cases, c.clone())
	}
	queue := b.Queue
	if queue == "" {
		queue = "inbox"
	}
	return Assignment{Queue: queue}, nil
}

// Cases returns what was routed here, oldest first.
func (b *Inbox) Cases() []Case {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Case, len(b.cases))
	for i, c := range b.cases {
		out[i] = c.clone()
	}
	return out
}

// Erase deletes cases, and returns how many; an inbox does not know which are
// settled. Before is compared with when a case was made. A case that is routed
// again under a key known before stays away.
func (b *Inbox) Erase(ctx context.Context, e Erasure) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("handoff: erase: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	had := len(b.cases)
	b.cases = slices.DeleteFunc(b.cases, func(c Case) bool {
		return e.CoversContact(c.Contact.ID, c.Agent, c.Channel) || c.CreatedAt.Before(e.Before)
	})
	return had - len(b.cases), nil
}

// clone returns a copy that shares nothing a caller may change.
func (c Case) clone() Case {
	c.Contact.Attributes = maps.Clone(c.Contact.Attributes)
	c.Transcript = slices.Clone(c.Transcript)
	for i, m := range c.Transcript {
		c.Transcript[i].Citations = slices.Clone(m.Citations)
	}
	c.Facts = slices.Clone(c.Facts)
	c.Sources = slices.Clone(c.Sources)
	return c
}
