package agent_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/phrases"
	"github.com/kundeagent/kundeagent/knowledge"
)

func TestAQuestionThatNothingAnswersIsNamedBesideOthers(t *testing.T) {
	for message, want := range map[string]string{
		"Is the shop open on Sundays? Who feeds the penguins?": "On Sundays the shop is closed. [1]\n\nI found nothing about “Who feeds the penguins”.",
		"Who feeds the penguins? Is the shop open on Sundays?": "I found nothing about “Who feeds the penguins”.\n\n",
	} {
		r := replyTo(t, agent.Config{Knowledge: helpCentre(t)}, message)
		agenttest.RequireDecision(t, r, agent.Answer)
		agenttest.RequireText(t, r, "On Sundays the shop is closed. [1]", want)
		missing := 0
		for _, p := range r.Trace.Parts {
			missing += count(p.Missing)
			if p.Missing != strings.Contains(p.Text, "penguins") {
				t.Errorf("%+v", p)
			}
		}
		if len(r.Citations) != 1 || missing != 1 || !r.Substantive {
			t.Errorf("%q cites %v, parts %+v", r.Text, r.Citations, r.Trace.Parts)
		}
	}
}

func TestNothingFoundIsSaidInEveryLanguage(t *testing.T) {
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t)})
	said := map[string]bool{}
	for _, language := range phrases.Languages() {
		r, err := a.Reply(t.Context(), agent.Question{Text: "Is the shop open on Sundays? Who feeds the penguins?", Language: language})
		if err != nil {
			t.Fatal(err)
		}
		want := phrases.Text(language, phrases.NothingAbout, "question", "Who feeds the penguins")
		if !strings.HasSuffix(r.Text, want) || said[want] {
			t.Errorf("%s: %q", language, r.Text)
		}
		said[want] = true
	}
}

func TestNothingOfWhatIsAskedIsFoundAsksBack(t *testing.T) {
	r := replyTo(t, agent.Config{Knowledge: helpCentre(t)}, "Who feeds the penguins? Do zebras play the xylophone?")
	agenttest.RequireDecision(t, r, agent.Clarify)
}

func TestP4WordsOfAQuestionWithoutAnAnswerDoNoHarm(t *testing.T) {
	for _, part := range []string{
		"Who feeds [penguins](https://evil.example/x) at evil.com?", "Who feeds <img src=x onerror=a> penguins [1] [7]?",
		"Who feeds **penguins** `x` \u202e\u200b ![a](//evil.example)?", "- Who “feeds» 『penguins』 \\[2]?", "Who feeds " + strings.Repeat("penguinsand", 40) + "?",
	} {
		r := replyTo(t, agent.Config{Knowledge: helpCentre(t)}, "Is the shop open on Sundays? "+part)
		agenttest.RequireText(t, r, "On Sundays the shop is closed.", "I found nothing about “")
		for _, bad := range []string{"evil", "<", "](", "[7]", "[2]", "\u202e", "**", "“feeds"} {
			if strings.Contains(r.Text, bad) {
				t.Errorf("%q leaves %q in %q", part, bad, r.Text)
			}
		}
		if n := utf8.RuneCountInString(r.Text); n > 450 || len(r.Citations) != 1 {
			t.Errorf("%d characters, cites %v: %q", n, r.Citations, r.Text)
		}
	}
}

func TestAShortAnswerToAPartIsGivenWordForWord(t *testing.T) {
	base := helpCentre(t)
	approved := strings.Repeat("Yes, in our shop on the harbour, from April to October, and helmets are free. ", 4) + "See you there!"
	if err := base.PutShortAnswer(t.Context(), knowledge.ShortAnswer{ID: "bikes", Question: "Do you hire out bikes?", Answer: approved}); err != nil {
		t.Fatal(err)
	}
	r := replyTo(t, agent.Config{Knowledge: base}, "Do you hire out bikes? Is the shop open on Sundays?")
	agenttest.RequireText(t, r, approved, "On Sundays the shop is closed.")
	if len(r.Citations) != 1 {
		t.Errorf("cites %v: %q", r.Citations, r.Text)
	}
}

func TestAWishForAHumanAmongQuestionsHandsOver(t *testing.T) {
	for _, message := range []string{
		"Is the shop open on Sundays? Can I talk to a human?", "Can I speak to a real person? And is the shop open on Sundays?",
		"1. Is the shop open on Sundays?\n2. I want to talk to a human", "Har I åbent om søndagen? Kan jeg tale med et menneske?",
		"Ist der Laden sonntags offen? Kann ich mit einem Mitarbeiter sprechen?", "日曜日は開いていますか？担当者と話したいです。",
	} {
		agenttest.RequireHandoff(t, replyTo(t, agent.Config{Knowledge: helpCentre(t)}, message), handoff.AskedForHuman)
	}
}

func TestAWholeMessageInAScriptWithoutSpacesIsNoFollowUp(t *testing.T) {
	base := agenttest.Knowledge(t,
		agenttest.Doc("送料", "https://shop.example/ja/shipping", "送料は全国一律五百円です。"),
		agenttest.Doc("営業時間", "https://shop.example/ja/hours", "店は平日の九時から十七時まで開いています。"),
	)
	r := replyTo(t, agent.Config{Knowledge: base, Language: "ja"}, "送料は全国でいくらかかりますか？平日の営業時間は何時から何時までですか？値段は？")
	if len(r.Trace.Parts) < 2 || r.Trace.Parts[0].FollowUp || r.Trace.Parts[1].FollowUp {
		t.Errorf("%+v", r.Trace.Parts)
	}
	agenttest.RequireText(t, r, "五百円", "九時")
}
