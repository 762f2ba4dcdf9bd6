package knowledge

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge/lexical"
)

// LexicalIndex returns the default [Index]: package lexical, which finds
// passages by their words and letters, without a model.
func LexicalIndex() Index { return lexicalIndex{} }

type lexicalIndex struct{}

// lexicalSnapshot numbers the scopes for the index's filter. The passages are
// the index's values, so that a change costs what it changes.
type lexicalSnapshot struct {
	index  *lexical.Index
	scopes scopes
}

func (lexicalIndex) Build(ctx context.Context, prev Snapshot, changes []Passages) (Snapshot, error) {
	next := &lexicalSnapshot{index: lexical.New(lexical.Config{})}
	if prev != nil {
		old, ok := prev.(*lexicalSnapshot)
		if !ok {
			return nil, fmt.Errorf("%w: snapshot %T is another index's", ErrInvalidConfig, prev)
		}
		*next = *old
	}
	var remove []string
	var add []lexical.Entry
	for _, c := range changes {
		remove = append(remove, c.Replaces...)
		group := next.scopes.number(c.Scope)
		for _, p := range c.Passages {
			add = append(add, lexical.Entry{
				ID: p.ID, Parent: c.Scope.Source + "\x00" + c.Document, Group: group,
				Title: titleOf(p), Heading: headingOf(p), Text: p.Text(), Language: p.Language, Value: p,
			})
		}
	}
	index, err := next.index.With(ctx, remove, add)
	if err != nil {
		return nil, err
	}
	next.index = index
	return next, nil
}

// headingOf returns what is searched above a passage's text.
func headingOf(p *Passage) string {
	if len(p.Aliases) == 0 {
		return strings.Join(p.Path, "\n")
	}
	return strings.Join(slices.Concat(p.Path, p.Aliases), "\n")
}

// titleOf returns a passage's title, or what its file's name says.
func titleOf(p *Passage) string {
	if p.Title != "" {
		return p.Title
	}
	name := strings.TrimSuffix(p.Name, path.Ext(p.Name))
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' {
			return ' '
		}
		return r
	}, name)
}

func (s *lexicalSnapshot) Len() int { return s.index.Len() }

func (s *lexicalSnapshot) Search(ctx context.Context, q IndexQuery) (IndexResult, error) {
	if err := ctx.Err(); err != nil {
		return IndexResult{}, err
	}
	found := s.index.Search(lexical.Query{Text: q.Text, Language: q.Language, K: q.Limit, Accept: s.scopes.filter(q.Accept)})
	res := IndexResult{Answerability: found.Answerability}
	for _, h := range found.Hits {
		passage, _ := h.Value.(*Passage) // nothing else is put in
		res.Hits = append(res.Hits, Hit{Passage: passage, Scope: s.scopes[h.Group], Score: h.Score})
	}
	return res, nil
}
