package text

import (
	"slices"
	"strings"
	"testing"
)

func TestSentencesEndWhereTheyShould(t *testing.T) {
	cases := []struct {
		name string
		want []string // the input is these joined by a space
	}{
		{"plain", []string{"We open at nine.", "You can call us then!", "Is that fine?", "Yes."}},
		{"Danish time", []string{"Vi åbner kl. 9.00 på hverdage.", "Lørdag har vi lukket."}},
		{"Danish ordinal and abbreviation", []string{"Prisen stiger pr. 1. januar 2027, bl.a. fordi portoen stiger.", "Det gælder f.eks. Norge."}},
		{"German ordinals", []string{"Das Angebot gilt bis 3. Oktober und ab dem 19. Jahrhundert.", "Danach z.B. Montag nicht."}},
		{"German ordinal after article", []string{"Er wohnt im 2. Obergeschoss.", "Sie nicht."}},
		{"initials and titles", []string{"Ask Dr. J. R. Holm or Mrs. Lind.", "They know."}},
		{"decimals and versions", []string{"It weighs 3.5 kg.", "Version 2.1.4 is out."}},
		{"a number may end a sentence", []string{"The total was 20.", "Nobody paid."}},
		{"addresses", []string{"Write to help@shop.example or see https://shop.example/a.b?c=d.e now.", "Thanks."}},
		{"quotes and brackets after the stop", []string{"He said “stop.”", "Then he left (it was late.)", "Good."}},
		{"ellipsis", []string{"Wait... there is more.", "Really…", "Yes."}},
		{"stops in a row", []string{"What?!", "No way."}},
		{"small letter goes on", []string{"Try Yahoo! and others.", "Or not."}},
		{"number abbreviation", []string{"See no. 5 and fig. 3.", "The answer is no.", "Goodbye."}},
		{"Russian", []string{"Заказ доставят на ул. Ленина до 12 ч. 30 мин. вечера.", "Спросите А. С. Орлова."}},
		{"Spanish", []string{"¿Dónde está el Sr. López?", "¡Aquí!", "Bien."}},
		{"French", []string{"Mme. Petit arrive, c.-à-d. Anne.", "Elle attend."}},
		{"Polish", []string{"To kosztuje np. Dorotę 5 zł.", "Zapraszamy."}},
		{"Finnish", []string{"Avoinna esim. Helsingissä 6. joulukuuta asti.", "Tervetuloa."}},
		{"Hindi", []string{"दुकान नौ बजे खुलती है।", "धन्यवाद।"}},
		{"Arabic", []string{"متى تفتحون؟", "نفتح في التاسعة."}},
		{"list number at the start", []string{"1. Open the lid."}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := strings.Join(c.want, " ")
			if got := Sentences(in); !slices.Equal(got, c.want) {
				t.Errorf("Sentences(%q)\n got %q\nwant %q", in, got, c.want)
			}
		})
	}
}
