package agent_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
)

func failure(kind error, after time.Duration) agenttest.Step {
	return agenttest.Fail(&agent.ModelError{Kind: kind, RetryAfter: after, Err: errors.New("status 4xx")})
}

// heard is what one answer came to.
type heard struct {
	text     string
	attempts []agent.ModelAttempt
	err      error
}

func listen(ctx context.Context, m agent.Model) (h heard) {
	for ev, err := range m.Generate(ctx, agent.Request{}) {
		if err != nil {
			h.err = err
			continue
		}
		h.text += ev.Text
		if ev.Attempt != nil {
			h.attempts = append(h.attempts, *ev.Attempt)
		}
	}
	return h
}

func TestRetryAsksAgainBeforeTheFirstWordOnly(t *testing.T) {
	for name, c := range map[string]struct {
		steps []agenttest.Step
		text  string
		kind  error
		waits []time.Duration
	}{
		"rate limit, as asked": {[]agenttest.Step{failure(agent.ErrRateLimited, 7*time.Second), agenttest.Say("Here.")}, "Here.", nil, []time.Duration{7 * time.Second}},
		"longer and longer":    {[]agenttest.Step{failure(agent.ErrUnavailable, 0), failure(agent.ErrUnavailable, 0), agenttest.Say("Here.")}, "Here.", nil, []time.Duration{500 * time.Millisecond, time.Second}},
		"given up":             {[]agenttest.Step{failure(agent.ErrUnavailable, 0), failure(agent.ErrUnavailable, 0), failure(agent.ErrUnavailable, 0), agenttest.Say("Here.")}, "", agent.ErrUnavailable, []time.Duration{500 * time.Millisecond, time.Second}},
		"asked for too long":   {[]agenttest.Step{failure(agent.ErrRateLimited, time.Minute), agenttest.Say("Here.")}, "", agent.ErrRateLimited, nil},
		"after text":           {[]agenttest.Step{{Text: "He", Err: &agent.ModelError{Kind: agent.ErrUnavailable, Err: errors.New("cut")}}, agenttest.Say("Here.")}, "He", agent.ErrUnavailable, nil},
		"after a call":         {[]agenttest.Step{{Calls: []agent.ToolCall{{Name: "f"}}, Err: agent.ErrUnavailable}, agenttest.Say("Here.")}, "", agent.ErrUnavailable, nil},
		"quota":                {[]agenttest.Step{failure(agent.ErrQuotaExhausted, 0), agenttest.Say("Here.")}, "", agent.ErrQuotaExhausted, nil},
		"filter":               {[]agenttest.Step{failure(agent.ErrContentFilter, 0), agenttest.Say("Here.")}, "", agent.ErrContentFilter, nil},
		"bad request":          {[]agenttest.Step{failure(agent.ErrBadRequest, 0), agenttest.Say("Here.")}, "", agent.ErrBadRequest, nil},
		"unknown":              {[]agenttest.Step{agenttest.Fail(errors.New("odd")), agenttest.Say("Here.")}, "", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var waits []time.Duration
			m := agenttest.NewModel(c.steps...)
			got := listen(t.Context(), agent.NewRetry(m, agent.RetryPolicy{
				Random: func() float64 { return .5 },
				Sleep:  func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil },
			}))
			if got.text != c.text || (got.err == nil) != (c.text == "Here.") || c.kind != nil && !errors.Is(got.err, c.kind) || !slices.Equal(waits, c.waits) {
				t.Errorf("got %q, %v, waits %v", got.text, got.err, waits)
			}
			if n := len(m.Requests()); n != len(waits)+1 || len(got.attempts) != len(waits) {
				t.Errorf("asked %d times, told of %d attempts", n, len(got.attempts))
			}
			for i, a := range got.attempts {
				if a.Wait != waits[i] || a.Error == "" || a.Next != 0 {
					t.Errorf("attempt %+v", a)
				}
			}
		})
	}
}

func TestRetryJitterAndEndOfContext(t *testing.T) {
	var p agent.RetryPolicy
	p.Random = func() float64 { return 0 }
	low, _ := p.Delay(agent.ErrUnavailable, 2)
	p.Random = func() float64 { return .999 }
	high, _ := p.Delay(agent.ErrUnavailable, 2)
	if low != 500*time.Millisecond || high < 1400*time.Millisecond || high > 1500*time.Millisecond {
		t.Errorf("from %v to %v", low, high)
	}
	p.MaxAttempts = 99
	if d, again := p.Delay(agent.ErrUnavailable, 60); d != agent.DefaultMaxDelay || !again {
		t.Errorf("sixtieth delay %v, %v", d, again)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		got := listen(ctx, agent.NewRetry(agenttest.NewModel().Always(failure(agent.ErrRateLimited, 20*time.Second)), agent.RetryPolicy{}))
		if !errors.Is(got.err, context.DeadlineExceeded) || time.Since(began) != 100*time.Millisecond {
			t.Errorf("%v after %v", got.err, time.Since(began))
		}
	})
}

