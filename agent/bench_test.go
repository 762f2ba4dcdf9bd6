package agent_test

import (
	"fmt"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

func BenchmarkReply(b *testing.B) {
	for name, model := range map[string]agent.Model{
		"quoting": nil,
		"model":   agenttest.NewModel().Always(agenttest.Say("You get your money back within 14 days [1].")),
	} {
		b.Run(name, func(b *testing.B) {
			a := mustNew(b, agent.Config{Knowledge: helpCentre(b), Model: model})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Reply(b.Context(), agent.Question{Text: refundQuestion}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A turn from delivery to settlement, each in a conversation of its own.
func BenchmarkTurn(b *testing.B) {
	done := make(chan bool, 1)
	ch := channels.NewMemory("chat", channels.Capabilities{})
	a := mustNew(b, agent.Config{Knowledge: helpCentre(b), Channels: []channels.Channel{ch}, OnReply: func(string, agent.Reply) { done <- true }})
	stop := running(b, a)
	defer stop()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		if err := ch.Say(b.Context(), fmt.Sprint(n), fmt.Sprint(n), refundQuestion); err != nil {
			b.Fatal(err)
		}
		<-done
	}
}
