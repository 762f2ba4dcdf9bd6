package agent

import (
	"encoding"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Profile is who the agent is.
type Profile struct {
	Name string
	// Avatar is the http or https address of a picture; empty is none.
	Avatar  string
	Company string
	// Personality is the manner in which it writes.
	Personality Personality
	// Manner, if set, is told the model instead of the personality's prompt.
	Manner string
	// Voice is the company's own brand voice, told besides.
	Voice string
	// Facts are always in the prompt: what the company is and does.
	Facts []string
}

// prompt tells a model who it is.
func (p Profile) prompt(sb *strings.Builder) {
	name, company, manner := p.Name, p.Company, p.Manner
	if name == "" {
		name = "the customer agent"
	}
	if company == "" {
		company = "the company"
	}
	if manner == "" {
		manner = p.Personality.Prompt()
	}
	sb.WriteString("You are " + name + " of " + company + ". " + manner + "\n")
	if p.Voice != "" {
		sb.WriteString("Voice of the company: " + p.Voice + "\n")
	}
	for _, f := range p.Facts {
		sb.WriteString("Fact: " + f + "\n")
	}
}

// check returns what is wrong with a profile.
func (p Profile) check() error {
	var errs []error
	if !p.Personality.Valid() {
		errs = append(errs, fmt.Errorf("%w: %w: %d", ErrInvalidConfig, ErrUnknownPersonality, uint8(p.Personality)))
	}
	if u, err := url.Parse(p.Avatar); p.Avatar != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		errs = append(errs, fmt.Errorf("%w: Profile.Avatar %q is no http or https address", ErrInvalidConfig, p.Avatar))
	}
	return errors.Join(errs...)
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
	Professional: "Write precisely, politely and to the point. No exclamation marks, no colloquial words, no humour.",
	Casual:       "Write as to a friend: relaxed, short, everyday words. Stay respectful.",
	Empathetic:   "Show first, in half a sentence, that you understand the customer's situation; then help calmly and step by step.",
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

// Prompt returns what the personality tells a model; see [Profile].Manner for
// words of your own.
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
