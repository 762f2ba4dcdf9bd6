package datadoc

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// words is a set of field names in lower case without separators.
type words map[string]bool

func newWords(list string) words {
	w := words{}
	for _, s := range strings.Fields(list) {
		w[s] = true
	}
	return w
}

// has reports whether name, however it is written, is in the set: "Last_Name",
// "lastName" and "last name" are one.
func (w words) has(name string) bool {
	if len(name) > 64 {
		return false
	}
	return w[plainName(name)]
}

func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// What field names mean, in the languages such files are mostly written in.
var (
	questionNames = newWords("question q faqquestion spørgsmål spoergsmaal spørsmål fråga frage question pregunta domanda vraag pytanie pergunta kysymys otázka")
	answerNames   = newWords("answer a faqanswer svar antwort réponse reponse respuesta risposta antwoord odpowiedź resposta vastaus odpověď acceptedanswer")
	titleNames    = newWords("title name headline heading subject label question displayname titel navn namn überskrift betreff titre nom título titulo nombre titolo nome naam tytuł overskrift emne")
	contentNames  = newWords("body content contents text description summary abstract html bodyhtml bodytext articlebody excerpt details answer para p paragraph markdown indhold tekst beskrivelse innehåll text inhalt beschreibung contenu texte contenido texto descripción")
	languageNames = newWords("language lang locale inlanguage sprog språk sprache langue idioma")
	modifiedNames = newWords("updated updatedat modified modifiedat datemodified lastmodified lastupdated lastmod lastbuilddate opdateret ændret")
	publishNames  = newWords("published publishedat datepublished created createdat pubdate date dato datum")
	addressNames  = newWords("url link href permalink htmlurl canonical canonicalurl webpage")
	groupNames    = newWords("category categories topic section group kategori emne kategorie thema catégorie categoría categoria tema afsnit")
	hiddenNames   = newWords("id uuid guid key slug sortorder position order index rowid type context tags tag lang language locale sprog updated updatedat modified created createdat published")
	columnNames   = newWords(`id name navn namn nom nombre nome naam title titel email mail phone telefon tlf address adresse city by stad ville ort country land pays
		price pris preis prix precio beløb amount total quantity antal menge date dato datum fecha time tid status type category kategori description beskrivelse beschreibung
		product produkt article varenummer vare sku url link question answer spørgsmål svar frage antwort code kode key value værdi nøgle language sprog comment bemærkning
		firstname lastname fornavn efternavn company firma station ydelse service year år month måned day dag weekday ugedag opening åbningstid hours from to fra til`)
)

// numeric reports whether s is a number, an amount, a date or a time.
func numeric(s string) bool {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 40 {
		return false
	}
	digits, letters := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			letters++
		case unicode.IsSpace(r), unicode.Is(unicode.Sc, r), strings.ContainsRune(".,:-–+/%'()", r):
		default:
			return false
		}
	}
	// Letters are a unit, a currency or a month's abbreviation.
	return digits > 0 && (letters == 0 || letters <= 3 && digits >= letters)
}

// yearLike reports whether s is a year between 1900 and 2100.
func yearLike(s string) bool {
	s = strings.TrimSpace(s)
	return len(s) == 4 && s >= "1900" && s <= "2100" && strings.Trim(s, "0123456789") == ""
}

func runes(s string) int { return utf8.RuneCountInString(s) }
