package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/internal/phrases"
)

// Guideline tells the agent how to behave in a situation: when something is
// said, then do something. Only guidelines that apply to a message reach the
// model.
type Guideline struct {
	// Name tells it apart in faults and traces; default its number.
	Name     string
	Category Category
	// When are words or phrases of the customer's message that make it apply;
	// empty is always. They are compared as [handoff.Words] compares them:
	// whole words, without regard to case and accents.
	When []string
	// Applies, if set, must say yes besides. It must be fast and safe for
	// concurrent use. A guideline with it cannot be written as JSON.
	Applies func(ctx context.Context, s handoff.Situation) bool `json:"-"`
	// Then is the instruction. Of a topic to avoid it is what the customer is
	// told, word for word; see Instead.
	Then string
	// Instead is what happens when the customer comes to a topic to avoid.
	Instead Instead
	// Channels and Languages limit it; empty is all. A language without a
	// region, such as "pt", is that of every region.
	Channels, Languages []string
}

// Category says what a [Guideline] is about.
type Category uint8

// The categories. What Avoid names is kept from the model altogether: the
// agent does not answer, and an answer that comes to it all the same is
// stopped.
const (
	Behaviour Category = iota // what to do
	Tone                      // how to sound
	Style                     // how to write: length, form, words
	Script                    // what to say, as nearly word for word as the language allows
	Avoid                     // a topic not to talk about
)

var categoryNames = [...]string{"behaviour", "tone", "style", "script", "avoid"}

// String returns the category's name.
func (c Category) String() string { return nameIn(categoryNames[:], int(c), "Category") }

// Valid reports whether c is one of the categories.
func (c Category) Valid() bool { return int(c) < len(categoryNames) }

// MarshalText returns the name.
func (c Category) MarshalText() ([]byte, error) {
	return marshalName(categoryNames[:], int(c), "category")
}

// UnmarshalText reads a name.
func (c *Category) UnmarshalText(b []byte) error {
	i, err := parseName(categoryNames[:], string(b), "category")
	if err == nil {
		*c = Category(i)
	}
	return err
}

// Instead says what the agent does when a customer comes to a topic to avoid.
type Instead uint8

// What can be done instead.
const (
	InsteadHandOff Instead = iota // give the conversation to a human
	InsteadSay                    // say Then
	InsteadClarify                // ask back with Then, or with the usual words if it is empty; a human after MaxClarify times
)

var insteadNames = [...]string{"hand off", "say", "clarify"}

// String returns the name.
func (i Instead) String() string { return nameIn(insteadNames[:], int(i), "Instead") }

// Valid reports whether i is one of the above.
func (i Instead) Valid() bool { return int(i) < len(insteadNames) }

// MarshalText returns the name.
func (i Instead) MarshalText() ([]byte, error) {
	return marshalName(insteadNames[:], int(i), "alternative")
}

// UnmarshalText reads a name.
func (i *Instead) UnmarshalText(b []byte) error {
	n, err := parseName(insteadNames[:], string(b), "alternative")
	if err == nil {
		*i = Instead(n)
	}
	return err
}

// MarshalJSON writes the guideline, or fails if it has Applies: without that
// condition it would apply to more than it should.
func (g Guideline) MarshalJSON() ([]byte, error) {
	if g.Applies != nil {
		return nil, fmt.Errorf("agent: guideline %q has the function Applies, which cannot be written as JSON", g.Name)
	}
	type plain Guideline
	return json.Marshal(plain(g))
}

// The limits of guidelines.
const (
	MaxGuidelines     = 250
	MaxGuidelineRunes = 2500 // of Then and When together
)

// ErrInvalidGuideline: a guideline cannot work. It comes within
// [ErrInvalidConfig].
var ErrInvalidGuideline = errors.New("agent: invalid guideline")

// checkGuidelines returns every fault of the guidelines.
func checkGuidelines(list []Guideline) error {
	var errs []error
	if len(list) > MaxGuidelines {
		errs = append(errs, fmt.Errorf("%w: %w: %d of them, at most %d", ErrInvalidConfig, ErrInvalidGuideline, len(list), MaxGuidelines))
	}
	named := map[string]int{}
	for i, g := range list {
		fault := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("%w: %w: %s: %s", ErrInvalidConfig, ErrInvalidGuideline, g.label(i), fmt.Sprintf(format, args...)))
		}
		if first, known := named[g.Name]; known && g.Name != "" {
			fault("guideline %d has the same name", first+1)
		}
		named[g.Name] = i
		g.check(fault)
	}
	return errors.Join(errs...)
}

func (g *Guideline) label(i int) string {
	if g.Name == "" {
		return fmt.Sprintf("guideline %d", i+1)
	}
	return fmt.Sprintf("guideline %d %q", i+1, g.Name)
}

