package main

import (
	"strings"
	"testing"
)

func TestOnlyWhatThePersonAgreedToIsSentAndNothingIsCharged(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"three weeks before", "would clarify", "sent to anna@mail.example", `sent to bo@mail.example: "Dear Bo, yes`, "500 of 500 credits left"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if n := strings.Count(out.String(), "sent to"); n != 2 {
		t.Errorf("%d messages were sent:\n%s", n, &out)
	}
}
