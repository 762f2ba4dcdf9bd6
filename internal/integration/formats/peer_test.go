package formats

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// slowest is the time a peer gets for one file; a run over it counts as failed.
const slowest = 10 * time.Second

// peer is a program that turns a file of one format into plain text.
type peer struct {
	program string
	debian  string // package that holds it
	// arguments make it write the text of the file at path to standard output.
	arguments func(path string) []string
	// trivial is the least file it accepts, and its name.
	trivialName, trivial string
}

func pandoc(reader string) peer {
	return peer{
		program: "pandoc", debian: "pandoc",
		arguments: func(path string) []string {
			from := reader
			if filepath.Ext(path) == ".txt" { // the trivial file
				from = "markdown"
			}
			return []string{"-f", from, "-t", "plain", "--wrap=none", path}
		},
		trivialName: "trivial.txt", trivial: "word\n",
	}
}

func pdftotext() peer {
	return peer{
		program: "pdftotext", debian: "poppler-utils",
		arguments:   func(path string) []string { return []string{"-q", path, "-"} },
		trivialName: "trivial.pdf", trivial: trivialPDF(),
	}
}

// trivialPDF is one empty page.
func trivialPDF() string {
	out := "%PDF-1.4\n"
	var at []int
	for i, object := range []string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
	} {
		at = append(at, len(out))
		out += fmt.Sprintf("%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	xref := len(out)
	out += "xref\n0 4\n0000000000 65535 f \n"
	for _, n := range at {
		out += fmt.Sprintf("%010d 00000 n \n", n)
	}
	return out + fmt.Sprintf("trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", xref)
}

// requireInstalled skips when the program is not there.
func (p peer) requireInstalled(tb testing.TB) {
	tb.Helper()
	if _, err := exec.LookPath(p.program); err != nil {
		tb.Skipf("%s is not installed (Debian package %s)", p.program, p.debian)
	}
}

// read runs the program on a file and returns the text and the time from before
// its start to after its end.
func (p peer) read(ctx context.Context, path string) (text []byte, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, slowest)
	defer cancel()
	command := exec.CommandContext(ctx, p.program, p.arguments(path)...)
	var out bytes.Buffer
	command.Stdout = &out
	start := time.Now()
	err = command.Run()
	took = time.Since(start)
	if err != nil {
		return nil, took, fmt.Errorf("%s %s: %w", p.program, path, err)
	}
	return out.Bytes(), took, nil
}

// writeTrivial puts the trivial file into a folder that lives as long as tb.
func (p peer) writeTrivial(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), p.trivialName)
	if err := os.WriteFile(path, []byte(p.trivial), 0o644); err != nil {
		tb.Fatal(err)
	}
	return path
}
