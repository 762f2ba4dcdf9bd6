package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

// Step 8: what may not be said is not said, whatever the model wrote.
//
// Guards form a chain. Each sees the draft as those before it left it:
//
//	Config.GuardsBefore  the host's
//	markup               no HTML, nothing hidden                     guardmarkup.go
//	citations            marks name passages of this turn            guardcitations.go
//	links                addresses come from what may be cited       guardlinks.go
//	private              sources that may not be named are not       guardprivate.go
//	leak                 the instructions stay inside                guardprivate.go
//	figures              numbers were given                          guardfigures.go
//	quotes               quotations are word for word                guardquotes.go
//	topics to avoid      of Config.Guidelines                        guideline.go
//	Config.Guards        the host's, such as NewTopicGuard
//	last look            markup and links again, on the text as it leaves
//
// Markup goes first because what is left when a tag goes may be an address, and
// citations before links for the same reason. The last look means that no later
// guard and no renumbering of marks can undo the two promises that protect the
// customer's device; it changes nothing, it blocks.
//
// Quotations of the knowledge pass markup, links, topics to avoid, the host's
// guards and the last look. Short answers and fixed strings are the host's own words and pass as
// they are.

// Guard checks a draft before the customer sees it. Check must be safe for
// concurrent use. An error or a panic blocks the draft.
type Guard interface {
	Check(ctx context.Context, d Draft) (Verdict, error)
}

// GuardFunc makes a Guard of a function.
type GuardFunc func(ctx context.Context, d Draft) (Verdict, error)

// Check calls f.
func (f GuardFunc) Check(ctx context.Context, d Draft) (Verdict, error) { return f(ctx, d) }

// Draft is what a guard sees. Its slices belong to the turn: do not change them.
type Draft struct {
	Text     string // markdown with [n] marks for Passages[n-1]
	Question Question
	Language string
	Passages []knowledge.Found
	Actions  []ActionRecord
	// FromModel is false for quotations of the knowledge.
	FromModel bool
	// Shown is how many bytes of Text the customer has seen already; see
	// [SegmentGuard].
	Shown int
	// Grounded says that the draft is to rest on Passages, and not on Actions
	// alone.
	Grounded bool

	given        *givenAddresses
	told         []string // the host's facts and guidelines that the model was shown
	instructions string   // the rest of what it was told
	secrets      []string // marks within the prompt that no answer has
}

// Verdict is what a guard thinks of a draft. The zero value allows it.
type Verdict struct {
	Guard  string // name, for the trace; empty is filled in
	Action VerdictAction
	Text   string // with Rewrite: the new text
	Reason string // for operators
}

// VerdictAction is what is to become of a draft.
type VerdictAction uint8

// The verdicts. Block discards the draft: a model's draft is replaced by a
// quotation of the same knowledge, and if that is blocked too, by a handoff.
const (
	Allow VerdictAction = iota
	Rewrite
	Escalate // hand the conversation to a human
	Block
)

// String returns the verdict's name.
func (v VerdictAction) String() string {
	return [...]string{"allow", "rewrite", "hand off", "block"}[min(v, Block)]
}

// guard passes a draft through the guards and makes the reply. The error is the
// end of ctx.
func (a *Agent) guard(ctx context.Context, in input, u understanding, found knowledge.Result, d draft) (Reply, error) {
	r := Reply{
		Decision: d.plan.decision, Reason: d.plan.reason, Language: u.language.Language, Confidence: found.Answerability,
		Trace: a.trace(in, u, found, d),
	}
	switch d.plan.how {
	case howHandOff:
		r.suggested = a.suggestion(in, u, found, d, nil)
		r = a.handOff(ctx, in, r, found, d.plan.handoff, d.plan.reason)
		return r, nil
	case howFixed, howVerbatim, howUnknown:
		r.Text = d.text
		if r.Substantive = d.plan.how == howVerbatim; r.Substantive {
			r.Sources = []string{ShortAnswers}
		}
		return r, nil
	}
	passed := a.passGuards(ctx, in, u, d)
	r.Trace.Verdicts = passed.verdicts
	if errors.Is(passed.stopped, errBlocked) && d.fromModel && len(d.passages) > 0 {
		d = a.quote(u, in, found, d.plan)
		r.Reason = "model's draft was blocked, knowledge quoted"
		passed = a.passGuards(ctx, in, u, d)
		r.Trace.Verdicts = append(r.Trace.Verdicts, passed.verdicts...)
	}
	if err := ctx.Err(); err != nil {
		return Reply{}, fmt.Errorf("agent: guards: %w", err)
	}
	if !d.fromModel && d.text == "" && in.show.shown() != "" {
		return in.show.stand(r), nil
	}
	if passed.stopped != nil || !hasWords(withoutMarks(passed.text)) {
		reason := "nothing left to say"
		if n := len(r.Trace.Verdicts); n > 0 {
			reason = r.Trace.Verdicts[n-1].Guard + ": " + r.Trace.Verdicts[n-1].Reason
		}
		r.suggested = a.suggestion(in, u, found, d, r.Trace.Verdicts)
		return a.handOff(ctx, in, r, found, handoff.GuardStopped, reason), nil
	}
	r.Sources = sourcesOf(passed.text, d.passages)
	r.Text, r.Citations = cite(passed.text, d.passages)
	r.Substantive = true
	return r, nil
}

