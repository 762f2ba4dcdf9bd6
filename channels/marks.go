package channels

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/util"
)

// marks is how a medium writes what markdown means. An empty mark is left out.
type marks struct {
	bold, italic, strike, inlineCode, fence string
	bullet, quote                           string

	headingsBold bool
	namedCells   bool // a table row is a line of "heading: value"
	imageAddress bool // a picture is its description and its address
	spoken       bool // read aloud: no addresses, pictograms or struck out text
}

var (
	plainMarks = marks{bullet: "• ", quote: "> "}
	// whatsAppMarks are those of its help pages. There is none for headings,
	// links, tables or pictures.
	whatsAppMarks = marks{
		bold: "*", italic: "_", strike: "~", inlineCode: "`", fence: "```", bullet: "- ", quote: "> ",
		headingsBold: true, namedCells: true, imageAddress: true,
	}
	spokenMarks = marks{namedCells: true, spoken: true}
)

func (m *marks) emphasis(level int) string {
	if level > 1 {
		return m.bold
	}
	return m.italic
}

// parser returns the parser of CommonMark with tables. Two things are left out
// because they would take text away: definitions such as "[1]: https://…",
// which also would turn the source mark [1] into a link, and, where there is no
// mark for it, strikethrough, whose text means the opposite without.
func (m *marks) parser() parser.Parser {
	if m.strike != "" || m.spoken {
		return strikingParser()
	}
	return plainParser()
}

var (
	plainParser    = sync.OnceValue(func() parser.Parser { return newParser() })
	strikingParser = sync.OnceValue(func() parser.Parser {
		return newParser(util.Prioritized(extension.NewStrikethroughParser(), 500))
	})
)

func newParser(inline ...util.PrioritizedValue) parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(append(parser.DefaultInlineParsers(), inline...)...),
		parser.WithParagraphTransformers(util.Prioritized(extension.NewTableParagraphTransformer(), 200)),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
}

var (
	bareAddress = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"')\]]+`)
	sourceMark  = regexp.MustCompile(` ?\[\d{1,3}\]`)
)

// spoken returns text as it is read aloud: addresses by the name of their host,
// without source marks and pictograms.
func spoken(text string) string {
	text = bareAddress.ReplaceAllStringFunc(text, func(address string) string {
		bare := strings.TrimRight(address, ".,;:!?")
		u, err := url.Parse(bare)
		if err != nil {
			return ""
		}
		return strings.TrimPrefix(u.Hostname(), "www.") + address[len(bare):]
	})
	text = sourceMark.ReplaceAllString(text, "")
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.So, r) || r == joiner || r >= 0xfe00 && r <= 0xfe0f || r >= 0x1f3fb && r <= 0x1f3ff {
			return -1
		}
		return r
	}, text)
}
