package textdoc

import (
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// explicit reads a construct that begins with "..": a directive, a footnote, a
// target, a substitution or a comment.
func (r *rstReader) explicit(lines []string, at place) {
	head := strings.TrimSpace(strings.TrimPrefix(lines[0], ".."))
	body := dedent(lines[1:])
	switch {
	case head == "" || head[0] == '_' || strings.HasPrefix(head, "__"):
	case head[0] == '[':
		r.footnote(head, body, at)
	case head[0] == '|':
		// Substitutions were collected before.
	default:
		if name, argument, ok := directiveMarker(head); ok {
			r.directive(name, argument, body, at)
		}
	}
}

// directiveMarker splits "name:: argument". One blank before the colons passes.
func directiveMarker(head string) (name, argument string, ok bool) {
	name, argument, ok = strings.Cut(head, "::")
	name = strings.TrimSpace(name)
	if !ok || name == "" || len(name) > 60 || argument != "" && argument[0] != ' ' {
		return "", "", false
	}
	for i := range len(name) {
		if !isWordByte(name[i]) && strings.IndexByte("-_+.:", name[i]) < 0 {
			return "", "", false
		}
	}
	return strings.ToLower(name), strings.TrimSpace(argument), true
}

// footnote writes a footnote or citation.
func (r *rstReader) footnote(head string, body []string, at place) {
	label, text, ok := strings.Cut(head[1:], "]")
	if !ok || label == "" || text != "" && text[0] != ' ' {
		return
	}
	used := false
	inside := place{note: "footnote", start: "[" + r.noteNumber(label) + "] ", used: &used}
	r.opening(at)
	r.body(append([]string{strings.TrimSpace(text)}, body...), inside)
}

// directiveBody splits what stands under a directive: the rest of its argument,
// its options, and its content.
func directiveBody(argument string, body []string) (arg string, options map[string]string, content []string) {
	options = map[string]string{}
	i := 0
	for i < len(body) && body[i] != "" {
		if _, _, ok := fieldMarker(body[i]); ok {
			break
		}
		i++
	}
	rest := body[:i]
	last := ""
	for i < len(body) && body[i] != "" {
		if name, value, ok := fieldMarker(body[i]); ok {
			last = strings.ToLower(name)
			options[last] = value
		} else if len(options[last]) < maxSubstitution {
			options[last] += " " + strings.TrimSpace(body[i])
		}
		i++
	}
	for i < len(body) && body[i] == "" {
		i++
	}
	content = body[i:]
	if len(options) == 0 && len(rest) > 0 && argument == "" {
		// Content may begin on the line below the directive.
		content = body
		rest = nil
	}
	arg = argument + "\n" + strings.Join(rest, "\n")
	return strings.TrimSpace(arg), options, content
}

var droppedDirectives = map[string]bool{
	"raw": true, "include": true, "literalinclude": true, "contents": true, "meta": true, "sectnum": true, "section-numbering": true,
	"target-notes": true, "toctree": true, "highlight": true, "highlightlang": true, "index": true,
	"restructuredtext-test-directive": true, "unicode": true, "date": true, "replace": true, "tabularcolumns": true, "currentmodule": true,
	"sectionauthor": true, "codeauthor": true, "default-domain": true,
}

var admonitions = map[string]bool{
	"note": true, "warning": true, "tip": true, "hint": true, "important": true, "caution": true, "danger": true, "error": true,
	"attention": true, "admonition": true, "seealso": true, "todo": true, "versionadded": true, "versionchanged": true,
	"deprecated": true, "versionremoved": true,
}

// directive reads one directive: what readers see of it.
func (r *rstReader) directive(name, argument string, body []string, at place) {
	if droppedDirectives[name] {
		return
	}
	arg, options, content := directiveBody(argument, body)
	switch name {
	case "title":
		r.Doc.Title = build.Fold(arg)
		return
	case "role":
		if custom, base, ok := strings.Cut(strings.TrimSuffix(arg, ")"), "("); ok {
			r.roles[strings.ToLower(strings.TrimSpace(custom))] = strings.ToLower(strings.TrimSpace(base))
		}
		return
	case "default-role":
		r.defaultRole = strings.ToLower(arg)
		return
	}
	r.opening(at)
	switch {
	case name == "image":
		r.text(strings.TrimSpace(options["alt"]), at)
	case name == "figure":
		r.body(content, at)
	case name == "code" || name == "code-block" || name == "sourcecode" || name == "prompt" || name == "parsed-literal" || name == "productionlist":
		r.code(name, argument, body, options)
	case name == "math":
		for _, formula := range strings.Split(arg+"\n"+strings.Join(content, "\n"), "\n\n") {
			r.text(mathText(formula), at)
		}
	case name == "table" || name == "csv-table" || name == "list-table":
		r.text(r.inline(arg), at)
		switch name {
		case "table":
			r.body(content, at)
		case "csv-table":
			r.csvTable(content, options)
		default:
			r.listTable(content, options)
		}
	case admonitions[name]:
		r.admonition(name, arg, content, at)
	case name == "epigraph" || name == "highlights" || name == "pull-quote":
		at.quote = true
		r.body(append([]string{arg, ""}, content...), at)
	case name == "container" || name == "compound" || name == "class" || name == "rst-class" || name == "only" || name == "glossary" || name == "line-block" || name == "hlist":
		r.body(content, at)
	case name == "header" || name == "footer" || name == "topic" || name == "sidebar" || name == "rubric" || name == "centered":
		r.text(r.inline(arg), at)
		r.text(r.inline(options["subtitle"]), at)
		r.body(content, at)
	default:
		r.otherDirective(arg, content, at)
	}
}

// otherDirective reads a directive that is not known: its content, and its
// argument where that is a phrase rather than a name.
func (r *rstReader) otherDirective(arg string, content []string, at place) {
	if strings.Contains(arg, " ") {
		r.text(r.inline(arg), at)
	}
	r.body(content, at)
}

// code reads a block of code. Its options end at the first empty line, and its
// content may begin right below the directive.
func (r *rstReader) code(name, language string, body []string, options map[string]string) {
	i := 0
	for i < len(body) && body[i] != "" && (len(options) > 0 || i > 0) {
		if _, _, ok := fieldMarker(body[i]); !ok && body[i][0] != ' ' {
			break
		}
		i++
	}
	text := strings.Join(dedent(body[i:]), "\n")
	if name == "parsed-literal" {
		language, text = "", r.inline(strings.Join(append([]string{language}, dedent(body[i:])...), "\n"))
	}
	r.add(knowledge.Block{Kind: knowledge.Code, Label: codeLanguage(language), Text: text})
}

func (r *rstReader) admonition(name, arg string, content []string, at place) {
	if at.depth == 0 && at.note == "" {
		used := true
		at = place{note: name, used: &used}
	}
	if arg != "" {
		content = append([]string{arg, ""}, content...)
		if name != "admonition" {
			// The argument of a note is the first line of its text.
			content = append(strings.Split(arg, "\n"), content[1:]...)
		}
	}
	r.body(content, at)
}
