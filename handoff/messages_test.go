package handoff

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/internal/phrases"
)

func ExampleMessages() {
	messages := Messages{"en": {OutOfHours: "{team} is back {time}."}}
	fmt.Println(messages.Validate())
	now := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	opens := Availability{Team: "Support", Next: time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC)}
	for _, language := range []string{"en-GB", "da"} {
		fmt.Println(messages.Text(language, OutOfHours, opens, now))
	}
	// Output:
	// <nil>
	// Support is back Mon 9 Mar, 9:00 am (UTC).
	// Jeg sender det videre til en kollega. Der er ingen til stede lige nu, men du får svar fra man. 9/3 kl. 09.00 (UTC).
}

func TestMessagesAreLookedUpFromTheNearestLanguage(t *testing.T) {
	m := Messages{
		"en":      {Transferring: "english"},
		"zh-Hant": {Transferring: "traditional"},
		"pt-BR":   {Transferring: "brazilian"},
		"nb":      {Transferring: "norwegian"},
		"":        {Kept: "for all"},
	}
	for _, test := range []struct {
		tag     string
		message Message
		want    string
	}{
		{"en", Transferring, "english"},
		{"EN-us", Transferring, "english"},
		{"zh-Hant-TW", Transferring, "traditional"},
		{"zh", Transferring, phrases.Text("zh", phrases.Transferring)},
		{"pt-BR", Transferring, "brazilian"},
		{"pt-PT", Transferring, phrases.Text("pt", phrases.Transferring)},
		{"no", Transferring, "norwegian"},
		{"nn-NO", Transferring, "norwegian"},
		{"is", Transferring, "english"},
		{"", Transferring, "english"},
		{"da", Kept, "for all"},
		{"is", Kept, "for all"},
		{"is", NobodyThere, phrases.Text("en", phrases.NobodyThere)},
		{"da", OutOfHours, phrases.Text("da", phrases.NobodyThere)}, // no opening is known
		{"da", TakenLater, "for all"},
	} {
		if got := m.Text(test.tag, test.message, Availability{}, time.Time{}); got != test.want {
			t.Errorf("%q, %s: got %q, want %q", test.tag, test.message, got, test.want)
		}
	}
}

// A14: the out-of-hours message carries the next opening, in every language.
func TestA14OutOfHoursMessageCarriesTheNextOpening(t *testing.T) {
	copenhagen := zone(t, "Europe/Copenhagen")
	for name, test := range map[string]struct{ closed, opens, clock string }{
		"an ordinary night":                {"2026-03-02T18:00:00+01:00", "2026-03-03T09:00:00+01:00", "09.00"},
		"the night clocks go forward":      {"2026-03-28T18:00:00+01:00", "2026-03-29T09:00:00+02:00", "09.00"},
		"the night clocks go back":         {"2026-10-24T18:00:00+02:00", "2026-10-25T09:00:00+01:00", "09.00"},
		"an opening in the hour left out":  {"2026-03-29T00:30:00+01:00", "2026-03-29T09:00:00+02:00", "09.00"},
		"before noon, for who reads later": {"2026-03-02T08:00:00+01:00", "2026-03-02T09:00:00+01:00", "09.00"},
	} {
		closed, err := time.Parse(time.RFC3339, test.closed)
		if err != nil {
			t.Fatal(err)
		}
		q := newQueue(t, QueueConfig{Now: func() time.Time { return closed }, Team: &Team{Members: []Member{{ID: "anna", Hours: &Schedule{Location: copenhagen, Week: every(Interval{9 * hour, 17 * hour})}}}}})
		a, err := q.Available(t.Context(), Case{})
		if want, _ := time.Parse(time.RFC3339, test.opens); err != nil || a.Now || !a.Next.Equal(want) {
			t.Fatalf("%s: %+v, %v", name, a, err)
		}
		if text := (Messages{}).Text("da", OutOfHours, a, closed); !strings.Contains(text, test.clock+" (CE") {
			t.Errorf("%s: %s", name, text)
		}
		for _, language := range phrases.Languages() {
			for _, message := range []Message{OutOfHours, TakenLater} {
				if text := (Messages{}).Text(language, message, a, closed); !strings.Contains(text, phrases.Time(language, a.Next, closed, true)) {
					t.Errorf("%s, %s: %s", name, language, text)
				}
			}
		}
	}
}

func TestMessagesReportEveryFault(t *testing.T) {
	m := Messages{
		"english!": {Transferring: "a"},
		"en":       {Transferring: "from {time}", OutOfHours: "{time}, {name}", Kept: " ", "sorry": "a", TakenLater: strings.Repeat("a", maxMessage+1), NobodyThere: "{team} {}"},
	}
	err := m.Validate()
	if !errors.Is(err, ErrMessages) {
		t.Fatalf("got %v", err)
	}
	want := []string{`"english!" is no`, "transferring has {time}", "out of hours has {name}", "kept is empty", `called "sorry"`, "later is empty or longer", "nobody there has {}"}
	for _, fault := range want {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("%q is not reported in:\n%v", fault, err)
		}
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != len(want) {
		t.Errorf("%d faults are reported, want %d:\n%v", got, len(want), err)
	}
	if !m.UsesTeam() || (Messages{"en": {Kept: "a"}}).UsesTeam() || Messages(nil).Validate() != nil {
		t.Error("a team is used where it is not, or the zero value cannot be")
	}
	for message, key := range ownTexts {
		if text := phrases.Text("en", key); text == "" || (Messages{"en": {message: text}}).Validate() != nil {
			t.Errorf("%s: the library's own text is not valid", message)
		}
	}
}
