package main

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// Page measures in points, an A4 sheet.
const (
	pageWidth, pageHeight  = 595, 842
	margin                 = 64
	titleSize, headingSize = 20, 14
	textSize               = 11
)

// renderPDF makes a PDF 1.4 with the standard Helvetica fonts in WinAnsi
// encoding, uncompressed, one text operator a line.
func renderPDF(doc paper) ([]byte, error) {
	l := &layout{}
	l.newPage()
	l.write("F2", titleSize, margin, doc.title)
	count := 0
	for _, p := range doc.parts {
		if p.kind != numbered {
			count = 0
		}
		switch p.kind {
		case heading:
			l.space(textSize)
			l.write("F2", headingSize, margin, p.text)
		case bullet:
			l.item("•", p.text)
		case numbered:
			count++
			l.item(fmt.Sprintf("%d.", count), p.text)
		case table:
			l.table(p.rows)
		default:
			l.write("F1", textSize, margin, p.text)
		}
	}
	if l.err != nil {
		return nil, l.err
	}
	return assemblePDF(doc, l.pages)
}

// layout sets lines on pages from top to bottom.
type layout struct {
	pages []*bytes.Buffer
	y     float64
	err   error
}

func (l *layout) newPage() {
	l.pages = append(l.pages, &bytes.Buffer{})
	l.y = pageHeight - margin
}

func (l *layout) space(points float64) { l.y -= points }

// write sets text in lines that end at the right margin, then leaves a gap.
func (l *layout) write(font string, size, left float64, text string) {
	for _, line := range wrap(text, size, pageWidth-margin-left) {
		l.advance(size)
		l.show(font, size, left, line)
	}
	l.space(size * .6)
}

func (l *layout) item(label, text string) {
	lines := wrap(text, textSize, pageWidth-2*margin-18)
	for i, line := range lines {
		l.advance(textSize)
		if i == 0 {
			l.show("F1", textSize, margin, label)
		}
		l.show("F1", textSize, margin+18, line)
	}
	l.space(textSize * .4)
}

// table sets every row on one line, in columns of equal width.
func (l *layout) table(rows [][]string) {
	width := float64(pageWidth-2*margin) / float64(len(rows[0]))
	for i, cells := range rows {
		font := "F1"
		if i == 0 {
			font = "F2"
		}
		l.advance(textSize)
		for j, cell := range cells {
			if textWidth(cell, textSize) > width-6 {
				l.err = fmt.Errorf("table cell %q is too wide", cell)
			}
			l.show(font, textSize, margin+float64(j)*width, cell)
		}
	}
	l.space(textSize * .8)
}

// advance moves down to the next line, on a new page where this one is full.
func (l *layout) advance(size float64) {
	l.y -= size * 1.35
	if l.y < margin {
		l.newPage()
		l.y -= size * 1.35
	}
}

func (l *layout) show(font string, size, x float64, text string) {
	encoded, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		l.err = fmt.Errorf("encode %q: %w", text, err)
		return
	}
	fmt.Fprintf(l.pages[len(l.pages)-1], "BT /%s %g Tf 1 0 0 1 %.2f %.2f Tm %s Tj ET\n", font, size, x, l.y, literal(encoded))
}

// literal is a PDF string in parentheses.
func literal(s string) string {
	return "(" + strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`).Replace(s) + ")"
}

func wrap(text string, size, width float64) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && textWidth(line+" "+word, size) > width {
			lines = append(lines, line)
			line = word
			continue
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}

// helveticaWidths are the advance widths of the characters 32 to 126 in
// thousandths of the font size, from Adobe's published Helvetica metrics.
var helveticaWidths = [95]int{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
	556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
	556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
}

func runeWidth(r rune) int {
	switch {
	case r >= 32 && r < 127:
		return helveticaWidths[r-32]
	case r == 'Æ', r == '—':
		return 1000
	case r == 'æ':
		return 889
	case r == 'Ø':
		return 778
	case r == 'Å':
		return 667
	case r == 'ø':
		return 611
	case r == '•':
		return 350
	default:
		return 556
	}
}

func textWidth(s string, size float64) float64 {
	sum := 0
	for _, r := range s {
		sum += runeWidth(r)
	}
	return float64(sum) * size / 1000
}

// assemblePDF writes the objects, the cross-reference table and the trailer.
func assemblePDF(doc paper, pages []*bytes.Buffer) ([]byte, error) {
	const fixed = 5 // catalog, page tree, two fonts, information
	title, err := charmap.Windows1252.NewEncoder().String(doc.title)
	if err != nil {
		return nil, fmt.Errorf("encode %q: %w", doc.title, err)
	}
	var kids []string
	for i := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", fixed+1+2*i))
	}
	date := doc.modified.UTC().Format("20060102150405")
	objects := []string{
		fmt.Sprintf("<< /Type /Catalog /Pages 2 0 R /Lang %s >>", literal(doc.language)),
		fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(kids)),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
		fmt.Sprintf("<< /Title %s /Author (Cykelhuset Nordhavn ApS) /CreationDate (D:%sZ) /ModDate (D:%sZ) >>", literal(title), date, date),
	}
	for i, content := range pages {
		objects = append(objects,
			fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents %d 0 R >>", pageWidth, pageHeight, fixed+2+2*i),
			fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", content.Len(), content.String()))
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	var xref strings.Builder
	for i, o := range objects {
		fmt.Fprintf(&xref, "%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n%s", len(objects)+1, xref.String())
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes(), nil
}
