package agent

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/handoff"
)

// Lifecycle is what people decided about an agent. The zero value is a
// published agent that works by its Config on all its channels.
type Lifecycle struct {
	// Revision counts the changes; see [Store].SetLifecycle.
	Revision int64
	// CreatedAt is when the agent was first used, zero before.
	CreatedAt time.Time
	// Draft is the version of the settings that people edit and Published the one
	// that the agent works by; 0 is Config. Previous was published before.
	Draft, Published, Previous int64
	// Unpublished agents take no new conversations.
	Unpublished bool
	// Deleted agents take nothing at all, for ever.
	Deleted     bool
	Paused      bool
	PauseReason string
	// Deployments by channel; a channel that is not in it has the zero
	// Deployment.
	Deployments map[string]Deployment
}

// Deployment is how an agent works on one channel. The zero value is everywhere
// and always, by itself.
type Deployment struct {
	// Removed takes the agent off the channel for new conversations.
	Removed bool `json:",omitempty"`
	// From is where people work on the channel's conversations; only shown.
	From Desk
	// Filter names the one of Config.Filters that says which new conversations
	// the agent takes; empty is all.
	Filter string `json:",omitempty"`
	// Percent is the share of new conversations that the agent takes, from 1 to
	// 100; 0 is all. Which ones depends on their IDs alone, and those of a smaller
	// share are among those of a larger one.
	Percent int `json:",omitempty"`
	// Mode says whether the agent's replies are sent or only drafted.
	Mode Mode
	// Hours is when the agent takes new conversations here; nil is Config.Hours.
	Hours *handoff.Schedule `json:",omitempty"`
	// IdleClose is after how long without a message a conversation ends, from its
	// next message on; 0 is what the channel's Capabilities say.
	IdleClose time.Duration `json:",omitempty"`
}

// Desk is where people work on conversations.
type Desk uint8

// The desks.
const (
	FromInbox Desk = iota
	FromHelpDesk
)

var deskNames = [...]string{"inbox", "help desk"}

// String returns the desk's name.
func (d Desk) String() string { return nameIn(deskNames[:], int(d), "Desk") }

// Valid reports whether d is one of the desks.
func (d Desk) Valid() bool { return int(d) < len(deskNames) }

// MarshalText returns the name.
func (d Desk) MarshalText() ([]byte, error) { return marshalName(deskNames[:], int(d), "desk") }

// UnmarshalText reads a name.
func (d *Desk) UnmarshalText(b []byte) error {
	i, err := parseName(deskNames[:], string(b), "desk")
	if err == nil {
		*d = Desk(i)
	}
	return err
}

// Mode says what becomes of the agent's replies on a channel.
type Mode uint8

// The modes.
const (
	ModeAuto  Mode = iota // they are sent
	ModeDraft             // a human sends, edits or dismisses them
)

var modeNames = [...]string{"auto", "draft"}

// String returns the mode's name.
func (m Mode) String() string { return nameIn(modeNames[:], int(m), "Mode") }

// Valid reports whether m is one of the modes.
func (m Mode) Valid() bool { return int(m) < len(modeNames) }

// MarshalText returns the name.
func (m Mode) MarshalText() ([]byte, error) { return marshalName(modeNames[:], int(m), "mode") }

// UnmarshalText reads a name.
func (m *Mode) UnmarshalText(b []byte) error {
	i, err := parseName(modeNames[:], string(b), "mode")
	if err == nil {
		*m = Mode(i)
	}
	return err
}

// Clone returns a copy that shares nothing that may be changed.
func (l Lifecycle) Clone() Lifecycle {
	l.Deployments = maps.Clone(l.Deployments)
	return l
}

// setDeployment changes one channel's.
func (l *Lifecycle) setDeployment(channel string, d Deployment) {
	if l.Deployments == nil {
		l.Deployments = map[string]Deployment{}
	}
	l.Deployments[channel] = d
}

// String describes the state in words.
func (l Lifecycle) String() string {
	s := "published"
	switch {
	case l.Deleted:
		return "deleted"
	case l.Unpublished:
		s = "unpublished"
	}
	if l.Published > 0 {
		s += fmt.Sprintf(" with version %d", l.Published)
	}
	if l.Paused {
		s += ", paused: " + l.PauseReason
	}
	for _, channel := range slices.Sorted(maps.Keys(l.Deployments)) {
		s += fmt.Sprintf(", %s: %s", channel, l.Deployments[channel])
	}
	return s
}

// String describes the deployment in words.
func (d Deployment) String() string {
	if d.Removed {
		return "removed"
	}
	words := []string{"deployed from " + d.From.String()}
	if d.Filter != "" {
		words = append(words, "filter "+d.Filter)
	}
	if d.Percent > 0 {
		words = append(words, fmt.Sprintf("%d %%", d.Percent))
	}
	if d.Mode != ModeAuto {
		words = append(words, d.Mode.String()+" mode")
	}
	if d.Hours != nil {
		words = append(words, "own hours")
	}
	if d.IdleClose > 0 {
		words = append(words, "closes after "+d.IdleClose.String())
	}
	return strings.Join(words, ", ")
}
