package knowledgetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// shelfSource is the plainest source that keeps every promise; its fields break it.
type shelfSource struct {
	shown  map[string]string
	broken map[string]bool
	down   bool
	runs   int

	alter func(s *shelfSource, known knowledge.Manifest, all []element) []element
	// ctxErr stands in for ctx.Err: nil goes on, an error ends the run.
	ctxErr     func(ctx context.Context, elements int) error
	atCtxEnd   func(yield func(knowledge.Change, error) bool, err error) // stands in for yielding the error
	goesOn     bool                                                      // after the receiver stopped
	changingID bool
	forgetful  bool                           // of names: they get another ID with another text
	removed    map[string]bool                // ever
	cache      map[string]*knowledge.Document // for those who keep documents
}

type element struct {
	change knowledge.Change
	err    error
}

func newShelfSource() *shelfSource {
	return &shelfSource{shown: map[string]string{}, broken: map[string]bool{}, removed: map[string]bool{}, cache: map[string]*knowledge.Document{}}
}

func (s *shelfSource) underTest() SourceUnderTest {
	return SourceUnderTest{
		Source: s,
		Put: func(name, text string) string {
			s.shown[name] = text
			if s.forgetful {
				return name + text[:4]
			}
			return name
		},
		Remove: func(name string) {
			delete(s.shown, name)
			s.removed[name] = true
		},
		Break: func(name string) { s.broken[name] = true },
		Fail: func() func() {
			s.down = true
			return func() { s.down = false }
		},
	}
}

func (s *shelfSource) ID() string {
	if s.changingID {
		return fmt.Sprintf("shelf-%d", s.runs)
	}
	return "shelf"
}

