package textdoc

import (
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// place is where in the document a node stands.
type place struct {
	depth int    // of lists
	label string // marker of the item, for its first text only
	used  *bool  // whether the marker was written
	term  string // of a definition, for its first text only
	quote bool
	note  string // kind of note, empty outside notes
	start string // text to put before the first text of a note
}

// text writes running text as what its place makes of it.
func (s *sink) text(t string, at place) {
	if strings.TrimSpace(t) == "" {
		return
	}
	first := at.used != nil && !*at.used
	if first {
		*at.used = true
	}
	switch {
	case at.term != "" && first:
		s.add(knowledge.Block{Kind: knowledge.Definition, Label: at.term, Text: t})
	case at.note != "":
		if first {
			t = at.start + t
		}
		s.add(knowledge.Block{Kind: knowledge.Note, Label: at.note, Text: t})
	case at.depth > 0:
		b := knowledge.Block{Kind: knowledge.ListItem, Level: at.depth, Text: t}
		if first {
			b.Label = at.label
		}
		s.add(b)
	case at.quote:
		s.add(knowledge.Block{Kind: knowledge.Quote, Text: t})
	default:
		s.add(knowledge.Block{Text: t})
	}
}
