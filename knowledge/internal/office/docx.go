package office

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// ParseDOCX reads a Word document. Errors name the document and wrap
// [knowledge.ErrMalformed], [knowledge.ErrUnsupported], [knowledge.ErrEncrypted],
// [knowledge.ErrTooLarge] or [knowledge.ErrNoText], or ctx's error.
func ParseDOCX(ctx context.Context, name string, data []byte, lim Limits) (*knowledge.Document, error) {
	return guard(name, func() (*knowledge.Document, error) {
		b := &budget{ctx: ctx, lim: lim.withDefaults()}
		out := &build.Builder{MaxText: b.lim.MaxText}
		if err := readDocument(data, b, out, 0); err != nil {
			return nil, err
		}
		return finish(out, b)
	})
}

// guard names the document in errors and turns a panic into one, so that no
// document can end the program.
func guard(name string, parse func() (*knowledge.Document, error)) (doc *knowledge.Document, err error) {
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, malformed("%s: parser failed (%v)", name, p)
		}
	}()
	doc, err = parse()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return doc, nil
}

func finish(out *build.Builder, b *budget) (*knowledge.Document, error) {
	if err := errors.Join(out.Err(), b.failed); err != nil {
		return nil, err
	}
	if len(out.Doc.Blocks) == 0 {
		return nil, knowledge.ErrNoText
	}
	return &out.Doc, nil
}

// wordReader reads one Word document.
type wordReader struct {
	*container
	out       *build.Builder
	sink      *[]knowledge.Block // where a cell collects its blocks, nil at the top
	part      string
	rels      relationships
	styles    styles
	numbers   *numbering
	notes     *noteStore
	fields    []field
	code      []string // lines of the code block not yet emitted
	nesting   int      // of documents within documents
	inNote    bool
	cellNotes *[]pending // where notes of a table's cells wait for its end
}

// maxNesting is how deep documents may contain documents (altChunk).
const maxNesting = 3

// readDocument reads a package's main part into out.
func readDocument(data []byte, b *budget, out *build.Builder, nesting int) error {
	c, err := openContainer(data, b)
	if err != nil {
		return err
	}
	top, err := c.relationships("")
	if err != nil {
		return err
	}
	main := c.mainPart(top, "word/document.xml")
	if main == "" {
		return malformed("package has no main part")
	}
	w := &wordReader{container: c, out: out, part: main, nesting: nesting}
	if nesting == 0 {
		if err := c.readCore(top, &out.Doc); err != nil {
			return err
		}
	}
	if err := w.prepare(); err != nil {
		return err
	}
	root, err := c.stream(main, []string{"document", "body"}, func(n *node) error {
		return w.block(n)
	})
	if err != nil {
		return err
	}
	if root != "document" {
		return fmt.Errorf("main part %s is %q, not a Word document: %w", main, root, knowledge.ErrUnsupported)
	}
	w.flushCode()
	return w.out.Err()
}

// mainPart follows the package's relationships; usual stands in where they
// lead nowhere.
func (c *container) mainPart(top relationships, usual string) string {
	if main := top.first("officeDocument"); main != "" && c.has(main) {
		return main
	}
	if c.has(usual) {
		return usual
	}
	return ""
}

// prepare reads the parts that the body refers to.
func (w *wordReader) prepare() error {
	var err error
	if w.rels, err = w.relationships(w.part); err != nil {
		return err
	}
	if w.styles, err = w.readStyles(w.rels.first("styles")); err != nil && !recoverable(err) {
		return err
	}
	if w.numbers, err = w.readNumbering(w.rels.first("numbering")); err != nil && !recoverable(err) {
		return err
	}
	w.notes, err = w.readNotes(w.rels)
	return err
}

// recoverable tells whether a part that only bears on how text is shown may be
// done without. A part that holds text may not: the text would be incomplete.
func recoverable(err error) bool {
	return errors.Is(err, knowledge.ErrMalformed) || errors.Is(err, knowledge.ErrUnsupported)
}

// emit adds a block where the reader stands: to the document or to a cell.
func (w *wordReader) emit(b knowledge.Block) error {
	w.flushCode()
	return w.add(b)
}

func (w *wordReader) add(b knowledge.Block) error {
	if w.sink != nil {
		*w.sink = append(*w.sink, b)
		return w.budget.capture(len(b.String()))
	}
	w.out.Add(b)
	return w.out.Err()
}

// flushCode emits the lines of code collected from consecutive paragraphs.
func (w *wordReader) flushCode() {
	if len(w.code) > 0 {
		text := strings.Join(w.code, "\n")
		w.code = nil
		_ = w.add(knowledge.Block{Kind: knowledge.Code, Text: text}) // the limit shows in the next emit
	}
}

