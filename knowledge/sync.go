package knowledge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// maxState is the largest Change.State that is kept, in bytes.
const maxState = 64 << 10

// SyncProgress tells how a sync goes.
type SyncProgress struct {
	Source   string
	Current  string // the document just looked at
	Found    int    // documents known to exist so far, 0 if the source cannot tell
	Done     int    // documents looked at
	Imported int    // of these, new or changed
	Skipped  int    // of these, left out with a reason, failures included
	Elapsed  time.Duration
}

// Report says what a sync did.
type Report struct {
	Source    string
	Added     int
	Updated   int
	Unchanged int
	Removed   int
	Documents int // known after the sync
	Passages  int // the same
	// Issues are the documents that failed or were left out, each with its
	// reason, in the order met.
	Issues []Issue
	// Complete says that the source was seen in full.
	Complete bool
	// Held says why the sync was not published, empty if it was.
	Held     string
	Started  time.Time
	Duration time.Duration
}

// Issue is one document that did not become knowledge.
type Issue struct {
	Document string
	Failed   bool // it could not be read; otherwise it was left out by rule
	Err      error
}

// staged is the outcome of a sync before it is published.
type staged struct {
	report  Report
	upserts map[string]*record // new or changed documents
	states  map[string][]byte  // new source states of unchanged documents
	skipped map[string][]byte  // source states of what is no document
	gone    []string           // proven to be removed
	absent  []string           // known, but no longer in a complete source
}

// Sync brings a source up to date. What the source yields is built aside and
// becomes visible at once, at the end. Documents that fail keep their last good
// text; documents are removed only if the source proves it. A complete sync
// that misses more than Config.MaxLoss of the source is held back: the error
// is [ErrHeldBack], nothing changes, and [Base.PublishHeld] publishes it.
//
// When the source fails midway, or ctx ends, what it had yielded is published
// without the removals that only a complete sync can prove, and the error comes
// along with the report. Syncs of one source wait for each other.
func (b *Base) Sync(ctx context.Context, id string) (Report, error) {
	state, unlock, err := b.lockSource(id)
	if err != nil {
		return Report{}, err
	}
	defer unlock()
	st, sourceErr := b.stage(ctx, state)
	if sourceErr != nil {
		st.absent = nil
		sourceErr = fmt.Errorf("knowledge: source %q: %w", id, sourceErr)
	}
	if reason := b.tooMuchLost(state, st); reason != "" {
		st.report.Held = reason
		b.remember(id, st.report, st)
		return st.report, fmt.Errorf("%w: source %q: %s", ErrHeldBack, id, reason)
	}
	// What was read is worth keeping even when the end of ctx stopped the source.
	report, err := b.commit(context.WithoutCancel(ctx), state, st)
	return report, errors.Join(sourceErr, err)
}

// SyncAll syncs every source, one after another, and joins their errors.
func (b *Base) SyncAll(ctx context.Context) ([]Report, error) {
	var reports []Report
	var errs []error
	for _, s := range b.Sources() {
		if err := ctx.Err(); err != nil {
			errs = append(errs, err)
			break
		}
		r, err := b.Sync(ctx, s.ID)
		reports = append(reports, r)
		errs = append(errs, err)
	}
	return reports, errors.Join(errs...)
}

// PublishHeld publishes the sync of a source that was held back.
func (b *Base) PublishHeld(ctx context.Context, id string) (Report, error) {
	state, unlock, err := b.lockSource(id)
	if err != nil {
		return Report{}, err
	}
	defer unlock()
	if state.held == nil {
		return Report{}, fmt.Errorf("knowledge: source %q: nothing is held back", id)
	}
	st := state.held
	st.report.Held = ""
	return b.commit(ctx, state, st)
}

// lockSource waits for other syncs of a source and returns its state.
func (b *Base) lockSource(id string) (state *sourceState, unlock func(), err error) {
	b.mu.Lock()
	lock := b.syncs[id]
	b.mu.Unlock()
	if lock != nil {
		lock.Lock()
		if state := b.current.Load().sources[id]; state != nil {
			return state, lock.Unlock, nil
		}
		lock.Unlock()
	}
	return nil, nil, fmt.Errorf("%w: %q", ErrUnknownSource, id)
}

