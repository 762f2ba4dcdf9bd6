package agent

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// benchPassages are n passages of about a hundred words.
func benchPassages(n int) []knowledge.Found {
	var out []knowledge.Found
	for i := range n {
		var sb strings.Builder
		for s := range 6 {
			fmt.Fprintf(&sb, "Tents of the %d series %d are returned to the warehouse within %d days of their delivery, unused and with the tags still on. ", i, s, 10+s)
		}
		out = append(out, found(knowledge.Passage{Document: fmt.Sprint(i), Title: "Returns", Path: []string{"Tents"}, Blocks: []knowledge.Block{{Text: strings.TrimSpace(sb.String())}}}))
	}
	return out
}

func found(p knowledge.Passage) knowledge.Found {
	return knowledge.Found{Passage: &p, Score: 1, Lexical: 1, Citable: true}
}

func BenchmarkExtract(b *testing.B) {
	passages := benchPassages(5)
	runes := 0
	for _, p := range passages {
		runes += len(p.Text())
	}
	b.ReportAllocs()
	b.ReportMetric(float64(runes), "bytes/op")
	for b.Loop() {
		x := newExtract("Within how many days can I return a tent of the fourth series?", "", "en", passages)
		if x.quote(defaultMaxQuote, nil) == "" {
			b.Fatal("nothing quoted")
		}
	}
}
