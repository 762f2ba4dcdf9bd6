package agent

import "github.com/kundeagent/kundeagent/internal/phrases"

// answerIntro is what a quotation begins with, in the personality's manner.
func answerIntro(p Personality, language string) string {
	key := phrases.AnswerIntro
	switch p {
	case Professional:
		key = phrases.IntroProfessional
	case Casual:
		key = phrases.IntroCasual
	case Empathetic:
		key = phrases.IntroEmpathetic
	case Witty:
		key = phrases.IntroWitty
	}
	return phrases.Text(language, key)
}
