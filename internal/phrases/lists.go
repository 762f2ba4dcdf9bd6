package phrases

import (
	"embed"
	"strings"
	"sync"
)

// The files are the tables of what customers say, one for each language. A file
// has classes and then lists:
//
//	<talk> talk|speak|chat
//	<who> person|human
//
//	== human requests
//	<talk> to|with a? <who>
//
//	== yes
//	yes, sure
//
// "<talk>" stands for what its line has after the name, also within a slot and
// in later classes. Entries are separated by commas and line breaks. The lists
// with slots are written as [Matcher] says. The list "languages" has in each
// line a language's code and the words for it.
//
//go:embed lists/*.txt
var listFiles embed.FS

// speech is what customers say in one language.
type speech struct {
	lists     map[List][]string
	languages map[string]string // code to the alternatives of a slot
}

var speeches = sync.OnceValue(func() map[string]speech {
	out := map[string]speech{}
	for _, language := range Languages() {
		file, _ := listFiles.ReadFile("lists/" + language + ".txt")
		out[language] = parseSpeech(string(file))
	}
	return out
})

func parseSpeech(file string) speech {
	s := speech{lists: map[List][]string{}, languages: map[string]string{}}
	var classes []string // pairs for a Replacer
	expand := strings.NewReplacer()
	var list List
	for line := range strings.Lines(file) {
		line = expand.Replace(strings.TrimSpace(line))
		if name, ok := strings.CutPrefix(line, "== "); ok {
			list = List(name)
			continue
		}
		if list == "" {
			if name, words, ok := strings.Cut(line, " "); ok {
				classes = append(classes, name, words)
				expand = strings.NewReplacer(classes...)
			}
			continue
		}
		if list == languageNames {
			if code, words, ok := strings.Cut(line, " "); ok {
				s.languages[code] = words
			}
			continue
		}
		for entry := range strings.SplitSeq(line, ",") {
			if entry = strings.TrimSpace(entry); entry != "" {
				s.lists[list] = append(s.lists[list], entry)
			}
		}
	}
	return s
}

// In returns a list in one language.
func In(language string, list List) []string { return speeches()[Base(language)].lists[list] }

// MatcherOf returns a Matcher of a list with slots in all languages.
func MatcherOf(list List) *Matcher {
	m := newMatcher()
	for _, language := range Languages() {
		m.addAll(language, In(language, list))
	}
	return m
}

// LiteralMatcherOf returns a Matcher of a list without slots in all languages.
func LiteralMatcherOf(list List) *Matcher {
	m := newMatcher()
	for _, language := range Languages() {
		for _, entry := range In(language, list) {
			m.addLiteral(language, entry)
			if plain := bare.Replace(entry); plain != entry {
				m.addLiteral(language, plain)
			}
		}
	}
	return m
}

// WordsOf returns a list of single words in one language as [Words] has them,
// also with umlauts and Nordic letters without their marks. What a script
// without spaces takes for several words is there as one run of characters.
func WordsOf(language string, list List) map[string]bool {
	out := map[string]bool{}
	for _, entry := range In(language, list) {
		for _, form := range []string{entry, bare.Replace(entry)} {
			out[Fold(form)] = true
		}
	}
	return out
}
