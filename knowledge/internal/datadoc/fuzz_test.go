package datadoc

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// checkParse holds what every parser promises of any input: a document with
// text or a typed error, never both and never neither.
func checkParse(t *testing.T, parse parseFunc, data []byte) {
	t.Helper()
	doc, err := parse(context.Background(), "fuzz", data, Limits{MaxText: 1 << 20})
	if (doc == nil) == (err == nil) {
		t.Fatalf("document %v, error %v", doc, err)
	}
	if err != nil && !errors.Is(err, knowledge.ErrMalformed) && !errors.Is(err, knowledge.ErrTooLarge) && !errors.Is(err, knowledge.ErrNoText) {
		t.Fatalf("error without a type: %v", err)
	}
	if err == nil && len(doc.Blocks) == 0 {
		t.Fatal("a document without text and without an error")
	}
}

func FuzzParseCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "question;answer\nA?;\"B; c\"\n", "sep=|\na|b\n", "\"a\"\r,\",,,,\n", " \"x\ty\t\t", "Title;;\na;b;c\n1;2;3", "a\tb\n\t\"c\"\"d\ne\"\t", "\u00a0\"a,b\n\"c,d\",e\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkParse(t, ParseCSV, data)
		// What the guard lets pass, the reader must keep within the limits too.
		for _, comma := range []rune{',', '\t'} {
			p := &parser{ctx: context.Background(), lim: Limits{MaxColumns: 4, MaxCell: 8}}
			if p.checkShape(string(data), comma) != nil {
				continue
			}
			for r := newReader(string(data), comma); ; {
				row, err := r.Read()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if len(row) > 4 {
					t.Fatalf("guard let %d columns pass: %q", len(row), row)
				}
				for _, c := range row {
					if len(c) > 9 {
						t.Fatalf("guard let a cell of %d bytes pass: %q", len(c), c)
					}
				}
			}
		}
	})
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[{"b":1.50},null,true]}`, `[{"question":"A?","answer":"<p>B</p>"}]`, `[{"name":"x","body":"<a href=\"/y\">z"}]`, "{}\n{}", `{"a":`, `[[[[1]]]]`, `{"mainEntity":{"name":"Q?","acceptedAnswer":{"text":"A"}}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkParse(t, ParseJSON, data) })
}

func FuzzParseXML(f *testing.F) {
	for _, s := range []string{`<?xml version="1.0" encoding="latin1"?><a b="c">d<e/>f</a>`, `<rss><channel><title>t</title><item><link>http://x</link><description>&lt;p&gt;x</description></item></channel></rss>`, `<feed><entry><title>t</title><content type="xhtml"><div>x</div></content></entry></feed>`, `<article><title>t</title><section><para>x<link href="y">z</link></para><table><thead><row><entry>h</entry></row></thead><tbody><row><entry>v</entry></row></tbody></table></section></article>`, `<urlset><url><loc>x</loc></url></urlset>`, `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, `<faq><question>a</question><answer>b</answer></faq>`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkParse(t, ParseXML, data) })
}
