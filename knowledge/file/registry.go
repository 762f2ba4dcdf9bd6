package file

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"path"
	"slices"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/datadoc"
	"github.com/kundeagent/kundeagent/knowledge/internal/htmldoc"
	"github.com/kundeagent/kundeagent/knowledge/internal/office"
	"github.com/kundeagent/kundeagent/knowledge/internal/pdfdoc"
	"github.com/kundeagent/kundeagent/knowledge/internal/textdoc"
)

// Config configures a [Registry]. The zero value is all fifteen formats with
// the default limits.
type Config struct {
	Limits Limits
	// Parsers replace the built-in parser of a format, or add a format.
	Parsers map[Format]Parser
	// MarkdownHTML keeps the text of raw HTML blocks in Markdown, such as tables
	// and cards. By default only their summaries and links are read, as usual
	// readers of Markdown show no such text.
	MarkdownHTML bool
	// Extensions add file name extensions, without the dot and in lower case,
	// such as "log": Text.
	Extensions map[string]Format
}

// Registry knows formats and their parsers. It is safe for concurrent use.
type Registry struct {
	parsers    map[Format]Parser
	extensions map[string]Format
}

// NewRegistry returns a registry of the built-in formats and those of cfg.
func NewRegistry(cfg Config) *Registry {
	r := &Registry{parsers: builtInParsers(cfg), extensions: map[string]Format{
		"docx": DOCX, "pptx": PPTX, "pdf": PDF, "htm": HTML, "html": HTML, "xhtml": HTML, "md": Markdown,
		"rst": RST, "text": Text, "txt": Text, "cfg": Conf, "conf": Conf, "csv": CSV, "json": JSON, "xml": XML,
	}}
	maps.Copy(r.parsers, cfg.Parsers)
	maps.Copy(r.extensions, cfg.Extensions)
	return r
}

func builtInParsers(cfg Config) map[Format]Parser {
	l := cfg.Limits
	type parse func(ctx context.Context, in Input) (*knowledge.Document, error)
	out := map[Format]Parser{}
	for format, p := range map[Format]parse{
		DOCX: func(ctx context.Context, in Input) (*knowledge.Document, error) {
			return office.ParseDOCX(ctx, in.Name, in.Data, l.office())
		},
		PPTX: func(ctx context.Context, in Input) (*knowledge.Document, error) {
			return office.ParsePPTX(ctx, in.Name, in.Data, l.office())
		},
		PDF: func(ctx context.Context, in Input) (*knowledge.Document, error) {
			return pdfdoc.Parse(ctx, in.Name, in.Data, l.pdf())
		},
		HTML: func(ctx context.Context, in Input) (*knowledge.Document, error) {
			page, err := htmldoc.ParsePage(ctx, htmldoc.Options{Name: in.Name, URL: in.URL, ContentType: in.ContentType, Decode: decode, Limits: l.html()}, in.Data)
			if err != nil {
				return nil, err
			}
			return page.Document, nil
		},
		Markdown: func(ctx context.Context, in Input) (*knowledge.Document, error) {
			lim := l.text()
			lim.KeepHTML = cfg.MarkdownHTML
			return textdoc.ParseMarkdown(ctx, in.Name, in.Data, lim)
		},
		RST: func(ctx context.Context, in Input) (*knowledge.Document, error) {
			return textdoc.ParseRST(ctx, in.Name, in.Data, l.text())
		},
		Text: func(ctx context.Context, in Input) (*knowledge.Document, error) {
			return textdoc.ParseText(ctx, in.Name, in.Data, l.text())
		},
		Conf: func(ctx context.Context, in Input) (*knowledge.Document, error) {
			return textdoc.ParseConf(ctx, in.Name, in.Data, l.text())
		},
		CSV: func(ctx context.Context, in Input) (*knowledge.Document, error) {
			return datadoc.ParseCSV(ctx, in.Name, in.Data, l.data())
		},
		JSON: func(ctx context.Context, in Input) (*knowledge.Document, error) {
			return datadoc.ParseJSON(ctx, in.Name, in.Data, l.data())
		},
		XML: func(ctx context.Context, in Input) (*knowledge.Document, error) {
			return datadoc.ParseXML(ctx, in.Name, in.Data, l.data())
		},
	} {
		out[format] = ParserFunc(p)
	}
	return out
}