var (
	errBlocked   = errors.New("blocked")
	errEscalated = errors.New("escalated")
)

// passed is what the guards made of a draft.
type passed struct {
	text     string // before its marks are renumbered; empty if stopped
	verdicts []Verdict
	stopped  error // errBlocked, errEscalated or nil
}

func (a *Agent) passGuards(ctx context.Context, in input, u understanding, d draft) passed {
	seen := a.draftSeen(in, u, d)
	var verdicts []Verdict
	for _, g := range a.guards {
		v := a.check(ctx, g, seen)
		switch v.Action {
		case Allow:
			continue
		case Rewrite:
			seen.Text = v.Text
		}
		verdicts = append(verdicts, v)
		switch v.Action {
		case Rewrite:
		case Escalate:
			return passed{verdicts: verdicts, stopped: errEscalated}
		default:
			return passed{verdicts: verdicts, stopped: errBlocked}
		}
	}
	return passed{text: seen.Text, verdicts: verdicts}
}

// draftSeen is what guards see of a draft.
func (a *Agent) draftSeen(in input, u understanding, d draft) Draft {
	seen := Draft{
		Text: d.text, Question: in.question, Language: u.language.Language, Passages: d.passages,
		Actions: d.actions, FromModel: d.fromModel, Grounded: d.plan.how == howGrounded,
	}
	seen.given = addressesGiven(seen, a.cfg.AllowedURLs)
	if !d.fromModel {
		return seen
	}
	seen.told = append(seen.told, a.cfg.Profile.Facts...)
	for _, g := range u.guidance.applied {
		seen.told = append(seen.told, g.Then)
	}
	if in.summary != "" {
		seen.told = append(seen.told, in.summary)
	}
	if len(d.calls) > 0 {
		seen.instructions = d.calls[0].Request.System
	} else {
		seen.instructions = a.system(in, u, d.plan)
	}
	for _, t := range seen.told {
		if t != "" {
			seen.instructions = strings.ReplaceAll(seen.instructions, t, "\n")
		}
	}
	seen.secrets = []string{canaryOf(a.cfg.ID, in.key)}
	if len(d.passages) > 0 {
		seen.secrets = append(seen.secrets, strings.Trim(fenceOf(in.key, d.passages), "="))
	}
	return seen
}

// namedGuard is a guard with its name in the trace.
type namedGuard struct {
	name string
	Guard
}

// check asks one guard. What goes wrong blocks.
func (a *Agent) check(ctx context.Context, g namedGuard, d Draft) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			a.cfg.Logger.ErrorContext(ctx, "guard panicked", "agent", a.cfg.ID, "guard", g.name)
			v = Verdict{Guard: g.name, Action: Block, Reason: fmt.Sprintf("panic: %v", p)}
		}
	}()
	v, err := g.Check(ctx, d)
	if err != nil {
		a.cfg.Logger.ErrorContext(ctx, "guard failed", "agent", a.cfg.ID, "guard", g.name, "error", err)
		v = Verdict{Action: Block, Reason: "failed: " + err.Error()}
	}
	if v.Guard == "" {
		v.Guard = g.name
	}
	return v
}

// guardChain puts the host's guards around the built-in ones.
func guardChain(cfg *Config, avoid Guard) []namedGuard {
	var out []namedGuard
	for i, g := range cfg.GuardsBefore {
		out = append(out, namedGuard{fmt.Sprintf("host's guard %d before", i+1), g})
	}
	out = append(out, builtInGuards()...)
	out = append(out, namedGuard{"topics to avoid", avoid})
	for i, g := range cfg.Guards {
		out = append(out, namedGuard{fmt.Sprintf("host's guard %d", i+1), g})
	}
	return append(out, namedGuard{"last look", SegmentGuardFunc(lastLook)})
}

// builtInGuards are the checks of the library, in order.
func builtInGuards() []namedGuard {
	checks := []struct {
		name       string
		quotations bool // too, not models' drafts only
		check      func(Draft) Verdict
	}{
		{"markup", true, guardMarkup},
		{"citations", false, guardCitations},
		{"links", true, guardLinks},
		{"private", false, guardPrivate},
		{"leak", false, guardLeak},
		{"figures", false, guardFigures},
		{"quotes", false, guardQuotes},
	}
	var out []namedGuard
	for _, c := range checks {
		out = append(out, namedGuard{c.name, SegmentGuardFunc(func(_ context.Context, d Draft) (Verdict, error) {
			if !d.FromModel && !c.quotations {
				return Verdict{}, nil
			}
			return c.check(d), nil
		})})
	}
	return out
}

// lastLook blocks a text that would not leave the first guards unchanged, as it
// will be shown: without the marks that go. It is the net below whatever changes
// a draft after them.
func lastLook(_ context.Context, d Draft) (Verdict, error) {
	d.Text, _ = cite(d.Text, d.Passages)
	for _, v := range []Verdict{guardMarkup(d), guardLinks(d)} {
		if v.Action != Allow {
			return Verdict{Action: Block, Reason: v.Reason}, nil
		}
	}
	return Verdict{}, nil
}
