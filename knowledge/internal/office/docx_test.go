package office

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

const testStyles = `<w:styles` + wordSpaces + `>
<w:style w:type="paragraph" w:default="1" w:styleId="Standard"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Eigene"><w:name w:val="Meine Stufe"/><w:basedOn w:val="berschrift2"/></w:style>
<w:style w:type="paragraph" w:styleId="Gliederung"><w:name w:val="Kapitel"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="Zitat"><w:name w:val="Quote"/></w:style>
<w:style w:type="paragraph" w:styleId="Quelltext"><w:name w:val="Source Code"/></w:style>
<w:style w:type="paragraph" w:styleId="Ring1"><w:name w:val="a"/><w:basedOn w:val="Ring2"/></w:style>
<w:style w:type="paragraph" w:styleId="Ring2"><w:name w:val="b"/><w:basedOn w:val="Ring1"/></w:style>
<w:style w:type="paragraph" w:styleId="Punkt"><w:name w:val="Punkt"/><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>
<w:style w:type="character" w:styleId="Versteckt"><w:name w:val="hidden"/><w:rPr><w:vanish/></w:rPr></w:style>
</w:styles>`

func withStyles(t *testing.T, body string) *knowledge.Document {
	t.Helper()
	return mustParse(t, ParseDOCX, wordParts(body, []string{"s styles styles.xml", "n numbering numbering.xml"},
		part{"word/styles.xml", testStyles}, part{"word/numbering.xml", testNumbering}).zip(t))
}

func TestDOCXHeadingsFollowStyleNamesInAnyLanguage(t *testing.T) {
	style := func(id string) string { return `<w:pStyle w:val="` + id + `"/>` }
	doc := withStyles(t, styled(style("Titel"), "Handbuch")+styled(style("berschrift2"), "Versand")+
		styled(style("Eigene"), "Ausland")+styled(style("Gliederung"), "Zoll")+
		styled(`<w:outlineLvl w:val="3"/>`, "Eigenes Niveau")+styled(style("berschrift2")+`<w:outlineLvl w:val="9"/>`, "Textebene")+
		styled(style("Zitat"), "Ein Satz.")+styled(style("Ring1"), "Im Kreis")+p("Text."))
	same(t, outline(doc), lines("heading 1: Handbuch", "heading 2: Versand", "heading 2: Ausland", "heading 3: Zoll",
		"heading 4: Eigenes Niveau", "paragraph: Textebene", "quote: Ein Satz.", "paragraph: Im Kreis", "paragraph: Text."))
	if doc.Title != "Handbuch" {
		t.Errorf("title %q", doc.Title)
	}
}

func TestDOCXJoinsCodeParagraphs(t *testing.T) {
	code := `<w:pStyle w:val="Quelltext"/>`
	doc := withStyles(t, p("Vorher")+styled(code, "if a {")+styled(code, "  b()")+styled(code, "}")+p("Nachher"))
	same(t, outline(doc), lines("paragraph: Vorher", "code: if a {\n  b()\n}", "paragraph: Nachher"))
}

const testNumbering = `<w:numbering` + wordSpaces + `>
<w:abstractNum w:abstractNumId="10">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%2)"/></w:lvl>
<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2.%3"/><w:isLgl/></w:lvl>
</w:abstractNum>
<w:abstractNum w:abstractNumId="11"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="&#xF0B7;"/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/><w:lvlText w:val="–"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="12"><w:lvl w:ilvl="0"><w:start w:val="4"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="(%1)"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="10"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="11"/></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="12"/></w:num>
<w:num w:numId="4"><w:abstractNumId w:val="10"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>
</w:numbering>`

func item(num, level, text string) string {
	return styled(`<w:numPr><w:ilvl w:val="`+level+`"/><w:numId w:val="`+num+`"/></w:numPr>`, text)
}

