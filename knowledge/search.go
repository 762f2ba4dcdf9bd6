package knowledge

import (
	"context"
	"fmt"
	"strings"
)

// Query asks a [Base].
type Query struct {
	Text     string
	Language string // of Text, BCP 47, may be empty
	// Context is what Text refers to, such as the question before a follow-up.
	// It is searched along with Text when Text alone finds too little.
	Context string
	Limit   int // how many passages; default 5, at most 50
	// Audience are the tags of whoever asks. Sources with an audience are
	// searched only for those who have one of its tags.
	Audience []string
	// Internal includes sources for the company's own eyes. Never set it for
	// an answer to a customer.
	Internal bool
}

// Result is what a [Base] found.
type Result struct {
	// ShortAnswer is the approved answer to this very question, if there is one.
	ShortAnswer *ShortAnswer
	// Passages are sorted by falling score.
	Passages []Found
	// Answerability estimates in [0,1] how probable it is that the passages
	// answer the question. It is 1 with a short answer.
	Answerability float64
	// Query is what was searched: Text, or Text with its Context.
	Query string
	// Generation is the state of the knowledge that was searched.
	Generation uint64
}

// Found is one passage with what is known of its document.
type Found struct {
	*Passage
	Score float64
	// Citable says that the passage's title and address may be shown.
	Citable bool
}

// weakAnswerability is below what a query with a context is searched again
// together with it.
const weakAnswerability = .5

// Search finds what is known about a question, short answers first. What the
// query's audience may not see is left out before ranking.
func (b *Base) Search(ctx context.Context, q Query) (Result, error) {
	if q.Limit <= 0 {
		q.Limit = 5
	}
	q.Limit = min(q.Limit, 50)
	g := b.current.Load()
	res := Result{Query: q.Text, Generation: g.number}
	if s := g.matchShortAnswer(q, b.cfg.Now()); s != nil {
		res.ShortAnswer, res.Answerability = s, 1
		return res, nil
	}
	if g.snapshot == nil || strings.TrimSpace(q.Text) == "" {
		return res, nil
	}
	found, err := g.find(ctx, q, q.Text)
	if err != nil {
		return Result{}, fmt.Errorf("knowledge: search: %w", err)
	}
	if q.Context != "" && found.Answerability < weakAnswerability {
		joined := q.Context + "\n" + q.Text
		wider, err := g.find(ctx, q, joined)
		if err != nil {
			return Result{}, fmt.Errorf("knowledge: search with context: %w", err)
		}
		if wider.Answerability > found.Answerability {
			found, res.Query = wider, joined
		}
	}
	res.Answerability = found.Answerability
	for _, h := range found.Hits {
		s := g.sources[h.Scope.Source]
		res.Passages = append(res.Passages, Found{
			Passage: h.Passage, Score: h.Score,
			Citable: h.Scope.Visibility == Public && s != nil && !s.options.NoCitations,
		})
	}
	return res, nil
}

func (g *generation) find(ctx context.Context, q Query, text string) (IndexResult, error) {
	return g.snapshot.Search(ctx, IndexQuery{
		Text: text, Language: q.Language, Limit: q.Limit,
		Accept: func(s Scope) bool {
			return (s.Visibility != Internal || q.Internal) && s.visibleTo(q.Audience)
		},
	})
}
