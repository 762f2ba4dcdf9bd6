package datadoc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/internal/race"

	"github.com/kundeagent/kundeagent/knowledge"
)

type parseFunc func(context.Context, string, []byte, Limits) (*knowledge.Document, error)

// TestP13HostileInputIsRefusedCheaply holds memory as the measure of work: an
// input may cost its own size and a multiple of it, never what it asks for.
func TestP13HostileInputIsRefusedCheaply(t *testing.T) {
	race.SkipHeavy(t)
	const mb = 1 << 20
	tests := []struct {
		name  string
		parse parseFunc
		in    func() string
		want  error
		alloc uint64 // at most, in megabytes
	}{
		{"CSV of 5M columns", ParseCSV, func() string { return strings.Repeat("a,", 5_000_000) }, knowledge.ErrTooLarge, 60},
		{"CSV of 5M tab columns after a blank quote", ParseCSV, func() string { return " \"x" + strings.Repeat("a\t", 5_000_000) }, knowledge.ErrTooLarge, 60},
		{"CSV of columns hidden by quotes", ParseCSV, func() string { return "\"a\"\rx,\"" + strings.Repeat(",", 5_000_000) }, knowledge.ErrTooLarge, 60},
		{"CSV of 1,000 empty columns 10,000 times", ParseCSV, func() string { return strings.Repeat(strings.Repeat(",", 900)+"x\n", 10_000) }, knowledge.ErrTooLarge, 250},
		{"CSV cell of 50 MB in quotes", ParseCSV, func() string { return "a,b\n1,\"" + strings.Repeat("x", 50*mb) + "\"\n" }, knowledge.ErrTooLarge, 60},
		{"CSV cell of 10 MB in quotes", ParseCSV, func() string { return "a,b\n1,\"" + strings.Repeat("x\n", 5*mb) + "\"\n2,3\n" }, knowledge.ErrTooLarge, 60},
		{"CSV quote never closed", ParseCSV, func() string { return "a,b\n1,2\n\"" + strings.Repeat("x,\n", 3*mb) }, knowledge.ErrTooLarge, 60},
		{"one wide row among many", ParseCSV, func() string { return strings.Repeat("x,", 999) + "x\n" + strings.Repeat("a,b\n", 100_000) }, nil, 200},
		{"JSON nested 1M deep", ParseJSON, func() string { return strings.Repeat("[", 1_000_000) }, knowledge.ErrTooLarge, 60},
		{"JSON objects nested 1M deep", ParseJSON, func() string { return strings.Repeat(`{"a":`, 1_000_000) }, knowledge.ErrTooLarge, 60},
		{"JSON of 5M numbers", ParseJSON, func() string { return "[1" + strings.Repeat(",1", 5_000_000) + "]" }, knowledge.ErrTooLarge, 500},
		{"JSON lines without end", ParseJSON, func() string { return strings.Repeat("{} ", 5_000_000) }, knowledge.ErrTooLarge, 500},
		{"JSON key that multiplies", ParseJSON, func() string {
			return `{"` + strings.Repeat("k", mb) + `":[` + strings.Repeat(`{"b":[]},`, 100_000) + `1]}`
		}, knowledge.ErrTooLarge, 200},
		{"JSON path that multiplies", ParseJSON, func() string {
			return strings.Repeat(`{"`+strings.Repeat("k", 100)+`":`, 400) + "1" + strings.Repeat("}", 400)
		}, knowledge.ErrTooLarge, 20},
		{"JSON text of 12 MB", ParseJSON, func() string { return `{"a":"` + strings.Repeat("x ", 6*mb) + `"}` }, knowledge.ErrTooLarge, 200},
		{"HTML nested in a JSON text", ParseJSON, func() string { return `{"body":"` + strings.Repeat("<div>", mb) + `deep"}` }, nil, 200},
		{"half tags in a JSON text", ParseJSON, func() string { return `{"body":"` + strings.Repeat("<a ", 2*mb) + `"}` }, nil, 250},
		{"XML nested 1M deep", ParseXML, func() string { return strings.Repeat("<a>", 1_000_000) }, knowledge.ErrTooLarge, 60},
		{"XML of 2M elements", ParseXML, func() string { return "<r>" + strings.Repeat("<a>x</a>", mb) + "</r>" }, knowledge.ErrTooLarge, 600},
		{"XML element with 200k attributes", ParseXML, func() string {
			var sb strings.Builder
			sb.WriteString("<r><a")
			for i := range 200_000 {
				fmt.Fprintf(&sb, ` a%d="v"`, i)
			}
			sb.WriteString("/>text</r>")
			return sb.String()
		}, nil, 400},
		{"XML element with 1.5M attributes", ParseXML, func() string { return "<r><a" + strings.Repeat(` b=""`, 1_500_000) + "/>text</r>" }, knowledge.ErrTooLarge, 800},
		{"XML namespaces", ParseXML, func() string {
			var sb strings.Builder
			for i := range 190 {
				fmt.Fprintf(&sb, `<p%d:a xmlns:p%d="u%s">`, i, i, strings.Repeat("x", 1000))
			}
			return sb.String() + "t"
		}, knowledge.ErrMalformed, 60},
		{"XML links around links", ParseXML, func() string {
			return strings.Repeat(`<w><a href="/x">`, 90) + strings.Repeat("text ", 100_000) + strings.Repeat("</a></w>", 90)
		}, nil, 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := []byte(tt.in())
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			doc, err := tt.parse(context.Background(), "hostile", in, Limits{})
			runtime.ReadMemStats(&after)
			if !errors.Is(err, tt.want) || (err == nil) != (doc != nil) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if got := (after.TotalAlloc - before.TotalAlloc) / mb; got > tt.alloc {
				t.Errorf("%d MB allocated, want at most %d", got, tt.alloc)
			} else {
				t.Logf("%d MB allocated for %.1f MB of input", got, float64(len(in))/mb)
			}
		})
	}
}

