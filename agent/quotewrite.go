package agent

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge"
)

// How quoted units are written as markdown.

// write joins the chosen units, in the order of the text but the passage of the
// first chosen first, each passage closed by its mark. One unit alone is cut to
// the limit in runes.
func (x *extract) write(chosen []int, limit int) string {
	main := x.units[chosen[0]].passage
	order := slices.Clone(chosen)
	slices.SortFunc(order, func(a, b int) int {
		if pa, pb := x.units[a].passage, x.units[b].passage; pa != pb && pa == main {
			return -1
		} else if pa != pb && pb == main {
			return 1
		}
		return cmp.Compare(a, b)
	})
	var sb strings.Builder
	sb.Grow(4 * limit / 3)
	for k, i := range order {
		u := &x.units[i]
		if k > 0 {
			sb.WriteString(x.joint(order[k-1], i))
		}
		switch {
		case len(order) == 1:
			x.writeFitting(&sb, u, limit-markRunes)
		case u.kind == knowledge.Code:
			writeCode(&sb, u.label, u.text)
		case isItem(u.kind):
			sb.WriteString(itemMark(u))
			sb.WriteString(escapeMarkdown(u.text))
		default:
			sb.WriteString(escapeMarkdown(u.text))
		}
		if k+1 == len(order) || x.units[order[k+1]].passage != u.passage {
			if u.kind == knowledge.Code { // the closing fence stands alone
				sb.WriteByte('\n')
			} else {
				sb.WriteByte(' ')
			}
			sb.WriteString("[" + itoa(x.mark(u.passage)) + "]")
		}
	}
	return sb.String()
}

// joint is what stands between two units quoted one after the other: what
// stands between them in the passage, or an ellipsis for what was left out.
func (x *extract) joint(before, i int) string {
	a, b := &x.units[before], &x.units[i]
	switch {
	case a.passage != b.passage:
		return "\n\n"
	case isItem(a.kind) || isItem(b.kind):
		return "\n"
	case before+1 != i:
		return " " + ellipsis + " "
	case a.block != b.block:
		return " "
	}
	return x.passages[a.passage].Blocks[a.block].Text[a.start+len(a.text) : b.start]
}

// itemMark begins a list item: steps keep their number.
func itemMark(u *unit) string {
	if digits := strings.TrimRight(u.label, ".) "); isStep(u.label) && isNumber(digits) {
		return digits + ". "
	}
	return "- "
}

func isNumber(s string) bool {
	return s != "" && len(s) < 10 && strings.Trim(s, "0123456789") == ""
}

// writeFitting writes a unit, as much of it as fits.
func (x *extract) writeFitting(sb *strings.Builder, u *unit, limit int) {
	if u.kind == knowledge.Code {
		writeCode(sb, u.label, firstLines(u.text, limit-len("```\n\n```\n")-len(u.label)))
		return
	}
	room := limit
	for {
		part, start := x.excerpt(u.text, room)
		written := escapeMarkdown(part)
		if start > 0 {
			written = ellipsis + " " + written
		}
		if start+len(part) < len(strings.TrimRight(u.text, " ")) {
			written = strings.TrimRightFunc(written, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }) + ellipsis
		}
		over := utf8.RuneCountInString(written) - limit
		if over <= 0 || room <= over+1 {
			sb.WriteString(written)
			return
		}
		room -= over
	}
}

// writeCode writes a block of code, fenced by more backticks than it holds.
func writeCode(sb *strings.Builder, label, code string) {
	fence := "```"
	for strings.Contains(code, fence) {
		fence += "`"
	}
	if strings.ContainsAny(label, "`\n \t") {
		label = ""
	}
	sb.WriteString(fence + label + "\n" + strings.TrimRight(code, "\n") + "\n" + fence)
}

