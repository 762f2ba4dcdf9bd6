package agent_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/knowledge"
)

// rewritten is a help centre that finds refunds only in other words than the
// customer's.
func rewritten(t *testing.T, m agent.Model) *knowledge.Base {
	t.Helper()
	base, err := knowledge.New(knowledge.Config{Rewriter: agent.NewRewriter(agent.RewriterConfig{Model: m})})
	if err != nil {
		t.Fatal(err)
	}
	docs := agenttest.Source("docs",
		agenttest.Doc("Refunds", "https://shop.example/refunds", "You get your money back within 14 days of the return. Send the receipt along with the parcel."),
		agenttest.Doc("Opening hours", "https://shop.example/hours", "The shop is open on weekdays from 9 to 17. On Sundays the shop is closed."),
	)
	if err := base.Add(docs, knowledge.SourceOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := base.Sync(t.Context(), "docs"); err != nil {
		t.Fatal(err)
	}
	return base
}

const clumsyQuestion = "reimbursement xylophone zebra period?"

func saysRefunds() *agenttest.Model {
	return agenttest.NewModel().Always(agenttest.Say("When do I get my money back after the return?"))
}

func TestRewritersCallsAreSeenInTheTraceAndCounted(t *testing.T) {
	for _, preview := range []bool{false, true} {
		rewriter, writer := saysRefunds(), agenttest.NewModel(agenttest.Say("Within 14 days [1]."))
		a := mustNew(t, agent.Config{Knowledge: rewritten(t, rewriter), Model: writer})
		ask := a.Reply
		if preview {
			ask = a.Preview
		}
		r, err := ask(t.Context(), agent.Question{Text: clumsyQuestion, Language: "en"})
		if err != nil {
			t.Fatal(err)
		}
		calls := r.Trace.ModelCalls
		if len(calls) != 2 || calls[0].Purpose != "rewrite the question" || calls[1].Purpose != "" || !strings.Contains(calls[0].Text, "money back") || !r.Trace.Rewritten {
			t.Fatalf("preview %t: %+v", preview, calls)
		}
		if u := r.Trace.Usage(); u.InputTokens != calls[0].Usage.InputTokens+calls[1].Usage.InputTokens || calls[0].Usage.InputTokens == 0 {
			t.Errorf("usage %+v of %+v", u, calls)
		}
		if s := r.Trace.String(); !strings.Contains(s, "to rewrite the question") || !strings.Contains(s, "Question: "+clumsyQuestion) {
			t.Errorf("%s", s)
		}
	}
}

func TestRewritingStaysWithinTheTurnsBudget(t *testing.T) {
	for _, c := range []struct {
		name             string
		cfg              agent.Config
		without          bool // a model that writes
		rewrites, writes int
	}{
		{"usual", agent.Config{}, false, 1, 1},
		{"one call is the answer's", agent.Config{MaxModelCalls: 1}, false, 0, 0},
		{"one call and nobody else to use it", agent.Config{MaxModelCalls: 1}, true, 1, 0},
		{"two calls", agent.Config{MaxModelCalls: 2}, false, 1, 1},
		{"no tokens for it", agent.Config{MaxModelTokens: 100}, true, 0, 0},
		{"tokens for it alone", agent.Config{MaxModelTokens: 560}, false, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rewriter, writer := saysRefunds(), agenttest.NewModel(agenttest.Say("Within 14 days [1]."))
			c.cfg.Knowledge = rewritten(t, rewriter)
			if !c.without {
				c.cfg.Model = writer
			}
			r, err := mustNew(t, c.cfg).Reply(t.Context(), agent.Question{Text: clumsyQuestion, Language: "en"})
			if err != nil {
				t.Fatal(err)
			}
			if n, m := len(rewriter.Requests()), len(writer.Requests()); n != c.rewrites || m != c.writes {
				t.Errorf("%d rewritings and %d answers were asked for, want %d and %d (%s)\n%s", n, m, c.rewrites, c.writes, r.Reason, r.Trace)
			}
			if c.rewrites == 0 && !strings.Contains(r.Trace.ModelCalls[0].Error, "budget") {
				t.Errorf("%+v", r.Trace.ModelCalls)
			}
		})
	}
}

func TestRewriterThatHangsLeavesTimeForTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := agenttest.NewModel(agenttest.Step{Before: func(ctx context.Context, _ agent.Request) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		var left time.Duration
		writer := agenttest.NewModel(agenttest.Step{Text: "Within 14 days [1].", Before: func(ctx context.Context, _ agent.Request) error {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			return nil
		}})
		a := mustNew(t, agent.Config{Knowledge: rewritten(t, hang), Model: writer, ModelTimeout: 6 * time.Second, AnswerAt: .0001})
		began := time.Now()
		r, err := a.Reply(t.Context(), agent.Question{Text: "xylophone refunds zebra period?", Language: "en"})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 3*time.Second || left != 3*time.Second || r.Text != "Within 14 days [1]." {
			t.Errorf("after %v: %q, with %v left for it", took, r.Text, left)
		}
	})
}

// A turn that is tried again after a crash at any write asks the rewriter once
// more only if its answer was not recorded yet; a journal that fails there stops
// the turn, which would find less without it (P16).
func TestP1RewritingIsReplayed(t *testing.T) {
	for at := int64(1); at <= 6; at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d kept %t", at, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					said := 0
					inconstant := agenttest.NewModel().Always(agenttest.Step{Before: func(context.Context, agent.Request) error { said++; return nil }, Text: "When do I get my money back after the return?"})
					writer := agenttest.NewModel().Always(agenttest.Say("Within 14 days [1]."))
					store := &crashingStore{Store: agent.NewMemoryStore(nil), at: at, after: after}
					h := agenttest.Start(t, agent.Config{Knowledge: rewritten(t, inconstant), Model: writer, Store: store})
					r := h.Ask(clumsyQuestion)
					agenttest.RequireText(t, r, "Within 14 days")
					want := 1
					if at == 2 && !after { // the rewriting itself; before it the turn is admitted
						want = 2
					}
					if said != want || len(r.Trace.ModelCalls) != 2 || len(h.Channel.Sent("")) != 1 {
						t.Errorf("rewritten %d times, want %d: %+v", said, want, r.Trace.ModelCalls)
					}
				})
			})
		}
	}
}
