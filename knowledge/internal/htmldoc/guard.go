package htmldoc

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/kundeagent/kundeagent/knowledge"
)

type rootNode = html.Node

type fitness uint8

const (
	parseable fitness = iota
	// tooTangled: building the tree would cost far more than reading the page;
	// its text is read tag by tag instead.
	tooTangled
)

const (
	// maxOpenElements is where x/net/html gives up.
	maxOpenElements = 512
	// maxTextCopying bounds the bytes copied when the tree builder joins text
	// over tags it ignores; each join copies the whole text so far.
	maxTextCopying = 256 << 20
	// maxRootAttributes bounds the merging of repeated html and body tags.
	maxRootAttributes = 64
	// maxStackSteps bounds the search for what stray end tags would close.
	maxStackSteps = 10_000_000
	// maxAttributes bounds the attributes of one element.
	maxAttributes = 500
	contextEvery  = 4096
)

// inspector estimates, from the tags alone, what building the tree costs.
type inspector struct {
	elements, rebuilt int
	open              map[atom.Atom]int
	formatting        int // weight of open formatting elements: rebuilt in every new block
	weights           map[atom.Atom][]int
	run, copied       int // text since the last tag that certainly made a node
	foster, fosterSum int // text in tables but outside cells is moved and joined
	inTable           bool
	rootTags          int
	depth, steps      int // open elements, and those looked at for stray end tags
	widest            int // most attributes on one element
}

// inspect walks the tags once. Some short inputs make the tree builder create
// or copy quadratically much; they are found here, by counting, before any
// tree is built. It returns an error wrapping ErrTooLarge for too many elements.
func inspect(ctx context.Context, text string, lim Limits) (fitness, error) {
	in := inspector{open: map[atom.Atom]int{}, weights: map[atom.Atom][]int{}}
	z := html.NewTokenizer(strings.NewReader(text))
	for count := 0; ; count++ {
		if count%contextEvery == 0 && ctx.Err() != nil {
			return tooTangled, ctx.Err()
		}
		switch z.Next() {
		case html.ErrorToken:
			return in.verdict(lim), nil
		case html.TextToken:
			in.text(z.Raw())
		case html.StartTagToken, html.SelfClosingTagToken:
			name, hasAttr := z.TagName()
			in.start(atom.Lookup(name), countAttributes(z, hasAttr))
		case html.EndTagToken:
			name, _ := z.TagName()
			in.end(atom.Lookup(name))
		}
		if in.elements > lim.MaxNodes {
			return tooTangled, fmt.Errorf("more than %d elements: %w", lim.MaxNodes, knowledge.ErrTooLarge)
		}
		if in.verdict(lim) != parseable {
			return tooTangled, nil
		}
	}
}

func (in *inspector) verdict(lim Limits) fitness {
	if in.rebuilt > 2*lim.MaxNodes || in.copied > maxTextCopying || in.fosterSum > maxTextCopying || in.rootTags > maxRootAttributes ||
		in.steps > maxStackSteps || in.widest > maxAttributes {
		return tooTangled
	}
	return parseable
}

func (in *inspector) text(raw []byte) {
	in.run += len(raw)
	in.copied += in.run - len(raw)
	if in.inTable && len(bytes.TrimSpace(raw[:min(len(raw), 64)])) > 0 {
		in.foster += len(raw)
		in.fosterSum += in.foster
	}
}

func countAttributes(z *html.Tokenizer, more bool) (n int) {
	for more {
		_, _, more = z.TagAttr()
		n++
	}
	return n
}

// isFormatting tells the elements that the tree builder opens anew, with their
// attributes, in every block that begins before they are closed.
func isFormatting(a atom.Atom) bool {
	switch a {
	case atom.A, atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.Nobr, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
		return true
	}
	return false
}

func (in *inspector) start(a atom.Atom, attributes int) {
	const attributesPerElement = 4 // of the memory of an element
	in.elements++
	in.widest = max(in.widest, attributes)
	in.rebuilt += in.formatting
	if isFormatting(a) {
		weight := 1 + attributes/attributesPerElement
		in.weights[a] = append(in.weights[a], weight)
		in.formatting += weight
	}
	in.open[a]++
	in.depth++
	switch a {
	case atom.Html, atom.Body:
		if attributes > 0 {
			in.rootTags++
		}
		return
	case atom.Head, atom.Caption, atom.Col, atom.Colgroup, atom.Frame, atom.Tbody, atom.Td, atom.Tfoot, atom.Th, atom.Thead, atom.Tr:
		in.inTable = in.open[atom.Table] > 0 && a != atom.Td && a != atom.Th && a != atom.Caption
		if in.open[atom.Table] == 0 {
			return // ignored: text around it is joined
		}
	case atom.Table:
		in.inTable = true
	}
	if in.open[atom.Select] == 0 {
		in.run = 0
	}
}

func (in *inspector) end(a atom.Atom) {
	if in.open[a] == 0 {
		in.steps += min(in.depth, maxOpenElements)
		if a == atom.P || a == atom.Br {
			in.elements++ // these end tags make an element of their own
		}
		return
	}
	in.open[a]--
	in.depth--
	if w := in.weights[a]; len(w) > 0 {
		in.formatting -= w[len(w)-1]
		in.weights[a] = w[:len(w)-1]
	}
	switch a {
	case atom.Table:
		in.inTable = false
	case atom.Td, atom.Th, atom.Caption, atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot:
		in.inTable = in.open[atom.Table] > 0
	}
	if in.open[atom.Select] == 0 && a != atom.Html && a != atom.Body && a != atom.Head {
		in.run = 0
	}
}

// contextReader ends a parse whose context ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// parseTree fails on more than 512 open elements, and when ctx ends.
func parseTree(ctx context.Context, text string) (*rootNode, error) {
	return html.Parse(contextReader{ctx, strings.NewReader(text)})
}

// closeEmptyElements turns the empty elements of XHTML, <a id="x"/>, into
// <a id="x"></a>: HTML would read them as start tags and put the rest of the
// page inside. CDATA marks are removed.
func closeEmptyElements(text string) string {
	var sb strings.Builder
	sb.Grow(len(text) + len(text)/16)
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;")
	closable := true // until a mark without an end was met
	for {
		lt := strings.IndexByte(text, '<')
		if lt < 0 {
			sb.WriteString(text)
			return sb.String()
		}
		sb.WriteString(text[:lt])
		text = text[lt:]
		if rest, ok := strings.CutPrefix(text, "<![CDATA["); ok && closable {
			var body, after string
			if body, after, closable = strings.Cut(rest, "]]>"); closable {
				sb.WriteString(escape.Replace(body))
				text = after
				continue
			}
		}
		gt := strings.IndexAny(text[1:], "<>")
		if gt < 0 {
			sb.WriteString(text)
			return sb.String()
		}
		gt++
		tag := text[:gt]
		if text[gt] == '>' && strings.HasSuffix(tag, "/") {
			name := tagName(tag[1 : len(tag)-1])
			if name != "" && !isVoid(name) {
				sb.WriteString(tag[:len(tag)-1] + "></" + name + ">")
				text = text[gt+1:]
				continue
			}
		}
		sb.WriteString(tag)
		text = text[gt:]
		if text[0] == '>' {
			sb.WriteByte('>')
			text = text[1:]
		}
	}
}

func tagName(s string) string {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (i == 0 || s[i] < '0' || s[i] > '9') && s[i] != '-' && s[i] != ':' {
			return s[:i]
		}
	}
	return s
}

func isVoid(name string) bool {
	switch strings.ToLower(name) {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr":
		return true
	}
	return false
}
