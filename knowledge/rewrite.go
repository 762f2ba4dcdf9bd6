package knowledge

import (
	"context"
	"strings"
)

// Rewriter puts a question in other words, as a model can: with the words that
// the knowledge uses, complete without the conversation around it, or in a
// language of the knowledge. [Base.Search] asks it only when the plain search
// is weak, and keeps what it found itself unless a rewriting finds better. It
// must be safe for concurrent use. Package agent makes one of a model.
type Rewriter interface {
	// Rewrite returns the questions to search instead, best first; none is no
	// error. At most three are searched.
	Rewrite(ctx context.Context, r RewriteRequest) ([]string, error)
}

// RewriteRequest is what a [Rewriter] is told.
type RewriteRequest struct {
	Text     string
	Language string // of Text, BCP 47, may be empty
	Context  string // what Text refers to, may be empty
	// Languages are those the knowledge is written in, the most frequent first.
	Languages []string
}

// RewriterFunc makes a Rewriter of a function.
type RewriterFunc func(ctx context.Context, r RewriteRequest) ([]string, error)

// Rewrite calls f.
func (f RewriterFunc) Rewrite(ctx context.Context, r RewriteRequest) ([]string, error) {
	return f(ctx, r)
}

const (
	maxRewritings    = 3
	maxRewritingSize = 1000 // bytes
)

// rewritings asks the rewriter. Its failure is logged: the plain search stands.
func (b *Base) rewritings(ctx context.Context, g *generation, q Query) []string {
	if b.cfg.Rewriter == nil || q.AsIs {
		return nil
	}
	texts, err := b.cfg.Rewriter.Rewrite(ctx, RewriteRequest{Text: q.Text, Language: q.Language, Context: q.Context, Languages: g.languages})
	if err != nil {
		b.cfg.Logger.WarnContext(ctx, "question could not be rewritten", "error", err)
		return nil
	}
	var out []string
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" && len(t) <= maxRewritingSize && len(out) < maxRewritings {
			out = append(out, t)
		}
	}
	return out
}
