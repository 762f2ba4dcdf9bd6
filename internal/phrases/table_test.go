package phrases

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// declared returns the values of the constants of a type, as the source has them.
func declared(t *testing.T, typeName string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "phrases.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if ident, ok := spec.Type.(*ast.Ident); ok && ident.Name == typeName {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				values = append(values, value)
			}
		}
		return true
	})
	if len(values) < 10 {
		t.Fatalf("only %d constants of type %s were found", len(values), typeName)
	}
	return values
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func TestEveryLanguageHasEveryText(t *testing.T) {
	keys := declared(t, "Key")
	for _, language := range Languages() {
		if len(textsOf(language)) != len(keys) {
			t.Errorf("%s has %d texts of %d", language, len(textsOf(language)), len(keys))
		}
		for _, key := range keys {
			text := textsOf(language)[Key(key)]
			if text == "" || text != strings.TrimSpace(text) {
				t.Errorf("%s: text %q is %q", language, key, text)
			}
			want, got := placeholder.FindAllString(texts["en"][Key(key)], -1), placeholder.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: text %q has the placeholders %q, want %q", language, key, got, want)
			}
		}
	}
}

func TestLanguagesAreThoseOfTheDesignEachWithItsOwnTexts(t *testing.T) {
	if n := len(Languages()); n != 27 {
		t.Errorf("%d languages", n)
	}
	seen := map[string]string{}
	for _, language := range Languages() {
		text := Text(language, Transferring)
		if other := seen[text]; other != "" || !Has(language) {
			t.Errorf("%s says the same as %q", language, other)
		}
		seen[text] = language
	}
	for tag, want := range map[string]string{"no": "nb", "nn-NO": "nb", "zh-Hant": "zh", "pt_BR": "pt", "xx": "en"} {
		if Text(tag, Sources) != Text(want, Sources) {
			t.Errorf("%s is answered with %q", tag, Text(tag, Sources))
		}
	}
}

// optional are the lists that a language has only where its grammar needs them.
var optional = []List{HumanQuestions, Denials, Subjects, Unable}

func TestEveryLanguageHasEveryListWithoutDoubles(t *testing.T) {
	for _, language := range Languages() {
		lists := speeches()[language].lists
		for _, name := range declared(t, "List") {
			list := List(name)
			if len(lists[list]) == 0 && list != languageNames && !slices.Contains(optional, list) {
				t.Errorf("%s: list %q is empty", language, list)
			}
			seen := map[string]bool{}
			for _, entry := range lists[list] {
				if seen[entry] {
					t.Errorf("%s: list %q has %q twice", language, list, entry)
				}
				seen[entry] = true
			}
		}
		for list := range lists {
			if !slices.Contains(declared(t, "List"), string(list)) {
				t.Errorf("%s: nothing reads the list %q", language, list)
			}
		}
		if n := len(speeches()[language].languages); n != len(Languages()) {
			t.Errorf("%s names %d languages", language, n)
		}
	}
}

func TestTextsAndLanguagesAgree(t *testing.T) {
	if len(texts) != len(Languages()) || Languages()[0] != "en" {
		t.Errorf("%d languages have texts, %q are named", len(texts), Languages())
	}
}

// withSlots are the lists of phrases for [NewMatcher]; withWords those of single
// words; in the others stand whole messages or their beginnings.
var (
	withSlots = []List{HumanRequests, HumanWords, HumanAsides, HumanQuestions, Denials, Wishes, WishWords}
	withWords = []List{Negations, NewThoughts, Subjects, Unable}
)

func TestEntriesAreInTheFormInWhichTheyAreCompared(t *testing.T) {
	const word = `~?[\p{Ll}\p{Lo}\p{Lm}\p{M}\d'_]+~?`
	field := regexp.MustCompile(`^(\*|(` + word + `|<language>)(\|(` + word + `|<language>))*\??)$`)
	for _, language := range Languages() {
		for list, entries := range speeches()[language].lists {
			for _, entry := range entries {
				fields := strings.Fields(entry)
				slots := slices.Contains(withSlots, list)
				unspaced := Words(entry)[0].Character()
				if strings.Join(fields, " ") != entry || slices.Contains(withWords, list) && len(Words(entry)) != 1 && !unspaced {
					t.Errorf("%s, %s: %q", language, list, entry)
				}
				mandatory := false
				for i, f := range fields {
					if slots && !field.MatchString(f) || !slots && strings.ContainsAny(f, "|?*~_<") || strings.ToLower(f) != f || i == 0 && f == "*" {
						t.Errorf("%s, %s: %q of %q", language, list, f, entry)
					}
					for _, w := range strings.Split(strings.TrimSuffix(f, "?"), "|") {
						if strings.Contains(w, "~") && len(Fold(w)) < affixKey {
							t.Errorf("%s, %s: the part of a word %q is too short", language, list, w)
						}
					}
					mandatory = mandatory || !strings.HasSuffix(f, "?") && f != "*"
				}
				if !mandatory {
					t.Errorf("%s, %s: %q matches nothing at all", language, list, entry)
				}
			}
		}
	}
}

// What means yes must not mean no in the same language.
func TestConsentAndRefusalDoNotMeet(t *testing.T) {
	for _, language := range Languages() {
		yes, no := WordsOf(language, Yes), WordsOf(language, No)
		for word := range WordsOf(language, WithYes) {
			yes[word] = true
		}
		for word := range no {
			if yes[word] {
				t.Errorf("%s: %q is consent and refusal", language, word)
			}
		}
	}
}
