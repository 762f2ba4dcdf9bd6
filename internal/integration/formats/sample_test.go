package formats

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/internal/corpora"
)

var full = flag.Bool("full", false, "compare on every file of the corpora, not on a few of each format")

// few is how many files of a format are compared without -full.
const few = 8

// sample is a file of the corpora.
type sample struct {
	path string
	data []byte
}

// samples returns the files of a format below a folder of the corpora, all of
// them with -full.
func samples(tb testing.TB, folder, extension string) []sample {
	tb.Helper()
	var paths []string
	err := filepath.WalkDir(filepath.Join(corpora.Dir(tb), filepath.FromSlash(folder)), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, extension) && !strings.HasSuffix(path, ".docling.md") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	slices.Sort(paths)
	if !*full {
		paths = spread(paths, few)
	}
	var out []sample
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, sample{path, data})
	}
	return out
}

// spread picks n of all at even distances, or all if there are no more.
func spread[T any](all []T, n int) []T {
	if len(all) <= n {
		return all
	}
	picked := make([]T, n)
	for i := range picked {
		picked[i] = all[i*len(all)/n]
	}
	return picked
}
