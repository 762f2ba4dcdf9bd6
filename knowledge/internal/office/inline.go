package office

import (
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// inline collects the text of one paragraph. What hangs on the paragraph but
// is not part of its line is kept for after it.
type inline struct {
	w               *wordReader
	text            strings.Builder
	paragraphHidden bool
	hidden          bool // of the current run
	linkedTo        int  // where the last link ended
	pending         []pending
}

// pending is something anchored in a paragraph: a text box, chart or diagram
// as an element, or a note.
type pending struct {
	element *node
	note    *note
}

// field is a complex field the reader stands in: between its begin and its
// separator stands the instruction, which is not text.
type field struct {
	instruction []byte
	inResult    bool
	linkFrom    int
}

// run reads the children of a paragraph, a run or a wrapper.
func (in *inline) run(n *node) {
	for _, k := range n.kids {
		in.element(k)
	}
}

func (in *inline) element(n *node) {
	switch n.name {
	case "t":
		in.write(n.text)
	case "r":
		before := in.hidden
		in.hidden = in.runHidden(n)
		in.run(n)
		in.hidden = before
	case "pPr", "rPr", "sdtPr", "rubyPr", "rt", "fldData", "annotationRef", "footnoteRef", "endnoteRef":
	case "tab", "ptab", "br", "cr":
		in.write("\n")
	case "noBreakHyphen":
		in.write("-")
	case "sym":
		in.write(symbol(n.attr("font"), n.attr("char")))
	case "sdt":
		if content := n.kid("sdtContent"); content != nil {
			in.run(content)
		}
	case "hyperlink":
		in.hyperlink(n)
	case "fldSimple":
		in.simpleField(n)
	case "fldChar":
		in.fieldMark(n.attr("fldCharType"))
	case "instrText":
		if f := in.w.field(); f != nil && !f.inResult && len(f.instruction) < maxInstruction {
			f.instruction = append(f.instruction, n.text[:min(len(n.text), maxInstruction)]...)
		}
	case "footnoteReference", "endnoteReference":
		in.noteReference(n)
	case "oMath", "oMathPara":
		if !in.silent() {
			in.text.WriteString(" " + linearMath(n) + " ")
		}
	case "AlternateContent":
		if choice := alternative(n); choice != nil {
			in.run(choice)
		}
	case "drawing", "pict", "object":
		in.drawing(n)
	default:
		in.run(n)
	}
}

// maxInstruction bounds what is kept of a field's instruction.
const maxInstruction = 8 << 10

// silent tells whether text at this point is not shown.
func (in *inline) silent() bool { return in.hidden || in.w.inInstruction() }

func (in *inline) write(s string) {
	if !in.silent() {
		in.text.WriteString(s)
	}
}

// runHidden goes by the run's own property, then its style, then the
// paragraph's.
func (in *inline) runHidden(r *node) bool {
	properties := r.kid("rPr")
	if v := properties.kid("vanish"); v != nil {
		return v.isOn()
	}
	if id := properties.val("rStyle"); id != "" {
		if hidden, declared := in.w.styles.hidden(id); declared {
			return hidden
		}
	}
	return in.paragraphHidden
}

func (in *inline) hyperlink(n *node) {
	from := in.text.Len()
	in.run(n)
	if r := in.w.rels.byID(n.relation("id")); r.external {
		in.link(linkURL(r.target, n.attr("anchor")), from)
	}
}

// simpleField reads a field whose instruction is an attribute.
func (in *inline) simpleField(n *node) {
	from := in.text.Len()
	in.run(n)
	in.link(instructionURL(n.attr("instr")), from)
}

func (in *inline) fieldMark(kind string) {
	w := in.w
	switch f := w.field(); kind {
	case "begin":
		if len(w.fields) < maxFields {
			w.fields = append(w.fields, field{})
		}
	case "separate":
		if f != nil {
			f.inResult = true
			f.linkFrom = in.text.Len()
		}
	case "end":
		if f == nil {
			return
		}
		if f.inResult {
			in.link(instructionURL(string(f.instruction)), f.linkFrom)
		}
		w.fields = w.fields[:len(w.fields)-1]
	}
}

// maxFields is how deep fields may nest.
const maxFields = 64

func (w *wordReader) field() *field {
	if len(w.fields) == 0 {
		return nil
	}
	return &w.fields[len(w.fields)-1]
}

func (w *wordReader) inInstruction() bool {
	for i := range w.fields {
		if !w.fields[i].inResult {
			return true
		}
	}
	return false
}

// endInstructions is called at the end of a paragraph: an instruction that has
// not ended by then is broken, and must not swallow what follows. Results may
// span paragraphs, as a table of contents does.
func (w *wordReader) endInstructions() {
	for i := range w.fields {
		w.fields[i].inResult = true
		w.fields[i].linkFrom = 0
	}
}

// instructionURL returns the address of a HYPERLINK instruction.
func instructionURL(instruction string) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(instruction), "HYPERLINK")
	if !ok {
		return ""
	}
	rest = strings.TrimSpace(rest)
	if strings.HasPrefix(rest, `"`) {
		target, _, _ := strings.Cut(rest[1:], `"`)
		return linkURL(target, "")
	}
	target, _, _ := strings.Cut(rest, " ")
	if strings.HasPrefix(target, `\`) {
		return "" // a place in this document
	}
	return linkURL(target, "")
}

// link records a hyperlink whose text began at from. A link around a link is
// none, so that no text is recorded twice.
func (in *inline) link(url string, from int) {
	if url == "" || from < in.linkedTo || from > in.text.Len() {
		return
	}
	in.linkedTo = in.text.Len()
	in.w.budget.link(&in.w.out.Doc, url, in.text.String()[from:])
}

// drawing keeps text boxes, charts and diagrams for after the paragraph and
// writes a picture's description in place.
func (in *inline) drawing(n *node) {
	if in.silent() {
		return
	}
	if text := description(n); text != "" {
		in.text.WriteString(" " + text + " ")
	}
	in.anchored(n)
}

func (in *inline) anchored(n *node) {
	for _, k := range n.kids {
		switch k.name {
		case "txbxContent", "chart", "relIds", "txBody":
			in.pending = append(in.pending, pending{element: k})
		case "AlternateContent":
			if choice := alternative(k); choice != nil {
				in.anchored(choice)
			}
		default:
			in.anchored(k)
		}
	}
}

// description returns the text that stands for a picture where it cannot be
// seen, as its author or the program wrote it.
func description(n *node) string {
	for _, frame := range n.kids { // inline or anchor
		if text := strings.TrimSpace(attrOf(frame.kid("docPr"), "descr")); text != "" {
			return text
		}
	}
	return ""
}

// emitPending adds what was anchored in a paragraph.
func (w *wordReader) emitPending(all []pending) error {
	for _, p := range all {
		if err := w.emitAnchored(p); err != nil {
			return err
		}
	}
	return nil
}

func (w *wordReader) emitAnchored(p pending) error {
	if p.note != nil && w.cellNotes != nil {
		*w.cellNotes = append(*w.cellNotes, p)
		return nil
	}
	if p.note != nil {
		return w.emitNote(p.note)
	}
	var blocks []knowledge.Block
	var err error
	switch p.element.name {
	case "txbxContent":
		fields := w.fields
		w.fields = nil
		err = w.blocks(p.element)
		w.fields = fields
		return err
	case "chart":
		blocks, err = w.readChart(w.rels.byID(p.element.relation("id")).target)
	case "relIds":
		blocks, err = w.readDiagram(w.rels.byID(p.element.relation("dm")).target)
	case "txBody":
		blocks = []knowledge.Block{{Text: richText(p.element)}}
	}
	if err != nil {
		return err
	}
	for _, b := range blocks {
		if err := w.emit(b); err != nil {
			return err
		}
	}
	return nil
}

// symbol returns the Unicode character of a character in a symbol font, empty
// where there is no plain equal.
func symbol(font, code string) string {
	v, err := strconv.ParseUint(code, 16, 32)
	if err != nil {
		return ""
	}
	r := rune(v)
	if r >= 0xF000 && r <= 0xF0FF {
		r -= 0xF000
	}
	switch strings.ToLower(font) {
	case "symbol":
		return symbolFont[r]
	case "wingdings":
		return wingdings[r]
	}
	if v >= 0xE000 && v <= 0xF8FF || v < 0x20 || v > 0x10FFFF {
		return ""
	}
	return string(rune(v))
}

// symbolFont and wingdings hold the signs that carry meaning in running text.
var symbolFont = symbolTable(
	"ABCDEFGHIKLMNOPQRSTUWXYZabcdefghiklmnopqrstuwxyz",
	"ΑΒΧΔΕΦΓΗΙΚΛΜΝΟΠΘΡΣΤΥΩΞΨΖαβχδεφγηικλμνοπθρστυωξψζ",
	map[rune]string{0xA3: "≤", 0xA5: "∞", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB3: "≥",
		0xB4: "×", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xD2: "®", 0xD3: "©", 0xD4: "™", 0xD6: "√", 0xE5: "∑", 0xF2: "∫"})

var wingdings = map[rune]string{
	0x28: "☎", 0x2A: "✉", 0x6C: "●", 0x6E: "■", 0x6F: "☐", 0x71: "☐", 0x75: "◆", 0x76: "❖", 0xA7: "▪", 0xA8: "☐",
	0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "→", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}

func symbolTable(from, to string, signs map[rune]string) map[rune]string {
	targets := []rune(to)
	for i, r := range []rune(from) {
		signs[r] = string(targets[i])
	}
	return signs
}
