package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kundeagent/kundeagent/handoff"
)

// Handoff is how conversations go to humans. The zero value hands them over
// immediately, in the library's words.
type Handoff struct {
	// Mode is what becomes of a conversation. What the agent cannot or may not go
	// on with is always handed over immediately: a conversation it was not
	// admitted to, and a turn that fails again and again.
	Mode handoff.Mode
	// Modes and Routers are those of single channels, before Mode and
	// Config.Router.
	Modes   map[string]handoff.Mode
	Routers map[string]handoff.Router
	// Fallback takes a case once the router has failed RouteTries times; nil goes
	// on trying the router alone. Its errors are tried again too.
	Fallback handoff.Router
	// RouteTries is how often a router is tried before Fallback; default 5, with
	// waits that grow from one second.
	RouteTries int
	// Messages are the host's own wordings, which people edit as part of
	// [Settings].
	Messages handoff.Messages
	// Team is the team's name in Messages where the router tells none.
	Team string
	// AskedAgain is what the agent does when the customer asks for a human again
	// while it goes on.
	AskedAgain AskedAgain
}

// AskedAgain is what the agent does when a customer asks for a human whose case
// is open while the agent goes on; see [handoff.KeepAssigned].
type AskedAgain uint8

// The ways. In both there is no second case.
const (
	Remind    AskedAgain = iota // say that a human has the case, and go on
	StepAside                   // give the conversation to humans, as in [handoff.Immediate]
)

// defaultRouteTries is how often a router is tried before the fallback.
const defaultRouteTries = 5

// check tells of each fault.
func (h *Handoff) check(fault func(format string, args ...any)) {
	if !h.Mode.Valid() {
		fault("Handoff.Mode %d is unknown", h.Mode)
	}
	for _, channel := range slices.Sorted(maps.Keys(h.Modes)) {
		if !h.Modes[channel].Valid() {
			fault("Handoff.Modes of channel %q is the unknown mode %d", channel, h.Modes[channel])
		}
	}
	for _, channel := range slices.Sorted(maps.Keys(h.Routers)) {
		if h.Routers[channel] == nil {
			fault("Handoff.Routers of channel %q is nil", channel)
		}
	}
	if h.RouteTries < 0 {
		fault("Handoff.RouteTries %d is negative", h.RouteTries)
	}
	if h.AskedAgain > StepAside {
		fault("Handoff.AskedAgain %d is unknown", h.AskedAgain)
	}
	if err := h.Messages.Validate(); err != nil {
		fault("Handoff.Messages: %w", err)
	}
	if h.Messages.UsesTeam() && h.Team == "" {
		fault("Handoff.Messages use {team}, and Handoff.Team is empty")
	}
}

// triggersOf returns what decides that a human is needed: the program's own
// triggers, then those that people edit.
func triggersOf(cfg *Config) []handoff.Trigger {
	if cfg.Triggers != nil && cfg.TriggerSettings.IsZero() {
		return cfg.Triggers
	}
	edited, _ := cfg.TriggerSettings.Triggers() // validated before
	return slices.Concat(cfg.Triggers, edited)
}

// routerOf returns what routes the cases of a configuration.
func routerOf(cfg *Config) handoff.Router {
	if len(cfg.Handoff.Routers) == 0 {
		return cfg.Router
	}
	return handoff.ByChannel{Channels: cfg.Handoff.Routers, Else: cfg.Router}
}

// routers returns every router that may have a case.
func (a *Agent) routers() []handoff.Router {
	return append(handoff.Within(a.router), handoff.Within(a.cfg.Handoff.Fallback)...)
}

// runRouters runs the routers that need it, each once, until ctx ends.
func (a *Agent) runRouters(run func(name string, f func(context.Context) error)) {
	seen := map[any]bool{}
	for _, r := range a.routers() {
		runner, ok := r.(*handoff.Queue)
		if ok && !seen[runner] {
			seen[runner] = true
			run(fmt.Sprintf("queue %q", runner.Name()), runner.Run)
		}
	}
}

// CaseDesk is a router that can do more with the cases it has; a [handoff.Queue] is
// one. Members are named by the ID of their [Actor]. Its methods are idempotent
// and safe for concurrent use. ErrCaseClosed and ErrNoCase of package handoff are
// understood.
type CaseDesk interface {
	// Name is the queue in a [handoff.Assignment].
	Name() string
	Accept(ctx context.Context, key, member string) error
	// Take is Accept whoever has the case.
	Take(ctx context.Context, key, member string) error
	Decline(ctx context.Context, key, member string) error
	Cancel(ctx context.Context, key string) error
	Return(ctx context.Context, key string) error
	Done(ctx context.Context, key string) error
	// Tickets returns what is not closed, whoever has waited longest first.
	Tickets(ctx context.Context) ([]handoff.Ticket, error)
}

// ErrNoDesk: the router that has a case cannot do this with it; see [CaseDesk].
var ErrNoDesk = errors.New("agent: the router has no desk")

// desks returns every desk, each name once.
func (a *Agent) desks() []CaseDesk {
	var out []CaseDesk
	for _, r := range a.routers() {
		d, ok := r.(CaseDesk)
		if ok && !slices.ContainsFunc(out, func(known CaseDesk) bool { return known.Name() == d.Name() }) {
			out = append(out, d)
		}
	}
	return out
}

// deskOf returns the desk that a case went to, nil if it went to none.
func (a *Agent) deskOf(to handoff.Assignment) CaseDesk {
	for _, d := range a.desks() {
		if d.Name() == to.Queue {
			return d
		}
	}
	return nil
}
