package build

import (
	"errors"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

func TestFoldCollapsesSpaceAndDropsWhatIsInvisible(t *testing.T) {
	for in, want := range map[string]string{
		"  a \t\n b  ": "a b", "a\u00a0b": "a b", "zero\u200bwidth": "zerowidth", "soft\u00adhyphen": "softhyphen", "bell\x07s": "bell s", "": "", " \n ": "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBuilderDropsEmptyBlocksAndKeepsCode(t *testing.T) {
	var b Builder
	for _, blk := range []knowledge.Block{
		{Text: "  one  two "}, {Text: " \n"}, {Kind: knowledge.Code, Text: "\n\tx := 1\n\ty := 2\n"}, {Kind: knowledge.TableRow, Cells: []string{" ", ""}},
		{Kind: knowledge.TableRow, Cells: []string{" a ", ""}}, {Kind: knowledge.QA, Label: "Open?"}, {Kind: knowledge.ListItem, Label: "•"},
	} {
		if !b.Add(blk) {
			t.Fatalf("limit passed: %v", b.Err())
		}
	}
	want := []string{"one two", "\tx := 1\n\ty := 2", "a | ", "Open?"}
	if len(b.Doc.Blocks) != len(want) {
		t.Fatalf("blocks %+v", b.Doc.Blocks)
	}
	for i, blk := range b.Doc.Blocks {
		if blk.String() != want[i] {
			t.Errorf("block %d reads %q, want %q", i, blk.String(), want[i])
		}
	}
}

func TestP13BuilderCountsItsText(t *testing.T) {
	b := Builder{MaxText: 10}
	if !b.Add(knowledge.Block{Text: "12345678"}) || b.Add(knowledge.Block{Text: "901"}) || b.Add(knowledge.Block{Text: "x"}) {
		t.Error("the limit does not hold")
	}
	if !errors.Is(b.Err(), knowledge.ErrTooLarge) || len(b.Doc.Blocks) != 1 {
		t.Errorf("%v with %d blocks", b.Err(), len(b.Doc.Blocks))
	}
}
