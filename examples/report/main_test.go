package main

import (
	"strings"
	"testing"
)

func TestReportIsReadable(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"all 8 1 7/7 100% 1/7 14% 6/7 86% 3/7 43% 2/3 67%",
		"week 2026-03-02 4 0", "week 2026-03-09 4 1",
		"asked for a human 1",
		"lost 0 0 -", "refunds,3,1,2,1,1,1,0.500000",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
