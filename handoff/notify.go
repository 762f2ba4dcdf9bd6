package handoff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Notice tells people of a case that was routed.
type Notice struct {
	Case       Case
	Assignment Assignment
}

// Notifier tells people of cases. Notify may be called again with the same
// Case.Key: whoever is told must be able to tell that it is the same case. It
// must be safe for concurrent use and return when ctx ends. [Webhook] and
// [Email] are Notifiers.
type Notifier interface {
	Notify(ctx context.Context, n Notice) error
}

// NotifierFunc makes a Notifier of a function.
type NotifierFunc func(ctx context.Context, n Notice) error

// Notify calls f.
func (f NotifierFunc) Notify(ctx context.Context, n Notice) error { return f(ctx, n) }

// NotifyError says that a case was routed but not everybody was told of it.
// Routing it again tells those who are left; an agent does.
type NotifyError struct {
	Assignment Assignment
	Err        error
}

// Error says whom the case went to, and why they were not told.
func (e *NotifyError) Error() string {
	return fmt.Sprintf("handoff: routed to %q, but not everybody was told: %v", e.Assignment.Queue, e.Err)
}

// Unwrap returns why.
func (e *NotifyError) Unwrap() error { return e.Err }

// isRouted reports whether an error of a router leaves the case routed.
func isRouted(err error) bool {
	var untold *NotifyError
	return errors.As(err, &untold)
}

// NotifyingRouter is a [Router] that tells people of each case after another
// router took it. It is safe for concurrent use.
type NotifyingRouter struct {
	router    Router
	notifiers []Notifier

	mu   sync.Mutex
	told map[string]map[int]bool // by case: the notifiers that are done
	keys []string                // of told, oldest first
}

// toldKept is of how many cases a NotifyingRouter knows who was told.
const toldKept = 4096

// Notify returns a Router that routes with r and then tells the notifiers, each
// once for each case while this process remembers it: the last 4,096 cases. When
// telling fails, Route fails with a [*NotifyError], although the case is routed:
// routing it again tells only those who are left.
func Notify(r Router, notifiers ...Notifier) *NotifyingRouter {
	return &NotifyingRouter{router: r, notifiers: slices.Clone(notifiers), told: map[string]map[int]bool{}}
}

// Route implements [Router].
func (n *NotifyingRouter) Route(ctx context.Context, c Case) (Assignment, error) {
	a, err := routeTo(ctx, n.router, c)
	if err != nil {
		return Assignment{}, err
	}
	var errs []error
	for i, notifier := range n.notifiers {
		if n.done(c.Key, i) {
			continue
		}
		if err := notifier.Notify(ctx, Notice{c.clone(), a}); err != nil {
			errs = append(errs, err)
			continue
		}
		n.remember(c.Key, i)
	}
	if len(errs) > 0 {
		return Assignment{}, &NotifyError{a, errors.Join(errs...)}
	}
	return a, nil
}

// Choose implements [Group].
func (n *NotifyingRouter) Choose(Case) Router { return n.router }

// Members implements [Group].
func (n *NotifyingRouter) Members() []Router { return []Router{n.router} }

func (n *NotifyingRouter) done(key string, notifier int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.told[key][notifier]
}

func (n *NotifyingRouter) remember(key string, notifier int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told[key] == nil {
		n.told[key] = map[int]bool{}
		n.keys = append(n.keys, key)
	}
	n.told[key][notifier] = true
	if len(n.keys) > toldKept {
		delete(n.told, n.keys[0])
		n.keys = n.keys[1:]
	}
}
