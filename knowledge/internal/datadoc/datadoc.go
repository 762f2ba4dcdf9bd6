// Package datadoc reads documents that are data rather than prose: CSV, JSON
// and XML with its feeds. Records, tables and questions with answers become
// blocks of their own, so that what belongs together is found together.
package datadoc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/language"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// Limits bound the work one document may cause. Zero fields mean the stated
// defaults; passing one is an error that wraps [knowledge.ErrTooLarge].
type Limits struct {
	// MaxInput is the number of bytes of the file. Default 16 MiB.
	MaxInput int
	// MaxText is the number of bytes of text a document may give. Default 8 MiB.
	MaxText int
	// MaxColumns is the number of columns of a CSV row. Default 1,000.
	MaxColumns int
	// MaxCell is the number of bytes of one CSV cell. Default 64 KiB.
	MaxCell int
	// MaxJSONDepth and MaxXMLDepth are the levels of nesting. Defaults 500 and
	// 200.
	MaxJSONDepth, MaxXMLDepth int
	// MaxValues counts CSV cells, JSON values, or XML elements, attributes and
	// pieces of text. Default 1,000,000.
	MaxValues int
	// Decode turns the file's bytes into text; declared is the character set
	// the file itself names, or empty. When nil: byte order mark, then valid
	// UTF-8, then the declared character set, then windows-1252.
	Decode func(data []byte, declared string) (string, error)
}

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.MaxInput, 16<<20)
	def(&l.MaxText, 8<<20)
	def(&l.MaxColumns, 1000)
	def(&l.MaxCell, 64<<10)
	def(&l.MaxJSONDepth, 500)
	def(&l.MaxXMLDepth, 200)
	def(&l.MaxValues, 1_000_000)
	if l.Decode == nil {
		l.Decode = decode
	}
	return l
}

// parser is what the three formats share: limits, the blocks made so far, and
// the context to heed.
type parser struct {
	ctx    context.Context
	lim    Limits
	b      build.Builder
	values int
	err    error // why rendering stopped
}

// parse runs one format's reader at this package's border: it checks the size,
// decodes, keeps panics in, and refuses a document without text.
func parse(ctx context.Context, name string, data []byte, lim Limits, declared func([]byte) string, read func(*parser, string) error) (doc *knowledge.Document, err error) {
	defer func() {
		if r := recover(); r != nil {
			doc, err = nil, fmt.Errorf("%s: parser failed (%v): %w", name, r, knowledge.ErrMalformed)
		}
	}()
	lim = lim.withDefaults()
	if len(data) > lim.MaxInput {
		return nil, fmt.Errorf("%s: more than %d bytes: %w", name, lim.MaxInput, knowledge.ErrTooLarge)
	}
	text, err := lim.Decode(data, declared(data))
	if err != nil {
		return nil, fmt.Errorf("%s: decode: %w", name, err)
	}
	p := &parser{ctx: ctx, lim: lim, b: build.Builder{MaxText: lim.MaxText}}
	if err := p.alive(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	err = read(p, strings.TrimPrefix(text, "\ufeff"))
	if err == nil {
		err = errors.Join(p.err, p.b.Err(), p.alive())
	}
	if err == nil && len(p.b.Doc.Blocks) == 0 {
		err = knowledge.ErrNoText
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &p.b.Doc, nil
}

// alive reports the context's end.
func (p *parser) alive() error { return context.Cause(p.ctx) }

// count books n more values and now and then looks at the context.
func (p *parser) count(n int) error {
	before := p.values
	p.values += n
	if p.values > p.lim.MaxValues {
		return fmt.Errorf("more than %d values: %w", p.lim.MaxValues, knowledge.ErrTooLarge)
	}
	if before>>10 != p.values>>10 {
		return p.alive()
	}
	return nil
}

// stopped reports whether rendering should end: a limit was passed, or the
// context is over. What was made by then is not returned.
func (p *parser) stopped() bool {
	return p.err != nil || p.b.Err() != nil || p.alive() != nil
}

// maxPath is the length of a path in bytes. Paths are copied for every value
// below them, so an endless key would multiply.
const maxPath = 2048

// join appends a key to the path of a value.
func (p *parser) join(path, separator, key string) string {
	if len(path)+len(separator)+len(key) > maxPath {
		p.err = fmt.Errorf("a path of more than %d bytes: %w", maxPath, knowledge.ErrTooLarge)
		return ""
	}
	if path == "" {
		return key
	}
	return path + separator + key
}

// add appends a block; its error is kept by the builder.
func (p *parser) add(b knowledge.Block) { p.b.Add(b) }

func (p *parser) paragraph(text string) { p.add(knowledge.Block{Text: text}) }

func (p *parser) heading(level int, text string) {
	p.add(knowledge.Block{Kind: knowledge.Heading, Level: min(max(level, 1), 6), Text: text})
}

// prose adds text that may be HTML, one block a paragraph, and its links.
func (p *parser) prose(text string) {
	paragraphs, links := stripHTML(text)
	for _, t := range paragraphs {
		p.paragraph(t)
	}
	p.b.Doc.Links = append(p.b.Doc.Links, links...)
}

// qa adds a question with its answer, either of which may be HTML.
func (p *parser) qa(question, answer string) {
	p.add(knowledge.Block{Kind: knowledge.QA, Label: p.line(question), Text: p.line(answer)})
}

// line is text that may be HTML as one line; its links are kept.
func (p *parser) line(text string) string {
	paragraphs, links := stripHTML(text)
	p.b.Doc.Links = append(p.b.Doc.Links, links...)
	return strings.Join(paragraphs, " ")
}

// link adds a hyperlink if address can be followed.
func (p *parser) link(address, text string) {
	if l, ok := newLink(address, text); ok {
		p.b.Doc.Links = append(p.b.Doc.Links, l)
	}
}

// setLanguage takes a language tag over; what is none is ignored.
func (p *parser) setLanguage(tag string) bool {
	tag = strings.ReplaceAll(strings.TrimSpace(tag), "_", "-")
	t, err := language.Parse(tag)
	if err != nil || tag == "" || t == language.Und {
		return false
	}
	p.b.Doc.Language = t.String()
	return true
}

// decode is the default of [Limits.Decode].
func decode(data []byte, declared string) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}) && utf8.Valid(data):
		return string(data[3:]), nil
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		declared = "utf-16le"
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		declared = "utf-16be"
	case utf8.Valid(data):
		return string(data), nil
	}
	enc, canonical := charset.Lookup(declared)
	if enc == nil || canonical == "utf-8" || canonical == "replacement" {
		enc, _ = charset.Lookup("windows-1252")
	}
	text, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return "", fmt.Errorf("%w: %w", err, knowledge.ErrMalformed)
	}
	return string(text), nil
}

func nothingDeclared([]byte) string { return "" }
