package language

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/internal/corpora"
)

// readSet reads one kind of texts, by language. The languages are in the order
// of their names.
func readSet(t *testing.T, kind string) (languages []string, lines map[string][]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpora.Dir(t, "language"), kind, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts of kind %s: %v", kind, err)
	}
	lines = map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		languages = append(languages, name)
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" {
				lines[name] = append(lines[name], line)
			}
		}
	}
	return languages, lines
}

func TestQualityDetection(t *testing.T) {
	detector := New()
	for _, set := range []struct {
		kind          string
		floor, lingua float64
	}{{"single-words", 78.5, 84.2}, {"word-pairs", 92, 95.0}, {"sentences", 99, 99.4}} {
		languages, lines := readSet(t, set.kind)
		mean, sure, cells := 0.0, 0.0, ""
		for _, name := range languages {
			right, confidence := 0.0, 0.0
			for _, line := range lines[name] {
				got := detector.Detect(line, nil, languages)
				if got.Language == base(name) {
					right++
				}
				confidence += got.Confidence
			}
			accuracy := 100 * right / float64(len(lines[name]))
			mean += accuracy / float64(len(languages))
			sure += 100 * confidence / float64(len(lines[name])) / float64(len(languages))
			cells += fmt.Sprintf(" %s %.0f", name, accuracy)
		}
		t.Logf("%-12s %.2f %% over %d languages, mean confidence %.1f; floor %.1f, lingua high %.1f;%s",
			set.kind, mean, len(languages), sure, set.floor, set.lingua, cells)
		if mean < set.floor {
			t.Errorf("%s: %.2f %% is below %.1f", set.kind, mean, set.floor)
		}
	}
}

// TestQualityDetectionWithBrowser draws the language of a browser: that of the
// text in 85 of 100 cases, English in 10, any other in 5.
func TestQualityDetectionWithBrowser(t *testing.T) {
	detector := New()
	for _, set := range []struct {
		kind             string
		floor, reference float64
	}{{"single-words", 92, 94.0}, {"word-pairs", 96, 97.4}, {"sentences", 99, 99.7}} {
		random := rand.New(rand.NewPCG(1, 2))
		languages, lines := readSet(t, set.kind)
		total, right, leftWrongly := 0, 0, 0
		for _, name := range languages {
			for _, line := range lines[name] {
				browser := name
				switch draw := random.Float64(); {
				case draw > 0.95:
					browser = languages[random.IntN(len(languages))]
				case draw > 0.85:
					browser = "en"
				}
				total++
				switch got := detector.Detect(line, []string{browser}, languages).Language; {
				case got == base(name):
					right++
				case browser == name:
					leftWrongly++
				}
			}
		}
		accuracy := 100 * float64(right) / float64(total)
		t.Logf("%-12s with a browser right in 85 %%: %.2f %%; right browser left in %.2f %%; floor %.1f, reference %.1f",
			set.kind, accuracy, 100*float64(leftWrongly)/float64(total), set.floor, set.reference)
		if accuracy < set.floor {
			t.Errorf("%s: %.2f %% is below %.1f", set.kind, accuracy, set.floor)
		}
	}
}
