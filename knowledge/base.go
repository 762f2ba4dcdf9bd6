package knowledge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kundeagent/kundeagent/internal/language"
	"github.com/kundeagent/kundeagent/internal/text"
)

// Config configures a [Base]. The zero value is valid.
type Config struct {
	// Index finds passages; default [LexicalIndex], which needs no key and no
	// network.
	Index Index
	// Embedder finds passages by their meaning besides their words. Without one,
	// the default, search needs no model. A dead embedder degrades search to words
	// alone; passages it could not embed are tried again at the next sync.
	Embedder Embedder
	// Embedding says how; it matters with an Embedder only.
	Embedding EmbeddingConfig
	// Rewriter puts a question in other words when the plain search is weak;
	// default none.
	Rewriter Rewriter
	// ShortAnswerAt is how alike in [0,1] a question must be to a short answer's
	// for it to be given word for word, by the Dice coefficient of their letter
	// trigrams. Default .8: it takes another inflection or a typing error, not
	// another word.
	ShortAnswerAt float64
	// Cut says how documents become passages.
	Cut CutConfig
	// Language guesses the language of a text whose document declares none, as
	// a BCP 47 tag or empty. Text without one is searched by its letters alone.
	// Default: the library's own detector, where it is sure.
	Language func(text string) string
	// MaxLoss is the share by which a sync may shrink a source before it is held
	// back for an operator: by documents that are Missing, or absent from a
	// complete sync, less those that are new. Default 0.1; at least three
	// documents may always go missing. 1 never holds back.
	MaxLoss float64
	// OnProgress is told how a sync goes, from the goroutine that syncs. It must
	// be safe for concurrent use if several sources are synced at a time.
	OnProgress func(SyncProgress)
	// OnSync is told of every sync that ended, published, held back or failed,
	// from the goroutine that synced. It must not call methods that sync.
	OnSync func(Report, error)
	// Syncs is how many sources SyncDue, SyncAll and Run sync at a time; default 4.
	Syncs int
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Logger receives what goes wrong; default none.
	Logger *slog.Logger
}

// Base is everything one agent knows. It is safe for concurrent use: searches
// see one generation of the knowledge as a whole, and never wait for a sync.
type Base struct {
	cfg        Config
	embeddings *embeddings // nil without an embedder
	current    atomic.Pointer[generation]
	restsUntil atomic.Pointer[time.Time] // the embedder, after a question failed

	mu    sync.Mutex // guards what publishes, and syncs
	syncs map[string]*sync.Mutex
	wake  chan struct{} // Run, when something may have become due
}

// generation is one immutable state of the knowledge.
type generation struct {
	number   uint64
	snapshot Snapshot // nil while nothing is indexed
	sources  map[string]*sourceState
	short    []*matchable
	// languages of the passages, the most frequent first.
	languages []string

	vectors    Snapshot // nil while nothing is embedded
	dimensions int      // of all vectors, 0 while there are none
	similarity similarityScale
}

// sourceState is one source in a generation. It is replaced, never changed.
type sourceState struct {
	source    Source
	options   SourceOptions
	scope     Scope // of documents, but for their language
	documents map[string]*record
	skipped   map[string][]byte // source states of what is no document
	// boilerplate holds the hashes of blocks that are not indexed.
	boilerplate map[uint64]bool
	syncedAt    time.Time // published
	attemptedAt time.Time // published, held back or failed
	failures    int       // in a row
	report      Report
	held        *staged // a sync that waits for an operator
}

// record is one document of a source.
type record struct {
	document *Document
	hash     string
	state    []byte
	blocks   []uint64 // a hash of each block, see blockHashes
	passages []*Passage
	vectors  [][]float32 // of the passages; nil without an embedder
}

// SourceOptions says how a source may be used. The zero value is public, for
// everybody, and cited.
type SourceOptions struct {
	Visibility Visibility
	// Audience are the tags of those who may see it; empty is everybody. A tag
	// must not contain a comma.
	Audience []string
	// NoCitations uses the source without citing it. Private does so too.
	NoCitations bool
	// Every is how often SyncDue and Run sync it; default a week. Negative: only
	// when asked to.
	Every time.Duration
}

// What a caller can get wrong. Errors wrap one of these and name the source.
var (
	ErrUnknownSource   = errors.New("knowledge: unknown source")
	ErrDuplicateSource = errors.New("knowledge: source exists already")
	ErrInvalidConfig   = errors.New("knowledge: invalid configuration")
	ErrHeldBack        = errors.New("knowledge: sync is held back")
)

