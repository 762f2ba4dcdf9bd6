package retrieval

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/corpora"
	"github.com/kundeagent/kundeagent/internal/text"
)

var full = flag.Bool("full", false, "ask every question of the corpora, not every fourth")

// questionSet is the XQuAD of one language: paragraphs, and questions that one
// of them answers.
type questionSet struct {
	Language   string
	Paragraphs []struct{ ID, Text string }
	Questions  []struct {
		Text, Paragraph string
		Answers         []struct{ Start int } // in code points of the paragraph
	}
}

// passage is what an engine is to find.
type passage struct {
	id       string
	parent   string // the document it is from, empty when it stands alone
	text     string
	language string
}

// question is what an engine is asked.
type question struct {
	text, language string
	gold           string // the ID of the passage that answers it
}

// task is a set of passages in one index and the questions about them.
type task struct {
	name      string
	passages  []passage
	questions []question
}

// textBytes is the size of the passages' text.
func (t *task) textBytes() int {
	n := 0
	for _, p := range t.passages {
		n += len(p.text)
	}
	return n
}

// loadQuestionSets reads the sets: every fourth question, with -full all, with
// -short every twelfth.
func loadQuestionSets(tb testing.TB) []questionSet {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(corpora.Dir(tb), "retrieval", "xquad", "*.json"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no question sets: %v", err)
	}
	sets := make([]questionSet, len(files))
	for i, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		if err := json.Unmarshal(data, &sets[i]); err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
		all, step := sets[i].Questions, 4
		switch {
		case *full:
			step = 1
		case testing.Short():
			step = 12
		}
		sets[i].Questions = nil
		for at := 0; at < len(all); at += step {
			sets[i].Questions = append(sets[i].Questions, all[at])
		}
	}
	return sets
}

// paragraphTask makes a passage of each paragraph.
func paragraphTask(s questionSet) task {
	t := task{name: s.Language}
	for _, p := range s.Paragraphs {
		t.passages = append(t.passages, passage{id: p.ID, text: p.Text, language: s.Language})
	}
	for _, q := range s.Questions {
		t.questions = append(t.questions, question{q.Text, s.Language, q.Paragraph})
	}
	return t
}

// sentenceTask makes passages of a sentence or a few short ones, each a part of
// its paragraph. The gold is the passage in which the answer begins.
func sentenceTask(s questionSet) task {
	t := task{name: s.Language}
	spans := map[string][]text.Span{}
	texts := map[string]string{}
	for _, p := range s.Paragraphs {
		spans[p.ID], texts[p.ID] = sentences(p.Text, shortest(s.Language)), p.Text
		for i, span := range spans[p.ID] {
			t.passages = append(t.passages, passage{
				id: sentenceID(s.Language, p.ID, i), parent: s.Language + "/" + p.ID,
				text: p.Text[span.Start:span.End], language: s.Language,
			})
		}
	}
	for _, q := range s.Questions {
		answer := byteOffset(texts[q.Paragraph], q.Answers[0].Start)
		t.questions = append(t.questions, question{q.Text, s.Language, sentenceID(s.Language, q.Paragraph, spanAt(spans[q.Paragraph], answer))})
	}
	return t
}

// unitedTask puts the passages of several languages into one index and asks as
// many questions as one of them has, evenly taken from all.
func unitedTask(tasks []task) task {
	united := task{name: "all languages in one index"}
	for _, t := range tasks {
		united.passages = append(united.passages, t.passages...)
		for i := 0; i < len(t.questions); i += len(tasks) {
			united.questions = append(united.questions, t.questions[i])
		}
	}
	return united
}

// crowdedTask has the task's passages and so many more that there are times as
// many: the beginning of one passage and the end of another, in documents of
// five. Where there is no space between words a passage is cut anywhere.
func crowdedTask(t task, times int) task {
	random := rand.New(rand.NewPCG(17, uint64(times)))
	crowded := task{name: fmt.Sprintf("%s, %d times as many", t.name, times), passages: slices.Clone(t.passages), questions: t.questions}
	n := len(t.passages)
	for i := n; i < times*n; i++ {
		language := t.passages[0].language
		crowded.passages = append(crowded.passages, passage{
			id: fmt.Sprintf("%s/more/%d", language, i), parent: fmt.Sprintf("%s/more/%d", language, i/5),
			text: firstHalf(t.passages[random.IntN(n)].text) + secondHalf(t.passages[random.IntN(n)].text), language: language,
		})
	}
	return crowded
}

func firstHalf(s string) string { return s[:middle(s)] }

func secondHalf(s string) string { return s[middle(s):] }

// middle is the space nearest before the middle of a text, or the boundary of a
// character there if no space is near.
func middle(s string) int {
	half := len(s) / 2
	if at := strings.LastIndexByte(s[:half], ' '); at > half/2 {
		return at
	}
	for half < len(s) && !utf8.RuneStart(s[half]) {
		half++
	}
	return half
}

func sentenceID(language, paragraph string, n int) string {
	return fmt.Sprintf("%s/%s/%d", language, paragraph, n)
}

// shortest is the least length of a passage of sentences, in code points: an
// ideograph says as much as several letters.
func shortest(language string) int {
	if language == "zh" || language == "ja" {
		return 25
	}
	return 90
}

// sentences cuts a text into passages of whole sentences of at least the given
// length; a short rest joins the last one.
func sentences(s string, least int) []text.Span {
	var out []text.Span
	short := false // the last passage is still too short
	for _, sentence := range text.SentenceSpans(s) {
		if short {
			out[len(out)-1].End = sentence.End
		} else {
			out = append(out, sentence)
		}
		last := out[len(out)-1]
		short = utf8.RuneCountInString(s[last.Start:last.End]) < least
	}
	if n := len(out); short && n > 1 {
		out[n-2].End = out[n-1].End
		out = out[:n-1]
	}
	return out
}

// byteOffset turns an offset in code points into one in bytes.
func byteOffset(s string, codePoints int) int {
	for at := range s {
		if codePoints == 0 {
			return at
		}
		codePoints--
	}
	return len(s)
}

// spanAt is the last span that begins at or before an offset, else the first.
func spanAt(spans []text.Span, offset int) int {
	found := 0
	for i, s := range spans {
		if s.Start <= offset {
			found = i
		}
	}
	return found
}
