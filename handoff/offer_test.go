package handoff

import (
	"testing"
	"unicode/utf16"

	"github.com/kundeagent/kundeagent/internal/phrases"
)

// What an offer gives to tap is understood as what it says, in every language,
// and fits the buttons of WhatsApp: 20 characters.
func TestTheAnswersToAnOfferAreUnderstood(t *testing.T) {
	for _, lang := range phrases.Languages() {
		yes, no := phrases.Text(lang, phrases.YesPlease), phrases.Text(lang, phrases.NoThanks)
		for _, sure := range []bool{true, false} {
			s := Situation{Text: yes, Language: lang, LanguageSure: sure, Offered: true}
			if got := AskedHuman().Check(t.Context(), s); got.Urgency != Now {
				t.Errorf("%s: %q is not consent (language sure: %t)", lang, yes, sure)
			}
			s.Text = no
			if got := AskedHuman().Check(t.Context(), s); got.Urgency != None {
				t.Errorf("%s: %q is taken for consent (language sure: %t)", lang, no, sure)
			}
		}
		for _, title := range []string{yes, no} {
			if n := len(utf16.Encode([]rune(title))); n == 0 || n > 20 {
				t.Errorf("%s: %q is %d long", lang, title, n)
			}
		}
	}
}
