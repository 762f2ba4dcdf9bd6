package agent

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge"
)

// Answers without a model: the sentences of the passages that share most with
// the question, quoted exactly and cited.

const (
	defaultMaxQuote = 300
	leastMaxQuote   = 100 // leaves room for the framing and a sentence
	quotedUnits     = 3   // sentences at most
	quotedItems     = 8   // list items or rows at most
	// besides is how well a further sentence must fit, against the best, to be
	// quoted along with it, and following what a unit gains that follows a
	// quoted one: it goes on about the same.
	besides   = .5
	following = .1
	// alike is how well another row or list item must fit, against the best.
	alike = .9
)

// quote answers from the passages found without a model. Several questions are
// answered one after the other.
func (a *Agent) quote(u understanding, in input, found knowledge.Result, p plan) draft {
	d := draft{plan: p, passages: found.Passages}
	shown := in.show.shown()
	intro := answerIntro(a.cfg.Profile.Personality, u.language.Language)
	room := a.cfg.MaxQuote - utf8.RuneCountInString(intro) - len("\n\n")
	if questions := questionsIn(in.question.Text); len(questions) > 1 && shown == "" {
		d.plan.parts = slices.Clone(p.parts)
		each := room + partsRoom(a.cfg.MaxQuote, len(questions)) - a.cfg.MaxQuote
		if answers := a.quoteParts(u, in.question.Text, questions, d.plan.parts, found.Passages, each); len(answers) > 0 {
			d.text = intro + "\n\n" + strings.Join(answers, "\n\n")
			return d
		}
		d.plan.parts = p.parts
	}
	x := newExtract(in.question.Text, u.context, u.language.Language, found.Passages)
	said := x.saidIn(shown)
	if best := x.best(func(int) bool { return true }); best >= 0 && said[x.units[best].words] {
		return d // what answers best was shown before the draft was stopped
	}
	if quoted := x.quote(room, said); quoted != "" {
		d.text = intro + "\n\n" + quoted
	}
	return d
}

// saidIn returns the units that a text holds word for word; nil if it holds
// none.
func (x *extract) saidIn(shown string) map[uint64]bool {
	if shown == "" {
		return nil
	}
	var said map[uint64]bool
	shown = phrase(withoutMarks(shown))
	for i := range x.units {
		if u := &x.units[i]; hasWords(u.text) && strings.Contains(shown, phrase(u.text)) {
			if said == nil {
				said = map[uint64]bool{}
			}
			said[u.words] = true
		}
	}
	return said
}

// quote returns the answer in markdown with the marks of its passages, in at
// most limit runes; empty if there is nothing to quote but what was said.
func (x *extract) quote(limit int, said map[uint64]bool) string {
	chosen := x.choose(limit, said)
	for len(chosen) > 0 {
		quoted := x.write(chosen, limit)
		if len(chosen) == 1 || utf8.RuneCountInString(quoted) <= limit {
			for _, i := range chosen {
				if said != nil {
					said[x.units[i].words] = true
				}
			}
			return quoted
		}
		chosen = chosen[:len(chosen)-1]
	}
	return ""
}

// choose returns the units to quote, the most important first.
func (x *extract) choose(limit int, said map[uint64]bool) []int {
	best := x.best(func(i int) bool { return !said[x.units[i].words] })
	if best < 0 {
		return nil
	}
	c := choice{extract: x, limit: limit, said: said}
	c.take(best)
	switch u := x.units[best]; {
	case x.leadsIn(best):
		c.takeList(best + 1)
	case u.kind == knowledge.ListItem || u.kind == knowledge.TableRow:
		c.takeSiblings(best)
	case u.kind == knowledge.Code:
		c.takeLeadIn(best)
	default:
		if u.own < .5*u.shared {
			c.takeRest(best) // its heading is what fits, and all below that answers
		}
		c.takeSentences(best)
	}
	return c.taken
}

// choice collects units as far as there is room.
type choice struct {
	*extract
	limit int
	said  map[uint64]bool // in answers to other questions; nil if there is one alone
	taken []int
	runes int
}

// markRunes is what joining and citing a unit takes.
const markRunes = 5

// take adds a unit unless it is there, empty, or too long for what is left.
func (c *choice) take(i int) bool {
	n := utf8.RuneCountInString(c.units[i].text) + markRunes
	if len(c.taken) > 0 && (c.runes+n > c.limit || c.said[c.units[i].words]) || slices.Contains(c.taken, i) {
		return false
	}
	c.taken = append(c.taken, i)
	c.runes += n
	return true
}

