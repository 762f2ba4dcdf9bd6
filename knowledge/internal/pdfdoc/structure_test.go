package pdfdoc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

func blockList(doc *knowledge.Document) string {
	var sb strings.Builder
	for _, b := range doc.Blocks {
		fmt.Fprintf(&sb, "%s %d [%s] %s\n", b.Kind, b.Level, b.Label, b.Text)
	}
	return sb.String()
}

func TestHeadingsListsAndParagraphs(t *testing.T) {
	content := at(72, 720, 24, "Returns") + at(72, 680, 16, "How to send goods back") +
		at(72, 650, 10, "Pack the goods in the box they came in and") + at(72, 638, 10, "hand them in at any parcel shop near you.") +
		at(72, 610, 10, "Keep the receipt until the money is back.") +
		at(72, 590, 10, "1. Print the label") + at(72, 578, 10, "2. Tape it to the box") + at(80, 566, 10, "on the largest side") +
		at(72, 550, 10, "\x95 Questions go to support")
	want := `heading 1 [] Returns
heading 2 [] How to send goods back
paragraph 0 [] Pack the goods in the box they came in and hand them in at any parcel shop near you.
paragraph 0 [] Keep the receipt until the money is back.
list item 1 [1.] Print the label
list item 1 [2.] Tape it to the box on the largest side
list item 1 [•] Questions go to support
`
	if got := blockList(parse(t, document(helvetica, content).bytes())); got != want {
		t.Errorf("blocks are\n%swant\n%s", got, want)
	}
}

func TestOutlineTitlesInBoldAreHeadings(t *testing.T) {
	s := document("<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold>>", at(72, 700, 10, "2.1 Delivery times"))
	s.objects[0] = "<</Type/Catalog/Pages 2 0 R/Outlines<</First<</Title(Orders)/First<</Title(2.1  Delivery Times)>>>>>>>>"
	doc := parse(t, s.bytes())
	if b := doc.Blocks[0]; b.Kind != knowledge.Heading || b.Level != 2 {
		t.Errorf("got %v level %d, want a heading of level 2", b.Kind, b.Level)
	}
}

func TestBoldLineAboveTextIsAHeading(t *testing.T) {
	s := document(helvetica, "BT /B 10 Tf 72 700 Td (Boots and shoes) Tj ET\n"+at(72, 688, 10, "They are made of leather and last for many")+at(72, 676, 10, "years when they are cared for."))
	s.objects[4] = strings.Replace(s.objects[4], "/Font<<", "/Font<</B<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold>>", 1)
	want := "heading 1 [] Boots and shoes\nparagraph 0 [] They are made of leather and last for many years when they are cared for.\n"
	if got := blockList(parse(t, s.bytes())); got != want {
		t.Errorf("blocks are\n%swant\n%s", got, want)
	}
}

func TestPageDrawnOutOfOrderIsReadColumnByColumn(t *testing.T) {
	var content string
	for _, i := range []int{3, 0, 2, 1} { // rows of both columns, out of order
		y := 700 - 12*float64(i)
		content += at(330, y, 10, fmt.Sprintf("right column line %d of text", i)) + at(72, y+3, 10, fmt.Sprintf("left column line %d of text", i))
	}
	got := parse(t, document(helvetica, content).bytes()).PlainText()
	last := -1
	for _, side := range []string{"left", "right"} {
		for i := range 4 {
			at := strings.Index(got, fmt.Sprintf("%s column line %d", side, i))
			if at <= last {
				t.Fatalf("%s line %d is out of order in %q", side, i, got)
			}
			last = at
		}
	}
}

func TestRunningHeadersAndPageNumbersAreDropped(t *testing.T) {
	page := func(n int) string {
		return at(72, 770, 9, "Handbook 2025") + at(72, 600, 10, fmt.Sprintf("Content of part %d.", n)) + at(300, 20, 9, fmt.Sprintf("Page %d", n))
	}
	wantText(t, document(helvetica, page(1), page(2), page(3)).bytes(), "Content of part 1.\n\nContent of part 2.\n\nContent of part 3.")
	if got := parse(t, document(helvetica, page(1), page(2)).bytes()).PlainText(); !strings.Contains(got, "Handbook") {
		t.Errorf("two pages are too few to call a line repeated: %q", got)
	}
}

func TestSentenceGoesOnOverAPageBreak(t *testing.T) {
	wantText(t, document(helvetica, at(72, 100, 10, "The warranty covers all parts that"), at(72, 700, 10, "wear out within two years.")).bytes(),
		"The warranty covers all parts that wear out within two years.")
}

func TestLinksAreListed(t *testing.T) {
	s := document(helvetica, at(72, 700, 10, "see our")+at(130, 700, 10, "price list"))
	page := len(s.objects) - 1
	s.objects[page] = strings.Replace(s.objects[page], "/Resources", "/Annots[<</Subtype/Link/Rect[129 698 180 710]/A<</S/URI/URI(https://shop.example/prices)>>>><</Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(javascript:alert\\(1\\))>>>>]/Resources", 1)
	doc := parse(t, s.bytes())
	if want := (knowledge.Link{URL: "https://shop.example/prices", Text: "price list"}); len(doc.Links) != 1 || doc.Links[0] != want {
		t.Errorf("links are %+v, want only %+v", doc.Links, want)
	}
}

func TestTablesBecomeRowsUnderTheirHeader(t *testing.T) {
	row := func(y float64, cells ...string) string {
		out := ""
		for i, c := range cells {
			if c != "" {
				out += at(72+float64(i)*120, y, 10, c)
			}
		}
		return out
	}
	content := at(72, 720, 10, "Our prices by weight and zone.") +
		row(690, "Weight", "Inland", "Abroad") + row(676, "1 kg", "4,00", "9,00") + row(662, "5 kg", "", "15,50") + row(648, "20 kg", "12,00", "40,00")
	doc := parse(t, document(helvetica, content).bytes())
	want := "Our prices by weight and zone.\n\nWeight | Inland | Abroad\n1 kg | 4,00 | 9,00\n5 kg |  | 15,50\n20 kg | 12,00 | 40,00"
	if got := strings.ReplaceAll(doc.PlainText(), "Abroad\n\n", "Abroad\n"); got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
	for _, b := range doc.Blocks[2:] {
		if b.Kind != knowledge.TableRow || len(b.Header) != 3 || b.Header[2] != "Abroad" {
			t.Errorf("row %+v does not carry its column names", b)
		}
	}
}

func TestColumnsOfRunningTextDrawnRowByRowAreReadColumnByColumn(t *testing.T) {
	left := []string{"The first column tells how goods are sent", "back and what happens when the parcel is", "lost on its way to us, which seldom", "happens at all."}
	right := []string{"The second column is about money and says", "when it will be on your account after we", "have seen the goods and found them to be", "in good order."}
	content := ""
	for i := range left {
		content += at(72, 700-12*float64(i), 10, left[i]) + at(330, 700-12*float64(i), 10, right[i])
	}
	wantText(t, document(helvetica, content).bytes(), strings.Join(left, " ")+"\n\n"+strings.Join(right, " "))
}

func TestNumberedListIsNoTable(t *testing.T) {
	content := ""
	for i, s := range []string{"Print the label", "Tape it to the box", "Hand it in"} {
		y := 700 - 14*float64(i)
		content += at(72, y, 10, fmt.Sprintf("%d.", i+1)) + at(110, y, 10, s)
	}
	if got := blockList(parse(t, document(helvetica, content).bytes())); strings.Count(got, "list item") != 3 {
		t.Errorf("blocks are\n%s", got)
	}
}
