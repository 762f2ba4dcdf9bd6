package agent

import (
	"context"
	"slices"
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
	// guidance is what the guidelines say about the message.
	guidance guidance
}

func (a *Agent) understand(ctx context.Context, in input) understanding {
	q := in.question
	words := phrases.Words(q.Text)
	u := understanding{language: a.decideLanguage(in.language, q.Text, in.lastText, q)}
	situation := handoff.Situation{
		Text: q.Text, Language: u.language.Language, LanguageSure: u.language.settled(), History: q.History, Contact: q.Contact, Channel: q.Channel, Offered: in.offered, Unpaid: in.unpaid,
	}
	// What led to a human before does so once: triggers see what was said since
	// the human gave the conversation back.
	since := situation
	since.History = q.History[min(in.segment, len(q.History)):]
	u.signal = handoff.Check(ctx, a.triggers, since)
	u.smallTalk = smallTalk(words, u.language)
	if isFollowUp(q.Text, words, u.language) {
		u.context = in.lastText
	}
	u.guidance = a.guidelines.find(ctx, situation, u.context)
	if topic, _ := a.guidelines.avoided(ctx, situation, u.context); topic != nil {
		u.context = "" // a topic to avoid is not searched by the way either
	}
	return u
}

// smallTalk recognises messages that only greet or thank, in any language as
// long as the customer's is not known.
func smallTalk(words []phrases.Word, language LanguageDecision) phrases.Key {
	understood := append([]string{"en"}, phrases.Kin(language.Language)...)
	says := func(list phrases.List) bool {
		said := phrases.SaidIn(list, words)
		return len(said) > 0 && (!language.settled() || slices.ContainsFunc(said, func(l string) bool { return slices.Contains(understood, l) }))
	}
	switch {
	case says(phrases.Greetings):
		return phrases.Greeting
	case says(phrases.ThanksWords):
		return phrases.Thanks
	}
	return ""
}

// followUpRunes is up to how long a message can be a follow-up by its first
// words alone.
const followUpRunes = 60

// followUpUnspaced is the same for a message of a script without spaces, whose
// words cannot be counted: "and the price?" has that many letters there.
const followUpUnspaced = 12

// isFollowUp recognises questions that cannot be understood without the one
// before: very short ones, and short ones that begin like "and for …" in the
// conversation's language: "i" is "and" in Polish.
func isFollowUp(s string, words []phrases.Word, language LanguageDecision) bool {
	if said := text.Words(s); len(said) <= 2 && (len(said) == 0 || !isUnspacedWord(said[0]) || utf8.RuneCountInString(s) <= followUpUnspaced) {
		return true
	}
	if utf8.RuneCountInString(s) > followUpRunes {
		return false
	}
	begun := phrases.BegunIn(phrases.FollowUps, words)
	return slices.ContainsFunc(phrases.Kin(language.Language), func(l string) bool { return slices.Contains(begun, l) })
}
