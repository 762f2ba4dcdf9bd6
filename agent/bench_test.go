package agent_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/knowledge"
)

// benchAnswer is what an instant model says.
const benchAnswer = "You get your money back within 14 days [1]."

func BenchmarkReply(b *testing.B) {
	for _, c := range []struct {
		name      string
		knowledge func(testing.TB) *knowledge.Base
		model     agent.Model
	}{
		{"quoting", helpCentre, nil},
		{"model", helpCentre, agenttest.NewModel().Always(agenttest.Say(benchAnswer))},
		{"model/10k", largeHelpCentre, agenttest.NewModel().Always(agenttest.Say(benchAnswer))},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkReply(b, c.knowledge(b), c.model) })
	}
}

// benchmarkReply reports, beside the whole, the median of what a reply takes
// besides its search, and how much it allocates besides.
func benchmarkReply(b *testing.B, base *knowledge.Base, model agent.Model) {
	a := mustNew(b, agent.Config{Knowledge: base, Model: model})
	reply := func() agent.Reply {
		r, err := a.Reply(b.Context(), agent.Question{Text: refundQuestion})
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
	first := reply()
	if first.Decision != agent.Answer || model != nil && (len(first.Trace.ModelCalls) != 1 || len(first.Trace.Verdicts) > 0) {
		b.Fatalf("%s: %s %v", first.Decision, first.Reason, first.Trace.Verdicts)
	}
	var own []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		r := reply()
		took := time.Since(start)
		for _, s := range r.Trace.Steps {
			if s.Step == "search" {
				took -= s.Took
			}
		}
		own = append(own, took)
	}
	b.StopTimer()
	slices.Sort(own)
	b.ReportMetric(float64(own[len(own)/2].Nanoseconds()), "own-p50-ns")
	query := knowledge.Query{Text: refundQuestion, Language: first.Language, Limit: len(first.Trace.Hits)}
	search := allocations(func() {
		if _, err := base.Search(b.Context(), query); err != nil {
			b.Fatal(err)
		}
	})
	b.ReportMetric(allocations(func() { reply() })-search, "own-allocs/op")
	b.ReportMetric(search, "search-allocs/op")
}

// allocations returns how many a call of f makes.
func allocations(f func()) float64 {
	const runs = 100
	f()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / runs
}

// largeHelpCentre has the passages of helpCentre among 10,000.
func largeHelpCentre(t testing.TB) *knowledge.Base {
	docs := []*knowledge.Document{
		agenttest.Doc("Refunds", "https://shop.example/refunds", "You get your money back within 14 days of the return. Send the receipt along with the parcel."),
	}
	kinds := []string{"tent", "lamp", "stove", "rucksack", "map", "boot", "rope", "flask", "compass", "jacket"}
	for i := len(docs); i < 10_000; i++ {
		kind, other := kinds[i%len(kinds)], kinds[i/len(kinds)%len(kinds)]
		if i%2500 == 1 {
			docs = append(docs, agenttest.Doc(fmt.Sprintf("Return of the %s %d", kind, i), fmt.Sprintf("https://shop.example/return/%d", i),
				fmt.Sprintf("After a return of the %s you get your money back as soon as warehouse %d has it. It takes %d days at most.", kind, i%40, 3+i/2500)))
			continue
		}
		docs = append(docs, agenttest.Doc(fmt.Sprintf("The %s %d", kind, i), fmt.Sprintf("https://shop.example/%d", i),
			fmt.Sprintf("The %s of series %d weighs %d grams and goes well with a %s. A faulty %s is sent back to the warehouse %d at our cost.", kind, i, 100+i%900, other, kind, i%40)))
	}
	return agenttest.Knowledge(t, docs...)
}

// A turn from delivery to settlement, each in a conversation of its own: alone,
// and as many at once as keep all workers busy.
func BenchmarkTurn(b *testing.B) {
	b.Run("quoting", func(b *testing.B) { benchmarkTurn(b, 1, agent.Config{Knowledge: helpCentre(b)}) })
	model := agenttest.NewModel().Always(agenttest.Say(benchAnswer))
	b.Run("model/10k", func(b *testing.B) { benchmarkTurn(b, 1, agent.Config{Knowledge: largeHelpCentre(b), Model: model}) })
	b.Run("model/10k/busy", func(b *testing.B) {
		benchmarkTurn(b, 16, agent.Config{Knowledge: largeHelpCentre(b), Model: model})
	})
}

// What the ledger adds to a turn, by policy; none is the same turn without it.
func BenchmarkTurnCharged(b *testing.B) {
	model := agenttest.NewModel().Always(agenttest.Say(benchAnswer))
	b.Run("none", func(b *testing.B) { benchmarkTurn(b, 1, agent.Config{Knowledge: helpCentre(b), Model: model}) })
	for _, p := range []credits.Policy{credits.PerConversation(), credits.PerResolution(), credits.PerAction(10), credits.PerToken(2, 1000)} {
		b.Run(p.Rule, func(b *testing.B) {
			benchmarkTurn(b, 1, agent.Config{Knowledge: helpCentre(b), Model: model, Meter: ledger(b, "agent", credits.MaxAmount), Policy: p})
		})
	}
}

func benchmarkTurn(b *testing.B, atOnce int, cfg agent.Config) {
	free := make(chan bool, atOnce)
	for range atOnce {
		free <- true
	}
	ch := channels.NewMemory("chat", channels.Capabilities{})
	cfg.Channels = []channels.Channel{ch}
	cfg.OnReply = func(string, agent.Reply) { free <- true }
	a := mustNew(b, cfg)
	stop := running(b, a)
	defer stop()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		<-free
		n++
		if err := ch.Say(b.Context(), fmt.Sprint(n), fmt.Sprint(n), refundQuestion); err != nil {
			b.Fatal(err)
		}
	}
	for range atOnce {
		<-free
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "turns/s")
}
