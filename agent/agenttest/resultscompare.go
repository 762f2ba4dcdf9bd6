package agenttest

import (
	"fmt"
	"io"
)

// Comparison is how one evaluation differs from another, by the names of cases.
type Comparison struct {
	Better, Worse []Change
	// Other are cases with the same rating and share of passed runs whose last
	// decision is another now.
	Other   []Change
	Same    int      // cases without a change
	Added   []string // cases that only the later results have
	Removed []string // cases that only the earlier ones have
}

// Change is a case before and after.
type Change struct{ Before, After CaseResult }

// Compare tells what became better and what worse between two evaluations, as
// of a published version and a draft. Better is the higher rating or, with the
// same, the greater share of passed runs. A case that was not run in both
// counts as added or removed.
func Compare(before, after Results) Comparison {
	var out Comparison
	earlier := map[string]*CaseResult{}
	for i := range before.Cases {
		if c := &before.Cases[i]; c.Rating != NotRun {
			earlier[c.Name] = c
		}
	}
	both := map[string]bool{}
	for _, c := range after.Cases {
		if c.Rating == NotRun {
			continue
		}
		b := earlier[c.Name]
		if b == nil {
			out.Added = append(out.Added, c.Name)
			continue
		}
		both[c.Name] = true
		change := Change{*b, c}
		switch d := change.direction(); {
		case d > 0:
			out.Better = append(out.Better, change)
		case d < 0:
			out.Worse = append(out.Worse, change)
		case b.lastDecision() != c.lastDecision():
			out.Other = append(out.Other, change)
		default:
			out.Same++
		}
	}
	for _, c := range before.Cases {
		if c.Rating != NotRun && !both[c.Name] {
			out.Removed = append(out.Removed, c.Name)
		}
	}
	return out
}

// direction is above 0 for better and below 0 for worse.
func (c *Change) direction() int {
	if d := int(c.After.Rating) - int(c.Before.Rating); d != 0 {
		return d
	}
	return c.After.Passed*len(c.Before.Runs) - c.Before.Passed*len(c.After.Runs)
}

func (c *CaseResult) lastDecision() string {
	at := c.worst()
	if at < 0 || len(c.Runs[at].Turns) == 0 {
		return ""
	}
	return c.Runs[at].Turns[len(c.Runs[at].Turns)-1].Decision
}

// WriteTable writes the comparison as a table for people, worse first.
func (c Comparison) WriteTable(w io.Writer) error {
	t := table{{"case", "change", "before", "after"}}
	add := func(what string, list []Change) {
		for i := range list {
			before, after := &list[i].Before, &list[i].After
			t = append(t, []string{after.Name, what, before.inShort(), after.inShort()})
			if what == "better" {
				continue
			}
			for _, reason := range after.Reasons() {
				t = append(t, []string{reason})
			}
		}
	}
	add("worse", c.Worse)
	add("better", c.Better)
	add("other", c.Other)
	for _, name := range c.Added {
		t = append(t, []string{name, "added", "", ""})
	}
	for _, name := range c.Removed {
		t = append(t, []string{name, "removed", "", ""})
	}
	return t.write(w, fmt.Sprintf("%d better, %d worse, %d other, %d the same, %d added, %d removed",
		len(c.Better), len(c.Worse), len(c.Other), c.Same, len(c.Added), len(c.Removed)))
}

func (c *CaseResult) inShort() string {
	return fmt.Sprintf("%s %d/%d %s", c.Rating, c.Passed, len(c.Runs), c.lastDecision())
}
