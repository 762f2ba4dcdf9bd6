package agent

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

// Step 8: what may not be said is not said, whatever the model wrote.

// Guard checks a draft before the customer sees it. Check must be safe for
// concurrent use.
type Guard interface {
	Check(ctx context.Context, d Draft) Verdict
}

// GuardFunc makes a Guard of a function.
type GuardFunc func(ctx context.Context, d Draft) Verdict

// Check calls f.
func (f GuardFunc) Check(ctx context.Context, d Draft) Verdict { return f(ctx, d) }

// Draft is what a guard sees.
type Draft struct {
	Text     string // markdown with [n] marks for Passages[n-1]
	Question Question
	Language string
	Passages []knowledge.Found
	Actions  []ActionRecord
	// FromModel is false for quotations of the knowledge.
	FromModel bool
	// Shown is how many bytes of Text the customer has seen already; see
	// [SegmentGuard].
	Shown int
	// Grounded says that the draft is to rest on Passages, and not on Actions
	// alone.
	Grounded bool
}

// Verdict is what a guard thinks of a draft. The zero value allows it.
type Verdict struct {
	Guard  string // name, for the trace
	Action VerdictAction
	Text   string // with Rewrite: the new text
	Reason string
}

// VerdictAction is what is to become of a draft.
type VerdictAction uint8

// The verdicts. Block discards the draft: a model's draft is replaced by a
// quotation of the same knowledge, and if that is blocked too, by a handoff.
const (
	Allow VerdictAction = iota
	Rewrite
	Escalate // hand the conversation to a human
	Block
)

// String returns the verdict's name.
func (v VerdictAction) String() string {
	return [...]string{"allow", "rewrite", "hand off", "block"}[min(v, Block)]
}

// guard passes a draft through the guards and makes the reply.
func (a *Agent) guard(ctx context.Context, in input, u understanding, found knowledge.Result, d draft) (Reply, error) {
	r := Reply{
		Decision: d.plan.decision, Reason: d.plan.reason, Language: u.language.Language, Confidence: found.Answerability,
		Trace: a.trace(u, found, d),
	}
	switch d.plan.how {
	case howHandOff:
		r = a.handOff(ctx, in, r, found, d.plan.handoff, d.plan.reason)
		return r, nil
	case howFixed, howVerbatim:
		r.Text = d.text
		r.Substantive = d.plan.how == howVerbatim
		return r, nil
	}
	text, verdicts, err := a.passGuards(ctx, in, u, d)
	r.Trace.Verdicts = verdicts
	if errors.Is(err, errBlocked) && d.fromModel && len(d.passages) > 0 {
		d = a.quote(u, in, found, d.plan)
		r.Reason = "model's draft was blocked, knowledge quoted"
		text, verdicts, err = a.passGuards(ctx, in, u, d)
		r.Trace.Verdicts = append(r.Trace.Verdicts, verdicts...)
	}
	if err != nil || strings.TrimSpace(text) == "" {
		reason := "nothing left to say"
		if len(verdicts) > 0 {
			reason = verdicts[len(verdicts)-1].Guard + ": " + verdicts[len(verdicts)-1].Reason
		}
		return a.handOff(ctx, in, r, found, handoff.GuardStopped, reason), nil
	}
	r.Text, r.Citations = cite(text, d.passages)
	r.Substantive = true
	return r, nil
}

var (
	errBlocked   = errors.New("blocked")
	errEscalated = errors.New("escalated")
)

func (a *Agent) passGuards(ctx context.Context, in input, u understanding, d draft) (string, []Verdict, error) {
	seen := a.draftSeen(in, u, d)
	var verdicts []Verdict
	for _, g := range a.guards {
		v := g.Check(ctx, seen)
		if v.Action == Allow {
			continue
		}
		verdicts = append(verdicts, v)
		switch v.Action {
		case Rewrite:
			seen.Text = v.Text
		case Escalate:
			return "", verdicts, errEscalated
		default:
			return "", verdicts, errBlocked
		}
	}
	return seen.Text, verdicts, nil
}

// draftSeen returns a draft as guards see it.
func (a *Agent) draftSeen(in input, u understanding, d draft) Draft {
	return Draft{
		Text: d.text, Question: in.question, Language: u.language.Language, Passages: d.passages,
		Actions: d.actions, FromModel: d.fromModel, Grounded: d.plan.how == howGrounded,
	}
}

