package main

import (
	"strings"
	"testing"
)

func TestEveryWayOfFindingIsShown(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"short answer Monday to Friday",
		"rewritten    When do I get my money back?",
		"Season tickets > Students",
		"brolly is gone\n  answerable   0.9",
		"Lost property",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
