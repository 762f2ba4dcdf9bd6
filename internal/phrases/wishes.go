package phrases

import (
	"strings"
	"sync"
)

// wishes finds wishes for a language.
type wishes struct {
	anywhere, whole, denials *Matcher
	names                    *Matcher // the languages of its matches are "whose>which"
	negations                map[string]map[string]bool
}

var sharedWishes = sync.OnceValue(func() *wishes {
	w := &wishes{anywhere: newMatcher(), whole: newMatcher(), names: newMatcher(), denials: MatcherOf(Denials), negations: map[string]map[string]bool{}}
	for _, language := range Languages() {
		var all []string
		for which, names := range speeches()[language].languages {
			w.names.addAll(language+">"+which, []string{names})
			all = append(all, names)
		}
		named := strings.NewReplacer("<language>", strings.Join(all, "|"))
		for list, m := range map[List]*Matcher{Wishes: w.anywhere, WishWords: w.whole} {
			var entries []string
			for _, entry := range In(language, list) {
				entries = append(entries, named.Replace(entry))
			}
			m.addAll(language, entries)
		}
		w.negations[language] = WordsOf(language, Negations)
	}
	return w
})

// WishedLanguage returns the language that a customer asks to be answered in
// ("in English please", "parlez-vous français ?"), "" if none.
func WishedLanguage(words []Word) string {
	w := sharedWishes()
	for at := range words {
		for hit := range w.anywhere.At(words, at) {
			if !w.denied(words, hit) {
				return w.named(words, hit)
			}
		}
	}
	if len(words) > 0 && len(words) <= maxWishWords {
		for hit := range w.whole.At(words, 0) {
			if hit.To == len(words) {
				return w.named(words, hit)
			}
		}
	}
	return ""
}

const (
	// maxWishWords is how many words, or characters in scripts without spaces, a
	// message has at most that is nothing but a wish.
	maxWishWords = 20
	// negationReach is how many words before a wish a negation denies it.
	negationReach = 3
)

// denied reports whether a negation of the wish's language stands before or in
// it ("I don't speak English"), or something that denies it after it.
func (w *wishes) denied(words []Word, hit Match) bool {
	for i := max(0, hit.From-negationReach); i < hit.To; i++ {
		if w.negations[hit.Language][words[i].Text] && !hit.Names(words[i].Text) {
			return true
		}
	}
	if hit.To < len(words) {
		for denial := range w.denials.At(words, hit.To) {
			if denial.Language == hit.Language {
				return true
			}
		}
	}
	return false
}

// named returns the language that a wish names: the longest name in it.
func (w *wishes) named(words []Word, hit Match) string {
	which, longest := "", 0
	for at := hit.From; at < hit.To; at++ {
		for name := range w.names.At(words[:hit.To], at) {
			if by, what, _ := strings.Cut(name.Language, ">"); by == hit.Language && name.To-name.From >= longest {
				which, longest = what, name.To-name.From
			}
		}
	}
	return which
}