// builtInGuards are the checks of the library, in order. They look at models'
// drafts only: a quotation cannot break them.
func builtInGuards(allowedURLs []string) []Guard {
	checks := []struct {
		name  string
		check func(Draft) Verdict
	}{
		{"html", guardHTML},
		{"links", func(d Draft) Verdict { return guardLinks(d, allowedURLs) }},
		{"citations", guardCitations},
		{"figures", guardFigures},
	}
	var out []Guard
	for _, c := range checks {
		out = append(out, SegmentGuardFunc(func(_ context.Context, d Draft) Verdict {
			if !d.FromModel {
				return Verdict{}
			}
			v := c.check(d)
			v.Guard = c.name
			return v
		}))
	}
	return out
}

var htmlTag = regexp.MustCompile(`(?s)<!--.*?-->|</?[a-zA-Z!?][^<>]*>`)

// guardHTML removes markup, whole or begun.
func guardHTML(d Draft) Verdict {
	clean := htmlTag.ReplaceAllStringFunc(d.Text, func(tag string) string {
		if strings.Contains(tag, "://") && !strings.ContainsAny(tag, " =\"'") {
			return strings.Trim(tag, "<>") // an address in angle brackets, for the next guard
		}
		return ""
	})
	clean = htmlStart.ReplaceAllString(clean, "$1")
	return rewriteIfChanged(d.Text, clean, "markup removed")
}

var htmlStart = regexp.MustCompile(`<([a-zA-Z!?/])`)

func rewriteIfChanged(before, after, reason string) Verdict {
	if before == after {
		return Verdict{}
	}
	return Verdict{Action: Rewrite, Text: after, Reason: reason}
}

var (
	imageMark  = regexp.MustCompile(`!\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])`)
	linkMark   = regexp.MustCompile(`\[([^\]]*)\]\(\s*([^)\s]*)[^)]*\)`)
	linkRef    = regexp.MustCompile(`(?m)^\s{0,3}\[[^\]]+\]:\s*\S+.*$`)
	linkByRef  = regexp.MustCompile(`\[([^\]]+)\]\[[^\]]*\]`)
	addressish = regexp.MustCompile(`(?i)(?:\b[a-z][a-z0-9+.-]*:(?://)?|//)[^\s<>()\[\]"']+|\b[\p{L}\p{N}_.+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+|\b(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}\b(?:[/?#:][^\s<>()\[\]"']*)?`)
)

// guardLinks keeps an address only if it was given: in a passage that may be
// cited, by an action, by the customer's own words, or in the allow-list.
// Images go.
func guardLinks(d Draft, allowed []string) Verdict {
	given := givenAddresses(d, allowed)
	out := imageMark.ReplaceAllString(d.Text, "$1")
	out = linkRef.ReplaceAllString(out, "")
	out = linkByRef.ReplaceAllString(out, "$1")
	out = linkMark.ReplaceAllStringFunc(out, func(m string) string {
		parts := linkMark.FindStringSubmatch(m)
		if given(parts[2]) {
			return m
		}
		return parts[1]
	})
	out = addressish.ReplaceAllStringFunc(out, func(m string) string {
		core := strings.TrimRight(m, ".,;:!?")
		if !looksLikeAddress(core) || given(core) {
			return m
		}
		return strings.TrimSpace(m[len(core):])
	})
	return rewriteIfChanged(d.Text, out, "address that was not given removed")
}

// looksLikeAddress tells addresses from ordinary words with a colon or a dot,
// such as "Price:100" or "e.g".
func looksLikeAddress(s string) bool {
	if strings.Contains(s, "//") || strings.Contains(s, "@") {
		return true
	}
	if scheme, _, ok := strings.Cut(strings.ToLower(s), ":"); ok {
		switch scheme {
		case "http", "https", "javascript", "data", "vbscript", "file", "ftp", "mailto", "tel", "sms", "whatsapp", "intent", "blob":
			return true
		}
	}
	host, _, _ := strings.Cut(s, "/")
	labels := strings.Split(host, ".")
	return len(labels) >= 2 && len(labels[len(labels)-1]) >= 2 && len(labels[0]) >= 2
}

// givenAddresses returns whether an address is in what the draft rests on.
func givenAddresses(d Draft, allowed []string) func(string) bool {
	var texts []string
	exact := map[string]bool{}
	for _, p := range d.Passages {
		if p.Citable {
			exact[p.URL] = p.URL != ""
			texts = append(texts, p.Text())
		}
	}
	for _, r := range d.Actions {
		texts = append(texts, r.Result.Text)
		for _, u := range r.Result.URLs {
			exact[u] = true
		}
	}
	return func(s string) bool {
		if s == "" || exact[s] {
			return s != ""
		}
		for _, prefix := range allowed {
			if prefix != "" && strings.HasPrefix(s, prefix) {
				return true
			}
		}
		for _, t := range texts {
			if containsToken(t, s) {
				return true
			}
		}
		return false
	}
}

