package htmldoc

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/internal/corpora"
)

type article struct {
	id, url, want string
	html          []byte
}

func articles(tb testing.TB) []article {
	tb.Helper()
	dir := corpora.Dir(tb, "html-articles")
	raw, err := os.ReadFile(filepath.Join(dir, "ground-truth.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var truth map[string]struct{ ArticleBody, URL string }
	if err := json.Unmarshal(raw, &truth); err != nil {
		tb.Fatal(err)
	}
	var all []article
	for id, g := range truth {
		f, err := os.Open(filepath.Join(dir, "html", id+".html.gz"))
		if err != nil {
			tb.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			tb.Fatal(err)
		}
		page, err := io.ReadAll(z)
		if err != nil {
			tb.Fatal(err)
		}
		f.Close()
		all = append(all, article{id, g.URL, g.ArticleBody, page})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].id < all[j].id })
	return all
}

var wordPattern = regexp.MustCompile(`[\p{L}\p{N}_]+`)

func shingles(text string) map[string]int {
	const size = 4
	words := wordPattern.FindAllString(text, -1)
	m := map[string]int{}
	if len(words) == 0 {
		return m
	}
	for i := 0; i+size <= max(len(words), size); i++ {
		m[strings.Join(words[i:min(i+size, len(words))], " ")]++
	}
	return m
}

// compare returns what two texts share, what got has too much and what it
// lacks, as shares of the sum of the three.
func compare(want, got map[string]int) (shared, extra, lacking float64) {
	for s, n := range got {
		shared += float64(min(n, want[s]))
		extra += float64(max(n-want[s], 0))
	}
	for s, n := range want {
		lacking += float64(max(n-got[s], 0))
	}
	if sum := shared + extra + lacking; sum > 0 {
		return shared / sum, extra / sum, lacking / sum
	}
	return 0, 0, 0
}

func TestQualityArticleExtraction(t *testing.T) {
	const floor, reference = .945, .956
	var sumP, sumR, nP, nR float64
	for _, a := range articles(t) {
		page, err := ParsePage(context.Background(), Options{Name: a.id, URL: "https://" + a.url}, a.html)
		if err != nil {
			t.Fatal(err)
		}
		want, got := shingles(a.want), shingles(page.Document.PlainText())
		shared, extra, lacking := compare(want, got)
		p, r := 0., 0.
		switch {
		case len(want) == 0 && len(got) == 0:
			p, r = 1, 1
		case shared > 0:
			p, r = shared/(shared+extra), shared/(shared+lacking)
		}
		if len(got) > 0 {
			sumP, nP = sumP+p, nP+1
		}
		if len(want) > 0 {
			sumR, nR = sumR+r, nR+1
		}
	}
	p, r := sumP/nP, sumR/nR
	f1 := 2 * p * r / (p + r)
	t.Logf("article extraction: F1 %.4f (P %.4f R %.4f), floor %.3f, reference %.3f (readeck v2)", f1, p, r, floor, reference)
	if f1 < floor {
		t.Errorf("F1 %.4f is below the floor %.3f", f1, floor)
	}
}
