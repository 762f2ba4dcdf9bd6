package knowledge

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Query asks a [Base].
type Query struct {
	Text string
	// Language of Text, BCP 47. When empty it is what Config.Language says of
	// Text, or that of the knowledge if it has only one.
	Language string
	// Context is what Text refers to, such as the question before a follow-up.
	// It is searched along with Text when Text alone finds too little.
	Context string
	Limit   int // how many passages; default 5, at most 50
	// Audience are the tags of whoever asks. Sources with an audience are
	// searched only for those who have one of its tags.
	Audience []string
	// Sources and Languages narrow the search to some sources, and to documents
	// of some languages, whatever the region, or of unknown language. Nil is all.
	// Short answers have the source ShortAnswerSource.
	Sources, Languages []string
	// Internal includes sources for the company's own eyes. Never set it for
	// an answer to a customer.
	Internal bool
	// AsIs searches the question as it is: the rewriter is not asked.
	AsIs bool
	// Preview leaves no trace: a short answer that matches is not counted.
	Preview bool
}

// Result is what a [Base] found.
type Result struct {
	// ShortAnswer is the approved answer to this very question, if there is one.
	ShortAnswer *ShortAnswer
	// Passages are sorted by falling score. With a short answer it is its own
	// passage alone.
	Passages []Found
	// Answerability estimates in [0,1] how probable it is that the passages
	// answer the question. It is 1 with a short answer.
	Answerability float64
	// Query is what was searched: Text, Text with its Context, or what the
	// rewriter made of it.
	Query string
	// Rewritten says that Query is the rewriter's.
	Rewritten bool
	// Degraded says why the question was searched by its words alone although
	// there is an embedder; empty if it was not.
	Degraded string
	// Generation is the state of the knowledge that was searched.
	Generation uint64
}

// Found is one passage with what is known of its document.
type Found struct {
	*Passage
	Score float64
	// Lexical and Similarity are what Score was made of: the score by words, and
	// the cosine similarity of meaning where there is an embedder. Either is 0
	// for a passage that was found by the other alone.
	Lexical, Similarity float64
	// Citable says that the passage's title and address may be shown.
	Citable bool
}

// weakAnswerability is below what a query is searched again, with its context
// and then with what the rewriter makes of it.
const weakAnswerability = .5

// Search finds what is known about a question, short answers first. What the
// query's audience may not see is left out before ranking.
//
// When the question alone is a weak match it is searched together with
// q.Context, then in the words of Config.Rewriter; the best of these searches
// counts.
func (b *Base) Search(ctx context.Context, q Query) (Result, error) {
	if q.Limit <= 0 {
		q.Limit = 5
	}
	q.Limit = min(q.Limit, 50)
	s := search{base: b, generation: b.current.Load(), now: b.cfg.Now()}
	if q.Language == "" {
		q.Language = s.languageOf(q.Text)
	}
	s.query = q
	best, err := s.run(ctx, q.Text, q.Language)
	if err != nil {
		return Result{}, err
	}
	if best.strong() || strings.TrimSpace(q.Text) == "" {
		return s.result(best), nil
	}
	if q.Context != "" {
		if best, err = s.better(ctx, best, q.Context+"\n"+q.Text, q.Language); err != nil {
			return Result{}, err
		}
	}
	if best.strong() {
		return s.result(best), nil
	}
	for _, text := range b.rewritings(ctx, s.generation, q) {
		before := best.text
		if best, err = s.better(ctx, best, text, s.languageOf(text)); err != nil {
			return Result{}, err
		}
		best.rewritten = best.rewritten || best.text != before
	}
	return s.result(best), nil
}

// search is one call of [Base.Search]: it sees one generation throughout.
type search struct {
	base       *Base
	generation *generation
	query      Query
	now        time.Time
	degraded   string
}

// outcome is what one wording of the question found.
type outcome struct {
	text          string
	rewritten     bool
	short         *matchable
	hits          []fusedHit
	answerability float64
}

