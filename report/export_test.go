package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/report"
)

// exported is a report with everything in it, and names that would be formulas.
func exported(t *testing.T) report.Report {
	t.Helper()
	refused := at(0, report.Refused, "+paused")
	refused.Conversation, refused.Channel, refused.Language = "d", "=cmd|' /C calc'!A0", "@en"
	handed := at(1, report.HandedOver, "-1+1")
	handed.Conversation = "e"
	return reportOf(t, report.Query{From: monday.AddDate(0, 0, -1), Now: monday.AddDate(0, 1, 0), Sources: []string{"=unused"}},
		at(0, report.Received, ""), answered(1, "m1", "a, \"quoted\"\nname"), vote(2, "m1", true), refused, handed)
}

func TestCSVHasARowForEachGroup(t *testing.T) {
	var b bytes.Buffer
	r := exported(t)
	if err := r.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	const want = `by,name,not_deployed,received,pending,judged,not_taken,handled,handed_off,deflected,resolved,confirmed_resolved,assumed_resolved,unresolved,abandoned,only_deflected,open,helpful,not_helpful,mean_resolution_seconds,median_resolution_seconds,handle_rate,handoff_rate,deflection_rate,resolution_rate,feedback_rate
total,,0,3,0,3,1,2,1,1,1,1,0,0,0,0,3,1,0,60,60,0.666667,0.500000,0.500000,0.500000,1.000000
channel,'=cmd|' /C calc'!A0,0,1,0,1,1,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0.000000,,,,
channel,chat,0,2,0,2,0,2,1,1,1,1,0,0,0,0,2,1,0,60,60,1.000000,0.500000,0.500000,0.500000,1.000000
language,'@en,0,1,0,1,1,0,0,0,0,0,0,0,0,0,1,0,0,0,0,0.000000,,,,
language,en,0,2,0,2,0,2,1,1,1,1,0,0,0,0,2,1,0,60,60,1.000000,0.500000,0.500000,0.500000,1.000000
week,2026-03-02,0,3,0,3,1,2,1,1,1,1,0,0,0,0,3,1,0,60,60,0.666667,0.500000,0.500000,0.500000,1.000000
`
	if got := b.String(); got != strings.ReplaceAll(want, "\n", "\r\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestCSVOfSourcesAndReasons(t *testing.T) {
	r := exported(t)
	var sources, reasons bytes.Buffer
	if err := errors.Join(r.WriteSourcesCSV(&sources), r.WriteReasonsCSV(&reasons)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from io.Reader
		want [][]string
	}{
		{&sources, [][]string{
			{"source", "answers", "pending", "conversations", "resolved", "helpful", "not_helpful", "resolved_rate"},
			{"'=unused", "0", "0", "0", "0", "0", "0", ""},
			{"a, \"quoted\"\nname", "1", "0", "1", "1", "1", "0", "1.000000"},
		}},
		{&reasons, [][]string{{"of", "reason", "conversations"}, {"handoff", "'-1+1", "1"}, {"refusal", "'+paused", "1"}}},
	} {
		if got, err := csv.NewReader(c.from).ReadAll(); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q, %v\nwant %q", got, err, c.want)
		}
	}
}

func TestJSONIsReadBack(t *testing.T) {
	want := exported(t)
	var b bytes.Buffer
	if err := want.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got report.Report
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// The names of the fields are a promise to whoever reads them.
func TestJSONNamesAreStable(t *testing.T) {
	var b bytes.Buffer
	if err := reportOf(t, report.Query{Now: monday.AddDate(0, 1, 0)}, at(0, report.Received, ""), answered(1, "m1", "help"), at(2, report.HandedOver, "loop")).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	counts := `"not_deployed":0,"received":1,"pending":0,"judged":1,"not_taken":0,"handled":1,"handed_off":1,"deflected":0,"resolved":0,` +
		`"confirmed_resolved":0,"assumed_resolved":0,"unresolved":0,"abandoned":0,"only_deflected":0,"open":1,"helpful":0,"not_helpful":0,` +
		`"mean_resolution_ns":0,"median_resolution_ns":0,"rates":{"handle":{"part":1,"whole":1},"handoff":{"part":1,"whole":1},` +
		`"deflection":{"part":0,"whole":1},"resolution":{"part":0,"whole":1},"feedback":{"part":0,"whole":0}}`
	want := `{"now":"2026-04-02T09:00:00Z","resolve_after_ns":259200000000000,"total":{` + counts + `},"channels":[{"name":"chat",` + counts +
		`}],"languages":[{"name":"en",` + counts + `}],"weeks":[{"name":"2026-03-02",` + counts + `}],"handoffs":[{"reason":"loop","conversations":1}],` +
		`"refusals":[],"sources":[{"source":"help","answers":1,"pending":0,"conversations":1,"resolved":0,"helpful":0,"not_helpful":0}]}` + "\n"
	if b.String() != want {
		t.Errorf("got  %swant %s", b.String(), want)
	}
}

func TestEventsAreReadBackFromJSON(t *testing.T) {
	e := answered(1, "m1", "help")
	e.Reason, e.Helpful = "loop", true
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"conversation":"c","kind":"answered","at":"2026-03-02T09:01:00Z","channel":"chat","language":"en","reason":"loop","message":"m1","sources":["help"],"helpful":true}`
	var got report.Event
	if err := json.Unmarshal(data, &got); err != nil || string(data) != want || !reflect.DeepEqual(got, e) {
		t.Errorf("%s, %v", data, err)
	}
}

// fullDisk refuses every write.
type fullDisk struct{}

var errFull = errors.New("disk is full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestP16ExportsReportFailure(t *testing.T) {
	r := exported(t)
	for name, write := range map[string]func(io.Writer) error{
		"csv": r.WriteCSV, "sources": r.WriteSourcesCSV, "reasons": r.WriteReasonsCSV, "json": r.WriteJSON, "text": r.WriteText,
	} {
		if err := write(fullDisk{}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
