package agent

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/text"
)

// segmenter finds the places where markdown that is still being written may be
// cut: after whole sentences, list items, table rows and code blocks, and never
// inside a link, a citation mark, a number, emphasis or code. A cut never
// depends on how the text arrived, nor does text that comes later move it.
type segmenter struct {
	text strings.Builder
	cut  int // the last cut, in bytes
	// stuck is set when no cut came for so long that none is looked for.
	stuck bool
}

// maxUncut is after how many bytes without a cut a segmenter gives up; it
// bounds the work done for text that has no end.
const maxUncut = 2 << 10

// usualCut is within how many bytes most cuts come: looking there first spares
// most of the work, and finds the same, since a cut never depends on what comes
// after what makes it known.
const usualCut = 512

// add takes the next piece of text, and returns the cuts that it makes known,
// in bytes from the start.
func (s *segmenter) add(piece string) []int {
	s.text.WriteString(piece)
	var cuts []int
	for !s.stuck {
		rest := wholeRunes(s.text.String()[s.cut:])
		lineStart := s.cut == 0 || strings.HasPrefix(strings.TrimLeft(rest, " \t\r"), "\n")
		n := nextCut(beginning(rest, usualCut), lineStart)
		if n <= 0 && len(rest) > usualCut {
			n = nextCut(beginning(rest, maxUncut), lineStart)
		}
		if n <= 0 {
			s.stuck = len(rest) > maxUncut
			break
		}
		s.cut += n
		cuts = append(cuts, s.cut)
	}
	return cuts
}

func beginning(s string, n int) string { return wholeRunes(s[:min(n, len(s))]) }

// wholeRunes leaves out the beginning of a character that is still to come.
func wholeRunes(s string) string {
	for i := len(s) - 1; i >= 0 && i >= len(s)-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			if !utf8.FullRuneInString(s[i:]) {
				return s[:i]
			}
			break
		}
	}
	return s
}

// nextCut returns where the first segment of s ends, or -1 while that cannot
// be told. s begins a block, or goes on within a paragraph.
func nextCut(s string, lineStart bool) int {
	body := strings.TrimLeftFunc(s, unicode.IsSpace)
	if body == "" {
		return -1
	}
	skipped := len(s) - len(body)
	if !lineStart {
		return offset(skipped, paragraphCut(body))
	}
	kind, sure := blockOf(body)
	switch {
	case !sure:
		return -1
	case kind == blockFence:
		return offset(skipped, fenceCut(body))
	case kind == blockItem:
		return offset(skipped, itemCut(body))
	case kind == blockLine:
		return offset(skipped, strings.IndexByte(body, '\n'))
	default:
		return offset(skipped, paragraphCut(body))
	}
}

func offset(by, cut int) int {
	if cut < 0 {
		return -1
	}
	return by + cut
}

// block is what a line begins.
type block uint8

const (
	blockText  block = iota
	blockFence       // fenced code: whole up to its closing fence
	blockItem        // a list item: whole up to the next item or a blank line
	blockLine        // a table row, heading, quotation or rule: one line
	blockBlank
)

// blockOf tells what s begins with; sure is false while its first line is too
// short to tell.
func blockOf(s string) (kind block, sure bool) {
	line, _, ended := strings.Cut(s, "\n")
	line = strings.TrimLeft(line, " \t\r")
	if line == "" {
		return blockBlank, ended
	}
	digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
	mark := digits // where an item's mark ends
	switch c := line[0]; {
	case digits > 0 && digits <= 9:
		if digits == len(line) {
			return blockText, ended
		}
		if line[digits] != '.' && line[digits] != ')' {
			return blockText, true
		}
	case c == '`' || c == '~':
		n := len(line) - len(strings.TrimLeft(line, string(c)))
		if n >= 3 {
			return blockFence, true
		}
		return blockText, ended || n < len(line)
	case c == '|' || c == '>':
		return blockLine, true
	case c == '#':
		return blockLine, true
	case strings.HasPrefix(line, "•"):
		return blockItem, true
	case c != '-' && c != '*' && c != '+':
		return blockText, true
	}
	if mark+1 == len(line) {
		return blockItem, ended // a mark without text, or one that is still coming
	}
	if line[mark+1] == ' ' || line[mark+1] == '\t' {
		return blockItem, true
	}
	return blockText, true
}

// fenceCut returns where the line ends that closes a fenced block.
func fenceCut(s string) int {
	opener, _, _ := strings.Cut(s, "\n")
	mark := opener[:len(opener)-len(strings.TrimLeft(opener, opener[:1]))]
	for at := len(opener) + 1; at < len(s); {
		end := strings.IndexByte(s[at:], '\n')
		if end < 0 {
			return -1
		}
		if line := strings.TrimSpace(s[at : at+end]); strings.HasPrefix(line, mark) && strings.Trim(line, mark[:1]) == "" {
			return at + end
		}
		at += end + 1
	}
	return -1
}

