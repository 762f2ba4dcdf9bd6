package agent

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestQuestionsOfAMessage(t *testing.T) {
	for message, want := range map[string][]string{
		"":                            nil,
		"Where is my parcel?":         {"Where is my parcel?"},
		"Where is my parcel":          {"Where is my parcel"},
		"It broke. Where do I write?": {"It broke. Where do I write?"},
		"when do i get it? and what does it cost?":                    {"when do i get it?", "and what does it cost?"},
		"Hi! It broke. Can I return it? And how long does that take?": {"Hi! It broke. Can I return it?", "And how long does that take?"},
		"Can I return it? Thanks!":                                    {"Can I return it? Thanks!"},
		"Is it open today? Why?":                                      {"Is it open today? Why?"},
		"Really?! Can I return it??":                                  {"Really?! Can I return it??"},
		"See https://shop.example/a?b=1 and https://shop.example/?c":  {"See https://shop.example/a?b=1 and https://shop.example/?c"},
		"Hello\nis it open today?\nwhat does delivery cost?":          {"Hello is it open today?", "what does delivery cost?"},
		"Two things:\n1. the price of a lamp\n2. how long it lasts":   {"Two things: the price of a lamp", "how long it lasts"},
		"- the price\n- the colour\n  and the size\nThanks":           {"the price", "the colour and the size Thanks"},
		"1. only one item here":                                       {"1. only one item here"},
		"a b c? d e f? g h i? j k l? m n o?":                          {"a b c?", "d e f?", "g h i?", "j k l? m n o?"},
		"いつ届きますか？送料はいくらですか？":                                          {"いつ届きますか？", "送料はいくらですか？"},
		"متى يصل الطرد إلي؟ كم سعر التوصيل إلى البيت؟":                {"متى يصل الطرد إلي؟", "كم سعر التوصيل إلى البيت؟"},
		"Πότε έρχεται το δέμα μου; Πόσο κοστίζει η αποστολή;":         {"Πότε έρχεται το δέμα μου;", "Πόσο κοστίζει η αποστολή;"},
		"I came; I saw; I bought a lamp":                              {"I came; I saw; I bought a lamp"},
		"¿Cuándo llega mi paquete? ¿Cuánto cuesta el envío?":          {"¿Cuándo llega mi paquete?", "¿Cuánto cuesta el envío?"},
	} {
		if got := questionsIn(message); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}

func FuzzQuestions(f *testing.F) {
	f.Add("a b c? d\n1. e\n2. f ؟")
	f.Fuzz(func(t *testing.T, message string) {
		parts := questionsIn(message)
		if len(parts) > maxParts {
			t.Errorf("%d parts", len(parts))
		}
		joined := strings.Join(parts, " ")
		if utf8.ValidString(message) && !utf8.ValidString(joined) {
			t.Errorf("%q became %q", message, parts)
		}
		// Words are neither lost nor invented, but for the marks of a list.
		var before string
		for line := range strings.Lines(message) {
			before += line
			if listMark.MatchString(line) {
				return
			}
		}
		if a, b := strings.Join(strings.Fields(before), ""), strings.Join(strings.Fields(joined), ""); a != b {
			t.Errorf("%q became %q", a, b)
		}
	})
}
