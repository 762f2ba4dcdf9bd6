package handoff

import (
	"context"
	"fmt"
	"strings"

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
	Trigger string // name of the trigger, where there can be several of a reason
}

// Situation is what a trigger may look at.
type Situation struct {
	Text     string // the customer's unanswered messages, joined by line breaks
	Language string // of the customer, BCP 47
	// LanguageSure says that Language was chosen or seen in what the customer
	// wrote. Otherwise a yes or no counts in any language.
	LanguageSure bool
	// History is what was said before, oldest first.
	History []channels.Message
	Contact channels.Contact
	Channel string
	// Offered says that the agent's last message offered a human.
	Offered bool
	// Unpaid says that no credits are left for a model to answer.
	Unpaid bool
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
// one among equals. A trigger that panics hands over, as an error.
func Check(ctx context.Context, triggers []Trigger, s Situation) Signal {
	var best Signal
	for _, t := range triggers {
		if t == nil {
			continue
		}
		if sig := checkOne(ctx, t, s); sig.Urgency > best.Urgency {
			best = sig
		}
		if best.Urgency == Now {
			break
		}
	}
	return best
}

func checkOne(ctx context.Context, t Trigger, s Situation) (sig Signal) {
	defer func() {
		if p := recover(); p != nil {
			sig = Signal{Urgency: Now, Reason: Failure, Detail: fmt.Sprintf("a trigger panicked: %v", p)}
		}
	}()
	return t.Check(ctx, s)
}

// AskedHuman sets off when the customer asks for a person in any of the
// library's languages, or accepts one that was offered: with nothing but words
// of consent, or a thumb up. A request that is denied ("I don't want to talk to
// a human") or only asked about ("do I have to talk to a human?") is none.
func AskedHuman() Trigger {
	requests, answers := sharedRequests(), sharedAnswers()
	return TriggerFunc(func(_ context.Context, s Situation) Signal {
		words := phrases.Words(s.Text)
		if s.Offered && (answers.consents(words, languagesOf(s)) || len(words) == 0 && strings.Contains(s.Text, "👍")) {
			return Signal{Urgency: Now, Reason: AskedForHuman, Detail: "accepted the offer"}
		}
		if hit := requests.find(words, strings.ContainsAny(s.Text, questionMarks)); hit != "" {
			return Signal{Urgency: Now, Reason: AskedForHuman, Detail: hit}
		}
		return Signal{}
	})
}

// questionMarks are those of all scripts; the Greek one is a semicolon.
const questionMarks = "?？؟;\u037e"

// Words sets off at any of the given words or phrases, compared without regard
// to case and only as whole words: "refund" does not match "refundable". In
// scripts without spaces between words, such as Chinese and Thai, a word is
// found wherever its characters follow each other. An umlaut or Nordic letter
// is the same written out: "Ruecksendung" is "Rücksendung". Accents and tones do
// not count: "garantia" is "garantía". A phrase does not reach over the end of a
// sentence. Detail is the word as given here.
func Words(urgency Urgency, words ...string) Trigger {
	matcher := phrases.NewLiteralMatcher(words)
	return TriggerFunc(func(_ context.Context, s Situation) Signal {
		if hit, ok := matcher.Find(phrases.Words(s.Text), 0); ok {
			return Signal{Urgency: urgency, Reason: CustomWords, Detail: hit.Phrase}
		}
		return Signal{}
	})
}

// Repetition sets off when the customer has now said the same thing n times in
// a row; n below 2 means 3. A yes or no is not counted: it may answer another
// question each time.
func Repetition(n int) Trigger {
	if n < 2 {
		n = 3
	}
	answers := sharedAnswers()
	return TriggerFunc(func(_ context.Context, s Situation) Signal {
		current, count := repeated(s.Text)
		if current == "" {
			return Signal{}
		}
		for i := len(s.History) - 1; i >= 0 && count < n; i-- {
			if s.History[i].Author != channels.FromCustomer {
				continue
			}
			if phrases.Fold(s.History[i].Text) != current {
				break
			}
			count++
		}
		if count >= n && !answers.only(phrases.Words(current), languagesOf(s)) {
			return Signal{Urgency: Now, Reason: Loop, Detail: "the same message again"}
		}
		return Signal{}
	})
}

// repeated returns what the unanswered messages say and how many of them say
// it: each line is one if they are all the same.
func repeated(text string) (folded string, count int) {
	for line := range strings.Lines(text) {
		switch f := phrases.Fold(line); {
		case f == "":
		case count == 0 || f == folded:
			folded = f
			count++
		default:
			return phrases.Fold(text), 1
		}
	}
	return folded, count
}
