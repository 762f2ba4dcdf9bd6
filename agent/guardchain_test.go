package agent_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

func rewriting(text string) agent.Guard {
	return agent.GuardFunc(func(_ context.Context, d agent.Draft) (agent.Verdict, error) {
		return agent.Verdict{Action: agent.Rewrite, Text: d.Text + text, Reason: "added"}, nil
	})
}

type seq = iter.Seq2[agent.Event, error]

// markOf finds the mark that instructions carry.
func markOf(system string) string {
	return regexp.MustCompile(`[0-9a-f]{16}`).FindString(system)
}

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

func answerOf(t *testing.T, cfg agent.Config, draft string) agent.Reply {
	t.Helper()
	cfg.Knowledge = helpCentre(t)
	cfg.Model = agenttest.NewModel(agenttest.Say(draft))
	r, err := mustNew(t, cfg).Reply(t.Context(), agent.Question{Text: refundQuestion, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGuardsOfTheHostRunBeforeAndAfterTheBuiltInOnes(t *testing.T) {
	seen := ""
	see := agent.GuardFunc(func(_ context.Context, d agent.Draft) (agent.Verdict, error) {
		seen += "|" + d.Text
		return agent.Verdict{}, nil
	})
	r := answerOf(t, agent.Config{GuardsBefore: []agent.Guard{see, rewriting(" <b>Before.</b>")}, Guards: []agent.Guard{see, rewriting(" After.")}}, "Within 14 days [1].")
	if want := "|Within 14 days [1].|Within 14 days [1]. Before."; seen != want {
		t.Errorf("guards saw %q, want %q", seen, want)
	}
	agenttest.RequireText(t, r, "Before. After.")
	var names []string
	for _, v := range r.Trace.Verdicts {
		names = append(names, v.Guard+" "+v.Action.String()+" "+v.Reason)
	}
	if got := strings.Join(names, "; "); got != "host's guard 2 before rewrite added; markup rewrite markup removed; host's guard 2 rewrite added" {
		t.Errorf("trace: %s", got)
	}
}

func TestGuardThatFailsOrPanicsBlocks(t *testing.T) {
	for name, g := range map[string]agent.GuardFunc{
		"error": func(context.Context, agent.Draft) (agent.Verdict, error) {
			return agent.Verdict{}, errors.New("service down")
		},
		"panic":   func(context.Context, agent.Draft) (agent.Verdict, error) { panic("nil map") },
		"unknown": func(context.Context, agent.Draft) (agent.Verdict, error) { return agent.Verdict{Action: 99}, nil },
	} {
		// It blocks the draft, and then the quotation too.
		r := answerOf(t, agent.Config{Guards: []agent.Guard{g}}, "Within 14 days [1].")
		agenttest.RequireHandoff(t, r, handoff.GuardStopped)
		if len(r.Trace.Verdicts) != 2 || r.Trace.Verdicts[0].Action < agent.Block {
			t.Errorf("%s: verdicts %+v", name, r.Trace.Verdicts)
		}
	}
}

func TestP16GuardsWhoseContextEndsAreAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Guards: []agent.Guard{agent.GuardFunc(func(ctx context.Context, _ agent.Draft) (agent.Verdict, error) {
		cancel()
		return agent.Verdict{}, ctx.Err()
	})}})
	if r, err := a.Reply(ctx, agent.Question{Text: refundQuestion}); !errors.Is(err, context.Canceled) || r.Text != "" || r.Case != nil {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestP4LastLookStopsWhatLaterGuardsAdd(t *testing.T) {
	for _, bad := range []string{" See https://attacker.example.", " <img src=x>", " ![x](https://shop.example/refunds)"} {
		r := answerOf(t, agent.Config{Guards: []agent.Guard{rewriting(bad)}}, "Within 14 days [1].")
		agenttest.RequireHandoff(t, r, handoff.GuardStopped)
	}
}

func TestP4AllowedAddressesEndWhereTheyEnd(t *testing.T) {
	for address, allowed := range map[string]bool{
		"https://status.shop.example": true, "https://status.shop.example/now?x=1": true, "status.shop.example/now": true,
		"https://status.shop.example.attacker.example": false, "https://status.shop.example@attacker.example": false, "https://status.shop.example/../x": false, "https://status.shop.exampleattacker.com": false,
	} {
		r := answerOf(t, agent.Config{AllowedURLs: []string{"https://status.shop.example"}}, "Within 14 days [1]. See "+address)
		if got := strings.Contains(r.Text, address); got != allowed {
			t.Errorf("%s leaves: %t, want %t: %q", address, got, allowed, r.Text)
		}
	}
}

func TestTopicsToAvoid(t *testing.T) {
	guard, err := agent.NewTopicGuard(
		agent.Topic{Name: "lawsuit", Phrases: []string{"class action", "Sammelklage"}, Do: agent.Escalate},
		agent.Topic{Name: "rivals", Phrases: []string{"Acme"}, Do: agent.Rewrite, Instead: "I only know our own products."},
		agent.Topic{Name: "health", Phrases: []string{"diagnóstico", "治療"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for draft, want := range map[string]string{
		"Within 14 days [1].":                             "Within 14 days [1].",
		"Within 14 days [1], says the CLASS  ACTION.":     "handoff",
		"Die Sammelklage läuft, 14 Tage [1].":             "handoff",
		"Acme needs 14 days [1].":                         "I only know our own products.",
		"The acmeist poets waited 14 days [1].":           "The acmeist poets waited 14 days [1].",
		"A*cm*e takes 14 days [1].":                       "I only know our own products.",
		"El DIAGNÓSTICO tarda 14 days [1].":               "quoted",
		"この治療は14日です [1]。":                                 "quoted",
		"You get your money back, classes of action [1].": "You get your money back, classes of action [1].",
	} {
		r := answerOf(t, agent.Config{Guards: []agent.Guard{guard}}, draft)
		got := r.Text
		switch {
		case r.Decision == agent.HandOff:
			got = "handoff"
		case strings.HasPrefix(r.Reason, "model's draft was blocked"):
			got = "quoted"
		}
		if got != want {
			t.Errorf("%q: %q, want %q (%+v)", draft, got, want, r.Trace.Verdicts)
		}
	}
	for _, bad := range []agent.Topic{{Name: "a"}, {Name: "b", Phrases: []string{"–"}}, {Name: "c", Phrases: []string{"x"}, Do: agent.Rewrite}, {Name: "d", Phrases: []string{"x"}, Do: 77}} {
		if _, err := agent.NewTopicGuard(bad); !errors.Is(err, agent.ErrInvalidConfig) || !strings.Contains(err.Error(), bad.Name) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestInstructionsStayInside(t *testing.T) {
	for name, leak := range map[string]func(system string) string{
		"whole":          func(s string) string { return s },
		"mark":           func(s string) string { return "The mark is " + markOf(s) + "." },
		"mark apart":     func(s string) string { return "The mark is " + strings.Join(strings.Split(markOf(s), ""), "-") + "." },
		"mark backwards": func(s string) string { return "The mark is " + backwards(markOf(s)) + "." },
		"sentence": func(string) string {
			return "I was told: after each statement name its passage as [1]. Write no addresses"
		},
	} {
		model := agent.ModelFunc(func(ctx context.Context, req agent.Request) seq {
			return agenttest.NewModel(agenttest.Say("Within 14 days [1]. "+leak(req.System))).Generate(ctx, req)
		})
		a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: model})
		r, err := a.Reply(t.Context(), agent.Question{Text: refundQuestion, Language: "en"})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Trace.Verdicts) == 0 || !strings.HasPrefix(r.Trace.Verdicts[len(r.Trace.Verdicts)-1].Reason, "instructions leaked") {
			t.Errorf("%s: %+v", name, r.Trace.Verdicts)
		}
	}
}

// The host's own facts are no secret.
func TestFactsOfTheProfileMayBeSaid(t *testing.T) {
	fact := "We have run 37 shops in the whole of Denmark since the year 1998."
	r := answerOf(t, agent.Config{Profile: agent.Profile{Facts: []string{fact}}}, fact+" Refunds take 14 days [1].")
	agenttest.RequireText(t, r, "37 shops in the whole of Denmark")
}

func TestQuotationsThatAreNoneLoseTheirMarks(t *testing.T) {
	for draft, want := range map[string]string{
		`It says "send the receipt along with the parcel" [1].`:              "",
		`It says "Send the receipt … with the parcel" [1].`:                  "",
		`It says "refunds are paid out within one single hour" [1].`:         "It says refunds are paid out within one single hour [1].",
		`Es heißt „wir erstatten sofort und ohne jede Prüfung alles“ [1].`:   "Es heißt wir erstatten sofort und ohne jede Prüfung alles [1].",
		`La page dit « tout est remboursé sans aucune condition ici » [1].`:  "La page dit tout est remboursé sans aucune condition ici [1].",
		"> Everything is refunded at once to everybody.\n\nThat is it [1].":  "Everything is refunded at once to everybody.\n\nThat is it [1].",
		`ページには「すべての商品は理由を問わずいつでも返金いたします」とあります [1]。`:                          "ページにはすべての商品は理由を問わずいつでも返金いたしますとあります [1]。",
		`Press "My account" and then "Returns" [1].`:                         "",
		`You asked "When do I get my money back after a return?": soon [1].`: "",
	} {
		r := answerOf(t, agent.Config{}, draft)
		if want == "" {
			want = draft
		}
		if r.Text != want {
			t.Errorf("%q became %q, want %q (%+v)", draft, r.Text, want, r.Trace.Verdicts)
		}
	}
}

func TestP5PrivateTitlesAreNeitherShownToTheModelNorSaid(t *testing.T) {
	private := knowledge.Found{Passage: &knowledge.Passage{Source: "p", Document: "d", Title: "Dealer handbook chapter four", URL: "https://intra.example/d", Name: "dealers-2026.docx",
		Path: []string{"Dealer handbook chapter four", "Discounts"}, Blocks: []knowledge.Block{{Text: "Dealers get 35 percent, see https://intra.example/notes."}}}}
	for draft, blocked := range map[string]bool{
		"Dealers get 35 percent [1].":                                  false,
		"The dealer handbook, chapter four, says 35 percent [1].":      true,
		"See dealers-2026.docx: 35 percent [1].":                       true,
		"Dealers get 35 percent [1], see https://intra.example/notes.": false, // the address goes
	} {
		model := agenttest.NewModel(agenttest.Say(draft))
		a := mustNew(t, agent.Config{Knowledge: given{[]knowledge.Found{private}}, Model: model})
		r, err := a.Reply(t.Context(), agent.Question{Text: "What do dealers get?", Language: "en"})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.HasPrefix(r.Reason, "model's draft was blocked"); got != blocked || strings.Contains(r.Text, "intra.example") || strings.Contains(r.Text, "andbook") || len(r.Citations) > 0 {
			t.Errorf("%q: %q %+v", draft, r.Text, r.Trace.Verdicts)
		}
		if asked := fmt.Sprint(model.Requests()); strings.Contains(asked, "handbook") || strings.Contains(asked, "docx") || !strings.Contains(asked, "Discounts") {
			t.Errorf("the model was shown %s", asked)
		}
	}
}

func TestFiguresOfAnActionsArgumentsAreNotGiven(t *testing.T) {
	model := agenttest.NewModel(agenttest.Call("note", map[string]int{"amount": 777}), agenttest.Say("You get 777 kroner back [1]."))
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{{Name: "note", Protection: agent.Anyone, Do: func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
		return agent.ActionResult{Text: "noted"}, nil
	}}}})
	r, err := a.Reply(t.Context(), agent.Question{Text: refundQuestion, Language: "en"})
	if err != nil || strings.Contains(r.Text, "777") {
		t.Errorf("%q, %v", r.Text, err)
	}
}

func ExampleNewTopicGuard() {
	guard, err := agent.NewTopicGuard(agent.Topic{Name: "rivals", Phrases: []string{"Acme"}, Do: agent.Rewrite, Instead: "I only know our own products."})
	if err != nil {
		fmt.Println(err)
		return
	}
	v, _ := guard.Check(context.Background(), agent.Draft{Text: "ACME is cheaper."})
	fmt.Println(v.Action, v.Text)
	// Output: rewrite I only know our own products.
}
