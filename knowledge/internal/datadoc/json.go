package datadoc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// ParseJSON reads JSON, or JSON lines. An array of objects becomes one section
// per object, or a table where the objects have no title; questions with
// answers, schema.org's included, become [knowledge.QA] blocks; what is left
// becomes lines such as "delivery.zones[2].price: 120". Numbers stay as they
// are written. It is safe for concurrent use.
func ParseJSON(ctx context.Context, name string, data []byte, lim Limits) (*knowledge.Document, error) {
	return parse(ctx, name, data, lim, nothingDeclared, (*parser).json)
}

// value is one JSON value. Objects keep the order of their keys.
type value struct {
	kind  byte // '{', '[', or 's' for a scalar, 0 for null
	text  string
	keys  []string
	items []*value
}

func (p *parser) json(text string) error {
	r := &jsonReader{p: p, d: json.NewDecoder(strings.NewReader(text))}
	r.d.UseNumber()
	var all []*value
	for {
		v, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return jsonError(err)
		}
		all = append(all, v)
	}
	if len(all) == 0 {
		return fmt.Errorf("no value: %w", knowledge.ErrMalformed)
	}
	root := all[0]
	if len(all) > 1 {
		root = &value{kind: '[', items: all}
	}
	f := &flattener{p: p}
	if root.kind == '{' {
		f.meta(root)
	}
	f.value("", root, 1)
	return nil
}

// jsonError marks what the decoder found as a fault of the document.
func jsonError(err error) error {
	if errors.Is(err, knowledge.ErrTooLarge) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", err, knowledge.ErrMalformed)
}

// jsonReader builds values from the token stream, which knows no limit of depth.
type jsonReader struct {
	p *parser
	d *json.Decoder
}

// next returns the next value of the stream, io.EOF at its end.
func (r *jsonReader) next() (*value, error) {
	tok, err := r.d.Token()
	if err != nil {
		return nil, err
	}
	return r.build(tok, 0)
}

func (r *jsonReader) build(tok json.Token, depth int) (*value, error) {
	if err := r.p.count(1); err != nil {
		return nil, err
	}
	switch t := tok.(type) {
	case json.Delim:
		if depth++; depth > r.p.lim.MaxJSONDepth {
			return nil, fmt.Errorf("nested deeper than %d: %w", r.p.lim.MaxJSONDepth, knowledge.ErrTooLarge)
		}
		return r.container(byte(t), depth)
	case string:
		return &value{kind: 's', text: t}, nil
	case json.Number:
		return &value{kind: 's', text: t.String()}, nil
	case bool:
		return &value{kind: 's', text: fmt.Sprint(t)}, nil
	default:
		return &value{}, nil
	}
}

func (r *jsonReader) container(kind byte, depth int) (*value, error) {
	v := &value{kind: kind}
	for r.d.More() {
		tok, err := r.token()
		if err != nil {
			return nil, err
		}
		if kind == '{' {
			key, ok := tok.(string)
			if !ok {
				return nil, fmt.Errorf("key %v is no string", tok)
			}
			v.keys = append(v.keys, key)
			if tok, err = r.token(); err != nil {
				return nil, err
			}
		}
		item, err := r.build(tok, depth)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, item)
	}
	_, err := r.token() // the closing bracket
	return v, err
}

// token is the next token inside a value, where the end of input is an error.
func (r *jsonReader) token() (json.Token, error) {
	tok, err := r.d.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return tok, err
}

// field returns the object's first field with a name of the set, "" and nil
// when there is none.
func (v *value) field(names words) (string, *value) {
	for i, k := range v.keys {
		if names.has(k) {
			return k, v.items[i]
		}
	}
	return "", nil
}

// scalar returns the text of the first field with a name of the set that is
// text or a number.
func (v *value) scalar(names words) (key, text string) {
	for i, k := range v.keys {
		if v.items[i].kind == 's' && names.has(k) && strings.TrimSpace(v.items[i].text) != "" {
			return k, v.items[i].text
		}
	}
	return "", ""
}

// flattener turns values into blocks.
type flattener struct {
	p     *parser
	group string          // the heading questions are under
	used  map[string]bool // keys of the root that went into the document's own fields
}

// meta takes the document's title, language, address and dates from the root.
func (f *flattener) meta(root *value) {
	f.used = map[string]bool{}
	d := &f.p.b.Doc
	if question, _ := questionAnswer(root); question == "" {
		if k, t := root.scalar(titleNames); k != "" {
			d.Title = strings.Join(f.strip(t), " ")
			f.used[k] = true
		}
	}
	if k, t := root.scalar(languageNames); k != "" && f.p.setLanguage(t) {
		f.used[k] = true
	}
	if k, t := root.scalar(addressNames); k != "" {
		if l, ok := newLink(t, ""); ok && strings.HasPrefix(l.URL, "http") {
			d.URL, f.used[k] = l.URL, true
		}
	}
	if _, t := root.scalar(modifiedNames); t != "" {
		d.Modified = parseTime(t)
	}
	if _, t := root.scalar(publishNames); t != "" {
		d.Published = parseTime(t)
	}
}

func (f *flattener) strip(s string) []string {
	paragraphs, _ := stripHTML(s)
	return paragraphs
}

// value renders v, which is found at path; level is the next heading's.
func (f *flattener) value(path string, v *value, level int) {
	if f.p.stopped() {
		return
	}
	switch v.kind {
	case 's':
		f.scalar(path, v.text)
	case '{':
		f.object(path, v, level)
	case '[':
		f.array(path, v, level)
	}
}

