package knowledgetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

func sourceIDIsStable(w *watched) {
	id := w.Source.ID()
	w.put(2)
	w.sync()
	if after := w.Source.ID(); id == "" || after != id {
		w.Errorf("the source's ID is %q, after a run %q; want one that is not empty and stays", id, after)
	}
}

// holds fails unless a run upserts a document with the text.
func (w *watched) holds(r *sourceRun, id, text string) {
	w.Helper()
	switch c, ok := r.of(id); {
	case !ok:
		w.Errorf("%s: nothing is said of it", id)
	case c.Kind != knowledge.Upsert || c.Document == nil:
		w.Errorf("%s: %v (%v), want an upsert with its document", id, c.Kind, c.Err)
	case !sameText(c.Document, text):
		w.Errorf("%s: the text is not that of the document, but %.80q", id, c.Document.PlainText())
	}
}

func yieldsWhatThereIs(w *watched) {
	w.put(5)
	r := w.sync()
	for id, text := range w.texts {
		w.holds(r, id, text)
	}
}

func documentIDsAreStable(w *watched) {
	w.put(5)
	want := slices.Sorted(maps.Keys(w.texts))
	for range 2 {
		var got []string
		for _, c := range w.watch(w.Context(), knowledge.Manifest{}, nil).changes {
			if _, ours := w.texts[c.ID]; ours || c.Document != nil && slices.ContainsFunc(want, func(id string) bool { return sameText(c.Document, w.texts[id]) }) {
				got = append(got, c.ID)
			}
		}
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			w.Errorf("the documents put are called %v, want %v", got, want)
		}
	}
	name := documentName(0)
	if id := w.ids[name]; w.show(name, sentence(100)) != id {
		w.Errorf("%s has another ID after its text changed", id)
	}
}

func oneChangeADocument(w *watched) {
	w.put(5)
	for range 2 {
		seen := map[string]knowledge.ChangeKind{}
		for _, c := range w.sync().changes {
			if c.ID == "" {
				w.Errorf("%v without an ID", c.Kind)
			} else if kind, twice := seen[c.ID]; twice {
				w.Errorf("%s: %v, then %v in the same run", c.ID, kind, c.Kind)
			}
			seen[c.ID] = c.Kind
		}
	}
}

func kindsAreKnown(w *watched) {
	w.put(3)
	for range 2 {
		for _, c := range w.sync().changes {
			if c.Kind < knowledge.Upsert || c.Kind > knowledge.Missing {
				w.Errorf("%s: a change of kind %d", c.ID, c.Kind)
			}
		}
	}
}

func documentsWithUpsertAlone(w *watched) {
	w.put(3)
	for range 2 {
		r := w.sync()
		for _, c := range append(r.changes, r.others...) {
			if (c.Document != nil) != (c.Kind == knowledge.Upsert) {
				w.Errorf("%s: %v with document %v", c.ID, c.Kind, c.Document)
			}
		}
	}
}

// reasonsNameDocuments looks at Failed and Skipped, of a broken document too.
func reasonsNameDocuments(w *watched) {
	w.put(3)
	w.sync()
	w.Break(documentName(1))
	failed := false
	for _, c := range w.watch(w.Context(), w.manifest, nil).changes {
		if c.Kind != knowledge.Failed && c.Kind != knowledge.Skipped {
			continue
		}
		failed = failed || c.ID == w.ids[documentName(1)]
		if c.Err == nil || !strings.Contains(c.Err.Error(), c.ID) {
			w.Errorf("%s: %v because of %v; want a reason that names it", c.ID, c.Kind, c.Err)
		}
	}
	if !failed {
		w.Errorf("%s cannot be read, and is not reported", w.ids[documentName(1)])
	}
}

const maxState = 64 << 10

func stateIsSmall(w *watched) {
	w.put(5)
	for range 2 {
		for _, c := range w.sync().changes {
			if len(c.State) > maxState {
				w.Errorf("%s: a state of %d bytes, at most %d are kept", c.ID, len(c.State), maxState)
			}
		}
	}
}

// missingStateLosesNothing forgets the states, as a Base does with one too large.
func missingStateLosesNothing(w *watched) {
	w.put(3)
	w.sync()
	for id, e := range w.manifest.Entries {
		w.manifest.Entries[id] = knowledge.Entry{Hash: e.Hash}
	}
	before := w.manifest
	r := w.sync()
	if gone := r.removed(before); len(gone) > 0 {
		w.Errorf("without their states %v are removed", gone)
	}
	for id := range w.texts {
		if c, ok := r.of(id); !ok || c.Kind != knowledge.Upsert && c.Kind != knowledge.Unchanged {
			w.Errorf("%s without its state: %v (%v), want an upsert or unchanged", id, c.Kind, c.Err)
		}
	}
}

