package handoff

import (
	"context"
	"fmt"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/internal/phrases"
)

// Frustration sets off when a host's judge finds the customer frustrated. The
// judge may ask a service; it must return when ctx ends. What it returns is kept
// as the signal's Detail, empty means not frustrated.
func Frustration(urgency Urgency, judge func(ctx context.Context, s Situation) (why string)) Trigger {
	return TriggerFunc(func(ctx context.Context, s Situation) Signal {
		if why := judge(ctx, s); why != "" {
			return Signal{Urgency: urgency, Reason: Frustrated, Detail: why}
		}
		return Signal{}
	})
}

// Topic is something that people should deal with, such as an accident, with the
// words by which it is recognised.
type Topic struct {
	Name  string
	Words []string // compared as [Words] does
}

// SensitiveTopics sets off at the words of any topic. Detail is the word, and
// Trigger the topic's name.
func SensitiveTopics(urgency Urgency, topics ...Topic) Trigger {
	return wordLists(urgency, SensitiveTopic, topics)
}

func wordLists(urgency Urgency, reason Reason, lists []Topic) Trigger {
	type list struct {
		name  string
		words *phrases.Matcher
	}
	var matchers []list
	for _, l := range lists {
		matchers = append(matchers, list{l.Name, phrases.NewLiteralMatcher(l.Words)})
	}
	return TriggerFunc(func(_ context.Context, s Situation) Signal {
		words := phrases.Words(s.Text)
		for _, l := range matchers {
			if hit, ok := l.words.Find(words, 0); ok {
				return Signal{Urgency: urgency, Reason: reason, Detail: hit.Phrase, Trigger: l.name}
			}
		}
		return Signal{}
	})
}

// MaxTurns sets off when the customer writes their message number n+1 and the
// agent has answered so far. It counts what is in the situation's history; n
// below 1 means 20.
func MaxTurns(urgency Urgency, n int) Trigger {
	if n < 1 {
		n = 20
	}
	return TriggerFunc(func(_ context.Context, s Situation) Signal {
		said := 1
		for _, m := range s.History {
			if m.Author == channels.FromCustomer {
				said++
			}
		}
		if said <= n {
			return Signal{}
		}
		return Signal{Urgency: urgency, Reason: TooManyTurns, Detail: fmt.Sprintf("message %d of the customer", said)}
	})
}

// Budget sets off when no credits are left for a model, instead of an answer
// that only quotes.
func Budget(urgency Urgency) Trigger {
	return TriggerFunc(func(_ context.Context, s Situation) Signal {
		if !s.Unpaid {
			return Signal{}
		}
		return Signal{Urgency: urgency, Reason: OutOfBudget, Detail: "no credits for a model"}
	})
}
