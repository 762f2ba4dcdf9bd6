package office

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// fuzzLimits keep one run short.
var fuzzLimits = Limits{MaxInput: 1 << 20, MaxPart: 1 << 20, MaxTotal: 4 << 20, MaxElements: 100_000, MaxCells: 20_000, MaxText: 1 << 20}

// check holds for every input: a document with blocks or a typed error, never
// both, and no panic behind the error.
func check(t *testing.T, doc *knowledge.Document, err error) {
	t.Helper()
	if err == nil {
		if doc == nil || len(doc.Blocks) == 0 {
			t.Fatal("no error and no text")
		}
		return
	}
	if doc != nil {
		t.Fatal("a document with an error")
	}
	for _, e := range []error{knowledge.ErrNoText, knowledge.ErrMalformed, knowledge.ErrUnsupported, knowledge.ErrEncrypted, knowledge.ErrTooLarge} {
		if errors.Is(err, e) && !strings.Contains(err.Error(), "parser failed") {
			return
		}
	}
	t.Fatal(err)
}

// FuzzParseDOCX changes whole files and, as a checksum protects parts, the body
// of a document as well.
func FuzzParseDOCX(f *testing.F) {
	f.Add(docx(f, p("Text")), p("Text"))
	f.Add(oleFile("EncryptedPackage"), item("1", "0", "one")+item("2", "1", "two"))
	f.Add([]byte("PK\x05\x06"), table(`<w:tblLook w:val="04A0"/>`, row("", cell(`<w:gridSpan w:val="2"/>`, p("a"))), row("", cell(`<w:vMerge/>`, p("b")), cell("", p("c")))))
	f.Add([]byte{}, `<w:p><m:oMath><m:f><m:num>`+mr("a")+`</m:num></m:f></m:oMath>`+fieldMark("begin")+fieldMark("separate")+fieldMark("end")+`</w:p>`)
	f.Add([]byte{}, `<w:p><w:r><w:drawing><wp:inline><wp:docPr descr="x"/><c:chart r:id="c"/><dgm:relIds r:dm="d"/></wp:inline></w:drawing><w:footnoteReference w:id="1"/></w:r></w:p>`)
	f.Fuzz(func(t *testing.T, file []byte, body string) {
		doc, err := ParseDOCX(context.Background(), "fuzz", file, fuzzLimits)
		check(t, doc, err)
		data := wordParts(body, []string{"s styles styles.xml", "n numbering numbering.xml", "c chart c.xml", "d diagramData d.xml"},
			part{"word/styles.xml", testStyles}, part{"word/numbering.xml", testNumbering}, part{"word/c.xml", testChart}, part{"word/d.xml", testDiagram}).zip(t)
		doc, err = ParseDOCX(context.Background(), "fuzz", data, fuzzLimits)
		check(t, doc, err)
	})
}

func FuzzParsePPTX(f *testing.F) {
	f.Add(slideParts([]string{slide("", shape(`type="title"`, ap("", "x")))}, nil).zip(f), shape(`idx="1"`, ap(`<a:pPr lvl="3"><a:buAutoNum type="romanLcPeriod" startAt="9"/></a:pPr>`, "x")))
	f.Add([]byte{}, frame(`<a:tbl><a:tr><a:tc hMerge="1"/><a:tc vMerge="1"><a:txBody>`+ap("", "x")+`</a:txBody></a:tc></a:tr></a:tbl>`))
	f.Add([]byte{}, frame(`<c:chart r:id="c"/>`)+frame(`<dgm:relIds r:dm="d"/>`)+`<p:grpSp>`+shape("", ap("", "x"))+`</p:grpSp>`)
	f.Fuzz(func(t *testing.T, file []byte, shapes string) {
		doc, err := ParsePPTX(context.Background(), "fuzz", file, fuzzLimits)
		check(t, doc, err)
		data := slideParts([]string{slide("", shapes)}, []string{"c chart c.xml", "d diagramData d.xml"},
			part{"ppt/slides/c.xml", testChart}, part{"ppt/slides/d.xml", testDiagram}).zip(t)
		doc, err = ParsePPTX(context.Background(), "fuzz", data, fuzzLimits)
		check(t, doc, err)
	})
}

// BenchmarkParseDOCX counts bytes of the document's XML.
func BenchmarkParseDOCX(b *testing.B) {
	var sb strings.Builder
	for i := range 2000 {
		sb.WriteString(p(fmt.Sprintf("Paragraph %d says that parcels are sent on the same day when ordered before noon.", i)))
		sb.WriteString(item("1", "0", "A point of the list"))
		if i%20 == 0 {
			sb.WriteString(table("", row("", cell("", p("Country")), cell("", p("Days"))), row("", cell("", p("Denmark")), cell("", p("2")))))
		}
	}
	body := sb.String()
	data := wordParts(body, []string{"s styles styles.xml", "n numbering numbering.xml"}, part{"word/styles.xml", testStyles}, part{"word/numbering.xml", testNumbering}).zip(b)
	benchmark(b, ParseDOCX, data, len(body))
}

// BenchmarkParsePPTX counts bytes of the slides' XML.
func BenchmarkParsePPTX(b *testing.B) {
	var slides []string
	size := 0
	for i := range 100 {
		points := make([]string, 20)
		for j := range points {
			points[j] = ap("", fmt.Sprintf("Point %d of slide %d about delivery and returns", j, i))
		}
		s := slide("", shape(`type="title"`, ap("", "A slide")), shape(`idx="1"`, points...))
		size += len(s)
		slides = append(slides, s)
	}
	benchmark(b, ParsePPTX, slideParts(slides, nil).zip(b), size)
}

func benchmark(b *testing.B, parse parser, data []byte, size int) {
	b.SetBytes(int64(size))
	b.ReportAllocs()
	lim := Limits{MaxRatio: 1 << 20}
	for b.Loop() {
		if _, err := parse(context.Background(), "bench", data, lim); err != nil {
			b.Fatal(err)
		}
	}
}
