package agenttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/language"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// Case is one conversation of an [Evaluation] with what is expected of it.
type Case struct {
	// Name tells cases apart; it must be unique among those evaluated together.
	Name string
	// Language, if set, is the language of the replies whatever the customer
	// writes; Languages are those that the customer's browser prefers, best
	// first. Both are BCP 47 tags.
	Language  string
	Languages []string
	Channel   string
	Contact   channels.Contact
	Turns     []Turn // at least one
}

// Turn is one message of the customer, and what is expected of the reply.
type Turn struct {
	Say    string
	Expect Expect
}

// Expect is what a reply must be like. The zero value of a field expects
// nothing. What it says of text is about the reply's text without its citation
// marks.
type Expect struct {
	// Decision must be one of these.
	Decision []agent.Decision
	// Contains must all occur, ContainsAny one of them, ContainsNot none.
	// Spelling is compared without regard to case, accents' encoding and space.
	Contains, ContainsAny, ContainsNot []string
	// Exactly is the whole text, word for word.
	Exactly string
	// Matches must match somewhere in the text.
	Matches *regexp.Regexp
	// Cites must each be cited: a citation's address, or the end of one that
	// begins with "/", a title or a file name; or the ID of a source or document
	// found under a cited title.
	Cites        []string
	CitesNothing bool
	// Language is the reply's, as a BCP 47 tag; one without a region covers all
	// regions.
	Language string
	// Handoff is the reason of a handoff.
	Handoff handoff.Reason
	// Actions must each have been called; NoActions says that none was.
	Actions   []ExpectedAction
	NoActions bool
	// ShortAnswer is the ID of the short answer given.
	ShortAnswer string
	// MinConfidence is the least confidence.
	MinConfidence float64
	// MaxCharacters is the greatest length of the text in code points.
	MaxCharacters int
	// NoModel says that no model was asked.
	NoModel bool
	// FromKnowledge says that the reply rests on what the agent knows: a short
	// answer, or passages.
	FromKnowledge bool
	// Criterion is put to Evaluation.Judge; without one it counts for nothing.
	Criterion string
}

// ExpectedAction is a call that is expected. A call that was refused or was not
// valid is none; in a preview no call has an effect.
type ExpectedAction struct {
	Name string
	// Arguments is a JSON object: each of its members must be an argument of the
	// call, with the same value. Empty expects nothing of them.
	Arguments json.RawMessage
}

// ErrInvalidCase: a case cannot be evaluated, or a file of them not be read.
var ErrInvalidCase = errors.New("agenttest: invalid case")

// Limits of what is evaluated together.
const (
	maxCases = 10_000
	maxTurns = 100 // of a case
)

// checkCases finds the faults of cases, each as where and what.
func checkCases(cases []Case, fault func(at int, format string, args ...any)) {
	if len(cases) > maxCases {
		fault(0, "%d cases are more than %d", len(cases), maxCases)
		return
	}
	first := map[string]int{}
	for i := range cases {
		c := &cases[i]
		if c.Name == "" {
			fault(i, "it has no name")
		} else if n, taken := first[c.Name]; taken {
			fault(i, "its name %q is that of case %d too", c.Name, n+1)
		} else {
			first[c.Name] = i
		}
		c.check(func(format string, args ...any) { fault(i, format, args...) })
	}
}

func (c *Case) check(fault func(format string, args ...any)) {
	for _, tag := range append([]string{c.Language}, c.Languages...) {
		if tag != "" && !isLanguage(tag) {
			fault("%q is no language tag", tag)
		}
	}
	if n := len(c.Turns); n == 0 || n > maxTurns {
		fault("it has %d turns, not 1 to %d", n, maxTurns)
		return
	}
	expects := false
	for i := range c.Turns {
		t := &c.Turns[i]
		if strings.TrimSpace(t.Say) == "" {
			fault("turn %d: nothing is said", i+1)
		}
		t.Expect.validate(func(format string, args ...any) {
			fault("turn %d: %s", i+1, fmt.Sprintf(format, args...))
		})
		expects = expects || t.Expect.any()
	}
	if !expects {
		fault("nothing is expected: it could not fail")
	}
}

func (e *Expect) validate(fault func(format string, args ...any)) {
	for _, d := range e.Decision {
		if d > agent.AwaitApproval {
			fault("decision %d does not exist", d)
		}
	}
	for _, list := range [][]string{e.Contains, e.ContainsAny, e.ContainsNot, e.Cites} {
		for _, s := range list {
			if fold(s) == "" {
				fault("an expected text is empty: it would always be there")
			}
		}
	}
	if e.Language != "" && !isLanguage(e.Language) {
		fault("%q is no language tag", e.Language)
	}
	if e.MinConfidence < 0 || e.MinConfidence > 1 {
		fault("confidence %v is not between 0 and 1", e.MinConfidence)
	}
	if e.MaxCharacters < 0 {
		fault("at most %d characters", e.MaxCharacters)
	}
	if len(e.Cites) > 0 && e.CitesNothing {
		fault("it is to cite %q and nothing", e.Cites)
	}
	if len(e.Actions) > 0 && e.NoActions {
		fault("it is to call %s and no action", e.Actions[0].Name)
	}
	for _, a := range e.Actions {
		var object map[string]any
		if a.Name == "" {
			fault("an expected action has no name")
		}
		if len(a.Arguments) > 0 && json.Unmarshal(a.Arguments, &object) != nil {
			fault("arguments of %s are no JSON object", a.Name)
		}
	}
}

// any reports whether anything is expected.
func (e *Expect) any() bool {
	return len(e.Decision)+len(e.Contains)+len(e.ContainsAny)+len(e.ContainsNot)+len(e.Cites)+len(e.Actions) > 0 ||
		e.Exactly != "" || e.Matches != nil || e.CitesNothing || e.Language != "" || e.Handoff != "" || e.NoActions ||
		e.ShortAnswer != "" || e.MinConfidence > 0 || e.MaxCharacters > 0 || e.NoModel || e.FromKnowledge || e.Criterion != ""
}

func isLanguage(tag string) bool {
	_, err := language.Parse(tag)
	return err == nil
}
