package textdoc

import (
	"slices"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// Labels that begin a question and an answer, in lower case.
var (
	questionLabels = []string{"q", "question", "spørgsmål", "spm", "frage", "f", "fråga", "spørsmål", "pregunta", "p", "domanda", "vraag", "v", "pergunta", "pytanie", "kysymys"}
	answerLabels   = []string{"a", "answer", "svar", "antwort", "réponse", "reponse", "r", "respuesta", "risposta", "antwoord", "resposta", "odpowiedź", "vastaus"}
)

// labelled takes one of the labels, perhaps numbered ("Q1:", "Frage 2:"), off
// the start of a line.
func labelled(line string, labels []string) (rest string, ok bool) {
	t := strings.TrimLeft(line, " \t*")
	i := strings.IndexAny(t[:min(len(t), 24)], ":.")
	if i < 1 {
		return "", false
	}
	word := strings.ToLower(strings.TrimRight(t[:i], " 0123456789#*"))
	if !slices.Contains(labels, word) {
		return "", false
	}
	// "A." and "Answer." begin a list item and a sentence; "Q1." is a label.
	if t[i] == '.' && (len(word) > 1 || word == strings.ToLower(t[:i])) {
		return "", false
	}
	return strings.TrimSpace(strings.TrimLeft(t[i+1:], "* ")), true
}

func isQuestion(line string) bool {
	_, ok := labelled(line, questionLabels)
	return ok
}

// openQuestion is a question whose answer, or the rest of it, may still come.
type openQuestion struct {
	lines    []string // as they were, should no answer follow
	question string
	answer   strings.Builder
	answered bool
}

// questions writes lines that begin with a question or follow one.
func (p *plainReader) questions(lines []string) {
	answers := slices.ContainsFunc(lines, func(l string) bool {
		_, ok := labelled(l, answerLabels)
		return ok
	})
	for start := 0; start < len(lines) && p.err == nil; {
		end := start + 1
		for end < len(lines) && (!answers || !isQuestion(lines[end])) {
			end++
		}
		p.questionPart(lines[start:end])
		start = end
	}
}

func (p *plainReader) questionPart(lines []string) {
	first, ok := labelled(lines[0], questionLabels)
	if ok {
		p.endQA()
		p.open = &openQuestion{lines: slices.Clone(lines)}
		var sb strings.Builder
		joinLine(&sb, first)
		for i, line := range lines[1:] {
			if text, isAnswer := labelled(line, answerLabels); isAnswer {
				p.open.take(text, lines[i+2:])
				break
			}
			joinLine(&sb, line)
		}
		p.open.question = sb.String()
		return
	}
	if p.open != nil {
		text, isAnswer := labelled(lines[0], answerLabels)
		if !p.open.answered && isAnswer {
			p.open.take(text, lines[1:])
			return
		}
		if p.open.answered && indentOf(lines[0]) > 0 {
			p.open.take("", lines)
			return
		}
	}
	p.endQA()
	p.block(lines)
}

func (q *openQuestion) take(first string, lines []string) {
	q.answered = true
	joinLine(&q.answer, first)
	for _, line := range lines {
		joinLine(&q.answer, line)
	}
}

// endQA writes the open question with its answer. What looked like a question
// and got no answer is written as it was.
func (p *plainReader) endQA() {
	q := p.open
	p.open = nil
	switch {
	case q == nil:
	case q.answer.Len() == 0:
		p.block(q.lines)
	default:
		p.add(knowledge.Block{Kind: knowledge.QA, Label: q.question, Text: q.answer.String()})
	}
}
