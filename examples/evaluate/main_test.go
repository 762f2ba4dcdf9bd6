package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent/agenttest"
)

func TestLibraryAnswersItsQuestions(t *testing.T) {
	library, err := hire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	agenttest.Evaluate(t, library, "questions.json")
}

func TestResultsAreComparedWithSavedOnes(t *testing.T) {
	dir := t.TempDir()
	saved, more := filepath.Join(dir, "before.json"), filepath.Join(dir, "more.csv")
	if err := run(t.Context(), &strings.Builder{}, "", saved, ""); err != nil {
		t.Fatal(err)
	}
	questions := "name,say,expect.contains\nhow many books,How many books may I borrow?,thirteen\ncard,Kort?,kort\n"
	if err := os.WriteFile(more, []byte(questions), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run(t.Context(), &out, more, "", saved); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`text lacks "thirteen"`, "2 cases: ", "worse    pass 1/1 answer  fail 0/1 answer", "0 better, 1 worse, 0 other, 0 the same, 1 added, 6 removed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
