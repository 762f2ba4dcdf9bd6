// Package textdoc reads the formats that are text already: Markdown,
// reStructuredText, plain text and configuration files.
package textdoc

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
	"github.com/kundeagent/kundeagent/knowledge/internal/charset"
)

// Limits bounds the work one document may cause. A zero or negative field means
// its default. Passing MaxInput, MaxText or MaxBlocks is an error that wraps
// [knowledge.ErrTooLarge]; Markdown that passes MaxDepth or MaxDelimiters is
// read as plain text, reStructuredText deeper than MaxDepth keeps its text and
// loses the structure below that depth.
type Limits struct {
	// MaxInput is the largest file in bytes. Default 2 MiB for Markdown and
	// reStructuredText, 32 MiB for plain text and configuration files.
	MaxInput int
	// MaxText is the largest amount of text in bytes. Default 8 MiB, and 32 MiB
	// for plain text and configuration files.
	MaxText int
	// MaxBlocks is the largest number of blocks. Default 500,000.
	MaxBlocks int
	// MaxDepth is how deep lists, quotes and indented bodies may nest.
	// Default 100.
	MaxDepth int
	// MaxDelimiters is how many marks of emphasis, links and code one paragraph
	// of Markdown may hold. Default 5,000.
	MaxDelimiters int
	// MaxCells is how many table cells a document may have, and a thousandth of
	// it is how many columns a table may have. Default 1,000,000.
	MaxCells int
	// KeepHTML keeps the text of raw HTML blocks in Markdown, such as tables and
	// cards. Off by default, as usual readers of Markdown show no such text
	// outside a browser.
	KeepHTML bool
}

func (l Limits) withDefaults(input, text int) Limits {
	for _, field := range []struct {
		value  *int
		preset int
	}{
		{&l.MaxInput, input},
		{&l.MaxText, text},
		{&l.MaxBlocks, 500_000},
		{&l.MaxDepth, 100},
		{&l.MaxDelimiters, 5000},
		{&l.MaxCells, 1_000_000},
	} {
		if *field.value <= 0 {
			*field.value = field.preset
		}
	}
	return l
}

// sink collects blocks and counts what they cost.
type sink struct {
	build.Builder
	ctx   context.Context
	lim   Limits
	added int
	err   error
}

func newSink(ctx context.Context, lim Limits) *sink {
	return &sink{Builder: build.Builder{MaxText: lim.MaxText}, ctx: ctx, lim: lim}
}

// add appends a block; false means that a limit was passed or ctx ended.
func (s *sink) add(b knowledge.Block) bool {
	if s.err != nil {
		return false
	}
	s.added++
	if s.added > s.lim.MaxBlocks {
		s.err = fmt.Errorf("more than %d blocks: %w", s.lim.MaxBlocks, knowledge.ErrTooLarge)
		return false
	}
	if s.added%256 == 0 {
		if s.err = s.ctx.Err(); s.err != nil {
			return false
		}
	}
	if !s.Builder.Add(b) {
		s.err = s.Builder.Err()
		return false
	}
	return true
}

func (s *sink) link(url, text string) {
	url = strings.TrimSpace(url)
	if url == "" || strings.HasPrefix(url, "#") || len(s.Doc.Links) >= s.lim.MaxBlocks {
		return
	}
	s.Doc.Links = append(s.Doc.Links, knowledge.Link{URL: url, Text: build.Fold(text)})
}

// parser reads decoded text into a sink.
type parser func(s *sink, text string) error

// run is the border of every parser of this package: it checks the size,
// decodes, and turns a panic into an error.
func run(ctx context.Context, name string, data []byte, lim Limits, read parser) (doc *knowledge.Document, err error) {
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, fmt.Errorf("%s: parser failed: %v: %w", name, p, knowledge.ErrMalformed)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > lim.MaxInput {
		return nil, fmt.Errorf("%s: %d bytes, more than %d: %w", name, len(data), lim.MaxInput, knowledge.ErrTooLarge)
	}
	text, _, err := charset.Decode(data, "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "").Replace(text)
	s := newSink(ctx, lim)
	if err := read(s, text); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if s.err != nil {
		return nil, fmt.Errorf("%s: %w", name, s.err)
	}
	if len(s.Doc.Blocks) == 0 {
		return nil, fmt.Errorf("%s: %w", name, knowledge.ErrNoText)
	}
	return &s.Doc, nil
}

// dateLayouts are the ways front matter and field lists write dates.
var dateLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006/01/02", "2006-1-2", "02.01.2006", "2.1.2006",
	"January 2, 2006", "Jan 2, 2006", "2 January 2006", "2 Jan 2006", "02-Jan-2006", time.RFC1123, time.RFC1123Z,
}

// parseDate returns the zero time for what it cannot read.
func parseDate(s string) time.Time {
	s = strings.TrimSpace(s)
	if len(s) > 64 {
		return time.Time{}
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}
