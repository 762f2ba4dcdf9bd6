package knowledge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/internal/text"
)

// ShortAnswer is a question with its approved answer. It is matched before
// anything else and given word for word; to questions that are not that alike
// it is a passage like others, which is never cited.
type ShortAnswer struct {
	ID       string
	Question string
	Variants []string // other ways to ask the same; at most 100
	Answer   string
	// Language of Answer, BCP 47. It is given word for word to questions of that
	// language only; empty is any.
	Language string
	// Visibility and Audience work as for a source.
	Visibility Visibility
	Audience   []string
	// From and Until bound the time in which it is given; zero is open.
	From, Until time.Time
	Origin      Origin
}

// Origin says where a short answer came from.
type Origin uint8

// The origins.
const (
	Written   Origin = iota // by a person
	Suggested               // from a knowledge gap, and approved by a person
)

// String returns the origin's name.
func (o Origin) String() string { return [...]string{"written", "suggested"}[min(o, Suggested)] }

// ShortAnswerStatus is a short answer with how it is used.
type ShortAnswerStatus struct {
	ShortAnswer
	Hits    int64     // searches it was given for word for word, previews not counted
	LastHit time.Time // zero before the first
}

// ShortAnswerSource is the Source of passages made of short answers. No other
// source can have it as its ID.
const ShortAnswerSource = "short-answers"

var (
	// ErrInvalidShortAnswer: a short answer lacks its ID, question or answer, or
	// passes a limit.
	ErrInvalidShortAnswer = errors.New("knowledge: short answer is invalid")
	// ErrUnknownShortAnswer: there is no short answer of that ID.
	ErrUnknownShortAnswer = errors.New("knowledge: unknown short answer")
)

const (
	maxVariants    = 100
	maxAnswerBytes = 16 << 10
	maxAskedBytes  = 1 << 10 // of a question or variant
)

func (s ShortAnswer) check() error {
	fault := func(what string) error { return fmt.Errorf("%w: %q: %s", ErrInvalidShortAnswer, s.ID, what) }
	switch {
	case s.ID == "":
		return fault("no ID")
	case len(trigrams(s.Question)) == 0:
		return fault("the question holds no word")
	case strings.TrimSpace(s.Answer) == "":
		return fault("no answer")
	case len(s.Variants) > maxVariants:
		return fault(fmt.Sprintf("%d variants, at most %d are possible", len(s.Variants), maxVariants))
	case len(s.Answer) > maxAnswerBytes:
		return fault(fmt.Sprintf("the answer has more than %d bytes", maxAnswerBytes))
	case slices.ContainsFunc(append([]string{s.Question}, s.Variants...), func(q string) bool { return len(q) > maxAskedBytes }):
		return fault(fmt.Sprintf("a question has more than %d bytes", maxAskedBytes))
	case s.Visibility > Internal:
		return fault(fmt.Sprintf("visibility %d", s.Visibility))
	case slices.ContainsFunc(s.Audience, func(t string) bool { return strings.Contains(t, ",") }):
		return fault("an audience tag contains a comma")
	case !s.From.IsZero() && !s.Until.IsZero() && !s.From.Before(s.Until):
		return fault("it ends before it begins")
	}
	return nil
}

// PutShortAnswer adds a short answer or replaces the one with its ID, which
// keeps its count of hits. It is given from the next search on. With an
// embedder it waits for it, but no longer than for a question.
func (b *Base) PutShortAnswer(ctx context.Context, s ShortAnswer) error {
	s.Audience = normalTags(s.Audience)
	if err := s.check(); err != nil {
		return err
	}
	m := newMatchable(s)
	change := Passages{Scope: m.scope, Document: s.ID, Passages: m.record.passages}
	b.embedShortAnswer(ctx, m, &change)

	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.current.Load().clone()
	next.short = slices.Clone(next.short)
	if i := next.shortAnswer(s.ID); i >= 0 {
		m.usage, change.Replaces = next.short[i].usage, next.short[i].record.passageIDs()
		next.short[i] = m
	} else {
		next.short = append(next.short, m)
	}
	if err := b.index(ctx, next, []Passages{change}); err != nil {
		return fmt.Errorf("knowledge: index short answer %q: %w", s.ID, err)
	}
	b.publish(next)
	return nil
}

// embedShortAnswer gives a short answer's passage its vector, if it can.
func (b *Base) embedShortAnswer(ctx context.Context, m *matchable, change *Passages) {
	if b.embeddings == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, b.embeddings.cfg.QueryTimeout)
	defer cancel()
	changes := []Passages{*change}
	bad, err := b.embeddings.fill(limited, changes, b.current.Load().dimensions, func(int, int) {})
	if len(bad) > 0 {
		err = errors.Join(err, bad[0].Err)
	}
	if err != nil {
		b.cfg.Logger.WarnContext(ctx, "short answer without a vector is found by its words alone", "id", m.ID, "error", err)
	}
	change.Vectors, m.record.vectors = changes[0].Vectors, changes[0].Vectors
}

