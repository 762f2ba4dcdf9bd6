package agent

import (
	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/internal/text"
)

// answerIntro is what a quotation begins with: the personality's own words
// where there are some in the language, the friendly ones otherwise.
func answerIntro(p Personality, language string) string {
	var intros [len(personalityNames)]string
	switch text.Base(language) {
	case "en":
		intros = [...]string{
			Professional: "Our information on this:",
			Casual:       "Found this for you:",
			Empathetic:   "I see. This should help:",
			Witty:        "Straight from the source:",
		}
	case "da":
		intros = [...]string{
			Professional: "Vores oplysninger om dette:",
			Casual:       "Det her fandt jeg:",
			Empathetic:   "Det forstår jeg. Her er, hvad der kan hjælpe:",
			Witty:        "Lige fra kilden:",
		}
	}
	if p.Valid() && intros[p] != "" {
		return intros[p]
	}
	return phrases.Text(language, phrases.AnswerIntro)
}
