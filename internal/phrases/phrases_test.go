package phrases

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func ExampleNewMatcher() {
	matcher := NewMatcher([]string{"talk|speak to a|an? real? person"})
	words := Words("Could I speak to a person, please?")
	match, ok := matcher.Find(words, 0)
	fmt.Println(ok, words[match.From].Text, words[match.To-1].Text)
	// Output: true speak person
}

func TestTextFallsBackToEnglish(t *testing.T) {
	for _, test := range []struct{ language, want string }{
		{"en", "Sources"}, {"da", "Kilder"}, {"da-DK", "Kilder"}, {"DE_at", "Quellen"}, {"xx", "Sources"}, {"", "Sources"},
	} {
		if got := Text(test.language, Sources); got != test.want {
			t.Errorf("%q: got %q", test.language, got)
		}
		if got, want := Has(test.language), !strings.HasPrefix(test.language, "x") && test.language != ""; got != want {
			t.Errorf("%q: in the table is %v", test.language, got)
		}
	}
}

func TestTextFillsPlaceholdersOnce(t *testing.T) {
	if got := Text("en", Greeting, "name", "Ask {name} {time}", "time", "9"); got != "Hello! I am Ask {name} {time}. What can I help you with?" {
		t.Errorf("got %q", got)
	}
	if got := Text("en", Greeting, "name"); !strings.Contains(got, "{name}") {
		t.Errorf("a name without value became %q", got)
	}
}

func TestWordsFolds(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{" ?! ", ""},
		{"Hello,  World!", "hello world"},
		{"don't DON’T", "dont dont"},
		{"Grüße Straße Ærø Ål", "gruesse strasse aeroe aal"},
		{"u\u0308ber", "ueber"},
		{"e-mail (x) a/b", "e mail x a b"},
		{"退款abc退", "退 款 abc 退"},
		{"เงิน", "เ งิ น"},
		{"한국어 문장", "한국어 문장"},
		{"a\u200db co\u00adop", "ab coop"},
		{"\u0301a b\u0301", "\u0301a b\u0301"},
		{"3,5 kg", "3 5 kg"},
		{"Été garçon Łódź ĐƯỜNG người İIı", "ete garcon lodz duong nguoi iii"},
		{"Ένας ΆΝΘΡΩΠΟΣ", "ενασ ανθρωποσ"},
		{"أُرِيدُ مُوَظَّفـــة إلى", "اريد موظفه الي"},
		{"שָׁלוֹם", "שלום"},
		{"з’єднати Ёлка", "зєднати елка"},
		{"ज़रूरत हाँ", "जरूरत हां"},
	} {
		if got := Fold(test.text); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
		if again := Fold(test.want); again != test.want {
			t.Errorf("%q folds to %q", test.want, again)
		}
	}
}

func TestWordsKnowWhatStandsBetween(t *testing.T) {
	var got []Gap
	for _, w := range Words("a b, c. d - e\nf, . g") {
		got = append(got, w.Gap)
	}
	if want := []Gap{Sentence, Space, Clause, Sentence, Space, Sentence, Sentence}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMatcherMatchesSlots(t *testing.T) {
	for _, test := range []struct {
		phrase, text, want string
	}{
		{"talk|speak to me", "Speak to me", "speak to me"},
		{"talk|speak to me", "please, TALK to me now", "talk to me"},
		{"talk|speak to me", "talking to me", ""},
		{"talk to me", "talk, to me", "talk to me"},
		{"talk to me", "talk. To me", ""},
		{"talk to me", "no. Talk to me", "talk to me"},
		{"a real|live? human", "a human", "a human"},
		{"a real|live? human", "a live human", "a live human"},
		{"a real|live? human", "a real live human", ""},
		{"a? human", "human", "human"},
		{"a? human", "a human", "a human"},
		{"a b? b c", "a b c", "a b c"},
		{"a b? b c", "a b b c", "a b b c"},
		{"a * b", "a b", "a b"},
		{"a * b", "a x y z b", "a x y z b"},
		{"a * b", "a w x y z b", ""},
		{"a * b", "a x. y b", ""},
		{"a * b", "a x. b", ""},
		{"a *", "a", "a"},
		{"grüße", "gruesse", "gruesse"},
		{"grüße", "grusse", "grusse"},
		{"customer_service now", "call customer service now", "customer service now"},
		{"customer_service", "customer. Service", ""},
		{"operator~ now", "operators now", "operators now"},
		{"~service", "kundenservice", "kundenservice"},
		{"~service now~", "kundenservice nowadays", "kundenservice nowadays"},
		{"~service_now~", "kundenservice nowadays", "kundenservice nowadays"},
		{"~service", "kundenservices", ""},
		{"转|接 人工客服", "请转人工客服", "转 人 工 客 服"},
		{"a b|b_c? c", "a b c c", "a b c c"},
		{"a b", "a", ""},
		{"a b", "", ""},
	} {
		words := Words(test.text)
		got := ""
		match, ok := NewMatcher([]string{test.phrase}).Find(words, 0)
		if ok {
			got = Join(words[match.From:match.To])
		}
		if got != test.want || ok != (test.want != "") || ok && match.Phrase != test.phrase {
			t.Errorf("%q in %q: got %q", test.phrase, test.text, got)
		}
	}
}

func TestMatcherKnowsWholesAndEnds(t *testing.T) {
	m := NewMatcher([]string{"a b? c"})
	for _, test := range []struct {
		text  string
		whole bool
		ends  bool // at the end of the text
	}{
		{"a b c", true, true}, {"A, c", true, true}, {"x a c", false, true}, {"a c x", false, false}, {"", false, false}, {"a. c", false, false},
	} {
		words := Words(test.text)
		if m.Whole(words) != test.whole || m.EndsAt(words, len(words)) != test.ends {
			t.Errorf("%q: whole %v, ends %v", test.text, m.Whole(words), m.EndsAt(words, len(words)))
		}
	}
}

func TestLiteralMatcherHasNoSlots(t *testing.T) {
	m := NewLiteralMatcher([]string{"a|b", "c? *", "?"})
	for text, want := range map[string]bool{"a": false, "a b": true, "c": true, "x": false, "?": false} {
		if _, ok := m.Find(Words(text), 0); ok != want {
			t.Errorf("%q is found: %v", text, ok)
		}
	}
}

func FuzzMatcher(f *testing.F) {
	f.Add("a|b? * c", "a x c")
	f.Add("a? b? c?", "")
	f.Add("* * *", "a b c d")
	f.Add("|?", "退\u0e49")
	f.Fuzz(func(t *testing.T, phrase, text string) {
		if len(phrase) > 40 || len(text) > 400 {
			return
		}
		words := Words(text)
		if again := Words(Join(words)); len(again) < len(words) {
			t.Errorf("%q folds to %d words, then %d", text, len(words), len(again))
		}
		m := NewMatcher([]string{phrase})
		if match, ok := m.Find(words, 0); ok && (match.From < 0 || match.To < match.From || match.To > len(words)) {
			t.Errorf("%+v of %d words", match, len(words))
		}
		m.Whole(words)
		m.EndsAt(words, len(words))
	})
}