// DeleteShortAnswer removes a short answer; no search that begins after it
// returns finds it. [ErrUnknownShortAnswer] if there is none of that ID.
func (b *Base) DeleteShortAnswer(ctx context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.current.Load().clone()
	i := next.shortAnswer(id)
	if i < 0 {
		return fmt.Errorf("%w: %q", ErrUnknownShortAnswer, id)
	}
	gone := next.short[i]
	next.short = slices.Delete(slices.Clone(next.short), i, i+1)
	if err := b.index(ctx, next, []Passages{{Scope: gone.scope, Document: id, Replaces: gone.record.passageIDs()}}); err != nil {
		return fmt.Errorf("knowledge: remove short answer %q: %w", id, err)
	}
	b.publish(next)
	return nil
}

// ShortAnswers returns all short answers, in the order they were first put.
func (b *Base) ShortAnswers() []ShortAnswerStatus {
	var out []ShortAnswerStatus
	for _, m := range b.current.Load().short {
		st := ShortAnswerStatus{ShortAnswer: m.ShortAnswer}
		st.Variants, st.Audience = slices.Clone(st.Variants), slices.Clone(st.Audience)
		st.Hits, st.LastHit = m.usage.read()
		out = append(out, st)
	}
	return out
}

// shortAnswer returns the place of a short answer, -1 if there is none.
func (g *generation) shortAnswer(id string) int {
	return slices.IndexFunc(g.short, func(m *matchable) bool { return m.ID == id })
}

// matchable is a short answer ready to be matched and searched. It is
// immutable but for its usage.
type matchable struct {
	ShortAnswer
	scope  Scope
	asked  [][]uint64 // trigrams of the question and each variant
	record *record    // its passage
	usage  *usage
}

func newMatchable(s ShortAnswer) *matchable {
	s.Variants = slices.Clone(s.Variants)
	m := &matchable{ShortAnswer: s, usage: &usage{}, scope: Scope{
		Source: ShortAnswerSource, Visibility: s.Visibility, Language: text.Base(s.Language), Audience: strings.Join(s.Audience, ","),
		From: s.From.UTC().Round(0), Until: s.Until.UTC().Round(0),
	}}
	for _, q := range append([]string{s.Question}, s.Variants...) {
		m.asked = append(m.asked, trigrams(q))
	}
	m.record = &record{passages: []*Passage{{
		ID: passageID(ShortAnswerSource, s.ID, "", 0), Source: ShortAnswerSource, Document: s.ID,
		Language: s.Language, Aliases: s.Variants, Blocks: []Block{{Kind: QA, Label: s.Question, Text: s.Answer}},
	}}}
	return m
}

// usage counts hits. It is shared by the generations that hold the answer.
type usage struct {
	mu   sync.Mutex
	hits int64
	last time.Time
}

func (u *usage) count(at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.hits++
	u.last = at
}

func (u *usage) read() (int64, time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.hits, u.last
}

// matchShortAnswer returns the short answer closest to a question, if close
// enough for its asker.
func (g *generation) matchShortAnswer(s *search, question string) *matchable {
	if len(g.short) == 0 {
		return nil
	}
	asked, language := trigrams(question), text.Base(s.query.Language)
	var best *matchable
	score := s.base.cfg.ShortAnswerAt
	for _, m := range g.short {
		if m.scope.Language != "" && language != "" && m.scope.Language != language || !s.accepts(m.scope) {
			continue
		}
		for _, t := range m.asked {
			if d := dice(asked, t, score); d > score {
				best, score = m, d
			}
		}
	}
	return best
}

// trigrams returns the letter trigrams of a text's words, sorted, each as often
// as it occurs: three code points of 21 bits in a number.
func trigrams(s string) []uint64 {
	var out []uint64
	for _, w := range text.Words(text.Fold(s)) {
		runes := []rune(" " + w + " ")
		for i := 0; i+3 <= len(runes); i++ {
			out = append(out, uint64(runes[i])<<42|uint64(runes[i+1])<<21|uint64(runes[i+2]))
		}
	}
	slices.Sort(out)
	return out
}

// dice is the Dice coefficient of two sorted bags, or 0 where it cannot pass
// least.
func dice(a, b []uint64, least float64) float64 {
	total := float64(len(a) + len(b))
	if 2*float64(min(len(a), len(b))) <= least*total {
		return 0
	}
	shared := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			shared++
			i++
			j++
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return 2 * float64(shared) / total
}
