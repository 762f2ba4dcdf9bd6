package agenttest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Format is how a file of cases is written.
type Format string

// The formats; see [Load].
const (
	JSON      Format = "json"
	JSONLines Format = "jsonl"
	CSV       Format = "csv"
)

// FileError is a fault of a file of cases. It is [ErrInvalidCase].
type FileError struct {
	File string // as it was named, may be empty
	Line int    // from 1; 0 if the fault is that of the whole file
	Text string
}

// Error begins with the place, as compilers write it.
func (e *FileError) Error() string {
	name := e.File
	if name == "" {
		name = "cases"
	}
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", name, e.Text)
	}
	return fmt.Sprintf("%s:%d: %s", name, e.Line, e.Text)
}

// Is reports whether target is ErrInvalidCase.
func (e *FileError) Is(target error) bool { return target == ErrInvalidCase }

const (
	maxFileBytes = 16 << 20
	maxFaults    = 20 // that are reported of one file
)

// Load reads cases from a file, whose format its name tells: .json, .jsonl or
// .ndjson, or .csv. Reading is strict: an unknown or repeated field, a value
// that cannot be, or a case that expects nothing is an error. The errors tell of
// every fault with its line, each a [*FileError].
//
// JSON is an object with the single member "cases", or the array of cases
// itself. A case is an object with
//
//	name       unique; default: what is said first
//	language   of the replies, whatever the customer writes
//	languages  of the browser, best first
//	channel
//	contact    object of id, name, email, phone, verified, attributes
//	turns      array of objects of say and expect
//
// and instead of turns a case of a single turn has say and expect itself. The
// members of expect are those of [Expect]:
//
//	decision             answer, clarify, offer handoff, hand off, await approval
//	                     or silent
//	contains             all of these
//	contains_any         one of these
//	contains_not         none of these
//	exactly              the whole text
//	matches              a regular expression
//	cites                addresses, titles, names, or IDs of sources or documents
//	cites_nothing        true
//	language
//	handoff              the reason
//	actions              names, or objects of name and arguments
//	no_actions           true
//	short_answer         an ID
//	confidence_at_least  from 0 to 1
//	max_characters
//	no_model             true
//	from_knowledge       true
//	criterion            for a judge, in words
//
// Where a list is meant a single value may stand for it.
//
// JSON lines are cases, each on a line of its own. CSV is in UTF-8 with commas,
// and its first row names the columns: the members of a case, "contact." and
// "expect." before those of contact and expect. Lists are separated by "|", and
// a row without a name goes on with the conversation of the row above. It has no
// attributes, and of actions only the names.
func Load(fsys fs.FS, name string) ([]Case, error) {
	format, ok := map[string]Format{".json": JSON, ".jsonl": JSONLines, ".ndjson": JSONLines, ".csv": CSV}[strings.ToLower(path.Ext(name))]
	if !ok {
		return nil, &FileError{File: name, Text: "it is none of .json, .jsonl, .ndjson and .csv"}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("agenttest: cases: %w", err)
	}
	defer f.Close()
	return read(f, format, name)
}

// Read is [Load] of what a reader gives.
func Read(r io.Reader, format Format) ([]Case, error) { return read(r, format, "") }

func read(r io.Reader, format Format, name string) ([]Case, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("agenttest: cases: %w", err)
	}
	if len(data) > maxFileBytes {
		return nil, &FileError{File: name, Text: fmt.Sprintf("it is larger than %d bytes", maxFileBytes)}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	cr := &caseReader{file: name}
	switch format {
	case JSON:
		cr.readJSON(data)
	case JSONLines:
		cr.readLines(data)
	case CSV:
		cr.readCSV(data)
	default:
		return nil, &FileError{File: name, Text: fmt.Sprintf("format %q is none of json, jsonl and csv", format)}
	}
	if len(cr.faults) == 0 {
		checkCases(cr.cases, func(at int, format string, args ...any) {
			line := 0
			if at < len(cr.lines) {
				line = cr.lines[at]
			}
			cr.fault(line, format, args...)
		})
	}
	if len(cr.faults) == 0 && len(cr.cases) == 0 {
		cr.fault(0, "it has no cases")
	}
	if len(cr.faults) > 0 {
		return nil, errors.Join(cr.faults...)
	}
	return cr.cases, nil
}

