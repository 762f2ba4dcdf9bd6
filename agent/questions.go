package agent

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/phrases"
)

// Messages that ask several things: each is searched by itself.

const (
	// maxParts is how many questions of one message are told apart; what
	// follows belongs to the last.
	maxParts = 4
	// minPartWords is how many words, or characters of a script without spaces,
	// a question of its own has; shorter ones ("Why?") belong to the one before.
	minPartWords = 3
)

// questionsIn takes a message apart into what it asks, in order: the items of a
// list, or else what ends with a question mark. What is said before a question
// belongs to it, what is said after the last one to that. A message that asks
// one thing, or asks without marks, is one part.
func questionsIn(message string) []string {
	var c partCollector
	listed := 0
	for line := range strings.Lines(message) {
		if listMark.MatchString(line) {
			listed++
		}
	}
	begun := false
	for line := range strings.Lines(message) {
		if listed < 2 {
			for piece, asks := range askingPieces(line) {
				c.add(piece, asks)
			}
			continue
		}
		if listMark.MatchString(line) {
			if begun {
				c.close()
			}
			begun = true
			line = listMark.ReplaceAllString(line, "")
		}
		c.pending = append(c.pending, strings.TrimSpace(line))
	}
	return c.finish(listed >= 2)
}

// partCollector puts a message's pieces together to questions.
type partCollector struct {
	parts   []string
	pending []string // said, and no question's yet
}

func (c *partCollector) add(piece string, asks bool) {
	if asks && len(c.parts) > 0 && len(c.pending) == 0 && len(phrases.Words(piece)) < minPartWords {
		c.parts[len(c.parts)-1] += " " + piece
		return
	}
	c.pending = append(c.pending, piece)
	if asks {
		c.close()
	}
}

func (c *partCollector) close() {
	if part := strings.TrimSpace(strings.Join(c.pending, " ")); part != "" {
		c.parts = append(c.parts, part)
	}
	c.pending = nil
}

// finish returns the questions. What no question claimed belongs to the last
// one, or is one of its own.
func (c *partCollector) finish(own bool) []string {
	if rest := strings.Join(c.pending, " "); rest != "" && !own && len(c.parts) > 0 {
		c.parts[len(c.parts)-1] += " " + rest
		c.pending = nil
	}
	c.close()
	if len(c.parts) > maxParts {
		return append(c.parts[:maxParts-1:maxParts-1], strings.Join(c.parts[maxParts-1:], " "))
	}
	return c.parts
}

// askingPieces cuts a line behind each question mark with a space after it, and
// tells which pieces end with one. In scripts without spaces none is needed.
// Customers begin a question in lower case as well.
func askingPieces(line string) func(yield func(piece string, asks bool) bool) {
	return func(yield func(string, bool) bool) {
		start := 0
		for i, r := range line {
			end := i + utf8.RuneLen(r)
			if !isQuestionMark(r, line[:i]) || !endsThere(line[end:], r) {
				continue
			}
			if piece := strings.TrimSpace(line[start:end]); !yield(piece, true) {
				return
			}
			start = end
		}
		if rest := strings.TrimSpace(line[start:]); rest != "" {
			yield(rest, false)
		}
	}
}

// isQuestionMark knows the marks of all scripts. The Greek one looks like a
// semicolon.
func isQuestionMark(r rune, before string) bool {
	switch r {
	case '?', '？', '؟', '՞', '፧', '\u037e':
		return true
	case ';':
		last, _ := utf8.DecodeLastRuneInString(before)
		return unicode.Is(unicode.Greek, last)
	}
	return false
}

// endsThere reports whether what follows a mark is not joined to it, as within
// an address, or by another mark ("?!").
func endsThere(after string, mark rune) bool {
	next, _ := utf8.DecodeRuneInString(after)
	return after == "" || unicode.IsSpace(next) || mark == '？' && !unicode.IsPunct(next)
}

// asks reports a sentence that ends with a question mark.
func asks(s string) bool {
	s = strings.TrimRight(s, "!！)»”\" \n")
	last, size := utf8.DecodeLastRuneInString(s)
	return isQuestionMark(last, s[:len(s)-size])
}
