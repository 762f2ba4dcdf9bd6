package knowledge

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/internal/text"
)

// Index finds passages. Implementations are configuration only; what they know
// is in the snapshots they build. Build must be safe for concurrent use.
type Index interface {
	// Build returns a snapshot that holds prev with changes applied. prev is
	// one of this Index or nil for none, and stays valid and unchanged. An
	// error leaves no new snapshot. A document may move to another scope of its
	// source. Vectors of other dimensions than the rest are refused, unless no
	// older one stays.
	Build(ctx context.Context, prev Snapshot, changes []Passages) (Snapshot, error)
}

// Passages is everything an index is to hold of one document from now on. No
// passages means the document is removed.
type Passages struct {
	Scope    Scope
	Document string
	Passages []*Passage
	// Vectors are the embeddings of Passages, in their order and of unit length.
	// It is nil where there is no embedder, and an element is nil where it failed:
	// an index of vectors leaves that passage out.
	Vectors [][]float32
	// Replaces are the IDs of the passages that the index holds of the document
	// by now. It is empty for a new document; unknown IDs are ignored.
	Replaces []string
}

// Scope is what decides whether a document is searched. Many documents share
// one, so that a filter is asked once for each scope and not once for each
// passage.
type Scope struct {
	Source     string
	Visibility Visibility
	// Language of the document without region, as [Query].Languages names it:
	// that of most of its passages, empty when unknown.
	Language string
	// Audience is the tags of those who may see it, sorted and joined by
	// commas; empty is everybody.
	Audience string
	// From and Until bound the time in which it may be seen, in UTC; zero is
	// open.
	From, Until time.Time
}

// Visibility says how a source may be used.
type Visibility uint8

// The visibilities.
const (
	// Public text is used and cited.
	Public Visibility = iota
	// Private text is used but never cited, its title and address included.
	Private
	// Internal text never enters an answer to a customer. It may support
	// drafts and notes for humans.
	Internal
)

// String returns the visibility's name.
func (v Visibility) String() string {
	return [...]string{"public", "private", "internal"}[min(v, Internal)]
}

// accepts reports whether a query searches a scope now.
func (q *Query) accepts(s Scope, now time.Time) bool {
	switch {
	case s.Visibility == Internal && !q.Internal, now.Before(s.From), !s.Until.IsZero() && !now.Before(s.Until):
		return false
	case q.Sources != nil && !slices.Contains(q.Sources, s.Source):
		return false
	case q.Languages != nil && s.Language != "" && !slices.ContainsFunc(q.Languages, func(tag string) bool { return text.Base(tag) == s.Language }):
		return false
	}
	return s.hasAudience(q.Audience)
}

func (s Scope) hasAudience(tags []string) bool {
	if s.Audience == "" {
		return true
	}
	for want := range strings.SplitSeq(s.Audience, ",") {
		for _, have := range tags {
			if want == have {
				return true
			}
		}
	}
	return false
}

// Snapshot is an immutable state of an index. It is safe for concurrent use.
type Snapshot interface {
	// Search returns the best passages of the scopes that q.Accept takes. The
	// filter works before ranking: what it refuses cannot influence which of
	// the others are returned.
	Search(ctx context.Context, q IndexQuery) (IndexResult, error)
	// Len is the number of passages.
	Len() int
}

// IndexQuery asks a [Snapshot].
type IndexQuery struct {
	Text     string
	Language string // of Text, BCP 47, may be empty
	// Vector is the embedding of Text, of unit length; nil without an embedder.
	Vector []float32
	Limit  int              // how many hits; default 10
	Accept func(Scope) bool // nil takes all
}

// IndexResult is a snapshot's answer.
type IndexResult struct {
	Hits []Hit
	// Answerability estimates in [0,1] how probable it is that the hits answer
	// the query. An index of vectors leaves it 0: Base judges similarities.
	Answerability float64
}

// Hit is one passage found. Hits are sorted by falling score.
type Hit struct {
	Passage *Passage
	Scope   Scope
	// Score is comparable within one result only; of an index of vectors it is
	// the cosine similarity.
	Score float64
}
