package language

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
)

func ExampleDetector_Detect() {
	detector := New()
	fmt.Println(detector.Detect("Hvornår bliver min pakke leveret?", nil, nil).Language)

	// A short word may be of many languages; what the browser asks for decides.
	prior := ParseAcceptLanguage("da, en-US;q=0.8")
	fmt.Println(detector.Detect("tak", prior, nil).Language)
	// Output:
	// da
	// da
}

func TestDetectTellsSentencesApart(t *testing.T) {
	detector := New()
	for _, test := range []struct{ want, text string }{
		{"en", "Where is my order? It should have arrived last week."},
		{"da", "Jeg har ikke modtaget min ordre endnu, hvornår kommer den?"},
		{"nb", "Jeg har ikke mottatt noe ennå, hva skjer med pakken min?"},
		{"sv", "Jag har inte fått min beställning, när kommer den fram?"},
		{"fi", "En ole vielä saanut tilaustani, milloin se saapuu?"},
		{"de", "Ich habe meine Bestellung noch nicht erhalten, wann kommt sie an?"},
		{"nl", "Ik heb mijn bestelling nog niet ontvangen, wanneer komt die aan?"},
		{"fr", "Je n’ai pas encore reçu ma commande, quand arrivera-t-elle ?"},
		{"es", "Todavía no he recibido mi pedido, ¿cuándo llegará?"},
		{"pt", "Ainda não recebi a minha encomenda, quando é que ela chega?"},
		{"it", "Non ho ancora ricevuto il mio ordine, quando arriverà?"},
		{"pl", "Nie otrzymałem jeszcze zamówienia, kiedy ono dotrze?"},
		{"cs", "Ještě jsem nedostal svou objednávku, kdy dorazí?"},
		{"hu", "Még nem kaptam meg a rendelésemet, mikor érkezik meg?"},
		{"ro", "Nu am primit încă comanda mea, când va ajunge?"},
		{"tr", "Siparişimi henüz almadım, ne zaman gelecek?"},
		{"vi", "Tôi chưa nhận được đơn hàng, khi nào hàng đến?"},
		{"ru", "Я ещё не получил свой заказ, когда он придёт?"},
		{"uk", "Я ще не отримав своє замовлення, коли воно прибуде?"},
		{"el", "Δεν έχω λάβει ακόμα την παραγγελία μου"},
		{"ar", "لم أستلم طلبي بعد، متى سيصل؟"},
		{"he", "עדיין לא קיבלתי את ההזמנה שלי"},
		{"hi", "मुझे अभी तक मेरा ऑर्डर नहीं मिला है"},
		{"th", "ฉันยังไม่ได้รับสินค้าที่สั่งซื้อ"},
		{"ja", "まだ注文した商品が届いていません"},
		{"ko", "아직 주문한 상품을 받지 못했습니다"},
		{"zh", "我还没有收到我的订单"},
		{"ka", "ჯერ არ მიმიღია ჩემი შეკვეთა"},
	} {
		got := detector.Detect(test.text, nil, nil)
		if got.Language != test.want || !got.FromText || got.Confidence < 0.5 {
			t.Errorf("%s: got %+v", test.text, got)
		}
	}
}

func TestDetectDecidesByPriorWhereTextIsShort(t *testing.T) {
	detector := New()
	allowed := strings.Fields("en da nb sv fi de nl fr es pt it pl cs")
	for _, test := range []struct{ text, prior, want string }{
		{"pakken", "da", "da"}, {"pakken", "nb", "nb"},
		{"tak", "pl", "pl"},
		{"ja", "sv", "sv"},
		{"ok", "fr", "fr"},
		{"det fungerer ikke", "no", "nb"},
		{"det fungerer ikke", "da-DK", "da"},
	} {
		if got := detector.Detect(test.text, []string{test.prior}, allowed); got.Language != test.want {
			t.Errorf("%q with %s: got %+v, want %s", test.text, test.prior, got, test.want)
		}
	}
}