// stage runs the source and collects what it yields.
func (b *Base) stage(ctx context.Context, state *sourceState) (*staged, error) {
	start := b.cfg.Now()
	st := &staged{report: Report{Source: state.source.ID(), Started: start}, upserts: map[string]*record{}, states: map[string][]byte{}, skipped: map[string][]byte{}}
	seen := map[string]bool{}
	progress := SyncProgress{Source: st.report.Source}
	var sourceErr error
	for change, err := range state.source.Documents(ctx, state.manifest()) {
		if err != nil {
			sourceErr = err
			break
		}
		switch change.Kind {
		case Complete:
			st.report.Complete = true
			continue
		case Progress:
		default:
			seen[change.ID] = true
			progress.Done++
			b.note(st, state, change)
		}
		if b.cfg.OnProgress != nil {
			progress.Current, progress.Found = change.ID, max(progress.Found, change.Found, progress.Done)
			progress.Imported, progress.Skipped = len(st.upserts), len(st.report.Issues)
			progress.Elapsed = b.cfg.Now().Sub(start)
			b.cfg.OnProgress(progress)
		}
	}
	if st.report.Complete {
		for id := range state.documents {
			if !seen[id] {
				st.absent = append(st.absent, id)
			}
		}
	}
	st.report.Duration = b.cfg.Now().Sub(start)
	return st, sourceErr
}

// note takes one change of a source into the stage.
func (b *Base) note(st *staged, state *sourceState, c Change) {
	known := state.documents[c.ID]
	issue := func(failed bool, err error) {
		st.report.Issues = append(st.report.Issues, Issue{Document: c.ID, Failed: failed, Err: err})
	}
	if len(c.State) > maxState {
		c.State = nil
	}
	switch c.Kind {
	case Upsert:
		if c.Document == nil {
			issue(true, fmt.Errorf("%s: source yielded no document: %w", c.ID, ErrMalformed))
			return
		}
		doc := c.Document
		doc.ID = c.ID
		hash := contentHash(doc)
		if known != nil && known.hash == hash {
			st.states[c.ID] = c.State
			return
		}
		if !hasText(doc.Blocks) {
			issue(true, fmt.Errorf("%s: %w", c.ID, ErrNoText))
			return
		}
		st.upserts[c.ID] = &record{document: doc, hash: hash, state: c.State, blocks: blockHashes(doc)}
	case Unchanged:
		if known != nil && c.State != nil {
			st.states[c.ID] = c.State
		}
	case Gone:
		if known != nil {
			st.gone = append(st.gone, c.ID)
		}
	case Failed, Skipped:
		issue(c.Kind == Failed, c.Err)
		if known == nil && len(c.State) > 0 {
			st.skipped[c.ID] = c.State
		}
	default:
		issue(true, fmt.Errorf("%s: source yielded a change of kind %s: %w", c.ID, c.Kind, ErrMalformed))
	}
}

// cut makes the passages of a document and counts them.
func (b *Base) cut(state *sourceState, r *record, boilerplate map[uint64]bool) Passages {
	d := r.without(boilerplate)
	out := Passages{Scope: state.scope, Document: d.ID}
	cut := Cut(state.source.ID(), d, b.cfg.Cut)
	r.passages = len(cut)
	for i := range cut {
		p := &cut[i]
		if p.Language == "" {
			p.Language = b.cfg.Language(p.Text())
		}
		out.Passages = append(out.Passages, p)
	}
	return out
}

// tooMuchLost returns why a sync must wait for an operator, or nothing.
func (b *Base) tooMuchLost(state *sourceState, st *staged) string {
	// Three documents may always go missing, or a small source could never
	// lose one.
	if lost := len(st.absent); lost > 3 && float64(lost) > b.cfg.MaxLoss*float64(len(state.documents)) {
		return fmt.Sprintf("%d of %d documents are missing", lost, len(state.documents))
	}
	return ""
}