func (s *shelfSource) elements(known knowledge.Manifest) []element {
	if s.down {
		return []element{{err: errors.New("down")}}
	}
	var out []element
	for _, name := range slices.Sorted(maps.Keys(s.shown)) {
		text := s.shown[name]
		id := name
		if s.forgetful {
			id += text[:4]
		}
		switch {
		case s.broken[name]:
			out = append(out, element{change: knowledge.Change{ID: id, Kind: knowledge.Failed, Err: fmt.Errorf("%s: unreadable", id)}})
		case known.Entries[id].Hash != "" && string(known.Entries[id].State) == text[:30]:
			out = append(out, element{change: knowledge.Change{ID: id, Kind: knowledge.Unchanged}})
		default:
			doc := &knowledge.Document{Title: name, Blocks: []knowledge.Block{{Text: text}}}
			out = append(out, element{change: knowledge.Change{ID: id, Kind: knowledge.Upsert, Document: doc, State: []byte(text[:30])}})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(known.Entries)) {
		if !slices.ContainsFunc(out, func(e element) bool { return e.change.ID == id }) {
			out = append(out, element{change: knowledge.Change{ID: id, Kind: knowledge.Gone}})
		}
	}
	if len(s.broken) == 0 {
		out = append(out, element{change: knowledge.Change{Kind: knowledge.Complete}})
	}
	return out
}

func (s *shelfSource) Documents(ctx context.Context, known knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
	return func(yield func(knowledge.Change, error) bool) {
		s.runs++
		all := s.elements(known)
		if s.alter != nil {
			all = s.alter(s, known, all)
		}
		for i, e := range all {
			err := ctx.Err()
			if s.ctxErr != nil {
				err = s.ctxErr(ctx, i)
			}
			if err != nil {
				if s.atCtxEnd != nil {
					s.atCtxEnd(yield, err)
				} else {
					yield(knowledge.Change{}, err)
				}
				return
			}
			if !yield(e.change, e.err) && !s.goesOn {
				return
			}
		}
	}
}

// each changes every change of a run.
func each(f func(s *shelfSource, known knowledge.Manifest, c *knowledge.Change)) func(*shelfSource, knowledge.Manifest, []element) []element {
	return func(s *shelfSource, known knowledge.Manifest, all []element) []element {
		for i := range all {
			f(s, known, &all[i].change)
		}
		return all
	}
}

// without leaves elements out.
func without(f func(s *shelfSource, known knowledge.Manifest, c knowledge.Change) bool) func(*shelfSource, knowledge.Manifest, []element) []element {
	return func(s *shelfSource, known knowledge.Manifest, all []element) []element {
		return slices.DeleteFunc(all, func(e element) bool { return e.err == nil && f(s, known, e.change) })
	}
}

var (
	able    = SourceOptions{Completes: true, Validates: true, ReportsRemoval: true}
	partial = SourceOptions{Validates: true, ReportsRemoval: true}
)

func TestShelfSourceFailsNoClause(t *testing.T) {
	got, why := failing(t, sourceClauses(newShelfSource().underTest(), able), func(r reporter) *watched {
		return &watched{reporter: r, SourceUnderTest: newShelfSource().underTest(), opts: able}
	})
	if got != nil {
		t.Errorf("%v%s", got, why)
	}
}

// brokenSources each break one promise; want are the clauses that must say so.
var brokenSources = []struct {
	name   string
	opts   SourceOptions
	source shelfSource
	want   string // separated by blanks
}{
	{"another ID after each run", able, shelfSource{changingID: true}, "IDIsStable"},
	{"empty texts", able, shelfSource{alter: each(func(_ *shelfSource, _ knowledge.Manifest, c *knowledge.Change) {
		if c.Document != nil {
			c.Document.Blocks = nil
		}
	})}, "AdditionsAreSeen ChangesAreSeen ContextEndsTheRunMidway DocumentsBelongToReceiver ErrorIsLast RemovedComesBack YieldsWhatThereIs"},
	{"IDs made of the text", able, shelfSource{forgetful: true}, "ChangesAreSeen DocumentIDsAreStable RemovedComesBack"},
	{"a document twice", able, shelfSource{alter: func(_ *shelfSource, _ knowledge.Manifest, all []element) []element {
		return append(all[:1:1], all...)
	}}, "ErrorIsLast OneChangeADocument"},
	{"no IDs of what failed", able, shelfSource{alter: each(func(s *shelfSource, _ knowledge.Manifest, c *knowledge.Change) {
		if c.Kind == knowledge.Failed {
			c.ID = ""
		}
	})}, "ReasonsNameDocuments"},
	{"a kind of its own", able, shelfSource{alter: func(_ *shelfSource, _ knowledge.Manifest, all []element) []element {
		return append([]element{{change: knowledge.Change{ID: "odd", Kind: 99}}}, all...)
	}}, "KindsAreKnown"},
	{"documents with Unchanged", able, shelfSource{alter: each(func(s *shelfSource, _ knowledge.Manifest, c *knowledge.Change) {
		if c.Kind == knowledge.Unchanged {
			c.Document = &knowledge.Document{}
		}
	})}, "DocumentsComeWithUpsertAlone"},
	{"failures without a reason", able, shelfSource{alter: each(func(s *shelfSource, _ knowledge.Manifest, c *knowledge.Change) { c.Err = nil })}, "ReasonsNameDocuments"},
	{"failures left out", partial, shelfSource{alter: without(func(_ *shelfSource, _ knowledge.Manifest, c knowledge.Change) bool {
		return c.Kind == knowledge.Failed || c.Kind == knowledge.Complete
	})}, "ReasonsNameDocuments"},
	{"large states", able, shelfSource{alter: each(func(_ *shelfSource, _ knowledge.Manifest, c *knowledge.Change) {
		if c.Kind == knowledge.Unchanged {
			c.State = make([]byte, maxState+1)
		}
	})}, "StateIsSmall"},
	{"gone without its state", able, shelfSource{alter: each(func(_ *shelfSource, known knowledge.Manifest, c *knowledge.Change) {
		if e, ok := known.Entries[c.ID]; ok && e.State == nil {
			*c = knowledge.Change{ID: c.ID, Kind: knowledge.Gone}
		}
	})}, "MissingStateLosesNothing"},
	{"skipped without its state", able, shelfSource{alter: each(func(_ *shelfSource, known knowledge.Manifest, c *knowledge.Change) {
		if e, ok := known.Entries[c.ID]; ok && e.State == nil {
			*c = knowledge.Change{ID: c.ID, Kind: knowledge.Skipped, Err: errors.New(c.ID)}
		}
	})}, "MissingStateLosesNothing"},
	{"keeps its documents", able, shelfSource{alter: each(func(s *shelfSource, _ knowledge.Manifest, c *knowledge.Change) {
		if c.Document == nil {
			return
		}
		key := c.ID + s.shown[c.ID]
		if s.cache[key] == nil {
			s.cache[key] = c.Document
		}
		c.Document = s.cache[key]
	})}, "DocumentsBelongToReceiver"},
	{"notes in the manifest", able, shelfSource{alter: func(s *shelfSource, known knowledge.Manifest, all []element) []element {
		for id := range known.Entries {
			if s.removed[id] {
				delete(known.Entries, id)
			}
		}
		return all
	}}, "ManifestIsNotChanged RemovalIsProven"},
	{"documents that count the runs", able, shelfSource{alter: each(func(s *shelfSource, _ knowledge.Manifest, c *knowledge.Change) {
		if c.Document != nil {
			c.Document.Title += strings.Repeat("!", s.runs)
		}
	})}, "BreakIsRespected RunsEqual"},
	{"documents that change when they are known", able, shelfSource{alter: each(func(s *shelfSource, _ knowledge.Manifest, c *knowledge.Change) {
		if c.Kind == knowledge.Unchanged {
			*c = knowledge.Change{ID: c.ID, Kind: knowledge.Upsert, Document: &knowledge.Document{Title: "Known", Blocks: []knowledge.Block{{Text: s.shown[c.ID]}}}}
		}
	})}, "UnchangedCostsNothing UnchangedStays"},
	{"everything upserted each time", able, shelfSource{alter: func(s *shelfSource, known knowledge.Manifest, all []element) []element {
		if s.down {
			return all
		}
		fresh := s.elements(knowledge.Manifest{})
		return append(fresh[:len(s.shown)], all[len(s.shown):]...)
	}}, "UnchangedCostsNothing"},
	{"known is unchanged", able, shelfSource{alter: each(func(_ *shelfSource, known knowledge.Manifest, c *knowledge.Change) {
		if _, ok := known.Entries[c.ID]; ok && c.Kind == knowledge.Upsert {
			*c = knowledge.Change{ID: c.ID, Kind: knowledge.Unchanged}
		}
	})}, "ChangesAreSeen"},
	{"nothing new once something is known", able, shelfSource{alter: without(func(_ *shelfSource, known knowledge.Manifest, c knowledge.Change) bool {
		_, ok := known.Entries[c.ID]
		return c.Kind == knowledge.Upsert && len(known.Entries) > 0 && !ok
	})}, "AdditionsAreSeen RemovedComesBack"},
	{"gone twice", able, shelfSource{alter: func(s *shelfSource, known knowledge.Manifest, all []element) []element {
		if len(known.Entries) == 5 && len(s.shown) == 4 {
			all[0].change = knowledge.Change{ID: all[0].change.ID, Kind: knowledge.Gone}
		}
		return all
	}}, "RemovalIsProven"},
	{"removed is unchanged", able, shelfSource{alter: each(func(s *shelfSource, _ knowledge.Manifest, c *knowledge.Change) {
		if c.Kind == knowledge.Gone {
			*c = knowledge.Change{ID: c.ID, Kind: knowledge.Unchanged}
		}
	})}, "RemovalIsProven RemovedIsReported"},
	{"removed without a word", able, shelfSource{alter: without(func(_ *shelfSource, _ knowledge.Manifest, c knowledge.Change) bool { return c.Kind == knowledge.Gone })}, "RemovedIsReported"},
	{"never shows again what was removed", able, shelfSource{alter: without(func(s *shelfSource, _ knowledge.Manifest, c knowledge.Change) bool {
		return s.removed[c.ID] && c.Kind == knowledge.Upsert
	})}, "RemovedComesBack"},
	{"unreadable is gone", able, shelfSource{alter: each(func(_ *shelfSource, _ knowledge.Manifest, c *knowledge.Change) {
		if c.Kind == knowledge.Failed {
			*c = knowledge.Change{ID: c.ID, Kind: knowledge.Gone}
		}
	})}, "FailedDocumentIsNotRemoved ReasonsNameDocuments"},
	{"unreadable is not there", able, shelfSource{alter: func(s *shelfSource, _ knowledge.Manifest, all []element) []element {
		if len(s.broken) == 0 {
			return all
		}
		all = slices.DeleteFunc(all, func(e element) bool { return e.change.Kind == knowledge.Failed })
		return append(all, element{change: knowledge.Change{Kind: knowledge.Complete}})
	}}, "FailedDocumentIsNotRemoved ReasonsNameDocuments"},
	{"complete twice", able, shelfSource{alter: func(_ *shelfSource, _ knowledge.Manifest, all []element) []element {
		if last := all[len(all)-1]; last.change.Kind == knowledge.Complete {
			return append(all, last)
		}
		return all
	}}, "CompleteOnceAndLast CompleteWhenSeenInFull"},
	{"complete first", able, shelfSource{alter: func(_ *shelfSource, _ knowledge.Manifest, all []element) []element {
		if n := len(all) - 1; all[n].change.Kind == knowledge.Complete {
			return append(all[n:n+1:n+1], all[:n]...)
		}
		return all
	}}, "CompleteOnceAndLast ContextEndsTheRunMidway"},
	{"never complete", able, shelfSource{alter: without(func(_ *shelfSource, _ knowledge.Manifest, c knowledge.Change) bool {
		return c.Kind == knowledge.Complete
	})}, "CompleteWhenSeenInFull"},
	{"goes on after its error", able, shelfSource{alter: func(s *shelfSource, _ knowledge.Manifest, all []element) []element {
		if s.down {
			return append(all, element{change: knowledge.Change{Kind: knowledge.Progress}})
		}
		return all
	}}, "ErrorIsLast"},
	{"an error of a document", able, shelfSource{alter: func(s *shelfSource, _ knowledge.Manifest, all []element) []element {
		if s.down {
			all[0].change.ID = "index"
		}
		return all
	}}, "ErrorIsLast"},
	{"complete before its error", able, shelfSource{alter: func(s *shelfSource, _ knowledge.Manifest, all []element) []element {
		if s.down {
			return append([]element{{change: knowledge.Change{Kind: knowledge.Complete}}}, all...)
		}
		return all
	}}, "ErrorIsLast"},
	{"empty when it is down", able, shelfSource{alter: func(s *shelfSource, _ knowledge.Manifest, all []element) []element {
		if s.down {
			return []element{{change: knowledge.Change{Kind: knowledge.Complete}}}
		}
		return all
	}}, "ErrorIsLast FailureRemovesNothing"},
	{"everything gone when it is down", able, shelfSource{alter: func(s *shelfSource, known knowledge.Manifest, all []element) []element {
		if s.down {
			for id := range known.Entries {
				all = append([]element{{change: knowledge.Change{ID: id, Kind: knowledge.Gone}}}, all...)
			}
		}
		return all
	}}, "FailureRemovesNothing"},
	{"deaf to its context", able, shelfSource{ctxErr: func(context.Context, int) error { return nil }}, "ContextEndsTheRunMidway EndedContextEndsTheRun"},
	{"looks at its context only at first", able, shelfSource{ctxErr: func(ctx context.Context, n int) error {
		if n > 0 {
			return nil
		}
		return ctx.Err()
	}}, "ContextEndsTheRunMidway"},
	{"looks at its context only later", able, shelfSource{ctxErr: func(ctx context.Context, n int) error {
		if n < 5 {
			return nil
		}
		return ctx.Err()
	}}, "EndedContextEndsTheRun"},
	{"ends silently with its context", able, shelfSource{atCtxEnd: func(func(knowledge.Change, error) bool, error) {}}, "ContextEndsTheRunMidway EndedContextEndsTheRun"},
	{"hides why it ends", able, shelfSource{atCtxEnd: func(yield func(knowledge.Change, error) bool, _ error) {
		yield(knowledge.Change{}, errors.New("stopped"))
	}}, "ContextEndsTheRunMidway EndedContextEndsTheRun"},
	{"complete when its context ends", able, shelfSource{atCtxEnd: func(yield func(knowledge.Change, error) bool, err error) {
		_ = yield(knowledge.Change{}, err) && yield(knowledge.Change{Kind: knowledge.Complete}, nil)
	}}, "ContextEndsTheRunMidway EndedContextEndsTheRun"},
	{"goes on after a break", able, shelfSource{goesOn: true}, "BreakIsRespected"},
}

func TestBrokenSourcesFailTheirClauses(t *testing.T) {
	proven := map[string]bool{}
	for _, broken := range brokenSources {
		want := strings.Fields(broken.want)
		for _, name := range want {
			proven[name] = true
		}
		t.Run(broken.name, func(t *testing.T) {
			got, why := failing(t, sourceClauses(newShelfSource().underTest(), broken.opts), func(r reporter) *watched {
				s, fresh := broken.source, newShelfSource()
				s.shown, s.broken, s.removed, s.cache = fresh.shown, fresh.broken, fresh.removed, fresh.cache
				return &watched{reporter: r, SourceUnderTest: s.underTest(), opts: broken.opts}
			})
			if !slices.Equal(got, want) {
				t.Errorf("fails %v, want %v%s", got, want, why)
			}
		})
	}
	for _, c := range sourceClauses(newShelfSource().underTest(), able) {
		if !proven[c.name] {
			t.Errorf("no broken source fails %s", c.name)
		}
	}
}
