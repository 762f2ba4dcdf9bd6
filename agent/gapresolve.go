package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kundeagent/kundeagent/internal/text"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

// ShortAnswerKeeper is a Knowledge that takes short answers. [knowledge.Base]
// is one.
type ShortAnswerKeeper interface {
	PutShortAnswer(ctx context.Context, s knowledge.ShortAnswer) error
	DeleteShortAnswer(ctx context.Context, id string) error
}

var (
	// ErrNoShortAnswers: Config.Knowledge takes no short answers.
	ErrNoShortAnswers = errors.New("agent: the knowledge takes no short answers")
	// ErrInvalidGapAnswer: an answer to a knowledge gap cannot be used.
	ErrInvalidGapAnswer = errors.New("agent: invalid answer to a knowledge gap")
)

// GapAnswer is what a person answers a knowledge gap with.
type GapAnswer struct {
	// Text is given to customers word for word.
	Text string
	// Language of Text, BCP 47; default the one the topic was asked in most.
	Language string
	// Translations are the same answer in other languages. In a language that has
	// none the short answer of another is a passage like others, which is not
	// given word for word.
	Translations map[string]string
	// Question is what the answer is to in its language; default the topic's
	// title.
	Question string
	// Variants are other ways to ask it; nil is the topic's questions, each in its
	// language, without those in which [NewRedactor] finds personal data.
	Variants []string
	// Visibility and Audience are as of a [knowledge.ShortAnswer].
	Visibility knowledge.Visibility
	Audience   []string
	// Suggestion is the ID of the suggestion that Text began as.
	Suggestion string
}

// ResolveGap answers a topic: it makes a short answer in each language that
// there is a text of, which the next search finds, and takes the topic off the
// list. The topic comes back when a customer asks it again and is not answered.
// Resolving it again replaces the short answers.
//
// It needs a Knowledge that is a [ShortAnswerKeeper]; [ErrNoShortAnswers]
// otherwise. Repeating it after a failure is safe.
func (o *Operator) ResolveGap(ctx context.Context, id string, answer GapAnswer) (gaps.Topic, error) {
	const action = "resolve gap"
	if err := o.allow(ctx, MayTeach, action, id); err != nil {
		return gaps.Topic{}, err
	}
	a := o.agent
	keeper, ok := a.cfg.Knowledge.(ShortAnswerKeeper)
	if !ok {
		return gaps.Topic{}, ErrNoShortAnswers
	}
	before, err := a.gap(ctx, id)
	if err != nil {
		return before, err
	}
	resolved, short, err := answer.of(before)
	if err != nil {
		return before, err
	}
	for _, s := range short {
		if err := keeper.PutShortAnswer(ctx, s); err != nil {
			return before, fmt.Errorf("agent: resolve gap %s: %w", id, err)
		}
	}
	if err := dropReplaced(ctx, keeper, before.Answer, resolved); err != nil {
		return before, fmt.Errorf("agent: resolve gap %s: %w", id, err)
	}
	var after gaps.Topic
	err = o.changeGap(ctx, action, before, gaps.Event{Kind: gaps.Resolved, Answer: resolved}, func(t gaps.Topic) string {
		after = t
		return strings.Join(resolved.ShortAnswers, " ") + " " + fmt.Sprintf("%q", answer.Text)
	})
	return after, err
}

// dropReplaced removes the short answers of an earlier resolution that the new
// one has none in the place of.
func dropReplaced(ctx context.Context, keeper ShortAnswerKeeper, old, now *gaps.Answer) error {
	if old == nil {
		return nil
	}
	for _, id := range old.ShortAnswers {
		if slices.Contains(now.ShortAnswers, id) {
			continue
		}
		if err := keeper.DeleteShortAnswer(ctx, id); err != nil && !errors.Is(err, knowledge.ErrUnknownShortAnswer) {
			return err
		}
	}
	return nil
}

// of returns the answer to a topic and its short answers, one a language.
func (g GapAnswer) of(topic gaps.Topic) (*gaps.Answer, []knowledge.ShortAnswer, error) {
	if g.Language != "" && !isLanguage(g.Language) {
		return nil, nil, fmt.Errorf("%w: language %q is no language tag", ErrInvalidGapAnswer, g.Language)
	}
	redactor := NewRedactor(RedactorConfig{})
	main := cmp.Or(g.Language, mostAskedLanguage(topic))
	question := cmp.Or(strings.TrimSpace(g.Question), redactor.Redact(oneLine(topic.Title)))
	out := &gaps.Answer{Question: question, Variants: g.Variants, Texts: map[string]string{main: g.Text}, Suggestion: g.Suggestion}
	for language, s := range g.Translations {
		if !isLanguage(language) || text.Base(language) == text.Base(main) {
			return nil, nil, fmt.Errorf("%w: a translation into %q", ErrInvalidGapAnswer, language)
		}
		out.Texts[language] = s
	}
	var short []knowledge.ShortAnswer
	for _, language := range slices.Sorted(maps.Keys(out.Texts)) {
		if strings.TrimSpace(out.Texts[language]) == "" {
			return nil, nil, fmt.Errorf("%w: it has no text in %q", ErrInvalidGapAnswer, language)
		}
		variants := g.Variants
		if variants == nil {
			variants = gapVariants(topic, language, redactor)
		}
		s := knowledge.ShortAnswer{
			ID: topic.ID, Question: question, Variants: variants, Answer: out.Texts[language], Language: language,
			Visibility: g.Visibility, Audience: g.Audience, Origin: knowledge.Suggested,
		}
		if language != "" {
			s.ID += "-" + text.Base(language)
		}
		if language != main {
			if len(variants) == 0 {
				return nil, nil, fmt.Errorf("%w: nobody asked it in %q", ErrInvalidGapAnswer, language)
			}
			s.Question, s.Variants = variants[0], variants[1:]
		}
		short = append(short, s)
		out.ShortAnswers = append(out.ShortAnswers, s.ID)
	}
	return out, short, nil
}

func mostAskedLanguage(topic gaps.Topic) string {
	best := ""
	for _, language := range slices.Sorted(maps.Keys(topic.Languages)) {
		if topic.Languages[language] > topic.Languages[best] {
			best = language
		}
	}
	return best
}

// maxVariantBytes is how long a variant of a short answer may be.
const maxVariantBytes = 1 << 10

// gapVariants returns the questions of a topic in one language that hold no
// personal data as far as can be told.
func gapVariants(topic gaps.Topic, language string, r Redactor) []string {
	var out []string
	for _, q := range topic.Questions {
		said := oneLine(q.Text)
		if text.Base(q.Language) == text.Base(language) && len(said) <= maxVariantBytes && r.Redact(said) == said {
			out = append(out, said)
		}
	}
	return out
}
