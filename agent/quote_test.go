package agent_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

func replyTo(t *testing.T, cfg agent.Config, question string) agent.Reply {
	t.Helper()
	r, err := mustNew(t, cfg).Reply(t.Context(), agent.Question{Text: question})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPersonalitiesFrameQuotations(t *testing.T) {
	seen := map[string]agent.Personality{}
	for _, p := range []agent.Personality{agent.Friendly, agent.Professional, agent.Casual, agent.Empathetic, agent.Witty} {
		r := replyTo(t, agent.Config{Knowledge: helpCentre(t), Profile: agent.Profile{Personality: p}}, refundQuestion)
		intro, quoted, _ := strings.Cut(r.Text, "\n\n")
		if before, twice := seen[intro]; twice {
			t.Errorf("%v begins like %v: %q", p, before, intro)
		}
		seen[intro] = p
		if !strings.HasPrefix(quoted, "You get your money back within 14 days of the return.") {
			t.Errorf("%v quotes %q", p, quoted)
		}
	}
}

func TestEachQuestionOfAMessageIsAnswered(t *testing.T) {
	r := replyTo(t, agent.Config{Knowledge: helpCentre(t)}, "Is the shop open on Sundays? And what does delivery to my door cost?")
	agenttest.RequireDecision(t, r, agent.Answer)
	agenttest.RequireText(t, r, "On Sundays the shop is closed.", "Delivery to your door costs 49 kroner")
	if len(r.Citations) != 2 || strings.Index(r.Text, "[1]") > strings.Index(r.Text, "[2]") {
		t.Errorf("cites %v: %q", r.Citations, r.Text)
	}
}

func TestMaxQuoteBoundsTheWholeReply(t *testing.T) {
	var long string
	for i := range 30 {
		long += fmt.Sprintf("A tent is delivered to your door on day %d for 49 kroner, unless it snows for %d hours. ", i, 3*i)
	}
	base := agenttest.Knowledge(t, agenttest.Doc("Delivery", "https://shop.example/delivery", long))
	for _, limit := range []int{0, 100, 150, 1000} {
		r := replyTo(t, agent.Config{Knowledge: base, MaxQuote: limit}, "What does delivery of a tent cost? Does it snow?")
		want := limit * 3 / 2 // two questions
		if limit == 0 {
			want = 450
		}
		if n := utf8.RuneCountInString(r.Text); n > want || r.Decision != agent.Answer {
			t.Errorf("MaxQuote %d: %v of %d characters: %q", limit, r.Decision, n, r.Text)
		}
	}
	if _, err := agent.New(agent.Config{Knowledge: base, MaxQuote: 99}); err == nil {
		t.Error("a MaxQuote that has no room for a sentence is taken")
	}
}

// TestQuotedHelpCentre asks the Danish help centre a few questions whose answers
// stand in a row, a list and a sentence.
func TestQuotedHelpCentre(t *testing.T) {
	base, err := knowledge.New(knowledge.Config{})
	if err == nil {
		err = base.Add(file.Dir("help", os.DirFS("../knowledge/testdata/hjaelpecenter/artikler"), file.DirConfig{}), knowledge.SourceOptions{})
	}
	if err == nil {
		_, err = base.Sync(t.Context(), "help")
	}
	if err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]string{
		"Hvad koster det at returnere i en pakkeshop?":    "Returmetode: Pakkeshop; Pris: 39 kr.",
		"Hvor mange dage har jeg til at returnere varer?": "i 30 dage fra den dag, du modtog dem",
		"Hvordan returnerer jeg en vare?":                 "1. Log ind på Min side og find ordren.",
	} {
		r := replyTo(t, agent.Config{Knowledge: base}, question)
		if !strings.Contains(r.Text, want) {
			t.Errorf("%q: %v (%.2f) lacks %q:\n%s", question, r.Decision, r.Confidence, want, r.Text)
		}
	}
}

// Without a model the agent quotes: here the row that answers, with its columns.
func Example_quoting() {
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	prices := &knowledge.Document{ID: "rental", Title: "Rental", URL: "https://shop.example/rental", Blocks: []knowledge.Block{
		{Kind: knowledge.Heading, Level: 1, Text: "Prices of rental"},
		{Kind: knowledge.TableRow, Header: []string{"Boat", "A day"}, Cells: []string{"Canoe", "300 kr."}},
		{Kind: knowledge.TableRow, Header: []string{"Boat", "A day"}, Cells: []string{"Kayak", "250 kr."}},
	}}
	if err := base.Add(agenttest.Source("help", prices), knowledge.SourceOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if _, err := base.Sync(ctx, "help"); err != nil {
		fmt.Println(err)
		return
	}
	a, err := agent.New(agent.Config{
		Knowledge: base,
		Profile:   agent.Profile{Personality: agent.Professional},
		MaxQuote:  200,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := a.Reply(ctx, agent.Question{Text: "What is the price of a kayak?"})
	fmt.Println(r.Text, err)
	// Output:
	// Our information on this:
	//
	// Boat: Kayak; A day: 250 kr. [1] <nil>
}
