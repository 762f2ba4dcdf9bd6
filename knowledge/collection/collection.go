// Package collection takes the host's own content into the knowledge: help
// articles, web site pages, landing pages, blog posts, whatever its systems
// hold.
//
// A [Collection] is pushed to: [Collection.Upsert] and [Collection.Delete] are
// findable, and not findable, when they return. It can also be pulled from:
// with Config.Pull the sync of its [knowledge.Base] lists all items, by default
// every week, so that a push that was lost is made up for. Use one collection
// for each kind of content that differs in who may see it or whether it is
// cited.
package collection

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

// Item is one piece of the host's content.
type Item struct {
	// ID is the host's own, the same for ever, at most 1 KiB.
	ID string
	// Title and URL are shown in citations. An empty Title is taken from Body.
	Title, URL string
	Language   string // BCP 47; empty is detected
	// Published and Modified are optional.
	Published, Modified time.Time
	// Version changes whenever the item does, as a revision number. A pulled item
	// whose Version is known is not read again. Empty: its content is compared.
	Version string
	// Body is the content in the given Format; default [file.HTML], of which the
	// main content is taken.
	Body   string
	Format file.Format
	// Blocks is the content instead of Body, for hosts that have it in structure.
	Blocks []knowledge.Block
}

// Config configures a [Collection].
type Config struct {
	// ID names the source within its Base; required.
	ID string
	// Registry parses bodies; default all formats with their usual limits.
	Registry *file.Registry
	// Pull yields all items there are. It stops at the first error, which it
	// yields as its last element; items that it did not come to stay known.
	// Nil: the collection is pushed to only.
	Pull func(ctx context.Context) iter.Seq2[Item, error]
	// MaxItems bounds what Pull yields; default 100,000. Beyond it the sync fails
	// and nothing is removed.
	MaxItems int
}

// Collection is a [knowledge.Source] of the host's own content. It is safe for
// concurrent use.
type Collection struct {
	cfg Config

	mu   sync.Mutex
	base knowledge.Pusher
}

// What a caller can get wrong.
var (
	ErrInvalidConfig = errors.New("collection: invalid configuration")
	// ErrNotAdded: the collection belongs to no Base yet, so that nothing can be
	// pushed.
	ErrNotAdded = errors.New("collection: not added to a base")
	// ErrInvalidItem: an item has no ID or a field passes a limit.
	ErrInvalidItem = errors.New("collection: invalid item")
)

const (
	defaultMaxItems = 100_000
	maxIDBytes      = 1 << 10
)

// New returns a collection. Add it to a Base before pushing to it.
func New(cfg Config) (*Collection, error) {
	if cfg.ID == "" {
		return nil, fmt.Errorf("%w: ID is missing", ErrInvalidConfig)
	}
	if cfg.Registry == nil {
		cfg.Registry = file.NewRegistry(file.Config{})
	}
	if cfg.MaxItems <= 0 {
		cfg.MaxItems = defaultMaxItems
	}
	return &Collection{cfg: cfg}, nil
}

// ID returns Config.ID.
func (c *Collection) ID() string { return c.cfg.ID }

// Attach is called by [knowledge.Base.Add].
func (c *Collection) Attach(p knowledge.Pusher) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.base != nil {
		return fmt.Errorf("%w: %q belongs to a base already", ErrInvalidConfig, c.cfg.ID)
	}
	c.base = p
	return nil
}

// Upsert adds items or replaces those with their IDs. What was changed is found
// by the next search after it returns. Items that cannot be read are left as
// they were, with an error for each; the others are taken.
func (c *Collection) Upsert(ctx context.Context, items ...Item) (knowledge.Report, error) {
	var changes []knowledge.Change
	var errs []error
	for _, item := range items {
		doc, err := c.document(ctx, item)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		changes = append(changes, upsert(item, doc))
	}
	report, err := c.push(ctx, changes)
	return report, errors.Join(append(errs, err)...)
}

// Delete removes items; unknown IDs are no error. They are not found by the
// next search after it returns.
func (c *Collection) Delete(ctx context.Context, ids ...string) (knowledge.Report, error) {
	changes := make([]knowledge.Change, len(ids))
	for i, id := range ids {
		changes[i] = knowledge.Change{ID: id, Kind: knowledge.Gone}
	}
	return c.push(ctx, changes)
}

