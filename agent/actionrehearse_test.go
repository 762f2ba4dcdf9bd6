package agent_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
)

// Nothing is known about xylophones: what the model says counts only if an
// action supports it.
const xylophoneQuestion = "What is the state of xylophone order 7 zebra?"

type doing = func(context.Context, agent.ActionCall) (agent.ActionResult, error)

func lookUp(do, rehearse doing) agent.Action {
	return agent.Action{Name: "order_state", Protection: agent.Anyone, Do: do, Rehearse: rehearse}
}

// askedOf is what becomes of a question whose model looks an order up and then
// says something about it.
func askedOf(t *testing.T, action agent.Action, question, said string, preview bool) agent.Reply {
	t.Helper()
	model := agenttest.NewModel(agenttest.Call("order_state", map[string]int{"order": 7}), agenttest.Say(said))
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t), Model: model, Actions: []agent.Action{action}})
	ask := a.Reply
	if preview {
		ask = a.Preview
	}
	r, err := ask(t.Context(), agent.Question{Text: question, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestP3PreviewIsTheRealReplyWhereActionsCanBeRehearsed(t *testing.T) {
	shipped := func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
		return agent.ActionResult{Text: "shipped on day 12", URLs: []string{"https://shop.example/track/7"}}, nil
	}
	gone := func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
		return agent.ActionResult{}, errors.New("no such order")
	}
	for name, c := range map[string]struct {
		do       doing
		question string
		said     string
		want     agent.Decision
	}{
		"succeeds":               {shipped, xylophoneQuestion, "It was shipped on day 12, see https://shop.example/track/7", agent.Answer},
		"fails":                  {gone, xylophoneQuestion, "It was shipped.", agent.Clarify},
		"figure of no result":    {shipped, xylophoneQuestion, "It was shipped on day 13.", agent.HandOff},
		"known, without source":  {shipped, refundQuestion, "It was shipped on day 12.", agent.Answer},
		"known, and it fails":    {gone, refundQuestion, "It was shipped.", agent.Answer},
		"known, with its source": {gone, refundQuestion, "Within 14 days [1].", agent.Answer},
	} {
		t.Run(name, func(t *testing.T) {
			never := func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
				t.Error("performed in a preview")
				return agent.ActionResult{}, nil
			}
			real := askedOf(t, lookUp(c.do, nil), c.question, c.said, false)
			preview := askedOf(t, lookUp(never, c.do), c.question, c.said, true)
			if real.Decision != c.want || preview.Decision != c.want || preview.Text != real.Text || preview.Reason != real.Reason || preview.Substantive != real.Substantive {
				t.Errorf("real: %s, %s: %q\npreview: %s, %s: %q", real.Decision, real.Reason, real.Text, preview.Decision, preview.Reason, preview.Text)
			}
			rec := preview.Trace.Actions[0]
			if !rec.DryRun || !rec.Rehearsed || !strings.Contains(preview.Trace.String(), "order_state") {
				t.Errorf("%+v", rec)
			}
		})
	}
}

func TestP3PreviewShowsNoTextThatRestsOnAnActionItDidNotPerform(t *testing.T) {
	never := func(context.Context, agent.ActionCall) (agent.ActionResult, error) {
		t.Error("performed in a preview")
		return agent.ActionResult{}, nil
	}
	r := askedOf(t, lookUp(never, nil), xylophoneQuestion, "It was shipped yesterday.", true)
	if r.Decision != agent.Answer || r.Text != "" || r.Substantive || r.Reason != "what order_state comes to is not known in a preview" || r.Trace.Plan != "not known in a preview" {
		t.Errorf("%s, %s: %q (%s)", r.Decision, r.Reason, r.Text, r.Trace.Plan)
	}
	if len(r.Trace.ModelCalls) != 2 || len(r.Trace.Actions) != 1 {
		t.Errorf("%d model calls, actions %+v", len(r.Trace.ModelCalls), r.Trace.Actions)
	}
	// Where the knowledge answers, it carries the reply, or a quotation of it does.
	r = askedOf(t, lookUp(never, nil), refundQuestion, "It was shipped yesterday.", true)
	if r.Decision != agent.Answer || strings.Contains(r.Text, "shipped") || !strings.Contains(r.Text, "14 days") {
		t.Errorf("%q", r.Text)
	}
	if r = askedOf(t, lookUp(never, nil), refundQuestion, "Within 14 days [1].", true); r.Text != "Within 14 days [1]." {
		t.Errorf("%q", r.Text)
	}
}

func TestRehearsalThatPanicsOrHangsFails(t *testing.T) {
	for name, rehearse := range map[string]doing{
		"panic": func(context.Context, agent.ActionCall) (agent.ActionResult, error) { panic("x") },
		"hang": func(ctx context.Context, _ agent.ActionCall) (agent.ActionResult, error) {
			<-ctx.Done()
			return agent.ActionResult{}, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				action := lookUp(rehearse, rehearse)
				action.Timeout = time.Second
				r := askedOf(t, action, xylophoneQuestion, "It was shipped.", true)
				if r.Decision != agent.Clarify || r.Trace.Actions[0].Outcome != agent.ActionFailed {
					t.Errorf("%s, %+v", r.Decision, r.Trace.Actions)
				}
			})
		})
	}
}
