package phrases

import (
	"slices"
	"sync"
)

// said finds what a whole message can be, and how it can begin.
var said = sync.OnceValue(func() map[List]*Matcher {
	out := map[List]*Matcher{}
	for _, list := range []List{Greetings, ThanksWords, FollowUps} {
		out[list] = LiteralMatcherOf(list)
	}
	return out
})

// SaidIn returns the languages in which words are one entry of Greetings or
// ThanksWords.
func SaidIn(list List, words []Word) []string { return foundIn(list, words, true) }

// BegunIn returns the languages in which words begin with an entry of FollowUps.
func BegunIn(list List, words []Word) []string { return foundIn(list, words, false) }

func foundIn(list List, words []Word, whole bool) []string {
	if len(words) == 0 {
		return nil
	}
	var out []string
	for hit := range said()[list].At(words, 0) {
		if (!whole || hit.To == len(words)) && !slices.Contains(out, hit.Language) {
			out = append(out, hit.Language)
		}
	}
	return out
}

// GreetingLanguage returns the language in which words are a mere greeting or
// thanks. Where there are several it is the first whose most usual word, the
// first of its list, this is; "" if it is that in none.
func GreetingLanguage(words []Word) string {
	for _, list := range []List{Greetings, ThanksWords} {
		found := SaidIn(list, words)
		if len(found) == 1 {
			return found[0]
		}
		for _, language := range Languages() {
			if slices.Contains(found, language) && Fold(In(language, list)[0]) == Join(words) {
				return language
			}
		}
	}
	return ""
}

// kin are languages that are easily taken for each other and whose lists do not
// contradict each other.
var kin = [][]string{{"da", "nb", "sv"}, {"ru", "uk"}, {"es", "pt"}}

// Kin returns the language of a tag and those easily taken for it.
func Kin(tag string) []string {
	language := Base(tag)
	for _, group := range kin {
		if slices.Contains(group, language) {
			return group
		}
	}
	return []string{language}
}
