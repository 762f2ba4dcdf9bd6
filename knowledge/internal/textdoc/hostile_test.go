package textdoc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/race"

	"github.com/kundeagent/kundeagent/knowledge"
)

var parsers = map[string]parseFunc{"markdown": ParseMarkdown, "rst": ParseRST, "text": ParseText, "conf": ParseConf}

// staircase nests every line one step deeper than the one before.
func staircase(step, mark string, n int) string {
	var sb strings.Builder
	for i := range n {
		sb.WriteString(strings.Repeat(step, i))
		sb.WriteString(mark)
		fmt.Fprintf(&sb, "step %d\n", i)
	}
	return sb.String()
}

// hostile are inputs on which naive parsers take time that grows faster than
// the input, or memory without bound.
func hostile() map[string]string {
	return map[string]string{
		"emphasis that never closes":  strings.Repeat("*a_ ", 100_000),
		"emphasis over many lines":    strings.Repeat("*a_ \n", 100_000),
		"emphasis in paragraphs":      strings.Repeat(strings.Repeat("*a_ ", 2400)+"\n\n", 100),
		"emphasis below list markers": strings.Repeat("- a\n"+strings.Repeat("          - *a_ *a_ *a_\n", 50), 400),
		"emphasis between pipes":      "| a |\n" + strings.Repeat("| *a_ *a_\n", 100_000),
		"quotes":                      strings.Repeat("> ", 50_000) + "a",
		"quotes without blanks":       strings.Repeat(">", 100_000) + "a",
		"quotes over lines":           strings.Repeat(strings.Repeat(">", 90)+"a\n", 5000),
		"list markers on a line":      strings.Repeat("- ", 50_000) + "a",
		"numbers on a line":           strings.Repeat("1. ", 50_000) + "a",
		"quotes and lists by turns":   strings.Repeat("> - ", 25_000) + "a",
		"nested bullets":              staircase("  ", "- ", 1000),
		"nested numbers":              staircase("   ", "1. ", 800),
		"nested definitions":          staircase(" ", "term ", 1800),
		"nested quotes by indent":     staircase(" ", "", 1800),
		"nested notes":                staircase("   ", ".. note:: ", 800),
		"nested tables":               staircase("  ", "* - ", 1000),
		"brackets":                    strings.Repeat("[", 200_000),
		"brackets in pairs":           strings.Repeat("[a](", 100_000),
		"images":                      strings.Repeat("![", 100_000),
		"backticks of many lengths":   backticks(600),
		"backticks":                   strings.Repeat("`a ", 200_000),
		"tags that never end":         strings.Repeat("<a ", 200_000),
		"comments that never end":     strings.Repeat("<!-- ", 100_000),
		"entities":                    strings.Repeat("&", 400_000),
		"backslashes":                 strings.Repeat("\\", 400_000),
		"wide table with short rows":  strings.Repeat("|a", 900) + "\n" + strings.Repeat("|-", 900) + "\n" + strings.Repeat("|\n", 100_000),
		"very wide table":             strings.Repeat("|a", 100_000) + "\n" + strings.Repeat("|-", 100_000) + "\n|a\n",
		"link definitions":            definitions(20_000),
		"footnotes":                   strings.Repeat("[^1] ", 2000) + "\n\n[^1]: a\n",
		"one huge line":               strings.Repeat("word ", 350_000),
		"one huge word":               strings.Repeat("w", 1_900_000),
		"blank lines":                 strings.Repeat("\n", 1_900_000),
		"spaces":                      strings.Repeat(" ", 1_900_000),
		"tabs":                        strings.Repeat("\t", 200_000) + "a",
	}
}

