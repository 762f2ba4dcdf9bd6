package main

import (
	"fmt"
	"strconv"
	"strings"
)

const slideNamespaces = `xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"`

// slide is one page of a presentation: a heading of the paper with the texts
// that follow it.
type slide struct {
	title string
	lines []string
}

// renderPPTX makes a presentation with one layout: every heading of the paper
// begins a slide. Tables are not supported.
func renderPPTX(doc paper) ([]byte, error) {
	slides := []slide{{title: doc.title}}
	for _, p := range doc.parts {
		switch p.kind {
		case heading:
			slides = append(slides, slide{title: p.text})
		case table:
			return nil, fmt.Errorf("slide %q: tables are not supported", slides[len(slides)-1].title)
		default:
			last := &slides[len(slides)-1]
			last.lines = append(last.lines, p.text)
		}
	}
	a := newArchive()
	overrides := [][2]string{
		{"/ppt/presentation.xml", "presentationml.presentation.main"},
		{"/ppt/slideMasters/slideMaster1.xml", "presentationml.slideMaster"},
		{"/ppt/slideLayouts/slideLayout1.xml", "presentationml.slideLayout"},
		{"/ppt/theme/theme1.xml", "theme"},
	}
	links := [][2]string{{"slideMaster", "slideMasters/slideMaster1.xml"}}
	for i := range slides {
		name := "slides/slide" + strconv.Itoa(i+1) + ".xml"
		overrides = append(overrides, [2]string{"/ppt/" + name, "presentationml.slide"})
		links = append(links, [2]string{"slide", name})
	}
	a.add("[Content_Types].xml", contentTypes(overrides...))
	a.add("_rels/.rels", relationships([2]string{"officeDocument", "ppt/presentation.xml"}, [2]string{"core-properties", "docProps/core.xml"}))
	a.add("docProps/core.xml", core(doc))
	a.add("ppt/presentation.xml", presentation(len(slides)))
	a.add("ppt/_rels/presentation.xml.rels", relationships(links...))
	a.add("ppt/theme/theme1.xml", slideTheme)
	a.add("ppt/slideMasters/slideMaster1.xml", slideMaster)
	a.add("ppt/slideMasters/_rels/slideMaster1.xml.rels", relationships([2]string{"slideLayout", "../slideLayouts/slideLayout1.xml"}, [2]string{"theme", "../theme/theme1.xml"}))
	a.add("ppt/slideLayouts/slideLayout1.xml", `<p:sldLayout `+slideNamespaces+` type="obj"><p:cSld name="Title and Content">`+shapeTree("", nil, doc.language)+`</p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sldLayout>`)
	a.add("ppt/slideLayouts/_rels/slideLayout1.xml.rels", relationships([2]string{"slideMaster", "../slideMasters/slideMaster1.xml"}))
	for i, s := range slides {
		n := strconv.Itoa(i + 1)
		a.add("ppt/slides/slide"+n+".xml", `<p:sld `+slideNamespaces+`><p:cSld>`+shapeTree(s.title, s.lines, doc.language)+`</p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sld>`)
		a.add("ppt/slides/_rels/slide"+n+".xml.rels", relationships([2]string{"slideLayout", "../slideLayouts/slideLayout1.xml"}))
	}
	return a.close()
}

func relID(i int) string { return "rId" + strconv.Itoa(i+1) }

func presentation(slides int) string {
	var sb strings.Builder
	sb.WriteString(`<p:presentation ` + slideNamespaces + `><p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst><p:sldIdLst>`)
	for i := range slides {
		sb.WriteString(`<p:sldId id="` + strconv.Itoa(256+i) + `" r:id="` + relID(i+1) + `"/>`)
	}
	sb.WriteString(`</p:sldIdLst><p:sldSz cx="12192000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/></p:presentation>`)
	return sb.String()
}

// shapeTree renders a title placeholder and a body placeholder.
func shapeTree(title string, lines []string, language string) string {
	const group = `<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>`
	return `<p:spTree>` + group +
		shape(2, "Title 1", `<p:ph type="title"/>`, `<a:off x="838200" y="365125"/><a:ext cx="10515600" cy="1325563"/>`, []string{title}, language) +
		shape(3, "Content 2", `<p:ph idx="1"/>`, `<a:off x="838200" y="1825625"/><a:ext cx="10515600" cy="4351338"/>`, lines, language) +
		`</p:spTree>`
}

func shape(id int, name, placeholder, place string, lines []string, language string) string {
	var sb strings.Builder
	fmt.Fprintf(&sb, `<p:sp><p:nvSpPr><p:cNvPr id="%d" name="%s"/><p:cNvSpPr/><p:nvPr>%s</p:nvPr></p:nvSpPr>`, id, name, placeholder)
	sb.WriteString(`<p:spPr><a:xfrm>` + place + `</a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr><p:txBody><a:bodyPr/><a:lstStyle/>`)
	for _, l := range lines {
		if l == "" {
			continue
		}
		sb.WriteString(`<a:p><a:r><a:rPr lang="` + language + `"/><a:t>` + escape(l) + `</a:t></a:r></a:p>`)
	}
	if len(lines) == 0 || lines[0] == "" {
		sb.WriteString(`<a:p/>`)
	}
	sb.WriteString(`</p:txBody></p:sp>`)
	return sb.String()
}

var slideMaster = `<p:sldMaster ` + slideNamespaces + `><p:cSld><p:bg><p:bgRef idx="1001"><a:schemeClr val="bg1"/></p:bgRef></p:bg>` + shapeTree("", nil, "da-DK") + `</p:cSld>` +
	`<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"/>` +
	`<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst></p:sldMaster>`

var slideTheme = `<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="Cykelhuset"><a:themeElements>` +
	`<a:clrScheme name="Cykelhuset"><a:dk1><a:srgbClr val="14213D"/></a:dk1><a:lt1><a:srgbClr val="FFFFFF"/></a:lt1>` + colours("dk2", "lt2", "accent1", "accent2", "accent3", "accent4", "accent5", "accent6", "hlink", "folHlink") + `</a:clrScheme>` +
	`<a:fontScheme name="Cykelhuset"><a:majorFont><a:latin typeface="Calibri"/><a:ea typeface=""/><a:cs typeface=""/></a:majorFont><a:minorFont><a:latin typeface="Calibri"/><a:ea typeface=""/><a:cs typeface=""/></a:minorFont></a:fontScheme>` +
	`<a:fmtScheme name="Cykelhuset"><a:fillStyleLst>` + strings.Repeat(themeFill, 3) + `</a:fillStyleLst><a:lnStyleLst>` + strings.Repeat(`<a:ln w="6350">`+themeFill+`</a:ln>`, 3) + `</a:lnStyleLst><a:effectStyleLst>` + strings.Repeat(`<a:effectStyle><a:effectLst/></a:effectStyle>`, 3) + `</a:effectStyleLst><a:bgFillStyleLst>` + strings.Repeat(themeFill, 3) + `</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>`

const themeFill = `<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>`

// colours gives every named theme colour the company's blue.
func colours(names ...string) string {
	var sb strings.Builder
	for _, n := range names {
		sb.WriteString(`<a:` + n + `><a:srgbClr val="1D5C9B"/></a:` + n + `>`)
	}
	return sb.String()
}
