package channeltest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/kundeagent/kundeagent/channels"
)

func memorySubject() Subject {
	m := channels.NewMemory("memory", channels.Capabilities{})
	return Subject{Channel: m, Sent: func() []string { return texts(m) }, Refused: &channels.Outgoing{Text: "without a key"}}
}

func texts(m *channels.Memory) []string {
	var out []string
	for _, o := range m.Sent("") {
		out = append(out, o.Text)
	}
	return out
}

// streaming returns a channel that is what all of a broken one is but the fault.
func streaming() (*channels.StreamingMemory, Subject) {
	m := channels.NewStreamingMemory("streaming", channels.Capabilities{Markup: channels.Markdown})
	return m, Subject{
		Channel: m, Sent: func() []string { return texts(m.Memory) }, Refused: &channels.Outgoing{Text: "without a key"},
		Reopen: func() channels.Channel { return m },
		Shown: func(key string) string {
			for _, s := range m.Streamed() {
				if s.Out.Key == key {
					return s.Text()
				}
			}
			return ""
		},
	}
}

func TestMemoryKeepsThePromisesOfAChannel(t *testing.T) {
	TestChannel(t, func(*testing.T) Subject { return memorySubject() })
}

func TestStreamingMemoryKeepsThePromisesOfAChannel(t *testing.T) {
	TestChannel(t, func(*testing.T) Subject { _, s := streaming(); return s })
}

// able has the abilities that the channels of package channels lack.
type able struct{ *channels.StreamingMemory }

func (able) Run(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func (a able) Reconcile(ctx context.Context, out channels.Outgoing) (channels.Receipt, bool, error) {
	for _, o := range a.Sent("") {
		if o.Key == out.Key {
			r, err := a.Send(ctx, o) // has no second effect, and the first receipt
			return r, true, err
		}
	}
	return channels.Receipt{}, false, nil
}

func TestAChannelWithEveryAbilityIsTestedWhole(t *testing.T) {
	TestChannel(t, func(*testing.T) Subject {
		m, s := streaming()
		s.Channel = able{m}
		return s
	})
	m, s := streaming()
	s.Channel = able{m}
	for _, c := range clauses {
		if !c.applies(s) {
			t.Errorf("%q does not apply", c.name)
		}
	}
}

// recorder keeps what failed.
type recorder struct {
	ctx      context.Context
	mu       sync.Mutex
	failures []string
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// failing returns the clauses that a channel breaks, with what they say.
func failing(t *testing.T, subject func() Subject) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, c := range clauses {
		s := subject()
		if !c.applies(s) {
			continue
		}
		r := &recorder{ctx: t.Context()}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.check(r, s)
		}()
		<-done
		if len(r.failures) > 0 {
			out[c.name] = strings.Join(r.failures, "; ")
		}
	}
	return out
}

// Every broken channel is caught by the clause that it breaks, and every clause
// catches one.
func TestBrokenChannelsAreCaughtByTheClauseTheyBreak(t *testing.T) {
	caught := map[string]bool{}
	for name, b := range brokenChannels {
		t.Run(name, func(t *testing.T) {
			got := failing(t, func() Subject {
				m, s := streaming()
				s.Channel = b.make(able{m})
				if s.Reopen != nil {
					s.Reopen = func() channels.Channel { return able{m} }
				}
				if b.subject != nil {
					b.subject(&s)
				}
				return s
			})
			if got[b.breaks] == "" {
				t.Errorf("%q does not fail; these do: %v", b.breaks, got)
			}
		})
		caught[b.breaks] = true
	}
	for _, c := range clauses {
		if !caught[c.name] {
			t.Errorf("no broken channel breaks %q", c.name)
		}
	}
}