// outsideCode applies f to the parts of a markdown text that are not in fenced
// code. A fence that is never closed is text.
func outsideCode(s string, f func(string) string) string {
	if !strings.Contains(s, "```") {
		return f(s)
	}
	var sb strings.Builder
	for s != "" {
		begin, end := fenced(s)
		sb.WriteString(f(s[:begin]))
		sb.WriteString(s[begin:end])
		s = s[end:]
	}
	return sb.String()
}

// fenced returns where the first fenced code begins and ends, with its fences
// and the line break behind; the end of the text twice if there is none.
func fenced(s string) (begin, end int) {
	fence, at := "", 0
	for line := range strings.SplitAfterSeq(s, "\n") {
		bare := strings.TrimRight(line, "\r\n ")
		ticks := bare[:len(bare)-len(strings.TrimLeft(bare, "`"))]
		switch {
		case fence == "" && len(ticks) >= 3 && !strings.Contains(bare[len(ticks):], "`"):
			fence, begin = ticks, at
		case fence != "" && ticks == bare && len(ticks) >= len(fence):
			return begin, at + len(line)
		}
		at += len(line)
	}
	return len(s), len(s)
}

// firstLines returns the lines of code that fit into limit runes, at least one.
func firstLines(code string, limit int) string {
	end, runes := 0, 0
	for _, line := range strings.SplitAfter(code, "\n") {
		runes += utf8.RuneCountInString(line)
		if end > 0 && runes > limit {
			break
		}
		end += len(line)
	}
	return code[:end]
}

// escapeMarkdown makes a quotation mean in markdown what it says. Characters
// that mean nothing where they stand are left alone, so that the quotation can
// be found in its passage.
func escapeMarkdown(s string) string {
	block := blockMark(s)
	if block < 0 && !strings.ContainsAny(s, "\\*_`<[&~") {
		return s
	}
	var sb strings.Builder
	sb.Grow(len(s) + 8)
	for i := 0; i < len(s); i++ {
		if i == block || isMarkdown(s, i) {
			sb.WriteByte('\\')
		}
		sb.WriteByte(s[i])
	}
	return sb.String()
}

// blockMark returns where a text has the character by which its first line
// would become a heading, a quotation or a list; -1 if it has none.
func blockMark(s string) int {
	if s == "" {
		return -1
	}
	at := 0
	switch s[0] {
	case '#', '>', '-', '+', '=', '|':
		return 0
	}
	for at < len(s) && at < 10 && '0' <= s[at] && s[at] <= '9' {
		at++
	}
	if at > 0 && at+1 < len(s) && (s[at] == '.' || s[at] == ')') && s[at+1] == ' ' {
		return at
	}
	return -1
}

// isMarkdown reports whether the character at s[i] would mean something in
// markdown.
func isMarkdown(s string, i int) bool {
	before, behind := byte(' '), byte(' ')
	if i > 0 {
		before = s[i-1]
	}
	if i+1 < len(s) {
		behind = s[i+1]
	}
	switch s[i] {
	case '`':
		return true
	case '\\':
		return behind > ' ' && behind < 0x7f && !isWordByte(behind)
	case '*':
		return before != ' ' || behind != ' '
	case '_':
		return !(isWordByte(before) && isWordByte(behind)) && (before != ' ' || behind != ' ')
	case '<':
		return isWordByte(behind) || behind == '/' || behind == '!' || behind == '?'
	case '~':
		return behind == '~' || before == '~'
	case '&':
		end := strings.IndexByte(s[i:], ';')
		return end > 1 && end < 12 && !strings.ContainsAny(s[i:i+end], " \n")
	case '[':
		return bracketMeans(s[i:])
	}
	return false
}

// bracketMeans reports a bracket that begins a link, or looks like the mark of
// a citation.
func bracketMeans(s string) bool {
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return false
	}
	if isNumber(s[1:end]) {
		return true
	}
	return strings.IndexByte(s[1:end], '[') >= 0 || end+1 < len(s) && strings.IndexByte("([:", s[end+1]) >= 0
}

// isWordByte reports an ASCII letter or digit, or a part of any other character.
func isWordByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf
}