// commit publishes a stage on top of the generation that is current now.
func (b *Base) commit(ctx context.Context, state *sourceState, st *staged) (Report, error) {
	id := state.source.ID()
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.current.Load().clone()
	if next.sources[id] == nil {
		return Report{}, fmt.Errorf("%w: %q was removed while it synced", ErrUnknownSource, id)
	}
	fresh := *next.sources[id]
	fresh.documents, fresh.held = st.apply(fresh.documents), nil
	fresh.skipped = st.applySkipped(fresh.skipped)
	snapshot, err := b.build(ctx, next.snapshot, b.changesOf(&fresh, st))
	if err != nil {
		return st.report, fmt.Errorf("knowledge: index source %q: %w", id, err)
	}
	next.snapshot = snapshot
	st.count(state.documents, fresh.documents)
	fresh.report, fresh.syncedAt = st.report, b.cfg.Now()
	next.sources[id] = &fresh
	b.publish(next)
	return st.report, nil
}

// changesOf returns what the index must change for a stage: new and changed
// documents, removed ones, and those in which other blocks are boilerplate now.
func (b *Base) changesOf(fresh *sourceState, st *staged) []Passages {
	var changes []Passages
	boilerplate := boilerplateOf(fresh.documents)
	for _, doc := range slices.Sorted(maps.Keys(fresh.documents)) {
		r := fresh.documents[doc]
		if _, changed := st.upserts[doc]; !changed {
			if !r.touches(fresh.boilerplate, boilerplate) {
				continue
			}
			same := *r
			r = &same
			fresh.documents[doc] = r
		}
		changes = append(changes, b.cut(fresh, r, boilerplate))
	}
	fresh.boilerplate = boilerplate
	for _, doc := range append(st.gone, st.absent...) {
		changes = append(changes, Passages{Scope: fresh.scope, Document: doc})
	}
	return changes
}

// apply returns known with the stage's changes.
func (st *staged) apply(known map[string]*record) map[string]*record {
	out := make(map[string]*record, len(known)+len(st.upserts))
	for id, r := range known {
		if state, ok := st.states[id]; ok {
			same := *r
			same.state = state
			r = &same
		}
		out[id] = r
	}
	for id, r := range st.upserts {
		out[id] = r
	}
	for _, id := range append(st.gone, st.absent...) {
		delete(out, id)
	}
	return out
}

// applySkipped returns the states of what is no document: those of this sync,
// and, unless it saw the source in full, those known before.
func (st *staged) applySkipped(known map[string][]byte) map[string][]byte {
	if st.report.Complete {
		return st.skipped
	}
	out := maps.Clone(known)
	if out == nil {
		out = map[string][]byte{}
	}
	maps.Copy(out, st.skipped)
	for id := range st.upserts {
		delete(out, id)
	}
	return out
}

// count fills in the report's numbers.
func (st *staged) count(before, after map[string]*record) {
	r := &st.report
	r.Documents = len(after)
	for id, rec := range after {
		r.Passages += rec.passages
		switch old := before[id]; {
		case old == nil:
			r.Added++
		case old.hash != rec.hash:
			r.Updated++
		default:
			r.Unchanged++
		}
	}
	for id := range before {
		if after[id] == nil {
			r.Removed++
		}
	}
}

// remember keeps what a sync reported without publishing it.
func (b *Base) remember(id string, r Report, held *staged) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.current.Load().clone()
	s := next.sources[id]
	if s == nil {
		return
	}
	fresh := *s
	fresh.report, fresh.held = r, held
	next.sources[id] = &fresh
	b.publish(next)
}

func (s *sourceState) manifest() Manifest {
	m := Manifest{Entries: make(map[string]Entry, len(s.documents)+len(s.skipped)), SyncedAt: s.syncedAt}
	for id, state := range s.skipped {
		m.Entries[id] = Entry{State: state}
	}
	for id, r := range s.documents {
		m.Entries[id] = Entry{Hash: r.hash, State: r.state}
	}
	return m
}

// contentHash covers everything of a document that a search or a citation can
// show.
func contentHash(d *Document) string {
	h := sha256.New()
	// A Document holds only strings, times and slices of them: it cannot fail.
	_ = json.NewEncoder(h).Encode([]any{d.URL, d.Name, d.Title, d.Language, d.Blocks})
	return hex.EncodeToString(h.Sum(nil))
}
