package agent

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/internal/text"
	"github.com/kundeagent/kundeagent/knowledge"
)

// Answers without a model: the sentences of the best passages that share most
// with the question, quoted exactly and cited.

const (
	quotedUnits = 3   // sentences, list items or rows at most
	quotedRunes = 420 // of quoted text at most, unless one unit alone is longer
	// secondPassage is how well another passage's best sentence must fit,
	// against the best of all, to be quoted too.
	secondPassage = .9
	quotedItems   = 8 // list items after a sentence that introduces them
)

// unit is the smallest thing that is quoted.
type unit struct {
	passage int // index
	kind    knowledge.BlockKind
	text    string
	// heads are the headings the unit answers to, with how much each counts
	// for it: the question it belongs to, the heading above it, the title of
	// a document it opens.
	heads []head
	own   float64 // what its own words share with the question
	score float64 // the same with its headings and its passage's rank
}

type head struct {
	text  string
	share float64
}

const (
	headShare = .9 // of a heading's likeness, for the first unit below it
	headDecay = .8 // of that for each further unit
	minShare  = .3 // of the best unit's own words, to be quoted along with it
)

// quote answers from the passages found without a model.
func (a *Agent) quote(u understanding, in input, found knowledge.Result, p plan) draft {
	units := unitsOf(found.Passages)
	scoreUnits(units, queryTerms(in.question.Text+"\n"+u.context, u.language.Language), found.Passages)
	chosen := chooseUnits(units)
	d := draft{plan: p, passages: found.Passages}
	if len(chosen) > 0 {
		d.text = phrases.Text(u.language.Language, phrases.AnswerIntro) + "\n\n" + writeUnits(units, chosen)
	}
	return d
}

// unitsOf takes passages apart.
func unitsOf(passages []knowledge.Found) []unit {
	var out []unit
	for pi, p := range passages {
		share := headShare
		for _, b := range p.Blocks {
			heads := passageHeads(p, share)
			texts := []string{b.Text}
			switch b.Kind {
			case knowledge.TableRow:
				texts = []string{rowText(b)}
			case knowledge.ListItem, knowledge.Code:
			default:
				texts = text.Sentences(b.Text)
			}
			for i, s := range texts {
				own := heads
				if b.Kind == knowledge.QA || b.Kind == knowledge.Definition {
					own = append([]head{{b.Label, headShare * math.Pow(headDecay, float64(i))}}, heads...)
				}
				out = append(out, unit{passage: pi, kind: b.Kind, text: strings.TrimSpace(s), heads: own})
				share *= headDecay
			}
		}
	}
	return out
}

// passageHeads are the headings a unit at some depth of a passage answers to.
func passageHeads(p knowledge.Found, share float64) []head {
	var out []head
	if n := len(p.Path); n > 0 {
		out = append(out, head{p.Path[n-1], share})
	}
	if p.Ordinal == 0 && p.Title != "" {
		out = append(out, head{p.Title, share})
	}
	return out
}

func rowText(b knowledge.Block) string {
	p := knowledge.Passage{Blocks: []knowledge.Block{b}}
	return p.Text()
}

// term is one word of the question, or a pair of characters where words have no
// spaces between them.
type term struct {
	text     string
	unspaced bool
	weight   float64
}

// functionWeight is how much a word counts that carries no meaning of its own.
const functionWeight = .15

// queryTerms returns the distinct terms of a question in a language.
func queryTerms(s, language string) []term {
	folded := text.AppendFold(nil, s)
	g := text.NewSegmenter(folded)
	seen := map[string]bool{}
	var out []term
	add := func(t term) {
		if !seen[t.text] {
			seen[t.text] = true
			out = append(out, t)
		}
	}
	for seg, ok := g.Next(); ok; seg, ok = g.Next() {
		word := []rune(string(folded[seg.Start:seg.End]))
		if !seg.Unspaced {
			t := term{text: string(word), weight: 1}
			if text.IsFunctionWord(language, t.text) {
				t.weight = functionWeight
			}
			add(t)
			continue
		}
		for i := 0; i+2 <= len(word); i++ {
			add(term{string(word[i : i+2]), true, 1})
		}
	}
	return out
}

// scoreUnits weighs each unit by the words it and its headings share with the
// question, words that few units have counting more, and by how well its
// passage was found.
func scoreUnits(units []unit, terms []term, passages []knowledge.Found) {
	if len(units) == 0 || len(terms) == 0 {
		return
	}
	n := len(terms)
	own := make([]float64, len(units)*n)
	sum := make([]float64, n)
	for i, u := range units {
		m := newMatcher(u.text, passages[u.passage].Language)
		for t := range terms {
			own[i*n+t] = m.likeness(terms[t])
			sum[t] += own[i*n+t]
		}
	}
	var total float64
	weight := make([]float64, n)
	for t := range terms {
		weight[t] = terms[t].weight * math.Log(1+float64(len(units))/(1+sum[t]))
		total += weight[t]
	}
	total = max(total, math.SmallestNonzeroFloat64)
	top := max(passages[0].Score, math.SmallestNonzeroFloat64)
	heads := map[string][]float64{} // likeness by heading and term
	for i := range units {
		u := &units[i]
		var headed float64
		for _, h := range u.heads {
			if heads[h.text] == nil {
				m := newMatcher(h.text, passages[u.passage].Language)
				for t := range terms {
					heads[h.text] = append(heads[h.text], m.likeness(terms[t]))
				}
			}
			var s float64
			for t := range terms {
				s += weight[t] * max(h.share*heads[h.text][t], own[i*n+t])
			}
			headed = max(headed, s)
		}
		for t := range terms {
			u.own += weight[t] * own[i*n+t]
		}
		u.own /= total
		u.score = max(u.own, headed/total) * (.5 + .5*passages[u.passage].Score/top)
	}
}