// New returns an empty Base. It starts nothing.
func New(cfg Config) (*Base, error) {
	for name, share := range map[string]*float64{"MaxLoss": &cfg.MaxLoss, "ShortAnswerAt": &cfg.ShortAnswerAt} {
		if !(*share >= 0 && *share <= 1) {
			return nil, fmt.Errorf("%w: %s %v is not between 0 and 1", ErrInvalidConfig, name, *share)
		}
	}
	if cfg.MaxLoss == 0 {
		cfg.MaxLoss = .1
	}
	if cfg.Syncs <= 0 {
		cfg.Syncs = 4
	}
	if cfg.ShortAnswerAt == 0 {
		cfg.ShortAnswerAt = .8
	}
	if cfg.Index == nil {
		cfg.Index = LexicalIndex()
	}
	if cfg.Language == nil {
		cfg.Language = guessLanguage(language.New())
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	b := &Base{cfg: cfg, syncs: map[string]*sync.Mutex{}, wake: make(chan struct{}, 1)}
	if cfg.Embedder != nil {
		b.embeddings = &embeddings{cfg.Embedder, cfg.Embedding.withDefaults()}
	}
	b.current.Store(&generation{sources: map[string]*sourceState{}})
	return b, nil
}

// sureOfLanguage is how sure the detector must be of a passage's language.
const sureOfLanguage = .7

func guessLanguage(d *language.Detector) func(string) string {
	return func(text string) string {
		if found := d.Detect(text, nil, nil); found.Confidence >= sureOfLanguage {
			return found.Language
		}
		return ""
	}
}

func (g *generation) clone() *generation {
	next := *g
	next.sources = make(map[string]*sourceState, len(g.sources)+1)
	for id, s := range g.sources {
		next.sources[id] = s
	}
	return &next
}

// publish makes next the current generation. b.mu must be held.
func (b *Base) publish(next *generation) {
	next.number = b.current.Load().number + 1
	b.current.Store(next)
}

// Generation counts the published states: it grows with every change that a
// search can see.
func (b *Base) Generation() uint64 { return b.current.Load().number }

// Pusher takes the changes of a source that tells of them by itself.
// [Base.Apply] is one.
type Pusher interface {
	Apply(ctx context.Context, source string, changes ...Change) (Report, error)
}

// Attacher is a Source that pushes changes besides being asked for them.
// [Base.Add] gives it where to.
type Attacher interface {
	// Attach is called once. An error refuses the source.
	Attach(Pusher) error
}

// PrivateSource is a Source that may know that it must not be public, as one
// that is read with credentials. Base then uses it as [Private] at least.
type PrivateSource interface {
	Private() bool
}

// Add registers a source. Its documents are known from its first Sync on.
func (b *Base) Add(s Source, opts SourceOptions) error {
	id := s.ID()
	switch {
	case id == "":
		return fmt.Errorf("%w: source without an ID", ErrInvalidConfig)
	case id == ShortAnswerSource:
		return fmt.Errorf("%w: source ID %q is taken by short answers", ErrInvalidConfig, id)
	}
	opts, err := opts.normal(s)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current.Load().sources[id] != nil {
		return fmt.Errorf("%w: %q", ErrDuplicateSource, id)
	}
	if a, ok := s.(Attacher); ok {
		if err := a.Attach(b); err != nil {
			return fmt.Errorf("knowledge: source %q: %w", id, err)
		}
	}
	next := b.current.Load().clone()
	next.sources[id] = &sourceState{source: s, options: opts, documents: map[string]*record{}, scope: opts.scope(id)}
	b.syncs[id] = &sync.Mutex{}
	b.publish(next)
	b.wakeRun()
	return nil
}

// normal returns the options of a source in the form they are kept.
func (o SourceOptions) normal(s Source) (SourceOptions, error) {
	id := s.ID()
	o.Audience = normalTags(o.Audience)
	if p, ok := s.(PrivateSource); ok && p.Private() {
		o.Visibility = max(o.Visibility, Private)
	}
	switch {
	case o.Visibility > Internal:
		return o, fmt.Errorf("%w: source %q: visibility %d", ErrInvalidConfig, id, o.Visibility)
	case slices.ContainsFunc(o.Audience, func(t string) bool { return strings.Contains(t, ",") }):
		return o, fmt.Errorf("%w: source %q: an audience tag contains a comma", ErrInvalidConfig, id)
	}
	return o, nil
}

func (o SourceOptions) scope(id string) Scope {
	return Scope{Source: id, Visibility: o.Visibility, Audience: strings.Join(o.Audience, ",")}
}

// SetOptions changes how a source may be used, from the next search on. It
// waits for a sync of the source that is under way.
func (b *Base) SetOptions(ctx context.Context, id string, opts SourceOptions) error {
	state, unlock, err := b.lockSource(id)
	if err != nil {
		return err
	}
	defer unlock()
	opts, err = opts.normal(state.source)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.current.Load().clone()
	if next.sources[id] != state {
		return fmt.Errorf("%w: %q", ErrUnknownSource, id)
	}
	fresh := *state
	fresh.options, fresh.scope = opts, opts.scope(id)
	var moved []Passages
	if fresh.scope != state.scope {
		for doc, r := range fresh.documents {
			p := fresh.passagesOf(doc, r)
			p.Vectors, p.Replaces = r.vectors, r.passageIDs()
			moved = append(moved, p)
		}
	}
	next.sources[id] = &fresh
	if err := b.index(ctx, next, moved); err != nil {
		return fmt.Errorf("knowledge: source %q: %w", id, err)
	}
	b.publish(next)
	b.wakeRun()
	return nil
}

// Remove forgets a source with all its documents. No search that begins after
// Remove returns finds them. A sync of the source that is under way is lost.
func (b *Base) Remove(ctx context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := b.current.Load().clone()
	s := next.sources[id]
	if s == nil {
		return fmt.Errorf("%w: %q", ErrUnknownSource, id)
	}
	var gone []Passages
	for doc, r := range s.documents {
		gone = append(gone, s.removalOf(doc, r))
	}
	delete(next.sources, id)
	if err := b.index(ctx, next, gone); err != nil {
		return fmt.Errorf("knowledge: remove source %q: %w", id, err)
	}
	delete(b.syncs, id)
	b.publish(next)
	return nil
}

// index brings a generation's indexes up to what its sources hold.
func (b *Base) index(ctx context.Context, next *generation, changes []Passages) error {
	if len(changes) == 0 {
		return nil
	}
	snapshot, err := b.cfg.Index.Build(ctx, next.snapshot, changes)
	if err != nil {
		return err
	}
	next.snapshot, next.languages = snapshot, next.countLanguages()
	if b.embeddings == nil {
		return nil
	}
	if next.vectors, err = b.embeddings.cfg.Index.Build(ctx, next.vectors, changes); err != nil {
		return fmt.Errorf("vectors: %w", err)
	}
	if next.vectors.Len() == 0 {
		next.dimensions = 0
	} else if next.dimensions == 0 {
		next.dimensions = dimensionsOf(changes)
	}
	if next.similarity, err = next.measured(ctx); err != nil {
		return fmt.Errorf("vectors: %w", err)
	}
	return nil
}

func dimensionsOf(changes []Passages) int {
	for _, c := range changes {
		for _, v := range c.Vectors {
			if v != nil {
				return len(v)
			}
		}
	}
	return 0
}

// passagesOf is what an index is to hold of a document.
func (s *sourceState) passagesOf(doc string, r *record) Passages {
	scope := s.scope
	scope.Language = text.Base(r.language())
	return Passages{Scope: scope, Document: doc, Passages: r.passages}
}

// removalOf takes a document out of an index.
func (s *sourceState) removalOf(doc string, r *record) Passages {
	p := s.passagesOf(doc, r)
	p.Passages, p.Replaces = nil, r.passageIDs()
	return p
}

// language is that of most passages.
func (r *record) language() string {
	counts := map[string]int{}
	best := ""
	for _, p := range r.passages {
		if counts[p.Language]++; counts[p.Language] > counts[best] {
			best = p.Language
		}
	}
	return best
}

func (r *record) passageIDs() []string {
	if r == nil {
		return nil
	}
	ids := make([]string, len(r.passages))
	for i, p := range r.passages {
		ids[i] = p.ID
	}
	return ids
}

// records yields what holds passages: documents and short answers.
func (g *generation) records() iter.Seq[*record] {
	return func(yield func(*record) bool) {
		for _, s := range g.sources {
			for _, r := range s.documents {
				if !yield(r) {
					return
				}
			}
		}
		for _, m := range g.short {
			if !yield(m.record) {
				return
			}
		}
	}
}

// countLanguages returns the languages of the passages, the most frequent first.
func (g *generation) countLanguages() []string {
	counts := map[string]int{}
	for r := range g.records() {
		for _, p := range r.passages {
			if p.Language != "" {
				counts[p.Language]++
			}
		}
	}
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
}

// SourceStatus describes a source as it is now.
type SourceStatus struct {
	ID        string
	Options   SourceOptions
	Documents int
	Passages  int
	SyncedAt  time.Time // of the last published sync, zero before the first
	NextSync  time.Time // when SyncDue and Run sync it; zero for never and before the first
	Last      Report    // of the last sync, published or not
	Held      bool      // that sync waits for [Base.PublishHeld]
}

// Sources returns all sources, sorted by ID.
func (b *Base) Sources() []SourceStatus {
	var out []SourceStatus
	for id, s := range b.current.Load().sources {
		st := SourceStatus{ID: id, Options: s.options, Documents: len(s.documents), SyncedAt: s.syncedAt, Last: s.report, Held: s.held != nil}
		st.NextSync, _ = s.next()
		for _, r := range s.documents {
			st.Passages += len(r.passages)
		}
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b SourceStatus) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Documents returns a source's documents, sorted by ID. They must not be
// changed.
func (b *Base) Documents(source string) ([]*Document, error) {
	s := b.current.Load().sources[source]
	if s == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknownSource, source)
	}
	var out []*Document
	for _, r := range s.documents {
		out = append(out, r.document)
	}
	slices.SortFunc(out, func(a, b *Document) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// normalTags sorts tags and drops empty ones and repeats.
func normalTags(tags []string) []string {
	out := slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return t == "" })
	slices.Sort(out)
	return slices.Compact(out)
}
