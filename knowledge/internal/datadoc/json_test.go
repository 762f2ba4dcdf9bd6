package datadoc

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

func TestJSONShapes(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"paths and numbers as written", `{"a":{"b":[{"x":1},{"x":1},{"x":1},{"c":{"d":12345678901234567890.10}}]}}`,
			[]string{"a.b[0].x: 1", "a.b[1].x: 1", "a.b[2].x: 1", "a.b[3].c.d: 12345678901234567890.10"}},
		{"records with a title", `[{"name":"City bike","price":140,"url":"https://a.example/c","sizes":["S","M"]},{"name":"Tandem","price":290}]`,
			[]string{"# City bike", "price: 140", "sizes: S, M", "# Tandem", "price: 290"}},
		{"record with a text", `{"articles":[{"title":"Keys","body":"<p>Call us.</p><p>Wait.</p><script>x()</script>"}]}`,
			[]string{"# Keys", "Call us.", "Wait."}},
		{"flat objects are a table", `[{"day":"Mon","open":9},{"day":"Tue","open":10}]`,
			[]string{"| day | open", "- day: Mon; open: 9", "- day: Tue; open: 10"}},
		{"questions with answers", `{"faq":[{"question":"May I?","answer":"Yes &amp; no.","id":7},{"spørgsmål":"Må jeg?","svar":"Ja."}]}`,
			[]string{"Q May I? A Yes & no.", "Q Må jeg? A Ja."}},
		{"schema.org questions", `{"@context":"https://schema.org","@type":"FAQPage","mainEntity":[{"@type":"Question","name":"Is it open?","acceptedAnswer":{"@type":"Answer","text":"<p>Every day.</p>"}}]}`,
			[]string{"Q Is it open? A Every day."}},
		{"map of questions", `{"help":{"Where are you?":"In Nordhavn."}}`, []string{"Q Where are you? A In Nordhavn."}},
		{"lines of objects", "{\"name\":\"A\",\"n\":1}\n{\"name\":\"B\",\"n\":2}\n", []string{"# A", "n: 1", "# B", "n: 2"}},
		{"angle brackets that are no tags stay", `{"usage":"type <your name> & go"}`, []string{"usage: type <your name> & go"}},
		{"null and empty are nothing", `{"a":null,"b":"","c":[],"d":{},"e":false}`, []string{"e: false"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := ParseJSON(context.Background(), "x.json", []byte(tt.in), Limits{})
			wantLines(t, doc, err, tt.want...)
		})
	}
}

func TestJSONDocumentFields(t *testing.T) {
	doc, err := ParseJSON(context.Background(), "x.json", []byte(`{"title":"Help &amp; terms","lang":"da_DK","url":"https://a.example/help","updated_at":"2026-05-04T08:00:00Z","body":"See <a href=\"/keys\">lost keys</a>."}`), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if doc.Title != "Help & terms" || doc.Language != "da-DK" || doc.URL != "https://a.example/help" || !doc.Modified.Equal(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("fields: %q %q %q %v", doc.Title, doc.Language, doc.URL, doc.Modified)
	}
	if len(doc.Links) != 1 || doc.Links[0] != (knowledge.Link{URL: "/keys", Text: "lost keys"}) {
		t.Errorf("links: %+v", doc.Links)
	}
}

func TestJSONMalformed(t *testing.T) {
	for _, in := range []string{"", "   ", `{"a":`, `[1,2`, `{"a":1}}`, `{'a':1}`, `{"a" 1}`, "hello", `[1,]`, "\x00\x01"} {
		doc, err := ParseJSON(context.Background(), "bad.json", []byte(in), Limits{})
		if !errors.Is(err, knowledge.ErrMalformed) || doc != nil {
			t.Errorf("%q: document %v, error %v", in, doc, err)
		}
	}
}
