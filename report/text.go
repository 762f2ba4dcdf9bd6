package report

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// WriteText writes the report as tables for people to read.
func (r Report) WriteText(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	t := &table{out: out}
	t.row("conversations", "received", "pending", "handled", "handed off", "deflected", "resolved", "helpful", "median time")
	t.counts("all", r.Total)
	for _, part := range r.parts() {
		for _, g := range part.groups {
			t.counts(part.by+" "+orUnknown(g.Name), g.Counts)
		}
	}
	t.reasons("handed off because", r.Handoffs)
	t.reasons("not taken because", r.Refusals)
	if len(r.Sources) > 0 {
		t.row()
		t.row("source", "answers", "conversations", "resolved", "helpful", "not helpful")
		for _, s := range r.Sources {
			t.row(s.Source, s.Answers, s.Conversations, percent(s.ResolvedRate()), s.Helpful, s.NotHelpful)
		}
	}
	if t.err == nil {
		t.err = out.Flush()
	}
	if t.err != nil {
		return fmt.Errorf("report: write text: %w", t.err)
	}
	return nil
}

type table struct {
	out io.Writer
	err error
}

func (t *table) row(cells ...any) {
	for i, cell := range cells {
		if i > 0 {
			t.print("\t")
		}
		t.print(cell)
	}
	t.print("\n")
}

func (t *table) print(v any) {
	if t.err == nil {
		_, t.err = fmt.Fprint(t.out, v)
	}
}

func (t *table) counts(name string, c Counts) {
	t.row(name, c.Received, c.Pending, percent(c.HandleRate()), percent(c.HandoffRate()), percent(c.DeflectionRate()),
		percent(c.ResolutionRate()), percent(c.FeedbackRate()), c.MedianResolution.Round(time.Second))
}

func (t *table) reasons(title string, all []Reason) {
	if len(all) == 0 {
		return
	}
	t.row()
	t.row(title, "conversations")
	for _, r := range all {
		t.row(orUnknown(r.Reason), r.Conversations)
	}
}

func orUnknown(name string) string {
	if name == "" {
		return "unknown"
	}
	return name
}

// percent is a rate with its numbers, such as 3/4 75%.
func percent(r Rate) string {
	v, ok := r.Value()
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%d/%d %.0f%%", r.Part, r.Whole, 100*v)
}
