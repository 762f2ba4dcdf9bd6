// Package build collects a document's blocks for the parsers: it folds
// whitespace, drops what is empty, and counts the text against a limit so that
// no parser can be made to produce without end.
package build

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge"
)

// Builder collects blocks. The zero value has no limit. It is not safe for
// concurrent use.
type Builder struct {
	// MaxText is the largest number of bytes of text to collect; 0 is no limit.
	MaxText int

	Doc  knowledge.Document
	size int
	err  error
}

// Err returns an error that wraps [knowledge.ErrTooLarge] once the limit was
// passed. Blocks added after that are dropped.
func (b *Builder) Err() error { return b.err }

// Add appends a block after folding its whitespace (Code keeps its own). Blocks
// without any text are dropped. It reports false once the limit was passed, so
// that a loop can stop.
func (b *Builder) Add(blk knowledge.Block) bool {
	if b.err != nil {
		return false
	}
	if blk.Kind == knowledge.Code {
		blk.Text = strings.Trim(blk.Text, "\r\n")
	} else {
		blk.Text = Fold(blk.Text)
	}
	if blk.Kind != knowledge.Code {
		blk.Label = Fold(blk.Label)
	}
	n := len(blk.Text) + len(blk.Label)
	empty := strings.TrimSpace(blk.Text) == ""
	for i, c := range blk.Cells {
		blk.Cells[i] = Fold(c)
		n += len(blk.Cells[i])
		if blk.Cells[i] != "" {
			empty = false
		}
	}
	if empty && (blk.Kind != knowledge.Definition && blk.Kind != knowledge.QA || blk.Label == "") {
		return true
	}
	b.size += n
	if b.MaxText > 0 && b.size > b.MaxText {
		b.err = fmt.Errorf("more than %d bytes of text: %w", b.MaxText, knowledge.ErrTooLarge)
		return false
	}
	b.Doc.Blocks = append(b.Doc.Blocks, blk)
	return true
}

// Fold replaces every run of whitespace by one space and trims the ends.
// Zero-width and control characters that carry no meaning for a reader go.
func Fold(s string) string {
	done := folded(s)
	if done == len(s) {
		return s
	}
	var sb strings.Builder
	sb.Grow(len(s))
	sb.WriteString(s[:done])
	space := false
	for _, r := range s[done:] {
		switch {
		case isInvisible(r):
			continue
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = true
			continue
		}
		if space && sb.Len() > 0 {
			sb.WriteByte(' ')
		}
		space = false
		sb.WriteRune(r)
	}
	return sb.String()
}

// isInvisible reports whether a character has no width and no meaning.
func isInvisible(r rune) bool {
	return r == '\u200b' || r == '\ufeff' || r == '\u2060' || r == '\u00ad'
}

// folded returns how much of the beginning of s Fold leaves as it is; no space
// stands at its end unless more follows it that stays.
func folded(s string) int {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c > ' ' && c < 0x7f:
			i++
		case c == ' ':
			if i == 0 || i+1 == len(s) || s[i+1] <= ' ' || s[i+1] >= 0x7f {
				return i
			}
			i += 2
		case c < utf8.RuneSelf:
			return i
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if size == 1 || isInvisible(r) || unicode.IsSpace(r) || unicode.IsControl(r) {
				return i
			}
			i += size
		}
	}
	return len(s)
}
