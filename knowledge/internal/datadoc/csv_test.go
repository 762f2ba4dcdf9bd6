package datadoc

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// lines writes blocks so that a test can show all that matters of them.
func lines(doc *knowledge.Document) []string {
	var out []string
	for _, b := range doc.Blocks {
		switch b.Kind {
		case knowledge.Paragraph:
			out = append(out, b.Text)
		case knowledge.Heading:
			out = append(out, strings.Repeat("#", b.Level)+" "+b.Text)
		case knowledge.TableHeader:
			out = append(out, "| "+strings.Join(b.Cells, " | "))
		case knowledge.TableRow:
			var cells []string
			for i, c := range b.Cells {
				if i < len(b.Header) {
					c = b.Header[i] + ": " + c
				}
				cells = append(cells, c)
			}
			out = append(out, "- "+strings.Join(cells, "; "))
		case knowledge.QA:
			out = append(out, "Q "+b.Label+" A "+b.Text)
		default:
			out = append(out, fmt.Sprintf("%s %s %s", b.Kind, b.Label, b.Text))
		}
	}
	return out
}

func wantLines(t *testing.T, doc *knowledge.Document, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(doc); !reflect.DeepEqual(got, want) {
		t.Errorf("blocks:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCSVFindsSeparatorAndHeader(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"comma", "name,price\nCity bike,140\nE-bike,290\n", []string{"| name | price", "- name: City bike; price: 140", "- name: E-bike; price: 290"}},
		{"semicolon with decimal commas", "vare;pris;rabat\nhjelm;25,00;1,5\nlås;20,00;0,5\n", []string{"| vare | pris | rabat", "- vare: hjelm; pris: 25,00; rabat: 1,5", "- vare: lås; pris: 20,00; rabat: 0,5"}},
		{"numbers with decimal commas only", "1,5;2,5\n3,5;4,5\n", []string{"- 1,5; 2,5", "- 3,5; 4,5"}},
		{"tab with empty first field", "a\tb\n\t2\n1\t3\n", []string{"| a | b", "- a: ; b: 2", "- a: 1; b: 3"}},
		{"bar", "a|b\n1|2\n", []string{"| a | b", "- a: 1; b: 2"}},
		{"said outright", "sep=;\na;b,c\n1;2,3\n", []string{"| a | b,c", "- a: 1; b,c: 2,3"}},
		{"quotes, line breaks and doubled quotes", "name,note\n\"Bike, red\",\"a \"\"big\"\" one\nof two\"\n7,8\n", []string{"| name | note", `- name: Bike, red; note: a "big" one of two`, "- name: 7; note: 8"}},
		{"blank before a quote", "name, note\nx, \"a, b\"\ny, c\n", []string{"| name | note", "- name: x; note: a, b", "- name: y; note: c"}},
		{"byte order mark and CRLF", "\ufeffname,age\r\nIda,7\r\n", []string{"| name | age", "- name: Ida; age: 7"}},
		{"no header in names", "Hans,Odense\nGrete,Aarhus\nPer,Odense\n", []string{"- Hans; Odense", "- Grete; Aarhus", "- Per; Odense"}},
		{"years as columns", ";2024;2025\nBikes;380;420\nStaff;31;38\n", []string{"|  | 2024 | 2025", "- : Bikes; 2024: 380; 2025: 420", "- : Staff; 2024: 31; 2025: 38"}},
		{"empty columns and rows at the end", "a,b,,\n1,2,,\n,,,\n", []string{"| a | b", "- a: 1; b: 2"}},
		{"short and long rows", "a,b\n1\n1,2\n1,2,3\n4,5\n", []string{"| a | b", "- a: 1", "- a: 1; b: 2", "- a: 1; b: 2; : 3", "- a: 4; b: 5"}},
		{"caption above", "Prices 2026;;\nbike;day;week\ncity;140;560\ntandem;290;1190\n", []string{"# Prices 2026", "| bike | day | week", "- bike: city; day: 140; week: 560", "- bike: tandem; day: 290; week: 1190"}},
		{"one column is text", "We lend bikes\nEvery day of the year\n", []string{"We lend bikes", "Every day of the year"}},
		{"cells with HTML", "id,text\n1,<p>Bring <b>ID</b></p>\n2,a < b\n", []string{"| id | text", "- id: 1; text: Bring ID", "- id: 2; text: a < b"}},
		{"stray quote", "a,b\n5\" tyre,2\n6\" tyre,3\n", []string{"| a | b", `- a: 5" tyre; b: 2`, `- a: 6" tyre; b: 3`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := ParseCSV(context.Background(), "x.csv", []byte(tt.in), Limits{})
			wantLines(t, doc, err, tt.want...)
		})
	}
}

func TestCSVQuestionsAndAnswers(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"english", "question,answer\nMay I?,\"Yes, you may.\"\nMust I?,No.\n", []string{"Q May I? A Yes, you may.", "Q Must I? A No."}},
		{"danish", "Spørgsmål;Svar\nMå jeg?;Ja, gerne.\n", []string{"Q Må jeg? A Ja, gerne."}},
		{"german, other order", "Antwort;Frage\nJa.;Darf ich?\n", []string{"Q Darf ich? A Ja."}},
		{"with identifiers and category", "id,category,question,answer\n1,Keys,Lost?,Call us.\n2,Keys,Found?,<p>Bring&nbsp;it.</p>\n", []string{"## Keys", "Q Lost? A Call us.", "Q Found? A Bring it."}},
		{"other columns make it a table", "question,answer,price\nA?,B,7\n", []string{"| question | answer | price", "- question: A?; answer: B; price: 7"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := ParseCSV(context.Background(), "x.csv", []byte(tt.in), Limits{})
			wantLines(t, doc, err, tt.want...)
		})
	}
}