func (c *Collection) push(ctx context.Context, changes []knowledge.Change) (knowledge.Report, error) {
	c.mu.Lock()
	base := c.base
	c.mu.Unlock()
	if base == nil {
		return knowledge.Report{}, fmt.Errorf("%w: %q", ErrNotAdded, c.cfg.ID)
	}
	if len(changes) == 0 {
		return knowledge.Report{Source: c.cfg.ID}, nil
	}
	return base.Apply(ctx, c.cfg.ID, changes...)
}

// Documents pulls all items. Without Config.Pull it yields nothing, and what is
// known stays.
func (c *Collection) Documents(ctx context.Context, known knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
	return func(yield func(knowledge.Change, error) bool) {
		if c.cfg.Pull == nil {
			return
		}
		n := 0
		for item, err := range c.cfg.Pull(ctx) {
			if err == nil {
				err = ctx.Err()
			}
			if n++; err == nil && n > c.cfg.MaxItems {
				err = fmt.Errorf("collection %q: more than %d items: %w", c.cfg.ID, c.cfg.MaxItems, knowledge.ErrTooLarge)
			}
			if err != nil {
				yield(knowledge.Change{}, err)
				return
			}
			change := c.pulled(ctx, item, known)
			if ctx.Err() != nil {
				yield(knowledge.Change{}, ctx.Err())
				return
			}
			if !yield(change, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(knowledge.Change{}, err)
			return
		}
		yield(knowledge.Change{Kind: knowledge.Complete}, nil)
	}
}

// pulled returns the change that a pulled item is.
func (c *Collection) pulled(ctx context.Context, item Item, known knowledge.Manifest) knowledge.Change {
	entry, isKnown := known.Entries[item.ID]
	if isKnown && item.Version != "" && string(entry.State) == item.Version {
		return knowledge.Change{ID: item.ID, Kind: knowledge.Unchanged}
	}
	doc, err := c.document(ctx, item)
	if err != nil {
		return knowledge.Change{ID: item.ID, Kind: knowledge.Failed, Err: err}
	}
	return upsert(item, doc)
}

func upsert(item Item, doc *knowledge.Document) knowledge.Change {
	return knowledge.Change{ID: item.ID, Kind: knowledge.Upsert, Document: doc, State: []byte(item.Version)}
}

// document reads an item.
func (c *Collection) document(ctx context.Context, item Item) (*knowledge.Document, error) {
	switch {
	case item.ID == "":
		return nil, fmt.Errorf("%w: one titled %q has no ID", ErrInvalidItem, item.Title)
	case len(item.ID) > maxIDBytes:
		return nil, fmt.Errorf("%w: ID %.40q… has more than %d bytes", ErrInvalidItem, item.ID, maxIDBytes)
	case len(item.Version) > maxIDBytes:
		return nil, fmt.Errorf("%w: %q: Version has more than %d bytes", ErrInvalidItem, item.ID, maxIDBytes)
	case item.Body != "" && item.Blocks != nil:
		return nil, fmt.Errorf("%w: %q has both Body and Blocks", ErrInvalidItem, item.ID)
	}
	doc := &knowledge.Document{Blocks: item.Blocks}
	if item.Blocks == nil {
		format := item.Format
		if format == "" {
			format = file.HTML
		}
		parsed, err := c.cfg.Registry.Parse(ctx, file.Input{Name: "item." + string(format), URL: item.URL, ContentType: contentTypes[format], Data: []byte(item.Body)})
		if err != nil {
			return nil, fmt.Errorf("collection %q: item %q: %w", c.cfg.ID, item.ID, err)
		}
		doc = parsed
	}
	doc.ID, doc.Name = item.ID, ""
	doc.URL = item.URL
	for to, value := range map[*string]string{&doc.Title: item.Title, &doc.Language: item.Language} {
		if value != "" {
			*to = value
		}
	}
	for to, value := range map[*time.Time]time.Time{&doc.Published: item.Published, &doc.Modified: item.Modified} {
		if !value.IsZero() {
			*to = value
		}
	}
	return doc, nil
}

// contentTypes say that bodies are UTF-8, as Go strings are.
var contentTypes = map[file.Format]string{file.HTML: "text/html; charset=utf-8"}
