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
	// require says whether ours must be ahead; of memory see required.
	require requirement
}

// requirement says where ours must be ahead in a column.
type requirement int

const (
	reported requirement = iota // nowhere
	timed                       // but not with -short, which measures too little
	always
)

// Names of columns that are referred to.
const (
	residentMemory = "resident B/passage"
	heldMemory     = "held B/passage"
)

var columns = []column{
	{"MRR@10", "%.1f", func(f figures) float64 { return f.mrr }, true, always},
	{"recall@5", "%.1f", func(f figures) float64 { return f.recall5 }, true, always},
	{"build µs/passage", "%.1f", figures.buildPerPassage, false, timed},
	{"query p50 µs", "%.1f", figures.queryMicroseconds, false, timed},
	{residentMemory, "%.0f", figures.residentPerPassage, false, reported},
	{heldMemory, "%.0f", figures.heldPerPassage, false, reported},
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

// compare measures the engines on each task of a set, one after the other on
// the same task so that a busy moment meets all of them, and averages: quality
// and the median query over the tasks, the rest over the passages.
func compare(tb testing.TB, engines []engine, set taskSet) []row {
	tb.Helper()
	rows := make([]row, len(engines))
	details := make([]strings.Builder, len(engines))
	for _, t := range set.tasks {
		for i, e := range engines {
			f := measure(tb, e, t)
			fmt.Fprintf(&details[i], "  %s %.1f/%.1f", t.name, f.mrr, f.recall5)
			rows[i].engine = e.name
			rows[i].add(f, len(set.tasks))
		}
	}
	for i, e := range engines {
		rows[i].resident = resident(tb, e, set)
		if len(set.tasks) > 1 {
			tb.Logf("%-28s MRR@10/recall@5:%s", e.name, details[i].String())
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
	f.held += one.held
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

// peers are those that ours must be ahead of. Chromem-go is here with the
// embedding it needs: hashing, which unlike a model costs next to nothing. With
// vectors given it only files them, which is not what package lexical does.
func peers() []engine {
	return append(bleveEngines(), chromemEmbedding())
}

// TestQualityRetrievalAgainstPeers prints every figure of every engine and
// requires that ours is ahead of each. With -short it asks fewer questions of
// sentences alone and only reports what is a matter of time.
//
// Memory is what a process that serves the index has resident. What each holds
// of it itself is printed beside: ours, with character n-grams, holds more of its
// own than an index of stemmed words in files. A vector has its size whatever the
// text, so that chromem-go's memory is held against package vector instead, by
// TestQualityVectorsOfTextsAgainstChromem.
func TestQualityRetrievalAgainstPeers(t *testing.T) {
	for _, set := range taskSets(t) {
		t.Run(set.name, func(t *testing.T) {
			engines := append([]engine{ours()}, peers()...)
			rows := compare(t, engines, set)
			t.Logf("%s: %s\n%s\n(in brackets: how many times as good ours is)", set.name, size(set.tasks), table(rows))
			for _, r := range rows[1:] {
				like := wordsBoth
				if r.engine == chromemEmbedding().name {
					like = vectorsTheir
				}
				requireAhead(t, rows[0], r, betterQuality, like)
			}
		})
	}
}

// taskSet is some tasks that are measured together.
type taskSet struct {
	name  string
	tasks []task
}

// taskSets are sentences and, without -short, paragraphs and an index of all
// languages.
func taskSets(tb testing.TB) []taskSet {
	tb.Helper()
	var paragraphs, sentences []task
	for _, s := range loadQuestionSets(tb) {
		paragraphs = append(paragraphs, paragraphTask(s))
		sentences = append(sentences, sentenceTask(s))
	}
	sets := []taskSet{{"sentences", sentences}}
	if !testing.Short() {
		sets = append(sets,
			taskSet{"paragraphs", paragraphs},
			taskSet{"sentences, all languages in one index", []task{unitedTask(sentences)}})
	}
	return sets
}

const (
	betterQuality = 1
	// sameQuality is what rounding may cost: one question of a thousand.
	sameQuality = 0.999
)

// likeness says how alike two engines are, and so which memory is compared.
type likeness int

const (
	wordsBoth    likeness = iota // what the process has resident
	vectorsBoth                  // what each holds: both are vectors and little else
	vectorsTheir                 // neither
)

// required says whether ours must be ahead in a column.
func (c column) required(l likeness) bool {
	switch c.name {
	case residentMemory:
		return l == wordsBoth
	case heldMemory:
		return l == vectorsBoth
	}
	return c.require == always || c.require == timed && !testing.Short()
}

// requireAhead fails where ours is behind, and says so where it need not be
// ahead. In quality it must have more than least times the peer's.
func requireAhead(t *testing.T, ours, theirs row, least float64, l likeness) {
	t.Helper()
	for _, c := range columns {
		enough := 1.
		if c.higher {
			enough = least
		}
		if c.advantage(ours.figures, theirs.figures) > enough {
			continue
		}
		said := fmt.Sprintf("behind %s in %s: ours "+c.format+", theirs "+c.format, theirs.engine, c.name, c.of(ours.figures), c.of(theirs.figures))
		if c.required(l) {
			t.Error(said)
		} else {
			t.Log(said)
		}
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
