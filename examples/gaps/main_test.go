package main

import (
	"strings"
	"testing"
)

func TestWhatWasMissingIsAnsweredToTheNextCustomer(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"  3 conversations  ",
		"  1 conversations  How do I cancel my subscription?",
		"Suggested, from a human:\n  yes, we ship lamps to Iceland within a week. Write to [email] when it is there.",
		"is resolved",
		"erik: do you ship to Iceland\n  answer: Yes, we ship lamps to Iceland within a week.\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
