package main

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"strings"
	"time"
)

// paper is a document before it takes a format.
type paper struct {
	title    string
	language string // BCP 47
	modified time.Time
	parts    []part
}

type partKind int

const (
	heading partKind = iota
	paragraph
	bullet   // an unordered list item
	numbered // an ordered list item; consecutive ones count up
	table    // the first row holds the column names
)

// part is one block of a paper. Only tables have rows; all others have text.
type part struct {
	kind partKind
	text string
	rows [][]string
}

func h(text string) part       { return part{kind: heading, text: text} }
func p(text string) part       { return part{kind: paragraph, text: text} }
func li(text string) part      { return part{kind: bullet, text: text} }
func step(text string) part    { return part{kind: numbered, text: text} }
func grid(r ...[]string) part  { return part{kind: table, rows: r} }
func row(c ...string) []string { return c }

// archive is an Office package under construction. Parts are stored without
// compression and without times, so that equal content gives equal bytes with
// every version of the compressor.
type archive struct {
	buf bytes.Buffer
	zip *zip.Writer
	err error
}

func newArchive() *archive {
	a := &archive{}
	a.zip = zip.NewWriter(&a.buf)
	return a
}

const xmlDeclaration = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// add stores one XML part. The first error is kept for close.
func (a *archive) add(name, body string) {
	if a.err != nil {
		return
	}
	w, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err != nil {
		a.err = err
		return
	}
	_, a.err = w.Write([]byte(xmlDeclaration + body))
}

func (a *archive) close() ([]byte, error) {
	if a.err != nil {
		return nil, a.err
	}
	if err := a.zip.Close(); err != nil {
		return nil, err
	}
	return a.buf.Bytes(), nil
}

// core is the docProps/core.xml part both Office formats share.
func core(doc paper) string {
	when := doc.modified.UTC().Format(time.RFC3339)
	return `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<dc:title>` + escape(doc.title) + `</dc:title><dc:creator>Cykelhuset Nordhavn ApS</dc:creator><dc:language>` + doc.language + `</dc:language>` +
		`<dcterms:created xsi:type="dcterms:W3CDTF">` + when + `</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">` + when + `</dcterms:modified></cp:coreProperties>`
}

// relationships renders a .rels part; each link is {type suffix, target}, and
// the identifiers are rId1, rId2, ... in that order.
func relationships(links ...[2]string) string {
	var sb strings.Builder
	sb.WriteString(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for i, l := range links {
		kind := "http://schemas.openxmlformats.org/officeDocument/2006/relationships/" + l[0]
		if l[0] == "core-properties" {
			kind = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
		}
		sb.WriteString(`<Relationship Id="` + relID(i) + `" Type="` + kind + `" Target="` + l[1] + `"/>`)
	}
	sb.WriteString(`</Relationships>`)
	return sb.String()
}

// contentTypes renders [Content_Types].xml; each override is {part, type}.
func contentTypes(overrides ...[2]string) string {
	var sb strings.Builder
	sb.WriteString(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>`)
	sb.WriteString(`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>`)
	for _, o := range overrides {
		sb.WriteString(`<Override PartName="` + o[0] + `" ContentType="application/vnd.openxmlformats-officedocument.` + o[1] + `+xml"/>`)
	}
	sb.WriteString(`</Types>`)
	return sb.String()
}

func escape(s string) string {
	var sb strings.Builder
	if err := xml.EscapeText(&sb, []byte(s)); err != nil {
		return ""
	}
	return sb.String()
}