func TestEntityBombsAndExternalEntitiesStayWhatTheyAre(t *testing.T) {
	bomb := `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY lol "lol">`
	for i := 1; i < 10; i++ {
		last := "lol"
		if i > 1 {
			last = fmt.Sprintf("lol%d", i-1)
		}
		bomb += fmt.Sprintf(`<!ENTITY lol%d "%s">`, i, strings.Repeat("&"+last+";", 10))
	}
	tests := map[string]string{
		"bomb":     bomb + `]><l><t>&lol9; end</t></l>`,
		"external": `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY lol9 SYSTEM "file:///etc/passwd">]><l><t>&lol9; end</t></l>`,
	}
	for name, in := range tests {
		doc, err := ParseXML(context.Background(), name, []byte(in), Limits{})
		wantLines(t, doc, err, "t: &lol9; end")
	}
}

func TestLimitsAreConfigurable(t *testing.T) {
	tests := []struct {
		name  string
		parse parseFunc
		in    string
		lim   Limits
	}{
		{"input", ParseCSV, "a,b\n1,2\n", Limits{MaxInput: 7}},
		{"text", ParseCSV, "a,b\n1,2\n", Limits{MaxText: 3}},
		{"columns", ParseCSV, "a,b,c\n1,2,3\n", Limits{MaxColumns: 2}},
		{"cell", ParseCSV, "a,b\nlonger than,2\n", Limits{MaxCell: 9}},
		{"cells", ParseCSV, "a,b\n1,2\n", Limits{MaxValues: 3}},
		{"JSON depth", ParseJSON, `{"a":[{"b":1}]}`, Limits{MaxJSONDepth: 2}},
		{"JSON values", ParseJSON, `{"a":[1,2]}`, Limits{MaxValues: 3}},
		{"XML depth", ParseXML, "<a><b><c>t</c></b></a>", Limits{MaxXMLDepth: 2}},
		{"XML nodes", ParseXML, "<a><b>t</b></a>", Limits{MaxValues: 2}},
		{"XML text", ParseXML, "<a><b>more text</b></a>", Limits{MaxText: 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := tt.parse(context.Background(), "x", []byte(tt.in), Limits{}); err != nil {
				t.Fatalf("with defaults: %v", err)
			}
			if doc, err := tt.parse(context.Background(), "x", []byte(tt.in), tt.lim); !errors.Is(err, knowledge.ErrTooLarge) || doc != nil {
				t.Errorf("document %v, error %v", doc, err)
			}
		})
	}
}

func TestEndedContextStopsEveryParser(t *testing.T) {
	for name, parse := range map[string]parseFunc{"a,b\n1,2\n": ParseCSV, `{"a":1}`: ParseJSON, "<a>b</a>": ParseXML} {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		// The context ends while the file is being read.
		lim := Limits{Decode: func(data []byte, _ string) (string, error) { cancel(); return string(data), nil }}
		if doc, err := parse(ctx, name, []byte(name), lim); !errors.Is(err, context.Canceled) || doc != nil {
			t.Errorf("%s: document %v, error %v", name, doc, err)
		}
	}
}

func TestPanicsDoNotEscape(t *testing.T) {
	lim := Limits{Decode: func([]byte, string) (string, error) { panic("broken decoder") }}
	for name, parse := range map[string]parseFunc{"csv": ParseCSV, "json": ParseJSON, "xml": ParseXML} {
		if doc, err := parse(context.Background(), name, bytes.Repeat([]byte("x"), 10), lim); !errors.Is(err, knowledge.ErrMalformed) || doc != nil {
			t.Errorf("%s: document %v, error %v", name, doc, err)
		}
	}
}
