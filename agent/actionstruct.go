package agent

import (
	"bytes"
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// NewAction makes an action whose arguments are a struct. It fills in a.Schema,
// a.Identity and a.Do; the rest is as given. What do is called with has passed
// the schema, see [SchemaOf].
func NewAction[T any](a Action, do func(ctx context.Context, call ActionCall, in T) (ActionResult, error)) (Action, error) {
	if do == nil {
		return Action{}, fmt.Errorf("%w: action %q: it has no function", ErrInvalidConfig, a.Name)
	}
	schema, identity, err := SchemaOf[T]()
	if err != nil {
		return Action{}, fmt.Errorf("%w: action %q: %w", ErrInvalidConfig, a.Name, err)
	}
	a.Schema, a.Identity = schema, identity
	a.Do = func(ctx context.Context, call ActionCall) (ActionResult, error) {
		var in T
		dec := json.NewDecoder(bytes.NewReader(call.Arguments))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&in); err != nil {
			return ActionResult{}, &ArgumentError{[]ArgumentFault{{Problem: err.Error()}}}
		}
		return do(ctx, call, in)
	}
	if _, err := a.bind(); err != nil {
		return Action{}, err
	}
	return a, nil
}

// SchemaOf returns the JSON schema of a struct as encoding/json reads it, and
// which of its fields the contact gives.
//
// A field is named by its json tag and required unless it is a pointer or
// tagged omitempty or omitzero. The tag description tells the model what it is;
// enum lists the values allowed, with commas between; identity takes it from
// the contact and hides it from the model: id, name, email, phone, or
// attribute: with a name. Other properties are not allowed.
//
// Fields may be strings, booleans, numbers, [time.Time], [json.Number], structs,
// pointers, slices, arrays, maps with string keys, and any. What else there is
// — interfaces, channels, types that read JSON their own way, and types that
// contain themselves — is an error.
//
// The keywords used, which are also those that [Action].Schema may use, are
// type, properties, required, additionalProperties, items, enum, const, minimum,
// maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, minItems,
// maxItems, pattern (in Go's syntax) and format, of which date-time and date are
// checked, besides remarks such as title and description.
func SchemaOf[T any]() (schema json.RawMessage, identity map[string]ContactField, err error) {
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct || readsItself(t) {
		return nil, nil, fmt.Errorf("agent: schema: %s is not a plain struct", t)
	}
	w := schemaWriter{identity: map[string]ContactField{}}
	level, err := w.object(t, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("agent: schema of %s: %w", t, err)
	}
	schema, err = json.Marshal(level)
	return schema, w.identity, err
}

// writtenSchema is one level of a schema as it is written.
type writtenSchema struct {
	Type                 string                    `json:"type,omitempty"`
	Description          string                    `json:"description,omitempty"`
	Properties           map[string]*writtenSchema `json:"properties,omitzero"`
	Required             []string                  `json:"required,omitempty"`
	AdditionalProperties any                       `json:"additionalProperties,omitempty"`
	Items                *writtenSchema            `json:"items,omitempty"`
	Enum                 []json.RawMessage         `json:"enum,omitempty"`
	Minimum              json.Number               `json:"minimum,omitempty"`
	Maximum              json.Number               `json:"maximum,omitempty"`
	MinItems             int                       `json:"minItems,omitempty"`
	MaxItems             int                       `json:"maxItems,omitempty"`
	Format               string                    `json:"format,omitempty"`
}

var (
	timeType        = reflect.TypeFor[time.Time]()
	durationType    = reflect.TypeFor[time.Duration]()
	numberType      = reflect.TypeFor[json.Number]()
	rawType         = reflect.TypeFor[json.RawMessage]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	textType        = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func readsItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(unmarshalerType) || reflect.PointerTo(t).Implements(textType)
}

type schemaWriter struct{ identity map[string]ContactField }

