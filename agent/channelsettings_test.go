package agent_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

func TestChannelsHaveThresholdsOfTheirOwn(t *testing.T) {
	const doubtful = "does xylophone delivery exist?"
	cfg := agent.Config{Knowledge: helpCentre(t), AnswerAt: .0001, PerChannel: map[string]agent.ChannelSettings{
		"mail": {AnswerAt: 1, MaxClarify: -1}, "chat": {MaxClarify: 2},
	}}
	a := mustNew(t, cfg)
	for _, c := range []struct {
		channel string
		want    agent.Decision
		at      float64
	}{{"", agent.Answer, .0001}, {"chat", agent.Answer, .0001}, {"mail", agent.HandOff, 1}, {"fax", agent.Answer, .0001}} {
		r, err := a.Preview(t.Context(), agent.Question{Text: doubtful, Channel: c.channel, Language: "en"})
		if err != nil {
			t.Fatal(err)
		}
		if r.Decision != c.want || r.Trace.AnswerAt != c.at || !strings.Contains(r.Trace.String(), fmt.Sprintf("(answers from %.2f)", c.at)) {
			t.Errorf("on %q: %s (%.2f of %.4f)\n%s", c.channel, r.Decision, r.Confidence, r.Trace.AnswerAt, r.Trace)
		}
	}
}

func TestPartsAreKnownByTheThresholdOfTheChannel(t *testing.T) {
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), PerChannel: map[string]agent.ChannelSettings{"mail": {AnswerAt: 1}}})
	q := agent.Question{Text: "when do i get my money back from you? is a xylophone delivery possible on sundays?", Channel: "mail", Language: "en"}
	known := func() (n int) {
		r, err := a.Preview(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.Trace.Parts {
			n += count(p.Known)
		}
		return n
	}
	strict := known()
	q.Channel = "chat"
	if usual := known(); usual <= strict {
		t.Errorf("%d parts are known on the strict channel, %d on another", strict, usual)
	}
}

func TestChannelsAskBackAsOftenAsTheyMay(t *testing.T) {
	cfg := agent.Config{Knowledge: helpCentre(t), PerChannel: map[string]agent.ChannelSettings{"test": {MaxClarify: 2}}}
	h := agenttest.Start(t, cfg)
	for i, want := range []agent.Decision{agent.Clarify, agent.Clarify, agent.HandOff} {
		agenttest.RequireDecision(t, h.Ask(fmt.Sprintf("What about xylophones and zebras in town %d?", i)), want)
	}
	cfg.Channels = []channels.Channel{channels.NewMemory("other", channels.Capabilities{})}
	a := mustNew(t, cfg)
	for channel, want := range map[string]int{"test": 2, "other": 1} {
		if got := a.Settings().PerChannel["test"].MaxClarify; got != 2 {
			t.Errorf("settings say %d", got)
		}
		q := agent.Question{Channel: channel}
		asked := 0
		for {
			q.Text = fmt.Sprintf("What about xylophones and zebras in town %d?", asked)
			r, err := a.Reply(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if r.Decision != agent.Clarify {
				break
			}
			asked++
			q.History = append(q.History, channels.Message{Text: q.Text}, channels.Message{Author: channels.FromAgent, Text: r.Text})
		}
		if asked != want {
			t.Errorf("%s: asked back %d times, want %d", channel, asked, want)
		}
	}
}

func TestChannelSettingsAreCheckedAndCopied(t *testing.T) {
	_, err := agent.New(agent.Config{Knowledge: helpCentre(t), AnswerAt: math.NaN(), PerChannel: map[string]agent.ChannelSettings{
		"": {}, "mail": {AnswerAt: 1.5}, "chat": {AnswerAt: -.1}, "fax": {AnswerAt: math.NaN()},
	}})
	if !errors.Is(err, agent.ErrInvalidConfig) {
		t.Fatal(err)
	}
	for _, want := range []string{"AnswerAt NaN is", "without ID", `1.5 of channel "mail"`, `-0.1 of channel "chat"`, `NaN of channel "fax"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), PerChannel: map[string]agent.ChannelSettings{"mail": {AnswerAt: .7}}})
	s := a.Settings()
	data, err := json.Marshal(s)
	var back agent.Settings
	if err != nil || json.Unmarshal(data, &back) != nil || !reflect.DeepEqual(back, s) {
		t.Errorf("%s, %v", data, err)
	}
	s.PerChannel["mail"] = agent.ChannelSettings{AnswerAt: 1}
	if at := a.Settings().PerChannel["mail"].AnswerAt; at != .7 {
		t.Errorf("a copy changed the agent: %v", at)
	}
	q := agent.Question{Text: refundQuestion, Channel: "mail", Language: "en"}
	if r, err := a.PreviewWith(t.Context(), s, q); err != nil || r.Trace.AnswerAt != 1 {
		t.Errorf("preview with %v, %v", r.Trace.AnswerAt, err)
	}
}
