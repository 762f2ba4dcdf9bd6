package agent

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/knowledge"
)

// Several questions of one message are answered one after the other without a
// model: each by the approved answer to it, by a quotation, or by saying that
// nothing was found about it.

const (
	// leastPart is what the best unit for one of several questions must share
	// with it to be quoted for it where the search cannot tell whether there is
	// an answer, and surePart the same where it found too little.
	leastPart = .3
	surePart  = .45
	// leastRoom in runes must be there for each of several questions.
	leastRoom = 40
	// mentionedRunes is how much of a question is repeated to say that nothing
	// was found about it.
	mentionedRunes = 60
)

// partsRoom is how long the reply to n questions may be: each beyond the first
// has half as much as one alone.
func partsRoom(maxQuote, n int) int { return maxQuote + (n-1)*maxQuote/2 }

// partQuoter answers the questions of one message.
type partQuoter struct {
	u        understanding
	message  string
	passages []knowledge.Found
	said     map[uint64]bool
}

// quoteParts returns the answers to several questions within room, with what
// joins them; none if no question has one, or there is no room. Of parts, which
// is empty where the message was searched as a whole, it notes which have none.
func (a *Agent) quoteParts(u understanding, message string, questions []string, parts []TracePart, passages []knowledge.Found, room int) []string {
	q := partQuoter{u: u, message: message, passages: passages, said: map[uint64]bool{}}
	views := make([]*extract, len(questions)) // of the questions to quote for
	texts := make([]string, len(questions))
	toQuote := 0
	for i, question := range questions {
		var part TracePart
		if len(parts) == len(questions) {
			part = parts[i]
		}
		switch {
		case part.approved != "":
			texts[i] = part.approved
		default:
			if views[i] = q.view(question, part); views[i] != nil {
				toQuote++
				continue
			}
			if part.Text == "" {
				continue
			}
			texts[i] = nothingAbout(u.language.Language, question)
			parts[i].Missing = true
		}
		room -= utf8.RuneCountInString(texts[i]) + len("\n\n")
	}
	if toQuote > 0 && room/toQuote < leastRoom {
		return nil
	}
	answered := false
	var out []string
	for i, x := range views {
		if x != nil {
			texts[i] = x.quote((room-len("\n\n")*(toQuote-1))/toQuote, q.said)
			room -= utf8.RuneCountInString(texts[i]) + len("\n\n")
			toQuote--
		}
		if texts[i] != "" {
			answered = answered || x != nil || len(parts) > 0 && !parts[i].Missing
			out = append(out, texts[i])
		}
	}
	if !answered {
		return nil
	}
	return out
}

// view returns a question's view of the passages, nil if they do not answer it.
func (q *partQuoter) view(question string, part TracePart) *extract {
	x := q.extract(question, part)
	best := x.best(func(int) bool { return true })
	least := float32(leastPart)
	switch {
	case part.Known:
		least = 0
	case part.Text != "" && !part.FollowUp:
		least = surePart
	}
	if best < 0 || x.units[best].shared < least {
		return nil
	}
	return x
}

// extract weighs what was found for a question itself, or for the whole message
// where that was searched; of a merged list of passages the scores would count
// for another question.
func (q *partQuoter) extract(question string, part TracePart) *extract {
	if part.Text == "" {
		return newExtract(question, q.message+"\n"+q.u.context, q.u.language.Language, q.passages)
	}
	var own []knowledge.Found
	var marks []int
	for _, f := range part.passages {
		if i := slices.IndexFunc(q.passages, func(p knowledge.Found) bool { return p.ID == f.ID }); i >= 0 {
			own, marks = append(own, f), append(marks, i+1)
		}
	}
	context := ""
	if part.FollowUp && part.Query != question {
		context = q.message + "\n" + q.u.context
	}
	x := newExtract(question, context, q.u.language.Language, own)
	x.marks = marks
	return x
}

// nothingAbout says that nothing was found about a question, in few of its own
// words.
func nothingAbout(language, question string) string {
	short := oneLine(visible(question))
	short = strings.Map(func(r rune) rune {
		if strings.ContainsRune("[]［］【】(){}<>\"“”„«»「」", r) {
			return -1 // neither a mark nor a link, nor the end of this quotation
		}
		return r
	}, short)
	short = strings.TrimFunc(short, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("¿?？؟;!¡！.。,", r) })
	short = cutWords(short, mentionedRunes)
	return phrases.Text(language, phrases.NothingAbout, "question", escapeMarkdown(short))
}

// cutWords leaves a text at most n runes, of whole words where it has any, with
// an ellipsis for the rest.
func cutWords(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	stops := wordStops(s)
	end := 0
	for _, st := range stops {
		if st.runes < n {
			end = st.at
		}
	}
	if end == 0 {
		return firstRunes(s, n-1) + ellipsis
	}
	return strings.TrimSpace(s[:end]) + ellipsis
}