// of writes the schema of a type; within are the structs it is part of.
func (w *schemaWriter) of(t reflect.Type, within []reflect.Type) (*writtenSchema, error) {
	switch {
	case t == timeType:
		return &writtenSchema{Type: "string", Format: "date-time"}, nil
	case t == numberType:
		return &writtenSchema{Type: "number"}, nil
	case t == rawType:
		return &writtenSchema{}, nil
	case t == durationType:
		return nil, fmt.Errorf("%s would be in nanoseconds: use a number and name its unit", t)
	case reflect.PointerTo(t).Implements(unmarshalerType):
		return nil, fmt.Errorf("%s reads JSON its own way", t)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return nil, fmt.Errorf("%s would be in base64, which models do not write well: use a string", t)
	case reflect.PointerTo(t).Implements(textType):
		return &writtenSchema{Type: "string"}, nil
	}
	switch k := t.Kind(); k {
	case reflect.String:
		return &writtenSchema{Type: "string"}, nil
	case reflect.Bool:
		return &writtenSchema{Type: "boolean"}, nil
	case reflect.Float32, reflect.Float64:
		return &writtenSchema{Type: "number"}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return integerSchema(t), nil
	case reflect.Pointer:
		return w.of(t.Elem(), within)
	case reflect.Slice, reflect.Array:
		items, err := w.of(t.Elem(), within)
		out := &writtenSchema{Type: "array", Items: items}
		if k == reflect.Array {
			out.MinItems, out.MaxItems = t.Len(), t.Len()
		}
		return out, err
	case reflect.Map:
		if t.Key().Kind() != reflect.String || reflect.PointerTo(t.Key()).Implements(textType) {
			return nil, fmt.Errorf("%s has keys that are not strings", t)
		}
		values, err := w.of(t.Elem(), within)
		return &writtenSchema{Type: "object", AdditionalProperties: values}, err
	case reflect.Struct:
		return w.object(t, within)
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return &writtenSchema{}, nil
		}
	}
	return nil, fmt.Errorf("%s has no schema", t)
}

func integerSchema(t reflect.Type) *writtenSchema {
	out := &writtenSchema{Type: "integer"}
	bits := t.Bits()
	switch t.Kind() {
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		out.Minimum = "0"
		out.Maximum = json.Number(strconv.FormatUint(1<<bits-1, 10))
	default:
		out.Minimum = json.Number(strconv.FormatInt(-1<<(bits-1), 10))
		out.Maximum = json.Number(strconv.FormatInt(1<<(bits-1)-1, 10))
	}
	if bits == 64 {
		out.Maximum = "" // of no use to a model; decoding finds what does not fit
		if out.Minimum != "0" {
			out.Minimum = ""
		}
	}
	return out
}

func (w *schemaWriter) object(t reflect.Type, within []reflect.Type) (*writtenSchema, error) {
	for _, outer := range within {
		if outer == t {
			return nil, fmt.Errorf("%s contains itself", t)
		}
	}
	top := len(within) == 0
	out := &writtenSchema{Type: "object", Properties: map[string]*writtenSchema{}, AdditionalProperties: false}
	return out, w.fields(out, t, append(within, t), top)
}

// fields adds the fields of a struct to a level; embedded structs are part of
// it, as in encoding/json.
func (w *schemaWriter) fields(out *writtenSchema, t reflect.Type, within []reflect.Type, top bool) error {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct && !readsItself(f.Type) {
			if err := w.fields(out, f.Type, within, top); err != nil {
				return err
			}
			continue
		}
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Pointer {
			return fmt.Errorf("embedded %s is a pointer", f.Type)
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if out.Properties[name] != nil || top && w.identity[name] != "" {
			return fmt.Errorf("two fields are called %q", name)
		}
		if err := w.field(out, f, name, options, within, top); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return nil
}

func (w *schemaWriter) field(out *writtenSchema, f reflect.StructField, name, options string, within []reflect.Type, top bool) error {
	if from, ok := f.Tag.Lookup("identity"); ok {
		field := ContactField(from)
		switch {
		case !top:
			return fmt.Errorf("identity is not in the outermost struct")
		case !field.valid():
			return fmt.Errorf("identity %q is not part of a contact", from)
		case f.Type.Kind() != reflect.String:
			return fmt.Errorf("identity is a %s, not a string", f.Type)
		}
		w.identity[name] = field
		return nil
	}
	optional := f.Type.Kind() == reflect.Pointer
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty", "omitzero":
			optional = true
		case "string":
			return fmt.Errorf("the json option %q is not supported", option)
		}
	}
	part, err := w.of(f.Type, within)
	if err != nil {
		return err
	}
	part.Description = f.Tag.Get("description")
	if list, ok := f.Tag.Lookup("enum"); ok {
		of := part
		for of.Items != nil {
			of = of.Items
		}
		if of.Enum, err = enumOf(of.Type, list); err != nil {
			return err
		}
	}
	out.Properties[name] = part
	if !optional {
		out.Required = append(out.Required, name)
	}
	return nil
}

// enumOf reads an enum tag as values of a type.
func enumOf(kind, list string) ([]json.RawMessage, error) {
	var out []json.RawMessage
	for v := range strings.SplitSeq(list, ",") {
		v = strings.TrimSpace(v)
		data := json.RawMessage(v)
		if kind == "string" {
			data, _ = json.Marshal(v) // a string always marshals
		} else if _, err := strconv.ParseFloat(v, 64); err != nil || kind != "integer" && kind != "number" || !json.Valid(data) {
			return nil, fmt.Errorf("enum value %q is no %s", v, kind)
		}
		out = append(out, data)
	}
	return out, nil
}
