package agent_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
)

// quietChannel keeps nothing of what is sent.
type quietChannel struct{ *channels.Memory }

func (quietChannel) Send(context.Context, channels.Outgoing) (channels.Receipt, error) {
	return channels.Receipt{}, nil
}

// longRun takes turns one after the other.
type longRun struct {
	tb      testing.TB
	ch      quietChannel
	settled chan bool
	turns   int
}

func startLongRun(tb testing.TB, cfg agent.Config) *longRun {
	r := &longRun{tb: tb, ch: quietChannel{channels.NewMemory("chat", channels.Capabilities{})}, settled: make(chan bool, 1)}
	cfg.Knowledge, cfg.Channels = helpCentre(tb), []channels.Channel{r.ch}
	cfg.OnReply = func(string, agent.Reply) { r.settled <- true }
	tb.Cleanup(running(tb, mustNew(tb, cfg)))
	return r
}

func (r *longRun) turn(thread string) {
	r.turns++
	question := longRunQuestions[r.turns%len(longRunQuestions)]
	if err := r.ch.Say(context.Background(), thread, fmt.Sprint(r.turns), question); err != nil {
		r.tb.Fatal(err)
	}
	<-r.settled
}

// longRunQuestions follow each other, since who asks the same again and again
// gets a human.
var longRunQuestions = []string{
	refundQuestion, "When is the shop open on weekdays?", "What does delivery to my door cost?",
	"How long is a gift card valid?", "What does the warranty cover?", "How many days does delivery take?", "Is the shop open on Sundays?",
}

// heap returns the bytes that are in use.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

func TestMemoryStoreKeepsNoMoreThanItsLimits(t *testing.T) {
	limits := agent.MemoryLimits{Conversations: 100, LogLines: 150, Deliveries: 120}
	for name, c := range map[string]struct {
		thread func(turn int) string
		pause  func(turn int) time.Duration
	}{
		"a conversation a turn": {func(turn int) string { return fmt.Sprint(turn) }, func(int) time.Duration { return time.Hour }},
		"few conversations": {func(turn int) string { return fmt.Sprint(turn % 4) }, func(turn int) time.Duration {
			if turn%40 == 0 {
				return 5 * 24 * time.Hour
			}
			return time.Second
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := agent.NewMemoryStore(nil)
				store.Limits = limits
				r := startLongRun(t, agent.Config{Store: store, Poll: 10 * time.Minute})
				grow := func(turns int) float64 {
					for r.turns < turns {
						r.turn(c.thread(r.turns))
						time.Sleep(c.pause(r.turns))
					}
					return heap()
				}
				early := grow(400)
				late := grow(1600)
				synctest.Wait()
				got := store.Sizes()
				// Those of the last day have not ended. The logs are those of traces and
				// reports, and one line of the agent's creation.
				if most := (agent.MemorySizes{Conversations: limits.Conversations, Lines: 2*limits.LogLines + 1, Deliveries: limits.Deliveries}); got.Conversations > most.Conversations ||
					got.Lines > most.Lines || got.Deliveries > most.Deliveries || got.Records != 0 || got.Threads > got.Conversations || got.Keys != got.Lines {
					t.Errorf("kept %+v, want %+v at most", got, most)
				}
				if late > 1.2*early+256<<10 {
					t.Errorf("%.0f bytes in use after 1600 turns, %.0f after 400", late, early)
				}
				lines, err := store.Logs(t.Context(), "agent", agent.TraceLog, 0, 1000)
				if err != nil || len(lines) != limits.LogLines || lines[len(lines)-1].Number != 1600 || lines[0].Number != int64(1600-limits.LogLines+1) {
					t.Errorf("%d lines, %v", len(lines), err)
				}
			})
		})
	}
}

func TestMemoryStoreNeverForgetsWhatGoesOn(t *testing.T) {
	now := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	s := agent.NewMemoryStore(func() time.Time { return now })
	s.Limits.Conversations = 2
	var ids []string
	for i := range 10 {
		ids = append(ids, sayTo(t, s, "chat", fmt.Sprint(i), now).Conversation)
	}
	for _, id := range ids {
		if _, err := s.Load(t.Context(), "a", id); err != nil {
			t.Errorf("a conversation that goes on was forgotten: %v", err)
		}
	}
	for _, id := range ids[:9] {
		lease, err := s.Lease(t.Context(), "a", id, "w", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Save(t.Context(), lease, agent.Save{Progress: agent.Progress{Answered: 1, Reported: agent.ReportMark{Seq: 1, Owner: 1}}, Owner: &agent.OwnerChange{Owner: agent.NobodyOwns, At: now}}); err != nil {
			t.Fatal(err)
		}
		if id != ids[0] { // which is still worked on
			if err := s.Unlease(t.Context(), lease); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 10 {
		sayTo(t, s, "mail", fmt.Sprint(i), now)
	}
	for i, want := range map[int]bool{0: true, 1: false, 8: false, 9: true} {
		if _, err := s.Load(t.Context(), "a", ids[i]); (err == nil) != want {
			t.Errorf("conversation %d: %v", i, err)
		}
	}
}

// Memory in use after 20,000 and after 100,000 turns, under the default limits.
func BenchmarkMemoryStoreHeap(b *testing.B) {
	if testing.Short() {
		b.Skip("it takes minutes")
	}
	for _, c := range []struct {
		name   string
		thread func(turn int) string
		pause  func(turn int) time.Duration
	}{
		{"a conversation a turn", func(turn int) string { return fmt.Sprint(turn) }, func(int) time.Duration { return time.Hour }},
		{"ten threads", func(turn int) string { return fmt.Sprint(turn % 10) }, func(turn int) time.Duration {
			if turn%200 == 0 {
				return 5 * 24 * time.Hour
			}
			return time.Second
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				clock := agenttest.NewClock(time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC))
				store := agent.NewMemoryStore(clock.Now)
				r := startLongRun(b, agent.Config{Store: store, Now: clock.Now, Poll: 5 * time.Millisecond})
				grow := func(turns int) float64 {
					for r.turns < turns {
						r.turn(c.thread(r.turns))
						clock.Advance(c.pause(r.turns))
					}
					return heap() / (1 << 20)
				}
				early := grow(20_000)
				late := grow(100_000)
				b.ReportMetric(early, "MiB-after-20k")
				b.ReportMetric(late, "MiB-after-100k")
				b.ReportMetric(late/early, "growth")
				runtime.KeepAlive(store)
			}
		})
	}
}
