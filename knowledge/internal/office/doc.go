// Package office reads Word documents (docx) and PowerPoint presentations
// (pptx) into a [knowledge.Document].
//
// What a reader of the document sees is kept: paragraphs, headings, lists with
// their markers, tables, footnotes and endnotes, text boxes, formulas in a
// linear notation, the data of charts and the text of diagrams. Descriptions
// stand for the pictures of Word documents; those of slides, which PowerPoint
// writes by itself, are left out. Word, HTML and text documents embedded in a
// Word document are read in their place, other formats are left out. Speaker
// notes are kept as notes.
//
// Deleted text, hidden text, hidden slides and shapes, comments, field
// instructions, headers, footers, dates and slide numbers are left out.
//
// Title, language and dates are those of the core properties. Without a title
// there, a paragraph in the style for titles or the first slide's title is
// taken. A part that is broken and holds text fails the document; one that only
// bears on how text is shown is done without.
//
// Both parsers depend on their arguments alone and are safe for concurrent use.
package office
