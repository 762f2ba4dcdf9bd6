package handoff

import (
	"sync"

	"github.com/kundeagent/kundeagent/internal/phrases"
)

// requests finds requests for a human.
type requests struct {
	phrases, whole, greetings *phrases.Matcher
	asides, questions         *phrases.Matcher
	denials                   *phrases.Matcher
	denying                   map[string]*denying // by language
}

// denying are the words around a request that tell whether it is denied. They
// are those of the request's language: "nu" is "not" in Romanian and "now" in
// Danish.
type denying struct{ negations, newThoughts, subjects, unable map[string]bool }

// sharedRequests is the same for every trigger: it is only read.
var sharedRequests = sync.OnceValue(func() *requests {
	r := &requests{
		phrases:   phrases.MatcherOf(phrases.HumanRequests),
		whole:     phrases.MatcherOf(phrases.HumanWords),
		greetings: phrases.LiteralMatcherOf(phrases.Greetings),
		asides:    phrases.MatcherOf(phrases.HumanAsides),
		questions: phrases.MatcherOf(phrases.HumanQuestions),
		denials:   phrases.MatcherOf(phrases.Denials),
		denying:   map[string]*denying{},
	}
	for _, language := range phrases.Languages() {
		r.denying[language] = &denying{
			negations:   phrases.WordsOf(language, phrases.Negations),
			newThoughts: phrases.WordsOf(language, phrases.NewThoughts),
			subjects:    phrases.WordsOf(language, phrases.Subjects),
			unable:      phrases.WordsOf(language, phrases.Unable),
		}
	}
	return r
})

// find returns the words of a message that ask for a human, or "". question says
// that the message has a question mark.
func (r *requests) find(words []phrases.Word, question bool) string {
	for at := 0; at < len(words); {
		next, negated, found := at+1, false, -1
		for hit := range r.phrases.At(words, at) {
			switch {
			case r.negated(words, hit):
				// What one language denies is no request in another with like words.
				negated, next = true, max(next, hit.To)
			case r.asides.EndsAtIn(words, hit.From, hit.Language), question && r.questions.EndsAtIn(words, hit.From, hit.Language):
				next = max(next, hit.To)
			default:
				found = max(found, hit.To)
			}
		}
		if found >= 0 && !negated {
			return phrases.Join(words[at:found])
		}
		at = next
	}
	rest := words[r.greeted(words):]
	if last := lastSentence(rest); len(rest)-len(last) <= maxLead(rest) && (r.whole.Whole(last) || r.whole.Whole(rest)) {
		return phrases.Join(last)
	}
	return ""
}

// negated reports whether the words before, in or after a request deny it.
func (r *requests) negated(words []phrases.Word, hit phrases.Match) bool {
	d := r.denying[hit.Language]
	if d.before(words, hit.From) || d.within(words, hit) {
		return true
	}
	for at := hit.To; at < len(words) && at <= hit.To+2 && words[at].Gap < phrases.Sentence; at++ {
		for denial := range r.denials.At(words, at) {
			if denial.Language == hit.Language {
				return true
			}
		}
	}
	return false
}

// greeted returns how many words a message greets with before it says more.
func (r *requests) greeted(words []phrases.Word) int {
	longest := 0
	if len(words) > 0 {
		for hit := range r.greetings.At(words, 0) {
			longest = max(longest, hit.To)
		}
	}
	if longest == len(words) {
		return 0
	}
	return longest
}

// maxLead is how many words may stand before a sentence that is a request by
// itself: "Hello. Agent!" A word of a script without spaces has several.
func maxLead(words []phrases.Word) int {
	if len(words) > 0 && words[0].Character() {
		return 9
	}
	return 3
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

// before reports whether a negation within a few words before words[at], in
// the same clause and thought, denies what follows. "Can I not talk to …" and
// its like deny nothing: there the negation comes after the subject.
func (d *denying) before(words []phrases.Word, at int) bool {
	reach := 4
	if at > 0 && words[at-1].Character() {
		reach = 6
	}
	for i := at - 1; i >= 0 && i >= at-reach && words[i+1].Gap < phrases.Clause; i-- {
		word := words[i].Text
		if d.negations[word] {
			if d.complains(words, i) {
				return false
			}
			return word == "dont" || i == 0 || words[i].Gap >= phrases.Clause || !d.subjects[words[i-1].Text]
		}
		if d.newThoughts[word] && !d.refuses(words, i) {
			return false
		}
	}
	return false
}

// complains reports whether the negation words[i] is one of not being able to.
func (d *denying) complains(words []phrases.Word, i int) bool {
	return i+1 < len(words) && d.unable[words[i+1].Text] || i > 0 && d.unable[words[i-1].Text]
}

// refuses reports whether words[i] begins no new thought since it is the verb of
// the negation before it ("no quiero"). Where negations follow the verb, none
// is ("es geht nicht ich will …").
func (d *denying) refuses(words []phrases.Word, i int) bool {
	return len(d.subjects) == 0 && i > 0 && words[i].Gap < phrases.Clause && d.negations[words[i-1].Text]
}

// within reports whether a negation stands where the phrase has room for any
// word.
func (d *denying) within(words []phrases.Word, hit phrases.Match) bool {
	for i := hit.From + 1; i < hit.To; i++ {
		if d.negations[words[i].Text] && !d.complains(words, i) && !hit.Names(words[i].Text) {
			return true
		}
	}
	return false
}
