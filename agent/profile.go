package agent

import (
	"encoding"
	"errors"
	"fmt"
	"strings"
)

// Profile is who the agent is.
type Profile struct {
	Name        string
	Company     string
	Personality Personality
	// Voice adds the company's own words to the personality's prompt.
	Voice string
	// Facts are always in the prompt: what the company is and does.
	Facts []string
}

// Personality is the manner in which an agent writes. The zero value is
// Friendly.
type Personality uint8

// The personalities.
const (
	Friendly Personality = iota
	Professional
	Casual
	Empathetic
	Witty
)

var personalityNames = [...]string{"Friendly", "Professional", "Casual", "Empathetic", "Witty"}

var personalityPrompts = [...]string{
	Friendly:     "Write warmly and helpfully, in short, plain sentences. Use the customer's name if you know it.",
	Professional: "Write precisely, politely and to the point. No exclamation marks, no colloquial words.",
	Casual:       "Write as to a friend: relaxed, short, everyday words. Stay respectful.",
	Empathetic:   "Show first that you understand the customer's situation, then help calmly and step by step.",
	Witty:        "Write with a light touch of humour where the matter allows it, never about a problem or a complaint, and never at the cost of clarity.",
}

// ErrUnknownPersonality: a name is none of the five.
var ErrUnknownPersonality = errors.New("agent: unknown personality")

// ParsePersonality returns the personality of that name, in any case.
func ParsePersonality(name string) (Personality, error) {
	for i, n := range personalityNames {
		if strings.EqualFold(n, strings.TrimSpace(name)) {
			return Personality(i), nil
		}
	}
	return 0, fmt.Errorf("%w: %q is none of %s", ErrUnknownPersonality, name, strings.Join(personalityNames[:], ", "))
}

// Valid reports whether p is one of the five.
func (p Personality) Valid() bool { return int(p) < len(personalityNames) }

// String returns the personality's name.
func (p Personality) String() string {
	if !p.Valid() {
		return fmt.Sprintf("Personality(%d)", uint8(p))
	}
	return personalityNames[p]
}

// Prompt returns what the personality tells a model.
func (p Personality) Prompt() string {
	if !p.Valid() {
		return ""
	}
	return personalityPrompts[p]
}

var (
	_ encoding.TextMarshaler   = Personality(0)
	_ encoding.TextUnmarshaler = (*Personality)(nil)
)

// MarshalText returns the name.
func (p Personality) MarshalText() ([]byte, error) {
	if !p.Valid() {
		return nil, fmt.Errorf("%w: %d", ErrUnknownPersonality, uint8(p))
	}
	return []byte(p.String()), nil
}

// UnmarshalText reads a name.
func (p *Personality) UnmarshalText(b []byte) error {
	parsed, err := ParsePersonality(string(b))
	if err == nil {
		*p = parsed
	}
	return err
}

// Guideline tells the model how to behave in a situation.
type Guideline struct {
	// When are words or phrases of the customer's message that make it apply;
	// empty is always.
	When []string
	Then string
	// Channels and Languages limit it; empty is all.
	Channels, Languages []string
}
