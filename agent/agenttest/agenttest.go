// Package agenttest lets a program that uses an agent test it: a [Model] that
// says what the test wrote, a [Clock] that stands still, a [Harness] that runs
// a conversation through every step, assertions on what came of it, and an
// [Evaluation] that asks an agent a whole file of questions.
package agenttest

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

// T is what this package needs of a *testing.T or *testing.B.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
	Context() context.Context
}

// Clock is a clock that moves only when told to. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows start.
func NewClock(start time.Time) *Clock { return &Clock{now: start} }

// Now returns what the clock shows; pass it as Config.Now.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Doc returns a document with a title, an address and paragraphs.
func Doc(title, url string, paragraphs ...string) *knowledge.Document {
	d := &knowledge.Document{ID: url, Title: title, URL: url}
	if d.ID == "" {
		d.ID = title
	}
	for _, p := range paragraphs {
		d.Blocks = append(d.Blocks, knowledge.Block{Text: p})
	}
	return d
}

// Knowledge returns a base that knows the documents, as public text.
func Knowledge(t T, docs ...*knowledge.Document) *knowledge.Base {
	t.Helper()
	base, err := knowledge.New(knowledge.Config{})
	if err == nil {
		err = base.Add(Source("docs", docs...), knowledge.SourceOptions{})
	}
	if err == nil {
		_, err = base.Sync(t.Context(), "docs")
	}
	if err != nil {
		t.Fatalf("agenttest: knowledge: %v", err)
	}
	return base
}

// Source returns a source of the documents.
func Source(id string, docs ...*knowledge.Document) knowledge.Source {
	return knowledge.SourceFunc(id, func(context.Context, knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
		return func(yield func(knowledge.Change, error) bool) {
			for _, d := range docs {
				if !yield(knowledge.Change{ID: d.ID, Kind: knowledge.Upsert, Document: d}, nil) {
					return
				}
			}
			yield(knowledge.Change{Kind: knowledge.Complete}, nil)
		}
	})
}

// RequireDecision fails unless the reply has the decision.
func RequireDecision(t T, r agent.Reply, want agent.Decision) {
	t.Helper()
	if r.Decision != want {
		t.Fatalf("decision is %s (%s), want %s; text: %q", r.Decision, r.Reason, want, r.Text)
	}
}

// RequireText fails unless the reply's text contains each of the words.
func RequireText(t T, r agent.Reply, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(r.Text, w) {
			t.Fatalf("text lacks %q: %q", w, r.Text)
		}
	}
}

// RequireCitation fails unless the reply cites an address, or a title or file
// name for what has no address.
func RequireCitation(t T, r agent.Reply, want string) {
	t.Helper()
	for _, c := range r.Citations {
		if c.URL == want || c.URL == "" && (c.Title == want || c.Name == want) {
			return
		}
	}
	t.Fatalf("reply cites %v, want %q; text: %q", r.Citations, want, r.Text)
}

// RequireHandoff fails unless the reply hands over for the reason.
func RequireHandoff(t T, r agent.Reply, want handoff.Reason) {
	t.Helper()
	RequireDecision(t, r, agent.HandOff)
	if r.Case == nil || r.Case.Reason != want {
		t.Fatalf("case is %+v, want reason %q", r.Case, want)
	}
}

// RequireCredits fails unless an account has that many credits left.
func RequireCredits(t T, m credits.Balancer, account string, want int64) {
	t.Helper()
	b, err := m.Balance(t.Context(), account)
	if err != nil {
		t.Fatalf("balance of %q: %v", account, err)
	}
	if b.Available != want {
		t.Fatalf("account %q has %d credits left, want %d (%+v)", account, b.Available, want, b)
	}
}

// RequireNotAsked fails if the model was asked anything.
func RequireNotAsked(t T, m *Model) {
	t.Helper()
	if n := len(m.Requests()); n > 0 {
		t.Fatalf("the model was asked %d times", n)
	}
}

// cloneRequest keeps what a model was asked safe from later changes.
func cloneRequest(r agent.Request) agent.Request {
	r.Messages = slices.Clone(r.Messages)
	r.Tools = slices.Clone(r.Tools)
	return r
}
