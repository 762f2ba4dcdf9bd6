package knowledge

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge/lexical"
)

// LexicalIndex returns the default [Index]: package lexical, which finds
// passages by their words and letters, without a model.
func LexicalIndex() Index { return lexicalIndex{} }

type lexicalIndex struct{}

// lexicalSnapshot keeps the passages beside the index, which knows only their
// IDs, and numbers the scopes for its filter.
type lexicalSnapshot struct {
	index     *lexical.Index
	passages  map[string]scoped
	documents map[documentKey][]string // passage IDs
	scopes    []Scope                  // by group
}

type scoped struct {
	*Passage
	scope Scope
}

type documentKey struct{ source, document string }

func (lexicalIndex) Build(ctx context.Context, prev Snapshot, changes []Passages) (Snapshot, error) {
	next := &lexicalSnapshot{index: lexical.New(lexical.Config{}), passages: map[string]scoped{}, documents: map[documentKey][]string{}}
	if prev != nil {
		old, ok := prev.(*lexicalSnapshot)
		if !ok {
			return nil, fmt.Errorf("%w: snapshot %T is another index's", ErrInvalidConfig, prev)
		}
		next.index, next.scopes = old.index, old.scopes
		next.passages, next.documents = maps.Clone(old.passages), maps.Clone(old.documents)
	}
	var remove []string
	var add []lexical.Entry
	for _, c := range changes {
		key := documentKey{c.Scope.Source, c.Document}
		for _, id := range next.documents[key] {
			remove = append(remove, id)
			delete(next.passages, id)
		}
		delete(next.documents, key)
		group := next.group(c.Scope)
		for _, p := range c.Passages {
			next.passages[p.ID] = scoped{p, c.Scope}
			next.documents[key] = append(next.documents[key], p.ID)
			add = append(add, lexical.Entry{
				ID: p.ID, Parent: c.Scope.Source + "\x00" + c.Document, Group: group,
				Title: titleOf(p), Heading: strings.Join(slices.Concat(p.Path, p.Aliases), "\n"), Text: p.Text(), Language: p.Language,
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

// group returns a scope's number, giving it the next one if it is new.
func (s *lexicalSnapshot) group(scope Scope) uint32 {
	for i, known := range s.scopes {
		if known == scope {
			return uint32(i)
		}
	}
	s.scopes = append(s.scopes[:len(s.scopes):len(s.scopes)], scope)
	return uint32(len(s.scopes) - 1)
}

func (s *lexicalSnapshot) Len() int { return len(s.passages) }

func (s *lexicalSnapshot) Search(ctx context.Context, q IndexQuery) (IndexResult, error) {
	if err := ctx.Err(); err != nil {
		return IndexResult{}, err
	}
	query := lexical.Query{Text: q.Text, Language: q.Language, K: q.Limit}
	if q.Accept != nil {
		query.Accept = func(group uint32) bool { return q.Accept(s.scopes[group]) }
	}
	found := s.index.Search(query)
	res := IndexResult{Answerability: found.Answerability}
	for _, h := range found.Hits {
		p := s.passages[h.ID]
		res.Hits = append(res.Hits, Hit{Passage: p.Passage, Scope: p.scope, Score: h.Score})
	}
	return res, nil
}