func TestDOCXListMarkersAreTheOnesAReaderSees(t *testing.T) {
	doc := withStyles(t, item("1", "0", "one")+item("1", "1", "sub a")+item("1", "1", "sub b")+item("1", "2", "deep")+p("between")+
		item("1", "0", "two")+item("1", "1", "again a")+item("4", "0", "restarted")+item("4", "0", "goes on")+
		item("2", "0", "dot")+item("2", "1", "dash")+item("3", "0", "roman")+item("3", "0", "next")+
		styled(`<w:pStyle w:val="Punkt"/>`, "by style")+
		styled(`<w:pStyle w:val="Punkt"/><w:numPr><w:numId w:val="0"/></w:numPr>`, "switched off")+item("99", "0", "unknown list"))
	same(t, outline(doc), lines("list item 1: 1. one", "list item 2: a) sub a", "list item 2: b) sub b", "list item 3: 1.2.1 deep",
		"paragraph: between", "list item 1: 2. two", "list item 2: a) again a", "list item 1: 1. restarted", "list item 1: 2. goes on",
		"list item 1: • dot", "list item 2: – dash", "list item 1: (IV) roman", "list item 1: (V) next",
		"list item 1: • by style", "paragraph: switched off", "paragraph: unknown list"))
}

func TestDOCXNumberedHeadingsKeepTheirNumber(t *testing.T) {
	number := func(num string) string { return `<w:numPr><w:numId w:val="` + num + `"/></w:numPr>` }
	doc := withStyles(t, styled(`<w:pStyle w:val="berschrift2"/>`+number("3"), "Haftung")+styled(`<w:pStyle w:val="berschrift2"/>`+number("2"), "Punktiert"))
	same(t, outline(doc), lines("heading 2: (IV) Haftung", "heading 2: Punktiert"))
}

func TestNumberFormats(t *testing.T) {
	for _, c := range []struct {
		n      int
		format string
		want   string
	}{
		{1, "decimal", "1"}, {0, "decimal", "0"}, {7, "decimalZero", "07"}, {12, "decimalZero", "12"}, {27, "lowerLetter", "aa"},
		{26, "upperLetter", "Z"}, {1994, "lowerRoman", "mcmxciv"}, {0, "upperRoman", "0"}, {2_000_000_000, "upperRoman", "2000000000"},
		{2_000_000_000, "lowerLetter", "2000000000"}, {11, "ordinal", "11th"}, {22, "ordinal", "22nd"}, {3, "ordinal", "3rd"}, {21, "ordinal", "21st"},
		{3, "decimalEnclosedCircle", "③"}, {5, "chineseCounting", "5"}, {5, "none", ""},
	} {
		if got := formatNumber(c.n, c.format); got != c.want {
			t.Errorf("%d as %s: %q, want %q", c.n, c.format, got, c.want)
		}
	}
}

func TestDOCXKeepsWhatIsShownAndDropsWhatIsNot(t *testing.T) {
	run := func(text string) string { return `<w:r><w:t>` + text + `</w:t></w:r>` }
	for name, c := range map[string]struct{ inside, want string }{
		"inserted":          {`<w:ins>` + run("kept") + `</w:ins>`, "kept"},
		"moved here":        {`<w:moveTo>` + run("kept") + `</w:moveTo>`, "kept"},
		"smart tag":         {`<w:smartTag>` + run("kept") + `</w:smartTag>`, "kept"},
		"content control":   {`<w:sdt><w:sdtPr><w:alias w:val="x"/></w:sdtPr><w:sdtContent>` + run("kept") + `</w:sdtContent></w:sdt>`, "kept"},
		"simple field":      {`<w:fldSimple w:instr="AUTHOR">` + run("kept") + `</w:fldSimple>`, "kept"},
		"deleted":           {`<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>`, ""},
		"moved away":        {`<w:moveFrom>` + run("gone") + `</w:moveFrom>`, ""},
		"hidden":            {`<w:r><w:rPr><w:vanish/></w:rPr><w:t>gone</w:t></w:r>`, ""},
		"hidden switched":   {`<w:r><w:rPr><w:vanish w:val="false"/></w:rPr><w:t>kept</w:t></w:r>`, "kept"},
		"hidden by style":   {`<w:r><w:rPr><w:rStyle w:val="Versteckt"/></w:rPr><w:t>gone</w:t></w:r>`, ""},
		"comment mark":      {`<w:r><w:commentReference w:id="0"/></w:r>`, ""},
		"instruction":       {`<w:r><w:instrText>PAGE</w:instrText></w:r>`, ""},
		"phonetic guide":    {`<w:ruby><w:rt>` + run("gone") + `</w:rt><w:rubyBase>` + run("kept") + `</w:rubyBase></w:ruby>`, "kept"},
		"break and hyphen":  {`<w:r><w:t>a</w:t><w:br/><w:t>b</w:t><w:tab/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r>`, "a b c-d"},
		"symbols":           {`<w:r><w:sym w:font="Wingdings" w:char="F0FC"/><w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="Wingdings" w:char="F001"/></w:r>`, "✓α"},
		"alternatives":      {`<mc:AlternateContent><mc:Choice>` + run("new") + `</mc:Choice><mc:Fallback>` + run("old") + `</mc:Fallback></mc:AlternateContent>`, "new"},
		"picture":           {`<w:r><w:drawing><wp:inline><wp:docPr id="1" descr="The back of the router"/></wp:inline></w:drawing></w:r>`, "The back of the router"},
		"split word":        {run("for") + run("ward"), "forward"},
		"unknown container": {`<w:novelty>` + run("kept") + `</w:novelty>`, "kept"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := withStyles(t, p("before")+`<w:p>`+c.inside+`</w:p>`+p("after"))
			want := lines("paragraph: before", "paragraph: "+c.want, "paragraph: after")
			if c.want == "" {
				want = lines("paragraph: before", "paragraph: after")
			}
			same(t, outline(doc), want)
		})
	}
}

