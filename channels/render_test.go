package channels

import (
	"fmt"
	"strings"
	"testing"
)

func ExampleRender() {
	text := "You have **30 days** to return it [1].\n\n- Print the label\n- Send the parcel"
	citations := []Citation{{Number: 1, Title: "Returns", URL: "https://shop.example/returns"}}
	for _, part := range Render(text, citations, "Sources", Capabilities{}) {
		fmt.Println(part)
	}
	// Output:
	// You have 30 days to return it [1].
	//
	// • Print the label
	// • Send the parcel
	//
	// Sources:
	// [1] Returns – https://shop.example/returns
}

// plain renders text that fits one part of a plain medium.
func plain(text string, caps Capabilities) string {
	return strings.Join(Render(text, nil, "", caps), "\n---\n")
}

func TestRenderTurnsMarkdownIntoPlainText(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"blank", " \n\t\n", ""},
		{"plain words", "Just words.", "Just words."},
		{"headings", "# Returns\n\nThirty days.\n\nAfter that\n---\nNo.", "Returns\n\nThirty days.\n\nAfter that\n\nNo."},
		{"emphasis", "**Bold**, *slanted*, __bold__ and _slanted_", "Bold, slanted, bold and slanted"},
		{"emphasis within emphasis", "***all*** and **a *b* c**", "all and a b c"},
		{"strong inside a word", "Refusion**en** er 1**00** kr.", "Refusionen er 100 kr."},
		{"emphasis in a script without spaces", "これは*重要*です", "これは重要です"},
		{"bullets", "- one\n- two\n\nafter", "• one\n• two\n\nafter"},
		{"nested bullets", "- a\n  - b\n    - c\n  - d\n- e", "• a\n  • b\n    • c\n  • d\n• e"},
		{"numbers from their start", "7. seven\n8. eight\n9. nine", "7. seven\n8. eight\n9. nine"},
		{"numbers with a bracket", "1) one\n2) two", "1) one\n2) two"},
		{"numbers with bullets inside", "1. one\n   - a\n   - b\n2. two", "1. one\n   • a\n   • b\n2. two"},
		{"ten numbers keep their columns", "9. nine\n10. ten\n\n    more", "9. nine\n10. ten\n\n    more"},
		{"loose list", "- a\n\n  more\n\n- b", "• a\n\n  more\n• b"},
		{"lines within an item", "- first\n  second", "• first\n  second"},
		{"empty item", "- a\n-\n- b", "• a\n• \n• b"},
		{"a year is no list", "It closed in 2024. Sorry.", "It closed in 2024. Sorry."},
		{"link", "[returns](https://a.example/r)", "returns (https://a.example/r)"},
		{"link with a title", `[returns](https://a.example/r "How to")`, "returns (https://a.example/r)"},
		{"link named by its address", "[https://a.example](https://a.example)", "https://a.example"},
		{"link without a name", "[](https://a.example)", "https://a.example"},
		{"link to mail and phone", "[post@a.example](mailto:post@a.example) [+4512](tel:+4512)", "post@a.example +4512"},
		{"link with escapes", `[a](<https://a.example/x_(1)&amp;y>)`, "a (https://a.example/x_(1)&y)"},
		{"address in brackets", "<https://a.example/?q=1> <post@a.example>", "https://a.example/?q=1 post@a.example"},
		{"bare address", "See https://a.example/a_b_c?x=1&y=2.", "See https://a.example/a_b_c?x=1&y=2."},
		{"source marks", "Thirty days [1][2].", "Thirty days [1][2]."},
		{"a source mark with its definition", "Thirty days [1].\n\n[1]: https://a.example", "Thirty days [1].\n\n[1]: https://a.example"},
		{"image", "![a red bike](https://a.example/b.png)", "a red bike"},
		{"table", "| Size | Price |\n|---|--:|\n| S | 10 |\n| **M** | 20 |", "Size | Price\nS | 10\nM | 20"},
		{"table with an escaped bar", "| a | b |\n|---|---|\n| x \\| y | z |", "a | b\nx | y | z"},
		{"table row longer than its header", "| a | b |\n|---|---|\n| 1 | 2 | 3 | 4 |\n| 5 |", "a | b\n1 | 2 | 3 | 4\n5 |"},
		{"code", "Run `a_b *c*` now", "Run a_b *c* now"},
		{"code across lines", "`a\nb`", "a b"},
		{"fenced code", "```go\nx := 1\n\n  y := *p\n```\nafter", "x := 1\n\n  y := *p\n\nafter"},
		{"fenced code that is not closed", "```\nx", "x"},
		{"words after a fence", "``` not a language\nx\n```", "not a language\nx"},
		{"code in a list", "- run\n\n      go test\n\n- done", "• run\n\n  go test\n• done"},
		{"rule", "a\n\n***\n\nb", "a\n\nb"},
		{"quotation", "> 18 years\n> and more\n\nok", "> 18 years\n> and more\n\nok"},
		{"quotation in a list", "- > a\n  > b", "• > a\n  > b"},
		{"struck out text keeps its marks", "~~100~~ 80, ~5 to 10~15", "~~100~~ 80, ~5 to 10~15"},
		{"product codes", "a_b_c, 2*3*4, _x, 5*3 and 4*2, 10*20*30*40", "a_b_c, 2*3*4, _x, 5*3 and 4*2, 10*20*30*40"},
		{"service codes", "Dial *100*123# or *#06#", "Dial *100*123# or *#06#"},
		{"lone marks", "5 * 3 = 15, a_ and *", "5 * 3 = 15, a_ and *"},
		{"escapes", `\*not bold\* \[1\] \# \_ \\ a\b`, `*not bold* [1] # _ \ a\b`},
		{"escapes in code stay", "`\\*` and `&amp;`", `\* and &amp;`},
		{"entities", "a &amp; b &lt;c&gt; &#39;d&#x27; \\&amp; &nope; &copy", "a & b <c> 'd' &amp; &nope; &copy"},
		{"inline HTML is text", "Press <b>OK</b><br>now", "Press <b>OK</b><br>now"},
		{"block HTML is text", "<div>\n<p>a</p>\n</div>\n\nb", "<div>\n<p>a</p>\n</div>\n\nb"},
		{"HTML with a closing line", "<script>\nalert(1)\n</script>\nb", "<script>\nalert(1)\n</script>\n\nb"},
		{"HTML in a list", "- <div>\n  a\n  </div>", "• <div>\n  a\n  </div>"},
		{"line breaks", "a\nb  \nc\\\nd", "a\nb\nc\nd"},
		{"broken UTF-8", "a\xffb", "a\uFFFDb"},
	} {
		if got := plain(test.text, Capabilities{}); got != test.want {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.want)
		}
	}
}

