package agenttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/channels"
)

// caseReader makes cases of what a file holds, and collects its faults.
type caseReader struct {
	file   string
	csv    bool // every value is a text
	cases  []Case
	lines  []int // where each begins
	faults []error
}

// fields are the members an object may have, and what to do with each.
type fields map[string]func(node)

func (cr *caseReader) fault(line int, format string, args ...any) {
	switch n := len(cr.faults); {
	case n < maxFaults:
		cr.faults = append(cr.faults, &FileError{File: cr.file, Line: line, Text: fmt.Sprintf(format, args...)})
	case n == maxFaults:
		cr.faults = append(cr.faults, &FileError{File: cr.file, Text: "there are more faults"})
	}
}

// at adds the file's name to a fault that was found without it.
func (cr *caseReader) at(err error) error {
	var fault *FileError
	if errors.As(err, &fault) {
		fault.File = cr.file
	}
	return err
}

func (cr *caseReader) object(n node, what string, known fields) {
	members, ok := n.value.([]member)
	if !ok {
		cr.fault(n.line, "%s is %s, not an object", what, n.kind())
		return
	}
	seen := map[string]bool{}
	for _, m := range members {
		set := known[m.key]
		switch {
		case set == nil:
			cr.fault(m.line, "%s has no field %q; it has %s", what, m.key, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		case seen[m.key]:
			cr.fault(m.line, "%q is there twice", m.key)
		default:
			set(m.node)
		}
		seen[m.key] = true
	}
}

func (cr *caseReader) addCase(n node) {
	if len(cr.cases) > maxCases {
		return // that is reported
	}
	var c Case
	var single Turn
	cr.object(n, "a case", fields{
		"name":      cr.text(&c.Name),
		"language":  cr.text(&c.Language),
		"languages": cr.texts(&c.Languages),
		"channel":   cr.text(&c.Channel),
		"contact":   func(n node) { c.Contact = cr.contact(n) },
		"say":       cr.text(&single.Say),
		"expect":    func(n node) { single.Expect = cr.expect(n) },
		"turns": func(n node) {
			for _, t := range cr.items(n, "turns") {
				c.Turns = append(c.Turns, cr.turn(t))
			}
		},
	})
	switch short := n.has("say") || n.has("expect"); {
	case short && n.has("turns"):
		cr.fault(n.line, "it has both turns and a say or expect of its own")
	case short:
		c.Turns = []Turn{single}
	}
	if c.Name == "" && len(c.Turns) > 0 {
		c.Name = c.Turns[0].Say
	}
	cr.cases, cr.lines = append(cr.cases, c), append(cr.lines, n.line)
}

func (cr *caseReader) turn(n node) Turn {
	var t Turn
	cr.object(n, "a turn", fields{
		"say":    cr.text(&t.Say),
		"expect": func(n node) { t.Expect = cr.expect(n) },
	})
	return t
}

func (cr *caseReader) contact(n node) channels.Contact {
	var c channels.Contact
	cr.object(n, "a contact", fields{
		"id": cr.text(&c.ID), "name": cr.text(&c.Name), "email": cr.text(&c.Email), "phone": cr.text(&c.Phone), "verified": cr.flag(&c.Verified),
		"attributes": func(n node) {
			members, ok := n.value.([]member)
			if !ok {
				cr.fault(n.line, "attributes are %s, not an object", n.kind())
			}
			c.Attributes = map[string]string{}
			for _, m := range members {
				var value string
				cr.text(&value)(m.node)
				c.Attributes[m.key] = value
			}
		},
	})
	return c
}

func (cr *caseReader) expect(n node) Expect {
	var e Expect
	cr.object(n, "expect", fields{
		"decision":            func(n node) { e.Decision = cr.decisions(n) },
		"contains":            cr.texts(&e.Contains),
		"contains_any":        cr.texts(&e.ContainsAny),
		"contains_not":        cr.texts(&e.ContainsNot),
		"exactly":             cr.text(&e.Exactly),
		"matches":             func(n node) { e.Matches = cr.pattern(n) },
		"cites":               cr.texts(&e.Cites),
		"cites_nothing":       cr.flag(&e.CitesNothing),
		"language":            cr.text(&e.Language),
		"handoff":             cr.text((*string)(&e.Handoff)),
		"actions":             func(n node) { e.Actions = cr.actions(n) },
		"no_actions":          cr.flag(&e.NoActions),
		"short_answer":        cr.text(&e.ShortAnswer),
		"confidence_at_least": cr.number(&e.MinConfidence),
		"max_characters":      cr.count(&e.MaxCharacters),
		"no_model":            cr.flag(&e.NoModel),
		"from_knowledge":      cr.flag(&e.FromKnowledge),
		"criterion":           cr.text(&e.Criterion),
	})
	return e
}

func (cr *caseReader) decisions(n node) []agent.Decision {
	var out []agent.Decision
	var names []string
	for d := agent.Silent; d <= agent.AwaitApproval; d++ {
		names = append(names, d.String())
	}
	for _, item := range cr.items(n, "decision") {
		var name string
		cr.text(&name)(item)
		at := slices.Index(names, strings.TrimSpace(name))
		if at < 0 {
			cr.fault(item.line, "decision %q is none of %s", name, strings.Join(names, ", "))
			continue
		}
		out = append(out, agent.Decision(at))
	}
	return out
}

func (cr *caseReader) pattern(n node) *regexp.Regexp {
	var expression string
	cr.text(&expression)(n)
	re, err := regexp.Compile(expression)
	if err != nil {
		cr.fault(n.line, "matches: %v", err)
	}
	return re
}

func (cr *caseReader) actions(n node) []ExpectedAction {
	var out []ExpectedAction
	for _, item := range cr.items(n, "actions") {
		var a ExpectedAction
		if _, object := item.value.([]member); !object {
			cr.text(&a.Name)(item)
		} else {
			cr.object(item, "an action", fields{
				"name": cr.text(&a.Name),
				"arguments": func(n node) {
					data, err := json.Marshal(n.plain())
					if err != nil {
						cr.fault(n.line, "arguments: %v", err)
					}
					a.Arguments = data
				},
			})
		}
		out = append(out, a)
	}
	return out
}

// items are the items of an array, or the single value that stands for it.
func (cr *caseReader) items(n node, what string) []node {
	switch v := n.value.(type) {
	case []node:
		return v
	case nil:
		cr.fault(n.line, "%s is null", what)
		return nil
	case string:
		if cr.csv {
			var out []node
			for part := range strings.SplitSeq(v, "|") {
				out = append(out, node{n.line, strings.TrimSpace(part)})
			}
			return out
		}
	}
	return []node{n}
}

func (cr *caseReader) text(to *string) func(node) {
	return func(n node) {
		s, ok := n.value.(string)
		if !ok {
			cr.fault(n.line, "there is %s where a text should be", n.kind())
		}
		*to = s
	}
}

func (cr *caseReader) texts(to *[]string) func(node) {
	return func(n node) {
		for _, item := range cr.items(n, "a list") {
			var s string
			cr.text(&s)(item)
			*to = append(*to, s)
		}
	}
}

func (cr *caseReader) flag(to *bool) func(node) {
	return func(n node) {
		if s, ok := n.value.(string); ok && cr.csv {
			if b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(s))); err == nil {
				n.value = b
			}
		}
		b, ok := n.value.(bool)
		if !ok {
			cr.fault(n.line, "there is %s where true or false should be", n.kind())
		}
		*to = b
	}
}

func (cr *caseReader) number(to *float64) func(node) {
	return func(n node) {
		written, ok := n.value.(json.Number)
		if s, isText := n.value.(string); isText && cr.csv {
			written, ok = json.Number(strings.TrimSpace(s)), true
		}
		f, err := written.Float64()
		if !ok || err != nil {
			cr.fault(n.line, "there is %s where a number should be", n.kind())
			return
		}
		*to = f
	}
}

func (cr *caseReader) count(to *int) func(node) {
	return func(n node) {
		var f float64
		cr.number(&f)(n)
		i, err := strconv.Atoi(strconv.FormatFloat(f, 'f', -1, 64))
		if err != nil {
			cr.fault(n.line, "%v is no whole number", f)
		}
		*to = i
	}
}
