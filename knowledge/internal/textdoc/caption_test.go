package textdoc

import (
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

func TestTextCaptionsAreHeadings(t *testing.T) {
	const text = `Lost key

Call us if you lose the key to your bike lock. Within opening
hours we bring a new key in less than two hours.

What does it cost?
A lost key costs DKK 350, or DKK 250 with the package, and
nothing in the first week.

Sandkajen 918
2150 Nordhavn

Our houses stand in Copenhagen and
Aarhus, and we plan one in Odense.
`
	doc, err := ParseText(t.Context(), "lost-key.txt", []byte(text), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := []knowledge.Block{
		{Kind: knowledge.Heading, Level: 1, Text: "Lost key"},
		{Text: "Call us if you lose the key to your bike lock. Within opening hours we bring a new key in less than two hours."},
		{Kind: knowledge.Heading, Level: 2, Text: "What does it cost?"},
		{Text: "A lost key costs DKK 350, or DKK 250 with the package, and nothing in the first week."},
		{Text: "Sandkajen 918 2150 Nordhavn"},
		{Text: "Our houses stand in Copenhagen and Aarhus, and we plan one in Odense."},
	}
	if doc.Title != "Lost key" || len(doc.Blocks) != len(want) {
		t.Fatalf("title %q, blocks %+v", doc.Title, doc.Blocks)
	}
	for i, b := range doc.Blocks {
		if b.Kind != want[i].Kind || b.Level != want[i].Level || b.Text != want[i].Text {
			t.Errorf("block %d is %+v, want %+v", i, b, want[i])
		}
	}
}
