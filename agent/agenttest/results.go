package agenttest

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/kundeagent/kundeagent/agent"
)

// Rating is how well something did.
type Rating uint8

// The ratings. A reply passes when all that was expected of it holds. It fails
// when it is wrong: in its decision, its language, a handoff's reason, an
// action, words that it may not contain, where it is from, or because nothing
// that was expected of its text holds. It is partly right when some of that
// holds and some does not. A conversation is rated as the worst of its replies.
const (
	Failed Rating = iota
	Partly
	Passed
	NotRun // the evaluation ended before
)

var ratingNames = []string{"fail", "partly", "pass", "not run"}

// String returns the rating's name.
func (r Rating) String() string { return ratingNames[min(r, NotRun)] }

// MarshalText returns the rating's name.
func (r Rating) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a name.
func (r *Rating) UnmarshalText(name []byte) error {
	for i, n := range ratingNames {
		if n == string(name) {
			*r = Rating(i)
			return nil
		}
	}
	return fmt.Errorf("agenttest: rating %q is none of %s", name, strings.Join(ratingNames, ", "))
}

// Results is what an evaluation came to, in the order of its cases.
type Results struct {
	Cases []CaseResult `json:"cases"`
}

// CaseResult is what one case came to.
type CaseResult struct {
	Name   string `json:"name"`
	Rating Rating `json:"rating"`
	// Passed counts the runs that passed.
	Passed int         `json:"passed"`
	Runs   []RunResult `json:"runs"`
}

// RunResult is one run of a case.
type RunResult struct {
	Rating Rating       `json:"rating"`
	Turns  []TurnResult `json:"turns"` // until an error
}

// TurnResult is one reply.
type TurnResult struct {
	Say      string `json:"say"`
	Rating   Rating `json:"rating"`
	Decision string `json:"decision"` // empty if the agent failed
	Text     string `json:"text"`
	// Cites are the titles and addresses cited.
	Cites      []string `json:"cites,omitempty"`
	Language   string   `json:"language"`
	Handoff    string   `json:"handoff,omitempty"` // the reason of a handoff
	Confidence float64  `json:"confidence"`
	// ModelCalls and tokens are what the reply and the judge asked, or for
	// tokens, the reply alone.
	ModelCalls   int `json:"model_calls"`
	InputTokens  int `json:"input_tokens"`
	OutputTokens int `json:"output_tokens"`
	// Reasons say what was not as expected.
	Reasons []string `json:"reasons,omitempty"`
}

func newTurnResult(say string, r agent.Reply) TurnResult {
	t := TurnResult{
		Say: say, Decision: r.Decision.String(), Text: r.Text, Language: r.Language, Confidence: r.Confidence, ModelCalls: len(r.Trace.ModelCalls),
	}
	for _, c := range r.Citations {
		t.Cites = append(t.Cites, strings.TrimSpace(c.Title+" "+c.URL+c.Name))
	}
	if r.Case != nil {
		t.Handoff = string(r.Case.Reason)
	}
	for _, c := range r.Trace.ModelCalls {
		t.InputTokens += c.Usage.InputTokens
		t.OutputTokens += c.Usage.OutputTokens
	}
	return t
}

func (t *TurnResult) rate(found []finding) {
	t.Rating = Passed
	some := false // of what is not essential holds
	for _, f := range found {
		some = some || f.held && !f.essential
	}
	for _, f := range found {
		switch {
		case f.held:
			continue
		case f.essential || !some:
			t.Rating = Failed
		default:
			t.Rating = min(t.Rating, Partly)
		}
		t.Reasons = append(t.Reasons, f.reason)
	}
}

func (r *RunResult) rate() {
	r.Rating = Passed
	for _, t := range r.Turns {
		r.Rating = min(r.Rating, t.Rating)
	}
}

func (c *CaseResult) rate(repeat, need int) {
	passable := 0
	for _, r := range c.Runs {
		if r.Rating == Passed {
			c.Passed++
		}
		if r.Rating >= Partly {
			passable++
		}
	}
	switch {
	case len(c.Runs) < repeat:
		c.Rating = NotRun
	case c.Passed >= need:
		c.Rating = Passed
	case passable >= need:
		c.Rating = Partly
	default:
		c.Rating = Failed
	}
}

// Flaky reports whether some runs passed and some did not.
func (c *CaseResult) Flaky() bool { return c.Passed > 0 && c.Passed < len(c.Runs) }

// worst returns the number of the first run with the worst rating, -1 if there
// is none.
func (c *CaseResult) worst() int {
	at := -1
	for i, r := range c.Runs {
		if at < 0 || r.Rating < c.Runs[at].Rating {
			at = i
		}
	}
	return at
}

// Reasons say what was not as expected in the first run with the worst rating,
// with the number of the turn, and that of the run where there are several.
func (c *CaseResult) Reasons() []string {
	at := c.worst()
	if at < 0 {
		return nil
	}
	var out []string
	for i, t := range c.Runs[at].Turns {
		for _, reason := range t.Reasons {
			where := fmt.Sprintf("turn %d: ", i+1)
			if len(c.Runs) > 1 {
				where = fmt.Sprintf("run %d, ", at+1) + where
			}
			out = append(out, where+reason)
		}
	}
	return out
}

// Count returns how many cases have a rating.
func (r Results) Count(rating Rating) int {
	n := 0
	for _, c := range r.Cases {
		if c.Rating == rating {
			n++
		}
	}
	return n
}

// Passed reports whether every case passed.
func (r Results) Passed() bool { return r.Count(Passed) == len(r.Cases) }

// Summary is the results in one line.
func (r Results) Summary() string {
	flaky, calls := 0, 0
	for i := range r.Cases {
		if r.Cases[i].Flaky() {
			flaky++
		}
		calls += r.Cases[i].modelCalls()
	}
	s := fmt.Sprintf("%d cases: %d pass, %d partly, %d fail", len(r.Cases), r.Count(Passed), r.Count(Partly), r.Count(Failed))
	if n := r.Count(NotRun); n > 0 {
		s += fmt.Sprintf(", %d not run", n)
	}
	if flaky > 0 {
		s += fmt.Sprintf("; %d flaky", flaky)
	}
	return s + fmt.Sprintf("; %d model calls", calls)
}

func (c *CaseResult) modelCalls() int {
	n := 0
	for _, r := range c.Runs {
		for _, t := range r.Turns {
			n += t.ModelCalls
		}
	}
	return n
}

// WriteJSON writes the results so that [ReadResults] can read them, for
// comparison with later ones.
func (r Results) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// ReadResults reads what [Results.WriteJSON] wrote.
func ReadResults(in io.Reader) (Results, error) {
	var r Results
	d := json.NewDecoder(io.LimitReader(in, maxResultsBytes))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return Results{}, fmt.Errorf("agenttest: results: %w", err)
	}
	return r, nil
}

// maxResultsBytes bounds what is read of results.
const maxResultsBytes = 256 << 20
