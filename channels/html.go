package channels

import (
	"bytes"
	"html"
	"strconv"
	"strings"
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	gmtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// HTML renders a composed text with its citations to a fragment of HTML that is
// safe in any page: paragraphs, headings, lists, tables, quotations, code,
// emphasis, and links to http, https, mailto and tel addresses. HTML in the text
// is text, pictures are their description, and there are no classes, styles or
// scripts. The sources follow as a list under heading; see [Render]. A text of
// more than 32 KiB is shown as it was written.
func HTML(text string, citations []Citation, heading string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	var out bytes.Buffer
	if len(text) > maxParsed {
		out.WriteString("<pre>" + html.EscapeString(text) + "</pre>\n")
	} else {
		source := []byte(text)
		tree := strikingParser().Parse(gmtext.NewReader(source))
		if err := htmlRenderer().Render(&out, source, tree); err != nil {
			// Only a writer that fails makes rendering fail; memory does not.
			return "<pre>" + html.EscapeString(text) + "</pre>\n"
		}
	}
	if len(citations) > 0 {
		out.WriteString("<p>" + html.EscapeString(heading) + ":</p>\n<ol>\n")
		for _, c := range citations {
			out.WriteString(sourceItem(c))
		}
		out.WriteString("</ol>\n")
	}
	return out.String()
}

func sourceItem(c Citation) string {
	title, address := oneLine(c.Title), oneLine(c.URL)
	if title == "" {
		title = address
	}
	item := html.EscapeString(title)
	if safeAddress(address) {
		item = `<a href="` + html.EscapeString(address) + `" rel="` + linkRelation + `">` + item + "</a>"
	}
	return `<li value="` + strconv.Itoa(c.Number) + `">` + item + "</li>\n"
}

// linkRelation keeps the page a link leads to from learning or changing where it
// was opened, and search engines from following.
const linkRelation = "noopener nofollow ugc"

// safeAddress reports whether an address may be a link.
func safeAddress(address string) bool {
	scheme, rest, ok := strings.Cut(address, ":")
	if !ok || rest == "" {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto", "tel":
		return true
	}
	return false
}

var htmlRenderer = sync.OnceValue(func() renderer.Renderer {
	return renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(safeNodes{}, 100),
		util.Prioritized(extension.NewTableHTMLRenderer(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)), 500),
		util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
		util.Prioritized(gmhtml.NewRenderer(), 1000),
	))
})

// safeNodes renders what could harm: HTML, pictures and links.
type safeNodes struct{}

func (safeNodes) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindRawHTML, renderRawHTML)
	r.Register(ast.KindHTMLBlock, renderHTMLBlock)
	r.Register(ast.KindImage, renderImage)
	r.Register(ast.KindLink, renderLink)
	r.Register(ast.KindAutoLink, renderAutoLink)
	r.Register(ast.KindFencedCodeBlock, renderCode)
	r.Register(ast.KindHeading, renderHeading)
}

func renderRawHTML(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if raw := n.(*ast.RawHTML); entering {
		for i := range raw.Segments.Len() {
			seg := raw.Segments.At(i)
			_, _ = w.WriteString(html.EscapeString(string(seg.Value(source))))
		}
	}
	return ast.WalkSkipChildren, nil
}

func renderHTMLBlock(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if block := n.(*ast.HTMLBlock); entering {
		text := string(block.Lines().Value(source))
		if block.HasClosure() {
			text += string(block.ClosureLine.Value(source))
		}
		_, _ = w.WriteString("<p>" + html.EscapeString(strings.TrimSpace(text)) + "</p>\n")
	}
	return ast.WalkSkipChildren, nil
}

func renderImage(util.BufWriter, []byte, ast.Node, bool) (ast.WalkStatus, error) {
	return ast.WalkContinue, nil // the description stands within
}

func renderLink(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	address := string(util.URLEscape(n.(*ast.Link).Destination, true))
	switch {
	case !safeAddress(address):
	case entering:
		_, _ = w.WriteString(`<a href="` + html.EscapeString(address) + `" rel="` + linkRelation + `">`)
	default:
		_, _ = w.WriteString("</a>")
	}
	return ast.WalkContinue, nil
}

func renderAutoLink(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	link := n.(*ast.AutoLink)
	address, label := string(link.URL(source)), html.EscapeString(string(link.Label(source)))
	if link.AutoLinkType == ast.AutoLinkEmail {
		address = "mailto:" + address
	}
	if safeAddress(address) {
		label = `<a href="` + html.EscapeString(address) + `" rel="` + linkRelation + `">` + label + "</a>"
	}
	_, _ = w.WriteString(label)
	return ast.WalkContinue, nil
}

// renderCode leaves the language out: it would become a class.
func renderCode(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString("<pre><code>" + html.EscapeString(string(n.Lines().Value(source))) + "</code></pre>\n")
	}
	return ast.WalkContinue, nil
}

// renderHeading keeps a message's headings below those of the page around it.
func renderHeading(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	level := strconv.Itoa(min(n.(*ast.Heading).Level+2, 6))
	if entering {
		_, _ = w.WriteString("<h" + level + ">")
	} else {
		_, _ = w.WriteString("</h" + level + ">\n")
	}
	return ast.WalkContinue, nil
}
