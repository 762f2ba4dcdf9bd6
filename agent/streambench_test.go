package agent_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
)

// A turn with an answer of twenty sentences, from delivery to settlement: at
// once, and as twenty segments. ns/segment is the time of a turn by twenty.
func BenchmarkStream(b *testing.B) {
	const sentences = 20
	pieces := strings.SplitAfter(strings.Repeat("You get your money back within 14 days of the return [1]. ", sentences), " ")
	for _, stream := range []bool{false, true} {
		b.Run(map[bool]string{false: "at once", true: "streamed"}[stream], func(b *testing.B) {
			done := make(chan agent.Reply, 1)
			ch := channels.NewStreamingMemory("chat", channels.Capabilities{Markup: channels.Markdown})
			channel := channels.Channel(ch)
			if !stream {
				channel = ch.Memory
			}
			a := mustNew(b, agent.Config{
				Knowledge: helpCentre(b), Channels: []channels.Channel{channel}, Model: telling(pieces, nil), OnReply: func(_ string, r agent.Reply) { done <- r },
			})
			defer running(b, a)()
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				if err := ch.Say(b.Context(), fmt.Sprint(n), fmt.Sprint(n), refundQuestion); err != nil {
					b.Fatal(err)
				}
				if r := <-done; stream && r.Trace.Stream.Segments != sentences-1 {
					b.Fatalf("%+v", r.Trace.Stream)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/sentences, "ns/segment")
		})
	}
}
