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
			want, got := placeholder.FindAllString(table["en"].texts[Key(key)], -1), placeholder.FindAllString(text, -1)
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

func TestEveryRecognisedLanguageHasEveryList(t *testing.T) {
	lists := declared(t, "List")
	for _, language := range Recognised() {
		if len(table[language].lists) != len(lists) {
			t.Errorf("%s has %d lists of %d", language, len(table[language].lists), len(lists))
		}
		for _, list := range lists {
			entries := table[language].lists[List(list)]
			if len(entries) == 0 {
				t.Errorf("%s: list %q is empty", language, list)
			}
			seen := map[string]bool{}
			for _, entry := range entries {
				if seen[entry] {
					t.Errorf("%s: list %q has %q twice", language, list, entry)
				}
				seen[entry] = true
			}
		}
	}
}

func TestTableAndLanguagesAgree(t *testing.T) {
	if len(table) != len(Recognised()) || len(table)+len(texts) != len(Languages()) || Languages()[0] != "en" {
		t.Errorf("the table has %d languages, the list %q", len(table), Recognised())
	}
	for _, language := range Languages() {
		if !Has(language) {
			t.Errorf("%s is not in the table", language)
		}
	}
}

// withSlots are the lists of phrases for [NewMatcher]; withWords those of single
// words; in the others stand whole messages or their beginnings.
var (
	withSlots = []List{HumanRequests, HumanWords, HumanAsides}
	withWords = []List{Negations, NewThoughts, Subjects, Yes, WithYes, No}
)

func TestEntriesAreInTheFormInWhichTheyAreCompared(t *testing.T) {
	field := regexp.MustCompile(`^(\*|[\p{Ll}\d]+(\|[\p{Ll}\d]+)*\??)$`)
	for _, language := range Recognised() {
		for list, entries := range table[language].lists {
			for _, entry := range entries {
				fields := strings.Fields(entry)
				slots := slices.Contains(withSlots, list)
				if strings.Join(fields, " ") != entry || slices.Contains(withWords, list) && len(fields) != 1 {
					t.Errorf("%s, %s: %q", language, list, entry)
				}
				mandatory := false
				for i, f := range fields {
					if !field.MatchString(f) || !slots && strings.ContainsAny(f, "|?*") || i == 0 && f == "*" {
						t.Errorf("%s, %s: %q of %q", language, list, f, entry)
					}
					words := strings.Split(strings.TrimSuffix(f, "?"), "|")
					if slices.Sort(words); len(slices.Compact(words)) != strings.Count(f, "|")+1 {
						t.Errorf("%s, %s: %q of %q names a word twice", language, list, f, entry)
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

// What means yes in one language must not mean no in another, since customers
// answer in any.
func TestConsentAndRefusalDoNotMeet(t *testing.T) {
	no := All(No)
	for _, word := range append(All(Yes), All(WithYes)...) {
		if slices.Contains(no, word) {
			t.Errorf("%q is consent and refusal", word)
		}
	}
}