func fieldMark(kind string) string {
	return `<w:r><w:fldChar w:fldCharType="` + kind + `"/></w:r>`
}

func TestDOCXFieldsShowTheirResult(t *testing.T) {
	field := fieldMark("begin") + `<w:r><w:instrText> HYPERLINK "https://example.com/a" </w:instrText></w:r><w:r><w:t>never</w:t></w:r>` +
		fieldMark("separate") + `<w:r><w:t>the page</w:t></w:r>` + fieldMark("end")
	nested := fieldMark("begin") + `<w:r><w:instrText>IF </w:instrText></w:r>` + field + fieldMark("separate") + `<w:r><w:t>outer</w:t></w:r>` + fieldMark("end")
	broken := fieldMark("begin") + `<w:r><w:t>instruction</w:t></w:r>`
	doc := withStyles(t, `<w:p>`+field+`</w:p><w:p>`+nested+`</w:p><w:p>`+broken+`</w:p>`+p("still here"))
	same(t, outline(doc), lines("paragraph: the page", "paragraph: outer", "paragraph: still here"))
	if len(doc.Links) == 0 || doc.Links[0] != (knowledge.Link{URL: "https://example.com/a", Text: "the page"}) {
		t.Errorf("links %v", doc.Links)
	}
}

func TestDOCXLinksAreAddressesOnly(t *testing.T) {
	link := func(id, anchor, text string) string {
		return `<w:hyperlink r:id="` + id + `" w:anchor="` + anchor + `"><w:r><w:t>` + text + `</w:t></w:r></w:hyperlink>`
	}
	data := wordParts(`<w:p>`+link("a", "", "shop")+link("b", "top", "help")+link("c", "", "script")+link("d", "", "disk")+link("", "place", "inside")+`</w:p>`,
		[]string{"a hyperlink https://example.com/shop x", "b hyperlink https://example.com/help x", "c hyperlink javascript:alert(1) x", `d hyperlink file:///C:/x.doc x`}).zip(t)
	doc := mustParse(t, ParseDOCX, data)
	want := []knowledge.Link{{URL: "https://example.com/shop", Text: "shop"}, {URL: "https://example.com/help#top", Text: "help"}}
	if len(doc.Links) != 2 || doc.Links[0] != want[0] || doc.Links[1] != want[1] {
		t.Errorf("links %v, want %v", doc.Links, want)
	}
	same(t, outline(doc), lines("paragraph: shophelpscriptdiskinside"))
}

func cell(properties, content string) string {
	return `<w:tc><w:tcPr>` + properties + `</w:tcPr>` + content + `</w:tc>`
}

func row(properties string, cells ...string) string {
	return `<w:tr><w:trPr>` + properties + `</w:trPr>` + strings.Join(cells, "") + `</w:tr>`
}

func table(look string, rows ...string) string {
	return `<w:tbl><w:tblPr>` + look + `</w:tblPr>` + strings.Join(rows, "") + `</w:tbl>`
}

