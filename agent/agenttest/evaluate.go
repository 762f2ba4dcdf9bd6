package agenttest

import (
	"os"
	"path/filepath"
	"strings"
)

// Suite is what [Evaluate] needs of a *testing.T: it makes each case a test of
// its own.
type Suite[S any] interface {
	T
	Run(name string, f func(S)) bool
}

// Evaluate runs each case of a file as a subtest, which fails unless the case
// passes. The file is named from the test's directory; [Load] tells its format.
func Evaluate[S Suite[S]](t S, a Answerer, file string) {
	t.Helper()
	cases, err := Load(os.DirFS(filepath.Dir(file)), filepath.Base(file))
	if err != nil {
		t.Fatalf("%v", err)
	}
	EvaluateCases(t, Evaluation{}, a, cases)
}

// EvaluateCases is [Evaluate] for cases at hand and an evaluation of the
// caller's. The evaluation is done before the first subtest, so that cases can
// be run in parallel.
func EvaluateCases[S Suite[S]](t S, e Evaluation, a Answerer, cases []Case) {
	t.Helper()
	results, err := e.Run(t.Context(), a, cases)
	for i := range results.Cases {
		c := &results.Cases[i]
		t.Run(c.Name, func(t S) {
			t.Helper()
			if c.Rating != Passed {
				t.Fatalf("%s, %d of %d runs passed\n%s", c.Rating, c.Passed, len(c.Runs), strings.Join(c.account(), "\n"))
			}
		})
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// account is the reasons and, for reading them, the replies of the worst run.
func (c *CaseResult) account() []string {
	out := c.Reasons()
	if at := c.worst(); at >= 0 {
		for _, t := range c.Runs[at].Turns {
			out = append(out, "  customer: "+t.Say, "  agent ("+t.Decision+"): "+t.Text)
		}
	}
	return out
}
