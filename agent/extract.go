package agent

import (
	"math"

	"github.com/kundeagent/kundeagent/internal/text"
	"github.com/kundeagent/kundeagent/knowledge"
)

// What in the passages found answers a question: passages are taken apart into
// sentences, list items and rows, and each is weighed by what it shares with
// the question.

// The shares were set on XQuAD; TestQualityExtractiveAnswers prints what they
// come to. Doubling or halving any of them changes the answers found by about one in a
// hundred.
const (
	passageShare = .7  // of a passage's rank, against what the unit itself shares
	beforeShare  = .5  // of what the unit before shares with the question
	behindShare  = .25 // of what the one behind does
	headShare    = .9  // of what a heading does, for the first unit below it
	titleShare   = .3  // of what a document's title does, for all its units
	headDecay    = .8  // of a heading's share for each further unit
	askingShare  = .5  // of the score of a unit that asks something itself
)

// unit is the smallest thing that is quoted: a sentence, a list item, a row, a
// block of code.
type unit struct {
	passage int
	block   int // within the passage
	kind    knowledge.BlockKind
	label   string // of a list item
	text    string // as it stands in the passage
	start   int    // of text within its block, -1 if it is made of cells
	words   uint64 // a hash of its words: equal for units that say the same
	// Parts of the question's weight: what its own words hold of it, and what
	// they and all that stands around it do.
	own, shared float32
	score       float32 // shared, with its passage's rank
}

// extract is a question's view of the passages found for it.
type extract struct {
	terms    *questionTerms
	passages []knowledge.Found
	marks    []int // of the passages; nil if they are counted from 1
	units    []unit
	weights  []float32 // of the terms, adding up to 1
}

// newExtract weighs the units of passages by a question. The context is what
// the question refers to; it counts less.
func newExtract(question, context, language string, passages []knowledge.Found) *extract {
	x := &extract{terms: newQuestionTerms(question, context, language), passages: passages}
	x.units = unitsOf(passages)
	n := len(x.terms.terms)
	if len(x.units) == 0 || n == 0 {
		return x
	}
	rows := make([]float32, len(x.units)*n)
	for i := range x.units {
		x.units[i].words = x.terms.scan(x.units[i].text, rows[i*n:(i+1)*n])
	}
	x.weigh(rows)
	x.score(rows)
	return x
}

// mark is the number by which a passage is cited.
func (x *extract) mark(passage int) int {
	if x.marks == nil {
		return passage + 1
	}
	return x.marks[passage]
}

// unitsOf takes passages apart.
func unitsOf(passages []knowledge.Found) []unit {
	out := make([]unit, 0, 64)
	for pi, p := range passages {
		for bi, b := range p.Blocks {
			u := unit{passage: pi, block: bi, kind: b.Kind, label: b.Label, text: b.Text}
			switch b.Kind {
			case knowledge.TableRow:
				u.text, u.start = rowText(b), -1
				out = append(out, u)
			case knowledge.ListItem, knowledge.Code:
				out = append(out, u)
			default:
				for _, sp := range text.SentenceSpans(b.Text) {
					u.text, u.start = b.Text[sp.Start:sp.End], sp.Start
					out = append(out, u)
				}
			}
		}
	}
	return out
}

func rowText(b knowledge.Block) string {
	p := knowledge.Passage{Blocks: []knowledge.Block{b}}
	return p.Text()
}

// weigh sets the weights of the terms: those that few units hold tell more.
func (x *extract) weigh(rows []float32) {
	n := len(x.terms.terms)
	x.weights = make([]float32, n)
	for i := range x.units {
		for t, v := range rows[i*n : (i+1)*n] {
			x.weights[t] += v
		}
	}
	var sum float32
	for t, df := range x.weights {
		rarity := math.Log(1 + float64(len(x.units))/(.5+float64(df)))
		x.weights[t] = x.terms.terms[t].weight * float32(rarity)
		sum += x.weights[t]
	}
	for t := range x.weights {
		x.weights[t] /= sum
	}
}

// score weighs each unit: its own words, those around it in the same passage,
// and its headings.
func (x *extract) score(rows []float32) {
	n := len(x.terms.terms)
	row := func(i int) []float32 { return rows[i*n : (i+1)*n] }
	none := make([]float32, 4*n)
	none, title, heading, label := none[:n], none[n:2*n], none[2*n:3*n], none[3*n:]
	top := max(x.passages[0].Score, math.SmallestNonzeroFloat64)
	var share, labelled float32
	for i := range x.units {
		u := &x.units[i]
		p := x.passages[u.passage]
		b := p.Blocks[u.block]
		first := i == 0 || x.units[i-1].passage != u.passage
		if first {
			x.scanHeads(p, title, heading)
			share = headShare
		}
		if first || x.units[i-1].block != u.block {
			clear(label)
			if labelled = headShare; b.Kind == knowledge.QA || b.Kind == knowledge.Definition {
				x.terms.scan(b.Label, label)
			}
		}
		before, behind := none, none
		if !first {
			before = row(i - 1)
		}
		if i+1 < len(x.units) && x.units[i+1].passage == u.passage {
			behind = row(i + 1)
		}
		for t, own := range row(i) {
			w := x.weights[t]
			u.own += w * own
			u.shared += w * max(own, beforeShare*before[t], behindShare*behind[t], titleShare*title[t], share*heading[t], labelled*label[t])
		}
		u.score = u.shared + passageShare*float32(p.Score/top)
		if asks(u.text) {
			u.score *= askingShare
		}
		share *= headDecay
		labelled *= headDecay
	}
}

func (x *extract) scanHeads(p knowledge.Found, title, heading []float32) {
	clear(title)
	clear(heading)
	if p.Title != "" {
		x.terms.scan(p.Title, title)
	}
	if n := len(p.Path); n > 0 {
		x.terms.scan(p.Path[n-1], heading)
	}
}

// best returns the index of the best unit that ok accepts, -1 if there is none.
func (x *extract) best(ok func(i int) bool) int {
	best := -1
	for i := range x.units {
		if x.units[i].text != "" && (best < 0 || x.units[i].score > x.units[best].score) && ok(i) {
			best = i
		}
	}
	return best
}
