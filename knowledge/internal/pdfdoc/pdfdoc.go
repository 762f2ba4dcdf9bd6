// Package pdfdoc turns PDF files into documents: text in reading order with
// headings, paragraphs and list items, and what the file says about itself.
//
// It reads damaged files as far as they can be read, and files that are
// encrypted without needing a password. It does not recognise text in images.
package pdfdoc

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// Parse reads a PDF file. name is for error texts. Errors wrap
// [knowledge.ErrMalformed] for data that is no readable PDF,
// [knowledge.ErrEncrypted] when a password is needed, [knowledge.ErrNoText] for
// pages without text, as scans, [knowledge.ErrTooLarge] when a limit was
// passed, or the context's error. It is safe for concurrent use.
func Parse(ctx context.Context, name string, data []byte, lim Limits) (doc *knowledge.Document, err error) {
	defer func() {
		if r := recover(); r != nil {
			doc, err = nil, fmt.Errorf("unreadable structure (%v): %w", r, knowledge.ErrMalformed)
			if e, ok := r.(error); ok && errors.Is(e, knowledge.ErrTooLarge) {
				err = e
			}
		}
		if err != nil {
			doc, err = nil, fmt.Errorf("read pdf %s: %w", name, err)
		}
	}()
	lim = lim.withDefaults()
	if len(data) > lim.MaxBytes {
		return nil, fmt.Errorf("%d bytes, more than %d: %w", len(data), lim.MaxBytes, knowledge.ErrTooLarge)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !bytes.Contains(data[:min(len(data), 4096)], []byte("%PDF-")) && !bytes.Contains(data, []byte("endobj")) {
		return nil, fmt.Errorf("no PDF header: %w", knowledge.ErrMalformed)
	}
	f, err := open(data, lim)
	if err != nil {
		return nil, err
	}
	return f.document(ctx, lim)
}

func (f *file) document(ctx context.Context, lim Limits) (*knowledge.Document, error) {
	pages, err := f.pages(lim)
	if err != nil {
		return nil, err
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("no pages: %w", knowledge.ErrMalformed)
	}
	in := &interpreter{ctx: ctx, f: f, lim: lim, fonts: map[int64]*font{}, forms: map[int64]bool{}}
	all := make([][]line, 0, len(pages))
	for i, p := range pages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ls, err := in.draw(p)
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", i+1, err)
		}
		all = append(all, ls)
	}
	b := &build.Builder{MaxText: lim.MaxText}
	if err := f.describe(&b.Doc); err != nil && !errors.Is(err, knowledge.ErrMalformed) {
		return nil, err
	}
	b.Doc.Links = in.links
	emit(b, all, f.outline())
	if err := b.Err(); err != nil {
		return nil, err
	}
	if len(b.Doc.Blocks) == 0 {
		return nil, fmt.Errorf("%d pages without text: %w", len(pages), knowledge.ErrNoText)
	}
	return &b.Doc, nil
}
