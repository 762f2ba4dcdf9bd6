package text

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestFoldBringsSpellingsTogether(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"capitals", "Hello, WORLD", "hello, world"},
		{"already folded", "plain text 12", "plain text 12"},
		{"Danish", "ÆBLEGRØD på", "æblegrød på"},
		{"full width", "ＡＢＣ１２３", "abc123"},
		{"ligature", "ﬁnal oﬀer", "final offer"},
		{"composed", "Cafe\u0301", "café"},
		{"soft hyphen and zero width", "Ver\u00adsand\u200bkosten", "versandkosten"},
		{"final sigma", "ΟΔΟΣ οδός", "οδοσ οδόσ"},
		{"Arabic points and tatweel", "كِتَــاب", "كتاب"},
		{"Hebrew points", "שָׁלוֹם", "שלום"},
		{"Cyrillic", "Доставка ЁЖ", "доставка ёж"},
		{"half-width kana", "ｶﾞｲﾄﾞ", "ガイド"},
		{"broken bytes", "a\xffB", "a\ufffdb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Fold(c.in); got != c.want {
				t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
			}
			if got := string(AppendFold([]byte("x"), c.in)); got != "x"+c.want {
				t.Errorf("AppendFold(%q) = %q, want %q", c.in, got, "x"+c.want)
			}
		})
	}
}

func TestWordsKeepMarksAndPartUnspacedScripts(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"Hello, wide-open World 42!", []string{"hello", "wide", "open", "world", "42"}},
		{"नमस्ते दुनिया", []string{"नमस्ते", "दुनिया"}},
		{"iPhone手机12号", []string{"iphone", "手机", "12", "号"}},
		{"ที่นี่ shop", []string{"ที่นี่", "shop"}},
		{"コーヒー を ください", []string{"コーヒー", "を", "ください"}},
		{"한국어 배송", []string{"한국어", "배송"}},
		{" … ", nil},
	} {
		if got := Words(c.in); !slices.Equal(got, c.want) {
			t.Errorf("Words(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	folded := []byte("手机 ok")
	g := NewSegmenter(folded)
	for _, want := range []Segment{{0, 6, true}, {7, 9, false}} {
		if got, ok := g.Next(); !ok || got != want {
			t.Errorf("Next() = %+v %v, want %+v", got, ok, want)
		}
	}
	if _, ok := g.Next(); ok {
		t.Error("Next() after the end is ok")
	}
}

func TestStemBringsInflectionsTogether(t *testing.T) {
	for _, c := range []struct{ tag, a, b string }{
		{"en-GB", "delivery", "deliveries"}, {"da", "pakken", "pakker"}, {"de-AT", "lieferung", "lieferungen"},
		{"nb", "bestillingen", "bestillinger"}, {"nn", "dagen", "dagar"}, {"no", "bilen", "biler"},
		{"sv", "flickorna", "flickor"}, {"fi", "talossa", "talon"}, {"fr", "remboursements", "remboursement"},
		{"es", "devoluciones", "devolución"}, {"it", "spedizioni", "spedizione"}, {"pt_BR", "entregas", "entrega"},
		{"nl", "bestellingen", "bestelling"}, {"ru", "доставка", "доставки"}, {"ro", "livrarea", "livrare"},
		{"hu", "házak", "ház"}, {"tr", "kitaplar", "kitap"}, {"ar", "الكتاب", "كتاب"}, {"ta", "மரங்கள்", "மரங்களை"}, {"ga", "bhád", "bád"},
	} {
		if a, b := Stem(c.tag, c.a), Stem(c.tag, c.b); a != b || a == "" {
			t.Errorf("%s: %q -> %q, %q -> %q", c.tag, c.a, a, c.b, b)
		}
		if !HasStemmer(c.tag) {
			t.Errorf("no stemmer for %s", c.tag)
		}
	}
	for _, tag := range []string{"", "el", "xx", "zh-Hant"} {
		if got := Stem(tag, "deliveries"); got != "deliveries" || HasStemmer(tag) {
			t.Errorf("Stem(%q) = %q, want the word itself", tag, got)
		}
	}
	long := strings.Repeat("ing", 200)
	if got := Stem("en", long); got != long {
		t.Error("a run too long for a word was stemmed")
	}
}

func TestEstimateTokensByWordsCharactersAndIdeographs(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int
	}{
		{"", 0},
		{"a b c d e f g h i j", 13},                  // words
		{"internationalisation", 5},                  // characters
		{"您可以退货", 5},                                 // ideographs
		{strings.Repeat("word ", 100), 130},          // words
		{"shop 手机", 4},                               // both
		{strings.Repeat("Donaudampfschiff ", 4), 17}, // 68 characters
	} {
		if got := EstimateTokens(c.in); got != c.want {
			t.Errorf("EstimateTokens(%.20q) = %d, want %d", c.in, got, c.want)
		}
	}
}

func TestSentencesWithoutSpacesBetween(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"您可以退货。退款三天内到账！还有问题吗？", []string{"您可以退货。", "退款三天内到账！", "还有问题吗？"}},
		{"「はい。」と言った。次へ。", []string{"「はい。」", "と言った。", "次へ。"}},
		{"First paragraph\n\nSecond one", []string{"First paragraph", "Second one"}},
		{"Bring:\n- a lamp\n- a rope\n2) a map", []string{"Bring:", "- a lamp", "- a rope", "2) a map"}},
		{"a wrapped\nline. Next.", []string{"a wrapped\nline.", "Next."}},
		{"  \n ", nil},
		{"", nil},
	} {
		if got := Sentences(c.in); !slices.Equal(got, c.want) {
			t.Errorf("Sentences(%q)\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestThaiIsCutAtSpacesOnceLongEnough(t *testing.T) {
	phrase := "เราจัดส่งพัสดุทุกวันทำการภายในประเทศ"
	got := Sentences(strings.Repeat(phrase+" ", 6))
	if len(got) != 3 {
		t.Errorf("six phrases of %d characters became %d sentences, want 3", utf8.RuneCountInString(phrase), len(got))
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Hello", "ΟΔΟΣ", "Cafe\u0301", "كِتَاب", "ﬁ\u00ad", "\u200be\u200b\u0301", "İstanbul", "ｶﾞ", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(s)
		if twice := Fold(once); twice != once {
			t.Errorf("Fold(%q) = %q, folded again %q", s, once, twice)
		}
		for _, w := range Words(s) {
			if w == "" {
				t.Errorf("Words(%q) holds an empty word", s)
			}
		}
		if EstimateTokens(s) < 0 {
			t.Errorf("EstimateTokens(%q) is negative", s)
		}
	})
}

func FuzzSentences(f *testing.F) {
	for _, s := range []string{"Dr. Who came. He left.", "kl. 9.00. Ja", "。。\n\n- a", "1. x\n2. y", "a...\" B", "ก ข", "\xff. A"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for _, sp := range SentenceSpans(s) {
			if sp.Start < end || sp.End <= sp.Start || sp.End > len(s) {
				t.Fatalf("SentenceSpans(%q): %+v after %d", s, sp, end)
			}
			if strings.TrimSpace(s[end:sp.Start]) != "" && strings.TrimFunc(s[end:sp.Start], unicode.IsSpace) != "" {
				t.Fatalf("SentenceSpans(%q) lost %q", s, s[end:sp.Start])
			}
			end = sp.End
		}
		if strings.TrimFunc(s[end:], unicode.IsSpace) != "" {
			t.Fatalf("SentenceSpans(%q) lost %q", s, s[end:])
		}
	})
}

