package formats

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

// A comparison of speed is worth something only if both did the work.
func TestPeersAndOursReadTheSameWords(t *testing.T) {
	registry := file.NewRegistry(file.Config{})
	for _, c := range []struct {
		name, text string
		peer       peer
	}{
		{"opening.md", "# Opening hours\n\nThe shop is open **daily**.\n\n- bakery\n- café\n", pandoc("gfm+yaml_metadata_block")},
		{"opening.rst", "Opening hours\n=============\n\nThe shop is open **daily**.\n\n- bakery\n- café\n", pandoc("rst")},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.peer.requireInstalled(t)
			path := filepath.Join(t.TempDir(), c.name)
			if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			theirs, took, err := c.peer.read(t.Context(), path)
			if err != nil || took <= 0 {
				t.Fatalf("peer: %v in %v", err, took)
			}
			doc, err := registry.Parse(t.Context(), file.Input{Name: path, Data: []byte(c.text)})
			if err != nil {
				t.Fatal(err)
			}
			ours := documentText(doc)
			for _, word := range strings.Fields("Opening hours The shop is open daily bakery café") {
				if !strings.Contains(ours, word) || !bytes.Contains(theirs, []byte(word)) {
					t.Errorf("%q is not in both %q and %q", word, ours, theirs)
				}
			}
		})
	}
}

func documentText(doc *knowledge.Document) string {
	return fmt.Sprintf("%+v", *doc)
}

func TestTrivialFilesAreAccepted(t *testing.T) {
	for _, p := range []peer{pandoc("docx"), pdftotext()} {
		t.Run(p.program, func(t *testing.T) {
			p.requireInstalled(t)
			if _, _, err := p.read(t.Context(), p.writeTrivial(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPeerThatRefusesAFileIsAnError(t *testing.T) {
	for _, p := range []peer{pandoc("docx"), pdftotext()} {
		t.Run(p.program, func(t *testing.T) {
			p.requireInstalled(t)
			path := filepath.Join(t.TempDir(), "broken.bin")
			if err := os.WriteFile(path, []byte("neither"), 0o644); err != nil {
				t.Fatal(err)
			}
			if text, _, err := p.read(t.Context(), path); err == nil {
				t.Errorf("no error, text %q", text)
			}
		})
	}
}

func TestSpreadPicksEvenly(t *testing.T) {
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, c := range []struct {
		n    int
		want []int
	}{{3, []int{0, 3, 6}}, {10, all}, {11, all}, {1, []int{0}}} {
		if got := spread(all, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%d: got %v, want %v", c.n, got, c.want)
		}
	}
}
