package office

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge"
)

// altChunk reads a document that is embedded whole: another Word document, a
// web page or plain text. Other formats hold nothing this package can read and
// are left out.
func (w *wordReader) altChunk(r relationship) error {
	if r.target == "" || r.external || w.nesting >= maxNesting {
		return nil
	}
	content, err := w.read(r.target)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(content, []byte("PK\x03\x04")) {
		w.flushCode()
		err := readDocument(content, w.budget, w.out, w.nesting+1)
		if errors.Is(err, knowledge.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("document %s inside: %w", r.target, err)
		}
		return nil
	}
	var lines []string
	switch strings.ToLower(path.Ext(r.target)) {
	case ".htm", ".html", ".xhtml":
		lines = htmlLines(decodeText(content))
	case ".txt":
		lines = strings.Split(decodeText(content), "\n")
	}
	for _, line := range lines {
		if err := w.emit(knowledge.Block{Text: line}); err != nil {
			return err
		}
	}
	return nil
}

// decodeText reads text that declares no encoding: by byte order mark, as
// UTF-8, else one byte a character.
func decodeText(content []byte) string {
	content = toUTF8(content)
	if utf8.Valid(content) {
		return string(content)
	}
	runes := make([]rune, len(content))
	for i, c := range content {
		runes[i] = rune(c)
	}
	return string(runes)
}

// htmlBreaks are the elements that end a line.
var htmlBreaks = map[string]bool{
	"p": true, "div": true, "br": true, "li": true, "tr": true, "table": true, "ul": true, "ol": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "blockquote": true, "pre": true,
	"section": true, "article": true, "hr": true, "dt": true, "dd": true,
}

// htmlHidden are the elements whose content is not shown in the page.
var htmlHidden = map[string]bool{"script": true, "style": true, "title": true, "template": true, "noscript": true}

var newlines = strings.NewReplacer("\n", " ", "\r", " ")

// htmlLines returns the visible text of a page, a line for each block. It knows
// tags, not trees: enough for the plain pages that are embedded in documents.
func htmlLines(page string) []string {
	var sb strings.Builder
	for page != "" {
		text, rest, found := strings.Cut(page, "<")
		sb.WriteString(newlines.Replace(text))
		if !found {
			break
		}
		page = afterTag(&sb, rest)
	}
	return strings.Split(html.UnescapeString(sb.String()), "\n")
}

// afterTag reads one tag, whose "<" was read, and returns what follows it or
// the hidden element it opens.
func afterTag(sb *strings.Builder, rest string) string {
	if strings.HasPrefix(rest, "!--") {
		_, after, _ := strings.Cut(rest, "-->")
		return after
	}
	tag, after, _ := strings.Cut(rest, ">")
	name := strings.ToLower(strings.TrimPrefix(tag, "/"))
	if i := strings.IndexFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }); i >= 0 {
		name = name[:i]
	}
	switch {
	case htmlBreaks[name]:
		sb.WriteByte('\n')
	case name == "td" || name == "th":
		sb.WriteByte(' ')
	case htmlHidden[name] && !strings.HasPrefix(tag, "/"):
		if i := indexFold(after, "</"+name); i >= 0 {
			return after[i:]
		}
		return ""
	}
	return after
}

// indexFold is strings.Index without regard to case, for an ASCII needle.
func indexFold(s, needle string) int {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], needle[0])
		if i < 0 || from+i+len(needle) > len(s) {
			return -1
		}
		from += i
		if strings.EqualFold(s[from:from+len(needle)], needle) {
			return from
		}
		from++
	}
}
