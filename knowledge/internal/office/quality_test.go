package office

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/internal/corpora"

	"github.com/kundeagent/kundeagent/knowledge"
)

// corpus returns the files of a development set, or skips where there is none.
func corpus(t *testing.T, set, ext string) []string {
	t.Helper()
	dir := corpora.Dir(t, set)
	files, err := filepath.Glob(filepath.Join(dir, "*"+ext))
	if err != nil || len(files) == 0 {
		t.Skipf("no %s files in %s (%v)", ext, dir, err)
	}
	sort.Strings(files)
	return files
}

var word = regexp.MustCompile(`[\p{L}\p{N}_]+`)

// tokenF1 compares two texts as bags of lower-cased words.
func tokenF1(got, want string) float64 {
	bag := map[string]int{}
	wanted, given, shared := 0, 0, 0
	for _, w := range word.FindAllString(strings.ToLower(want), -1) {
		bag[w]++
		wanted++
	}
	for _, w := range word.FindAllString(strings.ToLower(got), -1) {
		given++
		if bag[w] > 0 {
			bag[w]--
			shared++
		}
	}
	if shared == 0 {
		return 0
	}
	p, r := float64(shared)/float64(given), float64(shared)/float64(wanted)
	return 2 * p * r / (p + r)
}

func textOf(doc *knowledge.Document) string {
	if doc == nil {
		return ""
	}
	return doc.PlainText()
}

// scored measures parse against the references that reference names.
func scored(t *testing.T, files []string, parse parser, reference func(file string) string) (mean float64) {
	t.Helper()
	n := 0
	for _, file := range files {
		want, err := os.ReadFile(reference(file))
		if err != nil {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := parse(context.Background(), filepath.Base(file), data, Limits{})
		if err != nil {
			t.Logf("error: %v", err)
		}
		f1 := tokenF1(textOf(doc), string(want))
		if f1 < .95 {
			t.Logf("%.3f %s", f1, filepath.Base(file))
		}
		mean += f1
		n++
	}
	if n == 0 {
		t.Fatal("no file has a reference")
	}
	return mean / float64(n)
}

type parser func(context.Context, string, []byte, Limits) (*knowledge.Document, error)

var markdownNoise = regexp.MustCompile(`(?s)<!--.*?-->|\]\([^)]*\)`)

// TestQualityDOCX measures against pandoc's plain text.
func TestQualityDOCX(t *testing.T) {
	const floor = .935
	files := corpus(t, "docx", ".docx")
	mean := scored(t, files, ParseDOCX, func(f string) string { return strings.TrimSuffix(f, ".docx") + ".txt" })
	t.Logf("docx token F1 %.4f over %d files; floor %.3f; reference: pandoc -t plain", mean, len(files), floor)
	if mean < floor {
		t.Errorf("token F1 %.4f is below %.3f", mean, floor)
	}
}

// markdownReference returns where the plain text of a file's markdown reference
// is: without comments and the targets of links. It is empty where there is none.
func markdownReference(t *testing.T) func(file string) string {
	dir := t.TempDir()
	return func(file string) string {
		raw, err := os.ReadFile(strings.TrimSuffix(file, filepath.Ext(file)) + ".docling.md")
		if err != nil {
			return ""
		}
		plain := filepath.Join(dir, filepath.Base(file)+".txt")
		if err := os.WriteFile(plain, markdownNoise.ReplaceAll(raw, nil), 0o600); err != nil {
			t.Fatal(err)
		}
		return plain
	}
}

// TestQualityDOCXMarkdown measures against docling's markdown.
func TestQualityDOCXMarkdown(t *testing.T) {
	const floor = .95
	mean := scored(t, corpus(t, "docx", ".docx"), ParseDOCX, markdownReference(t))
	t.Logf("docx token F1 %.4f; floor %.3f; reference: docling's markdown", mean, floor)
	if mean < floor {
		t.Errorf("token F1 %.4f is below %.3f", mean, floor)
	}
}

// TestQualityPPTX measures against docling's markdown, speaker notes included.
func TestQualityPPTX(t *testing.T) {
	const floor = .95
	mean := scored(t, corpus(t, "pptx", ".pptx"), ParsePPTX, markdownReference(t))
	t.Logf("pptx token F1 %.4f with speaker notes; floor %.3f; reference: docling's markdown", mean, floor)
	if mean < floor {
		t.Errorf("token F1 %.4f is below %.3f", mean, floor)
	}
}

// TestQualityRobustness_P13 reads every file of both sets by both parsers.
func TestQualityRobustness_P13(t *testing.T) {
	typed := []error{knowledge.ErrNoText, knowledge.ErrMalformed, knowledge.ErrUnsupported, knowledge.ErrEncrypted, knowledge.ErrTooLarge}
	for _, set := range []struct {
		name  string
		parse parser
	}{{"docx", ParseDOCX}, {"pptx", ParsePPTX}} {
		t.Run(set.name, func(t *testing.T) {
			outcome := map[string]int{}
			files := corpus(t, set.name, "."+set.name)
			for _, file := range files {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				_, err = set.parse(context.Background(), filepath.Base(file), data, Limits{})
				outcome[kindOf(err, typed)]++
				if err != nil && !errors.Is(err, knowledge.ErrNoText) {
					t.Logf("%v", err)
				}
				if kindOf(err, typed) == "untyped" || err != nil && strings.Contains(err.Error(), "parser failed") {
					t.Errorf("%v", err)
				}
			}
			t.Logf("%s: %d files, %v", set.name, len(files), outcome)
		})
	}
}

func kindOf(err error, typed []error) string {
	if err == nil {
		return "text"
	}
	for _, e := range typed {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	return "untyped"
}
