package phrases

import (
	"strings"
	"testing"
)

func TestWishedLanguageHearsEveryLanguageAskForOthers(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(wishedSentences), "\n") {
		want, text, _ := strings.Cut(line, " ")
		if got := WishedLanguage(Words(text)); got != strings.TrimPrefix(want, "-") {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestWishedLanguageKnowsEveryNameInEveryLanguage(t *testing.T) {
	for _, language := range Languages() {
		for which, names := range speeches()[language].languages {
			for _, name := range strings.Split(names, "|") {
				if strings.Contains(name, "~") {
					continue // the beginning or end of a word
				}
				found := ""
				for match := range sharedWishes().names.At(Words(name), 0) {
					if match.To == len(Words(name)) && match.Language == language+">"+which {
						found = which
					}
				}
				if found != which {
					t.Errorf("%s calls %s %q, which is not found", language, which, name)
				}
			}
		}
	}
}

// A dash stands for no wish.
const wishedSentences = `
en English please
en Hi, could we continue in English?
de can you answer in German
fr Please write in French from now on
en In English, please: hvor er min pakke?
- Is the manual in English?
- I don't speak English
- Do you ship to German customers?
da Kan vi tale dansk?
en Kan du skrive på engelsk?
da Skriv venligst på dansk
- Har I bøger på engelsk?
- Jeg taler ikke tysk
nb Kan vi ta det på norsk?
en svar på engelsk takk
sv Kan vi ta det på svenska?
en engelska tack
- Finns boken på engelska?
fi Voitko vastata suomeksi?
en englanniksi kiitos
de Können wir bitte auf Deutsch schreiben?
tr Auf Türkisch bitte
en Sprechen Sie Englisch?
- Ich spreche kein Deutsch
- Gibt es die Anleitung auf Englisch?
nl Kunt u Nederlands spreken?
en in het Engels aub
fr Parlez-vous français ?
en Pouvez-vous répondre en anglais ?
es en espagnol s'il vous plaît
- Je ne parle pas français
- Le manuel est en anglais
es ¿Hablan español?
en ¿Podemos seguir en inglés?
es en espanol por favor
- No hablo inglés
- El manual está en inglés
pt Pode responder em português?
en Falam inglês?
- Não falo inglês
it Possiamo parlare in italiano?
en in inglese per favore
- Non parlo inglese
pl Czy mówicie po polsku?
en Proszę pisać po angielsku
- Nie mówię po angielsku
cs Mluvíte česky?
en Můžete psát anglicky?
- Nemluvím anglicky
ro Vorbiți română?
en Puteți răspunde în engleză vă rog
hu Beszél magyarul?
en angolul kérem
- Nem beszélek angolul
tr Türkçe konuşabilir miyiz?
en İngilizce lütfen
ru Вы говорите по-русски?
en Можно на английском, пожалуйста
- Я не говорю по-английски
uk Ви говорите українською? Можна українською?
en по-англійськи будь ласка
el Μιλάτε ελληνικά;
en στα αγγλικά παρακαλώ
- Δεν μιλάω αγγλικά
ar هل تتكلم العربية؟
en تكلم معي بالإنجليزية من فضلك
he אפשר לדבר בעברית?
en באנגלית בבקשה
hi हिंदी में बात करें
en अंग्रेज़ी में जवाब दीजिए
ja 日本語でお願いします
en 英語で話せますか
zh 请用中文回答
en 可以用英文吗
- 你们有中文说明书吗
ko 한국어로 말씀해 주세요
en 영어로 부탁합니다
th พูดภาษาไทยได้ไหม
en ขอภาษาอังกฤษค่ะ
vi Bạn nói tiếng Việt được không?
en trả lời bằng tiếng Anh nhé
`
