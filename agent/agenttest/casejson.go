package agenttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// node is a value of JSON with the line where it ends, and for objects and
// arrays begins.
type node struct {
	line  int
	value any // string, json.Number, bool, nil, []node or []member
}

type member struct {
	key  string
	line int
	node node
}

func (n node) has(key string) bool {
	members, _ := n.value.([]member)
	for _, m := range members {
		if m.key == key {
			return true
		}
	}
	return false
}

func (n node) kind() string {
	switch n.value.(type) {
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []node:
		return "an array"
	case []member:
		return "an object"
	}
	return "null"
}

// plain is a value as encoding/json would give it.
func (n node) plain() any {
	switch v := n.value.(type) {
	case []node:
		out := []any{}
		for _, item := range v {
			out = append(out, item.plain())
		}
		return out
	case []member:
		out := map[string]any{}
		for _, m := range v {
			out[m.key] = m.node.plain()
		}
		return out
	}
	return n.value
}

// maxDepth bounds how deep values may be nested.
const maxDepth = 32

// parser reads JSON with its lines. encoding/json tells no lines, and takes
// repeated fields for what they say last.
type parser struct {
	data  []byte
	dec   *json.Decoder
	seen  int // bytes whose lines are counted
	lines int
}

// parseNode reads one value, which must be all there is. firstLine is the
// number of the data's first line.
func parseNode(data []byte, firstLine int) (node, error) {
	p := &parser{data: data, dec: json.NewDecoder(bytes.NewReader(data)), lines: firstLine}
	p.dec.UseNumber()
	n, err := p.value(0)
	if err == nil {
		if _, more := p.dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more after the end")
		}
	}
	if err == nil {
		return n, nil
	}
	var syntax *json.SyntaxError
	switch at := p.dec.InputOffset(); {
	case errors.As(err, &syntax):
		return n, &FileError{Line: p.lineAt(max(int(syntax.Offset), int(at))), Text: syntax.Error()}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return n, &FileError{Line: p.lineAt(len(data)), Text: "it ends too early"}
	default:
		return n, &FileError{Line: p.lineAt(int(at)), Text: err.Error()}
	}
}

// lineAt is the line of an offset, which never goes back.
func (p *parser) lineAt(offset int) int {
	if offset = min(offset, len(p.data)); offset > p.seen {
		p.lines += bytes.Count(p.data[p.seen:offset], []byte("\n"))
		p.seen = offset
	}
	return p.lines
}

func (p *parser) value(depth int) (node, error) {
	token, err := p.dec.Token()
	if err != nil {
		return node{}, err
	}
	n := node{line: p.lineAt(int(p.dec.InputOffset())), value: token}
	delim, nested := token.(json.Delim)
	if !nested {
		return n, nil
	}
	if depth >= maxDepth {
		return n, fmt.Errorf("values are nested deeper than %d", maxDepth)
	}
	if delim == '[' {
		list := []node{}
		for p.dec.More() {
			item, err := p.value(depth + 1)
			if err != nil {
				return n, err
			}
			list = append(list, item)
		}
		n.value = list
	} else {
		object := []member{}
		for p.dec.More() {
			key, err := p.dec.Token()
			if err != nil {
				return n, err
			}
			m := member{key: key.(string), line: p.lineAt(int(p.dec.InputOffset()))} // Token lets nothing else through
			if m.node, err = p.value(depth + 1); err != nil {
				return n, err
			}
			object = append(object, m)
		}
		n.value = object
	}
	_, err = p.dec.Token() // the end of it
	return n, err
}
