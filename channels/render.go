package channels

import (
	"strconv"
	"strings"
)

// Render fits a composed text with its citations to a medium: its markup, with
// the sources listed after the text, split into parts of at most
// caps.MaxText. Source numbers in the text stay as [1]. heading is the word for
// "Sources" in the customer's language.
//
// In plain text nothing that was said is lost: marks go, but links keep their
// address, quotations their ">" and HTML is text. In [WhatsApp] headings are
// bold and the rows of a table are lines of "heading: value". In [Speech] there
// are no sources. A text of more than 32 KiB keeps its marks.
//
// Parts break at paragraphs, lines, sentences or words, in that preference;
// only a word or address longer than a whole part is cut. No part is empty, so
// there are none when there is nothing to say.
func Render(text string, citations []Citation, heading string, caps Capabilities) []string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = printAs(text, caps)
	if caps.Markup == Speech {
		citations = nil
	}
	if list := sourceList(citations, heading, caps); list != "" {
		text = strings.TrimRight(text, " \t\r\n") + "\n\n" + list
	}
	return newSplitter(caps).split(text)
}

// printAs writes markdown as a medium marks it up.
func printAs(text string, caps Capabilities) string {
	switch caps.Markup {
	case Markdown:
		return text
	case WhatsApp:
		return printMarkdown(text, whatsAppMarks, caps.NoLinks)
	case Speech:
		return printMarkdown(text, spokenMarks, true)
	default:
		return printMarkdown(text, plainMarks, caps.NoLinks)
	}
}

// sourceList returns the heading and one line for each citation.
func sourceList(citations []Citation, heading string, caps Capabilities) string {
	if len(citations) == 0 {
		return ""
	}
	marked := caps.Markup == Markdown
	var sb strings.Builder
	sb.WriteString(heading + ":")
	for _, c := range citations {
		title, url := oneLine(c.Title), oneLine(c.URL)
		if title == "" {
			title = url
		}
		if marked {
			// Without a hard break markdown would join the lines to one.
			sb.WriteString("  ")
		}
		sb.WriteString("\n[" + strconv.Itoa(c.Number) + "] ")
		switch linked := url != "" && !caps.NoLinks; {
		case marked && linked:
			sb.WriteString("[" + labelEscapes.Replace(title) + "](<" + addressEscapes.Replace(url) + ">)")
		case marked:
			sb.WriteString(labelEscapes.Replace(title))
		case linked && title != url:
			sb.WriteString(title + " – " + url)
		default:
			sb.WriteString(title)
		}
	}
	return sb.String()
}

// labelEscapes keep a title from being read as markdown, addressEscapes an
// address from ending its own brackets.
var (
	labelEscapes = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, "*", `\*`, "_", `\_`,
		"`", "\\`", "<", `\<`, ">", `\>`, "&", `\&`, "~", `\~`, "|", `\|`)
	addressEscapes = strings.NewReplacer("<", "%3C", ">", "%3E", `\`, "%5C", " ", "%20")
)

func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
}
