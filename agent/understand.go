package agent

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/internal/text"
)

// Step 4: the customer's language, whether a human is wanted, whether this is
// mere small talk, and what it refers to.

type understanding struct {
	language LanguageDecision
	signal   handoff.Signal
	// smallTalk is the fixed string that answers a mere greeting or thanks,
	// empty for everything else.
	smallTalk phrases.Key
	// context is the customer's earlier question that a follow-up refers to.
	context string
}

func (a *Agent) understand(ctx context.Context, in input) understanding {
	q := in.question
	u := understanding{language: a.decideLanguage(in.language, q.Text, in.lastText, q)}
	u.signal = handoff.Check(ctx, a.cfg.Triggers, handoff.Situation{
		Text: q.Text, Language: u.language.Language, History: q.History, Contact: q.Contact, Channel: q.Channel, Offered: in.offered,
	})
	u.smallTalk = smallTalk(q.Text)
	if isFollowUp(q.Text) {
		u.context = in.lastText
	}
	return u
}

// smallTalk recognises messages that only greet or thank.
func smallTalk(s string) phrases.Key {
	folded := strings.Join(text.Words(text.Fold(s)), " ")
	switch {
	case folded == "":
		return ""
	case contains(phrases.All(phrases.Greetings), folded):
		return phrases.Greeting
	case contains(phrases.All(phrases.ThanksWords), folded):
		return phrases.Thanks
	}
	return ""
}

// followUpRunes is up to how long a message can be a follow-up by its first
// words alone.
const followUpRunes = 60

// isFollowUp recognises questions that cannot be understood without the one
// before: very short ones, and short ones that begin like "and for …".
func isFollowUp(s string) bool {
	words := text.Words(text.Fold(s))
	if len(words) <= 2 {
		return true
	}
	if utf8.RuneCountInString(s) > followUpRunes {
		return false
	}
	folded := strings.Join(words, " ") + " "
	for _, p := range phrases.All(phrases.FollowUps) {
		if strings.HasPrefix(folded, p+" ") {
			return true
		}
	}
	return false
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
