package channels

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// splitter cuts rendered texts into parts that a medium takes.
type splitter struct {
	limit int // 0 is none
	unit  Unit
	// unbroken are the parts of a line that lose their meaning when cut, fenced
	// says that there are blocks of code between fences.
	unbroken *regexp.Regexp
	fenced   bool
}

func newSplitter(caps Capabilities) splitter {
	s := splitter{limit: caps.MaxText, unit: caps.Unit}
	switch caps.Markup {
	case Markdown:
		s.fenced, s.unbroken = true, unbrokenMarkdown
	case WhatsApp:
		s.fenced, s.unbroken = true, unbrokenWhatsApp
	}
	return s
}

var (
	unbrokenMarkdown = regexp.MustCompile("!?\\[[^\\]\\n]*\\]\\([^)\\n]*\\)|`[^`\\n]+`|\\*\\*[^*\\n]+\\*\\*|<[^>\\n]+>")
	unbrokenWhatsApp = regexp.MustCompile("`[^`\\n]+`|\\*[^*\\n]+\\*|\\b_[^_\\n]+_\\b|~[^~\\n]+~")
)

// split cuts text into parts of at most the limit; see [Render].
func (s splitter) split(text string) []string {
	text = trimBlank(text)
	var parts []string
	for text != "" {
		if s.limit <= 0 || s.prefix(text, s.limit) == len(text) {
			return append(parts, text)
		}
		part, rest := s.splitOnce(text)
		if part = trimBlank(part); part != "" {
			parts = append(parts, part)
		}
		// After a line break, spaces are an indent; elsewhere they are the cut.
		text = trimBlank(strings.TrimLeft(rest, " \t"))
	}
	return parts
}

// prefix returns how many bytes of text at most limit units are, in whole code
// points.
func (s splitter) prefix(text string, limit int) int {
	for i, r := range text {
		if limit -= s.size(r); limit < 0 {
			return i
		}
	}
	return len(text)
}

func (s splitter) size(r rune) int {
	switch s.unit {
	case UTF16Units:
		return max(utf16.RuneLen(r), 1)
	case Bytes:
		return max(utf8.RuneLen(r), 1)
	default:
		return 1
	}
}

// length returns a text's length in units.
func (s splitter) length(text string) int {
	n := 0
	for _, r := range text {
		n += s.size(r)
	}
	return n
}

// splitOnce returns one part and a shorter rest. A fenced block that must be cut
// is closed in the part and opened again in the rest.
func (s splitter) splitOnce(text string) (part, rest string) {
	cut := s.cutAt(text, s.limit, s.unbroken)
	if !s.fenced {
		return text[:cut], text[cut:]
	}
	fence, opener, mark := openFence(text[:cut])
	if fence < 0 {
		return text[:cut], text[cut:]
	}
	if strings.TrimSpace(text[:fence]) != "" {
		return text[:fence], text[fence:]
	}
	room := s.limit - s.length(mark) - 1
	if room < 2*s.length(opener)+8 {
		return text[:cut], text[cut:]
	}
	cut = s.cutAt(text, room, nil)
	if cut <= fence+len(opener)+1 {
		return text[:cut], text[cut:]
	}
	return strings.TrimRight(text[:cut], "\n") + "\n" + mark, opener + "\n" + strings.TrimLeft(text[cut:], "\n")
}

// cutAt returns the byte at which a part of text ends that holds at most limit
// units, and at least one code point. Text is longer than limit.
func (s splitter) cutAt(text string, limit int, unbroken *regexp.Regexp) int {
	_, first := utf8.DecodeRuneInString(text)
	end := max(s.prefix(text, limit), first)
	if end == len(text) {
		return end
	}
	var whole [][]int
	if near := text[:min(len(text), 3*end)]; unbroken != nil && strings.ContainsAny(near, "[`*<_~") {
		whole = unbroken.FindAllStringIndex(near, -1)
	}
	for _, boundary := range boundaries {
		for cut := end; cut > end/3; cut-- {
			if boundary(text, cut) && !within(whole, cut) {
				return cut
			}
		}
	}
	// A long word leaves little of the part; better a short one than a cut word.
	for _, spans := range [][][]int{whole, nil} {
		for cut := end; cut > 0; cut-- {
			if atWord(text, cut) && !within(spans, cut) {
				return cut
			}
		}
	}
	return cutWord(text, end)
}

func within(spans [][]int, cut int) bool {
	for _, s := range spans {
		if s[0] < cut && cut < s[1] {
			return true
		}
	}
	return false
}

// boundaries report whether text may be cut at a byte, best first.
var boundaries = []func(text string, cut int) bool{
	func(text string, cut int) bool { return strings.HasPrefix(text[cut:], "\n\n") && text[cut-1] != '\n' },
	func(text string, cut int) bool { return strings.HasPrefix(text[cut:], "\n") },
	func(text string, cut int) bool { return atWord(text, cut) && atSentence(text[:cut]) },
	atWord,
}

func atWord(text string, cut int) bool {
	if !utf8.RuneStart(text[cut]) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(text[cut:])
	if unicode.IsSpace(r) {
		return true
	}
	return endsIdeographic(text[:cut])
}

func atSentence(text string) bool {
	text = strings.TrimRight(text, "\"')]”’»")
	r, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune(".!?…。！？", r)
}

// endsIdeographic reports an end of clause in scripts that put no space there.
func endsIdeographic(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune("。！？，、；", r)
}

// cutWord moves a cut inside a word back so that it does not come between a
// character and what combines with it.
func cutWord(text string, end int) int {
	for cut := end; cut > 0; {
		r, _ := utf8.DecodeRuneInString(text[cut:])
		last, size := utf8.DecodeLastRuneInString(text[:cut])
		if !combines(r) && last != joiner {
			return cut
		}
		cut -= size
	}
	return end
}

const joiner = '\u200d'

func combines(r rune) bool {
	return r == joiner || unicode.IsMark(r) || unicode.Is(unicode.Sk, r) && r >= 0x1f3fb && r <= 0x1f3ff
}

// openFence returns where an unclosed fenced block of text begins, its first
// line and the mark that closes it; -1 if there is none.
func openFence(text string) (start int, opener, mark string) {
	start = -1
	for at := 0; at < len(text); {
		line, _, _ := strings.Cut(text[at:], "\n")
		m := fenceMark(line)
		switch {
		case m == "":
		case start < 0:
			start, opener, mark = at, line, m
		case strings.HasPrefix(m, mark) && strings.TrimSpace(line) == m:
			start = -1
		}
		at += len(line) + 1
	}
	return start, opener, mark
}

func fenceMark(line string) string {
	line = strings.TrimLeft(line, " ")
	for _, c := range []string{"`", "~"} {
		if n := len(line) - len(strings.TrimLeft(line, c)); n >= 3 && !(c == "`" && strings.Contains(line[n:], c)) {
			return line[:n]
		}
	}
	return ""
}

// trimBlank removes blank lines before text and white space after it. The
// indent of the first line stays: it may be that of code or of a list.
func trimBlank(s string) string {
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	first := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsSpace(r) })
	if first <= 0 {
		return s
	}
	if i := strings.LastIndexByte(s[:first], '\n'); i >= 0 {
		return s[i+1:]
	}
	return s
}
