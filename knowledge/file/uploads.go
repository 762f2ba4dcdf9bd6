package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/kundeagent/kundeagent/knowledge"
)

// UploadStore keeps the bytes of uploaded files. Implementations must be safe
// for concurrent use and own what they are given and return copies.
type UploadStore interface {
	Put(ctx context.Context, source, name string, data []byte) error
	// Get returns a file, or an error that wraps [ErrNoUpload].
	Get(ctx context.Context, source, name string) ([]byte, error)
	// Delete removes a file; an unknown one is no error.
	Delete(ctx context.Context, source, name string) error
	// List returns the names of a source's files, sorted.
	List(ctx context.Context, source string) ([]string, error)
}

// ErrNoUpload: there is no uploaded file of that name.
var ErrNoUpload = errors.New("no such upload")

// UploadsConfig configures [NewUploads].
type UploadsConfig struct {
	// Registry parses the files; default all formats with default limits.
	Registry *Registry
	// Store keeps them, so that a better parser can read them again; default
	// in memory.
	Store UploadStore
}

// Uploads is a [knowledge.Source] of files that people put there. What was put
// is known after the next sync of its Base. It is safe for concurrent use.
type Uploads struct {
	id       string
	registry *Registry
	store    UploadStore
}

// NewUploads returns a source called id.
func NewUploads(id string, cfg UploadsConfig) *Uploads {
	u := &Uploads{id: id, registry: cfg.Registry, store: cfg.Store}
	if u.registry == nil {
		u.registry = NewRegistry(Config{})
	}
	if u.store == nil {
		u.store = &memoryUploads{files: map[string][]byte{}}
	}
	return u
}

// ID returns the source's name.
func (u *Uploads) ID() string { return u.id }

// Put adds a file, or replaces the one of that name. A file that cannot be
// parsed is refused with a [*ParseError], and what was there before stays.
func (u *Uploads) Put(ctx context.Context, name string, data []byte) error {
	if _, err := u.registry.Parse(ctx, Input{Name: name, Data: data}); err != nil {
		return err
	}
	if err := u.store.Put(ctx, u.id, name, data); err != nil {
		return fmt.Errorf("upload %s: %w", name, err)
	}
	return nil
}

// Delete removes a file; an unknown one is no error.
func (u *Uploads) Delete(ctx context.Context, name string) error {
	if err := u.store.Delete(ctx, u.id, name); err != nil {
		return fmt.Errorf("delete upload %s: %w", name, err)
	}
	return nil
}

// List returns the names of the files, sorted.
func (u *Uploads) List(ctx context.Context) ([]string, error) { return u.store.List(ctx, u.id) }

// Get returns a file as it was put.
func (u *Uploads) Get(ctx context.Context, name string) ([]byte, error) {
	return u.store.Get(ctx, u.id, name)
}

// Documents implements [knowledge.Source].
func (u *Uploads) Documents(ctx context.Context, known knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
	return func(yield func(knowledge.Change, error) bool) {
		names, err := u.List(ctx)
		if err != nil {
			yield(knowledge.Change{}, fmt.Errorf("uploads %s: %w", u.id, err))
			return
		}
		for _, name := range names {
			if err := ctx.Err(); err != nil {
				yield(knowledge.Change{}, err)
				return
			}
			data, err := u.Get(ctx, name)
			var c knowledge.Change
			if err != nil {
				c = knowledge.Change{ID: name, Kind: knowledge.Failed, Err: fmt.Errorf("%s: %w", name, err)}
			} else {
				c = change(ctx, u.registry, name, "", data, known.Entries[name])
			}
			c.Found = len(names)
			if !yield(c, nil) {
				return
			}
		}
		for name := range known.Entries {
			// A file that was put and deleted on purpose: no loss.
			if !slices.Contains(names, name) && !yield(knowledge.Change{ID: name, Kind: knowledge.Gone}, nil) {
				return
			}
		}
		yield(knowledge.Change{Kind: knowledge.Complete}, nil)
	}
}

type memoryUploads struct {
	mu    sync.Mutex
	files map[string][]byte // by source and name
}

func uploadKey(source, name string) string { return source + "\x00" + name }

func (m *memoryUploads) Put(_ context.Context, source, name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[uploadKey(source, name)] = bytes.Clone(data)
	return nil
}

func (m *memoryUploads) Get(_ context.Context, source, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.files[uploadKey(source, name)]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoUpload, name)
	}
	return bytes.Clone(data), nil
}

func (m *memoryUploads) Delete(_ context.Context, source, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, uploadKey(source, name))
	return nil
}

func (m *memoryUploads) List(_ context.Context, source string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	prefix := uploadKey(source, "")
	var out []string
	for key := range maps.Keys(m.files) {
		if len(key) > len(prefix) && key[:len(prefix)] == prefix {
			out = append(out, key[len(prefix):])
		}
	}
	slices.Sort(out)
	return out, nil
}
