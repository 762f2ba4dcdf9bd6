package office

import (
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

func TestPPTXSlidesInOrderWithoutHiddenOnes(t *testing.T) {
	data := slideParts([]string{
		slide("", shape(`type="ctrTitle"`, ap("", "Welcome")), shape(`type="subTitle" idx="1"`, ap("", "Spring"))),
		slide(` show="0"`, shape(`type="title"`, ap("", "Secret"))),
		slide("", shape("", ap("", "free text")), shape(`type="title"`, ap("", "Prices"))),
	}, nil).zip(t)
	doc := mustParse(t, ParsePPTX, data)
	same(t, outline(doc), lines("heading 1: Welcome", "paragraph: Spring", "heading 2: Prices", "paragraph: free text"))
	if doc.Title != "Welcome" {
		t.Errorf("title %q", doc.Title)
	}
}

func TestPPTXDropsWhatRepeatsOnEverySlide(t *testing.T) {
	data := slideParts([]string{slide("", shape(`type="sldNum"`, ap("", "7")), shape(`type="dt"`, ap("", "May")), shape(`type="ftr"`, ap("", "Inc.")),
		shape("", `<a:p><a:r><a:t>Page </a:t></a:r><a:fld type="slidenum"><a:t>7</a:t></a:fld></a:p>`),
		`<p:sp><p:nvSpPr><p:cNvPr id="9" name="x" hidden="1"/></p:nvSpPr><p:txBody>`+ap("", "switched off")+`</p:txBody></p:sp>`)}, nil).zip(t)
	same(t, outline(mustParse(t, ParsePPTX, data)), lines("paragraph: Page"))
}

func TestPPTXBulletsComeFromParagraphShapeOrLayout(t *testing.T) {
	layout := `<p:sldLayout` + slideSpaces + `><p:cSld><p:spTree>` +
		`<p:sp><p:nvSpPr><p:nvPr><p:ph type="body" idx="3"/></p:nvPr></p:nvSpPr><p:txBody><a:lstStyle><a:lvl1pPr><a:buNone/></a:lvl1pPr></a:lstStyle></p:txBody></p:sp></p:spTree></p:cSld></p:sldLayout>`
	numbered := func(level string) string {
		return `<a:pPr lvl="` + level + `"><a:buAutoNum type="alphaLcParenBoth"/></a:pPr>`
	}
	data := slideParts([]string{slide("",
		shape(`idx="1"`, ap("", "point"), ap(`<a:pPr lvl="1"/>`, "sub"), ap(`<a:pPr><a:buNone/></a:pPr>`, "plain"), ap(`<a:pPr><a:buChar char="–"/></a:pPr>`, "dash")),
		shape(`type="body" idx="3"`, ap("", "no bullet by layout"), ap(`<a:pPr lvl="1"/>`, "bullet below")),
		shape("", ap(numbered("0"), "first"), ap(numbered("1"), "inner"), ap(numbered("0"), "second"), ap("", "stop"), ap(numbered("0"), "anew")),
	)}, []string{"l slideLayout ../slideLayouts/l.xml"}, part{"ppt/slideLayouts/l.xml", layout}).zip(t)
	same(t, outline(mustParse(t, ParsePPTX, data)), lines("list item 1: • point", "list item 2: • sub", "paragraph: plain", "list item 1: – dash",
		"paragraph: no bullet by layout", "list item 2: • bullet below",
		"list item 1: (a) first", "list item 2: (a) inner", "list item 1: (b) second", "paragraph: stop", "list item 1: (a) anew"))
}

func frame(content string) string {
	return `<p:graphicFrame><a:graphic><a:graphicData>` + content + `</a:graphicData></a:graphic></p:graphicFrame>`
}

func TestPPTXTablesChartsDiagramsAndGroups(t *testing.T) {
	tc := func(attributes, text string) string {
		return `<a:tc` + attributes + `><a:txBody>` + ap("", text) + `</a:txBody></a:tc>`
	}
	tbl := `<a:tbl><a:tblPr firstRow="1"/><a:tr>` + tc(` gridSpan="2"`, "Size") + tc(` hMerge="1"`, "") + tc("", "Price") + `</a:tr><a:tr>` +
		tc(` rowSpan="2"`, "S") + tc("", "red") + tc("", "5") + `</a:tr><a:tr>` + tc(` vMerge="1"`, "") + tc("", "blue") + tc("", "6") + `</a:tr></a:tbl>`
	data := slideParts([]string{slide("", frame(tbl), `<p:grpSp>`+shape("", ap("", "grouped"))+`<p:grpSp>`+shape("", ap("", "deeper"))+`</p:grpSp></p:grpSp>`,
		`<mc:AlternateContent><mc:Choice>`+frame(`<c:chart r:id="c"/>`)+`</mc:Choice><mc:Fallback>`+shape("", ap("", "never"))+`</mc:Fallback></mc:AlternateContent>`,
		frame(`<dgm:relIds r:dm="d"/>`))},
		[]string{"c chart ../charts/c.xml", "d diagramData ../diagrams/d.xml"}, part{"ppt/charts/c.xml", testChart}, part{"ppt/diagrams/d.xml", testDiagram}).zip(t)
	doc := mustParse(t, ParsePPTX, data)
	same(t, outline(doc), lines("table header: Size | Size | Price", "table row: S | red | 5", "table row: S | blue | 6", "paragraph: grouped", "paragraph: deeper",
		"paragraph: Returns", "table header:  | 2025", "table row: Shoes | 4.3", "table row: Bags | 7", "list item 1: • Order", "list item 2: • Pack", "list item 1: • Ship"))
	if got := strings.Join(doc.Blocks[1].Header, ","); got != "Size,Size,Price" {
		t.Errorf("header %q", got)
	}
}

func TestPPTXSpeakerNotesAndLinks(t *testing.T) {
	notes := `<p:notes` + slideSpaces + `><p:cSld><p:spTree>` + shape(`type="sldImg"`) + shape(`type="body" idx="1"`, ap("", "Say hello."), ap("", "Smile.")) +
		shape(`type="sldNum"`, ap("", "1")) + `</p:spTree></p:cSld></p:notes>`
	link := `<a:p><a:r><a:rPr><a:hlinkClick r:id="h"/></a:rPr><a:t>our shop</a:t></a:r></a:p>`
	data := slideParts([]string{slide("", shape("", link))}, []string{"n notesSlide ../notesSlides/n.xml", "h hyperlink https://example.com/ x"},
		part{"ppt/notesSlides/n.xml", notes}).zip(t)
	doc := mustParse(t, ParsePPTX, data)
	same(t, outline(doc), lines("paragraph: our shop", "note [speaker notes]: Say hello.", "note [speaker notes]: Smile."))
	if len(doc.Links) != 1 || doc.Links[0] != (knowledge.Link{URL: "https://example.com/", Text: "our shop"}) {
		t.Errorf("links %v", doc.Links)
	}
}

func TestPPTXIgnoresTheTitleProgramsGive(t *testing.T) {
	core := func(title string) part {
		return part{"docProps/core.xml", `<cp:coreProperties xmlns:cp="urn:cp" xmlns:dc="urn:dc"><dc:title>` + title + `</dc:title></cp:coreProperties>`}
	}
	slides := []string{slide("", shape(`type="title"`, ap("", "Real")))}
	for title, want := range map[string]string{"PowerPoint-Präsentation": "Real", "PowerPoint Presentation": "Real", "How to use PowerPoint well": "How to use PowerPoint well"} {
		if doc := mustParse(t, ParsePPTX, slideParts(slides, nil, core(title)).zip(t)); doc.Title != want {
			t.Errorf("%q: title %q, want %q", title, doc.Title, want)
		}
	}
}
