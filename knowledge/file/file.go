// Package file turns files into documents: fifteen formats behind one small
// interface, and the sources that read them from a directory or take uploads.
//
// A [Registry] finds a file's [Format] by its name and its content and parses
// it. Parsers are safe against hostile files: their work is bounded by [Limits]
// that count, they never panic, and what is wrong is an error that wraps one of
// [knowledge.ErrUnsupported], [knowledge.ErrNoText], [knowledge.ErrEncrypted],
// [knowledge.ErrTooLarge] and [knowledge.ErrMalformed] in a [*ParseError] with
// the file's name.
//
// [Dir] is a source over any [io/fs.FS]; [Uploads] is one that people put
// files into.
package file

import (
	"context"
	"fmt"

	"github.com/kundeagent/kundeagent/knowledge"
)

// Format is a kind of file that a [Parser] reads.
type Format string

// The formats of this package. Files with the extensions htm, html and xhtml
// are HTML; cfg and conf are Conf; text and txt are Text.
const (
	DOCX     Format = "docx"
	PPTX     Format = "pptx"
	PDF      Format = "pdf"
	HTML     Format = "html"
	Markdown Format = "md"
	RST      Format = "rst"
	Text     Format = "txt"
	Conf     Format = "conf"
	CSV      Format = "csv"
	JSON     Format = "json"
	XML      Format = "xml"
)

// Input is a file to parse.
type Input struct {
	// Name is the file's name or path. Its extension helps to tell the format.
	Name string
	// URL is where the file was fetched from, if it was; links are resolved
	// against it.
	URL string
	// ContentType is as declared by whoever delivered the file; may be empty.
	ContentType string
	Data        []byte // not changed, not kept
}

// Parser reads files of one format. It must be safe for concurrent use, honour
// ctx, and return an error or a document with at least one block.
type Parser interface {
	Parse(ctx context.Context, in Input) (*knowledge.Document, error)
}

// ParserFunc makes a Parser of a function.
type ParserFunc func(ctx context.Context, in Input) (*knowledge.Document, error)

// Parse calls f.
func (f ParserFunc) Parse(ctx context.Context, in Input) (*knowledge.Document, error) {
	return f(ctx, in)
}

// Extractor finds the main content of a web page, for hosts who prefer another
// library to the one built in; see [ExtractorParser].
type Extractor interface {
	// Extract reads a page; url is its address or empty, contentType as
	// declared or empty.
	Extract(ctx context.Context, html []byte, url, contentType string) (*knowledge.Document, error)
}

// ExtractorParser makes a Parser of an Extractor, for [Config].Parsers under
// [HTML].
func ExtractorParser(e Extractor) Parser {
	return ParserFunc(func(ctx context.Context, in Input) (*knowledge.Document, error) {
		return e.Extract(ctx, in.Data, in.URL, in.ContentType)
	})
}

// ParseError says which file could not be parsed and why.
type ParseError struct {
	Name   string
	Format Format // empty if it was not recognised
	Err    error
}

// Error names the file, its format and the reason.
func (e *ParseError) Error() string {
	if e.Format == "" {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s (%s): %v", e.Name, e.Format, e.Err)
}

// Unwrap returns the reason.
func (e *ParseError) Unwrap() error { return e.Err }
