package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// placeholder is {name} in a template.
var placeholder = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_-]*)\}`)

// placeholders returns the names of a template.
func placeholders(template string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		names = append(names, m[1])
	}
	return names
}

// fill replaces the placeholders of a template. A name without a value is
// empty.
func fill(template string, values map[string]any, escape func(string) string) (string, error) {
	var err error
	out := placeholder.ReplaceAllStringFunc(template, func(m string) string {
		name := m[1 : len(m)-1]
		s, ok := scalar(values[name])
		if !ok && err == nil {
			err = &ArgumentError{[]ArgumentFault{{name, "is not a single value"}}}
		}
		return escape(s)
	})
	return out, err
}

// scalar spells a single value; nil is empty.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

// urlTemplate is a URL with placeholders in its path and query. Its origin is
// literal, so that no argument can change where a request goes.
type urlTemplate struct {
	origin, path, query string
}

var originOfURL = regexp.MustCompile(`^https?://[^/?#\\@{}\s]+`)

func parseURLTemplate(raw string) (urlTemplate, error) {
	origin := originOfURL.FindString(raw)
	rest := raw[len(origin):]
	switch {
	case origin == "" || rest != "" && rest[0] != '/' && rest[0] != '?':
		return urlTemplate{}, errors.New("URL does not begin with http or https and a host without placeholders")
	case strings.Contains(rest, "#"):
		return urlTemplate{}, errors.New("URL has a fragment")
	}
	u, err := url.Parse(placeholder.ReplaceAllString(raw, "x"))
	if err != nil || u.Scheme+"://"+u.Host != origin {
		return urlTemplate{}, errors.New("URL cannot be read") // its error would repeat the URL
	}
	path, query, _ := strings.Cut(rest, "?")
	return urlTemplate{origin, path, query}, nil
}

// with fills in arguments. None can add a part to the path, or lead out of it.
func (t urlTemplate) with(values map[string]any) (*url.URL, error) {
	for _, name := range placeholders(t.path) {
		if s, ok := scalar(values[name]); ok && s == "" {
			return nil, &ArgumentError{[]ArgumentFault{{name, "is empty"}}}
		}
	}
	path, err := fill(t.path, values, url.PathEscape)
	if err != nil {
		return nil, err
	}
	query, err := fill(t.query, values, url.QueryEscape)
	if err != nil {
		return nil, err
	}
	plain, err := url.PathUnescape(path)
	if err == nil && slices.ContainsFunc(strings.FieldsFunc(plain, isSlash), isDots) {
		return nil, &ArgumentError{[]ArgumentFault{{"", "would lead out of the path"}}}
	}
	if err == nil && query != "" {
		path += "?" + query
	}
	u, err := url.Parse(t.origin + path)
	if err != nil || u.Scheme+"://"+u.Host != t.origin {
		return nil, &ArgumentError{[]ArgumentFault{{"", "do not make a valid address"}}}
	}
	return u, nil
}

func isSlash(r rune) bool { return r == '/' || r == '\\' }

// isDots recognises "." and "..", also when a server reads escapes twice.
func isDots(part string) bool {
	for range 3 {
		again, err := url.PathUnescape(part)
		if err != nil || again == part {
			break
		}
		part = again
	}
	return slices.ContainsFunc(strings.FieldsFunc(part, isSlash), func(s string) bool { return s == "." || s == ".." })
}

// bodyTemplate is decoded JSON with placeholders in its strings.
type bodyTemplate struct{ value any }

func parseBodyTemplate(raw json.RawMessage) (*bodyTemplate, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var t bodyTemplate
	if !json.Valid(raw) {
		return nil, errors.New("body is not JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&t.value); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return &t, nil
}

// names returns the names of all placeholders.
func (t *bodyTemplate) names() []string {
	if t == nil {
		return nil
	}
	var names []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			names = append(names, placeholders(v)...)
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(t.value)
	return names
}

// with fills in arguments: a string that is nothing but a placeholder becomes
// the argument with its type, and its property goes if the argument is not
// there; within other text it is spelled out. What was filled in is not read
// for placeholders again.
func (t *bodyTemplate) with(values map[string]any) (json.RawMessage, error) {
	if t == nil {
		return json.Marshal(values)
	}
	filled, err := fillJSON(t.value, values)
	if err != nil {
		return nil, err
	}
	return json.Marshal(filled)
}

func fillJSON(v any, values map[string]any) (any, error) {
	var err error
	switch v := v.(type) {
	case string:
		if name, ok := onlyPlaceholder(v); ok {
			return values[name], nil
		}
		return fill(v, values, func(s string) string { return s })
	case []any:
		out := make([]any, len(v))
		for i := range v {
			if out[i], err = fillJSON(v[i], values); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			if name, ok := onlyPlaceholder(item); ok && values[name] == nil {
				continue
			}
			if out[key], err = fillJSON(item, values); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

func onlyPlaceholder(v any) (name string, ok bool) {
	s, _ := v.(string)
	m := placeholder.FindStringSubmatch(s)
	if m == nil || m[0] != s {
		return "", false
	}
	return m[1], true
}
