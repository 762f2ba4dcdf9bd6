package knowledge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/internal/text"
)

// ShortAnswer is a question with its approved answer. It is matched before
// anything else and given word for word.
type ShortAnswer struct {
	ID       string
	Question string
	Variants []string // other ways to ask the same
	Answer   string
	Language string // of Answer, BCP 47; empty is any
	// Visibility and Audience work as for a source.
	Visibility Visibility
	Audience   []string
	// From and Until bound the time in which it is given; zero is open.
	From, Until time.Time
}

// ErrInvalidShortAnswer: a short answer lacks its ID, question or answer.
var ErrInvalidShortAnswer = errors.New("knowledge: short answer is incomplete")

// shortAnswerMatch is how alike a question must be to a short answer's, by the
// Dice coefficient of their letter trigrams: .8 takes another inflection or a
// typing error, not another word.
const shortAnswerMatch = .8

// PutShortAnswer adds a short answer or replaces the one with its ID. It is
// given from the next search on.
func (b *Base) PutShortAnswer(_ context.Context, s ShortAnswer) error {
	if s.ID == "" || strings.TrimSpace(s.Question) == "" || strings.TrimSpace(s.Answer) == "" {
		return fmt.Errorf("%w: %q", ErrInvalidShortAnswer, s.ID)
	}
	s.Audience = normalTags(s.Audience)
	m := matchable{ShortAnswer: s}
	for _, q := range append([]string{s.Question}, s.Variants...) {
		m.trigrams = append(m.trigrams, trigrams(q))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.current.Load().clone()
	next.short = slices.DeleteFunc(slices.Clone(next.short), func(o matchable) bool { return o.ID == s.ID })
	next.short = append(next.short, m)
	b.publish(next)
	return nil
}

// DeleteShortAnswer removes a short answer; an unknown ID is no error.
func (b *Base) DeleteShortAnswer(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.current.Load().clone()
	next.short = slices.DeleteFunc(slices.Clone(next.short), func(o matchable) bool { return o.ID == id })
	b.publish(next)
	return nil
}

// ShortAnswers returns all short answers.
func (b *Base) ShortAnswers() []ShortAnswer {
	var out []ShortAnswer
	for _, m := range b.current.Load().short {
		out = append(out, m.ShortAnswer)
	}
	return out
}

type matchable struct {
	ShortAnswer
	trigrams []map[string]int // of the question and each variant
}

// matchShortAnswer returns the short answer closest to a question, if close
// enough for its asker.
func (g *generation) matchShortAnswer(q Query, now time.Time) *ShortAnswer {
	if len(g.short) == 0 {
		return nil
	}
	asked := trigrams(q.Text)
	var best *ShortAnswer
	bestScore := shortAnswerMatch
	for i := range g.short {
		m := &g.short[i]
		scope := Scope{Visibility: m.Visibility, Audience: strings.Join(m.Audience, ",")}
		if m.Visibility == Internal && !q.Internal || !scope.visibleTo(q.Audience) {
			continue
		}
		if now.Before(m.From) || !m.Until.IsZero() && !now.Before(m.Until) {
			continue
		}
		for _, t := range m.trigrams {
			if s := dice(asked, t); s > bestScore {
				best, bestScore = &m.ShortAnswer, s
			}
		}
	}
	return best
}

func trigrams(s string) map[string]int {
	out := map[string]int{}
	for _, w := range text.Words(text.Fold(s)) {
		runes := []rune(" " + w + " ")
		for i := 0; i+3 <= len(runes); i++ {
			out[string(runes[i:i+3])]++
		}
	}
	return out
}

func dice(a, b map[string]int) float64 {
	var shared, total int
	for k, n := range a {
		shared += min(n, b[k])
		total += n
	}
	for _, n := range b {
		total += n
	}
	if total == 0 {
		return 0
	}
	return 2 * float64(shared) / float64(total)
}
