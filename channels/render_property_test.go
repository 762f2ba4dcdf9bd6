package channels

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRenderLosesNoWord(t *testing.T) {
	for seed := range uint64(1000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		text, words := compose(rnd.IntN, 1+rnd.IntN(25))
		for _, markup := range []Markup{Plain, Markdown} {
			limit := 0
			if rnd.IntN(4) > 0 {
				limit = 28 + rnd.IntN(200) // the longest word is an address of up to 21 runes
			}
			parts := Render(text, nil, "", Capabilities{Markup: markup, MaxText: limit})
			checkParts(t, parts, limit)
			all := strings.Join(parts, "\n")
			at := 0
			for _, word := range words {
				i := strings.Index(all[at:], word)
				if i < 0 {
					t.Fatalf("seed %d, markup %d, limit %d: %s is lost or out of place\nof %q\nin %q", seed, markup, limit, word, text, parts)
				}
				at += i + len(word)
			}
		}
	}
}

func TestRenderCutsNoWordThatFitsAPart(t *testing.T) {
	for seed := range uint64(500) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		limit := 5 + rnd.IntN(40)
		var words []string
		for range 1 + rnd.IntN(80) {
			words = append(words, strings.Repeat(string(rune('a'+rnd.IntN(26))), 1+rnd.IntN(limit)))
		}
		parts := Render(strings.Join(words, " "), nil, "", Capabilities{MaxText: limit})
		if got := strings.Fields(strings.Join(parts, "\n")); strings.Join(got, " ") != strings.Join(words, " ") {
			t.Fatalf("seed %d, limit %d: got %q of %q", seed, limit, got, words)
		}
	}
}

// Deep nesting and long runs of marks must end within the time of the test
// (P13).
func TestRenderEndsOnHostileText(t *testing.T) {
	for _, n := range []int{1_000, 50_000} {
		for _, mark := range []string{">", "- ", "[", "*a ", "` ``", "[a](", "![", "<a ", "|", "```\n", "a", "\u0301", "\u200d", "\n", "。", "> - 1. "} {
			text := "|a\n|-\n" + strings.Repeat(mark, n/len(mark))
			for _, caps := range []Capabilities{{}, {MaxText: n / 1000}, {MaxText: 1000}, {Markup: Markdown, MaxText: 1000}, {Markup: Markdown, MaxText: n / 1000}} {
				parts := Render(text, nil, "", caps)
				checkParts(t, parts, caps.MaxText)
				if len(parts) == 0 {
					t.Errorf("%q with %+v: nothing is left", mark, caps)
				}
			}
		}
	}
}

func TestRenderLeavesOverlongTextAsWritten(t *testing.T) {
	text := strings.Repeat("**word** ", maxParsed/9+1)
	if got, want := plain(text, Capabilities{}), strings.TrimSpace(text); got != want {
		t.Errorf("got %d bytes, want the %d that were given", len(got), len(want))
	}
}

func checkParts(t *testing.T, parts []string, limit int) {
	t.Helper()
	for _, part := range parts {
		if strings.TrimSpace(part) == "" {
			t.Fatalf("an empty part in %q", parts)
		}
		if n := utf8.RuneCountInString(part); limit > 0 && n > limit {
			t.Fatalf("%d runes in a part of at most %d: %q", n, limit, part)
		}
		if !utf8.ValidString(part) {
			t.Fatalf("broken UTF-8 in %q", part)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		"", "# a\n\n- b\n  1. c\n\n> d\n\n```go\ne\n```\n", "| a | b |\n|---|---|\n| `x \\| y` | z | 1 |", "[1]: <x> \"y\"\n[1]",
		"<!-- a\nb", "<script>\na\n</script> b", "*a*b*c*", "![a](b \"c\")[d](<e>)", "&amp;\\&#0;\x00\xff", "- - - 1. > `", "a\u0301👩\u200d💻。",
	} {
		for _, limit := range []int{0, 1, 40} {
			f.Add(seed, limit, false, false)
			f.Add(seed, limit, true, true)
		}
	}
	f.Fuzz(func(t *testing.T, text string, limit int, markdown, noLinks bool) {
		if len(text) > 10_000 {
			return
		}
		caps := Capabilities{MaxText: limit, NoLinks: noLinks}
		if markdown {
			caps.Markup = Markdown
		}
		parts := Render(text, []Citation{{Number: 1, Title: text, URL: text}}, "Sources", caps)
		checkParts(t, parts, limit)
		if len(parts) == 0 {
			t.Fatal("the sources are lost")
		}
	})
}

func BenchmarkRender(b *testing.B) {
	text, _ := compose(rand.New(rand.NewPCG(1, 1)).IntN, 60)
	answer := "You can return it within **30 days** [1].\n\n1. Print the [label](https://shop.example/label)\n2. Send the parcel\n\nThe refund takes 5–7 days [2]."
	citations := []Citation{{Number: 1, Title: "Returns", URL: "https://shop.example/returns"}, {Number: 2, Title: "Refunds", URL: "https://shop.example/refunds"}}
	for _, bench := range []struct {
		name, text string
		caps       Capabilities
	}{
		{"answer/plain", answer, Capabilities{MaxText: 4096}},
		{"answer/markdown", answer, Capabilities{Markup: Markdown, MaxText: 4096}},
		{"long/plain", text, Capabilities{MaxText: 300}},
		{"long/markdown", text, Capabilities{Markup: Markdown, MaxText: 300}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.text)))
			for b.Loop() {
				Render(bench.text, citations, "Sources", bench.caps)
			}
		})
	}
}
