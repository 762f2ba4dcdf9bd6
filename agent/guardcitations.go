package agent

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/knowledge"
)

// citationMark is [1], or several as [1, 2], with brackets of any width.
var citationMark = regexp.MustCompile(`\s?[\[［【]\^?(\d{1,3}(?:\s?[,;]\s?\d{1,3}){0,9})[\]］】]`)

// marked returns the passages that a mark names, from 1.
func marked(mark string) []int {
	var out []int
	for at := 0; at < len(mark); at++ {
		if end := digitsEnd(mark, at); end > at {
			n, _ := strconv.Atoi(mark[at:end]) // three digits at most
			out = append(out, n)
			at = end
		}
	}
	return out
}

// guardCitations promises that every mark names a passage of this turn, and
// that a draft which is to rest on passages names one. It removes unknown marks
// and blocks a draft without any, unless an action succeeded; one that a preview
// did not perform has not.
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
	out := outsideCode(d.Text, func(s string) string { return replaceMarks(s, check) })
	if d.Grounded && valid == 0 && !anySucceeded(d.Actions) {
		return Verdict{Action: Block, Reason: "no passage is named"}
	}
	if !hasWords(withoutMarks(out)) {
		return Verdict{Action: Block, Reason: "nothing is said"}
	}
	return rewriteIfChanged(d.Text, out, "mark of an unknown passage removed")
}

// replaceMarks replaces each citationMark of s by what f makes of it.
func replaceMarks(s string, f func(mark string) string) string {
	var sb strings.Builder
	done := 0
	for i := 0; i < len(s); {
		end := markEnd(s[i:])
		if end == 0 {
			i++
			continue
		}
		from := i
		if from > done && isSpaceByte(s[from-1]) {
			from--
		}
		sb.WriteString(s[done:from])
		sb.WriteString(f(s[from : i+end]))
		i += end
		done = i
	}
	if done == 0 {
		return s
	}
	sb.WriteString(s[done:])
	return sb.String()
}

// markEnd returns where the citationMark ends that s begins with, without the
// space before it; 0 if there is none.
func markEnd(s string) int {
	at := bracketLen(s, "[", "［", "【")
	if at == 0 {
		return 0
	}
	if at < len(s) && s[at] == '^' {
		at++
	}
	for range 10 {
		digits := digitsEnd(s, at)
		if digits == at || digits > at+3 {
			return 0
		}
		at = digits
		if closing := bracketLen(s[at:], "]", "］", "】"); closing > 0 {
			return at + closing
		}
		if at < len(s) && isSpaceByte(s[at]) {
			at++
		}
		if at == len(s) || s[at] != ',' && s[at] != ';' {
			return 0
		}
		if at++; at < len(s) && isSpaceByte(s[at]) {
			at++
		}
	}
	return 0
}

// bracketLen returns how long the bracket is that s begins with, 0 if it begins
// with none of them.
func bracketLen(s, narrow, wide, heavy string) int {
	switch {
	case s == "":
		return 0
	case s[0] < utf8.RuneSelf && s[0] != narrow[0]:
		return 0
	}
	for _, b := range [...]string{narrow, wide, heavy} {
		if strings.HasPrefix(s, b) {
			return len(b)
		}
	}
	return 0
}

func withoutMarks(s string) string { return replaceMarks(s, func(string) string { return "" }) }

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
	out := outsideCode(text, func(s string) string { return replaceMarks(s, number) })
	return strings.TrimSpace(out), list
}

// ShortAnswers is the source of short answers in [Reply].Sources.
const ShortAnswers = "short answers"

// sourcesOf returns the sources of the passages that a text's marks name, each
// once.
func sourcesOf(text string, passages []knowledge.Found) []string {
	var sources []string
	outsideCode(text, func(s string) string {
		return replaceMarks(s, func(m string) string {
			for _, n := range marked(m) {
				if n >= 1 && n <= len(passages) && !slices.Contains(sources, passages[n-1].Source) {
					sources = append(sources, passages[n-1].Source)
				}
			}
			return m
		})
	})
	return sources
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
