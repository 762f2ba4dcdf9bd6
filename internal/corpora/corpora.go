// Package corpora finds the public evaluation sets that quality tests measure
// on. They are not part of the repository: the environment names their folder.
package corpora

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Variable names the folder of the sets. A relative path is relative to the
// root of the module.
const Variable = "KUNDEAGENT_CORPORA"

// module is the library's; nested modules look above themselves.
const module = "github.com/kundeagent/kundeagent"

// Dir returns a folder of the sets, or skips the test where there are none.
func Dir(tb testing.TB, elem ...string) string {
	tb.Helper()
	dir := os.Getenv(Variable)
	if dir == "" {
		tb.Skip(Variable + " is not set: there are no sets to measure on")
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(moduleRoot(tb), dir)
	}
	return filepath.Join(append([]string{dir}, elem...)...)
}

func moduleRoot(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if mod, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && bytes.HasPrefix(mod, []byte("module "+module+"\n")) {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("no go.mod of " + module + " above the test")
		}
		dir = up
	}
}
