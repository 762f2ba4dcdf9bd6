package file

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"path"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// DirConfig configures [Dir]. The zero value is valid.
type DirConfig struct {
	// Registry parses the files; default all formats with default limits.
	Registry *Registry
	// BaseURL, if set, is where customers find the files: the document
	// da/prices.html is cited as BaseURL + "/da/prices.html". Default: files
	// are cited by their titles.
	BaseURL string
	// Skip leaves out files and directories by their slash-separated path.
	// Names that begin with a dot are always left out.
	Skip func(path string, dir bool) bool
	// MaxFiles bounds how many files are looked at; default 100,000.
	MaxFiles int
	// MaxBytes bounds the size of a file that is read at all; default 32 MiB.
	MaxBytes int64
}

// DirSource is a [knowledge.Source] of the files of a directory tree.
type DirSource struct {
	id       string
	fsys     fs.FS
	cfg      DirConfig
	registry *Registry
}

// Dir returns a source of the files in fsys. Files are known by their paths and
// read again only when their bytes have changed. A file or directory that
// cannot be read is reported, and the rest goes on; files that are no longer
// there are removed.
func Dir(id string, fsys fs.FS, cfg DirConfig) *DirSource {
	if cfg.MaxFiles <= 0 {
		cfg.MaxFiles = 100_000
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 32 << 20
	}
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	d := &DirSource{id: id, fsys: fsys, cfg: cfg, registry: cfg.Registry}
	if d.registry == nil {
		d.registry = NewRegistry(Config{})
	}
	return d
}

// ID returns the source's name.
func (d *DirSource) ID() string { return d.id }

// Documents implements [knowledge.Source].
func (d *DirSource) Documents(ctx context.Context, known knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
	return func(yield func(knowledge.Change, error) bool) {
		files, broken, err := d.list(ctx)
		if err != nil {
			yield(knowledge.Change{}, fmt.Errorf("directory %s: %w", d.id, err))
			return
		}
		present := map[string]bool{}
		for _, c := range broken {
			present[c.ID] = true
			if !yield(c, nil) {
				return
			}
		}
		for _, name := range files {
			if err := ctx.Err(); err != nil {
				yield(knowledge.Change{}, err)
				return
			}
			present[name] = true
			c := d.read(ctx, name, known.Entries[name])
			c.Found = len(files)
			if !yield(c, nil) {
				return
			}
		}
		for name := range known.Entries {
			if present[name] {
				continue
			}
			// Not merely absent from a list: a directory may be unreadable. A whole
			// volume may not be mounted, so that no deletion is certain either.
			if _, err := fs.Stat(d.fsys, name); errors.Is(err, fs.ErrNotExist) || err == nil && d.skipped(name) {
				if !yield(knowledge.Change{ID: name, Kind: knowledge.Missing}, nil) {
					return
				}
			}
		}
		if len(broken) == 0 {
			yield(knowledge.Change{Kind: knowledge.Complete}, nil)
		}
	}
}

var errTooManyFiles = fmt.Errorf("more files than allowed: %w", knowledge.ErrTooLarge)

// list walks the tree. Directories that cannot be read are in broken; the root
// itself is an error.
func (d *DirSource) list(ctx context.Context) (files []string, broken []knowledge.Change, err error) {
	err = fs.WalkDir(d.fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && name == ".":
			return err
		case err != nil:
			broken = append(broken, knowledge.Change{ID: name, Kind: knowledge.Failed, Err: fmt.Errorf("%s: %w", name, err)})
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case name == ".":
			return nil
		case strings.HasPrefix(path.Base(name), ".") || d.cfg.Skip != nil && d.cfg.Skip(name, entry.IsDir()):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() || !entry.Type().IsRegular() && entry.Type()&fs.ModeSymlink == 0:
			return nil
		case len(files) >= d.cfg.MaxFiles:
			return errTooManyFiles
		}
		files = append(files, name)
		return nil
	})
	return files, broken, err
}

// skipped reports whether a path, or a directory above it, is left out by rule.
func (d *DirSource) skipped(name string) bool {
	for p := name; p != "."; p = path.Dir(p) {
		if strings.HasPrefix(path.Base(p), ".") || d.cfg.Skip != nil && d.cfg.Skip(p, p != name) {
			return true
		}
	}
	return false
}

func (d *DirSource) read(ctx context.Context, name string, known knowledge.Entry) knowledge.Change {
	if _, err := d.registry.Format(Input{Name: name}); err != nil {
		if path.Ext(name) != "" {
			return knowledge.Change{ID: name, Kind: knowledge.Skipped, Err: &ParseError{Name: name, Err: err}}
		}
	}
	data, err := readFile(d.fsys, name, d.cfg.MaxBytes)
	if err != nil {
		return knowledge.Change{ID: name, Kind: knowledge.Failed, Err: fmt.Errorf("%s: %w", name, err)}
	}
	return change(ctx, d.registry, name, d.url(name), data, known)
}

// change parses a file unless its bytes are as known.
func change(ctx context.Context, r *Registry, name, address string, data []byte, known knowledge.Entry) knowledge.Change {
	sum := sha256.Sum256(data)
	state := []byte(fmt.Sprintf("%d:%x", parserVersion, sum))
	if known.Hash != "" && string(known.State) == string(state) {
		return knowledge.Change{ID: name, Kind: knowledge.Unchanged, State: state}
	}
	doc, err := r.Parse(ctx, Input{Name: name, URL: address, Data: data})
	if err != nil {
		kind := knowledge.Failed
		if errors.Is(err, knowledge.ErrUnsupported) {
			kind = knowledge.Skipped
		}
		return knowledge.Change{ID: name, Kind: kind, Err: err}
	}
	if address != "" {
		doc.URL = address
	}
	return knowledge.Change{ID: name, Kind: knowledge.Upsert, Document: doc, State: state}
}

// parserVersion grows when the parsers read more out of the same bytes, so that
// unchanged files are read again once.
const parserVersion = 1

func (d *DirSource) url(name string) string {
	if d.cfg.BaseURL == "" {
		return ""
	}
	return d.cfg.BaseURL + "/" + (&url.URL{Path: name}).EscapedPath()
}

// readFile reads a file of at most limit bytes.
func readFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("more than %d bytes: %w", limit, knowledge.ErrTooLarge)
	}
	return data, nil
}