func (f *flattener) scalar(path, text string) {
	if path == "" || contentNames.has(lastName(path)) {
		f.p.prose(text)
		return
	}
	f.p.paragraph(path + ": " + f.p.line(text))
}

// lastName is the last key of a path without its indexes.
func lastName(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		path = path[i+1:]
	}
	if i := strings.IndexByte(path, '['); i >= 0 {
		path = path[:i]
	}
	return path
}

func (f *flattener) object(path string, v *value, level int) {
	used := f.used
	f.used = nil // only the root's
	if question, answer := questionAnswer(v); question != "" {
		f.question(v, question, answer, level)
		f.rest(path, v, level, func(k string) bool {
			return used[k] || questionNames.has(k) || answerNames.has(k) || groupNames.has(k) || hiddenNames.has(k) || addressNames.has(k) || k == "@type" || titleNames.has(k)
		})
		return
	}
	f.rest(path, v, level, func(k string) bool { return used[k] || strings.HasPrefix(k, "@") })
}

// rest renders the fields that skip does not name.
func (f *flattener) rest(path string, v *value, level int, skip func(string) bool) {
	for i, k := range v.keys {
		item := v.items[i]
		switch {
		case skip(k) || item.kind == 's' && strings.TrimSpace(item.text) == "":
		case item.kind == 's' && strings.HasSuffix(strings.TrimSpace(k), "?"):
			f.p.qa(k, item.text) // a map from questions to answers
		case item.kind == 's' && addressNames.has(k):
			f.p.link(item.text, "")
			f.scalar(f.p.join(path, ".", k), item.text)
		default:
			f.value(f.p.join(path, ".", k), item, level)
		}
	}
}

// questionAnswer returns the question and answer an object consists of, empty
// strings when it is none. In schema.org's form the answer is an object.
func questionAnswer(v *value) (question, answer string) {
	_, answered := v.field(answerNames)
	if answered == nil {
		return "", ""
	}
	if answered.kind == '{' {
		_, answer = answered.scalar(contentNames)
	} else {
		answer = answered.text
	}
	if strings.TrimSpace(answer) == "" {
		return "", ""
	}
	if _, question = v.scalar(questionNames); question != "" {
		return question, answer
	}
	// Under another name it must look like a question.
	if _, title := v.scalar(titleNames); answered.kind == '{' || strings.HasSuffix(strings.TrimSpace(title), "?") {
		return title, answer
	}
	return "", ""
}

func (f *flattener) question(v *value, question, answer string, level int) {
	if _, g := v.scalar(groupNames); g != "" && g != f.group {
		f.group = g
		f.p.heading(level, f.p.line(g))
	}
	f.p.qa(question, answer)
	if _, u := v.scalar(addressNames); u != "" {
		f.p.link(u, question)
	}
}

func (f *flattener) array(path string, v *value, level int) {
	f.used = nil
	if header := f.tableHeader(v); header != nil {
		f.table(header, v)
		return
	}
	if line, ok := scalarLine(v); ok && path != "" {
		f.scalar(path, line)
		return
	}
	for i, item := range v.items {
		if f.p.stopped() {
			return
		}
		if item.kind != '{' || !f.record(item, level) {
			f.value(f.p.join(path+"[", "", strconv.Itoa(i)+"]"), item, level)
		}
	}
}

// record renders an object of an array under its title; it reports false for
// one without. Inside, paths begin anew.
func (f *flattener) record(v *value, level int) bool {
	if question, _ := questionAnswer(v); question != "" {
		f.object("", v, level)
		return true
	}
	key, title := v.scalar(titleNames)
	if key == "" {
		return false
	}
	title = f.p.line(title)
	f.p.heading(level, title)
	_, address := v.scalar(addressNames)
	f.p.link(address, title)
	f.rest("", v, level+1, func(k string) bool {
		return k == key || addressNames.has(k) && address != "" || strings.HasPrefix(k, "@")
	})
	return true
}

// scalarLine joins a short array of texts and numbers into one line.
func scalarLine(v *value) (string, bool) {
	if len(v.items) == 0 || len(v.items) > 50 {
		return "", false
	}
	var parts []string
	for _, item := range v.items {
		if item.kind != 's' || len(item.text) > 60 || strings.Contains(item.text, ",") {
			return "", false
		}
		parts = append(parts, strings.TrimSpace(item.text))
	}
	return strings.Join(parts, ", "), true
}

// tableHeader returns the columns of an array of flat objects that have no
// title of their own, nil when it is no such array.
func (f *flattener) tableHeader(v *value) []string {
	if len(v.items) < 2 || v.items[0].kind != '{' {
		return nil
	}
	first := v.items[0]
	if len(first.keys) == 0 || len(first.keys) > 50 {
		return nil
	}
	for _, item := range v.items {
		if item.kind != '{' || strings.Join(item.keys, "\x00") != strings.Join(first.keys, "\x00") {
			return nil
		}
		for i, cell := range item.items {
			if cell.kind == '{' || cell.kind == '[' || titleNames.has(item.keys[i]) || contentNames.has(item.keys[i]) || answerNames.has(item.keys[i]) {
				return nil
			}
		}
	}
	return first.keys
}

func (f *flattener) table(header []string, v *value) {
	f.p.add(knowledge.Block{Kind: knowledge.TableHeader, Cells: append([]string(nil), header...)})
	for _, item := range v.items {
		row := make([]string, len(item.items))
		for i, cell := range item.items {
			row[i] = f.p.line(cell.text)
		}
		f.p.add(knowledge.Block{Kind: knowledge.TableRow, Cells: row, Header: header})
	}
}