// matcher finds terms in one text.
type matcher struct {
	folded   string
	words    []string
	stems    []string
	language string
}

func newMatcher(s, language string) matcher {
	m := matcher{folded: text.Fold(s), language: language}
	m.words = text.Words(m.folded)
	for _, w := range m.words {
		m.stems = append(m.stems, text.Stem(language, w))
	}
	return m
}

// likeness is 1 if the text has the term, less if it has another word of its
// stem or a compound with it, and 0 otherwise.
func (m matcher) likeness(t term) float64 {
	if t.unspaced {
		if strings.Contains(m.folded, t.text) {
			return 1
		}
		return 0
	}
	best := 0.0
	stem := text.Stem(m.language, t.text)
	long := utf8.RuneCountInString(stem) >= 4
	for i, w := range m.words {
		switch {
		case w == t.text:
			return 1
		case m.stems[i] == stem:
			best = max(best, .95)
		case long && strings.Contains(w, stem):
			best = max(best, .8)
		case utf8.RuneCountInString(m.stems[i]) >= 5 && strings.Contains(t.text, m.stems[i]):
			best = max(best, .6)
		}
	}
	return best
}

// chooseUnits returns the indices of what to quote, in the order of the text:
// the best unit, what belongs to it, and the best of another passage if that
// fits nearly as well.
func chooseUnits(units []unit) []int {
	best := bestUnit(units, func(unit) bool { return true })
	if best < 0 {
		return nil
	}
	chosen := []int{best}
	runes := utf8.RuneCountInString(units[best].text)
	take := func(i int) bool {
		n := utf8.RuneCountInString(units[i].text)
		if runes+n > quotedRunes {
			return false
		}
		runes += n
		chosen = append(chosen, i)
		return true
	}
	if strings.HasSuffix(units[best].text, ":") {
		for i := best + 1; i < len(units) && i <= best+quotedItems && units[i].passage == units[best].passage && units[i].kind != knowledge.Paragraph; i++ {
			if !take(i) {
				break
			}
		}
		return chosen
	}
	other := bestUnit(units, func(u unit) bool { return u.passage != units[best].passage })
	if other >= 0 && units[other].score >= secondPassage*units[best].score && !sameText(units[other].text, units[best].text) {
		take(other)
	}
	// What follows in the same passage completes a short answer: sentences that
	// share words with the question too, or any if the heading is what fits.
	byHeading := units[best].own < .5*units[best].score
	for i := best + 1; i < len(units) && len(chosen) < quotedUnits && units[i].passage == units[best].passage; i++ {
		if units[i].kind != units[best].kind || !byHeading && units[i].own < minShare*units[best].own || !take(i) {
			break
		}
	}
	return chosen
}

func bestUnit(units []unit, ok func(unit) bool) int {
	best := -1
	for i, u := range units {
		if u.text != "" && ok(u) && (best < 0 || u.score > units[best].score) {
			best = i
		}
	}
	return best
}

func sameText(a, b string) bool {
	return strings.Join(text.Words(text.Fold(a)), " ") == strings.Join(text.Words(text.Fold(b)), " ")
}

// writeUnits joins quoted units, each passage closed by its mark.
func writeUnits(units []unit, chosen []int) string {
	byPassage := map[int][]int{}
	var order []int
	for _, i := range chosen {
		p := units[i].passage
		if byPassage[p] == nil {
			order = append(order, p)
		}
		byPassage[p] = append(byPassage[p], i)
	}
	var sb strings.Builder
	for n, p := range order {
		if n > 0 {
			sb.WriteString("\n\n")
		}
		for k, i := range byPassage[p] {
			u := units[i]
			switch {
			case u.kind == knowledge.ListItem || u.kind == knowledge.TableRow:
				if k > 0 {
					sb.WriteByte('\n')
				}
				if len(byPassage[p]) > 1 {
					sb.WriteString("- ")
				}
			case k > 0:
				sb.WriteByte(' ')
			}
			sb.WriteString(escapeMarkdown(u.text))
		}
		sb.WriteString(" [" + itoa(p+1) + "]")
	}
	return sb.String()
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "<", `\<`, "[", `\[`, "]", `\]`)

// escapeMarkdown makes a quotation mean in markdown what it says.
func escapeMarkdown(s string) string { return markdownEscapes.Replace(s) }