// hostileWithinLimits stays just below the limits of nesting and emphasis.
func hostileWithinLimits() map[string]string {
	return map[string]string{
		"bullets just nested enough":  strings.Repeat(staircase("  ", "- ", 95)+"\n", 150),
		"numbers just nested enough":  strings.Repeat(staircase("   ", "1. ", 95)+"\n", 100),
		"emphasis just little enough": strings.Repeat(strings.Repeat("*a_ ", 2450)+"\n\n", 11),
		"emphasis in many paragraphs": strings.Repeat(strings.Repeat("*a_ ", 490)+"\n\n", 290),
		"brackets just few enough":    strings.Repeat(strings.Repeat("[a](", 1600)+"\n\n", 11),
		"images just few enough":      strings.Repeat(strings.Repeat("![[", 2400)+"\n\n", 11),
		"backticks just few enough":   strings.Repeat(strings.Repeat("`` ` ", 1600)+"\n\n", 11),
		"tags just few enough":        strings.Repeat(strings.Repeat("<a b=\"", 4900)+"\n\n", 11),
		"strikethrough":               strings.Repeat(strings.Repeat("~~a ~b ", 2400)+"\n\n", 11),
		"addresses":                   strings.Repeat("http://a.b ", 100_000),
		"beginnings of addresses":     strings.Repeat("www.http://", 100_000),
		"mail addresses":              strings.Repeat("a@b", 300_000),
	}
}

// hostileMore aims at reStructuredText, plain text and configuration files.
func hostileMore() map[string]string {
	return map[string]string{
		"roles":                        strings.Repeat(":a:`b", 200_000),
		"references":                   strings.Repeat("a_ ", 300_000),
		"bars":                         strings.Repeat("|a ", 200_000),
		"colons":                       strings.Repeat("a:", 400_000),
		"stars":                        strings.Repeat("*", 400_000),
		"stars around letters":         strings.Repeat("**a", 200_000),
		"substitutions":                ".. |x| replace:: " + strings.Repeat("y", 4000) + "\n\n" + strings.Repeat("|x| ", 300_000),
		"substitutions of themselves":  ".. |x| replace:: |x| |x|\n\n" + strings.Repeat("|x| ", 1000),
		"simple table of many columns": strings.Repeat("= ", 5000) + "\n" + strings.Repeat("a ", 5000) + "\n" + strings.Repeat("= ", 5000) + "\n",
		"grid table of many columns":   strings.Repeat("+-", 5000) + "+\n" + strings.Repeat("|a", 5000) + "|\n" + strings.Repeat("+-", 5000) + "+\n",
		"grid tables that never close": strings.Repeat("+--+\n|a\n", 50_000),
		"simple tables without end":    strings.Repeat("==  ==\n\n", 2)[:7] + strings.Repeat("a   b\n\n==  = x\n", 20_000),
		"table borders one after one":  strings.Repeat("==  ==\na\n\n", 50_000),
		"terms of one definition":      strings.Repeat("a\n", 100_000) + ": b\n",
		"explanations of one term":     "a\n" + strings.Repeat(": b\n", 50_000),
		"paragraphs of an explanation": "a\n: b\n" + strings.Repeat("\n  c\n", 50_000),
		"argument of many lines":       ".. note::\n" + strings.Repeat("   a\n", 200_000),
		"option of many lines":         ".. note::\n   :a: b\n" + strings.Repeat("     a\n", 200_000),
		"headers of a table":           ".. csv-table:: a\n   :header-rows: 90000\n\n" + strings.Repeat("   a,b\n", 100_000),
		"questions":                    strings.Repeat("Q: a\nA: b\n", 150_000),
		"questions without answers":    strings.Repeat("Q: a\n", 200_000),
		"underlines":                   strings.Repeat("ab\n---\n", 200_000),
		"sections":                     strings.Repeat("[a]\n", 300_000),
		"braces":                       strings.Repeat("a {\n", 300_000),
		"continuations":                strings.Repeat("a \\\n", 300_000),
		"options":                      strings.Repeat("-a  b\n", 200_000),
		"fields":                       strings.Repeat(":a: b\n", 200_000),
		"labels of automatic notes":    strings.Repeat(".. [#] a\n", 50_000) + "\n" + strings.Repeat("[#]_ ", 50_000),
		"front matter without end":     "---\n" + strings.Repeat("a: b\n", 200_000),
		"anonymous targets":            strings.Repeat("__ a\n", 200_000),
	}
}

func backticks(n int) string {
	var sb strings.Builder
	for i := range n {
		sb.WriteString(strings.Repeat("`", i+1) + " ")
	}
	return sb.String()
}

func definitions(n int) string {
	var sb strings.Builder
	for i := range n {
		fmt.Fprintf(&sb, "[a%d]: /b\n", i)
	}
	return sb.String() + strings.Repeat("[a1] ", 500)
}

