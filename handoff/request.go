package handoff

import (
	"strings"
	"sync"

	"github.com/kundeagent/kundeagent/internal/phrases"
)

// requests finds requests for a human.
type requests struct {
	phrases, whole, asides           *phrases.Matcher
	negations, newThoughts, subjects map[string]bool
}

// sharedRequests is the same for every trigger: it is only read.
var sharedRequests = sync.OnceValue(func() *requests {
	return &requests{
		phrases:     phrases.NewMatcher(phrases.All(phrases.HumanRequests)),
		whole:       phrases.NewMatcher(phrases.All(phrases.HumanWords)),
		asides:      phrases.NewMatcher(phrases.All(phrases.HumanAsides)),
		negations:   set(phrases.Negations),
		newThoughts: set(phrases.NewThoughts),
		subjects:    set(phrases.Subjects),
	}
})

// find returns the words that ask for a human, or "".
func (r *requests) find(words []phrases.Word) string {
	for from := 0; ; {
		hit, ok := r.phrases.Find(words, from)
		if !ok {
			break
		}
		if !r.negated(words, hit.From) && !r.asides.EndsAt(words, hit.From) {
			return text(words[hit.From:hit.To])
		}
		from = hit.To
	}
	if last := lastSentence(words); len(words)-len(last) <= 3 && r.whole.Whole(last) {
		return text(last)
	}
	return ""
}

// lastSentence is the whole of most messages; "Hello. Agent!" is two.
func lastSentence(words []phrases.Word) []phrases.Word {
	for i := len(words) - 1; i > 0; i-- {
		if words[i].Gap == phrases.Sentence {
			return words[i:]
		}
	}
	return words
}

// negated reports whether a negation within a few words before words[at], in
// the same clause and thought, denies what follows. "Can I not talk to …" and
// its like deny nothing: there the negation comes after the subject.
func (r *requests) negated(words []phrases.Word, at int) bool {
	for i := at - 1; i >= 0 && i >= at-4 && words[i+1].Gap < phrases.Clause; i-- {
		word := words[i].Text
		if r.negations[word] {
			return word == "dont" || i == 0 || words[i].Gap >= phrases.Clause || !r.subjects[words[i-1].Text]
		}
		if r.newThoughts[word] {
			return false
		}
	}
	return false
}

// answer recognises messages of nothing but an answer.
type answer struct{ said, beside map[string]bool }

func newAnswer(said, beside phrases.List) answer { return answer{set(said), set(beside)} }

func (a answer) is(words []phrases.Word) bool {
	found := false
	for _, w := range words {
		if !a.said[w.Text] && !a.beside[w.Text] {
			return false
		}
		found = found || a.said[w.Text]
	}
	return found
}

func set(list phrases.List) map[string]bool {
	out := map[string]bool{}
	for _, word := range phrases.All(list) {
		out[phrases.Fold(word)] = true
	}
	return out
}

func text(words []phrases.Word) string {
	var out []string
	for _, w := range words {
		out = append(out, w.Text)
	}
	return strings.Join(out, " ")
}