func FuzzStem(f *testing.F) {
	f.Add("en", "running")
	f.Add("tr", "kitaplarımızdan")
	f.Add("ta", "மரங்கள்")
	f.Fuzz(func(t *testing.T, tag, word string) {
		if Stem(tag, word) == "" && word != "" {
			t.Errorf("Stem(%q, %q) is empty", tag, word)
		}
	})
}

func ExampleSentences() {
	for _, s := range Sentences("Butikken åbner kl. 9.00. Den lukker 1. januar, jf. Dr. Holm.") {
		fmt.Println(s)
	}
	// Output:
	// Butikken åbner kl. 9.00.
	// Den lukker 1. januar, jf. Dr. Holm.
}

func ExampleStem() {
	fmt.Println(Stem("en", "deliveries"), Stem("da-DK", "pakkerne"), Stem("el", "λόγος"))
	// Output: deliveri pak λόγος
}

var benchTexts = map[string]string{
	"english": strings.Repeat("The parcel was sent on Monday, and it should arrive within two days. ", 4),
	"russian": strings.Repeat("Посылка отправлена в понедельник и придёт через два дня. ", 4),
	"thai":    strings.Repeat("เราจัดส่งพัสดุทุกวันทำการ การจัดส่งใช้เวลาสองวัน ", 4),
}

func BenchmarkFoldAndSegment(b *testing.B) {
	for name, s := range benchTexts {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(s)))
			var buf []byte
			for b.Loop() {
				buf = AppendFold(buf[:0], s)
				g := NewSegmenter(buf)
				for _, ok := g.Next(); ok; _, ok = g.Next() {
				}
			}
		})
	}
}

func BenchmarkSentences(b *testing.B) {
	s := strings.Repeat("Dr. Holm opens at 9.00 on weekdays. You may call then, e.g. about a parcel. ", 50)
	b.ReportAllocs()
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		SentenceSpans(s)
	}
}
