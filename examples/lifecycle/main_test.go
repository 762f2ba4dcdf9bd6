package main

import (
	"strings"
	"testing"
)

func TestPeopleRunTheAgent(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Version 1 would say: Please write to our press office.",
		`Guidelines[press].When: added "journalist"`,
		"The agent is paused by hand (stocktaking); it works by version 1; the label is shown: false",
		"The agent is active; it works by version 1; the label is shown: true",
		"roll back by mette: published with version 1 -> published",
		"create by agent:  -> published",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