// P13: what one document may cost is bounded by counted work.
func TestHostileInputEndsSoonWithTextOrAKnownError(t *testing.T) {
	race.SkipHeavy(t)
	const patience = 20 * time.Second // of a machine shared with others
	inputs := hostile()
	maps.Copy(inputs, hostileWithinLimits())
	maps.Copy(inputs, hostileMore())
	for name, input := range inputs {
		if testing.Short() {
			input = input[:len(input)/8+1]
		}
		for format, parse := range parsers {
			start := time.Now()
			doc, err := parse(context.Background(), "hostile", []byte(input), Limits{})
			if took := time.Since(start); took > patience {
				t.Errorf("%s as %s took %v", name, format, took)
			} else if took > 300*time.Millisecond {
				t.Logf("%s as %s took %v", name, format, took)
			}
			switch {
			case err != nil:
				if !errors.Is(err, knowledge.ErrTooLarge) && !errors.Is(err, knowledge.ErrNoText) {
					t.Errorf("%s as %s: %v", name, format, err)
				}
				if doc != nil {
					t.Errorf("%s as %s: a document beside an error", name, format)
				}
			default:
				if text := doc.PlainText(); !utf8.ValidString(text) || strings.TrimSpace(text) == "" {
					t.Errorf("%s as %s: no valid text", name, format)
				}
			}
		}
	}
}

// P13
func TestLimitsAreErrorsThatNameTheFile(t *testing.T) {
	many := strings.Repeat("word\n\n", 100)
	for format, parse := range parsers {
		for name, lim := range map[string]Limits{"input": {MaxInput: 100}, "text": {MaxText: 50}, "blocks": {MaxBlocks: 5}} {
			doc, err := parse(context.Background(), "big.file", []byte(many), lim)
			if !errors.Is(err, knowledge.ErrTooLarge) || doc != nil || !strings.Contains(err.Error(), "big.file") {
				t.Errorf("%s, limit of %s: %v", format, name, err)
			}
		}
	}
}

func TestNothingToReadIsErrNoText(t *testing.T) {
	for format, parse := range parsers {
		for _, data := range []string{"", " \n\t\n", "\ufeff"} {
			if _, err := parse(context.Background(), "empty", []byte(data), Limits{}); !errors.Is(err, knowledge.ErrNoText) {
				t.Errorf("%s of %q: %v", format, data, err)
			}
		}
	}
}

func TestAnEndedContextStopsTheParser(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for format, parse := range parsers {
		if _, err := parse(ctx, "a", []byte("text"), Limits{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func fuzzParser(f *testing.F, parse parseFunc, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := parse(context.Background(), "fuzz", data, Limits{MaxInput: 1 << 16})
		if (doc == nil) == (err == nil) {
			t.Fatalf("document %v beside error %v", doc != nil, err)
		}
		if err != nil {
			if strings.Contains(err.Error(), "parser failed") {
				t.Fatal(err)
			}
			return
		}
		if !utf8.ValidString(doc.PlainText()) {
			t.Error("invalid UTF-8")
		}
		for _, b := range doc.Blocks {
			if b.Kind == knowledge.Heading && (b.Level < 1 || b.Level > 6) || b.Kind == knowledge.ListItem && b.Level < 1 {
				t.Errorf("%v of level %d", b.Kind, b.Level)
			}
		}
	})
}

func FuzzMarkdown(f *testing.F) {
	fuzzParser(f, ParseMarkdown, markdownSample, "---\na: b\n---\n> - x\n", "<b>a")
}

func FuzzRST(f *testing.F) {
	fuzzParser(f, ParseRST, rstSample, "+-+\n|a|\n+-+\n", "=  =\na  b\n=  =\n")
}

func FuzzText(f *testing.F) { fuzzParser(f, ParseText, textSample, "Q: a\nA: b", "1. a\n 2) b") }

func FuzzConf(f *testing.F) {
	fuzzParser(f, ParseConf, confSample, "a {\n b c;\n}\n", "<A b>\nc d\n</A>")
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		name, sample string
		parse        parseFunc
	}{{"markdown", markdownSample, ParseMarkdown}, {"rst", rstSample, ParseRST}, {"text", textSample, ParseText}, {"conf", confSample, ParseConf}} {
		data := []byte(strings.Repeat(c.sample+"\n\n", 100))
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for range b.N {
				if _, err := c.parse(context.Background(), "bench", data, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