func TestCSVWindows1252AndDecodeOption(t *testing.T) {
	doc, err := ParseCSV(context.Background(), "x.csv", []byte("navn;by\nS\xf8ren;\xc5rhus\nIda;1\n"), Limits{})
	wantLines(t, doc, err, "| navn | by", "- navn: Søren; by: Århus", "- navn: Ida; by: 1")

	called := false
	lim := Limits{Decode: func([]byte, string) (string, error) { called = true; return "a,b\n1,2\n", nil }}
	doc, err = ParseCSV(context.Background(), "x.csv", []byte("?"), lim)
	wantLines(t, doc, err, "| a | b", "- a: 1; b: 2")
	if !called {
		t.Error("Decode was not used")
	}
}

func TestSniffSeparators(t *testing.T) {
	for _, sep := range []string{",", ";", "\t", "|"} {
		var sb strings.Builder
		for i := range 3000 {
			fmt.Fprintf(&sb, "%d%sBike, model %d; new|old%s%d.50\n", i, sep, i, sep, i*3)
		}
		text := strings.NewReplacer("Bike, ", "\"Bike, ", "|old", "|old\"").Replace(sb.String())
		if sep == "|" || sep == ";" {
			text = strings.ReplaceAll(text, "Bike, model", "Bike model")
		}
		if _, got := sniff(text); got != rune(sep[0]) {
			t.Errorf("separator %q found as %q", sep, got)
		}
	}
}

func TestEmptyDocumentsHoldNoText(t *testing.T) {
	for _, in := range []string{"", "\n\n", ",,\n,,\n"} {
		if _, err := ParseCSV(context.Background(), "empty.csv", []byte(in), Limits{}); !errors.Is(err, knowledge.ErrNoText) || !strings.Contains(err.Error(), "empty.csv") {
			t.Errorf("csv %q: %v", in, err)
		}
	}
	if _, err := ParseJSON(context.Background(), "empty.json", []byte("{}"), Limits{}); !errors.Is(err, knowledge.ErrNoText) {
		t.Errorf("json: %v", err)
	}
	if _, err := ParseXML(context.Background(), "empty.xml", []byte("<a><b/></a>"), Limits{}); !errors.Is(err, knowledge.ErrNoText) {
		t.Errorf("xml: %v", err)
	}
}
