package agent

import (
	"cmp"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Guards look for signs before they search, and read some things byte by byte.
// That must not change what they find: here it is compared with the plain way,
// on texts made at random of what matters.

const randomTexts = 20_000

func eachRandomText(t *testing.T, pieces []string, f func(s string)) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	for range randomTexts {
		var sb strings.Builder
		for range 1 + rnd.IntN(12) {
			sb.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		f(sb.String())
		if t.Failed() {
			return
		}
	}
}

func TestMarksAreReadAsTheirExpressionSays(t *testing.T) {
	pieces := []string{"[", "]", "［", "】", "【", "^", "1", "23", "456", "7890", ",", ";", " ", "\n", "\u00a0", "a", "é", "[1]", " [2, 3]", "1, 2; 3,4", "1,2,3,4,5,6"}
	eachRandomText(t, pieces, func(s string) {
		var got []string
		kept := replaceMarks(s, func(m string) string { got = append(got, m); return "|" })
		if want := citationMark.FindAllString(s, -1); !slices.Equal(got, want) || kept != citationMark.ReplaceAllString(s, "|") {
			t.Errorf("%q: marks %q, want %q, left %q", s, got, want, kept)
		}
	})
}

func TestNumeralsAreReadAsTheirExpressionSays(t *testing.T) {
	numeral := regexp.MustCompile(`\d+(?:[.,:'’]\d+| \d{3}\b)*`)
	pieces := []string{"1", "23", "456", "7", ".", ",", ":", "'", "’", " ", " 500", "a", "_", "é", "-", "\n"}
	eachRandomText(t, pieces, func(s string) {
		var got []string
		for _, f := range figuresOf(s) {
			got = append(got, f.raw)
		}
		if want := numeral.FindAllString(s, -1); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	})
}

func TestFiguresThatStandInWhatWasGivenAreKnown(t *testing.T) {
	pieces := []string{"1", "23", "456", "30", ".", ",", ":", "'", "’", " ", " 500", "h", "H", "Uhr", "時", "年", "€", "kr", "_", "é", "\u200b", "\u00a0", "٣", "-", "\n", "a", "1h30:23", "1 500 h 30"}
	tried := 0
	eachRandomText(t, pieces, func(given string) {
		known := figuresIn(given)
		for _, n := range []string{"1", "23", "456", "30", "1.23", "23,456", "1 500", "30:23", "456'30"} {
			if !standsIn(n, []string{given}) {
				continue
			}
			tried++
			for _, f := range figuresOf(n) {
				if !known.has(f) {
					t.Errorf("%q is not known from %q", n, given)
				}
			}
		}
	})
	if tried < 1000 {
		t.Errorf("%d figures stood in a text", tried)
	}
}

func TestHoursAndStepsAreNotOverlooked(t *testing.T) {
	pieces := []string{"1", "23", "30", "h", "H", "Uhr", "時", "시", " ", "Step ", "\n", "-", "–", ".", ")", ":", "*", "_", "\t", "é"}
	eachRandomText(t, pieces, func(s string) {
		if hoursMinutes.MatchString(s) && !mayHaveHours(s) {
			t.Errorf("%q has hours", s)
		}
		if stepNumber.MatchString(s) && !mayHaveSteps(s) {
			t.Errorf("%q has steps", s)
		}
	})
}

func TestReadingsAreThoseOfTheirPieces(t *testing.T) {
	pieces := []string{"a", "7", " ", "\n", ".", "(", "[", "{", "dot", "at", ")", "]", "&", "&#46;", "&amp;", ";", "\\", "\\.", "*", "`", "~", "~~", "é", "e\u0301", "\u00ad", "\u200b", "ａ", "。", "\xff", "ß", "½"}
	eachRandomText(t, pieces, func(s string) {
		r := read(s)
		var sb strings.Builder
		for i := 0; i < len(s); {
			piece, size := readOne(s[i:])
			if r, n := utf8.DecodeRuneInString(s[i:]); r >= utf8.RuneSelf && (n != size || piece != plainRunes(s[i:i+n])) {
				t.Errorf("%q is read as %q", s[i:i+size], piece)
			}
			for k := range piece {
				if from, _ := r.span([]int{sb.Len() + k, sb.Len() + k}); from != i {
					t.Errorf("%q: byte %d comes from %d", s, sb.Len()+k, from)
				}
			}
			sb.WriteString(piece)
			i += size
		}
		if r.text != sb.String() {
			t.Errorf("%q is read as %q, want %q", s, r.text, sb.String())
		}
		if strings.ContainsAny(s, "[({") && defanged.MatchString(s) && !mayBeDefanged(s) {
			t.Errorf("%q is defanged", s)
		}
	})
}

func TestAddressesAreThoseOfTheWholeText(t *testing.T) {
	pieces := []string{"shop", "example", ".example", ".com", "www.", ".", "..", "@", ":", "/", "//", "https", "http", "hxxp", "h**p", "s", "javascript:", "data:", ",", " ", "\n", "\u00a0", "\v", "日本", ".dk", "192.0.2.1", "/x", "?q=1", "ſ", "é", "mailto:", "(", "]", "\"", "-", "1.250,50"}
	eachRandomText(t, pieces, func(s string) {
		if got, want := addressesIn(s), addressesOfWhole(s); !slices.EqualFunc(got, want, slices.Equal[[]int]) {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	})
}

// addressesOfWhole is the plain way of addressesIn: each shape is looked for in
// the whole text.
func addressesOfWhole(s string) [][]int {
	var all [][]int
	add := func(re *regexp.Regexp, byHost bool) {
		for _, loc := range re.FindAllStringIndex(s, -1) {
			loc[1] = loc[0] + len(strings.TrimRight(s[loc[0]:loc[1]], closingMarks))
			if !byHost || hasKnownDomain(s[loc[0]:loc[1]]) {
				all = append(all, []int{loc[0], wordEnd(s, loc[1])})
			}
		}
	}
	for _, shape := range addressLike {
		add(shape.Regexp, shape.byHost)
	}
	if regexp.MustCompile(`:[^\s]|:\s?//`).MatchString(s) {
		add(webScheme, false)
	}
	slices.SortFunc(all, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	var apart [][]int
	for _, loc := range all {
		if n := len(apart); n > 0 && loc[0] < apart[n-1][1] {
			apart[n-1][1] = max(apart[n-1][1], loc[1])
			continue
		}
		apart = append(apart, loc)
	}
	return apart
}
