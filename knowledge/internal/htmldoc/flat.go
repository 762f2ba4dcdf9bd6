package htmldoc

import (
	"context"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// flatReader reads the text and links of a page tag by tag, without structure,
// for pages of which no tree can be built.
type flatReader struct {
	base    *url.URL
	out     build.Builder
	links   []knowledge.Link
	buf     strings.Builder
	inTitle bool
	skip    bool
}

func readFlat(ctx context.Context, opts Options, base *url.URL, text string) (*Page, error) {
	f := flatReader{base: base, out: build.Builder{MaxText: opts.Limits.MaxText}}
	z := html.NewTokenizer(strings.NewReader(text))
	offset, wide := 0, false
	for count := 0; ; count++ {
		if count%contextEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		kind := z.Next()
		offset += len(z.Raw())
		if kind == html.ErrorToken {
			return f.page()
		}
		// The tokenizer clears its table of attribute names for every tag, and
		// the table never shrinks: after a tag with very many, start afresh.
		wide = wide || kind != html.TextToken && len(z.Raw()) > widestTag
		raw := f.token(z, kind)
		if wide && kind != html.TextToken && !raw {
			z = html.NewTokenizer(strings.NewReader(text[min(offset, len(text)):]))
			wide = false
		}
		if err := f.out.Err(); err != nil {
			return nil, err
		}
	}
}

const widestTag = 16 << 10

func (f *flatReader) page() (*Page, error) {
	f.flush()
	if err := f.out.Err(); err != nil {
		return nil, err
	}
	f.out.Doc.Links = f.links
	page := &Page{Document: &f.out.Doc, Links: append([]knowledge.Link(nil), f.links...)}
	page.TextHash = textHash(page.Document)
	return page, nil
}

func (f *flatReader) flush() {
	f.out.Add(knowledge.Block{Text: f.buf.String()})
	f.buf.Reset()
}

// token takes one token in; it reports whether an element began whose content
// is not markup.
func (f *flatReader) token(z *html.Tokenizer, kind html.TokenType) bool {
	switch kind {
	case html.TextToken:
		switch {
		case f.inTitle:
			f.out.Doc.Title = build.Fold(string(z.Text()))
		case !f.skip:
			f.buf.Write(z.Text())
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		name, more := z.TagName()
		a := atom.Lookup(name)
		f.inTitle = a == atom.Title && f.out.Doc.Title == ""
		f.skip = unreadable(a)
		if a == atom.A {
			f.link(z, more)
		}
		if !f.skip && !f.inTitle && !isInline(a) {
			f.flush()
		}
		return f.skip && a != atom.Option && a != atom.Template || a == atom.Title
	case html.EndTagToken:
		name, _ := z.TagName()
		f.skip, f.inTitle = false, false
		if !isInline(atom.Lookup(name)) {
			f.flush()
		}
	}
	return false
}

func (f *flatReader) link(z *html.Tokenizer, more bool) {
	var l knowledge.Link
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch string(k) {
		case "href":
			l.URL = resolve(f.base, string(v))
		case "rel":
			l.NoFollow = hasWord(string(v), "nofollow")
		}
	}
	if l.URL != "" {
		f.links = append(f.links, l)
	}
}

// unreadable tells elements whose text is not for a reader.
func unreadable(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Textarea, atom.Iframe, atom.Option, atom.Xmp, atom.Noembed, atom.Noframes:
		return true
	}
	return false
}
