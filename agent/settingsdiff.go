package agent

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// SettingsChange is one field that differs between two settings.
type SettingsChange struct {
	// Field names it as in JSON, with the name or channel of an entry in
	// brackets: "Profile.Name", "Guidelines[press].Then".
	Field string
	// Before and After are the values as JSON; empty where there is none. Of a
	// list without names they hold what was taken out and what was added, or the
	// whole of it if only the order differs.
	Before, After string
}

// String returns the change in one line.
func (c SettingsChange) String() string {
	switch {
	case c.Before == "":
		return c.Field + ": added " + c.After
	case c.After == "":
		return c.Field + ": removed " + c.Before
	}
	return c.Field + ": " + c.Before + " → " + c.After
}

const (
	// changesShown and valueShown bound what an audit event tells of an edit, in
	// changes and in characters of a value; the versions have all of it.
	changesShown = 50
	valueShown   = 300
)

// changesInWords is what fields were and are.
func changesInWords(changes []SettingsChange) (before, after string) {
	var was, is []string
	for i, c := range changes {
		if i == changesShown {
			more := fmt.Sprintf("and %d more", len(changes)-i)
			was, is = append(was, more), append(is, more)
			break
		}
		if c.Before != "" {
			was = append(was, c.Field+": "+cutRunes(c.Before, valueShown))
		}
		if c.After != "" {
			is = append(is, c.Field+": "+cutRunes(c.After, valueShown))
		}
	}
	return strings.Join(was, "; "), strings.Join(is, "; ")
}

// Diff returns what changes from s to other, field by field, sorted by field.
// Version is no change. It fails if either cannot be written as JSON.
func (s Settings) Diff(other Settings) ([]SettingsChange, error) {
	s.Version, other.Version = 0, 0
	before, err := asTree(s)
	if err != nil {
		return nil, err
	}
	after, err := asTree(other)
	if err != nil {
		return nil, err
	}
	var out []SettingsChange
	diffTree("", before, after, &out)
	return out, nil
}

// asTree returns what JSON makes of a value.
func asTree(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("agent: settings: %w", err)
	}
	var tree any
	err = json.Unmarshal(data, &tree)
	return tree, err
}

func diffTree(field string, before, after any, out *[]SettingsChange) {
	b, bok := asFields(before)
	a, aok := asFields(after)
	switch {
	case bok && aok:
		diffFields(field, b, a, out)
		diffOrder(field, asList(before), asList(after), out)
	case isList(before) && isList(after):
		diffList(field, asList(before), asList(after), out)
	case jsonText(before) != jsonText(after):
		*out = append(*out, SettingsChange{Field: field, Before: jsonText(before), After: jsonText(after)})
	}
}

func diffFields(field string, before, after map[string]any, out *[]SettingsChange) {
	names := map[string]bool{}
	for _, m := range []map[string]any{before, after} {
		for name := range m {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		at := name
		if field != "" && !strings.HasPrefix(name, "[") {
			at = "." + name
		}
		diffTree(field+at, before[name], after[name], out)
	}
}

// diffOrder tells when entries that both lists have are in another order.
func diffOrder(field string, before, after []any, out *[]SettingsChange) {
	names := func(list, other []any) []string {
		var both []string
		for _, v := range list {
			if slices.ContainsFunc(other, func(o any) bool { return nameOf(o) == nameOf(v) }) {
				both = append(both, nameOf(v))
			}
		}
		return both
	}
	b, a := names(before, after), names(after, before)
	if !slices.Equal(b, a) {
		*out = append(*out, SettingsChange{Field: field, Before: strings.Join(b, ", "), After: strings.Join(a, ", ")})
	}
}

func nameOf(entry any) string {
	fields, _ := entry.(map[string]any)
	name, _ := fields["Name"].(string)
	return name
}

// diffList tells what was taken out of a list and what was added.
func diffList(field string, before, after []any, out *[]SettingsChange) {
	c := SettingsChange{Field: field, Before: without(before, after), After: without(after, before)}
	if c.Before == "" && c.After == "" {
		c.Before, c.After = jsonText(before), jsonText(after)
	}
	if c.Before != c.After {
		*out = append(*out, c)
	}
}

// without returns the entries of a list that are not, or not as often, in
// another.
func without(list, other []any) string {
	counts := map[string]int{}
	for _, v := range other {
		counts[jsonText(v)]++
	}
	var left []string
	for _, v := range list {
		t := jsonText(v)
		if counts[t]--; counts[t] < 0 {
			left = append(left, t)
		}
	}
	return strings.Join(left, ", ")
}

// asFields returns what a value has by name: the fields of an object, or the
// entries of a list if each has a name of its own.
func asFields(v any) (map[string]any, bool) {
	if fields, ok := v.(map[string]any); ok {
		return fields, true
	}
	list, _ := v.([]any)
	if len(list) == 0 {
		return nil, isList(v)
	}
	out := map[string]any{}
	for _, entry := range list {
		name := nameOf(entry)
		if name == "" || out["["+name+"]"] != nil {
			return nil, false
		}
		out["["+name+"]"] = entry
	}
	return out, true
}

// isList takes nothing for an empty list.
func isList(v any) bool {
	_, ok := v.([]any)
	return ok || v == nil
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

// text returns a value as JSON; nothing for what is not there.
func jsonText(v any) string {
	if v == nil {
		return ""
	}
	var sb strings.Builder
	enc := json.NewEncoder(&sb)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // what came from JSON can be written as JSON
	return strings.TrimSpace(sb.String())
}
