package phrases

import (
	"slices"
	"strings"
)

// Matcher finds phrases in what customers write. It is safe for concurrent use.
//
// A phrase is a list of slots with spaces between. A slot is one word or
// several with bars between ("talk|speak"), of which one must stand there; with
// a question mark after it ("real|live?") it may be absent; a star stands for
// up to three words of any kind. A phrase must not begin with a star or
// consist of absent slots alone. It does not reach over the end of a sentence.
//
// Instead of one word there may stand several with underscores between
// ("customer_service"), or a part of a word, of at least three bytes: "operator~"
// is every word that begins so, "~service" every word that ends so; of several
// words it is the last one that begins so or the first that ends so. In scripts
// without spaces a word is a run of characters. A word is compared as [Words]
// has it, and umlauts and Nordic letters also without their marks.
type Matcher struct {
	exact, starts, ends map[string][]*phrase
}

type phrase struct {
	text     string
	language string
	slots    []*slot
}

type slot struct {
	exact    map[string]bool
	longer   map[string][]run // words that follow each other, by the first
	tails    []run            // the same by the end of the first
	starts   []string         // of words
	ends     []string
	optional bool
	any      bool
}

// run is an alternative of several words.
type run struct {
	words       []string
	tail, start bool // only the end of the first word, the start of the last
}

const (
	// starReach is how many words a star stands for at most.
	starReach = 3
	// affixKey is how many bytes of a part of a word it is filed under.
	affixKey = 3
)

// NewMatcher returns a Matcher of phrases.
func NewMatcher(list []string) *Matcher {
	m := newMatcher()
	m.addAll("", list)
	return m
}

// NewLiteralMatcher returns a Matcher of phrases as people write them, without
// slots. Phrases without a word are left out.
func NewLiteralMatcher(list []string) *Matcher {
	m := newMatcher()
	for _, text := range list {
		m.addLiteral("", text)
	}
	return m
}

func newMatcher() *Matcher {
	return &Matcher{exact: map[string][]*phrase{}, starts: map[string][]*phrase{}, ends: map[string][]*phrase{}}
}

// addAll adds the phrases of a language. Slots that are written alike are one.
func (m *Matcher) addAll(language string, list []string) {
	known := map[string]*slot{}
	for _, text := range list {
		p := &phrase{text: text, language: language}
		for _, field := range strings.Fields(text) {
			if known[field] == nil {
				known[field] = newSlot(field)
			}
			p.slots = append(p.slots, known[field])
		}
		m.add(p)
	}
}

func (m *Matcher) addLiteral(language, text string) {
	p := &phrase{text: text, language: language}
	for _, w := range Words(text) {
		p.slots = append(p.slots, &slot{exact: map[string]bool{w.Text: true}})
	}
	m.add(p)
}

func newSlot(field string) *slot {
	if field == "*" {
		return &slot{any: true}
	}
	s := &slot{exact: map[string]bool{}, longer: map[string][]run{}}
	field, s.optional = strings.CutSuffix(field, "?")
	for _, alternative := range strings.Split(field, "|") {
		s.add(alternative)
		if plain := bare.Replace(alternative); plain != alternative {
			s.add(plain)
		}
	}
	for _, runs := range s.longer {
		slices.SortStableFunc(runs, func(a, b run) int { return len(b.words) - len(a.words) })
	}
	return s
}

func (s *slot) add(alternative string) {
	var words []string
	for _, w := range Words(strings.Trim(alternative, "~")) {
		words = append(words, w.Text)
	}
	starts, ends := strings.HasSuffix(alternative, "~"), strings.HasPrefix(alternative, "~")
	switch {
	case len(words) > 1 && ends:
		s.tails = append(s.tails, run{words, ends, starts})
	case len(words) > 1:
		s.longer[words[0]] = append(s.longer[words[0]], run{words, ends, starts})
	case len(words) == 0:
		s.exact[""] = true
	case starts && len(words[0]) >= affixKey:
		s.starts = append(s.starts, words[0])
	case ends && len(words[0]) >= affixKey:
		s.ends = append(s.ends, words[0])
	default:
		s.exact[words[0]] = true
	}
}

// add files a phrase under every word with which it can begin.
func (m *Matcher) add(p *phrase) {
	file := func(under map[string][]*phrase, key string) {
		if list := under[key]; len(list) == 0 || list[len(list)-1] != p {
			under[key] = append(list, p)
		}
	}
	for _, s := range p.slots {
		for word := range s.exact {
			file(m.exact, word)
		}
		for word := range s.longer {
			file(m.exact, word)
		}
		for _, r := range s.tails {
			if word := r.words[0]; len(word) >= affixKey {
				file(m.ends, word[len(word)-affixKey:])
			}
		}
		for _, start := range s.starts {
			file(m.starts, start[:affixKey])
		}
		for _, end := range s.ends {
			file(m.ends, end[len(end)-affixKey:])
		}
		if !s.optional {
			return
		}
	}
}

