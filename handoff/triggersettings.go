package handoff

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// TriggerSettings are triggers as plain data, for people to edit; they can be
// written as JSON and read back. The zero value is [DefaultTriggers].
type TriggerSettings struct {
	// IgnoreRequests leaves out [AskedHuman]: customers cannot ask for a human.
	IgnoreRequests bool `json:",omitempty"`
	// Loop is how often the same message again sets off [Repetition]; 0 means 3,
	// negative never.
	Loop   int        `json:",omitempty"`
	Words  []WordList `json:",omitempty"`
	Topics []WordList `json:",omitempty"` // sensitive ones
	// MaxTurns is after how many messages of the customer a human is offered; 0
	// is never.
	MaxTurns int `json:",omitempty"`
	// Budget hands over when no credits are left for a model.
	Budget bool `json:",omitempty"`
}

// IsZero reports whether nothing is set: [DefaultTriggers].
func (s TriggerSettings) IsZero() bool {
	return !s.IgnoreRequests && s.Loop == 0 && len(s.Words) == 0 && len(s.Topics) == 0 && s.MaxTurns == 0 && !s.Budget
}

// Clone returns a copy that shares nothing with s.
func (s TriggerSettings) Clone() TriggerSettings {
	s.Words, s.Topics = slices.Clone(s.Words), slices.Clone(s.Topics)
	for _, lists := range [][]WordList{s.Words, s.Topics} {
		for i := range lists {
			lists[i].Words = slices.Clone(lists[i].Words)
		}
	}
	return s
}

// WordList is a named list of words and phrases, with what they ask for.
type WordList struct {
	Name    string
	Words   []string // compared as [Words] does
	Urgency Urgency  // "offer" or "now"
}

// ErrTriggers: trigger settings cannot work. The text lists every fault.
var ErrTriggers = errors.New("handoff: invalid trigger settings")

// maxWords bounds the words of all lists together, and maxWordLength each of
// them, in bytes.
const (
	maxWords      = 10_000
	maxWordLength = 500
)

// Validate reports every fault, as ErrTriggers.
func (s TriggerSettings) Validate() error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{ErrTriggers}, args...)...))
	}
	if s.Loop == 1 {
		fault("Loop is 1: every message would be a loop")
	}
	if s.MaxTurns < 0 {
		fault("MaxTurns %d is negative", s.MaxTurns)
	}
	total := 0
	for _, lists := range [][]WordList{s.Words, s.Topics} {
		for i, l := range lists {
			if len(l.Words) == 0 {
				fault("list %d, %q, has no words", i+1, l.Name)
			}
			if l.Urgency != Offer && l.Urgency != Now {
				fault("list %d, %q, asks for neither offer nor now", i+1, l.Name)
			}
			for _, w := range l.Words {
				if strings.TrimSpace(w) == "" || len(w) > maxWordLength {
					fault("list %d, %q: a word is empty or longer than %d bytes", i+1, l.Name, maxWordLength)
				}
			}
			total += len(l.Words)
		}
	}
	if total > maxWords {
		fault("%d words are more than %d", total, maxWords)
	}
	return errors.Join(errs...)
}

// Triggers makes the triggers, or fails with ErrTriggers.
func (s TriggerSettings) Triggers() ([]Trigger, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	var out []Trigger
	if !s.IgnoreRequests {
		out = append(out, AskedHuman())
	}
	if s.Loop >= 0 {
		out = append(out, Repetition(s.Loop))
	}
	for _, l := range s.Words {
		out = append(out, wordLists(l.Urgency, CustomWords, []Topic{{l.Name, l.Words}}))
	}
	for _, l := range s.Topics {
		out = append(out, SensitiveTopics(l.Urgency, Topic{l.Name, l.Words}))
	}
	if s.MaxTurns > 0 {
		out = append(out, MaxTurns(Offer, s.MaxTurns))
	}
	if s.Budget {
		out = append(out, Budget(Now))
	}
	return out, nil
}

// String returns the urgency's name.
func (u Urgency) String() string { return [...]string{"none", "offer", "now"}[min(u, Now)] }

// MarshalText writes the urgency's name.
func (u Urgency) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads the urgency's name, in any case; anything else is
// ErrTriggers.
func (u *Urgency) UnmarshalText(text []byte) error {
	for _, known := range []Urgency{None, Offer, Now} {
		if strings.EqualFold(string(text), known.String()) {
			*u = known
			return nil
		}
	}
	return fmt.Errorf("%w: urgency %q is not none, offer or now", ErrTriggers, text)
}
