package phrases

import "strings"

// Matcher finds phrases in what customers write. It is safe for concurrent use.
//
// A phrase is a list of slots with spaces between. A slot is one word or
// several with bars between ("talk|speak"), of which one must stand there; with
// a question mark after it ("real|live?") it may be absent; a star stands for
// up to three words of any kind. A phrase must not begin with a star or
// consist of absent slots alone. It does not reach over the end of a sentence.
type Matcher struct {
	first map[string][]*phrase
}

type phrase struct {
	text  string
	slots []slot
}

type slot struct {
	words    []string
	optional bool
	any      bool
}

// starReach is how many words a star stands for at most.
const starReach = 3

// NewMatcher returns a Matcher of phrases.
func NewMatcher(list []string) *Matcher {
	m := &Matcher{first: map[string][]*phrase{}}
	for _, text := range list {
		p := &phrase{text: text}
		for _, field := range strings.Fields(text) {
			s := slot{any: field == "*"}
			field, s.optional = strings.CutSuffix(field, "?")
			for _, word := range strings.Split(field, "|") {
				s.words = append(s.words, Fold(word))
			}
			p.slots = append(p.slots, s)
		}
		if len(p.slots) > 0 {
			m.add(p)
		}
	}
	return m
}

// NewLiteralMatcher returns a Matcher of phrases as people write them, without
// slots. Phrases without a word are left out.
func NewLiteralMatcher(list []string) *Matcher {
	m := &Matcher{first: map[string][]*phrase{}}
	for _, text := range list {
		p := &phrase{text: text}
		for _, w := range Words(text) {
			p.slots = append(p.slots, slot{words: []string{w.Text}})
		}
		if len(p.slots) > 0 {
			m.add(p)
		}
	}
	return m
}

// add files a phrase under every word with which it can begin.
func (m *Matcher) add(p *phrase) {
	for _, s := range p.slots {
		for _, word := range s.words {
			m.first[word] = append(m.first[word], p)
		}
		if !s.optional {
			return
		}
	}
}

// Match is where a phrase was found: words[From:To].
type Match struct {
	Phrase   string // as it was given to the Matcher
	From, To int
}

// Find returns the first match at or after words[from].
func (m *Matcher) Find(words []Word, from int) (Match, bool) {
	for at := from; at < len(words); at++ {
		for _, p := range m.first[words[at].Text] {
			if to := p.match(words, at, 0, at); to >= 0 {
				return Match{p.text, at, to}, true
			}
		}
	}
	return Match{}, false
}

// Whole reports whether a phrase makes up all the words.
func (m *Matcher) Whole(words []Word) bool {
	return len(words) > 0 && m.endsAt(words, 0, len(words))
}

// EndsAt reports whether a phrase ends right before words[to], within a reach
// of a few words.
func (m *Matcher) EndsAt(words []Word, to int) bool {
	for from := max(0, to-2*starReach); from < to; from++ {
		if m.endsAt(words, from, to) {
			return true
		}
	}
	return false
}

func (m *Matcher) endsAt(words []Word, from, to int) bool {
	for _, p := range m.first[words[from].Text] {
		if p.match(words[:to], from, 0, from) == to {
			return true
		}
	}
	return false
}

// match returns where the phrase that began at start ends when its slots from
// n on are matched at words[at:], the longest way first; -1 if they do not.
func (p *phrase) match(words []Word, start, n, at int) int {
	if n == len(p.slots) {
		return at
	}
	s := p.slots[n]
	if s.any {
		for skip := range starReach + 1 {
			if at+skip > len(words) || skip > 0 && words[at+skip-1].Gap == Sentence {
				return -1
			}
			if to := p.match(words, start, n+1, at+skip); to >= 0 {
				return to
			}
		}
		return -1
	}
	if at < len(words) && (at == start || words[at].Gap < Sentence) {
		for _, word := range s.words {
			if word != words[at].Text {
				continue
			}
			if to := p.match(words, start, n+1, at+1); to >= 0 {
				return to
			}
		}
	}
	if s.optional {
		return p.match(words, start, n+1, at)
	}
	return -1
}
