package textdoc

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/internal/corpora"

	"golang.org/x/text/unicode/norm"

	"github.com/kundeagent/kundeagent/knowledge"
)

var word = regexp.MustCompile(`[\pL\pN\p{Mn}\p{Mc}_]+`)

func bag(s string) map[string]int {
	m := map[string]int{}
	for _, w := range word.FindAllString(strings.ToLower(norm.NFKC.String(s)), -1) {
		m[w]++
	}
	return m
}

// wordF1 compares two texts as bags of words.
func wordF1(got, want string) float64 {
	g, w := bag(got), bag(want)
	shared, inGot, inWant := 0, 0, 0
	for k, n := range g {
		inGot += n
		shared += min(n, w[k])
	}
	for _, n := range w {
		inWant += n
	}
	if shared == 0 {
		return 0
	}
	p, r := float64(shared)/float64(inGot), float64(shared)/float64(inWant)
	return 2 * p * r / (p + r)
}

type parseFunc func(context.Context, string, []byte, Limits) (*knowledge.Document, error)

func quality(t *testing.T, kind string, parse parseFunc, floor float64, reference string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpora.Dir(t), "text", kind, "*."+kind))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s files: %v", kind, err)
	}
	sum, good := 0.0, 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(f, "."+kind) + ".ref.txt")
		if err != nil {
			t.Fatal(err)
		}
		f1 := 0.0
		if doc, err := parse(context.Background(), filepath.Base(f), data, Limits{}); err != nil {
			t.Logf("%s: %v", filepath.Base(f), err)
		} else {
			f1 = wordF1(doc.PlainText(), string(want))
		}
		sum += f1
		if f1 >= .95 {
			good++
		} else {
			t.Logf("%s: F1 %.3f", filepath.Base(f), f1)
		}
	}
	mean := sum / float64(len(files))
	t.Logf("%s: mean word F1 %.4f over %d files, %d at .95 or better (floor %.3f; %s)", kind, mean, len(files), good, floor, reference)
	if mean < floor {
		t.Errorf("mean word F1 %.4f, want at least %.3f", mean, floor)
	}
}

func TestQualityMarkdownAgainstPandoc(t *testing.T) {
	quality(t, "md", ParseMarkdown, .985, "reach .99, raw file .838")
}

func TestQualityRSTAgainstPandoc(t *testing.T) {
	quality(t, "rst", ParseRST, .92, "reach .95, raw file .901")
}
