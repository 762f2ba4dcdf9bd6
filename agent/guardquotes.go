package agent

import (
	"regexp"
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
	if strings.Contains(out, ">") {
		out = quoteLine.ReplaceAllStringFunc(out, func(line string) string {
			said := quoteLine.FindStringSubmatch(line)[1]
			if claimsToQuote(said) && !occurs(said, quotable(d, said)) {
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
			if !claimsToQuote(said) || occurs(said, quotable(d, markAfter(out[loc[1]:]))) {
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
	if loc := citationMark.FindStringIndex(s); loc != nil && loc[0] <= markedNextWords && !strings.ContainsAny(s[:loc[0]], "\n\"“„«") {
		return s[:loc[1]]
	}
	return ""
}

// quotable returns the texts that a quotation may be from: of the passages that
// the marks in s name, else all that was given.
func quotable(d Draft, s string) []string {
	var out []string
	for _, m := range citationMark.FindAllString(s, -1) {
		for _, n := range marked(m) {
			if n >= 1 && n <= len(d.Passages) {
				out = append(out, d.Passages[n-1].Text())
			}
		}
	}
	if out == nil {
		return givenTexts(d)
	}
	out = append(out, d.Question.Text) // what the customer said may be repeated anywhere
	for _, m := range d.Question.History {
		out = append(out, m.Text)
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
// stands in one of the texts.
func occurs(quotation string, texts []string) bool {
	var folded []string
	for _, t := range texts {
		folded = append(folded, phrase(t))
	}
	for _, piece := range omission.Split(citationMark.ReplaceAllString(quotation, " "), -1) {
		found := false
		for _, t := range folded {
			found = found || strings.Contains(t, phrase(piece))
		}
		if !found {
			return false
		}
	}
	return true
}

// phrase is a text as folded words between spaces, to be searched for others.
func phrase(s string) string { return text.Phrase(s) }