// takeList takes the items, rows or code that a sentence led in.
func (c *choice) takeList(from int) {
	all := c.units
	for i := from; i < len(all) && i < from+quotedItems && all[i].passage == all[from-1].passage && isItem(all[i].kind); i++ {
		if !c.take(i) {
			return
		}
	}
}

// takeSiblings takes the lead-in of a list item or row, and of those beside it
// the ones that fit as well; all where they are steps, or where it is their
// heading that fits and none of them stands out.
func (c *choice) takeSiblings(best int) {
	all := c.units
	u := all[best]
	sibling := func(i int) bool {
		return i >= 0 && i < len(all) && all[i].passage == u.passage && all[i].kind == u.kind
	}
	first, last, standsOut := best, best, u.own > 0
	for ; sibling(first - 1); first-- {
		standsOut = standsOut && all[first-1].own < .5*u.own
	}
	for ; sibling(last + 1); last++ {
		standsOut = standsOut && all[last+1].own < .5*u.own
	}
	c.takeLeadIn(first)
	whole := isStep(u.label) || u.own < .5*u.shared && !standsOut
	for i := first; i <= last && len(c.taken) <= quotedItems; i++ {
		if i != best && (whole || !standsOut && all[i].shared >= alike*u.shared) && !c.take(i) {
			return
		}
	}
}

// takeLeadIn takes the sentence before a unit if it leads in what follows.
func (c *choice) takeLeadIn(i int) {
	if i > 0 && c.leadsIn(i-1) {
		c.take(i - 1)
	}
}

// takeRest takes the sentences behind one in its block.
func (c *choice) takeRest(best int) {
	all := c.units
	for i := best + 1; i < len(all) && all[i].passage == all[best].passage && all[i].block == all[best].block && c.sentences() < quotedUnits; i++ {
		if !c.take(i) {
			return
		}
	}
}

// takeSentences takes further sentences: those that fit well, sooner the one
// that follows what is taken. For one of several questions they are of the same
// passage: others are there for the other questions.
func (c *choice) takeSentences(best int) {
	all := c.units
	for c.sentences() < quotedUnits {
		next, most := -1, besides*all[best].score
		for i := range all {
			u := &all[i]
			score := u.score
			if i > 0 && all[i-1].passage == u.passage && slices.Contains(c.taken, i-1) {
				score += following * all[best].score
			}
			elsewhere := c.said != nil && u.passage != all[best].passage
			if score > most && !elsewhere && !c.said[u.words] && !isItem(u.kind) && !c.leadsIn(i) && !c.has(i) && c.runes+utf8.RuneCountInString(u.text)+markRunes <= c.limit {
				next, most = i, score
			}
		}
		if next < 0 {
			return
		}
		c.take(next)
	}
}

// sentences counts what is taken. Scripts without sentence marks are cut into
// pieces of sentences, which count a third.
func (c *choice) sentences() int {
	thirds := 0
	for _, i := range c.taken {
		if endsUnspaced(c.units[i].text) {
			thirds++
		} else {
			thirds += 3
		}
	}
	return (thirds + 2) / 3
}

// has reports whether a unit, or one that says the same, is taken.
func (c *choice) has(i int) bool {
	for _, k := range c.taken {
		if k == i || c.units[k].words == c.units[i].words {
			return true
		}
	}
	return false
}

func isItem(k knowledge.BlockKind) bool {
	return k == knowledge.ListItem || k == knowledge.TableRow || k == knowledge.Code
}

// isStep reports the label of an item in a numbered list.
func isStep(label string) bool { return strings.ContainsAny(label, "0123456789") }

// leadsIn reports a unit that leads in the list, table or code behind it: it
// ends with a colon, or in mid-sentence.
func (x *extract) leadsIn(i int) bool {
	s := x.units[i].text
	if strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：") {
		return true
	}
	if i+1 == len(x.units) || x.units[i+1].passage != x.units[i].passage || isItem(x.units[i].kind) || !isItem(x.units[i+1].kind) {
		return false
	}
	end, _ := utf8.DecodeLastRuneInString(s)
	return end == ',' || unicode.IsLetter(end) && !isUnspaced(end)
}