// languageOf guesses the language of a text.
func (s *search) languageOf(text string) string {
	language := s.base.cfg.Language(text)
	if known := s.generation.languages; language == "" && len(known) == 1 {
		return known[0]
	}
	return language
}

func (o outcome) strong() bool { return o.answerability >= weakAnswerability }

// better searches another wording, and returns the better of both outcomes.
func (s *search) better(ctx context.Context, best outcome, text, language string) (outcome, error) {
	other, err := s.run(ctx, text, language)
	if err != nil {
		return outcome{}, err
	}
	if other.answerability > best.answerability {
		return other, nil
	}
	return best, nil
}

// run searches one wording of the question.
func (s *search) run(ctx context.Context, text, language string) (outcome, error) {
	g, out := s.generation, outcome{text: text}
	if strings.TrimSpace(text) == "" {
		return out, nil
	}
	if out.short = g.matchShortAnswer(s, text); out.short != nil {
		out.answerability = 1
		return out, nil
	}
	if g.snapshot == nil {
		return out, nil
	}
	q := IndexQuery{Text: text, Language: language, Limit: s.query.Limit, Accept: s.accepts}
	if q.Vector = s.vector(ctx, text); q.Vector != nil {
		q.Limit = max(fusionDepth, 2*s.query.Limit)
	}
	byWords, err := g.snapshot.Search(ctx, q)
	if err != nil {
		return outcome{}, fmt.Errorf("knowledge: search: %w", err)
	}
	if q.Vector == nil {
		out.hits, out.answerability = lexicalHits(byWords), byWords.Answerability
		return out, nil
	}
	byMeaning, err := g.vectors.Search(ctx, q)
	if err != nil {
		return outcome{}, fmt.Errorf("knowledge: search vectors: %w", err)
	}
	out.hits, out.answerability = fuse(byWords, byMeaning, g.judge(q.Vector, byMeaning.Hits))
	out.hits = out.hits[:min(len(out.hits), s.query.Limit)]
	return out, nil
}

func (s *search) accepts(scope Scope) bool { return s.query.accepts(scope, s.now) }

// vector embeds a text if there is anything to compare it with. A dead embedder
// is not asked again for a while, and the search goes on by words.
func (s *search) vector(ctx context.Context, text string) []float32 {
	b, g := s.base, s.generation
	if b.embeddings == nil || g.vectors == nil || g.vectors.Len() == 0 {
		return nil
	}
	if until := b.restsUntil.Load(); until != nil && s.now.Before(*until) {
		s.degraded = "the embedder failed a moment ago"
		return nil
	}
	v, err := b.embeddings.question(ctx, text, g.dimensions)
	if err == nil {
		return v
	}
	s.degraded = err.Error()
	if ctx.Err() == nil {
		until := b.cfg.Now().Add(embedderRests)
		b.restsUntil.Store(&until)
		b.cfg.Logger.WarnContext(ctx, "question could not be embedded, searching by words alone", "for", embedderRests, "error", err)
	}
	return nil
}

// result makes the answer of the best outcome.
func (s *search) result(o outcome) Result {
	g := s.generation
	res := Result{
		Query: o.text, Rewritten: o.rewritten, Answerability: o.answerability, Degraded: s.degraded, Generation: g.number,
	}
	if o.short != nil {
		if !s.query.Preview {
			o.short.usage.count(s.now)
		}
		answer := o.short.ShortAnswer
		res.ShortAnswer = &answer
		res.Passages = []Found{{Passage: o.short.record.passages[0], Score: 1}}
		return res
	}
	for _, h := range o.hits {
		source := g.sources[h.Scope.Source]
		res.Passages = append(res.Passages, Found{
			Passage: h.Passage, Score: h.Score, Lexical: h.lexical, Similarity: h.similarity,
			Citable: h.Scope.Visibility == Public && source != nil && !source.options.NoCitations,
		})
	}
	return res
}
