package knowledge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// maxState is the largest Change.State that is kept, in bytes.
const maxState = 64 << 10

// SyncProgress tells how a sync goes. [SyncProgress.Rate] and
// [SyncProgress.Remaining] say what follows from it.
type SyncProgress struct {
	Source   string
	Current  string // the document just looked at
	Found    int    // documents known to exist so far, 0 if the source cannot tell
	Done     int    // documents looked at
	Imported int    // of these, new or changed
	Skipped  int    // of these, left out with a reason, failures included
	// Embedded of ToEmbed passages have their vectors; 0 of 0 without an embedder
	// and while the source is being read.
	Embedded, ToEmbed int
	Elapsed           time.Duration
}

// Rate is the documents looked at per second so far.
func (p SyncProgress) Rate() float64 {
	if p.Elapsed <= 0 {
		return 0
	}
	return float64(p.Done) / p.Elapsed.Seconds()
}

// Remaining estimates the time left, from the rate and what is known to exist
// by now; 0 when that cannot be told.
func (p SyncProgress) Remaining() time.Duration {
	if p.Done == 0 || p.Found <= p.Done {
		return 0
	}
	return time.Duration(float64(p.Elapsed) * float64(p.Found-p.Done) / float64(p.Done))
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
	// Unembedded counts the passages that have no vector although there is an
	// embedder: it failed, or its vectors were refused, which Issues then names.
	// They are found by their words, and embedded at the next sync.
	Unembedded int
	// Notes are what a source found odd besides: no document is concerned, or
	// none was left out for it.
	Notes []Issue
	// Complete says that the source was seen in full.
	Complete bool
	// Err is what stopped the source before its end, nil if nothing did.
	Err error
	// Held says why the sync was not published, empty if it was.
	Held     string
	Started  time.Time
	Duration time.Duration
}

// Issue is one document that did not become knowledge, or not in full.
type Issue struct {
	Document string
	// Failed says that it could not be read, or not be embedded; otherwise it was
	// left out by rule.
	Failed bool
	Err    error
}

// staged is the outcome of a sync before it is published.
type staged struct {
	report  Report
	upserts map[string]*record // new or changed documents
	states  map[string][]byte  // new source states of unchanged documents
	skipped map[string][]byte  // source states of what is no document
	gone    []string           // proven to be removed
	missing []string           // known, but no longer where it was
	absent  []string           // known, but no longer in a complete source

	progress SyncProgress // at the end of the source
}

// Sync brings a source up to date. What the source yields is built aside and
// becomes visible at once, at the end. Documents that fail keep their last good
// text; documents are removed only if the source proves it. A sync that misses
// more than Config.MaxLoss of the source is held back: the error is
// [ErrHeldBack], nothing changes, and [Base.PublishHeld] publishes it.
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
	report, err := b.syncLocked(ctx, state)
	if b.cfg.OnSync != nil {
		b.cfg.OnSync(report, err)
	}
	return report, err
}

func (b *Base) syncLocked(ctx context.Context, state *sourceState) (Report, error) {
	id := state.source.ID()
	st := b.stage(ctx, state)
	if st.report.Err != nil {
		st.absent = nil
	}
	if reason := b.tooMuchLost(state, st); reason != "" {
		st.report.Held = reason
		b.remember(state, st)
		return st.report, errors.Join(fmt.Errorf("%w: source %q: %s", ErrHeldBack, id, reason), st.report.Err)
	}
	report, err := b.commit(ctx, state, st)
	return report, errors.Join(st.report.Err, err)
}

// Apply changes a source without asking it, as when the host tells of its own
// content: what changes say is published when Apply returns. They are trusted:
// removals are not counted as loss. The kinds Upsert, Unchanged, Gone, Missing,
// Failed and Skipped are meant.
func (b *Base) Apply(ctx context.Context, id string, changes ...Change) (Report, error) {
	state, unlock, err := b.lockSource(id)
	if err != nil {
		return Report{}, err
	}
	defer unlock()
	st := b.newStage(state)
	for _, c := range changes {
		b.note(st, state, c)
	}
	return b.commit(ctx, state, st)
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
	report, err := b.commit(ctx, state, st)
	if b.cfg.OnSync != nil {
		b.cfg.OnSync(report, err)
	}
	return report, err
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

func (b *Base) newStage(state *sourceState) *staged {
	return &staged{
		report:  Report{Source: state.source.ID(), Started: b.cfg.Now()},
		upserts: map[string]*record{}, states: map[string][]byte{}, skipped: map[string][]byte{},
	}
}

// stage runs the source and collects what it yields.
func (b *Base) stage(ctx context.Context, state *sourceState) *staged {
	st := b.newStage(state)
	seen := map[string]bool{}
	progress := SyncProgress{Source: st.report.Source}
	for change, err := range state.source.Documents(ctx, state.manifest()) {
		if err != nil {
			st.report.Err = fmt.Errorf("knowledge: source %q: %w", st.report.Source, err)
			break
		}
		switch change.Kind {
		case Complete:
			st.report.Complete = true
			continue
		case Progress:
			if change.Err != nil {
				st.report.Notes = append(st.report.Notes, Issue{Document: change.ID, Err: change.Err})
			}
		default:
			seen[change.ID] = true
			progress.Done++
			b.note(st, state, change)
		}
		if b.cfg.OnProgress != nil {
			progress.Current, progress.Found = change.ID, max(progress.Found, change.Found, progress.Done)
			progress.Imported, progress.Skipped = len(st.upserts), len(st.report.Issues)
			progress.Elapsed = b.cfg.Now().Sub(st.report.Started)
			b.cfg.OnProgress(progress)
		}
	}
	st.progress = progress
	if st.report.Complete {
		for id := range state.documents {
			if !seen[id] {
				st.absent = append(st.absent, id)
			}
		}
	}
	return st
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
	case Missing:
		if known != nil {
			st.missing = append(st.missing, c.ID)
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

// tooMuchLost returns why a sync must wait for an operator, or nothing.
func (b *Base) tooMuchLost(state *sourceState, st *staged) string {
	// What is new makes up for what is missing: a site may have renamed its pages.
	lost := len(st.absent) + len(st.missing)
	for id := range st.upserts {
		if state.documents[id] == nil {
			lost--
		}
	}
	// Three documents may always go missing, or a small source could never
	// lose one.
	if lost > 3 && float64(lost) > b.cfg.MaxLoss*float64(len(state.documents)) {
		return fmt.Sprintf("%d of %d documents are missing", lost, len(state.documents))
	}
	return ""
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