// blocks reads the children of a container of paragraphs.
func (w *wordReader) blocks(n *node) error {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if err := w.block(k); err != nil {
			return err
		}
	}
	return nil
}

// block reads one element at paragraph level. Wrappers such as content
// controls, insertions and custom XML are looked through.
func (w *wordReader) block(n *node) error {
	switch n.name {
	case "p":
		return w.paragraph(n)
	case "tbl":
		w.flushCode()
		return w.table(n)
	case "sdt":
		return w.blocks(n.kid("sdtContent"))
	case "altChunk":
		return w.altChunk(w.rels.byID(n.relation("id")))
	case "AlternateContent":
		return w.blocks(alternative(n))
	case "sdtPr", "pPr", "tblPr", "tcPr", "trPr", "background":
		return nil
	case "oMathPara", "oMath":
		return w.emit(knowledge.Block{Text: linearMath(n)})
	}
	return w.blocks(n)
}

// alternative picks the branch for readers that know the extension; the
// fallback repeats the same content in an older form.
func alternative(n *node) *node {
	if choice := n.kid("Choice"); choice != nil {
		return choice
	}
	return n.kid("Fallback")
}

// paragraph reads a w:p.
func (w *wordReader) paragraph(n *node) error {
	properties := n.kid("pPr")
	styleID := properties.val("pStyle")
	if styleID == "" {
		styleID = w.styles.defaultID
	}
	in := &inline{w: w}
	in.paragraphHidden, _ = w.styles.hidden(styleID)
	in.run(n)
	w.endInstructions()
	text := in.text.String()
	if w.styles.isCode(styleID) && w.sink == nil && strings.TrimSpace(text) != "" {
		w.code = append(w.code, strings.Trim(text, "\r\n"))
	} else if err := w.emitParagraph(properties, styleID, text); err != nil {
		return err
	}
	return w.emitPending(in.pending)
}

func (w *wordReader) emitParagraph(properties *node, styleID, text string) error {
	mark := properties.kid("rPr")
	empty := strings.TrimSpace(text) == ""
	if empty && (mark.kid("vanish") != nil || mark.kid("del") != nil) {
		return nil // what is not there is not numbered
	}
	level := w.headingLevel(properties, styleID)
	marker, depth, listed := w.marker(properties, styleID)
	switch {
	case empty:
		return nil
	case level > 0:
		w.declareTitle(styleID, text)
		return w.emit(knowledge.Block{Kind: knowledge.Heading, Level: level, Text: numbered(marker, text)})
	case listed:
		return w.emit(knowledge.Block{Kind: knowledge.ListItem, Level: depth, Label: marker, Text: text})
	case w.styles.isQuote(styleID):
		return w.emit(knowledge.Block{Kind: knowledge.Quote, Text: text})
	}
	return w.emit(knowledge.Block{Text: text})
}

// numbered puts a heading's number before it: other texts refer to it.
func numbered(marker, text string) string {
	if strings.ContainsFunc(marker, unicode.IsDigit) || strings.ContainsFunc(marker, unicode.IsLetter) {
		return marker + " " + text
	}
	return text
}

// declareTitle takes the first paragraph in the style for titles as the
// document's title where its properties name none.
func (w *wordReader) declareTitle(styleID, text string) {
	if w.out.Doc.Title == "" && w.nesting == 0 && w.styles.named(styleID, "title") {
		w.out.Doc.Title = build.Fold(text)
	}
}

// headingLevel goes by the paragraph's own outline level, then by its style.
func (w *wordReader) headingLevel(properties *node, styleID string) int {
	if v, err := strconv.Atoi(properties.val("outlineLvl")); err == nil && v >= 0 {
		if v < 9 {
			return min(v+1, 6)
		}
		return 0
	}
	return w.styles.heading(styleID)
}

// marker advances the list the paragraph belongs to by itself or by its style.
func (w *wordReader) marker(properties *node, styleID string) (marker string, depth int, listed bool) {
	own := properties.kid("numPr")
	numID := own.val("numId")
	level, levelErr := strconv.Atoi(own.val("ilvl"))
	if numID == "" {
		fromStyle, declaredBy, styleLevel := w.styles.list(styleID)
		numID = fromStyle
		if levelErr != nil {
			level = styleLevel
			if bound, ok := w.numbers.styleLevel(numID, styleID); ok {
				level = bound
			} else if bound, ok := w.numbers.styleLevel(numID, declaredBy); ok {
				level = bound
			}
		}
	}
	if numID == "" || numID == "0" {
		return "", 0, false
	}
	marker, ok := w.numbers.next(numID, level)
	return marker, max(0, min(level, listLevels-1)) + 1, ok
}
