package language

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func ExampleParseAcceptLanguage() {
	fmt.Println(ParseAcceptLanguage("en;q=0.7, da, en-GB;q=0.8, *;q=0.1"))
	// Output: [da en-GB en]
}

func ExampleMatch() {
	fmt.Println(Match("nn-NO", []string{"en", "nb"}))
	fmt.Println(Match("is", []string{"en", "nb"}))
	// Output:
	// nb true
	//  false
}

func TestParseAcceptLanguage(t *testing.T) {
	for _, test := range []struct {
		header string
		want   []string
	}{
		{"", nil},
		{"*", nil},
		{"da", []string{"da"}},
		{"da-DK,da;q=0.9,en-US;q=0.8,en;q=0.7", []string{"da-DK", "da", "en-US", "en"}},
		{"en;q=0.2, fr;q=0.9", []string{"fr", "en"}},
		{"en;q=0, da", []string{"da"}},
		{"fr;q=abc", nil},
		{"a", nil},
		{"da, ???", nil},
		{"\xff", nil},
		{strings.Repeat("da,", 400), nil},
		{"da" + strings.Repeat("-x", 600), nil},
	} {
		if got := ParseAcceptLanguage(test.header); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.header, got, test.want)
		}
	}
	many := strings.TrimSuffix(strings.Repeat("da,sv,", 20), ",")
	if got := ParseAcceptLanguage(many); len(got) != maxPreferences {
		t.Errorf("got %d preferences, want %d", len(got), maxPreferences)
	}
}

func TestMatch(t *testing.T) {
	supported := []string{"en", "da", "nb", "sv", "de", "nl", "fr", "es", "ru", "hi", "fi", "zh", "he", "tr"}
	for _, test := range []struct{ want, have string }{
		{"da", "da"}, {"da-DK", "da"}, {"DA", "da"}, {"en-GB", "en"}, {"de-AT", "de"}, {"eng", "en"},
		{"no", "nb"}, {"nn", "nb"}, {"nb-NO", "nb"}, {"iw", "he"},
		{"fo", "da"}, {"lb", "de"}, {"gsw", "de"},
		{"zh-TW", "zh"}, {"zh-Hant-HK", "zh"},
		// Languages whose speakers are only said to know another.
		{"is", ""}, {"cy", ""}, {"ga", ""}, {"sw", ""}, {"ur", ""}, {"et", ""}, {"af", ""}, {"fy", ""},
		{"eu", ""}, {"br", ""}, {"be", ""}, {"hy", ""}, {"gu", ""}, {"ku", ""},
		// Matches without any confidence.
		{"kl", ""}, {"sr-Latn", ""}, {"ja", ""}, {"", ""}, {"*", ""}, {"und", ""}, {"mul", ""}, {"x-own", ""}, {"?", ""},
	} {
		if got, ok := Match(test.want, supported); got != test.have || ok != (test.have != "") {
			t.Errorf("%q: got %q, %t, want %q", test.want, got, ok, test.have)
		}
	}
}

func TestMatchTakesTheNearestVariantInItsSpelling(t *testing.T) {
	for _, test := range []struct {
		want      string
		supported []string
		have      string
	}{
		{"pt-BR", []string{"pt-PT", "pt-BR"}, "pt-BR"},
		{"pt", []string{"pt-PT", "pt-BR"}, "pt-BR"},
		{"zh-TW", []string{"zh-Hans", "zh-Hant"}, "zh-Hant"},
		{"en-US-u-rg-gbzzzz", []string{"da", "en"}, "en"},
		{"is", []string{"en", "is"}, "is"},
		{"no", []string{"en", "no"}, "no"},
		{"da", []string{"???", "", "und", "da_DK"}, "da_DK"},
		{"da", nil, ""},
	} {
		if got, _ := Match(test.want, test.supported); got != test.have {
			t.Errorf("%q of %q: got %q, want %q", test.want, test.supported, got, test.have)
		}
	}
}

func FuzzParseAcceptLanguage(f *testing.F) {
	for _, seed := range []string{"", "*", "da, en;q=0.8", "en;q=0", "a;b;c", "da-u-rg-dkzzzz", "\xff", "en-x-a-b-c;q=0.01", "i-klingon"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		for _, tag := range ParseAcceptLanguage(header) {
			if _, ok := Match(tag, []string{tag}); !ok {
				t.Errorf("%q: %q does not match itself", header, tag)
			}
		}
		if got, ok := Match(header, []string{"en", "da", "nb", "sr-Latn"}); ok != (got != "") {
			t.Errorf("%q: got %q, %t", header, got, ok)
		}
	})
}