// Extensions returns the known file name extensions, sorted.
func (r *Registry) Extensions() []string { return slices.Sorted(maps.Keys(r.extensions)) }

// Parse reads a file. Every error is a [*ParseError].
func (r *Registry) Parse(ctx context.Context, in Input) (*knowledge.Document, error) {
	format, err := r.Format(in)
	if err != nil {
		return nil, &ParseError{Name: in.Name, Err: err}
	}
	doc, err := r.parse(ctx, format, in)
	if err != nil {
		return nil, &ParseError{Name: in.Name, Format: format, Err: err}
	}
	if doc.Name == "" {
		doc.Name = path.Base(in.Name)
	}
	return doc, nil
}

// parse calls a parser, which may be a host's, and holds it to its contract.
func (r *Registry) parse(ctx context.Context, format Format, in Input) (doc *knowledge.Document, err error) {
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, fmt.Errorf("parser failed: %v: %w", p, knowledge.ErrMalformed)
		}
	}()
	if len(bytes.TrimSpace(in.Data)) == 0 {
		return nil, fmt.Errorf("file is empty: %w", knowledge.ErrNoText)
	}
	doc, err = r.parsers[format].Parse(ctx, in)
	switch {
	case err != nil:
		return nil, err
	case doc == nil || len(doc.Blocks) == 0:
		return nil, knowledge.ErrNoText
	}
	return doc, nil
}

// Format tells a file's format. Content that names its own format outweighs
// the name: a PDF called page.html is a PDF. Otherwise the extension decides,
// then the content type, then, for a name without an extension, the look of
// the content. The error wraps [knowledge.ErrUnsupported].
func (r *Registry) Format(in Input) (Format, error) {
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(in.Name), "."))
	named, known := r.extensions[ext]
	if known && r.parsers[named] == nil {
		return "", fmt.Errorf("no parser for %q: %w", named, knowledge.ErrUnsupported)
	}
	if s := signature(in.Data); s != "" && r.parsers[s] != nil && (known || ext == "" || in.ContentType != "") {
		if known && !builtInFormat(named) {
			return named, nil // the host's own format may be a kind of zip
		}
		return s, nil
	}
	if known {
		return named, nil
	}
	if f := byContentType(in.ContentType); f != "" && r.parsers[f] != nil {
		return f, nil
	}
	if ext == "" && looksLikeHTML(in.Data) {
		return HTML, nil
	}
	if ext == "" {
		return "", fmt.Errorf("name without an extension: %w", knowledge.ErrUnsupported)
	}
	return "", fmt.Errorf("extension %q: %w", ext, knowledge.ErrUnsupported)
}

func builtInFormat(f Format) bool {
	switch f {
	case DOCX, PPTX, PDF, HTML, Markdown, RST, Text, Conf, CSV, JSON, XML:
		return true
	}
	return false
}

// signature recognises formats that begin with a mark of their own.
func signature(data []byte) Format {
	head := data[:min(len(data), 1024)]
	switch {
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return PDF
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return officeFormat(data)
	}
	return ""
}

// officeFormat tells docx from pptx by their parts.
func officeFormat(data []byte) Format {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return ""
	}
	for i, f := range z.File {
		switch {
		case i > 10_000:
			return ""
		case strings.HasPrefix(f.Name, "word/"):
			return DOCX
		case strings.HasPrefix(f.Name, "ppt/"):
			return PPTX
		}
	}
	return ""
}

func byContentType(contentType string) Format {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return ""
	}
	switch t {
	case "text/html", "application/xhtml+xml":
		return HTML
	case "application/pdf":
		return PDF
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return DOCX
	case "application/vnd.openxmlformats-officedocument.presentationml.presentation":
		return PPTX
	case "text/markdown":
		return Markdown
	case "text/x-rst", "text/prs.fallenstein.rst":
		return RST
	case "text/csv":
		return CSV
	case "application/json":
		return JSON
	case "text/plain":
		return Text
	}
	if t == "text/xml" || t == "application/xml" || strings.HasSuffix(t, "+xml") {
		return XML
	}
	return ""
}

func looksLikeHTML(data []byte) bool {
	head := strings.ToLower(string(data[:min(len(data), 1024)]))
	return strings.Contains(head, "<!doctype html") || strings.Contains(head, "<html")
}
