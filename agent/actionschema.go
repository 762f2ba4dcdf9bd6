package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
)

// schema is the part of JSON schema (draft 2020-12) by which arguments are
// checked. A keyword it does not know is an error when it is read, so that no
// host relies on a check that is not made.
type schema struct {
	types              []string // empty is any
	properties         map[string]*schema
	required           []string
	closed             bool    // no other properties
	additional         *schema // of other properties, nil is any
	items              *schema
	enum               []string // as canonical JSON
	minimum, maximum   *big.Float
	above, below       *big.Float
	minLength          int
	maxLength          int // -1 is none; so are the next
	minItems, maxItems int
	pattern            *regexp.Regexp
	format             string
}

const maxSchemaDepth = 32

// schemaKeywords are the keywords of one level.
type schemaKeywords struct {
	Type                 json.RawMessage            `json:"type"`
	Properties           map[string]json.RawMessage `json:"properties"`
	Required             []string                   `json:"required"`
	AdditionalProperties json.RawMessage            `json:"additionalProperties"`
	Items                json.RawMessage            `json:"items"`
	Enum                 []any                      `json:"enum"`
	Const                any                        `json:"const"`
	Minimum              *json.Number               `json:"minimum"`
	Maximum              *json.Number               `json:"maximum"`
	ExclusiveMinimum     *json.Number               `json:"exclusiveMinimum"`
	ExclusiveMaximum     *json.Number               `json:"exclusiveMaximum"`
	MinLength            int                        `json:"minLength"`
	MaxLength            *int                       `json:"maxLength"`
	MinItems             int                        `json:"minItems"`
	MaxItems             *int                       `json:"maxItems"`
	Pattern              *string                    `json:"pattern"`
	Format               string                     `json:"format"`

	// Remarks, which check nothing.
	Schema           any `json:"$schema"`
	ID               any `json:"$id"`
	Comment          any `json:"$comment"`
	Title            any `json:"title"`
	Description      any `json:"description"`
	Default          any `json:"default"`
	Examples         any `json:"examples"`
	Deprecated       any `json:"deprecated"`
	ContentEncoding  any `json:"contentEncoding"`
	ContentMediaType any `json:"contentMediaType"`
}

// parseSchema reads a schema of arguments, which are an object.
func parseSchema(data json.RawMessage) (*schema, error) {
	if !json.Valid(data) {
		return nil, errors.New("schema is not JSON")
	}
	s, err := parseLevel(data, "schema", 0)
	if err != nil {
		return nil, err
	}
	if len(s.types) != 1 || s.types[0] != "object" {
		return nil, errors.New(`schema: "type" is not "object"`)
	}
	return s, nil
}

func parseLevel(data json.RawMessage, path string, depth int) (*schema, error) {
	if depth > maxSchemaDepth {
		return nil, fmt.Errorf("%s: deeper than %d levels", path, maxSchemaDepth)
	}
	var k schemaKeywords
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(&k); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &schema{
		required: k.Required, minLength: k.MinLength, minItems: k.MinItems, format: k.Format,
		maxLength: orNone(k.MaxLength), maxItems: orNone(k.MaxItems),
	}
	return s, errors.Join(
		s.parseTypes(k.Type, path),
		s.parseValues(&k, path),
		s.parseParts(&k, path, depth),
	)
}

func orNone(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}

func (s *schema) parseTypes(data json.RawMessage, path string) error {
	if len(data) == 0 {
		return nil
	}
	if json.Unmarshal(data, &s.types) != nil {
		var one string
		if err := json.Unmarshal(data, &one); err != nil {
			return fmt.Errorf("%s: type: %w", path, err)
		}
		s.types = []string{one}
	}
	for _, t := range s.types {
		if !slices.Contains([]string{"object", "array", "string", "integer", "number", "boolean", "null"}, t) {
			return fmt.Errorf("%s: unknown type %q", path, t)
		}
	}
	return nil
}

func (s *schema) parseValues(k *schemaKeywords, path string) error {
	values := k.Enum
	if k.Const != nil {
		values = append(values, k.Const)
	}
	for _, v := range values {
		data, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("%s: enum: %w", path, err)
		}
		s.enum = append(s.enum, string(data))
	}
	if k.Pattern != nil {
		var err error
		if s.pattern, err = regexp.Compile(*k.Pattern); err != nil {
			return fmt.Errorf("%s: pattern: %w", path, err)
		}
	}
	for _, limit := range []struct {
		from *json.Number
		to   **big.Float
	}{{k.Minimum, &s.minimum}, {k.Maximum, &s.maximum}, {k.ExclusiveMinimum, &s.above}, {k.ExclusiveMaximum, &s.below}} {
		if limit.from == nil {
			continue
		}
		f, ok := numberOf(*limit.from)
		if !ok {
			return fmt.Errorf("%s: limit %s is no number", path, *limit.from)
		}
		*limit.to = f
	}
	return nil
}

func (s *schema) parseParts(k *schemaKeywords, path string, depth int) error {
	var err error
	if len(k.Items) > 0 {
		if s.items, err = parseLevel(k.Items, path+"[]", depth+1); err != nil {
			return err
		}
	}
	switch text := string(bytes.TrimSpace(k.AdditionalProperties)); text {
	case "", "true":
	case "false":
		s.closed = true
	default:
		if s.additional, err = parseLevel(k.AdditionalProperties, path+".*", depth+1); err != nil {
			return err
		}
	}
	s.properties = make(map[string]*schema, len(k.Properties))
	for name, data := range k.Properties {
		if s.properties[name], err = parseLevel(data, path+"."+name, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// numberOf reads a JSON number exactly enough to compare it. Exponents that
// would take work to spell out are refused.
func numberOf(n json.Number) (*big.Float, bool) {
	if f, err := n.Float64(); err != nil || f > 1e300 || f < -1e300 {
		return nil, false
	}
	f, _, err := big.ParseFloat(string(n), 10, 128, big.ToNearestEven)
	return f, err == nil
}

// emptySchema is that of an action without one.
const emptySchema = `{"type":"object","properties":{}}`

// withoutProperties returns a schema without some properties of its first
// level.
func withoutProperties(data json.RawMessage, names map[string]ContactField) (json.RawMessage, error) {
	if len(data) == 0 {
		data = json.RawMessage(emptySchema)
	}
	if len(names) == 0 {
		return data, nil
	}
	var top map[string]json.RawMessage
	var properties map[string]json.RawMessage
	var required []string
	err := json.Unmarshal(data, &top)
	if err == nil && top["properties"] != nil {
		err = json.Unmarshal(top["properties"], &properties)
	}
	if err == nil && top["required"] != nil {
		err = json.Unmarshal(top["required"], &required)
	}
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	maps.DeleteFunc(properties, func(name string, _ json.RawMessage) bool { return names[name] != "" })
	required = slices.DeleteFunc(required, func(name string) bool { return names[name] != "" })
	if properties != nil {
		top["properties"], _ = json.Marshal(properties) // raw JSON that was just read
	}
	delete(top, "required")
	if len(required) > 0 {
		top["required"], _ = json.Marshal(required)
	}
	return json.Marshal(top)
}
