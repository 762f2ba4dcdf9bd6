package knowledge

import (
	"strings"
	"time"
)

// Document is one piece of knowledge as its source published it: an article, a
// page, a file. It holds the document's tree in reading order as a flat slice
// of blocks; Block.Level gives the depth. A Document handed to this package is
// owned by it and must not be changed afterwards.
type Document struct {
	// ID is stable within the source: a path, a canonical URL, a host's key.
	ID string
	// URL is where a customer can read the document. Empty for a file that has
	// no public address; such a document is cited by Name.
	URL string
	// Name is what to call the document where it has no URL: a file name.
	Name string
	// Title is the document's own title, empty when it declares none.
	Title string
	// Language is the declared language as a BCP 47 tag, empty when undeclared.
	Language string
	// Published and Modified are as declared by the document, zero when not.
	Published, Modified time.Time
	// Links are the document's hyperlinks in reading order, absolute where the
	// document's address was known.
	Links []Link
	// Blocks is the content in reading order.
	Blocks []Block
}

// Link is one hyperlink of a document.
type Link struct {
	URL      string
	Text     string
	NoFollow bool // rel=nofollow on the link, or declared for the document
}

// BlockKind says what a Block is.
type BlockKind uint8

// The kinds of block. The zero kind is a paragraph.
const (
	Paragraph   BlockKind = iota
	Heading               // Level 1–6
	ListItem              // Level is the nesting depth from 1, Label the marker as a reader sees it ("•", "3.")
	TableHeader           // Cells are the column names
	TableRow              // Cells are the values, Header the column names where the table has them
	Code                  // Label is the language where declared; Text keeps its line breaks
	Quote                 // Text is the quotation
	Definition            // Label is the term, Text its explanation
	QA                    // Label is the question, Text the answer
	Note                  // Label is the kind: "note", "warning", "footnote", "speaker notes"
)

var blockKindNames = [...]string{"paragraph", "heading", "list item", "table header", "table row", "code", "quote", "definition", "question and answer", "note"}

// String returns the kind's name for logs and test failures.
func (k BlockKind) String() string {
	if int(k) < len(blockKindNames) {
		return blockKindNames[k]
	}
	return "unknown"
}

// Block is one node of a document: text that must not be torn apart without
// need. Text is plain text, whitespace collapsed except in Code.
type Block struct {
	Kind  BlockKind
	Level int
	Label string
	Text  string
	// Cells and Header belong to tables. Rows of one table share Header.
	Cells, Header []string
}

// String returns the block as a reader would see it, without its column names.
func (b Block) String() string {
	switch b.Kind {
	case TableHeader, TableRow:
		return strings.Join(b.Cells, " | ")
	case ListItem:
		return strings.TrimSpace(b.Label + " " + b.Text)
	case Definition, QA:
		return strings.TrimSpace(b.Label + "\n" + b.Text)
	default:
		return b.Text
	}
}

// PlainText returns the document's content as plain text, one block a
// paragraph, the title not repeated.
func (d *Document) PlainText() string {
	var sb strings.Builder
	for i, b := range d.Blocks {
		if i > 0 {
			sb.WriteByte('\n')
			if k := d.Blocks[i-1].Kind; b.Kind != k || k == Paragraph || k == Heading {
				sb.WriteByte('\n')
			}
		}
		sb.WriteString(b.String())
	}
	return sb.String()
}
