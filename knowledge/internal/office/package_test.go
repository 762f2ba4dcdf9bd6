package office

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

const (
	declaration = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`
	wordSpaces  = ` xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"` +
		` xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"` +
		` xmlns:wp="urn:wp" xmlns:wps="urn:wps" xmlns:a="urn:a" xmlns:c="urn:c" xmlns:dgm="urn:dgm" xmlns:v="urn:v"`
	slideSpaces = ` xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="urn:a" xmlns:c="urn:c" xmlns:dgm="urn:dgm"` +
		` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:mc="urn:mc"`
	relationTypes = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
)

// parts is a package in the making: part names and contents in order.
type parts []part

type part struct{ name, content string }

func (ps parts) zip(t testing.TB) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, p := range ps {
		w, err := z.Create(p.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(p.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// rels writes a relationship part; each is "id kind target", an external one
// has a fourth word.
func rels(all ...string) string {
	var sb strings.Builder
	sb.WriteString(declaration + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for _, r := range all {
		f := strings.Fields(r)
		mode := ""
		if len(f) > 3 {
			mode = ` TargetMode="External"`
		}
		fmt.Fprintf(&sb, `<Relationship Id="%s" Type="%s%s" Target="%s"%s/>`, f[0], relationTypes, f[1], f[2], mode)
	}
	return sb.String() + `</Relationships>`
}

// wordParts makes a Word package of a body and of other parts with their
// relationships from the document.
func wordParts(body string, relations []string, others ...part) parts {
	return append(parts{
		{"_rels/.rels", rels("r1 officeDocument word/document.xml", "r2 core-properties docProps/core.xml")},
		{"word/document.xml", declaration + `<w:document` + wordSpaces + `><w:body>` + body + `</w:body></w:document>`},
		{"word/_rels/document.xml.rels", rels(relations...)},
	}, others...)
}

func docx(t testing.TB, body string) []byte { return wordParts(body, nil).zip(t) }

// p is a paragraph of one run.
func p(text string) string { return styled("", text) }

// styled is a paragraph with properties.
func styled(properties, text string) string {
	return `<w:p><w:pPr>` + properties + `</w:pPr><w:r><w:t xml:space="preserve">` + text + `</w:t></w:r></w:p>`
}

// slideParts makes a presentation of slides; relations and others belong to the
// first slide.
func slideParts(slides []string, relations []string, others ...part) parts {
	ps := parts{{"_rels/.rels", rels("r1 officeDocument ppt/presentation.xml", "r2 core-properties docProps/core.xml")}}
	var ids strings.Builder
	var own []string
	for i, s := range slides {
		fmt.Fprintf(&ids, `<p:sldId id="%d" r:id="s%d"/>`, 256+i, i)
		// File names run against the order, which must not matter.
		name := fmt.Sprintf("slide%d.xml", len(slides)-i)
		own = append(own, fmt.Sprintf("s%d slide slides/%s", i, name))
		ps = append(ps, part{"ppt/slides/" + name, declaration + s})
		if i == 0 {
			ps = append(ps, part{"ppt/slides/_rels/" + name + ".rels", rels(relations...)})
		}
	}
	ps = append(ps,
		part{"ppt/presentation.xml", declaration + `<p:presentation` + slideSpaces + `><p:sldIdLst>` + ids.String() + `</p:sldIdLst></p:presentation>`},
		part{"ppt/_rels/presentation.xml.rels", rels(own...)})
	return append(ps, others...)
}

// slide is a slide of shapes.
func slide(attributes string, shapes ...string) string {
	return `<p:sld` + slideSpaces + attributes + `><p:cSld><p:spTree>` + strings.Join(shapes, "") + `</p:spTree></p:cSld></p:sld>`
}

// shape is a shape with paragraphs; placeholder is the ph element's attributes,
// empty for none.
func shape(placeholder string, paragraphs ...string) string {
	ph := ""
	if placeholder != "" {
		ph = `<p:ph ` + placeholder + `/>`
	}
	return `<p:sp><p:nvSpPr><p:cNvPr id="1" name="n"/><p:nvPr>` + ph + `</p:nvPr></p:nvSpPr><p:txBody>` + strings.Join(paragraphs, "") + `</p:txBody></p:sp>`
}

// ap is a DrawingML paragraph.
func ap(properties, text string) string {
	return `<a:p>` + properties + `<a:r><a:t>` + text + `</a:t></a:r></a:p>`
}

func mustParse(t testing.TB, parse parser, data []byte) *knowledge.Document {
	t.Helper()
	doc, err := parse(context.Background(), "test", data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// outline writes a document's blocks one a line: kind, level and text.
func outline(doc *knowledge.Document) string {
	var sb strings.Builder
	for _, b := range doc.Blocks {
		sb.WriteString(b.Kind.String())
		if b.Level > 0 {
			fmt.Fprintf(&sb, " %d", b.Level)
		}
		if b.Kind == knowledge.Note {
			fmt.Fprintf(&sb, " [%s]", b.Label)
		}
		sb.WriteString(": " + b.String() + "\n")
	}
	return sb.String()
}

func lines(all ...string) string { return strings.Join(all, "\n") + "\n" }

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
