package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/kundeagent/kundeagent/internal/sheet"
)

// groupColumns are the columns of WriteCSV. Their names and order are stable: new
// ones are added at the end.
var groupColumns = []string{
	"by", "name", "not_deployed", "received", "pending", "judged", "not_taken", "handled", "handed_off", "deflected", "resolved",
	"confirmed_resolved", "assumed_resolved", "unresolved", "abandoned", "only_deflected", "open", "helpful", "not_helpful",
	"mean_resolution_seconds", "median_resolution_seconds",
	"handle_rate", "handoff_rate", "deflection_rate", "resolution_rate", "feedback_rate",
}

// WriteCSV writes the counts as CSV (RFC 4180) with a header: a row for the
// total, and one for each channel, language and week, as the column by says.
// Rates are numbers in [0,1], or empty where there is nothing to have a share
// of. A name that a spreadsheet would run as a formula gets an apostrophe before
// it.
func (r Report) WriteCSV(w io.Writer) error {
	rows := [][]string{groupColumns, groupRow("total", "", r.Total)}
	for _, part := range r.parts() {
		for _, g := range part.groups {
			rows = append(rows, groupRow(part.by, g.Name, g.Counts))
		}
	}
	return writeRows(w, rows)
}

// part is one way in which conversations are grouped.
type part struct {
	by     string
	groups []Group
}

func (r *Report) parts() []part {
	return []part{{"channel", r.Channels}, {"language", r.Languages}, {"week", r.Weeks}}
}

func groupRow(by, name string, c Counts) []string {
	row := []string{by, sheet.Text(name)}
	for _, n := range []int{
		c.NotDeployed, c.Received, c.Pending, c.Judged, c.NotTaken, c.Handled, c.HandedOff, c.Deflected, c.Resolved,
		c.ConfirmedResolved, c.AssumedResolved, c.Unresolved, c.Abandoned, c.OnlyDeflected, c.Open, c.Helpful, c.NotHelpful,
	} {
		row = append(row, strconv.Itoa(n))
	}
	row = append(row, seconds(c.MeanResolution), seconds(c.MedianResolution))
	for _, rate := range []Rate{c.HandleRate(), c.HandoffRate(), c.DeflectionRate(), c.ResolutionRate(), c.FeedbackRate()} {
		row = append(row, share(rate))
	}
	return row
}

// WriteSourcesCSV writes the sources as CSV, in the way of WriteCSV.
func (r Report) WriteSourcesCSV(w io.Writer) error {
	rows := [][]string{{"source", "answers", "pending", "conversations", "resolved", "helpful", "not_helpful", "resolved_rate"}}
	for _, s := range r.Sources {
		rows = append(rows, []string{
			sheet.Text(s.Source), strconv.Itoa(s.Answers), strconv.Itoa(s.Pending), strconv.Itoa(s.Conversations), strconv.Itoa(s.Resolved),
			strconv.Itoa(s.Helpful), strconv.Itoa(s.NotHelpful), share(s.ResolvedRate()),
		})
	}
	return writeRows(w, rows)
}

// WriteReasonsCSV writes the reasons of handoffs and refusals as CSV, in the way
// of WriteCSV.
func (r Report) WriteReasonsCSV(w io.Writer) error {
	rows := [][]string{{"of", "reason", "conversations"}}
	for _, reason := range r.Handoffs {
		rows = append(rows, []string{"handoff", sheet.Text(reason.Reason), strconv.Itoa(reason.Conversations)})
	}
	for _, reason := range r.Refusals {
		rows = append(rows, []string{"refusal", sheet.Text(reason.Reason), strconv.Itoa(reason.Conversations)})
	}
	return writeRows(w, rows)
}

func writeRows(w io.Writer, rows [][]string) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("report: write CSV: %w", err)
	}
	return nil
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

func share(r Rate) string {
	v, ok := r.Value()
	if !ok {
		return ""
	}
	return strconv.FormatFloat(v, 'f', 6, 64)
}

// rates are the rates of a group as JSON shows them, beside its counts.
type rates struct {
	Handle     Rate `json:"handle"`
	Handoff    Rate `json:"handoff"`
	Deflection Rate `json:"deflection"`
	Resolution Rate `json:"resolution"`
	Feedback   Rate `json:"feedback"`
}

func (c Counts) rates() rates {
	return rates{c.HandleRate(), c.HandoffRate(), c.DeflectionRate(), c.ResolutionRate(), c.FeedbackRate()}
}

// plainCounts is Counts without its methods.
type plainCounts Counts

// MarshalJSON adds the rates, each as {"part":1,"whole":4}.
func (c Counts) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		plainCounts
		Rates rates `json:"rates"`
	}{plainCounts(c), c.rates()})
}

// MarshalJSON adds the rates as well.
func (g Group) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name string `json:"name"`
		plainCounts
		Rates rates `json:"rates"`
	}{g.Name, plainCounts(g.Counts), g.rates()})
}

// WriteJSON writes the report as one JSON object, which json.Unmarshal reads
// back. The names of its fields are stable.
func (r Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("report: write JSON: %w", err)
	}
	return nil
}