func TestDetectLetsALongTextOverruleThePrior(t *testing.T) {
	got := New().Detect("Ich möchte meine Bestellung vom letzten Montag stornieren", []string{"da", "en"}, nil)
	if got.Language != "de" || got.Confidence < 0.99 {
		t.Errorf("got %+v", got)
	}
}

func TestDetectIsLessSureOfShortTexts(t *testing.T) {
	detector := New()
	long := detector.Detect("Wo finde ich die Rechnung zu meiner Bestellung?", nil, nil)
	for _, text := range []string{"a", "ja", "tak", "hello", "menu"} {
		if short := detector.Detect(text, nil, nil); short.Language == "" || short.Confidence >= 0.9 || short.Confidence >= long.Confidence {
			t.Errorf("%q: got %+v, the sentence %+v", text, short, long)
		}
	}
}

func TestDetectSaysNothingWithoutEvidence(t *testing.T) {
	detector := New()
	for _, text := range []string{"", " ", "1234", "😀👍", "?!", "1234A X9", "anna@example.com", "https://example.com/ordre", "\xff\xfe", "ᏣᎳᎩ"} {
		if got := detector.Detect(text, nil, nil); got.Language != "" || got.Confidence != 0 || got.FromText {
			t.Errorf("%q: got %+v", text, got)
		}
		got := detector.Detect(text, []string{"sv"}, []string{"en", "sv"})
		if got.Language != "sv" || got.FromText {
			t.Errorf("%q with a prior: got %+v", text, got)
		}
	}
	if got := detector.Detect("Hvor er min pakke?", []string{"da"}, []string{}); got.Language != "" {
		t.Errorf("nothing allowed: got %+v", got)
	}
}

func TestDetectPassesOverAddresses(t *testing.T) {
	detector := New()
	plain := detector.Evidence("Hvor er pakken min")
	for _, text := range []string{
		"Hvor er https://example.com/where-is-my-order?lang=en pakken min",
		"Hvor er where.is.my.order@example.com pakken min",
		"Hvor er www.example.com/the/longest/english/path pakken min",
		"Hvor er 12345 pakken AB12345CD min 9f",
	} {
		if got := detector.Evidence(text); got != plain {
			t.Errorf("%q reads otherwise than without the address", text)
		}
	}
	if plain.Letters() != 15 {
		t.Errorf("Letters: got %d, want 15", plain.Letters())
	}
}

func TestDetectKeepsToTheScript(t *testing.T) {
	detector := New()
	for _, test := range []struct{ text, want string }{
		{"カタカナ", "ja"},
		{"注文", "zh"},
		{"注文の", "ja"},
		{"WordPress не работает", "ru"},
		{"WooCommerce не работает", "ru"},
		{"iPhone 坏了", "zh"},
		{"안녕", "ko"},
		{"สวัสดี", "th"},
		{"ສະບາຍດີ", "lo"},
		{"ያልደረሰ", "am"},
	} {
		if got := detector.Detect(test.text, nil, nil); got.Language != test.want {
			t.Errorf("%q: got %+v, want %s", test.text, got, test.want)
		}
	}
	// Nothing allowed is written in this script: the text bears on none.
	got := detector.Detect("ฉันยังไม่ได้รับ", []string{"da"}, []string{"en", "da"})
	if got.Language != "da" || got.FromText {
		t.Errorf("outside the allowed scripts: got %+v", got)
	}
}

func TestDetectReadsDecomposedLetters(t *testing.T) {
	detector := New()
	composed, decomposed := detector.Evidence("är försäljningen över?"), detector.Evidence("a\u0308r fo\u0308rsa\u0308ljningen o\u0308ver?")
	if composed != decomposed {
		t.Error("a text means another when its accents are written apart")
	}
}

