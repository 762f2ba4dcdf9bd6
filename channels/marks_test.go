package channels

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func TestRenderMarksUpForWhatsApp(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"bold and italic", "**Bold**, *slanted*, __bold__ and _slanted_", "*Bold*, _slanted_, *bold* and _slanted_"},
		{"bold italic", "***all*** of it", "_*all*_ of it"},
		{"italic within bold", "**a *b* c**", "*a _b_ c*"},
		{"struck out", "~~100~~ 80 kr.", "~100~ 80 kr."},
		{"a tilde that means about", "~5 to ~10", "~5 to ~10"},
		{"bold inside a word has no mark there", "Refusion**en** er 1**00** kr.", "Refusionen er 100 kr."},
		{"bold before a letter", "**Refusion**en **kommer**.", "Refusionen *kommer*."},
		{"emphasis in a script without spaces", "これは*重要*です", "これは重要です"},
		{"bold over two lines", "**one\ntwo**", "*one*\n*two*"},
		{"code", "Run `a_b *c*` now", "Run `a_b *c*` now"},
		{"code with a grave accent", "Run ``a`b`` now", "Run a`b now"},
		{"fenced code", "```go\nx := *p\n```\nafter", "```\nx := *p\n```\n\nafter"},
		{"fence within code", "~~~\n```\n~~~", "```"},
		{"heading", "# Returns **now**\n\nThirty days.", "*Returns now*\n\nThirty days."},
		{"bullets", "- one\n- **two**\n\nafter", "- one\n- *two*\n\nafter"},
		{"numbers", "7. seven\n8. eight", "7. seven\n8. eight"},
		{"quotation", "> 18 *years*\n> and more", "> 18 _years_\n> and more"},
		{"link", "[returns](https://a.example/r)", "returns (https://a.example/r)"},
		{"link named by its address", "[https://a.example](https://a.example)", "https://a.example"},
		{"image", "![a red bike](https://a.example/b.png)", "a red bike https://a.example/b.png"},
		{"table", "| Size | Price |\n|---|--:|\n| S | 10 |\n| **M** | 20 |", "Size: S; Price: 10\nSize: *M*; Price: 20"},
		{"table with an empty cell", "| Size | Price |\n|---|---|\n| | 10 |", "Price: 10"},
		{"table without rows", "| Size | Price |\n|---|---|", "Size; Price"},
		{"product codes", "a_b_c, 2*3*4, 10*20*30*40", "a_b_c, 2*3*4, 10*20*30*40"},
	} {
		if got := plain(test.text, Capabilities{Markup: WhatsApp}); got != test.want {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.want)
		}
	}
}

func TestRenderIsReadAloud(t *testing.T) {
	citations := []Citation{{Number: 1, Title: "Returns", URL: "https://a.example/r"}}
	for _, test := range []struct{ name, text, want string }{
		{"marks", "# Returns\n\nYou have **30 days** [1].", "Returns.\n\nYou have 30 days."},
		{"list", "- Print the label\n- Send it!\n", "Print the label.\nSend it!"},
		{"numbers", "1. Print\n2. Send", "1. Print.\n2. Send."},
		{"link", "See [the page](https://www.a.example/r?x=1).", "See the page."},
		{"bare address", "See https://www.a.example/r_b?x=1&y=2, please.", "See a.example, please."},
		{"mail address", "Write to <post@a.example>", "Write to post@a.example."},
		{"struck out price", "~~100~~ 80 kr.", "80 kr."},
		{"pictograms", "Hello 👋🏽 there ☀️!", "Hello  there !"},
		{"table", "| Size | Price |\n|---|---|\n| S | 10 |", "Size: S; Price: 10."},
		{"quotation", "> Open daily", "Open daily."},
	} {
		got := strings.Join(Render(test.text, citations, "Sources", Capabilities{Markup: Speech}), "|")
		if strings.TrimSpace(got) != test.want {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.want)
		}
	}
}

func TestRenderCountsInTheUnitOfTheMedium(t *testing.T) {
	text := strings.Repeat("🚲 ", 40) + strings.Repeat("æøå ", 40)
	for _, test := range []struct {
		unit   Unit
		length func(string) int
	}{
		{Characters, func(s string) int { return len([]rune(s)) }},
		{UTF16Units, func(s string) int { return len(utf16.Encode([]rune(s))) }},
		{Bytes, func(s string) int { return len(s) }},
	} {
		longest := 0
		parts := Render(text, nil, "", Capabilities{MaxText: 50, Unit: test.unit})
		for _, part := range parts {
			longest = max(longest, test.length(part))
		}
		if longest > 50 || longest < 45 {
			t.Errorf("unit %d: longest part is %d units", test.unit, longest)
		}
		if strings.Join(strings.Fields(strings.Join(parts, " ")), " ") != strings.TrimSpace(text) {
			t.Errorf("unit %d: text was lost", test.unit)
		}
	}
}

func TestRenderNeverCutsACharacterOfSeveralUnits(t *testing.T) {
	for _, unit := range []Unit{UTF16Units, Bytes} {
		for limit := 1; limit < 6; limit++ {
			parts := Render(strings.Repeat("🚲", 5), nil, "", Capabilities{MaxText: limit, Unit: unit})
			if got := strings.Join(parts, ""); got != strings.Repeat("🚲", 5) {
				t.Errorf("unit %d, limit %d: %q", unit, limit, parts)
			}
		}
	}
}

func TestRenderKeepsMarksOfWhatsAppTogether(t *testing.T) {
	text := "Please remember that **the parcel must be closed well** and `code one two three` stays.\n\n```\nline one\nline two\n```"
	for limit := 40; limit < 90; limit++ {
		for _, part := range Render(text, nil, "", Capabilities{Markup: WhatsApp, MaxText: limit}) {
			if strings.Count(part, "*")%2 != 0 || strings.Count(part, "`")%2 != 0 {
				t.Errorf("limit %d: marks are torn: %q", limit, part)
			}
		}
	}
}