func TestDOCXTables(t *testing.T) {
	firstRow := `<w:tblLook w:val="04A0"/>`
	for name, c := range map[string]struct{ body, want string }{
		"declared header": {
			table("", row(`<w:tblHeader/>`, cell("", p("Size")), cell("", p("Price"))), row("", cell("", p("S")), cell("", p("5")))),
			lines("table header: Size | Price", "table row: S | 5"),
		},
		"header by look": {
			table(firstRow, row("", cell("", p("Size")), cell("", p("Price"))), row("", cell("", p("S")), cell("", p("5")))),
			lines("table header: Size | Price", "table row: S | 5"),
		},
		"numbers are no header": {
			table(firstRow, row("", cell("", p("S")), cell("", p("4,50"))), row("", cell("", p("M")), cell("", p("5")))),
			lines("table row: S | 4,50", "table row: M | 5"),
		},
		"one row is no header": {table(firstRow, row("", cell("", p("Size")), cell("", p("Price")))), lines("table row: Size | Price")},
		"merged down repeats": {
			table("", row("", cell(`<w:vMerge w:val="restart"/>`, p("DK")), cell("", p("Post"))), row("", cell(`<w:vMerge/>`, `<w:p/>`), cell("", p("Parcel")))),
			lines("table row: DK | Post", "table row: DK | Parcel"),
		},
		"merged across keeps the grid": {
			table("", row("", cell(`<w:gridSpan w:val="2"/>`, p("wide")), cell("", p("z"))), row(`<w:gridBefore w:val="1"/>`, cell("", p("y")), cell("", p("z")))),
			lines("table row: wide |  | z", "table row:  | y | z"),
		},
		"one column is layout": {table(firstRow, row("", cell("", p("first")+item("2", "0", "second")))), lines("paragraph: first", "list item 1: • second")},
		"nested": {
			table("", row("", cell("", p("a")+table("", row("", cell("", p("b")), cell("", p("c"))))), cell("", p("d")))),
			lines("table row: a b | c | d"),
		},
		"a page's columns are layout": {
			table("", row("", cell("", styled(`<w:pStyle w:val="berschrift2"/>`, "Left")+p("Text.")), cell("", item("2", "0", "right"))), row("", cell("", p("a")), cell("", p("b")))),
			lines("heading 2: Left", "paragraph: Text.", "list item 1: • right", "table row: a | b"),
		},
		"deleted row": {table("", row(`<w:del/>`, cell("", p("x")), cell("", p("y"))), row("", cell("", p("a")), cell("", p("b")))), lines("table row: a | b")},
		"controlled row": {
			table("", `<w:sdt><w:sdtContent>`+row("", `<w:sdt><w:sdtContent>`+cell("", p("a"))+`</w:sdtContent></w:sdt>`, cell("", p("b")))+`</w:sdtContent></w:sdt>`),
			lines("table row: a | b"),
		},
	} {
		t.Run(name, func(t *testing.T) { same(t, outline(withStyles(t, c.body)), c.want) })
	}
}

func TestDOCXRowsCarryTheirColumnNames(t *testing.T) {
	doc := withStyles(t, table("", row(`<w:tblHeader/>`, cell("", p("Price")), cell("", p("Price"))), row(`<w:tblHeader/>`, cell("", p("net")), cell("", p("gross"))),
		row("", cell("", p("4")), cell("", p("5")))))
	if got := strings.Join(doc.Blocks[2].Header, ", "); got != "Price net, Price gross" {
		t.Errorf("header %q", got)
	}
}

func TestDOCXNotesFollowTheirBlock(t *testing.T) {
	notes := `<w:footnotes` + wordSpaces + `><w:footnote w:type="separator" w:id="-1">` + p("rule") + `</w:footnote>` +
		`<w:footnote w:id="7"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t>Only in Denmark.</w:t></w:r></w:p></w:footnote>` +
		`<w:footnote w:id="8">` + p("Never referred to.") + `</w:footnote></w:footnotes>`
	ends := `<w:endnotes` + wordSpaces + `><w:endnote w:id="7">` + p("See there.") + `</w:endnote></w:endnotes>`
	body := `<w:p><w:r><w:t>Free return</w:t><w:footnoteReference w:id="7"/><w:t>always.</w:t></w:r></w:p>` +
		table("", row("", cell("", `<w:p><w:r><w:t>x</w:t><w:endnoteReference w:id="7"/></w:r></w:p>`), cell("", p("y"))), row("", cell("", p("v")), cell("", p("w"))))
	doc := mustParse(t, ParseDOCX, wordParts(body, []string{"f footnotes footnotes.xml", "e endnotes endnotes.xml"},
		part{"word/footnotes.xml", notes}, part{"word/endnotes.xml", ends}).zip(t))
	same(t, outline(doc), lines("paragraph: Free return (1) always.", "note [footnote]: (1) Only in Denmark.",
		"table row: x (2) | y", "table row: v | w", "note [endnote]: (2) See there."))
}

