package handoff

import (
	"context"
	"strings"
	"unicode"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/internal/phrases"
)

// Urgency is what a trigger asks for.
type Urgency uint8

// The urgencies, in rising order.
const (
	None  Urgency = iota
	Offer         // ask the customer whether they want a human
	Now           // hand over
)

// Signal is a trigger's verdict.
type Signal struct {
	Urgency Urgency
	Reason  Reason
	Detail  string // what set it off, for an operator
}

// Situation is what a trigger may look at.
type Situation struct {
	Text     string // the customer's unanswered messages, joined by line breaks
	Language string // of the customer, BCP 47
	// History is what was said before, oldest first.
	History []channels.Message
	Contact channels.Contact
	Channel string
	// Offered says that the agent's last message offered a human.
	Offered bool
}

// Trigger decides from a conversation whether a human should take it. Check
// must be fast, safe for concurrent use, and must not keep s.
type Trigger interface {
	Check(ctx context.Context, s Situation) Signal
}

// TriggerFunc makes a Trigger of a function.
type TriggerFunc func(ctx context.Context, s Situation) Signal

// Check calls f.
func (f TriggerFunc) Check(ctx context.Context, s Situation) Signal { return f(ctx, s) }

// DefaultTriggers returns the triggers an agent has when none are configured:
// [AskedHuman] and [Repetition] with 3.
func DefaultTriggers() []Trigger { return []Trigger{AskedHuman(), Repetition(3)} }

// Check runs triggers in order and returns the most urgent signal, the first
// one among equals.
func Check(ctx context.Context, triggers []Trigger, s Situation) Signal {
	var best Signal
	for _, t := range triggers {
		if sig := t.Check(ctx, s); sig.Urgency > best.Urgency {
			best = sig
		}
		if best.Urgency == Now {
			break
		}
	}
	return best
}

// AskedHuman sets off when the customer asks for a person in any of the
// library's languages, or accepts one that was offered.
func AskedHuman() Trigger {
	words := phrases.All(phrases.HumanRequests)
	return TriggerFunc(func(_ context.Context, s Situation) Signal {
		text := foldWords(s.Text)
		if s.Offered && isYes(text) {
			return Signal{Now, AskedForHuman, "accepted the offer"}
		}
		if hit := firstPhrase(text, words); hit != "" {
			return Signal{Now, AskedForHuman, hit}
		}
		return Signal{}
	})
}

// Words sets off at any of the given words or phrases, compared without regard
// to case and only as whole words: "refund" does not match "refundable".
func Words(urgency Urgency, words ...string) Trigger {
	folded := make([]string, 0, len(words))
	for _, w := range words {
		if f := strings.TrimSpace(foldWords(w)); f != "" {
			folded = append(folded, f)
		}
	}
	return TriggerFunc(func(_ context.Context, s Situation) Signal {
		if hit := firstPhrase(foldWords(s.Text), folded); hit != "" {
			return Signal{urgency, CustomWords, hit}
		}
		return Signal{}
	})
}

// Repetition sets off when the customer has now said the same thing n times in
// a row.
func Repetition(n int) Trigger {
	return TriggerFunc(func(_ context.Context, s Situation) Signal {
		current := strings.TrimSpace(foldWords(s.Text))
		count := 1
		for i := len(s.History) - 1; i >= 0 && current != ""; i-- {
			if s.History[i].Author != channels.FromCustomer {
				continue
			}
			if strings.TrimSpace(foldWords(s.History[i].Text)) != current {
				break
			}
			count++
		}
		if current != "" && count >= n {
			return Signal{Now, Loop, "the same message again"}
		}
		return Signal{}
	})
}

// foldWords lower-cases s and puts single spaces around each word, so that a
// phrase can be found as " phrase ". Marks within words stay.
func foldWords(s string) string {
	var sb strings.Builder
	sb.Grow(len(s) + 2)
	sb.WriteByte(' ')
	space := true
	for _, r := range strings.ToLower(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			sb.WriteRune(r)
			space = false
		} else if !space && r != '\'' && r != '’' {
			sb.WriteByte(' ')
			space = true
		}
	}
	if !space {
		sb.WriteByte(' ')
	}
	return sb.String()
}

func firstPhrase(folded string, list []string) string {
	for _, p := range list {
		if strings.Contains(folded, " "+p+" ") {
			return p
		}
	}
	return ""
}

// isYes reports whether a short message means consent.
func isYes(folded string) bool {
	first, rest, _ := strings.Cut(strings.TrimSpace(folded), " ")
	if len(strings.Fields(rest)) > 3 {
		return false
	}
	for _, y := range phrases.All(phrases.Yes) {
		if first == y {
			return true
		}
	}
	return false
}