// check reports what is wrong with a guideline by itself.
func (g *Guideline) check(fault func(format string, args ...any)) {
	runes := utf8.RuneCountInString(g.Then)
	for _, w := range g.When {
		runes += utf8.RuneCountInString(w)
		if len(phrases.Words(w)) == 0 {
			fault("%q in When has no word", w)
		}
	}
	if runes > MaxGuidelineRunes {
		fault("%d characters, at most %d", runes, MaxGuidelineRunes)
	}
	for _, l := range g.Languages {
		if !isLanguage(l) {
			fault("%q in Languages is no language tag", l)
		}
	}
	avoid := g.Category == Avoid
	switch {
	case !g.Category.Valid():
		fault("unknown category %d", g.Category)
	case !g.Instead.Valid():
		fault("unknown alternative %d", g.Instead)
	case !avoid && g.Instead != 0:
		fault("Instead is for topics to avoid")
	case avoid && len(g.When) == 0 && g.Applies == nil:
		fault("nothing tells when the topic to avoid comes up")
	}
	switch blank := len(phrases.Words(g.Then)) == 0; {
	case blank && (!avoid || g.Instead == InsteadSay):
		fault("Then is empty")
	case !blank && avoid && g.Instead == InsteadHandOff:
		fault("Then is not said when the conversation is handed over")
	}
}

// TraceGuideline is a guideline that applied to a message.
type TraceGuideline struct {
	Name     string
	Category Category
	// Why is the word or phrase that made it apply, as written in When;
	// "always", or "the host's function".
	Why string
}

// avoided reports whether the message came to a topic to avoid.
func (t Trace) avoided() bool {
	return slices.ContainsFunc(t.Guidelines, func(g TraceGuideline) bool { return g.Category == Avoid })
}

// guidelines are those of an agent, ready to be looked up.
type guidelines struct {
	list    []Guideline
	matcher *phrases.Matcher
	when    map[string][]int // phrase to the guidelines that have it
	fixed   map[string]bool  // what is asked back instead
}

func newGuidelines(list []Guideline) *guidelines {
	gs := &guidelines{list: slices.Clone(list), when: map[string][]int{}, fixed: map[string]bool{}}
	var all []string
	for i, g := range list {
		if g.Name == "" {
			gs.list[i].Name = strconv.Itoa(i + 1)
		}
		for _, w := range g.When {
			if gs.when[w] == nil {
				all = append(all, w)
			}
			gs.when[w] = append(gs.when[w], i)
		}
		if g.Instead == InsteadClarify && g.Then != "" {
			gs.fixed[g.Then] = true
		}
	}
	gs.matcher = phrases.NewLiteralMatcher(all)
	return gs
}

// guidance is what the guidelines say about one message, in their order.
type guidance struct {
	applied []Guideline // what the model is told
	avoid   *Guideline  // the first topic to avoid, nil without
	trace   []TraceGuideline
}

// find returns the guidelines that apply. related is what the message refers to:
// it counts for instructions but is no topic of this message.
func (gs *guidelines) find(ctx context.Context, s handoff.Situation, related string) guidance {
	said := gs.said(s.Text)
	var before map[int]string
	if related != "" {
		before = gs.said(related)
	}
	var out guidance
	for i := range gs.list {
		g := &gs.list[i]
		why := said[i]
		if why == "" && g.Category != Avoid {
			why = before[i]
		}
		if why = g.why(ctx, s, why); why == "" {
			continue
		}
		out.trace = append(out.trace, TraceGuideline{g.Name, g.Category, why})
		switch {
		case g.Category != Avoid:
			out.applied = append(out.applied, *g)
		case out.avoid == nil:
			out.avoid = g
		}
	}
	return out
}

// avoided returns the topic to avoid that a text comes to by its words, or nil.
func (gs *guidelines) avoided(ctx context.Context, s handoff.Situation, text string) (topic *Guideline, word string) {
	said := gs.said(text)
	for i := range gs.list {
		if g := &gs.list[i]; g.Category == Avoid && said[i] != "" && g.why(ctx, s, said[i]) != "" {
			return g, said[i]
		}
	}
	return nil, ""
}

// said returns which guidelines have a phrase in a text, and the phrase.
func (gs *guidelines) said(text string) map[int]string {
	if len(gs.when) == 0 {
		return nil
	}
	out := map[int]string{}
	words := phrases.Words(text)
	for at := range words {
		for m := range gs.matcher.At(words, at) {
			for _, i := range gs.when[m.Phrase] {
				if out[i] == "" {
					out[i] = m.Phrase
				}
			}
		}
	}
	return out
}

// why tells why a guideline applies, given which of its phrases was said; empty
// if it does not.
func (g *Guideline) why(ctx context.Context, s handoff.Situation, said string) string {
	if len(g.When) > 0 && said == "" || !g.isFor(s.Channel, s.Language) {
		return ""
	}
	switch {
	case g.Applies != nil && !g.Applies(ctx, s):
		return ""
	case said != "":
		return said
	case g.Applies != nil:
		return "the host's function"
	}
	return "always"
}

func (g *Guideline) isFor(channel, language string) bool {
	return oneOf(g.Channels, func(c string) bool { return c == channel }) && oneOf(g.Languages, func(l string) bool { return covers(l, language) })
}

// guard stops answers that come to a topic to avoid by its words, quotations
// included. The topic of the question itself was dealt with before.
func (gs *guidelines) guard() Guard {
	return SegmentGuardFunc(func(ctx context.Context, d Draft) (Verdict, error) {
		q := d.Question
		s := handoff.Situation{Text: q.Text, Language: d.Language, History: q.History, Contact: q.Contact, Channel: q.Channel}
		if g, word := gs.avoided(ctx, s, d.Text); g != nil {
			return Verdict{Action: Block, Reason: fmt.Sprintf("%q of guideline %q", word, g.Name)}, nil
		}
		return Verdict{}, nil
	})
}