// containsToken reports whether s stands in t with no letter or digit touching
// it, so that "shop.example" is not found in "shop.example.evil".
func containsToken(t, s string) bool {
	for from := 0; ; {
		i := strings.Index(t[from:], s)
		if i < 0 {
			return false
		}
		i += from
		if isBoundary(t[:i], true) && isBoundary(t[i+len(s):], false) {
			return true
		}
		from = i + 1
	}
}

func isBoundary(side string, before bool) bool {
	if side == "" {
		return true
	}
	c := side[0]
	if before {
		c = side[len(side)-1]
	}
	if !before && c == '.' {
		return len(side) == 1 || side[1] == ' ' || side[1] == '\n'
	}
	return c < 0x80 && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '/' || c == '-' || c == '@' || c == '_')
}

var citationMark = regexp.MustCompile(`\s?\[(\d{1,3})\]`)

// guardCitations removes marks of passages that were not given, and blocks a
// draft that names none.
func guardCitations(d Draft) Verdict {
	valid := 0
	out := citationMark.ReplaceAllStringFunc(d.Text, func(m string) string {
		n, _ := strconv.Atoi(citationMark.FindStringSubmatch(m)[1]) // three digits at most
		if n < 1 || n > len(d.Passages) {
			return ""
		}
		valid++
		return m
	})
	if d.Grounded && valid == 0 && !anySucceeded(d.Actions) {
		return Verdict{Action: Block, Reason: "no passage is named"}
	}
	return rewriteIfChanged(d.Text, out, "mark of an unknown passage removed")
}

var (
	figure      = regexp.MustCompile(`\d+(?:[.,:'\x{00a0}\x{202f}]\d+| \d{3}\b)*`)
	digits      = regexp.MustCompile(`\d+`)
	listNumeral = regexp.MustCompile(`(?m)^\s*\d{1,2}[.)]\s`)
)

// guardFigures blocks a draft with a number that stands in nothing it was
// given.
func guardFigures(d Draft) Verdict {
	var given strings.Builder
	for _, p := range d.Passages {
		given.WriteString(p.Title + " " + strings.Join(p.Path, " ") + " " + p.Text() + "\n")
	}
	for _, r := range d.Actions {
		given.WriteString(r.Result.Text + "\n" + string(r.Arguments) + "\n")
	}
	given.WriteString(d.Question.Text + "\n")
	for _, m := range d.Question.History {
		given.WriteString(m.Text + "\n")
	}
	known := figuresOf(given.String())
	for _, part := range digits.FindAllString(given.String(), -1) {
		known[strings.TrimLeft(part, "0")] = true
	}
	text := citationMark.ReplaceAllString(d.Text, " ")
	text = listNumeral.ReplaceAllString(text, " ")
	for f := range figuresOf(text) {
		if !known[f] {
			return Verdict{Action: Block, Reason: "the figure " + f + " was not given"}
		}
	}
	return Verdict{}
}

// figuresOf returns the numbers of a text without their separators.
func figuresOf(s string) map[string]bool {
	out := map[string]bool{}
	for _, f := range figure.FindAllString(s, -1) {
		out[strings.TrimLeft(strings.Join(digits.FindAllString(f, -1), ""), "0")] = true
	}
	return out
}

// cite replaces the marks of passages by numbers of documents, counted in the
// order they appear, and lists those documents. Marks of what may not be cited
// go.
func cite(text string, passages []knowledge.Found) (string, []channels.Citation) {
	var list []channels.Citation
	numbers := map[string]int{}
	out := citationMark.ReplaceAllStringFunc(text, func(m string) string {
		n, _ := strconv.Atoi(citationMark.FindStringSubmatch(m)[1])
		if n < 1 || n > len(passages) || !passages[n-1].Citable {
			return ""
		}
		p := passages[n-1]
		doc := p.Source + "\x00" + p.Document
		if numbers[doc] == 0 {
			title := p.Title
			if title == "" {
				title = p.Name
			}
			if title == "" && p.URL == "" {
				title = p.Document
			}
			c := channels.Citation{Number: len(list) + 1, Title: title, URL: p.URL}
			if c.URL == "" {
				c.Name = p.Name
			}
			list = append(list, c)
			numbers[doc] = len(list)
		}
		return " [" + itoa(numbers[doc]) + "]"
	})
	return strings.TrimSpace(out), list
}

func itoa(n int) string { return strconv.Itoa(n) }
