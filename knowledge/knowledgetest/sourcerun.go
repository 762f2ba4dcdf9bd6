package knowledgetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

// watched is a source, and what the suite knows of it from run to run.
type watched struct {
	reporter
	SourceUnderTest
	opts     SourceOptions
	manifest knowledge.Manifest
	ids      map[string]string // of the documents put, by name
	texts    map[string]string // by ID
}

// sentence is a text that no other document has.
func sentence(seed int) string {
	words := make([]string, 60)
	for n := range words {
		words[n] = word(seed, n)
		if n%10 == 9 {
			words[n] += "."
		}
	}
	return strings.Join(words, " ")
}

func documentName(n int) string { return "topic" + word(n, 50) }

// put shows n documents.
func (w *watched) put(n int) {
	for i := range n {
		w.show(documentName(i), sentence(i))
	}
}

func (w *watched) show(name, text string) string {
	if w.ids == nil {
		w.ids, w.texts = map[string]string{}, map[string]string{}
	}
	id := w.Put(name, text)
	w.ids[name], w.texts[id] = id, text
	return id
}

// sourceRun is what a source yielded.
type sourceRun struct {
	changes    []knowledge.Change // but Progress and Complete
	others     []knowledge.Change // Progress and Complete
	err        error
	errChange  knowledge.Change
	completes  int
	late       int // elements after the error, or after Complete
	afterBreak int // elements after the consumer had enough
}

// maxElements bounds a run: a source that yields more has no end.
const maxElements = 100_000

// watch runs the source. enough, if not nil, is asked after each element whether
// to stop.
func (w *watched) watch(ctx context.Context, known knowledge.Manifest, enough func(r *sourceRun) bool) *sourceRun {
	w.Helper()
	r := &sourceRun{}
	within(w, "Documents", func() {
		stopped := false
		elements := 0
		w.Source.Documents(ctx, known)(func(c knowledge.Change, err error) bool {
			if elements++; stopped || elements > maxElements {
				r.afterBreak++
				return false
			}
			r.note(c, err)
			stopped = enough != nil && enough(r)
			return !stopped
		})
		if elements > maxElements {
			r.afterBreak = 0
			r.late = elements
		}
	})
	return r
}

func (r *sourceRun) note(c knowledge.Change, err error) {
	if r.err != nil || r.completes > 0 {
		r.late++
	}
	switch {
	case err != nil:
		r.err, r.errChange = err, c
	case c.Kind == knowledge.Complete:
		r.completes++
		r.others = append(r.others, c)
	case c.Kind == knowledge.Progress:
		r.others = append(r.others, c)
	default:
		r.changes = append(r.changes, c)
	}
}

// of returns the last change of a document.
func (r *sourceRun) of(id string) (knowledge.Change, bool) {
	for _, c := range slices.Backward(r.changes) {
		if c.ID == id {
			return c, true
		}
	}
	return knowledge.Change{}, false
}

// removed lists the documents that a Base would remove after the run.
func (r *sourceRun) removed(known knowledge.Manifest) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(known.Entries)) {
		if known.Entries[id].Hash == "" {
			continue // of what is no document
		}
		c, seen := r.of(id)
		if seen && isRemoval(c.Kind) || !seen && r.completes > 0 && r.err == nil {
			out = append(out, id)
		}
	}
	return out
}

func isRemoval(k knowledge.ChangeKind) bool {
	return k == knowledge.Gone || k == knowledge.Missing
}

// sync runs the source against the manifest, fails if that fails, and keeps what
// a Base would know afterwards.
func (w *watched) sync() *sourceRun {
	w.Helper()
	r := w.watch(w.Context(), w.manifest, nil)
	if r.err != nil {
		w.Fatalf("Documents: %v", r.err)
	}
	w.publish(r)
	return r
}

// publish updates the manifest as a Base does.
func (w *watched) publish(r *sourceRun) {
	next := knowledge.Manifest{Entries: map[string]knowledge.Entry{}, SyncedAt: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)}
	maps.Copy(next.Entries, w.manifest.Entries)
	for _, id := range r.removed(w.manifest) {
		delete(next.Entries, id)
	}
	for _, c := range r.changes {
		known, ok := next.Entries[c.ID]
		state := bytes.Clone(c.State)
		switch {
		case c.Kind == knowledge.Upsert && c.Document != nil:
			next.Entries[c.ID] = knowledge.Entry{Hash: hashOf(c.Document), State: state}
		case c.Kind == knowledge.Unchanged && ok && state != nil:
			next.Entries[c.ID] = knowledge.Entry{Hash: known.Hash, State: state}
		case c.Kind == knowledge.Skipped && known.Hash == "" && state != nil:
			next.Entries[c.ID] = knowledge.Entry{State: state}
		}
	}
	w.manifest = next
}

func hashOf(d *knowledge.Document) string {
	data, _ := json.Marshal([]any{d.URL, d.Name, d.Title, d.Language, d.Blocks}) // strings alone: it cannot fail
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func cloneManifest(m knowledge.Manifest) knowledge.Manifest {
	out := knowledge.Manifest{Entries: maps.Clone(m.Entries), SyncedAt: m.SyncedAt}
	for id, e := range out.Entries {
		out.Entries[id] = knowledge.Entry{Hash: e.Hash, State: bytes.Clone(e.State)}
	}
	return out
}

// summary is a run in words, in an order of its own.
func (r *sourceRun) summary() []string {
	var out []string
	for _, c := range r.changes {
		line := fmt.Sprintf("%s %s", c.ID, c.Kind)
		if c.Document != nil {
			line += " " + hashOf(c.Document)[:8]
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return append(out, fmt.Sprintf("complete %d", r.completes))
}

// sameText reports whether a document holds a text, its whitespace aside.
func sameText(d *knowledge.Document, text string) bool {
	return strings.Contains(strings.Join(strings.Fields(d.PlainText()), " "), text)
}
