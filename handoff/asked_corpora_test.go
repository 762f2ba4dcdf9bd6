package handoff

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/internal/corpora"
	"github.com/kundeagent/kundeagent/internal/phrases"
)

// maxMistakenRate is how many of 1,000 sentences from other walks of life may
// set off the trigger.
const maxMistakenRate = 1.5

func TestQualityAskedHumanInEverydaySentences(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpora.Dir(t, "language", "sentences"), "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sentences: %v", err)
	}
	trigger := AskedHuman()
	all, mistaken, wished := 0, 0, 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			all++
			if hit := trigger.Check(t.Context(), Situation{Text: line}); hit.Urgency != None {
				mistaken++
				t.Logf("%s: %q (%s)", filepath.Base(file), strings.TrimSpace(line), hit.Detail)
			}
			if wish := phrases.WishedLanguage(phrases.Words(line)); wish != "" {
				wished++
				t.Logf("%s: %q wishes for %s", filepath.Base(file), strings.TrimSpace(line), wish)
			}
		}
	}
	t.Logf("%d sentences: %d are taken for a request for a human, %d for a wish for a language", all, mistaken, wished)
	if rate := 1000 / float64(all); float64(mistaken)*rate > maxMistakenRate || float64(wished)*rate > maxMistakenRate {
		t.Errorf("more than %.1f of 1,000", maxMistakenRate)
	}
}
