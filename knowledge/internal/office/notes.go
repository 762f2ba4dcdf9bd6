package office

import (
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// note is a footnote or endnote. It is emitted once, after the block that
// refers to it first.
type note struct {
	kind   string // "footnote" or "endnote"
	part   string
	body   *node
	number int // by order of reference, 0 before the first
}

type noteStore struct {
	byID map[string]*note // by kind and id
	rels map[string]relationships
	used int
}

func (w *wordReader) readNotes(rels relationships) (*noteStore, error) {
	store := &noteStore{byID: map[string]*note{}, rels: map[string]relationships{}}
	for _, kind := range []string{"footnote", "endnote"} {
		part := rels.first(kind + "s")
		if part == "" {
			continue
		}
		own, err := w.relationships(part)
		if err != nil {
			return store, err
		}
		store.rels[part] = own
		_, err = w.stream(part, []string{kind + "s"}, func(n *node) error {
			if t := n.attr("type"); n.name == kind && (t == "" || t == "normal") {
				store.byID[kind+n.attr("id")] = &note{kind: kind, part: part, body: n}
			}
			return nil
		})
		if err != nil {
			return store, err
		}
	}
	return store, nil
}

// noteReference writes the note's number in parentheses. Square brackets are
// what citations look like, and a raised digit would stick to the word.
func (in *inline) noteReference(n *node) {
	kind := strings.TrimSuffix(n.name, "Reference")
	found := in.w.notes.byID[kind+n.attr("id")]
	if found == nil || in.silent() || in.w.inNote {
		return
	}
	if found.number == 0 {
		in.w.notes.used++
		found.number = in.w.notes.used
		in.pending = append(in.pending, pending{note: found})
	}
	in.text.WriteString(" (" + strconv.Itoa(found.number) + ") ")
}

// emitNote adds a note as one block.
func (w *wordReader) emitNote(n *note) error {
	w.flushCode()
	blocks, err := w.capture(func() error {
		rels, fields := w.rels, w.fields
		w.rels, w.fields, w.inNote = w.notes.rels[n.part], nil, true
		err := w.blocks(n.body)
		w.rels, w.fields, w.inNote = rels, fields, false
		return err
	})
	if err != nil {
		return err
	}
	text := joinBlocks(blocks)
	if text == "" {
		return nil
	}
	return w.emit(knowledge.Block{Kind: knowledge.Note, Label: n.kind, Text: "(" + strconv.Itoa(n.number) + ") " + text})
}

// capture collects the blocks that read emits instead of adding them.
func (w *wordReader) capture(read func() error) ([]knowledge.Block, error) {
	var blocks []knowledge.Block
	outer := w.sink
	w.sink = &blocks
	err := read()
	w.sink = outer
	return blocks, err
}

// joinBlocks makes one text of blocks, as for a cell.
func joinBlocks(blocks []knowledge.Block) string {
	var parts []string
	for _, b := range blocks {
		if text := strings.TrimSpace(b.String()); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}
