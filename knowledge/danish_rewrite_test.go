package knowledge_test

import (
	"context"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// TestQualityDanishHelpCentreRewritten asks the paraphrases with a rewriter that
// says what a model would: the question in the usual words of the trade.
func TestQualityDanishHelpCentreRewritten(t *testing.T) {
	articles, questions := danishHelpCentre(t)
	script, asked := map[string][]string{}, map[string]bool{}
	for _, q := range questions.Paraphrases {
		script[q.Text] = q.Rewritten
	}
	b := syncedDanishBase(t, articles, knowledge.Config{
		Rewriter: knowledge.RewriterFunc(func(_ context.Context, r knowledge.RewriteRequest) ([]string, error) {
			asked[r.Text] = true
			return script[r.Text], nil
		}),
	})

	paraphrases := askDanish(t, b, questions.Paraphrases)
	rewritten := len(asked)
	inflected := askDanish(t, b, questions.Inflected)
	t.Logf("paraphrases: %.1f %% first (floor %.0f %%), %d of %d were rewritten", 100*shareRight(paraphrases), 100*danishFloor, rewritten, len(paraphrases))
	t.Logf("inflected: %.1f %% first, the rewriter was asked for %d of %d", 100*shareRight(inflected), len(asked)-rewritten, len(inflected))
	_, wrong := splitByFirst(paraphrases)
	for _, a := range wrong {
		a.log(t)
		if !asked[a.Text] {
			t.Log("    held for answerable, so that it was not rewritten")
		}
	}

	if got := shareRight(paraphrases); got < danishFloor {
		t.Errorf("%.1f %% of the rewritten paraphrases find their article first, want %.0f %%", 100*got, 100*danishFloor)
	}
	if got := shareRight(inflected); got < danishFloor {
		t.Errorf("%.1f %% of the inflected questions find their article first beside a rewriter, want %.0f %%", 100*got, 100*danishFloor)
	}
}
