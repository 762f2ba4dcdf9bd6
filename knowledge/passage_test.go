package knowledge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

func words(n int, w string) string { return strings.TrimSpace(strings.Repeat(w+" ", n)) }

func TestCutKeepsHeadingPathsAndWholeBlocks(t *testing.T) {
	d := &knowledge.Document{ID: "d", Title: "Guide", Blocks: []knowledge.Block{
		{Kind: knowledge.Heading, Level: 1, Text: "Guide"},
		{Text: "Opening words."},
		{Kind: knowledge.Heading, Level: 2, Text: "Prices"},
		{Kind: knowledge.TableHeader, Cells: []string{"Bike", "Day"}},
		{Kind: knowledge.TableRow, Cells: []string{"City", "100"}, Header: []string{"Bike", "Day"}},
		{Kind: knowledge.TableRow, Cells: []string{"Cargo", "200"}, Header: []string{"Bike", "Day"}},
		{Kind: knowledge.Heading, Level: 3, Text: "Weeks"},
		{Text: "A week is cheaper."},
		{Kind: knowledge.Heading, Level: 2, Text: "Questions"},
		{Kind: knowledge.QA, Label: "Dogs?", Text: "Yes."},
		{Kind: knowledge.QA, Label: "Cats?", Text: "No."},
	}}
	got := knowledge.Cut("s", d, knowledge.CutConfig{})
	want := []struct{ path, text string }{
		{"Guide", "Opening words."},
		{"Guide>Prices", "Bike: City; Day: 100\nBike: Cargo; Day: 200"},
		{"Guide>Prices>Weeks", "A week is cheaper."},
		{"Guide>Questions", "Dogs?\nYes."},
		{"Guide>Questions", "Cats?\nNo."},
	}
	if len(got) != len(want) {
		t.Fatalf("%d passages, want %d: %+v", len(got), len(want), got)
	}
	ids := map[string]bool{}
	for i, p := range got {
		if path := strings.Join(p.Path, ">"); path != want[i].path || p.Text() != want[i].text || p.Ordinal != i {
			t.Errorf("passage %d is %q %q, want %q %q", i, path, p.Text(), want[i].path, want[i].text)
		}
		ids[p.ID] = true
	}
	if len(ids) != len(want) {
		t.Errorf("%d distinct IDs", len(ids))
	}
}

func TestCutRespectsItsSizesAndLosesNothing(t *testing.T) {
	count := func(s string) int { return len(strings.Fields(s)) }
	long := ""
	for i := range 40 {
		long += fmt.Sprintf("Sentence number %d has some words. ", i)
	}
	d := &knowledge.Document{ID: "d", Blocks: []knowledge.Block{
		{Text: long},
		{Kind: knowledge.ListItem, Level: 1, Label: "•", Text: words(30, "item")},
		{Kind: knowledge.ListItem, Level: 1, Label: "•", Text: words(30, "item")},
		{Kind: knowledge.Code, Text: strings.Repeat("line of code\n", 40)},
		{Kind: knowledge.TableRow, Header: []string{"A"}, Cells: []string{words(90, "cell")}},
	}}
	got := knowledge.Cut("s", d, knowledge.CutConfig{Target: 50, Max: 60, Tokens: count})
	total := 0
	for _, p := range got {
		n := count(p.Text())
		total += n
		row := slices.ContainsFunc(p.Blocks, func(b knowledge.Block) bool { return b.Kind == knowledge.TableRow })
		if n > 60+1 && !row { // list items show their marker
			t.Errorf("a passage has %d tokens: %.60q", n, p.Text())
		}
	}
	want := 0
	for _, b := range d.Blocks {
		want += count(b.String())
	}
	if total != want+1 { // the row shows its column name
		t.Errorf("%d words in passages, %d in the document", total, want+1)
	}
}

func TestPassageIDsStayWhenTextElsewhereChanges(t *testing.T) {
	doc := func(intro string) *knowledge.Document {
		return &knowledge.Document{ID: "d", Blocks: []knowledge.Block{
			{Kind: knowledge.Heading, Level: 2, Text: "A"}, {Text: intro},
			{Kind: knowledge.Heading, Level: 2, Text: "B"}, {Text: "Stays."},
		}}
	}
	a, b := knowledge.Cut("s", doc("One."), knowledge.CutConfig{}), knowledge.Cut("s", doc("Something else."), knowledge.CutConfig{})
	if a[1].ID != b[1].ID || a[0].ID != b[0].ID {
		t.Error("IDs changed with the text of another section")
	}
	if other := knowledge.Cut("s2", doc("One."), knowledge.CutConfig{}); other[0].ID == a[0].ID {
		t.Error("two sources share an ID")
	}
}
