package agent_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
)

const personalQuestion = refundQuestion + " anna@mail.example, +45 70 10 20 30"

func TestTracesAreRedactedOnRequestAndRepliesAreNot(t *testing.T) {
	for _, redacting := range []bool{true, false} {
		cfg := agent.Config{
			Knowledge: helpCentre(t), Store: agent.NewMemoryStore(nil), AnswerAt: .01,
			Model: agenttest.NewModel(agenttest.Call("note", map[string]any{"phone": 4570102030, "mail": "anna@mail.example"}), agenttest.Say("Within 14 days [1]. We write to anna@mail.example.")),
		}
		if redacting {
			cfg.Redactor = agent.NewRedactor(agent.RedactorConfig{})
		}
		h := agenttest.Start(t, cfg)
		r := h.Ask(personalQuestion)
		agenttest.RequireText(t, r, "anna@mail.example")
		if sent := h.Channel.Sent(""); !strings.Contains(sent[0].Text, "anna@mail.example") {
			t.Errorf("the customer was sent %q", sent[0].Text)
		}
		lines, err := cfg.Store.Logs(t.Context(), "agent", agent.TraceLog, 0, 10)
		if err != nil || len(lines) != 1 {
			t.Fatalf("%d traces, %v", len(lines), err)
		}
		for _, personal := range []string{"anna@mail.example", "70 10 20 30"} {
			if bytes.Contains(lines[0].Data, []byte(personal)) == redacting {
				t.Errorf("redacting %t: the trace has %q: %t", redacting, personal, !redacting)
			}
		}
		var kept agent.Reply
		if err := json.Unmarshal(lines[0].Data, &kept); err != nil {
			t.Errorf("a redacted trace is no reply any more: %v", err)
		}
		if len(kept.Trace.Steps) == 0 || kept.Confidence != r.Confidence {
			t.Errorf("trace lost what is not personal: %+v", kept.Trace)
		}
	}
}

func TestP16CustomerTextIsLoggedOnlyWhenAskedForAndThenRedacted(t *testing.T) {
	for _, asked := range []bool{false, true} {
		var out bytes.Buffer
		h := agenttest.Start(t, agent.Config{Knowledge: helpCentre(t), LogText: asked, Logger: slog.New(slog.NewTextHandler(&out, nil))})
		h.Ask(personalQuestion)
		if got := strings.Contains(out.String(), "When do I get my money back"); got != asked {
			t.Errorf("asked for %t, logged %t: %s", asked, got, out.String())
		}
		if strings.Contains(out.String(), "anna@") || strings.Contains(out.String(), "70 10") {
			t.Errorf("personal data is in the log: %s", out.String())
		}
		if asked && !strings.Contains(out.String(), "[email], [phone]") {
			t.Errorf("log lacks the places of what was redacted: %s", out.String())
		}
	}
}

func TestErrorsOfOthersAreRedactedInTheLog(t *testing.T) {
	var out bytes.Buffer
	model := agenttest.NewModel().Always(agenttest.Fail(fmt.Errorf("refused prompt of anna@mail.example: %w", agent.ErrContentFilter)))
	a := mustNew(t, agent.Config{
		Knowledge: helpCentre(t), Model: model, Redactor: agent.NewRedactor(agent.RedactorConfig{}),
		Logger: slog.New(slog.NewTextHandler(&out, nil)).With("host", "192.0.2.7").WithGroup("g"),
	})
	if _, err := a.Reply(t.Context(), agent.Question{Text: refundQuestion}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "anna@") || !strings.Contains(out.String(), "[email]") {
		t.Errorf("log: %s", out.String())
	}
}

func ExampleNewRedactor() {
	r := agent.NewRedactor(agent.RedactorConfig{Keep: []string{"ip"}})
	fmt.Println(r.Redact("Order 4711 of Anna, anna@mail.example, +45 70 10 20 30, from 192.0.2.7"))
	// Output: Order 4711 of Anna, [email], [phone], from 192.0.2.7
}
