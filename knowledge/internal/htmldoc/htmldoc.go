// Package htmldoc reads HTML and XHTML pages: it finds the main content among
// navigation and advertising, and returns it as a [knowledge.Document] of
// blocks. Collapsed questions, inactive tabs and other content that a reader
// can open is part of a page; banners, menus and feedback boxes are not.
package htmldoc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// Limits bound the work on one page. Zero fields mean the defaults.
type Limits struct {
	// MaxBytes is the largest page in bytes as received. Default 8 MiB.
	MaxBytes int
	// MaxNodes is the largest number of elements. Default 300,000.
	MaxNodes int
	// MaxText is the largest number of bytes of extracted text. Default 8 MiB.
	MaxText int
}

const (
	defaultMaxBytes = 8 << 20
	defaultMaxNodes = 300_000
	defaultMaxText  = 8 << 20
)

func (l Limits) withDefaults() Limits {
	if l.MaxBytes <= 0 {
		l.MaxBytes = defaultMaxBytes
	}
	if l.MaxNodes <= 0 {
		l.MaxNodes = defaultMaxNodes
	}
	if l.MaxText <= 0 {
		l.MaxText = defaultMaxText
	}
	return l
}

// Options say what is known of a page and how to read it. The zero value is
// valid.
type Options struct {
	// Name names the page in errors. Default is URL.
	Name string
	// URL is the address the page was fetched from; links are resolved against
	// it. Without it relative links stay relative.
	URL string
	// ContentType is the Content-Type header: its charset is the declared one,
	// and application/xhtml+xml makes the page XHTML.
	ContentType string
	// Decode turns bytes that are not valid UTF-8 into text; declared is the
	// charset the page or its header names, often empty. It must be safe for
	// concurrent use. Default are the declaration and then the rules of the
	// HTML standard.
	Decode func(data []byte, declared string) (string, error)
	// Limits bound the work.
	Limits Limits
	// Drop holds CSS selectors of parts that are not content.
	Drop []string
	// Keep is the CSS selector of the main content. When it matches nothing
	// the main content is found as usual.
	Keep string
	// UserAgent is the product token of the reader, as "kundeagent": robots
	// meta elements that carry it as their name are obeyed besides "robots".
	UserAgent string
}

// Page is what a page says about itself and its content. It belongs to the
// caller.
type Page struct {
	// Document is the main content. It may have no blocks.
	Document *knowledge.Document
	// Canonical is the absolute address declared by link rel=canonical.
	Canonical string
	// Robots is what the page's robots meta elements ask for.
	Robots Robots
	// Alternates are the declared translations.
	Alternates []Alternate
	// MetaRefresh is the absolute address a meta refresh leads to.
	MetaRefresh string
	// NeedsRender tells that the page looks like a shell that scripts fill.
	NeedsRender bool
	// TextHash is the SHA-256 of the main text with folded whitespace, in hex.
	TextHash string
	// Links are all links of the page, navigation included, in reading order.
	Links []knowledge.Link
}

// Robots are the directives of robots meta elements.
type Robots struct{ NoIndex, NoFollow bool }

// Alternate is the same content in another language.
type Alternate struct{ Language, URL string }

// Parse reads the main content of an HTML or XHTML file; name is used in
// errors, and its ending tells XHTML. Errors wrap [knowledge.ErrTooLarge] when a
// limit was passed and [knowledge.ErrNoText] when the page has no text.
func Parse(ctx context.Context, name string, data []byte, lim Limits) (*knowledge.Document, error) {
	page, err := ParsePage(ctx, Options{Name: name, Limits: lim}, data)
	if err != nil {
		return nil, err
	}
	if len(page.Document.Blocks) == 0 {
		return nil, fmt.Errorf("html %s: %w", name, knowledge.ErrNoText)
	}
	return page.Document, nil
}

// ParsePage reads a page and what it declares. A page without text is not an
// error. Errors wrap [knowledge.ErrTooLarge] when a limit was passed, and the
// context's error when it ended.
func ParsePage(ctx context.Context, opts Options, data []byte) (page *Page, err error) {
	if opts.Name == "" {
		opts.Name = opts.URL
	}
	opts.Limits = opts.Limits.withDefaults()
	defer func() {
		if r := recover(); r != nil {
			page, err = nil, fmt.Errorf("html %s: %w: %v", opts.Name, knowledge.ErrMalformed, r)
		}
	}()
	page, err = parsePage(ctx, opts, data)
	if err != nil {
		return nil, fmt.Errorf("html %s: %w", opts.Name, err)
	}
	return page, nil
}

func parsePage(ctx context.Context, opts Options, data []byte) (*Page, error) {
	if len(data) > opts.Limits.MaxBytes {
		return nil, fmt.Errorf("%d bytes, limit %d: %w", len(data), opts.Limits.MaxBytes, knowledge.ErrTooLarge)
	}
	selectors, err := compileSelectors(opts)
	if err != nil {
		return nil, err
	}
	text := decode(opts, data)
	if isXHTML(opts, text) {
		text = closeEmptyElements(text)
	}
	verdict, err := inspect(ctx, text, opts.Limits)
	if err != nil {
		return nil, err
	}
	base, _ := url.Parse(opts.URL)
	if verdict == parseable {
		root, err := parseTree(ctx, text)
		if err == nil {
			return extract(ctx, opts, selectors, base, root)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return readFlat(ctx, opts, base, text)
}

// extract builds the page from a parsed tree.
func extract(ctx context.Context, opts Options, sel selectors, base *url.URL, root *rootNode) (*Page, error) {
	t := flatten(root)
	meta := readMeta(t, opts, base)
	t.hideBySelector(sel)
	t.markDisclosures()
	t.dropFixed()
	t.measure()
	t.dropByName()
	t.measure()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	start := t.mainContent(sel)
	t.dropInside(start, meta.isNews())
	title := meta.title(t, start)
	e := newEmitter(ctx, t, opts.Limits, title)
	e.run(start)
	if e.err() != nil {
		return nil, e.err()
	}
	e.out.Doc.Blocks = tidy(e.out.Doc.Blocks)
	meta.addStructured(&e.out)
	if err := e.err(); err != nil {
		return nil, err
	}
	doc := e.out.Doc
	page := &Page{Document: &doc}
	meta.fill(page, t, title, start)
	page.NeedsRender = t.needsRender(doc.PlainText())
	page.TextHash = textHash(&doc)
	return page, nil
}

// textHash hashes the text as a reader sees it, whatever its line breaks.
func textHash(doc *knowledge.Document) string {
	sum := sha256.Sum256([]byte(build.Fold(doc.PlainText())))
	return hex.EncodeToString(sum[:])
}

func isXHTML(opts Options, text string) bool {
	name := strings.ToLower(opts.Name)
	return strings.HasSuffix(name, ".xhtml") || strings.HasSuffix(name, ".xht") ||
		strings.Contains(strings.ToLower(opts.ContentType), "application/xhtml+xml") ||
		strings.HasPrefix(strings.TrimSpace(text[:min(len(text), 64)]), "<?xml")
}