func (cr *caseReader) readJSON(data []byte) {
	root, err := parseNode(data, 1)
	if err != nil {
		cr.faults = append(cr.faults, cr.at(err))
		return
	}
	list := root
	if _, ok := root.value.([]member); ok {
		list = node{}
		cr.object(root, "the file", fields{"cases": func(n node) { list = n }})
		if list.value == nil && len(cr.faults) == 0 {
			cr.fault(root.line, "it has no cases")
		}
	}
	if len(cr.faults) > 0 {
		return
	}
	items, ok := list.value.([]node)
	if !ok {
		cr.fault(list.line, "cases are %s, not an array", list.kind())
		return
	}
	for _, n := range items {
		cr.addCase(n)
	}
}

func (cr *caseReader) readLines(data []byte) {
	line := 0
	for raw := range bytes.Lines(data) {
		line++
		if raw = bytes.TrimSpace(raw); len(raw) == 0 {
			continue
		}
		n, err := parseNode(raw, line)
		if err != nil {
			cr.faults = append(cr.faults, cr.at(err))
			return
		}
		cr.addCase(n)
	}
}

// readCSV makes of each row the object that JSON would have.
func (cr *caseReader) readCSV(data []byte) {
	cr.csv = true
	rows := csv.NewReader(bytes.NewReader(data))
	heading, err := rows.Read()
	if errors.Is(err, io.EOF) {
		cr.fault(0, "it is empty")
		return
	}
	seen := map[string]bool{}
	for i, name := range heading {
		heading[i] = strings.ToLower(strings.TrimSpace(name))
		if seen[heading[i]] {
			cr.fault(1, "column %q is there twice", heading[i])
		}
		seen[heading[i]] = true
	}
	for err == nil {
		var row []string
		if row, err = rows.Read(); err == nil {
			line, _ := rows.FieldPos(0)
			cr.addRow(rowNode(heading, row, line))
		}
	}
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
	case errors.As(err, &syntax):
		cr.fault(syntax.Line, "%v", syntax.Err)
	default:
		cr.fault(0, "%v", err)
	}
}

// addRow adds a case, or a turn to the one before.
func (cr *caseReader) addRow(n node) {
	before := len(cr.cases)
	cr.addCase(n)
	if len(cr.cases) == before || before == 0 || n.has("name") {
		return
	}
	for _, m := range n.value.([]member) {
		if m.key != "say" && m.key != "expect" {
			cr.fault(m.line, "%s is set in a row without a name, which goes on with the conversation above", m.key)
		}
	}
	last := &cr.cases[before-1]
	last.Turns = append(last.Turns, cr.cases[before].Turns...)
	cr.cases, cr.lines = cr.cases[:before], cr.lines[:before]
}

func rowNode(heading, row []string, line int) node {
	inner := map[string]*[]member{}
	var out []member
	for i, cell := range row {
		if i >= len(heading) || strings.TrimSpace(cell) == "" {
			continue
		}
		value := member{key: heading[i], line: line, node: node{line, cell}}
		of, key, nested := strings.Cut(heading[i], ".")
		if !nested {
			out = append(out, value)
			continue
		}
		value.key = key
		if inner[of] == nil {
			inner[of] = new([]member)
		}
		*inner[of] = append(*inner[of], value)
	}
	for _, of := range []string{"contact", "expect"} {
		if list := inner[of]; list != nil {
			out = append(out, member{key: of, line: line, node: node{line, *list}})
			delete(inner, of)
		}
	}
	for of, list := range inner {
		out = append(out, member{key: of + "." + (*list)[0].key, line: line, node: node{line, ""}})
	}
	return node{line, out}
}
