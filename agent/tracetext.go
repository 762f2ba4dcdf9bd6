package agent

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/handoff"
)

// Usage is what all model calls of the turn cost.
func (t Trace) Usage() Usage {
	var sum Usage
	for _, c := range t.ModelCalls {
		sum = sum.plus(c.Usage)
	}
	return sum
}

// String returns the trace as text for people, with the prompts as they were
// sent: treat it as personal data.
func (t Trace) String() string {
	var sb strings.Builder
	_, _ = t.WriteTo(&sb) // a Builder never fails
	return sb.String()
}

// WriteTo writes what String returns.
func (t Trace) WriteTo(w io.Writer) (int64, error) {
	p := &tracePrinter{w: w}
	p.line("Decision: %s, %s", t.Decision, t.Reason)
	if t.Version > 0 {
		p.line("Version: %d", t.Version)
	}
	p.line("Language: %s, because of %s (%.2f)", t.Language.Language, t.Language.Reason, t.Language.Confidence)
	p.understanding(&t)
	p.search(&t)
	p.line("Text: %s", t.Plan)
	for i := range t.ModelCalls {
		p.modelCall(i+1, &t.ModelCalls[i])
	}
	p.actions(t.Actions)
	for _, v := range t.Verdicts {
		p.line("Guard %s: %s, %s", v.Guard, v.Action, v.Reason)
	}
	if len(t.ModelCalls) > 0 {
		u := t.Usage()
		p.line("Tokens: %d read, %d written", u.InputTokens, u.OutputTokens)
	}
	p.times(t.Steps)
	return p.written, p.err
}

// tracePrinter writes lines until one fails.
type tracePrinter struct {
	w       io.Writer
	written int64
	err     error
}

func (p *tracePrinter) line(format string, args ...any) {
	if p.err != nil {
		return
	}
	n, err := fmt.Fprintf(p.w, format+"\n", args...)
	p.written, p.err = p.written+int64(n), err
}

// block writes a text of several lines so that it is told from what is around
// it.
func (p *tracePrinter) block(head, text string) {
	p.line("  %s", head)
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		p.line("  | %s", strings.TrimRight(line, "\r\n"))
	}
}

func (p *tracePrinter) understanding(t *Trace) {
	if t.SmallTalk != "" {
		p.line("Small talk: %s", t.SmallTalk)
	}
	if t.Signal.Urgency != handoff.None {
		urgency := "offer a human"
		if t.Signal.Urgency == handoff.Now {
			urgency = "hand over"
		}
		p.line("Trigger: %s, %s: %q", urgency, t.Signal.Reason, t.Signal.Detail)
	}
	for _, g := range t.Guidelines {
		p.line("Guideline %q (%s): %s", g.Name, g.Category, g.Why)
	}
}

func (p *tracePrinter) search(t *Trace) {
	if t.Query == "" && len(t.Hits) == 0 {
		p.line("Search: none")
		return
	}
	how := ""
	if t.Rewritten {
		how = ", rewritten"
	}
	if t.Degraded != "" {
		how += ", by words alone: " + t.Degraded
	}
	p.line("Search: answerability %.2f (answers from %.2f), knowledge of generation %d%s", t.Answerability, t.AnswerAt, t.Generation, how)
	if len(t.Parts) == 0 {
		p.line("  searched %q", t.Query)
	}
	for _, part := range t.Parts {
		known := "known"
		if !part.Known {
			known = "doubtful"
		}
		if part.FollowUp {
			known += ", a follow-up"
		}
		if part.Missing {
			known += ", said to be unknown"
		}
		p.line("  part %q, %s (%.2f), searched %q", part.Text, known, part.Answerability, part.Query)
	}
	if t.ShortAnswer != "" {
		p.line("  short answer %q", t.ShortAnswer)
	}
	for i, h := range t.Hits {
		cited := "citable"
		if !h.Citable {
			cited = "not citable"
		}
		p.line("  [%d] %.3f %q of %q (words %.3f, meaning %.3f), %s", i+1, h.Score, h.Title, h.Source, h.Lexical, h.Similarity, cited)
	}
}

func (p *tracePrinter) modelCall(n int, c *TraceModelCall) {
	how := ""
	if c.Replayed {
		how += ", replayed"
	}
	if c.Shortened {
		how += ", shortened"
	}
	if c.Purpose != "" {
		how += ", to " + c.Purpose
	}
	p.line("Model call %d: %d tokens read, %d written, %s%s", n, c.Usage.InputTokens, c.Usage.OutputTokens, c.Took.Round(time.Microsecond), how)
	for _, a := range c.Attempts {
		then := "asked again"
		if a.Next > 0 {
			then = fmt.Sprintf("asked model %d", a.Next)
		}
		if a.Wait > 0 {
			then += " after " + a.Wait.String()
		}
		p.line("  failed: %s; %s", a.Error, then)
	}
	p.block("system:", c.Request.System)
	for _, m := range c.Request.Messages {
		p.message(m)
	}
	for _, tool := range c.Request.Tools {
		p.line("  may call %s %s", tool.Name, tool.Schema)
	}
	if c.Error != "" {
		p.line("  error: %s", c.Error)
		return
	}
	p.message(ModelMessage{Role: "answer", Text: c.Text, ToolCalls: c.Calls})
}

func (p *tracePrinter) message(m ModelMessage) {
	head := string(m.Role)
	if m.ToolName != "" {
		head += " " + m.ToolName
	}
	if m.Text != "" {
		p.block(head+":", m.Text)
	}
	for _, call := range m.ToolCalls {
		p.line("  %s calls %s %s", head, call.Name, call.Arguments)
	}
}

func (p *tracePrinter) actions(records []ActionRecord) {
	for _, r := range records {
		outcome := r.Result.Text
		switch {
		case r.Error != "":
			outcome = "error: " + r.Error
		case r.Rehearsed:
			outcome = "rehearsed: " + outcome
		case r.DryRun:
			outcome = "preview: " + outcome
		}
		p.line("Action %s %s: %s", r.Name, r.Arguments, oneLine(outcome))
	}
}

func (p *tracePrinter) times(steps []TraceStep) {
	var total time.Duration
	var each []string
	for _, s := range steps {
		total += s.Took
		each = append(each, fmt.Sprintf("%s %s", s.Step, s.Took.Round(time.Microsecond)))
	}
	if len(each) > 0 {
		p.line("Time: %s (%s)", total.Round(time.Microsecond), strings.Join(each, ", "))
	}
}
