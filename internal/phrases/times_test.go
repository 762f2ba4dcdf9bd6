package phrases

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestTimesAreWrittenAsTheLanguageDoes(t *testing.T) {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 30, 9, 5, 0, 0, copenhagen) // a Monday
	before, same := at.AddDate(0, 0, -3), at.Add(-time.Hour)
	for _, test := range []struct {
		language string
		at, now  time.Time
		want     string
	}{
		{"en", at, before, "Mon 30 Nov, 9:05 am (CET)"},
		{"en-GB", at, same, "9:05 am (CET)"},
		{"en", at.Add(3 * time.Hour), same, "12:05 pm (CET)"},
		{"en", at.Add(-9 * time.Hour), same, "12:05 am (CET)"},
		{"da", at, before, "man. 30/11 kl. 09.05 (CET)"},
		{"da", at, same, "09.05 (CET)"},
		{"no", at, before, "man. 30.11. kl. 09.05 (CET)"},
		{"de", at, before, "Mo. 30.11., 09:05 Uhr (CET)"},
		{"fr", at, before, "lun. 30/11, 9 h 05 (CET)"},
		{"cs", at, before, "po 30. 11., 9:05 (CET)"},
		{"hu", at, before, "11. 30. (H), 9:05 (CET)"},
		{"el", at.Add(6 * time.Hour), before, "Δευ 30/11, 3:05 μ.μ. (CET)"},
		{"ar", at, before, "الاثنين 30/11، 9:05 ص (CET)"},
		{"ja", at, before, "11月30日(月) 9:05 (CET)"},
		{"zh-TW", at, before, "11月30日周一 09:05 (CET)"},
		{"ko", at.Add(6 * time.Hour), before, "11월 30일 (월) 오후 3:05 (CET)"},
		{"vi", at, before, "09:05 T2 30/11 (CET)"},
		{"is", at, before, "Mon 30 Nov, 9:05 am (CET)"},
		// The day is that of the team, wherever now was read.
		{"en", at, time.Date(2026, 11, 29, 23, 30, 0, 0, time.UTC), "9:05 am (CET)"},
		{"en", at.In(time.UTC), before, "Mon 30 Nov, 8:05 am (UTC)"},
		{"en", at.In(time.FixedZone("+0545", 20700)), same, "1:50 pm (UTC+05:45)"},
		{"en", at.In(time.FixedZone("", 0)), same, "8:05 am (UTC)"},
	} {
		if got := Time(test.language, test.at, test.now, true); got != test.want {
			t.Errorf("%s: got %q, want %q", test.language, got, test.want)
		}
	}
	if got := Time("en", at, same, false); got != "9:05 am" {
		t.Errorf("without zone: %q", got)
	}
}

func TestEveryLanguageHasTimesAndTellsThemApart(t *testing.T) {
	if len(timeForms) != len(Languages()) {
		t.Errorf("%d languages have times", len(timeForms))
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, language := range Languages() {
		seen := map[string]time.Time{}
		for at := now; at.Before(now.AddDate(1, 0, 0)); at = at.Add(5*time.Hour + time.Minute) {
			text := Time(language, at, now.AddDate(-1, 0, 0), false)
			if other, ok := seen[text]; ok {
				t.Fatalf("%s: %q is %s and %s", language, text, other, at)
			}
			seen[text] = at
			if strings.ContainsAny(text, "{}|") {
				t.Fatalf("%s: %q", language, text)
			}
		}
		days := strings.Split(timeForms[language].days, "|")
		if len(days) != 7 {
			t.Errorf("%s has the days %q", language, days)
		}
	}
}