func TestDetectAnswersInTheSpellingOfAllowed(t *testing.T) {
	detector := New()
	norwegian := "Jeg har ikke mottatt noe ennå, hva skjer med pakken min?"
	for _, allowed := range [][]string{{"en", "no"}, {"en-GB", "nb-NO"}, {"en", "nn"}, {"en", "NB"}} {
		if got := detector.Detect(norwegian, nil, allowed); got.Language != "nb" {
			t.Errorf("%v: got %+v", allowed, got)
		}
	}
	if got := detector.Detect("Saya belum menerima pesanan saya", nil, []string{"en", "id"}); got.Language != "id" {
		t.Errorf("Indonesian, which the tables know as Malay: got %+v", got)
	}
	if !slices.Contains(detector.Languages(), "nb") || slices.Contains(detector.Languages(), "no") {
		t.Errorf("Languages: %v", detector.Languages())
	}
	if !detector.Knows("en-US") || !detector.Knows("no") || detector.Knows("tlh") || detector.Knows("") {
		t.Error("Knows does not tell the known from the unknown")
	}
}

func TestEvidenceOfSeveralMessagesDecidesTogether(t *testing.T) {
	detector := New()
	messages := []string{"hei", "hva skjer?", "jeg venter ennå", "får ikke tak i noen"}
	var sum Evidence
	for _, message := range messages {
		sum.Add(detector.Evidence(message))
	}
	first := detector.Decide(detector.Evidence(messages[0]), nil, []string{"da", "nb", "sv", "fi"})
	together := detector.Decide(sum, nil, []string{"da", "nb", "sv", "fi"})
	if together.Language != "nb" || together.Confidence <= first.Confidence || together.Letters != 39 {
		t.Errorf("together %+v, the first alone %+v", together, first)
	}
}

func TestDetectGivesProbabilities(t *testing.T) {
	detector := New()
	for _, text := range []string{"", "ok", "pakke", "Wo ist mein Paket geblieben?"} {
		got := detector.Detect(text, []string{"da", "de", "da", "xx"}, []string{"da", "de", "de-AT", "xx"})
		if sum := got.Confidence + got.RunnerUpConfidence; math.Abs(sum-1) > 1e-9 || got.Confidence < got.RunnerUpConfidence {
			t.Errorf("%q: got %+v", text, got)
		}
	}
	// The prior of a browser's language, English, and the rest.
	got := detector.Detect("", []string{"da"}, []string{"da", "en", "sv"})
	if math.Abs(got.Confidence-0.85) > 1e-9 || math.Abs(got.RunnerUpConfidence-0.10) > 1e-9 || got.RunnerUp != "en" {
		t.Errorf("prior alone: got %+v", got)
	}
}

func TestDetectIsSafeForConcurrentUse(t *testing.T) {
	detector := New()
	want := detector.Detect("Hvornår kommer min pakke?", []string{"da"}, nil)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if got := detector.Detect("Hvornår kommer min pakke?", []string{"da"}, nil); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
			}
		})
	}
	group.Wait()
}

func TestDetectReadsOnlyTheBeginning(t *testing.T) {
	detector := New()
	text := strings.Repeat("Where is my parcel? ", 60)
	if detector.Evidence(text) != detector.Evidence(text+strings.Repeat("Hvor er min pakke? ", 10_000)) {
		t.Error("text beyond the documented limit counts")
	}
	blank := strings.Repeat(" ", maxTextBytes)
	if detector.Evidence(blank+"Where is my parcel?") != (Evidence{}) {
		t.Error("text behind a long blank is read")
	}
}

func FuzzDetect(f *testing.F) {
	for _, seed := range []string{"", "tak", "don’t 'quote' `x`", "a\u0308", "\xff\xc3", "注文の2011年", strings.Repeat("ø", 100), "www.x@://", strings.Repeat("abc ", 2000)} {
		f.Add(seed, "da")
	}
	detector := New()
	f.Fuzz(func(t *testing.T, text, prior string) {
		got := detector.Detect(text, []string{prior}, nil)
		if math.IsNaN(got.Confidence) || got.Confidence < 0 || got.Confidence > 1+1e-9 || (got.Language == "") != (got.Confidence == 0) {
			t.Errorf("%q: got %+v", text, got)
		}
		if got.Language != "" && !detector.Knows(got.Language) {
			t.Errorf("%q: got the unknown language %q", text, got.Language)
		}
	})
}