func documentsBelongToReceiver(w *watched) {
	w.put(3)
	for _, c := range w.watch(w.Context(), knowledge.Manifest{}, nil).changes {
		if c.Document != nil {
			for i := range c.Document.Blocks {
				c.Document.Blocks[i].Text = "Overwritten by the receiver."
			}
			c.Document.Title = "Overwritten"
		}
		for i := range c.State {
			c.State[i] = 0
		}
	}
	r := w.watch(w.Context(), knowledge.Manifest{}, nil)
	for id, text := range w.texts {
		if c, ok := r.of(id); ok && c.Document != nil && !sameText(c.Document, text) {
			w.Errorf("%s: what the receiver wrote into a document of the run before is in that of the next", id)
		} else if ok && len(c.State) > 0 && strings.Trim(string(c.State), "\x00") == "" {
			w.Errorf("%s: what the receiver wrote into a state of the run before is in that of the next", id)
		}
	}
}

func manifestIsNotChanged(w *watched) {
	w.put(3)
	w.sync()
	w.show(documentName(1), sentence(100))
	w.show(documentName(7), sentence(7))
	if w.Remove != nil {
		w.Remove(documentName(2))
	}
	before := cloneManifest(w.manifest)
	w.watch(w.Context(), w.manifest, nil)
	if !reflect.DeepEqual(before, w.manifest) {
		w.Errorf("the manifest was changed: %v, was %v", w.manifest, before)
	}
}

func runsEqual(w *watched) {
	w.put(5)
	first := w.watch(w.Context(), knowledge.Manifest{}, nil).summary()
	if second := w.watch(w.Context(), knowledge.Manifest{}, nil).summary(); !slices.Equal(first, second) {
		w.Errorf("two runs against nothing differ: %v, then %v", first, second)
	}
	w.sync()
	first = w.watch(w.Context(), w.manifest, nil).summary()
	if second := w.watch(w.Context(), w.manifest, nil).summary(); !slices.Equal(first, second) {
		w.Errorf("two runs against the same manifest differ: %v, then %v", first, second)
	}
}

// unchangedStays: what did not change is unchanged, or upserted as it was.
func unchangedStays(w *watched) {
	w.put(5)
	w.sync()
	for range 2 {
		before := w.manifest
		r := w.sync()
		for id := range w.texts {
			c, _ := r.of(id)
			if c.Kind != knowledge.Unchanged && (c.Kind != knowledge.Upsert || c.Document == nil || hashOf(c.Document) != before.Entries[id].Hash) {
				w.Errorf("%s: %v although nothing changed", id, c.Kind)
			}
		}
	}
}

func unchangedCostsNothing(w *watched) {
	w.put(5)
	w.sync()
	r := w.sync()
	for id := range w.texts {
		if c, _ := r.of(id); c.Kind != knowledge.Unchanged {
			w.Errorf("%s: %v, want unchanged", id, c.Kind)
		}
	}
}

func changesAreSeen(w *watched) {
	w.put(5)
	w.sync()
	name, text := documentName(2), sentence(100)
	id := w.show(name, text)
	before := w.manifest
	r := w.sync()
	w.holds(r, id, text)
	if gone := r.removed(before); len(gone) > 0 {
		w.Errorf("%v are removed when another changed", gone)
	}
}

func additionsAreSeen(w *watched) {
	w.put(3)
	w.sync()
	text := sentence(7)
	id := w.show(documentName(7), text)
	w.holds(w.sync(), id, text)
}

// gone fails unless a run proves that a document, and nothing else, is removed.
func (w *watched) gone(r *sourceRun, known knowledge.Manifest, id string) {
	w.Helper()
	if got := r.removed(known); !slices.Equal(got, []string{id}) {
		w.Errorf("removed are %v, want %s; it is removed by Gone or Missing, or by Complete without a word of it", got, id)
	}
}

// confirm runs the source as often as it wants to miss a document before it
// says so.
func (w *watched) confirm() {
	w.Helper()
	for range max(0, w.opts.Confirms-1) {
		w.sync()
	}
}

func removalIsProven(w *watched) {
	w.put(5)
	w.sync()
	name := documentName(2)
	w.Remove(name)
	w.confirm()
	before := w.manifest
	w.gone(w.sync(), before, w.ids[name])
	before = w.manifest
	if again := w.sync().removed(before); len(again) > 0 {
		w.Errorf("%v are removed once more", again)
	}
}

func removedIsReported(w *watched) {
	w.put(3)
	w.sync()
	w.Remove(documentName(2))
	w.confirm()
	if c, _ := w.sync().of(w.ids[documentName(2)]); !isRemoval(c.Kind) {
		w.Errorf("%s: %v, want gone or missing", w.ids[documentName(2)], c.Kind)
	}
}

func removedComesBack(w *watched) {
	w.put(3)
	w.sync()
	name := documentName(2)
	w.Remove(name)
	w.sync()
	id, text := w.ids[name], sentence(100)
	if again := w.show(name, text); again != id {
		w.Errorf("%s comes back as %s", id, again)
	}
	w.holds(w.sync(), id, text)
}

