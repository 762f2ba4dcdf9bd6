package office

import (
	"context"
	"fmt"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// ParsePPTX reads a PowerPoint presentation: its slides in order, without the
// hidden ones, each followed by its speaker notes. Errors name the document and
// wrap the same sentinels as those of [ParseDOCX].
func ParsePPTX(ctx context.Context, name string, data []byte, lim Limits) (*knowledge.Document, error) {
	return guard(name, func() (*knowledge.Document, error) {
		b := &budget{ctx: ctx, lim: lim.withDefaults()}
		out := &build.Builder{MaxText: b.lim.MaxText}
		if err := readPresentation(data, b, out); err != nil {
			return nil, err
		}
		return finish(out, b)
	})
}

// slideReader reads the slides of a presentation.
type slideReader struct {
	*container
	out     *build.Builder
	layouts map[string]*layout // by part
	rels    relationships      // of the slide at hand
	shown   map[string]bool    // slides already read
}

func readPresentation(data []byte, b *budget, out *build.Builder) error {
	c, err := openContainer(data, b)
	if err != nil {
		return err
	}
	top, err := c.relationships("")
	if err != nil {
		return err
	}
	main := c.mainPart(top, "ppt/presentation.xml")
	if main == "" {
		return malformed("package has no main part")
	}
	if err := c.readCore(top, &out.Doc); err != nil {
		return err
	}
	if isDefaultTitle(out.Doc.Title) {
		out.Doc.Title = ""
	}
	rels, err := c.relationships(main)
	if err != nil {
		return err
	}
	root, err := c.tree(main)
	if err != nil {
		return err
	}
	if root == nil || root.name != "presentation" {
		return fmt.Errorf("main part %s is not a presentation: %w", main, knowledge.ErrUnsupported)
	}
	s := &slideReader{container: c, out: out, layouts: map[string]*layout{}, shown: map[string]bool{}}
	for _, id := range root.kid("sldIdLst").children("sldId") {
		if part := rels.byID(id.relation("id")).target; part != "" && !s.shown[part] {
			s.shown[part] = true
			if err := s.slide(part); err != nil {
				return err
			}
		}
	}
	return out.Err()
}

// isDefaultTitle recognises the title PowerPoint gives a new presentation, which
// has the program's name in every language.
func isDefaultTitle(title string) bool {
	return strings.Contains(strings.ToLower(title), "powerpoint") && len(strings.Fields(title)) <= 3
}

// slide reads one slide: its title, its shapes in the order they are stored,
// which is the order screen readers use, and its speaker notes.
func (s *slideReader) slide(part string) error {
	root, err := s.tree(part)
	if err != nil {
		return err
	}
	if root == nil || root.name != "sld" || root.attr("show") == "0" || root.attr("show") == "false" {
		return nil
	}
	if s.rels, err = s.relationships(part); err != nil {
		return err
	}
	lay, err := s.layout(s.rels.first("slideLayout"))
	if err != nil {
		return err
	}
	tree := root.at("cSld", "spTree")
	title := titleShape(tree)
	if title != nil {
		if err := s.title(title); err != nil {
			return err
		}
	}
	if err := s.shapes(tree, lay, title); err != nil {
		return err
	}
	return s.speakerNotes(s.rels.first("notesSlide"))
}

// placeholder returns what a shape stands for on its layout: "title", "body",
// … . Shapes that are no placeholders give an empty kind.
func placeholder(shape *node) (kind, index string) {
	for _, properties := range []string{"nvSpPr", "nvGraphicFramePr", "nvPicPr"} {
		if ph := shape.at(properties, "nvPr", "ph"); ph != nil {
			kind, index = ph.attr("type"), ph.attr("idx")
			if kind == "" {
				kind = "obj"
			}
			return kind, index
		}
	}
	return "", ""
}

func isTitle(shape *node) bool {
	kind, _ := placeholder(shape)
	return kind == "title" || kind == "ctrTitle"
}

// titleShape returns the slide's title if it holds text.
func titleShape(tree *node) *node {
	if tree == nil {
		return nil
	}
	for _, k := range tree.children("sp") {
		if isTitle(k) && richText(k.kid("txBody")) != "" {
			return k
		}
	}
	return nil
}

// title emits the heading of a slide. The title of a title slide stands above
// those of the others. The first one is the document's where the properties
// declare none.
func (s *slideReader) title(shape *node) error {
	level := 2
	if kind, _ := placeholder(shape); kind == "ctrTitle" {
		level = 1
	}
	var parts []string
	for _, p := range shape.kid("txBody").children("p") {
		if text := strings.TrimSpace(s.line(p)); text != "" {
			parts = append(parts, text)
		}
	}
	text := strings.Join(parts, " ")
	if s.out.Doc.Title == "" {
		s.out.Doc.Title = build.Fold(text)
	}
	return s.emit(knowledge.Block{Kind: knowledge.Heading, Level: level, Text: text})
}

func (s *slideReader) emit(b knowledge.Block) error {
	s.out.Add(b)
	return s.out.Err()
}

// speakerNotes emits the notes of a slide, one block a paragraph.
func (s *slideReader) speakerNotes(part string) error {
	root, err := s.tree(part)
	if err != nil || root == nil {
		return err
	}
	var failed error
	root.find("sp", func(shape *node) {
		if kind, _ := placeholder(shape); kind != "body" || failed != nil {
			return
		}
		for _, p := range shape.kid("txBody").children("p") {
			if failed = s.emit(knowledge.Block{Kind: knowledge.Note, Label: "speaker notes", Text: s.line(p)}); failed != nil {
				return
			}
		}
	})
	return failed
}
