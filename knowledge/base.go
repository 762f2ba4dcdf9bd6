package knowledge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kundeagent/kundeagent/internal/language"
)

// Config configures a [Base]. The zero value is valid.
type Config struct {
	// Index finds passages; default [LexicalIndex], which needs no key and no
	// network.
	Index Index
	// Cut says how documents become passages.
	Cut CutConfig
	// Language guesses the language of a text whose document declares none, as
	// a BCP 47 tag or empty. Text without one is searched by its letters alone.
	// Default: the library's own detector, where it is sure.
	Language func(text string) string
	// MaxLoss is the share of a source's documents that may be missing from a
	// complete sync before it is held back for an operator. Default 0.1; at
	// least three documents may always go missing. 1 never holds back.
	MaxLoss float64
	// OnProgress is told how a sync goes, from the goroutine that syncs.
	OnProgress func(SyncProgress)
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Logger receives what goes wrong; default none.
	Logger *slog.Logger
}

// Base is everything one agent knows. It is safe for concurrent use: searches
// see one generation of the knowledge as a whole, and never wait for a sync.
type Base struct {
	cfg     Config
	current atomic.Pointer[generation]

	mu    sync.Mutex // guards what publishes, and syncs
	syncs map[string]*sync.Mutex
}

// generation is one immutable state of the knowledge.
type generation struct {
	number   uint64
	snapshot Snapshot // nil while nothing is indexed
	sources  map[string]*sourceState
	short    []matchable
}

// sourceState is one source in a generation. It is replaced, never changed.
type sourceState struct {
	source    Source
	options   SourceOptions
	scope     Scope
	documents map[string]*record
	skipped   map[string][]byte // source states of what is no document
	// boilerplate holds the hashes of blocks that are not indexed.
	boilerplate map[uint64]bool
	syncedAt    time.Time
	report      Report
	held        *staged // a sync that waits for an operator
}

// record is one document of a source.
type record struct {
	document *Document
	hash     string
	state    []byte
	blocks   []uint64 // a hash of each block, see blockHashes
	passages int
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
	if cfg.MaxLoss < 0 || cfg.MaxLoss > 1 {
		return nil, fmt.Errorf("%w: MaxLoss %v is not between 0 and 1", ErrInvalidConfig, cfg.MaxLoss)
	}
	if cfg.MaxLoss == 0 {
		cfg.MaxLoss = .1
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
	b := &Base{cfg: cfg, syncs: map[string]*sync.Mutex{}}
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

// Add registers a source. Its documents are known from its first Sync on.
func (b *Base) Add(s Source, opts SourceOptions) error {
	opts.Audience = normalTags(opts.Audience)
	id := s.ID()
	switch {
	case id == "":
		return fmt.Errorf("%w: source without an ID", ErrInvalidConfig)
	case opts.Visibility > Internal:
		return fmt.Errorf("%w: source %q: visibility %d", ErrInvalidConfig, id, opts.Visibility)
	case slices.ContainsFunc(opts.Audience, func(t string) bool { return strings.Contains(t, ",") }):
		return fmt.Errorf("%w: source %q: an audience tag contains a comma", ErrInvalidConfig, id)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current.Load().sources[id] != nil {
		return fmt.Errorf("%w: %q", ErrDuplicateSource, id)
	}
	next := b.current.Load().clone()
	next.sources[id] = &sourceState{
		source: s, options: opts, documents: map[string]*record{},
		scope: Scope{Source: id, Visibility: opts.Visibility, Audience: strings.Join(opts.Audience, ",")},
	}
	b.syncs[id] = &sync.Mutex{}
	b.publish(next)
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
	for doc := range s.documents {
		gone = append(gone, Passages{Scope: s.scope, Document: doc})
	}
	snapshot, err := b.build(ctx, next.snapshot, gone)
	if err != nil {
		return fmt.Errorf("knowledge: remove source %q: %w", id, err)
	}
	next.snapshot = snapshot
	delete(next.sources, id)
	delete(b.syncs, id)
	b.publish(next)
	return nil
}

func (b *Base) build(ctx context.Context, prev Snapshot, changes []Passages) (Snapshot, error) {
	if len(changes) == 0 {
		return prev, nil
	}
	return b.cfg.Index.Build(ctx, prev, changes)
}

// SourceStatus describes a source as it is now.
type SourceStatus struct {
	ID        string
	Options   SourceOptions
	Documents int
	Passages  int
	SyncedAt  time.Time // of the last published sync, zero before the first
	Last      Report    // of the last sync, published or not
	Held      bool      // that sync waits for [Base.PublishHeld]
}

// Sources returns all sources, sorted by ID.
func (b *Base) Sources() []SourceStatus {
	var out []SourceStatus
	for id, s := range b.current.Load().sources {
		st := SourceStatus{ID: id, Options: s.options, Documents: len(s.documents), SyncedAt: s.syncedAt, Last: s.report, Held: s.held != nil}
		for _, r := range s.documents {
			st.Passages += r.passages
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
