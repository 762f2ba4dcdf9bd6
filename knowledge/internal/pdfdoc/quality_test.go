package pdfdoc

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/kundeagent/kundeagent/internal/corpora"

	"golang.org/x/text/unicode/norm"

	"github.com/kundeagent/kundeagent/knowledge"
)

func tokens(s string) []string {
	return strings.FieldsFunc(strings.ToLower(norm.NFKC.String(s)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '_'
	})
}

func pairs(w []string) []string {
	var out []string
	for i := 1; i < len(w); i++ {
		out = append(out, w[i-1]+" "+w[i])
	}
	return out
}

// bagF1 is the F1 of two multisets.
func bagF1(got, want []string) float64 {
	if len(got) == 0 || len(want) == 0 {
		return 0
	}
	bag := map[string]int{}
	for _, w := range want {
		bag[w]++
	}
	shared := 0
	for _, g := range got {
		if bag[g] > 0 {
			bag[g]--
			shared++
		}
	}
	if shared == 0 {
		return 0
	}
	p, r := float64(shared)/float64(len(got)), float64(shared)/float64(len(want))
	return 2 * p * r / (p + r)
}

type scored struct {
	name      string
	f1, pairs float64
	took      time.Duration
	err       error
}

// TestQualityWords measures the word F1 against reference texts.
func TestQualityWords(t *testing.T) {
	dir := corpora.Dir(t, "pdf", "scored")
	files, _ := filepath.Glob(filepath.Join(dir, "*.pdf"))
	if len(files) == 0 {
		t.Skip("no scored files")
	}
	sum := map[string][3]float64{}
	var all []scored
	for _, path := range files {
		s := score(t, path)
		all = append(all, s)
		for _, g := range []string{groupOf(s.name), "all"} {
			v := sum[g]
			sum[g] = [3]float64{v[0] + s.f1, v[1] + s.pairs, v[2] + 1}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].f1 < all[j].f1 })
	if testing.Verbose() {
		for _, s := range all[:min(15, len(all))] {
			t.Logf("%.3f pairs %.3f %v %s %v", s.f1, s.pairs, s.took.Round(time.Millisecond), s.name, s.err)
		}
	}
	floors := map[string]float64{"misc": .86, "pdfjs": .86, "all": .86}
	reference := map[string]float64{"misc": .926, "pdfjs": .888, "all": .903}
	for _, g := range []string{"misc", "pdfjs", "all"} {
		v := sum[g]
		if v[2] == 0 {
			continue
		}
		t.Logf("%-5s %3.0f files: word F1 %.3f (floor %.2f, pdfium %.3f), pairs %.3f", g, v[2], v[0]/v[2], floors[g], reference[g], v[1]/v[2])
		if f := v[0] / v[2]; f < floors[g] || math.IsNaN(f) {
			t.Errorf("%s: word F1 %.3f is below %.2f", g, f, floors[g])
		}
	}
}

func groupOf(name string) string {
	if strings.HasPrefix(name, "pdfjs") {
		return "pdfjs"
	}
	return "misc"
}

func score(t *testing.T, path string) scored {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := os.ReadFile(strings.TrimSuffix(path, ".pdf") + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	s := scored{name: filepath.Base(path)}
	begin := time.Now()
	doc, err := Parse(context.Background(), s.name, data, Limits{})
	s.took, s.err = time.Since(begin), err
	if err == nil {
		got, want := tokens(doc.PlainText()), tokens(string(ref))
		s.f1, s.pairs = bagF1(got, want), bagF1(pairs(got), pairs(want))
	}
	return s
}

// TestQualityRobust demands of files that break other readers: no panic, no
// long run, memory bounded, and either text or an error that says what is wrong.
func TestQualityRobust(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(corpora.Dir(t, "pdf", "robust"), "*.pdf"))
	if len(files) == 0 {
		t.Skip("no robustness files")
	}
	text, failed := 0, 0
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := time.Now()
		doc, err := Parse(context.Background(), name, data, Limits{})
		took := time.Since(begin)
		runtime.ReadMemStats(&after)
		if after.Sys > 300<<20 {
			t.Errorf("%s: process holds %d MB", name, after.Sys>>20)
		}
		switch {
		case err == nil:
			text++
		case errors.Is(err, knowledge.ErrNoText), errors.Is(err, knowledge.ErrMalformed), errors.Is(err, knowledge.ErrEncrypted), errors.Is(err, knowledge.ErrTooLarge):
			failed++
		default:
			t.Errorf("%s: untyped error %v", name, err)
		}
		if testing.Verbose() {
			n := 0
			if doc != nil {
				n = len(doc.PlainText())
			}
			t.Logf("%6d bytes of text, %v, %d MB allocated, %s %v", n, took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20, name, err)
		}
	}
	t.Logf("%d files: %d text, %d typed error, 0 panics", len(files), text, failed)
}