func TestDOCXTextBoxesStandAfterTheirParagraph(t *testing.T) {
	box := `<w:r><mc:AlternateContent><mc:Choice><w:drawing><wp:anchor><wps:txbx><w:txbxContent>` + p("boxed") + `</w:txbxContent></wps:txbx></wp:anchor></w:drawing></mc:Choice>` +
		`<mc:Fallback><w:pict><v:textbox><w:txbxContent>` + p("boxed") + `</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>`
	same(t, outline(withStyles(t, `<w:p>`+box+`<w:r><w:t>line</w:t></w:r></w:p>`)), lines("paragraph: line", "paragraph: boxed"))
}

func mr(text string) string { return `<m:r><m:t>` + text + `</m:t></m:r>` }

func TestDOCXMathIsReadable(t *testing.T) {
	for want, formula := range map[string]string{
		"x^2":              `<m:sSup><m:e>` + mr("x") + `</m:e><m:sup>` + mr("2") + `</m:sup></m:sSup>`,
		"a_(n+1) b":        `<m:sSub><m:e>` + mr("a") + `</m:e><m:sub>` + mr("n+1") + `</m:sub></m:sSub>` + mr("b"),
		"(a+b)/c":          `<m:f><m:num>` + mr("a+b") + `</m:num><m:den>` + mr("c") + `</m:den></m:f>`,
		"(n choose k)":     `<m:d><m:e><m:f><m:fPr><m:type m:val="noBar"/></m:fPr><m:num>` + mr("n") + `</m:num><m:den>` + mr("k") + `</m:den></m:f></m:e></m:d>`,
		"√(y)":             `<m:rad><m:deg/><m:e>` + mr("y") + `</m:e></m:rad>`,
		"root(3)(y)":       `<m:rad><m:deg>` + mr("3") + `</m:deg><m:e>` + mr("y") + `</m:e></m:rad>`,
		"∑_(n=1)^∞ a":      `<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>` + mr("n=1") + `</m:sub><m:sup>` + mr("∞") + `</m:sup><m:e>` + mr("a") + `</m:e></m:nary>`,
		"[1, 0; 0, 1]":     `<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr><m:e><m:m><m:mr><m:e>` + mr("1") + `</m:e><m:e>` + mr("0") + `</m:e></m:mr><m:mr><m:e>` + mr("0") + `</m:e><m:e>` + mr("1") + `</m:e></m:mr></m:m></m:e></m:d>`,
		"y=log x":          mr("y=") + `<m:func><m:fName>` + mr("log") + `</m:fName><m:e>` + mr("x") + `</m:e></m:func>`,
		"lim_(n→0)(1+n)^n": `<m:limLow><m:e>` + mr("lim") + `</m:e><m:lim>` + mr("n→0") + `</m:lim></m:limLow><m:sSup><m:e><m:d><m:e>` + mr("1+n") + `</m:e></m:d></m:e><m:sup>` + mr("n") + `</m:sup></m:sSup>`,
	} {
		doc := withStyles(t, `<w:p><m:oMathPara><m:oMath>`+formula+`</m:oMath></m:oMathPara></w:p>`)
		if got := textOf(doc); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestDOCXReadsWholeDocumentsInside(t *testing.T) {
	chunk := func(id string) string { return `<w:altChunk r:id="` + id + `"/>` }
	inner := string(docx(t, p("Inner word.")))
	page := "<html><head><title>never</title><style>p{}</style></head><body><p>Fish &amp; chips</p><script>never()</script><!-- never --><ul><li>one<li>two</ul></body></html>"
	doc := mustParse(t, ParseDOCX, wordParts(p("Outer.")+chunk("a")+chunk("b")+chunk("c")+chunk("d")+p("End."),
		[]string{"a aFChunk a.docx", "b aFChunk b.html", "c aFChunk c.txt", "d aFChunk d.rtf"},
		part{"word/a.docx", inner}, part{"word/b.html", page}, part{"word/c.txt", "plain\ntext"}, part{"word/d.rtf", `{\rtf1 never}`}).zip(t))
	same(t, outline(doc), lines("paragraph: Outer.", "paragraph: Inner word.", "paragraph: Fish & chips", "paragraph: one", "paragraph: two",
		"paragraph: plain", "paragraph: text", "paragraph: End."))
}

const testChart = `<c:chartSpace xmlns:c="urn:c" xmlns:a="urn:a"><c:chart><c:title><c:tx><c:rich>` + `<a:p><a:r><a:t>Returns</a:t></a:r></a:p>` + `</c:rich></c:tx></c:title>
<c:plotArea><c:barChart><c:ser><c:tx><c:strRef><c:f>Sheet1!B1</c:f><c:strCache><c:pt idx="0"><c:v>2025</c:v></c:pt></c:strCache></c:strRef></c:tx>
<c:cat><c:strRef><c:strCache><c:pt idx="0"><c:v>Shoes</c:v></c:pt><c:pt idx="1"><c:v>Bags</c:v></c:pt></c:strCache></c:strRef></c:cat>
<c:val><c:numRef><c:numCache><c:pt idx="0"><c:v>4.2999999999999998</c:v></c:pt><c:pt idx="1"><c:v>7</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>`

const testDiagram = `<dgm:dataModel xmlns:dgm="urn:dgm" xmlns:a="urn:a"><dgm:ptLst><dgm:pt modelId="0" type="doc"/>
<dgm:pt modelId="1"><dgm:t><a:p><a:r><a:t>Order</a:t></a:r></a:p></dgm:t></dgm:pt><dgm:pt modelId="2"><dgm:t><a:p><a:r><a:t>Ship</a:t></a:r></a:p></dgm:t></dgm:pt>
<dgm:pt modelId="3"><dgm:t><a:p><a:r><a:t>Pack</a:t></a:r></a:p></dgm:t></dgm:pt><dgm:pt modelId="4" type="pres"><dgm:t><a:p><a:r><a:t>never</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst>
<dgm:cxnLst><dgm:cxn srcId="0" destId="2" srcOrd="1"/><dgm:cxn srcId="0" destId="1" srcOrd="0"/><dgm:cxn srcId="1" destId="3" srcOrd="0"/><dgm:cxn srcId="3" destId="1" srcOrd="0"/></dgm:cxnLst></dgm:dataModel>`

func TestDOCXChartsAndDiagrams(t *testing.T) {
	body := `<w:p><w:r><w:drawing><wp:inline><a:graphic><a:graphicData><c:chart r:id="c"/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>` +
		`<w:p><w:r><w:drawing><wp:inline><a:graphic><a:graphicData><dgm:relIds r:dm="d"/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`
	doc := mustParse(t, ParseDOCX, wordParts(body, []string{"c chart charts/chart1.xml", "d diagramData diagrams/data1.xml"},
		part{"word/charts/chart1.xml", testChart}, part{"word/diagrams/data1.xml", testDiagram}).zip(t))
	same(t, outline(doc), lines("paragraph: Returns", "table header:  | 2025", "table row: Shoes | 4.3", "table row: Bags | 7",
		"list item 1: • Order", "list item 2: • Pack", "list item 1: • Ship"))
}

func TestDOCXDeclaredProperties(t *testing.T) {
	core := `<cp:coreProperties xmlns:cp="urn:cp" xmlns:dc="urn:dc" xmlns:dcterms="urn:dcterms"><dc:title> Terms  of sale </dc:title><dc:language>da-DK</dc:language>` +
		`<dcterms:created>2025-02-03T04:05:06Z</dcterms:created><dcterms:modified>yesterday</dcterms:modified></cp:coreProperties>`
	doc := mustParse(t, ParseDOCX, wordParts(p("Text"), nil, part{"docProps/core.xml", core}).zip(t))
	if doc.Title != "Terms of sale" || doc.Language != "da-DK" || !doc.Published.Equal(time.Date(2025, 2, 3, 4, 5, 6, 0, time.UTC)) || !doc.Modified.IsZero() {
		t.Errorf("%q %q %v %v", doc.Title, doc.Language, doc.Published, doc.Modified)
	}
}

func TestDOCXMainPartIsTheOneDeclared(t *testing.T) {
	other := declaration + `<x:document xmlns:x="http://purl.oclc.org/ooxml/wordprocessingml/main"><x:body><x:p><x:r><x:t>strict</x:t></x:r></x:p></x:body></x:document>`
	data := parts{{"_rels/.rels", rels("r1 officeDocument /odd/place.xml")}, {`odd\place.xml`, other},
		{"word/document.xml", `<w:document` + wordSpaces + `><w:body>` + p("decoy") + `</w:body></w:document>`}}.zip(t)
	same(t, outline(mustParse(t, ParseDOCX, data)), lines("paragraph: strict"))
}

func TestDOCXReadsUTF16Parts(t *testing.T) {
	text := `<?xml version="1.0" encoding="UTF-16"?><w:document` + wordSpaces + `><w:body>` + p("Größe") + `</w:body></w:document>`
	utf16 := []byte{0xFF, 0xFE}
	for _, r := range text {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	data := parts{{"_rels/.rels", rels("r1 officeDocument word/document.xml")}, {"word/document.xml", string(utf16)}}.zip(t)
	same(t, outline(mustParse(t, ParseDOCX, data)), lines("paragraph: Größe"))
}

func TestOutputIsTheSameEveryTime(t *testing.T) {
	data := wordParts(p("Text")+item("1", "0", "x"), []string{"s styles styles.xml", "n numbering numbering.xml", "c chart charts/chart1.xml"},
		part{"word/styles.xml", testStyles}, part{"word/numbering.xml", testNumbering}, part{"word/charts/chart1.xml", testChart}).zip(t)
	first := outline(mustParse(t, ParseDOCX, data))
	for range 20 {
		same(t, outline(mustParse(t, ParseDOCX, data)), first)
	}
}

// Formatting may be lost; text may not: a broken part with text is an error.
func TestBrokenSideParts(t *testing.T) {
	data := wordParts(p("Text survives."), []string{"s styles styles.xml", "n numbering numbering.xml", "f footnotes absent.xml"},
		part{"word/styles.xml", "<w:styles"}, part{"word/numbering.xml", "<a></b>"}, part{"docProps/core.xml", "<x"}).zip(t)
	same(t, outline(mustParse(t, ParseDOCX, data)), lines("paragraph: Text survives."))

	data = wordParts(p("Text."), []string{"f footnotes footnotes.xml"}, part{"word/footnotes.xml", "<w:footnotes"}).zip(t)
	if doc, err := ParseDOCX(context.Background(), "x", data, Limits{}); doc != nil || !errors.Is(err, knowledge.ErrMalformed) {
		t.Errorf("broken footnotes: %v", err)
	}
}

func TestErrorsAreTypedAndNameTheDocument(t *testing.T) {
	broken := wordParts("", nil)
	broken[1].content = broken[1].content[:len(broken[1].content)-20]
	for name, c := range map[string]struct {
		parse parser
		data  []byte
		want  error
	}{
		"empty docx":        {ParseDOCX, docx(t, `<w:p/>`), knowledge.ErrNoText},
		"empty pptx":        {ParsePPTX, slideParts([]string{slide("")}, nil).zip(t), knowledge.ErrNoText},
		"pptx as docx":      {ParseDOCX, slideParts([]string{slide("", shape("", ap("", "x")))}, nil).zip(t), knowledge.ErrUnsupported},
		"docx as pptx":      {ParsePPTX, docx(t, p("x")), knowledge.ErrUnsupported},
		"no bytes":          {ParseDOCX, nil, knowledge.ErrMalformed},
		"no zip":            {ParsePPTX, []byte("hello"), knowledge.ErrMalformed},
		"no main part":      {ParseDOCX, parts{{"a.txt", "x"}}.zip(t), knowledge.ErrMalformed},
		"main part cut off": {ParseDOCX, broken.zip(t), knowledge.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := c.parse(context.Background(), "offer.docx", c.data, Limits{})
			if doc != nil || !errors.Is(err, c.want) || !strings.Contains(err.Error(), "offer.docx") {
				t.Errorf("document %v, error %v, want %v", doc, err, c.want)
			}
		})
	}
}

func TestEndedContextStopsTheParser(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ParseDOCX(ctx, "x", docx(t, p("x")), Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("docx: %v", err)
	}
	if _, err := ParsePPTX(ctx, "x", slideParts([]string{slide("", shape("", ap("", "x")))}, nil).zip(t), Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("pptx: %v", err)
	}
}
