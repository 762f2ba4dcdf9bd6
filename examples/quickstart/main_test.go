package main

import (
	"bytes"
	"strings"
	"testing"
)

// converse runs the program on piped input and returns what it printed.
func converse(t *testing.T, fresh bool, lines ...string) string {
	t.Helper()
	var out bytes.Buffer
	p := &program{out: &out, fresh: fresh}
	if err := p.run(t.Context(), "", strings.NewReader(strings.Join(lines, "\n")+"\n")); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func requireInOrder(t *testing.T, out string, parts ...string) {
	t.Helper()
	rest := out
	for _, p := range parts {
		i := strings.Index(rest, p)
		if i < 0 {
			t.Fatalf("output lacks %q, in this order:\n%s", p, out)
		}
		rest = rest[i+len(p):]
	}
}

func TestOneConversationAnswersHandsOverAndFallsSilent(t *testing.T) {
	out := converse(t, false, "Hvordan får jeg pengene tilbage?", "I want to talk to a human", "Are you there?")
	requireInOrder(t, out,
		"help centre: 40 documents", "website: 8 documents", "1 skipped", "vagtplan.html: robots",
		"> Hvordan får jeg pengene tilbage?", "Her er, hvad jeg har fundet:", "5 bankdage", "[1] Sådan får du pengene tilbage", "answer", "confidence 0.", "900 credits left",
		"> I want to talk to a human", "Case for a human", "reason:   asked for a human", "hand off", "900 credits left",
		"> Are you there?", "silence",
	)
}

func TestFreshBeginsAConversationForEachLine(t *testing.T) {
	out := converse(t, true, "I want to talk to a human", "Is there a student discount?", "Do you sell pizza?")
	requireInOrder(t, out, "Case for a human", "Here is what I found:", "15 %", "900 credits left", "clarify")
}

func TestPageThatRobotsDisallowIsNotKnown(t *testing.T) {
	if out := converse(t, true, "pedalgrød"); strings.Contains(out[strings.Index(out, "> pedalgrød"):], "Her er, hvad") {
		t.Errorf("a disallowed page was quoted:\n%s", out)
	}
}

func TestModelFaultsAreOneClearLine(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "")
	t.Setenv("OLLAMA_HOST", "http://127.0.0.1:1")
	for name, want := range map[string]string{
		"openai:gpt-4o-mini": "OPENAI_API_KEY", "ollama:llama3.2": "no Ollama server", "gpt": "want openai:NAME or ollama:NAME", "acme:x": "unknown provider",
	} {
		_, err := openModel(t.Context(), name)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", name, err, want)
		}
	}
}
