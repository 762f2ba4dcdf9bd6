package agent_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

func TestGuardsStopAStream(t *testing.T) {
	stop := agent.SegmentGuardFunc(func(_ context.Context, d agent.Draft) (agent.Verdict, error) {
		if strings.Contains(d.Text, "lawyer") {
			return agent.Verdict{Guard: "law", Action: agent.Escalate, Reason: "legal matter"}, nil
		}
		return agent.Verdict{}, nil
	})
	for _, c := range []struct {
		name   string
		rest   []string // after the first sentence
		never  string   // must not be shown at any time
		want   string   // the end of the message
		handed handoff.Reason
	}{
		{"address split over pieces", []string{" Go to ht", "tps://ev", "il.exam", "ple/x. And", " then go. "}, "evil", " Go to. And then go.", ""},
		{"markup split over pieces", []string{" It is <scr", "ipt>bad</scr", "ipt> so. And", " then go."}, "script", " It is bad so. And then go.", ""},
		{"mark of an unknown passage split over pieces", []string{" It is so [9", "9]. And", " then go."}, "[99", " It is so. And then go.", ""},
		{"link split over pieces", []string{" Read [this. Now](https", "://evil.example/a.b) now. And", " then go."}, "evil", " Read this. Now now. And then go.", ""},
		{"image", []string{" So ![](https://evil.exam", "ple/leak.png) it is. Then", " go on."}, "evil", " So  it is. Then go on.", ""},
		{"figure that was not given", []string{" It costs 7", "77 kroner. And", " then go."}, "777", "\n\nHere is what I found:\n\nYou get your money back within 14 days of the return.", ""},
		{"escalation", []string{" Call your law", "yer now. And", " then go."}, "lawyer", "\n\nI am passing you on to a colleague, who will answer you here.", handoff.GuardStopped},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := agenttest.StartStreaming(t, agent.Config{
				Knowledge: helpCentre(t), Model: telling(append([]string{refundFirst}, c.rest...), nil), Guards: []agent.Guard{stop},
			})
			r := h.Ask(refundQuestion)
			s := onlyStream(t, h)
			if s.Segments[0] != refundFirst || !strings.HasPrefix(s.Text(), refundFirst+c.want) || strings.Contains(s.Text(), c.never) {
				t.Errorf("got %q", s.Segments)
			}
			if len(s.Out.Citations) != 1 || len(h.Channel.Sent("")) != 1 {
				t.Errorf("citations %v, sent %v", s.Out.Citations, h.Channel.Sent(""))
			}
			cases := h.Inbox.Cases()
			if c.handed == "" {
				agenttest.RequireDecision(t, r, agent.Answer)
			} else if agenttest.RequireHandoff(t, r, c.handed); len(cases) != 1 || cases[0].Transcript[len(cases[0].Transcript)-1].Text != refundFirst {
				t.Errorf("cases %+v", cases)
			}
		})
	}
}

func TestASentenceWithoutASourceWaitsForOneThatHas(t *testing.T) {
	h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling([]string{"Yes, you do. ", "And soon. ", refundFirst + " Good", " luck."}, nil)})
	h.Ask(refundQuestion)
	if s := onlyStream(t, h); !slices.Equal(s.Segments, []string{"Yes, you do. And soon. " + refundFirst, " Good luck."}) {
		t.Errorf("%q", s.Segments)
	}
}

// Whatever a model writes and however it arrives, the customer sees nothing
// that the whole answer would not have been allowed to say.
func TestP4HostileTextIsNeverShownHoweverItArrives(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	hostile := []string{
		"See [here](https://evil.example). ", "<img src=x onerror=alert(1)> ", "It is [77] so. ", "javascript:alert(1) now. ", "Visit evil.com. Now. ",
		"![x](//evil.example/i.png) ", "It costs 31337 kroner. ", "[a][b]\n\n[b]: https://evil.example\n\n", "<https://evil.example> ", "thief@evil.example. ",
		"- item https://evil.example\n- more\n\n", "```\nhttps://evil.example\n```\n", "| a | evil.com |\n", "<!-- evil.com. Yes --> ",
	}
	faithful := []string{refundFirst + " ", "Send the receipt along with the parcel [1].\n\n", "- The parcel [1]\n", "**Keep it. Really.** ", "Good luck! "}
	for range 60 {
		var text string
		for range 6 {
			if rng.IntN(3) == 0 {
				text += hostile[rng.IntN(len(hostile))]
			} else {
				text += faithful[rng.IntN(len(faithful))]
			}
		}
		var pieces []string
		for rest := text; rest != ""; {
			n := 1 + rng.IntN(min(9, len(rest)))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling(pieces, nil)})
		h.Stream.OnAppend(func(_ int, segment string) error {
			for _, bad := range []string{"evil", "31337", "javascript", "<i", "<!", "77", "]:"} {
				if strings.Contains(segment, bad) {
					t.Errorf("%q\nshows %q", text, segment)
				}
			}
			return nil
		})
		r := h.Ask(refundQuestion)
		if len(h.Channel.Sent("")) != 1 || h.Channel.Sent("")[0].Text != r.Text {
			t.Errorf("sent %+v, reply %q", h.Channel.Sent(""), r.Text)
		}
		if len(h.Stream.Streamed()) > 0 {
			onlyStream(t, h)
		}
	}
}

// requireOneMessage fails unless the customer saw one message, which is the
// reply.
// dyingStore is the store as a process sees it that is killed at its n-th
// write: that write happens or not, and nothing after it does.
// killAt kills a process at a write, and lets another one end what it began. It
// reports whether there was such a write.
// streamingReplica is a streaming channel attached on another process.
func (streamingReplica) Attach(channels.Inbox) error { return nil }