// itemCut returns where a list item ends: before a blank line or another item,
// outside of code.
func itemCut(s string) int {
	fence := ""
	for at := 0; ; {
		end := strings.IndexByte(s[at:], '\n')
		if end < 0 {
			return -1
		}
		line := strings.TrimSpace(s[at : at+end])
		switch {
		case fence == "" && (strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~")):
			fence = line[:3]
		case fence != "" && strings.HasPrefix(line, fence):
			fence = ""
		}
		at += end
		if fence == "" {
			kind, sure := blockOf(s[at+1:])
			switch {
			case !sure:
				return -1
			case kind != blockText && kind != blockFence:
				return at
			}
		}
		at++
	}
}

// maxUnclosed is how many sentences may end inside brackets, emphasis or the
// like before only the end of the paragraph counts.
const maxUnclosed = 16

// paragraphCut returns where the first sentence of a paragraph ends.
func paragraphCut(s string) int {
	para, ended := paragraph(s)
	for i, span := range text.SentenceSpans(para) {
		if i == maxUnclosed {
			break
		}
		end, sure := marksAfter(s, span.End, len(para))
		switch {
		case end == len(para) && ended:
			return end
		case !ended && (!sure || !decided(para[span.End:], para[end:])):
			return -1
		case !unclosed(para[:end]):
			return end
		}
	}
	if ended {
		return len(para)
	}
	return -1
}

// paragraph returns the paragraph that s begins with, without the white space
// after it, and whether its end is in s. What may yet turn out to be another
// block is not part of it.
func paragraph(s string) (para string, ended bool) {
	for at := 0; ; at++ {
		i := strings.IndexByte(s[at:], '\n')
		if i < 0 {
			return s, false
		}
		at += i
		switch kind, sure := blockOf(s[at+1:]); {
		case !sure:
			return s[:at+1], false
		case kind != blockText:
			return strings.TrimRightFunc(s[:at], unicode.IsSpace), true
		}
	}
}

// marksAfter moves the end of a sentence behind the citation marks that follow
// it in the paragraph; sure is false while one may still be coming.
func marksAfter(s string, end, limit int) (after int, sure bool) {
	for {
		rest := strings.TrimLeft(s[end:limit], " \t\u00a0\r\n")
		if rest == "" {
			return end, true
		}
		if rest[0] != '[' {
			return end, true
		}
		n := 1
		for n < len(rest) && n <= 4 && '0' <= rest[n] && rest[n] <= '9' {
			n++
		}
		switch {
		case n == len(rest):
			return end, false
		case n == 1 || rest[n] != ']':
			return end, true
		}
		end = limit - len(rest) + n + 1
		for end < limit && strings.IndexByte(".!?,;:", s[end]) >= 0 {
			end++
		}
	}
}

// longestTelling is how many bytes of the word after a stop can tell whether
// the stop ends a sentence: no abbreviation or ordinal depends on a longer one.
const longestTelling = 24

// decided reports whether enough follows a sentence to know that it has ended:
// a whole word, as "Nr. I" may go on as "Nr. II" or "Nr. It". afterStop is what
// follows the sentence itself, rest what follows its citation marks.
func decided(afterStop, rest string) bool {
	word := strings.TrimLeftFunc(rest, func(r rune) bool { return !isWordRune(r) })
	if word == "" || !startsApart(afterStop) {
		return false
	}
	return len(word) > longestTelling || strings.IndexFunc(word, func(r rune) bool { return !isWordRune(r) }) > 0 || unspaced(word)
}

// startsApart reports that what follows a stop cannot belong to the character
// before it.
func startsApart(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return !unicode.IsMark(r) && r != '\u200d' && r != utf8.RuneError
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// unspaced reports a word of a script without spaces between words, of which
// the first character tells as much as the whole.
func unspaced(word string) bool {
	r, size := utf8.DecodeRuneInString(word)
	return r >= 0x0e00 && size < len(word) && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// unclosed reports whether s ends inside a link, brackets, emphasis, code, an
// address in angle brackets or a stretch of turned writing direction.
func unclosed(s string) bool {
	var square, round, turned, strong, emphasis, struck int
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch r {
		case '\\':
			size = min(2, len(s)-i)
		case '`':
			run := len(s[i:]) - len(strings.TrimLeft(s[i:], "`"))
			closing := strings.Index(s[i+run:], s[i:i+run])
			if closing < 0 {
				return true
			}
			size = run + closing + run
		case '<':
			if i+1 < len(s) && (isAlpha(s[i+1]) || strings.IndexByte("/!?", s[i+1]) >= 0) {
				closing := strings.IndexByte(s[i:], '>')
				if closing < 0 {
					return true
				}
				size = closing + 1
			}
		case '[':
			square++
		case ']':
			square = max(square-1, 0)
		case '(':
			round++
		case ')':
			round = max(round-1, 0)
		case '*', '_', '~':
			run := len(s[i:]) - len(strings.TrimLeft(s[i:], string(r)))
			if marksText(s, i, run) {
				switch {
				case r == '~':
					struck ^= run / 2 & 1
				default:
					strong ^= run / 2 & 1
					emphasis ^= run & 1
				}
			}
			size = run
		case '\u202a', '\u202b', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068':
			turned++
		case '\u202c', '\u2069':
			turned = max(turned-1, 0)
		}
		i += size
	}
	return square+round+turned+strong+emphasis+struck > 0
}

// marksText reports whether the run of marks at s[i:] is emphasis, and not a
// sign with spaces around it or part of a name such as order_id.
func marksText(s string, i, run int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i+run:])
	apart := func(r rune, edge bool) bool { return edge || unicode.IsSpace(r) }
	if apart(before, i == 0) && apart(after, i+run == len(s)) {
		return false
	}
	return s[i] != '_' || !isWordRune(before) || !isWordRune(after)
}

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
