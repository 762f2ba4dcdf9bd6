package office

import (
	"context"
	"fmt"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// Limits bounds the work one document may cause. A zero field means its
// default; a negative one is read as the default too. Passing a limit is an
// error that wraps [knowledge.ErrTooLarge].
type Limits struct {
	// MaxInput is the largest file in bytes. Default 32 MiB.
	MaxInput int
	// MaxEntries is the largest number of entries of the package. Default 2,000.
	MaxEntries int
	// MaxPart is the largest part in bytes after inflation. Default 64 MiB.
	MaxPart int
	// MaxTotal is how many bytes may be inflated in all. Only parts that hold
	// text are inflated; a part read twice counts twice. Default 256 MiB.
	MaxTotal int
	// MaxRatio is the largest ratio of inflated to stored size of a part that
	// is larger than 1 MiB. Default 200.
	MaxRatio int
	// MaxDepth is how deep elements may nest. Default 256: a table within a
	// table adds three, a text box about twelve, and Word itself ends near 100.
	MaxDepth int
	// MaxElements is how many elements may be read in all. At most a quarter of
	// them may be held at once, as in one table. Default 4,000,000.
	MaxElements int
	// MaxCells is how many table cells may be produced, merged ones counted for
	// every column they span. Default 1,000,000.
	MaxCells int
	// MaxText is the largest amount of text in bytes. Default 8 MiB.
	MaxText int
}

func (l Limits) withDefaults() Limits {
	for _, field := range []struct {
		value  *int
		preset int
	}{
		{&l.MaxInput, 32 << 20},
		{&l.MaxEntries, 2000},
		{&l.MaxPart, 64 << 20},
		{&l.MaxTotal, 256 << 20},
		{&l.MaxRatio, 200},
		{&l.MaxDepth, 256},
		{&l.MaxElements, 4_000_000},
		{&l.MaxCells, 1_000_000},
		{&l.MaxText, 8 << 20},
	} {
		if *field.value <= 0 {
			*field.value = field.preset
		}
	}
	return l
}

// budget is what is left of the limits. It is shared by a document and the
// documents inside it, so that nesting buys nothing.
type budget struct {
	ctx      context.Context
	lim      Limits
	inflated int
	elements int
	cells    int
	captured int // bytes of text held back, as in cells
	links    int // bytes of links
	failed   error
}

func tooLarge(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, knowledge.ErrTooLarge)...)
}

func malformed(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, knowledge.ErrMalformed)...)
}

func (b *budget) inflate(n int) error {
	b.inflated += n
	if b.inflated > b.lim.MaxTotal {
		return tooLarge("more than %d bytes inflated", b.lim.MaxTotal)
	}
	return nil
}

func (b *budget) element() error {
	b.elements++
	if b.elements > b.lim.MaxElements {
		return tooLarge("more than %d elements", b.lim.MaxElements)
	}
	if b.elements%4096 == 0 {
		return b.ctx.Err()
	}
	return nil
}

// capture counts text that is held back before it becomes part of a block.
// Text of nested tables is counted at every level.
func (b *budget) capture(n int) error {
	b.captured += n
	if limit := 4 * b.lim.MaxText; b.captured > limit {
		return tooLarge("more than %d bytes of text in cells and notes", limit)
	}
	return nil
}

// link adds a hyperlink to doc. Addresses and texts together may be as long as
// the text of a document; passing that fails the document when it is finished.
func (b *budget) link(doc *knowledge.Document, url, text string) {
	if url == "" {
		return
	}
	text = build.Fold(text)
	b.links += len(url) + len(text)
	if b.links > b.lim.MaxText {
		b.failed = tooLarge("more than %d bytes of links", b.lim.MaxText)
		return
	}
	doc.Links = append(doc.Links, knowledge.Link{URL: url, Text: text})
}

func (b *budget) cell(n int) error {
	b.cells += n
	if b.cells > b.lim.MaxCells {
		return tooLarge("more than %d table cells", b.lim.MaxCells)
	}
	return nil
}
