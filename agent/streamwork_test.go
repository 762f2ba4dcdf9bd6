package agent_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
)

// The guards look at the whole answer each time more of it is to be shown. How
// much that comes to in all grows with the answer, not with its square, and
// still all of it is shown.
func TestGuardsLookAtAStreamInProportionToIt(t *testing.T) {
	sentence := "You get your money back within 14 days of the return, as ever [1]. "
	for _, sentences := range []int{10, 60, 250, 900} {
		t.Run(fmt.Sprint(sentences, " sentences"), func(t *testing.T) {
			looked, looks := 0, 0
			count := agent.SegmentGuardFunc(func(_ context.Context, d agent.Draft) (agent.Verdict, error) {
				looked += len(d.Text)
				looks++
				return agent.Verdict{}, nil
			})
			pieces := strings.SplitAfter(strings.Repeat(sentence, sentences), " ")
			h := agenttest.StartStreaming(t, agent.Config{Knowledge: helpCentre(t), Model: telling(pieces, nil), Guards: []agent.Guard{count}})
			r := h.Ask(refundQuestion)
			s := onlyStream(t, h)
			if s.Text() != r.Text || strings.Count(r.Text, "14 days") != sentences {
				t.Errorf("shown %d bytes of %d", len(s.Text()), len(r.Text))
			}
			if most := 64<<10 + 17*len(r.Text); looked > most {
				t.Errorf("the guards looked at %d bytes for an answer of %d, in %d looks", looked, len(r.Text), looks)
			}
			if sentences <= 60 && len(s.Segments) != sentences {
				t.Errorf("%d segments for %d sentences", len(s.Segments), sentences)
			}
			if len(s.Segments) < 10 {
				t.Errorf("only %d segments", len(s.Segments))
			}
		})
	}
}
