package agent_test

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/internal/race"
	"github.com/kundeagent/kundeagent/knowledge"
)

// faithfulFloor is the share of faithful drafts that pass unchanged at least:
// the promises are worth nothing if bought with silence.
const faithfulFloor = .98

// faithfulSet is testdata/faithful.json: drafts as a good model writes them,
// each with the passages it rests on.
type faithfulSet struct {
	Passages map[string]struct {
		Title, URL, Text string
		Private          bool
	}
	Drafts []struct {
		P     []string // keys of Passages, [1] first
		Lang  string
		Q     string
		Draft string
	}
}

// given is knowledge that finds the same whatever is asked.
type given struct{ passages []knowledge.Found }

func (g given) Search(context.Context, knowledge.Query) (knowledge.Result, error) {
	return knowledge.Result{Passages: g.passages, Answerability: 1}, nil
}

func readFaithful(t *testing.T) faithfulSet {
	t.Helper()
	data, err := os.ReadFile("testdata/faithful.json")
	if err != nil {
		t.Fatal(err)
	}
	var set faithfulSet
	if err := json.Unmarshal(data, &set); err != nil {
		t.Fatal(err)
	}
	return set
}

// reply lets a model write a text in place of the i-th draft.
func (set faithfulSet) reply(t *testing.T, i int, text string) agent.Reply {
	t.Helper()
	d := set.Drafts[i]
	var known given
	for _, key := range d.P {
		p := set.Passages[key]
		known.passages = append(known.passages, knowledge.Found{Citable: !p.Private, Passage: &knowledge.Passage{
			ID: key, Source: "site", Document: key, Title: p.Title, URL: p.URL, Blocks: []knowledge.Block{{Text: p.Text}},
		}})
	}
	a := mustNew(t, agent.Config{Knowledge: known, Model: agenttest.NewModel(agenttest.Say(text))})
	r, err := a.Reply(t.Context(), agent.Question{Text: d.Q, Language: d.Lang})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestQualityFaithfulDraftsPass(t *testing.T) {
	set := readFaithful(t)
	passed, languages := 0, map[string]bool{}
	for i, d := range set.Drafts {
		languages[d.Lang] = true
		r := set.reply(t, i, d.Draft)
		if len(r.Trace.Verdicts) == 0 && unmarked(r.Text) == unmarked(d.Draft) {
			passed++
			continue
		}
		t.Logf("%s: %q\n\tbecame %q\n\tby %+v", d.Lang, d.Draft, r.Text, r.Trace.Verdicts)
	}
	share := float64(passed) / float64(len(set.Drafts))
	t.Logf("%d of %d faithful drafts in %d languages pass unchanged: %.1f %%, floor %.0f %%", passed, len(set.Drafts), len(languages), 100*share, 100*faithfulFloor)
	if share < faithfulFloor || len(set.Drafts) < 200 {
		t.Errorf("share is %.3f", share)
	}
}

// changedFloor is the share of drafts with one figure changed that are stopped
// at least. The rest says by chance something else that was given.
const changedFloor = .95

var lastDigits = regexp.MustCompile(`[0-9]+`)

// The other side of the coin: one figure of a faithful draft is changed, here
// each in turn, and the draft no longer passes as it is.
func TestQualityChangedFiguresAreStopped(t *testing.T) {
	race.SkipHeavy(t)
	set := readFaithful(t)
	changed, stopped := 0, 0
	for i, d := range set.Drafts {
		bare := unmarked(d.Draft)
		for _, loc := range lastDigits.FindAllStringIndex(bare, -1) {
			n, err := strconv.Atoi(bare[loc[0]:loc[1]])
			if err != nil || loc[1]-loc[0] < 2 {
				continue // a single digit may count steps or items
			}
			r := set.reply(t, i, bare[:loc[0]]+strconv.Itoa(n+7)+bare[loc[1]:]+" [1]")
			changed++
			if strings.HasPrefix(r.Reason, "model's draft was blocked") || r.Decision == agent.HandOff {
				stopped++
			}
		}
	}
	share := float64(stopped) / float64(changed)
	t.Logf("%d of %d drafts with a changed figure are stopped: %.1f %%, floor %.0f %%", stopped, changed, 100*share, 100*changedFloor)
	if share < changedFloor {
		t.Errorf("share is %.3f", share)
	}
}

// unmarked is a text without its citation marks, which are renumbered.
func unmarked(s string) string {
	for _, mark := range []string{" [1]", "[1]", " [2]", "[2]"} {
		s = strings.ReplaceAll(s, mark, "")
	}
	return strings.TrimSpace(s)
}
