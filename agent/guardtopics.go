package agent

import (
	"context"
	"fmt"
	"strings"

	"github.com/kundeagent/kundeagent/internal/text"
)

// Topic is something the agent does not talk about.
type Topic struct {
	// Name is for the trace.
	Name string
	// Phrases give the topic away: words in a row, whole, in any case, with or
	// without marks of emphasis. In scripts without spaces between words they
	// are found within a run of letters too. Other forms of a word are other
	// phrases.
	Phrases []string
	// Do is what becomes of a draft with one: Block replaces it by a quotation
	// of the knowledge, Escalate hands over, Rewrite says Instead. The zero
	// value blocks.
	Do VerdictAction
	// Instead is said, with Rewrite, in place of the whole draft.
	Instead string
}

// NewTopicGuard returns a guard against topics, for Config.Guards. It looks at
// quotations too. The error, [ErrInvalidConfig], names what a topic lacks.
func NewTopicGuard(topics ...Topic) (Guard, error) {
	var g topicGuard
	for _, t := range topics {
		if t.Do == Allow {
			t.Do = Block
		}
		if t.Do > Block || t.Do == Rewrite && strings.TrimSpace(t.Instead) == "" {
			return nil, fmt.Errorf("%w: topic %q has nothing to say instead", ErrInvalidConfig, t.Name)
		}
		rule := topicRule{Topic: t}
		for _, p := range t.Phrases {
			words := text.Words(p)
			if len(words) == 0 {
				return nil, fmt.Errorf("%w: topic %q has a phrase without a word: %q", ErrInvalidConfig, t.Name, p)
			}
			rule.folded = append(rule.folded, phrasePattern(words))
		}
		if len(rule.folded) == 0 {
			return nil, fmt.Errorf("%w: topic %q has no phrases", ErrInvalidConfig, t.Name)
		}
		g.rules = append(g.rules, rule)
	}
	return g, nil
}

type topicGuard struct{ rules []topicRule }

type topicRule struct {
	Topic
	folded []string
}

// phrasePattern is what to search for in a [phrase]: with the spaces around it
// that bound words, where its script has any.
func phrasePattern(words []string) string {
	pattern := strings.Join(words, " ")
	if !isUnspacedWord(words[0]) {
		pattern = " " + pattern
	}
	if !isUnspacedWord(words[len(words)-1]) {
		pattern += " "
	}
	return pattern
}

// Check implements [Guard].
func (g topicGuard) Check(_ context.Context, d Draft) (Verdict, error) {
	said := phrase(read(d.Text).text)
	for _, r := range g.rules {
		for _, p := range r.folded {
			if strings.Contains(said, p) {
				return Verdict{Guard: "topics", Action: r.Do, Text: r.Instead, Reason: "topic to avoid: " + r.Name}, nil
			}
		}
	}
	return Verdict{}, nil
}
