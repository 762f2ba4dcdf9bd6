package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a sentence's place in the string it was cut from, in bytes, without
// the white space around it.
type Span struct{ Start, End int }

// minUnmarked is the number of runes after which a space ends a sentence in a
// script that has no sentence mark (Thai, Lao): there a space stands where other
// scripts have a comma or a full stop.
const minUnmarked = 60

// Sentences cuts s into sentences. Blank lines always end one; a line that
// begins with a list mark begins one. Abbreviations, initials, ordinals,
// decimals and addresses do not end a sentence.
func Sentences(s string) []string {
	spans := SentenceSpans(s)
	if len(spans) == 0 {
		return nil
	}
	out := make([]string, len(spans))
	for i, sp := range spans {
		out[i] = s[sp.Start:sp.End]
	}
	return out
}

// SentenceSpans is [Sentences] with byte offsets into s. Spans are in order, do
// not overlap, are never empty and leave out nothing but white space.
func SentenceSpans(s string) []Span {
	var spans []Span
	start, runes := 0, 0
	cut := func(end int) {
		a, b := trimSpan(s, start, end)
		if a < b {
			spans = append(spans, Span{a, b})
		}
		start, runes = end, 0
	}
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		next := i + size
		runes++
		switch {
		case r == '\n' || r == '\u2029' || r == '\v' || r == '\f':
			if lineEnds(s, next) {
				cut(i)
			}
		case r == ' ' || r == '\u00a0':
			if runes > minUnmarked && s[i-1] >= utf8.RuneSelf && unmarkedAround(s, i, next) {
				cut(i)
			}
		case r == '.' || r == '!' || r == '?' || r >= utf8.RuneSelf && isStop(r):
			end, ok := stopEnds(s, start, i, r)
			if ok {
				cut(end)
			}
			next = max(next, end)
		}
		i = next
	}
	cut(len(s))
	return spans
}

// stopEnds decides whether the stop r at s[at] ends the sentence that began at
// start; end is behind the stop with the stops and closing marks after it.
func stopEnds(s string, start, at int, r rune) (end int, ok bool) {
	end, dots := at, 0
	for end < len(s) { // "?!", "...", "."" and ".)" are one stop
		c, n := utf8.DecodeRuneInString(s[end:])
		if !isStop(c) && !(end > at && isCloser(c)) {
			break
		}
		if c == '.' {
			dots++
		}
		end += n
	}
	if isHardStop(r) {
		return end, true
	}
	if end == len(s) {
		return end, true
	}
	follow, _ := utf8.DecodeRuneInString(s[end:])
	if !unicode.IsSpace(follow) {
		return end, charOf(follow).class == classUnspaced && r != '.'
	}
	next := nextWord(s[end:])
	if next == "" {
		return end, true
	}
	first, _ := utf8.DecodeRuneInString(next)
	if unicode.IsLower(first) {
		return end, false // a sentence begins with a capital where there are capitals
	}
	if r != '.' || dots > 1 {
		return end, true
	}
	if s[at+1:end] != "" && !strings.ContainsAny(s[at+1:end], ".") {
		return end, !abbreviated(s[start:at], next, true)
	}
	return end, !abbreviated(s[start:at], next, false)
}

// lineEnds reports whether the text after a line break begins something new: a
// blank line or a list mark.
func lineEnds(s string, at int) bool {
	for at < len(s) && (s[at] == ' ' || s[at] == '\t' || s[at] == '\r') {
		at++
	}
	if at == len(s) {
		return true
	}
	r, size := utf8.DecodeRuneInString(s[at:])
	switch r {
	case '\n', '\v', '\f', '\u2029':
		return true
	case '-', '*', '•', '–', '·', '‣', '◦', '#':
		return at+size < len(s) && s[at+size] == ' '
	}
	digits := at
	for digits < len(s) && digits < at+3 && '0' <= s[digits] && s[digits] <= '9' {
		digits++
	}
	return digits > at && digits+1 < len(s) && (s[digits] == '.' || s[digits] == ')') && s[digits+1] == ' '
}

// isStop reports the runes that may end a sentence.
func isStop(r rune) bool {
	switch r {
	case '.', '!', '?', '…':
		return true
	}
	return r >= utf8.RuneSelf && unicode.Is(unicode.STerm, r) && r != '‼' || r == '｡' || r == '。'
}

// isHardStop reports the stops that mean nothing else.
func isHardStop(r rune) bool {
	return r >= utf8.RuneSelf && r != '…' && isStop(r)
}

// isCloser reports quotes and brackets that belong to the sentence before them.
func isCloser(r rune) bool {
	switch r {
	case '"', '\'', '’', '”', '»', '«', '“', '›', ')', ']', '}':
		return true
	}
	return r >= utf8.RuneSelf && unicode.In(r, unicode.Pe, unicode.Pf)
}

// nextWord is the first run of letters or digits after white space and opening marks.
func nextWord(s string) string {
	from := -1
	for i, r := range s {
		word := r == utf8.RuneError || charOf(r).class != classOther
		switch {
		case from < 0 && word:
			from = i
		case from >= 0 && !word:
			return s[from:i]
		case from < 0 && i > 64:
			return ""
		}
	}
	if from < 0 {
		return ""
	}
	return s[from:]
}

// unmarkedAround reports a space between letters of a script without stops.
func unmarkedAround(s string, before, after int) bool {
	a, _ := utf8.DecodeLastRuneInString(s[:before])
	b, _ := utf8.DecodeRuneInString(s[after:])
	return unicode.In(a, unicode.Thai, unicode.Lao) && unicode.In(b, unicode.Thai, unicode.Lao)
}

func trimSpan(s string, a, b int) (int, int) {
	t := strings.TrimLeftFunc(s[a:b], unicode.IsSpace)
	a = b - len(t)
	return a, a + len(strings.TrimRightFunc(t, unicode.IsSpace))
}