func TestRenderLeavesMarkdownToMediaThatReadIt(t *testing.T) {
	text := "# A\n\n- **b** [c](https://a.example)\n\n      code"
	if got := plain(text, Capabilities{Markup: Markdown}); got != text {
		t.Errorf("got %q", got)
	}
}

func TestRenderNamesLinksWithoutAddressWhereThereAreNone(t *testing.T) {
	caps := Capabilities{NoLinks: true}
	for _, test := range []struct{ text, want string }{
		{"See [returns](https://a.example/r).", "See returns."},
		{"See [](https://a.example/r).", "See https://a.example/r."},
	} {
		if got := plain(test.text, caps); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

func TestRenderListsSources(t *testing.T) {
	page := Citation{Number: 1, Title: "Returns", URL: "https://a.example/r"}
	file := Citation{Number: 2, Title: "terms.pdf"}
	bare := Citation{Number: 3, URL: "https://a.example/x"}
	named := Citation{Number: 4, Title: "https://a.example", URL: "https://a.example"}
	odd := Citation{Number: 5, Title: "A_*b* [c]\n<d> `e` &amp;", URL: "https://a.example/?q=<x>\\ y"}
	markdown, noLinks := Capabilities{Markup: Markdown}, Capabilities{NoLinks: true}
	for _, test := range []struct {
		name      string
		caps      Capabilities
		text      string
		citations []Citation
		want      string
	}{
		{"none", Capabilities{}, "Yes.", nil, "Yes."},
		{"plain", Capabilities{}, "Yes [1].\n", []Citation{page, file, bare, named},
			"Yes [1].\n\nKilder:\n[1] Returns – https://a.example/r\n[2] terms.pdf\n[3] https://a.example/x\n[4] https://a.example"},
		{"plain with an odd title", Capabilities{}, "Yes.", []Citation{odd},
			"Yes.\n\nKilder:\n[5] A_*b* [c] <d> `e` &amp; – https://a.example/?q=<x>\\ y"},
		{"markdown", markdown, "Yes.", []Citation{page, file, bare},
			"Yes.\n\nKilder:  \n[1] [Returns](<https://a.example/r>)  \n[2] terms.pdf  \n[3] [https://a.example/x](<https://a.example/x>)"},
		{"markdown with an odd title", markdown, "Yes.", []Citation{odd},
			"Yes.\n\nKilder:  \n[5] [A\\_\\*b\\* \\[c\\] \\<d\\> \\`e\\` \\&amp;](<https://a.example/?q=%3Cx%3E%5C%20y>)"},
		{"no links", noLinks, "Yes.", []Citation{page, file}, "Yes.\n\nKilder:\n[1] Returns\n[2] terms.pdf"},
		{"markdown without links", Capabilities{Markup: Markdown, NoLinks: true}, "Yes.", []Citation{page}, "Yes.\n\nKilder:  \n[1] Returns"},
		{"sources alone", Capabilities{}, "", []Citation{file}, "Kilder:\n[2] terms.pdf"},
	} {
		got := strings.Join(Render(test.text, test.citations, "Kilder", test.caps), "|")
		if got != test.want {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.want)
		}
	}
}

// A title is read back as it was, whatever marks it holds.
func TestRenderKeepsTitlesLiteralInMarkdown(t *testing.T) {
	for _, title := range []string{"a_b_c", "*x*", "[1]", "a] (b", "`c`", "<b>d</b>", "&amp;", `\`, "~~e~~", "a|b"} {
		marked := Render("", []Citation{{Number: 1, Title: title, URL: "https://a.example"}}, "S", Capabilities{Markup: Markdown})[0]
		if got, want := plain(marked, Capabilities{NoLinks: true}), "S:\n[1] "+title; got != want {
			t.Errorf("got %q, want %q from %q", got, want, marked)
		}
	}
}

func TestRenderSplitsLongTexts(t *testing.T) {
	for _, test := range []struct {
		name  string
		caps  Capabilities
		text  string
		parts []string
	}{
		{"no limit", Capabilities{}, strings.Repeat("a ", 3000) + "a", []string{strings.Repeat("a ", 3000) + "a"}},
		{"exactly the limit", Capabilities{MaxText: 5}, "ab cd", []string{"ab cd"}},
		{"runes count, not bytes", Capabilities{MaxText: 5}, "æøåæø", []string{"æøåæø"}},
		{"paragraphs first", Capabilities{MaxText: 22}, "One. Two.\n\nThree. Four. Five.", []string{"One. Two.", "Three. Four. Five."}},
		{"then lines", Capabilities{MaxText: 20}, "One. Two\nThree. Four. Five.", []string{"One. Two", "Three. Four. Five."}},
		{"then sentences", Capabilities{MaxText: 20}, "One two. Three! Four five six", []string{"One two. Three!", "Four five six"}},
		{"sentences end with a question too", Capabilities{MaxText: 20}, "Really so? “Yes it is” she said", []string{"Really so?", "“Yes it is” she said"}},
		{"then words", Capabilities{MaxText: 12}, "one two three four", []string{"one two", "three four"}},
		{"a word that just fits", Capabilities{MaxText: 7}, "one two three", []string{"one two", "three"}},
		{"a long word is not cut for a short part", Capabilities{MaxText: 20}, "see https://a.example/1 ok", []string{"see", "https://a.example/1", "ok"}},
		{"a word longer than a part", Capabilities{MaxText: 4}, "abcdefghij", []string{"abcd", "efgh", "ij"}},
		{"marks stay with their letter", Capabilities{MaxText: 4}, "abce\u0301f", []string{"abc", "e\u0301f"}},
		{"joined emoji stay one", Capabilities{MaxText: 4}, "abc👩\u200d💻d", []string{"abc", "👩\u200d💻d"}},
		{"sentences of scripts without spaces", Capabilities{MaxText: 8}, "返品できます。三十日以内です", []string{"返品できます。", "三十日以内です"}},
		{"the indent of a line stays", Capabilities{MaxText: 10}, "- a bcd ef\n  - g", []string{"• a bcd ef", "  • g"}},
		{"markdown links stay whole", Capabilities{Markup: Markdown, MaxText: 30}, "Please read [our terms](https://a.ex/t) now", []string{"Please read", "[our terms](https://a.ex/t)", "now"}},
		{"markdown code stays whole", Capabilities{Markup: Markdown, MaxText: 16}, "Please run `go test x` now", []string{"Please run", "`go test x` now"}},
		{"fenced code moves to the next part", Capabilities{Markup: Markdown, MaxText: 30}, "Run this:\n\n```\na := 1\nb := 2\n```\nDone.", []string{"Run this:", "```\na := 1\nb := 2\n```\nDone."}},
		{"a long fenced block is closed and opened again", Capabilities{Markup: Markdown, MaxText: 24}, "```\naaa bbb\nccc ddd\n  eee fff\n```",
			[]string{"```\naaa bbb\nccc ddd\n```", "```\n  eee fff\n```"}},
	} {
		got := Render(test.text, nil, "", test.caps)
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", test.parts) {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.parts)
		}
	}
}

func TestRenderReturnsNoPartForNothing(t *testing.T) {
	for _, caps := range []Capabilities{{}, {MaxText: 3}, {Markup: Markdown}} {
		if got := Render(" \n ", nil, "Sources", caps); len(got) != 0 {
			t.Errorf("%+v: got %q", caps, got)
		}
	}
}

// pieces of which the property test composes texts. Words are unique letters,
// so that they can be found again whatever stands between them.
var pieces = []string{
	"%s ", "%s. ", "**%s** ", "*%s* ", "_%s_ ", "`%s` ", "[%s](https://%s.example) ", "%s\n", "\n\n%s ", "\n- %s ", "\n  - %s ", "\n1. %s ",
	"\n# %s\n", "\n> %s\n", "\n```\n%s\n```\n", "\n| %s | %s |\n|---|---|\n| %s | %s | %s |\n\n", "<b>%s</b> ", "\n<div>%s\n</div>\n\n",
	"\n    %s\n", "\\*%s\\* ", "![%s](https://i.example/i.png) ", "%s*%s*%s ", "~~%s~~ ", "\n[%s]: %s\n", "\n<pre>\n%s\n</pre> %s\n", "%s\\\n",
}

// compose builds a markdown text from random bytes and lists its words.
func compose(next func(n int) int, count int) (text string, words []string) {
	var sb strings.Builder
	for range count {
		piece := pieces[next(len(pieces))]
		args := make([]any, strings.Count(piece, "%s"))
		for i := range args {
			word := fmt.Sprintf("w%dx", len(words))
			words, args[i] = append(words, word), word
		}
		fmt.Fprintf(&sb, piece, args...)
	}
	return sb.String(), words
}
