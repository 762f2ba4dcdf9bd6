package agent

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/text"
)

// guardQuotes promises that what stands in quotation marks or in a block of
// quotation occurs word for word in what was given: in the passage named next
// to it, if there is one. Where it does not, the marks go and the words are the
// agent's own. Names and labels of few words may stand in marks anyway.
func guardQuotes(d Draft) Verdict {
	out := d.Text
	given := quotable{draft: d, folded: map[int]string{}}
	if strings.Contains(out, ">") {
		out = quoteLine.ReplaceAllStringFunc(out, func(line string) string {
			said := quoteLine.FindStringSubmatch(line)[1]
			if claimsToQuote(said) && !occurs(said, given.named(said)) {
				return said
			}
			return line
		})
	}
	for _, q := range quotations {
		if !strings.ContainsAny(out, q.opens) {
			continue
		}
		var sb strings.Builder
		done := 0
		for _, loc := range q.FindAllStringSubmatchIndex(out, -1) {
			said := out[loc[2]:loc[3]]
			if !claimsToQuote(said) || occurs(said, given.named(markAfter(out[loc[1]:]))) {
				continue
			}
			sb.WriteString(out[done:loc[0]] + said)
			done = loc[1]
		}
		out = sb.String() + out[done:]
	}
	return rewriteIfChanged(d.Text, out, "marks of a quotation that is none removed")
}

var (
	quoteLine  = regexp.MustCompile(`(?m)^[ \t]*>[ \t]?(.*)$`)
	quotations = []struct {
		opens string // what a text must contain to have one
		*regexp.Regexp
	}{
		{`"`, regexp.MustCompile(`"([^"\n]+)"`)},
		{"“„‟”", regexp.MustCompile(`[“„‟”]([^“”„‟\n]+)[”“‟]`)},
		{"«", regexp.MustCompile(`«\s?([^«»\n]+?)\s?»`)},
		{"»", regexp.MustCompile(`»([^«»\n]+)«`)},
		{"»", regexp.MustCompile(`»([^«»\n]+)»`)},
		{"「", regexp.MustCompile(`「([^「」\n]+)」`)},
		{"『", regexp.MustCompile(`『([^『』\n]+)』`)},
	}
	omission = regexp.MustCompile(`\s*(?:\[(?:…|\.\.\.)\]|\((?:…|\.\.\.)\)|…|\.\.\.)\s*`)
)

const (
	quotedWords     = 6  // from how many words a quotation claims to be one
	quotedLetters   = 20 // or characters of a script without spaces
	markedNextWords = 40 // how far after it, in bytes, its mark may stand
	longestMark     = 64 // in bytes
	maxOmissions    = 16 // of one quotation
)

func claimsToQuote(s string) bool {
	words := text.Words(citationMark.ReplaceAllString(s, " "))
	if len(words) >= quotedWords {
		return true
	}
	for _, w := range words {
		if r, _ := utf8.DecodeRuneInString(w); len(words) <= 3 && isUnspaced(r) && utf8.RuneCountInString(w) >= quotedLetters {
			return true
		}
	}
	return false
}

// markAfter returns the text up to and with the mark that closes a quotation's
// sentence.
func markAfter(s string) string {
	s = s[:min(len(s), markedNextWords+longestMark)] // the rest is for others
	if loc := citationMark.FindStringIndex(s); loc != nil && loc[0] <= markedNextWords && !strings.ContainsAny(s[:loc[0]], "\n\"“„«") {
		return s[:loc[1]]
	}
	return ""
}

// quotable is what a draft's quotations may be from, folded when it is needed
// and once: a draft may be nothing but quotations.
type quotable struct {
	draft  Draft
	folded map[int]string // passages
	asked  []string       // what the customer said, which may be repeated anywhere
	all    []string       // all that was given
}

// named returns the texts of the passages that the marks in s name with what
// the customer said, or all that was given if they name none.
func (q *quotable) named(s string) []string {
	var out []string
	seen := map[int]bool{}
	replaceMarks(s, func(m string) string {
		for _, n := range marked(m) {
			if n >= 1 && n <= len(q.draft.Passages) && !seen[n] {
				seen[n] = true
				out = append(out, q.passage(n))
			}
		}
		return m
	})
	if out == nil {
		if q.all == nil {
			q.all = phrasesOf(givenTexts(q.draft))
		}
		return q.all
	}
	if q.asked == nil {
		texts := []string{q.draft.Question.Text}
		for _, m := range q.draft.Question.History {
			texts = append(texts, m.Text)
		}
		q.asked = phrasesOf(texts)
	}
	return append(out, q.asked...)
}

func (q *quotable) passage(n int) string {
	if q.folded[n] == "" {
		q.folded[n] = phrase(q.draft.Passages[n-1].Text())
	}
	return q.folded[n]
}

func phrasesOf(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = phrase(t)
	}
	return out
}

// givenTexts is all that a draft may rest on.
func givenTexts(d Draft) []string {
	out := []string{d.Question.Text}
	for _, p := range d.Passages {
		out = append(out, strings.Join(p.Path, "\n")+"\n"+p.Text())
		if p.Citable {
			out = append(out, p.Title)
		}
	}
	for _, r := range d.Actions {
		if r.Error == "" {
			out = append(out, r.Result.Text)
		}
	}
	for _, m := range d.Question.History {
		out = append(out, m.Text)
	}
	return append(out, d.told...)
}

// occurs reports whether each piece of a quotation, between its ellipses,
// stands in one of the folded texts. One with more ellipses than anybody needs
// does not.
func occurs(quotation string, folded []string) bool {
	pieces := omission.Split(withoutMarks(quotation), maxOmissions+2)
	if len(pieces) > maxOmissions+1 {
		return false
	}
	for _, piece := range pieces {
		said := phrase(piece)
		if !slices.ContainsFunc(folded, func(t string) bool { return strings.Contains(t, said) }) {
			return false
		}
	}
	return true
}

// phrase is a text as folded words between spaces, to be searched for others.
func phrase(s string) string { return text.Phrase(s) }
