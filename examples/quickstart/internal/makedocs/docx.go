package main

import (
	"strconv"
	"strings"
)

const wordNamespace = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`

// renderDOCX makes a Word document with a title, heading and list styles,
// numbering definitions and bordered tables.
func renderDOCX(doc paper) ([]byte, error) {
	a := newArchive()
	a.add("[Content_Types].xml", contentTypes(
		[2]string{"/word/document.xml", "wordprocessingml.document.main"},
		[2]string{"/word/styles.xml", "wordprocessingml.styles"},
		[2]string{"/word/numbering.xml", "wordprocessingml.numbering"}))
	a.add("_rels/.rels", relationships([2]string{"officeDocument", "word/document.xml"}, [2]string{"core-properties", "docProps/core.xml"}))
	a.add("docProps/core.xml", core(doc))
	a.add("word/_rels/document.xml.rels", relationships([2]string{"styles", "styles.xml"}, [2]string{"numbering", "numbering.xml"}))
	a.add("word/styles.xml", wordStyles(doc.language))
	a.add("word/numbering.xml", wordNumbering)
	a.add("word/document.xml", wordDocument(doc))
	return a.close()
}

func wordDocument(doc paper) string {
	var sb strings.Builder
	sb.WriteString(`<w:document ` + wordNamespace + `><w:body>`)
	sb.WriteString(wordParagraph("Title", "", doc.title))
	for _, p := range doc.parts {
		switch p.kind {
		case heading:
			sb.WriteString(wordParagraph("Heading1", "", p.text))
		case bullet:
			sb.WriteString(wordParagraph("ListParagraph", "1", p.text))
		case numbered:
			sb.WriteString(wordParagraph("ListParagraph", "2", p.text))
		case table:
			sb.WriteString(wordTable(p.rows))
		default:
			sb.WriteString(wordParagraph("", "", p.text))
		}
	}
	sb.WriteString(`<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440" w:header="708" w:footer="708" w:gutter="0"/></w:sectPr>`)
	sb.WriteString(`</w:body></w:document>`)
	return sb.String()
}

// wordParagraph renders one paragraph; an empty style is the default one, an
// empty list no list.
func wordParagraph(style, list, text string) string {
	var props string
	if style != "" {
		props = `<w:pStyle w:val="` + style + `"/>`
	}
	if list != "" {
		props += `<w:numPr><w:ilvl w:val="0"/><w:numId w:val="` + list + `"/></w:numPr>`
	}
	if props != "" {
		props = `<w:pPr>` + props + `</w:pPr>`
	}
	return `<w:p>` + props + `<w:r><w:t xml:space="preserve">` + escape(text) + `</w:t></w:r></w:p>`
}

func wordTable(rows [][]string) string {
	var sb strings.Builder
	sb.WriteString(`<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid>`)
	width := strconv.Itoa(9026 / len(rows[0]))
	for range rows[0] {
		sb.WriteString(`<w:gridCol w:w="` + width + `"/>`)
	}
	sb.WriteString(`</w:tblGrid>`)
	for i, cells := range rows {
		sb.WriteString(`<w:tr>`)
		if i == 0 {
			sb.WriteString(`<w:trPr><w:tblHeader/></w:trPr>`)
		}
		for _, c := range cells {
			sb.WriteString(`<w:tc><w:tcPr><w:tcW w:w="` + width + `" w:type="dxa"/></w:tcPr>` + wordParagraph("", "", c) + `</w:tc>`)
		}
		sb.WriteString(`</w:tr>`)
	}
	sb.WriteString(`</w:tbl><w:p/>`)
	return sb.String()
}

func wordStyles(language string) string {
	return `<w:styles ` + wordNamespace + `>` +
		`<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri"/><w:sz w:val="22"/><w:lang w:val="` + language + `"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="160"/></w:pPr></w:pPrDefault></w:docDefaults>` +
		`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:rPr><w:b/><w:sz w:val="40"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/><w:sz w:val="28"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="ListParagraph"><w:name w:val="List Paragraph"/><w:basedOn w:val="Normal"/><w:pPr><w:ind w:left="720"/></w:pPr></w:style>` +
		`<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:tblPr><w:tblBorders><w:top w:val="single" w:sz="4"/><w:left w:val="single" w:sz="4"/><w:bottom w:val="single" w:sz="4"/><w:right w:val="single" w:sz="4"/><w:insideH w:val="single" w:sz="4"/><w:insideV w:val="single" w:sz="4"/></w:tblBorders></w:tblPr></w:style>` +
		`</w:styles>`
}

const wordNumbering = `<w:numbering ` + wordNamespace + `>` +
	`<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/><w:lvlJc w:val="left"/></w:lvl></w:abstractNum>` +
	`<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/><w:lvlJc w:val="left"/></w:lvl></w:abstractNum>` +
	`<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num></w:numbering>`
