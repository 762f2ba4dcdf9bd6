package knowledge

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// commit publishes a stage on top of the generation that is current now. What
// takes long, cutting and embedding, is done before anything is locked. What was
// read is worth keeping even if ctx has ended: only embedding stops with it.
func (b *Base) commit(ctx context.Context, state *sourceState, st *staged) (Report, error) {
	id := state.source.ID()
	fresh := *state
	fresh.documents, fresh.held = st.apply(state.documents), nil
	fresh.skipped = st.applySkipped(state.skipped)
	changes := b.changesOf(state, &fresh, st)
	b.embed(ctx, &fresh, st, changes)

	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.current.Load().clone()
	if next.sources[id] != state {
		return Report{}, fmt.Errorf("%w: %q was removed while it synced", ErrUnknownSource, id)
	}
	next.sources[id] = &fresh
	if err := b.index(context.WithoutCancel(ctx), next, changes); err != nil {
		return st.report, fmt.Errorf("knowledge: index source %q: %w", id, err)
	}
	st.count(state.documents, fresh.documents)
	st.report.Duration = b.cfg.Now().Sub(st.report.Started)
	fresh.report, fresh.syncedAt = st.report, b.cfg.Now()
	fresh.attempted(fresh.syncedAt, st.report.Err != nil)
	b.publish(next)
	return st.report, nil
}

// changesOf returns what the index must change for a stage: new and changed
// documents, removed ones, those in which other blocks are boilerplate now, and
// those that lack vectors.
func (b *Base) changesOf(before, fresh *sourceState, st *staged) []Passages {
	var changes []Passages
	fresh.boilerplate = boilerplateOf(fresh.documents)
	for _, doc := range slices.Sorted(maps.Keys(fresh.documents)) {
		r := fresh.documents[doc]
		_, changed := st.upserts[doc]
		recut := changed || r.touches(before.boilerplate, fresh.boilerplate)
		if !recut && (b.embeddings == nil || r.unembedded() == 0) {
			continue
		}
		if !changed {
			same := *r
			r = &same
			fresh.documents[doc] = r
		}
		if recut {
			b.cut(fresh, r)
		}
		p := fresh.passagesOf(doc, r)
		p.Replaces = before.documents[doc].passageIDs()
		changes = append(changes, p)
	}
	for _, doc := range st.removed() {
		changes = append(changes, before.removalOf(doc, before.documents[doc]))
	}
	return changes
}

// cut makes the passages of a document.
func (b *Base) cut(state *sourceState, r *record) {
	cut := Cut(state.source.ID(), r.without(state.boilerplate), b.cfg.Cut)
	r.passages, r.vectors = make([]*Passage, len(cut)), nil
	for i := range cut {
		p := &cut[i]
		if p.Language == "" {
			p.Language = b.cfg.Language(p.Text())
		}
		r.passages[i] = p
	}
}

// embed gives the passages of changes their vectors, and notes what has none.
func (b *Base) embed(ctx context.Context, fresh *sourceState, st *staged, changes []Passages) {
	if b.embeddings == nil {
		return
	}
	bad, err := b.embeddings.fill(ctx, changes, b.current.Load().dimensions, func(done, all int) {
		if b.cfg.OnProgress != nil {
			p := st.progress
			p.Embedded, p.ToEmbed, p.Elapsed = done, all, b.cfg.Now().Sub(st.report.Started)
			b.cfg.OnProgress(p)
		}
	})
	if err != nil {
		b.cfg.Logger.WarnContext(ctx, "passages without vectors are found by their words alone until the next sync", "source", st.report.Source, "error", err)
	}
	st.report.Issues = append(st.report.Issues, bad...)
	for _, c := range changes {
		if len(c.Passages) > 0 {
			fresh.documents[c.Document].vectors = c.Vectors
		}
	}
	st.report.Unembedded = 0
	for _, r := range fresh.documents {
		st.report.Unembedded += r.unembedded()
	}
}

// unembedded counts a document's passages that have no vector.
func (r *record) unembedded() int {
	n := len(r.passages)
	for _, v := range r.vectors {
		if v != nil {
			n--
		}
	}
	return n
}

// removed lists the documents that are to go.
func (st *staged) removed() []string { return slices.Concat(st.gone, st.missing, st.absent) }

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
	for _, id := range st.removed() {
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
		r.Passages += len(rec.passages)
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

// remember keeps a sync that was held back.
func (b *Base) remember(state *sourceState, st *staged) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.current.Load().clone()
	id := state.source.ID()
	if next.sources[id] != state {
		return
	}
	fresh := *state
	st.report.Duration = b.cfg.Now().Sub(st.report.Started)
	st.report.Documents = len(state.documents)
	fresh.report, fresh.held = st.report, st
	fresh.attempted(b.cfg.Now(), false)
	next.sources[id] = &fresh
	b.publish(next)
}
