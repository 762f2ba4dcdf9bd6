package handoff

import (
	"errors"
	"fmt"
	"strings"
)

// Mode is what becomes of a conversation when it is handed over.
type Mode uint8

// The modes. The zero value is immediate.
const (
	// Immediate gives the conversation to humans at once; the agent is silent
	// from then on.
	Immediate Mode = iota
	// Later gives it to humans when their team opens; the agent goes on until
	// then. While the team is there it is Immediate.
	Later
	// KeepAssigned gives the case to humans at once and lets the agent go on
	// until one of them takes the conversation.
	KeepAssigned
)

// ErrMode: a text names no mode.
var ErrMode = errors.New("handoff: no such mode")

// String returns the mode's name.
func (m Mode) String() string {
	return [...]string{"immediate", "later", "keep assigned"}[min(m, KeepAssigned)]
}

// Valid reports whether m is one of the modes.
func (m Mode) Valid() bool { return m <= KeepAssigned }

// MarshalText writes the mode's name.
func (m Mode) MarshalText() ([]byte, error) {
	if !m.Valid() {
		return nil, fmt.Errorf("%w: %d", ErrMode, m)
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads the mode's name, in any case; anything else is ErrMode.
func (m *Mode) UnmarshalText(text []byte) error {
	for known := Immediate; known.Valid(); known++ {
		if strings.EqualFold(string(text), known.String()) {
			*m = known
			return nil
		}
	}
	return fmt.Errorf("%w: %q is not immediate, later or keep assigned", ErrMode, text)
}