func TestFallbackAsksTheNextModel(t *testing.T) {
	for _, kind := range []error{agent.ErrRateLimited, agent.ErrQuotaExhausted, agent.ErrModelAuth, agent.ErrUnavailable, agent.ErrContextLength} {
		second := agenttest.NewModel(agenttest.Say("Here."))
		got := listen(t.Context(), agent.NewFallback(agenttest.NewModel(failure(kind, 0)), second, agenttest.NewModel()))
		if got.text != "Here." || got.err != nil || len(got.attempts) != 1 || got.attempts[0].Next != 2 || !strings.Contains(got.attempts[0].Error, kind.Error()) {
			t.Errorf("%v: %+v", kind, got)
		}
	}
	for name, step := range map[string]agenttest.Step{
		"filter": failure(agent.ErrContentFilter, 0), "bad request": failure(agent.ErrBadRequest, 0), "cut off": {Text: "He", Err: agent.ErrTruncated},
		"after text": {Text: "He", Err: agent.ErrUnavailable}, "unknown": agenttest.Fail(errors.New("odd")),
	} {
		second := agenttest.NewModel(agenttest.Say("Here."))
		if got := listen(t.Context(), agent.NewFallback(agenttest.NewModel(step), second)); got.err == nil || len(second.Requests()) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	got := listen(t.Context(), agent.NewFallback(agenttest.NewModel(failure(agent.ErrModelAuth, 0)), agenttest.NewModel(failure(agent.ErrRateLimited, 3*time.Second))))
	var classified *agent.ModelError
	if !errors.As(got.err, &classified) || classified.Kind != agent.ErrRateLimited || classified.RetryAfter != 3*time.Second || !errors.Is(got.err, agent.ErrModelAuth) {
		t.Errorf("all fail: %v", got.err)
	}
	if got := listen(t.Context(), agent.NewFallback()); !errors.Is(got.err, agent.ErrUnavailable) {
		t.Errorf("no models: %v", got.err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	second := agenttest.NewModel(agenttest.Say("Here."))
	gone := agenttest.Step{Before: func(context.Context, agent.Request) error { cancel(); return agent.ErrUnavailable }}
	if got := listen(ctx, agent.NewFallback(agenttest.NewModel(gone), second)); got.err == nil || len(second.Requests()) != 0 {
		t.Errorf("ended context: %+v", got)
	}
}

// hanging says a word after a delay, then the rest after as long again.
func hanging(d time.Duration) agent.Model {
	return agent.ModelFunc(func(ctx context.Context, _ agent.Request) iter.Seq2[agent.Event, error] {
		return func(yield func(agent.Event, error) bool) {
			for _, word := range []string{"At ", "last."} {
				select {
				case <-ctx.Done():
					yield(agent.Event{}, ctx.Err())
					return
				case <-time.After(d):
				}
				if !yield(agent.Event{Text: word}, nil) {
					return
				}
			}
		}
	})
}

func TestFallbackGivesEachModelItsShareOfTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		got := listen(ctx, agent.NewFallback(hanging(time.Hour), agenttest.NewModel(agenttest.Say("Here."))))
		if got.text != "Here." || got.err != nil || time.Since(began) != 30*time.Second {
			t.Errorf("%+v after %v", got, time.Since(began))
		}
		// One that has begun may go on.
		if got := listen(ctx, agent.NewFallback(hanging(14*time.Second), agenttest.NewModel(agenttest.Say("Here.")))); got.text != "At last." || got.err != nil {
			t.Errorf("%+v", got)
		}
	})
}

func ExampleNewRetry() {
	busy := agenttest.NewModel(agenttest.Fail(agent.ErrUnavailable), agenttest.Say("Within 14 days [1]."))
	m := agent.NewRetry(busy, agent.RetryPolicy{BaseDelay: time.Millisecond})
	for ev, err := range m.Generate(context.Background(), agent.Request{}) {
		if ev.Attempt != nil {
			fmt.Println("failed:", ev.Attempt.Error)
		}
		fmt.Print(ev.Text, err == nil, " ")
	}
	// Output:
	// failed: agent: model provider is unavailable
	// true Within 14true  days [1].true true
}

func ExampleNewFallback() {
	large := agenttest.NewModel(agenttest.Fail(agent.ErrQuotaExhausted))
	small := agenttest.NewModel(agenttest.Say("Within 14 days [1]."))
	a, _ := agent.New(agent.Config{Knowledge: exampleKnowledge(), Model: large, Fallback: []agent.Model{small}})
	r, _ := a.Reply(context.Background(), agent.Question{Text: "When do I get my money back?"})
	fmt.Println(r.Text)
	fmt.Println(r.Trace.ModelCalls[0].Attempts[0].Error)
	// Output:
	// Within 14 days [1].
	// agent: model provider's quota is exhausted
}
