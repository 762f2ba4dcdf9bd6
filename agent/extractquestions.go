package agent

import (
	"strings"

	"github.com/kundeagent/kundeagent/internal/text"
)

// maxQuestions of a message are answered each by itself; what follows belongs
// to the last.
const maxQuestions = 3

// splitQuestions returns the questions of a message, each with the statements
// before it; what follows the last question belongs to it. A message with one
// question, or none, is one.
func splitQuestions(message string) []string {
	spans := text.SentenceSpans(message)
	var ends []int // spans that are questions
	for i, sp := range spans {
		if asks(message[sp.Start:sp.End]) {
			ends = append(ends, i)
		}
	}
	if len(ends) < 2 {
		return []string{message}
	}
	ends = ends[:min(len(ends), maxQuestions)]
	ends[len(ends)-1] = len(spans) - 1
	out := make([]string, len(ends))
	from := 0
	for i, end := range ends {
		out[i] = message[spans[from].Start:spans[end].End]
		from = end + 1
	}
	return out
}

// asks reports a sentence that ends with a question mark.
func asks(s string) bool {
	s = strings.TrimRight(s, "!！)»”\" \n")
	for _, mark := range [...]string{"?", "？", "؟", "\u037e"} {
		if strings.HasSuffix(s, mark) {
			return true
		}
	}
	return false
}
