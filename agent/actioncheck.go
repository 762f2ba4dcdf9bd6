package agent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ArgumentError lists what is wrong with a call's arguments, for the model to
// mend. It is [ErrInvalidArguments].
type ArgumentError struct {
	Faults []ArgumentFault
}

// ArgumentFault is one thing that is wrong.
type ArgumentFault struct {
	Path    string // such as "lines[2].amount"; empty is the whole
	Problem string
}

// Error lists the faults.
func (e *ArgumentError) Error() string {
	var sb strings.Builder
	sb.WriteString(ErrInvalidArguments.Error())
	for i, f := range e.Faults {
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		sb.WriteString(sep)
		if f.Path != "" {
			sb.WriteString(f.Path + " ")
		}
		sb.WriteString(f.Problem)
	}
	return sb.String()
}

// Is reports whether target is ErrInvalidArguments.
func (e *ArgumentError) Is(target error) bool { return target == ErrInvalidArguments }

const (
	maxArgumentBytes  = 32 << 10
	maxArgumentFaults = 8
)

// object reads a call's arguments and checks them; those named by skip are
// dropped. Whole numbers spelled like 5.0 become integers where integers are
// wanted, and null stands for an optional property that was left out.
func (s *schema) object(data json.RawMessage, skip map[string]ContactField) (map[string]any, error) {
	var c checker
	if len(data) > maxArgumentBytes {
		c.fault("", "are longer than %d bytes", maxArgumentBytes)
		return nil, c.err()
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var object map[string]any
	err := dec.Decode(&object)
	if _, more := dec.Token(); err != nil || object == nil || more != io.EOF {
		c.fault("", "are not a JSON object")
		return nil, c.err()
	}
	maps.DeleteFunc(object, func(name string, _ any) bool { return skip[name] != "" })
	c.check(s, object, "")
	return object, c.err()
}

// checker collects faults.
type checker struct{ faults []ArgumentFault }

func (c *checker) fault(path, format string, args ...any) {
	if len(c.faults) < maxArgumentFaults {
		c.faults = append(c.faults, ArgumentFault{path, fmt.Sprintf(format, args...)})
	}
}

func (c *checker) err() error {
	if len(c.faults) == 0 {
		return nil
	}
	return &ArgumentError{c.faults}
}

// check checks a value and returns what it is to be.
func (c *checker) check(s *schema, v any, path string) any {
	if n, ok := v.(json.Number); ok && slices.Contains(s.types, "integer") {
		v = integer(n)
	}
	if len(s.types) > 0 && !slices.ContainsFunc(s.types, func(t string) bool { return isType(v, t) }) {
		c.fault(path, "is %s, want %s", typeOf(v), strings.Join(s.types, " or "))
		return v
	}
	if len(s.enum) > 0 {
		if data, err := json.Marshal(v); err != nil || !slices.Contains(s.enum, string(data)) {
			c.fault(path, "is none of %s", strings.Join(s.enum, ", "))
		}
	}
	switch v := v.(type) {
	case string:
		c.checkString(s, v, path)
	case json.Number:
		c.checkNumber(s, v, path)
	case []any:
		c.checkArray(s, v, path)
	case map[string]any:
		c.checkObject(s, v, path)
	}
	return v
}

func (c *checker) checkString(s *schema, v, path string) {
	n := utf8.RuneCountInString(v)
	switch {
	case n < s.minLength:
		c.fault(path, "is shorter than %d characters", s.minLength)
	case s.maxLength >= 0 && n > s.maxLength:
		c.fault(path, "is longer than %d characters", s.maxLength)
	case s.pattern != nil && !s.pattern.MatchString(v):
		c.fault(path, "does not match %s", s.pattern)
	}
	var err error
	switch s.format {
	case "date-time":
		_, err = time.Parse(time.RFC3339, v)
	case "date":
		_, err = time.Parse(time.DateOnly, v)
	}
	if err != nil {
		c.fault(path, "is no %s of RFC 3339", s.format)
	}
}

func (c *checker) checkNumber(s *schema, v json.Number, path string) {
	n, ok := numberOf(v)
	switch {
	case !ok:
		c.fault(path, "is out of range")
	case s.minimum != nil && n.Cmp(s.minimum) < 0:
		c.fault(path, "is less than %s", s.minimum.Text('g', 20))
	case s.maximum != nil && n.Cmp(s.maximum) > 0:
		c.fault(path, "is more than %s", s.maximum.Text('g', 20))
	case s.above != nil && n.Cmp(s.above) <= 0:
		c.fault(path, "is not more than %s", s.above.Text('g', 20))
	case s.below != nil && n.Cmp(s.below) >= 0:
		c.fault(path, "is not less than %s", s.below.Text('g', 20))
	}
}

func (c *checker) checkArray(s *schema, v []any, path string) {
	switch {
	case len(v) < s.minItems:
		c.fault(path, "has fewer than %d items", s.minItems)
	case s.maxItems >= 0 && len(v) > s.maxItems:
		c.fault(path, "has more than %d items", s.maxItems)
	}
	if s.items != nil {
		for i := range v {
			v[i] = c.check(s.items, v[i], path+"["+strconv.Itoa(i)+"]")
		}
	}
}

func (c *checker) checkObject(s *schema, v map[string]any, path string) {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		part := s.properties[name]
		at := strings.TrimPrefix(path+"."+cutRunes(name, 64), ".")
		switch {
		case part == nil && s.closed:
			c.fault(at, "is not an argument")
			continue
		case part == nil:
			part = s.additional
		case v[name] == nil && len(part.types) > 0 && !slices.Contains(part.types, "null") && !slices.Contains(s.required, name):
			delete(v, name)
			continue
		}
		if part != nil {
			v[name] = c.check(part, v[name], at)
		}
	}
	for _, name := range s.required {
		if _, ok := v[name]; !ok {
			c.fault(strings.TrimPrefix(path+"."+name, "."), "is missing")
		}
	}
}

// integer spells a whole number without fraction and exponent.
func integer(n json.Number) json.Number {
	if !strings.ContainsAny(string(n), ".eE") {
		return n
	}
	f, ok := numberOf(n)
	if !ok || !f.IsInt() || f.MantExp(nil) > 64 {
		return n
	}
	i, _ := f.Int(nil)
	return json.Number(i.String())
}

func isType(v any, t string) bool {
	if t == "number" && typeOf(v) == "integer" {
		return true
	}
	return typeOf(v) == t
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			return "number"
		}
		return "integer"
	}
	return "object"
}
