package agent

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/internal/race"
)

// hostileUnits are what a text repeats that is to keep the guards busy: ends
// without beginnings, beginnings without ends, and what looks for the end of a
// text among many that it need not look for.
var hostileUnits = []string{
	"](", "[", "![", "[a](b", "[a](b)", "<", "<a ", "<a>", "<!--", "<!--<a>", "<!--<a>--", "a.b", "evil.com ", "evil.com/é", "1.2.3.4/é", "1.2.3.4:5é", "\"one two three four five six\" ",
	"“one two three four five six” ", "> one two three four five six\n", "「「」」", "«a ", "1 ", "12 ", "1.", "1,2.", "1:", "+1 2 ", "2×3=6 ", "1 + ", "9 h 30 ", "&#46;", "**", "\\", "https://", "https://a ",
	"a@b.", "a@b.c ", "[1]", "[1, ", "[r]: /x\n", "[r]:\n\n", "(", ")", "one ", "五", "五 ", "\u200b", "\u0301", "\u202e", "א", "מ.א ", "…", "a … ", "```\n", "```\na\n", "`", "- ", "1. ", "\n", " ", "\t\n", "<https://shop.example/form>",
	"javascript:a ", "data:", "tel:+4512345678 ", "+45 12 34 56 78 ", "// a", "[dot]", "x--", "٣", "\xff", "A.", "Dr. ", "a\u00a0",
}

// hostileTexts are texts of about n bytes.
func hostileTexts(n int) []string {
	var out []string
	for i, unit := range hostileUnits {
		out = append(out, strings.Repeat(unit, n/len(unit)+1)+" [1]")
		next := hostileUnits[(i+1)%len(hostileUnits)]
		out = append(out, unit+strings.Repeat(next, n/len(next)+1))
	}
	var letters strings.Builder
	for r := rune(0x17000); letters.Len() < n && r < 0x18800; r++ { // no letter twice
		letters.WriteRune(r)
	}
	return append(out, "evil."+letters.String())
}

// countingReader counts the runes that an expression reads.
type countingReader struct {
	strings.Reader
	runes int
}

func (r *countingReader) ReadRune() (rune, int, error) {
	ch, size, err := r.Reader.ReadRune()
	if err != io.EOF {
		r.runes++
	}
	return ch, size, err
}

// read counts the runes that are read to find all matches of an expression, one
// after the other, as FindAll does.
func runesRead(re *regexp.Regexp, s string) int {
	total := 0
	for s != "" {
		r := &countingReader{Reader: *strings.NewReader(s)}
		loc := re.FindReaderIndex(r)
		total += r.runes
		if loc == nil {
			break
		}
		s = s[max(loc[1], 1):]
	}
	return total
}

// guardExpressions are those that guards put to a whole text.
func guardExpressions() map[string]*regexp.Regexp {
	out := map[string]*regexp.Regexp{
		"htmlStart": htmlStart, "emptyLink": emptyLink, "webScheme": webScheme, "mailAddress": mailAddress, "imageMark": imageMark, "definition": definition,
		"byName": byName, "quoteLine": quoteLine, "omission": omission, "citationMark": citationMark, "hoursMinutes": hoursMinutes, "roundTheClock": roundTheClock,
		"listItem": listItem, "stepNumber": stepNumber, "calculation": calculation, "phoneLike": phoneLike, "ideographicNumber": ideographicNumber,
	}
	for i, re := range addressLike {
		out[fmt.Sprintf("address %d", i)] = re.Regexp
	}
	for i, re := range quotations {
		out[fmt.Sprintf("quotation %d", i)] = re.Regexp
	}
	return out
}

// However an answer is made, no expression reads on and on what it has read:
// each rune a few times at most.
func TestExpressionsOfGuardsReadATextAFewTimes(t *testing.T) {
	const most = 6
	for name, re := range guardExpressions() {
		for _, s := range hostileTexts(4 << 10) {
			if n := runesRead(re, s); n > most*len(s) {
				t.Errorf("%s reads %d runes of %d bytes: %.40q…", name, n, len(s), s)
			}
		}
	}
	// The measure finds what it is for: the expression for tags that was here.
	tags := regexp.MustCompile(`(?s)<!--.*?-->|</?[a-zA-Z!?][^<>]*>`)
	if s := strings.Repeat("<!--<a>", 600); runesRead(tags, s) < 100*len(s) {
		t.Error("the measure does not see an expression that reads to the end again and again")
	}
}

func TestTagsAreReadAsTheirExpressionSays(t *testing.T) {
	tags := regexp.MustCompile(`(?s)<!--.*?-->|</?[a-zA-Z!?][^<>]*>`)
	pieces := []string{"<", ">", "<!--", "-->", "--", "!", "/", "a", "</b>", "<i x=\"1\">", "\n", "é", "?", " "}
	eachRandomText(t, pieces, func(s string) {
		if got, want := replaceTags(s, func(m string) string { return "{" + m + "}" }), tags.ReplaceAllString(s, "{$0}"); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	})
}

// A text that is all addresses, marks or quotations makes the guards allocate in
// proportion to its length.
func TestGuardsWorkInProportionToTheText(t *testing.T) {
	race.SkipHeavy(t) // it also makes pools drop what they hold, and so allocate at random
	allocated := func(i, n int) float64 {
		d := modelDraft(hostileTexts(n)[i])
		return testing.AllocsPerRun(1, func() {
			d.given = addressesGiven(d, nil)
			for _, g := range builtInGuards() {
				if _, err := g.Check(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	for i, s := range hostileTexts(512) {
		if small, large := allocated(i, 512), allocated(i, 4096); large > 12*small+200 {
			t.Errorf("%.40q…: %.0f allocations for 512 bytes, %.0f for eight times as many", s, small, large)
		}
	}
}

func BenchmarkGuardsOnHostileTexts(b *testing.B) {
	for _, s := range hostileTexts(maxModelText) {
		b.Run(fmt.Sprintf("%.24q", s), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				d := modelDraft(s)
				d.given = addressesGiven(d, nil)
				for _, g := range builtInGuards() {
					if _, err := g.Check(b.Context(), d); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
