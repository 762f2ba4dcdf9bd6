package handoff

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/kundeagent/kundeagent/internal/phrases"
)

// Message names what a customer is told about a handoff.
type Message string

// The messages. Each handoff has exactly one of the first six; StillOpen answers
// a customer who asks for a human again while the agent goes on.
const (
	Transferring Message = "transferring" // a human takes over
	OutOfHours   Message = "out of hours" // a human takes over from {time}
	NobodyThere  Message = "nobody there" // nobody knows when a human will
	Unreachable  Message = "failed"       // the team cannot be reached; what was said is kept
	TakenLater   Message = "later"        // a human takes over from {time}; the agent goes on until then
	Kept         Message = "kept"         // a human will come; the agent goes on until then
	StillOpen    Message = "still open"   // a human has the case already; the agent goes on
)

// ownTexts are the library's wordings.
var ownTexts = map[Message]phrases.Key{
	Transferring: phrases.Transferring, OutOfHours: phrases.OutOfHours, NobodyThere: phrases.NobodyThere, Unreachable: phrases.HandoffFailed,
	TakenLater: phrases.HandoffLater, Kept: phrases.HandoffKept, StillOpen: phrases.HandoffOpen,
}

// Messages are a host's own wordings, by BCP 47 tag and message; "" is for every
// language that has none of its own. {time} stands for the next opening, in
// OutOfHours and TakenLater only, and {team} for the team's name. What is not
// given is said in the library's words, in 27 languages.
//
// A customer's language is looked up as it is, then without its parts from the
// end, then as "". A language that neither the host nor the library has is
// English.
type Messages map[string]map[Message]string

// ErrMessages: messages cannot be used. The text lists every fault.
var ErrMessages = errors.New("handoff: invalid messages")

// maxMessage bounds a message, in bytes.
const maxMessage = 2000

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// Validate reports every fault, as ErrMessages.
func (m Messages) Validate() error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{ErrMessages}, args...)...))
	}
	for _, tag := range slices.Sorted(maps.Keys(m)) {
		if _, err := language.Parse(tag); err != nil && tag != "" {
			fault("%q is no language tag", tag)
		}
		for _, message := range slices.Sorted(maps.Keys(m[tag])) {
			text := m[tag][message]
			if ownTexts[message] == "" {
				fault("%q: no message is called %q", tag, message)
			}
			if strings.TrimSpace(text) == "" || len(text) > maxMessage {
				fault("%q: %s is empty or longer than %d bytes", tag, message, maxMessage)
			}
			for _, p := range placeholder.FindAllString(text, -1) {
				if p != "{team}" && (p != "{time}" || message != OutOfHours && message != TakenLater) {
					fault("%q: %s has %s, which nothing replaces", tag, message, p)
				}
			}
		}
	}
	return errors.Join(errs...)
}

// Clone returns a copy that shares nothing with m.
func (m Messages) Clone() Messages {
	out := maps.Clone(m)
	for tag, texts := range out {
		out[tag] = maps.Clone(texts)
	}
	return out
}

// UsesTeam reports whether any message names the team.
func (m Messages) UsesTeam() bool {
	for _, texts := range m {
		for _, text := range texts {
			if strings.Contains(text, "{team}") {
				return true
			}
		}
	}
	return false
}

// Text returns a message in a language. The next opening of a is written as the
// language writes times, in the time zone it is in, for somebody who reads it at
// now; a message that needs one and has none is NobodyThere, or Kept instead of
// TakenLater.
func (m Messages) Text(tag string, message Message, a Availability, now time.Time) string {
	if a.Next.IsZero() {
		switch message {
		case OutOfHours:
			message = NobodyThere
		case TakenLater:
			message = Kept
		}
	}
	text, in := m.lookUp(tag, message)
	when := ""
	if !a.Next.IsZero() {
		when = phrases.Time(in, a.Next, now, true)
	}
	return strings.NewReplacer("{time}", when, "{team}", a.Team).Replace(text)
}

// lookUp returns a wording and its language.
func (m Messages) lookUp(tag string, message Message) (text, in string) {
	if own, in := m.own(tag, message); own != "" {
		return own, in
	}
	if phrases.Has(tag) {
		return phrases.Text(tag, ownTexts[message]), tag
	}
	if own, _ := m.own("en", message); own != "" {
		return own, "en"
	}
	return phrases.Text("en", ownTexts[message]), "en"
}

// own returns the host's wording of the nearest language.
func (m Messages) own(tag string, message Message) (text, in string) {
	for part := tag; part != ""; {
		for known, texts := range m {
			if strings.EqualFold(known, part) && texts[message] != "" {
				return texts[message], tag
			}
		}
		part = part[:max(0, strings.LastIndexAny(part, "-_"))]
	}
	// Norwegian has several tags.
	if base := phrases.Base(tag); base != tag && m[base][message] != "" {
		return m[base][message], tag
	}
	return m[""][message], tag
}