// Match is where a phrase was found: words[From:To].
type Match struct {
	Phrase   string // as it was given to the Matcher
	Language string // whose phrase it is, empty without
	From, To int
}

// Names reports whether the phrase itself has a word, not only room for it.
func (m Match) Names(word string) bool {
	for field := range strings.FieldsSeq(m.Phrase) {
		for alternative := range strings.SplitSeq(strings.TrimSuffix(field, "?"), "|") {
			if slices.ContainsFunc(Words(alternative), func(w Word) bool { return w.Text == word }) {
				return true
			}
		}
	}
	return false
}

// Find returns the first match at or after words[from].
func (m *Matcher) Find(words []Word, from int) (Match, bool) {
	for at := from; at < len(words); at++ {
		for match := range m.At(words, at) {
			return match, true
		}
	}
	return Match{}, false
}

// At calls yield with every match that begins at words[at] until it returns
// false.
func (m *Matcher) At(words []Word, at int) func(yield func(Match) bool) {
	return func(yield func(Match) bool) {
		for p := range m.begun(words[at].Text) {
			if to := p.match(words, at, 0, at, anywhere); to >= 0 && !yield(Match{p.text, p.language, at, to}) {
				return
			}
		}
	}
}

// begun yields the phrases that may begin with a word.
func (m *Matcher) begun(word string) func(yield func(*phrase) bool) {
	return func(yield func(*phrase) bool) {
		for _, p := range m.exact[word] {
			if !yield(p) {
				return
			}
		}
		if len(word) < affixKey {
			return
		}
		for _, p := range m.starts[word[:affixKey]] {
			if !yield(p) {
				return
			}
		}
		for _, p := range m.ends[word[len(word)-affixKey:]] {
			if !yield(p) {
				return
			}
		}
	}
}

// Whole reports whether a phrase makes up all the words.
func (m *Matcher) Whole(words []Word) bool {
	return len(words) > 0 && m.endsAt(words, 0, len(words), "")
}

// EndsAt reports whether a phrase ends right before words[to], within a reach
// of a few words.
func (m *Matcher) EndsAt(words []Word, to int) bool { return m.EndsAtIn(words, to, "") }

// EndsAtIn is like EndsAt for the phrases of one language.
func (m *Matcher) EndsAtIn(words []Word, to int, language string) bool {
	for from := max(0, to-2*starReach); from < to; from++ {
		if m.endsAt(words, from, to, language) {
			return true
		}
	}
	return false
}

func (m *Matcher) endsAt(words []Word, from, to int, language string) bool {
	for p := range m.begun(words[from].Text) {
		if (language == "" || p.language == language) && p.match(words[:to], from, 0, from, to) == to {
			return true
		}
	}
	return false
}

// anywhere says to match that a phrase may end at any word.
const anywhere = -1

// match returns where the phrase that began at start ends when its slots from
// n on are matched at words[at:], the longest way first; -1 if they do not, or do
// not end at end.
func (p *phrase) match(words []Word, start, n, at, end int) int {
	if n == len(p.slots) {
		if end != anywhere && at != end {
			return -1
		}
		return at
	}
	s := p.slots[n]
	if s.any {
		for skip := range starReach + 1 {
			if at+skip > len(words) || skip > 0 && words[at+skip-1].Gap == Sentence {
				return -1
			}
			if to := p.match(words, start, n+1, at+skip, end); to >= 0 {
				return to
			}
		}
		return -1
	}
	if at < len(words) && (at == start || words[at].Gap < Sentence) {
		for _, runs := range [2][]run{s.longer[words[at].Text], s.tails} {
			for _, r := range runs {
				if !r.begins(words[at:]) {
					continue
				}
				if to := p.match(words, start, n+1, at+len(r.words), end); to >= 0 {
					return to
				}
			}
		}
		if s.one(words[at].Text) {
			if to := p.match(words, start, n+1, at+1, end); to >= 0 {
				return to
			}
		}
	}
	if s.optional {
		return p.match(words, start, n+1, at, end)
	}
	return -1
}

// one reports whether a single word fills the slot.
func (s *slot) one(word string) bool {
	return s.exact[word] ||
		slices.ContainsFunc(s.starts, func(start string) bool { return strings.HasPrefix(word, start) }) ||
		slices.ContainsFunc(s.ends, func(end string) bool { return strings.HasSuffix(word, end) })
}

// begins reports whether words begins with the run, in one sentence.
func (r run) begins(words []Word) bool {
	if len(words) < len(r.words) {
		return false
	}
	for i, text := range r.words {
		word := words[i].Text
		same := word == text || i == 0 && r.tail && strings.HasSuffix(word, text) || i == len(r.words)-1 && r.start && strings.HasPrefix(word, text)
		if !same || i > 0 && words[i].Gap == Sentence {
			return false
		}
	}
	return true
}
