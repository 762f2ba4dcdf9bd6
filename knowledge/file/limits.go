package file

import (
	"github.com/kundeagent/kundeagent/knowledge/internal/charset"
	"github.com/kundeagent/kundeagent/knowledge/internal/datadoc"
	"github.com/kundeagent/kundeagent/knowledge/internal/htmldoc"
	"github.com/kundeagent/kundeagent/knowledge/internal/office"
	"github.com/kundeagent/kundeagent/knowledge/internal/pdfdoc"
	"github.com/kundeagent/kundeagent/knowledge/internal/textdoc"
)

// Limits bound what one file may cost. A zero field means its default. They
// count work and not time, so that a file that passes once always passes.
// Passing one is an error that wraps [knowledge.ErrTooLarge].
type Limits struct {
	// MaxBytes is the largest file in bytes. Default 32 MiB for pdf, docx,
	// pptx, txt and conf, 16 MiB for csv, json and xml, 8 MiB for html, 2 MiB
	// for md and rst.
	MaxBytes int
	// MaxText is the largest text of a document in bytes. Default 8 MiB; 10 MiB
	// for pdf, 32 MiB for txt and conf.
	MaxText int

	PDFPages     int // pages; default 2,000
	PDFOperators int // drawing operators over all pages; default 3,000,000
	PDFStream    int // bytes of one unpacked stream; default 64 MiB

	ZipEntries int // entries of a docx or pptx; default 2,000
	ZipPart    int // bytes of one unpacked part; default 64 MiB
	ZipTotal   int // bytes unpacked in all; default 256 MiB
	ZipRatio   int // unpacked to packed, for parts over 1 MiB; default 200

	HTMLNodes  int // elements; default 300,000
	CSVColumns int // columns of a row; default 1,000
	CSVCell    int // bytes of a cell; default 64 KiB
	JSONDepth  int // nesting; default 500
	XMLDepth   int // nesting; default 200
	TextDepth  int // nesting of lists and quotes in md and rst, beyond which it is plain text; default 100
}

func (l Limits) pdf() pdfdoc.Limits {
	return pdfdoc.Limits{MaxBytes: l.MaxBytes, MaxPages: l.PDFPages, MaxOperators: l.PDFOperators, MaxText: l.MaxText, MaxStream: l.PDFStream}
}

func (l Limits) office() office.Limits {
	return office.Limits{MaxInput: l.MaxBytes, MaxEntries: l.ZipEntries, MaxPart: l.ZipPart, MaxTotal: l.ZipTotal, MaxRatio: l.ZipRatio, MaxText: l.MaxText}
}

func (l Limits) html() htmldoc.Limits {
	return htmldoc.Limits{MaxBytes: l.MaxBytes, MaxNodes: l.HTMLNodes, MaxText: l.MaxText}
}

func (l Limits) text() textdoc.Limits {
	return textdoc.Limits{MaxInput: l.MaxBytes, MaxText: l.MaxText, MaxDepth: l.TextDepth}
}

func (l Limits) data() datadoc.Limits {
	return datadoc.Limits{
		MaxInput: l.MaxBytes, MaxText: l.MaxText, MaxColumns: l.CSVColumns, MaxCell: l.CSVCell,
		MaxJSONDepth: l.JSONDepth, MaxXMLDepth: l.XMLDepth, Decode: decode,
	}
}

// decode is package charset as the parsers take it.
func decode(data []byte, declared string) (string, error) {
	text, _, err := charset.Decode(data, declared)
	return text, err
}
