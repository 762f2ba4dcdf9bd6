package agent

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/knowledge"
)

// citationMark is [1], or several as [1, 2], with brackets of any width.
var (
	citationMark = regexp.MustCompile(`\s?[\[［【]\^?(\d{1,3}(?:\s?[,;]\s?\d{1,3}){0,9})[\]］】]`)
	markNumber   = regexp.MustCompile(`\d+`)
)

// marked returns the passages that a mark names, from 1.
func marked(mark string) []int {
	var out []int
	for _, digits := range markNumber.FindAllString(mark, -1) {
		n, _ := strconv.Atoi(digits) // three digits at most
		out = append(out, n)
	}
	return out
}

// guardCitations promises that every mark names a passage of this turn, and
// that a draft which is to rest on passages names one. It removes unknown marks
// and blocks a draft without any, unless an action succeeded.
func guardCitations(d Draft) Verdict {
	valid := 0
	check := func(m string) string {
		var known string
		for _, n := range marked(m) {
			if n >= 1 && n <= len(d.Passages) {
				known += "[" + itoa(n) + "]"
				valid++
			}
		}
		if strings.Count(known, "[") == len(marked(m)) {
			return m
		}
		return known
	}
	out := outsideCode(d.Text, func(s string) string { return citationMark.ReplaceAllStringFunc(s, check) })
	if d.Grounded && valid == 0 && !anySucceeded(d.Actions) {
		return Verdict{Action: Block, Reason: "no passage is named"}
	}
	if !hasWords(citationMark.ReplaceAllString(out, "")) {
		return Verdict{Action: Block, Reason: "nothing is said"}
	}
	return rewriteIfChanged(d.Text, out, "mark of an unknown passage removed")
}

func hasWords(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// cite replaces the marks of passages by numbers of documents, counted in the
// order they appear, and lists those documents. Marks of what may not be cited
// go.
func cite(text string, passages []knowledge.Found) (string, []channels.Citation) {
	var list []channels.Citation
	numbers := map[string]int{}
	number := func(m string) string {
		var marks string
		for _, n := range marked(m) {
			if n < 1 || n > len(passages) || !passages[n-1].Citable {
				continue
			}
			p := passages[n-1]
			doc := p.Source + "\x00" + p.Document
			if numbers[doc] == 0 {
				list = append(list, citationOf(p, len(list)+1))
				numbers[doc] = len(list)
			}
			if mark := " [" + itoa(numbers[doc]) + "]"; !strings.Contains(marks, mark) {
				marks += mark
			}
		}
		return marks
	}
	out := outsideCode(text, func(s string) string { return citationMark.ReplaceAllStringFunc(s, number) })
	return strings.TrimSpace(out), list
}

func citationOf(p knowledge.Found, number int) channels.Citation {
	c := channels.Citation{Number: number, Title: p.Title, URL: p.URL}
	if c.Title == "" {
		c.Title = p.Name
	}
	if c.Title == "" && p.URL == "" {
		c.Title = p.Document
	}
	if c.URL == "" {
		c.Name = p.Name
	}
	return c
}

func itoa(n int) string { return strconv.Itoa(n) }
