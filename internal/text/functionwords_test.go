package text

import (
	"strings"
	"testing"
)

func TestFunctionWordsAreFoldedWords(t *testing.T) {
	for lang, list := range functionWords {
		for _, w := range strings.Split(list, " ") {
			if w == "" || Fold(w) != w {
				t.Errorf("%s: %q is not a folded word", lang, w)
			}
		}
	}
}

func TestIsFunctionWordTakesWholeWordsOfItsLanguageOnly(t *testing.T) {
	for _, c := range []struct {
		tag, word string
		want      bool
	}{
		{"en", "the", true}, {"en-GB", "the", true}, {"en", "th", false}, {"en", "refund", false}, {"da", "hvordan", true},
		{"da", "penge", false}, {"nb", "hvordan", true}, {"de", "the", false}, {"xx", "the", false}, {"", "the", false}, {"en", "please", true}, {"en", "a", true},
	} {
		if got := IsFunctionWord(c.tag, c.word); got != c.want {
			t.Errorf("IsFunctionWord(%q, %q) = %t", c.tag, c.word, got)
		}
	}
}
