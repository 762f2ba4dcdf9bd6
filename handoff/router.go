package handoff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Assignment says to whom a case went.
type Assignment struct {
	// Queue and Assignee name a team and a person; Assignee is empty while the
	// case is nobody's.
	Queue, Assignee string
}

// Router finds an assignee. Route must be safe for concurrent use, end when ctx
// ends, and keep nothing of c that its caller may change. It is idempotent by
// c.Key: callers repeat what they saw no outcome of. An error leaves the case
// unrouted; the caller tries again.
type Router interface {
	Route(ctx context.Context, c Case) (Assignment, error)
}

// RouterFunc makes a Router of a function.
type RouterFunc func(ctx context.Context, c Case) (Assignment, error)

// Route calls f.
func (f RouterFunc) Route(ctx context.Context, c Case) (Assignment, error) { return f(ctx, c) }

var (
	// ErrNoRoute: no router takes the case.
	ErrNoRoute = errors.New("handoff: nothing takes the case")
	// ErrNoKey: a case has no key, so that it could not be told from others.
	ErrNoKey = errors.New("handoff: the case has no key")
)

// Group is a [Router] made of others, such as [Rules].
type Group interface {
	// Choose returns the router that takes c; nil if none does.
	Choose(c Case) Router
	// Members returns all of them.
	Members() []Router
}

// Availability says whether anybody is there for a case.
type Availability struct {
	Now  bool
	Next time.Time // when not Now: the next opening, in the team's time zone; zero if nobody knows
	Team string    // its name for customers; may be empty
}

// Forecaster is a [Router] that knows whether anybody is there. An error says
// that the team cannot be reached.
type Forecaster interface {
	Available(ctx context.Context, c Case) (Availability, error)
}

// maxNesting and maxWithin bound how deep groups of routers are looked into, and
// how many routers are found: one could contain itself.
const (
	maxNesting = 16
	maxWithin  = 1000
)

// AvailabilityOf asks the router that takes c whether anybody is there. known is
// false if it cannot tell.
func AvailabilityOf(ctx context.Context, r Router, c Case) (a Availability, known bool, err error) {
	for range maxNesting {
		if f, ok := r.(Forecaster); ok {
			a, err = f.Available(ctx, c)
			return a, err == nil, err
		}
		g, ok := r.(Group)
		if !ok {
			break
		}
		r = g.Choose(c)
	}
	return Availability{}, false, nil
}

// Within returns r and every router it is made of, r first.
func Within(r Router) []Router {
	var out []Router
	level := []Router{r}
	for range maxNesting {
		var next []Router
		for _, r := range level {
			if r == nil || len(out) == maxWithin {
				continue
			}
			out = append(out, r)
			if g, ok := r.(Group); ok {
				next = append(next, g.Members()...)
			}
		}
		level = next
	}
	return out
}

// Fixed is a [Router] that gives every case to one team or person. It remembers
// nothing, so the people must learn of the case by other means, such as
// [Notify].
type Fixed Assignment

// Route implements [Router].
func (f Fixed) Route(ctx context.Context, c Case) (Assignment, error) {
	if err := checkRoute(ctx, c); err != nil {
		return Assignment{}, err
	}
	return Assignment(f), nil
}

// checkRoute is what every router of this package asks for.
func checkRoute(ctx context.Context, c Case) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("handoff: route %s: %w", c.Key, err)
	}
	if c.Key == "" {
		return fmt.Errorf("%w: conversation %s", ErrNoKey, c.Conversation)
	}
	return nil
}

// ByChannel is a [Router] that picks another by the case's channel.
type ByChannel struct {
	Channels map[string]Router
	Else     Router // for all other channels; nil means ErrNoRoute
}

// Route implements [Router].
func (r ByChannel) Route(ctx context.Context, c Case) (Assignment, error) {
	return routeTo(ctx, r.Choose(c), c)
}

// Choose implements [Group].
func (r ByChannel) Choose(c Case) Router {
	if to := r.Channels[c.Channel]; to != nil {
		return to
	}
	return r.Else
}

// Members implements [Group].
func (r ByChannel) Members() []Router {
	var out []Router
	for _, to := range r.Channels {
		out = append(out, to)
	}
	return append(out, r.Else)
}

// Rules is a Router that uses the first rule that matches.
type Rules struct {
	Rules []Rule
	Else  Router // when none matches; nil means ErrNoRoute
}

// Rule sends the cases it matches to a router. A rule without Match matches
// every case; one without To leaves what it matches to ErrNoRoute.
type Rule struct {
	Match func(Case) bool
	To    Router
}

// Route implements [Router].
func (r Rules) Route(ctx context.Context, c Case) (Assignment, error) {
	return routeTo(ctx, r.Choose(c), c)
}

// Choose implements [Group].
func (r Rules) Choose(c Case) Router {
	for _, rule := range r.Rules {
		if rule.Match == nil || rule.Match(c) {
			return rule.To
		}
	}
	return r.Else
}

// Members implements [Group].
func (r Rules) Members() []Router {
	var out []Router
	for _, rule := range r.Rules {
		out = append(out, rule.To)
	}
	return append(out, r.Else)
}

func routeTo(ctx context.Context, to Router, c Case) (Assignment, error) {
	if to == nil {
		return Assignment{}, fmt.Errorf("%w: %s", ErrNoRoute, c.Key)
	}
	return to.Route(ctx, c)
}

// Fallback is a [Router] that tries routers in order until one takes the case.
// A router that fails after it took a case leaves that case with two of them:
// order them so that the last cannot fail, such as [Inbox].
type Fallback []Router

// Route implements [Router]. When all fail their errors come together, and
// ErrNoRoute is among them if there are no routers.
func (r Fallback) Route(ctx context.Context, c Case) (Assignment, error) {
	var errs []error
	for _, to := range r {
		a, err := routeTo(ctx, to, c)
		if err == nil {
			return a, nil
		}
		if ctx.Err() != nil || isRouted(err) {
			return Assignment{}, err
		}
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		return routeTo(ctx, nil, c)
	}
	return Assignment{}, errors.Join(errs...)
}

// Choose implements [Group]: the first one.
func (r Fallback) Choose(Case) Router {
	if len(r) == 0 {
		return nil
	}
	return r[0]
}

// Members implements [Group].
func (r Fallback) Members() []Router { return slices.Clone(r) }
