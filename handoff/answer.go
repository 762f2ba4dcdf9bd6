package handoff

import (
	"slices"
	"sync"

	"github.com/kundeagent/kundeagent/internal/phrases"
)

// answers recognises messages that are nothing but a yes or nothing but a no.
type answers struct{ yes, no, beside, thanks *phrases.Matcher }

var sharedAnswers = sync.OnceValue(func() *answers {
	return &answers{
		yes:    phrases.LiteralMatcherOf(phrases.Yes),
		no:     phrases.LiteralMatcherOf(phrases.No),
		beside: phrases.LiteralMatcherOf(phrases.WithYes),
		thanks: phrases.LiteralMatcherOf(phrases.ThanksWords),
	}
})

// maxAnswer is how many words, or characters in scripts without spaces, a mere
// answer has at most.
const maxAnswer = 30

// consents reports whether words say yes in one of the languages, and no in
// none. What is mere thanks in another language does not consent: "tak" is yes
// in Polish and thanks in Danish.
func (a *answers) consents(words []phrases.Word, languages []string) bool {
	if a.in(a.no, words, languages) {
		return false
	}
	isThanks := func(language string) bool {
		return len(words) > 0 && longest(a.thanks, words, 0, language) == len(words)
	}
	thanks := slices.ContainsFunc(languages, isThanks)
	return slices.ContainsFunc(languages, func(language string) bool {
		return a.in(a.yes, words, []string{language}) && (!thanks || isThanks(language))
	})
}

// only reports whether words are a mere yes or no in one of the languages.
func (a *answers) only(words []phrases.Word, languages []string) bool {
	return a.in(a.yes, words, languages) || a.in(a.no, words, languages)
}

func (a *answers) in(said *phrases.Matcher, words []phrases.Word, languages []string) bool {
	if len(words) == 0 || len(words) > maxAnswer {
		return false
	}
	return slices.ContainsFunc(languages, func(language string) bool { return a.are(said, words, language) })
}

// are reports whether words say it in a language, with nothing beside that would
// change it. A "yes" or "ok" in English is understood everywhere.
func (a *answers) are(said *phrases.Matcher, words []phrases.Word, language string) bool {
	found := false
	for at := 0; at < len(words); {
		to, is := max(longest(said, words, at, language), longest(said, words, at, "en")), true
		if beside := longest(a.beside, words, at, language); beside > to {
			to, is = beside, false
		}
		if to == 0 {
			return false
		}
		found = found || is
		at = to
	}
	return found
}

// longest returns where the longest entry of a language that begins at words[at]
// ends; 0 if none does.
func longest(m *phrases.Matcher, words []phrases.Word, at int, language string) int {
	to := 0
	for hit := range m.At(words, at) {
		if hit.Language == language {
			to = max(to, hit.To)
		}
	}
	return to
}

// languagesOf returns the languages in which an answer may be given.
func languagesOf(s Situation) []string {
	if !s.LanguageSure || !phrases.Has(s.Language) {
		return phrases.Languages()
	}
	return phrases.Kin(s.Language)
}
