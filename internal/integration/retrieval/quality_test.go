package retrieval

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// column is a figure of the table.
type column struct {
	name   string
	format string
	of     func(figures) float64
	higher bool // is better
}

// Names of columns that are referred to.
const (
	buildTime = "build µs/passage"
	queryTime = "query p50 µs"
	memory    = "memory B/passage"
)

var columns = []column{
	{"MRR@10", "%.1f", func(f figures) float64 { return f.mrr }, true},
	{"recall@5", "%.1f", func(f figures) float64 { return f.recall5 }, true},
	{buildTime, "%.1f", figures.buildPerPassage, false},
	{queryTime, "%.1f", figures.queryMicroseconds, false},
	{memory, "%.0f", figures.memoryPerPassage, false},
}

// advantage says how many times as good ours is, in a figure where more or less
// is better; above 1 ours is ahead.
func (c column) advantage(ours, peer figures) float64 {
	if c.higher {
		return c.of(ours) / c.of(peer)
	}
	return c.of(peer) / c.of(ours)
}

// row is an engine's figures.
type row struct {
	engine string
	figures
}

// compare measures the engines on each task, one after the other on the same
// task so that a busy moment meets all of them, and averages: quality and the
// median query over the tasks, the rest over the passages.
func compare(tb testing.TB, engines []engine, tasks []task) []row {
	tb.Helper()
	rows := make([]row, len(engines))
	details := make([]strings.Builder, len(engines))
	for _, t := range tasks {
		for i, e := range engines {
			f := measure(tb, e, t)
			fmt.Fprintf(&details[i], "  %s %.1f/%.1f", t.name, f.mrr, f.recall5)
			rows[i].engine = e.name
			rows[i].add(f, len(tasks))
		}
	}
	for i := range details {
		if len(tasks) > 1 {
			tb.Logf("%-28s MRR@10/recall@5:%s", engines[i].name, details[i].String())
		}
	}
	return rows
}

// add takes one of n tasks into an average.
func (f *figures) add(one figures, n int) {
	f.mrr += one.mrr / float64(n)
	f.recall5 += one.recall5 / float64(n)
	f.query += one.query / time.Duration(n)
	f.build += one.build
	f.memory += one.memory
	f.passages += one.passages
}

// table lists the rows; behind each figure of a peer is ours's advantage.
func table(rows []row) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%-28s", "")
	for _, c := range columns {
		fmt.Fprintf(&out, " %18s", c.name)
	}
	for i, r := range rows {
		fmt.Fprintf(&out, "\n%-28s", r.engine)
		for _, c := range columns {
			cell := fmt.Sprintf(c.format, c.of(r.figures))
			if i > 0 {
				cell += fmt.Sprintf(" (%.2fx)", c.advantage(rows[0].figures, r.figures))
			}
			fmt.Fprintf(&out, " %18s", cell)
		}
	}
	return out.String()
}

// contender is an engine to compare ours with.
type contender struct {
	engine
	// behind are the columns in which ours may be behind it, and how many times
	// as much it may cost there; in all others ours must be ahead.
	behind map[string]float64
}

// contenders lists the peers. Two things they do cheaper because they do less:
// bleve's scorch looks up a few stemmed words where ours also looks up all of a
// question's character n-grams, and chromem-go, when vectors cost nothing, only
// files them; hashing, unlike a model, is so cheap that timing it makes the builds
// about equal on a busy machine. What ours may cost there is bounded.
func contenders() []contender {
	chromemPeers := chromemEngines()
	given, timed := chromemPeers[0], chromemPeers[1]
	return []contender{
		{bleveScorch(), map[string]float64{queryTime: 6, memory: 5}},
		{bleveMemOnly(), nil},
		{bleveGrams(), nil},
		{given, map[string]float64{buildTime: 1000, memory: 5}},
		{timed, map[string]float64{buildTime: 3, memory: 5}},
	}
}

// TestQualityRetrievalAgainstPeers prints every figure of every engine and
// requires that ours is ahead of each in all of them but what contenders names.
func TestQualityRetrievalAgainstPeers(t *testing.T) {
	sets := loadQuestionSets(t)
	var paragraphs, sentences []task
	for _, s := range sets {
		paragraphs = append(paragraphs, paragraphTask(s))
		sentences = append(sentences, sentenceTask(s))
	}
	for _, c := range []struct {
		name  string
		tasks []task
	}{
		{"paragraphs", paragraphs},
		{"sentences", sentences},
		{"sentences, all languages in one index", []task{unitedTask(sentences)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			peers := contenders()
			engines := []engine{ours()}
			for _, p := range peers {
				engines = append(engines, p.engine)
			}
			rows := compare(t, engines, c.tasks)
			t.Logf("%s: %s\n%s\n(in brackets: how many times as good ours is)", c.name, size(c.tasks), table(rows))
			for i, p := range peers {
				p.require(t, rows[0].figures, rows[i+1].figures)
			}
		})
	}
}

// require fails where ours is behind more than it may be, and says where it is
// behind at all.
func (p contender) require(t *testing.T, ours, theirs figures) {
	t.Helper()
	for _, c := range columns {
		advantage := c.advantage(ours, theirs)
		if advantage > 1 {
			continue
		}
		said := fmt.Sprintf("behind %s in %s: ours "+c.format+", theirs "+c.format, p.name, c.name, c.of(ours), c.of(theirs))
		if most := p.behind[c.name]; most > 0 && advantage >= 1/most {
			t.Logf("%s (up to %.0f times is accepted)", said, most)
			continue
		}
		t.Error(said)
	}
}

func size(tasks []task) string {
	passages, questions, bytes := 0, 0, 0
	for _, t := range tasks {
		passages += len(t.passages)
		questions += len(t.questions)
		bytes += t.textBytes()
	}
	return fmt.Sprintf("%d index(es), %d passages of %d bytes on average, %d questions", len(tasks), passages, bytes/passages, questions)
}
