package phrases

import (
	"slices"
	"testing"
)

func TestSaidInKnowsWholeMessagesInEveryLanguage(t *testing.T) {
	for text, want := range map[string]string{
		"Здравствуйте!": "ru", "שלום": "he", "こんにちは": "ja", "สวัสดีค่ะ": "th", "buna ziua": "ro", "Dzień dobry": "pl", "ΚΑΛΗΜΕΡΑ": "el",
	} {
		if got := SaidIn(Greetings, Words(text)); !slices.Contains(got, want) {
			t.Errorf("%q greets in %q, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{"muchas gracias": "es", "teşekkürler": "tr", "cam on nhieu": "vi", "谢谢你": "zh", "شُكراً": "ar"} {
		if got := SaidIn(ThanksWords, Words(text)); !slices.Contains(got, want) {
			t.Errorf("%q thanks in %q, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "hello where is my parcel", "gracias pero no"} {
		if got := append(SaidIn(Greetings, Words(text)), SaidIn(ThanksWords, Words(text))...); len(got) > 0 {
			t.Errorf("%q is small talk in %q", text, got)
		}
	}
}

func TestBegunInKnowsFollowUps(t *testing.T) {
	if got := BegunIn(FollowUps, Words("И сколько это стоит?")); !slices.Contains(got, "ru") || slices.Contains(got, "en") {
		t.Errorf("got %q", got)
	}
	if got := BegunIn(FollowUps, Words("I want a bike")); slices.Contains(got, "en") {
		t.Errorf("got %q", got)
	}
}

func TestGreetingLanguageNeedsOneLanguageOrTheMostUsualWord(t *testing.T) {
	for text, want := range map[string]string{
		"Hej!": "da", "Hallo": "de", "Bonjour": "fr", "Hola": "es", "Merhaba": "tr", "谢谢": "zh", "안녕하세요": "ko", "": "", "Where is it?": "",
	} {
		if got := GreetingLanguage(Words(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestKinAreThoseOfOneGroup(t *testing.T) {
	for tag, want := range map[string][]string{"nn-NO": {"da", "nb", "sv"}, "fr": {"fr"}, "pt-BR": {"es", "pt"}} {
		if got := Kin(tag); !slices.Equal(got, want) {
			t.Errorf("%s: got %q", tag, got)
		}
	}
}