func failedDocumentIsNotRemoved(w *watched) {
	w.put(5)
	w.sync()
	w.Break(documentName(2))
	before := w.manifest
	r := w.watch(w.Context(), before, nil)
	if got := r.removed(before); len(got) > 0 {
		w.Errorf("%v are removed, although one cannot be read and all are there", got)
	}
	for name, id := range w.ids {
		if c, ok := r.of(id); name != documentName(2) && r.err == nil && (!ok || c.Kind == knowledge.Failed) {
			w.Errorf("%s: %v (%v) because another cannot be read", id, c.Kind, c.Err)
		}
	}
}

func completeOnceAndLast(w *watched) {
	w.put(3)
	for range 2 {
		if r := w.sync(); r.completes > 1 || r.completes == 1 && r.late > 0 {
			w.Errorf("Complete %d times, and %d elements after the first", r.completes, r.late)
		}
	}
}

func completeWhenSeenInFull(w *watched) {
	w.put(3)
	for range 2 {
		if r := w.sync(); r.completes != 1 {
			w.Errorf("Complete %d times in a run that saw everything", r.completes)
		}
	}
}

// endsWith fails unless a run ended with an error, as all that end early must.
func (w *watched) endsWith(what string, r *sourceRun, want error) {
	w.Helper()
	switch {
	case r.err == nil:
		w.Errorf("%s: the run ends without an error", what)
	case want != nil && !errors.Is(r.err, want):
		w.Errorf("%s: the error is %v, want one that is %v", what, r.err, want)
	case !reflect.DeepEqual(r.errChange, knowledge.Change{}):
		w.Errorf("%s: the error comes with the change %+v, want a zero one", what, r.errChange)
	case r.late > 0:
		w.Errorf("%s: %d elements after the error", what, r.late)
	}
	if r.completes > 0 {
		w.Errorf("%s: Complete in a run that ended early", what)
	}
}

func errorIsLast(w *watched) {
	w.put(3)
	mend := w.Fail()
	w.endsWith("a source that fails", w.watch(w.Context(), w.manifest, nil), nil)
	mend()
	r := w.sync()
	for id, text := range w.texts {
		w.holds(r, id, text)
	}
}

func failureRemovesNothing(w *watched) {
	w.put(3)
	w.sync()
	w.Fail()
	if got := w.watch(w.Context(), w.manifest, nil).removed(w.manifest); len(got) > 0 {
		w.Errorf("%v are removed by a run that fails", got)
	}
}

func endedContextEndsRun(w *watched) {
	w.put(3)
	w.sync()
	ctx, cancel := context.WithCancel(w.Context())
	cancel()
	for what, known := range map[string]knowledge.Manifest{"nothing known": {}, "all known": w.manifest} {
		r := w.watch(ctx, known, nil)
		w.endsWith("a context that has ended, "+what, r, context.Canceled)
		if got := r.removed(known); len(got) > 0 {
			w.Errorf("%v are removed by a run whose context has ended", got)
		}
	}
}

// many is how many documents there are in a run that is ended midway: more than
// a source may have under way.
const many = 60

func contextEndsRunMidway(w *watched) {
	w.put(many)
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	r := w.watch(ctx, knowledge.Manifest{}, func(r *sourceRun) bool {
		if len(r.changes) == 2 {
			cancel()
		}
		return false
	})
	w.endsWith(fmt.Sprintf("a context that ends with the second of %d documents", many), r, context.Canceled)
	if n := len(r.changes); n >= many {
		w.Errorf("a context that ends with the second document: %d follow", n-2)
	}
	for _, c := range r.changes { // what was yielded before stays valid
		if _, ours := w.texts[c.ID]; ours && c.Kind == knowledge.Upsert && (c.Document == nil || !sameText(c.Document, w.texts[c.ID])) {
			w.Errorf("%s: upserted without its text", c.ID)
		}
	}
}

// breakIsRespected stops after each of the first elements. A source that goes on
// would make the program panic in a range statement.
func breakIsRespected(w *watched) {
	w.put(5)
	whole := w.watch(w.Context(), knowledge.Manifest{}, nil)
	elements := len(whole.changes) + len(whole.others)
	for stop := 1; stop <= elements; stop++ {
		n := 0
		r := w.watch(w.Context(), knowledge.Manifest{}, func(*sourceRun) bool {
			n++
			return n == stop
		})
		if r.afterBreak > 0 {
			w.Errorf("%d elements more after the receiver stopped at element %d", r.afterBreak, stop)
			return
		}
	}
	if again := w.watch(w.Context(), knowledge.Manifest{}, nil); !slices.Equal(again.summary(), whole.summary()) {
		w.Errorf("a run after some that were stopped: %v, want %v", again.summary(), whole.summary())
	}
}
